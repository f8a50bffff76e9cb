/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One query per parked message. Its life:
 *
 *   handler, first pass ── auth_check() ── asked ── parked
 *                                                     │ answer
 *   handler, second pass ── auth_check() finds it <── re-enqueued
 *
 * The answer is used by exactly that message and that action, then dropped. A second pass may also end before it comes to auth_check(),
 * because the facts moved meanwhile: its answer is dropped after AUTH_ANSWER_USEC, or when room is needed. A query whose caller leaves the bus
 * stays until polkit answers or its deadline passes; the number of queries has a maximum, in all and for each user, so nobody can fill the
 * memory with prompts, nor keep the others from asking.
 */

#include "auth.h"

#include <utlist.h>

#include "bus-error.h"
#include "clock-util.h"
#include "log.h"

/* polkit may be waiting for a person to type a password. */
#define AUTH_DEADLINE_USEC (120 * USEC_PER_SEC)
#define AUTH_QUERIES_MAX 512U
#define AUTH_QUERIES_USER_MAX 64U
/* From the answer to the second pass there is only what stands in the queue before it, or a backend that is being opened. Too early an end
 * costs no more than asking again. */
#define AUTH_ANSWER_USEC (30 * USEC_PER_SEC)

#define POLKIT_FLAG_ALLOW_INTERACTION 1U

struct AuthQuery {
        Auth *auth;
        sd_bus_message *message;
        char *action;
        uid_t uid; /* who asks; (uid_t)-1: not known */
        bool answered;
        uint64_t answered_usec;
        int authorized;
        bool challenge;
        void *data;
        AuthQuery *prev, *next;
};

struct Auth {
        const AuthBackend *backend;
        void *userdata;
        AuthQuery *queries;
        size_t queries_count;
        sd_event_source *sweep;
};

static AuthQuery *auth_query_free(AuthQuery *query) {
        if (!query)
                return NULL;

        if (query->auth) {
                DL_DELETE(query->auth->queries, query);
                query->auth->queries_count--;
                if (!query->answered && query->auth->backend->cancel)
                        query->auth->backend->cancel(query->auth->userdata, query);
        }
        sd_bus_message_unref(query->message);
        free(query->action);
        free(query);
        return NULL;
}

int auth_new(const AuthBackend *backend, void *userdata, Auth **ret) {
        Auth *auth = calloc(1, sizeof *auth);

        if (!auth)
                return -ENOMEM;

        auth->backend = backend;
        auth->userdata = userdata;
        *ret = auth;
        return 0;
}

Auth *auth_free(Auth *auth) {
        if (!auth)
                return NULL;

        while (auth->queries)
                auth_query_free(auth->queries);
        sd_event_source_disable_unref(auth->sweep);
        free(auth);
        return NULL;
}

void auth_query_set_data(AuthQuery *query, void *data) {
        query->data = data;
}

void *auth_query_data(const AuthQuery *query) {
        return query->data;
}

size_t auth_waiting(const Auth *auth) {
        return auth->queries_count;
}

static AuthQuery *oldest_answered(const Auth *auth) {
        AuthQuery *query;

        DL_FOREACH(auth->queries, query)
                if (query->answered)
                        return query;
        return NULL;
}

static int on_sweep(sd_event_source *source, uint64_t usec, void *userdata) {
        uint64_t now = monotonic_usec();
        Auth *auth = userdata;
        AuthQuery *query, *next;

        DL_FOREACH_SAFE(auth->queries, query, next)
                if (query->answered && query->answered_usec + AUTH_ANSWER_USEC <= now)
                        auth_query_free(query);
        if (!oldest_answered(auth))
                return 0;
        (void) sd_event_source_set_time_relative(source, AUTH_ANSWER_USEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void sweep_later(Auth *auth, sd_event *event) {
        int r, enabled = SD_EVENT_OFF;

        if (!auth->sweep)
                r = sd_event_add_time_relative(event, &auth->sweep, CLOCK_MONOTONIC, AUTH_ANSWER_USEC, USEC_PER_SEC, on_sweep, auth);
        else {
                r = sd_event_source_get_enabled(auth->sweep, &enabled);
                if (r > 0 || enabled != SD_EVENT_OFF)
                        return;
                r = sd_event_source_set_time_relative(auth->sweep, AUTH_ANSWER_USEC);
                if (r >= 0)
                        r = sd_event_source_set_enabled(auth->sweep, SD_EVENT_ONESHOT);
        }
        if (r < 0)
                log_debug_errno(r, "Answers that nobody looks for stay until room is needed");
}

void auth_answer(AuthQuery *query, int authorized, bool challenge) {
        sd_bus *bus = sd_bus_message_get_bus(query->message);
        int r;

        query->answered = true;
        query->answered_usec = monotonic_usec();
        query->authorized = authorized;
        query->challenge = challenge;

        r = sd_bus_message_rewind(query->message, true);
        if (r >= 0)
                r = sd_bus_enqueue_for_read(bus, query->message);
        if (r < 0) {
                log_warning_errno(r, "Cannot take up a call again after authorization");
                (void) sd_bus_reply_method_errno(query->message, r, NULL);
                auth_query_free(query);
                return;
        }
        sweep_later(query->auth, sd_bus_get_event(bus));
}

int message_get_uid(sd_bus_message *message, uid_t *ret) {
        _cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
        int r;

        r = sd_bus_query_sender_creds(message, SD_BUS_CREDS_EUID, &creds);
        if (r < 0)
                return r;

        return sd_bus_creds_get_euid(creds, ret);
}

static AuthQuery *auth_find(const Auth *auth, const sd_bus_message *message, const char *action) {
        AuthQuery *query;

        DL_FOREACH(auth->queries, query)
                if (query->message == message && streq(query->action, action))
                        return query;
        return NULL;
}

static int refusal(const AuthQuery *query, sd_bus_error *error) {
        if (query->authorized == -ETIMEDOUT)
                return sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE,
                                         "polkit gave no answer about '%s'; a password it may have asked for was not given",
                                         query->action);
        if (query->authorized < 0)
                return sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE,
                                         "polkit cannot be asked about '%s': %s", query->action,
                                         strerror(-query->authorized));

        return sd_bus_error_setf(error, RHV_ERROR_ACCESS_DENIED, "Not authorized for '%s'%s", query->action,
                                 query->challenge ? "; authentication is required and was not given" : "");
}

