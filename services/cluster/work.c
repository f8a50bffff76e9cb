/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "work.h"

#include <stdio.h>

#include "bus-error.h"
#include "description.h"
#include "dict.h"
#include "domain-connection.h"
#include "domain-keep.h"
#include "domain-life.h"
#include "lease-keep.h"
#include "log.h"
#include "peer-guest.h"
#include "plan-cd.h"
#include "plan-snapshot.h"
#include "request.h"
#include "spec.h"
#include "steps.h"

/* ---- calls ---- */

int append_dicts(sd_bus_message *message, const json_t *dicts) {
        const char *key;
        json_t *value;
        int r;

        r = sd_bus_message_open_container(message, 'a', "{sa{sv}}");
        if (r < 0)
                return r;
        json_object_foreach((json_t *)dicts, key, value) {
                r = sd_bus_message_open_container(message, 'e', "sa{sv}");
                if (r >= 0)
                        r = sd_bus_message_append_basic(message, 's', key);
                if (r >= 0)
                        r = dict_append(message, value);
                if (r >= 0)
                        r = sd_bus_message_close_container(message);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(message);
}

/* Options with the job's own id, so that both sides find each other again. */
static int append_options(sd_bus_message *message, const Job *job, const json_t *more) {
        _cleanup_json_ json_t *options = more ? json_copy((json_t *)more) : json_object();

        if (!options || json_object_set_new(options, "job_id", json_string(job_id(job))) < 0)
                return -ENOMEM;
        return dict_append(message, options);
}

static void send_or_fail(Manager *manager, Job *job, sd_bus_message *message, int r) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        if (r >= 0) {
                remote_start(manager, job, message);
                return;
        }
        (void) sd_bus_error_set_errno(&error, r);
        remote_fail(manager, job, &error);
}

int work_domain_message(Manager *manager, const char *domain, const char *interface, const char *method, sd_bus_message **ret) {
        _cleanup_free_ char *path = bus_object_path("/domain", domain);

        return path ? backend_message(manager->backends[BACKEND_STORAGE], path, interface, method, ret) : -ENOMEM;
}

/* As append_options(), with the version of the lease of a shared domain. */
static int append_structural(sd_bus_message *message, const Job *job, const Object *domain, const json_t *more) {
        _cleanup_json_ json_t *options = more ? json_copy((json_t *)more) : json_object();

        if (!options || (storage_domain_is_leased(domain) && json_object_set_new(options, "lease", json_integer((json_int_t)storage_domain_lease(domain))) < 0))
                return -ENOMEM;
        return append_options(message, job, options);
}

/* Where the lease was lost since the call was accepted, the job says so. */
static void send_structural(Manager *manager, Job *job, const Object *domain, sd_bus_message *message, int r) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        if (r >= 0 && storage_domain_check_lease(domain, &error) < 0)
                remote_fail(manager, job, &error);
        else
                send_or_fail(manager, job, message, r);
}

void work_create_domain(Manager *manager, Job *job, const Object *domain) {
        _cleanup_json_ json_t *description = domain_connection(domain->spec);
        json_t *io_timeout = json_object_get(domain->spec, "io_timeout");
        _cleanup_message_ sd_bus_message *message = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = 0;

        if (!description || json_object_set_new(description, "name", json_string(domain->name)) < 0 ||
            json_object_set_new(description, "class", json_string(storage_domain_class(domain))) < 0 ||
            json_object_set_new(description, "data_center", json_string(domain->parent->id)) < 0 || (io_timeout && json_object_set(description, "io_timeout", io_timeout) < 0))
                r = -ENOMEM;
        if (r >= 0)
                r = backend_message(manager->backends[BACKEND_STORAGE], "", "Storage", "CreateDomain", &message);
        if (r >= 0)
                r = sd_bus_message_append(message, "s", domain->id);
        if (r >= 0)
                r = dict_append(message, description);
        if (r >= 0)
                r = sd_bus_message_append(message, "a{sv}", 0);
        if (r >= 0) {
                remote_call(manager, job, message);
                return;
        }
        (void) sd_bus_error_set_errno(&error, r);
        remote_fail(manager, job, &error);
}

