/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "domain-lease.h"
#include "domain-lockspace.h"
#include "clock-util.h"
#include "log-ids.h"
#include "log.h"
#include "manager.h"
#include "state-file.h"
#include "volume-task.h"
#include "wipe-job.h"

#define DOMAIN_FILE_VERSION 1

static const char *const domain_state_table[_DOMAIN_STATE_MAX] = {
                [DOMAIN_OPENING] = "opening",
                [DOMAIN_ACTIVE] = "active",
                [DOMAIN_FAILED] = "failed",
};
DEFINE_STRING_TABLE(domain_state, DomainState, _DOMAIN_STATE_MAX)

Domain *domain_find(const Manager *manager, const char *id) {
        Domain *domain;

        HASH_FIND_STR(manager->domains, id, domain);
        return domain;
}

Domain *domain_find_path(const Manager *manager, const char *path) {
        for (Domain *domain = manager->domains; domain; domain = domain->hh.next)
                if (streq(domain->place.path, path))
                        return domain;
        return NULL;
}

size_t domain_count(const Manager *manager) {
        return HASH_COUNT(manager->domains);
}

/* ---- life ---- */

static char *users_path(const Manager *manager, const char *id) {
        char *path;

        return asprintf(&path, "%s/%s.json", manager->users_directory, id) < 0 ? NULL : path;
}

static Domain *domain_destroy(Domain *domain) {
        if (!domain)
                return NULL;
        safe_close(domain->lock_fd);
        domain_lease_free(domain->lease);
        domain_lockspace_free(domain->lockspace);
        image_users_free(domain->users);
        domain_place_clear(&domain->place);
        free(domain->object_path);
        free(domain->name);
        free(domain->data_centers);
        free(domain->class_word);
        free(domain->reason);
        free(domain->parked);
        free(domain);
        return NULL;
}
DEFINE_CLEANUP(Domain *, domain_destroy)

int domain_new(Manager *manager, const DomainPlace *place, const char *name, Domain **ret) {
        _cleanup_(domain_destroyp) Domain *domain = NULL;
        _cleanup_free_ char *path = users_path(manager, place->id);
        static uint64_t lanes = 1U << 16; /* below are lanes for paths */
        int r;

        domain = calloc(1, sizeof(*domain));
        if (!domain || !path)
                return -ENOMEM;
        domain->manager = manager;
        domain->lock_fd = -EBADF;
        domain->state = DOMAIN_OPENING;
        domain->pause_usec = DOMAIN_PAUSE_USEC;
        domain->lane = lanes++;
        domain->object_path = bus_object_path(DOMAIN_PREFIX, place->id);
        domain->name = strdup(name);
        domain->class_word = strdup(domain_class_to_string(place->class));
        domain->data_centers = strdup("");
        domain->reason = strdup("");
        if (!domain->object_path || !domain->name || !domain->class_word || !domain->data_centers || !domain->reason)
                return -ENOMEM;
        r = domain_place_copy(&domain->place, place);
        if (r >= 0)
                r = image_users_new(path, &domain->users);
        if (r >= 0 && domain_has_leases(place))
                r = domain_lockspace_new(domain, &domain->lockspace);
        if (r >= 0 && domain_has_leases(place))
                r = domain_lease_new(domain, &domain->lease);
        if (r < 0)
                return r;

        HASH_ADD_KEYPTR(hh, manager->domains, domain->place.id, strlen(domain->place.id), domain);
        r = sd_bus_emit_object_added(manager->bus, domain->object_path);
        if (r < 0)
                log_debug_errno(r, "Cannot announce domain %s", domain->place.id);
        bus_changed(manager->changes, STORAGE_ROOT, STORAGE_INTERFACE, "Backends");
        *ret = TAKE_PTR(domain);
        return 0;
}

/* Puts the calls that waited back into the queue: their handlers run again from the top. */
static void unpark(Domain *domain) {
        size_t n = domain->n_parked;
        sd_bus_message **parked = TAKE_PTR(domain->parked);

        domain->n_parked = 0;
        for (size_t i = 0; i < n; i++) {
                int r;

                r = sd_bus_message_rewind(parked[i], true);
                if (r >= 0)
                        r = sd_bus_enqueue_for_read(domain->manager->bus, parked[i]);
                if (r < 0)
                        (void) sd_bus_reply_method_errno(parked[i], r, NULL);
                sd_bus_message_unref(parked[i]);
        }
        free(parked);
}

