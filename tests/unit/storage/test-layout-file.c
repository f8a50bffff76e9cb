/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Domains, images and volumes on a real file system: what is there after each step, and after a process that ended at
 * each step.
 */

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "file-util.h"
#include "image-listing.h"
#include "layout-file.h"
#include "remove-tree.h"
#include "test-data.h"

#define DOMAIN "dddddddd-0000-4000-8000-000000000000"
#define IMAGE "aaaaaaaa-0000-4000-8000-000000000000"
#define VOLUME "bbbbbbbb-0000-4000-8000-000000000001"
#define CHILD "bbbbbbbb-0000-4000-8000-000000000002"

typedef struct Place {
        char base[64];
        DomainPlace place;
        DomainOpened opened;
} Place;

static char *path_of(const Place *p, const char *format, ...) _printf_(2, 3);
static char *path_of(const Place *p, const char *format, ...) {
        static char paths[8][512];
        static unsigned n;
        char *path = paths[n++ % 8];
        va_list arguments;
        int length;

        length = snprintf(path, 512, "%s/", p->base);
        va_start(arguments, format);
        (void) vsnprintf(path + length, (size_t)(512 - length), format, arguments);
        va_end(arguments);
        return path;
}

static bool exists(const char *path) {
        struct stat st;

        return lstat(path, &st) >= 0;
}

static int make_place(void **state) {
        Place *p = calloc(1, sizeof(*p));
        const char *parent = getenv("TMPDIR") ?: "/var/tmp";
        DomainFacts facts = {.name = (char *)"test",
                             .type_word = (char *)"LOCALFS",
                             .class_word = (char *)"Data",
                             .version = 5,
                             .id = DOMAIN};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        assert_non_null(p);
        (void) snprintf(p->base, sizeof(p->base), "%.30s/rhv-layout-XXXXXX", parent);
        assert_non_null(mkdtemp(p->base));
        assert_ok(chmod(p->base, 0755));
        p->place = (DomainPlace){.type = domain_type_find("local"), .path = p->base, .version = 5, .id = DOMAIN};
        p->opened.lock_fd = -EBADF;
        r = layout_file.create(&p->place, &facts, &error);
        if (r == -EOPNOTSUPP) {
                print_message("%s: no direct I/O here\n", p->base);
                skip();
        }
        assert_ok(r);
        *state = p;
        return 0;
}

static int remove_place(void **state) {
        Place *p = *state;

        domain_opened_clear(&p->opened);
        assert_int_equal(remove_tree(p->base), 0);
        free(p);
        return 0;
}

static void assert_file(const char *path, mode_t mode, off_t size) {
        struct stat st;

        if (lstat(path, &st) < 0)
                fail_msg("%s is not there", path);
        assert_int_equal(st.st_mode & 07777, mode);
        if (size >= 0)
                assert_int_equal(st.st_size, size);
        if (geteuid() == 0) {
                assert_int_equal(st.st_uid, 36);
                assert_int_equal(st.st_gid, 36);
        }
}

/* What a local domain of V5 looks like: names, sizes, modes, owners. */
static void test_tree(void **state) {
        Place *p = *state;
        struct dirent **entries;

        assert_file(path_of(p, DOMAIN), 0755, -1);
        assert_file(path_of(p, DOMAIN "/dom_md"), 0755, -1);
        assert_file(path_of(p, DOMAIN "/images"), 0755, -1);
        assert_file(path_of(p, DOMAIN "/dom_md/ids"), 0660, 0);
        assert_file(path_of(p, DOMAIN "/dom_md/leases"), 0660, 0);
        assert_file(path_of(p, DOMAIN "/dom_md/inbox"), 0660, 16777216);
        assert_file(path_of(p, DOMAIN "/dom_md/outbox"), 0660, 16777216);
        assert_file(path_of(p, DOMAIN "/dom_md/metadata"), 0644, -1);

        /* and nothing else: no xleases on local domains, no left-over */
        assert_int_equal(scandir(path_of(p, DOMAIN "/dom_md"), &entries, NULL, NULL), 2 + 5);
        for (int i = 0; i < 7; i++)
                free(entries[i]);
        free(entries);
        assert_int_equal(scandir(p->base, &entries, NULL, NULL), 2 + 1);
        for (int i = 0; i < 3; i++)
                free(entries[i]);
        free(entries);
}

