/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sanlock-call.h"

#include <inttypes.h>
#include <sanlock.h>
#include <sanlock_admin.h>
#include <sanlock_resource.h>
#include <sanlock_rv.h>
#include <stdio.h>

#include "bus-error.h"
#include "clock-util.h"

#define SANLOCK_ASK_AGAIN_USEC (100 * USEC_PER_MSEC)

/* sanlock's own numbers begin at -200, above are errnos. Return: a negative errno, with error set. */
static int fail(sd_bus_error *error, int rv, const char *what, const char *name) {
        switch (rv) {
        case -ENOENT:
        case -ECONNREFUSED:
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "%s %s: sanlock does not run, or does not know the lockspace",
                                  what, name);
                return rv;
        case SANLK_WD_ERROR:
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "%s %s: sanlock has no watchdog (wdmd does not answer)", what, name);
                return -EIO;
        case SANLK_AIO_TIMEOUT:
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "%s %s: the storage does not answer", what, name);
                return -ETIMEDOUT;
        case SANLK_HOSTID_BUSY:
        case SANLK_ACQUIRE_IDLIVE:
        case SANLK_ACQUIRE_OWNED:
        case SANLK_ACQUIRE_OTHER:
        case SANLK_ACQUIRE_OWNED_RETRY:
        case -EBUSY:
        case -EEXIST:
                sd_bus_error_setf(error, RHV_ERROR_IN_USE, "%s %s: held by another (%s)", what, name, sanlock_strerror(rv));
                return -EBUSY;
        case SANLK_ACQUIRE_LOCKSPACE:
        case -ENOSPC:
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "%s %s: this host has no host id there now (%s)", what, name,
                                  sanlock_strerror(rv));
                return -ESTALE;
        default:
                if (rv <= SANLK_LEADER_READ && rv >= SANLK_LEADER_CHECKSUM) {
                        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s %s: what is on the storage is no lease (%s)", what, name,
                                          sanlock_strerror(rv));
                        return -EBADMSG;
                }
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "%s %s: %s", what, name,
                                  rv < -200 ? sanlock_strerror(rv) : strerror(-rv));
                return rv < -200 ? -EIO : rv;
        }
}

static uint32_t geometry(uint32_t alignment_bytes, uint32_t block_size_bytes) {
        return (alignment_bytes == 8 * MIB   ? SANLK_RES_ALIGN8M
                : alignment_bytes == 4 * MIB ? SANLK_RES_ALIGN4M
                : alignment_bytes == 2 * MIB ? SANLK_RES_ALIGN2M
                                             : SANLK_RES_ALIGN1M) |
               (block_size_bytes == 4096 ? SANLK_RES_SECTOR4K : SANLK_RES_SECTOR512);
}

/* Fields of 48 bytes that need no end. */
static void set_name(char field[static SANLK_NAME_LEN], const char *name) {
        const size_t n = strlen(name);

        memset(field, 0, SANLK_NAME_LEN);
        memcpy(field, name, n < SANLK_NAME_LEN ? n : SANLK_NAME_LEN);
}

static int set_disk(struct sanlk_disk *disk, const char *path, uint64_t offset, sd_bus_error *error) {
        *disk = (struct sanlk_disk){ .offset = offset };
        if (strlen(path) >= sizeof(disk->path)) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The path %.64s… is too long for sanlock", path);
                return -ENAMETOOLONG;
        }
        memcpy(disk->path, path, strlen(path) + 1);
        return 0;
}

int sanlock_await(uint64_t usec, sd_bus_error *error) {
        const uint64_t end = monotonic_usec() + usec;
        uint32_t version, protocol;
        int r;

        while ((r = sanlock_version(0, &version, &protocol)) < 0 && monotonic_usec() < end)
                (void) usleep(SANLOCK_ASK_AGAIN_USEC);
        return r < 0 ? fail(error, -ENOENT, "Cannot ask for", "sanlock") : 0;
}

/* ---- lockspaces ---- */

static int to_sanlock(const Lockspace *lockspace, unsigned host_id, struct sanlk_lockspace *ret, sd_bus_error *error) {
        *ret = (struct sanlk_lockspace){
                        .host_id = host_id,
                        .flags = geometry(lockspace->alignment_bytes, lockspace->block_size_bytes),
        };
        set_name(ret->name, lockspace->name);
        return set_disk(&ret->host_id_disk, lockspace->path, 0, error);
}

int lockspace_format(const Lockspace *lockspace, unsigned io_timeout_sec, sd_bus_error *error) {
        struct sanlk_lockspace ls;
        int r;

        r = to_sanlock(lockspace, 0, &ls, error);
        if (r < 0)
                return r;
        r = sanlock_write_lockspace(&ls, 0, 0, io_timeout_sec);
        return r < 0 ? fail(error, r, "Cannot format the lockspace", lockspace->name) : 0;
}

