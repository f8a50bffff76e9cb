/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend.h"

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "log-ids.h"
#include "log.h"
#include "parse-util.h"

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
/* No property can have this name. */
#define INNER_KEY " backends"
#define MANAGER_INTERFACE "org.freedesktop.DBus.ObjectManager"

struct Backend {
        sd_bus *bus;
        const BackendInfo *info;
        void *userdata;
        char *name; /* "org.rhv.Compute" */
        char *root; /* "/org/rhv/Compute" */

        BackendState state;
        char *reason;
        bool present; /* the name has an owner */
        char *inner;  /* what its own Backends property complains of */
        bool pending; /* one of those is still connecting */
        uint64_t retry_usec;

        sd_bus_slot *owner_match, *changed_match, *added_match, *removed_match;
        sd_bus_slot *root_call, *list_call;
        sd_event_source *timer;
};

static const char *const backend_state_table[_BACKEND_STATE_MAX] = {
        [BACKEND_CONNECTING] = "connecting",
        [BACKEND_READY] = "ready",
        [BACKEND_FAILED] = "failed",
};
DEFINE_STRING_TABLE(backend_state, BackendState, _BACKEND_STATE_MAX)

static int backend_connect(Backend *backend);

static void set_state(Backend *backend, BackendState state, const char *reason) {
        if (backend->state == state && streq(backend->reason ?: "", reason))
                return;

        if (state == BACKEND_FAILED)
                log_full(LOG_WARNING, MESSAGE_ID_BACKEND_FAILED, LOG_FIELDS("RHV_BACKEND", backend->name),
                         "%s cannot be used: %s", backend->name, reason);
        else
                log_debug("%s is %s %s", backend->name, backend_state_to_string(state), reason);
        backend->state = state;
        free(backend->reason);
        backend->reason = strdup(reason);
        backend->info->state(backend, backend->userdata);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Backend *backend = userdata;

        backend->timer = sd_event_source_disable_unref(backend->timer);
        (void) backend_connect(backend);
        return 0;
}

static void connect_later(Backend *backend, uint64_t usec) {
        backend->timer = sd_event_source_disable_unref(backend->timer);
        if (sd_event_add_time_relative(sd_bus_get_event(backend->bus), &backend->timer, CLOCK_MONOTONIC, usec, 0,
                                       on_timer, backend) < 0)
                log_error("Cannot set a timer for %s", backend->name);
}

static void connect_failed(Backend *backend, const char *reason) {
        backend->list_call = sd_bus_slot_unref(backend->list_call);
        backend->root_call = sd_bus_slot_unref(backend->root_call);
        set_state(backend, BACKEND_FAILED, reason);
        connect_later(backend, backend->retry_usec);
        backend->retry_usec *= 2;
        if (backend->retry_usec > BACKEND_RETRY_MAX_USEC)
                backend->retry_usec = BACKEND_RETRY_MAX_USEC;
}

/* Backends a(sss) of the service itself: the first that is "failed", with its reason. */
static void note_inner(Backend *backend, const json_t *properties) {
        const json_t *inner = json_object_get(properties, INNER_KEY);
        const char *failed = dict_string(inner, "failed", "");

        if (!inner)
                return;
        free(backend->inner);
        backend->inner = isempty(failed) ? NULL : strdup(failed);
        backend->pending = dict_boolean(inner, "pending", false);
}

/* dict_read() knows no structures, and this is the only one between us. */
static int read_backends(sd_bus_message *message, json_t **ret) {
        char failed[512] = "";
        const char *name, *state, *reason;
        bool pending = false;
        int r;

        r = sd_bus_message_enter_container(message, 'v', "a(sss)");
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(message, 'a', "(sss)");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(message, "(sss)", &name, &state, &reason)) > 0)
                if (streq(state, "failed") && !failed[0])
                        (void) snprintf(failed, sizeof failed, "%s: %s", name, reason);
                else if (streq(state, "connecting"))
                        pending = true;
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;

        *ret = json_pack("{s:s, s:b}", "failed", utf8_is_valid(failed, strlen(failed)) ? failed : "?", "pending", pending);
        return sd_bus_message_exit_container(message);
}