void work_remove_domain(Manager *manager, Job *job, const Object *domain, bool destroy) {
        _cleanup_message_ sd_bus_message *message = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = work_domain_message(manager, domain->id, "Storage.Domain", destroy ? "Destroy" : "Close", &message);
        if (r >= 0)
                r = sd_bus_message_append(message, "a{sv}", 0);
        if (r >= 0) {
                remote_call(manager, job, message);
                return;
        }
        (void) sd_bus_error_set_errno(&error, r);
        remote_fail(manager, job, &error);
}

void work_create_volume(Manager *manager, Job *job, const Object *disk) {
        _cleanup_free_ char *description = disk_description(disk, disk->name);
        _cleanup_message_ sd_bus_message *message = NULL;
        int r;

        r = description ? work_domain_message(manager, disk->parent->id, "Storage.Domain", "CreateVolume", &message) : -ENOMEM;
        if (r >= 0)
                r = sd_bus_message_append(message, "ssa{sv}", dict_string(disk->spec, "image", ""),
                                          dict_string(disk->spec, "volume", ""), 5, "capacity", "t",
                                          (uint64_t)dict_integer(disk->spec, "capacity", 0), "format", "s",
                                          dict_string(disk->spec, "format", "raw"), "allocation", "s",
                                          dict_string(disk->spec, "allocation", "sparse"), "description", "s",
                                          description, "disk_type", "s", disk_is_iso(disk) ? DISK_TYPE_ISO : "DATA");
        if (r >= 0)
                r = append_structural(message, job, disk->parent, NULL);
        send_structural(manager, job, disk->parent, message, r);
}

void work_delete_image(Manager *manager, Job *job, const Object *disk) {
        _cleanup_json_ json_t *disposal = plan_disposal(disk->spec);
        _cleanup_message_ sd_bus_message *message = NULL;
        int r;

        r = work_domain_message(manager, disk->parent->id, "Storage.Domain", "DeleteImage", &message);
        if (r >= 0)
                r = sd_bus_message_append(message, "s", dict_string(disk->spec, "image", ""));
        if (r >= 0)
                r = disposal ? append_structural(message, job, disk->parent, disposal) : -ENOMEM;
        send_structural(manager, job, disk->parent, message, r);
}

void work_transfer(Manager *manager, Job *job, const Object *disk, bool upload, int fd, uint64_t size_bytes) {
        _cleanup_json_ json_t *more = size_bytes > 0 ? json_pack("{s:I}", "size", (json_int_t)size_bytes)
                                                     : json_object();
        _cleanup_message_ sd_bus_message *message = NULL;
        int r;

        r = work_domain_message(manager, disk->parent->id, "Storage.Domain", upload ? "Upload" : "Download", &message);
        if (r >= 0)
                r = sd_bus_message_append(message, "ssh", dict_string(disk->spec, "image", ""),
                                          dict_string(disk->spec, "volume", ""), fd);
        if (r >= 0)
                r = append_options(message, job, more);
        send_or_fail(manager, job, message, r);
}

static void start_vm(Manager *manager, Job *job, const Object *vm, bool paused) {
        _cleanup_json_ json_t *description = vm_description(manager->model, vm, manager->host_networks, json_object_get(manager->capabilities, "network_filters")),
                              *more = json_pack("{s:b}", "paused", paused);
        _cleanup_message_ sd_bus_message *message = NULL;
        int r;

        r = description && more ? backend_message(manager->backends[BACKEND_COMPUTE], "", "Compute", "CreateVm", &message)
                                : -ENOMEM;
        if (r >= 0)
                r = sd_bus_message_append(message, "s", vm->id);
        if (r >= 0)
                r = dict_append(message, description);
        if (r >= 0)
                r = append_options(message, job, more);
        send_or_fail(manager, job, message, r);
}

void work_start_vm(Manager *manager, Job *job, const Object *vm, bool paused) {
        if (lease_keep_has(manager, vm))
                start_vm(manager, job, vm, paused);
        else
                lease_keep_await(manager, job, vm, paused);
}

