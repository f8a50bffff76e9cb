/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which programs are hooks, in what order, and what their exit status means. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "hook.h"
#include "macro.h"
#include "remove-tree.h"

static void put(const char *root, const char *name, mode_t mode) {
        char path[256];
        int fd;

        snprintf(path, sizeof path, "%s/point/%s", root, name);
        fd = open(path, O_WRONLY | O_CREAT, 0600);
        assert_true(fd >= 0);
        assert_int_equal(fchmod(fd, mode), 0);
        close(fd);
}

static void the_list(void **state) {
        char base[] = "/tmp/rhv-hooks-XXXXXX", vdsm[64], ours[64], path[128];
        const char *roots[] = { vdsm, ours, "/nowhere", NULL };
        _cleanup_json_ json_t *list = NULL, *none = NULL;
        static const char *const expected[] = { "vdsm/point/10_first", "ours/point/20_both", "ours/point/30_last" };

        assert_non_null(mkdtemp(base));
        snprintf(vdsm, sizeof vdsm, "%s/vdsm", base);
        snprintf(ours, sizeof ours, "%s/ours", base);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(mkdir(roots[i], 0700), 0);
                snprintf(path, sizeof path, "%s/point", roots[i]);
                assert_int_equal(mkdir(path, 0700), 0);
        }
        put(vdsm, "20_both", 0755);
        put(vdsm, "10_first", 0755);
        put(ours, "30_last", 0700);
        put(ours, "20_both", 0755);
        put(ours, "40_no_program", 0644);
        put(ours, "50_anybody_writes", 0777);
        put(ours, "60_group_writes", 0775);
        put(ours, ".hidden", 0755);
        put(ours, "70_left_over~", 0755);
        snprintf(path, sizeof path, "%s/point/80_directory", ours);
        assert_int_equal(mkdir(path, 0755), 0);

        list = hook_list(roots, "point");
        assert_int_equal(json_array_size(list), 3);
        for (size_t i = 0; i < 3; i++)
                assert_string_equal(json_string_value(json_array_get(list, i)) + strlen(base) + 1, expected[i]);
        none = hook_list(roots, "other");
        assert_int_equal(json_array_size(none), 0);
        assert_int_equal(remove_tree(base), 0);
}

static void statuses(void **state) {
        static const struct {
                int status;
                bool failed, go_on;
        } cases[] = { { 0, false, true }, { 1, true, true }, { 2, true, false }, { 3, true, true }, { 127, true, true }, { -1, true, true } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                bool failed, go_on;

                hook_judge(cases[i].status, &failed, &go_on);
                assert_true(failed == cases[i].failed);
                assert_true(go_on == cases[i].go_on);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_list),
                cmocka_unit_test(statuses),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
