/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "remote.h"

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "log.h"
#include "steps.h"

struct Remote {
        char id[37];
        char there[37]; /* the id of the service's job: the same, or that of a step */
        bool adopted;   /* of the last process */
        Manager *manager;
        const RemoteKind *kind;
        bool call_is_work;
        sd_bus_slot *call, *get;
        sd_event_source *timer, *failing, *again;
        sd_bus_message *message; /* the call, until it was accepted */
        void (*then)(Manager *manager, Job *job); /* of one that only waits */
        uint64_t refused_since;  /* monotonic usec; 0: never */
        sd_bus_error failure;
        uint64_t unreachable_since; /* monotonic usec; 0: it answers */
        UT_hash_handle hh;
};

static const RemoteKind *kind_find(const char *word) {
        for (const RemoteKind *kind = remote_kinds; kind->kind; kind++)
                if (streq(kind->kind, word))
                        return kind;
        return NULL;
}

static Backend *remote_backend(const Remote *remote) {
        return remote->manager->backends[remote->kind->backend];
}

static void remote_free(Remote *remote) {
        HASH_DEL(remote->manager->remotes, remote);
        sd_bus_slot_unref(remote->call);
        sd_bus_slot_unref(remote->get);
        sd_event_source_disable_unref(remote->timer);
        sd_event_source_disable_unref(remote->failing);
        sd_event_source_disable_unref(remote->again);
        sd_bus_message_unref(remote->message);
        sd_bus_error_free(&remote->failure);
        free(remote);
}

static uint64_t monotonic_now(Manager *manager) {
        uint64_t now = 0;

        (void) sd_event_now(manager->daemon->event, CLOCK_MONOTONIC, &now);
        return now;
}

/* There are few. */
static Remote *find_there(Manager *manager, const char *there) {
        Remote *remote, *next;

        HASH_ITER(hh, manager->remotes, remote, next)
                if (streq(remote->there, there))
                        return remote;
        return NULL;
}

static Object *job_object(Manager *manager, const Job *job) {
        const json_t *arguments = job_arguments(job);
        ObjectKind kind = object_kind_from_string(dict_string(arguments, "kind", ""));

        return kind < 0 ? NULL : model_find(manager->model, kind, dict_string(arguments, "id", ""));
}

void remote_mark_get(const Object *object, RemoteMark *ret) {
        (void) snprintf(ret->job, sizeof ret->job, "%s", object ? object->job : "");
        (void) snprintf(ret->doing, sizeof ret->doing, "%s", object ? dict_string(object->facts, "doing", "") : "");
}

void remote_mark_set(Manager *manager, Object *object, const RemoteMark *mark) {
        if (!object)
                return;
        (void) snprintf(object->job, sizeof object->job, "%s", mark->job);
        (void) object_set_fact(object, "doing", json_string(mark->doing));
        manager_changed(manager, object, "State");
        manager_changed(manager, object, "Job");
}

void remote_mark_clear(Manager *manager, const Job *job) {
        Object *object = job_object(manager, job);

        /* a power off may have cut in: then the object is that one's */
        if (object && streq(object->job, job_id(job)))
                remote_mark_set(manager, object, &(const RemoteMark){ .job = "" });
}

/* The one way out. */
static void remote_end(Remote *remote, int r, const sd_bus_error *error, const json_t *result) {
        Manager *manager = remote->manager;
        const RemoteKind *kind = remote->kind;
        Job *job = job_find(manager->daemon->jobs, remote->id);

        if (job)
                remote_mark_clear(manager, job);
        remote_free(remote);
        if (job)
                kind->done(manager, job, r, error, result);
        host_refresh(manager);
}

static void end_with(Remote *remote, int r, const char *name, const char *message) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) sd_bus_error_set(&error, name, message);
        remote_end(remote, r, &error, NULL);
}

