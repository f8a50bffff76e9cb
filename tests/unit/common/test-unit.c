/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A unit started, watched, and found again, with a systemd that answers what the test wrote down, late or not at all. The real one is asked by
 * the lab tests of transfers. */

#include "bus-pair.h"
#include "unit.h"

#define UNIT "rhv-test-1.service"
#define PREFIX "/org/freedesktop/systemd1"

typedef struct Fixture {
        BusPair pair;
        char *path;
        UnitWatch *watch;
        /* the other side */
        const char *state, *result; /* of the unit */
        uint32_t job;
        bool silent;     /* questions are answered with an error, as when nobody answers in time */
        bool refuse;     /* starts are refused */
        unsigned asked, stopped, forgotten, subscribed;
        char started_unit[64], started_text[16384];
        /* what we heard */
        bool started, ended, known;
        int start_r, exit_status;
        char result_word[64];
} Fixture;

static int reply_properties(sd_bus_message *message, Fixture *f) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *interface;

        f->asked++;
        assert_ok(sd_bus_message_read(message, "s", &interface));
        if (f->silent)
                return sd_bus_reply_method_errorf(message, SD_BUS_ERROR_NO_REPLY, "Nobody answered in time");
        assert_ok(sd_bus_message_new_method_return(message, &reply));
        if (streq(interface, "org.freedesktop.systemd1.Unit"))
                assert_ok(sd_bus_message_append(reply, "a{sv}", 3, "Id", "s", UNIT, "ActiveState", "s", f->state, "Job", "(uo)",
                                                f->job, "/"));
        else
                assert_ok(sd_bus_message_append(reply, "a{sv}", 3, "MainPID", "u", 0, "ExecMainStatus", "i", 7, "Result", "s",
                                                f->result));
        return sd_bus_message_send(reply);
}

static int on_call(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const char *member = sd_bus_message_get_member(message), *unit;
        Fixture *f = userdata;

        if (streq(member, "GetAll"))
                return reply_properties(message, f);
        if (streq(member, "Subscribe"))
                f->subscribed++;
        else {
                assert_ok(sd_bus_message_read(message, "s", &unit));
                assert_string_equal(unit, UNIT);
                f->stopped += streq(member, "StopUnit");
                f->forgotten += streq(member, "ResetFailedUnit");
        }
        if (streq(member, "StartTransientUnit")) {
                FILE *text = fmemopen(f->started_text, sizeof f->started_text, "w");

                if (f->refuse)
                        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "No such property");
                assert_non_null(text);
                assert_ok(sd_bus_message_dump(message, text, 0));
                (void) fclose(text);
                return sd_bus_reply_method_return(message, "o", PREFIX "/job/1");
        }
        return sd_bus_reply_method_return(message, NULL);
}

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof *f);

        bus_pair_init(&f->pair);
        f->state = "active";
        f->result = "success";
        f->exit_status = -1;
        assert_ok(sd_bus_add_fallback(f->pair.server, NULL, PREFIX, on_call, f));
        assert_ok(sd_bus_path_encode(PREFIX "/unit", UNIT, &f->path));
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        unit_watch_free(f->watch);
        bus_pair_done(&f->pair);
        free(f->path);
        free(f);
        return 0;
}

static void on_started(int r, const sd_bus_error *error, void *userdata) {
        Fixture *f = userdata;

        assert_false(f->started);
        f->started = true;
        f->start_r = r;
        assert_int_equal(r < 0, error != NULL);
}

static void on_ended(UnitWatch *watch, const UnitResult *result, void *userdata) {
        Fixture *f = userdata;

        assert_false(f->ended);
        f->ended = true;
        f->known = result->known;
        f->exit_status = result->exit_status;
        (void) snprintf(f->result_word, sizeof f->result_word, "%s", result->result);
        f->watch = unit_watch_free(watch);
}

static void begin_watch(Fixture *f) {
        unsigned asked = f->asked;

        assert_ok(unit_watch_new(f->pair.client, UNIT, on_ended, f, &f->watch));
        assert_string_equal(unit_watch_name(f->watch), UNIT);
        while (f->asked == asked)
                assert_ok(sd_event_run(f->pair.event, USEC_PER_SEC));
}

