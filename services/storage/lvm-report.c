/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lvm-report.h"

#include <jansson.h>

#include "bus-error.h"
#include "dict.h"
#include "parse-util.h"

bool lvm_name_is_valid(const char *name) {
        if (isempty(name) || strlen(name) >= LVM_NAME_BYTES || *name == '-' || streq(name, ".") || streq(name, ".."))
                return false;
        for (const char *c = name; *c; c++)
                if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || strchr("+_.-", *c)))
                        return false;
        return true;
}

static int bad(sd_bus_error *error, const char *what) {
        sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "LVM's report of %s cannot be understood", what);
        return -EBADMSG;
}

/* {"report": [{"<word>": [row, …]}]}. ret_root owns what ret_rows borrows. */
static int read_rows(const char *text, size_t size, const char *word, size_t rows_max, json_t **ret_root, const json_t **ret_rows) {
        _cleanup_json_ json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
        const json_t *rows = json_object_get(json_array_get(json_object_get(root, "report"), 0), word);

        if (!json_is_array(rows) || json_array_size(rows) > rows_max)
                return -EBADMSG;
        *ret_root = TAKE_PTR(root);
        *ret_rows = rows;
        return 0;
}

/* ---- columns: all are strings ---- */

static int column_number(const json_t *row, const char *key, uint64_t *ret) {
        const char *text = json_string_value(json_object_get(row, key));

        return text && parse_u64(text, ret) >= 0 ? 0 : -EBADMSG;
}

static int column_count(const json_t *row, const char *key, unsigned *ret) {
        uint64_t number;

        if (column_number(row, key, &number) < 0 || number > UINT16_MAX)
                return -EBADMSG;
        *ret = (unsigned)number;
        return 0;
}

static int column_name(const json_t *row, const char *key, bool optional, char ret[static LVM_NAME_BYTES]) {
        const char *text = json_string_value(json_object_get(row, key));

        if (!text || (!lvm_name_is_valid(text) && !(optional && !*text)))
                return -EBADMSG;
        memcpy(ret, text, strlen(text) + 1);
        return 0;
}

