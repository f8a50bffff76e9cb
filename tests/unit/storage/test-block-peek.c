/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Volumes that are active nowhere, read through LVM's report of where they lie: every byte of volumes in several pieces, what is not there by name, headers of many volumes at once, and the
 * OVF stores on their way to who may parse them.
 */

#include "fixture.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "block-header.h"
#include "bus-error.h"
#include "inspect.h"
#include "layout-block.h"
#include "look-stores.h"
#include "ovf-archive.h"

#define GROUP "dddddddd-0000-4000-8000-000000000000"
#define EXTENT 4096U
#define DEVICE_BYTES (2 * MIB)
#define IMAGE "aaaaaaaa-0000-4000-8000-000000000001"
#define OTHER "aaaaaaaa-0000-4000-8000-000000000002"
#define A "bbbbbbbb-0000-4000-8000-000000000001"
#define B "bbbbbbbb-0000-4000-8000-000000000002"
#define VM "eeeeeeee-0000-4000-8000-000000000001"

static const char *row(const char *group, const char *pv, const char *start, unsigned at, unsigned n, const char *lv, unsigned from, const char *type) {
        static char text[512];

        (void) snprintf(text, sizeof(text),
                        "{\"vg_name\":\"%s\", \"vg_extent_size\":\"4096\", \"pv_name\":\"%s\", \"pe_start\":\"%s\", \"pvseg_start\":\"%u\", \"pvseg_size\":\"%u\", "
                        "\"lv_name\":\"%s\", \"seg_start_pe\":\"%u\", \"segtype\":\"%s\"}",
                        group, pv, start, at, n, lv, from, type);
        return text;
}

static char *report_of(const char *const *rows) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        (void) fprintf(f, "{\"report\": [{\"pvseg\": [");
        for (size_t i = 0; rows[i]; i++)
                (void) fprintf(f, "%s%s", i > 0 ? ", " : "", rows[i]);
        (void) fprintf(f, "]}]}");
        assert_int_equal(fclose(f), 0);
        return text;
}

/* Device a begins its extents at byte 512, b at 0; x is a:3-4, b:7, a:0; y b:0-1, one of its pieces on a device that is not there. */
static void make_extents(BlockExtents *ret) {
        _cleanup_(lvm_segments_clear) LvmSegments segments = {};
        _cleanup_free_ char *text = NULL;
        const char *rows[12] = {};
        size_t n = 0;

        rows[n++] = strdup(row(GROUP, "/dev/a", "512", 3, 2, "x", 0, "linear"));
        rows[n++] = strdup(row(GROUP, "/dev/a", "512", 0, 1, "x", 3, "linear"));
        rows[n++] = strdup(row(GROUP, "/dev/a", "512", 1, 2, "", 0, "free"));
        rows[n++] = strdup(row(GROUP, "/dev/b", "0", 0, 2, "y", 0, "linear"));
        rows[n++] = strdup(row(GROUP, "/dev/b", "0", 7, 1, "x", 2, "linear"));
        rows[n++] = strdup(row(GROUP, "[unknown]", "0", 0, 1, "y", 2, "linear"));
        rows[n++] = strdup(row(GROUP, "/dev/b", "0", 20, 4, "striped", 0, "striped"));
        rows[n++] = strdup(row(GROUP, "/dev/b", "0", 30, 1, "[inside]", 0, "linear"));
        rows[n++] = strdup(row("other", "/dev/c", "0", 0, 2, "x", 0, "linear"));
        text = report_of(rows);
        assert_ok(lvm_segments_parse(text, strlen(text), &segments, NULL));
        assert_int_equal(segments.n, n);
        assert_ok(block_extents_make(&segments, GROUP, ret));
        for (size_t i = 0; i < n; i++)
                free((char *)rows[i]);
}

static void assert_place(const BlockExtents *extents, const char *volume, uint64_t offset, const char *device, uint64_t at, uint64_t size) {
        BlockPiece piece = {};

        assert_ok(block_extents_find(extents, volume, offset, &piece));
        assert_string_equal(extents->devices[piece.device], device);
        assert_int_equal(piece.at, at);
        assert_int_equal(piece.size, size);
}

