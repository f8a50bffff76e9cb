/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What may be believed of a guest's agent, and when to ask it. Pure.
 *
 * The agent's strings are the guest's: they may be wrong, hostile or rubbish. An address is passed on only if it is one, a host name
 * only if it could be one.
 */

#include "macro.h"
#include "string-table.h"

typedef enum AgentState {
        AGENT_ABSENT,     /* the guest has no channel for one */
        AGENT_CONNECTING, /* the channel is there, nobody answered yet */
        AGENT_UP,
        AGENT_FAILED,     /* the channel is open, but what comes is no answer */
        _AGENT_STATE_MAX,
        _AGENT_STATE_INVALID = -EINVAL,
} AgentState;
DECLARE_STRING_TABLE(agent_state, AgentState);

/* An IPv4 or IPv6 address that another machine could use: not loopback, not link-local, not "any". */
bool guest_address_is_useful(const char *address);
/* 1 to 253 letters, digits, '-', '_' and dots. */
bool guest_hostname_is_valid(const char *hostname) _pure_;

/* When to ask next. connected: somebody listens on the channel. useful: the last answer held an address.
 * failures: in a row. age_usec: how long the guest has run. Return: the time from now; USEC_INFINITY: not before something happens. */
uint64_t guest_agent_next_usec(bool connected, bool useful, unsigned failures, uint64_t age_usec);