void work_vm(Manager *manager, Job *job, const Object *vm, const char *method, const json_t *options) {
        _cleanup_free_ char *path = bus_object_path("/vm", vm->id);
        _cleanup_message_ sd_bus_message *message = NULL;
        int r;

        r = path ? backend_message(manager->backends[BACKEND_COMPUTE], path, "Compute.Vm", method, &message) : -ENOMEM;
        if (r >= 0)
                r = append_options(message, job, options);
        send_or_fail(manager, job, message, r);
}

void work_networks(Manager *manager, Job *job, const json_t *networks, const json_t *bonds, const json_t *options) {
        _cleanup_message_ sd_bus_message *message = NULL;
        int r;

        r = backend_message(manager->backends[BACKEND_NETWORK], "", "Network", "SetupNetworks", &message);
        if (r >= 0)
                r = append_dicts(message, networks);
        if (r >= 0)
                r = append_dicts(message, bonds);
        if (r >= 0)
                r = append_options(message, job, options);
        send_or_fail(manager, job, message, r);
}

void work_virtual_network(Manager *manager, Job *job) {
        bool attach = streq(job_kind(job), "attach-virtual-network");
        const char *name = dict_string(job_arguments(job), "network", "");
        _cleanup_free_ char *path = attach ? strdup("") : bus_object_path("/network", name);
        _cleanup_message_ sd_bus_message *message = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = -ENOMEM;

        if (path)
                r = backend_message(manager->backends[BACKEND_COMPUTE], path, attach ? "Compute" : "Compute.Network", attach ? "SetupNetwork" : "Remove",
                                    &message);
        if (r >= 0 && attach)
                r = sd_bus_message_append(message, "s", name);
        if (r >= 0 && attach)
                r = dict_append(message, json_object_get(job_arguments(job), "description"));
        if (r >= 0)
                r = sd_bus_message_append(message, "a{sv}", 0);
        if (r >= 0) {
                remote_call(manager, job, message);
                return;
        }
        (void) sd_bus_error_set_errno(&error, r);
        remote_fail(manager, job, &error);
}

/* ---- ends ---- */

static Object *work_object(Manager *manager, const Job *job, ObjectKind kind) {
        return model_find(manager->model, kind, dict_string(job_arguments(job), "id", ""));
}

const Actor *job_actor(const Job *job, JobActor *buffer) {
        user_name(job_uid(job), buffer->user, sizeof buffer->user);
        (void) snprintf(buffer->correlation, sizeof buffer->correlation, "%s",
                        dict_string(job_arguments(job), "request", job_id(job)));
        buffer->actor = (Actor){ .uid = job_uid(job), .user = buffer->user, .correlation = buffer->correlation };
        if (dict_boolean(job_arguments(job), "autostart", false))
                buffer->actor.user = "";
        return &buffer->actor;
}

static const char *reason_of(int r, const sd_bus_error *error) {
        return error && error->message ? error->message : strerror(r < 0 ? -r : EIO);
}

/* Nobody can tell whether it was done. */
static bool is_interrupted(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, RHV_ERROR_INTERRUPTED);
}

/* It was not done, because somebody it needs is not there yet. */
static bool is_unavailable(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, RHV_ERROR_BACKEND_UNAVAILABLE);
}

/* The change is on disk before the job says so; when it cannot be, the job says that. */
void work_finish(Manager *manager, Job *job, Change *change, int r, const sd_bus_error *error, const json_t *result) {
        _cleanup_error_ sd_bus_error store_error = SD_BUS_ERROR_NULL;
        int k = 0;

        if (change && !change_is_empty(change))
                k = store_commit(manager->store, NULL, NULL, change, NULL, &store_error);
        bus_changes_flush(manager->daemon->changes);
        if (k < 0)
                manager_settle_later(manager);
        if (r >= 0 && k < 0)
                job_finish(job, k, &store_error, NULL);
        else
                job_finish(job, r, error, result ? json_copy((json_t *)result) : NULL);
}

/*
 * The process before this one may have died between the two steps at either end of a job: the job is on disk and the request was not
 * committed, or its outcome was committed and the job does not say so. Where the store tells, nothing is written and no event is told.
 */
