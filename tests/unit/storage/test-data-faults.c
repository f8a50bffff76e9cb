/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Each job on the data of a volume, killed at each of its fault points (fault-point.h; the linker makes the list): what a guest sees is never
 * another thing than before or after, the metadata can be read and agree with the data once the domain was opened again, and the same job brings
 * it to its end.
 */

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bus-error.h"
#include "chain-rules.h"
#include "data-steps.h"
#include "data-tool.h"
#include "fault-point.h"
#include "file-util.h"
#include "fixture.h"
#include "run-command.h"
#include "heir.h"
#include "io.h"
#include "layout-file.h"
#include "ovf-store.h"
#include "ovf-update.h"

#define DOMAIN "dddddddd-0000-4000-8000-000000000000"
#define IMAGE "aaaaaaaa-0000-4000-8000-000000000000"
#define OTHER "aaaaaaaa-0000-4000-8000-000000000001"
#define A "bbbbbbbb-0000-4000-8000-000000000001"
#define B "bbbbbbbb-0000-4000-8000-000000000002"
#define C "bbbbbbbb-0000-4000-8000-000000000003"
#define TEMPLATE "aaaaaaaa-0000-4000-8000-000000000002"
#define T "bbbbbbbb-0000-4000-8000-000000000005"
#define ON_TEMPLATE "bbbbbbbb-0000-4000-8000-000000000006"
#define SIZE (4 * MIB)
#define LARGER (6 * MIB)

static char base[64];
static DomainPlace place;

static Io *piece(int (*function)(Io *), const char *image, const char *volume) {
        Io *io = io_new("test", function, &place);

        assert_non_null(io);
        (void) snprintf(io->image, sizeof(io->image), "%s", image);
        (void) snprintf(io->volume, sizeof(io->volume), "%s", volume);
        return io;
}

static int make_on(const char *image, const char *volume, const char *parent, const char *parent_image, VolumeFormat format, VolumeAllocation allocation,
                   bool illegal) {
        _cleanup_(io_freep) Io *io = piece(io_volume_make, image, volume);

        io->request = (VolumeRequest){.capacity_bytes = SIZE, .format = format, .allocation = allocation, .illegal = illegal,
                                      .disk_type = "DATA", .now_sec = 1};
        memcpy(io->request.image, io->image, UUID_STRING_MAX);
        memcpy(io->request.volume, io->volume, UUID_STRING_MAX);
        (void) snprintf(io->request.parent, UUID_STRING_MAX, "%s", parent ?: BLANK_UUID);
        (void) snprintf(io->request.parent_image, UUID_STRING_MAX, "%s", parent_image ?: "");
        return io->run(io);
}

static int make(const char *image, const char *volume, const char *parent, VolumeFormat format, VolumeAllocation allocation, bool illegal) {
        return make_on(image, volume, parent, NULL, format, allocation, illegal);
}

static void write_to(const char *volume, const char *format, unsigned pattern, unsigned kib, unsigned length_kib) {
        run_command("qemu-io -f %s -c 'write -P %u %uk %uk' %s/" DOMAIN "/images/" IMAGE "/%s >/dev/null", format, pattern, kib, length_kib, base, volume);
}

/* ---- the jobs ---- */

/* What the service, rhv-data and the service again do, in one process. */
static int job(DataKind kind, const char *volume, uint64_t capacity, const char *copy) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(io_freep) Io *io = piece(io_data_plan, IMAGE, volume);
        int r;

        io->data = calloc(1, sizeof(*io->data));
        assert_non_null(io->data);
        io->data->kind = kind;
        io->data->capacity_bytes = capacity;
        io->change.expected_generation = GENERATION_ANY;
        r = io->run(io);
        if (r < 0)
                return r;
        io->data->place = io->data->source = place;
        if (copy)
                io->data->format = VOLUME_FORMAT_QCOW2;

        const DataRun data = {
                        .work = io->data,
                        .image = copy ? OTHER : IMAGE,
                        .volume = copy ?: io->record.id,
                        .generation = copy ? 0 : io->record.metadata.generation,
                        .lease_fd = SPAWN_INHERIT,
        };
        r = data_run(&data, &error);
        if (r < 0)
                print_message("%s\n", error.message ?: "?");
        return r;
}

static int extend(void) {
        return job(DATA_EXTEND, A, LARGER, NULL);
}

static int sparsify(void) {
        return job(DATA_SPARSIFY, A, 0, NULL);
}

static int merge(const char *volume) {
        _cleanup_(io_freep) Io *io = piece(io_merge_finish, IMAGE, volume);
        int r;

        r = job(DATA_MERGE, volume, 0, NULL);
        if (r == -ENOENT) /* its removal was the last step */
                return 0;
        r = r < 0 ? r : io->run(io);
        if (r < 0)
                print_message("%s\n", io->error.message ?: "?");
        return r;
}

