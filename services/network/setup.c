/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "setup.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "bus-error.h"
#include "dict.h"
#include "journal.h"
#include "log-ids.h"
#include "log.h"
#include "parse-util.h"
#include "state-file.h"
#include "steps.h"
#include "verify.h"
#include "view.h"

/* By how much NetworkManager's own roll-back comes after ours: enough for a loaded host to have begun. */
#define CHECKPOINT_MARGIN_USEC (5 * USEC_PER_SEC)
/* Until the journal that names it is on disk, a checkpoint of a service that was killed would block its devices: it gets its full time afterwards. */
#define CHECKPOINT_FIRST_SEC 5
/* A commit writes some files and takes milliseconds; a disk that sleeps may need this. */
#define COMMIT_SEC 60
/* Devices that come back after a roll-back, and new ones that go: a lease, spanning tree of the outer switch. Afterwards we report what is, and leave the rest to NetworkManager. */
#define SETTLE_USEC (15 * USEC_PER_SEC)
/* How long a device must lie still after NetworkManager's roll-back before we ask for it. What NetworkManager is about to bring up moves within some tens of milliseconds; to ask for that once more would
 * take a bridge down again, and with it the ports of guests off it, which NetworkManager spares in its roll-back only. */
#define RESTORE_GRACE_USEC (1 * USEC_PER_SEC)
/* A device that stays down this long after its activation was asked for, and after the last of the others came up, has failed. */
#define DOWN_GRACE_USEC (5 * USEC_PER_SEC)
/* Three ARP or neighbour requests, a second apart, and the answer. */
#define GATEWAY_USEC (5 * USEC_PER_SEC)
/* A reading of the kernel's facts that takes longer (a driver holds the kernel's lock) is not waited for: NetworkManager has said that all is there. */
#define SEEN_USEC (5 * USEC_PER_SEC)
/* How long a NetworkManager that went away in the middle may take to come back before the job is given up. */
#define RETURN_USEC (120 * USEC_PER_SEC)
/* A NetworkManager that starts tells of its profiles some tenths of a second after its name is there; those that are gone are not waited for longer. */
#define PROFILES_USEC (5 * USEC_PER_SEC)
#define TICK_USEC (100 * USEC_PER_MSEC)

typedef enum Phase {
        PHASE_IDLE,
        PHASE_CHECKPOINT,
        PHASE_APPLY,
        PHASE_VERIFY,
        PHASE_GATEWAY,
        PHASE_CONFIRM,
        PHASE_COMMIT,
        PHASE_UNDO,
        PHASE_SETTLE,
        PHASE_RESTORE,
        PHASE_LOST, /* NetworkManager went away */
} Phase;

struct Setup {
        sd_event *event;
        Backend backend;
        SetupHooks hooks;
        char *journal_path;
        Steps *steps;

        /* what is being done */
        Phase phase;
        char *job;
        json_t *plan, *journal;
        SetupOptions options;
        bool recovered, on_disk, rolls_back, restored;
        int r;             /* why it is undone */
        char *reason;
        char *missing;     /* what verification waits for */
        json_t *gateways;  /* [{iface, address}] to be reached */
        json_t *risen;     /* {iface: true} that are to be up when all is applied */
        uint64_t done, total;

        uint64_t phase_usec, down_usec; /* CLOCK_MONOTONIC: start of the phase; since when a device is down and no other has come up, or 0 */
        size_t n_up;         /* devices of the plan that were up then */
        uint64_t found_usec; /* since when it is back, or 0 */
        uint64_t met_usec;   /* since when all is as it should be, or 0 */
        uint64_t still_usec; /* since when a device that is to come back lies still, or 0 */
        uint64_t undone_usec; /* when all was undone that we undo: from then on it settles */
        sd_event_source *deadline; /* of the whole */
        sd_event_source *tick;     /* while waiting for something to come true */
};

static void setup_fail(Setup *setup, int r, const char *format, ...) _printf_(3, 4);
static void setup_undo(Setup *setup);
static void setup_verify(Setup *setup);

static uint64_t now_usec(const Setup *setup) {
        uint64_t usec = 0;

        (void) sd_event_now(setup->event, CLOCK_MONOTONIC, &usec);
        return usec;
}

static const json_t *setup_view(const Setup *setup) {
        return setup->backend.table->view(setup->backend.backend);
}

