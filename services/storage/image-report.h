/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is to be said of an image that lies on somebody's domain: its chain, and everything that keeps it from being used. Pure.
 * Source of the rules: VDSM, lib/vdsm/storage/image.py, volume.py, fileVolume.py.
 */

#include "qcow2-header.h"
#include "volume-rules.h"

/* What the data of a volume begins with; parallel to VolumeList.records. */
typedef struct VolumeLook {
        bool looked;    /* false: it was not read, for want of access or metadata */
        bool is_qcow2;
        Qcow2Facts qcow2;
        char *trouble;  /* why it could not be read, or what is wrong with its header; owned */
} VolumeLook;

/*
 * domain: the id the metadata must name. looks: list->n of them, or NULL when no data was read.
 *
 * {chain: [volume, ..., base], volumes: [{id, format, capacity}] of the chain, capacity, true_size, format, allocation, description, disk_type, template: nobody
 * writes to it, template_image: it is based on (left out: none), usable, problems: [text]}
 *
 * usable: a guest could be given its top volume. Return: new, NULL when out of memory.
 */
json_t *image_report(const VolumeList *list, const char *domain, const VolumeLook *looks);