static void test_extents(void **state) {
        _cleanup_(block_extents_clear) BlockExtents extents = {};
        BlockPiece piece;

        make_extents(&extents);
        assert_int_equal(extents.n_devices, 3);
        assert_place(&extents, "x", 0, "/dev/a", 512 + 3 * EXTENT, 2 * EXTENT);
        assert_place(&extents, "x", EXTENT + 7, "/dev/a", 512 + 4 * EXTENT + 7, EXTENT - 7);
        assert_place(&extents, "x", 2 * EXTENT, "/dev/b", 7 * EXTENT, EXTENT);
        assert_place(&extents, "x", 4 * EXTENT - 1, "/dev/a", 512 + EXTENT - 1, 1);
        assert_place(&extents, "y", 0, "/dev/b", 0, 2 * EXTENT);
        assert_int_equal(block_extents_find(&extents, "x", 4 * EXTENT, &piece), -ENXIO);
        assert_int_equal(block_extents_find(&extents, "x", UINT64_MAX, &piece), -ENXIO);
        assert_int_equal(block_extents_find(&extents, "y", 2 * EXTENT, &piece), -ENODEV);
        assert_int_equal(block_extents_find(&extents, "striped", 0, &piece), -EOPNOTSUPP);
        assert_int_equal(block_extents_find(&extents, "inside", 0, &piece), -ENOENT);
        assert_int_equal(block_extents_find(&extents, "", 0, &piece), -ENOENT);
        assert_int_equal(block_extents_find(&extents, "z", 0, &piece), -ENOENT);
}

/* What LVM would not write: two pieces of one place, and a hole. */
static void test_strange_extents(void **state) {
        LvmSegment rows[] = {
                        {.path = (char *)"/dev/a", .group = GROUP, .name = "x", .from_bytes = 0, .size_bytes = 2 * EXTENT, .linear = true},
                        {.path = (char *)"/dev/a", .group = GROUP, .name = "x", .from_bytes = EXTENT, .size_bytes = EXTENT, .at_bytes = 9 * EXTENT, .linear = true},
                        {.path = (char *)"/dev/a", .group = GROUP, .name = "y", .from_bytes = EXTENT, .size_bytes = EXTENT, .linear = true},
        };
        const LvmSegments segments = {.rows = rows, .n = ELEMENTSOF(rows)};
        _cleanup_(block_extents_clear) BlockExtents extents = {};
        BlockPiece piece;

        assert_ok(block_extents_make(&segments, GROUP, &extents));
        assert_int_equal(block_extents_find(&extents, "x", 0, &piece), -ENXIO);
        assert_int_equal(block_extents_find(&extents, "y", 0, &piece), -ENXIO);
        assert_ok(block_extents_find(&extents, "y", EXTENT, &piece));
}

static void test_bad_reports(void **state) {
        static const struct {
                const char *start;
                unsigned at, n, from;
        } bad[] = {{"-1", 0, 1, 0}, {"18446744073709551615", 1, 1, 0}, {"9223372036854775807", 0, 1, 0}, {"x", 0, 1, 0}};

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                const char *rows[] = {row(GROUP, "/dev/a", bad[i].start, bad[i].at, bad[i].n, "x", bad[i].from, "linear"), NULL};
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                _cleanup_free_ char *text = report_of(rows);
                LvmSegments segments = {};

                assert_int_equal(lvm_segments_parse(text, strlen(text), &segments, &error), -EBADMSG);
                assert_string_equal(error.name, RHV_ERROR_BACKEND_FAILED);
        }
}

/* ---- reading ---- */

static int device_make(uint8_t **ret) {
        int fd = memfd_create("device", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, DEVICE_BYTES), 0);
        *ret = mmap(NULL, DEVICE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        assert_true(*ret != MAP_FAILED);
        return fd;
}

typedef struct Fixture {
        BlockPeek peek;
        uint8_t *a, *b;
} Fixture;

