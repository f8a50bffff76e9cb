/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "device-list.h"

#include <dirent.h>
#include <libmount/libmount.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>

#include "block-device.h"
#include "bus-error.h"
#include "clock-util.h"
#include "device-facts.h"
#include "device-path.h"
#include "dict.h"
#include "iscsi.h"
#include "log.h"
#include "lvm.h"
#include "sysfs.h"
#include "udisks-report.h"
#include "udisks.h"

/* More than one host has. */
#define DEVICES_MAX 1024U

typedef struct Disk {
        sd_device *device;
        const char *node, *directory; /* /dev/…, /sys/devices/…; borrowed from it */
        json_t *report;               /* what is told of it */
        DeviceFacts facts;
        char *holder, *mounted;       /* owned by facts */
        bool lvm_asks, lvm_told; /* LVM is to be asked about it; it has answered */
        LvmDevice volume;             /* borrowed from List's volumes */
} Disk;

typedef struct List {
        Disk *disks;
        size_t n;
        bool loops;
        bool multipathd_asked;
        json_t *multipaths; /* multipathd's answer; NULL: none */
        json_t *udisks; /* its objects; NULL: not known, or not asked for */
        struct libmnt_table *mounts; /* NULL: not known */
        LvmDevices volumes[2];       /* of the two questions */
} List;

static void list_clear(List *list) {
        for (size_t i = 0; i < list->n; i++) {
                (void) sd_device_unref(list->disks[i].device);
                json_decref(list->disks[i].report);
                free(list->disks[i].holder);
                free(list->disks[i].mounted);
        }
        free(list->disks);
        json_decref(list->udisks);
        json_decref(list->multipaths);
        mnt_unref_table(list->mounts);
        for (size_t i = 0; i < ELEMENTSOF(list->volumes); i++)
                lvm_devices_clear(&list->volumes[i]);
}

static const char *property(sd_device *device, const char *name) {
        const char *value;

        return sd_device_get_property_value(device, name, &value) >= 0 && *value ? value : NULL;
}

/* Without the blanks SCSI fills its names with. What cannot be shown is left out. */
static void set_text(json_t *object, const char *key, const char *text) {
        size_t length = text ? strlen(text) : 0;

        while (length > 0 && text[length - 1] == ' ')
                length--;
        while (length > 0 && *text == ' ') {
                text++;
                length--;
        }
        if (json_object_set_new(object, key, json_stringn(text ?: "", length)) < 0)
                (void) json_object_set_new(object, key, json_string(""));
}

/* ---- what kind of device ---- */

static const char *transport_of(sd_device *device) {
        const char *name, *bus = property(device, "ID_BUS");
        char above[PATH_MAX];

        if (sd_device_get_sysname(device, &name) < 0)
                return "other";
        if (startswith(name, "loop"))
                return "loop";
        if (startswith(name, "nvme"))
                return "nvme";
        if (block_device_above(device, "session", above))
                return "iscsi";
        if (block_device_above(device, "rport-", above))
                return "fc";
        if (block_device_above(device, "end_device-", above))
                return "sas";
        if (block_device_above(device, "virtio", above))
                return "virtio";
        return streq_ptr(bus, "ata") ? "sata" : streq_ptr(bus, "usb") ? "usb" : streq_ptr(bus, "scsi") ? "scsi" : "other";
}

/* One over another device shows a part of that. */
static bool is_of_file(const char *directory) {
        _cleanup_free_ char *file = NULL;
        char loop[PATH_MAX];

        if (snprintf(loop, sizeof(loop), "%s/loop", directory) >= (int)sizeof(loop))
                return false;
        file = sysfs_text(loop, "backing_file");
        return !file || !startswith(file, "/dev/");
}

/* Its disk, or a path to it. */
static bool is_lun(sd_device *device, bool loops) {
        static const char *const others[] = {"ram", "zram", "sr", "fd", "nbd", "md", "dm-", NULL};
        const char *name, *type, *directory;

        if (sd_device_get_sysname(device, &name) < 0 || sd_device_get_devtype(device, &type) < 0 || !streq(type, "disk") ||
            sd_device_get_syspath(device, &directory) < 0)
                return false;
        if (block_device_is_multipath(device))
                return true;
        if (startswith(name, "loop"))
                return loops && sysfs_number(directory, "size", 0) > 0 && is_of_file(directory);
        for (size_t i = 0; others[i]; i++)
                if (startswith(name, others[i]))
                        return false;
        return true;
}

