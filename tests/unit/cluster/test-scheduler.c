/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include <time.h>

#include "scheduler.h"

static const char *const networks[] = { "blue", "ovirtmgmt" };
static const char *const domains[] = { "d1", "d2" };

static ScheduleHost host_of(const char *id) {
        return (ScheduleHost){ .id = id, .name = id, .up = true, .state = "up", .cpus = 8, .memory_bytes = 32 * GIB,
                               .free_bytes = 30 * GIB, .overcommit_percent = 100, .networks = networks,
                               .n_networks = 2, .domains = domains, .n_domains = 2 };
}

static const ScheduleVm small = { .memory_bytes = 2 * GIB, .cpus = 2, .networks = networks, .n_networks = 1,
                                  .domains = domains, .n_domains = 2 };

static void test_overhead(void **state) {
        /* 1 GiB, 2 vCPUs: 1024 + 64 + 2 + 16 + 16 MiB */
        assert_int_equal(vm_footprint_bytes(GIB, 2), (1024 + 64 + 2 + 16 + 16) * MIB);
}

static void expect_reason(ScheduleHost host, const ScheduleVm *vm, const char *part) {
        char reason[256] = "";

        assert_false(schedule_host_fits(vm, &host, reason, sizeof reason));
        if (!strstr(reason, part)) {
                print_error("'%s' does not say '%s'\n", reason, part);
                fail();
        }
}

static void test_each_filter_says_why(void **state) {
        static const char *const other[] = { "red" };
        char reason[256];
        ScheduleHost host = host_of("a");
        ScheduleVm vm = small;

        assert_true(schedule_host_fits(&small, &host, reason, sizeof reason));
        host.up = false;
        host.state = "maintenance";
        expect_reason(host, &small, "maintenance");
        host = host_of("a");
        host.cpus = 1;
        expect_reason(host, &small, "2 vCPUs");
        host = host_of("a");
        host.free_bytes = GIB;
        expect_reason(host, &small, "1024 MiB are free");
        host = host_of("a");
        host.pending_bytes = 29 * GIB;
        expect_reason(host, &small, "1024 MiB are free");
        host = host_of("a");
        host.committed_bytes = 31 * GIB;
        expect_reason(host, &small, "not promised");
        host.overcommit_percent = 150;
        assert_true(schedule_host_fits(&small, &host, reason, sizeof reason));
        host = host_of("a");
        vm.networks = other;
        expect_reason(host, &vm, "network red");
        vm = small;
        vm.domains = other;
        expect_reason(host, &vm, "storage domain red");
}

static void test_boundary_of_memory(void **state) {
        ScheduleHost host = host_of("a");
        char reason[256];

        host.free_bytes = vm_footprint_bytes(small.memory_bytes, small.cpus);
        assert_true(schedule_host_fits(&small, &host, reason, sizeof reason));
        host.free_bytes--;
        assert_false(schedule_host_fits(&small, &host, reason, sizeof reason));
}

static void test_choice(void **state) {
        ScheduleHost hosts[] = { host_of("c"), host_of("a"), host_of("b") };
        _cleanup_free_ char *reasons = NULL;
        size_t index;

        hosts[0].cpu_percent = 10;
        hosts[1].cpu_percent = 50;
        hosts[2].cpu_percent = 20;
        assert_int_equal(schedule(&small, hosts, 3, NULL, &index, &reasons), 1);
        assert_int_equal(index, 0);
        hosts[0].cpu_percent = 20;
        hosts[0].committed_bytes = GIB;
        assert_int_equal(schedule(&small, hosts, 3, NULL, &index, &reasons), 1);
        assert_int_equal(index, 2); /* as much CPU, less memory */
        hosts[0].committed_bytes = 0;
        assert_int_equal(schedule(&small, hosts, 3, NULL, &index, &reasons), 1);
        assert_int_equal(index, 2); /* equal: the lower id */
        assert_int_equal(schedule(&small, hosts, 3, "a", &index, &reasons), 1);
        assert_int_equal(index, 1);
        assert_null(reasons);
}

static void test_no_host_lists_each(void **state) {
        ScheduleHost hosts[] = { host_of("c"), host_of("a") };
        _cleanup_free_ char *reasons = NULL, *none = NULL;
        size_t index = 77;

        hosts[0].up = false;
        hosts[0].state = "non-operational";
        hosts[0].why = "its hypervisor does not answer";
        hosts[1].free_bytes = 0;
        assert_int_equal(schedule(&small, hosts, 2, NULL, &index, &reasons), 0);
        assert_non_null(strstr(reasons, "c: it is non-operational: its hypervisor does not answer; a: "));
        assert_int_equal(index, 77);
        assert_int_equal(schedule(&small, hosts, 0, NULL, &index, &none), 0);
        assert_null(none);
}

