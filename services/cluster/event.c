/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "event.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "dict.h"
#include "log-ids.h"
#include "log.h"
#include "string-table.h"

static const char *const event_severity_table[_EVENT_SEVERITY_MAX] = {
        [EVENT_NORMAL] = "normal",
        [EVENT_WARNING] = "warning",
        [EVENT_ERROR] = "error",
        [EVENT_ALERT] = "alert",
};
DEFINE_STRING_TABLE(event_severity, EventSeverity, _EVENT_SEVERITY_MAX)

const Actor actor_system = { .uid = 0, .user = "", .correlation = "" };

static json_t *path_array(const char *const *objects) {
        json_t *array = json_array();

        for (; array && objects && *objects; objects++)
                if (json_array_append_new(array, json_string(*objects)) < 0) {
                        json_decref(array);
                        return NULL;
                }
        return array;
}

int event_add(Change *change, const Actor *actor, EventSeverity severity, const char *code,
              const char *const *objects, const char *format, ...) {
        char message[EVENT_MESSAGE_BYTES_MAX];
        va_list arguments;
        json_t *event;

        va_start(arguments, format);
        (void) vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);

        event = json_object();
        if (!event)
                return -ENOMEM;
        if (json_object_set_new(event, "severity", json_string(event_severity_to_string(severity))) < 0 ||
            json_object_set_new(event, "code", json_string(code)) < 0 ||
            /* a message cut in the middle of a character is not text any more */
            json_object_set_new(event, "message", json_string(message) ?: json_string(code)) < 0 ||
            json_object_set_new(event, "user", json_string(actor->user)) < 0 ||
            json_object_set_new(event, "uid", json_integer(actor->uid)) < 0 ||
            json_object_set_new(event, "correlation", json_string(actor->correlation)) < 0 ||
            json_object_set_new(event, "objects", path_array(objects)) < 0) {
                json_decref(event);
                return -ENOMEM;
        }

        return json_array_append_new(change->events, event) < 0 ? -ENOMEM : 0;
}

static const struct {
        int level;
        const char *message_id;
} levels[_EVENT_SEVERITY_MAX] = {
        [EVENT_NORMAL] = { LOG_INFO, MESSAGE_ID_EVENT },
        [EVENT_WARNING] = { LOG_WARNING, MESSAGE_ID_EVENT_WARNING },
        [EVENT_ERROR] = { LOG_ERR, MESSAGE_ID_EVENT_ERROR },
        [EVENT_ALERT] = { LOG_ALERT, MESSAGE_ID_EVENT_ALERT },
};

void event_log(const json_t *event) {
        EventSeverity severity = event_severity_from_string(dict_string(event, "severity", ""));
        const json_t *objects = json_object_get(event, "objects");
        char uid[16], id[24];

        if (severity < 0)
                severity = EVENT_NORMAL;
        (void) snprintf(uid, sizeof uid, "%" PRIi64, dict_integer(event, "uid", 0));
        (void) snprintf(id, sizeof id, "%" PRIi64, dict_integer(event, "id", 0));
        log_full(levels[severity].level, levels[severity].message_id,
                 LOG_FIELDS("RHV_EVENT", id, "RHV_EVENT_CODE", dict_string(event, "code", ""), "RHV_USER",
                            dict_string(event, "user", ""), "RHV_UID", uid, "RHV_CORRELATION",
                            dict_string(event, "correlation", ""), "RHV_OBJECT",
                            json_string_value(json_array_get(objects, 0)), "RHV_OBJECT_2",
                            json_string_value(json_array_get(objects, 1))),
                 "%s", dict_string(event, "message", ""));
}
