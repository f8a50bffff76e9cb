/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link-message.h"

#include <stdio.h>
#include <sys/socket.h>

#include "rtnetlink.h"

/* Text of at most size - 1 bytes; the kernel ends it with a zero, which is not relied on. */
static void read_name(const struct rtattr *attribute, char *name, size_t size) {
        size_t length = attribute ? strnlen(RTA_DATA(attribute), RTA_PAYLOAD(attribute)) : 0;

        (void) snprintf(name, size, "%.*s", (int)(length < size ? length : size - 1), attribute ? (const char *)RTA_DATA(attribute) : "");
}

static bool is_tap(const struct rtattr *info) {
        const struct rtattr *kind = info ? rtnetlink_find(RTA_DATA(info), RTA_PAYLOAD(info), IFLA_INFO_KIND) : NULL;
        char text[IF_NAMESIZE];

        read_name(kind, text, sizeof text);
        return streq(text, "tun");
}

bool link_message_read(const struct nlmsghdr *header, LinkMessage *ret) {
        const struct ifinfomsg *link = NLMSG_DATA(header);
        const struct rtattr *master;
        size_t size;

        if ((header->nlmsg_type != RTM_NEWLINK && header->nlmsg_type != RTM_DELLINK) || header->nlmsg_len < NLMSG_LENGTH(sizeof *link))
                return false;
        if ((link->ifi_family != AF_UNSPEC && link->ifi_family != AF_BRIDGE) || link->ifi_index <= 0)
                return false;
        size = header->nlmsg_len - NLMSG_LENGTH(sizeof *link);
        master = rtnetlink_find(IFLA_RTA(link), size, IFLA_MASTER);
        *ret = (LinkMessage){ .ifindex = link->ifi_index, .of_bridge = link->ifi_family == AF_BRIDGE };
        read_name(rtnetlink_find(IFLA_RTA(link), size, IFLA_IFNAME), ret->name, sizeof ret->name);
        if (ret->of_bridge)
                return true;
        ret->gone = header->nlmsg_type == RTM_DELLINK;
        ret->tap = is_tap(rtnetlink_find(IFLA_RTA(link), size, IFLA_LINKINFO));
        if (master && RTA_PAYLOAD(master) >= sizeof ret->master)
                memcpy(&ret->master, RTA_DATA(master), sizeof ret->master);
        return true;
}