/* What the remote job says about itself; partial properties too. Return: true when it ended (and remote is gone). */
static bool take_properties(Remote *remote, const json_t *properties) {
        const char *state = dict_string(properties, "State", "");
        Job *job = job_find(remote->manager->daemon->jobs, remote->id);

        if (!job || streq(state, "done")) {
                remote_end(remote, 0, NULL, json_object_get(properties, "Result"));
                return true;
        }
        if (streq(state, "failed") || streq(state, "aborted")) {
                const char *name = dict_string(properties, "ErrorName", "");

                end_with(remote, streq(state, "aborted") ? -ECANCELED : -EIO,
                         isempty(name) ? RHV_ERROR_BACKEND_FAILED : name,
                         dict_string(properties, "ErrorMessage", "no reason was given"));
                return true;
        }

        if (streq(state, "running") && job_state(job) == JOB_PENDING)
                job_start(job);
        if (json_object_get(properties, "BytesDone") || json_object_get(properties, "BytesTotal"))
                job_set_progress(job, (uint64_t)dict_integer(properties, "BytesDone", 0),
                                 (uint64_t)dict_integer(properties, "BytesTotal", 0));
        return false;
}

static void remote_ask(Remote *remote);

static int on_poll(sd_event_source *source, uint64_t usec, void *userdata) {
        remote_ask(userdata);
        return 0;
}

static void poll_later(Remote *remote) {
        remote->timer = sd_event_source_disable_unref(remote->timer);
        (void) sd_event_add_time_relative(remote->manager->daemon->event, &remote->timer, CLOCK_MONOTONIC,
                                          REMOTE_POLL_USEC, 0, on_poll, remote);
}

/* The service does not answer: keep asking, for a while. */
static void unreachable(Remote *remote, const sd_bus_error *error) {
        uint64_t now = monotonic_now(remote->manager);

        if (remote->unreachable_since == 0)
                remote->unreachable_since = now ?: 1;
        if (now - remote->unreachable_since < REMOTE_LOST_USEC) {
                poll_later(remote);
                return;
        }

        end_with(remote, -EINTR, RHV_ERROR_INTERRUPTED, error->message ?: "The service does not answer any more");
}

static bool is_unknown_object(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_OBJECT) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_METHOD) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_INTERFACE);
}

static int on_answer(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        Remote *remote = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(message);
        _cleanup_json_ json_t *properties = NULL;

        remote->get = sd_bus_slot_unref(remote->get);
        if (error && is_unknown_object(error)) {
                end_with(remote, -EINTR, RHV_ERROR_INTERRUPTED, "The service does not know the job any more");
                return 0;
        }
        if (error) {
                unreachable(remote, error);
                return 0;
        }
        if (dict_read(message, &properties, NULL) < 0) {
                end_with(remote, -EBADMSG, RHV_ERROR_BACKEND_FAILED, "What the service says about the job is nonsense");
                return 0;
        }

        remote->unreachable_since = 0;
        if (!take_properties(remote, properties))
                poll_later(remote);
        return 0;
}

/* Hands the job to a new Remote, with a call of its own. */
static bool resume(Remote *remote) {
        Manager *manager = remote->manager;
        const RemoteKind *kind = remote->kind;
        Job *job = job_find(manager->daemon->jobs, remote->id);
        const Object *object = job ? job_object(manager, job) : NULL;

        if (!object)
                return false;
        remote_free(remote);
        if (!kind->resume(manager, job, object)) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                (void) sd_bus_error_set(&error, RHV_ERROR_INTERRUPTED, "The service ended before this was begun");
                remote_fail(manager, job, &error);
        }
        return true;
}

static void remote_ask(Remote *remote) {
        _cleanup_message_ sd_bus_message *call = NULL;
        _cleanup_free_ char *path = NULL;
        int r = -ENOMEM;

        if (remote->get || remote->call || remote->again || remote->failing)
                return;
        /* such a job is asked for only where the last process made its call */
        if (remote->kind->resume && remote->adopted && resume(remote))
                return;

        path = bus_object_path("/job", remote->there);
        if (path)
                r = backend_properties(remote_backend(remote), path, "Job", &call);
        if (r >= 0)
                r = backend_send(remote_backend(remote), call, on_answer, remote, &remote->get);
        if (r < 0)
                poll_later(remote);
}

