/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Leases of shared domains in files: made with the domain and with each volume, and the index of external ones.
 *
 * sanlock's daemon writes leases and lockspace; we write the index, a block at a time with direct I/O, so that a process that ends leaves the
 * old record or the new one. A lease is formatted before the index names it and cleared after the index forgot it.
 */

#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#include "bus-error.h"
#include "layout-file.h"
#include "lockspace-slot.h"
#include "lease-clock.h"
#include "lease-self.h"
#include "sanlock-call.h"

#define DIRECT_BYTES 4096U
#define XLEASES "dom_md/xleases"

char *file_special_path(const DomainPlace *place, const char *name) {
        char *path;

        return asprintf(&path, "%s/%s/dom_md/%s", place->path, place->id, name) < 0 ? NULL : path;
}

/* ---- the index ---- */

typedef struct Index {
        int fd;
        void *bytes; /* LEASE_INDEX_BYTES */
        char *path;
        const DomainPlace *place;
        struct stat st;
} Index;

static void index_close(Index *index) {
        index->fd = safe_close(index->fd);
        free(index->bytes);
        free(index->path);
}

/* Opened as 36:36, read where it is not being made. */
static int index_open(const DomainPlace *place, bool writable, Index *ret, sd_bus_error *error) {
        _cleanup_(index_close) Index index = {.fd = -EBADF, .place = place};
        _cleanup_close_ int domain = -EBADF;
        ssize_t n;

        IDENTITY_SCOPE();
        index.path = file_special_path(place, "xleases");
        if (!index.path || posix_memalign(&index.bytes, DIRECT_BYTES, LEASE_INDEX_BYTES) != 0)
                return -ENOMEM;
        domain = file_domain_open(place, error);
        if (domain < 0)
                return domain;
        index.fd = file_open_beneath(domain, XLEASES, (writable ? O_RDWR | O_DSYNC : O_RDONLY) | O_DIRECT | O_NONBLOCK, 0);
        if (index.fd == -ENOENT) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "Domain %s has no leases for VMs (its format is older than 4)", place->id);
                return -EOPNOTSUPP;
        }
        if (index.fd < 0 || fstat(index.fd, &index.st) < 0) {
                bus_error_errno(error, index.fd < 0 ? index.fd : -errno, "Cannot open %s", index.path);
                return -EIO;
        }
        n = pread(index.fd, index.bytes, LEASE_INDEX_BYTES, (off_t)place->alignment_bytes);
        if (n < 0) {
                bus_error_errno(error, -errno, "Cannot read %s", index.path);
                return -EIO;
        }
        if (n != (ssize_t)LEASE_INDEX_BYTES) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: shorter than an index of leases", index.path);
                return -EBADMSG;
        }
        *ret = index;
        index = (Index){.fd = -EBADF};
        return 0;
}

static int index_open_sound(const DomainPlace *place, bool writable, Index *ret, sd_bus_error *error) {
        int r;

        r = index_open(place, writable, ret, error);
        if (r < 0)
                return r;
        r = lease_index_check(ret->bytes, place->id, ret->path, error);
        if (r < 0) {
                index_close(ret);
                *ret = (Index){.fd = -EBADF};
        }
        return r;
}

static int index_write(const Index *index, uint64_t at, size_t size, sd_bus_error *error) {
        ssize_t n = pwrite(index->fd, (char *)index->bytes + at, size, (off_t)(index->place->alignment_bytes + at));

        if (n == (ssize_t)size)
                return 0;
        return bus_error_errno(error, n < 0 ? -errno : -EIO, "Cannot write %s", index->path);
}

static int index_write_record(const Index *index, unsigned n, sd_bus_error *error) {
        return index_write(index, lease_index_block(n, index->place->block_size_bytes), index->place->block_size_bytes, error);
}

static Lease lease_at(const Index *index, unsigned n, const char *id) {
        Lease lease = {
                        .path = index->path,
                        .offset_bytes = lease_index_offset(n, index->place->alignment_bytes),
                        .alignment_bytes = index->place->alignment_bytes,
                        .block_size_bytes = index->place->block_size_bytes,
        };

        memcpy(lease.lockspace, index->place->id, UUID_STRING_MAX);
        (void) snprintf(lease.name, sizeof(lease.name), "%s", id);
        return lease;
}

int file_lease_create(const DomainPlace *place, const char *id, uint64_t *ret_offset, sd_bus_error *error) {
        _cleanup_(index_close) Index index = {.fd = -EBADF, .place = place};
        Lease lease;
        int n, r;

        r = index_open_sound(place, true, &index, error);
        if (r < 0)
                return r;
        n = lease_index_find(index.bytes, id);
        if (n >= 0) {
                *ret_offset = lease_index_offset((unsigned)n, place->alignment_bytes);
                return 0;
        }
        n = lease_index_find_free(index.bytes, LEASE_RECORDS_MAX);
        if (n < 0) {
                sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "Domain %s has %u leases, the most there can be", place->id,
                                  LEASE_RECORDS_MAX);
                return n;
        }
        lease = lease_at(&index, (unsigned)n, id);
        r = lease_format_self(&lease, error);
        if (r < 0)
                return r;
        lease_index_set(index.bytes, (unsigned)n, id, place->alignment_bytes);
        *ret_offset = lease.offset_bytes;
        return index_write_record(&index, (unsigned)n, error);
}

