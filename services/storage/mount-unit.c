/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mount-unit.h"

#include <libmount/libmount.h>
#include <time.h>

#include "block-device.h"
#include "bus-error.h"
#include "clock-util.h"
#include "mount-spec.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"
#define SYSTEMD_JOB "org.freedesktop.systemd1.Job"
#define MOUNTS "/proc/self/mountinfo"
/* Between two looks at a unit that is starting or stopping. */
#define LOOK_AGAIN_USEC (100 * USEC_PER_MSEC)

static void table_unref(struct libmnt_table **table) {
        mnt_unref_table(*table);
}

/* Of a block device the kernel tells another name than the one that was asked for: the one its links lead to. */
static bool is_same_source(const char *mounted, const char *what) {
        _cleanup_device_ sd_device *device = NULL, *wanted = NULL;
        dev_t number, wanted_number;

        if (streq(mounted, what))
                return true;
        return startswith(mounted, "/dev/") && startswith(what, "/dev/") && block_device_find(mounted, &device) >= 0 && block_device_find(what, &wanted) >= 0 &&
               sd_device_get_devnum(device, &number) >= 0 && sd_device_get_devnum(wanted, &wanted_number) >= 0 && number == wanted_number;
}

/* Return: 1 that source is mounted there, 0 nothing is, -EBUSY with InUse for something else. */
static int look(const DomainPlace *place, sd_bus_error *error) {
        _cleanup_(table_unref) struct libmnt_table *table = mnt_new_table_from_file(MOUNTS);
        struct libmnt_fs *fs;
        const char *source;

        if (!table)
                return -EIO;
        /* No cache: paths are compared as they are, nothing is looked up on a server that may be silent. */
        fs = mnt_table_find_target(table, place->path, MNT_ITER_BACKWARD);
        if (!fs)
                return 0;
        source = mnt_fs_get_source(fs);
        if (source && is_same_source(source, place->what))
                return 1;
        sd_bus_error_setf(error, RHV_ERROR_IN_USE, "At %s something else is mounted: %s", place->path, source ?: "?");
        return -EBUSY;
}

/* ---- systemd ---- */

static void bus_close(sd_bus **bus) {
        sd_bus_flush_close_unref(*bus);
}

/* ret_job: the path of systemd's job, a new string. */
static int start(sd_bus *bus, const DomainPlace *place, const char *name, char **ret_job, sd_bus_error *error) {
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
        const char *job;
        int r;

        r = sd_bus_message_new_method_call(bus, &call, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "StartTransientUnit");
        if (r >= 0)
                r = sd_bus_message_append(call, "ssa(sv)a(sa(sv))", name, "fail", 8, "Description", "s", "RHV storage", "What", "s", place->what,
                                          "Where", "s", place->path, "Type", "s", place->vfs, "Options", "s", place->options, "TimeoutUSec", "t",
                                          (uint64_t)MOUNT_USEC, "DirectoryMode", "u", (uint32_t)0755, "CollectMode", "s", "inactive-or-failed", 0);
        if (r >= 0)
                r = sd_bus_call(bus, call, MOUNT_USEC, error, &reply);
        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &job);
        if (r < 0)
                return r;
        *ret_job = strdup(job);
        return *ret_job ? 0 : -ENOMEM;
}

/* Until systemd has no such job any more. */
static int await(sd_bus *bus, const char *job, uint64_t usec) {
        const struct timespec pause = {.tv_nsec = (long)(LOOK_AGAIN_USEC * 1000)};
        const uint64_t end = monotonic_usec() + usec;

        while (monotonic_usec() < end) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                _cleanup_free_ char *state = NULL;
                int r;

                r = sd_bus_get_property_string(bus, SYSTEMD, job, SYSTEMD_JOB, "State", &error, &state);
                if (r < 0)
                        return sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_OBJECT) ? 0 : r;
                (void) nanosleep(&pause, NULL);
        }
        return -ETIMEDOUT;
}

static int no_mount(const DomainPlace *place, int r, const char *why, sd_bus_error *error) {
        sd_bus_error_free(error);
        sd_bus_error_setf(error, r == -ETIMEDOUT ? RHV_ERROR_BACKEND_UNAVAILABLE : RHV_ERROR_BACKEND_FAILED, "Cannot mount %s at %s: %s", place->what,
                          place->path, why);
        return r;
}

/* systemd waits for a device that is not there, longer than anybody who asks. */
static int check_device(const DomainPlace *place, sd_bus_error *error) {
        _cleanup_device_ sd_device *device = NULL;
        int r;

        if (!startswith(place->what, "/dev/"))
                return 0;
        r = block_device_find(place->what, &device);
        return r < 0 ? no_mount(place, r, r == -ENODEV ? "there is no such block device" : strerror(-r), error) : 0;
}

int mount_unit_start(const DomainPlace *place, bool *ret_new, sd_bus_error *error) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *name = mount_unit_name(place->path), *job = NULL;
        _cleanup_(bus_close) sd_bus *bus = NULL;
        int r;

        *ret_new = false;
        if (!name)
                return -ENOMEM;
        r = look(place, error);
        if (r != 0)
                return r < 0 ? r : 0;
        r = check_device(place, error);
        if (r < 0)
                return r;
        r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = start(bus, place, name, &job, &own);
        if (r < 0)
                return no_mount(place, r, own.message ?: strerror(-r), error);
        r = await(bus, job, MOUNT_USEC + UNMOUNT_USEC);
        if (r < 0)
                return no_mount(place, r, "systemd does not tell how it ended", error);
        /* A unit that failed is forgotten at once: what counts is whether it is there. */
        r = look(place, error);
        if (r < 0)
                return r;
        if (r == 0)
                return no_mount(place, -EIO, "the mount failed or the server did not answer; the journal of its unit says more", error);
        *ret_new = true;
        return 0;
}

int mount_unit_stop(const DomainPlace *place, sd_bus_error *error) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_free_ char *name = mount_unit_name(place->path);
        _cleanup_(bus_close) sd_bus *bus = NULL;
        const char *job;
        int r;

        if (!name)
                return -ENOMEM;
        r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_call_method(bus, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "StopUnit", &own, &reply, "ss", name, "replace");
        if (r < 0 && sd_bus_error_has_name(&own, "org.freedesktop.systemd1.NoSuchUnit"))
                return 0;
        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &job);
        if (r >= 0)
                r = await(bus, job, UNMOUNT_USEC);
        if (r >= 0)
                r = look(place, NULL) > 0 ? -EBUSY : 0;
        if (r >= 0)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "Cannot unmount %s: %s", place->path, own.message ?: r == -EBUSY ? "it is in use" : strerror(-r));
        return r;
}