static bool is_silence(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_TIMEOUT) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_DISCONNECTED);
}

static int on_started(sd_bus_message *message, void *userdata, sd_bus_error *ret_error);

static int send(Remote *remote, sd_bus_message *message) {
        return (remote->call_is_work ? backend_send_work : backend_send)(remote_backend(remote), message, on_started, remote, &remote->call);
}

/* The same call once more: a sent message cannot be sent again. */
static int send_again(Remote *remote) {
        _cleanup_message_ sd_bus_message *call = NULL;
        int r;

        r = sd_bus_message_new_method_call(remote->manager->bus, &call, sd_bus_message_get_destination(remote->message),
                                           sd_bus_message_get_path(remote->message),
                                           sd_bus_message_get_interface(remote->message),
                                           sd_bus_message_get_member(remote->message));
        if (r >= 0)
                r = sd_bus_message_rewind(remote->message, true);
        if (r >= 0)
                r = sd_bus_message_copy(call, remote->message, true);
        if (r >= 0)
                r = send(remote, call);
        return r;
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata) {
        Remote *remote = userdata;

        remote->again = sd_event_source_disable_unref(remote->again);
        if (send_again(remote) < 0)
                end_with(remote, -EIO, RHV_ERROR_BACKEND_FAILED, "The call cannot be sent");
        return 0;
}

/* Is it worth to make the call again? A service that our call started may still be waiting for what it needs itself. One that died over a call that is the work
 * may have done it or not: only the same call once more tells, as after a restart of ours (RemoteKind.resume). */
static bool is_to_repeat(const Remote *remote, const sd_bus_error *error) {
        return sd_bus_error_has_name(error, RHV_ERROR_BACKEND_UNAVAILABLE) || (remote->call_is_work && is_silence(error));
}

/* Return: true when it is asked again. */
static bool repeat(Remote *remote, const sd_bus_error *error) {
        uint64_t now = monotonic_now(remote->manager);

        if (!is_to_repeat(remote, error))
                return false;
        if (remote->refused_since == 0)
                remote->refused_since = now ?: 1;
        if (now - remote->refused_since >= REMOTE_READY_USEC)
                return false;
        return sd_event_add_time_relative(remote->manager->daemon->event, &remote->again, CLOCK_MONOTONIC,
                                          REMOTE_AGAIN_USEC, 0, on_again, remote) >= 0;
}

/* Is the object that was asked the work's own, so that it is an answer where it is not there? Not so where something on a domain is to be made or removed. */
static bool is_about_object(const Remote *remote) {
        return remote->call_is_work || streq(sd_bus_message_get_interface(remote->message) ?: "", "org.rhv.Storage.Lockspace");
}

static int on_started(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        Remote *remote = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(message);

        remote->call = sd_bus_slot_unref(remote->call);
        if (error && repeat(remote, error))
                return 0;
        if (error && remote->call_is_work && is_silence(error))
                end_with(remote, -EINTR, RHV_ERROR_INTERRUPTED, "The service gave no answer");
        else if (error && !is_silence(error)) {
                _cleanup_error_ sd_bus_error named = SD_BUS_ERROR_NULL;

                if (is_about_object(remote) && is_unknown_object(error))
                        (void) sd_bus_error_setf(&named, RHV_ERROR_NOT_FOUND, "The %s service does not know it",
                                                 backend_service(remote_backend(remote)));
                else
                        (void) bus_error_forward(&named, error, "The %s service refused",
                                                 backend_service(remote_backend(remote)));
                remote_end(remote, -EIO, &named, NULL);
        } else if (remote->call_is_work)
                remote_end(remote, 0, NULL, NULL);
        else
                remote_ask(remote);
        return 0;
}

static Remote *remote_new(Manager *manager, const Job *job) {
        Remote *remote = calloc(1, sizeof *remote);

        if (!remote)
                return NULL;
        (void) snprintf(remote->id, sizeof remote->id, "%s", job_id(job));
        (void) snprintf(remote->there, sizeof remote->there, "%s", job_id(job));
        remote->manager = manager;
        remote->kind = kind_find(job_kind(job));
        HASH_ADD_STR(manager->remotes, id, remote);
        return remote;
}

