/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bridge-vlans.h"

#include <linux/if_bridge.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

#include "dict.h"
#include "rtnetlink.h"

/* ---- what is ---- */

static void read_info(const struct rtattr *attribute, VlanSet *set) {
        const struct bridge_vlan_info *info = RTA_DATA(attribute);

        if (RTA_PAYLOAD(attribute) < sizeof *info || info->vid >= VLAN_SET_SIZE)
                return;
        set->flags[info->vid] = (uint8_t)(VLAN_PRESENT | (info->flags & BRIDGE_VLAN_INFO_PVID ? VLAN_PVID : 0) |
                                          (info->flags & BRIDGE_VLAN_INFO_UNTAGGED ? VLAN_UNTAGGED : 0));
}

static int read_link(const struct nlmsghdr *header, json_t *vlans) {
        const struct ifinfomsg *link = NLMSG_DATA(header);
        const struct rtattr *spec = rtnetlink_find(IFLA_RTA(link), header->nlmsg_len - NLMSG_LENGTH(sizeof *link), IFLA_AF_SPEC), *info;
        _cleanup_free_ char *text = NULL;
        size_t at = 0;
        VlanSet set = {};
        char key[16];

        while (spec && (info = rtnetlink_next(RTA_DATA(spec), RTA_PAYLOAD(spec), &at)))
                if (rtnetlink_type(info) == IFLA_BRIDGE_VLAN_INFO)
                        read_info(info, &set);
        (void) snprintf(key, sizeof key, "%d", link->ifi_index);
        text = vlan_set_format(&set);
        return !text || json_object_set_new(vlans, key, json_string(text)) < 0 ? -ENOMEM : 0;
}

static int read_message(const struct nlmsghdr *header, void *userdata) {
        return header->nlmsg_type == RTM_NEWLINK && header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg)) ? read_link(header, userdata) : 0;
}

int bridge_vlans_parse(const void *datagram, size_t size, json_t *vlans) {
        return rtnetlink_parse(datagram, size, read_message, vlans);
}

static int send_dump(int fd) {
        struct {
                struct nlmsghdr header;
                struct ifinfomsg link;
                struct rtattr attribute;
                uint32_t filter;
        } request = {
                .header = { .nlmsg_len = sizeof request, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = 1 },
                .link = { .ifi_family = AF_BRIDGE },
                .attribute = { .rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = IFLA_EXT_MASK },
                .filter = RTEXT_FILTER_BRVLAN,
        };

        return rtnetlink_send(fd, &request.header);
}

int bridge_vlans_read(json_t **ret) {
        _cleanup_json_ json_t *by_index = json_object(), *vlans = json_object();
        _cleanup_close_ int fd = rtnetlink_open();
        const char *index;
        json_t *text;
        int r;

        if (fd < 0)
                return fd;
        if (!by_index || !vlans)
                return -ENOMEM;
        r = send_dump(fd);
        if (r >= 0)
                r = rtnetlink_receive(fd, read_message, by_index);
        if (r < 0)
                return r;
        json_object_foreach(by_index, index, text) {
                char name[IF_NAMESIZE];

                if (if_indextoname((unsigned)strtoul(index, NULL, 10), name) && json_object_set(vlans, name, text) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(vlans);
        return 0;
}

/* ---- what shall be ---- */

/* All VLANs of a device in one message: 4 bytes of head and 4 of content each. */
typedef struct Request {
        struct nlmsghdr header;
        struct ifinfomsg link;
        uint8_t attributes[RTA_LENGTH(0) + RTA_SPACE(sizeof(uint16_t)) + VLAN_SET_SIZE * RTA_SPACE(sizeof(struct bridge_vlan_info))];
} Request;

/* Adds, or takes away, those of set. Return: how many. */
static unsigned write_request(Request *request, int ifindex, bool bridge, bool add, const VlanSet *set) {
        struct rtattr *spec = (struct rtattr *)request->attributes;
        const uint16_t self = BRIDGE_FLAGS_SELF;
        unsigned n = 0;

        request->header = (struct nlmsghdr){ .nlmsg_len = NLMSG_LENGTH(sizeof request->link) + RTA_LENGTH(0), .nlmsg_type = add ? RTM_SETLINK : RTM_DELLINK,
                                             .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK, .nlmsg_seq = 1 };
        request->link = (struct ifinfomsg){ .ifi_family = AF_BRIDGE, .ifi_index = ifindex };
        if (bridge)
                (void) rtnetlink_put(&request->header, IFLA_BRIDGE_FLAGS, &self, sizeof self);
        for (unsigned vid = 1; vid < VLAN_SET_SIZE - 1; vid++) {
                struct bridge_vlan_info info = { .vid = (uint16_t)vid };

                if (!set->flags[vid])
                        continue;
                if (set->flags[vid] & VLAN_PVID)
                        info.flags |= BRIDGE_VLAN_INFO_PVID;
                if (set->flags[vid] & VLAN_UNTAGGED)
                        info.flags |= BRIDGE_VLAN_INFO_UNTAGGED;
                (void) rtnetlink_put(&request->header, IFLA_BRIDGE_VLAN_INFO, &info, sizeof info);
                n++;
        }
        spec->rta_type = IFLA_AF_SPEC;
        rtnetlink_close_nest(&request->header, spec);
        return n;
}

static int ask(int fd, int ifindex, bool bridge, bool add, const VlanSet *set) {
        _cleanup_free_ Request *request = calloc(1, sizeof *request);
        int r;

        if (!request)
                return -ENOMEM;
        if (write_request(request, ifindex, bridge, add, set) == 0)
                return 0;
        r = rtnetlink_send(fd, &request->header);
        return r < 0 ? r : rtnetlink_receive(fd, NULL, NULL);
}

int bridge_vlans_set(const char *device, bool bridge, const char *is, const char *wanted) {
        int ifindex = (int)if_nametoindex(device), r;
        _cleanup_close_ int fd = rtnetlink_open();
        VlanSet now, then;

        if (ifindex == 0)
                return -ENODEV;
        if (fd < 0)
                return fd;
        if (vlan_set_parse(is, &now) < 0 || vlan_set_parse(wanted, &then) < 0)
                return -EINVAL;
        for (unsigned vid = 0; vid < VLAN_SET_SIZE; vid++) {
                /* one whose flags change is taken away first: until it is there again its frames are dropped, and none goes astray */
                if (now.flags[vid] == then.flags[vid])
                        now.flags[vid] = then.flags[vid] = 0;
        }
        r = ask(fd, ifindex, bridge, false, &now);
        return r < 0 ? r : ask(fd, ifindex, bridge, true, &then);
}