/* Who has sent all it has to say waits for the answer; who has closed its end is gone. */
static void test_asker(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int ends[2];

        assert_ok(domain_check_asker(-EBADF, NULL));
        assert_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
        assert_ok(domain_check_asker(ends[0], NULL));
        assert_ok(shutdown(ends[1], SHUT_WR));
        assert_ok(domain_check_asker(ends[0], NULL));
        close(ends[1]);
        assert_int_equal(domain_check_asker(ends[0], &error), -ECONNABORTED);
        assert_string_equal(error.name, RHV_ERROR_INTERRUPTED);
        close(ends[0]);
}

static int open_place(Place *p, sd_bus_error *error) {
        domain_opened_clear(&p->opened);
        return layout_file.open(&p->place, &p->opened, error);
}

static void test_open_discovers_and_locks(void **state) {
        Place *p = *state;
        _cleanup_(domain_opened_clear) DomainOpened second = {.lock_fd = -EBADF};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        DomainSpace space;

        p->place.id[0] = '\0';
        assert_ok(open_place(p, &error));
        assert_string_equal(p->opened.facts.id, DOMAIN);
        assert_string_equal(p->opened.facts.name, "test");
        assert_true(p->opened.sealed);
        assert_int_equal(p->opened.facts.version, 5);
        memcpy(p->place.id, DOMAIN, UUID_STRING_MAX);
        assert_ok(layout_file.measure(&p->place, &space, &error));
        assert_true(space.total_bytes > space.free_bytes && space.free_bytes > 0);

        assert_int_equal(layout_file.open(&p->place, &second, &error), -EBUSY);
        assert_string_equal(error.name, RHV_ERROR_IN_USE);
}

static void test_one_domain_in_a_directory(void **state) {
        Place *p = *state;
        DomainFacts facts = {.name = (char *)"x",
                             .type_word = (char *)"LOCALFS",
                             .class_word = (char *)"Data",
                             .version = 5};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL, again = SD_BUS_ERROR_NULL;

        assert_int_equal(layout_file.create(&p->place, &facts, &error), -EEXIST);
        memcpy(p->place.id, IMAGE, UUID_STRING_MAX);
        assert_int_equal(layout_file.create(&p->place, &facts, &again), -EEXIST);
        assert_string_equal(again.name, RHV_ERROR_ALREADY_EXISTS);
        assert_non_null(strstr(again.message, DOMAIN));
        assert_false(exists(path_of(p, IMAGE)));
}

static void expect_open(Place *p, const char *wanted, const char *place) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_true(open_place(p, &error) < 0);
        if (!streq(error.name, wanted) || !strstr(error.message, place))
                fail_msg("wanted %s at %s, got %s: %s", wanted, place, error.name, error.message);
}

static void write_file(const char *path, const void *bytes, size_t size) {
        FILE *f = fopen(path, "we");

        assert_non_null(f);
        assert_int_equal(fwrite(bytes, 1, size, f), size);
        assert_int_equal(fclose(f), 0);
}

