/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A call about what lies on a storage domain of others: authorised first, then Storage looks (InspectForeign), then it is decided. */

#include "request.h"

typedef struct ReportCall ReportCall;
/* Answers and takes the request's operation, or fails with an error set. domain: as it is now. */
typedef int (*report_then_t)(ReportCall *call, Object *domain, const json_t *report, sd_bus_error *error);

struct ReportCall {
        PendingRequest request;
        char domain[37], reference[37]; /* what is asked for on it */
        const char *kind;               /* of the job that follows, for the caller's own use */
        json_t *changes;
        sd_bus_slot *slot;
        report_then_t then;
};

/* Is the domain there, and can Storage be asked? Return: 0, or negative with InvalidState or BackendUnavailable set. */
int report_call_check(const Object *domain, sd_bus_error *error);
/* The last act of a handler whose request is authorised. reference, changes: copied; kind: borrowed, may be NULL. Return: for the handler. */
int report_call(Request *request, const Object *domain, const char *reference, const char *kind, const json_t *changes, report_then_t then);
