/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-object.h"
#include "bus-pair.h"

#define KIND "/org/rhv/Test/thing"
#define INTERFACE "org.rhv.Test.Thing"

typedef struct Fixture {
        BusPair pair;
        BusChanges *changes;
        const char *name; /* of the one thing there is; NULL: none */
        unsigned count;
        unsigned signals, names_seen, counts_seen;
        bool last_seen;
} Fixture;

static int property_name(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Fixture *f = userdata;

        return sd_bus_message_append(reply, "s", f->name);
}

static int property_count(sd_bus *bus, const char *path, const char *interface, const char *property,
                          sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Fixture *f = userdata;

        return sd_bus_message_append(reply, "u", f->count);
}

static int method_poke(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(message, "b", true);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Poke", SD_BUS_ARGS("s", how), SD_BUS_RESULT("b", poked), method_poke, 0),
        SD_BUS_PROPERTY("Name", "s", property_name, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Count", "u", property_count, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

static int find_thing(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                      sd_bus_error *error) {
        Fixture *f = userdata;
        _cleanup_free_ char *id = NULL;
        int r;

        r = bus_object_id(path, KIND, &id);
        if (r <= 0)
                return r;
        if (!f->name || !streq(id, f->name))
                return 0;
        *ret_found = f;
        return 1;
}

static const BusObject objects[] = {
        { KIND, INTERFACE, vtable, find_thing, NULL },
        { NULL },
};

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Fixture *f = userdata;
        const char *interface, *key;

        if (sd_bus_message_is_signal(message, "org.freedesktop.DBus.Properties", "PropertiesChanged") <= 0)
                return 0;
        f->signals++;
        assert_ok(sd_bus_message_read(message, "s", &interface));
        assert_string_equal(interface, INTERFACE);
        assert_ok(sd_bus_message_enter_container(message, 'a', "{sv}"));
        while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
                assert_ok(sd_bus_message_read(message, "s", &key));
                if (streq(key, "Name"))
                        f->names_seen++;
                else {
                        uint32_t count;

                        assert_ok(sd_bus_message_read(message, "v", "u", &count));
                        assert_int_equal(count, f->count);
                        f->counts_seen++;
                        f->last_seen = true;
                        assert_ok(sd_bus_message_exit_container(message));
                        continue;
                }
                assert_ok(sd_bus_message_skip(message, "v"));
                assert_ok(sd_bus_message_exit_container(message));
        }
        return 0;
}

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof *f);

        f->name = "a/b c";
        bus_pair_init(&f->pair);
        assert_ok(bus_changes_new(f->pair.server, &f->changes));
        assert_ok(bus_objects_register(f->pair.server, "/org/rhv/Test", objects, f));
        assert_ok(sd_bus_add_filter(f->pair.client, NULL, on_signal, f));
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        bus_changes_free(f->changes);
        bus_pair_done(&f->pair);
        free(f);
        return 0;
}

static void test_paths(void **state) {
        Fixture *f = *state;
        _cleanup_free_ char *path = bus_object_path(KIND, f->name), *name = NULL, *id = NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;

        name = bus_pair_get_string(&f->pair, path, INTERFACE, "Name");
        assert_string_equal(name, "a/b c");
        assert_int_equal(bus_object_id("/org/rhv/Other/x", KIND, &id), 0);

        f->name = NULL; /* gone: a clean error from then on */
        reply = bus_pair_callf(&f->pair, path, "org.freedesktop.DBus.Properties", "Get", "ss", INTERFACE, "Name");
        assert_string_equal(reply_error(reply), SD_BUS_ERROR_UNKNOWN_OBJECT);
}

static void test_changes_are_merged(void **state) {
        Fixture *f = *state;
        _cleanup_free_ char *path = bus_object_path(KIND, f->name);

        for (unsigned i = 1; i <= 100; i++) {
                f->count = i;
                bus_changed(f->changes, path, INTERFACE, "Count");
                bus_changed(f->changes, path, INTERFACE, "Name");
        }
        loop_until(f->pair.event, &f->last_seen);
        assert_int_equal(f->signals, 1);
        assert_int_equal(f->names_seen, 1);
        assert_int_equal(f->counts_seen, 1);
}

/* Who tells the change need not keep the name: some come from trees that are gone when the loop is idle. */
static void test_names_are_copied(void **state) {
        Fixture *f = *state;
        _cleanup_free_ char *path = bus_object_path(KIND, f->name), *property = strdup("Count");

        f->count = 7;
        bus_changed(f->changes, path, INTERFACE, property);
        (void) memset(property, 'x', strlen(property));
        free(TAKE_PTR(property));
        loop_until(f->pair.event, &f->last_seen);
        assert_int_equal(f->counts_seen, 1);
}

static void test_flush_and_forget(void **state) {
        Fixture *f = *state;
        _cleanup_free_ char *path = bus_object_path(KIND, f->name);

        bus_changed(f->changes, path, INTERFACE, "Name");
        bus_changes_forget(f->changes, path);
        bus_changed(f->changes, path, INTERFACE, "Count");
        bus_changes_flush(f->changes);
        loop_until(f->pair.event, &f->last_seen);
        assert_int_equal(f->signals, 1);
        assert_int_equal(f->names_seen, 0);
}

static void test_introspect(void **state) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        assert_ok(bus_objects_introspect(out, objects));
        assert_int_equal(fclose(out), 0);
        assert_non_null(strstr(text, "<interface name=\"org.rhv.Test.Thing\">"));
        assert_non_null(strstr(text, "<arg type=\"s\" name=\"how\" direction=\"in\"/>"));
        assert_non_null(strstr(text, "<property name=\"Count\" type=\"u\" access=\"read\">"));
        assert_null(strstr(text, "org.freedesktop.DBus.Peer"));
        free(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
                cmocka_unit_test_setup_teardown(test_changes_are_merged, setup, teardown),
                cmocka_unit_test_setup_teardown(test_flush_and_forget, setup, teardown),
                cmocka_unit_test_setup_teardown(test_names_are_copied, setup, teardown),
                cmocka_unit_test(test_introspect),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
