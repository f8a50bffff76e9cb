/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "block-queue.h"
#include "bus-error.h"
#include "io.h"
#include "mount-queue.h"

/* It was told to start; with wdmd before it. */
#define SANLOCK_START_USEC (20 * USEC_PER_SEC)
/* Direct I/O into memory: enough for sectors of either size. */
#define SLOT_ALIGNMENT_BYTES 4096U

/* ret: its path is new, also where it is NULL: -ENOMEM. */
static int lockspace_of(const Io *io, Lockspace *ret) {
        *ret = (Lockspace){
                        .path = io->place.type->layout->special_path(&io->place, "ids"),
                        .alignment_bytes = io->place.alignment_bytes,
                        .block_size_bytes = io->place.block_size_bytes,
        };
        memcpy(ret->name, io->place.id, UUID_STRING_MAX);
        return ret->path ? 0 : -ENOMEM;
}

static void lockspace_done(Lockspace *lockspace) {
        free((char *)lockspace->path);
}
#define _cleanup_lockspace_ _cleanup_(lockspace_done)

/* Not known where it cannot be told. */
static IoQueue queue_of(const DomainPlace *place) {
        const IoQueue unknown = {};
        IoQueue queue;
        int r;

        r = domain_type_is_block(place->type) ? block_queue(place->path, &queue) : mount_queue(place->path, &queue);
        return r < 0 ? unknown : queue;
}

int io_lockspace_queue(Io *io) {
        io->queue = queue_of(&io->place);
        return 0;
}

/* No I/O may wait below us for longer than the lease lasts. */
static int check_queue_at(Io *io, const DomainPlace *place) {
        const LeaseTimes times = lease_times(io->io_timeout_sec);
        const IoQueue queue = queue_of(place);
        _cleanup_free_ char *why = NULL;

        if (io_queue_check(&queue, &times) != IO_QUEUE_OUTLIVES)
                return 0;
        why = io_queue_reason(&queue, &times);
        sd_bus_error_setf(&io->error, RHV_ERROR_INVALID_STATE, "%s may not hold leases: %s", place->path, why ?: "its I/O outlives them");
        return -EPERM;
}

int io_lockspace_join(Io *io) {
        _cleanup_lockspace_ Lockspace lockspace = {};
        int r;

        r = check_queue_at(io, &io->place);
        if (r >= 0)
                r = sanlock_await(SANLOCK_START_USEC, &io->error);
        if (r >= 0)
                r = lockspace_of(io, &lockspace);
        return r < 0 ? r : lockspace_join(&lockspace, io->host_id, io->io_timeout_sec, &io->error);
}

int io_devices_add(Io *io) {
        DomainPlace place = io->place; /* its strings stay io's */
        int r;

        place.path = io->devices;
        r = check_queue_at(io, &place);
        return r < 0 ? r : io->place.type->layout->devices_add(&io->place, io->devices, &io->error);
}

/* Who has the domain open in the version it has goes on writing that. */
static int check_alone(Io *io) {
        _cleanup_lockspace_ Lockspace lockspace = {};
        _cleanup_free_ HostStatus *hosts = NULL;
        size_t n = 0;
        int r;

        r = io->place.type->shared ? lockspace_of(io, &lockspace) : 0;
        if (r >= 0 && io->place.type->shared)
                r = lockspace_hosts(&lockspace, &hosts, &n, &io->error);
        for (size_t i = 0; r >= 0 && i < n; i++)
                if (hosts[i].host_id != io->host_id && !streq(hosts[i].state, "free") && !streq(hosts[i].state, "dead")) {
                        sd_bus_error_setf(&io->error, RHV_ERROR_IN_USE, "Domain %s is open on another host, with host id %u (%s): let it leave first", io->place.id,
                                          (unsigned)hosts[i].host_id, hosts[i].state);
                        return -EBUSY;
                }
        return r;
}

int io_domain_upgrade(Io *io) {
        const StorageLayout *layout = io->place.type->layout;
        int r;

        r = check_alone(io);
        if (r >= 0)
                r = layout->clean(&io->place, &io->cleaned, &io->error);
        if (r >= 0 && io->place.version == DOMAIN_VERSION_MAX)
                return layout->upgrade(&io->place, io->asker_fd, &io->skipped, &io->error);
        for (; r >= 0 && io->place.version < io->upgrade_version; io->place.version++)
                r = layout->upgrade(&io->place, io->asker_fd, &io->skipped, &io->error);
        return r;
}

/* What is written is noted as well, for the caller. */
static int attach(KeyValueList *list, void *userdata, sd_bus_error *error) {
        Io *io = userdata;
        int r;

        r = domain_attach_change(list, &io->attach, error);
        if (r < 0)
                return r;
        free(io->data_centers);
        io->data_centers = domain_data_centers(key_value_get(list, "POOL_UUID") ?: "");
        return io->data_centers ? r : -ENOMEM;
}

