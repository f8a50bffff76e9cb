/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The errors a caller of any org.rhv service can act on. A name is set once, where the reason is known,
 * with a sentence a person can use: what was refused, for which object, why, and the way out.
 *
 * Everything else travels as a negative errno, which sd-bus turns into System.Error.*: right for
 * surprises, never for a planned refusal.
 */

#include "macro.h"

#define RHV_ERROR_PREFIX "org.rhv.Error."

/* The request itself is wrong; repeating it cannot help. */
#define RHV_ERROR_INVALID_ARGUMENT "org.rhv.Error.InvalidArgument"
#define RHV_ERROR_UNKNOWN_OPTION "org.rhv.Error.UnknownOption"
#define RHV_ERROR_NOT_FOUND "org.rhv.Error.NotFound"
#define RHV_ERROR_ALREADY_EXISTS "org.rhv.Error.AlreadyExists"
#define RHV_ERROR_NOT_SUPPORTED "org.rhv.Error.NotSupported"
#define RHV_ERROR_ACCESS_DENIED "org.rhv.Error.AccessDenied"
#define RHV_ERROR_EXPIRED "org.rhv.Error.Expired"
#define RHV_ERROR_ALREADY_USED "org.rhv.Error.AlreadyUsed"

/* The request is right, but not now. */
#define RHV_ERROR_INVALID_STATE "org.rhv.Error.InvalidState"
#define RHV_ERROR_BUSY "org.rhv.Error.Busy"
#define RHV_ERROR_IN_USE "org.rhv.Error.InUse"
#define RHV_ERROR_LIMIT_EXCEEDED "org.rhv.Error.LimitExceeded"
#define RHV_ERROR_NO_SPACE "org.rhv.Error.NoSpace"
#define RHV_ERROR_NO_HOST "org.rhv.Error.NoHost"
#define RHV_ERROR_BACKEND_UNAVAILABLE "org.rhv.Error.BackendUnavailable"

/* It was tried. */
#define RHV_ERROR_BACKEND_FAILED "org.rhv.Error.BackendFailed"
#define RHV_ERROR_TIMEOUT "org.rhv.Error.Timeout"
#define RHV_ERROR_ABORTED "org.rhv.Error.Aborted"
#define RHV_ERROR_INTERRUPTED "org.rhv.Error.Interrupted"
#define RHV_ERROR_TRUNCATED "org.rhv.Error.Truncated"
#define RHV_ERROR_BAD_FORMAT "org.rhv.Error.BadFormat"
#define RHV_ERROR_NEWER_VERSION "org.rhv.Error.NewerVersion"
#define RHV_ERROR_ROLLED_BACK "org.rhv.Error.RolledBack"
#define RHV_ERROR_READ_ONLY "org.rhv.Error.ReadOnly"
#define RHV_ERROR_HOOK_FAILED "org.rhv.Error.HookFailed"

/* The errno that belongs to a name of ours (registered with sd-bus, so sd_bus_error_get_errno() knows it). */
extern const sd_bus_error_map rhv_bus_errors[];

/* Copies name and message of a finished call's error into error, adding what was being done: "Cannot prepare
 * disk x: <message>". Keeps org.rhv.Error.* names; others become BackendFailed, or BackendUnavailable where
 * the service could not be reached. Return: a negative errno, never 0. */
int bus_error_forward(sd_bus_error *error, const sd_bus_error *cause, const char *format, ...) _printf_(3, 4);

/* Maps a negative errno of a file operation to NoSpace, ReadOnly, NotFound, AccessDenied or BackendFailed with the
 * given sentence and the errno's text. Return: r itself (which an analyzer sees in the macro). */
#define bus_error_errno(error, r, ...)                    \
        ({                                                \
                int _r = (r);                             \
                bus_error_set_errno(error, _r, __VA_ARGS__); \
                _r;                                       \
        })
void bus_error_set_errno(sd_bus_error *error, int r, const char *format, ...) _printf_(3, 4);
