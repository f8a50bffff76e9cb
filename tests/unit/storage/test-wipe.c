/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How zeroes are written over what is to be removed: how much at once, how fast, with which progress, until when; and how that is asked for. */

#include <signal.h>
#include <sys/mman.h>

#include "bus-error.h"
#include "clock-util.h"
#include "data-tool.h"
#include "data-wipe.h"
#include "fixture.h"
#include "structural.h"
#include "wipe-rules.h"

#define ID(n) "99999999-2222-4333-8444-00000000000" #n

static void test_steps(void **state) {
        assert_int_equal(wipe_step_bytes(GIB, 0), WIPE_STEP_BYTES);
        assert_int_equal(wipe_step_bytes(512, 0), 512);
        assert_int_equal(wipe_step_bytes(0, 0), 0);
        assert_int_equal(wipe_step_bytes(GIB, 4 * MIB), MIB);
        assert_int_equal(wipe_step_bytes(GIB, 1000003), 249856); /* of whole blocks */
        assert_int_equal(wipe_step_bytes(GIB, 1), WIPE_ALIGNMENT_BYTES);
        assert_int_equal(wipe_step_bytes(GIB, UINT64_MAX), WIPE_STEP_BYTES);
}

static void test_pauses(void **state) {
        assert_int_equal(wipe_pause_usec(GIB, 0, 0), 0);
        assert_int_equal(wipe_pause_usec(MIB, 0, MIB), USEC_PER_SEC);
        assert_int_equal(wipe_pause_usec(MIB, USEC_PER_SEC / 4, MIB), USEC_PER_SEC / 4 * 3);
        assert_int_equal(wipe_pause_usec(MIB, 2 * USEC_PER_SEC, MIB), 0);
        assert_int_equal(wipe_pause_usec(MIB / 2, 0, MIB), USEC_PER_SEC / 2);
        /* Far from any overflow: a PiB at a MiB in a second. */
        assert_int_equal(wipe_pause_usec(1024 * TIB, 0, MIB), 1024ULL * MIB * USEC_PER_SEC);
}

/* ---- writing ---- */

static int last_per_mille, fails_at;

static void on_progress(int per_mille, void *userdata) {
        assert_true(per_mille >= last_per_mille);
        last_per_mille = per_mille;
}

static int zero_file(int fd, uint64_t offset_bytes, uint64_t bytes) {
        static char zeroes[WIPE_STEP_BYTES];

        if (fails_at >= 0 && offset_bytes >= (uint64_t)fails_at)
                return -EREMOTEIO;
        return pwrite(fd, zeroes, (size_t)bytes, (off_t)offset_bytes) == (ssize_t)bytes ? 0 : -EIO;
}

static int stop_then_zero(int fd, uint64_t offset_bytes, uint64_t bytes) {
        assert_int_equal(kill(getpid(), SIGTERM), 0);
        return zero_file(fd, offset_bytes, bytes);
}

static int make_file(size_t size) {
        int fd = memfd_create("volume", MFD_CLOEXEC);
        char *data = malloc(size);

        assert_true(fd >= 0);
        assert_non_null(data);
        memset(data, 0xee, size);
        assert_int_equal(pwrite(fd, data, size, 0), size);
        free(data);
        return fd;
}

static size_t count_left(int fd, size_t size) {
        char *data = malloc(size);
        size_t n = 0;

        assert_non_null(data);
        assert_int_equal(pread(fd, data, size, 0), size);
        for (size_t i = 0; i < size; i++)
                n += data[i] != 0;
        free(data);
        return n;
}

static void test_write(void **state) {
        const size_t size = 70 * MIB + 512;
        DataWork work = {.kind = DATA_WIPE, .capacity_bytes = size};
        const DataRun run = {.work = &work, .image = ID(2), .volume = ID(3), .lease_fd = -EBADF, .progress = on_progress};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_close_ int fd = make_file(size);
        uint64_t done = 0;

        last_per_mille = 0;
        fails_at = 40 * (int)MIB;
        assert_int_equal(data_wipe_fd(&run, fd, size, zero_file, &done, &error), -EREMOTEIO);
        assert_non_null(error.name);
        assert_int_equal(done, 64 * MIB);
        assert_int_equal(count_left(fd, size), size - 64 * MIB);
        assert_true(last_per_mille < 1000);

        fails_at = -1;
        done = 0;
        last_per_mille = 0;
        assert_ok(data_wipe_fd(&run, fd, size, zero_file, &done, NULL));
        assert_int_equal(count_left(fd, size), 0);
        assert_int_equal(done, size);
        assert_int_equal(last_per_mille, 1000);
}

