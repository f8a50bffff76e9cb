/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel's answers about VLANs of bridge ports, also torn ones. */

#include "view-fixture.h"

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "bridge-vlans.h"
#include "dict.h"
#include "macro.h"

typedef struct Answer {
        uint8_t bytes[512];
        size_t size;
} Answer;

static void put(Answer *answer, const void *data, size_t size) {
        memcpy(answer->bytes + answer->size, data, size);
        answer->size += NLMSG_ALIGN(size);
}

static void put_attribute(Answer *answer, unsigned short type, const void *data, size_t size) {
        struct rtattr attribute = { .rta_len = (unsigned short)RTA_LENGTH(size), .rta_type = type };

        put(answer, &attribute, sizeof attribute);
        put(answer, data, size);
}

/* A port: the name comes first, as the kernel has it, then its VLANs. */
static void put_port(Answer *answer, int ifindex, const struct bridge_vlan_info *infos, size_t n) {
        struct nlmsghdr header = { .nlmsg_type = RTM_NEWLINK };
        struct ifinfomsg link = { .ifi_family = AF_BRIDGE, .ifi_index = ifindex };
        size_t start = answer->size, spec;
        struct rtattr attribute = { .rta_type = IFLA_AF_SPEC | NLA_F_NESTED };

        put(answer, &header, sizeof header);
        put(answer, &link, sizeof link);
        put_attribute(answer, IFLA_IFNAME, "port", 5);
        spec = answer->size;
        put(answer, &attribute, sizeof attribute);
        for (size_t i = 0; i < n; i++)
                put_attribute(answer, IFLA_BRIDGE_VLAN_INFO, &infos[i], sizeof infos[i]);
        attribute.rta_len = (unsigned short)(answer->size - spec);
        memcpy(answer->bytes + spec, &attribute, sizeof attribute);
        header.nlmsg_len = (uint32_t)(answer->size - start);
        memcpy(answer->bytes + start, &header, sizeof header);
}

static void put_end(Answer *answer, unsigned short type, int error) {
        struct nlmsghdr header = { .nlmsg_type = type, .nlmsg_len = NLMSG_LENGTH(sizeof(struct nlmsgerr)) };
        struct nlmsgerr body = { .error = error };

        put(answer, &header, sizeof header);
        put(answer, &body, sizeof body);
}

static const struct bridge_vlan_info infos[] = {
        { .vid = 200 },
        { .vid = 1, .flags = BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED },
        { .vid = 4095 },
        { .vid = 65535 },
};

static void read_ports(void **state) {
        _cleanup_json_ json_t *vlans = json_object();
        Answer answer = {}, last = {};

        put_port(&answer, 3, infos, 2);
        put_port(&answer, 4, NULL, 0);
        assert_int_equal(bridge_vlans_parse(answer.bytes, answer.size, vlans), 0);
        assert_string_equal(dict_string(vlans, "3", ""), "1 pvid untagged, 200");
        assert_string_equal(dict_string(vlans, "4", "none"), "");
        put_end(&last, NLMSG_DONE, 0);
        assert_int_equal(bridge_vlans_parse(last.bytes, last.size, vlans), 1);
}

static void nonsense(void **state) {
        _cleanup_json_ json_t *vlans = json_object();
        Answer answer = {};

        put_port(&answer, 5, infos, ELEMENTSOF(infos));
        assert_int_equal(bridge_vlans_parse(answer.bytes, answer.size, vlans), 0);
        for (size_t size = 0; size < answer.size; size++) {
                /* of its own, so that a sanitizer sees a look beyond it */
                uint8_t *torn = malloc(size ?: 1);
                int r;

                memcpy(torn, answer.bytes, size);
                r = bridge_vlans_parse(torn, size, vlans);
                free(torn);
                assert_true(r == -EBADMSG || (size == 0 && r == 0));
        }
}

static void errors(void **state) {
        _cleanup_json_ json_t *vlans = json_object();
        Answer refused = {}, done = {};

        put_end(&refused, NLMSG_ERROR, -EPERM);
        assert_int_equal(bridge_vlans_parse(refused.bytes, refused.size, vlans), -EPERM);
        put_end(&done, NLMSG_ERROR, 0); /* the answer to what was to be acknowledged */
        assert_int_equal(bridge_vlans_parse(done.bytes, done.size, vlans), 1);
}

static void no_such_device(void **state) {
        assert_int_equal(bridge_vlans_set("none-such0", false, "", "1 pvid untagged"), -ENODEV);
        assert_int_equal(bridge_vlans_set("lo", false, "1 pvid", "nonsense"), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(read_ports),
                cmocka_unit_test(nonsense),
                cmocka_unit_test(errors),
                cmocka_unit_test(no_such_device),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
