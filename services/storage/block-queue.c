/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "block-queue.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <systemd/sd-device.h>

#include "lvm.h"
#include "parse-util.h"
#include "proc-text.h"
#include "scsi-queue.h"

/* The kernel's, where it does not show them. */
#define SCSI_RETRIES 5

static void device_unref(sd_device **device) {
        (void) sd_device_unref(*device);
}
#define _cleanup_device_ _cleanup_(device_unref)

static void enumerator_unref(sd_device_enumerator **enumerator) {
        (void) sd_device_enumerator_unref(*enumerator);
}

/* ---- sysfs ---- */

/* A number in the file name below directory. "off" and what is below zero: SCSI_NEVER. otherwise: where there is no such file. */
static int64_t number(const char *directory, const char *name, int64_t otherwise) {
        char path[PATH_MAX];
        _cleanup_free_ char *text = NULL;
        uint64_t value;

        if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
                return otherwise;
        text = proc_read(path);
        if (!text)
                return otherwise;
        text[strcspn(text, "\n")] = '\0';
        if (streq(text, "off") || *text == '-')
                return SCSI_NEVER;
        return parse_u64(text, &value) >= 0 && value <= INT64_MAX ? (int64_t)value : otherwise;
}

/* The first entry of directory whose name begins so, as a path. */
static bool find_entry(const char *directory, const char *prefix, char path[static PATH_MAX]) {
        DIR *dir = opendir(directory);
        const struct dirent *entry;
        bool found = false;

        while (!found && dir && (entry = readdir(dir)))
                found = *entry->d_name != '.' && startswith(entry->d_name, prefix) &&
                        snprintf(path, PATH_MAX, "%s/%s", directory, entry->d_name) < PATH_MAX;
        if (dir)
                (void) closedir(dir);
        return found;
}

/* directory: of the iSCSI session, which holds its class device and a connection of it. */
static void read_session(const char *directory, ScsiPath *path) {
        char session[PATH_MAX], connection[PATH_MAX], class[PATH_MAX], of_session[PATH_MAX];

        if (snprintf(of_session, sizeof(of_session), "%s/iscsi_session", directory) >= (int)sizeof(of_session) ||
            !find_entry(of_session, "session", session))
                return;
        path->iscsi = true;
        path->recovery_sec = number(session, "recovery_tmo", SCSI_NEVER);
        if (!find_entry(directory, "connection", connection) ||
            snprintf(class, sizeof(class), "%s/iscsi_connection", connection) >= (int)sizeof(class) || !find_entry(class, "connection", connection))
                return;
        path->ping_interval_sec = number(connection, "recv_tmo", 0);
        path->ping_timeout_sec = number(connection, "ping_tmo", 0);
}

static void read_port(const char *directory, ScsiPath *path) {
        char class[PATH_MAX], port[PATH_MAX];

        if (snprintf(class, sizeof(class), "%s/fc_remote_ports", directory) >= (int)sizeof(class) || !find_entry(class, "rport-", port))
                return;
        path->fibre_channel = true;
        path->fast_io_fail_sec = number(port, "fast_io_fail_tmo", SCSI_NEVER);
        path->dev_loss_sec = number(port, "dev_loss_tmo", 0);
}

/* scsi: the SCSI device below a disk. */
static IoQueue scsi_queue(sd_device *scsi) {
        ScsiPath path = {.retries = SCSI_RETRIES};
        char class[PATH_MAX], disk[PATH_MAX];
        const char *syspath, *name;

        if (sd_device_get_syspath(scsi, &syspath) < 0)
                return (IoQueue){ .waits = true };
        path.timeout_sec = number(syspath, "timeout", 0);
        if (snprintf(class, sizeof(class), "%s/scsi_disk", syspath) < (int)sizeof(class) && find_entry(class, "", disk))
                path.retries = number(disk, "max_retries", SCSI_RETRIES);
        for (sd_device *parent = scsi; parent && sd_device_get_syspath(parent, &syspath) >= 0 && sd_device_get_sysname(parent, &name) >= 0;
             parent = sd_device_get_parent(parent, &parent) >= 0 ? parent : NULL)
                if (startswith(name, "session"))
                        read_session(syspath, &path);
                else if (startswith(name, "rport-"))
                        read_port(syspath, &path);
        return io_queue_of_scsi(&path);
}