static int on_failing(sd_event_source *source, void *userdata) {
        Remote *remote = userdata;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) sd_bus_error_move(&error, &remote->failure);
        remote_end(remote, sd_bus_error_has_name(&error, RHV_ERROR_ABORTED) ? -ECANCELED : -EIO, &error, NULL);
        return 0;
}

static int on_cancelled(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        return 0; /* the job's own state tells */
}

static int remote_cancel(Job *job, void *userdata, sd_bus_error *error) {
        Manager *manager = userdata;
        _cleanup_message_ sd_bus_message *call = NULL;
        _cleanup_free_ char *path = NULL;
        Remote *remote;
        int r;

        HASH_FIND_STR(manager->remotes, job_id(job), remote);
        if (!remote)
                return 0;
        if (remote->again) {
                /* it was not begun; told from the loop, as every end */
                remote->again = sd_event_source_disable_unref(remote->again);
                (void) sd_bus_error_set(&remote->failure, RHV_ERROR_ABORTED, "Cancelled before it began");
                return sd_event_add_defer(manager->daemon->event, &remote->failing, on_failing, remote);
        }
        path = bus_object_path("/job", remote->there);
        if (!path)
                return -ENOMEM;
        r = backend_message(remote_backend(remote), path, "Job", "Cancel", &call);
        if (r < 0)
                return r;
        return backend_send(remote_backend(remote), call, on_cancelled, NULL, NULL);
}

int remote_job_new(Manager *manager, const char *kind, const char *id, Object *object, uid_t uid,
                   const json_t *arguments, Job **ret, sd_bus_error *error) {
        const RemoteKind *known = kind_find(kind);
        ObjectKind of = object_kind_from_string(dict_string(arguments, "kind", ""));
        _cleanup_free_ char *path = of < 0 ? NULL
                                           : bus_object_path(object_kind_prefix(of), dict_string(arguments, "id", ""));
        JobSpec spec = {
                .id = id,
                .kind = kind,
                .objects = (const char *const[]){ path, NULL },
                .uid = uid,
                .arguments = arguments,
                .cancel = known->cancelable ? remote_cancel : NULL,
                .userdata = manager,
        };
        int r;

        r = job_new(manager->daemon->jobs, &spec, ret, error);
        if (r <= 0)
                return r;
        if (object) {
                RemoteMark mark;

                (void) snprintf(mark.job, sizeof mark.job, "%s", id);
                (void) snprintf(mark.doing, sizeof mark.doing, "%s", kind);
                remote_mark_set(manager, object, &mark);
        }
        return 1;
}

void remote_fail(Manager *manager, Job *job, const sd_bus_error *error) {
        Remote *remote = remote_new(manager, job);

        if (!remote || sd_bus_error_copy(&remote->failure, error) == -ENOMEM ||
            sd_event_add_defer(manager->daemon->event, &remote->failing, on_failing, remote) < 0)
                job_finish(job, -EIO, error, NULL);
}

static void start(Manager *manager, Job *job, sd_bus_message *message, const char *there, bool call_is_work) {
        Remote *remote = remote_new(manager, job);
        int r = -ENOMEM;

        if (remote) {
                remote->call_is_work = call_is_work;
                if (there)
                        (void) snprintf(remote->there, sizeof remote->there, "%s", there);
                remote->message = sd_bus_message_ref(message);
                r = send(remote, message);
        }
        if (r < 0) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                if (remote)
                        remote_free(remote);
                (void) sd_bus_error_set_errno(&error, r);
                remote_fail(manager, job, &error);
                return;
        }
        job_start(job);
}

void remote_start(Manager *manager, Job *job, sd_bus_message *message) {
        start(manager, job, message, NULL, false);
}

static void mark_again(Manager *manager, const Job *job) {
        RemoteMark mark;

        (void) snprintf(mark.job, sizeof mark.job, "%s", job_id(job));
        (void) snprintf(mark.doing, sizeof mark.doing, "%s", job_kind(job));
        remote_mark_set(manager, job_object(manager, job), &mark);
}