static void setup_enter(Setup *setup, Phase phase) {
        bool waits = phase == PHASE_VERIFY || phase == PHASE_GATEWAY || phase == PHASE_SETTLE || phase == PHASE_LOST;

        setup->phase = phase;
        setup->phase_usec = now_usec(setup);
        setup->down_usec = setup->found_usec = setup->met_usec = setup->still_usec = 0;
        (void) sd_event_source_set_time_relative(setup->tick, TICK_USEC);
        (void) sd_event_source_set_enabled(setup->tick, waits ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static void setup_clear(Setup *setup) {
        setup_enter(setup, PHASE_IDLE);
        (void) sd_event_source_set_enabled(setup->deadline, SD_EVENT_OFF);
        steps_drop(setup->steps);
        json_decref(setup->plan);
        json_decref(setup->journal);
        json_decref(setup->gateways);
        json_decref(setup->risen);
        setup->plan = setup->journal = setup->gateways = setup->risen = NULL;
        free(setup->job);
        free(setup->reason);
        free(setup->missing);
        setup->job = setup->reason = setup->missing = NULL;
        setup->recovered = setup->on_disk = setup->rolls_back = setup->restored = false;
        setup->r = 0;
}

static void setup_progress(void *userdata) {
        Setup *setup = userdata;

        if (setup->done < setup->total && setup->phase <= PHASE_COMMIT)
                setup->hooks.progress(setup->hooks.userdata, ++setup->done, setup->total);
}

/* ---- the end ---- */

static void log_end(const Setup *setup, int r) {
        if (r >= 0)
                log_full(LOG_INFO, MESSAGE_ID_NETWORK_COMMITTED, LOG_FIELDS("RHV_JOB", setup->job), "Network set-up %s is in force", setup->job);
        else
                log_full(LOG_WARNING, MESSAGE_ID_NETWORK_ROLLED_BACK, LOG_FIELDS("RHV_JOB", setup->job), "Network set-up %s was rolled back: %s",
                         setup->job, setup->reason ?: "no reason given");
}

static void setup_end(Setup *setup, int r) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *job = NULL;
        bool recovered = setup->recovered;

        if (setup->on_disk && state_file_remove(setup->journal_path) < 0)
                log_warning("Cannot remove %s", setup->journal_path);
        if (r < 0)
                (void) sd_bus_error_setf(&error, RHV_ERROR_ROLLED_BACK, "The host's networks are as they were before: %s%s",
                                         setup->reason ?: "no reason given",
                                         setup->restored ? "" : ". Not all devices are back, or gone, yet");
        log_end(setup, r);
        job = TAKE_PTR(setup->job);
        setup_clear(setup);
        setup->hooks.ended(setup->hooks.userdata, job, recovered, r, &error);
}

/* ---- undoing ---- */

/* The first reason counts. */
static void setup_fail(Setup *setup, int r, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        if (!setup->reason && vasprintf(&setup->reason, format, arguments) < 0)
                setup->reason = NULL;
        va_end(arguments);

        setup->r = setup->r ?: r;
        (void) sd_event_source_set_enabled(setup->deadline, SD_EVENT_OFF);
        steps_drop(setup->steps);
        setup_undo(setup);
}

static void on_restore_asked(void *userdata, int r, const char *text) {
        Setup *setup = userdata;

        if (r < 0)
                log_debug("Restoring: %s", text ?: "");
        setup_enter(setup, PHASE_SETTLE);
}

/* NetworkManager's roll-back activates what was active; what it left out (it restarted, or has no checkpoint any more) is ours to ask for. Return: whether now is the time. */
static bool setup_is_left_out(Setup *setup) {
        _cleanup_json_ json_t *steps = journal_steps_restore(setup->journal, setup_view(setup));

        if (json_array_size(steps) == 0) {
                setup->still_usec = 0;
                return false;
        }
        setup->still_usec = setup->still_usec ?: now_usec(setup);
        return !setup->rolls_back || now_usec(setup) >= setup->still_usec + RESTORE_GRACE_USEC;
}

static void setup_restore(Setup *setup) {
        setup->rolls_back = true; /* what was asked for has its time, too */
        setup_enter(setup, PHASE_RESTORE);
        if (steps_run(setup->steps, journal_steps_restore(setup->journal, setup_view(setup)), true, on_restore_asked) < 0)
                setup_end(setup, setup->r);
}

/* Nothing is done by a view that is not the newest: an older one shows all as it was, since nothing has begun in it yet. */
static void setup_settle(Setup *setup) {
        bool late = now_usec(setup) >= setup->undone_usec + SETTLE_USEC;

        if (!late && !journal_is_restored(setup->journal, setup_view(setup)) && !setup_is_left_out(setup))
                return;
        setup->backend.table->hasten(setup->backend.backend, NULL);
        setup->restored = setup_view(setup) && journal_is_restored(setup->journal, setup_view(setup));
        if (setup->restored || late)
                setup_end(setup, setup->r);
        else if (setup_view(setup) && setup_is_left_out(setup)) /* without a view the next tick sees that NetworkManager is gone */
                setup_restore(setup);
}

static void on_undone(void *userdata, int r, const char *text) {
        Setup *setup = userdata;

        if (r < 0)
                log_debug("Rolling back: %s", text ?: "");
        setup->undone_usec = now_usec(setup);
        setup_enter(setup, PHASE_SETTLE);
        setup_view_changed(setup);
}

static bool setup_has_checkpoint(const Setup *setup) {
        uint64_t created = (uint64_t)dict_integer(setup->journal, "created", 0);

        return created > 0 &&
               setup->backend.table->checkpoint_created(setup->backend.backend, dict_string(setup->journal, "checkpoint", NULL)) == created;
}

/* key: "labels" or "labels_before". */
static int setup_keep(Setup *setup, const char *key) {
        const json_t *labels = json_object_get(setup->journal, key);

        return labels && setup->hooks.keep ? setup->hooks.keep(setup->hooks.userdata, labels) : 0;
}

static void setup_undo(Setup *setup) {
        int r;

        if (!setup->journal) { /* nothing had begun */
                setup->restored = true;
                setup_end(setup, setup->r);
                return;
        }

        setup_enter(setup, PHASE_UNDO);
        (void) json_object_set_new(setup->journal, "phase", json_string("apply"));
        r = setup_keep(setup, "labels_before");
        if (r < 0)
                log_warning_errno(r, "Cannot restore the labels of NICs");
        setup->rolls_back = setup_has_checkpoint(setup);
        if (steps_run(setup->steps, journal_steps_undo(setup->journal, setup->rolls_back), true, on_undone) < 0)
                setup_end(setup, setup->r);
}

/* ---- committing ---- */

static int setup_write_journal(Setup *setup, const char *phase) {
        int r;

        if (json_object_set_new(setup->journal, "phase", json_string(phase)) < 0)
                return -ENOMEM;
        r = state_file_save(setup->journal_path, setup->journal, JOURNAL_VERSION);
        setup->on_disk = setup->on_disk || r >= 0;
        return r;
}

static void on_committed(void *userdata, int r, const char *text) {
        Setup *setup = userdata;

        if (r < 0)
                setup_fail(setup, r, "cannot make it permanent: %s", text ?: "");
        else
                setup_end(setup, 0);
}

static void setup_commit(Setup *setup) {
        int r;

        setup_enter(setup, PHASE_COMMIT);
        (void) sd_event_source_set_enabled(setup->deadline, SD_EVENT_OFF);
        r = setup_write_journal(setup, "commit");
        if (r >= 0)
                r = setup_keep(setup, "labels");
        if (r >= 0)
                r = steps_run(setup->steps, journal_steps_commit(setup->journal, COMMIT_SEC), false, on_committed);
        if (r < 0)
                setup_fail(setup, r, "cannot write the journal: %s", strerror(-r));
}

static void setup_confirm_or_commit(Setup *setup) {
        if (setup->options.confirm)
                setup_enter(setup, PHASE_CONFIRM);
        else
                setup_commit(setup);
}

/* ---- verifying ---- */

static bool is_down(const char *state) {
        return streq(state, "failed") || streq(state, "disconnected") || streq(state, "unavailable") || streq(state, "absent");
}

/* Whether a device of the plan has been down for long enough to say that it failed. While others come up it may be its turn yet: hundreds take their time. */
static bool setup_is_down(Setup *setup, const json_t *view) {
        bool down = false;
        size_t i, up = 0;
        json_t *entry;

        json_array_foreach(json_object_get(setup->plan, "profiles"), i, entry) {
                const char *state = dict_string(view_device(view, dict_string(entry, "iface", "")), "state", "absent");

                if (!streq(dict_string(entry, "how", ""), "activate"))
                        continue;
                up += streq(state, "activated");
                down = down || is_down(state);
        }
        if (!down || setup->down_usec == 0 || up != setup->n_up)
                setup->down_usec = down ? now_usec(setup) : 0;
        setup->n_up = up;
        return down && now_usec(setup) >= setup->down_usec + DOWN_GRACE_USEC;
}

static void setup_probe_gateways(Setup *setup) {
        json_t *entry;
        size_t i;

        json_array_foreach(setup->gateways, i, entry) {
                const char *iface = dict_string(entry, "iface", ""), *address = dict_string(entry, "address", "");

                if (setup->hooks.reached(iface, address) != NEIGHBOUR_PRESENT) {
                        (void) setup->hooks.probe(iface, address);
                        if (now_usec(setup) >= setup->phase_usec + GATEWAY_USEC)
                                setup_fail(setup, -EHOSTUNREACH, "the gateway %s does not answer on %s", address, iface);
                        return;
                }
        }
        setup_confirm_or_commit(setup);
}

/* What is told of the networks at the end compares them with the kernel's facts: these must not be older than what was done. */
static bool setup_is_seen(Setup *setup) {
        setup->met_usec = setup->met_usec ?: now_usec(setup);
        return setup->hooks.seen(setup->hooks.userdata, setup->met_usec) || now_usec(setup) >= setup->met_usec + SEEN_USEC;
}

/* The view may be older than what is: that a device is down is believed once the newest says so, too. */
static bool setup_has_failed(Setup *setup) {
        if (!setup_is_down(setup, setup_view(setup)))
                return false;
        setup->backend.table->hasten(setup->backend.backend, NULL);
        return setup_view(setup) && setup_is_down(setup, setup_view(setup));
}

static void setup_verify(Setup *setup) {
        const json_t *view = setup_view(setup);
        int r;

        free(setup->missing);
        setup->missing = NULL;
        r = verify_expectations(json_object_get(setup->plan, "expect"), view, &setup->missing);
        if (r > 0) {
                r = verify_functions(json_object_get(setup->plan, "functions"), view, &setup->missing);
                if (r == 0) /* the kernel tells nobody of their number: it is read until it is right, or the time is up */
                        (void) setup->hooks.seen(setup->hooks.userdata, now_usec(setup));
        }
        if (r > 0) {
                if (!setup_is_seen(setup))
                        return;
                setup_enter(setup, PHASE_GATEWAY);
                setup_probe_gateways(setup);
        } else if (r < 0 || setup_has_failed(setup))
                setup_fail(setup, -EIO, "%s", setup->missing ?: "out of memory");
}

/* With the newest view there is, once all may be up. */
static void setup_look(Setup *setup) {
        setup->backend.table->hasten(setup->backend.backend, setup->risen);
        setup_view_changed(setup);
}

static void on_applied(void *userdata, int r, const char *text) {
        Setup *setup = userdata;

        if (r < 0) {
                setup_fail(setup, r, "%s", text ?: "NetworkManager refused it");
                return;
        }
        setup_enter(setup, PHASE_VERIFY);
        setup_look(setup);
}

/* ---- applying ---- */

static void on_checkpoint(void *userdata, int r, const char *text) {
        Setup *setup = userdata;
        uint32_t timeout_sec;
        uint64_t created;

        if (r < 0) {
                setup_fail(setup, r, "%s", text ?: "no checkpoint");
                return;
        }
        created = setup->backend.table->checkpoint_created(setup->backend.backend, text);
        setup->journal = journal_new(setup->job, setup->plan, setup_view(setup), text, created);
        if (!setup->journal) {
                setup_fail(setup, -ENOMEM, "out of memory");
                return;
        }
        r = setup_write_journal(setup, "apply");
        if (r < 0) {
                setup_fail(setup, r, "cannot write %s: %s", setup->journal_path, strerror(-r));
                return;
        }

        setup_enter(setup, PHASE_APPLY);
        timeout_sec = (uint32_t)((setup->options.timeout_usec + CHECKPOINT_MARGIN_USEC) / USEC_PER_SEC);
        if (steps_run(setup->steps, journal_steps_apply(setup->plan, text, timeout_sec), false, on_applied) < 0)
                setup_fail(setup, -ENOMEM, "out of memory");
}

static int setup_render_spec(Setup *setup, json_t *entry, const char *from, const char *to, sd_bus_error *error) {
        const json_t *spec = json_object_get(entry, from);
        _cleanup_free_ char *text = NULL, *reason = NULL;
        int r;

        if (!spec)
                return 0;
        r = setup->backend.table->render(setup->backend.backend, dict_string(entry, "uuid", ""), spec, dict_string(entry, "inherit", NULL), &text, &reason);
        if (r < 0)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s cannot be set up so: %s", dict_string(entry, "iface", ""), reason ?: "refused");
        return json_object_set_new(entry, to, json_string(text)) < 0 ? -ENOMEM : 0;
}

/* Every profile of the plan gets its uuid and its texts: then whether NetworkManager's library accepts them is known before anything begins. */
static int setup_render(Setup *setup, json_t *entry, sd_bus_error *error) {
        const char *uuid = dict_string(entry, "uuid", NULL);
        _cleanup_free_ char *before = NULL;
        char fresh[UUID_STRING_MAX];
        int r;

        if (uuid)
                before = setup->backend.table->current(setup->backend.backend, uuid);
        else {
                r = uuid_generate(fresh);
                if (r < 0)
                        return r;
                if (json_object_set_new(entry, "uuid", json_string(fresh)) < 0)
                        return -ENOMEM;
        }
        if (before && json_object_set_new(entry, "before", json_string(before)) < 0)
                return -ENOMEM;
        r = setup_render_spec(setup, entry, "spec", "after", error);
        return r < 0 ? r : setup_render_spec(setup, entry, "parked", "aside", error);
}

/* Gateways that must answer afterwards: the ones asked for, and inherited ones that answer now. */
static int setup_collect_gateways(Setup *setup) {
        static const char *const keys[] = { "gateway", "gateway6" };
        const char *holder = view_management_device(setup_view(setup), NULL);
        json_t *expect;
        size_t i;

        setup->gateways = json_array();
        if (!setup->gateways || !setup->options.check_gateway)
                return setup->gateways ? 0 : -ENOMEM;

        json_array_foreach(json_object_get(setup->plan, "expect"), i, expect)
                for (size_t k = 0; k < ELEMENTSOF(keys); k++) {
                        bool inherit = dict_boolean(expect, "inherit", false);
                        const char *address = dict_string(expect, keys[k], NULL);

                        if (!address && inherit && holder)
                                address = dict_string(view_device(setup_view(setup), holder), keys[k], NULL);
                        if (!address || (inherit && (!holder || setup->hooks.reached(holder, address) != NEIGHBOUR_PRESENT)))
                                continue;
                        if (json_array_append_new(setup->gateways, json_pack("{s:s, s:s}", "iface", dict_string(expect, "iface", ""), "address",
                                                                             address)) < 0)
                                return -ENOMEM;
                }
        return 0;
}

static int setup_collect_risen(Setup *setup) {
        json_t *entry;
        size_t i;

        setup->risen = json_object();
        json_array_foreach(json_object_get(setup->plan, "profiles"), i, entry)
                if (json_object_get(entry, "spec") && (!setup->risen || json_object_set_new(setup->risen, dict_string(entry, "iface", ""), json_true()) < 0))
                        return -ENOMEM;
        return setup->risen ? 0 : -ENOMEM;
}

static int setup_prepare(Setup *setup, const char *job, const json_t *plan, const SetupOptions *options, sd_bus_error *error) {
        json_t *entry;
        size_t i;
        int r;

        setup->job = strdup(job);
        setup->plan = json_deep_copy(plan);
        setup->options = *options;
        if (!setup->job || !setup->plan)
                return -ENOMEM;
        json_array_foreach(json_object_get(setup->plan, "profiles"), i, entry) {
                r = setup_render(setup, entry, error);
                if (r < 0)
                        return r;
        }
        /* checkpoint and its time, deactivations, and each profile written, activated, and made permanent */
        setup->done = 0;
        setup->total = 4 + json_array_size(json_object_get(setup->plan, "deactivate")) + 3 * json_array_size(json_object_get(setup->plan, "profiles"));
        r = setup_collect_risen(setup);
        return r < 0 ? r : setup_collect_gateways(setup);
}

int setup_start(Setup *setup, const char *job, const json_t *plan, const SetupOptions *options, sd_bus_error *error) {
        uint64_t timeout_usec = options->timeout_usec;
        json_t *first;
        int r;

        if (setup_is_busy(setup))
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "Another network set-up is under way (job %s)", setup->job);

        r = setup_prepare(setup, job, plan, options, error);
        if (r >= 0) {
                first = json_pack("[[{s:s, s:O, s:i}]]", "do", "checkpoint", "devices", json_object_get(setup->plan, "devices"), "timeout",
                                  CHECKPOINT_FIRST_SEC);
                setup_enter(setup, PHASE_CHECKPOINT);
                r = steps_run(setup->steps, first, false, on_checkpoint);
        }
        if (r < 0) {
                setup_clear(setup);
                return r;
        }
        (void) sd_event_source_set_time_relative(setup->deadline, timeout_usec);
        (void) sd_event_source_set_enabled(setup->deadline, SD_EVENT_ONESHOT);
        return 0;
}

