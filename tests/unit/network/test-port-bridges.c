/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which taps belong back on which bridge, whatever the kernel tells in whatever order. */

#include "view-fixture.h"

#include "dict.h"
#include "macro.h"
#include "port-bridges.h"

#define VIEW                                                                                                                               \
        "{'devices': {'red': {'kind': 'bridge', 'profile': 'a'}, 'blue': {'kind': 'bridge', 'profile': 'b'}, 'virbr0': {'kind': 'bridge', 'profile': 'c'}}," \
        " 'profiles': {'a': {'ours': true, 'iface': 'red'}, 'd': {'ours': true, 'iface': 'blue'}, 'c': {'ours': false, 'iface': 'virbr0'}}}"

static LinkMessage tap(int ifindex, const char *name, int master) {
        LinkMessage message = { .ifindex = ifindex, .master = master, .tap = true };

        snprintf(message.name, sizeof message.name, "%s", name);
        return message;
}

static int learn(json_t *known, LinkMessage message, const char *bridge, bool holds) {
        return port_bridges_learn(known, &message, bridge, holds);
}

/* "vnet0 red, ..." of those that belong back. */
static void assert_astray(const json_t *known, const char *wanted) {
        _cleanup_json_ json_t *view = quoted(VIEW), *list = port_bridges_astray(known, view);
        char text[200] = "";
        json_t *entry;
        size_t i;

        json_array_foreach(list, i, entry) {
                size_t n = strlen(text);

                snprintf(text + n, sizeof text - n, "%s%lld %s %s", n ? ", " : "", (long long)dict_integer(entry, "ifindex", 0), dict_string(entry, "port", ""),
                         dict_string(entry, "bridge", ""));
        }
        assert_string_equal(text, wanted);
}

static void taken_off_by_a_set_up(void **state) {
        _cleanup_json_ json_t *known = json_object();

        assert_int_equal(learn(known, tap(7, "vnet0", 0), NULL, true), 0); /* it comes, and is on no bridge yet */
        assert_int_equal(learn(known, tap(7, "vnet0", 3), "red", true), 1);
        assert_int_equal(learn(known, tap(7, "vnet0", 3), "red", true), 0);
        assert_astray(known, "");
        assert_int_equal(learn(known, tap(7, "vnet0", 0), NULL, true), 1);
        assert_int_equal(learn(known, tap(7, "vnet0", 0), NULL, true), 0);
        assert_true(port_bridges_has_off(known));
        assert_astray(known, "7 vnet0 red");
        assert_int_equal(learn(known, tap(7, "vnet0", 3), "red", true), 1);
        assert_false(port_bridges_has_off(known));
        assert_astray(known, "");
}

static void taken_off_on_purpose(void **state) {
        _cleanup_json_ json_t *known = json_object();

        assert_int_equal(learn(known, tap(7, "vnet0", 3), "red", false), 1);
        assert_int_equal(learn(known, tap(7, "vnet0", 0), NULL, false), 1);
        assert_int_equal(json_object_size(known), 0);
        /* moved by libvirt while a set-up works */
        assert_int_equal(learn(known, tap(7, "vnet0", 3), "red", true), 1);
        assert_int_equal(learn(known, tap(7, "vnet0", 0), NULL, true), 1);
        assert_int_equal(learn(known, tap(7, "vnet0", 4), "virbr0", true), 1);
        assert_astray(known, "");
        /* neither a bridge of others nor one that runs no profile of ours is anything of ours */
        assert_int_equal(learn(known, tap(7, "vnet0", 0), NULL, true), 1);
        assert_int_equal(learn(known, tap(8, "vnet1", 5), "blue", true), 1);
        assert_int_equal(learn(known, tap(8, "vnet1", 0), NULL, true), 1);
        assert_int_equal(learn(known, tap(9, "vnet2", 6), "none-such", true), 1);
        assert_int_equal(learn(known, tap(9, "vnet2", 0), NULL, true), 1);
        assert_astray(known, "");
        assert_true(port_bridges_give_up(known));
        assert_int_equal(json_object_size(known), 0);
}

static void gone(void **state) {
        _cleanup_json_ json_t *known = json_object();
        LinkMessage message = tap(7, "vnet0", 0);

        assert_int_equal(learn(known, tap(7, "vnet0", 3), "red", true), 1);
        assert_int_equal(learn(known, message, NULL, true), 1);
        message.gone = true;
        assert_int_equal(learn(known, message, NULL, true), 1);
        assert_int_equal(learn(known, message, NULL, true), 0);
        assert_false(port_bridges_has_off(known));
        /* another one with its name starts anew */
        assert_int_equal(learn(known, tap(8, "vnet0", 0), NULL, true), 0);
        assert_astray(known, "");
        /* its bridge says that it is none of its ports any more, which is no end of it */
        message = tap(8, "vnet0", 0);
        message.of_bridge = true;
        assert_int_equal(learn(known, message, NULL, false), 0);
        /* no tap, and a bridge that went before it was asked for its name */
        message = tap(9, "eth1", 3);
        message.tap = false;
        assert_int_equal(learn(known, message, "red", true), 0);
        assert_int_equal(learn(known, tap(8, "vnet0", 3), NULL, true), 0);
        assert_int_equal(json_object_size(known), 0);
}

/* A service that was killed knows from its file what the listing does not tell. */
static void a_listing(void **state) {
        _cleanup_json_ json_t *known = quoted("{'7': {'port': 'vnet0', 'bridge': 'red'}, '8': {'port': 'vnet1', 'bridge': 'red'}, '9': {'port': 'vnet2', 'bridge': 'red', 'off': true}}");

        assert_true(port_bridges_is_valid(known));
        port_bridges_doubt(known);
        assert_int_equal(learn(known, tap(7, "vnet0", 0), NULL, true), 1);
        assert_int_equal(learn(known, tap(8, "vnet1", 3), "red", true), 0);
        assert_true(port_bridges_sweep(known));
        assert_false(port_bridges_sweep(known));
        assert_int_equal(json_object_size(known), 2);
        assert_astray(known, "7 vnet0 red");
}

static void files(void **state) {
        static const char *const bad[] = { "[]", "{'0': {'port': 'a', 'bridge': 'b'}}", "{'x': {'port': 'a', 'bridge': 'b'}}", "{'7': {'port': '../a', 'bridge': 'b'}}",
                                           "{'7': {'port': 'a'}}", "{'99999999999': {'port': 'a', 'bridge': 'b'}}" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_json_ json_t *known = quoted(bad[i]);

                assert_false(port_bridges_is_valid(known));
        }
        assert_false(port_bridges_is_valid(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(taken_off_by_a_set_up), cmocka_unit_test(taken_off_on_purpose), cmocka_unit_test(gone), cmocka_unit_test(a_listing), cmocka_unit_test(files),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