/* As systemd sends it. */
static void unit_changes(Fixture *f) {
        _cleanup_message_ sd_bus_message *signal = NULL;

        assert_ok(sd_bus_message_new_signal(f->pair.server, &signal, f->path, "org.freedesktop.DBus.Properties", "PropertiesChanged"));
        assert_ok(sd_bus_message_set_sender(signal, "org.freedesktop.systemd1"));
        assert_ok(sd_bus_message_append(signal, "sa{sv}as", "org.freedesktop.systemd1.Unit", 0, 0));
        assert_ok(sd_bus_send(NULL, signal, NULL));
}

static void test_start(void **state) {
        Fixture *f = *state;
        const UnitSpec spec = {
                .name = UNIT,
                .description = "a test",
                .slice = "rhv-data.slice",
                .argv = (const char *const[]){ "/bin/true", "a b", NULL },
                .environment = (const char *const[]){ "A=1", NULL },
                .stdin_fd = 0,
                .user = "36",
                .properties = (const char *const[]){ "PrivateNetwork", "yes", "WorkingDirectory", "/", NULL },
        };
        static const char *const wanted[] = { "rhv-data.slice", "/bin/true", "a b", "A=1", "\"36\"", "PrivateNetwork", "CollectMode" };

        assert_ok(unit_start(f->pair.client, &spec, on_started, f, NULL));
        loop_until(f->pair.event, &f->started);
        assert_int_equal(f->start_r, 0);
        for (size_t i = 0; i < ELEMENTSOF(wanted); i++)
                if (!strstr(f->started_text, wanted[i]))
                        fail_msg("%s is not in %s", wanted[i], f->started_text);
}

static void test_start_refused(void **state) {
        Fixture *f = *state;
        const UnitSpec spec = { .name = UNIT, .description = "a test", .argv = (const char *const[]){ "/bin/true", NULL } };

        f->refuse = true;
        assert_ok(unit_start(f->pair.client, &spec, on_started, f, NULL));
        loop_until(f->pair.event, &f->started);
        assert_true(f->start_r < 0);
}

static void test_failed(void **state) {
        Fixture *f = *state;

        begin_watch(f);
        assert_int_equal(f->subscribed, 1);
        unit_changes(f);
        while (f->asked < 2)
                assert_ok(sd_event_run(f->pair.event, USEC_PER_SEC));
        assert_false(f->ended); /* it is active still */

        f->state = "failed";
        f->result = "exit-code";
        unit_changes(f);
        loop_until(f->pair.event, &f->ended);
        assert_true(f->known);
        assert_int_equal(f->exit_status, 7);
        assert_string_equal(f->result_word, "exit-code");
        assert_ok(unit_release(f->pair.client, UNIT));
        while (f->forgotten == 0)
                assert_ok(sd_event_run(f->pair.event, USEC_PER_SEC));
}

/* Ended well, or never there; but not what only waits for its start. */
static void test_gone(void **state) {
        Fixture *f = *state;

        f->state = "inactive";
        f->job = 5;
        begin_watch(f);
        unit_changes(f);
        while (f->asked < 2)
                assert_ok(sd_event_run(f->pair.event, USEC_PER_SEC));
        assert_false(f->ended);
        f->job = 0;
        unit_changes(f);
        loop_until(f->pair.event, &f->ended);
        assert_false(f->known);
}

/* systemd says nothing: the unit may be at work, so this is not its end. */
static void test_silence(void **state) {
        Fixture *f = *state;

        f->silent = true;
        begin_watch(f);
        while (f->asked < 3) {
                assert_ok(sd_event_run(f->pair.event, 2 * USEC_PER_SEC));
                assert_false(f->ended);
        }
        f->silent = false;
        f->state = "failed";
        f->result = "signal";
        loop_until(f->pair.event, &f->ended);
        assert_true(f->known);
        assert_string_equal(f->result_word, "signal");
}

static void test_stop(void **state) {
        Fixture *f = *state;

        assert_ok(unit_stop(f->pair.client, UNIT));
        while (f->stopped == 0)
                assert_ok(sd_event_run(f->pair.event, USEC_PER_SEC));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_start, setup, teardown),
                cmocka_unit_test_setup_teardown(test_start_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(test_failed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_gone, setup, teardown),
                cmocka_unit_test_setup_teardown(test_silence, setup, teardown),
                cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
