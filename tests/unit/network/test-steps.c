/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which calls are out together, which wait for which, and what a list leaves behind; with a backend that answers when told to. */

#include "view-fixture.h"

#include <stdlib.h>

#include "dict.h"
#include "macro.h"
#include "steps.h"

#define CALLS_MAX 64U

/* Calls in the order they came, "put a", each until it is answered. */
typedef struct Fake {
        sd_event *event;
        char names[CALLS_MAX][32];
        BackendCall calls[CALLS_MAX];
        bool answered[CALLS_MAX];
        size_t n;

        unsigned ended;
        int r;
        char text[80];
} Fake;

static Fake *current;

static void called(const char *word, const char *object, BackendCall call) {
        assert_true(current->n < CALLS_MAX);
        snprintf(current->names[current->n], sizeof current->names[0], "%s %s", word, object ?: "");
        current->calls[current->n++] = call;
}

static void fake_checkpoint(void *backend, const json_t *devices, uint32_t timeout_sec, BackendCall call) {
        called("checkpoint", NULL, call);
}
static void fake_destroy(void *backend, const char *path, BackendCall call) {
        called("destroy", path, call);
}
static void fake_put(void *backend, const char *uuid, const char *text, bool to_disk, BackendCall call) {
        called("put", uuid, call);
}
static void fake_activate(void *backend, const char *uuid, const char *iface, bool fresh, BackendCall call) {
        called(fresh ? "activate-fresh" : "activate", iface, call);
}
static void fake_reapply(void *backend, const char *iface, const char *text, BackendCall call) {
        called("reapply", iface, call);
}

static const BackendTable table = {
        .checkpoint_create = fake_checkpoint,
        .checkpoint_destroy = fake_destroy,
        .profile_put = fake_put,
        .activate = fake_activate,
        .reapply = fake_reapply,
};

static void on_done(void *userdata, int r, const char *text) {
        current->ended++;
        current->r = r;
        snprintf(current->text, sizeof current->text, "%s", text ?: "");
}

/* All that the loop has to do without waiting. */
static void turn(void) {
        while (sd_event_run(current->event, 0) > 0)
                ;
}

static void answer(size_t i, int r, const char *text) {
        assert_true(i < current->n && !current->answered[i]);
        current->answered[i] = true;
        current->calls[i].done(current->calls[i].userdata, current->calls[i].token, r, text);
        turn();
}

/* The calls that are out, "put a, put b". Borrowed, until the next. */
static const char *out(void) {
        static char text[CALLS_MAX * 34];

        text[0] = 0;
        for (size_t i = 0; i < current->n; i++)
                if (!current->answered[i])
                        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", *text ? ", " : "", current->names[i]);
        return text;
}

static Steps *begin(Fake *fake) {
        Steps *steps;

        *fake = (Fake){ .r = 1 };
        current = fake;
        assert_true(sd_event_new(&fake->event) >= 0);
        assert_int_equal(steps_new(fake->event, (Backend){ .table = &table, .backend = fake }, NULL, NULL, &steps), 0);
        return steps;
}

static void end(Fake *fake, Steps *steps) {
        steps_free(steps);
        sd_event_unref(fake->event);
}

static void run(Steps *steps, const char *list, bool persistent) {
        assert_int_equal(steps_run(steps, quoted(list), persistent, on_done), 0);
        turn();
}

static const char two_stages[] = "[[{'do': 'put', 'uuid': 'a'}, {'do': 'put', 'uuid': 'b'}], [], [{'do': 'activate', 'iface': 'x', 'fresh': true}, {'do': 'activate', 'iface': 'y'}]]";

static void stages_wait_for_one_another(void **state) {
        Fake fake;
        Steps *steps = begin(&fake);

        run(steps, two_stages, false);
        assert_string_equal(out(), "put a, put b");
        answer(1, 0, NULL);
        assert_string_equal(out(), "put a");
        answer(0, 0, NULL);
        assert_string_equal(out(), "activate-fresh x, activate y");
        answer(2, 0, NULL);
        assert_int_equal(fake.ended, 0);
        answer(3, 0, NULL);
        assert_int_equal(fake.ended, 1);
        assert_int_equal(fake.r, 0);
        end(&fake, steps);
}

static void nothing_to_do_ends_as_well(void **state) {
        Fake fake;
        Steps *steps = begin(&fake);

        run(steps, "[[], []]", false);
        assert_int_equal(fake.ended, 1);
        assert_int_equal(fake.r, 0);
        run(steps, "[]", true);
        assert_int_equal(fake.ended, 2);
        end(&fake, steps);
}

static void no_more_than_the_window_is_out(void **state) {
        _cleanup_json_ json_t *list = json_array();
        json_t *stage = steps_stage(list);
        Fake fake;
        Steps *steps = begin(&fake);

        for (unsigned i = 0; i < 3 * STEPS_WINDOW; i++)
                json_array_append_new(stage, json_pack("{s:s, s:s}", "do", "put", "uuid", "a"));
        assert_int_equal(steps_run(steps, TAKE_PTR(list), false, on_done), 0);
        turn();
        for (unsigned i = 0; i < 3 * STEPS_WINDOW; i++) {
                unsigned window = STEPS_WINDOW_FIRST + i < STEPS_WINDOW ? STEPS_WINDOW_FIRST + i : STEPS_WINDOW;
                unsigned sent = i + window < 3 * STEPS_WINDOW ? i + window : 3 * STEPS_WINDOW;

                assert_int_equal(fake.n, sent);
                answer(i, 0, NULL);
        }
        assert_int_equal(fake.ended, 1);
        end(&fake, steps);
}

