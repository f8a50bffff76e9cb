/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "host-state.h"

static const char *const host_state_table[_HOST_STATE_MAX] = {
        [HOST_INSTALLING] = "installing",
        [HOST_UP] = "up",
        [HOST_NON_OPERATIONAL] = "non-operational",
        [HOST_NON_RESPONSIVE] = "non-responsive",
        [HOST_PREPARING] = "preparing-for-maintenance",
        [HOST_MAINTENANCE] = "maintenance",
};
DEFINE_STRING_TABLE(host_state, HostState, _HOST_STATE_MAX)

#define IS(facts) (facts), (facts)
#define IS_NOT(facts) (facts), 0
#define IS_BUT_NOT(is, is_not) ((is) | (is_not)), (is)

const HostRule host_rules[] = {
        { IS(HOST_FACT_MAINTENANCE | HOST_FACT_VMS), HOST_PREPARING, "vms-running", "VMs still run on it" },
        { IS(HOST_FACT_MAINTENANCE), HOST_MAINTENANCE, "", "" },
        { IS(HOST_FACT_COMPUTE_FAILED), HOST_NON_RESPONSIVE, "compute-unreachable",
          "its compute service does not answer: %s" },
        { IS(HOST_FACT_HYPERVISOR_FAILED), HOST_NON_OPERATIONAL, "hypervisor-unavailable",
          "its hypervisor does not answer: %s" },
        { IS_NOT(HOST_FACT_CAPABILITIES), HOST_INSTALLING, "reading-capabilities", "its capabilities are being read" },
        { IS_BUT_NOT(HOST_FACT_KVM_REQUIRED, HOST_FACT_KVM), HOST_NON_OPERATIONAL, "kvm-not-running",
          "virtualization hardware is unavailable: %s" },
        { IS_BUT_NOT(HOST_FACT_MANAGEMENT_WANTED | HOST_FACT_MANAGEMENT_FAILED, HOST_FACT_MANAGEMENT),
          HOST_NON_OPERATIONAL, "management-network-failed", "the management network could not be made: %s" },
        { IS(HOST_FACT_NETWORK_FAILED), HOST_NON_OPERATIONAL, "network-service-unreachable",
          "its network service does not answer: %s" },
        { IS_NOT(HOST_FACT_NETWORKS_KNOWN), HOST_INSTALLING, "reading-networks", "its networks are being read" },
        { IS_NOT(HOST_FACT_GUESTS_KNOWN), HOST_INSTALLING, "reading-guests", "its guests are being read" },
        { IS_BUT_NOT(HOST_FACT_MANAGEMENT_WANTED, HOST_FACT_MANAGEMENT), HOST_INSTALLING, "making-management-network",
          "the management network is being made" },
        { IS(HOST_FACT_REQUIRED_MISSING), HOST_NON_OPERATIONAL, "network-unreachable",
          "a required network is not active: %s" },
        { IS(HOST_FACT_DOMAIN_FAILED), HOST_NON_OPERATIONAL, "storage-domain-unreachable",
          "a storage domain is not reachable: %s" },
        { 0, 0, HOST_UP, "", "" },
};
const unsigned host_rules_count = ELEMENTSOF(host_rules);

HostState host_state_decide(unsigned facts, const char **ret_reason, const char **ret_text) {
        const HostRule *rule = host_rules;

        while ((facts & rule->mask) != rule->value)
                rule++;

        *ret_reason = rule->reason;
        *ret_text = rule->text;
        return rule->state;
}

bool host_state_takes_vms(HostState state) {
        return state == HOST_UP;
}
