/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "virt-stats.h"

static void test_keys(void **state) {
        static const struct {
                const char *field, *key;
                VirtStatsGroup group;
                unsigned index;
                uint64_t scale;
        } cases[] = {
                { "cpu.time", "cpu_time_nsec", VIRT_STATS_GUEST, 0, 1 },
                { "balloon.current", "memory_bytes", VIRT_STATS_GUEST, 0, KIB },
                { "vcpu.current", "vcpus", VIRT_STATS_GUEST, 0, 1 },
                { "vcpu.12.delay", "steal_nsec", VIRT_STATS_VCPU, 12, 1 },
                { "net.0.rx.bytes", "rx_bytes", VIRT_STATS_NIC, 0, 1 },
                { "block.3.wr.times", "write_time_nsec", VIRT_STATS_DISK, 3, 1 },
                { "block.3.name", "device", VIRT_STATS_DISK, 3, 1 },
        };
        static const char *const unknown[] = { "", "net.count", "net.0", "net..rx.bytes", "net.x.rx.bytes", "block.0.path", "state.state", "vcpu.999999999999.time" };
        VirtStatsGroup group;
        unsigned index;
        uint64_t scale;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                assert_string_equal(virt_stats_key(cases[i].field, &group, &index, &scale), cases[i].key);
                assert_int_equal(group, cases[i].group);
                assert_int_equal(index, cases[i].index);
                assert_int_equal(scale, cases[i].scale);
        }
        for (size_t i = 0; i < ELEMENTSOF(unknown); i++)
                assert_null(virt_stats_key(unknown[i], &group, &index, &scale));
}

static void test_sort(void **state) {
        VirtStat stats[] = { { .group = VIRT_STATS_DISK, .index = 1 }, { .group = VIRT_STATS_GUEST }, { .group = VIRT_STATS_DISK }, { .group = VIRT_STATS_VCPU } };
        VirtStatsRecord record = { .stats = stats, .n = ELEMENTSOF(stats) };

        virt_stats_sort(&record);
        for (size_t i = 1; i < record.n; i++)
                assert_true(stats[i - 1].group < stats[i].group || (stats[i - 1].group == stats[i].group && stats[i - 1].index <= stats[i].index));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_keys),
                cmocka_unit_test(test_sort),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
