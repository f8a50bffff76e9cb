/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "steps.h"

#include <stdio.h>
#include <time.h>

#include "dict.h"
#include "log.h"

/* Each time a call was overtaken, something else has happened; that ends. */
#define STEP_TRIES_MAX 5

/* A call that is out. */
typedef struct Flight {
        uint64_t token;    /* 0: this place is free */
        uint64_t begin_usec;
        uint64_t end_usec; /* CLOCK_MONOTONIC: when it is given up */
        json_t *step;      /* NULL: of a list that is no more */
} Flight;

struct Steps {
        sd_event *event;
        Backend backend;
        steps_progress_t progress;
        void *userdata;

        json_t *list;
        size_t stage, next; /* next of that stage */
        bool persistent;
        unsigned window; /* how many may be out */
        steps_done_t done;
        int r;            /* the first failure of a persistent list */
        char *text;       /* its text, or what the last call gave */

        Flight flights[STEPS_WINDOW];
        uint64_t token;            /* the last that was given */
        sd_event_source *turn;     /* sends what can be sent, from the loop */
        sd_event_source *deadline; /* of the flight that ends first */
};

static uint64_t now_usec(const Steps *steps) {
        uint64_t usec = 0;

        (void) sd_event_now(steps->event, CLOCK_MONOTONIC, &usec);
        return usec;
}

static void steps_next(Steps *steps) {
        (void) sd_event_source_set_enabled(steps->turn, SD_EVENT_ONESHOT);
}

/* ---- flights ---- */

static Flight *find_flight(Steps *steps, uint64_t token) {
        for (size_t i = 0; i < STEPS_WINDOW; i++)
                if (steps->flights[i].token == token)
                        return &steps->flights[i];
        return NULL;
}

