/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A handler that counts its passes and its acts: however it is re-entered, it must act at most once, and only when allowed. */

#include "auth.h"
#include "bus-error.h"
#include "bus-pair.h"
#include "fake-auth.h"

#define PATH "/test"
#define INTERFACE "org.rhv.Test"

typedef struct Fixture {
        BusPair pair;
        FakeAuth fake;
        unsigned passes, acts;
        bool moves; /* what the handler looks at first is different at its second pass */
} Fixture;

static int method_act(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Fixture *f = userdata;
        const char *vm;
        int r;

        f->passes++;
        r = sd_bus_message_read(message, "s", &vm);
        if (r < 0)
                return r;
        if (f->moves && f->passes % 2 == 0)
                return sd_bus_error_set(error, RHV_ERROR_NOT_FOUND, "It is gone");
        r = auth_check(f->fake.auth, message, "org.rhv.test.operate",
                       AUTH_DETAILS("verb", "act", "vm", vm, "absent", NULL, "host", "h1"), error);
        if (r < 0)
                return r;
        if (r == 0)
                return 1;

        f->acts++;
        return sd_bus_reply_method_return(message, "s", vm);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Act", "s", "s", method_act, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof *f);

        bus_pair_init(&f->pair);
        fake_auth_init(&f->fake, f->pair.event);
        assert_ok(sd_bus_add_object_vtable(f->pair.server, NULL, PATH, INTERFACE, vtable, f));
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        fake_auth_done(&f->fake);
        bus_pair_done(&f->pair);
        free(f);
        return 0;
}

static void test_allowed(void **state) {
        Fixture *f = *state;
        _cleanup_message_ sd_bus_message *reply = bus_pair_callf(&f->pair, PATH, INTERFACE, "Act", "s", "vm1");
        const char *vm;

        assert_string_equal(reply_error(reply), "");
        assert_ok(sd_bus_message_read(reply, "s", &vm));
        assert_string_equal(vm, "vm1");
        assert_int_equal(f->passes, 2);
        assert_int_equal(f->acts, 1);
        assert_int_equal(f->fake.asked, 1);
        assert_string_equal(f->fake.action, "org.rhv.test.operate");
        /* an absent value ends nothing: what follows it is still shown */
        assert_string_equal(f->fake.details, "verb=act vm=vm1 host=h1");
        assert_false(f->fake.interactive);
}

static void test_refused(void **state) {
        Fixture *f = *state;
        _cleanup_message_ sd_bus_message *reply = NULL;

        f->fake.answer = 0;
        f->fake.challenge = true;
        reply = bus_pair_callf(&f->pair, PATH, INTERFACE, "Act", "s", "vm1");
        assert_string_equal(reply_error(reply), RHV_ERROR_ACCESS_DENIED);
        assert_non_null(strstr(sd_bus_message_get_error(reply)->message, "org.rhv.test.operate"));
        assert_int_equal(f->acts, 0);
}

static void test_cannot_ask(void **state) {
        Fixture *f = *state;
        _cleanup_message_ sd_bus_message *reply = NULL;

        f->fake.answer = -ECONNREFUSED;
        reply = bus_pair_callf(&f->pair, PATH, INTERFACE, "Act", "s", "vm1");
        assert_string_equal(reply_error(reply), RHV_ERROR_BACKEND_UNAVAILABLE);
        assert_int_equal(f->acts, 0);
}

/* Nobody types the password: the refusal says so, and a timed-out question is no "connection". */
static void test_no_answer(void **state) {
        Fixture *f = *state;
        _cleanup_message_ sd_bus_message *reply = NULL;

        f->fake.answer = -ETIMEDOUT;
        reply = bus_pair_callf(&f->pair, PATH, INTERFACE, "Act", "s", "vm1");
        assert_string_equal(reply_error(reply), RHV_ERROR_BACKEND_UNAVAILABLE);
        assert_non_null(strstr(sd_bus_message_get_error(reply)->message, "password"));
        assert_int_equal(f->acts, 0);
}

