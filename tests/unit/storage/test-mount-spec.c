/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is mounted where: vectors of VDSM's fileUtils and storageServer, and of systemd-escape. */

#include "fixture.h"
#include "mount-spec.h"

static void check_point(const char *what, const char *where) {
        _cleanup_free_ char *normal = mount_source_normal(what), *point = mount_point_of(normal);

        assert_string_equal(point, where);
}

static void test_points(void **state) {
        check_point("srv:/export/data_1", MOUNT_ROOT "/srv:_export_data__1");
        check_point("srv:/export//data_1/", MOUNT_ROOT "/srv:_export_data__1");
        check_point("srv:/", MOUNT_ROOT "/srv:_");
        check_point("[2001:db8::1]:/x", MOUNT_ROOT "/[2001:db8::1]:_x");
        check_point("/dev/sdx", MOUNT_ROOT "/_dev_sdx");
        check_point("a_b:/c", MOUNT_ROOT "/a__b:_c");
        check_point("pool1", MOUNT_ROOT "/pool1");
}

static void test_sources(void **state) {
        static const char *const nfs[] = {"srv:/x", "10.0.0.1:/", "[::1]:/a/b", "srv.example.com:/a b"};
        static const char *const other[] = {"/dev/sdx", "pool1", "srv:x", "srv", "/a:/b"};
        static const char *const bad[] = {"", "-o", "-t:/x", "a\nb:/x", " srv:/x"};

        for (size_t i = 0; i < ELEMENTSOF(nfs); i++)
                assert_true(mount_source_is_nfs(nfs[i]));
        for (size_t i = 0; i < ELEMENTSOF(other); i++) {
                assert_true(mount_source_is_valid(other[i]));
                assert_false(mount_source_is_nfs(other[i]));
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(mount_source_is_valid(bad[i]) || mount_source_is_nfs(bad[i]));
}

static void check_nfs(const char *version, const char *options, const char *wanted) {
        _cleanup_free_ char *all = mount_nfs_options(version, options);

        assert_string_equal(all, wanted);
}

static void test_options(void **state) {
        check_nfs(NULL, "", "soft,nosharecache,timeo=50,retrans=3,nolock");
        check_nfs("3", "", "soft,nosharecache,timeo=50,retrans=3,nolock,vers=3");
        check_nfs("4.2", "", "soft,nosharecache,timeo=50,retrans=3,vers=4.2");
        check_nfs(NULL, "lock,rsize=65536", "soft,nosharecache,timeo=50,retrans=3,lock,rsize=65536");
        /* the caller's come last and win; "block" is not "lock" */
        check_nfs("3", "timeo=70,block", "soft,nosharecache,timeo=50,retrans=3,nolock,vers=3,timeo=70,block");

        assert_true(mount_options_are_valid(""));
        assert_true(mount_options_are_valid("port=2049,sec=krb5p,context=a:b"));
        assert_false(mount_options_are_valid("a b"));
        assert_false(mount_options_are_valid("a\\040b"));
        assert_false(mount_options_are_valid("$(x)"));
        assert_true(mount_type_is_valid("fuse.glusterfs"));
        assert_false(mount_type_is_valid(""));
        assert_false(mount_type_is_valid("-t"));
        assert_false(mount_type_is_valid("ext4,rw"));
}

static void test_units(void **state) {
        _cleanup_free_ char *a = mount_unit_name(MOUNT_ROOT "/srv:_export_data__1"), *b = mount_unit_name("/.x/a b-c");

        assert_string_equal(a, "rhev-data\\x2dcenter-mnt-srv:_export_data__1.mount");
        assert_string_equal(b, "\\x2ex-a\\x20b\\x2dc.mount");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_points), cmocka_unit_test(test_sources), cmocka_unit_test(test_options), cmocka_unit_test(test_units),
        };

        return cmocka_run_group_tests_name("mount-spec", tests, NULL, NULL);
}
