/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mac.h"

#include <stdio.h>

int mac_allocate(const char *prefix, bool (*in_use)(const char *mac, void *userdata), void *userdata,
                 uint16_t *cursor, char ret[static MAC_STRING_MAX]) {
        for (unsigned i = 1; i <= MAC_POOL_SIZE; i++) {
                uint16_t next = (uint16_t)(*cursor + i);
                char mac[MAC_STRING_MAX];

                (void) snprintf(mac, sizeof mac, "%.11s:%02x:%02x", prefix, (unsigned)next >> 8, (unsigned)next & 0xff);
                if (in_use(mac, userdata))
                        continue;
                *cursor = next;
                memcpy(ret, mac, sizeof mac);
                return 0;
        }

        return -ENOSPC;
}

void mac_prefix(uint16_t random, char ret[static MAC_STRING_MAX]) {
        (void) snprintf(ret, MAC_STRING_MAX, "56:6f:%02x:%02x", (unsigned)random >> 8, (unsigned)random & 0xff);
}