static void peek_arrange(BlockPeek *peek) {
        peek->fds = calloc(peek->extents.n_devices + 1, sizeof(*peek->fds));
        peek->reasons = calloc(peek->extents.n_devices + 1, sizeof(*peek->reasons));
        assert_non_null(peek->fds);
        assert_non_null(peek->reasons);
        for (size_t i = 0; i < peek->extents.n_devices; i++)
                peek->fds[i] = -EBADF;
}

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        make_extents(&f->peek.extents);
        peek_arrange(&f->peek);
        f->peek.fds[0] = device_make(&f->a);
        f->peek.fds[1] = device_make(&f->b);
        for (size_t i = 0; i < DEVICE_BYTES; i++) {
                f->a[i] = (uint8_t)(i * 7 + (i >> 12));
                f->b[i] = (uint8_t)(i * 5 + (i >> 12) + 1);
        }
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        (void) munmap(f->a, DEVICE_BYTES);
        (void) munmap(f->b, DEVICE_BYTES);
        block_peek_close(&f->peek);
        free(f);
        return 0;
}

static uint8_t byte_of_x(const Fixture *f, size_t at) {
        if (at < 2 * EXTENT)
                return f->a[512 + 3 * EXTENT + at];
        return at < 3 * EXTENT ? f->b[7 * EXTENT + (at - 2 * EXTENT)] : f->a[512 + (at - 3 * EXTENT)];
}

static void test_read(void **state) {
        static const size_t offsets[] = {0, 1, 511, 512, EXTENT - 1, 2 * EXTENT - 100, 3 * EXTENT}, sizes[] = {1, 512, EXTENT, EXTENT + 200};
        const Fixture *f = *state;
        uint8_t buffer[4 * EXTENT];

        for (size_t i = 0; i < ELEMENTSOF(offsets); i++)
                for (size_t k = 0; k < ELEMENTSOF(sizes) && offsets[i] + sizes[k] <= sizeof(buffer); k++) {
                        assert_ok(block_peek_read(&f->peek, "x", offsets[i], buffer, sizes[k], NULL));
                        for (size_t at = 0; at < sizes[k]; at++)
                                assert_int_equal(buffer[at], byte_of_x(f, offsets[i] + at));
                }
        assert_ok(block_peek_read(&f->peek, "x", 0, buffer, sizeof(buffer), NULL));
        for (size_t at = 0; at < sizeof(buffer); at++)
                assert_int_equal(buffer[at], byte_of_x(f, at));
}

static void assert_unreadable(const BlockPeek *peek, const char *volume, uint64_t offset, size_t size, const char *wanted) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ void *buffer = malloc(size);

        assert_true(block_peek_read(peek, volume, offset, buffer, size, &error) < 0);
        assert_non_null(strstr(error.message, wanted));
}

static void test_unreadable(void **state) {
        Fixture *f = *state;
        int fd;

        assert_unreadable(&f->peek, "x", 4 * EXTENT, 1, "at byte 16384: no device has that part");
        assert_unreadable(&f->peek, "x", 3 * EXTENT, EXTENT + 1, "at byte 16384");
        assert_unreadable(&f->peek, "y", 0, 3 * EXTENT, "at byte 8192: the device of that part is not there");
        assert_unreadable(&f->peek, "z", 0, 1, "no such volume");
        assert_unreadable(&f->peek, "striped", 0, 1, "striped");
        /* a device that is cut off */
        assert_int_equal(ftruncate(f->peek.fds[1], 7 * EXTENT), 0);
        assert_unreadable(&f->peek, "x", 0, 4 * EXTENT, "/dev/b ends before byte 32768");
        /* and one that was not opened */
        fd = TAKE_FD(f->peek.fds[1]);
        f->peek.reasons[1] = strdup("Cannot open /dev/b: Permission denied");
        assert_unreadable(&f->peek, "x", 2 * EXTENT, 1, "/dev/b: Cannot open /dev/b: Permission denied");
        assert_int_equal(ftruncate(fd, DEVICE_BYTES), 0);
        (void) close(fd);
}

/* ---- headers ---- */

#define HEADERS 350U

static void put_header(uint8_t *at, uint64_t virtual_bytes) {
        static const uint8_t start[] = {'Q', 'F', 'I', 0xfb, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16};

        memcpy(at, start, sizeof(start));
        for (unsigned i = 0; i < 8; i++)
                at[24 + i] = (uint8_t)(virtual_bytes >> (56 - 8 * i));
        at[103] = 104;
}

