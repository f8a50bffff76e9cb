/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "operation.h"

#include <stdarg.h>

#include "auth.h"
#include "bus-error.h"
#include "log.h"

struct Operation {
        sd_bus_message *message; /* NULL once it is answered */
};

Operation *operation_new(sd_bus_message *message) {
        Operation *operation = calloc(1, sizeof *operation);

        if (operation)
                operation->message = sd_bus_message_ref(message);
        return operation;
}

/* A reply that cannot be sent has no caller any more: debug, not a warning. */
static Operation *operation_end(Operation *operation, int r) {
        if (r < 0)
                log_debug_errno(r, "Cannot answer %s", sd_bus_message_get_member(operation->message));

        sd_bus_message_unref(operation->message);
        free(operation);
        return NULL;
}

Operation *operation_free(Operation *operation) {
        if (!operation)
                return NULL;

        return operation_failf(operation, RHV_ERROR_ABORTED, "The service dropped this request before it was done");
}

sd_bus_message *operation_message(const Operation *operation) {
        return operation->message;
}

uid_t operation_uid(const Operation *operation) {
        uid_t uid;

        return message_get_uid(operation->message, &uid) < 0 ? (uid_t)-1 : uid;
}

Operation *operation_reply(Operation *operation, const char *types, ...) {
        va_list arguments;
        int r;

        va_start(arguments, types);
        r = sd_bus_reply_method_returnv(operation->message, types, arguments);
        va_end(arguments);

        return operation_end(operation, r);
}

Operation *operation_reply_message(Operation *operation, sd_bus_message *reply) {
        return operation_end(operation, sd_bus_message_send(reply));
}

Operation *operation_fail(Operation *operation, const sd_bus_error *error) {
        return operation_end(operation, sd_bus_reply_method_error(operation->message, error));
}

Operation *operation_failf(Operation *operation, const char *name, const char *format, ...) {
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = sd_bus_reply_method_errorfv(operation->message, name, format, arguments);
        va_end(arguments);

        return operation_end(operation, r);
}

Operation *operation_fail_errno(Operation *operation, int r, const sd_bus_error *error) {
        if (error && sd_bus_error_is_set(error))
                return operation_fail(operation, error);

        return operation_end(operation, sd_bus_reply_method_errno(operation->message, r, NULL));
}
