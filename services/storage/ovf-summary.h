/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The definition of a VM or template as the engine writes it (OVF with its own extensions), as far as somebody wants to know who looks at
 * a foreign domain. Pure. Source of the format: ovirt-engine, OvfWriter and OvfReader.
 */

#include "macro.h"

/* The largest definition that is read; a VM with 100 disks and snapshots takes 1 MiB. */
#define OVF_BYTES_MAX (4 * MIB)
/* More than anybody merges; what is beyond is not told. */
#define OVF_SNAPSHOTS_MAX 256U

/*
 * id: the file's name without ".ovf". ret: {name, description, template, template_id, memory, cpus, sockets, cores, threads, chipset, firmware,
 * disks: [{image, volume, bus, boot}], nics: [{network, mac, model}], snapshots: [{id, name, description, created, disks: [{image, volume}], configuration}]}; memory in
 * bytes, created in seconds since 1970; one entry of disks for each volume, snapshots too; template_id: of the template a VM is based on; configuration: the same of
 * the VM as it was, without snapshots. What the text does not say is left out.
 * Return: 0, -ENOMEM, or -EBADMSG with BadFormat set.
 */
int ovf_summary(const char *text, size_t size, const char *id, json_t **ret, sd_bus_error *error);
