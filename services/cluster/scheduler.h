/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which host shall run this VM? A snapshot of facts in, a host or a reason for each host out. Pure and deterministic: equal
 * snapshots give equal answers, whatever the order of hosts.
 *
 * Filters, in this order (the engine's names): state Up; CPU: no more vCPUs than the host has threads, the sum is not limited;
 * Memory, twice: what is free now, less what starts in flight will take, must cover the VM with its overhead; and so must what is
 * left when every VM on the host takes all it was promised. Network: each NIC's network is active there, and a virtual function is free for each pass-through NIC (which of
 * networks on one NIC get the last ones only the start tells). Storage: each disk's domain is active
 * there. Then the lowest load: the share of CPU after the start, then the share of memory, then the id.
 */

#include "macro.h"

/* The engine's arithmetic, in MiB: what a guest costs beside its memory, and what a host keeps for itself. */
#define VM_OVERHEAD_BASE_BYTES (64 * MIB)
#define VM_OVERHEAD_MEMORY_SHIFT 9 /* memory / 512: page tables */
#define VM_OVERHEAD_CPU_BYTES (8 * MIB)
#define VM_OVERHEAD_VIDEO_BYTES (16 * MIB)
#define HOST_RESERVED_BYTES ((256 + 65) * MIB)
/* A VM not running yet counts as this much load for each vCPU. */
#define VM_START_LOAD_PERCENT 10

typedef struct ScheduleVm {
        uint64_t memory_bytes;
        unsigned cpus;
        const char *const *networks; /* names on the host; n of them */
        size_t n_networks;
        const json_t *functions;     /* {network: how many pass-through NICs}, or NULL */
        const char *const *domains;  /* ids */
        size_t n_domains;
} ScheduleVm;

typedef struct ScheduleHost {
        const char *id, *name;
        bool up;
        const char *state, *why;       /* word and sentence, for the reason when not up; why may be NULL */
        unsigned cpus;                 /* threads that can run vCPUs */
        uint64_t memory_bytes;         /* all */
        uint64_t free_bytes;           /* now */
        uint64_t pending_bytes;        /* of starts in flight, overhead included */
        unsigned pending_cpus;
        uint64_t committed_bytes;      /* of VMs that run there, overhead included */
        double cpu_percent;            /* 0 to 100 of the whole host */
        unsigned overcommit_percent;   /* 100: none */
        const char *const *networks;   /* active ones, sorted by strcmp */
        size_t n_networks;
        const json_t *functions;       /* {network: how many virtual functions of its NIC are free}, or NULL */
        const char *const *domains;    /* active ones, sorted */
        size_t n_domains;
} ScheduleHost;

/* What a VM of this size takes from a host, its own memory included. */
uint64_t vm_footprint_bytes(uint64_t memory_bytes, unsigned cpus) _const_;

/* Fills networks and domains sorted for a host: helper for makers of snapshots. */
void schedule_sort(const char **names, size_t n);

/* Chooses among n hosts, or only `wanted` (an id) unless NULL.
 * Return: 1 with ret_index; 0 none fits, ret_reasons (new string, may be NULL) says "name: reason; …"; -ENOMEM. */
int schedule(const ScheduleVm *vm, const ScheduleHost *hosts, size_t n, const char *wanted, size_t *ret_index,
             char **ret_reasons);

/* One host's answer. Return: true when it fits, else false with the reason, a sentence without full stop, in buffer. */
bool schedule_host_fits(const ScheduleVm *vm, const ScheduleHost *host, char *reason, size_t size);
