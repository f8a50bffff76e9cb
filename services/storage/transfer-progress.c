/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "parse-util.h"
#include "transfer-progress.h"

void transfer_result_clear(TransferResult *result) {
        free(result->error_name);
        free(result->error_message);
        *result = (TransferResult){};
}

void transfer_progress_format(const TransferProgress *progress, char ret[static TRANSFER_PROGRESS_BYTES + 1]) {
        (void) snprintf(ret, TRANSFER_PROGRESS_BYTES + 1, "%020" PRIu64 " %020" PRIu64 "\n", progress->done_bytes,
                       progress->total_bytes);
}

int transfer_progress_parse(const char *text, size_t size, TransferProgress *ret) {
        char done[21], total[21];
        TransferProgress progress;

        if (size != TRANSFER_PROGRESS_BYTES || text[20] != ' ' || text[41] != '\n')
                return -EBADMSG;
        memcpy(done, text, 20);
        memcpy(total, text + 21, 20);
        done[20] = total[20] = '\0';
        if (parse_u64(done, &progress.done_bytes) < 0 || parse_u64(total, &progress.total_bytes) < 0)
                return -EBADMSG;
        *ret = progress;
        return 0;
}

char *transfer_result_format(const TransferResult *result) {
        _cleanup_json_ json_t *object = NULL;

        object = json_pack("{s:b, s:I, s:s*, s:s*}", "touched", (int)result->touched, "done",
                           (json_int_t)result->done_bytes, "error", result->error_name, "message",
                           result->error_message);
        return object ? json_dumps(object, JSON_COMPACT) : NULL;
}

/* The transfer reads what strangers sent, so what it says is checked: only errors of ours, of a sane length. */
int transfer_result_parse(const char *text, size_t size, TransferResult *ret) {
        _cleanup_json_ json_t *object = NULL;
        _cleanup_(transfer_result_clear) TransferResult result = {};
        const char *name = NULL, *message = NULL;
        json_int_t done;
        int touched;

        object = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
        if (!object || json_unpack(object, "{s:b, s:I, s?s, s?s}", "touched", &touched, "done", &done, "error", &name,
                                   "message", &message) < 0)
                return -EBADMSG;
        if (done < 0 || (name && (!startswith(name, RHV_ERROR_PREFIX) || !sd_bus_interface_name_is_valid(name))))
                return -EBADMSG;
        result.touched = touched;
        result.done_bytes = (uint64_t)done;
        if (name) {
                result.error_name = strdup(name);
                result.error_message = strdup(message ?: "");
                if (!result.error_name || !result.error_message)
                        return -ENOMEM;
        }
        *ret = result;
        result = (TransferResult){};
        return 0;
}

int transfer_read_file(const char *directory, const char *name, char **ret, size_t *ret_size) {
        _cleanup_free_ char *path = NULL, *text = NULL;
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        ssize_t n;

        if (asprintf(&path, "%s/%s", directory, name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_size > (off_t)TRANSFER_RESULT_BYTES_MAX)
                return -EBADMSG;
        text = malloc((size_t)st.st_size + 1);
        if (!text)
                return -ENOMEM;
        n = read(fd, text, (size_t)st.st_size);
        if (n < 0)
                return -errno;
        text[n] = '\0';
        *ret_size = (size_t)n;
        *ret = TAKE_PTR(text);
        return 0;
}

int transfer_write_file(const char *directory, const char *name, const char *text) {
        const size_t size = strlen(text);
        char temporary[64];
        _cleanup_close_ int directory_fd = -EBADF, fd = -EBADF;

        if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", name) >= sizeof(temporary))
                return -ENAMETOOLONG;
        directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (directory_fd < 0)
                return -errno;
        fd = openat(directory_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        if (write(fd, text, size) != (ssize_t)size)
                return -EIO;
        if (fsync(fd) < 0 || renameat(directory_fd, temporary, directory_fd, name) < 0)
                return -errno;
        return 0;
}
