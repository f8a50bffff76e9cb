/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus face of the service: org.rhv.Storage at the root. */

#include <stdio.h>

#include "bus-error.h"
#include "config.h"
#include "device-bus.h"
#include "inspect-task.h"
#include "lease-clock.h"
#include "manager.h"
#include "request.h"

/* ---- properties ---- */

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", RHV_VERSION);
}

static int get_features(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        static const char *const features[] = {"local", "upload", "download", "inspect", "posix", "nfs", "mount", "iscsi", "iscsi-sessions", "fcp", "leases", "data-jobs", "devices", "classes", NULL};

        return bus_append_strings(reply, features);
}

/* Each domain is a backend of its own: one that hangs says so and the others go on. */
static int get_backends(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        static const char *const words[_DOMAIN_STATE_MAX] = {
                        [DOMAIN_OPENING] = "connecting",
                        [DOMAIN_ACTIVE] = "ready",
                        [DOMAIN_FAILED] = "failed",
        };
        const Manager *manager = userdata;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "(sss)");
        for (const Domain *domain = manager->domains; r >= 0 && domain; domain = domain->hh.next)
                r = sd_bus_message_append(reply, "(sss)", domain->place.id, words[domain->state], domain->reason);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* ---- domains come ---- */

/* The domain that was made or found: on the bus, remembered, open. */
static int domain_arrived(Manager *manager, Io *io, Domain **ret, sd_bus_error *error) {
        Domain *domain = domain_find(manager, io->opened.facts.id);
        int r;

        if (domain) {
                sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "Storage domain %s is open already, at %s",
                                  domain->place.id, domain->place.path);
                return -EEXIST;
        }
        io->place.version = io->opened.facts.version;
        r = domain_new(manager, &io->place, io->opened.facts.name, &domain);
        if (r < 0)
                return r;
        r = domain_remember(domain);
        if (r < 0) {
                domain_free(domain);
                return bus_error_errno(error, r, "Cannot remember the storage domain");
        }
        domain_set_opened(domain, &io->opened, &io->space);
        *ret = domain;
        return 0;
}

/* The same was asked twice at once: the second waited in its lane for the first, and meets a directory that is taken by what it wants. */
static Domain *arrived_before(const Manager *manager, const Io *io) {
        bool creation = io->facts.id[0] != '\0';
        Domain *domain = domain_find_path(manager, io->place.path);

        if (!domain || (creation && (!streq(domain->place.id, io->facts.id) || !streq(domain->name, io->facts.name))))
                return NULL;
        return domain;
}

static void on_arrived(Task *task, Io *io, int r, const sd_bus_error *error) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        Domain *domain = NULL;

        if (r >= 0)
                r = domain_arrived(task->manager, io, &domain, &own);
        else if (io)
                domain = arrived_before(task->manager, io);
        if (!domain) {
                task_fail(task, r, sd_bus_error_is_set(&own) ? &own : error);
                return;
        }
        task->operation = operation_reply(task->operation, "o", domain->object_path);
        task_free(task);
}

static int check_count(const Manager *manager, sd_bus_error *error) {
        if (domain_count(manager) < DOMAINS_MAX)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u storage domains are open already", DOMAINS_MAX);
        return -E2BIG;
}

/* A look at devices makes a volume usable and unusable again, which must not meet a domain that is just being opened. */
static int check_looks(const Manager *manager, const DomainPlace *place, sd_bus_error *error) {
        if (manager->device_looks == 0 || !domain_type_is_block(place->type))
                return 0;
        return sd_bus_error_set(error, RHV_ERROR_BUSY, "Block devices are being looked at; try again in a moment");
}

/* io: taken. */
static int arrive_later(Manager *manager, sd_bus_message *message, Io *io, sd_bus_error *error) {
        Task *task = io ? task_new(manager, NULL, message) : NULL;
        const bool making = io && io->run == io_create_domain && domain_type_is_block(io->place.type), mounting = io && io->place.what;
        int r;

        if (!task) {
                if (io)
                        io_free(io);
                return -ENOMEM;
        }
        r = task_run(task, io, task_lane(io->place.path), making ? DOMAIN_GROUP_USEC : mounting ? DOMAIN_MOUNT_USEC : DOMAIN_IO_USEC, on_arrived, error);
        if (r < 0)
                task_fail(task, r, error);
        return 1;
}

static int read_create(sd_bus_message *message, const char **ret_id, json_t **ret, DomainPlace *ret_place,
                       sd_bus_error *error) {
        const DomainType *type;
        int r;

        r = sd_bus_message_read(message, "s", ret_id);
        if (r >= 0)
                r = request_check_id("the storage domain", *ret_id, error);
        if (r >= 0)
                r = dict_read_checked(message, request_domain_create, "domain", ret, error);
        if (r >= 0)
                r = dict_read_empty(message, error);
        if (r >= 0)
                r = request_read_type(*ret, &type, error);
        if (r >= 0)
                r = request_read_place(*ret, type, ret_place, error);
        if (r >= 0)
                r = request_read_class(*ret, ret_place, error);
        return r;
}

