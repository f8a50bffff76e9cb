/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "scheduler.h"

#include <inttypes.h>
#include <stdio.h>

#include "dict.h"

/* More are not listed one by one: the sentence is for a person. */
#define REASONS_MAX 20U

uint64_t vm_footprint_bytes(uint64_t memory_bytes, unsigned cpus) {
        return memory_bytes + VM_OVERHEAD_BASE_BYTES + (memory_bytes >> VM_OVERHEAD_MEMORY_SHIFT) +
               cpus * VM_OVERHEAD_CPU_BYTES + VM_OVERHEAD_VIDEO_BYTES;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void schedule_sort(const char **names, size_t n) {
        if (n > 1)
                qsort(names, n, sizeof *names, compare_names);
}

static const char *first_missing(const char *const *wanted, size_t n_wanted, const char *const *there, size_t n) {
        for (size_t i = 0; i < n_wanted; i++)
                if (n == 0 || !bsearch(&wanted[i], there, n, sizeof *there, compare_names))
                        return wanted[i];
        return NULL;
}

/* The first network of which more virtual functions are needed than are free. */
static const char *first_short(const ScheduleVm *vm, const ScheduleHost *host) {
        const char *network;
        json_t *needed;

        json_object_foreach((json_t *)vm->functions, network, needed)
                if (json_integer_value(needed) > dict_integer(host->functions, network, 0))
                        return network;
        return NULL;
}

static uint64_t less(uint64_t a, uint64_t b) {
        return a > b ? a - b : 0;
}

static uint64_t free_now(const ScheduleHost *host) {
        return less(host->free_bytes, host->pending_bytes);
}

/* What may still be promised when every VM there takes all of its own. */
static uint64_t free_promised(const ScheduleHost *host) {
        uint64_t all = host->memory_bytes / 100 * (host->overcommit_percent ?: 100);

        return less(less(less(all, host->committed_bytes), host->pending_bytes), HOST_RESERVED_BYTES);
}

bool schedule_host_fits(const ScheduleVm *vm, const ScheduleHost *host, char *reason, size_t size) {
        uint64_t need = vm_footprint_bytes(vm->memory_bytes, vm->cpus);
        const char *missing;

        if (!host->up) {
                (void) snprintf(reason, size, "it is %s%s%s", host->state ?: "not up", isempty(host->why) ? "" : ": ",
                                host->why ?: "");
                return false;
        }
        if (vm->cpus > host->cpus) {
                (void) snprintf(reason, size, "the VM has %u vCPUs and the host %u CPU threads", vm->cpus, host->cpus);
                return false;
        }
        if (need > free_now(host)) {
                (void) snprintf(reason, size, "%" PRIu64 " MiB of memory are needed and %" PRIu64 " MiB are free",
                                need / MIB, free_now(host) / MIB);
                return false;
        }
        if (need > free_promised(host)) {
                (void) snprintf(reason, size,
                                "%" PRIu64 " MiB of memory are needed and %" PRIu64 " MiB are not promised to other VMs",
                                need / MIB, free_promised(host) / MIB);
                return false;
        }
        missing = first_missing(vm->networks, vm->n_networks, host->networks, host->n_networks);
        if (missing) {
                (void) snprintf(reason, size, "network %s is not active there", missing);
                return false;
        }
        missing = first_short(vm, host);
        if (missing) {
                (void) snprintf(reason, size, "no virtual function is free there for network %s", missing);
                return false;
        }
        missing = first_missing(vm->domains, vm->n_domains, host->domains, host->n_domains);
        if (missing) {
                (void) snprintf(reason, size, "storage domain %s is not active there", missing);
                return false;
        }
        return true;
}

/* Percent of the host's CPU that would be in use. */
static double cpu_after(const ScheduleVm *vm, const ScheduleHost *host) {
        return host->cpu_percent +
               (double)(vm->cpus + host->pending_cpus) * VM_START_LOAD_PERCENT / (host->cpus ?: 1);
}

static double memory_after(const ScheduleVm *vm, const ScheduleHost *host) {
        return (double)(host->committed_bytes + host->pending_bytes + vm_footprint_bytes(vm->memory_bytes, vm->cpus)) /
               (double)(host->memory_bytes ?: 1);
}

static bool is_better(const ScheduleVm *vm, const ScheduleHost *a, const ScheduleHost *b) {
        double cpu_a = cpu_after(vm, a), cpu_b = cpu_after(vm, b);
        double memory_a = memory_after(vm, a), memory_b = memory_after(vm, b);

        if (cpu_a < cpu_b || cpu_a > cpu_b)
                return cpu_a < cpu_b;
        if (memory_a < memory_b || memory_a > memory_b)
                return memory_a < memory_b;
        return strcmp(a->id, b->id) < 0;
}

static int add_reason(char **reasons, const char *name, const char *reason) {
        _cleanup_free_ char *before = *reasons;

        *reasons = NULL;
        return asprintf(reasons, "%s%s%s: %s", before ?: "", before ? "; " : "", name, reason) < 0 ? -ENOMEM : 0;
}

int schedule(const ScheduleVm *vm, const ScheduleHost *hosts, size_t n, const char *wanted, size_t *ret_index,
             char **ret_reasons) {
        _cleanup_free_ char *reasons = NULL;
        size_t rejected = 0;
        const ScheduleHost *best = NULL;

        for (size_t i = 0; i < n; i++) {
                char reason[256];

                if (wanted && !streq(wanted, hosts[i].id))
                        continue;
                if (schedule_host_fits(vm, &hosts[i], reason, sizeof reason)) {
                        if (!best || is_better(vm, &hosts[i], best))
                                best = &hosts[i];
                        continue;
                }
                if (++rejected <= REASONS_MAX && !best && add_reason(&reasons, hosts[i].name, reason) < 0)
                        return -ENOMEM;
        }

        if (best) {
                *ret_index = (size_t)(best - hosts);
                return 1;
        }

        *ret_reasons = TAKE_PTR(reasons);
        return 0;
}
