/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* ISO and export domains on a real file system. */

#include <fcntl.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "inspect.h"
#include "layout-file.h"
#include "remove-tree.h"
#include "test-data.h"

#define DOMAIN "dddddddd-0000-4000-8000-000000000000"
#define VM "eeeeeeee-0000-4000-8000-000000000001"

typedef struct Place {
        char base[64];
        DomainPlace place;
} Place;

/* *state: the class to be made. */
static int make_place(void **state) {
        const DomainClass class = (DomainClass)(intptr_t)*state;
        Place *p = calloc(1, sizeof(*p));
        const char *parent = getenv("TMPDIR") ?: "/var/tmp";
        DomainFacts facts = {.name = (char *)"test", .type_word = (char *)"LOCALFS", .class_word = (char *)domain_class_to_string(class), .id = DOMAIN};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        assert_non_null(p);
        (void) snprintf(p->base, sizeof(p->base), "%.30s/rhv-class-XXXXXX", parent);
        assert_non_null(mkdtemp(p->base));
        assert_ok(chmod(p->base, 0755));
        p->place = (DomainPlace){.type = domain_type_find("local"), .path = p->base, .class = class, .id = DOMAIN};
        r = layout_file.create(&p->place, &facts, &error);
        if (r == -EOPNOTSUPP)
                skip();
        assert_ok(r);
        *state = p;
        return 0;
}

static int remove_place(void **state) {
        Place *p = *state;

        assert_int_equal(remove_tree(p->base), 0);
        free(p);
        return 0;
}

/* On a path below the domain. */
static void run(const Place *p, const char *format, ...) _printf_(2, 3);
static void run(const Place *p, const char *format, ...) {
        char command[1024];
        va_list arguments;
        int n;

        n = snprintf(command, sizeof(command), "cd '%s/" DOMAIN "' && ", p->base);
        va_start(arguments, format);
        (void) vsnprintf(command + n, sizeof(command) - (size_t)n, format, arguments);
        va_end(arguments);
        assert_int_equal(system(command), 0);
}

static void expect_tree(const Place *p, const char *tree) {
        run(p, "test \"$(find . -type d | sort | paste -sd' ')\" = '%s'", tree);
        run(p, "test \"$(ls dom_md | paste -sd' ')\" = 'ids inbox leases metadata outbox' && grep -qx VERSION=0 dom_md/metadata && ! grep -q ALIGNMENT dom_md/metadata");
        /* VDSM writes safelease's free lease into local ones too */
        run(p, "test $(stat -c %%s dom_md/leases) = 512 && test \"$(head -c 32 dom_md/leases)\" = '------FREE------0000000000000000'");
}

static void test_iso_tree(void **state) {
        expect_tree(*state, ". ./dom_md ./images ./images/11111111-1111-1111-1111-111111111111");
}

static void test_export_tree(void **state) {
        expect_tree(*state, ". ./dom_md ./images ./master ./master/tasks ./master/vms");
}