/* Reads a{sv} of properties; what is no plain value (structures) is skipped, Backends is kept under INNER_KEY. */
static int read_properties(sd_bus_message *message, json_t **ret) {
        _cleanup_json_ json_t *properties = json_object();
        int r;

        if (!properties)
                return -ENOMEM;

        r = sd_bus_message_enter_container(message, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                const char *key, *contents;
                json_t *value = NULL;
                char type;

                r = sd_bus_message_read_basic(message, 's', &key);
                if (r < 0)
                        return r;
                r = sd_bus_message_peek_type(message, &type, &contents);
                if (r < 0)
                        return r;
                if (streq(contents, "a(sss)"))
                        r = read_backends(message, &value);
                else if (strchr(contents, '('))
                        r = sd_bus_message_skip(message, "v");
                else
                        r = dict_read(message, &value, NULL);
                if (r < 0)
                        return r;
                if (value && json_object_set_new(properties, streq(contents, "a(sss)") ? INNER_KEY : key, value) < 0)
                        return -ENOMEM;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(properties);
        return 0;
}

static void tell_object(Backend *backend, const char *path, const char *interface, const json_t *properties) {
        const char *short_name = startswith(interface, "org.rhv.");

        if (!short_name)
                return;
        if (streq(path, backend->root))
                note_inner(backend, properties);
        backend->info->object(backend, path, short_name, properties, backend->userdata);
}

/* oa{sa{sv}} at the message's position. */
static int read_object(Backend *backend, sd_bus_message *message) {
        const char *path, *interface;
        int r;

        r = sd_bus_message_read_basic(message, 'o', &path);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(message, 'a', "{sa{sv}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'e', "sa{sv}")) > 0) {
                _cleanup_json_ json_t *properties = NULL;

                r = sd_bus_message_read_basic(message, 's', &interface);
                if (r < 0)
                        return r;
                r = read_properties(message, &properties);
                if (r < 0)
                        return r;
                tell_object(backend, path, interface, properties);
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_listing(Backend *backend, sd_bus_message *message) {
        int r;

        r = sd_bus_message_enter_container(message, 'a', "{oa{sa{sv}}}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'e', "oa{sa{sv}}")) > 0) {
                r = read_object(backend, message);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        return r;
}

static int on_listing(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        Backend *backend = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(message);
        int r;

        backend->list_call = sd_bus_slot_unref(backend->list_call);
        if (error) {
                connect_failed(backend, error->message ?: error->name);
                return 0;
        }

        backend->info->listing(backend, backend->userdata);
        r = read_listing(backend, message);
        if (r < 0) {
                connect_failed(backend, "its list of objects cannot be understood");
                return 0;
        }

        backend->retry_usec = BACKEND_RETRY_MIN_USEC;
        backend->present = true;
        backend->info->listed(backend, backend->userdata);
        set_state(backend, BACKEND_READY, "");
        return 0;
}

static int on_root(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        Backend *backend = userdata;
        _cleanup_json_ json_t *properties = NULL;
        const sd_bus_error *error = sd_bus_message_get_error(message);
        _cleanup_message_ sd_bus_message *call = NULL;
        int r;

        backend->root_call = sd_bus_slot_unref(backend->root_call);
        if (error) {
                connect_failed(backend, error->message ?: error->name);
                return 0;
        }
        r = read_properties(message, &properties);
        if (r < 0) {
                connect_failed(backend, "its properties cannot be understood");
                return 0;
        }
        tell_object(backend, backend->root, backend->name, properties);

        r = sd_bus_message_new_method_call(backend->bus, &call, backend->name, backend->root, MANAGER_INTERFACE,
                                           "GetManagedObjects");
        if (r >= 0)
                r = sd_bus_call_async(backend->bus, &backend->list_call, call, on_listing, backend,
                                      BACKEND_CONNECT_USEC);
        if (r < 0)
                connect_failed(backend, strerror(-r));
        return 0;
}

static int backend_connect(Backend *backend) {
        _cleanup_message_ sd_bus_message *call = NULL;
        int r;

        if (backend->root_call || backend->list_call)
                return 0;

        if (backend->state == BACKEND_CONNECTING)
                set_state(backend, BACKEND_CONNECTING, "it has not answered yet");
        r = sd_bus_message_new_method_call(backend->bus, &call, backend->name, backend->root, PROPERTIES_INTERFACE,
                                           "GetAll");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", backend->name);
        if (r >= 0)
                r = sd_bus_call_async(backend->bus, &backend->root_call, call, on_root, backend, BACKEND_CONNECT_USEC);
        if (r < 0)
                connect_failed(backend, strerror(-r));
        return r;
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        Backend *backend = userdata;
        const char *name, *before, *after;

        if (sd_bus_message_read(message, "sss", &name, &before, &after) < 0)
                return 0;

        backend->present = !isempty(after);
        if (backend->present) {
                /* answers to questions put to the one before are of no use */
                backend->root_call = sd_bus_slot_unref(backend->root_call);
                backend->list_call = sd_bus_slot_unref(backend->list_call);
                backend->timer = sd_event_source_disable_unref(backend->timer);
                if (backend->state == BACKEND_READY)
                        set_state(backend, BACKEND_CONNECTING, "it was restarted");
                (void) backend_connect(backend);
        } else if (backend->info->needed(backend, backend->userdata)) {
                set_state(backend, BACKEND_CONNECTING, "it left the bus");
                connect_later(backend, backend->retry_usec);
        }
        return 0;
}

static int on_changed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        Backend *backend = userdata;
        _cleanup_json_ json_t *properties = NULL;
        const char *interface;

        if (sd_bus_message_read_basic(message, 's', &interface) < 0 || read_properties(message, &properties) < 0)
                return 0;
        tell_object(backend, sd_bus_message_get_path(message), interface, properties);
        return 0;
}

static int on_added(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        (void) read_object(userdata, message);
        return 0;
}

static int on_removed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        Backend *backend = userdata;
        const char *path;

        if (sd_bus_message_read_basic(message, 'o', &path) >= 0)
                backend->info->removed(backend, path, backend->userdata);
        return 0;
}

static int add_match(Backend *backend, sd_bus_slot **slot, const char *interface, const char *member, bool below,
                     sd_bus_message_handler_t callback) {
        _cleanup_free_ char *match = NULL;

        if (asprintf(&match, "type='signal',sender='%s',interface='%s',member='%s',%s='%s'", backend->name, interface,
                     member, below ? "path_namespace" : "path", backend->root) < 0)
                return -ENOMEM;
        return sd_bus_add_match_async(backend->bus, slot, match, callback, NULL, backend);
}

static int add_matches(Backend *backend) {
        _cleanup_free_ char *owner = NULL;
        int r;

        if (asprintf(&owner,
                     "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                     "member='NameOwnerChanged',arg0='%s'",
                     backend->name) < 0)
                return -ENOMEM;
        r = sd_bus_add_match_async(backend->bus, &backend->owner_match, owner, on_owner, NULL, backend);
        if (r >= 0)
                r = add_match(backend, &backend->changed_match, PROPERTIES_INTERFACE, "PropertiesChanged", true,
                              on_changed);
        if (r >= 0)
                r = add_match(backend, &backend->added_match, MANAGER_INTERFACE, "InterfacesAdded", false, on_added);
        if (r >= 0)
                r = add_match(backend, &backend->removed_match, MANAGER_INTERFACE, "InterfacesRemoved", false,
                              on_removed);
        return r;
}

int backend_new(sd_bus *bus, const BackendInfo *info, void *userdata, Backend **ret) {
        _cleanup_(backend_freep) Backend *backend = calloc(1, sizeof *backend);
        int r;

        if (!backend)
                return -ENOMEM;

        backend->bus = sd_bus_ref(bus);
        backend->info = info;
        backend->userdata = userdata;
        backend->retry_usec = BACKEND_RETRY_MIN_USEC;
        backend->reason = strdup("it has not answered yet");
        if (!backend->reason || asprintf(&backend->name, "org.rhv.%s", info->service) < 0 ||
            asprintf(&backend->root, "/org/rhv/%s", info->service) < 0)
                return -ENOMEM;

        r = add_matches(backend);
        if (r < 0)
                return r;
        connect_later(backend, 0);
        *ret = TAKE_PTR(backend);
        return 0;
}

Backend *backend_free(Backend *backend) {
        if (!backend)
                return NULL;

        sd_bus_slot_unref(backend->owner_match);
        sd_bus_slot_unref(backend->changed_match);
        sd_bus_slot_unref(backend->added_match);
        sd_bus_slot_unref(backend->removed_match);
        sd_bus_slot_unref(backend->root_call);
        sd_bus_slot_unref(backend->list_call);
        sd_event_source_disable_unref(backend->timer);
        sd_bus_unref(backend->bus);
        free(backend->name);
        free(backend->root);
        free(backend->reason);
        free(backend->inner);
        free(backend);
        return NULL;
}

BackendState backend_state(const Backend *backend) {
        return backend->state;
}

const char *backend_reason(const Backend *backend) {
        return backend->reason ?: "";
}

const char *backend_service(const Backend *backend) {
        return backend->info->service;
}

const char *backend_root(const Backend *backend) {
        return backend->root;
}

const char *backend_inner_failure(const Backend *backend) {
        return backend->inner;
}

void backend_relist(Backend *backend) {
        if (backend->state == BACKEND_READY)
                connect_later(backend, 0);
}

bool backend_inner_pending(const Backend *backend) {
        return backend->pending;
}

bool backend_is_present(const Backend *backend) {
        return backend->present;
}

int backend_check(const Backend *backend, sd_bus_error *error) {
        if (backend->state == BACKEND_READY)
                return 0;

        return sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "The service %s is not ready: %s", backend->name,
                                 backend_reason(backend));
}

void backend_retry(Backend *backend) {
        if (backend->state == BACKEND_READY)
                return;
        backend->retry_usec = BACKEND_RETRY_MIN_USEC;
        connect_later(backend, 0);
}

int backend_message(Backend *backend, const char *path, const char *interface, const char *member,
                    sd_bus_message **ret) {
        _cleanup_free_ char *full_path = NULL, *full_interface = NULL;

        if (asprintf(&full_path, "%s%s", backend->root, path) < 0)
                return -ENOMEM;
        if (asprintf(&full_interface, "org.rhv.%s", interface) < 0)
                return -ENOMEM;
        return sd_bus_message_new_method_call(backend->bus, ret, backend->name, full_path, full_interface, member);
}

int backend_properties(Backend *backend, const char *path, const char *interface, sd_bus_message **ret) {
        _cleanup_free_ char *full_path = NULL, *full_interface = NULL;
        _cleanup_message_ sd_bus_message *call = NULL;
        int r;

        if (asprintf(&full_path, "%s%s", backend->root, path) < 0)
                return -ENOMEM;
        if (asprintf(&full_interface, "org.rhv.%s", interface) < 0)
                return -ENOMEM;
        r = sd_bus_message_new_method_call(backend->bus, &call, backend->name, full_path, PROPERTIES_INTERFACE, "GetAll");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", full_interface);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}

int backend_send(Backend *backend, sd_bus_message *message, sd_bus_message_handler_t done, void *userdata,
                 sd_bus_slot **slot) {
        return sd_bus_call_async(backend->bus, slot, message, done, userdata, BACKEND_CALL_USEC);
}

int backend_send_work(Backend *backend, sd_bus_message *message, sd_bus_message_handler_t done, void *userdata, sd_bus_slot **slot) {
        return sd_bus_call_async(backend->bus, slot, message, done, userdata, BACKEND_WORK_USEC);
}
