/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-pair.h"
#include "work.h"

#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>

typedef struct Fixture {
        sd_event *event;
        WorkPool *pool;
} Fixture;

static atomic_int destroyed;
static unsigned done_count, timeouts;
static int order[64];
static unsigned order_count;
static bool enough;
static unsigned wanted;
static sem_t gate, gone; /* gone: posted for each argument destroyed */

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof *f);

        assert_ok(sd_event_new(&f->event));
        assert_ok(work_pool_new(f->event, 2, 4, &f->pool));
        atomic_store(&destroyed, 0);
        done_count = timeouts = order_count = wanted = 0;
        enough = false;
        (void) sem_init(&gate, 0, 0);
        (void) sem_init(&gone, 0, 0);
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        work_pool_free(f->pool);
        sd_event_unref(f->event);
        free(f);
        return 0;
}

static void on_done(void *argument, int r, void *userdata) {
        if (r == -ETIMEDOUT) {
                assert_null(argument);
                timeouts++;
        } else {
                assert_int_equal(r, *(int *)argument);
                order[order_count++ % ELEMENTSOF(order)] = r;
        }
        enough = ++done_count >= wanted;
}

static void destroy(void *argument) {
        atomic_fetch_add(&destroyed, 1);
        free(argument);
        (void) sem_post(&gone);
}

static int run_number(void *argument) {
        return *(int *)argument;
}

/* Stuck in a backend until the test opens the gate. */
static int run_stuck(void *argument) {
        while (sem_wait(&gate) < 0)
                ;
        return *(int *)argument;
}

static int submit(Fixture *f, int number, int (*run)(void *), uint64_t deadline_usec, uint64_t lane) {
        int *argument = malloc(sizeof *argument);
        const WorkSpec spec = {
                .name = "test",
                .run = run,
                .done = on_done,
                .destroy = destroy,
                .argument = argument,
                .deadline_usec = deadline_usec,
                .lane = lane,
        };

        assert_non_null(argument);
        *argument = number;
        return work_submit(f->pool, &spec);
}

static void test_results(void **state) {
        Fixture *f = *state;

        wanted = 50;
        for (int i = 0; i < 50; i++)
                assert_ok(submit(f, i, run_number, 0, 0));
        loop_until(f->event, &enough);
        assert_int_equal(atomic_load(&destroyed), 50);
        assert_int_equal(work_pool_pending(f->pool), 0);
}

static void test_lane_keeps_order(void **state) {
        Fixture *f = *state;

        wanted = 50;
        for (int i = 0; i < 50; i++)
                assert_ok(submit(f, i, run_number, 0, 7));
        loop_until(f->event, &enough);
        for (int i = 0; i < 50; i++)
                assert_int_equal(order[i], i);
}

/* Both threads hang: the calls are written off, others take their place and serve what comes after. */
static void test_written_off(void **state) {
        Fixture *f = *state;

        wanted = 2;
        assert_ok(submit(f, 1, run_stuck, 50 * USEC_PER_MSEC, 0));
        assert_ok(submit(f, 2, run_stuck, 50 * USEC_PER_MSEC, 0));
        loop_until(f->event, &enough);
        assert_int_equal(timeouts, 2);
        assert_int_equal(atomic_load(&destroyed), 0); /* still in use by the stuck threads */

        enough = false;
        wanted = 12;
        for (int i = 0; i < 10; i++)
                assert_ok(submit(f, i, run_number, 0, 0));
        loop_until(f->event, &enough);
        assert_int_equal(timeouts, 2);

        assert_int_equal(sem_post(&gate), 0);
        assert_int_equal(sem_post(&gate), 0);
        while (atomic_load(&destroyed) < 12)
                assert_ok(sd_event_run(f->event, USEC_PER_SEC));
        assert_int_equal(done_count, 12); /* a late return is no second answer */
}

/* At the ceiling with everything stuck new work is refused at once. */
static void test_all_stuck(void **state) {
        Fixture *f = *state;

        for (int round = 0; round < 2; round++) {
                enough = false;
                wanted = 2U * ((unsigned)round + 1);
                assert_ok(submit(f, 1, run_stuck, 20 * USEC_PER_MSEC, 0));
                assert_ok(submit(f, 2, run_stuck, 20 * USEC_PER_MSEC, 0));
                loop_until(f->event, &enough);
        }
        assert_int_equal(timeouts, 4);
        assert_int_equal(submit(f, 3, run_number, 0, 0), -EAGAIN);
        assert_int_equal(atomic_load(&destroyed), 1);

        for (int i = 0; i < 4; i++)
                assert_int_equal(sem_post(&gate), 0);
        while (atomic_load(&destroyed) < 5)
                assert_ok(sd_event_run(f->event, USEC_PER_SEC));
        enough = false;
        wanted = 5;
        assert_ok(submit(f, 3, run_number, 0, 0)); /* and it recovers */
        loop_until(f->event, &enough);
}

static void test_queued_past_deadline(void **state) {
        Fixture *f = *state;

        wanted = 1;
        assert_ok(submit(f, 1, run_stuck, 5 * USEC_PER_SEC, 9));
        assert_ok(submit(f, 2, run_number, 20 * USEC_PER_MSEC, 9)); /* waits behind it in its lane */
        loop_until(f->event, &enough);
        assert_int_equal(timeouts, 1);
        assert_int_equal(atomic_load(&destroyed), 1);
        assert_int_equal(sem_post(&gate), 0);
        enough = false;
        wanted = 2;
        loop_until(f->event, &enough);
}

/* The pool goes while a call is stuck, and just after one came back that nobody collected: the threads free all, and nobody is told. */
static void test_freed_while_running(void **state) {
        Fixture *f = *state;

        assert_ok(submit(f, 1, run_stuck, 0, 0));
        f->pool = work_pool_free(f->pool);
        assert_int_equal(sem_post(&gate), 0);
        assert_int_equal(sem_wait(&gone), 0);

        for (int i = 0; i < 100; i++) {
                assert_ok(work_pool_new(f->event, 2, 4, &f->pool));
                assert_ok(submit(f, 2, run_number, 0, 0));
                if (i % 2)
                        (void) sched_yield();
                f->pool = work_pool_free(f->pool);
                assert_int_equal(sem_wait(&gone), 0);
        }
        assert_int_equal(atomic_load(&destroyed), 101);
        assert_int_equal(done_count, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_results, setup, teardown),
                cmocka_unit_test_setup_teardown(test_lane_keeps_order, setup, teardown),
                cmocka_unit_test_setup_teardown(test_written_off, setup, teardown),
                cmocka_unit_test_setup_teardown(test_all_stuck, setup, teardown),
                cmocka_unit_test_setup_teardown(test_queued_past_deadline, setup, teardown),
                cmocka_unit_test_setup_teardown(test_freed_while_running, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
