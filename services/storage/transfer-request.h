/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a transfer is about, kept beside it in the runtime directory: with it a restarted service takes the transfer up
 * again. */

#include "parse-util.h"

/* Beside it for a leased one: where the domain is (place-json.h); and, once its outcome is on the storage, an empty file. */
#define TRANSFER_PLACE_FILE "place.json"
#define TRANSFER_SETTLED_FILE "settled"

typedef struct TransferRequest {
        char domain[UUID_STRING_MAX];
        char image[UUID_STRING_MAX];
        char volume[UUID_STRING_MAX];
        bool upload;
        bool was_legal;      /* before the upload began */
        unsigned generation; /* before the upload began */
        bool leased;         /* an upload to a shared domain: rhv-upload does it, and settles it, under the volume's lease */
        bool devices;        /* a download from a device, which its unit may open again */
        char file[256];      /* of an ISO domain, which is uploaded; image and volume are the job's id. Empty: a volume */
        uint64_t size_bytes; /* of it */
        bool data;           /* no transfer but a data job (data-work.h), which rhv-data does and settles */
} TransferRequest;

/* Return: 0 or a negative errno. */
int transfer_request_save(const char *directory, const TransferRequest *request);
/* Return: 0; -ENOENT; -EBADMSG or another negative errno. */
int transfer_request_load(const char *directory, TransferRequest *ret);
