/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "host-info.h"

#include <inttypes.h>
#include <stdio.h>

#include "parse-util.h"

/* ---- /proc/cpuinfo ---- */

static char **split_words(const char *words) {
        _cleanup_free_ char *copy = strdup(words);
        char **list = calloc(HOST_FLAGS_MAX + 1, sizeof(char *));
        size_t n = 0;

        if (!copy || !list) {
                free(list);
                return NULL;
        }
        for (char *save = NULL, *word = strtok_r(copy, " \t", &save); word && n < HOST_FLAGS_MAX; word = strtok_r(NULL, " \t", &save))
                list[n++] = strdup(word);
        return list;
}

/* Distinct numbers of one key over all processors: sockets are few, so a list will do. */
typedef struct Distinct {
        unsigned values[256];
        size_t n;
} Distinct;

static void distinct_add(Distinct *distinct, unsigned value) {
        for (size_t i = 0; i < distinct->n; i++)
                if (distinct->values[i] == value)
                        return;
        if (distinct->n < ELEMENTSOF(distinct->values))
                distinct->values[distinct->n++] = value;
}

typedef struct CpuReader {
        HostCpu cpu;
        Distinct sockets;
        unsigned cores, siblings;
} CpuReader;

static void read_cpu_key(CpuReader *reader, const char *key, const char *value) {
        HostCpu *cpu = &reader->cpu;
        uint32_t number;

        if (streq(key, "processor") && cpu->cpus < HOST_CPUS_MAX)
                cpu->cpus++;
        else if (streq(key, "model name") && !cpu->model)
                cpu->model = strdup(value);
        else if (streq(key, "vendor_id") && !cpu->vendor)
                cpu->vendor = strdup(value);
        else if ((streq(key, "flags") || streq(key, "Features")) && !cpu->flags)
                cpu->flags = split_words(value);
        else if (streq(key, "cpu MHz") && cpu->mhz <= 0)
                cpu->mhz = strtod(value, NULL);
        else if (streq(key, "physical id") && parse_u32(value, &number) >= 0)
                distinct_add(&reader->sockets, number);
        else if (streq(key, "cpu cores") && parse_u32(value, &number) >= 0)
                reader->cores = number;
        else if (streq(key, "siblings") && parse_u32(value, &number) >= 0)
                reader->siblings = number;
}

int host_cpu_parse(const char *text, HostCpu *ret) {
        _cleanup_free_ char *copy = strdup(text);
        CpuReader reader = {};

        if (!copy)
                return -ENOMEM;
        for (char *save = NULL, *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                char *colon = strchr(line, ':'), *end;

                if (!colon)
                        continue;
                for (end = colon; end > line && strchr(" \t", end[-1]); end--)
                        ;
                *end = 0;
                colon++;
                read_cpu_key(&reader, line, colon + strspn(colon, " \t"));
        }
        if (reader.cpu.cpus == 0) {
                host_cpu_done(&reader.cpu);
                return -EBADMSG;
        }

        reader.cpu.sockets = reader.sockets.n > 0 ? (unsigned)reader.sockets.n : 1;
        reader.cpu.cores_per_socket = reader.cores > 0 ? reader.cores : reader.cpu.cpus / reader.cpu.sockets;
        reader.cpu.threads_per_core = reader.cores > 0 && reader.siblings >= reader.cores ? reader.siblings / reader.cores : 1;
        *ret = reader.cpu;
        return 0;
}

void host_cpu_done(HostCpu *cpu) {
        free(cpu->model);
        free(cpu->vendor);
        for (char **flag = cpu->flags; flag && *flag; flag++)
                free(*flag);
        free(cpu->flags);
        *cpu = (HostCpu){};
}

bool host_cpu_has(const HostCpu *cpu, const char *flag) {
        for (char **f = cpu->flags; f && *f; f++)
                if (streq(*f, flag))
                        return true;
        return false;
}

/* ---- /proc/meminfo, /proc/stat ---- */

static uint64_t meminfo_bytes(const char *text, const char *key) {
        size_t length = strlen(key);

        for (const char *line = text; line; line = strchr(line, '\n')) {
                if (*line == '\n')
                        line++;
                if (strncmp(line, key, length) == 0 && line[length] == ':') {
                        uint64_t kib = strtoull(line + length + 1, NULL, 10);

                        return kib > UINT64_MAX / KIB ? 0 : kib * KIB;
                }
        }
        return 0;
}

int host_memory_parse(const char *text, HostMemory *ret) {
        HostMemory memory = {
                .total_bytes = meminfo_bytes(text, "MemTotal"),
                .free_bytes = meminfo_bytes(text, "MemAvailable"),
                .swap_total_bytes = meminfo_bytes(text, "SwapTotal"),
                .swap_free_bytes = meminfo_bytes(text, "SwapFree"),
        };

        if (memory.total_bytes == 0)
                return -EBADMSG;
        *ret = memory;
        return 0;
}

