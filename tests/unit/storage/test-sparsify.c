/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Blocks of zeroes of a file become holes, and nothing else of it changes; clusters of zeroes leave a qcow2 image, whose disk reads as before. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "data-sparsify-clusters.h"
#include "data-sparsify.h"
#include "data-tool.h"
#include "fixture.h"
#include "run-command.h"
#include "heir.h"
#include "qcow2-table.h"

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

/* ---- qcow2 ---- */

#define IMAGE "aaaaaaaa-0000-4000-8000-000000000000"
#define BASE "bbbbbbbb-0000-4000-8000-000000000001"
#define TOP "bbbbbbbb-0000-4000-8000-000000000002"

static void test_table(void **state) {
        static const uint8_t header[104] = {'Q', 'F', 'I', 0xfb, [7] = 3, [23] = 16, [28] = 0x40, [39] = 2, [45] = 3};
        static const struct {
                size_t at;
                uint8_t byte;
                const char *wanted;
        } bad[] = {
                        {7, 2, RHV_ERROR_NOT_SUPPORTED},  /* version 2 */
                        {79, 16, RHV_ERROR_NOT_SUPPORTED}, /* clusters of several parts */
                        {39, 1, RHV_ERROR_BAD_FORMAT},    /* one table, which is not enough */
                        {26, 1, RHV_ERROR_BAD_FORMAT},    /* a disk of more tables than there are */
                        {45, 0, RHV_ERROR_BAD_FORMAT},    /* no table */
                        {47, 1, RHV_ERROR_BAD_FORMAT},    /* one that begins within a sector */
        };
        static const uint8_t data[8] = {0x80, [5] = 5}, compressed[8] = {0xc0, [5] = 5}, shared[8] = {0, [5] = 5}, nowhere[8] = {0x80}, zeroes[8] = {0x80, [5] = 5, [7] = 1};
        uint64_t offset_bytes = 0;
        Qcow2Table table;

        assert_ok(qcow2_table_read(header, sizeof(header), &table, NULL));
        assert_int_equal(table.cluster_bits, 16);
        assert_int_equal(table.virtual_bytes, 1 * GIB);
        assert_int_equal(table.l1_entries, 2);
        assert_int_equal(table.l1_offset_bytes, 0x30000);
        assert_int_equal(qcow2_table_clusters(&table), 8192);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                uint8_t bytes[sizeof(header)];

                memcpy(bytes, header, sizeof(header));
                bytes[bad[i].at] = bad[i].byte;
                assert_true(qcow2_table_read(bytes, sizeof(bytes), &table, &error) < 0);
                assert_string_equal(error.name, bad[i].wanted);
        }
        assert_int_equal(qcow2_l2_cluster(data, &offset_bytes), QCOW2_CLUSTER_DATA);
        assert_int_equal(offset_bytes, 0x50000);
        assert_int_equal(qcow2_l2_cluster(zeroes, &offset_bytes), QCOW2_CLUSTER_ZEROES);
        assert_int_equal(qcow2_l2_cluster(compressed, &offset_bytes), QCOW2_CLUSTER_NONE);
        assert_int_equal(qcow2_l2_cluster(shared, &offset_bytes), QCOW2_CLUSTER_NONE);
        assert_int_equal(qcow2_l2_cluster(nowhere, &offset_bytes), QCOW2_CLUSTER_NONE);
        assert_int_equal(qcow2_l1_offset(data), 0x50000);
}

typedef struct Place {
        char path[64], images[256];
        DomainPlace place;
        DataWork work;
        DataRun run;
} Place;

static void make_place(Place *ret) {
        *ret = (Place){.path = "/var/tmp/rhv-sparsify-XXXXXX", .work = {.kind = DATA_SPARSIFY, .format = VOLUME_FORMAT_QCOW2, .chain = {{IMAGE, TOP, VOLUME_FORMAT_QCOW2}}, .n_chain = 1}};
        assert_non_null(mkdtemp(ret->path));
        ret->work.place = (DomainPlace){.type = domain_type_find("local"), .path = ret->path, .id = "dddddddd-0000-4000-8000-000000000000", .version = 5,
                                        .block_size_bytes = 512, .alignment_bytes = 1 * MIB};
        ret->work.source = ret->work.place;
        ret->run = (DataRun){.work = &ret->work, .image = IMAGE, .volume = TOP, .lease_fd = SPAWN_INHERIT, .progress = on_progress};
        (void) snprintf(ret->images, sizeof(ret->images), "%s/%s/images/" IMAGE, ret->path, ret->work.place.id);
        run_command("mkdir -p %s", ret->images);
}

