/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "run.h"

#include <stdio.h>
#include <utlist.h>

#include "agent-outcome.h"
#include "bus-error.h"
#include "child.h"
#include "clock-util.h"
#include "log-ids.h"
#include "log.h"
#include "request.h"

struct FenceRun {
        Manager *manager;
        Job *job;
        /* what was asked */
        FenceAction action;
        uint64_t timeout_usec;
        json_t *device, *metadata, *parameters;
        Secrets *secrets;
        char *name, *queue_key;
        /* how far it is */
        bool active, aborting;
        Sequence sequence;
        FenceAction running;
        Child *child;
        sd_event_source *timer;
        char *complaint; /* of the latest failed agent run, without secrets */
        FenceRun *next, *prev;
};

static void run_step(FenceRun *run, SequenceStep step);

static const char *agent_of(const FenceRun *run) {
        return dict_string(run->device, "agent", "");
}

int fence_run_may_queue(const Manager *manager, const json_t *device, sd_bus_error *error) {
        _cleanup_free_ char *key = request_queue_key(device);
        const FenceRun *run;
        unsigned n = 0;

        if (!key)
                return -ENOMEM;
        DL_FOREACH(manager->runs, run) {
                if (!run->active && streq(run->queue_key, key))
                        n++;
        }
        if (n >= FENCE_QUEUE_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "%u actions wait for this device already", n);
        return 0;
}

int fence_run_new(Manager *manager, const FenceRunSpec *spec, Job *job, FenceRun **ret) {
        _cleanup_(secrets_freep) Secrets *secrets = spec->secrets;
        FenceRun *run = calloc(1, sizeof(FenceRun));

        if (!run)
                return -ENOMEM;
        run->manager = manager;
        run->job = job;
        run->action = spec->action;
        run->timeout_usec = spec->timeout_usec;
        run->device = json_incref((json_t *)spec->device);
        run->metadata = json_incref((json_t *)spec->metadata);
        run->parameters = json_incref((json_t *)spec->parameters);
        run->secrets = TAKE_PTR(secrets);
        run->name = request_describe(spec->device);
        run->queue_key = request_queue_key(spec->device);
        DL_APPEND(manager->runs, run);
        if (!run->name || !run->queue_key) {
                fence_run_free(run);
                return -ENOMEM;
        }

        job_set_userdata(job, run);
        *ret = run;
        return 0;
}

FenceRun *fence_run_free(FenceRun *run) {
        if (!run)
                return NULL;
        DL_DELETE(run->manager->runs, run);
        if (run->active)
                run->manager->active--;
        child_free(run->child);
        sd_event_source_disable_unref(run->timer);
        secrets_free(run->secrets);
        json_decref(run->device);
        json_decref(run->metadata);
        json_decref(run->parameters);
        free(run->name);
        free(run->queue_key);
        free(run->complaint);
        free(run);
        return NULL;
}

/* ---- the end ---- */

static int verdict_error(const FenceRun *run, SequenceVerdict verdict, sd_bus_error *error) {
        const char *action = fence_action_to_string(run->action), *why = isempty(run->complaint) ? "no reason given" : run->complaint;

        switch (verdict) {
        case SEQUENCE_STOPPED:
                (void) sd_bus_error_setf(error, RHV_ERROR_ABORTED, "'%s' of %s was cancelled; ask its status to know how far it came",
                                         action, run->name);
                return -ECANCELED;
        case SEQUENCE_EXPIRED:
                return sd_bus_error_setf(error, RHV_ERROR_TIMEOUT, "'%s' of %s did not end in time: %s", action, run->name, why);
        case SEQUENCE_NOT_DONE:
                return sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "%s called '%s' of %s done, but the device still says it is %s",
                                         agent_of(run), action, run->name, fence_status_to_string(run->sequence.status));
        case SEQUENCE_UNCONFIRMED:
                return sd_bus_error_setf(error,
                                         run->sequence.last == FENCE_OUTCOME_TIMEOUT ? RHV_ERROR_TIMEOUT : RHV_ERROR_BACKEND_FAILED,
                                         "%s called '%s' of %s done, but the device does not say so; its status is unknown: %s",
                                         agent_of(run), action, run->name, why);
        default:
                break;
        }

        switch (run->sequence.last) {
        case FENCE_OUTCOME_DENIED:
                return sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "%s refused the user name or the password: %s", run->name, why);
        case FENCE_OUTCOME_TIMEOUT:
                return sd_bus_error_setf(error, RHV_ERROR_TIMEOUT, "%s did not answer in time: %s", run->name, why);
        case FENCE_OUTCOME_MISSING:
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "The fence agent %s is not there any more", agent_of(run));
        default:
                return sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "%s failed on %s: %s", agent_of(run), run->name, why);
        }
}

