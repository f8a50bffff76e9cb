/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* JSON in, checked against a table with every type, out again as a D-Bus message and back: the tree must survive unchanged. */

#include "fuzz.h"

#include <sys/socket.h>

#include "dict.h"

static const DictField inner[] = { { "id", DICT_STRING, DICT_REQUIRED, .min = 1, .max = 36 }, { NULL } };
static const DictField element = { "disk", DICT_OBJECT, .fields = inner };
static const char *const words[] = { "raw", "qcow2", NULL };
static const DictField fields[] = {
        { "name", DICT_STRING, DICT_REQUIRED, .min = 1, .max = 255 },
        { "format", DICT_STRING, .words = words },
        { "cpus", DICT_INTEGER, .min = 1, .max = 1024 },
        { "on", DICT_BOOLEAN },
        { "ratio", DICT_REAL },
        { "disks", DICT_ARRAY, .max = 16, .element = &element },
        { "tags", DICT_STRING_MAP },
        { NULL },
};

static sd_bus_message *new_message(void) {
        static sd_bus *bus;
        sd_bus_message *message;
        int fds[2];

        /* messages need a started bus to belong to; nobody listens at the other end */
        if (!bus && (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0 || sd_bus_new(&bus) < 0 ||
                     sd_bus_set_fd(bus, fds[0], fds[0]) < 0 || sd_bus_start(bus) < 0))
                abort();
        return sd_bus_message_new(bus, &message, SD_BUS_MESSAGE_METHOD_CALL) < 0 ? NULL : message;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *message = NULL;
        _cleanup_json_ json_t *object = json_loadb((const char *)data, size, 0, NULL), *back = NULL;

        if (!json_is_object(object) || dict_check(object, fields, "fuzz", &error) < 0)
                return 0;

        message = new_message();
        if (!message)
                return 0;
        if (dict_append(message, object) < 0 || sd_bus_message_seal(message, 1, 0) < 0)
                return 0;
        if (dict_read(message, &back, &error) < 0 || !json_equal(object, back))
                abort();
        return 0;
}