static void test_bad_metadata_is_refused(void **state) {
        Place *p = *state;
        const char *metadata = strdup(path_of(p, DOMAIN "/dom_md/metadata"));
        _cleanup_free_ char *text = NULL, *vdsm = NULL;
        size_t size, vdsm_size;
        FILE *f = fopen(metadata, "re");

        text = calloc(1, 4096);
        assert_non_null(f);
        size = fread(text, 1, 4095, f);
        (void) fclose(f);

        write_file(metadata, text, size / 2);
        expect_open(p, RHV_ERROR_BAD_FORMAT, "dom_md/metadata");
        write_file(metadata, text, 0);
        expect_open(p, RHV_ERROR_BAD_FORMAT, "dom_md/metadata");
        text[20] ^= 4;
        write_file(metadata, text, size);
        expect_open(p, RHV_ERROR_BAD_FORMAT, "seal");
        text[20] ^= 4;

        /* foreign: another domain's, of another type */
        vdsm = test_data_read("vdsm-domain-v5", &vdsm_size);
        write_file(metadata, vdsm, vdsm_size);
        expect_open(p, RHV_ERROR_BAD_FORMAT, "another domain");
        assert_ok(unlink(metadata));
        expect_open(p, RHV_ERROR_NOT_FOUND, "metadata");
        assert_ok(symlink("/etc/hostname", metadata));
        expect_open(p, RHV_ERROR_BAD_FORMAT, "metadata");
        assert_ok(unlink(metadata));
        assert_ok(mkdir(metadata, 0755));
        expect_open(p, RHV_ERROR_BAD_FORMAT, "metadata");
        assert_ok(rmdir(metadata));
        write_file(metadata, text, size);
        assert_ok(open_place(p, NULL));
        free((char *)metadata);
}

/* A whole domain that VDSM wrote for another type is recognised by name. */
static void test_foreign_type(void **state) {
        Place *p = *state;
        _cleanup_free_ char *vdsm = NULL;
        size_t size;

        vdsm = test_data_read("vdsm-domain-v5", &size);
        assert_ok(rename(path_of(p, DOMAIN), path_of(p, "8edc7efd-247c-4edb-bef0-1e95d4416d77")));
        write_file(path_of(p, "8edc7efd-247c-4edb-bef0-1e95d4416d77/dom_md/metadata"), vdsm, size);
        p->place.id[0] = '\0';
        expect_open(p, RHV_ERROR_NOT_SUPPORTED, "type nfs");
}

static void test_paths(void **state) {
        Place *p = *state;
        char *base = p->place.path;

        assert_ok(symlink(DOMAIN, path_of(p, "link")));
        p->place.path = strdup(path_of(p, "nowhere"));
        expect_open(p, RHV_ERROR_NOT_FOUND, "nowhere");
        free(p->place.path);
        p->place.path = strdup(path_of(p, "link"));
        expect_open(p, RHV_ERROR_INVALID_ARGUMENT, "symbolic link");
        free(p->place.path);
        p->place.path = strdup(path_of(p, DOMAIN "/dom_md/ids"));
        expect_open(p, RHV_ERROR_INVALID_ARGUMENT, "not a directory");
        free(p->place.path);
        p->place.path = base;
        assert_ok(unlink(path_of(p, "link")));
}

/* ---- volumes ---- */

static VolumeRequest request_of(const char *volume, const char *parent) {
        VolumeRequest request = {.capacity_bytes = 1 * MIB, .disk_type = "DATA", .description = "d", .now_sec = 1};

        memcpy(request.image, IMAGE, UUID_STRING_MAX);
        memcpy(request.volume, volume, UUID_STRING_MAX);
        memcpy(request.parent, parent ?: BLANK_UUID, UUID_STRING_MAX);
        if (parent)
                request.format = VOLUME_FORMAT_QCOW2;
        return request;
}

/* What qemu-img does to the file of a plan, as far as these tests care. */
static void run_tool(const VolumePlan *plan) {
        assert_ok(truncate(plan->path, (off_t)plan->metadata.capacity_bytes) < 0 ? -errno : 0);
}

static void make_volume(Place *p, const VolumeRequest *request) {
        _cleanup_(volume_plan_clear) VolumePlan plan = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_ok(layout_file.volume_begin(&p->place, request, &plan, &error));
        run_tool(&plan);
        assert_ok(layout_file.volume_fill(&p->place, request, &plan, &error));
        assert_ok(layout_file.volume_commit(&p->place, request, &plan, &error));
}

static size_t count_volumes(Place *p) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        if (layout_file.list_volumes(&p->place, IMAGE, &list, &error) < 0) {
                assert_string_equal(error.name, RHV_ERROR_NOT_FOUND);
                return 0;
        }
        return list.n;
}

