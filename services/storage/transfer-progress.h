/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a transfer and the service tell one another through files in the transfer's own directory, so that either may
 * be restarted:
 *
 *   request   by the service, before the transfer starts: what it is about
 *   progress  by the transfer: "<done> <total>", each 20 digits; it appears before the first byte of a volume is
 * changed result    by the transfer, at its end, complete or not at all
 */

#include "macro.h"

#define TRANSFER_PROGRESS_BYTES 42U /* two numbers of 20 digits, a blank, a line end */
#define TRANSFER_RESULT_BYTES_MAX (16 * KIB)

typedef struct TransferProgress {
        uint64_t done_bytes;
        uint64_t total_bytes; /* 0: not known */
} TransferProgress;

typedef struct TransferResult {
        bool touched; /* the volume was changed */
        uint64_t done_bytes;
        char *error_name; /* NULL: it succeeded */
        char *error_message;
} TransferResult;
void transfer_result_clear(TransferResult *result);

/* Pure. ret: exactly TRANSFER_PROGRESS_BYTES and a NUL. */
void transfer_progress_format(const TransferProgress *progress, char ret[static TRANSFER_PROGRESS_BYTES + 1]);
int transfer_progress_parse(const char *text, size_t size, TransferProgress *ret);
/* Return: new string, NULL when out of memory. */
char *transfer_result_format(const TransferResult *result);
int transfer_result_parse(const char *text, size_t size, TransferResult *ret);

/* Writes it, complete or not at all. Return: 0 or a negative errno. */
int transfer_write_file(const char *directory, const char *name, const char *text);
/* Reads the file name of the directory; none of ours is large. Return: 0, -ENOENT, another negative errno. */
int transfer_read_file(const char *directory, const char *name, char **ret, size_t *ret_size);