/* What is made of it. ret: new string, NULL where nothing is. Return: is it a path of a multipath device, which stands for it? */
static bool read_holder(sd_device *device, const char *directory, char **ret) {
        _cleanup_device_ sd_device *multipath = NULL;
        char holders[PATH_MAX], first[PATH_MAX];

        *ret = NULL;
        if (block_device_multipath_of(device, &multipath))
                return true;
        if (snprintf(holders, sizeof(holders), "%s/holders", directory) < (int)sizeof(holders) && sysfs_find(holders, "", first))
                *ret = strdup(strrchr(first, '/') + 1);
        return false;
}

static char *mount_of(const List *list, sd_device *device) {
        struct libmnt_fs *fs;
        const char *target;
        dev_t number;

        if (!list->mounts || sd_device_get_devnum(device, &number) < 0)
                return NULL;
        fs = mnt_table_find_devno(list->mounts, number, MNT_ITER_FORWARD);
        target = fs ? mnt_fs_get_target(fs) : NULL;
        return target ? strdup(target) : NULL;
}

/* ---- one device ---- */

/* Of a SCSI disk "host:bus:target:lun". */
static const char *address_of(sd_device *device) {
        const char *name;
        sd_device *parent;
        unsigned colons = 0;

        if (sd_device_get_parent(device, &parent) < 0 || sd_device_get_sysname(parent, &name) < 0)
                return "";
        for (const char *at = name; *at; at++)
                colons += *at == ':';
        return colons == 3 ? name : "";
}

/* Once for a list, where a multipath device is met. It is told in the journal when this changes. */
static void ask_multipathd(List *list) {
        static atomic_bool failed; /* lists are made by several threads */
        _cleanup_free_ char *text = NULL;
        int r;

        if (list->multipathd_asked)
                return;
        list->multipathd_asked = true;
        r = multipath_maps(DEVICE_MULTIPATHD_USEC, &text);
        if (r >= 0)
                list->multipaths = json_loads(text, 0, NULL);
        if (!atomic_exchange(&failed, !list->multipaths) && !list->multipaths)
                log_warning("multipathd does not tell about the paths of multipath devices: what the kernel says of them has to do");
}

typedef struct Paths {
        const json_t *multipaths;
        const char *map; /* the kernel's name of the multipath device they are of; NULL: of none */
        json_t *array;
        size_t failed;
} Paths;

static void add_multipath_state(Paths *paths, sd_device *device, const char *kernel_state, json_t *path) {
        MultipathPath known;
        const char *name;

        if (!paths->map || sd_device_get_sysname(device, &name) < 0)
                name = "";
        (void) multipath_path_find(paths->multipaths, paths->map ?: "", name, &known);
        if (!device_path_is_usable(kernel_state, &known))
                paths->failed++;
        (void) json_object_set_new(path, "usable", json_boolean(device_path_is_usable(kernel_state, &known)));
        if (!paths->map)
                return;
        set_text(path, "dm_state", known.dm_state);
        set_text(path, "checker", known.checker);
        set_text(path, "checker_state", known.checker_state);
}

static int add_path(sd_device *device, void *userdata) {
        Paths *paths = userdata;
        _cleanup_free_ char *state = NULL, *target = NULL, *portal = NULL, *port = NULL;
        char above[PATH_MAX], remote[PATH_MAX], scsi[PATH_MAX];
        const char *node = "", *directory;
        json_t *path = json_object();

        if (sd_device_get_syspath(device, &directory) < 0 || snprintf(scsi, sizeof(scsi), "%s/device", directory) >= (int)sizeof(scsi)) {
                json_decref(path);
                return 0;
        }
        (void) sd_device_get_devname(device, &node);
        state = sysfs_text(scsi, "state");
        set_text(path, "device", node);
        set_text(path, "state", state ?: "");
        set_text(path, "address", address_of(device));
        add_multipath_state(paths, device, state ?: "", path);
        if (block_device_above(device, "session", above) && iscsi_session_names(above, &target, &portal)) {
                set_text(path, "session", strrchr(above, '/') + 1);
                set_text(path, "target", target);
                set_text(path, "portal", portal);
        } else if (block_device_above(device, "rport-", above) && sysfs_find_class(above, "fc_remote_ports", remote) &&
                   (port = sysfs_text(remote, "port_name")))
                set_text(path, "port", port);
        return json_array_append_new(paths->array, path) < 0 ? -ENOMEM : 0;
}

