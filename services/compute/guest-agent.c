/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "guest-agent.h"

#include <arpa/inet.h>

static const char *const agent_state_table[] = {
        [AGENT_ABSENT] = "absent",
        [AGENT_CONNECTING] = "connecting",
        [AGENT_UP] = "up",
        [AGENT_FAILED] = "failed",
};
DEFINE_STRING_TABLE(agent_state, AgentState, _AGENT_STATE_MAX)

bool guest_address_is_useful(const char *address) {
        struct in6_addr six;
        struct in_addr four;

        if (inet_pton(AF_INET, address, &four) == 1) {
                uint32_t a = ntohl(four.s_addr);

                return a >> 24 != 127 && a >> 16 != 0xA9FE /* 169.254 */ && a >> 24 != 0 && a < 0xE0000000;
        }
        if (inet_pton(AF_INET6, address, &six) == 1)
                return !IN6_IS_ADDR_LOOPBACK(&six) && !IN6_IS_ADDR_LINKLOCAL(&six) && !IN6_IS_ADDR_UNSPECIFIED(&six) &&
                       !IN6_IS_ADDR_MULTICAST(&six);
        return false;
}

bool guest_hostname_is_valid(const char *hostname) {
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
        size_t length = strlen(hostname);

        return length > 0 && length <= 253 && strspn(hostname, allowed) == length && hostname[0] != '.';
}

/*
 *   0 s            120 s
 *   |── every 2 s ──|── every 10 s ──…   while no address is known: somebody waits for it
 *   |── every 30 s ─────────────────…   once one is
 *   after a failure: 5 s in the first 120 s, then 60 s (as oVirt leaves a silent agent alone)
 */
#define AGENT_YOUNG_USEC (120 * USEC_PER_SEC)

uint64_t guest_agent_next_usec(bool connected, bool useful, unsigned failures, uint64_t age_usec) {
        bool young = age_usec < AGENT_YOUNG_USEC;

        if (!connected)
                return USEC_INFINITY;
        if (failures > 0)
                return young ? 5 * USEC_PER_SEC : 60 * USEC_PER_SEC;
        if (!useful)
                return young ? 2 * USEC_PER_SEC : 10 * USEC_PER_SEC;
        return 30 * USEC_PER_SEC;
}
