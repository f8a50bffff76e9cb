/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bridge-filters.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/tc_act/tc_mirred.h>
#include <linux/tc_act/tc_vlan.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "dict.h"
#include "mirror-program.h"
#include "rtnetlink.h"

#define DISCIPLINE "clsact"
#define CLASSIFIER "bpf"
/* The largest request: a filter with a whole program and three actions. */
#define REQUEST_BYTES 1024U

static const char *const hooks[] = { "ingress", "egress" };

static uint32_t hook_parent(const char *hook) {
        return TC_H_MAKE(TC_H_CLSACT, streq(hook, "egress") ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
}

/* ---- what is ---- */

static size_t attributes_size(const struct nlmsghdr *header) {
        return header->nlmsg_len - NLMSG_LENGTH(sizeof(struct tcmsg));
}

static bool attribute_is(const struct rtattr *attribute, const char *word) {
        size_t length = strlen(word);

        return attribute && RTA_PAYLOAD(attribute) > length && memcmp(RTA_DATA(attribute), word, length + 1) == 0;
}

static const struct rtattr *inner(const struct rtattr *attribute, unsigned short type) {
        return attribute ? rtnetlink_find(RTA_DATA(attribute), RTA_PAYLOAD(attribute), type) : NULL;
}

static bool is_message(const struct nlmsghdr *header, unsigned short type) {
        return header->nlmsg_type == type && header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct tcmsg));
}

static int read_discipline(const struct nlmsghdr *header, void *userdata) {
        const struct tcmsg *tc = NLMSG_DATA(header);
        char index[16];

        if (!is_message(header, RTM_NEWQDISC) || !attribute_is(rtnetlink_find(TCA_RTA(tc), attributes_size(header), TCA_KIND), DISCIPLINE))
                return 0;
        (void) snprintf(index, sizeof index, "%d", tc->tcm_ifindex);
        return json_object_set_new(userdata, index, json_true()) < 0 ? -ENOMEM : 0;
}

int bridge_filters_parse_disciplines(const void *datagram, size_t size, json_t *devices) {
        return rtnetlink_parse(datagram, size, read_discipline, devices);
}

/* Where the copies go: of the one action of several that is a mirror. -1: none is. */
static int64_t mirror_index(const struct rtattr *actions) {
        const struct rtattr *action;
        size_t at = 0;

        while (actions && (action = rtnetlink_next(RTA_DATA(actions), RTA_PAYLOAD(actions), &at))) {
                const struct rtattr *parameters = inner(inner(action, TCA_ACT_OPTIONS), TCA_MIRRED_PARMS);
                struct tc_mirred mirred;

                if (!attribute_is(inner(action, TCA_ACT_KIND), "mirred") || !parameters || RTA_PAYLOAD(parameters) < sizeof mirred)
                        continue;
                memcpy(&mirred, RTA_DATA(parameters), sizeof mirred);
                return mirred.eaction == TCA_EGRESS_MIRROR ? (int64_t)mirred.ifindex : -1;
        }
        return -1;
}

typedef struct FilterReading {
        const char *hook;
        json_t *filters;
} FilterReading;

static json_t *read_program(const struct rtattr *code) {
        char hex[2 * MIRROR_PROGRAM_MAX * sizeof(struct sock_filter) + 1] = "";

        for (size_t i = 0; code && i < RTA_PAYLOAD(code) && 2 * i + 2 < sizeof hex; i++)
                (void) sprintf(hex + 2 * i, "%02x", ((const uint8_t *)RTA_DATA(code))[i]);
        return json_string(hex);
}

