/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lvm.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>

#include "bus-error.h"
#include "fault-point.h"
#include "helper-call.h"
#include "lvm-argv.h"
#include "lvm-call.h"

/* A report of everything LVM can hold. */
#define REPORT_BYTES_MAX (16 * MIB)

static const char *helper; /* set once, before there are threads */

void lvm_use_helper(const char *socket_path) {
        helper = socket_path;
}

static int run(const char *const *argv, int *ret_fd, sd_bus_error *error) {
        return helper ? lvm_run_there(helper, argv, ret_fd, error) : lvm_run_here(argv, ret_fd, error);
}

char *lvm_path(const char *group, const char *name) {
        char *path;

        return asprintf(&path, "/dev/%s/%s", group, name) < 0 ? NULL : path;
}

/* ---- reports ---- */

static int report(const char *command, const char *devices, const char *columns, const char *group, const char *option, char **ret,
                  size_t *ret_size, sd_bus_error *error) {
        const char *argv[LVM_REPORT_ARGUMENTS];
        _cleanup_close_ int fd = -EBADF;
        int r;

        lvm_argv_report(command, devices, columns, group, option, argv);
        r = run(argv, &fd, error);
        if (r < 0)
                return r;
        r = helper_read(fd, REPORT_BYTES_MAX, ret, ret_size);
        return r < 0 ? bus_error_errno(error, r, "Cannot read LVM's report") : 0;
}

int lvm_groups(const char *devices, const char *group, LvmGroups *ret, sd_bus_error *error) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r;

        r = report("vgs", devices, LVM_GROUP_COLUMNS, group, NULL, &text, &size, error);
        return r < 0 ? r : lvm_groups_parse(text, size, ret, error);
}

int lvm_volumes(const char *devices, const char *group, LvmVolumes *ret, sd_bus_error *error) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r;

        r = report("lvs", devices, LVM_VOLUME_COLUMNS, group, NULL, &text, &size, error);
        return r < 0 ? r : lvm_volumes_parse(text, size, ret, error);
}

static int report_devices(const char *devices, const char *option, LvmDevices *ret, sd_bus_error *error) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r;

        r = report("pvs", devices, LVM_DEVICE_COLUMNS, NULL, option, &text, &size, error);
        return r < 0 ? r : lvm_devices_parse(text, size, ret, error);
}

int lvm_devices(const char *devices, LvmDevices *ret, sd_bus_error *error) {
        return report_devices(devices, NULL, ret, error);
}

int lvm_devices_all(const char *devices, LvmDevices *ret, sd_bus_error *error) {
        return report_devices(devices, "--all", ret, error);
}

int lvm_segments(const char *devices, LvmSegments *ret, sd_bus_error *error) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r;

        r = report("pvs", devices, LVM_SEGMENT_COLUMNS, NULL, "--segments", &text, &size, error);
        return r < 0 ? r : lvm_segments_parse(text, size, ret, error);
}

int lvm_devices_begin(const char *devices, int *ret_connection, sd_bus_error *error) {
        const char *argv[LVM_REPORT_ARGUMENTS];

        if (!helper) {
                sd_bus_error_set(error, RHV_ERROR_BACKEND_UNAVAILABLE, "There is no rhv-lvm to be asked");
                return -EHOSTDOWN;
        }
        lvm_argv_report("pvs", devices, LVM_DEVICE_COLUMNS, NULL, "--all", argv);
        return lvm_run_begin(helper, argv, ret_connection, error);
}

int lvm_devices_end(int connection, LvmDevices *ret, sd_bus_error *error) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int fd = -EBADF;
        size_t size;
        int r;

        r = lvm_run_end(connection, &fd, error);
        if (r < 0)
                return r;
        r = helper_read(fd, REPORT_BYTES_MAX, &text, &size);
        return r < 0 ? bus_error_errno(error, r, "Cannot read LVM's report") : lvm_devices_parse(text, size, ret, error);
}

/* ---- changes ---- */

int lvm_command(const char *devices, const char *const *arguments, sd_bus_error *error) {
        _cleanup_free_ const char **argv = lvm_argv(devices, arguments);
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = argv ? run(argv, &fd, error) : -ENOMEM;
        FAULT_POINT("block-lvm-ran");
        return r;
}

