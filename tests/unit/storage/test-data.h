/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files in tests/fixture/data/storage/: metadata written by VDSM, as found on its domains. */

#include "fixture.h"

/* Fails the test when the file is not there. Return: new, NUL-terminated. */
static inline _unused_ char *test_data_read(const char *name, size_t *ret_size) {
        const char *directory = getenv("RHV_TEST_DATA");
        char path[4096], *text = calloc(1, 65536);
        FILE *f;

        assert_non_null(directory);
        assert_non_null(text);
        (void) snprintf(path, sizeof(path), "%s/%s", directory, name);
        f = fopen(path, "re");
        assert_non_null(f);
        *ret_size = fread(text, 1, 65535, f);
        (void) fclose(f);
        return text;
}
