/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who uses an image, over restarts; and which job has one. */

#include <sys/stat.h>

#include "bus-error.h"
#include "fixture.h"
#include "image-lock.h"
#include "image-users.h"

#define IMAGE "aaaaaaaa-0000-4000-8000-000000000001"
#define OTHER "aaaaaaaa-0000-4000-8000-000000000002"

static const ImageUser writer = {"vm1", false, false}, second = {"vm2", false, false}, reader = {"vm3", true, false},
                       another_reader = {"vm4", true, false}, sharer = {"vm5", false, true},
                       another_sharer = {"vm6", false, true};

static void refused(const ImageUsers *users, const ImageUser *user) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_int_equal(image_users_check(users, IMAGE, user, &error), -EBUSY);
        assert_string_equal(error.name, RHV_ERROR_IN_USE);
}

static void test_compatible(void **state) {
        _cleanup_(image_users_freep) ImageUsers *users = NULL;

        assert_ok(image_users_new(NULL, &users));
        assert_ok(image_users_add(users, IMAGE, &writer, NULL));
        assert_ok(image_users_check(users, IMAGE, &writer, NULL));
        assert_ok(image_users_check(users, OTHER, &second, NULL));
        refused(users, &second);
        refused(users, &reader);
        assert_true(image_users_has_writer(users, IMAGE));
        assert_int_equal(image_users_remove(users, IMAGE, "vm2"), 0);
        assert_int_equal(image_users_remove(users, IMAGE, "vm1"), 1);
        assert_false(image_users_any(users));

        assert_ok(image_users_add(users, IMAGE, &reader, NULL));
        assert_ok(image_users_check(users, IMAGE, &another_reader, NULL));
        refused(users, &writer);
        assert_false(image_users_has_writer(users, IMAGE));
        assert_int_equal(image_users_remove(users, IMAGE, "vm3"), 1);

        assert_ok(image_users_add(users, IMAGE, &sharer, NULL));
        assert_ok(image_users_check(users, IMAGE, &another_sharer, NULL));
        refused(users, &writer);
        refused(users, &reader);
}

static void write_text(const char *path, const char *text) {
        FILE *f = fopen(path, "we");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

static void test_kept(void **state) {
        char directory[] = "/tmp/rhv-users-XXXXXX", path[64];
        _cleanup_(image_users_freep) ImageUsers *users = NULL;
        _cleanup_json_ json_t *names = NULL;

        assert_non_null(mkdtemp(directory));
        (void) snprintf(path, sizeof(path), "%s/users.json", directory);
        assert_ok(image_users_new(path, &users));
        assert_ok(image_users_add(users, IMAGE, &sharer, NULL));
        assert_ok(image_users_add(users, IMAGE, &another_sharer, NULL));
        users = image_users_free(users);
        assert_ok(image_users_new(path, &users));
        names = image_users_names(users, IMAGE);
        assert_int_equal(json_array_size(names), 2);
        refused(users, &writer);

        /* A file that cannot be written: nothing changes. */
        image_users_forget(users);
        assert_ok(rmdir(directory));
        assert_true(image_users_add(users, OTHER, &writer, NULL) < 0);
        assert_false(image_users_has(users, OTHER));
        users = image_users_free(users);

        assert_ok(mkdir(directory, 0700));
        static const char *const garbage[] = {"",
                                              "{",
                                              "{\"version\": 1}",
                                              "{\"version\": 2, \"images\": {}}",
                                              "{\"version\": 1, \"images\": {\"../x\": {}}}",
                                              "{\"version\": 1, \"images\": {\"" IMAGE "\": {\"a b\": {}}}}"};
        for (size_t i = 0; i < ELEMENTSOF(garbage); i++) {
                write_text(path, garbage[i]);
                assert_ok(image_users_new(path, &users));
                assert_false(image_users_any(users));
                users = image_users_free(users);
        }
        assert_ok(unlink(path));
        assert_ok(rmdir(directory));
}

static void test_locks(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        ImageLock *locks = NULL;

        assert_ok(image_lock_take(&locks, OTHER, IMAGE, "job1", NULL));
        assert_int_equal(image_lock_take(&locks, OTHER, IMAGE, "job2", &error), -EBUSY);
        assert_string_equal(error.name, RHV_ERROR_BUSY);
        assert_non_null(strstr(error.message, "job1"));
        assert_ok(image_lock_check(locks, IMAGE, IMAGE, NULL));
        assert_true(image_lock_any(locks, OTHER));
        assert_false(image_lock_any(locks, IMAGE));
        image_lock_release(&locks, OTHER, IMAGE, "job2");
        assert_true(image_lock_any(locks, OTHER));
        image_lock_release(&locks, OTHER, IMAGE, "job1");
        assert_null(locks);
        assert_ok(image_lock_take(&locks, OTHER, IMAGE, "job3", NULL));
        image_lock_clear(&locks);
        assert_null(locks);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_compatible),
                        cmocka_unit_test(test_kept),
                        cmocka_unit_test(test_locks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
