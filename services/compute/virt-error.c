/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libvirt's error codes as the named errors a caller can act on. Source: virterror.h. */

#include <stdio.h>

#include "bus-error.h"
#include "virt-call.h"

static const struct {
        int code;
        const char *name;
        int errno_;
} names[] = {
        { VIR_ERR_NO_DOMAIN, RHV_ERROR_NOT_FOUND, ENOENT },
        { VIR_ERR_DOM_EXIST, RHV_ERROR_ALREADY_EXISTS, EEXIST },
        { VIR_ERR_OPERATION_INVALID, RHV_ERROR_INVALID_STATE, EBUSY },
        { VIR_ERR_OPERATION_TIMEOUT, RHV_ERROR_TIMEOUT, ETIMEDOUT },
        { VIR_ERR_OPERATION_ABORTED, RHV_ERROR_ABORTED, ECANCELED },
        { VIR_ERR_OPERATION_UNSUPPORTED, RHV_ERROR_NOT_SUPPORTED, EOPNOTSUPP },
        { VIR_ERR_NO_SUPPORT, RHV_ERROR_NOT_SUPPORTED, EOPNOTSUPP },
        { VIR_ERR_CONFIG_UNSUPPORTED, RHV_ERROR_NOT_SUPPORTED, EOPNOTSUPP },
        { VIR_ERR_ARGUMENT_UNSUPPORTED, RHV_ERROR_NOT_SUPPORTED, EOPNOTSUPP },
        { VIR_ERR_XML_ERROR, RHV_ERROR_INVALID_ARGUMENT, EINVAL },
        { VIR_ERR_XML_DETAIL, RHV_ERROR_INVALID_ARGUMENT, EINVAL },
        { VIR_ERR_INVALID_ARG, RHV_ERROR_INVALID_ARGUMENT, EINVAL },
        { VIR_ERR_RESOURCE_BUSY, RHV_ERROR_IN_USE, EBUSY },
        { VIR_ERR_NO_CONNECT, RHV_ERROR_BACKEND_UNAVAILABLE, EAGAIN },
        { VIR_ERR_INVALID_CONN, RHV_ERROR_BACKEND_UNAVAILABLE, EAGAIN },
        { VIR_ERR_RPC, RHV_ERROR_BACKEND_UNAVAILABLE, EAGAIN },
        { VIR_ERR_AUTH_UNAVAILABLE, RHV_ERROR_BACKEND_UNAVAILABLE, EAGAIN },
};

/* The way to libvirt broke while the answer was awaited: these codes from the layers that carry messages. */
static bool is_broken_link(const virError *e) {
        return (e->domain == VIR_FROM_RPC || e->domain == VIR_FROM_REMOTE) &&
               (e->code == VIR_ERR_SYSTEM_ERROR || e->code == VIR_ERR_INTERNAL_ERROR || e->code == VIR_ERR_RPC ||
                e->code == VIR_ERR_NO_CONNECT || e->code == VIR_ERR_INVALID_CONN);
}

int virt_error_set(sd_bus_error *error, bool *ret_undecided, const char *format, ...) {
        const virError *e = virGetLastError();
        const char *name = RHV_ERROR_BACKEND_FAILED;
        char what[256];
        int r = -EIO;
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(what, sizeof(what), format, ap);
        va_end(ap);

        for (size_t i = 0; e && i < ELEMENTSOF(names); i++)
                if (names[i].code == e->code) {
                        name = names[i].name;
                        r = -names[i].errno_;
                }
        if (e && is_broken_link(e)) {
                name = RHV_ERROR_BACKEND_UNAVAILABLE;
                r = -EAGAIN;
        }
        if (ret_undecided)
                *ret_undecided = r == -EAGAIN || r == -ETIMEDOUT;
        sd_bus_error_free(error);
        (void) sd_bus_error_setf(error, name, "%s: %s", what, e && e->message ? e->message : "libvirt gave no reason");
        return r;
}
