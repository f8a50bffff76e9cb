/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a guest is made of, as its caller describes it: one JSON object, checked by tables (keys, types, ranges) and then by
 * sense (nothing twice, sums that come out). All here is pure.
 *
 * A description holds no secret: it is a property, and it is written into libvirt's metadata of the guest.
 */

#include "dict.h"
#include "macro.h"

/* Source of the numbers: what oVirt allows on x86 with the q35 machine. */
#define VM_CPUS_MAX 710
#define VM_MEMORY_MIN_BYTES ((int64_t)(16 * MIB))
#define VM_MEMORY_MAX_BYTES ((int64_t)(16 * TIB))
#define VM_NAME_MAX 64
#define VM_DISKS_MAX 64
#define VM_NICS_MAX 32
#define VM_DEVICES_MAX 256
#define VM_SATA_MAX 6 /* ports of the ICH9 controller that q35 has */
#define VM_BOOT_ORDER_MAX 64
#define VM_METADATA_BYTES_MAX (64 * 1024)

extern const DictField vm_description_fields[];

/* Table and sense. Return: 0, or a negative errno with InvalidArgument or UnknownOption set. */
int vm_description_check(const json_t *description, sd_bus_error *error);

/* The topology that goes with `cpus`: what is not given is chosen, sockets first. Return: 0, or -EINVAL if it does not multiply up. */
typedef struct VmTopology {
        unsigned cpus, sockets, cores, threads;
} VmTopology;
int vm_description_topology(const json_t *description, VmTopology *ret);

/* IEEE 802.1Q. */
#define VM_NIC_VLAN_MAX 4094
/* Of which a pass-through NIC gets one. */
#define VM_NIC_FUNCTIONS_MAX 256
/* The host device (a bridge) of a NIC: its "bridge", or the network's own name where that fits into a device name. NULL: neither, or passed through. */
const char *vm_nic_bridge(const json_t *nic) _pure_;
bool device_name_is_valid(const char *name) _pure_;
