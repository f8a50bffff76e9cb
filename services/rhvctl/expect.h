/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Has this text gone by? Looked for in bytes that come in pieces. Pure. */

#include "macro.h"

#define EXPECT_BYTES_MAX 256U

typedef struct Expect {
        const char *text; /* borrowed */
        size_t length, matched;
        size_t borders[EXPECT_BYTES_MAX]; /* Knuth, Morris, Pratt: where to go on after a mismatch */
        bool seen;
} Expect;

/* Return: 0, or -EINVAL for an empty or too long text. */
int expect_init(Expect *expect, const char *text);
/* Return: true once the whole text has been fed. */
bool expect_feed(Expect *expect, const char *data, size_t size);
