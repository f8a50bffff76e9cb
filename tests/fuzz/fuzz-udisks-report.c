/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any JSON as udisks2's objects: what is found is all there, whatever the rest is. */

#include "fuzz.h"

#include "udisks-report.h"

static bool is_whole(const DeviceIdentity *identity) {
        return identity->wwn && identity->serial && identity->vendor && identity->model && identity->revision;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const devices[] = {"/dev/sda", "/dev/loop0", ""};
        _cleanup_json_ json_t *objects = json_loadb((const char *)data, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

        for (size_t i = 0; i < ELEMENTSOF(devices); i++) {
                DeviceIdentity merged;
                UdisksDisk disk;

                if (udisks_find(objects, devices[i], &disk) != (*disk.path != '\0') && !json_object_get(objects, ""))
                        abort();
                device_identity_merge(&disk.identity, &(DeviceIdentity){}, &merged);
                if (!is_whole(&disk.identity) || !is_whole(&merged))
                        abort();
        }
        return 0;
}