Domain *domain_free(Domain *domain) {
        Manager *manager;

        if (!domain)
                return NULL;
        manager = domain->manager;
        unpark(domain);
        bus_changes_forget(manager->changes, domain->object_path);
        (void) sd_bus_emit_object_removed(manager->bus, domain->object_path);
        bus_changed(manager->changes, STORAGE_ROOT, STORAGE_INTERFACE, "Backends");
        HASH_DEL(manager->domains, domain);
        return domain_destroy(domain);
}

/* ---- state ---- */

static void changed(Domain *domain, const char *property) {
        bus_changed(domain->manager->changes, domain->object_path, DOMAIN_INTERFACE, property);
}

/* The only writer of state and reason. */
static void domain_set_state(Domain *domain, DomainState state, const char *reason) {
        bool same = domain->state == state && streq(domain->reason, reason);
        char *copy;

        if (same)
                return;
        copy = strdup(reason);
        if (copy) {
                free(domain->reason);
                domain->reason = copy;
        }
        if (domain->state != state)
                log_full(state == DOMAIN_FAILED ? LOG_WARNING : LOG_INFO,
                         state == DOMAIN_FAILED   ? MESSAGE_ID_DOMAIN_FAILED
                         : state == DOMAIN_ACTIVE ? MESSAGE_ID_DOMAIN_ACTIVE
                                                  : NULL,
                         LOG_FIELDS("RHV_DOMAIN", domain->place.id, "RHV_PATH", domain->place.path),
                         "Storage domain %s: %s -> %s%s%s", domain->place.id, domain_state_to_string(domain->state),
                         domain_state_to_string(state), *reason ? ": " : "", reason);
        domain->state = state;
        changed(domain, "State");
        changed(domain, "StateReason");
        bus_changed(domain->manager->changes, STORAGE_ROOT, STORAGE_INTERFACE, "Backends");
        if (state != DOMAIN_OPENING) {
                unpark(domain);
                transfer_domain_changed(domain->manager, domain);
        }
}

static void set_space(Domain *domain, const DomainSpace *space) {
        if (space->total_bytes != domain->space.total_bytes)
                changed(domain, "TotalBytes");
        if (space->free_bytes != domain->space.free_bytes)
                changed(domain, "FreeBytes");
        domain->space = *space;
}

void domain_set_version(Domain *domain, unsigned version) {
        if (domain->place.version == version)
                return;
        domain->place.version = version;
        changed(domain, "FormatVersion");
}

void domain_set_data_centers(Domain *domain, const char *list) {
        char *copy;

        if (streq(domain->data_centers, list))
                return;
        copy = strdup(list);
        if (!copy)
                return;
        free(domain->data_centers);
        domain->data_centers = copy;
        changed(domain, "DataCenters");
}

static void set_facts(Domain *domain, const DomainFacts *facts) {
        char *name = strdup(facts->name), *class_word = strdup(facts->class_word);

        if (!name || !class_word) {
                free(name);
                free(class_word);
                return;
        }
        if (!streq(name, domain->name))
                changed(domain, "Name");
        free(domain->name);
        free(domain->class_word);
        domain->name = name;
        domain->class_word = class_word;
        domain_set_version(domain, facts->version);
        domain_set_data_centers(domain, facts->data_centers ?: "");
        domain->place.block_size_bytes = facts->block_size_bytes;
        domain->place.alignment_bytes = facts->alignment_bytes;
        if (!domain->lockspace || domain->io_timeout_sec == facts->io_timeout_sec)
                return;
        domain->io_timeout_sec = facts->io_timeout_sec;
        bus_changed(domain->manager->changes, domain->object_path, LOCKSPACE_INTERFACE, "Times");
}

/* The process that clears away may be killed as well as the one whose left-overs they are. */
static void set_clean_again(Domain *domain, int r) {
        uint64_t pause_usec = domain->clean_pause_usec * 2;

        if (r >= 0) {
                domain->clean_usec = domain->clean_pause_usec = 0;
                return;
        }
        if (pause_usec == 0)
                pause_usec = DOMAIN_PAUSE_USEC;
        domain->clean_pause_usec = pause_usec < DOMAIN_PAUSE_MAX_USEC ? pause_usec : DOMAIN_PAUSE_MAX_USEC;
        domain->clean_usec = monotonic_usec() + domain->clean_pause_usec;
}

