/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ovf-compose.h"

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "ovf-archive.h"
#include "ovf-store.h"
#include "ovf-summary.h"
#include "ovf-write.h"

typedef struct Composing {
        const OvfComposition *in;
        OvfArchive archive;
        json_t *skipped;
} Composing;

static void composing_clear(Composing *composing) {
        ovf_archive_clear(&composing->archive);
        json_decref(composing->skipped);
}

static int put_definition(Composing *composing, const json_t *definition, sd_bus_error *error) {
        const char *id = json_string_value(json_object_get(definition, "id"));
        _cleanup_free_ char *fresh = NULL, *merged = NULL;
        char name[UUID_STRING_MAX + 8];
        const OvfMember *old;
        int r;

        if (!id || !uuid_is_valid(id))
                return (void)sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "A definition has no id"), -EINVAL;
        (void) snprintf(name, sizeof(name), "%s.ovf", id);
        r = ovf_write(definition, composing->in->domain, composing->in->lists, composing->in->n_lists, composing->in->now_sec, &fresh, error);
        if (r < 0)
                return r == -ENOMEM ? r : -EINVAL;
        old = ovf_archive_find(&composing->archive, name);
        r = old ? ovf_merge(fresh, old->data, old->size, &merged) : 0;
        if (r == -ENOMEM)
                return r;
        /* what nobody would read is not kept */
        if (merged && strlen(merged) > OVF_BYTES_MAX)
                free(TAKE_PTR(merged));
        return ovf_archive_put(&composing->archive, name, merged ?: fresh, strlen(merged ?: fresh));
}

static int put_info(Composing *composing) {
        _cleanup_json_ json_t *info = NULL;
        _cleanup_free_ char *text = NULL;
        char date[64];

        ovf_store_date(composing->in->now_sec, date);
        info = json_pack("{s:s, s:[{s:s}]}", "Last Updated", date, "Storage Domains", "uuid", composing->in->domain);
        text = info ? json_dumps(info, JSON_INDENT(2)) : NULL;
        return text ? ovf_archive_put(&composing->archive, "info.json", text, strlen(text)) : -ENOMEM;
}

static bool is_in(const json_t *list, const char *id) {
        const json_t *one;
        size_t i;

        json_array_foreach(list, i, one)
                if (streq_ptr(json_string_value(json_is_object(one) ? json_object_get(one, "id") : one), id))
                        return true;
        return false;
}

static bool has_image(const Composing *composing, const char *image) {
        for (size_t i = 0; i < composing->in->n_lists; i++)
                if (streq(composing->in->lists[i].image, image))
                        return true;
        return false;
}

/* Of a VM that nobody gave a definition of now: it goes with the last of its disks; without any, when it is said to be removed. What cannot be read stays. */
static bool is_stale(const Composing *composing, const OvfMember *member, const char *id, const json_t *removed) {
        _cleanup_json_ json_t *summary = NULL;
        const json_t *disk, *disks;
        size_t i;

        if (ovf_summary(member->data, member->size, id, &summary, NULL) < 0)
                return false;
        disks = json_object_get(summary, "disks");
        json_array_foreach(disks, i, disk)
                if (has_image(composing, dict_string(disk, "image", "")))
                        return false;
        return json_array_size(disks) > 0 || is_in(removed, id);
}

static void drop_stale(Composing *composing, const json_t *definitions, const json_t *removed) {
        for (size_t i = 0; i < composing->archive.n;) {
                char id[UUID_STRING_MAX], name[UUID_STRING_MAX + 8];

                if (!ovf_member_id(composing->archive.members[i].name, id) || is_in(definitions, id) ||
                    !is_stale(composing, &composing->archive.members[i], id, removed)) {
                        i++;
                        continue;
                }
                (void) snprintf(name, sizeof(name), "%s.ovf", id);
                ovf_archive_remove(&composing->archive, name); /* the last one takes its place */
        }
}

static int put_all(Composing *composing, sd_bus_error *error) {
        const json_t *one;
        size_t i;

        json_array_foreach(composing->in->definitions, i, one) {
                _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
                int r;

                r = put_definition(composing, one, &own);
                /* one that cannot be written keeps nobody else's from being so */
                if (r == -EINVAL)
                        r = json_array_append_new(composing->skipped, json_sprintf("%s: %s", dict_string(one, "id", ""), own.message ?: "")) < 0 ? -ENOMEM : 0;
                if (r < 0) {
                        (void) sd_bus_error_copy(error, &own);
                        return r;
                }
        }
        return 0;
}

static unsigned count_definitions(const OvfArchive *archive) {
        char id[UUID_STRING_MAX];
        unsigned n = 0;

        for (size_t i = 0; i < archive->n; i++)
                n += ovf_member_id(archive->members[i].name, id);
        return n;
}

int ovf_compose(const OvfComposition *in, OvfComposed *ret, sd_bus_error *error) {
        _cleanup_(composing_clear) Composing composing = { .in = in, .skipped = json_array() };
        int r;

        r = composing.skipped ? 0 : -ENOMEM;
        if (r >= 0 && in->tar)
                r = ovf_archive_read(in->tar, in->tar_size, &composing.archive, error);
        if (r < 0)
                return r;
        drop_stale(&composing, in->definitions, in->removed);
        r = put_all(&composing, error);
        if (r >= 0)
                r = put_info(&composing);
        /* states of VMs as an engine knew them are nobody's now */
        ovf_archive_remove(&composing.archive, "metadata.json");
        if (r >= 0)
                r = ovf_archive_write(&composing.archive, in->now_sec, &ret->tar, &ret->size, error);
        if (r < 0)
                return r;
        ret->definitions = count_definitions(&composing.archive);
        ret->skipped = TAKE_PTR(composing.skipped);
        return 0;
}
