/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "job-internal.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>

#include "bus-error.h"
#include "clock-util.h"
#include "log-ids.h"
#include "log.h"
#include "parse-util.h"
#include "state-file.h"

#define JOB_FILE_VERSION 1

static const char *const job_state_table[] = {
        [JOB_PENDING] = "pending", [JOB_RUNNING] = "running", [JOB_ABORTING] = "aborting",
        [JOB_DONE] = "done",       [JOB_FAILED] = "failed",   [JOB_ABORTED] = "aborted",
};
DEFINE_STRING_TABLE(job_state, JobState, _JOB_STATE_MAX)

bool job_has_ended(const Job *job) {
        return job->state >= JOB_DONE;
}

/* ---- on disk ---- */

static char *job_file(const Job *job) {
        char *path;

        return asprintf(&path, "%s/%s.json", job->manager->directory, job->id) < 0 ? NULL : path;
}

static int job_save(Job *job) {
        _cleanup_json_ json_t *object = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        if (!job->manager->directory)
                return 0;

        object = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:o*, s:O*, s:O*, s:s*, s:s*}", "id", job->id, "kind",
                           job->kind, "state", job_state_to_string(job->state), "uid", (json_int_t)job->uid,
                           "started_at", (json_int_t)job->started_at_usec, "ended_at",
                           (json_int_t)job->ended_at_usec, "objects", json_deep_copy(job->objects), "arguments",
                           job->arguments, "result", job->result, "error_name", job->error_name, "error_message",
                           job->error_message);
        path = job_file(job);
        r = object && path ? state_file_save(path, object, JOB_FILE_VERSION) : -ENOMEM;
        if (r < 0)
                log_warning_errno(r, "Cannot keep job %s on disk", job->id);
        return r;
}

static void job_unsave(const Job *job) {
        _cleanup_free_ char *path = NULL;

        if (!job->manager->directory)
                return;
        path = job_file(job);
        if (path)
                (void) state_file_remove(path);
}

/* ---- life ---- */

static Job *job_free(Job *job) {
        if (!job)
                return NULL;

        sd_event_source_disable_unref(job->expiry);
        sd_event_source_disable_unref(job->progress_timer);
        json_decref(job->objects);
        json_decref(job->arguments);
        json_decref(job->result);
        free(job->id);
        free(job->path);
        free(job->kind);
        free(job->error_name);
        free(job->error_message);
        free(job);
        return NULL;
}
DEFINE_CLEANUP(Job *, job_free)

static int job_link(JobManager *manager, Job *job) {
        int r;

        job->manager = manager;
        job->path = bus_object_path(manager->prefix, job->id);
        if (!job->path)
                return -ENOMEM;

        HASH_ADD_KEYPTR(hh, manager->jobs, job->id, strlen(job->id), job);
        if (job_has_ended(job))
                manager->finished++;
        else
                manager->active++;

        r = sd_bus_emit_object_added(manager->bus, job->path);
        if (r < 0)
                log_debug_errno(r, "Cannot announce job %s", job->id);
        return 0;
}

void job_remove(Job *job) {
        JobManager *manager = job->manager;
        int r;

        bus_changes_forget(manager->changes, job->path);
        r = sd_bus_emit_object_removed(manager->bus, job->path);
        if (r < 0)
                log_debug_errno(r, "Cannot announce the end of job %s", job->id);

        HASH_DEL(manager->jobs, job);
        if (job_has_ended(job))
                manager->finished--;
        else
                manager->active--;
        job_unsave(job);
        job_free(job);
}

static int on_expired(sd_event_source *source, uint64_t usec, void *userdata) {
        job_remove(userdata);
        return 0;
}

static void job_expire_later(Job *job) {
        uint64_t age = realtime_usec() - job->ended_at_usec;
        int r;

        if (age > JOB_KEEP_USEC) /* ended long ago, or the clock went back */
                age = 0;
        r = sd_event_add_time_relative(sd_bus_get_event(job->manager->bus), &job->expiry, CLOCK_BOOTTIME,
                                       JOB_KEEP_USEC - age, USEC_PER_SEC, on_expired, job);
        if (r < 0)
                log_warning_errno(r, "Job %s will stay until the service ends", job->id);
}

