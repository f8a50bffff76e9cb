/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus face of the whole: creations, events, what the service is. */

#include <stdio.h>

#include "bus-error.h"
#include "config.h"
#include "dict.h"
#include "domain-connection.h"
#include "domain-keep.h"
#include "domain-life.h"
#include "log.h"
#include "object-bus.h"
#include "peer-bus.h"
#include "plan-mac.h"
#include "plan-vnic.h"
#include "spec.h"
#include "work.h"

#define EVENTS_LIMIT_MAX 1000
#define EVENTS_LIMIT_DEFAULT 100

/* ---- properties ---- */

static int property_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                            sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", RHV_VERSION);
}

static int property_features(sd_bus *bus, const char *path, const char *interface, const char *property,
                             sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        static const char *const features[] = { "request-id", "peers", NULL };

        return bus_append_strings(reply, features);
}

static int property_backends(sd_bus *bus, const char *path, const char *interface, const char *property,
                             sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Manager *manager = userdata;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "(sss)");
        if (r < 0)
                return r;
        r = sd_bus_message_append(reply, "(sss)", "store",
                                  store_state(manager->store) == STORE_READY ? "ready" : "failed",
                                  store_reason(manager->store) ?: "");
        for (int i = 0; r >= 0 && i < _BACKENDS_MAX; i++) {
                static const char *const names[_BACKENDS_MAX] = { "compute", "storage", "network" };
                const Backend *backend = manager->backends[i];

                r = sd_bus_message_append(reply, "(sss)", names[i], backend_state_to_string(backend_state(backend)),
                                          backend_reason(backend));
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int property_host(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Manager *manager = userdata;

        return sd_bus_message_append(reply, "s", manager->host_id);
}

/* ---- creations that are only rows ---- */

static int create(sd_bus_message *message, Manager *manager, const DictField *fields, const char *what,
                  plan_create_t planner, sd_bus_error *error) {
        _cleanup_request_ Request request = { NULL };
        _cleanup_json_ json_t *description = NULL;
        _cleanup_(change_freep) Change *change = change_new();
        Actor actor;
        Plan plan;
        int r;

        r = dict_read_checked(message, fields, what, &description, error);
        if (r < 0)
                return r;
        r = request_read(&request, manager, message, description, options_common, error);
        if (r < 0)
                return r;
        if (!request.replay) {
                plan = request_plan(&request, &actor);
                r = change ? planner(&plan, description, change, error) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        r = request_authorise(&request, ACTION_CONFIGURE, change_verb(change, "create"), NULL, dict_string(description, "name", ""), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = request_commit(&request, change, false, error);
        if (r < 0)
                return r;
        return request_reply(&request, "o");
}

static int method_create_data_center(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return create(message, userdata, data_center_create_fields, "data center", plan_create_data_center, error);
}

static int method_create_cluster(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return create(message, userdata, cluster_create_fields, "cluster", plan_create_cluster, error);
}

static int method_create_network(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return create(message, userdata, network_create_fields, "network", plan_create_network, error);
}

static int method_create_mac_pool(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return create(message, userdata, mac_pool_create_fields, "MAC pool", plan_create_mac_pool, error);
}

static int method_create_vnic_profile(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return create(message, userdata, vnic_profile_create_fields, "vNIC profile", plan_create_vnic_profile, error);
}

static int method_create_vm(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return create(message, userdata, vm_create_fields, "VM", plan_create_vm, error);
}

/* ---- creations that Storage has to carry out ---- */

/* The job is made before the object it is for: its id comes from the plan. */
static int begin_creation(Request *request, const char *kind_word, ObjectKind kind, Change *change, Job **ret_job,
                          Object **ret_object, sd_bus_error *error) {
        const json_t *row = json_object_get(json_array_get(change->rows, 0), "row");
        json_t *arguments;
        int r;

        if (request->replay)
                return 0;
        arguments = json_pack("{s:s, s:s}", "kind", object_kind_to_string(kind), "id", dict_string(row, "id", ""));
        r = request_begin_job(request, kind_word, NULL, arguments, change, ret_job, error);
        if (r < 0 || !*ret_job)
                return r;

        *ret_object = model_find(request->manager->model, kind, dict_string(row, "id", ""));
        if (!*ret_object)
                return -ENOENT;
        (void) snprintf((*ret_object)->job, sizeof (*ret_object)->job, "%s", job_id(*ret_job));
        manager_changed(request->manager, *ret_object, "Job");
        return 1;
}

/* What Storage makes once the record is there. */
typedef struct Creation {
        const DictField *fields;
        const char *what; /* in errors */
        const char *job;
        ObjectKind kind;
        int (*plan)(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error);
        void (*work)(Manager *manager, Job *job, const Object *object);
} Creation;

/* The domain is there: the plan has found it. */
static int check_disk_domain(const Plan *plan, const json_t *description, sd_bus_error *error) {
        const Object *domain = model_resolve(plan->model, KIND_STORAGE_DOMAIN, dict_string(description, "storage_domain", ""), NULL, error);

        return domain ? storage_domain_check_lease(domain, error) : -ENOENT;
}

static int create_on_storage(sd_bus_message *message, Manager *manager, const Creation *creation, sd_bus_error *error) {
        _cleanup_request_ Request request = { NULL };
        _cleanup_json_ json_t *description = NULL;
        _cleanup_(change_freep) Change *change = change_new();
        Object *object = NULL;
        Job *job = NULL;
        Actor actor;
        Plan plan;
        int r;

        r = dict_read_checked(message, creation->fields, creation->what, &description, error);
        if (r < 0)
                return r;
        r = request_read(&request, manager, message, description, options_common, error);
        if (r < 0)
                return r;
        if (!request.replay) {
                plan = request_plan(&request, &actor);
                r = change ? creation->plan(&plan, description, change, error) : -ENOMEM;
                if (r >= 0)
                        r = backend_check(manager->backends[BACKEND_STORAGE], error);
                if (r >= 0 && creation->kind == KIND_DISK)
                        r = check_disk_domain(&plan, description, error);
                if (r < 0)
                        return r;
        }
        r = request_authorise(&request, ACTION_CONFIGURE, "create", NULL, dict_string(description, "name", ""), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = begin_creation(&request, creation->job, creation->kind, change, &job, &object, error);
        if (r < 0)
                return r;
        if (job)
                creation->work(manager, job, object);
        return request_reply(&request, "oj");
}

static int method_create_storage_domain(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const Creation creation = {storage_domain_create_fields, "storage domain", "create-storage-domain", KIND_STORAGE_DOMAIN,
                                          plan_create_storage_domain, work_create_domain};

        return create_on_storage(message, userdata, &creation, error);
}

static int method_create_disk(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const Creation creation = {disk_create_fields, "disk", "create-disk", KIND_DISK, plan_create_disk, work_create_volume};

        return create_on_storage(message, userdata, &creation, error);
}

/* ---- import: Storage tells which domain is there ---- */

typedef struct Import {
        PendingRequest request;
        json_t *description;
        char domain_id[37];
        sd_bus_slot *slot;
} Import;

static Import *import_free(Import *import) {
        if (!import)
                return NULL;
        pending_done(&import->request);
        json_decref(import->description);
        sd_bus_slot_unref(import->slot);
        free(import);
        return NULL;
}
DEFINE_CLEANUP(Import *, import_free)

static int on_undone(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        const sd_bus_error *error = sd_bus_message_get_error(message);

        if (error)
                log_warning("A storage domain that was not imported stays open: %s", error->message ?: error->name);
        return 0;
}

/* Refused after it was opened: Storage is not left with a domain that is nobody's. */
static void import_undo(const Import *import) {
        Backend *storage = import->request.manager->backends[BACKEND_STORAGE];
        _cleanup_free_ char *path = bus_object_path("/domain", import->domain_id);
        _cleanup_message_ sd_bus_message *call = NULL;

        if (!import->domain_id[0] || model_find(import->request.manager->model, KIND_STORAGE_DOMAIN, import->domain_id))
                return;
        if (path && backend_message(storage, path, "Storage.Domain", "Close", &call) >= 0 &&
            sd_bus_message_append(call, "a{sv}", 0) >= 0)
                (void) backend_send(storage, call, on_undone, NULL, NULL);
}

static int import_commit(Import *import, const json_t *properties, json_t **ret_outcome, sd_bus_error *error) {
        _cleanup_(change_freep) Change *change = change_new();
        Actor actor;
        Plan plan = pending_plan(&import->request, &actor);
        json_t *row;
        int r;

        if (json_object_set_new(import->description, "id", json_string(import->domain_id)) < 0 ||
            (!json_object_get(import->description, "name") &&
             json_object_set_new(import->description, "name",
                                 json_string(dict_string(properties, "Name", import->domain_id))) < 0) ||
            json_object_set_new(import->description, "class", json_string(dict_string(properties, "Class", STORAGE_CLASS_DATA))) < 0 || !change)
                return -ENOMEM;
        r = plan_create_storage_domain(&plan, import->description, change, error);
        if (r < 0)
                return r;
        /* it is there already */
        row = json_object_get(json_array_get(change->rows, 0), "row");
        r = storage_domain_check_owner(json_object_get(properties, "DataCenters"), dict_string(row, "data_center", ""), dict_string(properties, "Class", STORAGE_CLASS_DATA),
                                       dict_boolean(import->description, "take_over", false), error);
        if (r < 0)
                return r;
        /* it is meant for the one who has it now, and kept until that is done */
        if (r == 0)
                (void) json_object_del(json_object_get(row, "spec"), "take_over");
        if (json_object_set_new(row, "state", json_string("attached")) < 0)
                return -ENOMEM;
        r = event_add(change, &actor, EVENT_NORMAL, "storage-domain-imported",
                      EVENT_OBJECTS(dict_string(change->outcome, "object", NULL)), "The storage domain %s was imported",
                      dict_string(import->description, "name", ""));
        if (r < 0)
                return r;
        return pending_commit(&import->request, change, ret_outcome, error);
}

static int on_imported(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        Import *import = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(message);
        _cleanup_error_ sd_bus_error named = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *properties = NULL, *outcome = NULL;
        Object *domain;
        int r;

        if (error)
                r = bus_error_forward(&named, error, "Cannot read what the storage domain is");
        else
                r = dict_read(message, &properties, &named);
        if (r >= 0)
                r = import_commit(import, properties, &outcome, &named);
        if (r < 0) {
                import_undo(import);
                pending_fail(&import->request, r, &named);
                import_free(import);
                return 0;
        }

        domain = model_find(import->request.manager->model, KIND_STORAGE_DOMAIN, import->domain_id);
        if (domain) {
                static const char *const pairs[][2] = { { "State", "state" },
                                                        { "TotalBytes", "total_bytes" },
                                                        { "FreeBytes", "free_bytes" },
                                                        { "FormatVersion", "format_version" },
                                                        { "Class", "class" },
                                                        { "Path", "path" },
                                                        { "DataCenters", "data_centers" } };

                for (size_t i = 0; i < ELEMENTSOF(pairs); i++)
                        (void) object_set_fact(domain, pairs[i][1], json_incref(json_object_get(properties, pairs[i][0])));
                object_bus_changed(import->request.manager, domain);
                /* what Storage told of its lockspace before there was this object is told again */
                backend_relist(import->request.manager->backends[BACKEND_STORAGE]);
                domain_keep_begin(import->request.manager, domain, import->request.uid);
        }
        pending_answer(&import->request, outcome);
        import_free(import);
        return 0;
}

static int on_opened(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        Import *import = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(message);
        Backend *storage = import->request.manager->backends[BACKEND_STORAGE];
        _cleanup_error_ sd_bus_error named = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *call = NULL;
        _cleanup_free_ char *id = NULL, *below = NULL;
        const char *path = NULL;
        int r;

        import->slot = sd_bus_slot_unref(import->slot);
        r = error ? bus_error_forward(&named, error, "Cannot open the storage domain")
                  : sd_bus_message_read(message, "o", &path);
        if (r >= 0)
                r = bus_object_id(path, "/org/rhv/Storage/domain", &id);
        if (r >= 0) {
                (void) snprintf(import->domain_id, sizeof import->domain_id, "%s", id ?: "");
                below = bus_object_path("/domain", import->domain_id);
                r = below ? backend_properties(storage, below, "Storage.Domain", &call) : -ENOMEM;
        }
        if (r >= 0)
                r = backend_send(storage, call, on_imported, import, &import->slot);
        if (r < 0) {
                pending_fail(&import->request, r, &named);
                import_free(import);
        }
        return 0;
}

/* What can be refused before the domain is opened. Its id is not known yet, nor its name where none was given. */
static int import_check(const Request *request, const json_t *description, sd_bus_error *error) {
        _cleanup_(change_freep) Change *change = change_new();
        _cleanup_json_ json_t *copy = json_copy((json_t *)description);
        Actor actor;
        Plan plan = request_plan(request, &actor);

        if (!change || !copy)
                return -ENOMEM;
        (void) json_object_del(copy, "id");
        return plan_create_storage_domain(&plan, copy, change, error);
}

static int method_import_storage_domain(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Manager *manager = userdata;
        Backend *storage = manager->backends[BACKEND_STORAGE];
        _cleanup_request_ Request request = { NULL };
        _cleanup_json_ json_t *description = NULL;
        _cleanup_json_ json_t *connection = NULL;
        _cleanup_free_ char *place = NULL;
        _cleanup_(import_freep) Import *import = NULL;
        _cleanup_message_ sd_bus_message *call = NULL;
        int r;

        r = dict_read_checked(message, storage_domain_import_fields, "storage domain", &description, error);
        if (r < 0)
                return r;
        connection = domain_connection(description);
        place = domain_connection_place(description);
        if (!connection || !place)
                return -ENOMEM;
        r = request_read(&request, manager, message, description, options_common, error);
        if (r < 0)
                return r;
        r = store_check_writable(manager->store, error);
        if (r >= 0 && !request.replay)
                r = import_check(&request, description, error);
        if (r >= 0 && !request.replay)
                r = backend_check(storage, error);
        if (r < 0)
                return r;
        r = request_authorise(&request, ACTION_CONFIGURE, "import", NULL, place, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        if (request.replay)
                return request_reply(&request, "o");

        import = calloc(1, sizeof *import);
        if (!import)
                return -ENOMEM;
        pending_keep(&import->request, &request);
        import->description = json_incref(description);
        r = backend_message(storage, "", "Storage", "OpenDomain", &call);
        if (r >= 0)
                r = dict_append(call, connection);
        if (r >= 0)
                r = sd_bus_message_append(call, "a{sv}", 0);
        if (r >= 0)
                r = backend_send(storage, call, on_opened, import, &import->slot);
        if (r >= 0)
                r = pending_park(&import->request, message);
        if (r < 0)
                return r;
        (void) TAKE_PTR(import);
        return 1;
}

/* ---- events ---- */

static const char *const severities[] = { "normal", "warning", "error", "alert", NULL };
static const DictField list_events_fields[] = {
        { "after", DICT_INTEGER, .min = 0, .max = INT64_MAX },
        { "limit", DICT_INTEGER, .min = 1, .max = EVENTS_LIMIT_MAX },
        { "severity", DICT_STRING, .words = severities },
        { NULL },
};

static int method_list_events(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Manager *manager = userdata;
        _cleanup_json_ json_t *options = NULL, *events = NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        int r;

        r = dict_read_checked(message, list_events_fields, "options", &options, error);
        if (r < 0)
                return r;
        if (store_state(manager->store) == STORE_FAILED)
                return store_check_writable(manager->store, error);
        r = store_events(manager->store, (uint64_t)dict_integer(options, "after", 0),
                         (unsigned)dict_integer(options, "limit", EVENTS_LIMIT_DEFAULT),
                         dict_string(options, "severity", NULL), &events);
        if (r < 0)
                return r;

        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = dict_append_array(reply, events);
        if (r < 0)
                return r;
        return sd_bus_send(NULL, reply, NULL);
}

const sd_bus_vtable root_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", property_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Features", "as", property_features, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Backends", "a(sss)", property_backends, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("LocalHost", "s", property_host, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_METHOD_WITH_ARGS("CreateDataCenter", SD_BUS_ARGS("a{sv}", description, "a{sv}", options),
                                SD_BUS_RESULT("o", data_center), method_create_data_center, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("CreateCluster", SD_BUS_ARGS("a{sv}", description, "a{sv}", options),
                                SD_BUS_RESULT("o", cluster), method_create_cluster, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("CreateNetwork", SD_BUS_ARGS("a{sv}", description, "a{sv}", options),
                                SD_BUS_RESULT("o", network), method_create_network, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("CreateVnicProfile", SD_BUS_ARGS("a{sv}", description, "a{sv}", options),
                                SD_BUS_RESULT("o", profile), method_create_vnic_profile, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("CreateMacPool", SD_BUS_ARGS("a{sv}", description, "a{sv}", options),
                                SD_BUS_RESULT("o", mac_pool), method_create_mac_pool, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("CreateStorageDomain", SD_BUS_ARGS("a{sv}", description, "a{sv}", options),
                                SD_BUS_RESULT("o", domain, "o", job), method_create_storage_domain,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ImportStorageDomain", SD_BUS_ARGS("a{sv}", description, "a{sv}", options),
                                SD_BUS_RESULT("o", domain), method_import_storage_domain, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("CreateDisk", SD_BUS_ARGS("a{sv}", description, "a{sv}", options),
                                SD_BUS_RESULT("o", disk, "o", job), method_create_disk, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("CreateVm", SD_BUS_ARGS("a{sv}", description, "a{sv}", options),
                                SD_BUS_RESULT("o", vm), method_create_vm, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListEvents", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("aa{sv}", events),
                                method_list_events, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("CreateJoinToken", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("s", token, "t", expires),
                                method_create_join_token, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Join", SD_BUS_ARGS("s", token, "a{sv}", options), SD_BUS_RESULT("o", peer), method_join,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("EventAdded", SD_BUS_ARGS("a{sv}", event), 0),
        SD_BUS_VTABLE_END,
};