static int merge_leaf(void) {
        return merge(C);
}

static int merge_internal(void) {
        return merge(B);
}

/* As the service: what is there of an earlier try goes first. */
static int copy(void) {
        _cleanup_(io_freep) Io *undo = piece(io_data_undo, OTHER, A);
        _cleanup_(volume_list_clear) VolumeList list = {};
        int r;

        r = undo->run(undo);
        if (r >= 0 && layout_file.list_volumes(&place, OTHER, &list, NULL) >= 0)
                return 0; /* complete */
        if (r >= 0)
                r = make(OTHER, A, NULL, VOLUME_FORMAT_QCOW2, VOLUME_ALLOCATION_SPARSE, true);
        return r < 0 ? r : job(DATA_COPY, C, 0, A);
}

static int snapshot(void) {
        int r = make(IMAGE, "bbbbbbbb-0000-4000-8000-000000000004", C, VOLUME_FORMAT_QCOW2, VOLUME_ALLOCATION_SPARSE, false);

        return r == -EEXIST ? 0 : r;
}

static int drop(void) {
        _cleanup_(io_freep) Io *io = piece(io_volume_delete, IMAGE, C);
        int r = io->run(io);

        return r == -ENOENT ? 0 : r;
}

/* As the service does with what it opens: from the version it finds. */
static int upgrade(void) {
        _cleanup_(domain_opened_clear) DomainOpened opened = {.lock_fd = -EBADF};
        _cleanup_(io_freep) Io *io = NULL;
        int r;

        r = layout_file.open(&place, &opened, NULL);
        if (r < 0)
                return r;
        place.version = opened.facts.version;
        io = piece(io_domain_upgrade, IMAGE, A);
        io->upgrade_version = DOMAIN_VERSION_MAX;
        r = io->run(io);
        if (r < 0)
                print_message("%s\n", io->error.message ?: "?");
        return r < 0 || io->skipped == 0 ? r : -EIO;
}

/* ---- what must hold ---- */

static void make_single(VolumeFormat format, VolumeAllocation allocation) {
        assert_ok(make(IMAGE, A, NULL, format, allocation, false));
        write_to(A, volume_format_to_string(format), 1, 0, 1024);
}

static void make_raw(void) {
        make_single(VOLUME_FORMAT_RAW, VOLUME_ALLOCATION_SPARSE);
}

/* With zeroes that are written, and one piece beyond the first. */
static void make_zeroes(void) {
        make_raw();
        write_to(A, "raw", 0, 1024, 3072);
}

static void make_preallocated(void) {
        make_single(VOLUME_FORMAT_RAW, VOLUME_ALLOCATION_PREALLOCATED);
}

static void make_qcow2(void) {
        make_single(VOLUME_FORMAT_QCOW2, VOLUME_ALLOCATION_SPARSE);
}

static void make_qcow2_zeroes(void) {
        make_qcow2();
        write_to(A, "qcow2", 0, 1024, 3072);
}

static void make_chain(void) {
        make_raw();
        assert_ok(make(IMAGE, B, A, VOLUME_FORMAT_QCOW2, VOLUME_ALLOCATION_SPARSE, false));
        write_to(B, "qcow2", 2, 512, 1024);
        assert_ok(make(IMAGE, C, B, VOLUME_FORMAT_QCOW2, VOLUME_ALLOCATION_SPARSE, false));
        write_to(C, "qcow2", 3, 1024, 1024);
}

static void make_old(void) {
        run_command("sed -i 's/^VERSION=5/VERSION=3/; /^BLOCK_SIZE=/d; /^ALIGNMENT=/d; /^_SHA_CKSUM=/d' %s/" DOMAIN "/dom_md/metadata", base);
        place.version = 3;
        make_chain();
        run_command("grep -q '^SIZE=8192$' %s/" DOMAIN "/images/" IMAGE "/" C ".meta", base);
        assert_ok(make(TEMPLATE, T, NULL, VOLUME_FORMAT_RAW, VOLUME_ALLOCATION_SPARSE, false));
        run_command("sed -i 's/^VOLTYPE=LEAF/VOLTYPE=SHARED/' %s/" DOMAIN "/images/" TEMPLATE "/" T ".meta", base);
        assert_ok(make_on(OTHER, ON_TEMPLATE, T, TEMPLATE, VOLUME_FORMAT_QCOW2, VOLUME_ALLOCATION_SPARSE, false));
}

