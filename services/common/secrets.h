/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The secrets of one device, from the bytes a caller passed by file descriptor: lines `parameter=value`. Pure, but for
 * the wiping: every byte is overwritten before it is freed.
 */

#include "macro.h"

#define SECRETS_BYTES_MAX (16 * KIB)
#define SECRETS_MAX 16U
#define SECRET_VALUE_MAX 1024U

typedef struct Secret {
        char *name;
        char *value;
} Secret;

typedef struct Secrets {
        Secret items[SECRETS_MAX];
        size_t n;
} Secrets;

/* One secret a line, the value being all after the first '='; empty lines are left out. No line's text ever reaches error.
 * Return: 0 with ret (new), or a negative errno with InvalidArgument set. */
int secrets_parse(const char *bytes, size_t size, Secrets **ret, sd_bus_error *error);
Secrets *secrets_free(Secrets *secrets);
DEFINE_CLEANUP(Secrets *, secrets_free)

/* Overwrites and frees. Return: NULL. */
char *secret_free(char *bytes, size_t size);

/* A copy of text in which no secret value stands: each is replaced by "(secret)"; where a value is so short that replacing it
 * would tell it (below 4 bytes) the whole text is withheld. Return: new string or NULL when out of memory. */
char *secrets_scrub(const Secrets *secrets, const char *text);
