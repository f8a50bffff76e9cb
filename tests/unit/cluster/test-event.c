/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "dict.h"
#include "event.h"

static void test_fields(void **state) {
        _cleanup_(change_freep) Change *change = change_new();
        const Actor actor = { .uid = 1000, .user = "alice", .correlation = "c" };
        const json_t *event;

        assert_ok(event_add(change, &actor, EVENT_ALERT, "code", EVENT_OBJECTS("/a", "/b"), "%s did %d", "alice", 5));
        event = json_array_get(change->events, 0);
        assert_string_equal(dict_string(event, "severity", ""), "alert");
        assert_string_equal(dict_string(event, "message", ""), "alice did 5");
        assert_string_equal(dict_string(event, "user", ""), "alice");
        assert_int_equal(dict_integer(event, "uid", 0), 1000);
        assert_int_equal(json_array_size(json_object_get(event, "objects")), 2);
        assert_false(change_is_empty(change));
}

/* A message cut within a character is no text: the code stands for it. */
static void test_long_message(void **state) {
        _cleanup_(change_freep) Change *change = change_new();
        _cleanup_free_ char *text = calloc(1, 2 * EVENT_MESSAGE_BYTES_MAX + 1);

        for (size_t i = 0; i < EVENT_MESSAGE_BYTES_MAX; i++)
                (void) memcpy(text + 2 * i, "\xc3\xa9", 2);
        assert_ok(event_add(change, &actor_system, EVENT_NORMAL, "code", NULL, "%s", text));
        assert_int_equal(json_array_size(change->events), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_fields), cmocka_unit_test(test_long_message) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
