/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"

#include <stdarg.h>
#include <stdio.h>

const sd_bus_error_map rhv_bus_errors[] = {
        SD_BUS_ERROR_MAP(RHV_ERROR_INVALID_ARGUMENT, EINVAL),
        SD_BUS_ERROR_MAP(RHV_ERROR_UNKNOWN_OPTION, EINVAL),
        SD_BUS_ERROR_MAP(RHV_ERROR_NOT_FOUND, ENOENT),
        SD_BUS_ERROR_MAP(RHV_ERROR_ALREADY_EXISTS, EEXIST),
        SD_BUS_ERROR_MAP(RHV_ERROR_NOT_SUPPORTED, EOPNOTSUPP),
        SD_BUS_ERROR_MAP(RHV_ERROR_ACCESS_DENIED, EACCES),
        SD_BUS_ERROR_MAP(RHV_ERROR_EXPIRED, ETIME),
        SD_BUS_ERROR_MAP(RHV_ERROR_ALREADY_USED, EALREADY),
        SD_BUS_ERROR_MAP(RHV_ERROR_INVALID_STATE, ESTALE),
        SD_BUS_ERROR_MAP(RHV_ERROR_BUSY, EBUSY),
        SD_BUS_ERROR_MAP(RHV_ERROR_IN_USE, EBUSY),
        SD_BUS_ERROR_MAP(RHV_ERROR_LIMIT_EXCEEDED, E2BIG),
        SD_BUS_ERROR_MAP(RHV_ERROR_NO_SPACE, ENOSPC),
        SD_BUS_ERROR_MAP(RHV_ERROR_NO_HOST, EHOSTUNREACH),
        SD_BUS_ERROR_MAP(RHV_ERROR_BACKEND_UNAVAILABLE, EHOSTDOWN),
        SD_BUS_ERROR_MAP(RHV_ERROR_BACKEND_FAILED, EIO),
        SD_BUS_ERROR_MAP(RHV_ERROR_TIMEOUT, ETIMEDOUT),
        SD_BUS_ERROR_MAP(RHV_ERROR_ABORTED, ECANCELED),
        SD_BUS_ERROR_MAP(RHV_ERROR_INTERRUPTED, EINTR),
        SD_BUS_ERROR_MAP(RHV_ERROR_TRUNCATED, ENODATA),
        SD_BUS_ERROR_MAP(RHV_ERROR_BAD_FORMAT, EBADMSG),
        SD_BUS_ERROR_MAP(RHV_ERROR_NEWER_VERSION, EPROTO),
        SD_BUS_ERROR_MAP(RHV_ERROR_ROLLED_BACK, EREMOTEIO),
        SD_BUS_ERROR_MAP(RHV_ERROR_READ_ONLY, EROFS),
        SD_BUS_ERROR_MAP(RHV_ERROR_HOOK_FAILED, ECHILD),
        SD_BUS_ERROR_MAP_END,
};

static const char *const unreachable_errors[] = {
        SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER, SD_BUS_ERROR_NO_REPLY,
        SD_BUS_ERROR_TIMEOUT,         SD_BUS_ERROR_DISCONNECTED,      SD_BUS_ERROR_NO_SERVER,
        "org.freedesktop.DBus.Error.TimedOut",
};

static const char *forwarded_name(const char *name) {
        if (startswith(name, RHV_ERROR_PREFIX))
                return name;

        for (size_t i = 0; i < ELEMENTSOF(unreachable_errors); i++)
                if (streq(name, unreachable_errors[i]))
                        return RHV_ERROR_BACKEND_UNAVAILABLE;

        return startswith(name, "org.freedesktop.DBus.Error.Spawn.") ? RHV_ERROR_BACKEND_UNAVAILABLE
                                                                      : RHV_ERROR_BACKEND_FAILED;
}

int bus_error_forward(sd_bus_error *error, const sd_bus_error *cause, const char *format, ...) {
        _cleanup_free_ char *what = NULL;
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(&what, format, arguments);
        va_end(arguments);
        if (r < 0) {
                what = NULL;
                return -ENOMEM;
        }

        r = sd_bus_error_setf(error, forwarded_name(cause->name ?: ""), "%s: %s", what,
                              cause->message ?: "no reason given");
        return r < 0 ? r : -EIO;
}

static const char *errno_name(int e) {
        switch (e) {
        case ENOSPC:
        case EDQUOT:
                return RHV_ERROR_NO_SPACE;
        case EROFS:
                return RHV_ERROR_READ_ONLY;
        case ENOENT:
        case ENOTDIR:
                return RHV_ERROR_NOT_FOUND;
        case EACCES:
        case EPERM:
                return RHV_ERROR_ACCESS_DENIED;
        case EEXIST:
        case ENOTEMPTY:
                return RHV_ERROR_ALREADY_EXISTS;
        case ETIMEDOUT:
                return RHV_ERROR_TIMEOUT;
        default:
                return RHV_ERROR_BACKEND_FAILED;
        }
}

void bus_error_set_errno(sd_bus_error *error, int r, const char *format, ...) {
        _cleanup_free_ char *what = NULL;
        va_list arguments;
        int k;

        va_start(arguments, format);
        k = vasprintf(&what, format, arguments);
        va_end(arguments);
        if (k < 0) {
                (void) sd_bus_error_set_errno(error, -ENOMEM);
                what = NULL;
                return;
        }

        (void) sd_bus_error_setf(error, errno_name(-r), "%s: %s", what, strerror(-r));
}