static bool may_ask(Auth *auth, uid_t uid) {
        const AuthQuery *query;
        size_t n = 0;

        DL_FOREACH(auth->queries, query)
                if (query->uid == uid && !query->answered)
                        n++;
        if (n >= AUTH_QUERIES_USER_MAX)
                return false;
        if (auth->queries_count >= AUTH_QUERIES_MAX)
                auth_query_free(oldest_answered(auth));
        return auth->queries_count < AUTH_QUERIES_MAX;
}

int auth_check(Auth *auth, sd_bus_message *message, const char *action, const char *const *details,
               sd_bus_error *error) {
        uid_t uid = (uid_t)-1;
        AuthQuery *query;
        int r;

        query = auth_find(auth, message, action);
        if (query) {
                r = query->answered ? (query->authorized > 0 ? 1 : refusal(query, error)) : 0;
                if (query->answered)
                        auth_query_free(query);
                return r;
        }

        if (message_get_uid(message, &uid) >= 0 && uid == 0 && !auth->backend->ask_root)
                return 1;
        if (!may_ask(auth, uid))
                return sd_bus_error_set(error, RHV_ERROR_LIMIT_EXCEEDED,
                                        "Too many requests are waiting for authorization; try again later");

        query = calloc(1, sizeof *query);
        if (!query)
                return -ENOMEM;
        query->uid = uid;
        query->action = strdup(action);
        query->message = sd_bus_message_ref(message);
        if (!query->action) {
                auth_query_free(query);
                return -ENOMEM;
        }
        query->auth = auth;
        DL_APPEND(auth->queries, query);
        auth->queries_count++;

        r = auth->backend->ask(auth->userdata, query, message, action, details,
                               sd_bus_message_get_allow_interactive_authorization(message) > 0);
        if (r < 0) {
                query->answered = true; /* there is nothing to cancel */
                query->authorized = r;
                r = refusal(query, error);
                auth_query_free(query);
                return r;
        }

        return 0;
}

/* ---- polkit ---- */

static int on_polkit_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        AuthQuery *query = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(reply);
        int authorized, challenge, r;

        query->data = sd_bus_slot_unref(query->data);

        if (e) {
                log_warning("polkit does not answer about '%s': %s", query->action, e->message ?: e->name);
                auth_answer(query, -sd_bus_error_get_errno(e) ?: -EIO, false);
                return 1;
        }

        r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
        if (r >= 0)
                r = sd_bus_message_read(reply, "bb", &authorized, &challenge);
        if (r < 0)
                auth_answer(query, r, false);
        else
                auth_answer(query, authorized, challenge);
        return 1;
}

static int append_details(sd_bus_message *call, const char *const *details) {
        int r;

        r = sd_bus_message_open_container(call, 'a', "{ss}");
        if (r < 0)
                return r;
        for (; details && details[0]; details += 2) {
                if (!details[1])
                        continue;
                r = sd_bus_message_append(call, "{ss}", details[0], details[1]);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(call);
}

static int polkit_ask(void *userdata, AuthQuery *query, sd_bus_message *message, const char *action,
                      const char *const *details, bool interactive) {
        _cleanup_message_ sd_bus_message *call = NULL;
        sd_bus *bus = sd_bus_message_get_bus(message);
        const char *sender = sd_bus_message_get_sender(message);
        sd_bus_slot *slot = NULL;
        int r;

        if (!sender)
                return -EACCES;

        r = sd_bus_message_new_method_call(bus, &call, "org.freedesktop.PolicyKit1",
                                           "/org/freedesktop/PolicyKit1/Authority",
                                           "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization");
        if (r < 0)
                return r;
        r = sd_bus_message_append(call, "(sa{sv})s", "system-bus-name", 1, "name", "s", sender, action);
        if (r < 0)
                return r;
        r = append_details(call, details);
        if (r < 0)
                return r;
        r = sd_bus_message_append(call, "us", interactive ? POLKIT_FLAG_ALLOW_INTERACTION : 0U, "");
        if (r < 0)
                return r;
        r = sd_bus_call_async(bus, &slot, call, on_polkit_answer, query, AUTH_DEADLINE_USEC);
        if (r < 0)
                return r;

        auth_query_set_data(query, slot);
        return 0;
}

static void polkit_cancel(void *userdata, AuthQuery *query) {
        auth_query_set_data(query, sd_bus_slot_unref(auth_query_data(query)));
}

static const AuthBackend polkit_backend = {
        .ask = polkit_ask,
        .cancel = polkit_cancel,
};

int auth_new_polkit(Auth **ret) {
        return auth_new(&polkit_backend, NULL, ret);
}