static void on_cleaned(Task *task, Io *io, int r, const sd_bus_error *error) {
        Domain *domain = task_domain(task);

        if (io && io->cleaned > 0)
                log_full(LOG_NOTICE, MESSAGE_ID_DOMAIN_CLEANED, LOG_FIELDS("RHV_DOMAIN", task->domain),
                         "Storage domain %s: %u left-overs of interrupted work were cleared away", task->domain,
                         io->cleaned);
        if (r < 0)
                log_warning("Storage domain %s: %s", task->domain, error->message);
        if (domain) {
                set_clean_again(domain, r);
                wipe_job_look(domain);
        }
        task_free(task);
}

void domain_clean(Domain *domain) {
        Io *io = io_new("clean a domain", io_clean_domain, &domain->place);
        Task *task = task_new(domain->manager, domain, NULL);

        if (io)
                io->jobs = transfer_jobs(domain->manager, domain->place.id);
        if (!io || !task || !io->jobs || domain_structural(domain, io) < 0) {
                if (io)
                        io_free(io);
                task_free(task);
                return;
        }
        if (task_run(task, io, domain->lane, DOMAIN_LONG_IO_USEC, on_cleaned, NULL) < 0)
                task_free(task);
}

/* Whoever gets the lease next begins with it anyway. */
static void clean_again(Domain *domain) {
        if (domain->clean_usec == 0 || domain->clean_usec > monotonic_usec())
                return;
        domain->clean_usec = 0;
        if (domain->state == DOMAIN_ACTIVE && (!domain->lease || domain_lease_version(domain->lease) != 0))
                domain_clean(domain);
}

static void on_active_listed(Task *task, Io *io, int r, const sd_bus_error *error) {
        const Manager *manager = task->manager;
        Domain *domain = task_domain(task);

        if (r < 0)
                log_warning("Storage domain %s: %s", task->domain, error->message);
        for (size_t i = 0; r >= 0 && domain && i < io->n_images; i++)
                if (!image_users_has(domain->users, io->images[i]) && image_lock_check(manager->locks, task->domain, io->images[i], NULL) >= 0)
                        volume_task_teardown(domain, io->images[i]);
        task_free(task);
}

void domain_give_back_unused(Domain *domain) {
        Io *io;
        Task *task;

        if (!domain->place.type->layout->list_active)
                return;
        io = io_new("look for active images", io_list_active, &domain->place);
        task = task_new(domain->manager, domain, NULL);
        if (!io || !task) {
                if (io)
                        io_free(io);
                task_free(task);
                return;
        }
        if (task_run(task, io, domain->lane, DOMAIN_IO_USEC, on_active_listed, NULL) < 0)
                task_free(task);
}

/* Remembered with the next change where it cannot be now. */
static void set_group(Domain *domain, const char *group) {
        if (!*group || streq(domain->place.group, group))
                return;
        (void) snprintf(domain->place.group, sizeof(domain->place.group), "%s", group);
        (void) domain_remember(domain);
}

int domain_set_path(Domain *domain, const char *path) {
        char *copy = strdup(path), *before = domain->place.path;
        int r;

        if (!copy)
                return -ENOMEM;
        domain->place.path = copy;
        r = domain_remember(domain);
        if (r < 0) {
                domain->place.path = before;
                free(copy);
                return r;
        }
        log_info("Storage domain %s is on %s now, and was on %s", domain->place.id, copy, before);
        free(before);
        changed(domain, "Path");
        return 0;
}

void domain_set_opened(Domain *domain, DomainOpened *opened, const DomainSpace *space) {
        if (!opened->sealed)
                log_full(LOG_WARNING, MESSAGE_ID_DOMAIN_UNSEALED, LOG_FIELDS("RHV_DOMAIN", domain->place.id),
                         "The metadata of storage domain %s carries no seal", domain->place.id);
        safe_close(domain->lock_fd);
        domain->lock_fd = TAKE_FD(opened->lock_fd);
        set_group(domain, opened->group);
        if (opened->path) {
                int r = domain_set_path(domain, opened->path);

                if (r < 0)
                        log_warning_errno(r, "Storage domain %s is on other devices, which cannot be remembered", domain->place.id);
        }
        domain->pause_usec = DOMAIN_PAUSE_USEC;
        set_facts(domain, &opened->facts);
        set_space(domain, space);
        if (!domain->lease)
                domain_clean(domain);
        domain->wipe_usec = monotonic_usec(); /* a former process may have held the lease already */
        domain_set_state(domain, DOMAIN_ACTIVE, "");
        domain_give_back_unused(domain);
        if (domain->lockspace)
                domain_lockspace_look(domain->lockspace);
}

