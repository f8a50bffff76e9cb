/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "loop-glib.h"

#include <errno.h>
#include <glib.h>

/*
 * One GSource whose poll descriptor is sd-event's epoll descriptor: timers, children, signals and the bus come along with it.
 *
 *     GLib prepare -> sd_event_prepare()          INITIAL -> ARMED, or PENDING when something is ready
 *     GLib check   -> sd_event_wait(event, 0)     ARMED   -> PENDING, or back to INITIAL
 *     GLib dispatch-> sd_event_dispatch()         PENDING -> INITIAL, or FINISHED
 *
 * GLib may call prepare twice without a check between when another thread adds or removes a source (libnm and GIO have a
 * worker thread). sd-event is ARMED then and would refuse: the guard leaves it as it is, it is already being polled.
 *
 * GLib also dispatches a source whose descriptor was readable although check said no. That happens when sd_event_wait() served the
 * descriptor by itself (systemd's watchdog): nothing is PENDING then, and dispatch leaves it at that.
 */

typedef struct EventSource {
        GSource source;
        GMainLoop *loop;
        sd_event *event;
        int r; /* the first failure of sd-event itself; ends the loop */
} EventSource;

static gboolean event_source_fail(EventSource *self, int r) {
        self->r = r;
        g_main_loop_quit(self->loop);
        return FALSE;
}

static gboolean event_source_prepare(GSource *source, gint *ret_timeout_msec) {
        EventSource *self = (EventSource *)source;
        int r;

        *ret_timeout_msec = -1;

        switch (sd_event_get_state(self->event)) {
        case SD_EVENT_ARMED:
                return FALSE;
        case SD_EVENT_PENDING:
                return TRUE;
        default:
                break;
        }

        r = sd_event_prepare(self->event);
        if (r < 0)
                return event_source_fail(self, r);

        return r > 0;
}

static gboolean event_source_check(GSource *source) {
        EventSource *self = (EventSource *)source;
        int r;

        switch (sd_event_get_state(self->event)) {
        case SD_EVENT_ARMED:
                break;
        case SD_EVENT_PENDING:
                return TRUE;
        default:
                return FALSE;
        }

        r = sd_event_wait(self->event, 0);
        if (r < 0)
                return event_source_fail(self, r);

        return r > 0;
}

static gboolean event_source_dispatch(GSource *source, GSourceFunc callback, gpointer userdata) {
        EventSource *self = (EventSource *)source;
        int r;

        if (sd_event_get_state(self->event) != SD_EVENT_PENDING)
                return G_SOURCE_CONTINUE;

        r = sd_event_dispatch(self->event);
        if (r < 0)
                event_source_fail(self, r);
        else if (r == 0) /* finished: sd_event_exit() was called and the exit sources have run */
                g_main_loop_quit(self->loop);

        return r > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void event_source_finalize(GSource *source) {
        EventSource *self = (EventSource *)source;

        sd_event_unref(self->event);
        g_main_loop_unref(self->loop);
}

static GSourceFuncs event_source_functions = {
        .prepare = event_source_prepare,
        .check = event_source_check,
        .dispatch = event_source_dispatch,
        .finalize = event_source_finalize,
};

static EventSource *event_source_new(sd_event *event) {
        EventSource *self = (EventSource *)g_source_new(&event_source_functions, sizeof(EventSource));

        self->loop = g_main_loop_new(NULL, FALSE);
        self->event = sd_event_ref(event);
        self->r = 0;

        g_source_set_name(&self->source, "sd-event");
        g_source_add_unix_fd(&self->source, sd_event_get_fd(event), G_IO_IN | G_IO_HUP | G_IO_ERR);
        return self;
}

int loop_glib_run(sd_event *event) {
        EventSource *self;
        int r, code;

        if (sd_event_get_state(event) == SD_EVENT_FINISHED)
                return -ESTALE;

        self = event_source_new(event);
        g_source_attach(&self->source, NULL);
        g_main_loop_run(self->loop);
        r = self->r;
        g_source_destroy(&self->source);
        g_source_unref(&self->source);

        if (r < 0)
                return r;

        r = sd_event_get_exit_code(event, &code);
        return r < 0 ? r : code;
}