static void already_done(Manager *manager, Job *job, const json_t *result) {
        work_finish(manager, job, NULL, 0, NULL, result);
}

static void domain_created(Manager *manager, Job *job, int r, const sd_bus_error *error, const json_t *result) {
        _cleanup_(change_freep) Change *change = change_new();
        Object *domain = work_object(manager, job, KIND_STORAGE_DOMAIN);
        JobActor actor;

        if (domain && streq(domain->state, "attached")) {
                already_done(manager, job, result);
                return;
        }
        /* the call may have worked although its answer was lost */
        if (r < 0 && domain && is_interrupted(error) && streq(dict_string(domain->facts, "state", ""), "active"))
                r = 0;
        if (change && domain && r >= 0) {
                (void) plan_set_state(domain, "attached", NULL, change);
                (void) event_add(change, job_actor(job, &actor), EVENT_NORMAL, "storage-domain-created",
                                 EVENT_OBJECTS(domain->path), "The storage domain %s was created", domain->name);
        } else if (change && domain) {
                (void) change_delete(change, "storage_domain", json_pack("{s:s}", "id", domain->id));
                (void) event_add(change, job_actor(job, &actor), EVENT_ERROR, "storage-domain-create-failed",
                                 EVENT_OBJECTS(domain->path), "The storage domain %s could not be created: %s",
                                 domain->name, reason_of(r, error));
        }
        work_finish(manager, job, change, r, error, result);
        domain = work_object(manager, job, KIND_STORAGE_DOMAIN);
        if (domain)
                domain_keep_begin(manager, domain, job_uid(job));
}

static void domain_removed(Manager *manager, Job *job, int r, const sd_bus_error *error, const json_t *result) {
        _cleanup_(change_freep) Change *change = change_new();
        Object *domain = work_object(manager, job, KIND_STORAGE_DOMAIN);
        JobActor actor;

        if (!domain) {
                already_done(manager, job, result);
                return;
        }
        /* gone is gone, whoever removed it; but what Storage has not told yet is not gone */
        if (r < 0 && domain &&
            (sd_bus_error_has_name(error, RHV_ERROR_NOT_FOUND) ||
             (is_interrupted(error) && backend_state(manager->backends[BACKEND_STORAGE]) == BACKEND_READY &&
              !json_object_get(domain->facts, "state"))))
                r = 0;
        if (change && domain && r >= 0) {
                (void) plan_forget_domain(manager->model, domain, change);
                (void) event_add(change, job_actor(job, &actor), EVENT_NORMAL, "storage-domain-removed",
                                 EVENT_OBJECTS(domain->path), "The storage domain %s was removed", domain->name);
        } else if (change && domain) {
                (void) plan_set_state(domain, "attached", NULL, change);
                (void) event_add(change, job_actor(job, &actor), EVENT_ERROR, "storage-domain-remove-failed",
                                 EVENT_OBJECTS(domain->path), "The storage domain %s could not be removed: %s",
                                 domain->name, reason_of(r, error));
        }
        work_finish(manager, job, change, r, error, result);
}

static void disk_created(Manager *manager, Job *job, int r, const sd_bus_error *error, const json_t *result) {
        _cleanup_(change_freep) Change *change = change_new();
        Object *disk = work_object(manager, job, KIND_DISK);
        JobActor actor;

        if (disk && streq(disk->state, "ok")) {
                already_done(manager, job, result);
                return;
        }
        if (change && disk && r >= 0) {
                (void) plan_set_state(disk, "ok", NULL, change);
                (void) event_add(change, job_actor(job, &actor), EVENT_NORMAL, "disk-created",
                                 EVENT_OBJECTS(disk->path, disk->parent->path), "The disk %s was created on %s",
                                 disk->name, disk->parent->name);
        } else if (change && disk) {
                /* what is certain not to be there is forgotten; what may be there stays, to be removed */
                if (is_interrupted(error))
                        (void) plan_set_state(disk, "illegal", "it is not known whether its volume was made", change);
                else
                        (void) change_delete(change, "disk", json_pack("{s:s}", "id", disk->id));
                (void) event_add(change, job_actor(job, &actor), EVENT_ERROR, "disk-create-failed",
                                 EVENT_OBJECTS(disk->path, disk->parent->path), "The disk %s could not be created: %s",
                                 disk->name, reason_of(r, error));
        }
        work_finish(manager, job, change, r, error, result);
}