static int column_text(const json_t *row, const char *key, char **ret) {
        const char *text = json_string_value(json_object_get(row, key));

        if (!text)
                return -EBADMSG;
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

/* ---- rows ---- */

static int read_group(const json_t *row, LvmGroup *ret) {
        if (column_name(row, "vg_name", false, ret->name) < 0 || column_name(row, "vg_uuid", false, ret->uuid) < 0 ||
            column_number(row, "vg_size", &ret->size_bytes) < 0 || column_number(row, "vg_free", &ret->free_bytes) < 0 ||
            column_number(row, "vg_extent_size", &ret->extent_bytes) < 0 ||
            column_number(row, "vg_mda_size", &ret->mda_size_bytes) < 0 || column_number(row, "vg_mda_free", &ret->mda_free_bytes) < 0 ||
            column_count(row, "vg_missing_pv_count", &ret->missing) < 0 || ret->extent_bytes == 0)
                return -EBADMSG;
        return column_text(row, "vg_tags", &ret->tags);
}

static int read_volume(const json_t *row, LvmVolume *ret) {
        const char *active = json_string_value(json_object_get(row, "lv_active"));

        if (column_name(row, "lv_name", false, ret->name) < 0 || column_number(row, "lv_size", &ret->size_bytes) < 0 ||
            column_number(row, "vg_free", &ret->group_free_bytes) < 0 || column_number(row, "vg_mda_free", &ret->group_mda_free_bytes) < 0 || !active)
                return -EBADMSG;
        ret->active = streq(active, "active");
        return column_text(row, "lv_tags", &ret->tags);
}

/* Return: 1 where it is no physical volume. */
static int read_device(const json_t *row, LvmDevice *ret) {
        const char *in_use = json_string_value(json_object_get(row, "pv_in_use"));
        int r;

        if (streq_ptr(json_string_value(json_object_get(row, "pv_uuid")), ""))
                return 1;
        if (!in_use || column_name(row, "pv_uuid", false, ret->uuid) < 0 || column_name(row, "vg_name", true, ret->group) < 0 ||
            column_name(row, "vg_uuid", true, ret->group_uuid) < 0 ||
            column_number(row, "dev_size", &ret->size_bytes) < 0 || column_number(row, "pe_start", &ret->start_bytes) < 0 ||
            column_number(row, "pv_pe_count", &ret->extents) < 0 || column_count(row, "pv_mda_used_count", &ret->metadata_areas) < 0)
                return -EBADMSG;
        ret->in_use = streq(in_use, "used");
        r = column_text(row, "pv_name", &ret->path);
        if (r >= 0)
                r = column_text(row, "vg_tags", &ret->tags);
        if (r < 0) { /* such a row is not counted, and so not cleared */
                free(ret->path);
                ret->path = NULL;
        }
        return r;
}

/* Extents, in bytes: of the device and of the volume. */
static int read_extents(const json_t *row, LvmSegment *ret) {
        uint64_t extent_bytes, start_bytes, at, n, from;

        if (column_number(row, "vg_extent_size", &extent_bytes) < 0 || column_number(row, "pe_start", &start_bytes) < 0 || column_number(row, "pvseg_start", &at) < 0 ||
            column_number(row, "pvseg_size", &n) < 0 || column_number(row, "seg_start_pe", &from) < 0)
                return -EBADMSG;
        if (__builtin_mul_overflow(n, extent_bytes, &ret->size_bytes) || __builtin_mul_overflow(from, extent_bytes, &ret->from_bytes) ||
            __builtin_mul_overflow(at, extent_bytes, &ret->at_bytes) || __builtin_add_overflow(ret->at_bytes, start_bytes, &ret->at_bytes))
                return -EBADMSG;
        if (ret->size_bytes > INT64_MAX || ret->at_bytes > INT64_MAX - ret->size_bytes || ret->from_bytes > INT64_MAX - ret->size_bytes)
                return -EBADMSG;
        return 0;
}

static int read_segment(const json_t *row, LvmSegment *ret) {
        const char *name = json_string_value(json_object_get(row, "lv_name")), *type = json_string_value(json_object_get(row, "segtype"));

        if (!name || !type || column_name(row, "vg_name", true, ret->group) < 0)
                return -EBADMSG;
        if (lvm_name_is_valid(name)) { /* "[name]" is a volume's inside */
                memcpy(ret->name, name, strlen(name) + 1);
                if (read_extents(row, ret) < 0)
                        return -EBADMSG;
        }
        ret->linear = streq(type, "linear");
        return column_text(row, "pv_name", &ret->path);
}

bool lvm_device_is_whole(const LvmDevice *device, uint64_t extent_bytes) {
        uint64_t end_bytes;

        if (device->size_bytes == 0)
                return true;
        return !__builtin_mul_overflow(device->extents, extent_bytes, &end_bytes) && !__builtin_add_overflow(end_bytes, device->start_bytes, &end_bytes) &&
               end_bytes <= device->size_bytes;
}

void lvm_groups_clear(LvmGroups *groups) {
        for (size_t i = 0; i < groups->n; i++)
                free(groups->rows[i].tags);
        free(groups->rows);
        *groups = (LvmGroups){};
}

void lvm_volumes_clear(LvmVolumes *volumes) {
        for (size_t i = 0; i < volumes->n; i++)
                free(volumes->rows[i].tags);
        free(volumes->rows);
        *volumes = (LvmVolumes){};
}

void lvm_devices_clear(LvmDevices *devices) {
        for (size_t i = 0; i < devices->n; i++) {
                free(devices->rows[i].path);
                free(devices->rows[i].tags);
        }
        free(devices->rows);
        *devices = (LvmDevices){};
}

void lvm_segments_clear(LvmSegments *segments) {
        for (size_t i = 0; i < segments->n; i++)
                free(segments->rows[i].path);
        free(segments->rows);
        *segments = (LvmSegments){};
}

/* They differ in the type of their rows alone. */
#define DEFINE_PARSER(name, List, word, rows_max, read, what)                                                          \
        int lvm_##name##_parse(const char *text, size_t size, List *ret, sd_bus_error *error) {                        \
                _cleanup_(lvm_##name##_clear) List list = {};                                                          \
                _cleanup_json_ json_t *root = NULL;                                                                    \
                const json_t *rows;                                                                                    \
                                                                                                                       \
                if (read_rows(text, size, word, rows_max, &root, &rows) < 0)                                           \
                        return bad(error, what);                                                                       \
                list.rows = calloc(json_array_size(rows) + 1, sizeof(*list.rows));                                     \
                if (!list.rows)                                                                                        \
                        return -ENOMEM;                                                                                \
                for (size_t i = 0; i < json_array_size(rows); i++) {                                                   \
                        int r = read(json_array_get(rows, i), &list.rows[list.n]);                                     \
                                                                                                                       \
                        if (r < 0)                                                                                     \
                                return r == -ENOMEM ? r : bad(error, what);                                            \
                        list.n += r == 0;                                                                              \
                }                                                                                                      \
                *ret = list;                                                                                           \
                list = (List){};                                                                                       \
                return 0;                                                                                              \
        }

DEFINE_PARSER(groups, LvmGroups, "vg", LVM_ROWS_MAX, read_group, "volume groups")
DEFINE_PARSER(volumes, LvmVolumes, "lv", LVM_ROWS_MAX, read_volume, "logical volumes")
DEFINE_PARSER(devices, LvmDevices, "pv", LVM_ROWS_MAX, read_device, "physical volumes")
DEFINE_PARSER(segments, LvmSegments, "pvseg", LVM_SEGMENTS_MAX, read_segment, "parts of volumes")
