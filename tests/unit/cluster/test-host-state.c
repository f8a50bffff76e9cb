/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "host-state.h"

static HostState decide(unsigned facts, const char **ret_reason) {
        const char *text;

        return host_state_decide(facts, ret_reason, &text);
}

#define GOOD (HOST_FACT_CAPABILITIES | HOST_FACT_KVM | HOST_FACT_NETWORKS_KNOWN | HOST_FACT_GUESTS_KNOWN | \
              HOST_FACT_MANAGEMENT | HOST_FACT_MANAGEMENT_WANTED)

static void test_ways_up_and_down(void **state) {
        static const struct {
                unsigned facts;
                HostState expected;
                const char *reason;
        } cases[] = {
                { 0, HOST_INSTALLING, "reading-capabilities" },
                { HOST_FACT_CAPABILITIES, HOST_INSTALLING, "reading-networks" },
                { GOOD & ~(unsigned)HOST_FACT_GUESTS_KNOWN, HOST_INSTALLING, "reading-guests" },
                { GOOD & ~(unsigned)HOST_FACT_MANAGEMENT, HOST_INSTALLING, "making-management-network" },
                { GOOD, HOST_UP, "" },
                { (GOOD & ~(unsigned)HOST_FACT_MANAGEMENT) | HOST_FACT_MANAGEMENT_FAILED, HOST_NON_OPERATIONAL, "management-network-failed" },
                { GOOD & ~(unsigned)(HOST_FACT_MANAGEMENT | HOST_FACT_MANAGEMENT_WANTED), HOST_UP, "" },
                { GOOD & ~(unsigned)HOST_FACT_KVM, HOST_UP, "" },
                { (GOOD & ~(unsigned)HOST_FACT_KVM) | HOST_FACT_KVM_REQUIRED, HOST_NON_OPERATIONAL, "kvm-not-running" },
                { GOOD | HOST_FACT_KVM_REQUIRED, HOST_UP, "" },
                { GOOD | HOST_FACT_COMPUTE_FAILED, HOST_NON_RESPONSIVE, "compute-unreachable" },
                { GOOD | HOST_FACT_HYPERVISOR_FAILED, HOST_NON_OPERATIONAL, "hypervisor-unavailable" },
                { GOOD | HOST_FACT_NETWORK_FAILED, HOST_NON_OPERATIONAL, "network-service-unreachable" },
                { GOOD | HOST_FACT_REQUIRED_MISSING, HOST_NON_OPERATIONAL, "network-unreachable" },
                { GOOD | HOST_FACT_DOMAIN_FAILED, HOST_NON_OPERATIONAL, "storage-domain-unreachable" },
                { GOOD | HOST_FACT_MAINTENANCE, HOST_MAINTENANCE, "" },
                { GOOD | HOST_FACT_MAINTENANCE | HOST_FACT_VMS, HOST_PREPARING, "vms-running" },
                { GOOD | HOST_FACT_VMS, HOST_UP, "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *reason;

                assert_int_equal(decide(cases[i].facts, &reason), cases[i].expected);
                assert_string_equal(reason, cases[i].reason);
        }
}

/* Over all sets of facts: there is an answer, a state other than up says why (maintenance apart), and up means that nothing is wrong. */
static void test_all_facts(void **state) {
        const unsigned bad = HOST_FACT_MAINTENANCE | HOST_FACT_COMPUTE_FAILED | HOST_FACT_HYPERVISOR_FAILED |
                             HOST_FACT_NETWORK_FAILED | HOST_FACT_REQUIRED_MISSING | HOST_FACT_DOMAIN_FAILED;
        const unsigned needed = HOST_FACT_CAPABILITIES | HOST_FACT_NETWORKS_KNOWN | HOST_FACT_GUESTS_KNOWN;
        bool reached[64] = { false };

        for (unsigned facts = 0; facts < HOST_FACT_GUESTS_KNOWN << 1; facts++) {
                const char *reason, *text;
                HostState decided = host_state_decide(facts, &reason, &text);

                assert_non_null(host_state_to_string(decided));
                if (decided == HOST_UP) {
                        assert_false(facts & bad);
                        assert_int_equal(facts & needed, needed);
                } else if (decided != HOST_MAINTENANCE) {
                        assert_true(*reason && *text);
                }
                assert_int_equal(host_state_takes_vms(decided), decided == HOST_UP);
                for (unsigned i = 0; i < host_rules_count; i++)
                        if (host_rules[i].reason == reason && host_rules[i].text == text)
                                reached[i] = true;
        }
        for (unsigned i = 0; i < host_rules_count; i++)
                assert_true(reached[i]); /* no rule is dead */
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_ways_up_and_down), cmocka_unit_test(test_all_facts) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
