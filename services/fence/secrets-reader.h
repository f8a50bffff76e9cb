/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Reads the secrets a caller passed by file descriptor, without ever waiting in a read.
 *
 * A memfd is read from its beginning at once; a pipe until its end, within a deadline (a caller must have written before it waits for
 * the reply: a pipe takes far more than the limit here). /dev/null is "no secrets". Anything else is refused: a file on a hung server
 * would stop the loop, a terminal would be read behind its user's back.
 *
 * The descriptor's flags are shared with the caller, so it is not made non-blocking: what is in a pipe is first spliced into one of ours.
 */

#include "secrets.h"

#define SECRETS_READ_USEC (5 * USEC_PER_SEC)

typedef struct SecretsReader SecretsReader;

/* secrets: taken by the callee; NULL with r < 0 and error set (InvalidArgument, Timeout). */
typedef void (*secrets_read_t)(Secrets *secrets, int r, const sd_bus_error *error, void *userdata);

/* fd: borrowed. done is called once, later, from the loop; the reader is freed after it returns, or by freeing it (done hears nothing).
 * Return: 0, or a negative errno with InvalidArgument set (then done is never called). */
int secrets_reader_start(sd_event *event, int fd, secrets_read_t done, void *userdata, SecretsReader **ret, sd_bus_error *error);
SecretsReader *secrets_reader_free(SecretsReader *reader);
DEFINE_CLEANUP(SecretsReader *, secrets_reader_free)