static int read_filter(const struct nlmsghdr *header, void *userdata) {
        const FilterReading *reading = userdata;
        const struct tcmsg *tc = NLMSG_DATA(header);
        const struct rtattr *options;
        int64_t index;
        size_t size;

        if (!is_message(header, RTM_NEWTFILTER))
                return 0;
        size = attributes_size(header);
        if (TC_H_MAJ(tc->tcm_info) >> 16 != BRIDGE_FILTERS_PRIORITY || !attribute_is(rtnetlink_find(TCA_RTA(tc), size, TCA_KIND), CLASSIFIER))
                return json_object_set_new(reading->filters, "foreign", json_true()) < 0 ? -ENOMEM : 0;
        /* the priority itself is listed too */
        options = rtnetlink_find(TCA_RTA(tc), size, TCA_OPTIONS);
        index = mirror_index(inner(options, TCA_BPF_ACT));
        if (tc->tcm_handle == 0)
                return 0;
        if (index < 0)
                return json_object_set_new(reading->filters, "foreign", json_true()) < 0 ? -ENOMEM : 0;
        return json_array_append_new(json_object_get(reading->filters, "mirrors"),
                                     json_pack("{s:s, s:I, s:I, s:o}", "hook", reading->hook, "handle", (json_int_t)tc->tcm_handle, "index", (json_int_t)index, "program",
                                               read_program(inner(options, TCA_BPF_OPS)))) < 0
                       ? -ENOMEM
                       : 0;
}

int bridge_filters_parse(const void *datagram, size_t size, const char *hook, json_t *filters) {
        FilterReading reading = { hook, filters };

        return rtnetlink_parse(datagram, size, read_filter, &reading);
}

typedef union Request {
        struct {
                struct nlmsghdr header;
                struct tcmsg tc;
        };
        uint8_t bytes[REQUEST_BYTES];
} Request;

static void begin(Request *request, unsigned type, unsigned flags, unsigned index, uint32_t parent) {
        *request = (Request){ .header = { .nlmsg_len = NLMSG_LENGTH(sizeof request->tc), .nlmsg_type = (uint16_t)type, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags), .nlmsg_seq = 1 } };
        request->tc = (struct tcmsg){ .tcm_family = AF_UNSPEC, .tcm_ifindex = (int)index, .tcm_parent = parent };
}

static int ask(int fd, const Request *request, rtnetlink_message_t callback, void *userdata) {
        int r = rtnetlink_send(fd, &request->header);

        return r < 0 ? r : rtnetlink_receive(fd, callback, userdata);
}

/* What was asked of the user, as opposed to what a capture does meanwhile. */
static int is_promiscuous(int fd, const char *name) {
        struct ifreq request = {};

        (void) snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
        return ioctl(fd, SIOCGIFFLAGS, &request) < 0 ? -errno : (request.ifr_flags & IFF_PROMISC) != 0;
}

/* Indexes become names while they are fresh. */
static void name_sinks(json_t *mirrors) {
        json_t *mirror;
        size_t i;

        json_array_foreach(mirrors, i, mirror) {
                char name[IF_NAMESIZE] = "";
                int64_t index = dict_integer(mirror, "index", 0);

                if (index <= 0 || !if_indextoname((unsigned)index, name))
                        name[0] = 0;
                (void) json_object_set_new(mirror, "sink", json_string(name));
                (void) json_object_del(mirror, "index");
        }
}

static int read_device(int fd, unsigned index, const char *name, json_t **ret) {
        _cleanup_json_ json_t *filters = json_pack("{s:[]}", "mirrors");
        int r = filters ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(hooks); i++) {
                FilterReading reading = { hooks[i], filters };
                Request request;

                begin(&request, RTM_GETTFILTER, NLM_F_DUMP, index, hook_parent(hooks[i]));
                r = ask(fd, &request, read_filter, &reading);
        }
        if (r >= 0)
                r = is_promiscuous(fd, name);
        if (r < 0)
                return r;
        (void) json_object_set_new(filters, "promiscuous", json_boolean(r));
        name_sinks(json_object_get(filters, "mirrors"));
        *ret = TAKE_PTR(filters);
        return 0;
}

