/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-object.h"

#include <sys/socket.h>
#include <uthash.h>

#include "log.h"

#define CHANGED_PROPERTIES_MAX 64U

static int register_one(sd_bus *bus, const BusObject *object, void *userdata) {
        int r;

        if (!object->find)
                return sd_bus_add_object_vtable(bus, NULL, object->path, object->interface, object->vtable, userdata);

        r = sd_bus_add_fallback_vtable(bus, NULL, object->path, object->interface, object->vtable, object->find,
                                       userdata);
        if (r < 0 || !object->enumerate)
                return r;
        return sd_bus_add_node_enumerator(bus, NULL, object->path, object->enumerate, userdata);
}

int bus_objects_register(sd_bus *bus, const char *root, const BusObject *objects, void *userdata) {
        int r;

        for (const BusObject *object = objects; object->path; object++) {
                r = register_one(bus, object, userdata);
                if (r < 0)
                        return r;
        }

        return root ? sd_bus_add_object_manager(bus, NULL, root) : 0;
}

char *bus_object_path(const char *prefix, const char *id) {
        char *path;

        return sd_bus_path_encode(prefix, id, &path) < 0 ? NULL : path;
}

int bus_object_id(const char *path, const char *prefix, char **ret) {
        return sd_bus_path_decode(path, prefix, ret);
}

/* ---- introspection without a bus daemon: two ends of a socketpair, one loop ---- */

typedef struct Introspection {
        char *text;
        bool done;
        int r;
} Introspection;

static int always_found(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                        sd_bus_error *error) {
        *ret_found = userdata;
        return 1;
}

static int on_introspected(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        Introspection *introspection = userdata;
        const char *text;

        introspection->done = true;
        introspection->r = sd_bus_message_is_method_error(reply, NULL) ? -EIO : sd_bus_message_read(reply, "s", &text);
        if (introspection->r >= 0) {
                introspection->text = strdup(text);
                introspection->r = introspection->text ? 0 : -ENOMEM;
        }
        return 1;
}

static int pair_bus(int fd, bool server, sd_event *event, sd_bus **ret) {
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        sd_id128_t id;
        int r;

        r = sd_bus_new(&bus);
        if (r < 0) {
                safe_close(fd);
                return r;
        }
        r = sd_bus_set_fd(bus, fd, fd);
        if (r < 0) {
                safe_close(fd);
                return r;
        }
        if (server) {
                r = sd_id128_randomize(&id);
                if (r >= 0)
                        r = sd_bus_set_server(bus, 1, id);
                if (r < 0)
                        return r;
        }
        r = sd_bus_start(bus);
        if (r >= 0)
                r = sd_bus_attach_event(bus, event, 0);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(bus);
        return 0;
}

static int introspect_one(const BusObject *object, char **ret) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(sd_bus_close_unrefp) sd_bus *server = NULL, *client = NULL;
        Introspection introspection = { NULL };
        const char *path = object->find ? "/object" : object->path;
        int fds[2], r;

        r = sd_event_new(&event);
        if (r < 0)
                return r;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
                return -errno;
        r = pair_bus(fds[0], true, event, &server);
        if (r < 0) {
                safe_close(fds[1]);
                return r;
        }
        r = pair_bus(fds[1], false, event, &client);
        if (r < 0)
                return r;

        r = object->find ? sd_bus_add_fallback_vtable(server, NULL, "/", object->interface, object->vtable,
                                                      always_found, event)
                         : sd_bus_add_object_vtable(server, NULL, path, object->interface, object->vtable, event);
        if (r < 0)
                return r;
        r = sd_bus_call_method_async(client, NULL, NULL, path, "org.freedesktop.DBus.Introspectable", "Introspect",
                                     on_introspected, &introspection, NULL);
        while (r >= 0 && !introspection.done)
                r = sd_event_run(event, 10 * USEC_PER_SEC);
        if (r < 0)
                return r;

        if (!introspection.text)
                return introspection.r < 0 ? introspection.r : -EIO;

        *ret = introspection.text;
        return 0;
}

/* The lines of one interface out of a whole introspection. */
static void print_interface(FILE *out, const char *text, const char *interface) {
        _cleanup_free_ char *opening = NULL;
        const char *begin, *end;

        if (asprintf(&opening, " <interface name=\"%s\">", interface) < 0) {
                opening = NULL;
                return;
        }
        begin = strstr(text, opening);
        end = begin ? strstr(begin, "</interface>") : NULL;
        if (end)
                fprintf(out, "%.*s</interface>\n", (int)(end - begin), begin);
}

