/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fence-fixture.h"

#include <fcntl.h>

#include "agent-store.h"
#include "bus-error.h"
#include "bus-pair.h"
#include "dict.h"
#include "loop.h"
#include "remove-tree.h"

/* Each start of an agent leaves a line in <directory>/starts. */
#define AGENT(body) "#!/bin/sh\necho $0 >>${0%/*}/starts\n" body

typedef struct Fixture {
        sd_event *event;
        char directory[32], cache[64];
        AgentStore *store;
} Fixture;

typedef struct Heard {
        unsigned n;
        bool done;
        char summary[64], error[128], message[256];
} Heard;

static void on_loaded(const json_t *metadata, const sd_bus_error *error, void *userdata) {
        Heard *heard = userdata;

        heard->n++;
        heard->done = true;
        if (metadata)
                (void) snprintf(heard->summary, sizeof heard->summary, "%s", dict_string(metadata, "summary", ""));
        else {
                (void) snprintf(heard->error, sizeof heard->error, "%s", error->name);
                (void) snprintf(heard->message, sizeof heard->message, "%s", error->message);
        }
}

static unsigned starts(const Fixture *fixture) {
        _cleanup_free_ char *text = NULL;
        char path[128];
        unsigned n = 0;

        (void) snprintf(path, sizeof path, "%s/starts", fixture->directory);
        text = read_file(path);
        for (const char *p = text; p && (p = strchr(p, '\n')); p++)
                n++;
        return n;
}

static Heard load(Fixture *fixture, const char *name) {
        Heard heard = { 0 };

        assert_ok(agent_store_load(fixture->store, name, on_loaded, &heard, NULL));
        assert_false(heard.done);
        loop_until(fixture->event, &heard.done);
        if (heard.error[0])
                print_message("%s: %s\n", heard.error, heard.message);
        return heard;
}

static int peek(Fixture *fixture, const char *name) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        const json_t *metadata;

        return agent_store_peek(fixture->store, name, &metadata, &error);
}

static void test_cached(void **state) {
        Fixture *fixture = *state;

        write_program(fixture->directory, "fence_a", AGENT("echo '<resource-agent shortdesc=\"one\"/>'\n"));
        assert_int_equal(peek(fixture, "fence_a"), 0);
        assert_string_equal(load(fixture, "fence_a").summary, "one");
        assert_int_equal(peek(fixture, "fence_a"), 1);
        assert_int_equal(starts(fixture), 1);

        /* a new process finds it on disk */
        agent_store_free(fixture->store);
        assert_ok(agent_store_new(fixture->event, fixture->directory, fixture->cache, &fixture->store));
        assert_int_equal(peek(fixture, "fence_a"), 1);
        assert_int_equal(starts(fixture), 1);

        /* a changed program is asked again */
        write_program(fixture->directory, "fence_a", AGENT("echo '<resource-agent shortdesc=\"another\"/>'\n"));
        assert_int_equal(peek(fixture, "fence_a"), 0);
        assert_string_equal(load(fixture, "fence_a").summary, "another");
        assert_int_equal(starts(fixture), 2);
}

static void test_one_start_for_many(void **state) {
        Fixture *fixture = *state;
        Heard heard = { 0 };

        write_program(fixture->directory, "fence_a", AGENT("echo '<resource-agent shortdesc=\"one\"/>'\n"));
        for (unsigned i = 0; i < 5; i++)
                assert_ok(agent_store_load(fixture->store, "fence_a", on_loaded, &heard, NULL));
        assert_true(agent_store_is_busy(fixture->store));
        loop_until(fixture->event, &heard.done);
        assert_int_equal(heard.n, 5);
        assert_int_equal(starts(fixture), 1);
        assert_false(agent_store_is_busy(fixture->store));
}

