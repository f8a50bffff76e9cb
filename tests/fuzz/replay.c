/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs a fuzzer's function over every file of its corpus, and over each file cut short and with bits turned: a cheap but
 * repeatable part of what the fuzzer does. An empty or missing corpus is a failure, not a pass. */

#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (1024U * 1024U)
#define CUTS 64U
#define FLIPS 256U

static void run(const uint8_t *data, size_t size) {
        /* an exact copy, so that a read past the end is seen by the sanitizer */
        uint8_t *copy = malloc(size > 0 ? size : 1);

        if (!copy)
                abort();
        memcpy(copy, data, size);
        (void) LLVMFuzzerTestOneInput(copy, size);
        free(copy);
}

static void run_variants(uint8_t *data, size_t size) {
        run(data, size);
        for (size_t i = 0; i < CUTS; i++)
                run(data, size * i / CUTS);
        for (size_t i = 0; size > 0 && i < FLIPS; i++) {
                size_t at = (i * 2654435761U) % size;
                uint8_t bit = (uint8_t)(1U << (i % 8));

                data[at] ^= bit;
                run(data, size);
                data[at] ^= bit;
        }
}

static int run_file(const char *path) {
        uint8_t *data = malloc(FILE_BYTES_MAX);
        FILE *file = fopen(path, "rb");
        size_t size;

        if (!data || !file) {
                perror(path);
                free(data);
                return -1;
        }
        size = fread(data, 1, FILE_BYTES_MAX, file);
        (void) fclose(file);
        run_variants(data, size);
        free(data);
        return 0;
}

int main(int argc, char **argv) {
        const struct dirent *entry;
        unsigned files = 0;
        DIR *directory;

        if (argc != 2 || !(directory = opendir(argv[1]))) {
                fprintf(stderr, "usage: %s CORPUS (an existing directory)\n", argv[0]);
                return EXIT_FAILURE;
        }
        while ((entry = readdir(directory))) {
                char path[4096];

                if (entry->d_name[0] == '.')
                        continue;
                (void) snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
                if (run_file(path) < 0)
                        return EXIT_FAILURE;
                files++;
        }
        (void) closedir(directory);

        printf("%u files\n", files);
        return files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
