/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A set-up against a NetworkManager of our own that fails, or falls silent, or goes away, at each of its calls in turn; and a service that dies
 * between any two: afterwards either all is in force and on disk, or all is as it was. Calls that are out together are answered in any order. */

#include "view-fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include "bus-error.h"
#include "dict.h"
#include "journal.h"
#include "macro.h"
#include "plan.h"
#include "remove-tree.h"
#include "setup.h"
#include "view.h"

#define JOB "6f0a1c0e-63d5-4a4e-9c3b-0d3f0a5be002"
/* What is asked for, and how many profiles that makes: three bridges, two NICs, two VLANs. */
#define REQUEST "{'ovirtmgmt': {'management': true}, 'red': {'nic': 'eth1', 'vlan': 7}, 'blue': {'nic': 'eth1', 'vlan': 8}}"
#define N_PROFILES 7U

typedef struct Answer Answer;

/* Profiles are kept as the texts they came in, apart in memory and on disk; the view is made of what is active. */
typedef struct Fake {
        sd_event *event;
        json_t *view;       /* what the planner sees; devices change on activation */
        json_t *shown;      /* shown in its place, until it is asked for and all devices are up; NULL: nothing lags behind */
        unsigned hastened;
        bool reluctant;     /* it is not shown because all are up, but when one was said to be down */
        json_t *original;   /* the view before */
        json_t *memory;     /* uuid -> text */
        json_t *disk;       /* uuid -> text */
        json_t *saved_memory, *saved_view; /* of the checkpoint */
        uint64_t created;
        unsigned calls, fail_at, die_at;
        Answer *answers;    /* of the calls that are out */
        unsigned out, most_out;
        bool reversed;      /* the last call is answered first */
        uint64_t slow_usec; /* after how long each time the next VLAN comes up; 0: at once */
        json_t *pending;    /* [[uuid, iface]] that are to come up */
        bool dead;          /* our service: nothing is answered any more */
        bool gone;          /* NetworkManager */
        uint64_t back_usec; /* how long devices take to go down in a roll-back, and again to come up; 0: no time */
        unsigned back_stage;
        json_t *back;       /* {iface: device} that are on their way back */
        const char *left_out; /* by the roll-back */
        unsigned asked;     /* activations since the roll-back */
        bool rolled_back, reachable;
        uint64_t late_usec; /* how long NetworkManager takes to answer the first call */
        unsigned seen_asked, seen_after; /* how often it was asked whether the kernel's facts are new enough; after how many they are */
        uint64_t seen_usec;

        /* the outcome */
        bool ended, recovered;
        int r;
        char *error_name;
} Fake;

struct Answer {
        Answer *next;
        Fake *fake;
        BackendCall call;
        int r;
        const char *text;
        sd_event_source *source;
};

static void answer_free(Answer *answer) {
        Answer **place = &answer->fake->answers;

        while (*place != answer)
                place = &(*place)->next;
        *place = answer->next;
        answer->fake->out--;
        sd_event_source_disable_unref(answer->source);
        free(answer);
}

static int on_answer(sd_event_source *source, void *userdata) {
        Answer *answer = userdata;
        BackendCall call = answer->call;
        const char *text = answer->text;
        int r = answer->r;

        answer_free(answer);
        call.done(call.userdata, call.token, r, text);
        return 0;
}

static int on_late_answer(sd_event_source *source, uint64_t usec, void *userdata) {
        return on_answer(source, userdata);
}

/* Return: whether the call is to have its effect. */
static bool answer(Fake *fake, BackendCall call, const char *text) {
        bool fails, dies;
        Answer *a;

        if (fake->dead) /* in the same turn: it was not sent */
                return false;
        fails = ++fake->calls == fake->fail_at;
        dies = fake->calls == fake->die_at;
        if (dies) { /* the effect is there, nobody hears of it */
                fake->dead = true;
                (void) sd_event_exit(fake->event, 0);
                return true;
        }
        a = calloc(1, sizeof *a);
        *a = (Answer){ .next = fake->answers, .fake = fake, .call = call, .r = fails ? -EIO : 0, .text = fails ? "as told" : text };
        fake->answers = a;
        if (++fake->out > fake->most_out)
                fake->most_out = fake->out;
        if (fake->calls == 1 && fake->late_usec)
                assert_true(sd_event_add_time_relative(fake->event, &a->source, CLOCK_MONOTONIC, fake->late_usec, 1, on_late_answer, a) >= 0);
        else
                assert_true(sd_event_add_defer(fake->event, &a->source, on_answer, a) >= 0);
        if (fake->reversed)
                assert_true(sd_event_source_set_priority(a->source, -(int64_t)fake->calls) >= 0);
        return !fails;
}

