/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Source of the fields: libvirt-domain.c, the documentation of virConnectGetAllDomainStats(). */

#include "virt-stats.h"

typedef struct StatsName {
        const char *field; /* for groups: what follows the number */
        const char *key;
        uint64_t scale;
} StatsName;

static const StatsName guest_names[] = {
        { "cpu.time", "cpu_time_nsec", 1 },
        { "cpu.user", "cpu_user_nsec", 1 },
        { "cpu.system", "cpu_system_nsec", 1 },
        { "vcpu.current", "vcpus", 1 },
        { "vcpu.maximum", "vcpus_max", 1 },
        { "balloon.current", "memory_bytes", KIB },
        { "balloon.maximum", "memory_max_bytes", KIB },
        { "balloon.available", "memory_guest_total_bytes", KIB },
        { "balloon.unused", "memory_guest_unused_bytes", KIB },
        { "balloon.usable", "memory_guest_usable_bytes", KIB },
        { "balloon.disk_caches", "memory_guest_caches_bytes", KIB },
        { "balloon.swap_in", "swap_in_bytes", KIB },
        { "balloon.swap_out", "swap_out_bytes", KIB },
        { "balloon.major_fault", "major_faults", 1 },
        { "balloon.minor_fault", "minor_faults", 1 },
        { "balloon.rss", "memory_host_resident_bytes", KIB },
};
static const StatsName vcpu_names[] = {
        { "state", "state", 1 },
        { "time", "time_nsec", 1 },
        { "wait", "wait_nsec", 1 },
        { "delay", "steal_nsec", 1 },
};
static const StatsName nic_names[] = {
        { "name", "device", 1 },
        { "rx.bytes", "rx_bytes", 1 },
        { "rx.pkts", "rx_packets", 1 },
        { "rx.errs", "rx_errors", 1 },
        { "rx.drop", "rx_dropped", 1 },
        { "tx.bytes", "tx_bytes", 1 },
        { "tx.pkts", "tx_packets", 1 },
        { "tx.errs", "tx_errors", 1 },
        { "tx.drop", "tx_dropped", 1 },
};
static const StatsName disk_names[] = {
        { "name", "device", 1 },
        { "rd.reqs", "read_requests", 1 },
        { "rd.bytes", "read_bytes", 1 },
        { "rd.times", "read_time_nsec", 1 },
        { "wr.reqs", "write_requests", 1 },
        { "wr.bytes", "write_bytes", 1 },
        { "wr.times", "write_time_nsec", 1 },
        { "fl.reqs", "flush_requests", 1 },
        { "fl.times", "flush_time_nsec", 1 },
        { "allocation", "allocation_bytes", 1 },
        { "capacity", "capacity_bytes", 1 },
        { "physical", "physical_bytes", 1 },
        { "errors", "errors", 1 },
};

static const char *find_name(const StatsName *names, size_t n, const char *field, uint64_t *ret_scale) {
        for (size_t i = 0; i < n; i++)
                if (streq(names[i].field, field)) {
                        *ret_scale = names[i].scale;
                        return names[i].key;
                }
        return NULL;
}

/* "3.rx.bytes": the number, and what follows its dot; NULL if there is no number. */
static const char *split_index(const char *s, unsigned *ret) {
        unsigned index = 0;
        const char *digit;

        for (digit = s; *digit >= '0' && *digit <= '9' && index < 100000; digit++)
                index = index * 10 + (unsigned)(*digit - '0');
        if (digit == s || *digit != '.')
                return NULL;
        *ret = index;
        return digit + 1;
}

const char *virt_stats_key(const char *field, VirtStatsGroup *ret_group, unsigned *ret_index, uint64_t *ret_scale) {
        static const struct {
                const char *prefix;
                const StatsName *names;
                size_t n;
                VirtStatsGroup group;
        } groups[] = {
                { "vcpu.", vcpu_names, ELEMENTSOF(vcpu_names), VIRT_STATS_VCPU },
                { "net.", nic_names, ELEMENTSOF(nic_names), VIRT_STATS_NIC },
                { "block.", disk_names, ELEMENTSOF(disk_names), VIRT_STATS_DISK },
        };

        for (size_t i = 0; i < ELEMENTSOF(groups); i++) {
                const char *rest = startswith(field, groups[i].prefix);
                const char *tail = rest ? split_index(rest, ret_index) : NULL;

                if (tail) {
                        *ret_group = groups[i].group;
                        return find_name(groups[i].names, groups[i].n, tail, ret_scale);
                }
        }
        *ret_group = VIRT_STATS_GUEST;
        *ret_index = 0;
        return find_name(guest_names, ELEMENTSOF(guest_names), field, ret_scale);
}

static int compare(const void *a, const void *b) {
        const VirtStat *x = a, *y = b;

        if (x->group != y->group)
                return x->group < y->group ? -1 : 1;
        if (x->index != y->index)
                return x->index < y->index ? -1 : 1;
        return 0;
}

void virt_stats_sort(VirtStatsRecord *record) {
        if (record->n > 1)
                qsort(record->stats, record->n, sizeof(VirtStat), compare);
}

VirtStats *virt_stats_free(VirtStats *stats) {
        if (!stats)
                return NULL;
        for (size_t i = 0; i < stats->n; i++) {
                for (size_t k = 0; k < stats->records[i].n; k++)
                        free(stats->records[i].stats[k].text);
                free(stats->records[i].stats);
        }
        free(stats->records);
        free(stats);
        return NULL;
}
