/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The OVF stores of a block domain that is looked at, from the service, which can read its devices, to rhv-inspect, which may parse what others wrote:
 *
 *      rhv-storaged ──file──> rhv-inspect stores, as 36:36 ──JSON──> rhv-storaged
 *
 * The file is JSON in LOOK_STORES_WORDS_BYTES with zeroes behind it, {"stores": [{"image", "size"}]}, then the tars one behind the other, the newest first.
 */

#include "block-peek.h"
#include "look-report.h"
#include "ovf-store.h"

/* An engine makes two; of those that are newest so many are looked at, and so much of them. */
#define LOOK_STORES_MAX 4U
#define LOOK_STORES_BYTES_MAX (2 * OVF_STORE_BYTES_MAX)
#define LOOK_STORES_WORDS_BYTES 4096U

/* ret_fd: the file, at any place; -EBADF where the domain has no store. One that cannot be read is a problem in report. Return: 0; -ENOMEM; another errno with error set. */
int look_stores_gather(const BlockPeek *peek, const VolumeList *lists, size_t n_lists, LookReport *report, int *ret_fd, sd_bus_error *error);

/* What is asked, read back. Return: how many; -EBADMSG; another errno. */
typedef struct LookStore {
        char image[UUID_STRING_MAX];
        uint64_t offset, size_bytes; /* of the tar in the file */
} LookStore;
int look_stores_read(int fd, LookStore ret[static LOOK_STORES_MAX]);

/* What rhv-inspect answers, {"vms": {}, "problems": []}, becomes part of what look_report_make() made. Return: 0; -EBADMSG; -ENOMEM. */
int look_stores_take(json_t *report, const json_t *answer);
