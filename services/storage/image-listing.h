/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Every image of a domain with its volumes. Where each image is read for itself, in files, a few are read at a time: a read past the cache, or over a
 * network, is a wait.
 */

#include "layout.h"

#define IMAGE_LISTING_THREADS 4U

/* Blocks. What is deleted meanwhile is not in it. ret: a new array of ret_n lists, each to be cleared. Return: 0, or negative with error set. */
int image_listing(const DomainPlace *place, VolumeList **ret, size_t *ret_n, sd_bus_error *error);