/* Found without its class being known; and refused where it was another one. */
static void test_open(void **state) {
        Place *p = *state;
        _cleanup_(domain_opened_clear) DomainOpened opened = {.lock_fd = -EBADF};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        DomainPlace place = p->place;
        DomainSpace space;

        place.class = DOMAIN_DATA;
        assert_true(layout_file.open(&place, &opened, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
        sd_bus_error_free(&error);
        place.id[0] = '\0';
        assert_ok(layout_file.open(&place, &opened, &error));
        assert_string_equal(opened.facts.class_word, domain_class_to_string(p->place.class));
        assert_int_equal(opened.facts.version, 0);
        assert_ok(layout_file.measure(&p->place, &space, &error));
}

static void test_destroy_iso(void **state) {
        Place *p = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        run(p, "echo x >images/" ISO_IMAGE "/a.iso");
        assert_int_equal(layout_file.destroy(&p->place, &error), -EBUSY);
        assert_string_equal(error.name, RHV_ERROR_INVALID_STATE);
        sd_bus_error_free(&error);
        run(p, "rm images/" ISO_IMAGE "/a.iso");
        assert_ok(layout_file.destroy(&p->place, &error));
}

static void test_destroy_export(void **state) {
        Place *p = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        run(p, "mkdir master/vms/" VM);
        assert_int_equal(layout_file.destroy(&p->place, &error), -EBUSY);
        assert_string_equal(error.name, RHV_ERROR_INVALID_STATE);
        assert_non_null(strstr(error.message, VM));
        sd_bus_error_free(&error);
        run(p, "rmdir master/vms/" VM);
        assert_ok(layout_file.destroy(&p->place, &error));
}

static json_t *inspect(const Place *p) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        DomainPlace place = {.type = p->place.type, .path = p->place.path, .version = 5};
        json_t *report = NULL;

        assert_ok(inspect_domain(&place, &report, &error));
        assert_true(json_is_true(json_object_get(report, "usable")));
        return report;
}

static void expect_problems(const json_t *report, size_t n, const char *word) {
        const json_t *problems = json_object_get(report, "problems");

        assert_int_equal(json_array_size(problems), n);
        if (n > 0)
                assert_non_null(strstr(json_string_value(json_array_get(problems, 0)), word));
}

/* A file for each; what is none, is somewhere else or cannot be read is a problem, and the others are there. */
static void test_definitions(void **state) {
        static const char *const broken[] = {"echo nonsense >", "ln -s /etc/passwd ", "mkfifo ", "mkdir ", "truncate -s 5M ", "true "};
        Place *p = *state;
        json_t *report;

        run(p, "mkdir master/vms/" VM " master/vms/../tasks/x master/vms/odd && cp '%s/engine-vm.ovf' master/vms/" VM "/" VM ".ovf && chmod -R a+rX .",
            getenv("RHV_TEST_DATA"));
        report = inspect(p);
        expect_problems(report, 0, "");
        assert_int_equal(json_object_size(json_object_get(report, "vms")), 1);
        assert_string_equal(json_string_value(json_object_get(json_object_get(json_object_get(report, "vms"), VM), "name")), "web1 é");
        json_decref(report);

        for (size_t i = 0; i < ELEMENTSOF(broken); i++) {
                const char *path = "master/vms/eeeeeeee-0000-4000-8000-000000000002/eeeeeeee-0000-4000-8000-000000000002.ovf";

                run(p, "rm -rf $(dirname %s) && mkdir $(dirname %s) && %s%s", path, path, broken[i], path);
                report = inspect(p);
                expect_problems(report, 1, "eeeeeeee-0000-4000-8000-000000000002");
                assert_int_equal(json_object_size(json_object_get(report, "vms")), 1);
                json_decref(report);
        }
        run(p, "rm -rf master");
        report = inspect(p);
        expect_problems(report, 0, "");
        json_decref(report);
}

#define JOB "aaaaaaaa-0000-4000-8000-00000000000a"
#define JOB2 "aaaaaaaa-0000-4000-8000-00000000000b"

/* A file appears whole or not at all, and never in the place of another; an end that is told twice is one. */
static void test_files(void **state) {
        Place *p = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL, removed = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *files = NULL;
        unsigned n = 0;
        int fd = -EBADF;

        assert_ok(file_iso_begin(&p->place, "a.iso", JOB, &fd, &error));
        assert_int_equal(write(fd, "12345", 5), 5);
        fd = safe_close(fd);
        assert_ok(file_iso_list(&p->place, &files, &error));
        assert_int_equal(json_array_size(files), 0);
        /* a job at work keeps what is its own */
        assert_ok(file_iso_clean(&p->place, JOB2 "," JOB ",", &n, &error));
        assert_int_equal(n, 0);
        assert_ok(file_iso_commit(&p->place, "a.iso", JOB, 5, &error));
        assert_ok(file_iso_commit(&p->place, "a.iso", JOB, 5, &error));
        json_decref(files);
        assert_ok(file_iso_list(&p->place, &files, &error));
        assert_int_equal(json_array_size(files), 1);
        assert_int_equal(json_integer_value(json_object_get(json_array_get(files, 0), "size")), 5);

        assert_int_equal(file_iso_begin(&p->place, "a.iso", JOB2, &fd, &error), -EEXIST);
        assert_string_equal(error.name, RHV_ERROR_ALREADY_EXISTS);
        sd_bus_error_free(&error);
        /* somebody else was faster */
        assert_ok(file_iso_begin(&p->place, "b.iso", JOB2, &fd, &error));
        fd = safe_close(fd);
        run(p, "echo theirs >images/" ISO_IMAGE "/b.iso");
        assert_int_equal(file_iso_commit(&p->place, "b.iso", JOB2, 5, &error), -EEXIST);
        run(p, "test \"$(ls -A images/" ISO_IMAGE " | paste -sd' ')\" = 'a.iso b.iso' && grep -q theirs images/" ISO_IMAGE "/b.iso");

        assert_ok(file_iso_begin(&p->place, "c.iso", JOB2, &fd, &error));
        fd = safe_close(fd);
        assert_ok(file_iso_clean(&p->place, JOB ",", &n, &error));
        assert_int_equal(n, 1);
        assert_ok(file_iso_abandon(&p->place, JOB2, &error));
        assert_ok(file_iso_remove(&p->place, "a.iso", &error));
        assert_int_equal(file_iso_remove(&p->place, "a.iso", &removed), -ENOENT);
        assert_string_equal(removed.name, RHV_ERROR_NOT_FOUND);
}

static json_t *file_named(const json_t *files, const char *name) {
        json_t *file;
        size_t i;

        json_array_foreach((json_t *)files, i, file)
                if (streq(json_string_value(json_object_get(file, "name")), name))
                        return file;
        return NULL;
}

/* Directories are looked into, links and what is hidden are not; nothing outside is reached by a name. */
static void test_directories(void **state) {
        static const char *const seen[] = {"a.iso", "sub/b.iso", "sub/deep er/c.VFD", "d.iso/e.iso", "1/2/3/4/5/6/7/8.iso"}, *const nowhere[] = {"sub/none.iso", "none/b.iso", "a.iso/b.iso", "out/a.iso"};
        Place *p = *state;
        _cleanup_json_ json_t *files = NULL;

        run(p, "cd images/" ISO_IMAGE " && mkdir -p 'sub/deep er' sub/.git d.iso 1/2/3/4/5/6/7/8 && for f in a.iso sub/b.iso 'sub/deep er/c.VFD' sub/.git/h.iso d.iso/e.iso 1/2/3/4/5/6/7/8.iso "
               "1/2/3/4/5/6/7/8/9.iso sub/notes.txt; do echo x >\"$f\"; done && mkdir ../other && echo x >../other/a.iso && ln -s ../other out && ln -s ../../other sub/out.iso && "
               "{ test $(id -u) != 0 || chown -hR 36:36 .; }");
        assert_ok(file_iso_list(&p->place, &files, NULL));
        assert_int_equal(json_array_size(files), ELEMENTSOF(seen) + 1);
        for (size_t i = 0; i < ELEMENTSOF(seen); i++) {
                assert_true(json_is_true(json_object_get(file_named(files, seen[i]), "usable")));
                assert_ok(file_iso_check(&p->place, seen[i], NULL));
        }
        assert_string_equal(json_string_value(json_object_get(file_named(files, "sub/out.iso"), "problem")), "it is no regular file");
        for (size_t i = 0; i < ELEMENTSOF(nowhere); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL, removed = SD_BUS_ERROR_NULL;

                assert_int_equal(file_iso_check(&p->place, nowhere[i], &error), -ENOENT);
                assert_string_equal(error.name, RHV_ERROR_NOT_FOUND);
                assert_int_equal(file_iso_remove(&p->place, nowhere[i], &removed), -ENOENT);
                assert_string_equal(removed.name, RHV_ERROR_NOT_FOUND);
        }
        assert_int_equal(file_iso_remove(&p->place, "sub/out.iso", NULL), -EINVAL);
        assert_ok(file_iso_remove(&p->place, "sub/b.iso", NULL));
        run(p, "cd images && test -e other/a.iso -a ! -e " ISO_IMAGE "/sub/b.iso -a -d " ISO_IMAGE "/sub");
}

#define CLASS_TEST(f, class) \
        { .name = #f " " #class, .test_func = f, .setup_func = make_place, .teardown_func = remove_place, .initial_state = (void *)(intptr_t)(class) }

#define OF_IMAGE "aaaaaaaa-0000-4000-8000-000000000001"

static size_t count_definitions(const Place *p) {
        _cleanup_(name_list_clear) NameList ids = {};

        assert_ok(file_list_definitions(&p->place, &ids, NULL));
        return ids.n;
}

/* A definition appears whole; the same is written over, another's is left alone; what a killed writer left is nothing, and goes with the next. */
static void test_write_definition(void **state) {
        static const char text[] = "<File href=\"" OF_IMAGE "/x\"/>", again[] = "<File href=\"" OF_IMAGE "/y\"/>";
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL, gone = SD_BUS_ERROR_NULL, other = SD_BUS_ERROR_NULL;
        const Place *p = *state;
        _cleanup_free_ char *read = NULL;
        size_t size;

        run(p, "mkdir master/vms/.new-" VM " master/vms/.old-" VM " && echo half >master/vms/.new-" VM "/" VM ".ovf.new && echo x >master/vms/.old-" VM "/" VM ".ovf && { test $(id -u) != 0 || chown -R 36:36 master; }");
        assert_int_equal(count_definitions(p), 0);
        assert_ok(file_write_definition(&p->place, VM, OF_IMAGE, text, &error));
        assert_int_equal(count_definitions(p), 1);
        run(p, "! ls -A master/vms | grep -q new && test \"$(ls master/vms/" VM ")\" = " VM ".ovf && test \"$(stat -c %%a master/vms/" VM "/" VM ".ovf)\" = 644");
        assert_ok(file_write_definition(&p->place, VM, OF_IMAGE, again, &error));
        assert_ok(file_read_definition(&p->place, VM, &read, &size, NULL));
        assert_string_equal(read, again);
        assert_int_equal(file_write_definition(&p->place, VM, VM, text, &error), -EEXIST);
        assert_true(sd_bus_error_has_name(&error, RHV_ERROR_ALREADY_EXISTS));
        sd_bus_error_free(&error);
        assert_int_equal(file_write_definition(&p->place, VM, "", text, &error), -EEXIST);

        /* of another image it is not the one that is meant */
        assert_int_equal(file_delete_definition(&p->place, VM, VM, &other), -ENOENT);
        assert_int_equal(count_definitions(p), 1);
        assert_ok(file_delete_definition(&p->place, VM, OF_IMAGE, NULL));
        assert_int_equal(count_definitions(p), 0);
        run(p, "test -z \"$(ls -A master/vms)\"");
        assert_int_equal(file_delete_definition(&p->place, VM, "", &gone), -ENOENT);
        assert_true(sd_bus_error_has_name(&gone, RHV_ERROR_NOT_FOUND));

        /* an engine leaves the directory behind; a domain that was never activated has none of them */
        run(p, "mkdir master/vms/" VM " && { test $(id -u) != 0 || chown 36:36 master/vms/" VM "; }");
        assert_ok(file_write_definition(&p->place, VM, OF_IMAGE, text, NULL));
        assert_ok(file_delete_definition(&p->place, VM, "", NULL));
        run(p, "rm -r master");
        assert_ok(file_write_definition(&p->place, VM, "", text, NULL));
        assert_int_equal(count_definitions(p), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        CLASS_TEST(test_iso_tree, DOMAIN_ISO),
                        CLASS_TEST(test_export_tree, DOMAIN_EXPORT),
                        CLASS_TEST(test_open, DOMAIN_ISO),
                        CLASS_TEST(test_open, DOMAIN_EXPORT),
                        CLASS_TEST(test_destroy_iso, DOMAIN_ISO),
                        CLASS_TEST(test_files, DOMAIN_ISO),
                        CLASS_TEST(test_directories, DOMAIN_ISO),
                        CLASS_TEST(test_destroy_export, DOMAIN_EXPORT),
                        CLASS_TEST(test_definitions, DOMAIN_EXPORT),
                        CLASS_TEST(test_write_definition, DOMAIN_EXPORT),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
