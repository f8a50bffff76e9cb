/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The Backend table over libnm. Every call is asynchronous and reports once, never from inside the call that started it: where a call
 * cannot even begin, its report is put on the loop.
 */

#include "backend.h"
#include "dict.h"
#include "nm-internal.h"
#include "nm-profile.h"

/* Like Update2's to an update: the device goes on with what is applied, which is changed by reapply or activation. */
#define UPDATE_FLAGS NM_SETTINGS_UPDATE2_FLAG_NO_REAPPLY
/* A profile is activated by us in order, not by NetworkManager as it comes in. */
#define ADD_FLAGS NM_SETTINGS_ADD_CONNECTION2_FLAG_BLOCK_AUTOCONNECT
/* Profiles made since vanish on rollback, and with them the bridges that NetworkManager made for them. */
#define CHECKPOINT_FLAGS NM_CHECKPOINT_CREATE_FLAG_DELETE_NEW_CONNECTIONS

typedef struct Pending {
        BackendCall call;
        char *failure; /* for a call that could not begin */
} Pending;

static Pending *pending_new(BackendCall call) {
        Pending *pending = g_new0(Pending, 1);

        pending->call = call;
        return pending;
}

static void pending_report(Pending *pending, int r, const char *text) {
        pending->call.done(pending->call.userdata, pending->call.token, r, text);
        g_free(pending->failure);
        g_free(pending);
}

/* NetworkManager asks polkit before it begins, and calls that no permission when what it asks for is overtaken meanwhile: a controller that goes takes the activation of its
 * port with it. Nobody else refuses us. */
static bool is_overtaken(const GError *error) {
        return g_error_matches(error, NM_MANAGER_ERROR, NM_MANAGER_ERROR_PERMISSION_DENIED);
}

/* libnm gave up, after 25 s. */
static bool is_late(const GError *error) {
        return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) || g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
               g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT);
}

/* Takes error. */
static void pending_end(Pending *pending, GError *error, const char *text) {
        int r = !error ? 0 : is_overtaken(error) ? -EAGAIN : -EIO;

        if (error)
                g_dbus_error_strip_remote_error(error);
        pending_report(pending, r, error ? error->message : text);
        g_clear_error(&error);
}

/* Of a call that does no harm when it is done twice: a NetworkManager with hundreds of devices may take longer than libnm waits, and has done it, or will have, when it is asked again. Takes error. */
static void pending_end_again(Pending *pending, GError *error) {
        if (!error || !is_late(error)) {
                pending_end(pending, error, NULL);
                return;
        }
        pending_report(pending, -EAGAIN, error->message);
        g_clear_error(&error);
}

static gboolean on_not_begun(gpointer userdata) {
        Pending *pending = userdata;

        pending_report(pending, pending->failure ? -EIO : 0, pending->failure);
        return G_SOURCE_REMOVE;
}

/* failure NULL: there was nothing to do. */
static void not_begun(BackendCall call, const char *failure) {
        Pending *pending = pending_new(call);

        pending->failure = g_strdup(failure);
        g_idle_add(on_not_begun, pending);
}

static NMClient *running_client(Nm *nm, BackendCall call) {
        if (nm->client && nm_client_get_nm_running(nm->client))
                return nm->client;
        not_begun(call, "NetworkManager is not running");
        return NULL;
}

static const json_t *nm_call_view(void *backend) {
        return nm_view(backend);
}

static bool are_up(Nm *nm, const json_t *names) {
        const GPtrArray *devices = nm_client_get_devices(nm->client);
        size_t up = 0;

        for (guint i = 0; i < devices->len; i++) {
                const char *name = nm_device_get_iface(devices->pdata[i]);

                up += name && json_object_get(names, name) && nm_device_get_state(devices->pdata[i]) == NM_DEVICE_STATE_ACTIVATED;
        }
        return up == json_object_size(names);
}

static void nm_call_hasten(void *backend, const json_t *devices) {
        Nm *nm = backend;

        if (nm->client && nm->stale && (!devices || (nm_is_due(nm) && are_up(nm, devices))))
                nm_update(nm);
}

/* ---- profiles ---- */

static NMRemoteConnection *find_profile(Nm *nm, const char *uuid) {
        return nm->client && uuid ? nm_client_get_connection_by_uuid(nm->client, uuid) : NULL;
}

static int nm_call_render(void *backend, const char *uuid, const json_t *spec, const char *inherit, char **ret, char **ret_reason) {
        NMRemoteConnection *source = find_profile(backend, inherit);
        g_autoptr(NMConnection) connection = NULL;
        g_autoptr(GError) error = NULL;

        if (inherit && !source) {
                *ret_reason = strdup("the profile whose addresses were to be inherited is gone");
                return -EIO;
        }
        connection = nm_profile_build(uuid, spec, source ? NM_CONNECTION(source) : NULL, &error);
        if (!connection) {
                *ret_reason = strdup(error->message);
                return -EIO;
        }
        *ret = nm_profile_print(connection);
        return 0;
}

