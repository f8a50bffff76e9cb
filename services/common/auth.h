/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * May this caller do that? Asked of polkit without blocking the loop.
 *
 * The first pass of a handler sends the question, parks the message and returns; polkit's answer puts the same message
 * back at the head of the queue, the handler runs again from its top and finds the answer here. So everything a handler
 * does before auth_check() must be free of side effects, and every fact it looked at may have changed by the second pass.
 *
 * uid 0 is allowed without asking (polkit would say the same), so services can call one another while polkitd is down.
 */

#include "macro.h"

typedef struct Auth Auth;

/* Alternating keys and values shown to polkit rules: AUTH_DETAILS("vm", id, "verb", "start"). Values may be NULL (left out). */
#define AUTH_DETAILS(...) ((const char *const[]){ __VA_ARGS__, NULL, NULL, NULL })

/* How the question is put: the seam for tests. `ask` starts asking and must later call auth_answer() with the same query,
 * never from inside ask; `cancel` forgets a question not answered yet. */
typedef struct AuthQuery AuthQuery;
typedef struct AuthBackend {
        int (*ask)(void *userdata, AuthQuery *query, sd_bus_message *message, const char *action,
                   const char *const *details, bool interactive);
        void (*cancel)(void *userdata, AuthQuery *query);
        bool ask_root; /* ask for uid 0 too: tests run as anybody */
} AuthBackend;

/* authorized: 1 yes, 0 no, negative errno could not be asked. challenge: a person could have been asked. */
void auth_answer(AuthQuery *query, int authorized, bool challenge);
/* Room for the backend's own pointer in a query. */
void auth_query_set_data(AuthQuery *query, void *data);
void *auth_query_data(const AuthQuery *query);

/* The real thing: org.freedesktop.PolicyKit1 on the same bus the messages come from. */
int auth_new_polkit(Auth **ret);
/* backend: static; userdata: borrowed. */
int auth_new(const AuthBackend *backend, void *userdata, Auth **ret);
Auth *auth_free(Auth *auth);
DEFINE_CLEANUP(Auth *, auth_free)
/* Calls whose question is not answered yet or that were not taken up again since: while > 0 the service is not idle. */
size_t auth_waiting(const Auth *auth) _pure_;

/* Return: 1 allowed: go on and act. 0 asked: return 1 from the handler at once, it will be called again.
 * Negative: refused, with AccessDenied (org.rhv.Error.AccessDenied naming the action) or BackendUnavailable set. */
int auth_check(Auth *auth, sd_bus_message *message, const char *action, const char *const *details,
               sd_bus_error *error);

/* The caller's uid from its credentials. Return: 0 or a negative errno. */
int message_get_uid(sd_bus_message *message, uid_t *ret);