static void test_broken(void **state) {
        Fixture *fixture = *state;
        Heard heard;

        write_program(fixture->directory, "fence_a", AGENT("echo nonsense\n"));
        assert_string_equal(load(fixture, "fence_a").error, RHV_ERROR_BACKEND_FAILED);
        write_program(fixture->directory, "fence_b", AGENT("echo 'ModuleNotFoundError: no requests' >&2; exit 1\n"));
        heard = load(fixture, "fence_b");
        assert_string_equal(heard.error, RHV_ERROR_BACKEND_FAILED);
        assert_non_null(strstr(heard.message, "ModuleNotFoundError: no requests"));
        write_program(fixture->directory, "fence_c", AGENT("kill -9 $$\n"));
        assert_string_equal(load(fixture, "fence_c").error, RHV_ERROR_BACKEND_FAILED);
        write_program(fixture->directory, "fence_d", AGENT("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done\n"));
        assert_string_equal(load(fixture, "fence_d").error, RHV_ERROR_BACKEND_FAILED);
        write_program(fixture->directory, "fence_e", "#!/nonexistent/interpreter\n");
        assert_true(strlen(load(fixture, "fence_e").error) > 0);
        assert_int_equal(peek(fixture, "fence_a"), 0);
        assert_true(peek(fixture, "fence_none") < 0);

        /* repaired, it works at once */
        write_program(fixture->directory, "fence_a", AGENT("echo '<resource-agent shortdesc=\"one\"/>'\n"));
        assert_string_equal(load(fixture, "fence_a").summary, "one");
}

static void test_damaged_cache(void **state) {
        Fixture *fixture = *state;
        static const char *const damage[] = { "", "{", "{\"version\":1}", "{\"version\":99,\"metadata\":\"<resource-agent/>\"}",
                                              "{\"version\":1,\"mtime_nsec\":0,\"size\":0,\"metadata\":\"<resource-agent/>\"}" };

        write_program(fixture->directory, "fence_a", AGENT("echo '<resource-agent shortdesc=\"one\"/>'\n"));
        for (size_t i = 0; i < ELEMENTSOF(damage); i++) {
                assert_string_equal(load(fixture, "fence_a").summary, "one");
                agent_store_free(fixture->store);
                write_program(fixture->cache, "fence_a.json", damage[i]);
                assert_ok(agent_store_new(fixture->event, fixture->directory, fixture->cache, &fixture->store));
                assert_int_equal(peek(fixture, "fence_a"), 0);
        }
}

static void test_end_while_asking(void **state) {
        Fixture *fixture = *state;
        Heard heard = { 0 };

        write_program(fixture->directory, "fence_a", AGENT("exec sleep 60\n"));
        assert_ok(agent_store_load(fixture->store, "fence_a", on_loaded, &heard, NULL));
        assert_ok(sd_event_run(fixture->event, 10000));
        fixture->store = agent_store_free(fixture->store);
        assert_int_equal(heard.n, 1);
        assert_string_equal(heard.error, RHV_ERROR_ABORTED);
}

static void test_too_many(void **state) {
        Fixture *fixture = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Heard heard = { 0 };

        write_program(fixture->directory, "fence_a", AGENT("exec sleep 60\n"));
        for (unsigned i = 0; i < AGENT_WAITERS_MAX; i++)
                assert_ok(agent_store_load(fixture->store, "fence_a", on_loaded, &heard, NULL));
        assert_true(agent_store_load(fixture->store, "fence_a", on_loaded, &heard, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, RHV_ERROR_LIMIT_EXCEEDED));
        fixture->store = agent_store_free(fixture->store);
        assert_int_equal(heard.n, AGENT_WAITERS_MAX);
}

static int set_up(void **state) {
        Fixture *fixture = calloc(1, sizeof *fixture);

        *state = fixture;
        if (loop_new(&fixture->event) < 0)
                return -1;
        (void) strcpy(fixture->directory, "/tmp/rhv-fence-XXXXXX");
        if (!mkdtemp(fixture->directory))
                return -1;
        (void) snprintf(fixture->cache, sizeof fixture->cache, "%s/cache", fixture->directory);
        return agent_store_new(fixture->event, fixture->directory, fixture->cache, &fixture->store);
}

static int tear_down(void **state) {
        Fixture *fixture = *state;
        int r;

        agent_store_free(fixture->store);
        sd_event_unref(fixture->event);
        r = remove_tree(fixture->directory);
        free(fixture);
        return r;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_cached, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_one_start_for_many, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_broken, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_damaged_cache, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_end_while_asking, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_too_many, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