static char *nm_call_current(void *backend, const char *uuid) {
        NMRemoteConnection *remote = find_profile(backend, uuid);
        g_autoptr(NMConnection) copy = remote ? nm_simple_connection_new_clone(NM_CONNECTION(remote)) : NULL;

        if (!copy)
                return NULL;
        /* when it was last active is NetworkManager's to know, and put back it would be a change of the file */
        g_object_set(nm_connection_get_setting_connection(copy), NM_SETTING_CONNECTION_TIMESTAMP, (guint64)0, NULL);
        return nm_profile_print(copy);
}

static void on_added(GObject *object, GAsyncResult *result, gpointer userdata) {
        GError *error = NULL;
        g_autoptr(NMRemoteConnection) remote _unused_ = nm_client_add_connection2_finish(NM_CLIENT(object), result, NULL, &error);

        pending_end_again(userdata, error);
}

static void on_updated(GObject *object, GAsyncResult *result, gpointer userdata) {
        GError *error = NULL;
        g_autoptr(GVariant) out _unused_ = nm_remote_connection_update2_finish(NM_REMOTE_CONNECTION(object), result, &error);

        pending_end_again(userdata, error);
}

static void nm_call_profile_put(void *backend, const char *uuid, const char *text, bool to_disk, BackendCall call) {
        NMClient *client = running_client(backend, call);
        g_autoptr(GVariant) settings = NULL;
        g_autoptr(GError) error = NULL;
        NMRemoteConnection *remote;

        if (!client)
                return;
        settings = nm_profile_parse(text, &error);
        if (!settings) {
                not_begun(call, error->message);
                return;
        }

        remote = find_profile(backend, uuid);
        if (remote)
                nm_remote_connection_update2(remote, settings,
                                             UPDATE_FLAGS | (to_disk ? NM_SETTINGS_UPDATE2_FLAG_TO_DISK : NM_SETTINGS_UPDATE2_FLAG_IN_MEMORY),
                                             NULL, NULL, on_updated, pending_new(call));
        else
                nm_client_add_connection2(client, settings,
                                          ADD_FLAGS | (to_disk ? NM_SETTINGS_ADD_CONNECTION2_FLAG_TO_DISK : NM_SETTINGS_ADD_CONNECTION2_FLAG_IN_MEMORY),
                                          NULL, TRUE, NULL, on_added, pending_new(call));
}

static void on_deleted(GObject *object, GAsyncResult *result, gpointer userdata) {
        GError *error = NULL;

        (void) nm_remote_connection_delete_finish(NM_REMOTE_CONNECTION(object), result, &error);
        pending_end_again(userdata, error);
}

static void nm_call_profile_delete(void *backend, const char *uuid, BackendCall call) {
        NMRemoteConnection *remote;

        if (!running_client(backend, call))
                return;
        remote = find_profile(backend, uuid);
        if (remote)
                nm_remote_connection_delete_async(remote, NULL, on_deleted, pending_new(call));
        else
                not_begun(call, NULL);
}

/* ---- checkpoints ---- */

static uint64_t nm_call_checkpoint_created(void *backend, const char *path) {
        Nm *nm = backend;
        const GPtrArray *checkpoints = nm->client ? nm_client_get_checkpoints(nm->client) : NULL;

        for (guint i = 0; checkpoints && i < checkpoints->len; i++)
                if (streq_ptr(nm_object_get_path(checkpoints->pdata[i]), path))
                        return (uint64_t)nm_checkpoint_get_created(checkpoints->pdata[i]);
        return 0;
}

static void on_checkpoint(GObject *object, GAsyncResult *result, gpointer userdata) {
        GError *error = NULL;
        g_autoptr(NMCheckpoint) checkpoint = nm_client_checkpoint_create_finish(NM_CLIENT(object), result, &error);

        pending_end(userdata, error, checkpoint ? nm_object_get_path(NM_OBJECT(checkpoint)) : NULL);
}

static void nm_call_checkpoint_create(void *backend, const json_t *devices, uint32_t timeout_sec, BackendCall call) {
        NMClient *client = running_client(backend, call);
        g_autoptr(GPtrArray) list = g_ptr_array_new();
        json_t *name;
        size_t i;

        if (!client)
                return;
        json_array_foreach((json_t *)devices, i, name) {
                NMDevice *device = nm_client_get_device_by_iface(client, json_string_value(name));

                if (device)
                        g_ptr_array_add(list, device);
        }
        if (list->len == 0 && nm_client_get_device_by_iface(client, "lo")) /* an empty list means all there are: guests' taps too, which NetworkManager would make again when they have gone */
                g_ptr_array_add(list, nm_client_get_device_by_iface(client, "lo"));
        nm_client_checkpoint_create(client, list, timeout_sec, CHECKPOINT_FLAGS, NULL, on_checkpoint, pending_new(call));
}

