/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whose processes the kill path may kill: every kind of unit that works under a lease, and nothing else; and what tools inherit. */

#include <sys/mman.h>
#include <sys/socket.h>

#include "fixture.h"
#include "heir.h"
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

/* LVM closes all descriptors but the first three: the lease must be among those. */
static void test_tools_hold_the_lease(void **state) {
        const char *const argv[] = {"readlink", "/proc/self/fd/0", NULL};
        char said[2][64] = {};
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        if (fds[0] != LEASE_SOCKET_FD)
                assert_int_equal(dup2(fds[0], LEASE_SOCKET_FD), LEASE_SOCKET_FD);
        for (unsigned i = 0; i < 2; i++) {
                int out = memfd_create("out", MFD_CLOEXEC);

                assert_int_equal(heir_run_output(argv, "readlink", out, NULL), 0);
                assert_true(pread(out, said[i], sizeof(said[i]) - 1, 0) > 0);
                (void) close(out);
                heir_hold_lease();
        }
        assert_string_equal(said[0], "/dev/null\n");
        assert_non_null(startswith(said[1], "socket:"));
        (void) close(fds[1]);
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_cgroups), cmocka_unit_test(test_tools_hold_the_lease)};

        return cmocka_run_group_tests_name("lease-request", tests, NULL, NULL);
}
