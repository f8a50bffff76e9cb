/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "udisks-report.h"

#define BLOCK "org.freedesktop.UDisks2.Block"
#define DRIVE "org.freedesktop.UDisks2.Drive"

/* A path as bytes, with a zero at its end. */
static bool bytes_are(const json_t *bytes, const char *text) {
        const size_t length = strlen(text), n = json_array_size(bytes);

        if (length == 0 || (n != length && n != length + 1))
                return false;
        for (size_t i = 0; i < n; i++) {
                const json_t *byte = json_array_get(bytes, i);

                if (!json_is_integer(byte) || json_integer_value(byte) != (unsigned char)text[i])
                        return false;
        }
        return true;
}

static const char *text_of(const json_t *interface, const char *key) {
        return json_string_value(json_object_get(interface, key)) ?: "";
}

bool udisks_find(const json_t *objects, const char *device, UdisksDisk *ret) {
        const char *path;
        json_t *object;

        *ret = (UdisksDisk){.path = "", .identity = {"", "", "", "", ""}};
        json_object_foreach((json_t *)objects, path, object) {
                const json_t *block = json_object_get(object, BLOCK), *drive;

                if (!bytes_are(json_object_get(block, "Device"), device))
                        continue;
                /* "/" where it has none: a loop device, a mapped one */
                drive = json_object_get(json_object_get(objects, text_of(block, "Drive")), DRIVE);
                ret->path = path;
                ret->identity = (DeviceIdentity){
                                .wwn = text_of(drive, "WWN"),
                                .serial = text_of(drive, "Serial"),
                                .vendor = text_of(drive, "Vendor"),
                                .model = text_of(drive, "Model"),
                                .revision = text_of(drive, "Revision"),
                };
                return true;
        }
        return false;
}

static const char *first_of(const char *a, const char *b) {
        return !isempty(a) ? a : b ?: "";
}

void device_identity_merge(const DeviceIdentity *udisks, const DeviceIdentity *system, DeviceIdentity *ret) {
        *ret = (DeviceIdentity){
                        .wwn = first_of(udisks->wwn, system->wwn),
                        .serial = first_of(udisks->serial, system->serial),
                        .vendor = first_of(udisks->vendor, system->vendor),
                        .model = first_of(udisks->model, system->model),
                        .revision = first_of(udisks->revision, system->revision),
        };
}
