/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The least a service can do on sd-bus: one empty method, one property. What it reaches is the limit on this bus. */

#include <stdio.h>

#include "macro.h"

static int method_empty(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(message, NULL);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Empty", NULL, NULL, method_empty, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

int main(void) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r;

        r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, "/bench", "org.rhv.Bench", vtable, NULL);
        if (r >= 0)
                r = sd_bus_request_name(bus, "org.rhv.Bench", 0);
        while (r >= 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
        }
        fprintf(stderr, "bench-null: %s\n", strerror(-r));
        return EXIT_FAILURE;
}
