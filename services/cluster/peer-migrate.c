/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A guest of this host goes to a peer, live. Compute at both ends does the work; this brings them together: it asks the other end to get ready, listens
 * where libvirt here will connect, and carries each connection over as a stream of its own.
 *
 *     asked ─> the guest's description (Compute) ─> PrepareIncoming (link) ─> sockets ─> Migrate (Compute), followed as a job of the same id
 *                                                                                 │  each connection: OpenIncoming (link) ─> ticket ─> attached
 *
 * Once the connections are there neither end's Cluster is needed any more. A Cluster that dies in between leaves the guest where it is.
 */

#include <stdio.h>
#include <sys/socket.h>
#include <utlist.h>

#include "bus-error.h"
#include "dict.h"
#include "log.h"
#include "migration-place.h"
#include "parse-util.h"
#include "peer-guest.h"
#include "remote.h"
#include "unix-socket.h"

/* libvirt opens one of each; another is a second try. */
#define CARRIED_MAX 8U
/* Compute over there waits for Storage, disk by disk. */
#define PREPARE_USEC (200 * USEC_PER_SEC)

typedef struct PeerMigration PeerMigration;

/* One connection of libvirt, on its way over. */
typedef struct Carried Carried;
struct Carried {
        PeerMigration *migration;
        MigrationChannel channel;
        int fd;
        sd_bus_slot *slot; /* asking for its ticket */
        PeerDial *dial;
        Carried *next, *prev;
};

typedef struct Door {
        PeerMigration *migration;
        int fd;
        sd_event_source *source;
} Door;

struct PeerMigration {
        Manager *manager;
        char host_id[37], vm[37], job_id[37];
        sd_bus_slot *slot;
        Door doors[_MIGRATION_CHANNEL_MAX];
        Carried *carried;
        unsigned n_carried;
        PeerMigration *next, *prev;
};

static Carried *carried_free(Carried *carried) {
        DL_DELETE(carried->migration->carried, carried);
        sd_bus_slot_unref(carried->slot);
        peer_dial_free(carried->dial);
        safe_close(carried->fd);
        free(carried);
        return NULL;
}

static void remove_place(const Manager *manager, const char *vm) {
        _cleanup_free_ char *base = migration_base(manager->daemon->runtime_directory);

        if (base)
                migration_place_remove(base, vm);
}

static PeerMigration *migration_free(PeerMigration *migration) {
        if (!migration)
                return NULL;
        DL_DELETE(migration->manager->migrations, migration);
        while (migration->carried)
                carried_free(migration->carried);
        for (size_t i = 0; i < ELEMENTSOF(migration->doors); i++) {
                sd_event_source_disable_unref(migration->doors[i].source);
                safe_close(migration->doors[i].fd);
        }
        sd_bus_slot_unref(migration->slot);
        remove_place(migration->manager, migration->vm);
        free(migration);
        return NULL;
}
DEFINE_CLEANUP(PeerMigration *, migration_free)

void peer_migrate_stop(Manager *manager) {
        while (manager->migrations)
                migration_free(manager->migrations);
}

static PeerMigration *migration_find(const Manager *manager, const char *job_id) {
        PeerMigration *migration;

        DL_FOREACH(manager->migrations, migration)
                if (streq(migration->job_id, job_id))
                        return migration;
        return NULL;
}

static PeerMigration *migration_new(PeerWord *word) {
        PeerMigration *migration = calloc(1, sizeof *migration);

        if (!migration)
                return NULL;
        migration->manager = word->manager;
        memcpy(migration->host_id, word->host_id, sizeof migration->host_id);
        memcpy(migration->job_id, word->job_id, sizeof migration->job_id);
        (void) snprintf(migration->vm, sizeof migration->vm, "%s", dict_string(word->arguments, "vm", ""));
        for (size_t i = 0; i < ELEMENTSOF(migration->doors); i++)
                migration->doors[i] = (Door){ .migration = migration, .fd = -EBADF };
        DL_APPEND(word->manager->migrations, migration);
        return migration;
}

/* ---- carrying ---- */

static void on_carried_ended(PeerDial *dial, int status, const char *said, void *userdata) {
        Carried *carried = userdata;

        if (status != 0)
                log_full(LOG_NOTICE, NULL, LOG_FIELDS("RHV_VM", carried->migration->vm, "RHV_PEER", carried->migration->host_id),
                         "A connection of the migration of VM %s ended: %s", carried->migration->vm, said);
        carried_free(carried);
}

