/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "device-bus.h"

#include "device-list.h"
#include "dict.h"
#include "manager.h"
#include "request.h"

static int io_devices(Io *io) {
        return device_list(io->loops, &io->report);
}

static void on_listed(Task *task, Io *io, int r, const sd_bus_error *error) {
        task_answer(task, r, error, dict_append_array, io ? io->report : NULL);
}

int device_method_list(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL;
        char nowhere[] = "";
        Manager *manager = userdata;
        Task *task;
        Io *io;
        int r;

        r = dict_read_checked(message, request_devices, "options", &options, error);
        if (r < 0)
                return r;
        task = task_new(manager, NULL, message);
        io = io_new("list devices", io_devices, &(DomainPlace){ .path = nowhere });
        if (!task || !io) {
                if (io)
                        io_free(io);
                task_free(task);
                return -ENOMEM;
        }
        io->loops = dict_boolean(options, "loops", false);
        r = task_run(task, io, task_lane("devices"), DEVICE_LIST_USEC, on_listed, error);
        if (r < 0)
                task_fail(task, r, error);
        return 1;
}