static void test_interactive(void **state) {
        Fixture *f = *state;
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;

        assert_ok(sd_bus_message_new_method_call(f->pair.client, &call, NULL, PATH, INTERFACE, "Act"));
        assert_ok(sd_bus_message_append(call, "s", "vm1"));
        assert_ok(sd_bus_message_set_allow_interactive_authorization(call, 1));
        reply = bus_pair_call(&f->pair, call);
        assert_string_equal(reply_error(reply), "");
        assert_true(f->fake.interactive);
}

/* A question that is never answered: the next calls are served, and leaving forgets it. */
static void test_hanging(void **state) {
        Fixture *f = *state;
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;

        f->fake.hang = true;
        assert_ok(sd_bus_message_new_method_call(f->pair.client, &call, NULL, PATH, INTERFACE, "Act"));
        assert_ok(sd_bus_message_append(call, "s", "slow"));
        assert_ok(sd_bus_call_async(f->pair.client, NULL, call, NULL, NULL, 0));
        while (f->fake.asked < 1)
                assert_ok(sd_event_run(f->pair.event, USEC_PER_SEC));

        f->fake.hang = false;
        reply = bus_pair_callf(&f->pair, PATH, INTERFACE, "Act", "s", "quick");
        assert_string_equal(reply_error(reply), "");
        assert_int_equal(f->acts, 1);
        fake_auth_done(&f->fake);
        assert_int_equal(f->fake.cancelled, 1);
}

/* Each answer is for one message: the second call of the same method asks again. */
static void test_not_cached(void **state) {
        Fixture *f = *state;
        _cleanup_message_ sd_bus_message *first = NULL, *second = NULL;

        first = bus_pair_callf(&f->pair, PATH, INTERFACE, "Act", "s", "vm1");
        f->fake.answer = 0;
        second = bus_pair_callf(&f->pair, PATH, INTERFACE, "Act", "s", "vm1");
        assert_string_equal(reply_error(first), "");
        assert_string_equal(reply_error(second), RHV_ERROR_ACCESS_DENIED);
        assert_int_equal(f->fake.asked, 2);
}

/* What was asked about is gone when the answer comes: the answers nobody looks for do not add up until nobody can ask. */
static void test_gone_meanwhile(void **state) {
        Fixture *f = *state;
        _cleanup_message_ sd_bus_message *reply = NULL;

        f->moves = true;
        for (int i = 0; i < 600; i++) {
                _cleanup_message_ sd_bus_message *refused = bus_pair_callf(&f->pair, PATH, INTERFACE, "Act", "s", "vm1");

                assert_string_equal(reply_error(refused), RHV_ERROR_NOT_FOUND);
        }
        assert_int_equal(f->fake.asked, 600);
        f->moves = false;
        reply = bus_pair_callf(&f->pair, PATH, INTERFACE, "Act", "s", "vm1");
        assert_string_equal(reply_error(reply), "");
        assert_int_equal(f->acts, 1);
}

/* One user's unanswered questions have a maximum, and they keep the service from leaving. */
static void test_many_of_one(void **state) {
        Fixture *f = *state;
        _cleanup_message_ sd_bus_message *reply = NULL;

        f->fake.hang = true;
        assert_int_equal(auth_waiting(f->fake.auth), 0);
        for (int i = 0; i < 64; i++)
                assert_ok(sd_bus_call_method_async(f->pair.client, NULL, NULL, PATH, INTERFACE, "Act", NULL, NULL, "s", "vm1"));
        while (f->fake.asked < 64)
                assert_ok(sd_event_run(f->pair.event, USEC_PER_SEC));
        assert_int_equal(auth_waiting(f->fake.auth), 64);
        reply = bus_pair_callf(&f->pair, PATH, INTERFACE, "Act", "s", "vm1");
        assert_string_equal(reply_error(reply), RHV_ERROR_LIMIT_EXCEEDED);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_allowed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cannot_ask, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_answer, setup, teardown),
                cmocka_unit_test_setup_teardown(test_interactive, setup, teardown),
                cmocka_unit_test_setup_teardown(test_hanging, setup, teardown),
                cmocka_unit_test_setup_teardown(test_not_cached, setup, teardown),
                cmocka_unit_test_setup_teardown(test_gone_meanwhile, setup, teardown),
                cmocka_unit_test_setup_teardown(test_many_of_one, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
