/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "steps.h"

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "domain-life.h"
#include "remote.h"
#include "work.h"

/* Undoing counts from here: a job has fewer steps. */
#define UNDO_FIRST 0x8000U
#define STEPS_MAX 4096U
/* A step that needs a domain's lease waits for it so long: a restarted Storage opens the domain again, and a lost lease may be had again. */
#define LEASE_WAIT_USEC (60 * USEC_PER_SEC)

typedef struct StepsRun {
        char job[37];
        json_t *steps; /* those being taken */
        size_t next, n_done;
        bool undoing;
        uint64_t waiting_since; /* monotonic usec; 0: for no lease */
        int r; /* of the step that failed */
        sd_bus_error error;
        UT_hash_handle hh;
} StepsRun;

void steps_id(const char *job, unsigned n, char ret[static 37]) {
        unsigned last = 0;

        (void) snprintf(ret, 37, "%s", job);
        if (sscanf(job + 32, "%4x", &last) == 1)
                (void) snprintf(ret + 32, 5, "%04x", (last ^ n) & 0xffffU);
}

bool steps_is_done_already(const json_t *step, const sd_bus_error *error) {
        const char *method = dict_string(step, "method", "");

        if (streq(method, "CreateVolume"))
                return sd_bus_error_has_name(error, RHV_ERROR_ALREADY_EXISTS);
        if (streq(method, "ReleaseLease") || streq(method, "Leave"))
                return sd_bus_error_has_name(error, RHV_ERROR_NOT_FOUND) || sd_bus_error_has_name(error, RHV_ERROR_INVALID_STATE);
        if (streq(method, "DeleteLease") || streq(method, "Close"))
                return sd_bus_error_has_name(error, RHV_ERROR_NOT_FOUND);
        return (streq(method, "DeleteVolume") || streq(method, "DeleteImage") || streq(method, "MergeVolume") || streq(method, "DeleteDefinition")) &&
               sd_bus_error_has_name(error, RHV_ERROR_NOT_FOUND);
}

/* ---- life ---- */

static void run_free(Manager *manager, StepsRun *run) {
        HASH_DEL(manager->steps, run);
        json_decref(run->steps);
        sd_bus_error_free(&run->error);
        free(run);
}

void steps_free_all(Manager *manager) {
        StepsRun *run, *next;

        HASH_ITER(hh, manager->steps, run, next)
                run_free(manager, run);
}

static StepsRun *run_new(Manager *manager, const Job *job) {
        json_t *steps = json_object_get(job_arguments(job), "steps");
        StepsRun *run;

        if (!json_is_array(steps) || json_array_size(steps) > STEPS_MAX)
                return NULL;
        run = calloc(1, sizeof *run);
        if (!run)
                return NULL;
        (void) snprintf(run->job, sizeof run->job, "%s", job_id(job));
        run->steps = json_incref(steps);
        HASH_ADD_STR(manager->steps, job, run);
        return run;
}

static void run_end(Manager *manager, StepsRun *run, Job *job, const json_t *result) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        size_t n_done = run->n_done;
        int r = run->r;

        (void) sd_bus_error_move(&error, &run->error);
        run_free(manager, run);
        steps_end(manager, job, n_done, r, r < 0 ? &error : NULL, result);
}

/* ---- one step ---- */

static int append_arguments(sd_bus_message *message, const json_t *step) {
        const json_t *description = json_object_get(step, "description"), *target = json_object_get(step, "target");
        const char *volume = dict_string(step, "volume", ""), *lease = dict_string(step, "lease", NULL);
        int r = 0;

        if (streq(dict_string(step, "interface", ""), "Storage.Lockspace")) {
                if (lease)
                        r = sd_bus_message_append(message, "s", lease);
                if (r >= 0 && json_object_get(step, "host_id"))
                        r = sd_bus_message_append(message, "u", (uint32_t)dict_integer(step, "host_id", 0));
                return r;
        }
        if (dict_boolean(step, "call", false))
                return 0;
        if (json_object_get(step, "data_center"))
                return sd_bus_message_append(message, "s", dict_string(step, "data_center", ""));
        r = sd_bus_message_append(message, "s", dict_string(step, "image", ""));
        if (r >= 0 && *volume)
                r = sd_bus_message_append(message, "s", volume);
        if (r >= 0 && json_object_get(step, "capacity"))
                r = sd_bus_message_append(message, "t", (uint64_t)dict_integer(step, "capacity", 0));
        if (r >= 0 && (description || target))
                r = dict_append(message, description ?: target);
        return r;
}

/* The domain whose lease the step needs, where that one is shared. */
static const Object *leased_domain(const Manager *manager, const json_t *step) {
        const char *id = storage_step_structural(step);
        const Object *domain = id ? model_find(manager->model, KIND_STORAGE_DOMAIN, id) : NULL;

        return domain && storage_domain_is_leased(domain) ? domain : NULL;
}

int steps_check(const Manager *manager, const json_t *steps, sd_bus_error *error) {
        const json_t *step;
        size_t i;
        int r = 0;

        json_array_foreach((json_t *)steps, i, step) {
                const Object *domain = leased_domain(manager, step);

                r = domain ? storage_domain_check_lease(domain, error) : 0;
                if (r < 0)
                        break;
        }
        return r;
}

static int append_options(sd_bus_message *message, const json_t *step, const char *there, const Object *leased) {
        _cleanup_json_ json_t *options = dict_boolean(step, "call", false) ? json_object() : json_pack("{s:s}", "job_id", there);

        if (!options || (json_object_get(step, "options") && json_object_update(options, json_object_get(step, "options")) < 0) ||
            (leased && json_object_set_new(options, "lease", json_integer((json_int_t)storage_domain_lease(leased))) < 0))
                return -ENOMEM;
        return dict_append(message, options);
}

