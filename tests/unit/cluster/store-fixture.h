/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A store in a directory of its own, and changes to put into it. */

#include <sys/stat.h>

#include "bus-error.h"
#include "change.h"
#include "dict.h"
#include "event.h"
#include "fixture.h"
#include "parse-util.h"
#include "schema.h"
#include "store.h"

typedef struct StoreFixture {
        char directory[64], path[96];
        Store *store;
} StoreFixture;

static inline _unused_ void store_fixture_init(StoreFixture *fixture) {
        *fixture = (StoreFixture){ .directory = "/tmp/rhv-test-store-XXXXXX" };
        assert_non_null(mkdtemp(fixture->directory));
        (void) snprintf(fixture->path, sizeof fixture->path, "%s/cluster.db", fixture->directory);
        assert_ok(store_open(fixture->path, &fixture->store));
        assert_int_equal(store_state(fixture->store), STORE_READY);
}

static inline _unused_ void store_fixture_reopen(StoreFixture *fixture) {
        fixture->store = store_close(fixture->store);
        assert_ok(store_open(fixture->path, &fixture->store));
}

static inline _unused_ void store_fixture_done(StoreFixture *fixture) {
        char journal[128];

        store_close(fixture->store);
        (void) chmod(fixture->directory, 0700);
        (void) unlink(fixture->path);
        (void) snprintf(journal, sizeof journal, "%s-journal", fixture->path);
        (void) unlink(journal);
        assert_int_equal(rmdir(fixture->directory), 0);
}

static inline _unused_ Change *change_of_data_center(const char *id, const char *name) {
        Change *change = change_new();

        assert_non_null(change);
        assert_ok(change_put(change, "data_center",
                             json_pack("{s:s, s:s, s:{s:s}}", "id", id, "name", name, "spec", "description", "text")));
        assert_ok(change_outcome(change, "object", json_string(id)));
        assert_ok(event_add(change, &actor_system, EVENT_NORMAL, "data_center-created", NULL, "made %s", name));
        return change;
}

static inline _unused_ int count_row(json_t *row, void *userdata) {
        ++*(unsigned *)userdata;
        return 0;
}

static inline _unused_ unsigned count_rows(Store *store, const char *table) {
        unsigned n = 0;

        assert_ok(store_select(store, table, NULL, count_row, &n));
        return n;
}

static inline _unused_ int collect_row(json_t *row, void *userdata) {
        return json_array_append(userdata, row);
}

/* Every table that travels in changesets, as one value to compare. */
static inline _unused_ json_t *store_contents(Store *store) {
        json_t *contents = json_object();

        for (const SchemaTable *table = schema_tables; table->name; table++) {
                json_t *rows = json_array();

                assert_ok(store_select(store, table->name, NULL, collect_row, rows));
                assert_int_equal(json_object_set_new(contents, table->name, rows), 0);
        }
        return contents;
}
