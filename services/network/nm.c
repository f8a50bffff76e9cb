/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The client's life: made asynchronously, watched, made again when that failed; and one refresh of the view for however many notifications
 * libnm sends in a moment.
 */

#include "nm-internal.h"

#include <time.h>

#include "clock-util.h"
#include "log.h"

/* Notifications of one change come in bursts of many; a person and a verification notice none of this. */
#define REFRESH_DELAY_USEC (20 * USEC_PER_MSEC)
/* With hundreds of networks a refresh takes as long itself, and NetworkManager, which brings them up, needs the CPU more: at most a tenth of the time goes into refreshing. A
 * set-up that waits for them does not wait for this (hasten). */
#define REFRESH_REST 9U
#define REFRESH_DELAY_MAX_USEC (5 * USEC_PER_SEC)
/* Only when the bus itself refused us. A NetworkManager that starts later is seen by the client without asking. */
#define RETRY_USEC (5 * USEC_PER_SEC)
/* The first answer takes some ten milliseconds. Calls wait for it that long and no longer (a NetworkManager that hangs). */
#define PATIENCE_USEC (5 * USEC_PER_SEC)

static void nm_set_state(Nm *nm, NmState state, const char *reason) {
        nm->state = state;
        free(nm->reason);
        nm->reason = strdup(reason);
}

/* ---- watching ---- */

/* The rest is counted from the last refresh: what happens after a quiet time is shown at once. */
static uint64_t refresh_delay_usec(const Nm *nm) {
        uint64_t rest = REFRESH_REST * nm->refresh_usec, due = nm->refreshed_usec + nm->refresh_usec + (rest > REFRESH_DELAY_MAX_USEC ? REFRESH_DELAY_MAX_USEC : rest),
                 soon = monotonic_usec() + REFRESH_DELAY_USEC;

        return due < soon ? REFRESH_DELAY_USEC : due - soon + REFRESH_DELAY_USEC;
}

static void nm_schedule(Nm *nm) {
        int enabled;

        if (sd_event_source_get_enabled(nm->refresh, &enabled) >= 0 && enabled != SD_EVENT_OFF)
                return;
        (void) sd_event_source_set_time_relative(nm->refresh, refresh_delay_usec(nm));
        (void) sd_event_source_set_enabled(nm->refresh, SD_EVENT_ONESHOT);
}

static void on_notify(Nm *nm) {
        nm->stale = true;
        nm_schedule(nm);
}

/* Each object is watched once; its signals go when it goes. */
static void nm_watch(Nm *nm, gpointer object) {
        if (!object || g_object_get_data(object, "rhv-watched"))
                return;

        g_object_set_data(object, "rhv-watched", nm);
        g_signal_connect_swapped(object, "notify", G_CALLBACK(on_notify), nm);
        if (NM_IS_CONNECTION(object))
                g_signal_connect_swapped(object, "changed", G_CALLBACK(on_notify), nm);
}

static void nm_unwatch(Nm *nm, gpointer object) {
        if (object)
                g_signal_handlers_disconnect_by_data(object, nm);
}

static void nm_for_each(Nm *nm, void (*function)(Nm *, gpointer)) {
        const GPtrArray *devices = nm_client_get_devices(nm->client), *profiles = nm_client_get_connections(nm->client);

        function(nm, nm->client);
        for (guint i = 0; i < devices->len; i++) {
                function(nm, devices->pdata[i]);
                function(nm, nm_device_get_ip4_config(devices->pdata[i]));
                function(nm, nm_device_get_ip6_config(devices->pdata[i]));
                function(nm, nm_device_get_active_connection(devices->pdata[i]));
        }
        for (guint i = 0; i < profiles->len; i++)
                function(nm, profiles->pdata[i]);
}

static void nm_refresh(Nm *nm) {
        nm_for_each(nm, nm_watch);
        json_decref(nm->view);
        nm->view = NULL;
        nm->stale = false;
        nm->refreshed_usec = monotonic_usec();

        if (!nm_client_get_nm_running(nm->client)) {
                nm_set_state(nm, NM_FAILED, "NetworkManager is not running");
                return;
        }
        nm->view = nm_view_make(nm->client);
        if (nm->view && nm->links)
                (void) json_object_set(nm->view, "links", nm->links);
        if (nm->view)
                nm_set_state(nm, NM_READY, "");
        else
                nm_set_state(nm, NM_FAILED, "out of memory");
}

void nm_set_links(Nm *nm, const json_t *links) {
        json_decref(nm->links);
        nm->links = json_incref((json_t *)links);
        if (nm->view)
                (void) json_object_set(nm->view, "links", nm->links);
        nm_schedule(nm);
}

void nm_touch(Nm *nm) {
        nm_schedule(nm);
}

