/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Readers of outside bytes in Network, chosen by the first byte: a request as JSON {networks, bonds, view?} through the planner; the
 * kernel's table of counters; its answer to a dump of neighbours; its files of one device as JSON {file: text}; what a bridge has learnt;
 * what a hook left; its answers about traffic filters; its messages about links. */

#include "fuzz.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "bridge-filters.h"
#include "forwarding.h"
#include "link-facts.h"
#include "link-message.h"
#include "link-stats.h"
#include "macro.h"
#include "neighbour.h"
#include "objects.h"
#include "plan.h"
#include "port-bridges.h"
#include "port-mirrors.h"
#include "rtnetlink.h"
#include "vdsm-request.h"

static void fuzz_plan(const char *text, size_t size) {
        _cleanup_json_ json_t *input = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL), *plan = NULL, *networks = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        const json_t *view = json_object_get(input, "view");

        if (!json_is_object(input))
                return;
        if (plan_make(view, json_object_get(input, "networks"), json_object_get(input, "bonds"), input, &plan, &error) >= 0 && !plan)
                abort();
        networks = view ? objects_networks(view, NULL) : NULL;
}

static void fuzz_table(const char *text, size_t size) {
        _cleanup_free_ char *copy = strndup(text, size);
        _cleanup_json_ json_t *stats = link_stats_parse(copy);

        if (!stats)
                abort();
}

static void fuzz_neighbours(const uint8_t *data, size_t size) {
        static const uint8_t address[16] = { 10, 0, 0, 1 };
        NeighbourState state;

        (void) neighbour_parse(data, size, 2, AF_INET, address, &state);
}

static void fuzz_link(const char *text, size_t size) {
        _cleanup_json_ json_t *files = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL), *facts = NULL;

        if (!json_is_object(files))
                return;
        facts = link_facts_make(files);
        if (!facts)
                abort();
}

/* What a hook left, against a request of two networks and a bond. */
static void fuzz_hook(const char *text, size_t size) {
        _cleanup_json_ json_t *networks = json_pack("{s:{s:s, s:s}, s:{s:s}}", "red", "nic", "eth1", "label", "x", "blue", "bonding", "bond0"),
                              *bonds = json_pack("{s:{s:[s]}}", "bond0", "nics", "eth2"), *sent = vdsm_request_make(networks, bonds), *n = NULL, *b = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *copy = strndup(text, size);

        if (vdsm_request_read(sent, copy, bonds, &n, &b, &error) >= 0 && (!n || !b))
                abort();
}

/* An answer about filters, and what a bridge with them and a port that mirrors would need. */
static void fuzz_filters(const uint8_t *data, size_t size) {
        _cleanup_json_ json_t *devices = json_object(), *filters = json_pack("{s:[], s:b}", "mirrors", "promiscuous", 1), *links = NULL, *changes = NULL;

        void *aligned = malloc(size ?: 1); /* as what the kernel answers is */

        if (aligned)
                memcpy(aligned, data, size);
        (void) bridge_filters_parse_disciplines(aligned, aligned ? size : 0, devices);
        (void) bridge_filters_parse(aligned, aligned ? size : 0, "ingress", filters);
        free(aligned);
        links = json_pack("{s:{s:{}, s:O}, s:{s:s}}", "red", "bridge", "filters", filters, "m0-00000001", "master", "red");
        changes = port_mirrors_changes(links);
        if (!changes)
                abort();
}

static int learn(const struct nlmsghdr *header, void *userdata) {
        LinkMessage message;

        if (link_message_read(header, &message) && (message.ifindex <= 0 || strnlen(message.name, sizeof message.name) == sizeof message.name ||
                                                    port_bridges_learn(userdata, &message, message.master ? "red" : NULL, true) < 0))
                abort();
        return 0;
}

/* Messages about links, and what is known of guests' ports after them. */
static void fuzz_messages(const uint8_t *data, size_t size) {
        _cleanup_json_ json_t *known = json_object();
        void *aligned = malloc(size ?: 1); /* as what the kernel tells is */

        if (aligned)
                memcpy(aligned, data, size);
        (void) rtnetlink_parse(aligned, aligned ? size : 0, learn, known);
        free(aligned);
        if (!port_bridges_is_valid(known))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size == 0)
                return 0;
        switch (data[0] % 8) {
        case 0:
                fuzz_plan((const char *)data + 1, size - 1);
                break;
        case 1:
                fuzz_table((const char *)data + 1, size - 1);
                break;
        case 2:
                fuzz_neighbours(data + 1, size - 1);
                break;
        case 6:
                fuzz_filters(data + 1, size - 1);
                break;
        case 5:
                fuzz_hook((const char *)data + 1, size - 1);
                break;
        case 4: {
                _cleanup_json_ json_t *table = NULL;

                (void) forwarding_parse(data + 1, size - 1, NULL, &table);
                break;
        }
        case 7:
                fuzz_messages(data + 1, size - 1);
                break;
        default:
                fuzz_link((const char *)data + 1, size - 1);
        }
        return 0;
}