void remote_start_step(Manager *manager, Job *job, const char *there, sd_bus_message *message, bool call_is_work) {
        mark_again(manager, job);
        start(manager, job, message, there, call_is_work);
}

static int on_waited(sd_event_source *source, uint64_t usec, void *userdata) {
        Remote *remote = userdata;
        Manager *manager = remote->manager;
        Job *job = job_find(manager->daemon->jobs, remote->id);
        void (*then)(Manager *, Job *) = remote->then;

        remote_free(remote);
        if (job)
                then(manager, job);
        return 0;
}

void remote_wait_step(Manager *manager, Job *job, void (*then)(Manager *manager, Job *job)) {
        Remote *remote = remote_new(manager, job);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        if (remote) {
                remote->then = then;
                if (sd_event_add_time_relative(manager->daemon->event, &remote->again, CLOCK_MONOTONIC, REMOTE_AGAIN_USEC, 0, on_waited, remote) >= 0) {
                        mark_again(manager, job);
                        return;
                }
                remote_free(remote);
        }
        (void) sd_bus_error_set_errno(&error, -ENOMEM);
        remote_fail(manager, job, &error);
}

void remote_call(Manager *manager, Job *job, sd_bus_message *message) {
        start(manager, job, message, NULL, true);
}

void remote_object(Manager *manager, const char *path, const json_t *properties) {
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *prefix = slash ? strndup(path, (size_t)(slash - path)) : NULL, *id = NULL;
        Remote *remote;

        if (!prefix || bus_object_id(path, prefix, &id) <= 0)
                return;
        remote = find_there(manager, id);
        if (!remote || remote->call || remote->again)
                return;

        /* What the other service tells of is the step that was out when the last process ended: not the job. The job goes on from its first step, which is asked for again. */
        if (remote->adopted && remote->kind->resume) {
                remote_ask(remote);
                return;
        }

        /* an ended job is read in full: its signal may hold only what moved */
        if (json_object_get(properties, "State") && !json_object_get(properties, "Id") &&
            !streq(dict_string(properties, "State", ""), "running"))
                remote_ask(remote);
        else
                (void) take_properties(remote, properties);
}

void remote_backend_listed(Manager *manager, int backend) {
        Remote *remote, *next;

        HASH_ITER(hh, manager->remotes, remote, next)
                if (remote->kind->backend == backend && !remote->call_is_work && !remote->failing)
                        remote_ask(remote);
}

bool remote_needs(const Manager *manager, int backend) {
        Remote *remote, *next;

        HASH_ITER(hh, manager->remotes, remote, next)
                if (remote->kind->backend == backend)
                        return true;
        return false;
}

bool remote_makes_image(const Manager *manager, const char *image) {
        for (const Remote *remote = manager->remotes; remote; remote = remote->hh.next) {
                const Job *job = job_find(manager->daemon->jobs, remote->id);

                if (job && steps_job_has_image(job, image))
                        return true;
        }
        return false;
}

void remote_free_all(Manager *manager) {
        Remote *remote, *next;

        HASH_ITER(hh, manager->remotes, remote, next)
                remote_free(remote);
}

static bool adopt(Job *job, void *userdata) {
        Manager *manager = userdata;
        const RemoteKind *kind = kind_find(job_kind(job));
        Object *object = job_object(manager, job);
        Remote *remote;

        if (!kind)
                return false;
        remote = remote_new(manager, job);
        if (!remote)
                return false;

        remote->adopted = true;
        job_adopt(job, kind->cancelable ? remote_cancel : NULL, manager);
        if (object) {
                (void) snprintf(object->job, sizeof object->job, "%s", job_id(job));
                (void) object_set_fact(object, "doing", json_string(kind->kind));
        }
        /* asked for when its service was listed; and by itself, in case it was before */
        poll_later(remote);
        return true;
}

void remote_recover(Manager *manager) {
        job_manager_recover(manager->daemon->jobs, adopt, manager);
}
