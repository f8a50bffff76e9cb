/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>

#include "bus-error.h"
#include "qemu-img.h"
#include "storage-identity.h"

const char *qemu_img_compat(unsigned version) {
        return version >= 4 ? "compat=1.1" : "compat=0.10";
}

void qemu_img_create(const VolumePlan *plan, unsigned version, bool privileged, QemuImgCommand *ret) {
        const VolumeMetadata *metadata = &plan->metadata;
        bool qcow2 = metadata->format == VOLUME_FORMAT_QCOW2;
        size_t n;

        *ret = (QemuImgCommand){};
        (void) snprintf(ret->numbers, sizeof(ret->numbers), "%" PRIu64, metadata->capacity_bytes);
        n = storage_identity_argv(ret->argv, privileged);
        ret->argv[n++] = "qemu-img";
        ret->argv[n++] = "create";
        ret->argv[n++] = "-q";
        ret->argv[n++] = "-f";
        ret->argv[n++] = volume_format_to_string(metadata->format);
        if (qcow2) {
                ret->argv[n++] = "-o";
                ret->argv[n++] = qemu_img_compat(version);
        }
        if (volume_has_parent(metadata)) {
                ret->argv[n++] = "-u";
                ret->argv[n++] = "-b";
                ret->argv[n++] = metadata->parent;
                ret->argv[n++] = "-F";
                ret->argv[n++] = volume_format_to_string(plan->parent_format);
        }
        ret->argv[n++] = plan->path;
        ret->argv[n++] = ret->numbers;
        ret->argv[n] = NULL;
}

static int garbage(sd_bus_error *error, const char *what) {
        sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "%s answered what cannot be understood", what);
        return -EBADMSG;
}

static bool corrupt_flag(const json_t *root) {
        const json_t *data = json_object_get(json_object_get(root, "format-specific"), "data");

        return json_is_true(json_object_get(data, "corrupt"));
}

static bool names_data_file(const json_t *root) {
        const json_t *data = json_object_get(json_object_get(root, "format-specific"), "data");

        return json_object_get(data, "data-file") || json_object_get(data, "data-file-raw");
}

int qemu_img_info_parse(const char *text, size_t size, QemuImgInfo *ret, sd_bus_error *error) {
        _cleanup_json_ json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
        const char *format = json_string_value(json_object_get(root, "format"));
        const json_t *virtual_size = json_object_get(root, "virtual-size");

        if (!format || strlen(format) >= sizeof(ret->format) || !json_is_integer(virtual_size) ||
            json_integer_value(virtual_size) < 0)
                return garbage(error, "qemu-img info");
        *ret = (QemuImgInfo){
                        .virtual_bytes = (uint64_t)json_integer_value(virtual_size),
                        .has_backing = json_object_get(root, "backing-filename") ||
                                       json_object_get(root, "full-backing-filename"),
                        .has_data_file = names_data_file(root),
                        .corrupt = corrupt_flag(root),
        };
        (void) snprintf(ret->format, sizeof(ret->format), "%s", format);
        return 0;
}

static int bad(sd_bus_error *error, const char *why) {
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s", why);
        return -EBADMSG;
}

int qemu_img_info_check(const QemuImgInfo *info, uint64_t capacity_bytes, sd_bus_error *error) {
        if (!streq(info->format, "qcow2"))
                return bad(error, "The data is not a qcow2 image");
        if (info->has_backing)
                return bad(error, "The qcow2 image names a backing file; flatten it first (qemu-img convert)");
        if (info->has_data_file)
                return bad(error, "The qcow2 image keeps its data in another file");
        if (info->corrupt)
                return bad(error, "The qcow2 image is marked corrupt; run qemu-img check on the source");
        if (info->virtual_bytes > capacity_bytes) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT,
                                  "The qcow2 image holds a disk of %" PRIu64
                                  " bytes; the volume has a capacity of %" PRIu64,
                                  info->virtual_bytes, capacity_bytes);
                return -EBADMSG;
        }
        return 0;
}

int qemu_img_check_result(int exit_status, const char *text, size_t size, sd_bus_error *error) {
        _cleanup_json_ json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);

        if (exit_status == 2)
                return bad(error, "The qcow2 image is corrupt; run qemu-img check on the source");
        if (exit_status != 0 && exit_status != 3) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT,
                                  "The qcow2 image cannot be checked (qemu-img check ended with %d)", exit_status);
                return -EBADMSG;
        }
        if (!json_is_object(root) || !json_is_integer(json_object_get(root, "check-errors")))
                return garbage(error, "qemu-img check");
        if (json_integer_value(json_object_get(root, "check-errors")) > 0 ||
            json_integer_value(json_object_get(root, "corruptions")) > 0)
                return bad(error, "The qcow2 image is corrupt; run qemu-img check on the source");
        return 0;
}

int qemu_img_check_end(const char *text, size_t size, uint64_t *ret, sd_bus_error *error) {
        _cleanup_json_ json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
        const json_t *end = json_object_get(root, "image-end-offset");

        if (!json_is_integer(end) || json_integer_value(end) <= 0)
                return garbage(error, "qemu-img check");
        *ret = (uint64_t)json_integer_value(end);
        return 0;
}
