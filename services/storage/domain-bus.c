/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The D-Bus face of a storage domain: its properties, Close and Destroy, the vtable, and what handlers that start a
 * job share.
 */

#include "attach-bus.h"
#include "bus-error.h"
#include "device-bus.h"
#include "domain-bus.h"
#include "domain-lockspace.h"
#include "manager.h"
#include "ovf-bus.h"
#include "request.h"
#include "upgrade-bus.h"

/* ---- properties ---- */

static int get_id(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                  void *userdata, sd_bus_error *error) {
        const Domain *domain = userdata;

        return sd_bus_message_append(reply, "s", domain->place.id);
}

static int get_name(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                    void *userdata, sd_bus_error *error) {
        const Domain *domain = userdata;

        return sd_bus_message_append(reply, "s", domain->name);
}

static int get_type(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                    void *userdata, sd_bus_error *error) {
        const Domain *domain = userdata;

        return sd_bus_message_append(reply, "s", domain->place.type->name);
}

static int get_class(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                     void *userdata, sd_bus_error *error) {
        const Domain *domain = userdata;

        return sd_bus_message_append(reply, "s", domain->class_word);
}

static int get_data_centers(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Domain *domain = userdata;
        _cleanup_free_ char *list = strdup(domain->data_centers);
        char *rest = list, *id;
        int r;

        if (!list)
                return -ENOMEM;
        r = sd_bus_message_open_container(reply, 'a', "s");
        while (r >= 0 && (id = strsep(&rest, ",")))
                if (*id)
                        r = sd_bus_message_append(reply, "s", id);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Domain *domain = userdata;

        return sd_bus_message_append(reply, "u", domain->place.version);
}

static int get_path(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                    void *userdata, sd_bus_error *error) {
        const Domain *domain = userdata;

        return sd_bus_message_append(reply, "s", domain->place.path);
}

static int get_state(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                     void *userdata, sd_bus_error *error) {
        const Domain *domain = userdata;

        return sd_bus_message_append(reply, "s", domain_state_to_string(domain->state));
}

static int get_reason(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Domain *domain = userdata;

        return sd_bus_message_append(reply, "s", domain->reason);
}

static int get_total(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                     void *userdata, sd_bus_error *error) {
        const Domain *domain = userdata;

        return sd_bus_message_append(reply, "t", domain->space.total_bytes);
}

static int get_free(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                    void *userdata, sd_bus_error *error) {
        const Domain *domain = userdata;

        return sd_bus_message_append(reply, "t", domain->space.free_bytes);
}

/* ---- close and destroy ---- */

/* Nothing of this domain may be in use. */
static int check_unused(const Domain *domain, sd_bus_error *error) {
        if (domain->lockspace && domain->lockspace->host_id != 0) {
                sd_bus_error_setf(error, RHV_ERROR_IN_USE, "This host has host id %u in the lockspace of domain %s; leave it first",
                                  domain->lockspace->host_id, domain->place.id);
                return -EBUSY;
        }
        if (image_users_any(domain->users)) {
                sd_bus_error_setf(error, RHV_ERROR_IN_USE, "Images of storage domain %s are in use", domain->place.id);
                return -EBUSY;
        }
        if (image_lock_any(domain->manager->locks, domain->place.id)) {
                sd_bus_error_setf(error, RHV_ERROR_BUSY, "A job works on an image of storage domain %s",
                                  domain->place.id);
                return -EBUSY;
        }
        return 0;
}

static void on_gone(Task *task, Io *io, int r, const sd_bus_error *error) {
        Domain *domain = task_domain(task);

        if (r < 0) {
                if (domain)
                        domain_look(domain);
                task_fail(task, r, error);
                return;
        }
        if (domain) {
                domain_forget(domain);
                domain_free(domain);
        }
        task->operation = operation_reply(task->operation, NULL);
        task_free(task);
}

