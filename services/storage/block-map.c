/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "block-map.h"

#include <inttypes.h>
#include <stdio.h>

/* Each device once, in the order of its keys. */
typedef struct Order {
        const LvmDevice *devices[KEY_VALUE_MAX];
        size_t n;
} Order;

static bool is_in(const Order *order, const LvmDevice *device) {
        for (size_t i = 0; i < order->n; i++)
                if (order->devices[i] == device)
                        return true;
        return false;
}

static void add(Order *order, const LvmDevice *device) {
        if (order->n < ELEMENTSOF(order->devices) && !is_in(order, device))
                order->devices[order->n++] = device;
}

static void key_of(size_t n, char key[static 16]) {
        (void) snprintf(key, 16, "PV%zu", n);
}

static bool value_has_uuid(const char *value, const char *uuid) {
        const char *found = strstr(value, ",uuid:");
        const size_t length = strlen(uuid);

        if (!found || length == 0)
                return false;
        found += strlen(",uuid:");
        return strncmp(found, uuid, length) == 0 && (found[length] == ',' || !found[length]);
}

static void add_known(Order *order, const KeyValueList *list, const LvmDevices *devices, const char *group) {
        for (size_t k = 0; k < KEY_VALUE_MAX; k++) {
                const char *value;
                char key[16];

                key_of(k, key);
                value = key_value_get(list, key);
                for (size_t i = 0; value && i < devices->n; i++)
                        if (streq(devices->rows[i].group, group) && value_has_uuid(value, devices->rows[i].uuid))
                                add(order, &devices->rows[i]);
        }
}

static int set_key(KeyValueList *list, size_t n, const LvmDevice *device, uint64_t offset) {
        _cleanup_free_ char *value = NULL;
        const char *slash = strrchr(device->path, '/');
        char key[16];

        key_of(n, key);
        if (asprintf(&value, "pv:%s,uuid:%s,pestart:0,pecount:%" PRIu64 ",mapoffset:%" PRIu64, slash ? slash + 1 : device->path, device->uuid,
                     device->extents, offset) < 0) {
                value = NULL;
                return -ENOMEM;
        }
        return key_value_set(list, key, value);
}

int block_map_refresh(KeyValueList *list, const LvmDevices *devices, const char *group) {
        uint64_t offset = 0;
        Order order = {};
        int r = 0;

        for (size_t i = 0; i < devices->n; i++)
                if (streq(devices->rows[i].group, group) && devices->rows[i].metadata_areas > 0)
                        add(&order, &devices->rows[i]);
        add_known(&order, list, devices, group);
        for (size_t i = 0; i < devices->n; i++)
                if (streq(devices->rows[i].group, group))
                        add(&order, &devices->rows[i]);
        for (size_t k = 0; k < KEY_VALUE_MAX; k++) {
                char key[16];

                key_of(k, key);
                key_value_unset(list, key);
        }
        for (size_t i = 0; r >= 0 && i < order.n; i++) {
                r = set_key(list, i, order.devices[i], offset);
                offset += order.devices[i]->extents;
        }
        return r;
}

static bool has_device(const char *devices, const char *name, size_t length) {
        for (; *devices; devices += strcspn(devices, ","), devices += *devices == ',')
                if (strcspn(devices, ",") == length && strncmp(devices, name, length) == 0)
                        return true;
        return false;
}

char *block_devices_join(const char *devices, const char *more) {
        char *joined = calloc(strlen(devices) + strlen(more) + 2, 1);
        size_t length = strlen(devices);

        if (!joined)
                return NULL;
        memcpy(joined, devices, length + 1);
        for (; *more; more += strcspn(more, ","), more += *more == ',') {
                const size_t n = strcspn(more, ",");

                if (n == 0 || has_device(joined, more, n))
                        continue;
                if (length > 0)
                        joined[length++] = ',';
                memcpy(joined + length, more, n);
                length += n;
        }
        return joined;
}
