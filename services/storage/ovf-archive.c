/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ovf-archive.h"

#include <archive.h>
#include <archive_entry.h>

#include "bus-error.h"
#include "ovf-store.h"
#include "ovf-summary.h"
#include "parse-util.h"

#define MEMBER_SUFFIX ".ovf"
#define NAME_BYTES_MAX 99U
/* A header and a padding for each, and the end. */
#define MEMBER_OVERHEAD_BYTES 1024U
#define END_BYTES 20480U

void ovf_archive_clear(OvfArchive *archive) {
        for (size_t i = 0; i < archive->n; i++) {
                free(archive->members[i].name);
                free(archive->members[i].data);
        }
        free(archive->members);
        *archive = (OvfArchive){};
}

OvfMember *ovf_archive_find(const OvfArchive *archive, const char *name) {
        for (size_t i = 0; i < archive->n; i++)
                if (streq(archive->members[i].name, name))
                        return &archive->members[i];
        return NULL;
}

void ovf_archive_remove(OvfArchive *archive, const char *name) {
        OvfMember *member = ovf_archive_find(archive, name);

        if (!member)
                return;
        free(member->name);
        free(member->data);
        *member = archive->members[--archive->n];
}

int ovf_archive_put(OvfArchive *archive, const char *name, const void *data, size_t size) {
        OvfMember fresh = { .name = strdup(name), .data = malloc(size + 1), .size = size };
        OvfMember *more = NULL, *there = ovf_archive_find(archive, name);

        if (fresh.name && fresh.data && !there)
                more = archive->n < OVF_STORE_MEMBERS_MAX ? reallocarray(archive->members, archive->n + 1, sizeof(*more)) : NULL;
        if (!fresh.name || !fresh.data || (!there && !more)) {
                free(fresh.name);
                free(fresh.data);
                return archive->n < OVF_STORE_MEMBERS_MAX ? -ENOMEM : -E2BIG;
        }
        memcpy(fresh.data, data, size);
        fresh.data[size] = '\0';
        if (there) {
                free(there->name);
                free(there->data);
                *there = fresh;
                return 0;
        }
        archive->members = more;
        archive->members[archive->n++] = fresh;
        return 0;
}

bool ovf_member_id(const char *path, char ret[static 37]) {
        const char *name = path ? startswith(path, "./") ?: path : "";

        if (strlen(name) != UUID_STRING_MAX - 1 + strlen(MEMBER_SUFFIX) || !streq(name + UUID_STRING_MAX - 1, MEMBER_SUFFIX))
                return false;
        memcpy(ret, name, UUID_STRING_MAX - 1);
        ret[UUID_STRING_MAX - 1] = '\0';
        return uuid_is_valid(ret);
}

static bool is_kept(const char *path) {
        char id[UUID_STRING_MAX];

        return path && strlen(path) <= NAME_BYTES_MAX && (ovf_member_id(path, id) || streq(path, "metadata.json"));
}

static void reader_freep(struct archive **reader) {
        if (*reader)
                (void) archive_read_free(*reader);
}

static int bad(sd_bus_error *error, const char *why) {
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "The tar of the OVF store is broken: %s", why);
        return -EBADMSG;
}

static int take(struct archive *reader, struct archive_entry *entry, OvfArchive *archive, sd_bus_error *error) {
        _cleanup_free_ char *data = NULL;
        const char *path = archive_entry_pathname(entry);
        int64_t size = archive_entry_size(entry);

        if (archive_entry_filetype(entry) != AE_IFREG || !is_kept(path))
                return 0;
        if (size < 0 || (uint64_t)size > OVF_BYTES_MAX)
                return bad(error, "a definition is too large");
        data = malloc((size_t)size + 1);
        if (!data)
                return -ENOMEM;
        if (archive_read_data(reader, data, (size_t)size) != (la_ssize_t)size)
                return bad(error, "it ends within a definition");
        return ovf_archive_put(archive, startswith(path, "./") ?: path, data, (size_t)size);
}

int ovf_archive_read(const void *tar, size_t size, OvfArchive *ret, sd_bus_error *error) {
        _cleanup_(reader_freep) struct archive *reader = archive_read_new();
        _cleanup_(ovf_archive_clear) OvfArchive archive = {};
        struct archive_entry *entry;
        unsigned n = 0;
        int r, k;

        if (!reader)
                return -ENOMEM;
        if (archive_read_support_format_tar(reader) != ARCHIVE_OK || archive_read_open_memory(reader, tar, size) != ARCHIVE_OK)
                return bad(error, "it is none");
        while ((r = archive_read_next_header(reader, &entry)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
                if (++n > OVF_STORE_MEMBERS_MAX)
                        return bad(error, "it has too many members");
                k = take(reader, entry, &archive, error);
                if (k < 0)
                        return k;
        }
        if (r != ARCHIVE_EOF || n == 0)
                return bad(error, archive_error_string(reader) ?: "it is empty");
        *ret = archive;
        archive = (OvfArchive){};
        return 0;
}

/* ---- writing ---- */

static int add_member(struct archive *writer, const OvfMember *member, uint64_t now_sec) {
        struct archive_entry *entry = archive_entry_new();
        int r = -ENOMEM;

        if (!entry)
                return -ENOMEM;
        archive_entry_set_pathname(entry, member->name);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, (la_int64_t)member->size);
        archive_entry_set_mtime(entry, (time_t)now_sec, 0);
        if (archive_write_header(writer, entry) == ARCHIVE_OK &&
            (member->size == 0 || archive_write_data(writer, member->data, member->size) == (la_ssize_t)member->size))
                r = 0;
        archive_entry_free(entry);
        return r;
}

/* What describes the store stands first. */
static int add_members(struct archive *writer, const OvfArchive *archive, uint64_t now_sec) {
        int r = 0;

        for (unsigned pass = 0; pass < 2; pass++)
                for (size_t i = 0; i < archive->n && r >= 0; i++)
                        if (streq(archive->members[i].name, "info.json") == (pass == 0))
                                r = add_member(writer, &archive->members[i], now_sec);
        return r;
}

int ovf_archive_write(const OvfArchive *archive, uint64_t now_sec, void **ret, size_t *ret_size, sd_bus_error *error) {
        struct archive *writer = archive_write_new();
        _cleanup_free_ void *buffer = NULL;
        size_t room = END_BYTES, used = 0;
        int r = -ENOMEM;

        if (!writer)
                return -ENOMEM;
        for (size_t i = 0; i < archive->n; i++)
                room += archive->members[i].size + MEMBER_OVERHEAD_BYTES;
        if (room > OVF_STORE_BYTES_MAX) {
                (void) archive_write_free(writer);
                sd_bus_error_set(error, RHV_ERROR_NO_SPACE, "The definitions of all VMs do not fit into an OVF store");
                return -ENOSPC;
        }
        buffer = malloc(room);
        if (buffer && archive_write_set_format_ustar(writer) == ARCHIVE_OK && archive_write_open_memory(writer, buffer, room, &used) == ARCHIVE_OK)
                r = add_members(writer, archive, now_sec);
        if (archive_write_close(writer) != ARCHIVE_OK && r >= 0)
                r = -ENOMEM;
        (void) archive_write_free(writer);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(buffer);
        *ret_size = used;
        return 0;
}