int bus_objects_introspect(FILE *out, const BusObject *objects) {
        fprintf(out, "<node>\n");
        for (const BusObject *object = objects; object->path; object++) {
                _cleanup_free_ char *text = NULL;
                int r = introspect_one(object, &text);

                if (r < 0 || !text)
                        return r < 0 ? r : -EIO;
                print_interface(out, text, object->interface);
        }
        fprintf(out, "</node>\n");
        return ferror(out) ? -EIO : 0;
}

/* ---- merged change signals ---- */

typedef struct Change {
        char *key;        /* "interface path" */
        const char *path; /* in key */
        const char *interface;
        char *properties[CHANGED_PROPERTIES_MAX + 1];
        size_t count;
        UT_hash_handle hh;
} Change;

struct BusChanges {
        sd_bus *bus;
        sd_event_source *source;
        Change *changes;
};

static Change *change_free(BusChanges *changes, Change *change) {
        HASH_DEL(changes->changes, change);
        for (size_t i = 0; i < change->count; i++)
                free(change->properties[i]);
        free(change->key);
        free(change);
        return NULL;
}

void bus_changes_flush(BusChanges *changes) {
        while (changes->changes) {
                Change *change = changes->changes;
                int r;

                r = sd_bus_emit_properties_changed_strv(changes->bus, change->path, change->interface,
                                                        change->properties);
                if (r < 0)
                        log_debug_errno(r, "Cannot announce changes of %s", change->path);
                change_free(changes, change);
        }
}

static int on_idle(sd_event_source *source, void *userdata) {
        bus_changes_flush(userdata);
        return 0;
}

int bus_changes_new(sd_bus *bus, BusChanges **ret) {
        _cleanup_(bus_changes_freep) BusChanges *changes = NULL;
        int r;

        changes = calloc(1, sizeof *changes);
        if (!changes)
                return -ENOMEM;
        changes->bus = sd_bus_ref(bus);

        r = sd_event_add_defer(sd_bus_get_event(bus), &changes->source, on_idle, changes);
        if (r >= 0)
                r = sd_event_source_set_priority(changes->source, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = sd_event_source_set_enabled(changes->source, SD_EVENT_OFF);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(changes->source, "bus-changes");

        *ret = TAKE_PTR(changes);
        return 0;
}

BusChanges *bus_changes_free(BusChanges *changes) {
        if (!changes)
                return NULL;

        while (changes->changes)
                change_free(changes, changes->changes);
        sd_event_source_disable_unref(changes->source);
        sd_bus_unref(changes->bus);
        free(changes);
        return NULL;
}

static Change *find_change(BusChanges *changes, const char *path, const char *interface) {
        _cleanup_free_ char *key = NULL;
        Change *change;

        if (asprintf(&key, "%s %s", interface, path) < 0) {
                key = NULL;
                return NULL;
        }
        HASH_FIND_STR(changes->changes, key, change);
        if (change)
                return change;

        change = calloc(1, sizeof *change);
        if (!change)
                return NULL;
        change->key = TAKE_PTR(key);
        change->path = change->key + strlen(interface) + 1;
        change->interface = interface;
        HASH_ADD_KEYPTR(hh, changes->changes, change->key, strlen(change->key), change);
        return change;
}

void bus_changed(BusChanges *changes, const char *path, const char *interface, const char *property) {
        Change *change = find_change(changes, path, interface);

        if (!change) {
                log_warning_errno(-ENOMEM, "Cannot announce a change of %s", path);
                return;
        }

        for (size_t i = 0; i < change->count; i++)
                if (streq(change->properties[i], property))
                        return;
        if (change->count < CHANGED_PROPERTIES_MAX) {
                change->properties[change->count] = strdup(property);
                if (!change->properties[change->count]) {
                        log_warning_errno(-ENOMEM, "Cannot announce a change of %s", path);
                        return;
                }
                change->count++;
        }

        (void) sd_event_source_set_enabled(changes->source, SD_EVENT_ONESHOT);
}

void bus_changes_forget(BusChanges *changes, const char *path) {
        Change *change, *next;

        HASH_ITER(hh, changes->changes, change, next)
                if (streq(change->path, path))
                        change_free(changes, change);
}

int bus_append_strings(sd_bus_message *reply, const char *const *strings) {
        int r;

        r = sd_bus_message_open_container(reply, 'a', "s");
        for (; r >= 0 && strings && *strings; strings++)
                r = sd_bus_message_append_basic(reply, 's', *strings);

        return r < 0 ? r : sd_bus_message_close_container(reply);
}