static void test_volume(void **state) {
        Place *p = *state;
        _cleanup_(volume_list_clear) VolumeList list = {};
        VolumeRequest request = request_of(VOLUME, NULL), child = request_of(CHILD, VOLUME);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char(*images)[UUID_STRING_MAX];
        size_t n;

        request.allocation = VOLUME_ALLOCATION_PREALLOCATED;
        make_volume(p, &request);
        assert_file(path_of(p, DOMAIN "/images/" IMAGE), 0755, -1);
        assert_file(path_of(p, DOMAIN "/images/" IMAGE "/" VOLUME), 0660, 1048576);
        assert_file(path_of(p, DOMAIN "/images/" IMAGE "/" VOLUME ".meta"), 0644, -1);
        assert_false(exists(path_of(p, DOMAIN "/images/" IMAGE "/" VOLUME ".lease")));
        assert_ok(layout_file.list_images(&p->place, &images, &n, NULL));
        assert_int_equal(n, 1);
        free(images);

        make_volume(p, &child);
        assert_ok(layout_file.list_volumes(&p->place, IMAGE, &list, NULL));
        assert_int_equal(list.n, 2);
        assert_int_equal(list.records[0].metadata.role, VOLUME_INTERNAL);
        assert_true(list.records[0].true_size_bytes >= 1 * MIB - 4096); /* the tool here leaves out the first block */
        assert_int_equal(list.records[1].metadata.role, VOLUME_LEAF);
        assert_int_equal(list.records[1].metadata.sequence, 2);

        assert_true(layout_file.volume_delete(&p->place, IMAGE, VOLUME, &error) < 0);
        assert_ok(layout_file.volume_delete(&p->place, IMAGE, CHILD, NULL));
        volume_list_clear(&list);
        assert_ok(layout_file.list_volumes(&p->place, IMAGE, &list, NULL));
        assert_int_equal(list.n, 1);
        assert_int_equal(list.records[0].metadata.role, VOLUME_LEAF);
        assert_ok(layout_file.image_hide(&p->place, IMAGE, NULL));
        assert_int_equal(count_volumes(p), 0);
        assert_ok(layout_file.image_purge(&p->place, IMAGE, false, NULL));
        assert_false(exists(path_of(p, DOMAIN "/images/_remove_me_" IMAGE)));
        assert_ok(layout_file.destroy(&p->place, NULL));
        assert_false(exists(path_of(p, DOMAIN)));
}

static void test_not_empty_is_not_destroyed(void **state) {
        Place *p = *state;
        VolumeRequest request = request_of(VOLUME, NULL);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        make_volume(p, &request);
        assert_int_equal(layout_file.destroy(&p->place, &error), -EBUSY);
        assert_string_equal(error.name, RHV_ERROR_INVALID_STATE);
        assert_int_equal(count_volumes(p), 1);
}

static unsigned clean(Place *p) {
        unsigned n = 0;

        assert_ok(layout_file.clean(&p->place, &n, NULL));
        return n;
}

/* The first volume of an image: until the commit nothing is listed, and cleaning leaves no trace. */
static void test_killed_while_making_an_image(void **state) {
        Place *p = *state;
        VolumeRequest request = request_of(VOLUME, NULL);

        for (int step = 0; step < 3; step++) {
                _cleanup_(volume_plan_clear) VolumePlan plan = {};

                assert_ok(layout_file.volume_begin(&p->place, &request, &plan, NULL));
                if (step > 0)
                        run_tool(&plan);
                if (step > 1)
                        assert_ok(layout_file.volume_fill(&p->place, &request, &plan, NULL));
                assert_int_equal(count_volumes(p), 0);
                assert_int_equal(clean(p), 1);
                assert_false(exists(path_of(p, DOMAIN "/images/_remove_me_" IMAGE)));
                assert_false(exists(path_of(p, DOMAIN "/images/" IMAGE)));
        }
        make_volume(p, &request);
        assert_int_equal(clean(p), 0);
        assert_int_equal(count_volumes(p), 1);
}