int bridge_filters_read(json_t **ret) {
        _cleanup_json_ json_t *devices = json_object(), *all = json_object();
        _cleanup_close_ int fd = rtnetlink_open();
        const char *text;
        Request request;
        json_t *yes;
        int r;

        if (fd < 0)
                return fd;
        if (!devices || !all)
                return -ENOMEM;
        begin(&request, RTM_GETQDISC, NLM_F_DUMP, 0, 0);
        r = ask(fd, &request, read_discipline, devices);
        if (r < 0)
                return r;
        json_object_foreach(devices, text, yes) {
                unsigned index = (unsigned)strtoul(text, NULL, 10);
                char name[IF_NAMESIZE];
                json_t *filters;

                /* one that went meanwhile has none */
                if (!if_indextoname(index, name) || read_device(fd, index, name, &filters) < 0)
                        continue;
                if (json_object_set_new(all, name, filters) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(all);
        return 0;
}

/* ---- what shall be ---- */

static struct rtattr *open_nest(Request *request, unsigned short type) {
        return rtnetlink_put(&request->header, type, NULL, 0);
}

static void put_word(Request *request, unsigned short type, const char *word) {
        (void) rtnetlink_put(&request->header, type, word, strlen(word) + 1);
}

static int make_discipline(int fd, unsigned index) {
        Request request;
        int r;

        begin(&request, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, index, TC_H_CLSACT);
        request.tc.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
        put_word(&request, TCA_KIND, DISCIPLINE);
        r = ask(fd, &request, NULL, NULL);
        return r == -EEXIST ? 0 : r;
}

static int remove_discipline(int fd, unsigned index) {
        Request request;

        begin(&request, RTM_DELQDISC, NLM_F_ACK, index, TC_H_CLSACT);
        request.tc.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
        put_word(&request, TCA_KIND, DISCIPLINE);
        return ask(fd, &request, NULL, NULL);
}

/* The verdict of the last action lets the frame go on to other filters. */
static void put_mirror(Request *request, unsigned sink, int verdict) {
        struct tc_mirred mirred = { .action = verdict, .eaction = TCA_EGRESS_MIRROR, .ifindex = sink };
        struct rtattr *options;

        put_word(request, TCA_ACT_KIND, "mirred");
        options = open_nest(request, TCA_ACT_OPTIONS);
        (void) rtnetlink_put(&request->header, TCA_MIRRED_PARMS, &mirred, sizeof mirred);
        rtnetlink_close_nest(&request->header, options);
}

static void put_vlan(Request *request, unsigned vlan, bool push, int verdict) {
        struct tc_vlan parameters = { .action = verdict, .v_action = push ? TCA_VLAN_ACT_PUSH : TCA_VLAN_ACT_POP };
        struct rtattr *options;
        uint16_t id = (uint16_t)vlan;

        put_word(request, TCA_ACT_KIND, "vlan");
        options = open_nest(request, TCA_ACT_OPTIONS);
        (void) rtnetlink_put(&request->header, TCA_VLAN_PARMS, &parameters, sizeof parameters);
        if (push)
                (void) rtnetlink_put(&request->header, TCA_VLAN_PUSH_VLAN_ID, &id, sizeof id);
        rtnetlink_close_nest(&request->header, options);
}

/* A copy for a port of a VLAN loses its tag: the frame has none while it is copied. */
static void put_actions(Request *request, unsigned sink, unsigned vlan) {
        unsigned short n = 1;
        struct rtattr *one;

        if (vlan > 0) {
                one = open_nest(request, n++);
                put_vlan(request, vlan, false, TC_ACT_PIPE);
                rtnetlink_close_nest(&request->header, one);
        }
        one = open_nest(request, n++);
        put_mirror(request, sink, vlan > 0 ? TC_ACT_PIPE : TC_ACT_UNSPEC);
        rtnetlink_close_nest(&request->header, one);
        if (vlan > 0) {
                one = open_nest(request, n);
                put_vlan(request, vlan, true, TC_ACT_UNSPEC);
                rtnetlink_close_nest(&request->header, one);
        }
}

static void begin_filter(Request *request, unsigned type, unsigned flags, unsigned index, const char *hook, uint32_t handle) {
        begin(request, type, flags | NLM_F_ACK, index, hook_parent(hook));
        request->tc.tcm_handle = handle;
        request->tc.tcm_info = TC_H_MAKE(BRIDGE_FILTERS_PRIORITY << 16, htons(ETH_P_ALL));
        put_word(request, TCA_KIND, CLASSIFIER);
}

/* The handle is the port's index: no two ports have the same. */
static int add_filter(int fd, unsigned index, const json_t *mirror) {
        const char *program = dict_string(mirror, "program", "");
        unsigned sink = if_nametoindex(dict_string(mirror, "sink", ""));
        uint8_t code[MIRROR_PROGRAM_MAX * sizeof(struct sock_filter)];
        uint16_t n = (uint16_t)mirror_program_bytes(program, code, sizeof code);
        struct rtattr *options, *actions;
        Request request;

        if (n == 0)
                return -EINVAL;
        if (sink == 0)
                return -ENODEV;
        begin_filter(&request, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, index, dict_string(mirror, "hook", ""), sink);
        options = open_nest(&request, TCA_OPTIONS);
        (void) rtnetlink_put(&request.header, TCA_BPF_OPS_LEN, &n, sizeof n);
        (void) rtnetlink_put(&request.header, TCA_BPF_OPS, code, n * sizeof(struct sock_filter));
        actions = open_nest(&request, TCA_BPF_ACT);
        put_actions(&request, sink, mirror_program_vlan(program));
        rtnetlink_close_nest(&request.header, actions);
        rtnetlink_close_nest(&request.header, options);
        return ask(fd, &request, NULL, NULL);
}

static int remove_filter(int fd, unsigned index, const json_t *mirror) {
        Request request;

        begin_filter(&request, RTM_DELTFILTER, 0, index, dict_string(mirror, "hook", ""), (uint32_t)dict_integer(mirror, "handle", 0));
        return ask(fd, &request, NULL, NULL);
}

static int set_promiscuous(int fd, unsigned index, bool on) {
        struct {
                struct nlmsghdr header;
                struct ifinfomsg link;
        } request = {
                .header = { .nlmsg_len = sizeof request, .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK, .nlmsg_seq = 1 },
                .link = { .ifi_family = AF_UNSPEC, .ifi_index = (int)index, .ifi_flags = on ? IFF_PROMISC : 0, .ifi_change = IFF_PROMISC },
        };
        int r = rtnetlink_send(fd, &request.header);

        return r < 0 ? r : rtnetlink_receive(fd, NULL, NULL);
}

int bridge_filters_change(const json_t *change) {
        const json_t *add = json_object_get(change, "add"), *promiscuous = json_object_get(change, "promiscuous");
        unsigned index = if_nametoindex(dict_string(change, "bridge", ""));
        _cleanup_close_ int fd = rtnetlink_open();
        json_t *mirror;
        int r = 0, q;
        size_t i;

        if (fd < 0)
                return fd;
        if (index == 0)
                return -ENODEV;
        if (json_is_false(promiscuous))
                r = set_promiscuous(fd, index, false);
        if (r < 0)
                return r;
        if (dict_boolean(change, "bare", false))
                return remove_discipline(fd, index); /* and all filters, at once */
        json_array_foreach(json_object_get(change, "remove"), i, mirror) {
                q = remove_filter(fd, index, mirror);
                if (q < 0 && q != -ENOENT)
                        r = q;
        }
        if (json_array_size(add) > 0) {
                q = make_discipline(fd, index);
                if (q < 0)
                        return q;
        }
        json_array_foreach((json_t *)add, i, mirror) {
                q = add_filter(fd, index, mirror);
                if (q < 0)
                        r = q;
        }
        /* without a filter there is nothing to be promiscuous for, and nothing to know it by */
        if (r >= 0 && json_is_true(promiscuous))
                r = set_promiscuous(fd, index, true);
        return r;
}