static void log_end(const FenceRun *run, const sd_bus_error *error) {
        const char *action = fence_action_to_string(run->action), *status = fence_status_to_string(run->sequence.status);
        char uid[16];
        const char *const *fields;

        (void) snprintf(uid, sizeof(uid), "%u", (unsigned)job_uid(run->job));
        fields = LOG_FIELDS("RHV_JOB", job_id(run->job), "RHV_DEVICE", run->name, "RHV_AGENT", agent_of(run), "RHV_ACTION", action,
                            "RHV_STATUS", status, "RHV_UID", uid);
        if (!error)
                log_full(LOG_INFO, MESSAGE_ID_FENCE_CONFIRMED, fields, "'%s' of %s: the device says it is %s", action, run->name, status);
        else
                log_full(LOG_WARNING, MESSAGE_ID_FENCE_FAILED, fields, "'%s' of %s failed: %s", action, run->name, error->message);
}

static void run_finish(FenceRun *run, SequenceVerdict verdict) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Manager *manager = run->manager;
        json_t *result;
        int r = 0;

        if (verdict != SEQUENCE_CONFIRMED)
                r = verdict_error(run, verdict, &error);
        log_end(run, r < 0 ? &error : NULL);
        result = json_pack("{s:s, s:b}", "status", fence_status_to_string(run->sequence.status), "was_off", run->sequence.was_off);
        job_finish(run->job, r, r < 0 ? &error : NULL, result);

        fence_run_free(run);
        fence_run_dispatch(manager);
}

/* ---- one agent run ---- */

/* The tail of stderr may begin inside a word, and that word may be a secret: its first line is not looked at. */
static const char *whole_lines(const char *err) {
        const char *newline;

        if (strlen(err) + 1 < CHILD_STDERR_MAX)
                return err;
        newline = strchr(err, '\n');
        return newline ? newline + 1 : "";
}

static char *complaint_of(const FenceRun *run, const ChildResult *result) {
        _cleanup_free_ char *text = NULL;
        char *complaint;

        if (result->r == -ETIMEDOUT)
                return strdup("the agent was ended because its time was over");
        if (result->term_signal > 0)
                return asprintf(&complaint, "the agent was ended by signal %d", result->term_signal) < 0 ? NULL : complaint;

        text = secrets_scrub(run->secrets, whole_lines(result->err));
        complaint = text ? agent_complaint(text) : NULL;
        if (!isempty(complaint) || result->exit_status < 0)
                return complaint;
        free(complaint);
        return asprintf(&complaint, "the agent ended with exit status %d and no words", result->exit_status) < 0 ? NULL : complaint;
}

static FenceOutcome outcome_of(const FenceRun *run, const ChildResult *result) {
        if (result->r == -ETIMEDOUT)
                return FENCE_OUTCOME_TIMEOUT;
        if (result->r == -ECANCELED || run->aborting)
                return FENCE_OUTCOME_ABORTED;
        if (result->r == -ENOENT || result->r == -EACCES)
                return FENCE_OUTCOME_MISSING;
        if (result->r < 0 || result->term_signal > 0)
                return FENCE_OUTCOME_FAILED;
        return agent_outcome(run->running, result->exit_status, result->out, result->err);
}

