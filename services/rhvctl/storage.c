/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `storage`: the disks of this host, through org.rhv.Storage. */

#include "commands.h"
#include "kind.h"

#define STORAGE_PATH "/org/rhv/Storage"
#define STORAGE_INTERFACE "org.rhv.Storage"

static int storage_run_devices(Client *client, const Invocation *invocation) {
        static const Column columns[] = {
                { "NAME", "name", FORMAT_TEXT, true },
                { "STATE", "state", FORMAT_TEXT, false },
                { "SIZE", "size", FORMAT_SIZE, false, TABLE_RIGHT },
                { "TRANSPORT", "transport", FORMAT_TEXT, false },
                { "PATHS", "paths", FORMAT_COUNT, false, TABLE_RIGHT },
                { "VENDOR", "vendor", FORMAT_TEXT, false },
                { "MODEL", "model", FORMAT_TEXT, false },
                { "SERIAL", "serial", FORMAT_TEXT, true },
                { "REASON", "reason", FORMAT_TEXT, true },
                {},
        };
        _cleanup_json_ json_t *devices = NULL;
        int r;

        r = client_query(client, STORAGE_PATH, STORAGE_INTERFACE, "ListDevices", &devices, "@", invocation->call);
        return r < 0 ? r : client_print_rows(client, devices, columns, NULL);
}

static const Parameter devices_options[] = {
        { "loops", .type = PARAMETER_FLAG, .place = PLACE_CALL, .help = "Loop devices too" },
        {},
};

const Command storage_commands[] = {
        { "storage", "devices", "List the disks this host sees and what they are used for", NULL, devices_options, storage_run_devices, 0 },
        {},
};