/* The domain's object goes when the piece has ended well; until then no call gets through. */
static int go_later(Domain *domain, sd_bus_message *message, const char *name, int (*run)(Io *), sd_bus_error *error) {
        Task *task = task_new(domain->manager, domain, message);
        Io *io = io_new(name, run, &domain->place);
        int r;

        if (!task || !io) {
                if (io)
                        io_free(io);
                task_free(task);
                return -ENOMEM;
        }
        domain_begin_removal(domain);
        r = task_run(task, io, domain->lane, DOMAIN_LONG_IO_USEC, on_gone, error);
        if (r < 0) {
                domain_look(domain);
                task_fail(task, r, error);
        }
        return 1;
}

static int domain_method_close(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Domain *domain = userdata;
        int r;

        r = dict_read_empty(message, error);
        if (r >= 0)
                r = check_unused(domain, error);
        if (r < 0)
                return r;
        r = auth_check(domain->manager->auth, message, ACTION_CONFIGURE,
                       AUTH_DETAILS("verb", "close", "domain", domain->place.id, "name", domain->name), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        ovf_cancel(domain);
        if (domain->place.what || (domain->place.type->layout->close && domain->state == DOMAIN_ACTIVE))
                return go_later(domain, message, "close a domain", io_close_domain, error);
        domain_forget(domain);
        domain_free(domain);
        return sd_bus_reply_method_return(message, NULL);
}

static int domain_method_destroy(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Domain *domain = userdata;
        int r;

        r = dict_read_empty(message, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = check_unused(domain, error);
        if (r >= 0 && domain->place.type->shared) {
                sd_bus_error_set(error, RHV_ERROR_NOT_SUPPORTED,
                                 "A shared domain is not removed by the service: other hosts may use it");
                r = -EOPNOTSUPP;
        }
        if (r < 0)
                return r;
        r = auth_check(domain->manager->auth, message, ACTION_DESTROY,
                       AUTH_DETAILS("verb", "destroy-domain", "domain", domain->place.id, "name", domain->name),
                       error);
        if (r <= 0)
                return r < 0 ? r : 1;
        ovf_cancel(domain);
        return go_later(domain, message, "destroy a domain", io_destroy_domain, error);
}

/* ---- jobs ---- */

int domain_job_find(Domain *domain, sd_bus_message *message, const char *kind, const json_t *options,
                    const json_t *arguments, Job **ret, sd_bus_error *error) {
        const char *id = dict_string(options, "job_id", NULL);
        JobSpec spec = {.id = id, .kind = kind, .uid = (uid_t)-1, .arguments = arguments};
        int r;

        if (!id || !job_find(domain->manager->jobs, id))
                return 0;
        (void) message_get_uid(message, &spec.uid);
        r = job_new(domain->manager->jobs, &spec, ret, error);
        return r < 0 ? r : 1;
}

int domain_job_make(Domain *domain, sd_bus_message *message, const char *kind, const json_t *options, const json_t *arguments, Job **ret,
                    sd_bus_error *error) {
        const char *const objects[] = {domain->object_path, NULL};
        JobSpec spec = {
                        .id = dict_string(options, "job_id", NULL),
                        .kind = kind,
                        .objects = objects,
                        .uid = (uid_t)-1,
                        .arguments = arguments,
        };

        (void) message_get_uid(message, &spec.uid);
        return job_new(domain->manager->jobs, &spec, ret, error);
}

int domain_job_new(Domain *domain, sd_bus_message *message, const char *kind, const char *image, const json_t *options,
                   const json_t *arguments, Job **ret, sd_bus_error *error) {
        int r;

        r = image_lock_check(domain->manager->locks, domain->place.id, image, error);
        if (r >= 0)
                r = domain_job_make(domain, message, kind, options, arguments, ret, error);
        if (r < 0)
                return r;
        return image_lock_take(&domain->manager->locks, domain->place.id, image, job_id(*ret), error);
}

int domain_job_reply(Domain *domain, sd_bus_message *message, Job *job, const char *image, int r,
                     sd_bus_error *error) {
        if (r < 0) {
                image_lock_release(&domain->manager->locks, domain->place.id, image, job_id(job));
                job_finish(job, r, error, NULL);
                sd_bus_error_free(error);
        }
        return sd_bus_reply_method_return(message, "o", job_path(job));
}

/* ---- vtable ---- */

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define CONST SD_BUS_VTABLE_PROPERTY_CONST

static const sd_bus_vtable domain_vtable[] = {
                SD_BUS_VTABLE_START(0),
                SD_BUS_PROPERTY("Id", "s", get_id, 0, CONST),
                SD_BUS_PROPERTY("Name", "s", get_name, 0, CHANGES),
                SD_BUS_PROPERTY("Type", "s", get_type, 0, CONST),
                SD_BUS_PROPERTY("Class", "s", get_class, 0, CHANGES),
                SD_BUS_PROPERTY("DataCenters", "as", get_data_centers, 0, CHANGES),
                SD_BUS_PROPERTY("FormatVersion", "u", get_version, 0, CHANGES),
                SD_BUS_PROPERTY("Path", "s", get_path, 0, CHANGES),
                SD_BUS_PROPERTY("State", "s", get_state, 0, CHANGES),
                SD_BUS_PROPERTY("StateReason", "s", get_reason, 0, CHANGES),
                SD_BUS_PROPERTY("TotalBytes", "t", get_total, 0, CHANGES),
                SD_BUS_PROPERTY("FreeBytes", "t", get_free, 0, CHANGES),
                SD_BUS_METHOD_WITH_ARGS("ListImages", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("aa{sv}", images),
                                        volume_method_list_images, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("GetVolumes", SD_BUS_ARGS("s", image), SD_BUS_RESULT("aa{sv}", volumes),
                                        volume_method_get_volumes, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("CreateVolume",
                                        SD_BUS_ARGS("s", image, "s", volume, "a{sv}", description, "a{sv}", options),
                                        SD_BUS_RESULT("o", job), volume_method_create, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("DeleteImage", SD_BUS_ARGS("s", image, "a{sv}", options),
                                        SD_BUS_RESULT("o", job), volume_method_delete_image,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("DeleteVolume", SD_BUS_ARGS("s", image, "s", volume, "a{sv}", options),
                                        SD_BUS_RESULT("o", job), volume_method_delete, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("ExtendVolume", SD_BUS_ARGS("s", image, "s", volume, "t", capacity, "a{sv}", options),
                                        SD_BUS_RESULT("o", job), data_method_extend, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("CopyVolume", SD_BUS_ARGS("s", image, "s", volume, "a{sv}", target, "a{sv}", options),
                                        SD_BUS_RESULT("o", job), data_method_copy, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("MergeVolume", SD_BUS_ARGS("s", image, "s", volume, "a{sv}", options),
                                        SD_BUS_RESULT("o", job), data_method_merge, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("SparsifyVolume", SD_BUS_ARGS("s", image, "s", volume, "a{sv}", options),
                                        SD_BUS_RESULT("o", job), data_method_sparsify, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("ReduceVolume", SD_BUS_ARGS("s", image, "s", volume, "a{sv}", options),
                                        SD_BUS_RESULT("o", job), volume_method_reduce, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("MeasureVolume", SD_BUS_ARGS("s", image, "s", volume, "a{sv}", options),
                                        SD_BUS_RESULT("a{sv}", measured), data_method_measure, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("WriteOvfStore", SD_BUS_ARGS("a{sv}", definitions, "as", removed, "a{sv}", options),
                                        SD_BUS_RESULT("a{sv}", result), ovf_method_write, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("WriteDefinition", SD_BUS_ARGS("s", id, "a{sv}", definition, "a{sv}", options), SD_BUS_RESULT("o", job),
                                        definition_method_write, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("DeleteDefinition", SD_BUS_ARGS("s", id, "a{sv}", options), SD_BUS_RESULT("o", job),
                                        definition_method_delete, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("Upload", SD_BUS_ARGS("s", image, "s", volume, "h", source, "a{sv}", options),
                                        SD_BUS_RESULT("o", job), image_method_upload, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("Download", SD_BUS_ARGS("s", image, "s", volume, "h", sink, "a{sv}", options),
                                        SD_BUS_RESULT("o", job), image_method_download, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("ListFiles", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("aa{sv}", files), file_method_list,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("UploadFile", SD_BUS_ARGS("s", name, "h", source, "a{sv}", options), SD_BUS_RESULT("o", job),
                                        file_method_upload, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("DeleteFile", SD_BUS_ARGS("s", name, "a{sv}", options), SD_BUS_NO_RESULT, file_method_delete,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("PrepareFile", SD_BUS_ARGS("s", name, "a{sv}", options), SD_BUS_RESULT("a{sv}", prepared), file_method_prepare,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("PrepareImage", SD_BUS_ARGS("s", image, "s", volume, "a{sv}", options),
                                        SD_BUS_RESULT("a{sv}", prepared), image_method_prepare,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("TeardownImage", SD_BUS_ARGS("s", image, "a{sv}", options), SD_BUS_NO_RESULT,
                                        image_method_teardown, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("AddDevices", SD_BUS_ARGS("as", devices, "a{sv}", options), SD_BUS_RESULT("o", job),
                                        device_method_add, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("Attach", SD_BUS_ARGS("s", data_center, "a{sv}", options), SD_BUS_RESULT("o", job), attach_method_attach,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("Detach", SD_BUS_ARGS("s", data_center, "a{sv}", options), SD_BUS_RESULT("o", job), attach_method_detach,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("Upgrade", SD_BUS_ARGS("u", version, "a{sv}", options), SD_BUS_RESULT("o", job), upgrade_method,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("Close", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, domain_method_close,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("Destroy", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT,
                                        domain_method_destroy, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_VTABLE_END,
};

static int domain_object_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                              sd_bus_error *error) {
        _cleanup_free_ char *id = NULL;
        Manager *manager = userdata;
        Domain *domain;
        int r;

        r = bus_object_id(path, DOMAIN_PREFIX, &id);
        if (r <= 0)
                return r;
        domain = domain_find(manager, id);
        if (!domain || !streq(domain->object_path, path))
                return 0;
        *ret_found = domain;
        return 1;
}

/* Local domains have no lockspace. */
static int shared_object_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                              sd_bus_error *error) {
        void *found;
        int r;

        r = domain_object_find(bus, path, interface, userdata, &found, error);
        if (r <= 0 || !((const Domain *)found)->lockspace)
                return r < 0 ? r : 0;
        *ret_found = found;
        return 1;
}

static int domain_enumerate(sd_bus *bus, const char *path, void *userdata, char ***ret_nodes, sd_bus_error *error) {
        const Manager *manager = userdata;
        size_t n = 0;
        char **nodes;

        nodes = calloc(domain_count(manager) + 1, sizeof(*nodes));
        if (!nodes)
                return -ENOMEM;
        for (const Domain *domain = manager->domains; domain; domain = domain->hh.next) {
                nodes[n] = strdup(domain->object_path);
                if (nodes[n])
                        n++;
        }
        *ret_nodes = nodes;
        return 1;
}

extern const sd_bus_vtable storage_root_vtable[];
extern const sd_bus_vtable iscsi_vtable[], lockspace_vtable[];

const BusObject storage_bus_objects[] = {
                {STORAGE_ROOT, STORAGE_INTERFACE, storage_root_vtable, NULL, NULL},
                {STORAGE_ROOT, ISCSI_INTERFACE, iscsi_vtable, NULL, NULL},
                {DOMAIN_PREFIX, DOMAIN_INTERFACE, domain_vtable, domain_object_find, domain_enumerate},
                {DOMAIN_PREFIX, LOCKSPACE_INTERFACE, lockspace_vtable, shared_object_find, domain_enumerate},
                {},
};
