/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* sd-event inside GLib: timers of both worlds run, exit codes come out, and a thread that changes the sources of the context
 * (what makes GLib prepare twice) breaks nothing. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <glib.h>
#include <time.h>
#include <unistd.h>

#include "loop-glib.h"

#define TICKS 200U

typedef struct Both {
        sd_event *event;
        unsigned sd_ticks, glib_ticks;
} Both;

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata) {
        Both *both = userdata;

        if (++both->sd_ticks >= TICKS)
                return sd_event_exit(both->event, 7);

        assert_true(sd_event_source_set_time_relative(source, 500) >= 0);
        assert_true(sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) >= 0);
        return 0;
}

static gboolean on_glib_tick(gpointer userdata) {
        Both *both = userdata;

        both->glib_ticks++;
        return G_SOURCE_CONTINUE;
}

static gboolean nothing(gpointer userdata) {
        return G_SOURCE_REMOVE;
}

static gpointer churn(gpointer stop) {
        while (!g_atomic_int_get((gint *)stop)) {
                GSource *source = g_timeout_source_new(10000);

                g_source_set_callback(source, nothing, NULL, NULL);
                g_source_attach(source, NULL);
                g_source_destroy(source);
                g_source_unref(source);
        }
        return NULL;
}

static void run_both(Both *both) {
        guint id = g_timeout_add(1, on_glib_tick, both);

        assert_true(sd_event_new(&both->event) >= 0);
        assert_true(sd_event_add_time_relative(both->event, NULL, CLOCK_MONOTONIC, 500, 1, on_tick, both) >= 0);
        assert_int_equal(loop_glib_run(both->event), 7);
        assert_int_equal(both->sd_ticks, TICKS);
        assert_true(both->glib_ticks > 0);
        assert_int_equal(sd_event_get_state(both->event), SD_EVENT_FINISHED);

        g_source_remove(id);
        sd_event_unref(both->event);
}

static void both_loops_turn(void **state) {
        Both both = { 0 };

        run_both(&both);
}

static void a_thread_changes_sources(void **state) {
        Both both = { 0 };
        gint stop = 0;
        GThread *thread = g_thread_new("churn", churn, &stop);

        run_both(&both);
        g_atomic_int_set(&stop, 1);
        g_thread_join(thread);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        char c;

        assert_int_equal(read(fd, &c, 1), 1);
        return sd_event_exit(userdata, c);
}

static gboolean write_byte(gpointer userdata) {
        assert_int_equal(write(GPOINTER_TO_INT(userdata), "*", 1), 1);
        return G_SOURCE_REMOVE;
}

static void glib_wakes_sd_event(void **state) {
        sd_event *event;
        int fds[2];

        assert_int_equal(pipe(fds), 0);
        assert_true(sd_event_new(&event) >= 0);
        assert_true(sd_event_add_io(event, NULL, fds[0], 1 /* EPOLLIN */, on_readable, event) >= 0);
        g_timeout_add(5, write_byte, GINT_TO_POINTER(fds[1]));
        assert_int_equal(loop_glib_run(event), '*');
        assert_int_equal(loop_glib_run(event), -ESTALE);
        sd_event_unref(event);
        close(fds[0]);
        close(fds[1]);
}

static int at_exit(sd_event_source *source, void *userdata) {
        *(unsigned *)userdata += 1;
        return 0;
}

static void exit_sources_run(void **state) {
        sd_event *event;
        unsigned ran = 0;

        assert_true(sd_event_new(&event) >= 0);
        assert_true(sd_event_add_exit(event, NULL, at_exit, &ran) >= 0);
        assert_true(sd_event_exit(event, 0) >= 0);
        assert_int_equal(loop_glib_run(event), 0);
        assert_int_equal(ran, 1);
        sd_event_unref(event);
}

static int on_end(sd_event_source *source, uint64_t usec, void *userdata) {
        return sd_event_exit(sd_event_source_get_event(source), 5);
}

/* systemd's watchdog: its timer makes the epoll descriptor readable, sd-event serves it inside sd_event_wait() and then has nothing to
 * dispatch, but GLib dispatches a source whose descriptor was readable whatever check said. */
static void watchdog_wakes_nothing(void **state) {
        char pid[16];
        sd_event *event;

        (void) snprintf(pid, sizeof pid, "%d", (int)getpid());
        assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
        assert_int_equal(setenv("WATCHDOG_USEC", "100000", 1), 0);
        assert_true(sd_event_new(&event) >= 0);
        assert_true(sd_event_set_watchdog(event, 1) > 0);
        assert_true(sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, 500000, 1, on_end, NULL) >= 0);
        assert_int_equal(loop_glib_run(event), 5);
        sd_event_unref(event);
        (void) unsetenv("WATCHDOG_USEC");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(both_loops_turn),
                cmocka_unit_test(a_thread_changes_sources),
                cmocka_unit_test(glib_wakes_sd_event),
                cmocka_unit_test(exit_sources_run),
                cmocka_unit_test(watchdog_wakes_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