static const json_t *fake_view(void *backend) {
        const Fake *fake = backend;

        return fake->gone ? NULL : fake->shown ?: fake->view;
}

static void fake_hasten(void *backend, const json_t *devices) {
        Fake *fake = backend;
        const char *name;
        json_t *value;

        assert_true(!devices || json_object_size(devices) > 0);
        fake->hastened++;
        if (fake->reluctant && devices)
                return;
        json_object_foreach((json_t *)devices, name, value)
                if (!view_device(fake->view, name) || !view_device_is_active(view_device(fake->view, name)))
                        return;
        json_decref(fake->shown);
        fake->shown = NULL;
}

static int fake_render(void *backend, const char *uuid, const json_t *spec, const char *inherit, char **ret, char **ret_reason) {
        json_t *text = json_pack("{s:s, s:O}", "uuid", uuid, "spec", spec);

        *ret = json_dumps(text, JSON_SORT_KEYS);
        json_decref(text);
        return 0;
}

static char *fake_current(void *backend, const char *uuid) {
        const char *text = json_string_value(json_object_get(((Fake *)backend)->memory, uuid));

        return text ? strdup(text) : NULL;
}

static uint64_t fake_created(void *backend, const char *path) {
        return ((Fake *)backend)->created;
}

static void fake_checkpoint(void *backend, const json_t *devices, uint32_t timeout_sec, BackendCall call) {
        Fake *fake = backend;

        if (!answer(fake, call, "/checkpoint/1"))
                return;
        fake->created = 4711;
        fake->saved_memory = json_deep_copy(fake->memory);
        fake->saved_view = json_deep_copy(fake->view);
}

static void fake_adjust(void *backend, const char *path, uint32_t timeout_sec, BackendCall call) {
        (void) answer(backend, call, NULL);
}

static void forget_checkpoint(Fake *fake) {
        json_decref(fake->saved_memory);
        json_decref(fake->saved_view);
        fake->saved_memory = fake->saved_view = NULL;
        fake->created = 0;
}

static void fake_destroy(void *backend, const char *path, BackendCall call) {
        if (answer(backend, call, NULL))
                forget_checkpoint(backend);
}

static void show_back(Fake *fake, const char *state) {
        const char *iface;
        json_t *device;

        json_object_foreach(fake->back, iface, device) {
                json_t *shown = json_deep_copy(device);

                if (state)
                        json_object_set_new(shown, "state", json_string(state));
                json_object_set_new(json_object_get(fake->view, "devices"), iface, shown);
        }
}

