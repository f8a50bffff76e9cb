/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "bus-pair.h"
#include "job.h"

#include <dirent.h>
#include <sys/stat.h>

typedef struct Fixture {
        BusPair pair;
        BusChanges *changes;
        JobManager *jobs;
        char directory[32];
        unsigned cancels;
} Fixture;

static void start_manager(Fixture *f) {
        assert_ok(bus_changes_new(f->pair.server, &f->changes));
        assert_ok(job_manager_new(f->pair.server, f->changes, "Test", f->directory, &f->jobs));
        assert_ok(job_manager_register(f->jobs, NULL));
}

static void stop_manager(Fixture *f) {
        f->jobs = job_manager_free(f->jobs);
        f->changes = bus_changes_free(f->changes);
        bus_pair_done(&f->pair);
}

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof *f);

        (void) snprintf(f->directory, sizeof f->directory, "/tmp/rhv-jobs-XXXXXX");
        assert_non_null(mkdtemp(f->directory));
        bus_pair_init(&f->pair);
        start_manager(f);
        *state = f;
        return 0;
}

static unsigned files_in(const char *directory, bool remove) {
        const struct dirent *entry;
        DIR *d = opendir(directory);
        unsigned n = 0;

        assert_non_null(d);
        while ((entry = readdir(d))) {
                if (entry->d_name[0] == '.')
                        continue;
                n++;
                if (remove)
                        (void) unlinkat(dirfd(d), entry->d_name, 0);
        }
        (void) closedir(d);
        return n;
}

static int teardown(void **state) {
        Fixture *f = *state;

        stop_manager(f);
        (void) files_in(f->directory, true);
        assert_int_equal(rmdir(f->directory), 0);
        free(f);
        return 0;
}

static int on_cancel(Job *job, void *userdata, sd_bus_error *error) {
        Fixture *f = userdata;

        f->cancels++;
        return 0;
}

static Job *new_job(Fixture *f, const char *id) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *arguments = json_pack("{s:s}", "disk", "d1");
        const JobSpec spec = {
                .id = id,
                .kind = "upload",
                .objects = (const char *const[]){ "/org/rhv/Test/disk/d1", NULL },
                .uid = 1000,
                .arguments = arguments,
                .cancel = on_cancel,
                .userdata = f,
        };
        Job *job = NULL;

        assert_int_equal(job_new(f->jobs, &spec, &job, &error), 1);
        return job;
}

static char *get(Fixture *f, const char *path, const char *property) {
        return bus_pair_get_string(&f->pair, path, JOB_INTERFACE, property);
}

static void test_done(void **state) {
        Fixture *f = *state;
        Job *job = new_job(f, NULL);
        _cleanup_free_ char *path = strdup(job_path(job)), *pending = NULL, *running = NULL, *done = NULL;
        _cleanup_message_ sd_bus_message *reply = NULL, *released = NULL, *early = NULL;
        double progress;

        pending = get(f, path, "State");
        assert_string_equal(pending, "pending");
        job_start(job);
        running = get(f, path, "State");
        assert_string_equal(running, "running");
        assert_int_equal(job_manager_active(f->jobs), 1);

        early = bus_pair_callf(&f->pair, path, JOB_INTERFACE, "Release", NULL);
        assert_string_equal(reply_error(early), RHV_ERROR_INVALID_STATE);

        job_set_progress(job, 25, 100);
        reply = bus_pair_get(&f->pair, path, JOB_INTERFACE, "Progress");
        assert_ok(sd_bus_message_read(reply, "d", &progress));
        assert_true(progress > 0.24 && progress < 0.26);

        job_finish(job, 0, NULL, json_pack("{s:i}", "bytes", 100));
        done = get(f, path, "State");
        assert_string_equal(done, "done");
        assert_int_equal(job_manager_active(f->jobs), 0);
        assert_int_equal(files_in(f->directory, false), 1);

        released = bus_pair_callf(&f->pair, path, JOB_INTERFACE, "Release", NULL);
        assert_string_equal(reply_error(released), "");
        assert_int_equal(files_in(f->directory, false), 0);
}