static void on_adjusted(GObject *object, GAsyncResult *result, gpointer userdata) {
        GError *error = NULL;

        (void) nm_client_checkpoint_adjust_rollback_timeout_finish(NM_CLIENT(object), result, &error);
        pending_end_again(userdata, error);
}

static void nm_call_checkpoint_adjust(void *backend, const char *path, uint32_t timeout_sec, BackendCall call) {
        NMClient *client = running_client(backend, call);

        if (client)
                nm_client_checkpoint_adjust_rollback_timeout(client, path, timeout_sec, NULL, on_adjusted, pending_new(call));
}

static void on_destroyed(GObject *object, GAsyncResult *result, gpointer userdata) {
        GError *error = NULL;

        (void) nm_client_checkpoint_destroy_finish(NM_CLIENT(object), result, &error);
        pending_end(userdata, error, NULL);
}

static void nm_call_checkpoint_destroy(void *backend, const char *path, BackendCall call) {
        NMClient *client = running_client(backend, call);

        if (client)
                nm_client_checkpoint_destroy(client, path, NULL, on_destroyed, pending_new(call));
}

static void on_rolled_back(GObject *object, GAsyncResult *result, gpointer userdata) {
        GError *error = NULL;
        g_autoptr(GHashTable) devices _unused_ = nm_client_checkpoint_rollback_finish(NM_CLIENT(object), result, &error);

        pending_end(userdata, error, NULL);
}

static void nm_call_checkpoint_rollback(void *backend, const char *path, BackendCall call) {
        NMClient *client = running_client(backend, call);

        if (client)
                nm_client_checkpoint_rollback(client, path, NULL, on_rolled_back, pending_new(call));
}

/* ---- devices ---- */

/* Where NetworkManager has begun meanwhile, asking again finds it coming up. */
static void on_activated(GObject *object, GAsyncResult *result, gpointer userdata) {
        GError *error = NULL;
        g_autoptr(NMActiveConnection) active _unused_ = nm_client_activate_connection_finish(NM_CLIENT(object), result, &error);

        pending_end_again(userdata, error);
}

/* Ports are brought up by their controller: then there is nothing to do. */
static bool is_coming_up(NMDevice *device, const char *uuid, bool fresh) {
        NMActiveConnection *active = device ? nm_device_get_active_connection(device) : NULL;
        NMActiveConnectionState state = active && streq_ptr(nm_active_connection_get_uuid(active), uuid) ? nm_active_connection_get_state(active)
                                                                                                         : NM_ACTIVE_CONNECTION_STATE_UNKNOWN;

        return state == NM_ACTIVE_CONNECTION_STATE_ACTIVATING || (fresh && state == NM_ACTIVE_CONNECTION_STATE_ACTIVATED);
}

/* How long a port may take to come up by itself, after its controller's activation was answered; and how often that is looked at. */
#define FOLLOW_USEC ((gint64)(300 * USEC_PER_MSEC))
#define FOLLOW_LOOK_MSEC 10U

/* A port that may do so. */
typedef struct Follower {
        Nm *nm;
        BackendCall call;
        char *uuid, *iface;
        gint64 end_usec; /* of g_get_monotonic_time() */
} Follower;

static void activate_now(Nm *nm, const char *uuid, const char *iface, bool fresh, BackendCall call) {
        NMClient *client = running_client(nm, call);
        NMRemoteConnection *remote = find_profile(nm, uuid);
        NMDevice *device;

        if (!client)
                return;
        device = nm_client_get_device_by_iface(client, iface);
        if (!remote)
                not_begun(call, "the profile is gone");
        else if (is_coming_up(device, uuid, fresh))
                not_begun(call, NULL);
        else
                nm_client_activate_connection_async(client, NM_CONNECTION(remote), device, NULL, NULL, on_activated, pending_new(call));
}

static void follower_free(gpointer userdata) {
        Follower *follower = userdata;

        g_free(follower->uuid);
        g_free(follower->iface);
        g_free(follower);
}

static gboolean on_follow(gpointer userdata) {
        Follower *follower = userdata;
        NMClient *client = follower->nm->client;

        if (g_get_monotonic_time() < follower->end_usec && client && !is_coming_up(nm_client_get_device_by_iface(client, follower->iface), follower->uuid, true))
                return G_SOURCE_CONTINUE;
        follower->nm->followers = g_slist_remove(follower->nm->followers, g_main_current_source());
        activate_now(follower->nm, follower->uuid, follower->iface, true, follower->call);
        return G_SOURCE_REMOVE;
}