int io_domain_attach(Io *io) {
        int r;

        io->attach.several = io->place.class == DOMAIN_ISO;
        r = io->place.type->layout->change_metadata(&io->place, attach, io, &io->error);
        return r < 0 ? r : 0;
}

int io_lockspace_leave(Io *io) {
        _cleanup_lockspace_ Lockspace lockspace = {};
        int r;

        r = lockspace_of(io, &lockspace);
        return r < 0 ? r : lockspace_leave(&lockspace, io->host_id, &io->error);
}

int io_lockspace_ask(Io *io) {
        _cleanup_lockspace_ Lockspace lockspace = {};
        int r;

        r = lockspace_of(io, &lockspace);
        if (r >= 0)
                r = lockspace_ask(&lockspace, io->host_id, &io->error);
        io->joined = r > 0;
        return r < 0 ? r : 0;
}

int io_lockspace_hosts(Io *io) {
        _cleanup_lockspace_ Lockspace lockspace = {};
        int r;

        r = lockspace_of(io, &lockspace);
        return r < 0 ? r : lockspace_hosts(&lockspace, &io->hosts, &io->n_hosts, &io->error);
}

int io_lockspace_slot(Io *io) {
        const size_t block = io->place.block_size_bytes;
        _cleanup_free_ void *buffer = NULL;
        _cleanup_close_ int fd = -EBADF;
        char what[32];
        ssize_t n;
        int r;

        r = io->place.type->layout->special_open(&io->place, "ids", false, &fd, &io->error);
        if (r < 0)
                return r;
        if (posix_memalign(&buffer, SLOT_ALIGNMENT_BYTES, block) != 0)
                return -ENOMEM;
        n = pread(fd, buffer, block, (off_t)((io->host_id - 1) * block));
        if (n != (ssize_t)block)
                return bus_error_errno(&io->error, n < 0 ? -errno : -EIO, "Cannot read the slot of host %u", io->host_id);
        (void) snprintf(what, sizeof(what), "The slot of host %u", io->host_id);
        return lockspace_slot_parse(buffer, what, &io->slot, &io->error);
}

int io_lease_list(Io *io) {
        return xleases_list(&io->place, &io->leases, &io->n_leases, &io->error);
}

/* In xleases, by the index. */
static int find_external(Io *io, Lease *lease) {
        int r;

        r = io_lease_list(io);
        if (r < 0)
                return r;
        for (size_t i = 0; i < io->n_leases; i++)
                if (streq(io->leases[i].id, lease->name)) {
                        lease->offset_bytes = io->leases[i].offset_bytes;
                        return 0;
                }
        sd_bus_error_setf(&io->error, RHV_ERROR_NOT_FOUND, "Domain %s has no lease %s", io->place.id, lease->name);
        return -ENOENT;
}

int io_list_for_writer(Io *io) {
        Lease lease = {};
        int r;

        memcpy(lease.name, io->lease, UUID_STRING_MAX);
        r = find_external(io, &lease);
        if (r == -ENOENT) {
                sd_bus_error_free(&io->error);
                sd_bus_error_setf(&io->error, RHV_ERROR_INVALID_STATE, "VM %s has no lease on the shared domain %s; make one first", io->lease,
                                  io->place.id);
        }
        if (r < 0)
                return r;
        io->offset_bytes = lease.offset_bytes;
        return io_list_one(io);
}

int io_lease_owner(Io *io) {
        const bool domain_lease = streq(io->lease, DOMAIN_LEASE_NAME);
        _cleanup_free_ char *path = NULL;
        Lease lease = {
                        .offset_bytes = io->place.alignment_bytes,
                        .alignment_bytes = io->place.alignment_bytes,
                        .block_size_bytes = io->place.block_size_bytes,
        };
        int r;

        path = io->place.type->layout->special_path(&io->place, domain_lease ? "leases" : "xleases");
        if (!path)
                return -ENOMEM;
        lease.path = path;
        memcpy(lease.lockspace, io->place.id, UUID_STRING_MAX);
        memcpy(lease.name, io->lease, UUID_STRING_MAX);
        r = domain_lease ? 0 : find_external(io, &lease);
        return r < 0 ? r : lease_owner(&lease, &io->owner, &io->error);
}

int io_lease_create(Io *io) {
        return xleases_create(&io->place, io->lease, &io->offset_bytes, &io->error);
}

int io_lease_delete(Io *io) {
        return xleases_delete(&io->place, io->lease, &io->error);
}

int io_lease_rebuild(Io *io) {
        return xleases_rebuild(&io->place, &io->changed, &io->error);
}