/* ---- recovery ---- */

static void on_recommitted(void *userdata, int r, const char *text) {
        Setup *setup = userdata;

        if (r < 0)
                log_warning("Finishing the interrupted network set-up %s: %s", setup->job, text ?: "");
        setup_end(setup, 0);
}

static void setup_resume(Setup *setup) {
        if (!journal_is_committing(setup->journal)) {
                setup_fail(setup, -EINTR, "the service was interrupted");
                return;
        }
        setup_enter(setup, PHASE_COMMIT);
        if (setup_keep(setup, "labels") < 0)
                log_warning("The labels of NICs could not be written");
        if (steps_run(setup->steps, journal_steps_commit(setup->journal, setup_has_checkpoint(setup) ? COMMIT_SEC : 0), true, on_recommitted) < 0)
                setup_end(setup, 0);
}

/* ---- from outside ---- */

static void setup_lost(Setup *setup) {
        steps_drop(setup->steps);
        (void) sd_event_source_set_enabled(setup->deadline, SD_EVENT_OFF);
        if (!setup->journal)
                setup_fail(setup, -EHOSTDOWN, "NetworkManager went away");
        else
                setup_enter(setup, PHASE_LOST);
}

/* To undo what it does not show yet would be to leave it there. */
static bool setup_sees_profiles(Setup *setup, const json_t *view) {
        json_t *entry;
        size_t i;

        setup->found_usec = setup->found_usec ?: now_usec(setup);
        if (!dict_boolean(view, "starting", false) || now_usec(setup) >= setup->found_usec + PROFILES_USEC)
                return true;
        json_array_foreach(json_object_get(setup->journal, "profiles"), i, entry)
                if (!json_object_get(json_object_get(view, "profiles"), dict_string(entry, "uuid", "")))
                        return false;
        return true;
}

