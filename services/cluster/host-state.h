/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a host is, from what is known about it: a table of rules, the first that holds decides. Pure; the table is printed in
 * docs/cluster.md and walked by a test.
 */

#include "string-table.h"

typedef enum HostState {
        HOST_INSTALLING,      /* its capabilities or its management network are not there yet */
        HOST_UP,
        HOST_NON_OPERATIONAL, /* it answers, but a rule is broken: it takes no new VM */
        HOST_NON_RESPONSIVE,  /* its Compute does not answer */
        HOST_PREPARING,       /* maintenance was asked for and VMs still run */
        HOST_MAINTENANCE,
        _HOST_STATE_MAX,
        _HOST_STATE_INVALID = -EINVAL,
} HostState;
DECLARE_STRING_TABLE(host_state, HostState);

/* What is known, as bits. */
typedef enum HostFact {
        HOST_FACT_MAINTENANCE = 1 << 0,        /* an administrator wants it */
        HOST_FACT_VMS = 1 << 1,                /* VMs run on it */
        HOST_FACT_COMPUTE_FAILED = 1 << 2,     /* Compute cannot be reached */
        HOST_FACT_CAPABILITIES = 1 << 3,       /* they were read */
        HOST_FACT_HYPERVISOR_FAILED = 1 << 4,  /* Compute is there, its hypervisor is not */
        HOST_FACT_KVM = 1 << 5,                /* /dev/kvm works */
        HOST_FACT_KVM_REQUIRED = 1 << 6,       /* the cluster refuses emulation */
        HOST_FACT_NETWORK_FAILED = 1 << 7,     /* Network cannot be reached */
        HOST_FACT_NETWORKS_KNOWN = 1 << 8,     /* what is on the host was read */
        HOST_FACT_MANAGEMENT_WANTED = 1 << 9,  /* a management network shall be made here */
        HOST_FACT_MANAGEMENT_FAILED = 1 << 10, /* making it failed */
        HOST_FACT_MANAGEMENT = 1 << 11,        /* it is there and active */
        HOST_FACT_REQUIRED_MISSING = 1 << 12,  /* a required, operational network is not active */
        HOST_FACT_DOMAIN_FAILED = 1 << 13,     /* a storage domain is not reachable from it */
        HOST_FACT_GUESTS_KNOWN = 1 << 14,      /* what runs on it was read */
} HostFact;

/* ret_reason: a word; "" when up. ret_text: a sentence that may hold %s for the detail, "" when up. Both static. */
HostState host_state_decide(unsigned facts, const char **ret_reason, const char **ret_text);
/* True where new VMs may start. */
bool host_state_takes_vms(HostState state) _const_;

typedef struct HostRule {
        unsigned mask, value; /* holds when (facts & mask) == value */
        HostState state;
        const char *reason, *text;
} HostRule;
/* The last one has mask 0 and always holds. */
extern const HostRule host_rules[];
extern const unsigned host_rules_count;