/* A further volume: the image stays as it was, or is complete with both. */
static void test_killed_while_making_a_child(void **state) {
        Place *p = *state;
        VolumeRequest request = request_of(VOLUME, NULL), child = request_of(CHILD, VOLUME);
        _cleanup_(volume_plan_clear) VolumePlan plan = {};
        _cleanup_(volume_list_clear) VolumeList list = {};
        const char *directory = DOMAIN "/images/" IMAGE "/";

        make_volume(p, &request);
        assert_ok(layout_file.volume_begin(&p->place, &child, &plan, NULL));
        run_tool(&plan);
        assert_int_equal(count_volumes(p), 1);
        assert_true(exists(path_of(p, "%s%s", directory, CHILD)));
        assert_int_equal(clean(p), 1);
        assert_false(exists(path_of(p, "%s%s", directory, CHILD)));
        assert_false(exists(path_of(p, "%s%s.meta.volatile", directory, CHILD)));

        /* Killed between the child's appearance and the parent's change. */
        volume_plan_clear(&plan);
        assert_ok(layout_file.volume_begin(&p->place, &child, &plan, NULL));
        run_tool(&plan);
        assert_ok(rename(path_of(p, "%s%s.meta.volatile", directory, CHILD),
                         path_of(p, "%s%s.meta", directory, CHILD)));
        assert_int_equal(clean(p), 1);
        assert_ok(layout_file.list_volumes(&p->place, IMAGE, &list, NULL));
        assert_int_equal(list.records[0].metadata.role, VOLUME_INTERNAL);
        assert_int_equal(clean(p), 0);
}

static void test_killed_while_deleting(void **state) {
        Place *p = *state;
        VolumeRequest request = request_of(VOLUME, NULL);

        make_volume(p, &request);
        assert_ok(layout_file.image_hide(&p->place, IMAGE, NULL));
        assert_true(exists(path_of(p, DOMAIN "/images/_remove_me_" IMAGE "/" VOLUME)));
        assert_int_equal(clean(p), 1);
        assert_false(exists(path_of(p, DOMAIN "/images/_remove_me_" IMAGE)));

        /* The same id again while the old one is still there. */
        make_volume(p, &request);
        assert_ok(layout_file.image_hide(&p->place, IMAGE, NULL));
        make_volume(p, &request);
        assert_ok(layout_file.image_hide(&p->place, IMAGE, NULL));
        assert_ok(layout_file.image_purge(&p->place, IMAGE, false, NULL));
}

/* Data without metadata and without our note is somebody's: it stays. */
static void test_strangers_stay(void **state) {
        Place *p = *state;
        VolumeRequest request = request_of(VOLUME, NULL), child = request_of(CHILD, VOLUME);
        _cleanup_(volume_plan_clear) VolumePlan plan = {};
        const char *stranger = strdup(path_of(p, DOMAIN "/images/" IMAGE "/" CHILD));

        make_volume(p, &request);
        write_file(stranger, "precious", 8);
        assert_int_equal(clean(p), 0);
        assert_true(layout_file.volume_begin(&p->place, &child, &plan, NULL) < 0);
        assert_int_equal(clean(p), 0);
        assert_true(exists(stranger));
        free((char *)stranger);
}

static void test_abandon(void **state) {
        Place *p = *state;
        VolumeRequest request = request_of(VOLUME, NULL);
        _cleanup_(volume_plan_clear) VolumePlan plan = {};

        assert_ok(layout_file.volume_begin(&p->place, &request, &plan, NULL));
        layout_file.volume_abandon(&p->place, &request, &plan);
        assert_int_equal(clean(p), 0);
        assert_false(exists(path_of(p, DOMAIN "/images/_remove_me_" IMAGE)));
}

