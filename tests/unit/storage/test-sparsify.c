/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Blocks of zeroes of a file become holes, and nothing else of it changes. */

#include <fcntl.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "data-sparsify.h"
#include "data-tool.h"
#include "fixture.h"

#define SIZE (3 * MIB + 1000)

static int last_per_mille;

static void on_progress(int per_mille, void *userdata) {
        assert_true(per_mille >= last_per_mille && per_mille <= 1000);
        last_per_mille = per_mille;
}

static int make_file(const uint8_t *bytes) {
        char path[] = "/var/tmp/rhv-sparsify-XXXXXX";
        int fd = mkostemp(path, O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(pwrite(fd, bytes, SIZE, 0), SIZE);
        assert_int_equal(fsync(fd), 0);
        return fd;
}

static uint64_t blocks_of(int fd) {
        struct stat st;

        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_size, SIZE);
        return (uint64_t)st.st_blocks * 512;
}

static void check_same(int fd, const uint8_t *bytes) {
        uint8_t *now = malloc(SIZE);

        assert_non_null(now);
        assert_int_equal(pread(fd, now, SIZE, 0), SIZE);
        assert_memory_equal(now, bytes, SIZE);
        free(now);
}

static bool is_hole(int fd, off_t offset) {
        return lseek(fd, offset, SEEK_DATA) != offset;
}

static void test_sparsify(void **state) {
        DataWork work = {.kind = DATA_SPARSIFY, .capacity_bytes = SIZE};
        const DataRun run = {.work = &work, .image = "image", .volume = "volume", .progress = on_progress};
        uint8_t *bytes = calloc(1, SIZE);
        uint64_t before, after;

        assert_non_null(bytes);
        /* a byte in the middle of the second block, at both sides of a piece's end, a whole piece but for its last byte, and the odd end */
        bytes[4096 + 2000] = 1;
        bytes[MIB - 1] = 2;
        bytes[MIB] = 3;
        bytes[2 * MIB - 1] = 4;
        bytes[SIZE - 1] = 5;
        _cleanup_close_ int fd = make_file(bytes);
        before = blocks_of(fd);
        last_per_mille = 0;
        assert_ok(data_sparsify_fd(&run, fd, NULL));
        after = blocks_of(fd);
        check_same(fd, bytes);
        if (after == before)
                skip(); /* no holes on this file system */
        assert_false(is_hole(fd, 0)); /* tools look for the block size there */
        assert_false(is_hole(fd, 4096));
        assert_true(is_hole(fd, 8192));
        assert_false(is_hole(fd, MIB - 4096));
        assert_false(is_hole(fd, MIB));
        assert_true(is_hole(fd, MIB + 4096));
        assert_true(is_hole(fd, 2 * MIB));
        assert_false(is_hole(fd, 3 * MIB));
        /* again: nothing is left to do */
        last_per_mille = 0;
        assert_ok(data_sparsify_fd(&run, fd, NULL));
        assert_int_equal(blocks_of(fd), after);
        check_same(fd, bytes);
        free(bytes);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_sparsify)};

        if (data_tool_prepare() < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