static void test_failed(void **state) {
        Fixture *f = *state;
        Job *job = new_job(f, NULL);
        const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(RHV_ERROR_NO_SPACE, "the domain is full");
        _cleanup_free_ char *path = strdup(job_path(job)), *word = NULL, *name = NULL, *text = NULL;

        job_start(job);
        job_finish(job, -ENOSPC, &error, NULL);
        job_finish(job, 0, NULL, NULL); /* a second outcome changes nothing */
        word = get(f, path, "State");
        name = get(f, path, "ErrorName");
        text = get(f, path, "ErrorMessage");
        assert_string_equal(word, "failed");
        assert_string_equal(name, RHV_ERROR_NO_SPACE);
        assert_string_equal(text, "the domain is full");
}

static void test_cancel(void **state) {
        Fixture *f = *state;
        Job *job = new_job(f, NULL);
        _cleanup_free_ char *path = strdup(job_path(job)), *aborting = NULL, *aborted = NULL;
        _cleanup_message_ sd_bus_message *first = NULL, *second = NULL, *late = NULL;

        job_start(job);
        first = bus_pair_callf(&f->pair, path, JOB_INTERFACE, "Cancel", NULL);
        assert_string_equal(reply_error(first), "");
        aborting = get(f, path, "State");
        assert_string_equal(aborting, "aborting");
        second = bus_pair_callf(&f->pair, path, JOB_INTERFACE, "Cancel", NULL);
        assert_string_equal(reply_error(second), "");
        assert_int_equal(f->cancels, 1);

        job_finish(job, -ECANCELED, NULL, NULL);
        aborted = get(f, path, "State");
        assert_string_equal(aborted, "aborted");
        late = bus_pair_callf(&f->pair, path, JOB_INTERFACE, "Cancel", NULL);
        assert_string_equal(reply_error(late), RHV_ERROR_INVALID_STATE);
}

/* The work may end before the cancellation reaches it: then it is done, not aborted. */
static void test_done_while_aborting(void **state) {
        Fixture *f = *state;
        Job *job = new_job(f, NULL);
        _cleanup_free_ char *path = strdup(job_path(job)), *word = NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;

        job_start(job);
        reply = bus_pair_callf(&f->pair, path, JOB_INTERFACE, "Cancel", NULL);
        job_finish(job, 0, NULL, NULL);
        word = get(f, path, "State");
        assert_string_equal(word, "done");
}

