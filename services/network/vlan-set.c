/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vlan-set.h"

#include <stdio.h>
#include <stdlib.h>

#include "wish.h"

/* ", 4094 pvid untagged" */
#define ENTRY_MAX 24U

char *vlan_set_format(const VlanSet *set) {
        size_t count = 0, n = 0;
        char *text;

        for (unsigned vid = 0; vid < VLAN_SET_SIZE; vid++)
                count += set->flags[vid] != 0;
        text = calloc(count + 1, ENTRY_MAX);
        if (!text)
                return NULL;
        for (unsigned vid = 0; vid < VLAN_SET_SIZE; vid++) {
                uint8_t flags = set->flags[vid];

                if (flags)
                        n += (size_t)snprintf(text + n, ENTRY_MAX, "%s%u%s%s", n > 0 ? ", " : "", vid, flags & VLAN_PVID ? " pvid" : "",
                                              flags & VLAN_UNTAGGED ? " untagged" : "");
        }
        return text;
}

int vlan_set_parse(const char *text, VlanSet *ret) {
        *ret = (VlanSet){};
        while (*text) {
                unsigned long vid;
                const char *rest;
                char *end;

                if (*text < '1' || *text > '9')
                        return -EINVAL;
                vid = strtoul(text, &end, 10);
                if (vid > VLAN_MAX || ret->flags[vid])
                        return -EINVAL;
                ret->flags[vid] = VLAN_PRESENT;
                text = end;
                if ((rest = startswith(text, " pvid"))) {
                        ret->flags[vid] |= VLAN_PVID;
                        text = rest;
                }
                if ((rest = startswith(text, " untagged"))) {
                        ret->flags[vid] |= VLAN_UNTAGGED;
                        text = rest;
                }
                if (!*text)
                        break;
                text = startswith(text, ", ");
                if (isempty(text))
                        return -EINVAL;
        }
        return 0;
}

unsigned vlan_of_port_name(const char *name) {
        unsigned long vid;
        char *end;

        if ((name[0] != 'v' && name[0] != 'm') || name[1] < '1' || name[1] > '9')
                return 0;
        vid = strtoul(name + 1, &end, 10);
        return *end == '-' && end[1] && vid <= VLAN_MAX ? (unsigned)vid : 0;
}