static int on_ticket(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        Carried *carried = userdata;
        const PeerMigration *migration = carried->migration;
        const Manager *manager = migration->manager;
        const sd_bus_error *refused = sd_bus_message_get_error(reply);
        const Peer *peer = peers_find(manager->peers, migration->host_id);
        const char *ticket = NULL;
        int r;

        carried->slot = sd_bus_slot_unref(carried->slot);
        r = refused || !peer ? -EIO : sd_bus_message_read(reply, "s", &ticket);
        if (r >= 0 && !peer_ticket_is_valid(ticket))
                r = -EBADMSG;
        if (r >= 0)
                r = peer_stream_attach(manager->daemon->event, peers_dial_path(manager->peers), peer, ticket, TAKE_FD(carried->fd), on_carried_ended,
                                       carried, &carried->dial);
        if (r < 0) {
                log_full(LOG_WARNING, NULL, LOG_FIELDS("RHV_VM", migration->vm, "RHV_PEER", migration->host_id),
                         "The %s connection of VM %s cannot be carried over: %s", migration_channel_to_string(carried->channel), migration->vm,
                         refused ? refused->message : strerror(-r));
                carried_free(carried); /* libvirt sees its end, and the guest stays */
        }
        return 0;
}

static int carry(PeerMigration *migration, MigrationChannel channel, int fd) {
        const Peer *peer = peers_find(migration->manager->peers, migration->host_id);
        _cleanup_close_ int own = fd;
        Carried *carried;
        sd_bus *link;
        int r;

        if (!peer || migration->n_carried >= CARRIED_MAX)
                return -EBUSY;
        r = peer_bus(peer, &link, NULL);
        if (r < 0)
                return r;
        carried = calloc(1, sizeof *carried);
        if (!carried)
                return -ENOMEM;
        carried->migration = migration;
        carried->channel = channel;
        carried->fd = TAKE_FD(own);
        DL_APPEND(migration->carried, carried);
        migration->n_carried++;
        r = sd_bus_call_method_async(link, &carried->slot, NULL, PEER_OBJECT, PEER_INTERFACE, "OpenIncoming", on_ticket, carried, "ss", migration->vm,
                                     migration_channel_to_string(channel));
        if (r < 0)
                carried_free(carried);
        return r;
}

static int on_door(sd_event_source *source, int listener, uint32_t revents, void *userdata) {
        const Door *door = userdata;
        PeerMigration *migration = door->migration;
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), r;

        if (fd < 0)
                return 0;
        r = carry(migration, (MigrationChannel)(door - migration->doors), fd);
        if (r < 0)
                log_warning_errno(r, "A connection of the migration of VM %s cannot be carried over", migration->vm);
        return 0;
}

static int open_doors(PeerMigration *migration) {
        _cleanup_free_ char *base = migration_base(migration->manager->daemon->runtime_directory);
        int r;

        r = base ? migration_place_make(base, migration->vm) : -ENOMEM;
        for (int channel = 0; channel < _MIGRATION_CHANNEL_MAX && r >= 0; channel++) {
                Door *door = &migration->doors[channel];
                _cleanup_free_ char *path = migration_socket(base, migration->vm, (MigrationChannel)channel);

                r = path ? unix_listen(path, SOCK_STREAM, CARRIED_MAX) : -ENOMEM;
                if (r < 0)
                        break;
                door->fd = r;
                r = sd_event_add_io(migration->manager->daemon->event, &door->source, door->fd, EPOLLIN, on_door, door);
        }
        return r;
}

/* ---- the end ---- */

/* What the other end prepared is given back; it would do so by itself later. */
static void abort_incoming(const PeerMigration *migration) {
        const Peer *peer = peers_find(migration->manager->peers, migration->host_id);
        sd_bus *link;

        if (peer && peer_bus(peer, &link, NULL) >= 0)
                (void) sd_bus_call_method_async(link, NULL, NULL, PEER_OBJECT, PEER_INTERFACE, "AbortIncoming", NULL, NULL, "s", migration->job_id);
}

static int on_forgotten(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return 0; /* a record that stays is shown as "down", "migrated" */
}

static void forget(Manager *manager, const char *vm) {
        _cleanup_free_ char *path = bus_object_path("/vm", vm);
        _cleanup_message_ sd_bus_message *call = NULL;

        if (path && backend_message(manager->backends[BACKEND_COMPUTE], path, "Compute.Vm", "Forget", &call) >= 0 &&
            sd_bus_message_append(call, "a{sv}", 0) >= 0)
                (void) backend_send(manager->backends[BACKEND_COMPUTE], call, on_forgotten, NULL, NULL);
}