/* ---- devices ---- */

static IoQueue disk_queue(sd_device *disk);

/* What multipathd made of several paths: its own, after the longest of theirs. */
static IoQueue multipath_queue(const char *syspath, const char *name) {
        _cleanup_free_ char *maps = NULL, *config = NULL;
        char slaves[PATH_MAX];
        const struct dirent *entry;
        IoQueue worst = {.waits = true};
        bool any = false;
        DIR *dir;

        if (snprintf(slaves, sizeof(slaves), "%s/slaves", syspath) >= (int)sizeof(slaves) || multipath_ask(&maps, &config) < 0)
                return worst;
        dir = opendir(slaves);
        while (dir && (entry = readdir(dir))) {
                _cleanup_device_ sd_device *path = NULL;
                IoQueue queue;

                if (*entry->d_name == '.' || sd_device_new_from_subsystem_sysname(&path, "block", entry->d_name) < 0)
                        continue;
                queue = disk_queue(path);
                worst = any ? io_queue_worse(&worst, &queue) : queue;
                any = true;
        }
        if (dir)
                (void) closedir(dir);
        return io_queue_of_multipath(&worst, maps, name, config);
}

static IoQueue disk_queue(sd_device *disk) {
        const char *syspath, *name, *uuid;
        sd_device *scsi;

        if (sd_device_get_syspath(disk, &syspath) < 0 || sd_device_get_sysname(disk, &name) < 0)
                return (IoQueue){ .waits = true };
        if (sd_device_get_sysattr_value(disk, "dm/uuid", &uuid) >= 0 && startswith(uuid, "mpath-"))
                return multipath_queue(syspath, name);
        if (sd_device_get_parent_with_subsystem_devtype(disk, "scsi", "scsi_device", &scsi) >= 0)
                return scsi_queue(scsi);
        return (IoQueue){ .waits = true };
}

/* Is path one of its names? The service has no devices of its own to look it up with. */
static bool has_name(sd_device *device, const char *path) {
        const char *name;

        if (sd_device_get_devname(device, &name) >= 0 && streq(name, path))
                return true;
        for (name = sd_device_get_devlink_first(device); name; name = sd_device_get_devlink_next(device))
                if (streq(name, path))
                        return true;
        return false;
}

static int find_device(const char *path, sd_device **ret) {
        _cleanup_(enumerator_unref) sd_device_enumerator *enumerator = NULL;
        int r;

        r = sd_device_enumerator_new(&enumerator);
        if (r >= 0)
                r = sd_device_enumerator_add_match_subsystem(enumerator, "block", 1);
        if (r < 0)
                return r;
        for (sd_device *device = sd_device_enumerator_get_device_first(enumerator); device;
             device = sd_device_enumerator_get_device_next(enumerator))
                if (has_name(device, path)) {
                        *ret = sd_device_ref(device);
                        return 0;
                }
        return -ENODEV;
}

int block_queue(const char *devices, IoQueue *ret) {
        IoQueue worst = {};
        bool any = false;

        while (*devices) {
                const size_t length = strcspn(devices, ",");
                _cleanup_free_ char *path = strndup(devices, length);
                _cleanup_device_ sd_device *device = NULL;
                IoQueue queue = {.waits = true};
                int r;

                r = path ? find_device(path, &device) : -ENOMEM;
                if (r < 0 && r != -ENODEV)
                        return r;
                if (r >= 0)
                        queue = disk_queue(device);
                worst = any ? io_queue_worse(&worst, &queue) : queue;
                any = true;
                devices += length + (devices[length] == ',');
        }
        *ret = worst;
        return 0;
}
