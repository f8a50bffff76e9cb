/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The end of a job, at the two moments where a killed Cluster leaves half of it behind: the job is on disk and its request was never
 * committed; or the outcome was committed and the job does not say so.
 */

#include "bus-pair.h"
#include "cluster-fixture.h"
#include "work.h"

typedef struct Fixture {
        ClusterFixture cluster;
        BusPair pair;
        Daemon daemon;
        Manager manager;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof *f);

        assert_non_null(f);
        cluster_fixture_init(&f->cluster);
        bus_pair_init(&f->pair);
        f->daemon.event = f->pair.event;
        f->daemon.bus = f->pair.server;
        assert_ok(bus_changes_new(f->pair.server, &f->daemon.changes));
        assert_ok(job_manager_new(f->pair.server, f->daemon.changes, "Cluster", NULL, &f->daemon.jobs));
        f->manager = (Manager){ .daemon = &f->daemon, .bus = f->pair.server, .store = f->cluster.store,
                                .model = f->cluster.model };
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        sd_event_source_disable_unref(f->manager.refresh);
        job_manager_free(f->daemon.jobs);
        bus_changes_free(f->daemon.changes);
        bus_pair_done(&f->pair);
        cluster_fixture_done(&f->cluster);
        free(f);
        return 0;
}

/* Ends a job of that kind as the next process does that asked and heard: nobody knows of it. Return: the job's state. */
static JobState end_interrupted(Fixture *f, const char *kind, ObjectKind of, const char *id) {
        _cleanup_json_ json_t *arguments = json_pack("{s:s, s:s}", "kind", object_kind_to_string(of), "id", id);
        const JobSpec spec = { .kind = kind, .arguments = arguments };
        sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(RHV_ERROR_INTERRUPTED, "The service does not know the job any more");
        const RemoteKind *remote = remote_kinds;
        Job *job;

        while (!streq(remote->kind, kind))
                remote++;
        assert_int_equal(job_new(f->daemon.jobs, &spec, &job, NULL), 1);
        job_start(job);
        remote->done(&f->manager, job, -EINTR, &error, NULL);
        return job_state(job);
}

static Object *domain(Fixture *f) {
        return model_first(f->cluster.model, KIND_STORAGE_DOMAIN);
}

#define ABSENT "77777777-0000-4000-8000-000000000001"

static void test_committed(void **state) {
        Fixture *f = *state;
        unsigned events = count_rows(f->cluster.store, "event");

        assert_int_equal(end_interrupted(f, "remove-storage-domain", KIND_STORAGE_DOMAIN, ABSENT), JOB_DONE);
        assert_int_equal(end_interrupted(f, "create-storage-domain", KIND_STORAGE_DOMAIN, domain(f)->id), JOB_DONE);
        assert_string_equal(domain(f)->state, "attached");
        assert_int_equal(end_interrupted(f, "remove-disk", KIND_DISK, ABSENT), JOB_DONE);
        assert_int_equal(count_rows(f->cluster.store, "event"), events);
}

static void test_committed_disk(void **state) {
        Fixture *f = *state;
        Object *disk = disk_ok(&f->cluster, "d1", false);

        assert_int_equal(end_interrupted(f, "create-disk", KIND_DISK, disk->id), JOB_DONE);
        assert_string_equal(disk->state, "ok");
}

/* A disk that the request has not locked was not touched. */
static void test_never_begun(void **state) {
        Fixture *f = *state;
        Object *disk = disk_ok(&f->cluster, "d1", false);

        assert_int_equal(end_interrupted(f, "upload", KIND_DISK, disk->id), JOB_FAILED);
        assert_string_equal(disk->state, "ok");
        assert_int_equal(end_interrupted(f, "remove-disk", KIND_DISK, disk->id), JOB_FAILED);
        assert_string_equal(disk->state, "ok");
        assert_int_equal(end_interrupted(f, "create-storage-domain", KIND_STORAGE_DOMAIN, ABSENT), JOB_FAILED);
}

/* One that was at work is not trusted afterwards, and an event says so. */
static void test_cut_off(void **state) {
        static const char *const kinds[] = { "upload", "remove-disk", "create-disk" };
        Fixture *f = *state;
        Object *disk = disk_ok(&f->cluster, "d1", false);

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                unsigned events = count_rows(f->cluster.store, "event");

                set_state(&f->cluster, disk, "locked");
                assert_int_equal(end_interrupted(f, kinds[i], KIND_DISK, disk->id), JOB_FAILED);
                assert_string_equal(disk->state, "illegal");
                assert_int_equal(count_rows(f->cluster.store, "event"), events + 1);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_committed),
                TEST(test_committed_disk),
                TEST(test_never_begun),
                TEST(test_cut_off),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
