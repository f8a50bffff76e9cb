/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "schema.h"
#include "store-fixture.h"

#include <sqlite3.h>
#include <sys/wait.h>

#define ID_A "aaaaaaaa-0000-4000-8000-000000000001"
#define ID_B "aaaaaaaa-0000-4000-8000-000000000002"
#define REQUEST_1 "11111111-0000-4000-8000-000000000001"

static void raw(const char *path, const char *sql) {
        sqlite3 *db;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int commit(Store *store, const char *request, const char *text, const char *id, const char *name,
                  json_t **ret_outcome, sd_bus_error *error) {
        _cleanup_(change_freep) Change *change = change_of_data_center(id, name);

        return store_commit(store, request, text, change, ret_outcome, error);
}

static void test_commit_and_read(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *outcome = NULL, *events = NULL;
        StoreFixture fixture;
        struct stat st;

        store_fixture_init(&fixture);
        assert_int_equal(commit(fixture.store, NULL, NULL, ID_A, "one", &outcome, &error), 1);
        assert_string_equal(dict_string(outcome, "object", ""), ID_A);
        assert_int_equal(store_sequence(fixture.store), 1);

        store_fixture_reopen(&fixture);
        assert_int_equal(count_rows(fixture.store, "data_center"), 1);
        assert_ok(store_events(fixture.store, 0, 10, NULL, &events));
        assert_int_equal(json_array_size(events), 1);
        assert_string_equal(dict_string(json_array_get(events, 0), "message", ""), "made one");
        /* descriptions of guests are root's */
        assert_int_equal(stat(fixture.path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        store_fixture_done(&fixture);
}

static void test_retry_hears_first_outcome(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *first = NULL, *second = NULL, *third = NULL;
        StoreFixture fixture;

        store_fixture_init(&fixture);
        assert_int_equal(commit(fixture.store, REQUEST_1, "make one", ID_A, "one", &first, &error), 1);
        /* the second time another id would be made: the first one is what is heard */
        assert_int_equal(commit(fixture.store, REQUEST_1, "make one", ID_B, "one", &second, &error), 0);
        assert_true(json_equal(first, second));
        store_fixture_reopen(&fixture);
        assert_int_equal(commit(fixture.store, REQUEST_1, "make one", ID_B, "one", &third, &error), 0);
        assert_true(json_equal(first, third));
        assert_int_equal(count_rows(fixture.store, "data_center"), 1);
        assert_int_equal(store_sequence(fixture.store), 1);

        assert_true(commit(fixture.store, REQUEST_1, "make two", ID_B, "two", NULL, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, RHV_ERROR_ALREADY_EXISTS));
        store_fixture_done(&fixture);
}

static void test_refused_change_changes_nothing(void **state) {
        StoreFixture fixture;
        _cleanup_json_ json_t *before = NULL, *after = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL, taken = SD_BUS_ERROR_NULL, used = SD_BUS_ERROR_NULL;
        _cleanup_(change_freep) Change *cluster = change_new(), *removal = change_new(), *orphan = change_new();

        store_fixture_init(&fixture);
        assert_int_equal(commit(fixture.store, NULL, NULL, ID_A, "one", NULL, &error), 1);
        assert_ok(change_put(cluster, "cluster",
                             json_pack("{s:s, s:s, s:s, s:{}}", "id", ID_B, "name", "c", "data_center", ID_A, "spec")));
        assert_int_equal(store_commit(fixture.store, NULL, NULL, cluster, NULL, &error), 1);
        before = store_contents(fixture.store);

        assert_true(commit(fixture.store, REQUEST_1, "x", ID_B, "one", NULL, &taken) < 0);
        assert_true(sd_bus_error_has_name(&taken, RHV_ERROR_ALREADY_EXISTS));
        assert_ok(change_delete(removal, "data_center", json_pack("{s:s}", "id", ID_A)));
        assert_true(store_commit(fixture.store, REQUEST_1, "x", removal, NULL, &used) < 0);
        assert_true(sd_bus_error_has_name(&used, RHV_ERROR_IN_USE));
        assert_ok(change_put(orphan, "data_center", json_pack("{s:s}", "id", ID_B))); /* columns missing */
        assert_true(store_commit(fixture.store, REQUEST_1, "x", orphan, NULL, NULL) < 0);

        after = store_contents(fixture.store);
        assert_true(json_equal(before, after));
        assert_int_equal(store_sequence(fixture.store), 2);
        store_fixture_done(&fixture);
}

static void test_newer_version_is_refused(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        StoreFixture fixture;
        char pragma[64];

        store_fixture_init(&fixture);
        fixture.store = store_close(fixture.store);
        raw(fixture.path, "PRAGMA user_version = 999");
        assert_ok(store_open(fixture.path, &fixture.store));
        assert_int_equal(store_state(fixture.store), STORE_FAILED);
        assert_string_equal(store_error_name(fixture.store), RHV_ERROR_NEWER_VERSION);
        assert_true(commit(fixture.store, NULL, NULL, ID_A, "one", NULL, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, RHV_ERROR_NEWER_VERSION));

        (void) snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", schema_version);
        raw(fixture.path, pragma); /* and it was not touched */
        store_fixture_reopen(&fixture);
        assert_int_equal(store_state(fixture.store), STORE_READY);
        store_fixture_done(&fixture);
}

/* A store of the first version, before there were snapshots and templates, gets their tables and keeps what it had. */
static void test_older_version_is_migrated(void **state) {
        _cleanup_json_ json_t *before = NULL, *after = NULL;
        StoreFixture fixture;

        store_fixture_init(&fixture);
        assert_int_equal(commit(fixture.store, NULL, NULL, ID_A, "one", NULL, NULL), 1);
        before = store_contents(fixture.store);
        fixture.store = store_close(fixture.store);
        raw(fixture.path, "DROP TABLE snapshot; DROP TABLE template; DROP TABLE mac_pool; DROP TABLE vnic_profile; PRAGMA user_version = 1");
        store_fixture_reopen(&fixture);
        assert_int_equal(store_state(fixture.store), STORE_READY);
        after = store_contents(fixture.store);
        assert_true(json_equal(before, after));
        store_fixture_done(&fixture);
}

/* A store of the second version, as it was made then, with NICs: they keep their order and their addresses, and an address may be there twice. */
static void test_nics_are_migrated(void **state) {
        static const char rows[] = "INSERT INTO data_center VALUES ('d', 'Default', '{}'); INSERT INTO cluster VALUES ('c', 'Default', 'd', '{}');"
                                   "INSERT INTO network VALUES ('n', 'ovirtmgmt', 'd', '{}'); INSERT INTO vm VALUES ('v', 'web1', 'c', 'd', 0, '{}');"
                                   "INSERT INTO vm_nic VALUES ('v', 'z', 'n', '56:6f:01:02:00:01', '{}');"
                                   "INSERT INTO vm_nic VALUES ('v', 'a', 'n', '56:6f:01:02:00:02', '{}');";
        static const char twice[] = "INSERT INTO vm_nic VALUES ('v', 'm', 'n', '56:6f:01:02:00:01', '{}')";
        _cleanup_json_ json_t *nics = json_array();
        StoreFixture fixture;
        char pragma[64];

        store_fixture_init(&fixture);
        fixture.store = store_close(fixture.store);
        assert_int_equal(unlink(fixture.path), 0);
        raw(fixture.path, schema_migrations[0]);
        raw(fixture.path, schema_migrations[1]);
        raw(fixture.path, rows);
        (void) snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d; PRAGMA user_version = 2", SCHEMA_APPLICATION_ID);
        raw(fixture.path, pragma);

        store_fixture_reopen(&fixture);
        assert_int_equal(store_state(fixture.store), STORE_READY);
        assert_ok(store_select(fixture.store, "vm_nic", "v", collect_row, nics));
        assert_int_equal(json_array_size(nics), 2);
        assert_string_equal(dict_string(json_array_get(nics, 0), "id", ""), "z");
        assert_string_equal(dict_string(json_array_get(nics, 1), "mac", ""), "56:6f:01:02:00:02");
        assert_int_equal(count_rows(fixture.store, "mac_pool"), 0);
        assert_int_equal(count_rows(fixture.store, "vnic_profile"), 0);
        fixture.store = store_close(fixture.store);
        raw(fixture.path, twice);
        store_fixture_reopen(&fixture);
        assert_int_equal(count_rows(fixture.store, "vm_nic"), 3);
        store_fixture_done(&fixture);
}

static void test_foreign_and_damaged_are_refused(void **state) {
        StoreFixture fixture;
        FILE *file;

        store_fixture_init(&fixture);
        fixture.store = store_close(fixture.store);
        assert_int_equal(truncate(fixture.path, 5000), 0);
        assert_ok(store_open(fixture.path, &fixture.store));
        assert_int_equal(store_state(fixture.store), STORE_FAILED);
        assert_string_equal(store_error_name(fixture.store), RHV_ERROR_BAD_FORMAT);
        fixture.store = store_close(fixture.store);

        file = fopen(fixture.path, "we");
        assert_non_null(file);
        assert_true(fputs("this is not a database, it is a text of more than one hundred bytes, as long as a "
                          "header of SQLite at least, and then some", file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_ok(store_open(fixture.path, &fixture.store));
        assert_string_equal(store_error_name(fixture.store), RHV_ERROR_BAD_FORMAT);
        fixture.store = store_close(fixture.store);

        assert_int_equal(unlink(fixture.path), 0);
        raw(fixture.path, "CREATE TABLE theirs (a)");
        assert_ok(store_open(fixture.path, &fixture.store));
        assert_string_equal(store_error_name(fixture.store), RHV_ERROR_BAD_FORMAT);
        store_fixture_done(&fixture);
}

/* Every byte of the schema page and some of the others, one bit flipped each: refused or read, never a crash. */
static void test_flipped_bits(void **state) {
        StoreFixture fixture;
        struct stat st;

        store_fixture_init(&fixture);
        for (unsigned i = 0; i < 20; i++) {
                char id[UUID_STRING_MAX], name[16];

                assert_ok(uuid_generate(id));
                (void) snprintf(name, sizeof name, "n%u", i);
                assert_int_equal(commit(fixture.store, NULL, NULL, id, name, NULL, NULL), 1);
        }
        assert_int_equal(stat(fixture.path, &st), 0);
        for (off_t at = 0; at < st.st_size; at += at < 4096 ? 17 : 1021) {
                FILE *file;
                int c;

                fixture.store = store_close(fixture.store);
                file = fopen(fixture.path, "r+e");
                assert_non_null(file);
                assert_int_equal(fseek(file, at, SEEK_SET), 0);
                c = fgetc(file);
                assert_int_equal(fseek(file, at, SEEK_SET), 0);
                (void) fputc(c ^ 1 << at % 8, file);
                assert_int_equal(fflush(file), 0);
                assert_ok(store_open(fixture.path, &fixture.store));
                if (store_state(fixture.store) == STORE_READY)
                        for (const SchemaTable *table = schema_tables; table->name; table++) {
                                unsigned n = 0;

                                (void) store_select(fixture.store, table->name, NULL, count_row, &n);
                        }
                assert_int_equal(fseek(file, at, SEEK_SET), 0);
                (void) fputc(c, file);
                assert_int_equal(fclose(file), 0);
        }
        store_fixture_done(&fixture);
}

/* root may write everywhere, so the question is put as another user. */
static void test_read_only_file(void **state) {
        StoreFixture fixture;
        int status;
        pid_t pid;

        if (geteuid() != 0)
                skip();
        store_fixture_init(&fixture);
        assert_int_equal(commit(fixture.store, NULL, NULL, ID_A, "one", NULL, NULL), 1);
        fixture.store = store_close(fixture.store);
        assert_int_equal(chmod(fixture.path, 0444), 0);
        assert_int_equal(chmod(fixture.directory, 0755), 0);

        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                unsigned n = 0;
                Store *store;

                if (setgid(65534) < 0 || setuid(65534) < 0 || store_open(fixture.path, &store) < 0)
                        _exit(10);
                if (store_state(store) != STORE_READ_ONLY)
                        _exit(11);
                if (store_select(store, "data_center", NULL, count_row, &n) < 0 || n != 1)
                        _exit(12);
                if (commit(store, NULL, NULL, ID_B, "two", NULL, &error) >= 0 ||
                    !sd_bus_error_has_name(&error, RHV_ERROR_READ_ONLY))
                        _exit(13);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(WEXITSTATUS(status), 0);
        assert_true(WIFEXITED(status));
        store_fixture_reopen(&fixture);
        assert_int_equal(count_rows(fixture.store, "data_center"), 1);
        store_fixture_done(&fixture);
}

/* A file that may not grow any more is what a full disk looks like to SQLite; the real one is met in the lab. */
static void test_full_disk(void **state) {
        StoreFixture fixture;
        _cleanup_json_ json_t *before = NULL, *after = NULL;
        int status;
        pid_t pid;

        store_fixture_init(&fixture);
        before = store_contents(fixture.store);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                Change *change = change_new();
                char *text = calloc(1, 2 * MIB);
                Store *store;
                uint64_t sequence;

                if (!text || !change || store_open(fixture.path, &store) < 0)
                        _exit(10);
                (void) memset(text, 'x', 2 * MIB - 1);
                (void) change_put(change, "setting", json_pack("{s:s, s:s}", "key", "large", "value", text));
                sequence = store_sequence(store);
                store_limit_pages(store, 100);
                if (store_commit(store, REQUEST_1, "large", change, NULL, &error) >= 0 ||
                    !sd_bus_error_has_name(&error, RHV_ERROR_NO_SPACE) || store_sequence(store) != sequence)
                        _exit(11);
                /* what fits goes on */
                if (commit(store, NULL, NULL, ID_B, "two", NULL, &error) != 1)
                        _exit(12);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(WEXITSTATUS(status), 0);
        store_fixture_reopen(&fixture);
        assert_int_equal(count_rows(fixture.store, "setting"), 0);
        assert_int_equal(count_rows(fixture.store, "request"), 0);
        assert_int_equal(count_rows(fixture.store, "data_center"), 1);
        after = store_contents(fixture.store);
        assert_false(json_equal(before, after));
        store_fixture_done(&fixture);
}

static void test_events_are_bounded(void **state) {
        _cleanup_json_ json_t *events = NULL, *following = NULL;
        Store *store;
        uint64_t first;

        assert_ok(store_open(NULL, &store));
        for (unsigned i = 0; i < STORE_EVENTS_MAX / 1000 + 2; i++) {
                _cleanup_(change_freep) Change *change = change_new();

                for (unsigned k = 0; k < 1000; k++)
                        assert_ok(event_add(change, &actor_system, k % 10 ? EVENT_NORMAL : EVENT_ERROR, "test", NULL,
                                            "%u", i * 1000 + k));
                assert_int_equal(store_commit(store, NULL, NULL, change, NULL, NULL), 1);
        }
        assert_int_equal(count_rows(store, "event"), STORE_EVENTS_MAX);
        assert_ok(store_events(store, 0, 100, "error", &events));
        assert_int_equal(json_array_size(events), 100);
        first = (uint64_t)dict_integer(json_array_get(events, 0), "id", 0);
        assert_ok(store_events(store, first, 5, NULL, &following));
        assert_int_equal(dict_integer(json_array_get(following, 0), "id", 0), first + 1);
        store_close(store);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_commit_and_read),
                cmocka_unit_test(test_retry_hears_first_outcome),
                cmocka_unit_test(test_refused_change_changes_nothing),
                cmocka_unit_test(test_newer_version_is_refused),
                cmocka_unit_test(test_older_version_is_migrated),
                cmocka_unit_test(test_nics_are_migrated),
                cmocka_unit_test(test_foreign_and_damaged_are_refused),
                cmocka_unit_test(test_flipped_bits),
                cmocka_unit_test(test_read_only_file),
                cmocka_unit_test(test_full_disk),
                cmocka_unit_test(test_events_are_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
