/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * rhv-transfer: moves the bytes of one upload or download. Started by org.rhv.Storage as a transient unit, with the
 * volume and the other side as its standard input and output; not for people.
 */

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "log.h"
#include "parse-util.h"
#include "transfer-copy.h"
#include "transfer-progress.h"

typedef struct Helper {
        TransferCopy copy;
        const char *directory;
        int directory_fd, progress_fd;
} Helper;

/* After each piece: a few bytes in memory for a MiB on disk, and a sender that pauses does not leave an old number
 * behind. */
static int on_progress(const TransferCopy *copy, void *userdata) {
        TransferProgress progress = {.done_bytes = copy->done_bytes, .total_bytes = copy->size_bytes};
        char text[TRANSFER_PROGRESS_BYTES + 1];
        Helper *helper = userdata;

        if (helper->progress_fd < 0) {
                helper->progress_fd = openat(helper->directory_fd, "progress",
                                             O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
                if (helper->progress_fd < 0)
                        return -errno;
        }
        transfer_progress_format(&progress, text);
        return pwrite(helper->progress_fd, text, TRANSFER_PROGRESS_BYTES, 0) == (ssize_t)TRANSFER_PROGRESS_BYTES
                               ? 0
                               : -EIO;
}

static int write_result(const Helper *helper, int r, const sd_bus_error *error) {
        TransferResult result = {
                        .touched = helper->copy.touched,
                        .done_bytes = helper->copy.done_bytes,
                        .error_name = r < 0 ? (char *)(error->name ?: RHV_ERROR_BACKEND_FAILED) : NULL,
                        .error_message = r < 0 ? (char *)(error->message ?: strerror(-r)) : NULL,
        };
        _cleanup_free_ char *text = transfer_result_format(&result);

        return text ? transfer_write_file(helper->directory, "result", text) : -ENOMEM;
}

static void on_stop(int signal_number) {
        transfer_stop = 1;
}

static void set_signals(void) {
        struct sigaction stop = {.sa_handler = on_stop}, ignore = {.sa_handler = SIG_IGN};

        (void) sigaction(SIGTERM, &stop, NULL);
        (void) sigaction(SIGINT, &stop, NULL);
        (void) sigaction(SIGPIPE, &ignore, NULL);
}

static int parse_arguments(Helper *helper, int argc, char **argv) {
        static const struct option options[] = {
                        {"format", required_argument, NULL, 'f'},    {"allocation", required_argument, NULL, 'a'},
                        {"capacity", required_argument, NULL, 'c'},  {"size", required_argument, NULL, 's'},
                        {"directory", required_argument, NULL, 'd'}, {},
        };
        TransferCopy *copy = &helper->copy;
        int c, r = 0;

        while (r >= 0 && (c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
                if (c == 'f')
                        r = (int)(copy->format = volume_format_from_string(optarg));
                else if (c == 'a')
                        r = (int)(copy->allocation = volume_allocation_from_string(optarg));
                else if (c == 'c')
                        r = parse_u64(optarg, &copy->capacity_bytes);
                else if (c == 's')
                        r = parse_u64(optarg, &copy->size_bytes);
                else if (c == 'd')
                        helper->directory = optarg;
                else
                        r = -EINVAL;
        }
        if (r < 0 || !helper->directory || optind + 1 != argc ||
            (!streq(argv[optind], "upload") && !streq(argv[optind], "download")))
                return -EINVAL;
        copy->upload = streq(argv[optind], "upload");
        return 0;
}

/* Whatever started us: messages must never end up on a disk. */
static int guard_stderr(void) {
        struct stat error, output;
        int fd;

        if (fstat(STDERR_FILENO, &error) >= 0 && fstat(STDOUT_FILENO, &output) >= 0 &&
            (error.st_dev != output.st_dev || error.st_ino != output.st_ino))
                return 0;
        fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        return dup2(fd, STDERR_FILENO) < 0 ? -errno : 0;
}

int main(int argc, char **argv) {
        Helper helper = {
                        .copy = {.source_fd = STDIN_FILENO, .sink_fd = STDOUT_FILENO, .progress = on_progress},
                        .directory_fd = -EBADF,
                        .progress_fd = -EBADF,
        };
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r, k;

        r = guard_stderr();
        if (r < 0)
                return 2;
        log_open("rhv-transfer");
        r = parse_arguments(&helper, argc, argv);
        if (r < 0) {
                log_error("Usage: rhv-transfer upload|download --format= --allocation= --capacity= --size= "
                          "--directory=");
                return 2;
        }
        helper.copy.userdata = &helper;
        helper.directory_fd = open(helper.directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (helper.directory_fd < 0)
                return log_error_errno(-errno, "Cannot open %s", helper.directory) < 0 ? 2 : 0;

        set_signals();
        r = helper.copy.upload ? transfer_upload(&helper.copy, &error) : transfer_download(&helper.copy, &error);
        if (r < 0) {
                log_warning_errno(r, "The %s failed: %s", helper.copy.upload ? "upload" : "download",
                                  error.message ?: "");
                transfer_give_back(&helper.copy);
        }
        k = write_result(&helper, r, &error);
        if (k < 0)
                log_error_errno(k, "Cannot write the result");
        return r < 0 || k < 0 ? 1 : 0;
}