static int first_path(sd_device *device, void *userdata) {
        *(sd_device **)userdata = sd_device_ref(device);
        return 1;
}

/* The disk behind it says what it is; a multipath device is what its paths are. */
static int describe(List *list, Disk *disk) {
        _cleanup_device_ sd_device *path = NULL;
        _cleanup_free_ char *vendor = NULL, *model = NULL, *revision = NULL;
        DeviceIdentity system, identity;
        UdisksDisk known, itself;
        const bool multipath = block_device_is_multipath(disk->device);
        json_t *report = disk->report = json_object();
        Paths paths = {.array = json_array()};
        char scsi[PATH_MAX];
        const char *directory, *node = "";
        int r;

        if (!report || json_object_set_new(report, "paths", paths.array) < 0)
                return -ENOMEM;
        if (multipath) {
                ask_multipathd(list);
                paths.multipaths = list->multipaths;
                (void) sd_device_get_sysname(disk->device, &paths.map);
        }
        r = block_device_paths(disk->device, add_path, &paths);
        if (r >= 0)
                r = block_device_paths(disk->device, first_path, &path);
        if (r < 0 || !path || sd_device_get_syspath(path, &directory) < 0)
                return r < 0 ? r : -ENODEV;
        if (snprintf(scsi, sizeof(scsi), "%s/device", directory) < (int)sizeof(scsi)) {
                vendor = sysfs_text(scsi, "vendor");
                model = sysfs_text(scsi, "model");
                revision = sysfs_text(scsi, "rev");
        }
        system = (DeviceIdentity){
                        .wwn = property(path, "ID_WWN_WITH_EXTENSION") ?: property(path, "ID_WWN"),
                        .serial = property(path, "ID_SCSI_SERIAL") ?: property(path, "ID_SERIAL_SHORT") ?: property(path, "ID_SERIAL"),
                        .vendor = vendor && !startswith(vendor, "0x") ? vendor : property(path, "ID_VENDOR"),
                        .model = model ?: property(path, "ID_MODEL"),
                        .revision = revision ?: property(path, "ID_REVISION"),
        };
        /* udisks2 has a drive for each path of a multipath device, and none for that itself. */
        (void) sd_device_get_devname(path, &node);
        (void) udisks_find(list->udisks, node, &known);
        (void) udisks_find(list->udisks, disk->node, &itself);
        device_identity_merge(&known.identity, &system, &identity);
        set_text(report, "name", block_device_name(disk->device));
        set_text(report, "device", disk->node);
        set_text(report, "wwn", identity.wwn);
        set_text(report, "serial", identity.serial);
        set_text(report, "vendor", identity.vendor);
        set_text(report, "model", identity.model);
        set_text(report, "revision", identity.revision);
        set_text(report, "udisks", itself.path);
        set_text(report, "transport", transport_of(path));
        (void) json_object_set_new(report, "multipath", json_boolean(multipath));
        (void) json_object_set_new(report, "failed_paths", json_integer((json_int_t)paths.failed));
        return 0;
}

/* Of several paths one that is usable is enough. */
static bool is_answered(const Disk *disk) {
        const size_t n = json_array_size(json_object_get(disk->report, "paths"));

        return (json_int_t)n > json_integer_value(json_object_get(disk->report, "failed_paths")) || (n == 0 && !block_device_is_multipath(disk->device));
}

static void gather(const List *list, Disk *disk) {
        const int64_t sectors = sysfs_number(disk->directory, "size", 0);
        char queue[PATH_MAX + 8];

        (void) snprintf(queue, sizeof(queue), "%s/queue", disk->directory);
        disk->mounted = mount_of(list, disk->device);
        disk->facts = (DeviceFacts){
                        .partitions = property(disk->device, "ID_PART_TABLE_TYPE"),
                        .content = property(disk->device, "ID_FS_TYPE"),
                        .mounted = disk->mounted,
                        .holder = disk->holder,
                        .read_only = sysfs_number(disk->directory, "ro", 0) != 0,
                        .size_bytes = sectors > 0 ? (uint64_t)sectors * 512 : 0,
                        .logical_block_bytes = (uint64_t)sysfs_number(queue, "logical_block_size", 0),
        };
        if (!is_answered(disk))
                disk->facts.silent = "none of its paths is usable";
        /* What udev says of the others does not change under them. */
        disk->lvm_asks = !disk->facts.silent && !disk->mounted && disk->facts.size_bytes > 0 && !disk->facts.partitions &&
                         (!disk->facts.content || streq(disk->facts.content, "LVM2_member"));
        (void) json_object_set_new(disk->report, "size", json_integer((json_int_t)disk->facts.size_bytes));
        (void) json_object_set_new(disk->report, "logical_block_size", json_integer((json_int_t)disk->facts.logical_block_bytes));
        (void) json_object_set_new(disk->report, "physical_block_size", json_integer((json_int_t)sysfs_number(queue, "physical_block_size", 0)));
        (void) json_object_set_new(disk->report, "discard_max", json_integer((json_int_t)sysfs_number(queue, "discard_max_bytes", 0)));
        (void) json_object_set_new(disk->report, "read_only", json_boolean(disk->facts.read_only));
}

