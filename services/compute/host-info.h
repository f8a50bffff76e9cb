/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What this host is: read from the kernel's text files and from libvirt's capabilities, by pure functions over text.
 */

#include "macro.h"

/* ---- /proc/cpuinfo (proc(5)) ---- */

typedef struct HostCpu {
        char *model;        /* "model name" */
        char *vendor;       /* "vendor_id" */
        char **flags;       /* of the first CPU, NULL-terminated */
        double mhz;         /* the first CPU's; 0: not told */
        unsigned cpus, sockets, cores_per_socket, threads_per_core;
} HostCpu;

#define HOST_FLAGS_MAX 512U
#define HOST_CPUS_MAX 8192U

/* Return: 0; -EBADMSG for a text without any processor; -ENOMEM. */
int host_cpu_parse(const char *text, HostCpu *ret);
void host_cpu_done(HostCpu *cpu);
bool host_cpu_has(const HostCpu *cpu, const char *flag) _pure_;

/* ---- /proc/meminfo, /proc/stat ---- */

typedef struct HostMemory {
        uint64_t total_bytes, free_bytes; /* free: what a guest could have: free and reclaimable */
        uint64_t swap_total_bytes, swap_free_bytes;
} HostMemory;
int host_memory_parse(const char *text, HostMemory *ret);

typedef struct HostTicks {
        uint64_t user, system, idle, iowait, steal, total;
} HostTicks;
int host_ticks_parse(const char *text, HostTicks *ret);
/* Share of all CPUs that did work between two samples, in percent; 0 where nothing passed. */
double host_ticks_busy_percent(const HostTicks *from, const HostTicks *to);
double host_ticks_part_percent(const HostTicks *from, const HostTicks *to, uint64_t part_from, uint64_t part_to);

/* ---- libvirt's capabilities XML ---- */

typedef struct HostVirt {
        char *arch;        /* of the host: "x86_64" */
        char *virt_type;   /* the best for it: "kvm", else "qemu", else the first ("test") */
        char *machine;     /* "q35" where that exists, else the first; NULL: none listed */
        char *cpu_model;   /* libvirt's name for the CPU: "Skylake-Client-IBRS"; may be NULL */
        bool kvm;
        int64_t qemu_uid;  /* as whom QEMU runs (the DAC security model); -1: not told */
        json_t *numa_nodes; /* [{id, memory, cpus: "0-3"}] */
        json_t *network_filters; /* names; not in the capabilities, NULL where they were not asked for */
} HostVirt;
int host_virt_parse(const char *xml, HostVirt *ret);
void host_virt_done(HostVirt *virt);

/* Why guests cannot use hardware virtualization: a sentence with the way out; NULL when they can. kvm_device: /dev/kvm exists.
 * libvirt_kvm: libvirt offers domains of type kvm. Literal. */
const char *host_kvm_reason(const HostCpu *cpu, bool kvm_device, bool libvirt_kvm);

/* ---- all of it ---- */

/* What virNodeGetInfo() says; all 0: not asked yet. */
typedef struct HostNode {
        unsigned cpus, mhz, nodes, sockets, cores, threads;
        uint64_t memory_bytes;
} HostNode;

/* The Capabilities property. virt and node: NULL while libvirt has not answered. Return: new object, or NULL when out of memory. */
json_t *host_capabilities_json(const HostCpu *cpu, const HostMemory *memory, const HostVirt *virt, const HostNode *node,
                               bool kvm_device, const char *hypervisor);
