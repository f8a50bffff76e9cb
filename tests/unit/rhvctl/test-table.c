/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "table.h"
#include "text.h"

static Table *make(void) {
        static const char *const cells[] = { "web1", "running", "2", "Büro-日本", "down", "16", "x\ny", NULL, "" };
        Table *table;

        assert_ok(table_new(&table));
        assert_ok(table_add_column(table, "NAME", TABLE_LEFT, true));
        assert_ok(table_add_column(table, "STATE", TABLE_LEFT, false));
        assert_ok(table_add_column(table, "CPUS", TABLE_RIGHT, false));
        for (size_t i = 0; i < ELEMENTSOF(cells); i++)
                assert_ok(table_add_cell(table, cells[i]));
        assert_int_equal(table_rows(table), 3);
        return table;
}

static void test_aligned(void **state) {
        _cleanup_(table_freep) Table *table = make();
        _cleanup_free_ char *all = table_format(table, 0, true), *bare = table_format(table, 0, false);

        assert_string_equal(all, "NAME       STATE    CPUS\n"
                                 "web1       running     2\n"
                                 "Büro-日本  down       16\n"
                                 "x\\ny       -           -\n");
        assert_string_equal(bare, strchr(all, '\n') + 1);
}

static void test_cut(void **state) {
        _cleanup_(table_freep) Table *table = NULL;
        _cleanup_free_ char *cut = NULL, *least = NULL;

        assert_ok(table_new(&table));
        assert_ok(table_add_column(table, "DESCRIPTION", TABLE_LEFT, true));
        assert_ok(table_add_column(table, "ID", TABLE_LEFT, false));
        assert_ok(table_add_cell(table, "a long text that says little"));
        assert_ok(table_add_cell(table, "0123456789"));

        cut = table_format(table, 24, false);
        assert_string_equal(cut, "a long text…  0123456789\n");
        /* ids are never cut, and of the rest something must stay */
        least = table_format(table, 5, false);
        assert_string_equal(least, "a long …  0123456789\n");
}

static void test_limits(void **state) {
        _cleanup_(table_freep) Table *table = NULL;

        assert_ok(table_new(&table));
        for (size_t i = 0; i < TABLE_COLUMNS_MAX; i++)
                assert_ok(table_add_column(table, "X", TABLE_LEFT, false));
        assert_int_equal(table_add_column(table, "X", TABLE_LEFT, false), -E2BIG);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_aligned),
                cmocka_unit_test(test_cut),
                cmocka_unit_test(test_limits),
        };

        text_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