int file_lease_delete(const DomainPlace *place, const char *id, sd_bus_error *error) {
        _cleanup_(index_close) Index index = {.fd = -EBADF, .place = place};
        LeaseOwner owner;
        Lease lease;
        int n, r;

        r = index_open_sound(place, true, &index, error);
        if (r < 0)
                return r;
        n = lease_index_find(index.bytes, id);
        if (n < 0) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "Domain %s has no lease %s", place->id, id);
                return n;
        }
        lease = lease_at(&index, (unsigned)n, id);
        r = lease_owner(&lease, &owner, error);
        if (r < 0)
                return r;
        if (owner.held) {
                sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The lease %s is held by host %u", id, (unsigned)owner.host_id);
                return -EBUSY;
        }
        lease_index_set(index.bytes, (unsigned)n, NULL, 0);
        r = index_write_record(&index, (unsigned)n, error);
        if (r < 0)
                return r;
        (void) lease_clear_self(&lease, NULL); /* what the index does not name is nobody's */
        return 0;
}

int file_lease_list(const DomainPlace *place, ExternalLease **ret, size_t *ret_n, sd_bus_error *error) {
        _cleanup_(index_close) Index index = {.fd = -EBADF, .place = place};
        _cleanup_free_ ExternalLease *list = NULL;
        size_t count = 0;
        int r;

        r = index_open_sound(place, false, &index, error);
        if (r < 0)
                return r;
        list = calloc(LEASE_RECORDS_MAX, sizeof(*list));
        if (!list)
                return -ENOMEM;
        for (unsigned n = 0; n < LEASE_RECORDS_MAX; n++) {
                LeaseRecord record;

                lease_index_get(index.bytes, n, &record);
                if (record.state != LEASE_RECORD_USED)
                        continue;
                memcpy(list[count].id, record.id, sizeof(record.id));
                list[count++].offset_bytes = lease_index_offset(n, place->alignment_bytes);
        }
        *ret = TAKE_PTR(list);
        *ret_n = count;
        return 0;
}

/* ---- rebuilding ---- */

/* What the areas hold, up to the end of the file. */
static int read_areas(const Index *index, char (*found)[LEASE_ID_MAX + 1], unsigned n, sd_bus_error *error) {
        for (unsigned i = 0; i < n; i++) {
                const Lease lease = lease_at(index, i, "");
                char id[UUID_STRING_MAX];
                int r;

                r = lease_read_name(&lease, id, error);
                if (r < 0 && r != -ENOENT)
                        return r;
                if (r >= 0)
                        (void) snprintf(found[i], sizeof(found[i]), "%s", id);
        }
        return 0;
}

/* Header "updating", records, header as it should be: a rebuild that ends early is seen, and done again. */
static int write_rebuilt(Index *index, sd_bus_error *error) {
        char *header = index->bytes;
        _cleanup_free_ char *fresh = malloc(LEASE_INDEX_BYTES);
        int r;

        if (!fresh)
                return -ENOMEM;
        lease_index_format(fresh, index->place->id, (uint64_t)time(NULL), true);
        memcpy(header, fresh, LEASE_INDEX_HEADER_BYTES);
        r = index_write(index, 0, LEASE_INDEX_BYTES, error);
        if (r < 0)
                return r;
        lease_index_format(fresh, index->place->id, (uint64_t)time(NULL), false);
        memcpy(header, fresh, LEASE_INDEX_HEADER_BYTES);
        return index_write(index, 0, index->place->block_size_bytes, error);
}

int file_lease_rebuild(const DomainPlace *place, unsigned *ret_changed, sd_bus_error *error) {
        _cleanup_(index_close) Index index = {.fd = -EBADF, .place = place};
        _cleanup_free_ char(*found)[LEASE_ID_MAX + 1] = NULL;
        uint64_t areas;
        bool usable;
        int r;

        r = index_open(place, true, &index, error);
        if (r < 0)
                return r;
        usable = lease_index_check(index.bytes, place->id, index.path, NULL) >= 0;
        areas = ((uint64_t)index.st.st_size + place->alignment_bytes - 1) / place->alignment_bytes;
        areas = areas > LEASE_AREAS_RESERVED ? areas - LEASE_AREAS_RESERVED : 0;
        if (areas > LEASE_RECORDS_MAX)
                areas = LEASE_RECORDS_MAX;
        found = calloc(areas + 1, sizeof(*found));
        if (!found)
                return -ENOMEM;
        r = read_areas(&index, found, (unsigned)areas, error);
        if (r < 0)
                return r;
        *ret_changed = lease_index_rebuild(index.bytes, usable, (const char(*)[LEASE_ID_MAX + 1]) found, (unsigned)areas,
                                           place->alignment_bytes);
        return usable && *ret_changed == 0 ? 0 : write_rebuilt(&index, error);
}