static void test_headers(void **state) {
        const size_t step = QCOW2_LOOK_BYTES;
        _cleanup_(block_peek_close) BlockPeek peek = {};
        _cleanup_free_ LvmSegment *rows = calloc(HEADERS, sizeof(*rows));
        _cleanup_free_ BlockHeader *headers = calloc(HEADERS + 1, sizeof(*headers));
        int fd = memfd_create("device", MFD_CLOEXEC);
        uint8_t *device;

        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, (off_t)(HEADERS * step)), 0);
        device = mmap(NULL, HEADERS * step, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        assert_true(device != MAP_FAILED);
        for (unsigned i = 0; i < HEADERS; i++) {
                rows[i] = (LvmSegment){.path = (char *)"/dev/a", .group = GROUP, .at_bytes = i * step, .size_bytes = step, .linear = true};
                (void) snprintf(rows[i].name, sizeof(rows[i].name), "volume-%u", i);
                headers[i].volume = rows[i].name;
                if (i != 7)
                        put_header(device + i * step, (i + 1) * MIB);
        }
        device[9 * step + 7] = 9;
        headers[HEADERS].volume = "nowhere";
        assert_ok(block_extents_make(&(const LvmSegments){.rows = rows, .n = HEADERS}, GROUP, &peek.extents));
        peek_arrange(&peek);
        peek.fds[0] = fd;
        assert_ok(block_headers_read(&peek, headers, HEADERS + 1));
        for (unsigned i = 0; i < HEADERS; i++) {
                assert_true(headers[i].look.looked || i == 9);
                if (i == 7 || i == 9)
                        continue;
                assert_true(headers[i].look.is_qcow2);
                assert_null(headers[i].look.trouble);
                assert_int_equal(headers[i].look.qcow2.virtual_bytes, (i + 1) * MIB);
        }
        assert_false(headers[7].look.is_qcow2);
        assert_null(headers[7].look.trouble);
        assert_non_null(strstr(headers[9].look.trouble, "of a version"));
        assert_non_null(strstr(headers[HEADERS].look.trouble, "no such volume"));
        free(headers[9].look.trouble);
        free(headers[HEADERS].look.trouble);
        (void) munmap(device, HEADERS * step);
}

/* ---- OVF stores ---- */

static size_t put_store(uint8_t *at, const char *name) {
        _cleanup_(ovf_archive_clear) OvfArchive archive = {};
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ void *tar = NULL;
        size_t size;

        assert_true(asprintf(&text, "<Envelope><Content><Name>%s</Name></Content></Envelope>", name) > 0);
        assert_ok(ovf_archive_put(&archive, VM ".ovf", text, strlen(text)));
        assert_ok(ovf_archive_write(&archive, 0, &tar, &size, NULL));
        memcpy(at, tar, size);
        return size;
}

static void list_store(VolumeList *list, const char *image, const char *volume, uint64_t updated_sec, size_t size) {
        VolumeRecord *record = volume_list_add(list, volume);
        _cleanup_free_ char *description = ovf_store_description(GROUP, updated_sec, size);

        memcpy(list->image, image, UUID_STRING_MAX);
        assert_non_null(record);
        record->metadata = (VolumeMetadata){.format = VOLUME_FORMAT_RAW, .role = VOLUME_LEAF, .disk_type = "OVFS"};
        memcpy(record->metadata.parent, BLANK_UUID, UUID_STRING_MAX);
        (void) snprintf(record->metadata.description, sizeof(record->metadata.description), "%s", description);
}

/* What rhv-inspect makes of what the service gathers, as text. */
static char *look_at_stores(const BlockPeek *peek, const VolumeList *lists, size_t n) {
        _cleanup_(look_report_clear) LookReport report = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *answer = NULL, *whole = NULL;
        _cleanup_close_ int fd = -EBADF;
        json_t *vm;
        char *text;

        assert_ok(look_report_init(&report));
        assert_ok(look_stores_gather(peek, lists, n, &report, &fd, &error));
        whole = json_pack("{s:O, s:O}", "vms", report.vms, "problems", report.problems);
        if (fd >= 0) {
                assert_ok(inspect_stores(fd, &answer, &error));
                assert_ok(look_stores_take(whole, answer));
        }
        vm = json_object_get(json_object_get(whole, "vms"), VM);
        assert_true(asprintf(&text, "%s %zu %s", json_string_value(json_object_get(vm, "name")) ?: "none", json_array_size(json_object_get(whole, "problems")),
                             json_string_value(json_array_get(json_object_get(whole, "problems"), 0)) ?: "") > 0);
        return text;
}