/* Properties over random clusters: the chosen one fits, no other that fits is less loaded, the order of hosts does not matter. */
static void test_properties(void **state) {
        srandom(4711);
        for (unsigned round = 0; round < 3000; round++) {
                ScheduleHost hosts[8], turned[8];
                char names[8][8], reason[256];
                size_t n = (size_t)random() % 9, a = 0, b = 0;
                _cleanup_free_ char *reasons = NULL, *again = NULL;
                int found;

                for (size_t i = 0; i < n; i++) {
                        (void) snprintf(names[i], sizeof names[i], "h%zu", i);
                        hosts[i] = host_of(names[i]);
                        hosts[i].up = random() % 5 > 0;
                        hosts[i].cpus = (unsigned)random() % 4 + 1;
                        hosts[i].free_bytes = (uint64_t)random() % (8 * GIB);
                        hosts[i].pending_bytes = (uint64_t)random() % (2 * GIB);
                        hosts[i].committed_bytes = (uint64_t)(random() % 40) * GIB;
                        hosts[i].cpu_percent = (double)(random() % 5) * 20;
                        hosts[i].n_networks = (size_t)random() % 3;
                }
                for (size_t i = 0; i < n; i++)
                        turned[i] = hosts[n - 1 - i];
                found = schedule(&small, hosts, n, NULL, &a, &reasons);
                assert_int_equal(schedule(&small, turned, n, NULL, &b, &again), found);
                if (found == 0) {
                        for (size_t i = 0; i < n; i++)
                                assert_false(schedule_host_fits(&small, &hosts[i], reason, sizeof reason));
                        continue;
                }
                assert_string_equal(hosts[a].id, turned[b].id);
                assert_true(schedule_host_fits(&small, &hosts[a], reason, sizeof reason));
                for (size_t i = 0; i < n; i++)
                        if (schedule_host_fits(&small, &hosts[i], reason, sizeof reason))
                                assert_true(hosts[i].cpu_percent + 20.0 / hosts[i].cpus >=
                                            hosts[a].cpu_percent + 20.0 / hosts[a].cpus - 1e-9);
        }
}

static double msec(const struct timespec *from, const struct timespec *to) {
        return (double)(to->tv_sec - from->tv_sec) * 1e3 + (double)(to->tv_nsec - from->tv_nsec) / 1e6;
}

/* Pass-through NICs need a free virtual function each, of the NIC their network is on. */
static void test_virtual_functions(void **state) {
        _cleanup_json_ json_t *two = json_pack("{s:i}", networks[0], 2), *one_free = json_pack("{s:i}", networks[0], 1), *free_ones = json_pack("{s:i, s:i}", networks[0], 2, "other", 9);
        ScheduleVm vm = small;
        ScheduleHost host = host_of("a");
        char reason[256];

        vm.functions = two;
        assert_false(schedule_host_fits(&vm, &host, reason, sizeof reason));
        host.functions = one_free;
        assert_false(schedule_host_fits(&vm, &host, reason, sizeof reason));
        assert_non_null(strstr(reason, "no virtual function is free there for network"));
        host.functions = free_ones;
        assert_true(schedule_host_fits(&vm, &host, reason, sizeof reason));
        vm.functions = NULL;
        host.functions = NULL;
        assert_true(schedule_host_fits(&vm, &host, reason, sizeof reason));
}

/* 10,000 VMs started one after the other on 200 hosts, as the cluster would: never beyond what a host has, and spread. The
 * time is printed; the bar is 1 ms for one. */
static void test_two_hundred_hosts(void **state) {
        enum { HOSTS = 200, VMS = 10000 };
        static ScheduleHost hosts[HOSTS];
        static char names[HOSTS][8];
        static unsigned guests[HOSTS];
        const ScheduleVm vm = { .memory_bytes = 4 * GIB, .cpus = 2, .networks = networks, .n_networks = 2,
                                .domains = domains, .n_domains = 2 };
        struct timespec from, to;
        unsigned least = VMS, most = 0;

        for (size_t i = 0; i < HOSTS; i++) {
                (void) snprintf(names[i], sizeof names[i], "h%03zu", i);
                hosts[i] = host_of(names[i]);
                hosts[i].cpus = 128;
                hosts[i].memory_bytes = 512 * GIB;
                hosts[i].free_bytes = 510 * GIB;
                hosts[i].overcommit_percent = 100;
        }
        (void) clock_gettime(CLOCK_MONOTONIC, &from);
        for (unsigned i = 0; i < VMS; i++) {
                _cleanup_free_ char *reasons = NULL;
                size_t chosen;

                assert_int_equal(schedule(&vm, hosts, HOSTS, NULL, &chosen, &reasons), 1);
                hosts[chosen].committed_bytes += vm_footprint_bytes(vm.memory_bytes, vm.cpus);
                hosts[chosen].free_bytes -= vm_footprint_bytes(vm.memory_bytes, vm.cpus);
                hosts[chosen].cpu_percent += 0.1;
                guests[chosen]++;
                assert_true(hosts[chosen].committed_bytes <= hosts[chosen].memory_bytes);
        }
        (void) clock_gettime(CLOCK_MONOTONIC, &to);
        for (size_t i = 0; i < HOSTS; i++) {
                least = guests[i] < least ? guests[i] : least;
                most = guests[i] > most ? guests[i] : most;
        }
        assert_true(most - least <= 1);
        print_message("%d starts on %d hosts: %.4f ms each\n", VMS, HOSTS, msec(&from, &to) / VMS);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_overhead),
                cmocka_unit_test(test_each_filter_says_why),
                cmocka_unit_test(test_boundary_of_memory),
                cmocka_unit_test(test_choice),
                cmocka_unit_test(test_no_host_lists_each),
                cmocka_unit_test(test_properties),
                cmocka_unit_test(test_virtual_functions),
                cmocka_unit_test(test_two_hundred_hosts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
