/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names of files of an ISO domain, what a guest can be given, and names of uploads. */

#include "iso-file.h"
#include "test-data.h"

#define HOST "0123456789abcdef0123456789abcdef"
#define OTHER "0123456789abcdef0123456789abcde0"
#define JOB "aaaaaaaa-0000-4000-8000-000000000001"

static void test_names(void **state) {
        static const char *const good[] = {"debian-12.iso", "Windows 11 (x64).ISO", "drivers.vfd", "é.iso", "a.b.Vfd", "x.iso", "a..iso", "a/b.iso", "Windows 11/64 bit/é.ISO", "a.iso/b.iso",
                                           "1/2/3/4/5/6/7/8.iso"};
        static const char *const bad[] = {"", ".iso", ".vfd", ".hidden.iso", "..", "../a.iso", "a/../b.iso", "a/./b.iso", "a//b.iso", "a/.b.iso", ".a/b.iso", "a/", "a.iso/", "a.iso/b", "a /b.iso", "1/2/3/4/5/6/7/8/9.iso", "/a.iso", "a.iso ", " a.iso", "a.img", "iso", "a.iso.part",
                                          "a\n.iso", "a\x1b.iso", "\xff.iso", "a\xc2\x85.iso"};
        char longest[ISO_NAME_MAX + 2];

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                if (!iso_name_is_valid(good[i]))
                        fail_msg("%s", good[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (iso_name_is_valid(bad[i]))
                        fail_msg("%s", bad[i]);
        memset(longest, 'a', sizeof(longest));
        memcpy(longest + ISO_NAME_MAX - 4, ".iso", 5);
        assert_true(iso_name_is_valid(longest));
        memcpy(longest + ISO_NAME_MAX - 4, "a.iso", 6);
        assert_false(iso_name_is_valid(longest));
        longest[1] = '/';
        memcpy(longest + ISO_NAME_MAX - 4, ".iso", 5);
        assert_true(iso_name_is_valid(longest));
        assert_true(iso_directory_is_valid("a.iso/b"));
        assert_true(iso_directory_is_valid("1/2/3/4/5/6/7"));
        assert_false(iso_directory_is_valid("1/2/3/4/5/6/7/8"));
        assert_false(iso_directory_is_valid("a/.."));
        assert_false(iso_directory_is_valid(""));
        assert_string_equal(iso_name_kind("a.ISO"), "cdrom");
        assert_string_equal(iso_name_kind("a.VFD"), "floppy");
}

static void test_problems(void **state) {
        static const struct {
                mode_t mode;
                gid_t gid;
                off_t size;
                const char *word; /* NULL: none */
        } cases[] = {
                        {S_IFREG | 0644, 0, 1, NULL},          {S_IFREG | 0640, 36, 1, NULL},      {S_IFREG | 0004, 0, 1, NULL},
                        {S_IFREG | 0640, 0, 1, "group 36"},    {S_IFREG | 0600, 36, 1, "group 36"}, {S_IFREG | 0644, 36, 0, "empty"},
                        {S_IFLNK | 0777, 36, 1, "no regular"}, {S_IFIFO | 0644, 36, 1, "no regular"}, {S_IFDIR | 0755, 36, 1, "no regular"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *problem = iso_file_problem(&(struct stat){.st_mode = cases[i].mode, .st_gid = cases[i].gid, .st_size = cases[i].size});

                if (!cases[i].word)
                        assert_null(problem);
                else
                        assert_non_null(strstr(problem ?: "", cases[i].word));
        }
}

static void test_uploads(void **state) {
        _cleanup_free_ char *name = iso_upload_name(HOST, JOB), *longer = NULL;
        char job[UUID_STRING_MAX];

        assert_non_null(name);
        assert_false(iso_name_is_valid(name)); /* nobody sees it */
        assert_true(iso_upload_job(name, HOST, job));
        assert_string_equal(job, JOB);
        assert_false(iso_upload_job(name, OTHER, job));
        assert_false(iso_upload_job("debian.iso", HOST, job));
        assert_true(asprintf(&longer, "%sx", name) > 0);
        assert_false(iso_upload_job(longer, HOST, job));
        name[20] = '\0';
        assert_false(iso_upload_job(name, HOST, job));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_names),
                        cmocka_unit_test(test_problems),
                        cmocka_unit_test(test_uploads),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
