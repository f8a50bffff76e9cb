/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whose processes the kill path may kill: every kind of unit that works under a lease, and nothing else. */

#include "fixture.h"
#include "lease-request.h"

#define ID "11111111-2222-4333-8444-00000000000a"

static void test_cgroups(void **state) {
        static const char *const ours[] = {
                        "/rhv.slice/rhv-spm.slice/rhv-lease-" ID ".service",
                        "/rhv.slice/rhv-spm.slice/rhv-blocklease-" ID ".service",
                        "/rhv.slice/rhv-data.slice/rhv-upload-" ID ".service",
                        "/rhv.slice/rhv-data.slice/rhv-data-" ID ".service",
        };
        static const char *const others[] = {
                        "",
                        "/",
                        "rhv-lease-" ID ".service",
                        "/rhv.slice/rhv-spm.slice",
                        "/rhv.slice/rhv-storage.service",
                        "/system.slice/sanlock.service",
                        "/rhv.slice/rhv-spm.slice/rhv-lease-" ID ".service/../../rhv-storage.service",
                        "/rhv.slice/rhv-lease-" ID ".service/x",
                        "/rhv-lease-" ID ".slice",
                        "/machine.slice/machine-qemu-1-rhv-lease-.scope",
        };

        for (size_t i = 0; i < ELEMENTSOF(ours); i++)
                assert_true(lease_cgroup_is_ours(ours[i]));
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                assert_false(lease_cgroup_is_ours(others[i]));
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_cgroups)};

        return cmocka_run_group_tests_name("lease-request", tests, NULL, NULL);
}
