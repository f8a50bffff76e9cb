/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * OVF stores: raw volumes with a tar of the definitions of all VMs that have a disk on the domain, of which the newest good one counts.
 * Pure. Source of the format: ovirt-engine, OvfUpdateProcessHelper, ProcessOvfUpdateForStorageDomainCommand, OvfHelper.
 */

#include "volume-rules.h"

/* The engine makes them of 128 MiB. */
#define OVF_STORE_BYTES_MAX (128 * MIB)
#define OVF_STORE_MEMBERS_MAX 10000U

typedef struct OvfStore {
        char image[UUID_STRING_MAX];
        char volume[UUID_STRING_MAX];
        uint64_t size_bytes;   /* of the tar */
        uint64_t updated_sec;  /* since 1970 */
} OvfStore;

/* What the volume's description says. Return: 1 a good copy; 0 one that was being written or never was, or says nothing. */
int ovf_store_read_description(const VolumeRecord *record, OvfStore *ret);
/* The newest good store of the domain's images that is not in skip (bit by order of the lists). Return: the list's number, or -ENOENT. */
int ovf_store_choose(const VolumeList *lists, size_t n_lists, const bool *skip, OvfStore *ret);

/* Java's Date in English: "Tue Sep 27 12:11:43 UTC 2022". */
void ovf_store_date(uint64_t sec, char ret[static 64]);
/* A store's description, as the engine writes it; size 0: it is being written. Return: new string or NULL. */
char *ovf_store_description(const char *domain, uint64_t updated_sec, uint64_t size);

/* ovf-parse.c. The tar: ret is {id: summary}, and an array of what could not be read ("<id>.ovf: why"). Return: 0, -ENOMEM, or -EBADMSG with BadFormat
 * set when the tar itself is broken. */
int ovf_store_parse(const void *tar, size_t size, json_t **ret_vms, json_t *problems, sd_bus_error *error);