/* It is back, or not in time: then the journal stays for the next time it comes. */
static void setup_find_again(Setup *setup) {
        const json_t *view = setup_view(setup);

        if (view) {
                if (!setup_sees_profiles(setup, view))
                        return;
                if (setup->recovered) {
                        setup_resume(setup);
                        return;
                }
                if (!setup->reason && !journal_is_committing(setup->journal))
                        setup->reason = strdup("NetworkManager went away in the middle");
                setup->r = setup->r ?: -EHOSTDOWN;
                if (journal_is_committing(setup->journal))
                        setup_resume(setup);
                else
                        setup_undo(setup);
        } else if (now_usec(setup) >= setup->phase_usec + RETURN_USEC) {
                free(setup->reason);
                setup->reason = strdup("NetworkManager went away in the middle and did not come back; it is undone when it does");
                setup->on_disk = false;
                setup_end(setup, -EHOSTDOWN);
        }
}

int setup_recover(Setup *setup) {
        int r;

        if (setup_is_busy(setup))
                return 0;
        r = state_file_load(setup->journal_path, JOURNAL_VERSION, &setup->journal);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return log_warning_errno(r, "Cannot read %s", setup->journal_path);

        setup->recovered = setup->on_disk = true;
        setup->job = strdup(dict_string(setup->journal, "job", ""));
        if (!setup->job)
                return -ENOMEM;
        log_full(LOG_NOTICE, MESSAGE_ID_NETWORK_RECOVERED, LOG_FIELDS("RHV_JOB", setup->job), "Network set-up %s was interrupted: %s", setup->job,
                 journal_is_committing(setup->journal) ? "finishing it" : "undoing it");
        setup_enter(setup, PHASE_LOST);
        setup_find_again(setup);
        return 1;
}