static void test_retry(void **state) {
        static const char id[] = "5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11";
        Fixture *f = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL, bad = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *same = json_pack("{s:s}", "disk", "d1"), *other = json_pack("{s:s}", "disk", "d2");
        JobSpec spec = { .id = id, .kind = "upload", .uid = 1000, .arguments = same };
        Job *job = new_job(f, id), *again = NULL;

        assert_int_equal(job_new(f->jobs, &spec, &again, &error), 0);
        assert_ptr_equal(job, again);

        spec.arguments = other;
        assert_true(job_new(f->jobs, &spec, &again, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_ALREADY_EXISTS);

        spec.id = "../../etc/passwd";
        assert_true(job_new(f->jobs, &spec, &again, &bad) < 0);
        assert_string_equal(bad.name, RHV_ERROR_INVALID_ARGUMENT);
}

static bool adopt_first(Job *job, void *userdata) {
        Fixture *f = userdata;
        const char *disk = json_string_value(json_object_get(job_arguments(job), "disk"));

        if (!streq_ptr(disk, "d1") || f->cancels++ > 0)
                return false;
        job_adopt(job, on_cancel, f);
        return true;
}

/* The process dies and comes back: one job is taken up again, the other ends as Interrupted, the ended one is still there. */
static void test_restart(void **state) {
        Fixture *f = *state;
        Job *one = new_job(f, NULL), *two = new_job(f, NULL), *ended = new_job(f, NULL);
        _cleanup_free_ char *ended_id = strdup(job_id(ended)), *word = NULL, *path = NULL;
        unsigned running = 0, interrupted = 0;
        const char *const ids[] = { strdup(job_id(one)), strdup(job_id(two)) };

        job_start(one);
        job_start(two);
        job_finish(ended, 0, NULL, NULL);
        stop_manager(f);

        bus_pair_init(&f->pair);
        start_manager(f);
        assert_int_equal(job_manager_active(f->jobs), 2);
        job_manager_recover(f->jobs, adopt_first, f);
        assert_int_equal(job_manager_active(f->jobs), 1);

        for (size_t i = 0; i < 2; i++) {
                const Job *job = job_find(f->jobs, ids[i]);
                _cleanup_free_ char *name = NULL;

                assert_non_null(job);
                name = get(f, job_path(job), "ErrorName");
                if (job_state(job) == JOB_RUNNING)
                        running++;
                else if (streq(name, RHV_ERROR_INTERRUPTED))
                        interrupted++;
                free((char *)ids[i]);
        }
        assert_int_equal(running, 1);
        assert_int_equal(interrupted, 1);
        path = strdup(job_path(job_find(f->jobs, ended_id)));
        word = get(f, path, "State");
        assert_string_equal(word, "done");
}

static void test_limit(void **state) {
        Fixture *f = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        const JobSpec spec = { .kind = "upload", .uid = 0 };
        Job *job;

        for (unsigned i = 0; i < JOB_ACTIVE_MAX; i++)
                (void) new_job(f, NULL);
        assert_true(job_new(f->jobs, &spec, &job, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_LIMIT_EXCEEDED);
}

static void test_state_words(void **state) {
        for (JobState s = 0; s < _JOB_STATE_MAX; s++) {
                assert_non_null(job_state_to_string(s));
                assert_int_equal(job_state_from_string(job_state_to_string(s)), s);
        }
        assert_int_equal(job_state_from_string("nonsense"), -EINVAL);
        assert_null(job_state_to_string(_JOB_STATE_MAX));
}

/* A job that cannot be kept is not promised: refused by name, and nothing of it is left. */
static void test_cannot_be_kept(void **state) {
        Fixture *f = *state;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *id = "11111111-2222-4333-8444-555555555555";
        const JobSpec spec = { .id = id, .kind = "upload", .uid = 1000 };
        char path[128];
        Job *job = NULL;

        (void) snprintf(path, sizeof path, "%s/%s.json.tmp", f->directory, id);
        assert_return_code(mkdir(path, 0700), errno); /* in the way of the file */
        assert_true(job_new(f->jobs, &spec, &job, &error) < 0);
        assert_non_null(startswith(error.name, RHV_ERROR_PREFIX));
        assert_null(job_find(f->jobs, id));
        assert_int_equal(job_manager_active(f->jobs), 0);
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(job_new(f->jobs, &spec, &job, NULL), 1);
}

/* What was refused after its job was made leaves no job behind that a retry would meet. */
static void test_drop(void **state) {
        Fixture *f = *state;
        const char *id = "11111111-2222-4333-8444-555555555555";
        Job *job = new_job(f, id);

        job_drop(job);
        assert_null(job_find(f->jobs, id));
        assert_int_equal(job_manager_active(f->jobs), 0);
        assert_int_equal(files_in(f->directory, false), 0);
        assert_non_null(new_job(f, id)); /* asserts that it is new */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_done, setup, teardown),
                cmocka_unit_test_setup_teardown(test_failed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
                cmocka_unit_test_setup_teardown(test_done_while_aborting, setup, teardown),
                cmocka_unit_test_setup_teardown(test_retry, setup, teardown),
                cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
                cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
                cmocka_unit_test_setup_teardown(test_cannot_be_kept, setup, teardown),
                cmocka_unit_test_setup_teardown(test_drop, setup, teardown),
                cmocka_unit_test(test_state_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