static void disk_uploaded(Manager *manager, Job *job, int r, const sd_bus_error *error, const json_t *result) {
        _cleanup_(change_freep) Change *change = change_new();
        Object *disk = work_object(manager, job, KIND_DISK);
        JobActor actor;

        if (disk && !streq(disk->state, "locked")) {
                work_finish(manager, job, NULL, r, error, result);
                return;
        }
        if (change && disk && r >= 0) {
                (void) plan_set_state(disk, "ok", NULL, change);
                (void) event_add(change, job_actor(job, &actor), EVENT_NORMAL, "disk-uploaded",
                                 EVENT_OBJECTS(disk->path), "The disk %s was uploaded", disk->name);
        } else if (change && disk) {
                (void) plan_set_state(disk, "illegal", "its upload did not complete", change);
                (void) event_add(change, job_actor(job, &actor), EVENT_ERROR, "disk-upload-failed",
                                 EVENT_OBJECTS(disk->path), "The upload of the disk %s failed: %s", disk->name,
                                 reason_of(r, error));
        }
        work_finish(manager, job, change, r, error, result);
}

static void disk_downloaded(Manager *manager, Job *job, int r, const sd_bus_error *error, const json_t *result) {
        _cleanup_(change_freep) Change *change = change_new();
        Object *disk = work_object(manager, job, KIND_DISK);
        JobActor actor;

        if (change && disk)
                (void) event_add(change, job_actor(job, &actor), r >= 0 ? EVENT_NORMAL : EVENT_WARNING,
                                 r >= 0 ? "disk-downloaded" : "disk-download-failed", EVENT_OBJECTS(disk->path),
                                 r >= 0 ? "The disk %s was downloaded%s%s" : "The download of the disk %s failed: %s%s",
                                 disk->name, r >= 0 ? "" : reason_of(r, error), "");
        work_finish(manager, job, change, r, error, result);
}

static void disk_removed(Manager *manager, Job *job, int r, const sd_bus_error *error, const json_t *result) {
        _cleanup_(change_freep) Change *change = change_new();
        Object *disk = work_object(manager, job, KIND_DISK);
        JobActor actor;

        if (!disk) {
                already_done(manager, job, result);
                return;
        }
        if (!streq(disk->state, "locked")) {
                work_finish(manager, job, NULL, r, error, result);
                return;
        }
        if (r < 0 && sd_bus_error_has_name(error, RHV_ERROR_NOT_FOUND))
                r = 0;
        if (change && disk && r >= 0) {
                (void) change_delete(change, "disk", json_pack("{s:s}", "id", disk->id));
                (void) event_add(change, job_actor(job, &actor), EVENT_NORMAL, "disk-removed",
                                 EVENT_OBJECTS(disk->path), "The disk %s was removed", disk->name);
        } else if (change && disk) {
                /* one that somebody uses is refused before anything is done: a guest may have an ISO image in its drive that no VM names */
                if (sd_bus_error_has_name(error, RHV_ERROR_IN_USE) && dict_boolean(job_arguments(job), "usable", false))
                        (void) plan_set_state(disk, "ok", NULL, change);
                else
                        (void) plan_set_state(disk, "illegal", "its removal did not complete", change);
                (void) event_add(change, job_actor(job, &actor), EVENT_ERROR, "disk-remove-failed",
                                 EVENT_OBJECTS(disk->path), "The disk %s could not be removed: %s", disk->name,
                                 reason_of(r, error));
        }
        work_finish(manager, job, change, r, error, result);
}