/* ---- with the domain and its volumes ---- */

unsigned file_lockspace_io_timeout(int domain_fd, const DomainPlace *place) {
        _cleanup_free_ void *buffer = NULL;
        _cleanup_close_ int fd = -EBADF;
        LockspaceSlot slot;

        fd = file_open_beneath(domain_fd, "dom_md/ids", O_RDONLY | O_DIRECT | O_NONBLOCK, 0);
        if (fd < 0 || posix_memalign(&buffer, DIRECT_BYTES, DIRECT_BYTES) != 0 ||
            pread(fd, buffer, DIRECT_BYTES, 0) != (ssize_t)DIRECT_BYTES ||
            lockspace_slot_parse(buffer, "ids", &slot, NULL) < 0 || !streq(slot.lockspace, place->id))
                return 0;
        return slot.io_timeout_sec;
}

/* In a directory that does not have the domain's name yet. */
static int index_make(const DomainPlace *made, const char *directory, sd_bus_error *error) {
        _cleanup_(index_close) Index index = {.fd = -EBADF, .place = made};
        _cleanup_close_ int base = -EBADF;

        IDENTITY_SCOPE();
        index.path = file_special_path(made, "xleases");
        if (!index.path || posix_memalign(&index.bytes, DIRECT_BYTES, LEASE_INDEX_BYTES) != 0)
                return -ENOMEM;
        base = directory_open(made->path);
        if (base < 0)
                return bus_error_errno(error, base, "Cannot open %s", made->path);
        index.fd = file_open_beneath(base, FILE_NAME(directory, "/" XLEASES), O_RDWR | O_DIRECT | O_DSYNC, 0);
        if (index.fd < 0)
                return bus_error_errno(error, index.fd, "Cannot open %s", index.path);
        lease_index_format(index.bytes, made->id, 0, true);
        return write_rebuilt(&index, error);
}

int file_leases_format(const DomainPlace *place, const char *directory, const DomainFacts *facts, sd_bus_error *error) {
        _cleanup_free_ char *ids = NULL, *leases = NULL;
        Lockspace lockspace = {.alignment_bytes = facts->alignment_bytes, .block_size_bytes = facts->block_size_bytes};
        Lease lease = {
                        .name = DOMAIN_LEASE_NAME,
                        .offset_bytes = facts->alignment_bytes,
                        .alignment_bytes = facts->alignment_bytes,
                        .block_size_bytes = facts->block_size_bytes,
        };
        DomainPlace made = *place; /* path stays borrowed */
        int r;

        if (asprintf(&ids, "%s/%s/dom_md/ids", place->path, directory) < 0 ||
            asprintf(&leases, "%s/%s/dom_md/leases", place->path, directory) < 0)
                return -ENOMEM;
        lockspace.path = ids;
        lease.path = leases;
        memcpy(lockspace.name, place->id, UUID_STRING_MAX);
        memcpy(lease.lockspace, place->id, UUID_STRING_MAX);
        r = lockspace_format(&lockspace, facts->io_timeout_sec, error);
        if (r >= 0)
                r = lease_format(&lease, error);
        if (r < 0)
                return r;
        made.alignment_bytes = facts->alignment_bytes;
        made.block_size_bytes = facts->block_size_bytes;
        return index_make(&made, directory, error);
}

int file_volume_lease(const DomainPlace *place, const char *image, const char *volume, Lease *ret) {
        char *path = file_volume_path(place, image, FILE_NAME(volume, LEASE_SUFFIX));

        if (!path)
                return -ENOMEM;
        *ret = (Lease){
                        .path = path,
                        .alignment_bytes = place->alignment_bytes,
                        .block_size_bytes = place->block_size_bytes,
        };
        memcpy(ret->lockspace, place->id, UUID_STRING_MAX);
        memcpy(ret->name, volume, UUID_STRING_MAX);
        return 0;
}

int file_volume_lease_make(const DomainPlace *place, const char *directory, const char *volume, sd_bus_error *error) {
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int image = -EBADF;
        Lease lease;
        int r;

        r = file_volume_lease(place, directory, volume, &lease);
        if (r < 0)
                return r;
        path = (char *)lease.path;
        {
                IDENTITY_SCOPE();
                image = file_image_open(place, directory, error);
                if (image < 0)
                        return image;
                r = file_make(image, FILE_NAME(volume, LEASE_SUFFIX), 0, STORAGE_DATA_MODE);
        }
        if (r < 0 && r != -EEXIST)
                return bus_error_errno(error, r, "Cannot make the lease of volume %s", volume);
        return lease_format_self(&lease, error);
}