/* Drops the ended job that ended first when there are too many. */
static void trim_finished(JobManager *manager) {
        Job *job, *oldest = NULL;

        if (manager->finished <= JOB_FINISHED_MAX)
                return;

        for (job = manager->jobs; job; job = job->hh.next)
                if (job_has_ended(job) && (!oldest || job->ended_at_usec < oldest->ended_at_usec))
                        oldest = job;
        if (oldest)
                job_remove(oldest);
}

static void job_set_state(Job *job, JobState state) {
        static const char *const volatile_properties[] = {
                "State", "Progress", "ProgressValid", "EndedAt", "Cancelable", "ErrorName", "ErrorMessage", "Result",
        };

        log_full(LOG_DEBUG, NULL, LOG_FIELDS("RHV_JOB", job->id), "Job %s (%s): %s -> %s", job->id, job->kind,
                 job_state_to_string(job->state), job_state_to_string(state));
        job->state = state;
        for (size_t i = 0; i < ELEMENTSOF(volatile_properties); i++)
                bus_changed(job->manager->changes, job->path, JOB_INTERFACE, volatile_properties[i]);
}

static int same_request(const Job *job, const JobSpec *spec) {
        if (!streq(job->kind, spec->kind) || job->uid != spec->uid)
                return false;
        if (!job->arguments || !spec->arguments)
                return !job->arguments && !spec->arguments;
        return json_equal(job->arguments, spec->arguments);
}

static int job_make(const JobSpec *spec, Job **ret) {
        _cleanup_(job_freep) Job *job = NULL;
        char id[UUID_STRING_MAX];
        int r;

        if (!spec->id) {
                r = uuid_generate(id);
                if (r < 0)
                        return r;
        }

        job = calloc(1, sizeof *job);
        if (!job)
                return -ENOMEM;
        job->id = strdup(spec->id ?: id);
        job->kind = strdup(spec->kind);
        job->objects = json_array();
        job->uid = spec->uid;
        job->arguments = spec->arguments ? json_deep_copy(spec->arguments) : NULL;
        job->cancel = spec->cancel;
        job->userdata = spec->userdata;
        job->started_at_usec = realtime_usec();
        if (!job->id || !job->kind || !job->objects || (spec->arguments && !job->arguments))
                return -ENOMEM;
        for (const char *const *object = spec->objects; object && *object; object++)
                if (json_array_append_new(job->objects, json_string(*object)) < 0)
                        return -ENOMEM;

        *ret = TAKE_PTR(job);
        return 0;
}

int job_new(JobManager *manager, const JobSpec *spec, Job **ret, sd_bus_error *error) {
        _cleanup_(job_freep) Job *job = NULL;
        int r;

        if (spec->id) {
                Job *found;

                if (!uuid_is_valid(spec->id))
                        return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "job_id must be a UUID");
                found = job_find(manager, spec->id);
                if (found && !same_request(found, spec))
                        return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS,
                                                 "Job %s is there already, for another request", spec->id);
                if (found) {
                        *ret = found;
                        return 0;
                }
        }
        if (manager->active >= JOB_ACTIVE_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED,
                                         "%u jobs are at work already; wait for one to end", JOB_ACTIVE_MAX);

        r = job_make(spec, &job);
        if (r < 0)
                return r;
        r = job_link(manager, job);
        if (r < 0)
                return r;

        r = job_save(job);
        if (r < 0) {
                job_drop(TAKE_PTR(job));
                return bus_error_errno(error, r, "The job cannot be kept, nothing was begun");
        }
        *ret = TAKE_PTR(job);
        return 1;
}

void job_drop(Job *job) {
        job_remove(job);
}

void job_start(Job *job) {
        if (job->state != JOB_PENDING)
                return;

        job_set_state(job, JOB_RUNNING);
        (void) job_save(job);
}

static int on_progress_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Job *job = userdata;
        static const char *const properties[] = { "Progress", "ProgressValid", "BytesDone", "BytesTotal" };

        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                bus_changed(job->manager->changes, job->path, JOB_INTERFACE, properties[i]);
        return 0;
}

void job_set_progress(Job *job, uint64_t done, uint64_t total) {
        int enabled = SD_EVENT_OFF;

        if (job_has_ended(job) || (job->done == done && job->total == total))
                return;

        job->done = done;
        job->total = total;

        if (!job->progress_timer) {
                (void) sd_event_add_time_relative(sd_bus_get_event(job->manager->bus), &job->progress_timer,
                                                  CLOCK_MONOTONIC, 0, 0, on_progress_timer, job);
                return;
        }
        (void) sd_event_source_get_enabled(job->progress_timer, &enabled);
        if (enabled != SD_EVENT_OFF)
                return;
        (void) sd_event_source_set_time_relative(job->progress_timer, JOB_PROGRESS_INTERVAL_USEC);
        (void) sd_event_source_set_enabled(job->progress_timer, SD_EVENT_ONESHOT);
}