static int on_back(sd_event_source *source, uint64_t usec, void *userdata) {
        static const char *const states[] = { "disconnected", "activating", NULL };
        Fake *fake = userdata;

        show_back(fake, states[fake->back_stage]);
        if (!states[fake->back_stage++])
                return 0;
        (void) sd_event_source_set_time_relative(source, fake->back_stage == 1 ? 100 * USEC_PER_MSEC : fake->back_usec);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Those with a profile go down and come up again, by NetworkManager's own doing. */
static void begin_back(Fake *fake) {
        const char *iface;
        json_t *device;

        fake->back = json_object();
        json_object_foreach(json_object_get(fake->saved_view, "devices"), iface, device)
                if (json_object_get(device, "profile"))
                        json_object_set_new(fake->back, iface, json_deep_copy(device));
        show_back(fake, "deactivating");
        assert_true(sd_event_add_time_relative(fake->event, NULL, CLOCK_MONOTONIC, fake->back_usec, 1, on_back, fake) >= 0);
}

/* As NetworkManager does: profiles and devices as they were, in memory. */
static void roll_back(Fake *fake) {
        json_decref(fake->memory);
        json_decref(fake->view);
        fake->memory = json_deep_copy(fake->saved_memory);
        fake->view = json_deep_copy(fake->saved_view);
        if (fake->back_usec)
                begin_back(fake);
        if (fake->left_out)
                json_object_set_new((json_t *)view_device(fake->view, fake->left_out), "state", json_string("disconnected"));
        fake->rolled_back = true;
        forget_checkpoint(fake);
}

/* Nothing of what is to be undone may come after it. */
static void fake_rollback(void *backend, const char *path, BackendCall call) {
        Fake *fake = backend;

        assert_int_equal(fake->out, 0);
        if (answer(fake, call, NULL))
                roll_back(fake);
}

/* The view's profiles follow what is in memory. */
static void show_profile(Fake *fake, const char *uuid) {
        const char *text = json_string_value(json_object_get(fake->memory, uuid));
        json_t *profiles = json_object_get(fake->view, "profiles"), *profile = text ? json_loads(text, 0, NULL) : NULL, *spec;

        if (!text) {
                json_object_del(profiles, uuid);
                return;
        }
        spec = json_object_get(profile, "spec");
        if (spec)
                json_object_set_new(profiles, uuid, json_pack("{s:O, s:b, s:b, s:O}", "iface", json_object_get(spec, "iface"), "ours", 1, "saved",
                                                              streq_ptr(json_string_value(json_object_get(fake->disk, uuid)), text), "spec", spec));
        json_decref(profile);
}

static void fake_put(void *backend, const char *uuid, const char *text, bool to_disk, BackendCall call) {
        Fake *fake = backend;

        if (!answer(fake, call, NULL))
                return;
        json_object_set_new(fake->memory, uuid, json_string(text));
        if (to_disk)
                json_object_set_new(fake->disk, uuid, json_string(text));
        show_profile(fake, uuid);
}

/* A device goes down with its profile, and is gone if it was made for it. */
static void take_down(Fake *fake, const char *uuid) {
        json_t *devices = json_object_get(fake->view, "devices"), *device, *original;
        const char *iface;
        void *next;

        json_object_foreach_safe(devices, next, iface, device) {
                if (!streq_ptr(dict_string(device, "profile", NULL), uuid))
                        continue;
                original = json_deep_copy(view_device(fake->original, iface));
                if (!original) {
                        json_object_del(devices, iface);
                        continue;
                }
                json_object_del(original, "profile");
                json_object_set_new(original, "state", json_string("disconnected"));
                json_object_set_new(devices, iface, original);
        }
}

static void fake_delete(void *backend, const char *uuid, BackendCall call) {
        Fake *fake = backend;

        if (!answer(fake, call, NULL))
                return;
        take_down(fake, uuid);
        json_object_del(fake->memory, uuid);
        json_object_del(fake->disk, uuid);
        show_profile(fake, uuid);
}

static void bring_up(Fake *fake, const char *uuid, const char *iface) {
        const json_t *profile;
        json_t *plan, *one, *devices, *saved;

        profile = json_object_get(json_object_get(fake->view, "profiles"), uuid);
        if (!dict_boolean(profile, "ours", false)) { /* back to somebody else's */
                json_object_set(json_object_get(fake->view, "devices"), iface, (json_t *)view_device(fake->original, iface));
                return;
        }
        saved = json_deep_copy(json_object_get(fake->view, "profiles"));
        one = json_pack("{s:s, s:s, s:O}", "iface", iface, "uuid", uuid, "spec", json_object_get(profile, "spec"));
        plan = json_pack("{s:[o]}", "profiles", one);
        host_apply(fake->view, plan);
        json_object_set_new(fake->view, "profiles", saved);
        json_decref(plan);
        devices = json_object_get(fake->view, "devices");
        if (streq(iface, "ovirtmgmt")) /* the NIC's addresses are gone as soon as it is a port */
                json_object_set_new(json_object_get(devices, iface), "carrier", json_true());
}

static int on_slow(sd_event_source *source, uint64_t usec, void *userdata) {
        Fake *fake = userdata;
        json_t *next = json_array_get(fake->pending, 0);

        if (!next)
                return 0;
        bring_up(fake, json_string_value(json_array_get(next, 0)), json_string_value(json_array_get(next, 1)));
        json_array_remove(fake->pending, 0);
        (void) sd_event_source_set_time_relative(source, fake->slow_usec);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void fake_activate(void *backend, const char *uuid, const char *iface, bool fresh, BackendCall call) {
        Fake *fake = backend;

        fake->asked += fake->rolled_back;
        if (!answer(fake, call, NULL))
                return;
        if (!fake->slow_usec || !strchr(iface, '.')) {
                bring_up(fake, uuid, iface);
                return;
        }
        if (json_array_size(fake->pending) == 0)
                assert_true(sd_event_add_time_relative(fake->event, NULL, CLOCK_MONOTONIC, fake->slow_usec, 1, on_slow, fake) >= 0);
        json_array_append_new(fake->pending, json_pack("[s, s]", uuid, iface));
}

static void fake_reapply(void *backend, const char *iface, const char *text, BackendCall call) {
        Fake *fake = backend;
        json_t *profile = json_loads(text, 0, NULL);

        fake_activate(backend, dict_string(profile, "uuid", ""), iface, false, call);
        json_decref(profile);
        (void) fake;
}

static void fake_deactivate(void *backend, const char *uuid, const char *iface, BackendCall call) {
        Fake *fake = backend;

        if (!answer(fake, call, NULL))
                return;
        if (streq(dict_string(view_device(fake->view, iface), "kind", ""), "nic"))
                json_object_set_new(json_object_get(json_object_get(fake->view, "devices"), iface), "state", json_string("disconnected"));
        else
                json_object_del(json_object_get(fake->view, "devices"), iface);
}

static const char *fake_failure(void *backend, const char *iface) {
        return NULL;
}

static const BackendTable table = {
        fake_view,     fake_hasten,     fake_render, fake_current, fake_created,  fake_checkpoint, fake_adjust,     fake_destroy,
        fake_rollback, fake_put,        fake_delete, fake_activate, fake_reapply, fake_deactivate, fake_failure,
};

static void on_ended(void *userdata, const char *job, bool recovered, int r, const sd_bus_error *error) {
        Fake *fake = userdata;

        assert_string_equal(job, JOB);
        assert_false(fake->ended);
        fake->ended = true;
        fake->recovered = recovered;
        fake->r = r;
        free(fake->error_name);
        fake->error_name = error->name ? strdup(error->name) : NULL;
        if (fake->late_usec == 0) /* else more is to come */
                (void) sd_event_exit(fake->event, 0);
}

static void on_progress(void *userdata, uint64_t done, uint64_t total) {
        assert_true(done <= total);
}

/* What of labels is on disk: "before" or "after". */
static char labels_kept[16];
static int on_keep(void *userdata, const json_t *labels) {
        snprintf(labels_kept, sizeof labels_kept, "%s", dict_string(labels, "state", "?"));
        return 0;
}

static Fake *current;
static int fake_probe(const char *iface, const char *address) {
        return 0;
}
static int fake_reached(const char *iface, const char *address) {
        return current->reachable ? NEIGHBOUR_PRESENT : NEIGHBOUR_ABSENT;
}

static bool fake_seen(void *userdata, uint64_t usec) {
        Fake *fake = userdata;

        assert_true(usec > 0 && (fake->seen_usec == 0 || usec == fake->seen_usec)); /* since one moment, not since each question */
        fake->seen_usec = usec;
        fake->seen_asked++;
        return fake->seen_asked > fake->seen_after;
}

static char journal_path[] = "/tmp/rhv-test-setup-XXXXXX/setup.json";

static int make_journal_directory(void **state) {
        char *slash = strrchr(journal_path, '/');

        *slash = 0;
        assert_non_null(mkdtemp(journal_path));
        *slash = '/';
        return 0;
}

static int remove_journal_directory(void **state) {
        *strrchr(journal_path, '/') = 0;
        return remove_tree(journal_path);
}

static void fake_init(Fake *fake) {
        const char *uuid;
        json_t *profile;

        *fake = (Fake){ .view = host_new(), .original = host_new(), .memory = json_object(), .pending = json_array(), .reachable = true };
        json_object_foreach(json_object_get(fake->view, "profiles"), uuid, profile)
                json_object_set_new(fake->memory, uuid, json_string("{}"));
        fake->disk = json_deep_copy(fake->memory);
        current = fake;
        strcpy(labels_kept, "before");
        (void) unlink(journal_path);
}

static void fake_done(Fake *fake) {
        json_decref(fake->view);
        json_decref(fake->shown);
        json_decref(fake->original);
        json_decref(fake->memory);
        json_decref(fake->disk);
        json_decref(fake->pending);
        json_decref(fake->back);
        forget_checkpoint(fake);
        free(fake->error_name);
        (void) unlink(journal_path);
}

static Setup *life_begin(Fake *fake) {
        SetupHooks hooks = { .ended = on_ended, .progress = on_progress, .keep = on_keep, .probe = fake_probe, .reached = fake_reached, .seen = fake_seen, .userdata = fake };
        Setup *setup;

        fake->dead = fake->ended = false;
        assert_true(sd_event_new(&fake->event) >= 0);
        assert_int_equal(setup_new(fake->event, (Backend){ .table = &table, .backend = fake }, journal_path, &hooks, &setup), 0);
        return setup;
}

static void life_end(Fake *fake, Setup *setup) {
        setup_free(setup);
        while (fake->answers)
                answer_free(fake->answers);
        sd_event_unref(fake->event);
        fake->event = NULL;
}

static void start(Fake *fake, Setup *setup, bool confirm) {
        _cleanup_json_ json_t *plan = NULL, *networks = quoted(REQUEST), *bonds = json_object();
        SetupOptions options = { .timeout_usec = SETUP_TIMEOUT_USEC, .check_gateway = true, .confirm = confirm };
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_int_equal(plan_make(fake->view, networks, bonds, NULL, &plan, NULL), 1);
        json_object_set_new(plan, "labels", quoted("{'state': 'after'}"));
        json_object_set_new(plan, "labels_before", quoted("{'state': 'before'}"));
        assert_int_equal(setup_start(setup, JOB, plan, &options, &error), 0);
        assert_true(setup_start(setup, JOB, plan, &options, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_BUSY);
}

static bool is_port(const Fake *fake, const char *iface, const char *bridge) {
        return view_device(fake->view, bridge) && streq(dict_string(view_device(fake->view, iface), "master", ""), bridge);
}

static bool in_force(const Fake *fake) {
        return streq(labels_kept, "after") && is_port(fake, "eth0", "ovirtmgmt") && is_port(fake, "eth1.7", "red") && is_port(fake, "eth1.8", "blue") &&
               json_object_size(fake->disk) == json_object_size(json_object_get(fake->original, "profiles")) + N_PROFILES && json_equal(fake->memory, fake->disk);
}

static bool as_before(const Fake *fake) {
        return streq(labels_kept, "before") && json_equal(json_object_get(fake->view, "devices"), json_object_get(fake->original, "devices")) &&
               json_object_size(fake->disk) == json_object_size(json_object_get(fake->original, "profiles")) && json_equal(fake->memory, fake->disk);
}

static unsigned whole(void) {
        Fake fake;
        Setup *setup;
        unsigned calls;

        fake_init(&fake);
        setup = life_begin(&fake);
        start(&fake, setup, false);
        assert_true(sd_event_loop(fake.event) >= 0);
        assert_true(fake.ended);
        assert_int_equal(fake.r, 0);
        assert_true(in_force(&fake));
        assert_int_equal(fake.created, 0);
        assert_int_equal(fake.out, 0);
        assert_int_equal(fake.most_out, N_PROFILES); /* all are put together */
        assert_int_not_equal(access(journal_path, F_OK), 0);
        assert_false(setup_is_busy(setup));
        calls = fake.calls;
        life_end(&fake, setup);
        fake_done(&fake);
        return calls;
}

static void succeeds(void **state) {
        assert_int_equal(whole(), 4 + 3 * N_PROFILES); /* the checkpoint made, set, set again and destroyed; each profile put, activated and saved */
}

/* Nobody tells of the devices that are up, since the view is made anew at its own pace: the set-up looks for itself. */
static void looks_for_itself(void **state) {
        Fake fake;
        Setup *setup;

        fake_init(&fake);
        setup = life_begin(&fake);
        start(&fake, setup, false);
        fake.shown = json_deep_copy(fake.view);
        assert_true(sd_event_loop(fake.event) >= 0);
        assert_int_equal(fake.r, 0);
        assert_null(fake.shown);
        assert_true(in_force(&fake));
        assert_true(fake.hastened > 0);
        life_end(&fake, setup);
        fake_done(&fake);
}

/* A view from before the devices came up is no reason to give up, however long it stays. */
static void an_old_view_is_no_failure(void **state) {
        Fake fake;
        Setup *setup;

        fake_init(&fake);
        setup = life_begin(&fake);
        start(&fake, setup, false);
        fake.shown = json_deep_copy(fake.view);
        fake.reluctant = true;
        assert_true(sd_event_loop(fake.event) >= 0);
        assert_int_equal(fake.r, 0);
        assert_null(fake.shown);
        assert_true(in_force(&fake));
        life_end(&fake, setup);
        fake_done(&fake);
}

/* NetworkManager says that all is there; the commit waits until the kernel's facts are no older than that. */
static void waits_for_the_kernels_facts(void **state) {
        Fake fake;
        Setup *setup;

        fake_init(&fake);
        fake.seen_after = 3;
        setup = life_begin(&fake);
        start(&fake, setup, false);
        assert_true(sd_event_loop(fake.event) >= 0);
        assert_int_equal(fake.r, 0);
        assert_true(in_force(&fake));
        assert_int_equal(fake.seen_asked, 4);
        life_end(&fake, setup);
        fake_done(&fake);
}

/* NetworkManager hangs while the set-up's time passes, and makes the checkpoint then: nobody wants it, and it must not roll back what is done after. */
static void a_checkpoint_that_comes_too_late_goes(void **state) {
        _cleanup_json_ json_t *plan = NULL, *networks = quoted("{'ovirtmgmt': {'management': true}}"), *bonds = json_object();
        SetupOptions options = { .timeout_usec = 20 * USEC_PER_MSEC };
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Fake fake;
        Setup *setup;

        fake_init(&fake);
        fake.late_usec = 60 * USEC_PER_MSEC;
        setup = life_begin(&fake);
        assert_int_equal(plan_make(fake.view, networks, bonds, NULL, &plan, NULL), 1);
        assert_int_equal(setup_start(setup, JOB, plan, &options, &error), 0);
        for (unsigned i = 0; i < 100 && !(fake.ended && fake.calls == 2); i++)
                assert_true(sd_event_run(fake.event, 10 * USEC_PER_MSEC) >= 0);
        assert_true(fake.ended);
        assert_int_equal(fake.r, -ETIMEDOUT);
        assert_true(as_before(&fake));
        assert_int_equal(fake.created, 0);
        assert_int_equal(fake.calls, 2);
        assert_true(sd_event_run(fake.event, 0) >= 0); /* the answer to the second */
        assert_false(setup_is_busy(setup));
        life_end(&fake, setup);
        fake_done(&fake);
}

static void fail_at_each_call(bool reversed) {
        unsigned n = whole();

        for (unsigned i = 1; i <= n; i++) {
                Fake fake;
                Setup *setup;

                fake_init(&fake);
                fake.fail_at = i;
                fake.reversed = reversed;
                setup = life_begin(&fake);
                start(&fake, setup, false);
                assert_true(sd_event_loop(fake.event) >= 0);
                assert_true(fake.ended);
                if (fake.r >= 0 || !as_before(&fake))
                        fail_msg("call %u of %u failed: r %d, as before %d", i, n, fake.r, as_before(&fake));
                assert_string_equal(fake.error_name, RHV_ERROR_ROLLED_BACK);
                assert_int_not_equal(access(journal_path, F_OK), 0);
                life_end(&fake, setup);
                fake_done(&fake);
        }
}

static void each_call_fails(void **state) {
        fail_at_each_call(false);
}

static void each_call_fails_and_the_last_answers_first(void **state) {
        fail_at_each_call(true);
}

/* Killed at each call, and started again. What NetworkManager's expiry does when nobody comes is not ours to test here. */
static void die_at_each_call(bool reversed) {
        unsigned n = whole(), forces = 0;

        for (unsigned i = 2; i <= n; i++) {
                Fake fake;
                Setup *setup;
                int r;

                fake_init(&fake);
                fake.die_at = i;
                fake.reversed = reversed;
                setup = life_begin(&fake);
                start(&fake, setup, false);
                assert_true(sd_event_loop(fake.event) >= 0);
                assert_true(fake.dead);
                life_end(&fake, setup);

                fake.die_at = 0;
                setup = life_begin(&fake);
                r = setup_recover(setup);
                assert_int_equal(r, 1);
                assert_true(sd_event_loop(fake.event) >= 0);
                assert_true(fake.ended);
                assert_true(fake.recovered);
                if (fake.r >= 0 ? !in_force(&fake) : !as_before(&fake))
                        fail_msg("died at call %u of %u: r %d, neither nor", i, n, fake.r);
                forces += fake.r >= 0;
                assert_int_equal(setup_recover(setup), 0);
                life_end(&fake, setup);
                fake_done(&fake);
        }
        assert_true(forces >= 2 && forces < n); /* both ways happen */
}

static void dies_at_each_call(void **state) {
        die_at_each_call(false);
}

static void dies_at_each_call_and_the_last_answers_first(void **state) {
        die_at_each_call(true);
}

/* The power goes at each call: what is in memory is lost, the foreign profile boots; then the service starts. */
static void power_cut_at_each_call(void **state) {
        unsigned n = whole();

        for (unsigned i = 2; i <= n; i++) {
                Fake fake;
                Setup *setup;

                fake_init(&fake);
                fake.die_at = i;
                setup = life_begin(&fake);
                start(&fake, setup, false);
                assert_true(sd_event_loop(fake.event) >= 0);
                life_end(&fake, setup);

                forget_checkpoint(&fake);
                json_decref(fake.memory);
                fake.memory = json_deep_copy(fake.disk);
                if (json_object_size(fake.disk) == json_object_size(json_object_get(fake.original, "profiles"))) {
                        json_decref(fake.view);
                        fake.view = host_new();
                }
                fake.die_at = 0;
                setup = life_begin(&fake);
                assert_int_equal(setup_recover(setup), 1);
                assert_true(sd_event_loop(fake.event) >= 0);
                assert_true(json_equal(fake.memory, fake.disk));
                if (json_object_size(fake.disk) != json_object_size(json_object_get(fake.original, "profiles")) + (fake.r >= 0 ? N_PROFILES : 0))
                        fail_msg("power cut at call %u of %u: half on disk", i, n);
                life_end(&fake, setup);
                fake_done(&fake);
        }
}

static void gateway_is_silent(void **state) {
        Fake fake;
        Setup *setup;

        fake_init(&fake);
        setup = life_begin(&fake);
        start(&fake, setup, false); /* it answers now: so it must afterwards */
        fake.reachable = false;
        assert_true(sd_event_loop(fake.event) >= 0);
        assert_true(fake.r < 0);
        assert_true(as_before(&fake));
        life_end(&fake, setup);
        fake_done(&fake);
}

static int confirm_or_cancel(sd_event_source *source, uint64_t usec, void *userdata) {
        Setup *setup = userdata;

        if (setup_confirm(setup, NULL) < 0) {
                (void) sd_event_source_set_time_relative(source, 1000);
                return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        }
        return 0;
}

static int cancel_late(sd_event_source *source, uint64_t usec, void *userdata) {
        assert_int_equal(setup_cancel(userdata, NULL), 0);
        return 0;
}

static void confirmed(void **state) {
        Fake fake;
        Setup *setup;

        fake_init(&fake);
        setup = life_begin(&fake);
        start(&fake, setup, true);
        assert_true(sd_event_add_time_relative(fake.event, NULL, CLOCK_MONOTONIC, 1000, 1, confirm_or_cancel, setup) >= 0);
        assert_true(sd_event_loop(fake.event) >= 0);
        assert_int_equal(fake.r, 0);
        assert_true(in_force(&fake));
        life_end(&fake, setup);
        fake_done(&fake);
}

/* Begun, and cancelled while it waits to be confirmed: all is as before in the end. */
static void cancel_one(Fake *fake) {
        Setup *setup = life_begin(fake);

        start(fake, setup, true);
        assert_true(sd_event_add_time_relative(fake->event, NULL, CLOCK_MONOTONIC, 100000, 1, cancel_late, setup) >= 0);
        assert_true(sd_event_loop(fake->event) >= 0);
        assert_int_equal(fake->r, -ECANCELED);
        assert_true(as_before(fake));
        life_end(fake, setup);
}

static void cancelled(void **state) {
        Fake fake;

        fake_init(&fake);
        cancel_one(&fake);
        fake_done(&fake);
}

/* NetworkManager brings the devices up again by itself, and takes its time: to ask for one meanwhile would have it begin anew, and take guests' ports off their bridge. */
static void the_roll_back_is_left_to_network_manager(void **state) {
        Fake fake;

        fake_init(&fake);
        fake.back_usec = 1500 * USEC_PER_MSEC;
        cancel_one(&fake);
        assert_int_equal(fake.back_stage, 3);
        assert_int_equal(fake.asked, 0);
        fake_done(&fake);
}

static void what_the_roll_back_leaves_out_is_asked_for(void **state) {
        Fake fake;

        fake_init(&fake);
        fake.left_out = "eth0";
        cancel_one(&fake);
        assert_int_equal(fake.asked, 1);
        fake_done(&fake);
}

/* Each VLAN comes up within the time in which a device must, the last of them long after it was asked for. */
static void one_after_the_other_comes_up(void **state) {
        Fake fake;
        Setup *setup;

        fake_init(&fake);
        fake.slow_usec = 3 * USEC_PER_SEC;
        setup = life_begin(&fake);
        start(&fake, setup, false);
        assert_true(sd_event_loop(fake.event) >= 0);
        assert_int_equal(fake.r, 0);
        assert_true(in_force(&fake));
        life_end(&fake, setup);
        fake_done(&fake);
}

static int goes_away(sd_event_source *source, uint64_t usec, void *userdata) {
        current->gone = true;
        forget_checkpoint(current); /* checkpoints live in its memory */
        setup_view_changed(userdata);
        return 0;
}

static int comes_back(sd_event_source *source, uint64_t usec, void *userdata) {
        current->gone = false;
        setup_view_changed(userdata);
        return 0;
}

static void network_manager_restarts(void **state) {
        Fake fake;
        Setup *setup;

        fake_init(&fake);
        setup = life_begin(&fake);
        start(&fake, setup, true);
        assert_true(sd_event_add_time_relative(fake.event, NULL, CLOCK_MONOTONIC, 50000, 1, goes_away, setup) >= 0);
        assert_true(sd_event_add_time_relative(fake.event, NULL, CLOCK_MONOTONIC, 100000, 1, comes_back, setup) >= 0);
        assert_true(sd_event_loop(fake.event) >= 0);
        assert_true(fake.r < 0);
        assert_true(as_before(&fake));
        assert_int_not_equal(access(journal_path, F_OK), 0);
        life_end(&fake, setup);
        fake_done(&fake);
}

/* What was made for new profiles has to be gone, too, and what was there already has not. */
static void left_over(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = quoted("{'profiles': [{'uuid': 'a', 'iface': 'red', 'after': 'x'}, {'uuid': 'b', 'iface': 'eth1', 'after': 'x'},"
                                                                 " {'uuid': 'c', 'iface': 'eth2', 'before': 'y', 'after': 'x'}], 'devices': ['eth1', 'eth2']}"),
                              *journal = journal_new("job", plan, view, "/checkpoint", 1);

        assert_true(journal_is_restored(journal, view));
        (void) json_object_set_new(json_object_get(view, "devices"), "red", json_pack("{s:s, s:s}", "kind", "bridge", "state", "unmanaged"));
        assert_false(journal_is_restored(journal, view));
        (void) json_object_del(json_object_get(view, "devices"), "red");
        assert_true(journal_is_restored(journal, view));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(left_over),
                cmocka_unit_test(succeeds),
                cmocka_unit_test(looks_for_itself),
                cmocka_unit_test(an_old_view_is_no_failure),
                cmocka_unit_test(waits_for_the_kernels_facts),
                cmocka_unit_test(a_checkpoint_that_comes_too_late_goes),
                cmocka_unit_test(each_call_fails),
                cmocka_unit_test(each_call_fails_and_the_last_answers_first),
                cmocka_unit_test(dies_at_each_call),
                cmocka_unit_test(dies_at_each_call_and_the_last_answers_first),
                cmocka_unit_test(power_cut_at_each_call),
                cmocka_unit_test(gateway_is_silent),
                cmocka_unit_test(confirmed),
                cmocka_unit_test(cancelled),
                cmocka_unit_test(the_roll_back_is_left_to_network_manager),
                cmocka_unit_test(what_the_roll_back_leaves_out_is_asked_for),
                cmocka_unit_test(one_after_the_other_comes_up),
                cmocka_unit_test(network_manager_restarts),
        };

        return cmocka_run_group_tests(tests, make_journal_directory, remove_journal_directory);
}