static void assert_stores(const BlockPeek *peek, const VolumeList *lists, size_t n, const char *wanted) {
        _cleanup_free_ char *text = look_at_stores(peek, lists, n);

        if (!startswith(text, wanted))
                fail_msg("\"%s\" instead of \"%s\"", text, wanted);
}

static void test_stores(void **state) {
        static const char *const names[] = {A, B};
        _cleanup_(block_peek_close) BlockPeek peek = {};
        LvmSegment rows[2] = {};
        VolumeList lists[2] = {};
        uint8_t *device;
        size_t size;
        int fd = device_make(&device);

        /* each in one MiB */
        for (size_t i = 0; i < 2; i++) {
                rows[i] = (LvmSegment){.path = (char *)"/dev/a", .group = GROUP, .at_bytes = i * MIB, .size_bytes = MIB, .linear = true};
                memcpy(rows[i].name, names[i], UUID_STRING_MAX);
        }
        assert_ok(block_extents_make(&(const LvmSegments){.rows = rows, .n = 2}, GROUP, &peek.extents));
        peek_arrange(&peek);
        peek.fds[0] = fd;
        assert_stores(&peek, lists, 0, "none 0");
        size = put_store(device, "older");
        list_store(&lists[0], IMAGE, A, 1000, size);
        assert_stores(&peek, lists, 1, "older 0");
        size = put_store(device + MIB, "newer");
        list_store(&lists[1], OTHER, B, 2000, size);
        assert_stores(&peek, lists, 2, "newer 0");
        /* the newest is no tar: the one before it */
        memset(device + MIB, 'x', size);
        assert_stores(&peek, lists, 2, "older 1 " OTHER ": ");
        /* or lies where nothing can be read */
        assert_int_equal(ftruncate(fd, MIB), 0);
        assert_stores(&peek, lists, 2, "older 1 " OTHER ": /dev/a ends before byte");
        (void) memset(device, 'x', size);
        assert_stores(&peek, lists, 2, "none 2 ");
        assert_int_equal(ftruncate(fd, DEVICE_BYTES), 0);
        (void) munmap(device, DEVICE_BYTES);
        for (size_t i = 0; i < 2; i++)
                volume_list_clear(&lists[i]);
}

static void test_bad_questions(void **state) {
        static const char *const bad[] = {"", "{}", "[]", "{\"stores\":1}", "{\"stores\":[{}]}", "{\"stores\":[{\"image\":\"../x\",\"size\":1}]}",
                                          "{\"stores\":[{\"image\":\"" IMAGE "\",\"size\":0}]}", "{\"stores\":[{\"image\":\"" IMAGE "\",\"size\":134217729}]}",
                                          "{\"stores\":[{\"image\":\"" IMAGE "\",\"size\":-1}]}", "{\"stores\":[1,1,1,1,1]}"};

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                _cleanup_close_ int fd = memfd_create("question", MFD_CLOEXEC);
                _cleanup_json_ json_t *answer = NULL;
                char words[LOOK_STORES_WORDS_BYTES] = {};

                (void) snprintf(words, sizeof(words), "%s", bad[i]);
                assert_int_equal(write(fd, words, sizeof(words)), sizeof(words));
                assert_true(inspect_stores(fd, &answer, &error) < 0);
                assert_non_null(strstr(error.message, "cannot be understood"));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_extents),
                        cmocka_unit_test(test_strange_extents),
                        cmocka_unit_test(test_bad_reports),
                        cmocka_unit_test_setup_teardown(test_read, setup, teardown),
                        cmocka_unit_test_setup_teardown(test_unreadable, setup, teardown),
                        cmocka_unit_test(test_headers),
                        cmocka_unit_test(test_stores),
                        cmocka_unit_test(test_bad_questions),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