void job_finish(Job *job, int r, const sd_bus_error *error, json_t *result) {
        _cleanup_error_ sd_bus_error fallback = SD_BUS_ERROR_NULL;

        if (job_has_ended(job)) {
                json_decref(result);
                return;
        }

        json_decref(job->result);
        job->result = result;
        job->ended_at_usec = realtime_usec();
        job->progress_timer = sd_event_source_disable_unref(job->progress_timer);
        job->cancel = NULL;
        job->userdata = NULL;
        job->manager->active--;
        job->manager->finished++;

        if (r >= 0) {
                if (job->total > 0)
                        job->done = job->total;
                job_set_state(job, JOB_DONE);
        } else {
                if (r == -ECANCELED && (!error || !sd_bus_error_is_set(error)))
                        (void) sd_bus_error_set(&fallback, RHV_ERROR_ABORTED, "Cancelled");
                else if (!error || !sd_bus_error_is_set(error))
                        (void) bus_error_errno(&fallback, r, "%s failed", job->kind);
                if (!error || !sd_bus_error_is_set(error))
                        error = &fallback;
                free(job->error_name);
                free(job->error_message);
                job->error_name = strdup(error->name ?: RHV_ERROR_BACKEND_FAILED);
                job->error_message = strdup(error->message ?: "");
                job_set_state(job, r == -ECANCELED ? JOB_ABORTED : JOB_FAILED);
                if (r != -ECANCELED)
                        log_full(LOG_NOTICE, MESSAGE_ID_JOB_FAILED,
                                 LOG_FIELDS("RHV_JOB", job->id, "RHV_JOB_KIND", job->kind, "RHV_ERROR", job->error_name),
                                 "Job %s (%s) failed: %s", job->id, job->kind, job->error_message ?: "");
        }

        bus_changed(job->manager->changes, job->path, JOB_INTERFACE, "BytesDone");
        (void) job_save(job);
        job_expire_later(job);
        trim_finished(job->manager);
}

int job_cancel(Job *job, sd_bus_error *error) {
        int r;

        if (job_has_ended(job))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Job %s has ended: it is %s", job->id,
                                         job_state_to_string(job->state));
        if (job->state == JOB_ABORTING)
                return 0;
        if (!job->cancel)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "A job of kind '%s' cannot be cancelled now",
                                         job->kind);

        r = job->cancel(job, job->userdata, error);
        if (r < 0)
                return r;
        if (!job_has_ended(job))
                job_set_state(job, JOB_ABORTING);
        return 0;
}

/* ---- after a restart ---- */