static void test_symlinks_are_not_followed(void **state) {
        Place *p = *state;
        VolumeRequest request = request_of(VOLUME, NULL);
        _cleanup_(volume_list_clear) VolumeList list = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL, second = SD_BUS_ERROR_NULL;
        const char *data = strdup(path_of(p, DOMAIN "/images/" IMAGE "/" VOLUME));
        _cleanup_close_ int fd = -EBADF;

        make_volume(p, &request);
        assert_ok(unlink(data));
        assert_ok(symlink("/etc/passwd", data));
        assert_ok(layout_file.list_volumes(&p->place, IMAGE, &list, NULL));
        assert_non_null(list.records[0].problem);
        assert_true(layout_file.volume_open(&p->place, IMAGE, VOLUME, false, &fd, &error) < 0);
        assert_int_equal(fd, -EBADF);

        assert_ok(rename(path_of(p, DOMAIN "/images/" IMAGE), path_of(p, "elsewhere")));
        assert_ok(symlink("../../elsewhere", path_of(p, DOMAIN "/images/" IMAGE)));
        volume_list_clear(&list);
        assert_true(layout_file.list_volumes(&p->place, IMAGE, &list, &second) < 0);
        assert_string_equal(second.name, RHV_ERROR_BAD_FORMAT);
        free((char *)data);
}

