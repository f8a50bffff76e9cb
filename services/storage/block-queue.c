/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "block-queue.h"

#include "block-device.h"
#include "layout.h"
#include "lvm.h"
#include "scsi-queue.h"
#include "sysfs.h"

/* The kernel's, where it does not show them. */
#define SCSI_RETRIES 5

static int64_t seconds(const char *directory, const char *name, int64_t otherwise) {
        const int64_t value = sysfs_number(directory, name, otherwise);

        return value == SYSFS_NEVER ? SCSI_NEVER : value;
}

/* directory: of the iSCSI session, which holds its class device and a connection of it. */
static void read_session(const char *directory, ScsiPath *path) {
        char session[PATH_MAX], connection[PATH_MAX];

        if (!sysfs_find_class(directory, "iscsi_session", session))
                return;
        path->iscsi = true;
        path->recovery_sec = seconds(session, "recovery_tmo", SCSI_NEVER);
        if (!sysfs_find(directory, "connection", connection) || !sysfs_find_class(connection, "iscsi_connection", connection))
                return;
        path->ping_interval_sec = seconds(connection, "recv_tmo", 0);
        path->ping_timeout_sec = seconds(connection, "ping_tmo", 0);
}

static void read_port(const char *directory, ScsiPath *path) {
        char port[PATH_MAX];

        if (!sysfs_find_class(directory, "fc_remote_ports", port))
                return;
        path->fibre_channel = true;
        path->fast_io_fail_sec = seconds(port, "fast_io_fail_tmo", SCSI_NEVER);
        path->dev_loss_sec = seconds(port, "dev_loss_tmo", 0);
}

/* Of a disk, or a path to one. */
static IoQueue disk_queue(sd_device *disk) {
        ScsiPath path = {.retries = SCSI_RETRIES};
        char above[PATH_MAX];
        const char *syspath;
        sd_device *scsi;

        if (sd_device_get_parent_with_subsystem_devtype(disk, "scsi", "scsi_device", &scsi) < 0 || sd_device_get_syspath(scsi, &syspath) < 0)
                return (IoQueue){ .waits = true };
        path.timeout_sec = seconds(syspath, "timeout", 0);
        if (sysfs_find_class(syspath, "scsi_disk", above))
                path.retries = seconds(above, "max_retries", SCSI_RETRIES);
        if (block_device_above(scsi, "session", above))
                read_session(above, &path);
        else if (block_device_above(scsi, "rport-", above))
                read_port(above, &path);
        return io_queue_of_scsi(&path);
}

typedef struct Worst {
        IoQueue queue;
        bool any;
} Worst;

static void add(Worst *worst, const IoQueue *queue) {
        worst->queue = worst->any ? io_queue_worse(&worst->queue, queue) : *queue;
        worst->any = true;
}

static int add_path(sd_device *path, void *userdata) {
        const IoQueue queue = disk_queue(path);

        add(userdata, &queue);
        return 0;
}

/* What multipathd says of all its devices: asked when the first of them is met. */
typedef struct Maps {
        bool asked;
        int r;
        char *maps, *config;
} Maps;

static void maps_clear(Maps *maps) {
        free(maps->maps);
        free(maps->config);
}

static bool have_maps(Maps *maps) {
        if (!maps->asked)
                maps->r = multipath_ask(&maps->maps, &maps->config);
        maps->asked = true;
        return maps->r >= 0;
}

static IoQueue device_queue(sd_device *device, Maps *maps) {
        Worst worst = {.queue = {.waits = true}};
        const char *name;

        if (block_device_paths(device, add_path, &worst) < 0)
                return (IoQueue){ .waits = true };
        if (!block_device_is_multipath(device))
                return worst.queue;
        if (sd_device_get_sysname(device, &name) < 0 || !have_maps(maps))
                return (IoQueue){ .waits = true };
        return io_queue_of_multipath(&worst.queue, maps->maps, name, maps->config);
}

/* The devices, looked for in udev's records all at once. */
typedef struct Found {
        char *text; /* the paths, cut up */
        const char *paths[DOMAIN_DEVICES_MAX];
        sd_device *devices[DOMAIN_DEVICES_MAX];
        size_t n;
} Found;

static void found_clear(Found *found) {
        for (size_t i = 0; i < found->n; i++)
                (void) sd_device_unref(found->devices[i]);
        free(found->text);
}

static int find(const char *devices, Found *ret) {
        char *next = NULL;

        ret->text = strdup(devices);
        if (!ret->text)
                return -ENOMEM;
        for (const char *path = strtok_r(ret->text, ",", &next); path; path = strtok_r(NULL, ",", &next)) {
                if (ret->n >= DOMAIN_DEVICES_MAX)
                        return -E2BIG;
                ret->paths[ret->n++] = path;
        }
        return block_devices_find(ret->paths, ret->n, ret->devices);
}

int block_queue(const char *devices, IoQueue *ret) {
        _cleanup_(found_clear) Found found = {};
        _cleanup_(maps_clear) Maps maps = {};
        Worst worst = {};
        int r;

        r = find(devices, &found);
        if (r < 0)
                return r;
        for (size_t i = 0; i < found.n; i++) {
                const IoQueue queue = found.devices[i] ? device_queue(found.devices[i], &maps) : (IoQueue){ .waits = true };

                add(&worst, &queue);
        }
        *ret = worst.queue;
        return 0;
}
