/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which bonding options go with which mode. Pure.
 * Source: the kernel's Documentation/networking/bonding.rst; NetworkManager checks the same once more.
 */

#include "macro.h"

/* 802.3ad, as oVirt's; the kernel's own default, balance-rr, carries no network for guests. */
#define BOND_MODE_DEFAULT 4

/* The kernel's word for a mode given by word or number ("4" is "802.3ad"). Return: the word or NULL. */
const char *bond_mode_word(const char *mode);
/* Whether a bridge with guests may lie on it: modes that answer with other MAC addresses or reorder packets may not. */
bool bond_mode_fits_bridge(const char *word) _pure_;

/* Checks a string map of options and makes its canonical form: mode as a word and always there, miimon there unless ARP
 * monitoring is asked for. ret: new object. Return: 0, or negative with InvalidArgument set. */
int bond_options_read(const char *bond, const json_t *options, json_t **ret, sd_bus_error *error);
