/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "state-file.h"

#include <fcntl.h>
#include <sys/stat.h>

static char directory[] = "/tmp/rhv-state-XXXXXX";
static char path[64], temporary[72];

static int setup(void **state) {
        if (!mkdtemp(directory))
                return -1;
        (void) snprintf(path, sizeof path, "%s/a.json", directory);
        (void) snprintf(temporary, sizeof temporary, "%s.tmp", path);
        return 0;
}

static int teardown(void **state) {
        (void) unlink(path);
        (void) unlink(temporary);
        return rmdir(directory);
}

static void write_text(const char *text) {
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

static void test_round_trip(void **state) {
        _cleanup_json_ json_t *object = json_pack("{s:s}", "key", "value"), *back = NULL;
        struct stat st;

        assert_ok(state_file_save(path, object, 2));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(access(temporary, F_OK), -1);
        assert_ok(state_file_load(path, 2, &back));
        assert_string_equal(json_string_value(json_object_get(back, "key")), "value");
        assert_int_equal(state_file_load(path, 1, &object), -EPROTO);
        assert_ok(state_file_remove(path));
        assert_int_equal(state_file_load(path, 2, &object), -ENOENT);
        assert_ok(state_file_remove(path));
}

static void test_damaged(void **state) {
        static const char *const texts[] = {
                "", "{", "[]", "{}", "{\"version\": \"1\"}", "{\"version\": 0}", "{\"version\": 1, \"version\": 1}",
                "{\"version\": 1} trailing",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                json_t *object = NULL;

                write_text(texts[i]);
                assert_int_equal(state_file_load(path, 1, &object), -EBADMSG);
                assert_null(object);
        }
}

/* A kill between writing and renaming leaves the old file whole and is cleaned by the next save. */
static void test_left_over(void **state) {
        _cleanup_json_ json_t *object = json_pack("{s:i}", "n", 1), *back = NULL;
        int fd;

        assert_ok(state_file_save(path, object, 1));
        fd = open(temporary, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, "{\"n\":", 5), 5);
        safe_close(fd);

        assert_ok(state_file_load(path, 1, &back));
        assert_int_equal(json_integer_value(json_object_get(back, "n")), 1);
        assert_ok(state_file_save(path, object, 1));
        assert_int_equal(access(temporary, F_OK), -1);
}

static void test_no_symlink(void **state) {
        _cleanup_json_ json_t *back = NULL;

        (void) unlink(path);
        assert_int_equal(symlink("/etc/passwd", path), 0);
        assert_int_equal(state_file_load(path, 1, &back), -EBADMSG);
        assert_int_equal(unlink(path), 0);
}

static void test_public(void **state) {
        _cleanup_json_ json_t *object = json_pack("{s:s}", "a", "b");
        struct stat st;

        assert_ok(state_file_save_public(path, object, 1));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0644);
        assert_ok(state_file_save(path, object, 1));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip), cmocka_unit_test(test_damaged), cmocka_unit_test(test_left_over),
                cmocka_unit_test(test_no_symlink),
                cmocka_unit_test(test_public),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