static void vm_started(Manager *manager, Job *job, int r, const sd_bus_error *error, const json_t *result) {
        _cleanup_(change_freep) Change *change = change_new();
        Object *vm = work_object(manager, job, KIND_VM), *host = manager_host(manager);
        JobActor actor;

        if (r < 0 && vm && is_interrupted(error) && !vm_is_down(vm))
                r = 0;
        if (change && vm && r >= 0) {
                (void) event_add(change, job_actor(job, &actor), EVENT_NORMAL, "vm-started",
                                 EVENT_OBJECTS(vm->path, host ? host->path : NULL), "The VM %s was started on %s",
                                 vm->name, host ? host->name : "this host");
        } else if (change && vm) {
                /* an autostart that was cut off before it began is begun again */
                if ((is_interrupted(error) || is_unavailable(error)) &&
                    dict_boolean(job_arguments(job), "autostart", false)) {
                        (void) change_delete(change, "vm_run", json_pack("{s:s}", "vm", vm->id));
                        manager->autostart_done = false;
                }
                (void) event_add(change, job_actor(job, &actor), EVENT_ERROR, "vm-start-failed", EVENT_OBJECTS(vm->path),
                                 "The VM %s could not be started: %s", vm->name, reason_of(r, error));
        }
        work_finish(manager, job, change, r, error, result);
}

static void vm_worked(Manager *manager, Job *job, int r, const sd_bus_error *error, const json_t *result) {
        _cleanup_(change_freep) Change *change = change_new();
        Object *vm = work_object(manager, job, KIND_VM);
        const char *kind = job_kind(job);
        char code[64];
        JobActor actor;

        /* a guest that is gone is off */
        if (r < 0 && vm && !streq(kind, "reboot") && vm_is_down(vm))
                r = 0;
        if (change && vm) {
                (void) snprintf(code, sizeof code, "vm-%s%s", kind, r >= 0 ? "" : "-failed");
                (void) event_add(change, job_actor(job, &actor), r >= 0 ? EVENT_NORMAL : EVENT_WARNING, code,
                                 EVENT_OBJECTS(vm->path), "The %s of the VM %s %s%s", kind, vm->name,
                                 r >= 0 ? "is complete" : "failed: ", r >= 0 ? "" : reason_of(r, error));
        }
        work_finish(manager, job, change, r, error, result);
}

static void networks_set_up(Manager *manager, Job *job, int r, const sd_bus_error *error, const json_t *result) {
        _cleanup_(change_freep) Change *change = change_new();
        Object *host = work_object(manager, job, KIND_HOST);
        bool management = streq(job_kind(job), "management-network");
        JobActor actor;

        if (management) {
                manager->management_running = false;
                /* what could not be begun is tried again; what was tried and rolled back waits for a person */
                manager->management_failed = r < 0 && !is_interrupted(error) && !is_unavailable(error);
                if (r < 0 && !manager->management_failed) {
                        host_management_later(manager);
                        work_finish(manager, job, NULL, r, error, result);
                        return;
                }
                free(manager->management_error);
                manager->management_error = r < 0 ? strdup(reason_of(r, error)) : NULL;
        }
        if (change && host)
                (void) event_add(change, job_actor(job, &actor), r >= 0 ? EVENT_NORMAL : EVENT_ERROR,
                                 r >= 0 ? "networks-set-up" : "networks-set-up-failed", EVENT_OBJECTS(host->path),
                                 "Setting up the %s of the host %s %s%s", management ? "management network" : "networks",
                                 host->name, r >= 0 ? "is complete" : "failed: ",
                                 r >= 0 ? "" : reason_of(r, error));
        work_finish(manager, job, change, r, error, result);
}

static void virtual_network_worked(Manager *manager, Job *job, int r, const sd_bus_error *error, const json_t *result) {
        _cleanup_(change_freep) Change *change = change_new();
        Object *host = work_object(manager, job, KIND_HOST);
        bool attach = streq(job_kind(job), "attach-virtual-network");
        const char *name = dict_string(job_arguments(job), "network", "");
        JobActor actor;

        /* what is gone is detached, whoever did it */
        if (r < 0 && !attach && sd_bus_error_has_name(error, RHV_ERROR_NOT_FOUND))
                r = 0;
        if (change && host)
                (void) event_add(change, job_actor(job, &actor), r >= 0 ? EVENT_NORMAL : EVENT_ERROR,
                                 r >= 0 ? "networks-set-up" : "networks-set-up-failed", EVENT_OBJECTS(host->path), "%s the network %s %s the host %s %s%s",
                                 attach ? "Putting" : "Taking", name, attach ? "on" : "off", host->name, r >= 0 ? "is complete" : "failed: ",
                                 r >= 0 ? "" : reason_of(r, error));
        work_finish(manager, job, change, r, error, result);
}

