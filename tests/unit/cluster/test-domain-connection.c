/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster-fixture.h"
#include "domain-connection.h"
#include "plan-copy.h"
#include "spec.h"

#define INVALID RHV_ERROR_INVALID_ARGUMENT

/* Both the table and what must hold among the words. Takes description; NULL: accepted. */
static void check(json_t *description, const char *wanted) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        assert_non_null(description);
        assert_int_equal(json_object_set_new(description, "name", json_string("d")), 0);
        r = dict_check(description, storage_domain_create_fields, "storage domain", &error);
        if (r >= 0)
                r = domain_connection_check(description, &error);
        if (!wanted)
                assert_ok(r);
        else {
                assert_true(r < 0);
                assert_string_equal(error.name, wanted);
        }
        json_decref(description);
}

static void test_words(void **state) {
        check(json_pack("{s:s, s:s}", "type", "local", "path", "/d"), NULL);
        check(json_pack("{s:s, s:s}", "type", "nfs", "path", "/mnt/d"), NULL);
        check(json_pack("{s:s, s:s}", "type", "posix", "path", "/mnt/d"), NULL);
        check(json_pack("{s:s, s:s, s:s, s:s}", "type", "nfs", "remote", "nas:/export", "nfs_version", "4.2", "mount_options", "sec=krb5"), NULL);
        check(json_pack("{s:s, s:s, s:s}", "type", "posix", "remote", "/dev/vdb", "vfs_type", "xfs"), NULL);
        check(json_pack("{s:s, s:[s, s]}", "type", "fcp", "devices", "/dev/mapper/36001", "/dev/mapper/36002"), NULL);
        check(json_pack("{s:s, s:[s]}", "type", "iscsi", "devices", "/dev/sdb"), NULL);
        check(json_pack("{s:s, s:s, s:I}", "type", "nfs", "path", "/d", "io_timeout", (json_int_t)(3 * USEC_PER_SEC)), NULL);
        check(json_pack("{s:s, s:s, s:s}", "type", "nfs", "remote", "nas:/iso", "class", "Iso"), NULL);
}

static void test_refused(void **state) {
        check(json_pack("{s:s}", "type", "local"), INVALID);
        check(json_pack("{s:s}", "type", "nfs"), INVALID);
        check(json_pack("{s:s}", "type", "fcp"), INVALID);
        check(json_pack("{s:s, s:s}", "type", "gluster", "path", "/d"), INVALID);
        check(json_pack("{s:s, s:s}", "type", "nfs", "path", "/d/../e"), INVALID);
        check(json_pack("{s:s, s:s}", "type", "local", "remote", "nas:/export"), INVALID);
        check(json_pack("{s:s, s:s, s:s}", "type", "nfs", "remote", "nas:/export", "path", "/d"), INVALID);
        check(json_pack("{s:s, s:s}", "type", "nfs", "remote", "nas"), INVALID);
        check(json_pack("{s:s, s:s}", "type", "nfs", "remote", "-o:/x"), INVALID);
        check(json_pack("{s:s, s:s}", "type", "nfs", "remote", "nas:/a\nb"), INVALID);
        check(json_pack("{s:s, s:s, s:s}", "type", "nfs", "remote", "nas:/export", "vfs_type", "nfs4"), INVALID);
        check(json_pack("{s:s, s:s, s:s}", "type", "nfs", "remote", "nas:/export", "nfs_version", "2"), INVALID);
        check(json_pack("{s:s, s:s}", "type", "posix", "remote", "/dev/vdb"), INVALID);
        check(json_pack("{s:s, s:s, s:s, s:s}", "type", "posix", "remote", "/dev/vdb", "vfs_type", "xfs", "nfs_version", "4"), INVALID);
        check(json_pack("{s:s, s:s, s:s}", "type", "nfs", "path", "/d", "mount_options", "ro"), INVALID);
        check(json_pack("{s:s, s:s, s:s}", "type", "nfs", "remote", "nas:/e", "mount_options", "a b"), INVALID);
        check(json_pack("{s:s, s:[]}", "type", "fcp", "devices"), INVALID);
        check(json_pack("{s:s, s:[s]}", "type", "fcp", "devices", "/tmp/x"), INVALID);
        check(json_pack("{s:s, s:[s]}", "type", "fcp", "devices", "/dev/a,/dev/b"), INVALID);
        check(json_pack("{s:s, s:[s], s:s}", "type", "fcp", "devices", "/dev/a", "path", "/d"), INVALID);
        check(json_pack("{s:s, s:s, s:[s]}", "type", "nfs", "path", "/d", "devices", "/dev/a"), INVALID);
        check(json_pack("{s:s, s:[s], s:s}", "type", "fcp", "devices", "/dev/a", "class", "Iso"), RHV_ERROR_NOT_SUPPORTED);
        check(json_pack("{s:s, s:s, s:I}", "type", "local", "path", "/d", "io_timeout", (json_int_t)(3 * USEC_PER_SEC)), INVALID);
        check(json_pack("{s:s, s:s, s:s, s:I}", "type", "nfs", "path", "/d", "class", "Iso", "io_timeout", (json_int_t)(3 * USEC_PER_SEC)), INVALID);
        check(json_pack("{s:s, s:s, s:I}", "type", "nfs", "path", "/d", "io_timeout", (json_int_t)USEC_PER_SEC), INVALID);
}