static void check_upgraded(void) {
        run_command("cd %s/" DOMAIN " && grep -q '^VERSION=5$' dom_md/metadata && grep -q '^BLOCK_SIZE=512$' dom_md/metadata && grep -q '^ALIGNMENT=1048576$' dom_md/metadata && "
            "grep -q '^_SHA_CKSUM=' dom_md/metadata", base);
        run_command("cd %s/" DOMAIN "/images && for meta in */*.meta; do grep -q '^CAP=4194304$' $meta && grep -q '^SEQ=' $meta && ! grep -q '^SIZE=\\|^MTIME=' $meta || exit 1; done; "
            "test " TEMPLATE "/" T ".meta -ef " OTHER "/" T ".meta && test -z \"$(find . -name '*.new')\"", base);
}

static void check_reads(const char *image, const char *volume, const char *format, const char *reads) {
        run_command("test -z \"$(qemu-io -r -f %s %s %s/" DOMAIN "/images/%s/%s | grep -F 'verification failed')\"", format, reads, base, image, volume);
}

#define READS_SINGLE "-c 'read -P 1 0 1M' -c 'read -P 0 1M 3M'"
#define READS_CHAIN "-c 'read -P 1 0 512k' -c 'read -P 2 512k 512k' -c 'read -P 3 1M 1M' -c 'read -P 0 2M 2M'"
#define READS_BELOW "-c 'read -P 1 0 512k' -c 'read -P 2 512k 1M' -c 'read -P 0 1536k 2560k'"

/* The top is what its metadata say, and holds what it held. now: the volume that must be the top; NULL: whichever is. */
static void check_top(const char *reads, const char *now) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        const VolumeRecord *leaf;
        char line[512], path[256];
        FILE *f;

        assert_ok(layout_file.list_volumes(&place, IMAGE, &list, NULL));
        for (size_t i = 0; i < list.n; i++)
                assert_null(list.records[i].problem);
        leaf = volume_list_leaf(&list);
        assert_non_null(leaf);
        if (now) {
                const VolumeRecord *chain[VOLUME_CHAIN_MAX];

                assert_string_equal(leaf->id, now);
                assert_int_equal(volume_chain(&list, leaf->id, true, chain, NULL), list.n);
        }
        check_reads(IMAGE, leaf->id, volume_format_to_string(leaf->metadata.format), reads);
        (void) snprintf(path, sizeof(path), "%s/" DOMAIN "/images/" IMAGE "/%s", base, leaf->id);
        (void) snprintf(line, sizeof(line), "qemu-img info -f %s --output=json %s", volume_format_to_string(leaf->metadata.format), path);
        f = popen(line, "re");
        assert_non_null(f);
        _cleanup_json_ json_t *info = json_loadf(f, 0, NULL);
        (void) pclose(f);
        assert_int_equal(json_integer_value(json_object_get(info, "virtual-size")), leaf->metadata.capacity_bytes);
}

/* ---- OVF stores ---- */

#define STORE_BYTES 20480U
#define STORES_SEC 1795752788U

/* A definition's letter, over and over: what is half of one and half of another is seen. */
static int compose_letter(const OvfComposition *in, OvfComposed *ret, sd_bus_error *error) {
        ret->tar = malloc(STORE_BYTES);
        ret->skipped = json_array();
        if (!ret->tar || !ret->skipped)
                return -ENOMEM;
        memset(ret->tar, json_string_value(json_array_get(in->definitions, 0))[0], STORE_BYTES);
        ret->size = STORE_BYTES;
        return 0;
}

static int write_letter(const char *letter, uint64_t now_sec) {
        _cleanup_json_ json_t *definitions = json_pack("[s]", letter), *removed = json_array(), *result = NULL;

        return ovf_update(&place, definitions, removed, now_sec, compose_letter, &result, NULL);
}

static void make_stores(void) {
        make_chain();
        assert_ok(write_letter("o", STORES_SEC));
}

/* The clock was set back: it counts all the same. */
static int write_stores(void) {
        return write_letter("n", STORES_SEC - 3600);
}

/* letter: NULL for either. */
static void check_stores(const char *letter) {
        _cleanup_free_ char(*ids)[UUID_STRING_MAX] = NULL;
        VolumeList lists[8] = {};
        char data[STORE_BYTES];
        bool skip[8] = {};
        OvfStore store;
        size_t n = 0;
        int fd = -EBADF;

        assert_ok(layout_file.list_images(&place, &ids, &n, NULL));
        assert_true(n <= ELEMENTSOF(lists));
        for (size_t i = 0; i < n; i++)
                assert_ok(layout_file.list_volumes(&place, ids[i], &lists[i], NULL));
        assert_true(ovf_store_choose(lists, n, skip, &store) >= 0);
        for (size_t i = 0; i < n; i++)
                volume_list_clear(&lists[i]);
        assert_int_equal(store.size_bytes, STORE_BYTES);
        assert_ok(layout_file.volume_open(&place, store.image, store.volume, false, &fd, NULL));
        assert_int_equal(pread(fd, data, sizeof(data), 0), sizeof(data));
        (void) close(fd);
        for (size_t i = 1; i < sizeof(data); i++)
                assert_int_equal(data[i], data[0]);
        if (letter)
                assert_int_equal(data[0], letter[0]);
}

