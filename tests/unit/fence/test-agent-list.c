/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fence-fixture.h"

#include "agent-list.h"
#include "remove-tree.h"

static void test_names(void **state) {
        static const char *const good[] = { "fence_ipmilan", "fence_apc_snmp", "fence_ilo5_ssh", "fence_x" };
        static const char *const bad[] = { "", "fence_", "ipmilan", "fence-x", "/usr/sbin/fence_apc", "fence_../x", "fence_a/b", "fence_A",
                                           "fence_a b", "fence_a\n", "fence_virtd", "fence_ack_manual", "fence_a.b",
                                           "fence_0123456789012345678901234567890123456789012345678901234567890" };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(agent_name_is_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(agent_name_is_valid(bad[i]));
        assert_false(agent_name_is_valid(NULL));
}

static void test_directory(void **state) {
        char directory[] = "/tmp/rhv-fence-XXXXXX", path[128];
        _cleanup_json_ json_t *list = NULL;
        _cleanup_free_ char *program = NULL;
        struct stat st;

        assert_non_null(mkdtemp(directory));
        write_program(directory, "fence_b", "#!/bin/sh\n");
        write_program(directory, "fence_a", "#!/bin/sh\n");
        write_program(directory, "fence_virtd", "#!/bin/sh\n");
        write_program(directory, "other", "#!/bin/sh\n");
        write_program(directory, "fence_no_program", "text");
        (void) snprintf(path, sizeof path, "%s/fence_no_program", directory);
        assert_int_equal(chmod(path, 0644), 0);
        (void) snprintf(path, sizeof path, "%s/fence_dir", directory);
        assert_int_equal(mkdir(path, 0755), 0);
        (void) snprintf(path, sizeof path, "%s/fence_link", directory);
        assert_int_equal(symlink("fence_a", path), 0);
        (void) snprintf(path, sizeof path, "%s/fence_dangling", directory);
        assert_int_equal(symlink("nothing", path), 0);

        assert_ok(agent_list(directory, &list));
        assert_int_equal(json_array_size(list), 3);
        assert_string_equal(json_string_value(json_array_get(list, 0)), "fence_a");
        assert_string_equal(json_string_value(json_array_get(list, 1)), "fence_b");
        assert_string_equal(json_string_value(json_array_get(list, 2)), "fence_link");

        assert_ok(agent_find(directory, "fence_link", &program, &st));
        assert_int_equal(agent_find(directory, "fence_dir", &program, &st), -ENOENT);
        assert_int_equal(agent_find(directory, "fence_c", &program, &st), -ENOENT);
        assert_int_equal(agent_find(directory, "fence_no_program", &program, &st), -ENOENT);
        assert_int_equal(remove_tree(directory), 0);
}

static void test_no_directory(void **state) {
        json_t *list = NULL;

        assert_int_equal(agent_list("/nonexistent/rhv", &list), -ENOENT);
        assert_null(list);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_directory),
                cmocka_unit_test(test_no_directory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
