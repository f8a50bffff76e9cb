/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "udisks.h"

#include <systemd/sd-bus.h>

#include "log.h"
#include "value.h"

/* Of the only caller. */
static uint64_t pause_end_usec; /* monotonic; it has hung */
static bool failed;

static int ask(json_t **ret, sd_bus_error *error) {
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        int r;

        r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_message_new_method_call(bus, &call, "org.freedesktop.UDisks2", "/org/freedesktop/UDisks2", "org.freedesktop.DBus.ObjectManager",
                                                   "GetManagedObjects");
        if (r >= 0)
                r = sd_bus_call(bus, call, UDISKS_USEC, error, &reply);
        return r < 0 ? r : value_read(reply, ret);
}

json_t *udisks_objects(void) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        json_t *objects = NULL;
        int r;

        if (monotonic_usec() < pause_end_usec)
                return NULL;
        r = ask(&objects, &error);
        if (r == -ETIMEDOUT)
                pause_end_usec = monotonic_usec() + UDISKS_PAUSE_USEC;
        if (r < 0 && !failed)
                log_warning("udisks2 does not tell about disks (%s): what udev and sysfs know has to do", error.message ?: strerror(-r));
        else if (r >= 0 && failed)
                log_info("udisks2 tells about disks again");
        failed = r < 0;
        return objects;
}