void setup_view_changed(Setup *setup) {
        if (setup->phase == PHASE_IDLE)
                return;
        if (!setup_view(setup) && setup->phase != PHASE_LOST)
                setup_lost(setup);
        else if (setup->phase == PHASE_LOST)
                setup_find_again(setup);
        else if (setup->phase == PHASE_VERIFY)
                setup_verify(setup);
        else if (setup->phase == PHASE_SETTLE)
                setup_settle(setup);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata) {
        Setup *setup = userdata;

        (void) sd_event_source_set_time_relative(setup->tick, TICK_USEC);
        (void) sd_event_source_set_enabled(setup->tick, SD_EVENT_ONESHOT);
        if (setup->phase == PHASE_GATEWAY)
                setup_probe_gateways(setup);
        else if (setup->phase == PHASE_IDLE)
                (void) sd_event_source_set_enabled(setup->tick, SD_EVENT_OFF);
        else if (setup->phase == PHASE_VERIFY)
                setup_look(setup);
        else
                setup_view_changed(setup);
        return 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        Setup *setup = userdata;

        if (setup->phase == PHASE_CONFIRM)
                setup_fail(setup, -ETIMEDOUT, "it was not confirmed in time");
        else
                setup_fail(setup, -ETIMEDOUT, "time is up, and %s", setup->missing ?: "NetworkManager has not finished");
        return 0;
}