static int add_disk(sd_device *device, void *userdata) {
        List *list = userdata;
        Disk disk = {};
        Disk *disks;
        int r;

        if (!is_lun(device, list->loops) || list->n >= DEVICES_MAX || sd_device_get_devname(device, &disk.node) < 0 ||
            sd_device_get_syspath(device, &disk.directory) < 0 || read_holder(device, disk.directory, &disk.holder))
                return 0;
        disks = reallocarray(list->disks, list->n + 1, sizeof(*disks));
        if (!disks) {
                free(disk.holder);
                return -ENOMEM;
        }
        list->disks = disks;
        disk.device = sd_device_ref(device);
        disks[list->n++] = disk;
        r = describe(list, &disks[list->n - 1]);
        if (r == -ENOMEM)
                return r;
        gather(list, &disks[list->n - 1]);
        return 0;
}

/* ---- LVM ---- */

/* Questions that did not come back, with what they are about. Only one list is made at a time. */
static struct Pending {
        int connection; /* 0: none */
        char *devices;
} pending[2];

static bool can_be_read(int fd, uint64_t usec) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

        return poll(&poll_fd, 1, (int)(usec / USEC_PER_MSEC)) > 0;
}

/* What has come back meanwhile is over. Return: one that can be used, NULL where both hang. */
static struct Pending *pending_free(void) {
        struct Pending *unused = NULL;

        for (size_t i = 0; i < ELEMENTSOF(pending); i++) {
                if (pending[i].connection > 0 && can_be_read(pending[i].connection, 0)) {
                        (void) close(pending[i].connection);
                        free(pending[i].devices);
                        pending[i] = (struct Pending){};
                }
                if (pending[i].connection <= 0)
                        unused = &pending[i];
        }
        return unused;
}

static bool has_io(const Disk *disk) {
        _cleanup_free_ char *text = sysfs_text(disk->directory, "inflight");

        return text && strspn(text, " 0") != strlen(text);
}

/* Those that are to be asked about, between commas; the ones that have I/O under way are passed over while something hangs. Return: NULL where there are none. */
static char *names_to_ask(List *list, bool hangs) {
        char *text = NULL;
        size_t size, n = 0;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        for (size_t i = 0; i < list->n; i++) {
                Disk *disk = &list->disks[i];

                if (disk->lvm_asks && hangs && has_io(disk)) {
                        disk->facts.silent = "it does not answer";
                        disk->lvm_asks = false;
                }
                if (disk->lvm_asks)
                        (void) fprintf(f, "%s%s", n++ > 0 ? "," : "", disk->node);
        }
        if (fclose(f) == 0 && n > 0)
                return text;
        free(text);
        return NULL;
}

/* Of those that were asked about. */
static void take_volumes(List *list, const LvmDevices *volumes) {
        for (size_t i = 0; i < list->n; i++) {
                Disk *disk = &list->disks[i];

                disk->lvm_told = disk->lvm_told || disk->lvm_asks;
                for (size_t k = 0; disk->lvm_asks && k < volumes->n; k++)
                        if (block_device_is_called(disk->device, volumes->rows[k].path)) {
                                disk->volume = volumes->rows[k];
                                disk->facts.physical_volume = true;
                                disk->facts.group = volumes->rows[k].group;
                                disk->facts.tags = volumes->rows[k].tags;
                                disk->facts.in_use = volumes->rows[k].in_use;
                                break;
                        }
        }
}

/* ---- copies ---- */

/* Its id of LVM: as LVM said, or where that was not asked as udev has seen it. NULL: it has none. */
static const char *pv_of(const Disk *disk) {
        if (disk->facts.physical_volume)
                return disk->volume.uuid;
        return !disk->lvm_told && streq_ptr(disk->facts.content, "LVM2_member") ? property(disk->device, "ID_FS_UUID") : NULL;
}

