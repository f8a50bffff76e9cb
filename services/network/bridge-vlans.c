/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bridge-vlans.h"

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "dict.h"

/* The kernel answers at once, unless somebody holds its lock of the network devices. */
#define ANSWER_TIMEOUT_SEC 5

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
        size_t left = header->nlmsg_len - NLMSG_LENGTH(sizeof *link);
        _cleanup_free_ char *text = NULL;
        VlanSet set = {};
        char key[16];

        for (const struct rtattr *a = IFLA_RTA(link); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
                size_t inner = RTA_PAYLOAD(a);

                if ((a->rta_type & NLA_TYPE_MASK) != IFLA_AF_SPEC)
                        continue;
                for (const struct rtattr *b = RTA_DATA(a); RTA_OK(b, inner); b = RTA_NEXT(b, inner))
                        if ((b->rta_type & NLA_TYPE_MASK) == IFLA_BRIDGE_VLAN_INFO)
                                read_info(b, &set);
        }
        (void) snprintf(key, sizeof key, "%d", link->ifi_index);
        text = vlan_set_format(&set);
        return !text || json_object_set_new(vlans, key, json_string(text)) < 0 ? -ENOMEM : 0;
}

int bridge_vlans_parse(const void *datagram, size_t size, json_t *vlans) {
        const struct nlmsghdr *header = datagram;
        size_t left = size;

        for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
                int r = 0;

                if (header->nlmsg_type == NLMSG_DONE)
                        return 1;
                if (header->nlmsg_type == NLMSG_ERROR)
                        return header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nlmsgerr)) ? ((const struct nlmsgerr *)NLMSG_DATA(header))->error ?: 1 : -EBADMSG;
                if (header->nlmsg_type == RTM_NEWLINK && header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg)))
                        r = read_link(header, vlans);
                if (r < 0)
                        return r;
        }
        return left == 0 ? 0 : -EBADMSG;
}

static int open_socket(void) {
        struct timeval timeout = { .tv_sec = ANSWER_TIMEOUT_SEC };
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

        if (fd < 0)
                return -errno;
        if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0) {
                int r = -errno;

                safe_close(fd);
                return r;
        }
        return fd;
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

        return send(fd, &request, sizeof request, 0) < 0 ? -errno : 0;
}

static int receive(int fd, json_t *vlans) {
        _cleanup_free_ void *buffer = malloc(BRIDGE_VLANS_BYTES);
        int r = buffer ? 0 : -ENOMEM;

        while (r == 0) {
                ssize_t n = recv(fd, buffer, BRIDGE_VLANS_BYTES, 0);

                r = n < 0 ? -errno : bridge_vlans_parse(buffer, (size_t)n, vlans);
        }
        return r < 0 ? r : 0;
}

int bridge_vlans_read(json_t **ret) {
        _cleanup_json_ json_t *by_index = json_object(), *vlans = json_object();
        _cleanup_close_ int fd = open_socket();
        const char *index;
        json_t *text;
        int r;

        if (fd < 0)
                return fd;
        if (!by_index || !vlans)
                return -ENOMEM;
        r = send_dump(fd);
        if (r >= 0)
                r = receive(fd, by_index);
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

static void put_attribute(Request *request, unsigned short type, const void *data, size_t size) {
        struct rtattr *attribute = (struct rtattr *)((uint8_t *)request + NLMSG_ALIGN(request->header.nlmsg_len));

        attribute->rta_type = type;
        attribute->rta_len = (unsigned short)RTA_LENGTH(size);
        memcpy(RTA_DATA(attribute), data, size);
        request->header.nlmsg_len = (uint32_t)(NLMSG_ALIGN(request->header.nlmsg_len) + RTA_SPACE(size));
}

/* Adds, or takes away, those of set. Return: how many. */
static unsigned write_request(Request *request, int ifindex, bool bridge, bool add, const VlanSet *set) {
        struct rtattr *spec = (struct rtattr *)request->attributes;
        const uint16_t self = BRIDGE_FLAGS_SELF;
        unsigned n = 0;

        request->header = (struct nlmsghdr){ .nlmsg_len = NLMSG_LENGTH(sizeof request->link) + RTA_LENGTH(0), .nlmsg_type = add ? RTM_SETLINK : RTM_DELLINK,
                                             .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK, .nlmsg_seq = 1 };
        request->link = (struct ifinfomsg){ .ifi_family = AF_BRIDGE, .ifi_index = ifindex };
        if (bridge)
                put_attribute(request, IFLA_BRIDGE_FLAGS, &self, sizeof self);
        for (unsigned vid = 1; vid < VLAN_SET_SIZE - 1; vid++) {
                struct bridge_vlan_info info = { .vid = (uint16_t)vid };

                if (!set->flags[vid])
                        continue;
                if (set->flags[vid] & VLAN_PVID)
                        info.flags |= BRIDGE_VLAN_INFO_PVID;
                if (set->flags[vid] & VLAN_UNTAGGED)
                        info.flags |= BRIDGE_VLAN_INFO_UNTAGGED;
                put_attribute(request, IFLA_BRIDGE_VLAN_INFO, &info, sizeof info);
                n++;
        }
        spec->rta_type = IFLA_AF_SPEC;
        spec->rta_len = (unsigned short)(request->header.nlmsg_len - NLMSG_LENGTH(sizeof request->link));
        return n;
}

static int ask(int fd, int ifindex, bool bridge, bool add, const VlanSet *set) {
        _cleanup_free_ Request *request = calloc(1, sizeof *request);

        if (!request)
                return -ENOMEM;
        if (write_request(request, ifindex, bridge, add, set) == 0)
                return 0;
        if (send(fd, request, request->header.nlmsg_len, 0) < 0)
                return -errno;
        return receive(fd, NULL);
}

int bridge_vlans_set(const char *device, bool bridge, const char *is, const char *wanted) {
        int ifindex = (int)if_nametoindex(device), r;
        _cleanup_close_ int fd = open_socket();
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
