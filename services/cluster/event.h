/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Events: who did what to which object, and what became of it. Each is one row of the store, in the same commit as the change it
 * tells of, one line in the journal with the same fields, and one EventAdded signal. Codes are words that never change their
 * meaning; docs/cluster.md lists them. Making one is pure.
 */

#include "change.h"
#include "macro.h"

typedef enum EventSeverity {
        EVENT_NORMAL,
        EVENT_WARNING,
        EVENT_ERROR,
        EVENT_ALERT,
        _EVENT_SEVERITY_MAX,
        _EVENT_SEVERITY_INVALID = -EINVAL,
} EventSeverity;
const char *event_severity_to_string(EventSeverity value);
EventSeverity event_severity_from_string(const char *word);

#define EVENT_MESSAGE_BYTES_MAX 2048

/* Who asked: the uid of the bus message and its name at that time, and the request or job that connects what follows from it. */
typedef struct Actor {
        uid_t uid;
        const char *user;        /* "" for the system itself */
        const char *correlation; /* "" for none */
} Actor;
extern const Actor actor_system;

/* objects: object paths, NULL-terminated, may be NULL. Return: 0 or -ENOMEM. */
int event_add(Change *change, const Actor *actor, EventSeverity severity, const char *code,
              const char *const *objects, const char *format, ...) _printf_(6, 7);
#define EVENT_OBJECTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* One line in the journal for an event row. */
void event_log(const json_t *event);