int lockspace_join(const Lockspace *lockspace, unsigned host_id, unsigned io_timeout_sec, sd_bus_error *error) {
        struct sanlk_lockspace ls;
        int r;

        r = to_sanlock(lockspace, host_id, &ls, error);
        if (r < 0)
                return r;
        r = sanlock_add_lockspace_timeout(&ls, 0, io_timeout_sec);
        if (r == -EEXIST) /* ours already */
                return 0;
        if (r == -EINPROGRESS || r == -EAGAIN) {
                sd_bus_error_setf(error, RHV_ERROR_BUSY, "The lockspace %s is being joined or left", lockspace->name);
                return r;
        }
        return r < 0 ? fail(error, r, "Cannot take the host id in lockspace", lockspace->name) : 0;
}

int lockspace_leave(const Lockspace *lockspace, unsigned host_id, sd_bus_error *error) {
        struct sanlk_lockspace ls;
        int r;

        r = to_sanlock(lockspace, host_id, &ls, error);
        if (r < 0)
                return r;
        r = sanlock_rem_lockspace(&ls, SANLK_REM_UNUSED);
        if (r == -ENOENT)
                return 0;
        if (r == -EBUSY) {
                sd_bus_error_setf(error, RHV_ERROR_IN_USE, "Leases of this host are held in lockspace %s", lockspace->name);
                return r;
        }
        return r < 0 ? fail(error, r, "Cannot give up the host id in lockspace", lockspace->name) : 0;
}

int lockspace_ask(const Lockspace *lockspace, unsigned host_id, sd_bus_error *error) {
        struct sanlk_lockspace ls;
        int r;

        r = to_sanlock(lockspace, host_id, &ls, error);
        if (r < 0)
                return r;
        r = sanlock_inq_lockspace(&ls, 0);
        if (r == 0)
                return 1;
        if (r == -ENOENT) {
                /* The socket may be what is not there. */
                uint32_t version, protocol;

                if (sanlock_version(0, &version, &protocol) == 0)
                        return 0;
        }
        return r == -EINPROGRESS ? r : fail(error, r, "Cannot ask for the lockspace", lockspace->name);
}

static const char *host_state(uint32_t flags) {
        switch (flags & SANLK_HOST_MASK) {
        case SANLK_HOST_FREE:
                return "free";
        case SANLK_HOST_LIVE:
                return "live";
        case SANLK_HOST_FAIL:
                return "failing";
        case SANLK_HOST_DEAD:
                return "dead";
        default:
                return "unknown";
        }
}

/* sanlock has looked at no other host before its first renewal, two io_timeouts after it joined, and says EAGAIN (get_hosts() in its lockspace.c). */
static int get_hosts(const char *lockspace, struct sanlk_host **ret, int *ret_n, sd_bus_error *error) {
        int r;

        r = sanlock_get_hosts(lockspace, 0, ret, ret_n, 0);
        if (r == -EAGAIN) {
                sd_bus_error_setf(error, RHV_ERROR_BUSY,
                                  "The other hosts of lockspace %s are not known before its first renewal, two io_timeouts after this host joined; try again then", lockspace);
                return -EBUSY;
        }
        return r < 0 ? fail(error, r, "Cannot read the hosts of lockspace", lockspace) : 0;
}

int lockspace_hosts(const Lockspace *lockspace, HostStatus **ret, size_t *ret_n, sd_bus_error *error) {
        _cleanup_free_ struct sanlk_host *hosts = NULL;
        HostStatus *list;
        int n = 0, r;

        r = get_hosts(lockspace->name, &hosts, &n, error);
        if (r < 0)
                return r;
        list = calloc((size_t)n + 1, sizeof(*list));
        if (!list)
                return -ENOMEM;
        for (int i = 0; i < n; i++)
                list[i] = (HostStatus){
                                .host_id = hosts[i].host_id,
                                .generation = hosts[i].generation,
                                .timestamp_sec = hosts[i].timestamp,
                                .io_timeout_sec = hosts[i].io_timeout,
                                .state = host_state(hosts[i].flags),
                };
        *ret = list;
        *ret_n = (size_t)n;
        return 0;
}

/* ---- leases ---- */

/* A resource with its one disk behind it. */
typedef union Resource {
        struct sanlk_resource resource;
        char room[sizeof(struct sanlk_resource) + sizeof(struct sanlk_disk)];
} Resource;

static int to_resource(const Lease *lease, Resource *ret, sd_bus_error *error) {
        *ret = (Resource){
                        .resource = {
                                        .flags = geometry(lease->alignment_bytes, lease->block_size_bytes),
                                        .num_disks = 1,
                        },
        };
        set_name(ret->resource.lockspace_name, lease->lockspace);
        set_name(ret->resource.name, lease->name);
        return set_disk(&ret->resource.disks[0], lease->path, lease->offset_bytes, error);
}