int host_ticks_parse(const char *text, HostTicks *ret) {
        uint64_t user, nice, system, idle, iowait = 0, irq = 0, softirq = 0, steal = 0;

        if (sscanf(text, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &user, &nice,
                   &system, &idle, &iowait, &irq, &softirq, &steal) < 4)
                return -EBADMSG;
        *ret = (HostTicks){
                .user = user + nice,
                .system = system + irq + softirq,
                .idle = idle,
                .iowait = iowait,
                .steal = steal,
                .total = user + nice + system + idle + iowait + irq + softirq + steal,
        };
        return 0;
}

double host_ticks_part_percent(const HostTicks *from, const HostTicks *to, uint64_t part_from, uint64_t part_to) {
        /* The kernel's iowait may run backwards: clamp. */
        if (to->total <= from->total || part_to <= part_from)
                return 0;
        return 100.0 * (double)(part_to - part_from) / (double)(to->total - from->total);
}

double host_ticks_busy_percent(const HostTicks *from, const HostTicks *to) {
        return host_ticks_part_percent(from, to, from->user + from->system, to->user + to->system);
}

/* ---- KVM ---- */

const char *host_kvm_reason(const HostCpu *cpu, bool kvm_device, bool libvirt_kvm) {
        bool x86 = host_cpu_has(cpu, "fpu");

        if (libvirt_kvm && kvm_device)
                return NULL;
        if (x86 && !host_cpu_has(cpu, "lm"))
                return "Virtualization hardware is unavailable: this is not a 64-bit CPU. Guests are emulated, which is slow.";
        if (x86 && !host_cpu_has(cpu, "vmx") && !host_cpu_has(cpu, "svm"))
                return "Virtualization hardware is unavailable: the CPU shows neither Intel VT-x (vmx) nor AMD-V (svm). Switch it on in the "
                       "firmware (BIOS) setup, or, where this host is itself a virtual machine, allow nested virtualization. Guests are "
                       "emulated, which is slow.";
        if (x86 && !host_cpu_has(cpu, "nx"))
                return "Virtualization hardware is unavailable: the CPU does not show the no-execute flag (nx). Switch it on in the firmware "
                       "(BIOS) setup. Guests are emulated, which is slow.";
        if (!kvm_device)
                return "Virtualization hardware is unavailable: there is no /dev/kvm. Load the module kvm_intel or kvm_amd; if that fails, "
                       "the firmware (BIOS) has switched virtualization off. Guests are emulated, which is slow.";
        return "Virtualization hardware is unavailable: libvirt does not offer KVM guests although /dev/kvm exists. See libvirt's log. "
               "Guests are emulated, which is slow.";
}

/* ---- all of it ---- */

static void set_text(json_t *object, const char *key, const char *text) {
        (void) json_object_set_new(object, key, json_string(text ?: ""));
}

static void set_number(json_t *object, const char *key, uint64_t number) {
        (void) json_object_set_new(object, key, json_integer((json_int_t)number));
}

static void set_topology(json_t *object, const HostCpu *cpu, const HostNode *node) {
        bool asked = node && node->cpus > 0;

        set_number(object, "cpus", asked ? node->cpus : cpu->cpus);
        /* libvirt counts sockets for each NUMA node; a host has nodes × sockets of them. Where that does not come out (cells that
         * cut a socket), it says nodes 1 and counts all. Source: libvirt-host.h, struct _virNodeInfo. */
        set_number(object, "sockets", asked ? (uint64_t)node->nodes * node->sockets : cpu->sockets);
        set_number(object, "cores_per_socket", asked ? node->cores : cpu->cores_per_socket);
        set_number(object, "threads_per_core", asked ? node->threads : cpu->threads_per_core);
}

json_t *host_capabilities_json(const HostCpu *cpu, const HostMemory *memory, const HostVirt *virt, const HostNode *node,
                               bool kvm_device, const char *hypervisor) {
        const char *reason = host_kvm_reason(cpu, kvm_device, virt && virt->kvm);
        json_t *object = json_object(), *flags = json_array();

        if (!object || !flags) {
                json_decref(object);
                json_decref(flags);
                return NULL;
        }
        for (char **flag = cpu->flags; flag && *flag; flag++)
                (void) json_array_append_new(flags, json_string(*flag));
        set_text(object, "cpu_model", cpu->model);
        set_text(object, "cpu_vendor", cpu->vendor);
        (void) json_object_set_new(object, "cpu_flags", flags);
        (void) json_object_set_new(object, "cpu_mhz", json_real(node && node->mhz > 0 ? node->mhz : cpu->mhz));
        set_text(object, "cpu_libvirt_model", virt ? virt->cpu_model : NULL);
        set_topology(object, cpu, node);
        set_number(object, "memory", node && node->memory_bytes > 0 ? node->memory_bytes : memory->total_bytes);
        (void) json_object_set_new(object, "numa_nodes", virt && virt->numa_nodes ? json_incref(virt->numa_nodes) : json_array());
        (void) json_object_set_new(object, "network_filters", virt && virt->network_filters ? json_incref(virt->network_filters) : json_array());
        (void) json_object_set_new(object, "kvm", json_boolean(!reason));
        set_text(object, "kvm_reason", reason);
        set_text(object, "hypervisor", hypervisor);
        set_text(object, "arch", virt ? virt->arch : NULL);
        set_text(object, "machine", virt ? virt->machine : NULL);
        set_text(object, "domain_type", virt ? virt->virt_type : NULL);
        return object;
}
