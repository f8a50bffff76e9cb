/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "steps.h"

#include <stdio.h>
#include <time.h>

#include "dict.h"
#include "log.h"

struct Steps {
        Backend backend;
        steps_progress_t progress;
        void *userdata;

        json_t *list;
        size_t next;
        bool persistent;
        steps_done_t done;
        int r;            /* the first failure of a persistent list */
        char *text;       /* its text, or what the last call gave */

        uint64_t token;   /* of the call that is out */
        sd_event_source *turn;     /* runs the next call from the loop */
        sd_event_source *deadline; /* of the call that is out */
};

static void steps_next(Steps *steps) {
        (void) sd_event_source_set_enabled(steps->turn, SD_EVENT_ONESHOT);
}

static void steps_finish(Steps *steps, int r) {
        _cleanup_free_ char *text = TAKE_PTR(steps->text);
        steps_done_t done = steps->done;

        steps_drop(steps);
        done(steps->userdata, r, text);
}

static const char *step_object(const json_t *step) {
        return dict_string(step, "iface", dict_string(step, "uuid", dict_string(step, "path", "devices")));
}

static void on_late_destroyed(void *userdata, uint64_t token, int r, const char *text) {
        if (r < 0)
                log_debug("A checkpoint that came too late stays until its time is up: %s", text ?: "");
}

/* A checkpoint that was made for nobody would be rolled back at its time, over whatever was done meanwhile by others. */
static void steps_on_late(Steps *steps, int r, const char *text) {
        if (r >= 0 && text)
                steps->backend.table->checkpoint_destroy(steps->backend.backend, text, (BackendCall){ .done = on_late_destroyed });
}

static void steps_on_done(void *userdata, uint64_t token, int r, const char *text) {
        Steps *steps = userdata;
        json_t *step;

        if (token != steps->token || !steps->list) {
                steps_on_late(steps, r, text);
                return;
        }
        steps->token++;
        (void) sd_event_source_set_enabled(steps->deadline, SD_EVENT_OFF);
        step = json_array_get(steps->list, steps->next);

        if (r < 0 && streq(dict_string(step, "do", ""), "reapply")) {
                log_debug("Cannot reapply %s (%s): activating it anew", step_object(step), text ?: "");
                (void) json_object_set_new(step, "do", json_string("activate"));
                steps_next(steps);
                return;
        }

        if (r >= 0 && steps->r >= 0) {
                free(steps->text);
                steps->text = text ? strdup(text) : NULL;
        } else if (r < 0) {
                log_debug("%s %s failed: %s", dict_string(step, "do", ""), step_object(step), text ?: "no reason given");
                if (steps->r >= 0) {
                        free(steps->text);
                        steps->r = r;
                        if (asprintf(&steps->text, "%s %s: %s", dict_string(step, "do", ""), step_object(step), text ?: "no reason given") < 0)
                                steps->text = NULL;
                }
                if (!steps->persistent) {
                        steps_finish(steps, r);
                        return;
                }
        }

        steps->next++;
        if (steps->progress)
                steps->progress(steps->userdata);
        steps_next(steps);
}

static void step_start(Steps *steps, const json_t *step) {
        const char *word = dict_string(step, "do", ""), *uuid = dict_string(step, "uuid", NULL), *iface = dict_string(step, "iface", NULL),
                   *text = dict_string(step, "text", NULL), *path = dict_string(step, "path", NULL);
        BackendCall call = { .done = steps_on_done, .userdata = steps, .token = ++steps->token };
        uint32_t timeout_sec = (uint32_t)dict_integer(step, "timeout", 0);
        const BackendTable *table = steps->backend.table;
        void *backend = steps->backend.backend;

        (void) sd_event_source_set_time_relative(steps->deadline, STEP_DEADLINE_USEC);
        (void) sd_event_source_set_enabled(steps->deadline, SD_EVENT_ONESHOT);
        log_debug("network step: %s %s", word, step_object(step));

        if (streq(word, "checkpoint"))
                table->checkpoint_create(backend, json_object_get(step, "devices"), timeout_sec, call);
        else if (streq(word, "adjust"))
                table->checkpoint_adjust(backend, path, timeout_sec, call);
        else if (streq(word, "destroy"))
                table->checkpoint_destroy(backend, path, call);
        else if (streq(word, "rollback"))
                table->checkpoint_rollback(backend, path, call);
        else if (streq(word, "put"))
                table->profile_put(backend, uuid, text, dict_boolean(step, "disk", false), call);
        else if (streq(word, "delete"))
                table->profile_delete(backend, uuid, call);
        else if (streq(word, "activate"))
                table->activate(backend, uuid, iface, call);
        else if (streq(word, "reapply"))
                table->reapply(backend, iface, text, call);
        else
                table->deactivate(backend, uuid, iface, call);
}

static int steps_on_turn(sd_event_source *source, void *userdata) {
        Steps *steps = userdata;

        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        if (!steps->list)
                return 0;
        if (steps->next >= json_array_size(steps->list))
                steps_finish(steps, steps->r);
        else
                step_start(steps, json_array_get(steps->list, steps->next));
        return 0;
}

static int steps_on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        Steps *steps = userdata;

        steps_on_done(steps, steps->token, -ETIMEDOUT, "NetworkManager did not answer in time");
        return 0;
}

int steps_new(sd_event *event, Backend backend, steps_progress_t progress, void *userdata, Steps **ret) {
        _cleanup_(steps_freep) Steps *steps = calloc(1, sizeof *steps);
        int r;

        if (!steps)
                return -ENOMEM;
        steps->backend = backend;
        steps->progress = progress;
        steps->userdata = userdata;

        r = sd_event_add_defer(event, &steps->turn, steps_on_turn, steps);
        if (r >= 0)
                r = sd_event_source_set_enabled(steps->turn, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &steps->deadline, CLOCK_MONOTONIC, 0, 10 * USEC_PER_MSEC, steps_on_deadline, steps);
        if (r >= 0)
                r = sd_event_source_set_enabled(steps->deadline, SD_EVENT_OFF);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(steps);
        return 0;
}

Steps *steps_free(Steps *steps) {
        if (!steps)
                return NULL;
        json_decref(steps->list);
        free(steps->text);
        sd_event_source_disable_unref(steps->turn);
        sd_event_source_disable_unref(steps->deadline);
        free(steps);
        return NULL;
}

int steps_run(Steps *steps, json_t *list, bool persistent, steps_done_t done) {
        steps_drop(steps);
        if (!list)
                return -ENOMEM;
        steps->list = list;
        steps->persistent = persistent;
        steps->done = done;
        steps_next(steps);
        return 0;
}

void steps_drop(Steps *steps) {
        json_decref(steps->list);
        steps->list = NULL;
        steps->next = 0;
        steps->r = 0;
        steps->token++;
        free(steps->text);
        steps->text = NULL;
        (void) sd_event_source_set_enabled(steps->turn, SD_EVENT_OFF);
        (void) sd_event_source_set_enabled(steps->deadline, SD_EVENT_OFF);
}