static void set_deadline(Steps *steps) {
        uint64_t first = USEC_INFINITY;

        for (size_t i = 0; i < STEPS_WINDOW; i++)
                if (steps->flights[i].token && steps->flights[i].end_usec < first)
                        first = steps->flights[i].end_usec;
        (void) sd_event_source_set_time(steps->deadline, first);
        (void) sd_event_source_set_enabled(steps->deadline, first == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

/* How many calls are out: of the list that runs, or ones that are left of another. */
static unsigned count_flights(const Steps *steps, bool left) {
        unsigned n = 0;

        for (size_t i = 0; i < STEPS_WINDOW; i++)
                n += steps->flights[i].token && left == !steps->flights[i].step;
        return n;
}

unsigned steps_window(unsigned window, uint64_t took_usec) {
        if (took_usec >= STEPS_SLOW_USEC)
                return window > 1 ? window / 2 : 1;
        return took_usec < STEPS_QUICK_USEC && window < STEPS_WINDOW ? window + 1 : window;
}

/* Return: the step of the call, which is out no more (new reference); NULL when nobody waits for it. */
static json_t *end_flight(Steps *steps, uint64_t token) {
        Flight *flight = find_flight(steps, token);
        json_t *step = flight ? flight->step : NULL;

        if (!flight)
                return NULL;
        if (step)
                steps->window = steps_window(steps->window, now_usec(steps) - flight->begin_usec);
        *flight = (Flight){ 0 };
        set_deadline(steps);
        return step;
}

/* ---- ends ---- */

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

static void note_failure(Steps *steps, const json_t *step, int r, const char *text) {
        const char *why = text ?: "no reason given";

        log_debug("%s %s failed: %s", dict_string(step, "do", ""), step_object(step), why);
        if (steps->r < 0)
                return;
        free(steps->text);
        steps->r = r;
        if (asprintf(&steps->text, "%s %s: %s", dict_string(step, "do", ""), step_object(step), why) < 0)
                steps->text = NULL;
}

/* In the same stage, with another value of one key. value: taken. */
static void try_again(Steps *steps, json_t *step, const char *key, json_t *value) {
        if (json_object_set_new(step, key, value) < 0 || json_array_append(json_array_get(steps->list, steps->stage), step) < 0)
                steps_finish(steps, -ENOMEM);
        else
                steps_next(steps);
}

static void steps_on_done(void *userdata, uint64_t token, int r, const char *text) {
        Steps *steps = userdata;
        _cleanup_json_ json_t *step = end_flight(steps, token);

        if (!step) {
                steps_on_late(steps, r, text);
                steps_next(steps);
                return;
        }
        if (r < 0 && streq(dict_string(step, "do", ""), "reapply")) {
                log_debug("Cannot reapply %s (%s): activating it anew", step_object(step), text ?: "");
                try_again(steps, step, "do", json_string("activate"));
                return;
        }
        if (r == -EAGAIN && dict_integer(step, "tries", 0) < STEP_TRIES_MAX) {
                log_debug("%s %s was overtaken, or took too long: once more", dict_string(step, "do", ""), step_object(step));
                try_again(steps, step, "tries", json_integer(dict_integer(step, "tries", 0) + 1));
                return;
        }

        if (r < 0)
                note_failure(steps, step, r, text);
        else if (steps->r >= 0) {
                free(steps->text);
                steps->text = text ? strdup(text) : NULL;
        }
        if (r < 0 && !steps->persistent) {
                steps_finish(steps, r);
                return;
        }
        if (steps->progress)
                steps->progress(steps->userdata);
        steps_next(steps);
}

static void step_start(Steps *steps, Flight *flight, json_t *step) {
        const char *word = dict_string(step, "do", ""), *uuid = dict_string(step, "uuid", NULL), *iface = dict_string(step, "iface", NULL),
                   *text = dict_string(step, "text", NULL), *path = dict_string(step, "path", NULL);
        BackendCall call = { .done = steps_on_done, .userdata = steps, .token = ++steps->token };
        uint32_t timeout_sec = (uint32_t)dict_integer(step, "timeout", 0);
        const BackendTable *table = steps->backend.table;
        void *backend = steps->backend.backend;

        *flight = (Flight){ .token = call.token, .begin_usec = now_usec(steps), .end_usec = now_usec(steps) + STEP_DEADLINE_USEC, .step = json_incref(step) };
        set_deadline(steps);
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
                table->activate(backend, uuid, iface, dict_boolean(step, "fresh", false), call);
        else if (streq(word, "reapply"))
                table->reapply(backend, iface, text, call);
        else
                table->deactivate(backend, uuid, iface, call);
}

/* The next call of the stage, or of the one after it when nothing of this is out any more. NULL: none can be sent now. */
static json_t *next_step(Steps *steps) {
        while (steps->next >= json_array_size(json_array_get(steps->list, steps->stage))) {
                if (count_flights(steps, false) > 0 || steps->stage >= json_array_size(steps->list))
                        return NULL;
                steps->stage++;
                steps->next = 0;
                steps->window = steps->window > STEPS_WINDOW_FIRST ? STEPS_WINDOW_FIRST : steps->window;
        }
        return json_array_get(json_array_get(steps->list, steps->stage), steps->next);
}

static int steps_on_turn(sd_event_source *source, void *userdata) {
        Steps *steps = userdata;
        Flight *flight;
        json_t *step;

        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        if (!steps->list || count_flights(steps, true) > 0)
                return 0;
        while (count_flights(steps, false) < steps->window && (step = next_step(steps)) && (flight = find_flight(steps, 0))) {
                steps->next++;
                step_start(steps, flight, step);
        }
        if (steps->stage >= json_array_size(steps->list))
                steps_finish(steps, steps->r);
        return 0;
}

static int steps_on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        Steps *steps = userdata;

        for (size_t i = 0; i < STEPS_WINDOW; i++)
                if (steps->flights[i].token && steps->flights[i].end_usec <= usec) {
                        steps_on_done(steps, steps->flights[i].token, -ETIMEDOUT, "NetworkManager did not answer in time");
                        return 0;
                }
        set_deadline(steps);
        return 0;
}

int steps_new(sd_event *event, Backend backend, steps_progress_t progress, void *userdata, Steps **ret) {
        _cleanup_(steps_freep) Steps *steps = calloc(1, sizeof *steps);
        int r;

        if (!steps)
                return -ENOMEM;
        steps->event = sd_event_ref(event);
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
        for (size_t i = 0; i < STEPS_WINDOW; i++)
                json_decref(steps->flights[i].step);
        json_decref(steps->list);
        free(steps->text);
        sd_event_source_disable_unref(steps->turn);
        sd_event_source_disable_unref(steps->deadline);
        sd_event_unref(steps->event);
        free(steps);
        return NULL;
}

json_t *steps_stage(json_t *list) {
        json_t *stage = list ? json_array() : NULL;

        return stage && json_array_append_new(list, stage) >= 0 ? stage : NULL;
}

int steps_run(Steps *steps, json_t *list, bool persistent, steps_done_t done) {
        steps_drop(steps);
        if (!list)
                return -ENOMEM;
        steps->list = list;
        steps->persistent = persistent;
        steps->window = STEPS_WINDOW_FIRST;
        steps->done = done;
        steps_next(steps);
        return 0;
}

void steps_drop(Steps *steps) {
        uint64_t end_usec = now_usec(steps) + STEPS_DRAIN_USEC;

        for (size_t i = 0; i < STEPS_WINDOW; i++) {
                Flight *flight = &steps->flights[i];

                if (!flight->step)
                        continue;
                json_decref(flight->step);
                flight->step = NULL;
                if (end_usec < flight->end_usec)
                        flight->end_usec = end_usec;
        }
        set_deadline(steps);
        json_decref(steps->list);
        steps->list = NULL;
        steps->stage = steps->next = 0;
        steps->r = 0;
        free(steps->text);
        steps->text = NULL;
        (void) sd_event_source_set_enabled(steps->turn, SD_EVENT_OFF);
}