static int sparsify_top(const Place *place, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;

        /* whose a domain's files are, where that is not who runs this */
        if (geteuid() == 0)
                run_command("chown -R 36:36 %s", place->path);
        assert_ok(place->work.place.type->layout->volume_open(&place->work.place, IMAGE, TOP, true, &fd, error));
        last_per_mille = 0;
        return data_sparsify_clusters(&place->run, fd, error);
}

static uint64_t checked(const Place *place, const char *key) {
        char line[512];
        FILE *f;

        (void) snprintf(line, sizeof(line), "qemu-img check --output=json -f qcow2 %s/" TOP, place->images);
        f = popen(line, "re");
        assert_non_null(f);
        _cleanup_json_ json_t *check = json_loadf(f, 0, NULL);
        assert_int_equal(pclose(f), 0);
        return (uint64_t)json_integer_value(json_object_get(check, key));
}

/* Where its last cluster ends. */
static uint64_t end_of(const Place *place) {
        return checked(place, "image-end-offset");
}

/* Below the layer all is 9: whatever the layer loses comes to light. Its disk ends within a cluster. */
static void test_layer(void **state) {
        static const char reads[] = "qemu-io -r -f qcow2 -c 'read -P 0 0 2M' -c 'read -P 3 2M 1M' -c 'read -P 0 3M 5M' -c 'read -P 9 8M 1M' -c 'read -P 4 9M 64k' -c 'read -P 9 9281k 1M' "
                                    "-c 'read -P 0 15M 1M' -c 'read -P 0 16M 512' %s/" TOP " | grep -F 'verification failed' && exit 1 || exit 0";
        Place place;
        uint64_t before;

        make_place(&place);
        run_command("cd %s && qemu-img create -q -f raw " BASE " 16777728 && qemu-io -f raw -c 'write -P 9 0 16777728' " BASE " >/dev/null && qemu-img create -q -f qcow2 -b " BASE " -F raw " TOP, place.images);
        run_command("cd %s && qemu-io -f qcow2 -c 'write -P 4 9M 64k' -c 'write -P 3 2M 1M' -c 'write -P 0 0 2M' -c 'write -P 0 3M 5M' -c 'write -P 0 15M 1M' -c 'write -P 0 16M 512' " TOP " >/dev/null", place.images);
        before = end_of(&place);
        assert_ok(sparsify_top(&place, NULL));
        run_command(reads, place.images);
        assert_true(end_of(&place) <= before - 7 * MIB);
        /* again: nothing is left to do */
        before = end_of(&place);
        assert_ok(sparsify_top(&place, NULL));
        assert_int_equal(end_of(&place), before);
        run_command(reads, place.images);
        run_command("rm -rf %s", place.path);
}

/* Every second of many small clusters: more than are told at once. */
static void test_many(void **state) {
        const size_t n = 12 * KIB, size = 512;
        uint8_t *bytes = calloc(n, size);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char path[512];
        uint64_t before;
        Place place;
        int fd;

        assert_non_null(bytes);
        for (size_t i = 0; i < n; i += 2)
                memset(bytes + i * size, (int)(1 + i % 251), size);
        make_place(&place);
        (void) snprintf(path, sizeof(path), "%s/disk", place.images);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, n * size), n * size);
        (void) close(fd);
        free(bytes);
        run_command("cd %s && qemu-img convert -S 0 -f raw -O qcow2 -o cluster_size=512 disk " TOP, place.images);
        before = checked(&place, "allocated-clusters");
        assert_ok(sparsify_top(&place, NULL));
        assert_int_equal(checked(&place, "allocated-clusters"), before - n / 2);
        run_command("cd %s && qemu-img compare -q -f raw -F qcow2 disk " TOP, place.images);
        /* an image that is not whole is left alone */
        run_command("cd %s && printf '\\377\\377' | dd of=" TOP " bs=1 seek=41 conv=notrunc status=none", place.images);
        assert_true(sparsify_top(&place, &error) < 0);
        assert_non_null(error.message);
        run_command("rm -rf %s", place.path);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_sparsify), cmocka_unit_test(test_table), cmocka_unit_test(test_layer), cmocka_unit_test(test_many)};

        if (data_tool_prepare() < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
