/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The definition of a VM or template as the engine writes it (OVF with its own extensions), as far as somebody wants to know who looks at
 * a foreign domain. Pure. Source of the format: ovirt-engine, OvfWriter and OvfReader.
 */

#include "macro.h"

/* The largest definition that is read; a VM with 100 disks and snapshots takes 1 MiB. */
#define OVF_BYTES_MAX (4 * MIB)

/*
 * id: the file's name without ".ovf". ret: {name, template, memory, cpus, chipset, firmware, disks: [{image, volume, bus, boot}],
 * nics: [{network, mac, model}]}; memory in bytes; one entry of disks for each volume, snapshots too; what the text does not say is left out.
 * Return: 0, -ENOMEM, or -EBADMSG with BadFormat set.
 */
int ovf_summary(const char *text, size_t size, const char *id, json_t **ret, sd_bus_error *error);
