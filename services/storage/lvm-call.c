/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Both ends of the connection to rhv-lvm. */

#include "lvm-call.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "dict.h"
#include "heir.h"
#include "helper-call.h"
#include "lvm-argv.h"
#include "lvm-room.h"
#include "lvm.h"
#include "parse-util.h"

#define HELPER "rhv-lvm"

/* ---- doing it ---- */

int lvm_run_here(const char *const *argv, int *ret_fd, sd_bus_error *error) {
        _cleanup_close_ int out = memfd_create("lvm", MFD_CLOEXEC);
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        int r;

        if (out < 0)
                return -errno;
        r = heir_run_output(argv, argv[0], out, &own);
        if (r < 0 && lvm_room_is_denied(own.message)) {
                sd_bus_error_setf(error, RHV_ERROR_NO_SPACE, "LVM's metadata area is full: %s", own.message);
                return -ENOSPC;
        }
        if (r < 0) {
                (void) sd_bus_error_move(error, &own);
                return r;
        }
        *ret_fd = TAKE_FD(out);
        return 0;
}

int lvm_open_here(const char *path, bool writable, int *ret_fd, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        /* Below /dev a link is udev's work. */
        fd = open(path, (writable ? O_RDWR | O_DSYNC : O_RDONLY) | O_DIRECT | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0)
                return bus_error_errno(error, -errno, "Cannot open %s", path);
        if (!S_ISBLK(st.st_mode)) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s is not a block device", path);
                return -ENOTBLK;
        }
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* ---- asking ---- */

int lvm_run_begin(const char *socket_path, const char *const *argv, int *ret_connection, sd_bus_error *error) {
        json_t *words = json_array();

        for (size_t i = 0; argv[i]; i++)
                if (json_array_append_new(words, json_string(argv[i])) < 0) {
                        json_decref(words);
                        return -ENOMEM;
                }
        return helper_begin(socket_path, HELPER, json_pack("{s:o}", "run", words), -EBADF, ret_connection, error);
}

int lvm_run_end(int connection, int *ret_fd, sd_bus_error *error) {
        return helper_end(connection, HELPER, ret_fd, error);
}

int lvm_run_there(const char *socket_path, const char *const *argv, int *ret_fd, sd_bus_error *error) {
        int connection = -EBADF, r;

        r = lvm_run_begin(socket_path, argv, &connection, error);
        return r < 0 ? r : lvm_run_end(connection, ret_fd, error);
}

int lvm_open_there_begin(const char *socket_path, const char *path, bool writable, int *ret_connection, sd_bus_error *error) {
        return helper_begin(socket_path, HELPER, json_pack("{s:s, s:b}", "open", path, "writable", writable), -EBADF, ret_connection, error);
}

int lvm_open_there_end(int connection, int *ret_fd, sd_bus_error *error) {
        return helper_end(connection, HELPER, ret_fd, error);
}

/* ---- serving ---- */

static int serve_run(const json_t *words, int *ret_fd, sd_bus_error *error) {
        const char *argv[LVM_ARGUMENTS_MAX + 1];
        size_t n = json_array_size(words);

        if (n == 0 || n > LVM_ARGUMENTS_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++) {
                argv[i] = json_string_value(json_array_get(words, i));
                if (!argv[i])
                        return -EBADMSG;
        }
        argv[n] = NULL;
        return lvm_argv_is_ours(argv) ? lvm_run_here(argv, ret_fd, error) : -EBADMSG;
}

int lvm_serve(const json_t *request, int fd, int *ret_fd, sd_bus_error *error) {
        const char *path = dict_string(request, "open", NULL);

        if (!path)
                return serve_run(json_object_get(request, "run"), ret_fd, error);
        if (!startswith(path, "/dev/") || !path_is_normal(path))
                return -EBADMSG;
        return lvm_open_here(path, json_is_true(json_object_get(request, "writable")), ret_fd, error);
}
