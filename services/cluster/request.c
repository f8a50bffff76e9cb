/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "request.h"

#include <pwd.h>
#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "log-ids.h"
#include "log.h"
#include "parse-util.h"
#include "remote.h"

const DictField options_common[] = { OPTIONS_COMMON, { NULL } };

void request_done(Request *request) {
        json_decref(request->options);
        json_decref(request->outcome);
        free(request->text);
}

void user_name(uid_t uid, char *ret, size_t size) {
        /* one caller asks again and again; NSS may be slow */
        static uid_t cached_uid = (uid_t)-1;
        static char cached[64];
        struct passwd entry, *found = NULL;
        char buffer[4096];

        if (uid == 0) {
                (void) snprintf(ret, size, "root");
                return;
        }
        if (uid != cached_uid) {
                if (getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found)
                        (void) snprintf(cached, sizeof cached, "%s", found->pw_name);
                else
                        (void) snprintf(cached, sizeof cached, "uid %u", uid);
                cached_uid = uid;
        }
        (void) snprintf(ret, size, "%s", cached);
}

static char *canonical_text(sd_bus_message *message, const json_t *arguments, const json_t *options) {
        _cleanup_json_ json_t *others = json_copy((json_t *)options);
        _cleanup_free_ char *a = NULL, *o = NULL;
        char *text;

        if (!others)
                return NULL;
        (void) json_object_del(others, "request_id");
        (void) json_object_del(others, "job_id");
        a = arguments ? json_dumps(arguments, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : strdup("");
        o = json_dumps(others, JSON_COMPACT | JSON_SORT_KEYS);
        if (!a || !o ||
            asprintf(&text, "%s %s %s %s", sd_bus_message_get_path(message), sd_bus_message_get_member(message), a, o) < 0)
                return NULL;
        return text;
}

int request_read(Request *request, Manager *manager, sd_bus_message *message, const json_t *arguments,
                 const DictField *fields, sd_bus_error *error) {
        const char *request_id, *job_id;
        int r;

        request->manager = manager;
        request->message = message;
        r = dict_read_checked(message, fields, "options", &request->options, error);
        if (r < 0)
                return r;
        r = message_get_uid(message, &request->uid);
        if (r < 0)
                return r;
        user_name(request->uid, request->user, sizeof request->user);

        job_id = dict_string(request->options, "job_id", NULL);
        request_id = dict_string(request->options, "request_id", job_id);
        if (job_id)
                (void) snprintf(request->job_id, sizeof request->job_id, "%s", job_id);
        else {
                r = uuid_generate(request->job_id);
                if (r < 0)
                        return r;
        }

        request->text = canonical_text(message, arguments, request->options);
        if (!request->text)
                return -ENOMEM;
        if (!request->unrecorded) {
                r = store_check_writable(manager->store, error);
                if (r < 0)
                        return r;
        }
        if (!request_id)
                return 0;

        (void) snprintf(request->id, sizeof request->id, "%s", request_id);
        r = store_find_request(manager->store, request->id, request->text, &request->outcome, error);
        if (r < 0)
                return r;
        request->replay = r > 0;
        return 0;
}

int request_authorise(Request *request, const char *action, const char *verb, const Object *object, const char *name,
                      sd_bus_error *error) {
        const char *kind = object ? object_kind_to_string(object->kind) : NULL;
        char uid[16];
        int r;

        if (object && !name)
                name = object->name;
        r = auth_check(request->manager->daemon->auth, request->message, action,
                       AUTH_DETAILS("verb", verb, "name", name, kind ?: "object", object ? object->id : NULL), error);
        (void) snprintf(uid, sizeof uid, "%u", request->uid);
        if (r < 0)
                log_full(LOG_NOTICE, MESSAGE_ID_REFUSED,
                         LOG_FIELDS("RHV_USER", request->user, "RHV_UID", uid, "RHV_ACTION", action, "RHV_VERB", verb, "RHV_OBJECT",
                                    object ? object->path : NULL),
                         "%s was refused to %s%s%s: %s", request->user, verb, name ? " " : "", name ?: "",
                         error->message ?: "no reason was given");
        return r;
}

Actor request_actor(const Request *request) {
        return (Actor){ .uid = request->uid,
                        .user = request->user,
                        .correlation = request->id[0] ? request->id : request->job_id };
}

Plan request_plan(const Request *request, Actor *actor) {
        *actor = request_actor(request);
        return manager_plan(request->manager, actor);
}

int request_commit(Request *request, Change *change, bool with_job, sd_bus_error *error) {
        Manager *manager = request->manager;
        int r;

        if (request->replay)
                return 0;
        if (with_job) {
                char *path = bus_object_path(CLUSTER_ROOT "/job", request->job_id);

                r = path ? change_outcome(change, "job", json_string(path)) : -ENOMEM;
                free(path);
                if (r < 0)
                        return r;
        }

        r = store_commit(manager->store, request->id[0] ? request->id : NULL, request->text, change, &request->outcome,
                         error);
        if (r < 0)
                return r;
        bus_changes_flush(manager->daemon->changes);
        host_refresh(manager);
        return 1;
}

int request_reply(const Request *request, const char *types) {
        const char *object = dict_string(request->outcome, "object", "/"), *job = dict_string(request->outcome, "job", "/");

        bus_changes_flush(request->manager->daemon->changes);
        if (streq(types, "oj"))
                return sd_bus_reply_method_return(request->message, "oo", object, job);
        if (streq(types, "o"))
                return sd_bus_reply_method_return(request->message, "o", object);
        if (streq(types, "j"))
                return sd_bus_reply_method_return(request->message, "o", job);
        return sd_bus_reply_method_return(request->message, NULL);
}

/* ---- a request that waits ---- */

void pending_keep(PendingRequest *pending, Request *request) {
        *pending = (PendingRequest){ .manager = request->manager, .uid = request->uid };
        pending->text = TAKE_PTR(request->text);
        (void) memcpy(pending->id, request->id, sizeof pending->id);
        (void) memcpy(pending->job_id, request->job_id, sizeof pending->job_id);
        (void) memcpy(pending->user, request->user, sizeof pending->user);
}

int pending_park(PendingRequest *pending, sd_bus_message *message) {
        pending->operation = operation_new(message);
        return pending->operation ? 0 : -ENOMEM;
}

void pending_done(PendingRequest *pending) {
        operation_free(pending->operation);
        free(pending->text);
}

Plan pending_plan(const PendingRequest *pending, Actor *actor) {
        *actor = (Actor){ .uid = pending->uid, .user = pending->user, .correlation = pending->id[0] ? pending->id : pending->job_id };
        return manager_plan(pending->manager, actor);
}

int pending_commit(PendingRequest *pending, Change *change, json_t **ret_outcome, sd_bus_error *error) {
        return store_commit(pending->manager->store, pending->id[0] ? pending->id : NULL, pending->text, change, ret_outcome, error);
}

void pending_answer(PendingRequest *pending, const json_t *outcome) {
        bus_changes_flush(pending->manager->daemon->changes);
        pending->operation = operation_reply(pending->operation, "o", dict_string(outcome, "object", "/"));
        host_refresh(pending->manager);
}

void pending_answer_job(PendingRequest *pending, const json_t *outcome) {
        bus_changes_flush(pending->manager->daemon->changes);
        pending->operation = operation_reply(pending->operation, "oo", dict_string(outcome, "object", "/"), dict_string(outcome, "job", "/"));
        host_refresh(pending->manager);
}

void pending_answer_only_job(PendingRequest *pending, const json_t *outcome) {
        bus_changes_flush(pending->manager->daemon->changes);
        pending->operation = operation_reply(pending->operation, "o", dict_string(outcome, "job", "/"));
        host_refresh(pending->manager);
}

int pending_replay(PendingRequest *pending, json_t **ret_outcome, sd_bus_error *error) {
        return pending->id[0] ? store_find_request(pending->manager->store, pending->id, pending->text, ret_outcome, error) : 0;
}

void pending_answer_empty(PendingRequest *pending) {
        bus_changes_flush(pending->manager->daemon->changes);
        pending->operation = operation_reply(pending->operation, "");
        host_refresh(pending->manager);
}

void pending_fail(PendingRequest *pending, int r, const sd_bus_error *error) {
        pending->operation = operation_fail_errno(pending->operation, r, error);
}

/* What a job's arguments say of the request and the object it is for. Return: 0 or -ENOMEM. */
static int complete_arguments(json_t *arguments, const char *request, const Object *object) {
        if (!arguments || json_object_set_new(arguments, "request", json_string(request)) < 0 ||
            (object && (json_object_set_new(arguments, "kind", json_string(object_kind_to_string(object->kind))) < 0 ||
                        json_object_set_new(arguments, "id", json_string(object->id)) < 0)))
                return -ENOMEM;
        return 0;
}

int pending_begin_job(PendingRequest *pending, const char *kind, Object *object, json_t *arguments, Change *change, Job **ret_job,
                      json_t **ret_outcome, sd_bus_error *error) {
        RemoteMark before;
        Job *job;
        int r;

        r = store_check_writable(pending->manager->store, error);
        if (r >= 0)
                r = complete_arguments(arguments, pending->id[0] ? pending->id : pending->job_id, object);
        if (r < 0)
                return r;
        remote_mark_get(object, &before);
        r = remote_job_new(pending->manager, kind, pending->job_id, object, pending->uid, arguments, &job, error);
        if (r < 0)
                return r;
        if (r == 0) {
                *ret_outcome = json_pack("{s:s}", "job", job_path(job));
                return *ret_outcome ? 0 : -ENOMEM;
        }
        r = change_outcome(change, "job", json_string(job_path(job)));
        if (r >= 0)
                r = pending_commit(pending, change, ret_outcome, error);
        if (r < 0) {
                remote_mark_set(pending->manager, object, &before);
                job_drop(job);
                return r;
        }
        *ret_job = job;
        return 1;
}

int request_begin_job(Request *request, const char *kind, Object *object, json_t *arguments, Change *change,
                      Job **ret_job, sd_bus_error *error) {
        _cleanup_json_ json_t *owned = arguments;
        RemoteMark before;
        Job *job;
        int r;

        *ret_job = NULL;
        if (request->replay)
                return 0;
        r = store_check_writable(request->manager->store, error);
        if (r < 0)
                return r;

        r = complete_arguments(owned, request->id[0] ? request->id : request->job_id, object);
        if (r < 0)
                return r;

        remote_mark_get(object, &before);
        r = remote_job_new(request->manager, kind, request->job_id, object, request->uid, owned, &job, error);
        if (r < 0)
                return r;
        if (r == 0) {
                request->outcome = json_pack("{s:s}", "job", job_path(job));
                return request->outcome ? 0 : -ENOMEM;
        }

        r = request_commit(request, change, true, error);
        if (r < 0) {
                remote_mark_set(request->manager, object, &before);
                job_drop(job);
                return r;
        }
        *ret_job = job;
        return 1;
}