void peer_migrate_done(Manager *manager, Job *job, int r, const sd_bus_error *error, const json_t *result) {
        PeerMigration *migration = migration_find(manager, job_id(job));
        const char *vm = dict_string(job_arguments(job), "vm", ""), *host = dict_string(job_arguments(job), "host", "");
        const char *name = dict_string(job_arguments(job), "name", vm);
        const Peer *peer = peers_find(manager->peers, host);
        const char *where = peer ? peer->host->name : host;

        if (r >= 0) {
                manager_event(manager, EVENT_NORMAL, "vm-migrated", peer ? EVENT_OBJECTS(peer->path) : NULL, "The VM %s went to the host %s", name, where);
                forget(manager, vm);
        } else {
                manager_event(manager, r == -ECANCELED ? EVENT_NORMAL : EVENT_WARNING, "vm-migrate-failed", peer ? EVENT_OBJECTS(peer->path) : NULL,
                              "The VM %s did not go to the host %s: %s", name, where, error && error->message ? error->message : strerror(-r));
                if (migration)
                        abort_incoming(migration);
        }
        if (migration)
                migration_free(migration);
        else
                remove_place(manager, vm); /* of the process before */
        job_finish(job, r, error, result ? json_deep_copy(result) : NULL);
}

/* Before Compute was asked. */
static void fail(PeerMigration *migration, int r, const sd_bus_error *cause) {
        Manager *manager = migration->manager;
        Job *job = job_find(manager->daemon->jobs, migration->job_id);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) sd_bus_error_copy(&error, cause);
        if (!sd_bus_error_is_set(&error))
                (void) sd_bus_error_set_errno(&error, r);
        if (job)
                peer_migrate_done(manager, job, r, &error, NULL);
        else
                migration_free(migration);
}

/* ---- the steps ---- */

static int migrate_call(const PeerMigration *migration, const Job *job, sd_bus_message *paths, sd_bus_message **ret) {
        _cleanup_free_ char *path = bus_object_path("/vm", migration->vm);
        _cleanup_json_ json_t *options = json_deep_copy(json_object_get(job_arguments(job), "options"));
        int r = -ENOMEM;

        if (path && options && json_object_set_new(options, "job_id", json_string(migration->job_id)) >= 0)
                r = backend_message(migration->manager->backends[BACKEND_COMPUTE], path, "Compute.Vm", "Migrate", ret);
        if (r >= 0)
                r = sd_bus_message_copy(*ret, paths, true);
        return r < 0 ? r : dict_append(*ret, options);
}

static int on_prepared(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        PeerMigration *migration = userdata;
        Manager *manager = migration->manager;
        Job *job = job_find(manager->daemon->jobs, migration->job_id);
        const Peer *peer = peers_find(manager->peers, migration->host_id);
        const sd_bus_error *refused = sd_bus_message_get_error(reply);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *call = NULL;
        int r = 0;

        migration->slot = sd_bus_slot_unref(migration->slot);
        if (!job || !peer)
                r = sd_bus_error_set(&error, RHV_ERROR_NOT_FOUND, "The host was removed");
        else if (refused) {
                r = -EIO;
                (void) bus_error_forward(&error, refused, "The host %s", peer->host->name);
        } else if (job_state(job) == JOB_ABORTING)
                r = -ECANCELED;
        if (r >= 0)
                r = open_doors(migration);
        if (r >= 0)
                r = migrate_call(migration, job, reply, &call);
        if (r >= 0)
                remote_start(manager, job, call);
        else
                fail(migration, r, &error);
        return 0;
}

static int prepare(PeerMigration *migration, const json_t *description, sd_bus_error *error) {
        const Peer *peer = peers_find(migration->manager->peers, migration->host_id);
        _cleanup_message_ sd_bus_message *call = NULL;
        sd_bus *link = NULL;
        int r;

        r = peer ? peer_bus(peer, &link, error) : sd_bus_error_set(error, RHV_ERROR_NOT_FOUND, "The host was removed");
        if (r >= 0)
                r = peer_guest_call(link, "PrepareIncoming", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", migration->vm, migration->job_id);
        if (r >= 0)
                r = dict_append(call, description);
        return r < 0 ? r : sd_bus_call_async(link, &migration->slot, call, on_prepared, migration, PREPARE_USEC);
}

/* Compute would refuse it, too, but only when the other host has prepared the disks. */
static int check_networks(const Manager *manager, const json_t *guest, sd_bus_error *error) {
        const json_t *nics = json_object_get(json_object_get(guest, "Description"), "nics"), *nic;
        size_t i;

        json_array_foreach((json_t *)nics, i, nic) {
                const char *bridge = dict_string(nic, "bridge", dict_string(nic, "network", ""));
                const json_t *network = json_object_get(manager->virtual_networks, bridge);

                if (json_object_get(nic, "vfs"))
                        return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "NIC %zu of the VM %s is passed through: it cannot leave the host while it runs", i + 1,
                                                 dict_string(guest, "Name", ""));
                if (network)
                        return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED,
                                                 "The VM %s is on the %s network %s, which is on this host alone: it cannot leave it while it runs",
                                                 dict_string(guest, "Name", ""), dict_string(network, "Mode", ""), bridge);
        }
        return 0;
}

