/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages of the kernel about links, as it writes them, also torn ones. */

#include "view-fixture.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "link-message.h"
#include "macro.h"
#include "rtnetlink.h"

typedef union Message {
        struct nlmsghdr header;
        uint8_t bytes[512];
} Message;

static void begin(Message *message, unsigned short type, unsigned char family, int ifindex) {
        struct ifinfomsg *link = NLMSG_DATA(&message->header);

        memset(message, 0, sizeof *message);
        message->header.nlmsg_type = type;
        message->header.nlmsg_len = NLMSG_LENGTH(sizeof *link);
        link->ifi_family = family;
        link->ifi_index = ifindex;
}

static void put_tap(Message *message, const char *name, const char *kind, int master) {
        struct rtattr *info;

        (void) rtnetlink_put(&message->header, IFLA_IFNAME, name, strlen(name) + 1);
        if (master)
                (void) rtnetlink_put(&message->header, IFLA_MASTER, &master, sizeof master);
        info = rtnetlink_put(&message->header, IFLA_LINKINFO, NULL, 0);
        (void) rtnetlink_put(&message->header, IFLA_INFO_KIND, kind, strlen(kind) + 1);
        rtnetlink_close_nest(&message->header, info);
}

static void a_tap(void **state) {
        LinkMessage read;
        Message message;

        begin(&message, RTM_NEWLINK, AF_UNSPEC, 7);
        put_tap(&message, "vnet0", "tun", 3);
        assert_true(link_message_read(&message.header, &read));
        assert_int_equal(read.ifindex, 7);
        assert_int_equal(read.master, 3);
        assert_true(read.tap);
        assert_false(read.gone);
        assert_string_equal(read.name, "vnet0");

        begin(&message, RTM_DELLINK, AF_UNSPEC, 7);
        put_tap(&message, "vnet0", "tun", 0);
        assert_true(link_message_read(&message.header, &read));
        assert_true(read.gone);
        assert_int_equal(read.master, 0);

        begin(&message, RTM_NEWLINK, AF_UNSPEC, 8);
        put_tap(&message, "eth0", "veth", 3);
        assert_true(link_message_read(&message.header, &read));
        assert_false(read.tap);
}

/* What a bridge says of its ports is of another family; the end of that is no end of the device. */
static void others(void **state) {
        LinkMessage read;
        Message message;

        begin(&message, RTM_DELLINK, AF_BRIDGE, 7);
        put_tap(&message, "vnet0", "tun", 3);
        assert_true(link_message_read(&message.header, &read));
        assert_true(read.of_bridge);
        assert_false(read.gone);
        assert_int_equal(read.master, 0);
        assert_string_equal(read.name, "vnet0");
        begin(&message, RTM_NEWADDR, AF_UNSPEC, 7);
        assert_false(link_message_read(&message.header, &read));
        begin(&message, RTM_NEWLINK, AF_UNSPEC, 0);
        assert_false(link_message_read(&message.header, &read));
        begin(&message, RTM_NEWLINK, AF_UNSPEC, 7);
        message.header.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)) - 1;
        assert_false(link_message_read(&message.header, &read));
}

static void torn(void **state) {
        Message message;

        begin(&message, RTM_NEWLINK, AF_UNSPEC, 7);
        put_tap(&message, "a-name-that-is-far-too-long", "tun", 3);
        for (uint32_t size = NLMSG_LENGTH(sizeof(struct ifinfomsg)); size <= message.header.nlmsg_len; size++) {
                /* of its own, so that a sanitizer sees a look beyond it */
                struct nlmsghdr *copy = malloc(size);
                LinkMessage read;

                memcpy(copy, &message, size);
                copy->nlmsg_len = size;
                assert_true(link_message_read(copy, &read));
                assert_true(strlen(read.name) < sizeof read.name);
                free(copy);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_tap),
                cmocka_unit_test(others),
                cmocka_unit_test(torn),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
