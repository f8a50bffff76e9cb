/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "domain.h"

static void check(json_t *spec, json_t *wanted) {
        assert_non_null(spec);
        assert_non_null(wanted);
        assert_ok(domain_place(spec));
        if (!json_equal(spec, wanted))
                print_error("%s\n", json_dumps(spec, JSON_COMPACT));
        assert_true(json_equal(spec, wanted));
        json_decref(spec);
        json_decref(wanted);
}

static void test_place(void **state) {
        check(json_pack("{s:s}", "path", "/srv/x"), json_pack("{s:s, s:s}", "type", "local", "path", "/srv/x"));
        check(json_pack("{s:s, s:s}", "type", "local", "path", "srv"), json_pack("{s:s, s:s}", "type", "local", "path", "srv"));
        check(json_pack("{s:s, s:s}", "type", "nfs", "path", "/mnt/x"), json_pack("{s:s, s:s}", "type", "nfs", "path", "/mnt/x"));
        check(json_pack("{s:s, s:s}", "type", "nfs", "path", "nas:/x"), json_pack("{s:s, s:s}", "type", "nfs", "remote", "nas:/x"));
        check(json_pack("{s:s, s:s}", "type", "nfs", "path", "[2001:db8::1]:/x"), json_pack("{s:s, s:s}", "type", "nfs", "remote", "[2001:db8::1]:/x"));
        check(json_pack("{s:s, s:s}", "type", "posix", "path", "/mnt/x"), json_pack("{s:s, s:s}", "type", "posix", "path", "/mnt/x"));
        check(json_pack("{s:s, s:s, s:s}", "type", "posix", "path", "/dev/vdb", "vfs_type", "xfs"), json_pack("{s:s, s:s, s:s}", "type", "posix", "remote", "/dev/vdb", "vfs_type", "xfs"));
        check(json_pack("{s:s, s:s}", "type", "fcp", "path", "/dev/a,/dev/b"), json_pack("{s:s, s:[s, s]}", "type", "fcp", "devices", "/dev/a", "/dev/b"));
        check(json_pack("{s:s, s:s}", "type", "iscsi", "path", "/dev/a"), json_pack("{s:s, s:[s]}", "type", "iscsi", "devices", "/dev/a"));
        check(json_pack("{}"), json_pack("{s:s}", "type", "local"));
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_place) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