void nm_update(Nm *nm) {
        if (nm->client)
                nm_refresh(nm);
}

bool nm_is_due(const Nm *nm) {
        return nm->stale && monotonic_usec() >= nm->refreshed_usec + 2 * nm->refresh_usec;
}

static int on_refresh(sd_event_source *source, uint64_t usec, void *userdata) {
        Nm *nm = userdata;
        uint64_t begin = monotonic_usec();

        nm_update(nm);
        nm->changed(nm->userdata);
        nm->refresh_usec = monotonic_usec() - begin;
        return 0;
}

/* ---- the client ---- */

static void on_client(GObject *object, GAsyncResult *result, gpointer userdata) {
        g_autoptr(GError) error = NULL;
        NMClient *client = NM_CLIENT(g_async_initable_new_finish(G_ASYNC_INITABLE(object), result, &error));
        Nm *nm = userdata;

        if (!client) {
                if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
                        return; /* nm is gone */
                log_warning("Cannot reach NetworkManager: %s", error->message);
                nm_set_state(nm, NM_FAILED, error->message);
                (void) sd_event_source_set_time_relative(nm->retry, RETRY_USEC);
                (void) sd_event_source_set_enabled(nm->retry, SD_EVENT_ONESHOT);
        } else
                nm->client = client;

        (void) sd_event_source_set_time_relative(nm->refresh, 0);
        (void) sd_event_source_set_enabled(nm->refresh, SD_EVENT_ONESHOT);
}

static int nm_connect(sd_event_source *source, uint64_t usec, void *userdata) {
        Nm *nm = userdata;

        g_clear_object(&nm->cancellable);
        nm->cancellable = g_cancellable_new();
        nm_client_new_async(nm->cancellable, on_client, nm);
        return 0;
}

static int on_patience(sd_event_source *source, uint64_t usec, void *userdata) {
        Nm *nm = userdata;

        if (nm->state == NM_CONNECTING) {
                nm_set_state(nm, NM_FAILED, "it does not answer");
                nm->changed(nm->userdata);
        }
        return 0;
}

static int add_timer(sd_event *event, const char *name, sd_event_time_handler_t handler, Nm *nm, sd_event_source **ret) {
        int r = sd_event_add_time_relative(event, ret, CLOCK_MONOTONIC, 0, 1 * USEC_PER_MSEC, handler, nm);

        if (r >= 0)
                r = sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
        if (r >= 0)
                (void) sd_event_source_set_description(*ret, name);
        return r;
}

int nm_new(sd_event *event, nm_changed_t changed, void *userdata, Nm **ret) {
        _cleanup_(nm_freep) Nm *nm = calloc(1, sizeof *nm);
        int r;

        if (!nm)
                return -ENOMEM;
        nm->event = sd_event_ref(event);
        nm->changed = changed;
        nm->userdata = userdata;
        nm_set_state(nm, NM_CONNECTING, "waiting for NetworkManager");

        r = add_timer(event, "nm-refresh", on_refresh, nm, &nm->refresh);
        if (r >= 0)
                r = add_timer(event, "nm-connect", nm_connect, nm, &nm->retry);
        if (r < 0)
                return r;

        r = sd_event_add_time_relative(event, &nm->patience, CLOCK_MONOTONIC, PATIENCE_USEC, 0, on_patience, nm);
        if (r < 0)
                return r;

        (void) nm_connect(NULL, 0, nm);
        *ret = TAKE_PTR(nm);
        return 0;
}

Nm *nm_free(Nm *nm) {
        if (!nm)
                return NULL;

        if (nm->cancellable)
                g_cancellable_cancel(nm->cancellable);
        g_clear_object(&nm->cancellable);
        nm_calls_drop(nm);
        if (nm->client)
                nm_for_each(nm, nm_unwatch);
        g_clear_object(&nm->client);
        sd_event_source_disable_unref(nm->refresh);
        sd_event_source_disable_unref(nm->retry);
        sd_event_source_disable_unref(nm->patience);
        sd_event_unref(nm->event);
        json_decref(nm->view);
        json_decref(nm->links);
        free(nm->reason);
        free(nm);
        return NULL;
}

NmState nm_state(const Nm *nm) {
        return nm->state;
}

const char *nm_reason(const Nm *nm) {
        return nm->reason ?: "";
}

const char *nm_version(const Nm *nm) {
        const char *version = nm->client ? nm_client_get_version(nm->client) : NULL;

        return version ?: "";
}

const json_t *nm_view(const Nm *nm) {
        return nm->state == NM_READY ? nm->view : NULL;
}

Backend nm_backend(Nm *nm) {
        return (Backend){ .table = &nm_backend_table, .backend = nm };
}
