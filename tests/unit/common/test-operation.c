/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "operation.h"
#include "bus-error.h"
#include "bus-pair.h"

#define PATH "/test"
#define INTERFACE "org.rhv.Test"

typedef struct Fixture {
        BusPair pair;
        Operation *operation;
        sd_event_source *later;
        enum { REPLY, FAIL, FAIL_ERRNO, DROP } how;
} Fixture;

static int on_later(sd_event_source *source, void *userdata) {
        Fixture *f = userdata;

        switch (f->how) {
        case REPLY:
                f->operation = operation_reply(f->operation, "su", "done", 42U);
                break;
        case FAIL:
                f->operation = operation_failf(f->operation, RHV_ERROR_BUSY, "busy with %s", "it");
                break;
        case FAIL_ERRNO:
                f->operation = operation_fail_errno(f->operation, -ENOMEDIUM, NULL);
                break;
        case DROP:
                f->operation = operation_free(f->operation);
                break;
        }
        return 0;
}

static int method_start(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Fixture *f = userdata;

        f->operation = operation_new(message);
        assert_non_null(f->operation);
        assert_int_equal(operation_uid(f->operation), geteuid());
        assert_ok(sd_event_add_defer(f->pair.event, &f->later, on_later, f));
        return 1;
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Start", NULL, "su", method_start, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static sd_bus_message *run(Fixture *f, int how) {
        sd_bus_message *reply;

        bus_pair_init(&f->pair);
        f->how = how;
        assert_ok(sd_bus_add_object_vtable(f->pair.server, NULL, PATH, INTERFACE, vtable, f));
        reply = bus_pair_callf(&f->pair, PATH, INTERFACE, "Start", NULL);
        assert_null(f->operation);
        f->later = sd_event_source_disable_unref(f->later);
        return reply;
}

static void test_reply(void **state) {
        Fixture f = { .operation = NULL };
        _cleanup_message_ sd_bus_message *reply = run(&f, REPLY);
        const char *word;
        uint32_t number;

        assert_ok(sd_bus_message_read(reply, "su", &word, &number));
        assert_string_equal(word, "done");
        assert_int_equal(number, 42);
        bus_pair_done(&f.pair);
}

static void test_failures(void **state) {
        static const struct {
                int how;
                const char *name;
        } cases[] = {
                { FAIL, RHV_ERROR_BUSY },
                { FAIL_ERRNO, "System.Error.ENOMEDIUM" },
                { DROP, RHV_ERROR_ABORTED },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Fixture f = { .operation = NULL };
                _cleanup_message_ sd_bus_message *reply = run(&f, cases[i].how);

                assert_string_equal(reply_error(reply), cases[i].name);
                bus_pair_done(&f.pair);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_reply),
                cmocka_unit_test(test_failures),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
