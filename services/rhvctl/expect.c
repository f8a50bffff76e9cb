/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "expect.h"

static size_t step(const Expect *expect, size_t matched, char c) {
        while (matched > 0 && expect->text[matched] != c)
                matched = expect->borders[matched - 1];
        return expect->text[matched] == c ? matched + 1 : matched;
}

int expect_init(Expect *expect, const char *text) {
        size_t length = strlen(text);

        if (length == 0 || length > EXPECT_BYTES_MAX)
                return -EINVAL;

        *expect = (Expect){ .text = text, .length = length };
        for (size_t i = 1; i < length; i++)
                expect->borders[i] = step(expect, expect->borders[i - 1], text[i]);
        return 0;
}

bool expect_feed(Expect *expect, const char *data, size_t size) {
        for (size_t i = 0; i < size && !expect->seen; i++) {
                expect->matched = step(expect, expect->matched, data[i]);
                expect->seen = expect->matched == expect->length;
        }

        return expect->seen;
}