static DeviceIdentity identity_of(const Disk *disk) {
        return (DeviceIdentity){
                        .wwn = dict_string(disk->report, "wwn", ""),
                        .serial = dict_string(disk->report, "serial", ""),
                        .vendor = dict_string(disk->report, "vendor", ""),
                        .model = dict_string(disk->report, "model", ""),
        };
}

static bool have_same_pv(const Disk *a, const Disk *b) {
        return streq_ptr(pv_of(a) ?: "", pv_of(b) ?: "-");
}

static bool are_one_lun(const Disk *a, const Disk *b) {
        const DeviceIdentity x = identity_of(a), y = identity_of(b);

        return device_same_lun(&x, &y);
}

static bool is_copy(const Disk *a, const Disk *b) {
        return a != b && have_same_pv(a, b) && !are_one_lun(a, b);
}

/* Return: NULL where there is none. */
static const Disk *find_copy(const List *list, const Disk *disk) {
        for (size_t i = 0; i < list->n; i++)
                if (is_copy(disk, &list->disks[i]))
                        return &list->disks[i];
        return NULL;
}

static void find_twins(List *list) {
        for (size_t i = 0; i < list->n; i++) {
                DeviceFacts *facts = &list->disks[i].facts;
                const Disk *copy = facts->physical_volume ? find_copy(list, &list->disks[i]) : NULL;

                if (!copy)
                        continue;
                facts->twin = block_device_name(copy->device);
                /* of the one that it does not take LVM tells no more than the group's name */
                if (isempty(facts->tags) && streq_ptr(facts->group, copy->facts.group))
                        facts->tags = copy->facts.tags;
        }
}

static int told_copies(const Disk *a, const Disk *b, sd_bus_error *error) {
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s and %s have the same id of LVM, %s: one of them is a copy; take it away from this host, or give it another id (vgimportclone)",
                          block_device_name(a->device), block_device_name(b->device), pv_of(a));
        return -ENOTUNIQ;
}

static void not_asked(List *list, const char *why) {
        for (size_t i = 0; i < list->n; i++)
                if (list->disks[i].lvm_asks)
                        list->disks[i].facts.unasked = why;
}

/* Return: 1 answered, 0 it hangs, negative: it cannot be asked. */
static int ask(List *list, bool hangs, LvmDevices *ret) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *names = names_to_ask(list, hangs);
        struct Pending *slot = pending_free();
        int connection, r;

        if (!names)
                return 1;
        if (!slot)
                return 0;
        r = lvm_devices_begin(names, &connection, &error);
        if (r < 0)
                return r;
        if (!can_be_read(connection, DEVICE_LVM_USEC)) {
                *slot = (struct Pending){.connection = connection, .devices = TAKE_PTR(names)};
                return 0;
        }
        r = lvm_devices_end(connection, ret, &error);
        if (r < 0)
                return r;
        take_volumes(list, ret);
        return 1;
}

static void ask_lvm(List *list) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTSOF(list->volumes); i++)
                r = ask(list, i > 0 || !pending_free() || pending[0].connection > 0 || pending[1].connection > 0, &list->volumes[i]);
        if (r <= 0)
                not_asked(list, r == 0 ? "LVM does not answer: a device of this host hangs" : "LVM cannot be asked about it");
}

/* ---- the answer ---- */

static int finish(const List *list, json_t **ret) {
        _cleanup_json_ json_t *devices = json_array();

        for (size_t i = 0; devices && i < list->n; i++) {
                const Disk *disk = &list->disks[i];
                DeviceVerdict verdict;

                device_judge(&disk->facts, &verdict);
                set_text(disk->report, "state", device_state_to_string(verdict.state));
                set_text(disk->report, "reason", verdict.reason);
                set_text(disk->report, "domain", verdict.domain);
                set_text(disk->report, "group", disk->facts.group);
                set_text(disk->report, "group_uuid", disk->facts.physical_volume ? disk->volume.group_uuid : NULL);
                set_text(disk->report, "pv", disk->facts.physical_volume ? disk->volume.uuid : NULL);
                (void) json_object_set_new(disk->report, "usable", json_boolean(verdict.usable));
                if (json_array_append(devices, disk->report) < 0)
                        return -ENOMEM;
        }
        if (!devices)
                return -ENOMEM;
        *ret = TAKE_PTR(devices);
        return 0;
}