int setup_confirm(Setup *setup, sd_bus_error *error) {
        if (setup->phase != PHASE_CONFIRM)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_STATE, "The network set-up does not wait for a confirmation");
        setup_commit(setup);
        return 0;
}

int setup_cancel(Setup *setup, sd_bus_error *error) {
        if (setup->phase == PHASE_IDLE || setup->phase >= PHASE_COMMIT)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_STATE, "The network set-up is already being made permanent or undone");
        if (setup->phase == PHASE_CHECKPOINT)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_STATE, "The network set-up is just beginning");
        setup_fail(setup, -ECANCELED, "it was cancelled");
        return 0;
}

bool setup_is_busy(const Setup *setup) {
        return setup->phase != PHASE_IDLE;
}

const char *setup_job(const Setup *setup) {
        return setup->job;
}

/* ---- life ---- */

int setup_new(sd_event *event, Backend backend, const char *journal_path, const SetupHooks *hooks, Setup **ret) {
        _cleanup_(setup_freep) Setup *setup = calloc(1, sizeof *setup);
        int r;

        if (!setup)
                return -ENOMEM;
        setup->event = sd_event_ref(event);
        setup->backend = backend;
        setup->hooks = *hooks;
        setup->journal_path = strdup(journal_path);
        if (!setup->journal_path)
                return -ENOMEM;

        r = steps_new(event, backend, setup_progress, setup, &setup->steps);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &setup->tick, CLOCK_MONOTONIC, 0, 10 * USEC_PER_MSEC, on_tick, setup);
        if (r >= 0)
                r = sd_event_source_set_enabled(setup->tick, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &setup->deadline, CLOCK_MONOTONIC, 0, 10 * USEC_PER_MSEC, on_deadline, setup);
        if (r >= 0)
                r = sd_event_source_set_enabled(setup->deadline, SD_EVENT_OFF);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(setup);
        return 0;
}

Setup *setup_free(Setup *setup) {
        if (!setup)
                return NULL;
        json_decref(setup->plan);
        json_decref(setup->journal);
        json_decref(setup->gateways);
        json_decref(setup->risen);
        free(setup->job);
        free(setup->reason);
        free(setup->missing);
        free(setup->journal_path);
        steps_free(setup->steps);
        sd_event_source_disable_unref(setup->tick);
        sd_event_source_disable_unref(setup->deadline);
        sd_event_unref(setup->event);
        free(setup);
        return NULL;
}