int lease_format(const Lease *lease, sd_bus_error *error) {
        Resource r;
        int rv;

        rv = to_resource(lease, &r, error);
        if (rv < 0)
                return rv;
        rv = sanlock_write_resource(&r.resource, 0, 0, 0);
        return rv < 0 ? fail(error, rv, "Cannot write the lease", lease->name) : 0;
}

int lease_read_name(const Lease *lease, char ret[static UUID_STRING_MAX], sd_bus_error *error) {
        Resource resource;
        int r;

        r = to_resource(lease, &resource, error);
        if (r < 0)
                return r;
        /* What is found may be another's: names are filled in, not compared. */
        set_name(resource.resource.lockspace_name, "");
        set_name(resource.resource.name, "");
        r = sanlock_read_resource(&resource.resource, 0);
        if (r == SANLK_LEADER_MAGIC || r == SANLK_LEADER_VERSION || r == SANLK_LEADER_CHECKSUM)
                return -ENOENT;
        if (r < 0)
                return fail(error, r, "Cannot read the lease", lease->name);
        if (memcmp(resource.resource.lockspace_name, lease->lockspace, strlen(lease->lockspace) + 1) != 0 ||
            !memchr(resource.resource.name, '\0', UUID_STRING_MAX) || !resource.resource.name[0])
                return -ENOENT;
        (void) snprintf(ret, UUID_STRING_MAX, "%.36s", resource.resource.name);
        return 0;
}

int lease_owner(const Lease *lease, LeaseOwner *ret, sd_bus_error *error) {
        _cleanup_free_ struct sanlk_host *owners = NULL, *hosts = NULL;
        int n_owners = 0, n_hosts = 0, r;
        uint32_t failed = 0;
        Resource resource;
        LeaseOwner owner = {};

        r = to_resource(lease, &resource, error);
        if (r < 0)
                return r;
        r = sanlock_read_resource_owners(&resource.resource, 0, &owners, &n_owners);
        if (r < 0)
                return fail(error, r, "Cannot read the owner of lease", lease->name);
        owner.version = resource.resource.lver;
        if (n_owners > 0 && owners) {
                owner.host_id = owners[0].host_id;
                owner.generation = owners[0].generation;
                owner.timestamp_sec = owners[0].timestamp;
                r = get_hosts(lease->lockspace, &hosts, &n_hosts, error);
                if (r < 0)
                        return r;
                r = sanlock_test_resource_owners(&resource.resource, 0, owners, n_owners, hosts, n_hosts, &failed);
                if (r < 0)
                        return fail(error, r, "Cannot tell the state of lease", lease->name);
                owner.held = failed & SANLK_TRF_FAIL;
        }
        *ret = owner;
        return 0;
}

int lease_register(const char *kill_path, const char *kill_arguments, sd_bus_error *error) {
        char arguments[SANLK_HELPER_ARGS_LEN];
        int fd, r;

        if (strlen(kill_path) >= SANLK_HELPER_PATH_LEN || strlen(kill_arguments) >= sizeof(arguments)) {
                sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The kill path is too long for sanlock");
                return -ENAMETOOLONG;
        }
        memcpy(arguments, kill_arguments, strlen(kill_arguments) + 1);
        fd = sanlock_register();
        if (fd < 0)
                return fail(error, fd, "Cannot register with sanlock", "");
        r = sanlock_killpath(fd, 0, kill_path, arguments);
        if (r < 0) {
                safe_close(fd);
                return fail(error, r, "Cannot set the kill path", kill_path);
        }
        return fd;
}

int lease_acquire(int socket_fd, const Lease *lease, bool wait, uint64_t *ret_version, sd_bus_error *error) {
        struct sanlk_resource *resources[1];
        _cleanup_free_ char *state = NULL;
        Resource resource;
        int n = 0, r;

        r = to_resource(lease, &resource, error);
        if (r < 0)
                return r;
        resources[0] = &resource.resource;
        r = sanlock_acquire(socket_fd, -1, wait ? 0 : SANLK_ACQUIRE_OWNER_NOWAIT, 1, resources, NULL);
        if (r < 0)
                return fail(error, r, "Cannot acquire the lease", lease->name);
        /* "lockspace:name:path:offset:version", the path escaped */
        r = sanlock_inquire(socket_fd, -1, 0, &n, &state);
        if (r < 0 || n != 1 || !state || !strrchr(state, ':') || parse_u64(strrchr(state, ':') + 1, ret_version) < 0) {
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "sanlock does not tell the version of lease %s", lease->name);
                return -EIO;
        }
        return 0;
}

int lease_release(int socket_fd, const Lease *lease, sd_bus_error *error) {
        struct sanlk_resource *resources[1];
        Resource resource;
        int r;

        r = to_resource(lease, &resource, error);
        if (r < 0)
                return r;
        resources[0] = &resource.resource;
        r = sanlock_release(socket_fd, -1, 0, 1, resources);
        return r < 0 ? fail(error, r, "Cannot release the lease", lease->name) : 0;
}