static bool is_among(const Disk *disk, const LvmDevices *devices) {
        for (size_t i = 0; i < devices->n; i++)
                if (block_device_is_called(disk->device, devices->rows[i].path))
                        return true;
        return false;
}

/* udev's record may be older than what is there now: then LVM, asked about that one alone, says otherwise. */
static bool is_copy_yet(const Disk *disk, const Disk *copy) {
        _cleanup_(lvm_devices_clear) LvmDevices devices = {};

        if (copy->lvm_told || lvm_devices(copy->node, &devices, NULL) < 0)
                return true;
        for (size_t i = 0; i < devices.n; i++)
                if (streq(devices.rows[i].uuid, disk->volume.uuid))
                        return true;
        return false;
}

int device_check_copies(const LvmDevices *devices, const char *group_uuid, sd_bus_error *error) {
        _cleanup_(list_clear) List list = {.loops = true};
        int r;

        r = device_each("block", add_disk, &list);
        if (r < 0)
                return r;
        for (size_t i = 0; i < list.n; i++)
                list.disks[i].lvm_asks = is_among(&list.disks[i], devices);
        take_volumes(&list, devices);
        for (size_t i = 0; i < list.n; i++) {
                const Disk *disk = &list.disks[i];

                if (!disk->facts.physical_volume || !streq(disk->volume.group_uuid, group_uuid))
                        continue;
                for (size_t k = 0; k < list.n; k++)
                        if (is_copy(disk, &list.disks[k]) && is_copy_yet(disk, &list.disks[k]))
                                return told_copies(disk, &list.disks[k], error);
        }
        return 0;
}

static bool is_of_group(const Disk *disk, const char *group, const char *uuid) {
        return disk->facts.physical_volume && streq(disk->facts.group, group) && (!*uuid || streq(disk->volume.group_uuid, uuid));
}

/* Another path of a LUN whose name was told already. */
static bool is_told(const List *list, size_t i) {
        for (size_t k = 0; k < i; k++)
                if (have_same_pv(&list->disks[k], &list->disks[i]))
                        return true;
        return false;
}

/* Return: -ENODEV, -ENOTUNIQ, -ENOMEM. */
static int names_of_group(const List *list, const char *group, const char *uuid, char **ret, sd_bus_error *error) {
        char *text = NULL;
        size_t size, n = 0;
        FILE *f = open_memstream(&text, &size);
        const bool known = *uuid;
        int r = 0;

        if (!f)
                return -ENOMEM;
        for (size_t i = 0; i < list->n; i++) {
                const Disk *disk = &list->disks[i];

                if (!is_of_group(disk, group, uuid) || is_told(list, i))
                        continue;
                if (r >= 0 && find_copy(list, disk))
                        r = told_copies(disk, find_copy(list, disk), error);
                if (!*uuid)
                        uuid = disk->volume.group_uuid;
                (void) fprintf(f, "%s%s", n++ > 0 ? "," : "", block_device_name(disk->device));
        }
        for (size_t i = 0; !known && i < list->n; i++)
                if (is_of_group(&list->disks[i], group, "") && !is_of_group(&list->disks[i], group, uuid))
                        r = -ENOTUNIQ;
        if (fclose(f) != 0)
                r = -ENOMEM;
        else if (n == 0)
                r = -ENODEV;
        if (r < 0) {
                free(text);
                return r;
        }
        *ret = text;
        return 0;
}

int device_search(const char *group, const char *uuid, char **ret, sd_bus_error *error) {
        _cleanup_(list_clear) List list = {.loops = true, .mounts = mnt_new_table_from_file("/proc/self/mountinfo")};
        _cleanup_free_ char *names = NULL;
        int r;

        r = device_each("block", add_disk, &list);
        if (r < 0)
                return r;
        names = names_to_ask(&list, false);
        if (!names)
                return -ENODEV;
        r = lvm_devices_all(names, &list.volumes[0], error);
        if (r < 0)
                return r;
        take_volumes(&list, &list.volumes[0]);
        return names_of_group(&list, group, uuid, ret, error);
}

int device_list(bool loops, json_t **ret) {
        _cleanup_(list_clear) List list = {.loops = loops, .udisks = udisks_objects(), .mounts = mnt_new_table_from_file("/proc/self/mountinfo")};
        int r;

        r = device_each("block", add_disk, &list);
        if (r < 0)
                return r;
        ask_lvm(&list);
        find_twins(&list);
        return finish(&list, ret);
}