static void test_bandwidth(void **state) {
        DataWork work = {.kind = DATA_WIPE, .capacity_bytes = 2 * MIB, .bandwidth = 8 * MIB};
        const DataRun run = {.work = &work, .image = ID(2), .volume = ID(3), .lease_fd = -EBADF};
        _cleanup_close_ int fd = make_file(2 * MIB);
        const uint64_t begin = monotonic_usec();
        uint64_t done = 0;

        fails_at = -1;
        assert_ok(data_wipe_fd(&run, fd, 2 * MIB, zero_file, &done, NULL));
        assert_true(monotonic_usec() - begin >= USEC_PER_SEC / 4);
}

/* Last: it stays stopped. */
static void test_cancel(void **state) {
        DataWork work = {.kind = DATA_WIPE, .capacity_bytes = 64 * MIB};
        const DataRun run = {.work = &work, .image = ID(2), .volume = ID(3), .lease_fd = -EBADF};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_close_ int fd = make_file(64 * MIB);
        uint64_t done = 0;

        fails_at = -1;
        assert_int_equal(data_wipe_fd(&run, fd, 64 * MIB, stop_then_zero, &done, &error), -ECANCELED);
        assert_string_equal(error.name, RHV_ERROR_ABORTED);
        assert_int_equal(count_left(fd, 64 * MIB), 32 * MIB);
}

/* ---- asking ---- */

static Io *request_of(int (*run)(Io *), const char *type) {
        const DomainPlace place = {.type = domain_type_find(type),
                                   .path = (char *)(domain_type_is_block(domain_type_find(type)) ? "/dev/mapper/lun" : "/mnt/one"),
                                   .id = ID(1),
                                   .version = 5,
                                   .block_size_bytes = 512,
                                   .alignment_bytes = (uint32_t)MIB};
        Io *io = io_new("remove", run, &place);

        assert_non_null(io);
        io->lease_version = 7;
        memcpy(io->image, ID(2), UUID_STRING_MAX);
        memcpy(io->volume, ID(3), UUID_STRING_MAX);
        io->data = calloc(1, sizeof(*io->data));
        assert_non_null(io->data);
        *io->data = (DataWork){.kind = DATA_WIPE, .capacity_bytes = GIB, .format = VOLUME_FORMAT_RAW, .allocation = VOLUME_ALLOCATION_PREALLOCATED,
                               .chain = {{ID(2), ID(3), VOLUME_FORMAT_RAW}}, .n_chain = 1};
        io->data->place = io->data->source = io->place;
        return io;
}

/* A helper that does not understand what becomes of the data must not remove them. */
static void test_removal(void **state) {
        int (*const runs[])(Io *) = {io_image_delete, io_volume_delete, io_merge_finish};

        for (size_t i = 0; i < ELEMENTSOF(runs); i++) {
                _cleanup_(io_freep) Io *io = request_of(runs[i], "fcp"), *read = NULL;
                _cleanup_json_ json_t *request = NULL;
                Io *refused;

                io->wipe = true;
                request = structural_request(io);
                assert_int_equal(structural_request_read(request, &read, NULL), 0);
                assert_true(read->wipe);
                assert_false(read->discard);
                (void) json_object_set_new(request, "wipe", json_integer(1));
                assert_int_equal(structural_request_read(request, &refused, NULL), -EBADMSG);
                (void) json_object_del(request, "wipe");
                assert_int_equal(structural_request_read(request, &refused, NULL), -EBADMSG);
        }
}

static void test_finish(void **state) {
        _cleanup_(io_freep) Io *io = request_of(io_wipe_finish, "fcp"), *read = NULL, *files = request_of(io_wipe_finish, "posix");
        _cleanup_json_ json_t *request = NULL, *of_files = structural_request(files);
        Io *refused;

        io->discard = true;
        request = structural_request(io);
        assert_int_equal(structural_request_read(request, &read, NULL), 0);
        assert_ptr_equal(read->run, io_wipe_finish);
        assert_true(read->discard);
        assert_int_equal(read->data->n_chain, 1);
        assert_string_equal(read->data->chain[0].volume, ID(3));
        assert_int_equal(structural_request_read(of_files, &refused, NULL), -EBADMSG); /* nothing is wiped there */
        (void) json_object_set_new(json_object_get(request, "data"), "kind", json_string("copy-volume"));
        assert_int_equal(structural_request_read(request, &refused, NULL), -EBADMSG);
        (void) json_object_del(request, "data");
        assert_int_equal(structural_request_read(request, &refused, NULL), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_steps),     cmocka_unit_test(test_pauses), cmocka_unit_test(test_write), cmocka_unit_test(test_bandwidth),
                        cmocka_unit_test(test_removal),   cmocka_unit_test(test_finish), cmocka_unit_test(test_cancel),
        };

        if (data_tool_prepare() < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