static void fewer_where_answers_are_slow(void **state) {
        unsigned window = STEPS_WINDOW_FIRST;

        assert_int_equal(steps_window(window, 0), window + 1);
        assert_int_equal(steps_window(STEPS_WINDOW, 0), STEPS_WINDOW);
        assert_int_equal(steps_window(window, STEPS_QUICK_USEC), window);
        assert_int_equal(steps_window(window, STEPS_SLOW_USEC - 1), window);
        for (unsigned i = 0; i < 10; i++)
                window = steps_window(window, STEPS_SLOW_USEC);
        assert_int_equal(window, 1);
        assert_int_equal(steps_window(window, 0), 2);
}

static void a_failure_sends_no_more(void **state) {
        Fake fake;
        Steps *steps = begin(&fake);

        run(steps, two_stages, false);
        answer(0, -EIO, "no");
        assert_int_equal(fake.ended, 1);
        assert_int_equal(fake.r, -EIO);
        assert_string_equal(fake.text, "put a: no");

        /* what is to undo it waits for the other */
        run(steps, "[[{'do': 'put', 'uuid': 'old'}]]", true);
        assert_string_equal(out(), "put b");
        answer(1, 0, NULL);
        assert_string_equal(out(), "put old");
        answer(2, 0, NULL);
        assert_int_equal(fake.ended, 2);
        assert_int_equal(fake.r, 0);
        end(&fake, steps);
}

static void a_persistent_list_goes_on_and_tells_the_first(void **state) {
        Fake fake;
        Steps *steps = begin(&fake);

        run(steps, two_stages, true);
        answer(1, -EIO, "no");
        answer(0, -ENOENT, "nor this");
        answer(3, -EPERM, NULL);
        assert_int_equal(fake.ended, 0);
        answer(2, 0, "text");
        assert_int_equal(fake.ended, 1);
        assert_int_equal(fake.r, -EIO);
        assert_string_equal(fake.text, "put b: no");
        end(&fake, steps);
}

static void one_that_hangs_is_not_waited_for_long(void **state) {
        Fake fake;
        Steps *steps = begin(&fake);

        run(steps, two_stages, false);
        steps_drop(steps);
        answer(0, 0, NULL);
        run(steps, "[[{'do': 'put', 'uuid': 'old'}]]", true);
        assert_string_equal(out(), "put b");
        for (unsigned i = 0; i < 10 && fake.n == 2; i++)
                assert_true(sd_event_run(fake.event, STEPS_DRAIN_USEC) >= 0);
        assert_string_equal(out(), "put b, put old");
        answer(1, 0, NULL); /* at last: nobody hears it */
        assert_int_equal(fake.ended, 0);
        answer(2, 0, NULL);
        assert_int_equal(fake.ended, 1);
        assert_int_equal(fake.r, 0);
        end(&fake, steps);
}

static void a_checkpoint_for_nobody_goes(void **state) {
        Fake fake;
        Steps *steps = begin(&fake);

        run(steps, "[[{'do': 'checkpoint', 'devices': []}]]", false);
        steps_drop(steps);
        answer(0, 0, "/checkpoint/7");
        assert_string_equal(out(), "destroy /checkpoint/7");
        assert_int_equal(fake.ended, 0);
        end(&fake, steps);
}

static void reapply_falls_back_within_its_stage(void **state) {
        Fake fake;
        Steps *steps = begin(&fake);

        run(steps, "[[{'do': 'reapply', 'iface': 'x', 'text': ''}, {'do': 'reapply', 'iface': 'y', 'text': ''}], [{'do': 'put', 'uuid': 'a'}]]", false);
        assert_string_equal(out(), "reapply x, reapply y");
        answer(0, -EIO, "cannot");
        answer(1, 0, NULL);
        assert_string_equal(out(), "activate x");
        answer(2, 0, NULL);
        assert_string_equal(out(), "put a");
        answer(3, 0, "made");
        assert_int_equal(fake.r, 0);
        assert_string_equal(fake.text, "made");
        end(&fake, steps);
}

/* Overtaken by something else: asked for again, before the next stage, but not for ever. */
static void what_is_overtaken_is_asked_for_again(void **state) {
        Fake fake;
        Steps *steps = begin(&fake);

        run(steps, "[[{'do': 'activate', 'iface': 'x'}], [{'do': 'put', 'uuid': 'a'}]]", false);
        answer(0, -EAGAIN, "overtaken");
        assert_string_equal(out(), "activate x");
        answer(1, 0, NULL);
        assert_string_equal(out(), "put a");
        answer(2, 0, NULL);
        assert_int_equal(fake.ended, 1);
        assert_int_equal(fake.r, 0);
        end(&fake, steps);

        steps = begin(&fake);
        run(steps, "[[{'do': 'activate', 'iface': 'x'}]]", false);
        for (size_t i = 0; !fake.ended; i++)
                answer(i, -EAGAIN, "overtaken");
        assert_int_equal(fake.n, 6);
        assert_int_equal(fake.r, -EAGAIN);
        end(&fake, steps);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_overtaken_is_asked_for_again),
                cmocka_unit_test(stages_wait_for_one_another),
                cmocka_unit_test(nothing_to_do_ends_as_well),
                cmocka_unit_test(no_more_than_the_window_is_out),
                cmocka_unit_test(fewer_where_answers_are_slow),
                cmocka_unit_test(a_failure_sends_no_more),
                cmocka_unit_test(a_persistent_list_goes_on_and_tells_the_first),
                cmocka_unit_test(one_that_hangs_is_not_waited_for_long),
                cmocka_unit_test(a_checkpoint_for_nobody_goes),
                cmocka_unit_test(reapply_falls_back_within_its_stage),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
