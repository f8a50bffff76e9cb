/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A retry of Remove meets an object that its first call removed. No vtable answers there any more, so such calls are looked at before
 * objects are: the one whose request the store knows is answered as it was then, any other goes on to "unknown object".
 */

#include "dict.h"
#include "object-bus.h"
#include "parse-util.h"

static ObjectKind removed_kind(sd_bus_message *message, const Manager *manager) {
        const char *path = sd_bus_message_get_path(message);

        for (ObjectKind kind = 0; kind < _KIND_MAX; kind++) {
                _cleanup_free_ char *id = NULL;

                if (sd_bus_message_is_method_call(message, object_kind_interface(kind), "Remove") > 0 &&
                    bus_object_id(path, object_kind_prefix(kind), &id) > 0)
                        return model_find(manager->model, kind, id) ? _KIND_INVALID : kind;
        }
        return _KIND_INVALID;
}

int replay_removed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        static const DictField fields[] = { OPTIONS_COMMON, { "destroy", DICT_BOOLEAN }, { NULL } };
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_request_ Request request = { .unrecorded = true };
        Manager *manager = userdata;
        ObjectKind kind;
        int r;

        kind = removed_kind(message, manager);
        if (kind < 0 || !sd_bus_message_has_signature(message, "a{sv}"))
                return 0;
        /* what cannot be such a retry has the better answer that there is no such object */
        r = request_read(&request, manager, message, NULL, fields, &error);
        if (r < 0 || !request.replay)
                return 0;
        r = request_authorise(&request, ACTION_DESTROY, "remove", NULL, NULL, ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return request_reply(&request, json_object_get(request.outcome, "job") ? "j" : "");
}