static void on_agent(Child *child, const ChildResult *result, void *userdata) {
        FenceRun *run = userdata;
        FenceOutcome outcome = outcome_of(run, result);

        run->child = NULL;
        free(run->complaint);
        run->complaint = outcome >= FENCE_OUTCOME_FAILED ? complaint_of(run, result) : NULL;
        log_debug("%s on %s: %s %s%s%s", agent_of(run), run->name, fence_action_to_string(run->running),
                  fence_outcome_to_string(outcome), run->complaint ? ": " : "", run->complaint ?: "");
        run_step(run, sequence_ran(&run->sequence, outcome, monotonic_usec()));
}

static int start_agent(FenceRun *run, FenceAction action, uint64_t until_usec) {
        _cleanup_free_ char *program = agent_store_program(run->manager->agents, agent_of(run));
        uint64_t limit_usec = request_run_limit(run->metadata, run->parameters), now = monotonic_usec();
        uint64_t left_usec = until_usec > now ? until_usec - now : 1;
        size_t input_size;
        char *input;
        int r;

        if (!program)
                return -ENOENT;
        r = request_input(action, run->parameters, run->secrets, &input, &input_size);
        if (r < 0)
                return r;

        run->running = action;
        r = child_start(run->manager->daemon->event,
                        &(const ChildSpec){
                                .argv = (const char *const[]){ program, NULL },
                                .input = input,
                                .input_size = input_size,
                                .deadline_usec = left_usec < limit_usec ? left_usec : limit_usec,
                                .output_max = 64 * KIB,
                                .done = on_agent,
                                .userdata = run,
                        },
                        &run->child);
        secret_free(input, input_size);
        return r;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        FenceRun *run = userdata;

        run->timer = sd_event_source_disable_unref(run->timer);
        run_step(run, sequence_slept(&run->sequence, monotonic_usec()));
        return 0;
}

static void run_step(FenceRun *run, SequenceStep step) {
        while (step.kind == SEQUENCE_RUN) {
                int r = start_agent(run, step.run, step.until_usec);

                if (r >= 0)
                        return;
                free(run->complaint);
                run->complaint = strdup(strerror(-r));
                step = sequence_ran(&run->sequence, r == -ENOENT ? FENCE_OUTCOME_MISSING : FENCE_OUTCOME_FAILED, monotonic_usec());
        }
        if (step.kind == SEQUENCE_FINISH || sd_event_add_time(run->manager->daemon->event, &run->timer, CLOCK_MONOTONIC,
                                                              step.until_usec, 0, on_timer, run) < 0)
                run_finish(run, step.kind == SEQUENCE_FINISH ? step.verdict : SEQUENCE_FAILED);
}

/* ---- the queue ---- */

static bool device_is_busy(const Manager *manager, const char *key) {
        const FenceRun *run;

        DL_FOREACH(manager->runs, run) {
                if (run->active && streq(run->queue_key, key))
                        return true;
        }
        return false;
}

static FenceRun *next_run(const Manager *manager) {
        FenceRun *run;

        if (manager->active >= FENCE_ACTIVE_MAX || manager->stopping)
                return NULL;
        DL_FOREACH(manager->runs, run) {
                if (!run->active && !device_is_busy(manager, run->queue_key))
                        return run;
        }
        return NULL;
}

void fence_run_dispatch(Manager *manager) {
        FenceRun *run;

        while ((run = next_run(manager))) {
                run->active = true;
                manager->active++;
                job_start(run->job);
                run_step(run, sequence_begin(&run->sequence, run->action, monotonic_usec(), run->timeout_usec));
        }
}

int fence_run_cancel(Job *job, void *userdata, sd_bus_error *error) {
        FenceRun *run = userdata;

        run->aborting = true;
        if (run->child) /* on_agent() ends it */
                child_cancel(run->child);
        else
                run_finish(run, SEQUENCE_STOPPED);
        return 0;
}
