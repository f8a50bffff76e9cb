/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A parked method call: the reply belongs to this object, and is sent in exactly one place.
 *
 * A handler that cannot answer at once starts its work, makes an Operation and returns 1. The work later calls
 * operation_reply() or operation_fail(). Freeing an Operation that was never answered replies
 * org.rhv.Error.Aborted, so a caller never waits for nothing.
 *
 * Two rules keep one call from getting two replies: park only after the work has started without error, and never let
 * work complete inside the call that starts it.
 */

#include "macro.h"

typedef struct Operation Operation;

/* Takes a reference on message. Return: NULL when out of memory. */
Operation *operation_new(sd_bus_message *message);
Operation *operation_free(Operation *operation);
DEFINE_CLEANUP(Operation *, operation_free)

/* The parked message: to append a reply of several parts, make it with sd_bus_message_new_method_return(). Borrowed. */
sd_bus_message *operation_message(const Operation *operation);
/* The caller's uid, or UID_INVALID (-1) where the transport knows none. */
uid_t operation_uid(const Operation *operation);

/* Each answers, frees the operation and takes it: `op = operation_reply(op, "o", path)`. Always returns NULL. */
Operation *operation_reply(Operation *operation, const char *types, ...);
Operation *operation_reply_message(Operation *operation, sd_bus_message *reply);
Operation *operation_fail(Operation *operation, const sd_bus_error *error);
Operation *operation_failf(Operation *operation, const char *name, const char *format, ...) _printf_(3, 4);
/* Answers with error if it is set, else with errno -r. */
Operation *operation_fail_errno(Operation *operation, int r, const sd_bus_error *error);