typedef struct Scenario {
        const char *name;
        void (*set_up)(void);
        int (*work)(void);
        const char *reads; /* of the top, at any moment */
        const char *top;   /* at the end */
        const char *after; /* reads of it at the end; NULL: the same */
} Scenario;

static const Scenario scenarios[] = {
                {"extend raw", make_raw, extend, READS_SINGLE, A, NULL},
                {"extend preallocated", make_preallocated, extend, READS_SINGLE, A, NULL},
                {"extend qcow2", make_qcow2, extend, READS_SINGLE, A, NULL},
                {"sparsify raw", make_zeroes, sparsify, READS_SINGLE, A, NULL},
                {"sparsify qcow2", make_qcow2_zeroes, sparsify, READS_SINGLE, A, NULL},
                {"merge the top", make_chain, merge_leaf, READS_CHAIN, B, NULL},
                {"merge an internal volume", make_chain, merge_internal, READS_CHAIN, C, NULL},
                {"copy", make_chain, copy, READS_CHAIN, C, NULL},
                {"snapshot", make_chain, snapshot, READS_CHAIN, "bbbbbbbb-0000-4000-8000-000000000004", NULL},
                {"upgrade", make_old, upgrade, READS_CHAIN, C, NULL},
                {"OVF stores", make_stores, write_stores, READS_CHAIN, C, NULL},
                {"drop the top", make_chain, drop, NULL, B, READS_BELOW},
};

static void make_domain(void) {
        DomainFacts facts = {.name = (char *)"test", .type_word = (char *)"LOCALFS", .class_word = (char *)"Data", .version = 5, .id = DOMAIN};

        place = (DomainPlace){.type = domain_type_find("local"), .path = base, .version = 5, .id = DOMAIN, .block_size_bytes = 512,
                              .alignment_bytes = 1 * MIB};
        if (layout_file.create(&place, &facts, NULL) == -EOPNOTSUPP)
                skip();
}

/* Return: the process was killed by its fault point. */
static bool run_until(const Scenario *scenario, const char *point) {
        int status;
        pid_t pid;

        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                (void) setenv("RHV_FAULT_POINT", point, 1);
                _exit(data_tool_prepare() < 0 || scenario->work() < 0 ? 1 : 0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
                return true;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                fail_msg("%s failed before %s", scenario->name, point);
        return false;
}

static bool walk(const Scenario *scenario, const char *point) {
        unsigned n;
        bool killed;

        make_domain();
        scenario->set_up();
        killed = run_until(scenario, point);
        if (killed) {
                print_message("%s: killed at %s\n", scenario->name, point);
                assert_ok(layout_file.clean(&place, &n, NULL));
                if (scenario->reads)
                        check_top(scenario->reads, NULL);
                if (scenario->work == write_stores)
                        check_stores(NULL);
                assert_false(run_until(scenario, "none"));
        }
        assert_ok(layout_file.clean(&place, &n, NULL));
        assert_int_equal(n, 0);
        check_top(scenario->after ?: scenario->reads, scenario->top);
        if (scenario->work == upgrade)
                check_upgraded();
        if (scenario->work == write_stores)
                check_stores("n");
        if (scenario->work == copy)
                check_reads(OTHER, A, "qcow2", scenario->reads);
        run_command("rm -rf %s/" DOMAIN, base);
        return killed;
}

/* Those that only come on devices, or with sanlock, are walked by lab/block-faults. */
static bool only_in_lab(const char *point) {
        return startswith(point, "block-") || startswith(point, "lease-");
}

static void test_all(void **state) {
        const size_t n = fault_point_count();
        bool reached[128] = {};

        assert_true(n > 10 && n < ELEMENTSOF(reached));
        for (size_t s = 0; s < ELEMENTSOF(scenarios); s++)
                for (size_t i = 0; i < n; i++)
                        if (!only_in_lab(fault_point_name(i)))
                                reached[i] |= walk(&scenarios[s], fault_point_name(i));
        for (size_t i = 0; i < n; i++)
                if (!reached[i] && !only_in_lab(fault_point_name(i)))
                        fail_msg("no job comes to %s", fault_point_name(i));
}

static int set_up(void **state) {
        (void) snprintf(base, sizeof(base), "%.30s/rhv-faults-XXXXXX", getenv("TMPDIR") ?: "/var/tmp");
        assert_non_null(mkdtemp(base));
        return chmod(base, 0755);
}

static int tear_down(void **state) {
        run_command("rm -rf %s", base);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};

        (void) umask(0022);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