void domain_set_failed(Domain *domain, const sd_bus_error *error) {
        domain->lock_fd = safe_close(domain->lock_fd);
        domain->again_usec = monotonic_usec() + domain->pause_usec;
        domain->pause_usec = domain->pause_usec * 2 < DOMAIN_PAUSE_MAX_USEC ? domain->pause_usec * 2
                                                                            : DOMAIN_PAUSE_MAX_USEC;
        domain_set_state(domain, DOMAIN_FAILED, error->message ?: "unknown");
}

/* Calls wait from here on, and the lock file is closed: network file systems keep a name for what is open. */
void domain_begin_removal(Domain *domain) {
        domain->lock_fd = safe_close(domain->lock_fd);
        domain_set_state(domain, DOMAIN_OPENING, "");
}

void domain_hold(Domain *domain) {
        domain_set_state(domain, DOMAIN_OPENING, "");
}

void domain_reopen(Domain *domain) {
        domain_begin_removal(domain);
        domain_look(domain);
}

/* ---- looking ---- */

/* Another host has given a block domain one more device, or its devices have other names, or the domain another version: opening finds them. */
static bool is_elsewhere(const Io *io, int r) {
        return io && io->run == io_measure_domain && (r == -ESTALE || (domain_type_is_block(io->place.type) && (r == -ENODEV || r == -ENOENT)));
}

static void on_looked(Task *task, Io *io, int r, const sd_bus_error *error) {
        Domain *domain = task_domain(task);

        if (domain) {
                domain->looking = false;
                if (r < 0 && is_elsewhere(io, r)) {
                        domain_set_state(domain, DOMAIN_OPENING, "");
                        domain_look(domain);
                } else if (r < 0)
                        domain_set_failed(domain, error);
                else if (io->run == io_open_domain) {
                        if (domain->lockspace && io->joined)
                                domain_lockspace_found(domain->lockspace);
                        domain_set_opened(domain, &io->opened, &io->space);
                } else
                        set_space(domain, &io->space);
        }
        task_free(task);
}

void domain_look(Domain *domain) {
        bool open = domain->state != DOMAIN_ACTIVE;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Task *task;
        Io *io;

        if (domain->looking)
                return;
        io = io_new(open ? "open a domain" : "measure a domain", open ? io_open_domain : io_measure_domain,
                    &domain->place);
        task = task_new(domain->manager, domain, NULL);
        if (!io || !task) {
                if (io)
                        io_free(io);
                task_free(task);
                return;
        }
        io->host_id = domain->lockspace ? domain->lockspace->host_id : 0;
        if (task_run(task, io, domain->lane, open && domain->place.what ? DOMAIN_MOUNT_USEC : DOMAIN_IO_USEC, on_looked, &error) < 0) {
                domain_set_failed(domain, &error);
                task_free(task);
                return;
        }
        domain->looking = true;
}

void domain_monitor_all(Manager *manager) {
        uint64_t now = monotonic_usec();

        for (Domain *domain = manager->domains; domain; domain = domain->hh.next) {
                if (domain->state == DOMAIN_ACTIVE || (domain->state == DOMAIN_FAILED && domain->again_usec <= now))
                        domain_look(domain);
                if (domain->lockspace)
                        domain_lockspace_look(domain->lockspace);
                clean_again(domain);
                wipe_job_monitor(domain);
        }
}

void domain_retry_failed(Manager *manager) {
        for (Domain *domain = manager->domains; domain; domain = domain->hh.next)
                if (domain->state == DOMAIN_FAILED)
                        domain_look(domain);
}

int domain_wait_active(Domain *domain, sd_bus_message *message, sd_bus_error *error) {
        sd_bus_message **parked;

        if (domain->state == DOMAIN_ACTIVE)
                return 1;
        if (domain->state == DOMAIN_FAILED) {
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "Storage domain %s cannot be used: %s",
                                  domain->place.id, domain->reason);
                return -EHOSTDOWN;
        }
        if (domain->n_parked >= DOMAIN_PARKED_MAX) {
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "Storage domain %s is being opened",
                                  domain->place.id);
                return -EHOSTDOWN;
        }
        parked = reallocarray(domain->parked, domain->n_parked + 1, sizeof(*parked));
        if (!parked)
                return -ENOMEM;
        domain->parked = parked;
        parked[domain->n_parked++] = sd_bus_message_ref(message);
        return 0;
}