static Io *create_io(const char *id, const json_t *object, DomainPlace *place) {
        Io *io;

        memcpy(place->id, id, UUID_STRING_MAX);
        io = io_new("make a domain", io_create_domain, place);
        if (!io)
                return NULL;
        memcpy(io->facts.id, id, UUID_STRING_MAX);
        io->facts.version = place->version;
        io->facts.io_timeout_sec =
                        (unsigned)((uint64_t)dict_integer(object, "io_timeout", LEASE_IO_TIMEOUT_SEC * USEC_PER_SEC) / USEC_PER_SEC);
        io->facts.name = strdup(dict_string(object, "name", ""));
        io->facts.type_word = strdup(place->type->type_word);
        io->facts.class_word = strdup(domain_class_to_string(place->class));
        io->facts.remote_path = place->what ? strdup(place->what) : NULL;
        io->facts.data_centers = strdup(dict_string(object, "data_center", ""));
        if (!io->facts.name || !io->facts.data_centers || !io->facts.remote_path != !place->what || !io->facts.type_word || !io->facts.class_word) {
                io_free(io);
                return NULL;
        }
        return io;
}

/* A repeated request: the same id with the same path and name. Return: 1 answered, 0 go on, negative: taken by
 * another. */
static int reply_existing(const Manager *manager, sd_bus_message *message, const char *id, const DomainPlace *place, const json_t *object,
                          sd_bus_error *error) {
        const Domain *domain = domain_find(manager, id);

        if (!domain)
                return 0;
        if (streq(domain->place.path, place->path) && domain->place.class == place->class &&
            streq(domain->name, dict_string(object, "name", "")))
                return sd_bus_reply_method_return(message, "o", domain->object_path);
        sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "Storage domain %s exists already, at %s", id,
                          domain->place.path);
        return -EEXIST;
}

static int manager_method_create_domain(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *object = NULL;
        _cleanup_(domain_place_clear) DomainPlace place = {};
        Manager *manager = userdata;
        const char *id;
        int r;

        r = read_create(message, &id, &object, &place, error);
        if (r < 0)
                return r;
        r = auth_check(manager->auth, message, ACTION_CONFIGURE,
                       AUTH_DETAILS("verb", "create-domain", "domain", id, "name", dict_string(object, "name", ""),
                                    "path", place.what ?: place.path),
                       error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = reply_existing(manager, message, id, &place, object, error);
        if (r != 0)
                return r;
        r = check_count(manager, error);
        if (r >= 0)
                r = check_looks(manager, &place, error);
        if (r < 0)
                return r;
        return arrive_later(manager, message, create_io(id, object, &place), error);
}

static int manager_method_open_domain(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *object = NULL;
        _cleanup_(domain_place_clear) DomainPlace place = {};
        Manager *manager = userdata;
        const DomainType *type;
        const Domain *domain;
        int r;

        r = dict_read_checked(message, request_domain_open, "domain", &object, error);
        if (r >= 0)
                r = dict_read_empty(message, error);
        if (r >= 0)
                r = request_read_type(object, &type, error);
        if (r >= 0)
                r = request_read_place(object, type, &place, error);
        if (r < 0)
                return r;
        r = auth_check(manager->auth, message, ACTION_CONFIGURE,
                       AUTH_DETAILS("verb", "open-domain", "path", place.what ?: place.path), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        domain = domain_find_path(manager, place.path);
        if (domain)
                return sd_bus_reply_method_return(message, "o", domain->object_path);
        r = check_count(manager, error);
        if (r >= 0)
                r = check_looks(manager, &place, error);
        if (r < 0)
                return r;
        return arrive_later(manager, message, io_new("open a domain", io_open_domain, &place), error);
}

extern const sd_bus_vtable storage_root_vtable[];
const sd_bus_vtable storage_root_vtable[] = {
                SD_BUS_VTABLE_START(0),
                SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
                SD_BUS_PROPERTY("Features", "as", get_features, 0, SD_BUS_VTABLE_PROPERTY_CONST),
                SD_BUS_PROPERTY("Backends", "a(sss)", get_backends, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
                SD_BUS_METHOD_WITH_ARGS("CreateDomain", SD_BUS_ARGS("s", id, "a{sv}", domain, "a{sv}", options),
                                        SD_BUS_RESULT("o", path), manager_method_create_domain,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("OpenDomain", SD_BUS_ARGS("a{sv}", domain, "a{sv}", options),
                                        SD_BUS_RESULT("o", path), manager_method_open_domain,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("InspectForeign", SD_BUS_ARGS("a{sv}", domain, "a{sv}", options),
                                        SD_BUS_RESULT("a{sv}", report), manager_method_inspect_foreign,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("ListDevices", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("aa{sv}", devices), device_method_list,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_VTABLE_END,
};