static json_t *options(const char *text) {
        return json_pack("{s:s, s:s, s:s, s:s}", "type", "posix", "remote", "//nas/share", "vfs_type", "cifs", "mount_options", text);
}

static void test_secrets(void **state) {
        check(options("username=a,password=b"), INVALID);
        check(options("pass=b"), INVALID);
        check(options("passwd=b,ro"), INVALID);
        check(options("name=admin,secret=AQ=="), INVALID);
        check(options("credentials=/etc/nas"), NULL);
        check(options("name=admin,secretfile=/etc/ceph/x"), NULL);
        check(options("bypass=1"), NULL);
}

static bool meets(json_t *a, json_t *b) {
        bool answer = domain_connection_meets(a, b);

        assert_int_equal(answer, domain_connection_meets(b, a));
        json_decref(a);
        json_decref(b);
        return answer;
}

static void test_meets(void **state) {
        assert_true(meets(json_pack("{s:s}", "path", "/a"), json_pack("{s:s}", "path", "/a")));
        assert_false(meets(json_pack("{s:s}", "path", "/a"), json_pack("{s:s}", "path", "/ab")));
        assert_true(meets(json_pack("{s:s}", "remote", "nas:/a"), json_pack("{s:s}", "remote", "nas://a/")));
        assert_false(meets(json_pack("{s:s}", "remote", "nas:/a/b"), json_pack("{s:s}", "remote", "nas:/ab")));
        assert_false(meets(json_pack("{s:s}", "remote", "/a"), json_pack("{s:s}", "path", "/a")));
        assert_true(meets(json_pack("{s:[s, s]}", "devices", "/dev/a", "/dev/b"), json_pack("{s:[s]}", "devices", "/dev/b")));
        assert_false(meets(json_pack("{s:[s, s]}", "devices", "/dev/a", "/dev/b"), json_pack("{s:[s]}", "devices", "/dev/c")));
        assert_false(meets(json_pack("{s:s}", "path", "/a"), json_pack("{s:[s]}", "devices", "/dev/c")));
}

