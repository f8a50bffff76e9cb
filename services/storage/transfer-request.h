/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a transfer is about, kept beside it in the runtime directory: with it a restarted service takes the transfer up
 * again. */

#include "parse-util.h"

typedef struct TransferRequest {
        char domain[UUID_STRING_MAX];
        char image[UUID_STRING_MAX];
        char volume[UUID_STRING_MAX];
        bool upload;
        bool was_legal;      /* before the upload began */
        unsigned generation; /* before the upload began */
} TransferRequest;

/* Return: 0 or a negative errno. */
int transfer_request_save(const char *directory, const TransferRequest *request);
/* Return: 0; -ENOENT; -EBADMSG or another negative errno. */
int transfer_request_load(const char *directory, TransferRequest *ret);