int domain_check_use(const Domain *domain, DomainUse use, sd_bus_error *error) {
        return domain_class_check(domain->place.class, use, domain->place.id, error);
}

/* ---- intent ---- */

static char *intent_path(const Manager *manager, const char *id) {
        char *path;

        return asprintf(&path, "%s/%s.json", manager->domains_directory, id) < 0 ? NULL : path;
}

int domain_remember(const Domain *domain) {
        _cleanup_free_ char *path = intent_path(domain->manager, domain->place.id);
        _cleanup_json_ json_t *object = NULL;

        object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s*, s:s*, s:s*, s:s*}", "id", domain->place.id, "class", domain_class_to_string(domain->place.class), "type", domain->place.type->name, "path",
                           domain->place.path, "name", domain->name, "host_id",
                           domain->lockspace ? (int)domain->lockspace->host_id : 0, "what", domain->place.what, "vfs", domain->place.vfs,
                           "options", domain->place.options, "group", *domain->place.group ? domain->place.group : NULL);
        if (!path || !object)
                return -ENOMEM;
        return state_file_save(path, object, DOMAIN_FILE_VERSION);
}

void domain_forget(const Domain *domain) {
        _cleanup_free_ char *path = intent_path(domain->manager, domain->place.id);
        int r;

        image_users_forget(domain->users);
        r = path ? state_file_remove(path) : -ENOMEM;
        if (r < 0)
                log_warning_errno(r, "Storage domain %s will be opened again at the next start", domain->place.id);
}

static int load_one(Manager *manager, const char *id) {
        _cleanup_free_ char *file = intent_path(manager, id);
        _cleanup_json_ json_t *object = NULL;
        const char *stored, *type, *path, *name;
        DomainPlace place = {};
        Domain *domain;
        int64_t host_id;
        int r;

        if (!file)
                return -ENOMEM;
        r = state_file_load(file, DOMAIN_FILE_VERSION, &object);
        if (r < 0)
                return r;
        if (json_unpack(object, "{s:s, s:s, s:s, s:s}", "id", &stored, "type", &type, "path", &path, "name", &name) <
                            0 ||
            !streq(stored, id) || !domain_type_find(type) || !domain_type_find(type)->layout ||
            !domain_path_is_valid(domain_type_find(type), path))
                return -EBADMSG;
        place.type = domain_type_find(type);
        place.path = (char *)path;
        place.what = (char *)dict_string(object, "what", NULL);
        place.vfs = (char *)dict_string(object, "vfs", NULL);
        place.options = (char *)dict_string(object, "options", NULL);
        if (!place.what != !place.vfs || !place.what != !place.options)
                return -EBADMSG;
        place.class = domain_class_from_string(dict_string(object, "class", "Data"));
        if ((int)place.class < 0)
                return -EBADMSG;
        place.version = DOMAIN_VERSION_MAX;
        (void) snprintf(place.group, sizeof(place.group), "%s", dict_string(object, "group", ""));
        memcpy(place.id, id, UUID_STRING_MAX);
        host_id = dict_integer(object, "host_id", 0);
        r = host_id >= 0 && host_id <= HOST_ID_MAX ? domain_new(manager, &place, name, &domain) : -EBADMSG;
        if (r < 0)
                return r;
        if (domain->lockspace)
                domain->lockspace->host_id = (unsigned)host_id;
        domain_look(domain);
        return 0;
}

int domain_load_all(Manager *manager) {
        const struct dirent *entry;
        DIR *directory;
        int r;

        directory = opendir(manager->domains_directory);
        if (!directory)
                return -errno;
        while ((entry = readdir(directory)) && domain_count(manager) < DOMAINS_MAX) {
                char id[UUID_STRING_MAX];

                if (strlen(entry->d_name) != UUID_STRING_MAX - 1 + strlen(".json") ||
                    !streq(entry->d_name + UUID_STRING_MAX - 1, ".json"))
                        continue;
                memcpy(id, entry->d_name, UUID_STRING_MAX - 1);
                id[UUID_STRING_MAX - 1] = '\0';
                if (!uuid_is_valid(id))
                        continue;
                r = load_one(manager, id);
                if (r < 0)
                        log_warning_errno(r, "The intent file %s/%s is left alone", manager->domains_directory,
                                          entry->d_name);
        }
        (void) closedir(directory);
        return 0;
}