static void test_data(void **state) {
        _cleanup_json_ json_t *spec = json_pack("{s:s, s:[s, s], s:s, s:s, s:I}", "type", "fcp", "devices", "/dev/a", "/dev/b", "description", "x", "class", "Data", "io_timeout",
                                                (json_int_t)5),
                              *connection = domain_connection(spec), *wanted = json_pack("{s:s, s:[s, s]}", "type", "fcp", "devices", "/dev/a", "/dev/b");
        _cleanup_free_ char *place = domain_connection_place(spec);

        assert_true(json_equal(connection, wanted));
        assert_string_equal(place, "/dev/a,/dev/b");
}

static void test_allocation(void **state) {
        ClusterFixture *f = *state;
        _cleanup_json_ json_t *sparse = json_pack("{s:s, s:s, s:I, s:s}", "name", "no", "storage_domain", "lun", "capacity", (json_int_t)GIB, "allocation", "sparse"),
                              *copy = json_pack("{s:s, s:s}", "name", "copy", "storage_domain", "lun"), *refused = json_pack("{s:s, s:s, s:s}", "name", "copy", "storage_domain", "lun", "allocation", "sparse"),
                              *steps = NULL;
        Object *disk, *on_files;
        Change *change;
        char id[37];

        set_state(f, created(f, plan_create_storage_domain, KIND_STORAGE_DOMAIN, json_pack("{s:s, s:s, s:[s]}", "name", "lun", "type", "fcp", "devices", "/dev/a")), "attached");
        disk = created(f, plan_create_disk, KIND_DISK, json_pack("{s:s, s:s, s:I}", "name", "raw", "storage_domain", "lun", "capacity", (json_int_t)GIB));
        assert_string_equal(dict_string(disk->spec, "allocation", ""), "preallocated");
        disk = created(f, plan_create_disk, KIND_DISK, json_pack("{s:s, s:s, s:I, s:s}", "name", "thin", "storage_domain", "lun", "capacity", (json_int_t)GIB, "format", "qcow2"));
        assert_string_equal(dict_string(disk->spec, "allocation", ""), "sparse");
        assert_refused(plan_create_disk(&f->plan, sparse, change, error), INVALID);

        on_files = disk_ok(f, "file", false);
        assert_string_equal(dict_string(on_files->spec, "allocation", ""), "sparse");
        change = change_new();
        assert_ok(plan_copy_disk(&f->plan, on_files, copy, change, &steps, id, NULL));
        assert_string_equal(dict_string(json_object_get(json_array_get(steps, 0), "target"), "allocation", ""), "preallocated");
        commit_ok(f, change);
        assert_string_equal(dict_string(model_find(f->model, KIND_DISK, id)->spec, "allocation", ""), "preallocated");
        json_decref(steps);
        steps = NULL;
        assert_refused(plan_copy_disk(&f->plan, on_files, refused, change, &steps, id, error), INVALID);
}

/* In the store: one place, one domain. */
static void test_unique(void **state) {
        ClusterFixture *f = *state;
        Change *change;
        json_t *same = json_pack("{s:s, s:s, s:s}", "name", "again", "type", "nfs", "remote", "nas:/export//vm"),
               *other = json_pack("{s:s, s:s, s:s}", "name", "other", "type", "nfs", "remote", "nas:/export/isos");

        set_state(f, created(f, plan_create_storage_domain, KIND_STORAGE_DOMAIN, json_pack("{s:s, s:s, s:s}", "name", "nfs", "type", "nfs", "remote", "nas:/export/vm/")), "attached");
        assert_refused(plan_create_storage_domain(&f->plan, same, change, error), RHV_ERROR_ALREADY_EXISTS);
        (void) created(f, plan_create_storage_domain, KIND_STORAGE_DOMAIN, other);
        json_decref(same);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_words),   cmocka_unit_test(test_refused), cmocka_unit_test(test_secrets),
                cmocka_unit_test(test_meets),   cmocka_unit_test(test_data),    cmocka_unit_test_setup_teardown(test_unique, cluster_fixture_setup, cluster_fixture_teardown),
                cmocka_unit_test_setup_teardown(test_allocation, cluster_fixture_setup, cluster_fixture_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
