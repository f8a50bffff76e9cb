/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "xleases.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "bus-error.h"
#include "fault-point.h"
#include "lease-self.h"
#include "lockspace-slot.h"

#define DIRECT_BYTES 4096U

/* ---- the index ---- */

typedef struct Index {
        int fd;
        void *bytes; /* LEASE_INDEX_BYTES */
        char *path;
        const DomainPlace *place;
        uint64_t size_bytes; /* of the volume */
        unsigned limit;      /* records that have an area: a file grows as it is written, a device does not */
} Index;

static void index_close(Index *index) {
        index->fd = safe_close(index->fd);
        free(index->bytes);
        free(index->path);
}

static int look_at_volume(Index *index) {
        struct stat st;
        off_t end;

        if (fstat(index->fd, &st) < 0)
                return -errno;
        end = lseek(index->fd, 0, SEEK_END);
        if (end < 0)
                return -errno;
        index->size_bytes = (uint64_t)end;
        index->limit = LEASE_RECORDS_MAX;
        if (S_ISBLK(st.st_mode)) {
                uint64_t areas = index->size_bytes / index->place->alignment_bytes;

                areas = areas > LEASE_AREAS_RESERVED ? areas - LEASE_AREAS_RESERVED : 0;
                index->limit = areas < LEASE_RECORDS_MAX ? (unsigned)areas : LEASE_RECORDS_MAX;
        }
        return 0;
}

static int index_open(const DomainPlace *place, bool writable, Index *ret, sd_bus_error *error) {
        _cleanup_(index_close) Index index = {.fd = -EBADF, .place = place};
        ssize_t n;
        int r;

        index.path = place->type->layout->special_path(place, "xleases");
        if (!index.path || posix_memalign(&index.bytes, DIRECT_BYTES, LEASE_INDEX_BYTES) != 0)
                return -ENOMEM;
        r = place->type->layout->special_open(place, "xleases", writable, &index.fd, error);
        if (r == -ENOENT) {
                sd_bus_error_free(error);
                sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "Domain %s has no leases for VMs (its format is older than 4)", place->id);
                return -EOPNOTSUPP;
        }
        if (r < 0)
                return r;
        r = look_at_volume(&index);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot look at %s", index.path);
        n = pread(index.fd, index.bytes, LEASE_INDEX_BYTES, (off_t)place->alignment_bytes);
        if (n < 0)
                return bus_error_errno(error, -errno, "Cannot read %s", index.path);
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

int xleases_create(const DomainPlace *place, const char *id, uint64_t *ret_offset, sd_bus_error *error) {
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
        n = lease_index_find_free(index.bytes, index.limit);
        if (n < 0) {
                sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "Domain %s has %u leases, the most there can be", place->id,
                                  index.limit);
                return n;
        }
        lease = lease_at(&index, (unsigned)n, id);
        r = lease_format_self(&lease, error);
        FAULT_POINT("lease-area-made");
        if (r < 0)
                return r;
        lease_index_set(index.bytes, (unsigned)n, id, place->alignment_bytes);
        *ret_offset = lease.offset_bytes;
        r = index_write_record(&index, (unsigned)n, error);
        FAULT_POINT("lease-recorded");
        return r;
}

int xleases_delete(const DomainPlace *place, const char *id, sd_bus_error *error) {
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
        FAULT_POINT("lease-forgotten");
        if (r < 0)
                return r;
        (void) lease_clear_self(&lease, NULL); /* what the index does not name is nobody's */
        return 0;
}

int xleases_list(const DomainPlace *place, ExternalLease **ret, size_t *ret_n, sd_bus_error *error) {
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

        if (!fresh || !header)
                return -ENOMEM;
        lease_index_format(fresh, index->place->id, (uint64_t)time(NULL), true);
        memcpy(header, fresh, LEASE_INDEX_HEADER_BYTES);
        r = index_write(index, 0, LEASE_INDEX_BYTES, error);
        FAULT_POINT("lease-index-updating");
        if (r < 0)
                return r;
        lease_index_format(fresh, index->place->id, (uint64_t)time(NULL), false);
        memcpy(header, fresh, LEASE_INDEX_HEADER_BYTES);
        r = index_write(index, 0, index->place->block_size_bytes, error);
        FAULT_POINT("lease-index-written");
        return r;
}

int xleases_rebuild(const DomainPlace *place, unsigned *ret_changed, sd_bus_error *error) {
        _cleanup_(index_close) Index index = {.fd = -EBADF, .place = place};
        _cleanup_free_ char(*found)[LEASE_ID_MAX + 1] = NULL;
        uint64_t areas;
        bool usable;
        int r;

        r = index_open(place, true, &index, error);
        if (r < 0)
                return r;
        usable = lease_index_check(index.bytes, place->id, index.path, NULL) >= 0;
        areas = (index.size_bytes + place->alignment_bytes - 1) / place->alignment_bytes;
        areas = areas > LEASE_AREAS_RESERVED ? areas - LEASE_AREAS_RESERVED : 0;
        if (areas > index.limit)
                areas = index.limit;
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

/* ---- with the domain ---- */

unsigned lockspace_read_io_timeout(int fd, const char *domain) {
        _cleanup_free_ void *buffer = NULL;
        LockspaceSlot slot;

        if (posix_memalign(&buffer, DIRECT_BYTES, DIRECT_BYTES) != 0 || pread(fd, buffer, DIRECT_BYTES, 0) != (ssize_t)DIRECT_BYTES ||
            lockspace_slot_parse(buffer, "ids", &slot, NULL) < 0 || !streq(slot.lockspace, domain))
                return 0;
        return slot.io_timeout_sec;
}

int xleases_format(int fd, const DomainPlace *place, sd_bus_error *error) {
        Index index = {.fd = fd, .place = place}; /* fd stays borrowed */
        int r;

        index.path = place->type->layout->special_path(place, "xleases");
        if (index.path && posix_memalign(&index.bytes, DIRECT_BYTES, LEASE_INDEX_BYTES) == 0) {
                lease_index_format(index.bytes, place->id, 0, true);
                r = write_rebuilt(&index, error);
        } else
                r = -ENOMEM;
        index.fd = -EBADF;
        index_close(&index);
        return r;
}
