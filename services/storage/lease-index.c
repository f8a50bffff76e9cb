/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lease-index.h"

#include <inttypes.h>
#include <stdio.h>

#include "bus-error.h"

/* Of the header, and of a record. */
enum {
        HEADER_MAGIC = 0,
        HEADER_VERSION = 5,
        HEADER_LOCKSPACE = 10,
        HEADER_MTIME = 59,
        HEADER_UPDATING = 70,
        RECORD_OFFSET = 49,
        RECORD_UPDATING = 61,
        RECORD_MODIFIED = 62,
};
static const uint8_t magic[4] = {0x12, 0x15, 0x20, 0x16};
static const char index_version[4] = {'0', '0', '0', '1'};

static char *record_of(void *index, unsigned n) {
        return (char *)index + LEASE_INDEX_HEADER_BYTES + (size_t)n * LEASE_RECORD_BYTES;
}

static const char *record_of_const(const void *index, unsigned n) {
        return (const char *)index + LEASE_INDEX_HEADER_BYTES + (size_t)n * LEASE_RECORD_BYTES;
}

uint64_t lease_index_offset(unsigned n, uint32_t alignment_bytes) {
        return (uint64_t)(LEASE_AREAS_RESERVED + n) * alignment_bytes;
}

uint64_t lease_index_block(unsigned n, uint32_t block_size_bytes) {
        const uint64_t at = LEASE_INDEX_HEADER_BYTES + (uint64_t)n * LEASE_RECORD_BYTES;

        return at - at % block_size_bytes;
}

void lease_index_format(void *index, const char *lockspace, uint64_t now_sec, bool updating) {
        char text[24], *header = index;

        memset(index, 0, LEASE_INDEX_BYTES);
        memcpy(header + HEADER_MAGIC, magic, sizeof(magic));
        memcpy(header + HEADER_VERSION, index_version, sizeof(index_version));
        memcpy(header + HEADER_LOCKSPACE, lockspace, strnlen(lockspace, LEASE_ID_MAX));
        (void) snprintf(text, sizeof(text), "%010" PRIu64, now_sec % UINT64_C(10000000000));
        memcpy(header + HEADER_MTIME, text, 10);
        header[HEADER_UPDATING] = updating ? 'u' : '-';
        header[LEASE_INDEX_HEADER_BYTES - 1] = '\n';
        for (unsigned n = 0; n < LEASE_RECORDS_MAX; n++)
                lease_index_set(index, n, NULL, 0);
}

int lease_index_check(const void *index, const char *lockspace, const char *what, sd_bus_error *error) {
        const char *header = index;
        char name[LEASE_ID_MAX + 1] = {};

        if (memcmp(header, magic, sizeof(magic)) != 0 || header[LEASE_INDEX_HEADER_BYTES - 1] != '\n') {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: not an index of leases", what);
                return -EBADMSG;
        }
        if (memcmp(header + HEADER_VERSION, index_version, sizeof(index_version)) != 0) {
                sd_bus_error_setf(error, RHV_ERROR_NEWER_VERSION, "%s: an index of leases of another version", what);
                return -EPROTO;
        }
        memcpy(name, header + HEADER_LOCKSPACE, LEASE_ID_MAX);
        if (!streq(name, lockspace)) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: the index of leases belongs to another lockspace", what);
                return -EBADMSG;
        }
        if (header[HEADER_UPDATING] == '-')
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "%s: the index of leases was left half written; rebuild it", what);
        return -ESTALE;
}

/* Printable, without a gap, NUL-padded to its full width. */
static bool id_is_sound(const char *field) {
        const size_t n = strnlen(field, LEASE_ID_MAX);

        for (size_t i = 0; i < LEASE_ID_MAX; i++)
                if (i < n ? field[i] <= ' ' || field[i] > '~' : field[i] != '\0')
                        return false;
        return true;
}

void lease_index_get(const void *index, unsigned n, LeaseRecord *ret) {
        const char *record = record_of_const(index, n);

        *ret = (LeaseRecord){ .state = LEASE_RECORD_BAD };
        if (record[LEASE_RECORD_BYTES - 1] != '\n' || record[LEASE_ID_MAX] != '\0' || !id_is_sound(record) ||
            (record[RECORD_UPDATING] != '-' && record[RECORD_UPDATING] != 'u'))
                return;
        memcpy(ret->id, record, LEASE_ID_MAX);
        if (record[RECORD_UPDATING] == 'u')
                ret->state = LEASE_RECORD_UPDATING;
        else
                ret->state = ret->id[0] ? LEASE_RECORD_USED : LEASE_RECORD_FREE;
}

void lease_index_set(void *index, unsigned n, const char *id, uint32_t alignment_bytes) {
        char *record = record_of(index, n), text[24];

        memset(record, 0, LEASE_RECORD_BYTES);
        if (id)
                memcpy(record, id, strnlen(id, LEASE_ID_MAX));
        (void) snprintf(text, sizeof(text), "%011" PRIu64, id ? lease_index_offset(n, alignment_bytes) : 0);
        memcpy(record + RECORD_OFFSET, text, 11);
        record[RECORD_UPDATING] = '-';
        record[RECORD_MODIFIED] = '-';
        record[LEASE_RECORD_BYTES - 1] = '\n';
}

int lease_index_find(const void *index, const char *id) {
        for (unsigned n = 0; n < LEASE_RECORDS_MAX; n++) {
                LeaseRecord record;

                lease_index_get(index, n, &record);
                if (record.state == LEASE_RECORD_USED && streq(record.id, id))
                        return (int)n;
        }
        return -ENOENT;
}

int lease_index_find_free(const void *index, unsigned limit) {
        for (unsigned n = 0; n < limit && n < LEASE_RECORDS_MAX; n++) {
                LeaseRecord record;

                lease_index_get(index, n, &record);
                if (record.state == LEASE_RECORD_FREE || record.state == LEASE_RECORD_UPDATING)
                        return (int)n;
        }
        return -ENOSPC;
}

unsigned lease_index_rebuild(void *index, bool usable, const char (*on_storage)[LEASE_ID_MAX + 1], unsigned n,
                             uint32_t alignment_bytes) {
        unsigned changed = 0;

        for (unsigned i = 0; i < LEASE_RECORDS_MAX; i++) {
                const char *found = i < n ? on_storage[i] : "";
                LeaseRecord record;

                lease_index_get(index, i, &record);
                if (usable && record.state != LEASE_RECORD_BAD)
                        continue;
                if (!usable && record.state == LEASE_RECORD_USED && streq(record.id, found))
                        continue;
                if (record.state == LEASE_RECORD_FREE && !found[0])
                        continue;
                lease_index_set(index, i, found[0] && lease_index_find(index, found) < 0 ? found : NULL, alignment_bytes);
                changed++;
        }
        return changed;
}