static int job_from_file(const char *directory, const char *name, Job **ret) {
        _cleanup_(job_freep) Job *job = NULL;
        _cleanup_json_ json_t *object = NULL;
        _cleanup_free_ char *path = NULL;
        const char *id, *kind, *state, *error_name = NULL, *error_message = NULL;
        json_t *objects = NULL, *arguments = NULL, *result = NULL;
        json_int_t uid, started_at, ended_at;
        int r;

        if (asprintf(&path, "%s/%s", directory, name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r = state_file_load(path, JOB_FILE_VERSION, &object);
        if (r < 0)
                return r;
        if (json_unpack(object, "{s:s, s:s, s:s, s:I, s:I, s:I, s?o, s?o, s?o, s?s, s?s}", "id", &id, "kind", &kind,
                        "state", &state, "uid", &uid, "started_at", &started_at, "ended_at", &ended_at, "objects",
                        &objects, "arguments", &arguments, "result", &result, "error_name", &error_name,
                        "error_message", &error_message) < 0)
                return -EBADMSG;
        if (!uuid_is_valid(id) || strncmp(name, id, 36) != 0 || (int)job_state_from_string(state) < 0)
                return -EBADMSG;

        job = calloc(1, sizeof *job);
        if (!job)
                return -ENOMEM;
        job->id = strdup(id);
        job->kind = strdup(kind);
        job->state = job_state_from_string(state);
        job->uid = (uid_t)uid;
        job->started_at_usec = (uint64_t)started_at;
        job->ended_at_usec = (uint64_t)ended_at;
        job->objects = json_is_array(objects) ? json_incref(objects) : json_array();
        job->arguments = json_incref(arguments);
        job->result = json_incref(result);
        job->error_name = error_name ? strdup(error_name) : NULL;
        job->error_message = error_message ? strdup(error_message) : NULL;
        job->recovered = !job_has_ended(job);
        if (!job->id || !job->kind || !job->objects)
                return -ENOMEM;

        *ret = TAKE_PTR(job);
        return 0;
}

static int load_jobs(JobManager *manager) {
        const struct dirent *entry;
        DIR *directory;
        int r;

        r = make_directory(manager->directory, 0700);
        if (r < 0)
                return r;
        directory = opendir(manager->directory);
        if (!directory)
                return -errno;

        while ((entry = readdir(directory))) {
                Job *job = NULL;

                if (!strstr(entry->d_name, ".json") || strstr(entry->d_name, ".tmp"))
                        continue;
                r = job_from_file(manager->directory, entry->d_name, &job);
                if (r < 0) {
                        log_warning_errno(r, "Job file %s/%s is left alone", manager->directory, entry->d_name);
                        continue;
                }
                r = job_link(manager, job);
                if (r < 0) {
                        job_free(job);
                        break;
                }
                if (job_has_ended(job))
                        job_expire_later(job);
        }

        (void) closedir(directory);
        return 0;
}

void job_manager_recover(JobManager *manager, bool (*adopt)(Job *job, void *userdata), void *userdata) {
        Job *job, *next;

        HASH_ITER(hh, manager->jobs, job, next) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                if (!job->recovered)
                        continue;
                job->recovered = false;
                if (adopt && adopt(job, userdata))
                        continue;
                if (job_has_ended(job))
                        continue;
                (void) sd_bus_error_set(&error, RHV_ERROR_INTERRUPTED,
                                        "The service ended while this job was at work");
                job_finish(job, -EINTR, &error, NULL);
        }
}

void job_adopt(Job *job, int (*cancel)(Job *, void *, sd_bus_error *), void *userdata) {
        job->recovered = false;
        job->cancel = cancel;
        job->userdata = userdata;
        bus_changed(job->manager->changes, job->path, JOB_INTERFACE, "Cancelable");
}

/* ---- manager ---- */

int job_manager_new(sd_bus *bus, BusChanges *changes, const char *service, const char *directory, JobManager **ret) {
        _cleanup_(job_manager_freep) JobManager *manager = NULL;
        int r;

        manager = calloc(1, sizeof *manager);
        if (!manager)
                return -ENOMEM;
        manager->bus = sd_bus_ref(bus);
        manager->changes = changes;
        if (asprintf(&manager->prefix, "/org/rhv/%s/job", service) < 0) {
                manager->prefix = NULL;
                return -ENOMEM;
        }
        if (directory) {
                manager->directory = strdup(directory);
                if (!manager->directory)
                        return -ENOMEM;
                r = load_jobs(manager);
                if (r < 0)
                        return log_error_errno(r, "Cannot use the job directory %s", directory);
        }

        *ret = TAKE_PTR(manager);
        return 0;
}

JobManager *job_manager_free(JobManager *manager) {
        Job *job, *next;

        if (!manager)
                return NULL;

        /* Unfinished ones stay on disk: the next process finds them. */
        HASH_ITER(hh, manager->jobs, job, next) {
                HASH_DEL(manager->jobs, job);
                job_free(job);
        }
        sd_bus_unref(manager->bus);
        free(manager->prefix);
        free(manager->directory);
        free(manager);
        return NULL;
}

size_t job_manager_active(const JobManager *manager) {
        return manager->active;
}

Job *job_find(JobManager *manager, const char *id) {
        Job *job;

        HASH_FIND_STR(manager->jobs, id, job);
        return job;
}

const char *job_id(const Job *job) {
        return job->id;
}

const char *job_path(const Job *job) {
        return job->path;
}

const char *job_kind(const Job *job) {
        return job->kind;
}

JobState job_state(const Job *job) {
        return job->state;
}

uid_t job_uid(const Job *job) {
        return job->uid;
}

const json_t *job_arguments(const Job *job) {
        return job->arguments;
}

void *job_userdata(const Job *job) {
        return job->userdata;
}

void job_set_userdata(Job *job, void *userdata) {
        job->userdata = userdata;
}