/* NetworkManager begins with a controller's ports just after it has answered for the controller: a port that is asked for in between begins twice, and the management network is away for longer. */
static void follow(Nm *nm, const char *uuid, const char *iface, BackendCall call) {
        GSource *source = g_timeout_source_new(FOLLOW_LOOK_MSEC);
        Follower *follower = g_new0(Follower, 1);

        *follower = (Follower){ .nm = nm, .call = call, .uuid = g_strdup(uuid), .iface = g_strdup(iface), .end_usec = g_get_monotonic_time() + FOLLOW_USEC };
        g_source_set_callback(source, on_follow, follower, follower_free);
        nm->followers = g_slist_prepend(nm->followers, source);
        (void) g_source_attach(source, NULL);
        g_source_unref(source); /* the loop has it */
}

void nm_calls_drop(Nm *nm) {
        while (nm->followers) {
                GSource *source = nm->followers->data;

                nm->followers = g_slist_remove(nm->followers, source);
                g_source_destroy(source);
        }
}

static void nm_call_activate(void *backend, const char *uuid, const char *iface, bool fresh, BackendCall call) {
        Nm *nm = backend;
        NMRemoteConnection *remote = find_profile(nm, uuid);
        bool port = remote && nm_setting_connection_get_master(nm_connection_get_setting_connection(NM_CONNECTION(remote)));

        if (fresh && port && nm->client && !is_coming_up(nm_client_get_device_by_iface(nm->client, iface), uuid, fresh))
                follow(nm, uuid, iface, call);
        else
                activate_now(nm, uuid, iface, fresh, call);
}

static void on_reapplied(GObject *object, GAsyncResult *result, gpointer userdata) {
        GError *error = NULL;

        (void) nm_device_reapply_finish(NM_DEVICE(object), result, &error);
        pending_end(userdata, error, NULL);
}

static void nm_call_reapply(void *backend, const char *iface, const char *text, BackendCall call) {
        NMClient *client = running_client(backend, call);
        NMDevice *device = client ? nm_client_get_device_by_iface(client, iface) : NULL;
        g_autoptr(NMConnection) connection = NULL;
        g_autoptr(GVariant) settings = NULL;
        g_autoptr(GError) error = NULL;

        if (!client)
                return;
        settings = nm_profile_parse(text, &error);
        connection = settings ? nm_simple_connection_new_from_dbus(settings, &error) : NULL;
        if (!device || !connection)
                not_begun(call, device ? error->message : "the device is gone");
        else
                nm_device_reapply_async(device, connection, 0, 0, NULL, on_reapplied, pending_new(call));
}

static void on_deactivated(GObject *object, GAsyncResult *result, gpointer userdata) {
        GError *error = NULL;

        (void) nm_client_deactivate_connection_finish(NM_CLIENT(object), result, &error);
        /* a port goes with its bridge, also between our asking and NetworkManager's hearing it */
        if (g_error_matches(error, NM_MANAGER_ERROR, NM_MANAGER_ERROR_CONNECTION_NOT_ACTIVE))
                g_clear_error(&error);
        pending_end(userdata, error, NULL);
}

static void nm_call_deactivate(void *backend, const char *uuid, const char *iface, BackendCall call) {
        NMClient *client = running_client(backend, call);
        NMDevice *device = client ? nm_client_get_device_by_iface(client, iface) : NULL;
        NMActiveConnection *active = device ? nm_device_get_active_connection(device) : NULL;

        if (!client)
                return;
        if (!active || !streq_ptr(nm_active_connection_get_uuid(active), uuid))
                not_begun(call, NULL);
        else
                nm_client_deactivate_connection_async(client, active, NULL, on_deactivated, pending_new(call));
}

static const char *nm_call_failure(void *backend, const char *iface) {
        const json_t *view = nm_view(backend), *device = json_object_get(json_object_get(view, "devices"), iface);

        return streq(dict_string(device, "state", ""), "failed") ? dict_string(device, "reason", "unknown") : NULL;
}

const BackendTable nm_backend_table = {
        .view = nm_call_view,
        .hasten = nm_call_hasten,
        .render = nm_call_render,
        .current = nm_call_current,
        .checkpoint_created = nm_call_checkpoint_created,
        .checkpoint_create = nm_call_checkpoint_create,
        .checkpoint_adjust = nm_call_checkpoint_adjust,
        .checkpoint_destroy = nm_call_checkpoint_destroy,
        .checkpoint_rollback = nm_call_checkpoint_rollback,
        .profile_put = nm_call_profile_put,
        .profile_delete = nm_call_profile_delete,
        .activate = nm_call_activate,
        .reapply = nm_call_reapply,
        .deactivate = nm_call_deactivate,
        .failure = nm_call_failure,
};
