/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lvm-argv.h"

#include <limits.h>

#include "parse-util.h"

/* Only the devices named are looked at, hints and udev's opinion are not; a failing disk is given up after some errors; no backups
 * of metadata that other hosts change. */
#define SETTINGS                                                                                                      \
        "devices { preferred_names=[\"^/dev/mapper/\"] ignore_suspended_devices=1 write_cache_state=0 "                \
        "disable_after_error_count=3 hints=\"none\" obtain_device_list_from_udev=0 use_devicesfile=0 scan_lvs=0 } "    \
        "global { prioritise_write_locks=1 wait_for_locks=1 use_lvmpolld=1 } backup { backup=0 archive=0 }"

void lvm_argv_report(const char *command, const char *devices, const char *columns, const char *group, const char *option,
                     const char *argv[static LVM_REPORT_ARGUMENTS]) {
        size_t n = 0;

        argv[n++] = command;
        argv[n++] = "--config";
        argv[n++] = SETTINGS;
        argv[n++] = "--devices";
        argv[n++] = devices;
        argv[n++] = "--reportformat";
        argv[n++] = "json";
        argv[n++] = "--units";
        argv[n++] = "b";
        argv[n++] = "--nosuffix";
        argv[n++] = "-o";
        argv[n++] = columns;
        if (option)
                argv[n++] = option;
        if (group)
                argv[n++] = group;
        argv[n] = NULL;
}

const char **lvm_argv(const char *devices, const char *const *arguments) {
        const char **argv;
        size_t n = 0;

        while (arguments[n])
                n++;
        argv = calloc(n + 5, sizeof(*argv));
        if (!argv)
                return NULL;
        argv[0] = arguments[0];
        argv[1] = "--config";
        argv[2] = SETTINGS;
        argv[3] = "--devices";
        argv[4] = devices;
        for (size_t i = 1; i < n; i++)
                argv[i + 4] = arguments[i];
        return argv;
}

bool lvm_devices_are_valid(const char *devices) {
        char path[PATH_MAX];

        for (;;) {
                size_t length = strcspn(devices, ",");

                if (length >= sizeof(path))
                        return false;
                memcpy(path, devices, length);
                path[length] = '\0';
                if (!startswith(path, "/dev/") || !path_is_normal(path))
                        return false;
                if (!devices[length])
                        return true;
                devices += length + 1;
        }
}

bool lvm_argv_is_ours(const char *const *argv) {
        static const char *const commands[] = {"lvs",      "vgs",      "pvs",      "lvchange", "vgchange", "lvcreate", "lvremove",
                                               "lvextend", "lvreduce", "pvcreate", "pvchange", "pvresize", "vgcreate", "vgremove", "vgextend"};
        size_t n = 0;

        while (argv[n])
                n++;
        if (n == 0)
                return false;
        if (n >= 2 && streq(argv[0], "mke2fs"))
                return true;
        if (streq(argv[0], "multipathd"))
                return (n == 4 && streq(argv[1], "show") && streq(argv[2], "maps") && streq(argv[3], "json")) ||
                       (n == 3 && streq(argv[1], "show") && streq(argv[2], "config"));
        if (n < 5 || !streq(argv[1], "--config") || !streq(argv[2], SETTINGS) || !streq(argv[3], "--devices") ||
            !lvm_devices_are_valid(argv[4]))
                return false;
        /* A second one would win. */
        for (size_t i = 5; i < n; i++)
                if (startswith(argv[i], "--config") || startswith(argv[i], "--devices"))
                        return false;
        for (size_t i = 0; i < ELEMENTSOF(commands); i++)
                if (streq(argv[0], commands[i]))
                        return true;
        return false;
}