static int check_guest(const Manager *manager, const json_t *guest, sd_bus_error *error) {
        const char *name = dict_string(guest, "Name", ""), *state = dict_string(guest, "State", "");

        if (!dict_boolean(guest, "Managed", false))
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "The VM %s was not started by RHV: its disks are not known", name);
        if (!streq(state, "running") && !streq(state, "blocked") && !streq(state, "paused"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The VM %s is %s: only one that runs can be migrated", name, state);
        return check_networks(manager, guest, error);
}

/* The guest is there, and may go: from here on there is a job. */
static int begin(PeerWord *word, const json_t *guest, sd_bus_error *error) {
        _cleanup_(migration_freep) PeerMigration *migration = NULL;
        Job *job;
        int r;

        r = check_guest(word->manager, guest, error);
        if (r < 0)
                return r;
        (void) json_object_set_new(word->arguments, "name", json_string(dict_string(guest, "Name", "")));
        r = remote_job_new(word->manager, "migrate-vm", word->job_id, NULL, operation_uid(word->operation), word->arguments, &job, error);
        if (r < 0)
                return r;
        if (r > 0) {
                migration = migration_new(word);
                r = migration ? prepare(migration, json_object_get(guest, "Description"), error) : -ENOMEM;
                if (r < 0) {
                        job_drop(job);
                        return r;
                }
                job_start(job);
        }
        word->operation = operation_reply(word->operation, "o", job_path(job));
        (void) TAKE_PTR(migration);
        return 0;
}

static int on_guest(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(peer_word_freep) PeerWord *word = userdata;
        const sd_bus_error *refused = sd_bus_message_get_error(reply);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *guest = NULL;
        int r;

        if (sd_bus_error_has_name(refused, SD_BUS_ERROR_UNKNOWN_OBJECT))
                r = sd_bus_error_setf(&error, RHV_ERROR_NOT_FOUND, "There is no VM %s on this host", dict_string(word->arguments, "vm", ""));
        else if (refused) {
                r = -EIO;
                (void) bus_error_forward(&error, refused, "Compute");
        } else
                r = dict_read(reply, &guest, &error);
        if (r >= 0)
                r = begin(word, guest, &error);
        if (r < 0)
                word->operation = operation_fail_errno(word->operation, r, &error);
        return 0;
}

/* ---- the method ---- */

/* As Compute's Migrate has it. */
#define BANDWIDTH_MIB_MAX 1000000

static const DictField migrate_fields[] = {
        OPTIONS_COMMON,
        { "bandwidth", DICT_INTEGER, .min = 1, .max = BANDWIDTH_MIB_MAX },
        { "auto_converge", DICT_BOOLEAN },
        { NULL },
};

static int check_vm(const Manager *manager, const char *vm, sd_bus_error *error) {
        const Object *object = model_find(manager->model, KIND_VM, vm);

        if (object)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED,
                                         "The VM %s is defined in this host's cluster, which does not know other hosts yet: it cannot go to one", object->name);
        return 0;
}

static int ask_for_guest(PeerWord *word, const char *vm) {
        Backend *compute = word->manager->backends[BACKEND_COMPUTE];
        _cleanup_free_ char *path = bus_object_path("/vm", vm);
        _cleanup_message_ sd_bus_message *call = NULL;
        int r;

        r = path ? backend_properties(compute, path, "Compute.Vm", &call) : -ENOMEM;
        return r < 0 ? r : backend_send(compute, call, on_guest, word, &word->slot);
}

int method_peer_migrate_vm(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const Peer *peer = userdata;
        _cleanup_request_ Request request = { .unrecorded = true };
        _cleanup_(peer_word_freep) PeerWord *word = NULL;
        sd_bus *link;
        const char *vm;
        int r;

        r = sd_bus_message_read(message, "s", &vm);
        if (r < 0)
                return r;
        if (!uuid_is_valid(vm))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The VM's id must be a UUID in lower-case");
        r = check_vm(peers_userdata(peer->owner), vm, error);
        if (r < 0)
                return r;
        r = peer_guest_admit(&request, peer, message, migrate_fields, "migrate-vm", &link, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = peer_word_new(request.manager, peer, &word, error);
        if (r < 0)
                return r;
        memcpy(word->job_id, request.job_id, sizeof word->job_id);
        (void) json_object_del(request.options, "job_id");
        (void) json_object_del(request.options, "request_id");
        word->arguments = json_pack("{s:s, s:s, s:O}", "vm", vm, "host", peer->host->id, "options", request.options);
        r = word->arguments ? ask_for_guest(word, vm) : -ENOMEM;
        if (r >= 0)
                r = peer_word_park(word, message);
        if (r >= 0)
                (void) TAKE_PTR(word);
        return r;
}
