/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of Fence share: metadata as real agents print it, and a directory with agents of our own. */

#include <sys/stat.h>

#include "agent-metadata.h"
#include "fixture.h"

static inline _unused_ char *read_file(const char *path) {
        char *bytes = calloc(1, 256 * KIB);
        FILE *file = fopen(path, "re");
        size_t n;

        assert_non_null(bytes);
        if (!file) {
                free(bytes);
                return NULL;
        }
        n = fread(bytes, 1, 256 * KIB - 1, file);
        bytes[n] = 0;
        (void) fclose(file);
        return bytes;
}

/* agent: "fence_ipmilan" */
static inline _unused_ json_t *real_metadata(const char *agent) {
        _cleanup_free_ char *bytes = NULL;
        char path[1024];
        json_t *metadata = NULL;

        (void) snprintf(path, sizeof path, "%s/%s.xml", METADATA_CORPUS, agent);
        bytes = read_file(path);
        assert_non_null(bytes);
        assert_ok(agent_metadata_parse(bytes, strlen(bytes), &metadata));
        return metadata;
}

static inline _unused_ void write_program(const char *directory, const char *name, const char *text) {
        char path[1024];
        FILE *file;

        (void) snprintf(path, sizeof path, "%s/%s", directory, name);
        file = fopen(path, "we");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(chmod(path, 0755), 0);
}