int lvm_change(const char *devices, const char *group, const char *const *words, const char *const *names, sd_bus_error *error) {
        _cleanup_free_ const char **arguments = NULL;
        _cleanup_free_ char *text = NULL;
        size_t n_words = 0, n_names = 0, size;
        FILE *f;

        while (words[n_words])
                n_words++;
        while (names[n_names])
                n_names++;
        if (n_names == 0)
                return 0;
        arguments = calloc(n_words + n_names + 1, sizeof(*arguments));
        f = open_memstream(&text, &size);
        if (!f || !arguments) {
                if (f)
                        (void) fclose(f);
                return -ENOMEM;
        }
        for (size_t i = 0; i < n_names; i++)
                (void) fprintf(f, "%s/%s%c", group, names[i], '\0');
        if (fclose(f) != 0)
                return -ENOMEM;
        for (size_t i = 0; i < n_words; i++)
                arguments[i] = words[i];
        for (char *p = text; n_names > 0; n_names--, p += strlen(p) + 1)
                arguments[n_words++] = p;
        return lvm_command(devices, arguments, error);
}

int lvm_tool(const char *const *argv, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;

        return run(argv, &fd, error);
}

int lvm_activate(const char *devices, const char *group, const char *const *names, sd_bus_error *error) {
        static const char *const on[] = {"lvchange", "--autobackup", "n", "--activate", "y", NULL};
        static const char *const again[] = {"lvchange", "--refresh", NULL};
        int r;

        /* One that is active already keeps the size it had then. */
        r = lvm_change(devices, group, on, names, error);
        return r < 0 ? r : lvm_change(devices, group, again, names, error);
}

int lvm_deactivate(const char *devices, const char *group, const char *const *names, sd_bus_error *error) {
        static const char *const off[] = {"lvchange", "--autobackup", "n", "--activate", "n", NULL};

        return lvm_change(devices, group, off, names, error);
}

int lvm_remove(const char *devices, const char *group, const char *const *names, sd_bus_error *error) {
        static const char *const words[] = {"lvremove", "--autobackup", "n", "--force", NULL};

        return lvm_change(devices, group, words, names, error);
}

/* ---- devices ---- */

int lvm_open_begin(const char *group, const char *name, bool writable, LvmOpening *ret, sd_bus_error *error) {
        _cleanup_free_ char *path = name ? lvm_path(group, name) : strdup(group);

        *ret = (LvmOpening){.connection = -EBADF, .fd = -EBADF};
        if (!path)
                return -ENOMEM;
        return helper ? lvm_open_there_begin(helper, path, writable, &ret->connection, error) : lvm_open_here(path, writable, &ret->fd, error);
}

int lvm_open_end(LvmOpening *opening, sd_bus_error *error) {
        int fd, r;

        if (opening->fd >= 0)
                return TAKE_FD(opening->fd);
        r = lvm_open_there_end(TAKE_FD(opening->connection), &fd, error);
        return r < 0 ? r : fd;
}

int lvm_open(const char *group, const char *name, bool writable, sd_bus_error *error) {
        LvmOpening opening;
        int r;

        r = lvm_open_begin(group, name, writable, &opening, error);
        return r < 0 ? r : lvm_open_end(&opening, error);
}

int lvm_buffered(int fd) {
        int flags = fcntl(fd, F_GETFL);

        return flags < 0 || fcntl(fd, F_SETFL, flags & ~O_DIRECT) < 0 ? -errno : 0;
}

/* ---- multipathd ---- */

static int ask(const char *const *argv, char **ret) {
        _cleanup_close_ int fd = -EBADF;
        size_t size;
        int r;

        r = run(argv, &fd, NULL);
        return r < 0 ? r : helper_read(fd, REPORT_BYTES_MAX, ret, &size);
}

static const char *const maps_argv[] = {"multipathd", "show", "maps", "json", NULL};

int multipath_ask(char **ret_maps, char **ret_config) {
        static const char *const config_argv[] = {"multipathd", "show", "config", NULL};
        _cleanup_free_ char *maps = NULL;
        int r;

        r = ask(maps_argv, &maps);
        if (r >= 0)
                r = ask(config_argv, ret_config);
        if (r >= 0)
                *ret_maps = TAKE_PTR(maps);
        return r;
}

int multipath_maps(uint64_t usec, char **ret) {
        _cleanup_close_ int fd = -EBADF;
        struct pollfd answer = {.events = POLLIN};
        size_t size;
        int r;

        if (!helper)
                return ask(maps_argv, ret);
        r = lvm_run_begin(helper, maps_argv, &answer.fd, NULL);
        if (r < 0)
                return r;
        if (poll(&answer, 1, (int)(usec / USEC_PER_MSEC)) <= 0) {
                (void) close(answer.fd); /* multipathd's client gives up by itself, after 4 s where nobody has set another time */
                return -ETIMEDOUT;
        }
        r = lvm_run_end(answer.fd, &fd, NULL);
        return r < 0 ? r : helper_read(fd, REPORT_BYTES_MAX, ret, &size);
}