static bool resume_virtual_network(Manager *manager, Job *job, const Object *host) {
        work_virtual_network(manager, job);
        return true;
}

static bool resume_create_domain(Manager *manager, Job *job, const Object *domain) {
        work_create_domain(manager, job, domain);
        return true;
}

static bool resume_remove_domain(Manager *manager, Job *job, const Object *domain) {
        if (!streq(domain->state, "removing"))
                return false;
        work_remove_domain(manager, job, domain, dict_boolean(job_arguments(job), "destroy", true));
        return true;
}

const RemoteKind remote_kinds[] = {
        { "create-storage-domain", BACKEND_STORAGE, domain_created, false, resume_create_domain },
        { "remove-storage-domain", BACKEND_STORAGE, domain_removed, false, resume_remove_domain },
        { "attach-storage-domain", BACKEND_STORAGE, steps_done, false, steps_resume },
        { "detach-storage-domain", BACKEND_STORAGE, steps_done, false, steps_resume },
        { "vm-lease", BACKEND_STORAGE, steps_done, false, steps_resume },
        { "create-disk", BACKEND_STORAGE, disk_created, true },
        { "remove-disk", BACKEND_STORAGE, disk_removed, false },
        { "upload", BACKEND_STORAGE, disk_uploaded, true },
        { "download", BACKEND_STORAGE, disk_downloaded, true },
        { "create-snapshot", BACKEND_STORAGE, steps_done, false, steps_resume },
        { "preview-snapshot", BACKEND_STORAGE, steps_done, false, steps_resume },
        { "commit-snapshot", BACKEND_STORAGE, steps_done, false, steps_resume },
        { "undo-snapshot", BACKEND_STORAGE, steps_done, false, steps_resume },
        { "remove-snapshot", BACKEND_STORAGE, steps_done, false, steps_resume },
        { "clone-vm", BACKEND_STORAGE, steps_done, true, steps_resume },
        { "create-template", BACKEND_STORAGE, steps_done, true, steps_resume },
        { "remove-template", BACKEND_STORAGE, steps_done, false, steps_resume },
        { "use-template", BACKEND_STORAGE, steps_done, true, steps_resume },
        { "import-vm", BACKEND_STORAGE, steps_done, true, steps_resume },
        { "import-template", BACKEND_STORAGE, steps_done, true, steps_resume },
        { "export-vm", BACKEND_STORAGE, steps_done, true, steps_resume },
        { "export-template", BACKEND_STORAGE, steps_done, true, steps_resume },
        { "remove-exported", BACKEND_STORAGE, steps_done, false, steps_resume },
        { "extend-disk", BACKEND_STORAGE, steps_done, false, steps_resume },
        { "sparsify-disk", BACKEND_STORAGE, steps_done, false, steps_resume },
        { "copy-disk", BACKEND_STORAGE, steps_done, true, steps_resume },
        { "move-disk", BACKEND_STORAGE, steps_done, true, steps_resume },
        { "start", BACKEND_COMPUTE, vm_started, true },
        { "shutdown", BACKEND_COMPUTE, vm_worked, true },
        { "reboot", BACKEND_COMPUTE, vm_worked, true },
        { "power-off", BACKEND_COMPUTE, vm_worked, false },
        { "migrate-vm", BACKEND_COMPUTE, peer_migrate_done, true },
        { "management-network", BACKEND_NETWORK, networks_set_up, true },
        { "setup-networks", BACKEND_NETWORK, networks_set_up, true },
        { "attach-virtual-network", BACKEND_COMPUTE, virtual_network_worked, false, resume_virtual_network },
        { "detach-virtual-network", BACKEND_COMPUTE, virtual_network_worked, false, resume_virtual_network },
        { NULL },
};
