/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an OVF store's tar defines. */

#include <archive.h>
#include <archive_entry.h>

#include "bus-error.h"
#include "ovf-archive.h"
#include "ovf-store.h"
#include "ovf-summary.h"

#define MEMBER_SUFFIX ".ovf"

static void archive_freep(struct archive **archive) {
        if (*archive)
                (void) archive_read_free(*archive);
}

static int take_member(struct archive *archive, struct archive_entry *entry, const char *id, json_t *vms, json_t *problems,
                       sd_bus_error *error) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        json_t *summary = NULL;
        int64_t size = archive_entry_size(entry);
        int r;

        if (size < 0 || (uint64_t)size > OVF_BYTES_MAX)
                r = sd_bus_error_setf(&own, RHV_ERROR_BAD_FORMAT, "%s" MEMBER_SUFFIX ": the definition is too large", id);
        else {
                text = malloc((size_t)size + 1);
                if (!text)
                        return -ENOMEM;
                if (archive_read_data(archive, text, (size_t)size) != (la_ssize_t)size) {
                        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "The OVF store ends within %s" MEMBER_SUFFIX, id);
                        return -EBADMSG;
                }
                r = ovf_summary(text, (size_t)size, id, &summary, &own);
        }
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return json_array_append_new(problems, json_string(own.message ?: "unreadable")) < 0 ? -ENOMEM : 0;
        return json_object_set_new(vms, id, summary) < 0 ? -ENOMEM : 0;
}

int ovf_store_parse(const void *tar, size_t size, json_t **ret_vms, json_t *problems, sd_bus_error *error) {
        _cleanup_(archive_freep) struct archive *archive = archive_read_new();
        _cleanup_json_ json_t *vms = json_object();
        struct archive_entry *entry;
        unsigned n = 0;
        int r;

        if (!archive || !vms)
                return -ENOMEM;
        /* no compression and no other format: those are not ours to be found in a volume */
        if (archive_read_support_format_tar(archive) != ARCHIVE_OK || archive_read_open_memory(archive, tar, size) != ARCHIVE_OK) {
                sd_bus_error_set(error, RHV_ERROR_BAD_FORMAT, "The OVF store holds no tar archive");
                return -EBADMSG;
        }
        while ((r = archive_read_next_header(archive, &entry)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
                char id[UUID_STRING_MAX];

                if (++n > OVF_STORE_MEMBERS_MAX) {
                        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "The OVF store has more than %u members", OVF_STORE_MEMBERS_MAX);
                        return -EBADMSG;
                }
                if (archive_entry_filetype(entry) != AE_IFREG || !ovf_member_id(archive_entry_pathname(entry), id))
                        continue;
                r = take_member(archive, entry, id, vms, problems, error);
                if (r < 0)
                        return r;
        }
        if (r != ARCHIVE_EOF || n == 0) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "The tar of the OVF store is broken: %s",
                                  archive_error_string(archive) ?: "it is empty");
                return -EBADMSG;
        }
        *ret_vms = TAKE_PTR(vms);
        return 0;
}
