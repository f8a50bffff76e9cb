/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Bytes in and out: what arrives, what is refused, and what a volume looks like afterwards. Real files, pipes and
 * qemu-img. */

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bus-error.h"
#include "fixture.h"
#include "remove-tree.h"
#include "transfer-copy.h"
#include "transfer-progress.h"

#define CAPACITY (4 * MIB)

typedef struct Files {
        char directory[64];
        char volume[80], source[80];
        int volume_fd;
        TransferCopy copy;
        unsigned progressed;
        bool progress_fails;
} Files;

static int on_progress(const TransferCopy *copy, void *userdata) {
        Files *f = userdata;

        f->progressed++;
        return f->progress_fails ? -ENOSPC : 0;
}

static int set_up(void **state) {
        Files *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        (void) snprintf(f->directory, sizeof(f->directory), "%.30s/rhv-transfer-XXXXXX",
                       getenv("TMPDIR") ?: "/var/tmp");
        assert_non_null(mkdtemp(f->directory));
        (void) snprintf(f->volume, sizeof(f->volume), "%s/volume", f->directory);
        (void) snprintf(f->source, sizeof(f->source), "%s/source", f->directory);
        f->volume_fd = open(f->volume, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_true(f->volume_fd >= 0);
        assert_ok(ftruncate(f->volume_fd, (off_t)CAPACITY));
        f->copy = (TransferCopy){
                        .upload = true,
                        .source_fd = -EBADF,
                        .sink_fd = f->volume_fd,
                        .capacity_bytes = CAPACITY,
                        .progress = on_progress,
                        .userdata = f,
                        .idle_usec = 200 * USEC_PER_MSEC,
        };
        *state = f;
        transfer_stop = 0;
        return 0;
}

static int tear_down(void **state) {
        Files *f = *state;

        safe_close(f->volume_fd);
        safe_close(f->copy.source_fd);
        assert_int_equal(remove_tree(f->directory), 0);
        free(f);
        return 0;
}

/* n bytes at each of the offsets, holes between. */
static void make_source(Files *f, uint64_t size, const uint64_t *offsets, size_t n) {
        int fd = open(f->source, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        uint8_t bytes[5000];

        assert_true(fd >= 0);
        memset(bytes, 0xa5, sizeof(bytes));
        assert_ok(ftruncate(fd, (off_t)size));
        for (size_t i = 0; i < n; i++)
                assert_int_equal(pwrite(fd, bytes, sizeof(bytes), (off_t)offsets[i]), sizeof(bytes));
        f->copy.source_fd = fd;
        f->copy.size_bytes = size;
}

static void assert_same(const char *a, const char *b, uint64_t size) {
        char command[256];

        (void) snprintf(command, sizeof(command), "cmp -n %llu '%s' '%s'", (unsigned long long)size, a, b);
        assert_int_equal(system(command), 0);
}

static uint64_t allocated(const char *path) {
        struct stat st;

        assert_ok(stat(path, &st));
        return (uint64_t)st.st_blocks * 512;
}

static void expect(Files *f, int r, const sd_bus_error *error, const char *wanted) {
        if (r >= 0 || !error->name || !streq(error->name, wanted))
                fail_msg("wanted %s, got %d %s: %s", wanted, r, error->name ? error->name : "",
                         error->message ? error->message : "");
}

static void test_raw_sparse(void **state) {
        Files *f = *state;
        const uint64_t offsets[] = {0, 2 * MIB + 17, 3 * MIB + 999};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        struct stat st;

        make_source(f, 3 * MIB + 7777, offsets, ELEMENTSOF(offsets));
        assert_ok(transfer_upload(&f->copy, &error));
        assert_int_equal(f->copy.done_bytes, 3 * MIB + 7777);
        assert_true(f->copy.touched && f->progressed > 1);
        assert_same(f->source, f->volume, f->copy.size_bytes);
        assert_ok(fstat(f->volume_fd, &st));
        assert_int_equal(st.st_size, CAPACITY);
        assert_true(allocated(f->volume) < 3 * MIB + 64 * KIB); /* the piece that is a hole was not written */
}

/* What a volume held before does not shine through. */
static void test_old_data_is_gone(void **state) {
        Files *f = *state;
        const uint64_t offsets[] = {1 * MIB};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        uint8_t junk[4096], back[4096] = {1}, zero[4096] = {};

        memset(junk, 0xee, sizeof(junk));
        for (int preallocated = 0; preallocated < 2; preallocated++) {
                f->copy.allocation = preallocated ? VOLUME_ALLOCATION_PREALLOCATED : VOLUME_ALLOCATION_SPARSE;
                f->copy.done_bytes = 0;
                assert_int_equal(pwrite(f->volume_fd, junk, sizeof(junk), 0), sizeof(junk));
                assert_int_equal(pwrite(f->volume_fd, junk, sizeof(junk), 3 * MIB), sizeof(junk));
                make_source(f, 2 * MIB, offsets, 1);
                assert_ok(transfer_upload(&f->copy, &error));
                assert_same(f->source, f->volume, 2 * MIB);
                assert_int_equal(pread(f->volume_fd, back, sizeof(back), 3 * MIB), sizeof(back));
                assert_memory_equal(back, zero, sizeof(back));
                f->copy.source_fd = safe_close(f->copy.source_fd);
        }
        assert_true(allocated(f->volume) >= CAPACITY - 64 * KIB);
}

/* A child that sends bytes into a pipe and goes away, or stays. */
static pid_t send_pipe(Files *f, size_t bytes, bool stay) {
        int fds[2];
        pid_t pid;

        assert_ok(pipe2(fds, O_CLOEXEC));
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                char buffer[1000];

                (void) close(fds[0]);
                memset(buffer, 'x', sizeof(buffer));
                for (; bytes > 0; bytes -= bytes < sizeof(buffer) ? bytes : sizeof(buffer))
                        if (write(fds[1], buffer, bytes < sizeof(buffer) ? bytes : sizeof(buffer)) < 0)
                                break;
                if (stay)
                        (void) pause();
                _exit(0);
        }
        (void) close(fds[1]);
        f->copy.source_fd = fds[0];
        return pid;
}

static void end_child(pid_t pid) {
        (void) kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_pipe(void **state) {
        Files *f = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        pid_t pid = send_pipe(f, 2500000, false);

        f->copy.size_bytes = 2500000;
        assert_ok(transfer_upload(&f->copy, &error));
        end_child(pid);
}

static void test_truncated(void **state) {
        Files *f = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        pid_t pid = send_pipe(f, 1500000, false);

        f->copy.size_bytes = 2500000;
        expect(f, transfer_upload(&f->copy, &error), &error, RHV_ERROR_TRUNCATED);
        assert_non_null(strstr(error.message, "1500000 of 2500000"));
        assert_true(f->copy.touched);
        transfer_give_back(&f->copy);
        assert_int_equal(allocated(f->volume), 0);
        end_child(pid);
}

/* Nothing, or less than the first piece: the volume is what it was. */
static void test_truncated_at_once(void **state) {
        Files *f = *state;
        static const char old[] = "what was there";
        char back[sizeof(old)];
        int fd = open(f->volume, O_RDONLY | O_CLOEXEC); /* the transfer's own one does direct I/O */

        assert_true(fd >= 0);
        assert_int_equal(pwrite(f->volume_fd, old, sizeof(old), 0), sizeof(old));
        for (size_t bytes = 0; bytes <= 5000; bytes += 5000) {
                for (VolumeFormat format = VOLUME_FORMAT_RAW; format <= VOLUME_FORMAT_QCOW2; format++) {
                        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                        pid_t pid = send_pipe(f, bytes, false);

                        f->copy.format = format;
                        f->copy.size_bytes = 2500000;
                        f->copy.done_bytes = 0;
                        expect(f, transfer_upload(&f->copy, &error), &error,
                               bytes > 0 && format == VOLUME_FORMAT_QCOW2 ? RHV_ERROR_BAD_FORMAT
                                                                          : RHV_ERROR_TRUNCATED);
                        assert_false(f->copy.touched);
                        assert_int_equal(pread(fd, back, sizeof(back), 0), sizeof(back));
                        assert_string_equal(back, old);
                        f->copy.source_fd = safe_close(f->copy.source_fd);
                        end_child(pid);
                }
        }
        (void) close(fd);
}

static void test_too_much(void **state) {
        Files *f = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        pid_t pid = send_pipe(f, 1000001, false);

        f->copy.size_bytes = 1000000;
        expect(f, transfer_upload(&f->copy, &error), &error, RHV_ERROR_BAD_FORMAT);
        end_child(pid);
}

static void test_silence(void **state) {
        Files *f = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        pid_t pid = send_pipe(f, 1000, true);

        f->copy.size_bytes = 1000000;
        expect(f, transfer_upload(&f->copy, &error), &error, RHV_ERROR_TIMEOUT);
        assert_false(f->copy.touched); /* the first piece was not even complete */
        end_child(pid);
}

static void test_stop(void **state) {
        Files *f = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        pid_t pid = send_pipe(f, 1000, true);

        f->copy.size_bytes = 1000000;
        transfer_stop = 1;
        assert_int_equal(transfer_upload(&f->copy, &error), -ECANCELED);
        assert_string_equal(error.name, RHV_ERROR_ABORTED);
        end_child(pid);
}

static void test_no_progress_no_change(void **state) {
        Files *f = *state;
        const uint64_t offsets[] = {0};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        make_source(f, 1 * MIB, offsets, 1);
        f->progress_fails = true;
        expect(f, transfer_upload(&f->copy, &error), &error, RHV_ERROR_NO_SPACE);
        assert_false(f->copy.touched);
        assert_int_equal(allocated(f->volume), 0);
}

/* ---- qcow2 ---- */

static void qemu_img(Files *f, const char *format, const char *extra, const char *size) {
        char command[512];

        (void) snprintf(command, sizeof(command), "qemu-img create -q -f %s %s '%s' %s", format, extra, f->source,
                       size);
        assert_int_equal(system(command), 0);
        f->copy.source_fd = open(f->source, O_RDONLY | O_CLOEXEC);
        f->copy.size_bytes = (uint64_t)lseek(f->copy.source_fd, 0, SEEK_END);
        assert_int_equal(lseek(f->copy.source_fd, 0, SEEK_SET), 0);
        f->copy.format = VOLUME_FORMAT_QCOW2;
}

static void test_qcow2(void **state) {
        Files *f = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        struct stat st;
        int r;

        qemu_img(f, "qcow2", "", "3M");
        r = transfer_upload(&f->copy, &error);
        if (r < 0)
                fail_msg("%s", error.message);
        assert_same(f->source, f->volume, f->copy.size_bytes);
        assert_ok(fstat(f->volume_fd, &st));
        assert_int_equal(st.st_size, f->copy.size_bytes);
}

static void test_qcow2_too_large(void **state) {
        Files *f = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        qemu_img(f, "qcow2", "", "5M");
        expect(f, transfer_upload(&f->copy, &error), &error, RHV_ERROR_BAD_FORMAT);
        assert_false(f->copy.touched);
}

static void test_qcow2_backing_file(void **state) {
        Files *f = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        qemu_img(f, "qcow2", "-u -b /etc/shadow -F raw", "3M");
        expect(f, transfer_upload(&f->copy, &error), &error, RHV_ERROR_BAD_FORMAT);
        assert_false(f->copy.touched);
        assert_non_null(strstr(error.message, "backing"));
}

static void test_qcow2_data_file(void **state) {
        Files *f = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char extra[128];

        (void) snprintf(extra, sizeof(extra), "-o data_file='%s/data'", f->directory);
        qemu_img(f, "qcow2", extra, "3M");
        expect(f, transfer_upload(&f->copy, &error), &error, RHV_ERROR_BAD_FORMAT);
        assert_false(f->copy.touched);
}

/* A header that passes and tables that do not. */
static void test_qcow2_corrupt(void **state) {
        Files *f = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        uint8_t junk[512];
        int fd;

        qemu_img(f, "qcow2", "", "3M");
        fd = open(f->source, O_WRONLY | O_CLOEXEC);
        memset(junk, 0x77, sizeof(junk));
        assert_int_equal(pwrite(fd, junk, sizeof(junk), 65536), sizeof(junk)); /* refcount table */
        assert_int_equal(pwrite(fd, junk, sizeof(junk), 3 * 65536), 512);      /* L1 table */
        (void) close(fd);
        expect(f, transfer_upload(&f->copy, &error), &error, RHV_ERROR_BAD_FORMAT);
        assert_true(f->copy.touched);
}

static void test_wrong_format(void **state) {
        Files *f = *state;
        const uint64_t offsets[] = {0};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL, second = SD_BUS_ERROR_NULL;

        qemu_img(f, "qcow2", "", "3M");
        f->copy.format = VOLUME_FORMAT_RAW;
        expect(f, transfer_upload(&f->copy, &error), &error, RHV_ERROR_BAD_FORMAT);
        assert_false(f->copy.touched);
        safe_close(f->copy.source_fd);
        make_source(f, 1 * MIB, offsets, 1);
        f->copy.format = VOLUME_FORMAT_QCOW2;
        expect(f, transfer_upload(&f->copy, &second), &second, RHV_ERROR_BAD_FORMAT);
        assert_false(f->copy.touched);
}

/* ---- download ---- */

static void test_download_file_keeps_holes(void **state) {
        Files *f = *state;
        const uint64_t offsets[] = {0, 2 * MIB + 5};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        make_source(f, 4 * MIB, offsets, 2);
        f->copy.upload = false;
        f->copy.sink_fd = f->volume_fd;
        assert_ok(ftruncate(f->volume_fd, 0));
        assert_ok(transfer_download(&f->copy, &error));
        assert_same(f->source, f->volume, 4 * MIB);
        assert_true(allocated(f->volume) < 2 * MIB + 64 * KIB);
}

static void test_download_receiver_gone(void **state) {
        Files *f = *state;
        const uint64_t offsets[] = {0};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int fds[2];

        (void) signal(SIGPIPE, SIG_IGN);
        make_source(f, 4 * MIB, offsets, 1);
        assert_ok(pipe2(fds, O_CLOEXEC));
        (void) close(fds[0]);
        f->copy.upload = false;
        f->copy.sink_fd = fds[1];
        expect(f, transfer_download(&f->copy, &error), &error, RHV_ERROR_TRUNCATED);
        (void) close(fds[1]);
}

/* ---- what they leave for the service ---- */

static void test_progress_text(void **state) {
        char text[TRANSFER_PROGRESS_BYTES + 1];
        TransferProgress p = {123, UINT64_MAX}, q;

        transfer_progress_format(&p, text);
        assert_int_equal(strlen(text), TRANSFER_PROGRESS_BYTES);
        assert_ok(transfer_progress_parse(text, strlen(text), &q));
        assert_int_equal(q.done_bytes, 123);
        assert_true(q.total_bytes == UINT64_MAX);
        text[3] = 'x';
        assert_int_equal(transfer_progress_parse(text, strlen(text), &q), -EBADMSG);
        assert_int_equal(transfer_progress_parse("", 0, &q), -EBADMSG);
}

static void test_result_text(void **state) {
        TransferResult result = {.touched = true,
                                 .done_bytes = 5,
                                 .error_name = (char *)RHV_ERROR_TRUNCATED,
                                 .error_message = (char *)"a \"b\""};
        _cleanup_free_ char *text = transfer_result_format(&result);
        _cleanup_(transfer_result_clear) TransferResult back = {};
        static const char *const bad[] = {"", "{}", "{\"touched\":true,\"done\":-1}",
                                          "{\"touched\":true,\"done\":1,\"error\":\"com.evil.Error\"}",
                                          "{\"touched\":1,\"done\":1}"};

        assert_ok(transfer_result_parse(text, strlen(text), &back));
        assert_true(back.touched);
        assert_string_equal(back.error_message, "a \"b\"");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(transfer_result_parse(bad[i], strlen(bad[i]), &back), -EBADMSG);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                        T(test_raw_sparse),
                        T(test_old_data_is_gone),
                        T(test_pipe),
                        T(test_truncated),
                        T(test_truncated_at_once),
                        T(test_too_much),
                        T(test_silence),
                        T(test_stop),
                        T(test_no_progress_no_change),
                        T(test_qcow2),
                        T(test_qcow2_too_large),
                        T(test_qcow2_backing_file),
                        T(test_qcow2_data_file),
                        T(test_qcow2_corrupt),
                        T(test_wrong_format),
                        T(test_download_file_keeps_holes),
                        T(test_download_receiver_gone),
                        cmocka_unit_test(test_progress_text),
                        cmocka_unit_test(test_result_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