static void test_bad_volume_metadata_is_shown(void **state) {
        Place *p = *state;
        VolumeRequest request = request_of(VOLUME, NULL);
        _cleanup_(volume_list_clear) VolumeList list = {};
        const char *meta = strdup(path_of(p, DOMAIN "/images/" IMAGE "/" VOLUME ".meta"));
        const VolumeRecord *chain[VOLUME_CHAIN_MAX];
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        make_volume(p, &request);
        assert_ok(truncate(meta, 100));
        assert_ok(layout_file.list_volumes(&p->place, IMAGE, &list, NULL));
        assert_int_equal(list.n, 1);
        assert_non_null(strstr(list.records[0].problem, VOLUME ".meta"));
        assert_true(volume_chain(&list, VOLUME, true, chain, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
        free((char *)meta);
}

/* Domains that older engines made are used as they are, and new volumes are written as those read them. */
static void test_older_versions(void **state) {
        Place *p = *state;

        for (unsigned version = 3; version <= 4; version++) {
                DomainFacts facts = {.name = (char *)"old", .type_word = (char *)"LOCALFS", .class_word = (char *)"Data",
                                     .version = version, .id = DOMAIN};
                VolumeRequest request = request_of(VOLUME, NULL);
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                _cleanup_free_ char *text = calloc(1, 1024);
                FILE *f;

                domain_opened_clear(&p->opened);
                assert_ok(layout_file.destroy(&p->place, &error));
                p->place.version = version;
                assert_ok(layout_file.create(&p->place, &facts, &error));
                assert_ok(open_place(p, &error));
                assert_int_equal(p->opened.facts.version, version);
                make_volume(p, &request);
                assert_int_equal(count_volumes(p), 1);
                f = fopen(path_of(p, DOMAIN "/images/" IMAGE "/" VOLUME ".meta"), "re");
                assert_non_null(f);
                assert_true(fread(text, 1, 1023, f) > 0);
                (void) fclose(f);
                assert_non_null(strstr(text, "SIZE=2048\n"));
                assert_null(strstr(text, "CAP="));
                assert_ok(layout_file.image_hide(&p->place, IMAGE, &error));
                assert_ok(layout_file.image_purge(&p->place, IMAGE, false, &error));
        }
}

/* A look writes nothing and locks nobody out; it sees who has the domain open, and what opening would say. */
static void test_look(void **state) {
        Place *p = *state;
        _cleanup_(domain_look_clear) DomainLook look = {}, foreign = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *vdsm = NULL;
        struct stat before, after;
        size_t size;

        assert_ok(stat(path_of(p, DOMAIN "/dom_md"), &before));
        assert_ok(layout_file.look(&p->place, &look, &error));
        assert_string_equal(look.facts.id, DOMAIN);
        assert_false(look.in_use || look.several);
        assert_null(look.refusal);
        domain_look_clear(&look);
        assert_ok(open_place(p, &error));
        assert_ok(layout_file.look(&p->place, &look, &error));
        assert_true(look.in_use);
        domain_opened_clear(&p->opened);
        assert_ok(stat(path_of(p, DOMAIN "/dom_md"), &after));
        assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof(before.st_mtim));

        vdsm = test_data_read("vdsm-domain-v5", &size);
        assert_ok(mkdir(path_of(p, "8edc7efd-247c-4edb-bef0-1e95d4416d77"), 0755));
        assert_ok(rename(path_of(p, DOMAIN "/dom_md"), path_of(p, "8edc7efd-247c-4edb-bef0-1e95d4416d77/dom_md")));
        write_file(path_of(p, "8edc7efd-247c-4edb-bef0-1e95d4416d77/dom_md/metadata"), vdsm, size);
        assert_ok(layout_file.look(&p->place, &foreign, &error));
        assert_string_equal(foreign.facts.type_word, "NFS");
        assert_null(foreign.refusal);
}

static void test_update(void **state) {
        Place *p = *state;
        VolumeRequest request = request_of(VOLUME, NULL);
        VolumeChange illegal = {.legality = VOLUME_ILLEGAL},
                     legal = {.legality = VOLUME_LEGAL, .bump_generation = true};
        _cleanup_(volume_list_clear) VolumeList list = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        make_volume(p, &request);
        assert_ok(layout_file.volume_update(&p->place, IMAGE, VOLUME, &illegal, NULL));
        assert_ok(layout_file.volume_update(&p->place, IMAGE, VOLUME, &legal, NULL));
        assert_ok(layout_file.list_volumes(&p->place, IMAGE, &list, NULL));
        assert_int_equal(list.records[0].metadata.generation, 1);
        assert_int_equal(list.records[0].metadata.legality, VOLUME_LEGAL);
        assert_int_equal(layout_file.volume_update(&p->place, IMAGE, VOLUME, &legal, &error), -ESTALE);
        assert_string_equal(error.name, RHV_ERROR_INVALID_STATE);
}

/* More images than one thread reads: all are there, in order, each its own; and what is wrong with one is told. */
static void test_many_images(void **state) {
        Place *p = *state;
        VolumeRequest request = request_of(VOLUME, NULL);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char(*images)[UUID_STRING_MAX];
        VolumeList *lists = NULL;
        size_t n_images, n = 0;

        for (unsigned i = 0; i < 100; i++) {
                (void) snprintf(request.image, sizeof(request.image), "aaaaaaaa-0000-4000-8000-%012u", i);
                request.capacity_bytes = (i + 1) * MIB;
                make_volume(p, &request);
        }
        assert_ok(layout_file.list_images(&p->place, &images, &n_images, NULL));
        assert_ok(image_listing(&p->place, &lists, &n, &error));
        assert_int_equal(n_images, 100);
        assert_int_equal(n, 100);
        for (size_t i = 0; i < n; i++) {
                assert_string_equal(lists[i].image, images[i]);
                assert_int_equal(lists[i].n, 1);
                assert_int_equal(lists[i].records[0].metadata.capacity_bytes, (strtoul(images[i] + 24, NULL, 10) + 1) * MIB);
                volume_list_clear(&lists[i]);
        }
        free(lists);
        free(images);

        assert_ok(symlink("/", path_of(p, DOMAIN "/images/cccccccc-0000-4000-8000-000000000000")));
        assert_true(image_listing(&p->place, &lists, &n, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
        assert_non_null(strstr(error.message, "cccccccc-0000-4000-8000-000000000000"));
}

#define PLACE_TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_asker),
                        PLACE_TEST(test_tree),
                        PLACE_TEST(test_open_discovers_and_locks),
                        PLACE_TEST(test_one_domain_in_a_directory),
                        PLACE_TEST(test_bad_metadata_is_refused),
                        PLACE_TEST(test_foreign_type),
                        PLACE_TEST(test_paths),
                        PLACE_TEST(test_volume),
                        PLACE_TEST(test_not_empty_is_not_destroyed),
                        PLACE_TEST(test_killed_while_making_an_image),
                        PLACE_TEST(test_killed_while_making_a_child),
                        PLACE_TEST(test_killed_while_deleting),
                        PLACE_TEST(test_strangers_stay),
                        PLACE_TEST(test_abandon),
                        PLACE_TEST(test_symlinks_are_not_followed),
                        PLACE_TEST(test_bad_volume_metadata_is_shown),
                        PLACE_TEST(test_older_versions),
                        PLACE_TEST(test_look),
                        PLACE_TEST(test_update),
                        PLACE_TEST(test_many_images),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
