/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a caller may say when creating or changing an object: tables for dict_check(), defaults, and what must hold between
 * values of one description. Whether it fits the rest of the cluster is plan.h's question. Pure.
 */

#include "dict.h"
#include "kind.h"

/* What a disk holds, in its spec: "data", which is also what nobody has said, or this. */
#define DISK_CONTENT_ISO "iso"
/* And the word for that on the storage. */
#define DISK_TYPE_ISO "ISOF"

/* Limits of the engine this follows (a name of 64 characters, a description of 255, 710 vCPUs, 16 TiB and more by level): one level
 * here, the newest. */
#define NAME_BYTES_MAX 64
#define DESCRIPTION_BYTES_MAX 255
#define VM_CPUS_MAX 710
#define VM_SOCKETS_MAX 710
#define VM_CORES_MAX 254
#define VM_THREADS_MAX 8
#define VM_MEMORY_MIN (16 * (int64_t)MIB)
#define VM_MEMORY_MAX (16 * (int64_t)TIB)
#define VM_MEMORY_DEFAULT ((int64_t)GIB)
#define VM_DISKS_MAX 64
#define VM_NICS_MAX 32
#define VM_SATA_MAX 6 /* ports of q35's controller */
#define VM_BOOT_ORDER_MAX 64
#define VM_METADATA_BYTES_MAX (64 * 1024)
/* Of a shared domain's lockspace, as Storage takes it. */
#define DOMAIN_IO_TIMEOUT_MIN_USEC (3 * (int64_t)USEC_PER_SEC)
#define DOMAIN_IO_TIMEOUT_MAX_USEC (60 * (int64_t)USEC_PER_SEC)
#define DISK_CAPACITY_MIN 512
#define DISK_CAPACITY_MAX (256 * (int64_t)TIB)

extern const DictField data_center_create_fields[], data_center_update_fields[];
extern const DictField cluster_create_fields[], cluster_update_fields[];
extern const DictField vnic_profile_create_fields[], vnic_profile_update_fields[];
extern const DictField mac_pool_create_fields[], mac_pool_update_fields[];
extern const DictField host_update_fields[];
extern const DictField network_create_fields[], network_update_fields[];
extern const DictField storage_domain_create_fields[], storage_domain_import_fields[], storage_domain_update_fields[];
extern const DictField disk_create_fields[], disk_update_fields[];
extern const DictField disk_register_fields[], vm_register_fields[], vm_import_fields[];
extern const DictField snapshot_create_fields[], snapshot_update_fields[], snapshot_clone_fields[], disk_copy_fields[];
extern const DictField template_create_fields[], template_update_fields[], template_vm_fields[];
extern const DictField vm_create_fields[], vm_update_fields[], vm_disk_fields[], vm_nic_fields[], vm_nic_update_fields[];

/* A new object of the checked description without the keys that are columns or references (id, name, cluster, …).
 * Return: new reference or NULL. */
json_t *spec_strip(const json_t *description);
/* Fills in sockets, cores, threads and cpus so that they agree, and every default. Return: 0, or a negative errno with
 * InvalidArgument set where they contradict each other, or Compute would refuse them at the start. */
int vm_spec_complete(json_t *spec, sd_bus_error *error);
/* What must hold among the devices of one VM. disks, nics: arrays of their specs. Return: 0, or a negative errno with InvalidArgument set. */
int vm_devices_check(const json_t *disks, const json_t *nics, sd_bus_error *error);

bool network_name_is_valid(const char *s) _pure_;
/* The network's name on hosts: itself where it fits a device name of 15 characters, else "on" and 13 hex digits of the id
 * (the rule of the engine). Return: new string or NULL. */
char *network_host_name(const char *name, const char *id);
