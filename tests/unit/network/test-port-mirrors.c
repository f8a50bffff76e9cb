/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which filters a mirror is made of, what they let through, and the kernel's answers about them, also torn ones. */

#include "view-fixture.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/tc_act/tc_mirred.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "bridge-filters.h"
#include "dict.h"
#include "macro.h"
#include "mirror-program.h"
#include "port-mirrors.h"
#include "rtnetlink.h"

/* ---- what a program lets through ---- */

typedef struct Frame {
        const char *to, *from;
        unsigned vlan; /* 0: without a tag */
} Frame;

static uint32_t loaded(const uint8_t *bytes, const Frame *frame, const struct sock_filter *one) {
        if (one->k == (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT))
                return frame->vlan > 0;
        if (one->k == (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG))
                return 3U << 13 | frame->vlan; /* with a priority */
        assert_true(one->k + 4 <= 16);
        return BPF_SIZE(one->code) == BPF_B ? bytes[one->k]
                                            : (uint32_t)bytes[one->k] << 24 | (uint32_t)bytes[one->k + 1] << 16 | (uint32_t)bytes[one->k + 2] << 8 | bytes[one->k + 3];
}

/* As the kernel runs it, as far as the programs go. */
static bool passes(const char *hex, Frame frame) {
        struct sock_filter code[MIRROR_PROGRAM_MAX];
        unsigned n = mirror_program_bytes(hex, (uint8_t *)code, sizeof code);
        uint8_t bytes[16] = {};
        uint32_t a = 0;

        assert_true(n > 0);
        assert_int_equal(sscanf(frame.to, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", bytes, bytes + 1, bytes + 2, bytes + 3, bytes + 4, bytes + 5), 6);
        assert_int_equal(sscanf(frame.from, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", bytes + 6, bytes + 7, bytes + 8, bytes + 9, bytes + 10, bytes + 11), 6);
        for (unsigned i = 0; i < n; i++)
                switch (code[i].code) {
                case BPF_LD | BPF_ABS | BPF_W:
                case BPF_LD | BPF_ABS | BPF_B:
                        a = loaded(bytes, &frame, &code[i]);
                        break;
                case BPF_ALU | BPF_AND | BPF_K:
                        a &= code[i].k;
                        break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        i += a == code[i].k ? code[i].jt : code[i].jf;
                        break;
                case BPF_JMP | BPF_JSET | BPF_K:
                        i += a & code[i].k ? code[i].jt : code[i].jf;
                        break;
                case BPF_RET | BPF_K:
                        assert_true(code[i].k == 0 || code[i].k == UINT32_MAX);
                        return code[i].k;
                default:
                        fail_msg("instruction %u is unknown: %x", i, code[i].code);
                }
        fail_msg("the program has no end");
        return false;
}

#define A "56:6f:00:00:00:0a"
#define B "56:6f:00:00:00:0b"
#define OWN "56:6f:01:02:03:04"
#define OWN_PORT "fe:6f:01:02:03:04"

static void what_is_copied(void **state) {
        _cleanup_free_ char *any = mirror_program(&(MirrorWish){ .mac = OWN_PORT }), *blind = mirror_program(&(MirrorWish){ .mac = "fe:6f" }),
                            *tagged = mirror_program(&(MirrorWish){ .tags = MIRROR_TAGGED, .vlan = 100, .mac = OWN_PORT }),
                            *untagged = mirror_program(&(MirrorWish){ .tags = MIRROR_UNTAGGED, .vlan = 1, .mac = OWN_PORT });
        const char *const programs[] = { any, tagged, untagged };
        const unsigned vlans[] = { 0, 100, 0 };

        for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
                assert_true(passes(programs[i], (Frame){ A, B, vlans[i] }));
                assert_true(passes(programs[i], (Frame){ "ff:ff:ff:ff:ff:ff", B, vlans[i] }));
                /* its own, and what is for it alone */
                assert_false(passes(programs[i], (Frame){ A, OWN, vlans[i] }));
                assert_false(passes(programs[i], (Frame){ "ff:ff:ff:ff:ff:ff", OWN, vlans[i] }));
                assert_false(passes(programs[i], (Frame){ OWN, A, vlans[i] }));
                /* nearly */
                assert_true(passes(programs[i], (Frame){ A, "56:6e:01:02:03:04", vlans[i] }));
                assert_true(passes(programs[i], (Frame){ "56:6e:01:02:03:04", A, vlans[i] }));
                assert_true(passes(programs[i], (Frame){ "56:6f:01:02:03:05", "56:6f:01:02:03:05", vlans[i] }));
                /* a group's address that looks like it */
                assert_true(passes(programs[i], (Frame){ "33:6f:01:02:03:04", A, vlans[i] }));
        }
        assert_true(passes(any, (Frame){ A, B, 7 })); /* what guests tag themselves */
        assert_false(passes(tagged, (Frame){ A, B, 0 }));
        assert_false(passes(tagged, (Frame){ A, B, 101 }));
        assert_false(passes(untagged, (Frame){ A, B, 100 }));
        assert_true(passes(blind, (Frame){ A, OWN, 0 }));

        assert_int_equal(mirror_program_vlan(tagged), 100);
        assert_int_equal(mirror_program_vlan(untagged), 0);
        assert_int_equal(mirror_program_vlan(any), 0);
        assert_int_equal(mirror_program_vlan(blind), 0);
}

static void no_programs(void **state) {
        static const char *const texts[] = { "", "0", "0600000000000000ff", "06000000fffffffg", "060000000000000", "06000000FFFFFFFF" };
        uint8_t bytes[2 * sizeof(struct sock_filter)];

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                assert_int_equal(mirror_program_bytes(texts[i], bytes, sizeof bytes), 0);
        assert_int_equal(mirror_program_bytes("06000000ffffffff", bytes, sizeof bytes), 1);
        assert_int_equal(mirror_program_bytes("06000000ffffffff0600000000000000", bytes, sizeof bytes), 2);
        assert_int_equal(mirror_program_bytes("06000000ffffffff06000000000000000600000000000000", bytes, sizeof bytes), 0);
        assert_int_equal(mirror_program_vlan(""), 0);
}

static void port_names(void **state) {
        static const char *const mirrors[] = { "m0-1a2b3c4d", "m1-00000000", "m4094-ffffffff" };
        static const char *const others[] = { "",           "m",           "m-1a2b3c4d",  "m00-1a2b3c4d", "m0-1a2b3c4",    "m0-1a2b3c4dd", "m4095-1a2b3c4d",
                                              "m01-1a2b3c4d", "m0-1A2B3C4D", "v0-1a2b3c4d", "v100-1a2b3c4d", "mgmt0-1a2b3c4d", "m0.1a2b3c4d",  "m0" };

        for (size_t i = 0; i < ELEMENTSOF(mirrors); i++)
                assert_true(port_name_mirrors(mirrors[i]));
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                if (port_name_mirrors(others[i]))
                        fail_msg("'%s' mirrors", others[i]);
}

/* ---- the difference ---- */

static json_t *links_new(const char *text) {
        json_t *links = quoted(text);

        json_object_set_new(links, "eth1", json_pack("{s:s}", "master", "red"));
        return links;
}

/* "bridge -hook:handle +hook:sink:vlan promiscuous bare", each in order, bridges with ";". */
static char *changes_text(const json_t *links) {
        _cleanup_json_ json_t *changes = port_mirrors_changes(links);
        char *text = NULL;
        size_t size = 0, i, k;
        FILE *f = open_memstream(&text, &size);
        json_t *change, *one;

        assert_non_null(changes);
        json_array_foreach(changes, i, change) {
                json_t *promiscuous = json_object_get(change, "promiscuous");

                fprintf(f, "%s%s", i ? "; " : "", dict_string(change, "bridge", "?"));
                json_array_foreach(json_object_get(change, "remove"), k, one)
                        fprintf(f, " -%s:%d", dict_string(one, "hook", "?"), (int)dict_integer(one, "handle", -1));
                json_array_foreach(json_object_get(change, "add"), k, one)
                        fprintf(f, " +%s:%s:%u", dict_string(one, "hook", "?"), dict_string(one, "sink", "?"), mirror_program_vlan(dict_string(one, "program", "")));
                fprintf(f, "%s%s", promiscuous ? json_is_true(promiscuous) ? " on" : " off" : "", dict_boolean(change, "bare", false) ? " bare" : "");
        }
        fclose(f);
        return text;
}

#define ASSERT_CHANGES(links, expected)                               \
        do {                                                          \
                _cleanup_free_ char *_text = changes_text(links);     \
                assert_string_equal(_text, expected);                 \
        } while (0)

/* Carries the changes out as the kernel would, the first `steps` of them: a kill in between leaves the rest undone. Return: how many there were. */
static unsigned carry_out(json_t *links, unsigned steps) {
        _cleanup_json_ json_t *changes = port_mirrors_changes(links);
        static int handle = 100;
        unsigned n = 0;
        json_t *change, *one, *mirror;
        size_t i, k, m;

        json_array_foreach(changes, i, change) {
                json_t *bridge = json_object_get(links, dict_string(change, "bridge", "")), *promiscuous = json_object_get(change, "promiscuous"), *filters, *mirrors;

                if (json_is_false(promiscuous) && n++ < steps)
                        json_object_set_new(json_object_get(bridge, "filters"), "promiscuous", json_false());
                if (dict_boolean(change, "bare", false)) {
                        if (n++ < steps)
                                json_object_del(bridge, "filters");
                        continue;
                }
                json_array_foreach(json_object_get(change, "remove"), k, one) {
                        mirrors = json_object_get(json_object_get(bridge, "filters"), "mirrors");
                        if (n++ >= steps)
                                continue;
                        json_array_foreach(mirrors, m, mirror)
                                if (json_equal(json_object_get(mirror, "handle"), json_object_get(one, "handle")) &&
                                    json_equal(json_object_get(mirror, "hook"), json_object_get(one, "hook"))) {
                                        json_array_remove(mirrors, m);
                                        break;
                                }
                }
                if (json_array_size(json_object_get(change, "add")) > 0 && n++ < steps && !json_object_get(bridge, "filters"))
                        json_object_set_new(bridge, "filters", json_pack("{s:[], s:b}", "mirrors", "promiscuous", 0));
                json_array_foreach(json_object_get(change, "add"), k, one)
                        if (n++ < steps) {
                                json_t *made = json_copy(one);

                                json_object_set_new(made, "handle", json_integer(handle++));
                                json_array_append_new(json_object_get(json_object_get(bridge, "filters"), "mirrors"), made);
                        }
                filters = json_object_get(bridge, "filters");
                if (json_is_true(promiscuous) && n++ < steps)
                        json_object_set_new(filters, "promiscuous", json_true());
        }
        return n;
}

/* The kernel when a port goes: its filters stay, with nobody to give copies to. */
static void port_goes(json_t *links, const char *bridge, const char *port) {
        json_t *mirror;
        size_t i;

        json_object_del(links, port);
        json_array_foreach(json_object_get(json_object_get(json_object_get(links, bridge), "filters"), "mirrors"), i, mirror)
                if (streq(dict_string(mirror, "sink", ""), port))
                        json_object_set_new(mirror, "sink", json_string(""));
}

#define CLASSIC "{'red': {'bridge': {'vlan_filtering': '0'}}, 'blue': {'bridge': {'vlan_filtering': '0'}}, 'vnet0': {'master': 'red'}, " \
                "'m0-0a0b0c0d': {'master': 'red', 'address': '" OWN_PORT "'}}"

static void comes_and_goes(void **state) {
        _cleanup_json_ json_t *links = links_new(CLASSIC);

        assert_false(port_mirrors_is_on(links, "m0-0a0b0c0d"));
        ASSERT_CHANGES(links, "red +ingress:m0-0a0b0c0d:0 +egress:m0-0a0b0c0d:0 on");
        carry_out(links, 99);
        ASSERT_CHANGES(links, "");
        assert_true(port_mirrors_is_on(links, "m0-0a0b0c0d"));
        assert_false(port_mirrors_is_on(links, "vnet0"));

        /* a second one, and the first one goes */
        json_object_set_new(links, "m0-00000002", json_pack("{s:s, s:s}", "master", "red", "address", "fe:6f:00:00:00:02"));
        ASSERT_CHANGES(links, "red +ingress:m0-00000002:0 +egress:m0-00000002:0");
        carry_out(links, 99);
        port_goes(links, "red", "m0-0a0b0c0d");
        carry_out(links, 99);
        ASSERT_CHANGES(links, "");
        assert_int_equal(json_array_size(json_object_get(json_object_get(json_object_get(links, "red"), "filters"), "mirrors")), 2);
        assert_true(port_mirrors_is_on(links, "m0-00000002"));

        /* it moves to another bridge */
        json_object_set_new(json_object_get(links, "m0-00000002"), "master", json_string("blue"));
        carry_out(links, 99);
        ASSERT_CHANGES(links, "");
        assert_null(json_object_get(json_object_get(links, "red"), "filters"));
        assert_true(port_mirrors_is_on(links, "m0-00000002"));

        port_goes(links, "blue", "m0-00000002");
        carry_out(links, 99);
        ASSERT_CHANGES(links, "");
        assert_null(json_object_get(json_object_get(links, "blue"), "filters"));
}

/* Killed after any step, with the ports still there or gone: the next start ends in the same state. */
static void killed(void **state) {
        for (unsigned steps = 0; steps < 6; steps++)
                for (unsigned gone = 0; gone < 2; gone++) {
                        _cleanup_json_ json_t *links = links_new(CLASSIC);
                        const json_t *red = json_object_get(links, "red");

                        carry_out(links, steps);
                        if (gone)
                                port_goes(links, "red", "m0-0a0b0c0d");
                        carry_out(links, 99);
                        ASSERT_CHANGES(links, "");
                        assert_int_equal(port_mirrors_is_on(links, "m0-0a0b0c0d"), !gone);
                        /* nothing is left but, killed within an instant, an empty clsact */
                        assert_int_equal(json_array_size(json_object_get(json_object_get(red, "filters"), "mirrors")), gone ? 0 : 2);
                        assert_int_equal(dict_boolean(json_object_get(red, "filters"), "promiscuous", false), !gone);
                }
        for (unsigned steps = 0; steps < 3; steps++) { /* on the way down */
                _cleanup_json_ json_t *links = links_new(CLASSIC);

                carry_out(links, 99);
                port_goes(links, "red", "m0-0a0b0c0d");
                carry_out(links, steps);
                carry_out(links, 99);
                ASSERT_CHANGES(links, "");
                assert_null(json_object_get(json_object_get(links, "red"), "filters"));
        }
}

static void of_others(void **state) {
        _cleanup_json_ json_t *links = links_new("{'red': {'bridge': {'vlan_filtering': '0'}, 'filters': {'mirrors': [], 'foreign': true, 'promiscuous': true}}}");

        ASSERT_CHANGES(links, ""); /* promiscuous for somebody else */
        json_object_set_new(links, "m0-00000001", json_pack("{s:s}", "master", "red"));
        ASSERT_CHANGES(links, "red +ingress:m0-00000001:0 +egress:m0-00000001:0");
        carry_out(links, 99);
        port_goes(links, "red", "m0-00000001");
        /* the others' filters stay */
        carry_out(links, 99);
        ASSERT_CHANGES(links, "");
        assert_true(dict_boolean(json_object_get(json_object_get(links, "red"), "filters"), "foreign", false));
}

static void put_right(void **state) {
        _cleanup_json_ json_t *links = links_new(CLASSIC);
        json_t *mirrors, *copy;

        carry_out(links, 99);
        mirrors = json_object_get(json_object_get(json_object_get(links, "red"), "filters"), "mirrors");
        /* one is taken away by hand, the other one is not what it should be and there twice */
        json_array_remove(mirrors, 0);
        copy = json_deep_copy(json_array_get(mirrors, 0));
        json_object_set_new(copy, "program", json_string("06000000ffffffff"));
        json_object_set_new(copy, "handle", json_integer(7));
        json_array_insert_new(mirrors, 0, copy);
        json_object_set_new(json_array_get(mirrors, 1), "handle", json_integer(8));
        ASSERT_CHANGES(links, "red -egress:7 -egress:8 +ingress:m0-0a0b0c0d:0 +egress:m0-0a0b0c0d:0");
        carry_out(links, 99);
        ASSERT_CHANGES(links, "");
        json_object_set_new(json_object_get(json_object_get(links, "red"), "filters"), "promiscuous", json_false());
        ASSERT_CHANGES(links, "red on");
}

#define AWARE "{'br-eth1': {'bridge': {'vlan_filtering': '1'}, 'vlans': '1 pvid untagged, 100'}, 'm100-00000001': {'master': 'br-eth1', 'vlans': '%s'}, " \
              "'m1-00000002': {'master': 'br-eth1', 'vlans': '1 pvid untagged'}}"

static void vlan_aware(void **state) {
        static const struct {
                const char *vlans, *expected;
        } cases[] = {
                { "100 pvid untagged", "br-eth1 +ingress:m100-00000001:100 +egress:m100-00000001:100 +ingress:m1-00000002:0 +egress:m1-00000002:0 on" },
                /* not in its VLAN yet, or never: it reads nobody */
                { "", "br-eth1 +ingress:m1-00000002:0 +egress:m1-00000002:0 on" },
                { "nonsense", "br-eth1 +ingress:m1-00000002:0 +egress:m1-00000002:0 on" },
                /* what counts is the VLAN it is in */
                { "200 pvid untagged", "br-eth1 +ingress:m100-00000001:200 +egress:m100-00000001:200 +ingress:m1-00000002:0 +egress:m1-00000002:0 on" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[512];
                _cleanup_json_ json_t *links = NULL;

                (void) snprintf(text, sizeof text, AWARE, cases[i].vlans);
                links = links_new(text);
                ASSERT_CHANGES(links, cases[i].expected);
                carry_out(links, 99);
                ASSERT_CHANGES(links, "");
        }
}

static void no_facts(void **state) {
        _cleanup_json_ json_t *nothing = json_object(), *odd = quoted("{'red': {'bridge': {}, 'filters': {'mirrors': [{}]}}, 'm0-00000001': {'master': 'red'}, 'm0-00000002': {'master': 'none'}}");

        ASSERT_CHANGES(NULL, "");
        ASSERT_CHANGES(nothing, "");
        assert_false(port_mirrors_is_on(NULL, "m0-00000001"));
        ASSERT_CHANGES(odd, "red -:0 +ingress:m0-00000001:0 +egress:m0-00000001:0 on");
}

/* ---- the kernel's answers ---- */

typedef union Answer {
        struct nlmsghdr header;
        uint8_t bytes[1024];
} Answer;

static struct tcmsg *begin(Answer *answer, unsigned short type, int index) {
        struct tcmsg *tc = NLMSG_DATA(&answer->header);

        memset(answer, 0, sizeof *answer);
        answer->header = (struct nlmsghdr){ .nlmsg_len = NLMSG_LENGTH(sizeof *tc), .nlmsg_type = type };
        tc->tcm_ifindex = index;
        return tc;
}

static void put_filter(Answer *answer, const char *kind, unsigned priority, unsigned handle, int eaction, unsigned sink) {
        struct tc_mirred mirred = { .action = TC_ACT_UNSPEC, .eaction = eaction, .ifindex = sink };
        struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
        struct rtattr *options, *actions, *one, *action_options;
        struct tcmsg *tc = begin(answer, RTM_NEWTFILTER, 3);

        tc->tcm_handle = handle;
        tc->tcm_info = TC_H_MAKE(priority << 16, htons(3));
        (void) rtnetlink_put(&answer->header, TCA_KIND, kind, strlen(kind) + 1);
        if (handle == 0)
                return;
        options = rtnetlink_put(&answer->header, TCA_OPTIONS | NLA_F_NESTED, NULL, 0);
        (void) rtnetlink_put(&answer->header, TCA_BPF_OPS, &code, sizeof code);
        actions = rtnetlink_put(&answer->header, TCA_BPF_ACT, NULL, 0);
        one = rtnetlink_put(&answer->header, 1, NULL, 0);
        (void) rtnetlink_put(&answer->header, TCA_ACT_KIND, "mirred", 7);
        action_options = rtnetlink_put(&answer->header, TCA_ACT_OPTIONS, NULL, 0);
        (void) rtnetlink_put(&answer->header, TCA_MIRRED_PARMS, &mirred, sizeof mirred);
        rtnetlink_close_nest(&answer->header, action_options);
        rtnetlink_close_nest(&answer->header, one);
        rtnetlink_close_nest(&answer->header, actions);
        rtnetlink_close_nest(&answer->header, options);
}

static void read_filters(void **state) {
        _cleanup_json_ json_t *filters = json_pack("{s:[]}", "mirrors"),
                              *expected = quoted("{'mirrors': [{'hook': 'egress', 'handle': 9, 'index': 9, 'program': '06000000ffffffff'}, "
                                                 "{'hook': 'egress', 'handle': 10, 'index': 0, 'program': '06000000ffffffff'}]}");
        Answer answer;

        put_filter(&answer, "bpf", BRIDGE_FILTERS_PRIORITY, 0, 0, 0); /* the priority itself */
        assert_int_equal(bridge_filters_parse(&answer, answer.header.nlmsg_len, "egress", filters), 0);
        put_filter(&answer, "bpf", BRIDGE_FILTERS_PRIORITY, 9, TCA_EGRESS_MIRROR, 9);
        assert_int_equal(bridge_filters_parse(&answer, answer.header.nlmsg_len, "egress", filters), 0);
        put_filter(&answer, "bpf", BRIDGE_FILTERS_PRIORITY, 10, TCA_EGRESS_MIRROR, 0); /* whose port is gone */
        assert_int_equal(bridge_filters_parse(&answer, answer.header.nlmsg_len, "egress", filters), 0);
        assert_true(json_equal(filters, expected));

        /* of others: by the priority, the kind, what it does */
        for (unsigned i = 0; i < 3; i++) {
                _cleanup_json_ json_t *others = json_pack("{s:[]}", "mirrors");

                put_filter(&answer, i == 0 ? "u32" : "bpf", i == 1 ? 1 : BRIDGE_FILTERS_PRIORITY, 9, i == 2 ? TCA_EGRESS_REDIR : TCA_EGRESS_MIRROR, 9);
                assert_int_equal(bridge_filters_parse(&answer, answer.header.nlmsg_len, "ingress", others), 0);
                assert_int_equal(json_array_size(json_object_get(others, "mirrors")), 0);
                assert_true(dict_boolean(others, "foreign", false));
        }
}

static void read_disciplines(void **state) {
        _cleanup_json_ json_t *devices = json_object();
        static const char *const kinds[] = { "clsact", "noqueue", "clsactx", "clsac" };

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                Answer answer;

                (void) begin(&answer, RTM_NEWQDISC, (int)i + 1);
                (void) rtnetlink_put(&answer.header, TCA_KIND, kinds[i], strlen(kinds[i]) + (i < 3));
                assert_int_equal(bridge_filters_parse_disciplines(&answer, answer.header.nlmsg_len, devices), 0);
        }
        assert_int_equal(json_object_size(devices), 1);
        assert_non_null(json_object_get(devices, "1"));
}

static void torn(void **state) {
        _cleanup_json_ json_t *filters = json_pack("{s:[]}", "mirrors"), *devices = json_object();
        Answer answer;

        put_filter(&answer, "bpf", BRIDGE_FILTERS_PRIORITY, 9, TCA_EGRESS_MIRROR, 9);
        for (size_t size = 0; size < answer.header.nlmsg_len; size++) {
                /* of its own, so that a sanitizer sees a look beyond it */
                Answer *part = malloc(size ?: 1);
                int r;

                memcpy(part, &answer, size);
                r = bridge_filters_parse(part, size, "ingress", filters);
                assert_true(r == -EBADMSG || (size == 0 && r == 0));
                assert_int_equal(bridge_filters_parse_disciplines(part, size, devices), r);
                if (size >= NLMSG_LENGTH(sizeof(struct tcmsg))) {
                        part->header.nlmsg_len = (uint32_t)size; /* whole, but what is in it is torn */
                        assert_int_equal(bridge_filters_parse(part, size, "ingress", filters), 0);
                }
                free(part);
        }
        for (size_t i = sizeof answer.header + sizeof(struct tcmsg); i < answer.header.nlmsg_len; i++) {
                Answer odd = answer;

                odd.bytes[i] ^= 0xff;
                assert_int_equal(bridge_filters_parse(&odd, odd.header.nlmsg_len, "ingress", filters), 0);
        }
}

static void no_such_bridge(void **state) {
        _cleanup_json_ json_t *change = json_pack("{s:s}", "bridge", "none-such0");

        assert_int_equal(bridge_filters_change(change), -ENODEV);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_copied),
                cmocka_unit_test(no_programs),
                cmocka_unit_test(port_names),
                cmocka_unit_test(comes_and_goes),
                cmocka_unit_test(killed),
                cmocka_unit_test(of_others),
                cmocka_unit_test(put_right),
                cmocka_unit_test(vlan_aware),
                cmocka_unit_test(no_facts),
                cmocka_unit_test(read_filters),
                cmocka_unit_test(read_disciplines),
                cmocka_unit_test(torn),
                cmocka_unit_test(no_such_bridge),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
