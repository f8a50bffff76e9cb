/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Compute as a client of org.rhv.Storage: a guest's disk is opened only after Storage prepared it, under the guest's id as user,
 * and given back when the guest is gone. All calls are asynchronous.
 */

#include "macro.h"

/* Bringing up a disk may mean waiting for multipath or a slow server; giving it back likewise. */
#define STORAGE_CALL_USEC (60 * USEC_PER_SEC)

/* prepared: {path, format, backing: [{path, format}]} and on a shared domain lease: {lockspace, path, offset}, borrowed; NULL on failure and for a teardown. error: set when r < 0. */
typedef void (*storage_done_t)(int r, const sd_bus_error *error, const json_t *prepared, void *userdata);

/* user: the guest's id. disk: of its description. ret_slot: the call's owner; freeing it forgets the answer.
 * Return: 0, or a negative errno (done is not called). */
int storage_prepare(sd_bus *bus, const char *user, const json_t *disk, storage_done_t done, void *userdata, sd_bus_slot **ret_slot);
/* An image or a domain that is not there (any more) counts as given back. */
int storage_teardown(sd_bus *bus, const char *user, const json_t *disk, storage_done_t done, void *userdata, sd_bus_slot **ret_slot);

/* What Storage answered (path, format, backing and backing_formats: parallel lists, nearest first; lease_lockspace, lease_path, lease_offset: all or
 * none), checked and in the form above. Pure.
 * Return: 0 with ret (new), or -EBADMSG. */
int storage_check_prepared(const json_t *answer, json_t **ret);