static void send(Manager *manager, StepsRun *run, Job *job);

static void send_again(Manager *manager, Job *job) {
        const char *id = job_id(job);
        StepsRun *run;

        HASH_FIND_STR(manager->steps, id, run);
        if (run)
                send(manager, run, job);
}

/* Return: 1 it is waited for; else as of storage_domain_check_lease(). */
static int await_lease(Manager *manager, StepsRun *run, Job *job, const Object *domain, sd_bus_error *error) {
        uint64_t now = 0;
        int r = domain ? storage_domain_check_lease(domain, error) : 0;

        if (r >= 0) {
                run->waiting_since = 0;
                return 0;
        }
        (void) sd_event_now(manager->daemon->event, CLOCK_MONOTONIC, &now);
        if (run->waiting_since == 0)
                run->waiting_since = now;
        if (now - run->waiting_since >= LEASE_WAIT_USEC)
                return r;
        sd_bus_error_free(error);
        remote_wait_step(manager, job, send_again);
        return 1;
}

static void send(Manager *manager, StepsRun *run, Job *job) {
        const json_t *step = json_array_get(run->steps, run->next);
        const Object *leased = leased_domain(manager, step);
        const bool call = dict_boolean(step, "call", false);
        _cleanup_message_ sd_bus_message *message = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char there[37];
        int r;

        r = await_lease(manager, run, job, leased, &error);
        if (r > 0)
                return;
        steps_id(run->job, (unsigned)run->next + (run->undoing ? UNDO_FIRST : 0), there);
        if (r >= 0)
                r = work_domain_message(manager, dict_string(step, "domain", ""), dict_string(step, "interface", "Storage.Domain"), dict_string(step, "method", ""), &message);
        if (r >= 0)
                r = append_arguments(message, step);
        if (r >= 0)
                r = append_options(message, step, there, leased);
        if (r >= 0) {
                remote_start_step(manager, job, there, message, call);
                return;
        }
        if (!sd_bus_error_is_set(&error))
                (void) sd_bus_error_set_errno(&error, r);
        remote_fail(manager, job, &error);
}

/* What was begun, last first; what cannot be taken back is left out. */
static json_t *undo_of(const StepsRun *run) {
        json_t *undo = json_array();

        for (size_t i = run->next + 1; undo && i-- > 0;) {
                json_t *step = json_object_get(json_array_get(run->steps, i), "undo");

                if (step)
                        (void) json_array_append(undo, step);
        }
        return undo;
}

static void turn_back(Manager *manager, StepsRun *run, Job *job) {
        json_t *undo = undo_of(run);

        if (!undo || json_array_size(undo) == 0) {
                json_decref(undo);
                run_end(manager, run, job, NULL);
                return;
        }
        json_decref(run->steps);
        run->steps = undo;
        run->undoing = true;
        run->next = 0;
        send(manager, run, job);
}

void steps_done(Manager *manager, Job *job, int r, const sd_bus_error *error, const json_t *result) {
        const char *id = job_id(job);
        StepsRun *run;

        HASH_FIND_STR(manager->steps, id, run);
        if (!run) {
                _cleanup_error_ sd_bus_error unknown = SD_BUS_ERROR_NULL;

                /* one step of unknown number, which is no success of the job */
                (void) sd_bus_error_set(&unknown, RHV_ERROR_INTERRUPTED, "The service ended in the middle of it");
                steps_end(manager, job, 0, r < 0 ? r : -EINTR, r < 0 ? error : &unknown, NULL);
                return;
        }
        if (r < 0 && !run->undoing && !steps_is_done_already(json_array_get(run->steps, run->next), error)) {
                run->r = r;
                (void) sd_bus_error_copy(&run->error, error);
                turn_back(manager, run, job);
                return;
        }
        if (!run->undoing)
                run->n_done++;
        if (++run->next < json_array_size(run->steps))
                send(manager, run, job);
        else
                run_end(manager, run, job, result);
}

bool steps_job_has_image(const Job *job, const char *image) {
        const json_t *step;
        size_t i;

        json_array_foreach(json_object_get(job_arguments(job), "steps"), i, step)
                if (streq(dict_string(step, "image", ""), image) || streq(dict_string(json_object_get(step, "target"), "image", ""), image))
                        return true;
        return false;
}

/* ---- begin ---- */

static int on_nothing(sd_event_source *source, void *userdata) {
        Manager *manager = userdata;
        StepsRun *run, *next;

        sd_event_source_disable_unref(source);
        HASH_ITER(hh, manager->steps, run, next)
                if (json_array_size(run->steps) == 0) {
                        Job *job = job_find(manager->daemon->jobs, run->job);

                        if (job) {
                                remote_mark_clear(manager, job);
                                run_end(manager, run, job, NULL);
                        } else
                                run_free(manager, run);
                }
        return 0;
}

void steps_begin(Manager *manager, Job *job) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        StepsRun *run = run_new(manager, job);
        sd_event_source *source = NULL;

        if (run && json_array_size(run->steps) > 0) {
                send(manager, run, job);
                return;
        }
        if (run && sd_event_add_defer(manager->daemon->event, &source, on_nothing, manager) >= 0) {
                job_start(job);
                return;
        }
        if (run)
                run_free(manager, run);
        (void) sd_bus_error_set_errno(&error, -ENOMEM);
        remote_fail(manager, job, &error);
}

bool steps_resume(Manager *manager, Job *job, const Object *object) {
        steps_begin(manager, job);
        return true;
}
