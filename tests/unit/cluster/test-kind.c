/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "kind.h"
#include "schema.h"

/* Every kind has a table of its name, a column named after the kind it is in, and its table comes after its parent's. */
static void test_kinds_and_tables(void **state) {
        for (ObjectKind kind = 0; kind < _KIND_MAX; kind++) {
                const SchemaTable *table = schema_table(object_kind_to_string(kind));
                ObjectKind parent = object_kind_parent(kind);
                bool found = false;

                assert_non_null(table);
                assert_int_equal(object_kind_from_string(object_kind_to_string(kind)), kind);
                assert_non_null(startswith(object_kind_prefix(kind), CLUSTER_ROOT "/"));
                assert_string_equal(object_kind_prefix(kind) + strlen(CLUSTER_ROOT "/"), object_kind_to_string(kind));
                assert_non_null(startswith(object_kind_interface(kind), CLUSTER_INTERFACE "."));
                if (parent < 0)
                        continue;
                assert_true(schema_table(object_kind_to_string(parent)) < table);
                for (unsigned i = 0; table->columns[i]; i++)
                        found = found || streq(table->columns[i], object_kind_to_string(parent));
                assert_true(found);
        }
        assert_true(object_kind_from_string("sheep") < 0);
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_kinds_and_tables) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
