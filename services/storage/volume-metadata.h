/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The text of a volume's metadata (<volume>.meta on file domains, a slot on block domains): read, and written to the
 * bytes VDSM writes for the domain's version. Pure. Source of the format: VDSM, lib/vdsm/storage/volumemetadata.py.
 */

#include "parse-util.h"
#include "storage-word.h"

/* The whole text, on file domains too. */
#define VOLUME_METADATA_BYTES_MAX 512U
/* Characters. */
#define VOLUME_DESCRIPTION_MAX 210U
#define VOLUME_DISK_TYPE_MAX 8U
/* GEN counts 0 to 999 and starts again. */
#define VOLUME_GENERATIONS 1000U

typedef struct VolumeMetadata {
        uint64_t capacity_bytes;
        uint64_t created_sec; /* since 1970 */
        char description[VOLUME_METADATA_BYTES_MAX];
        char disk_type[VOLUME_METADATA_BYTES_MAX]; /* "DATA", …; unknown words are kept */
        char domain[UUID_STRING_MAX];
        char image[UUID_STRING_MAX];
        char parent[UUID_STRING_MAX]; /* BLANK_UUID: none */
        unsigned generation;
        uint32_t sequence; /* order of the snapshots of one image */
        VolumeFormat format;
        VolumeAllocation allocation;
        VolumeLegality legality;
        VolumeRole role;
} VolumeMetadata;

/* what: names the file in messages. Return: 0, -ENOMEM, or -EBADMSG with BadFormat set. */
int volume_metadata_parse(const char *text, size_t size, const char *what, VolumeMetadata *ret, sd_bus_error *error);

/* In place of a version: as version 4 wants it and with what version 5 needs besides, while a domain goes from one to the other. */
#define VOLUME_METADATA_4_AND_5 45U
/* version: of the domain. ret: NUL-terminated. Return: the length, or -EMSGSIZE beyond VOLUME_METADATA_BYTES_MAX. */
int volume_metadata_format(const VolumeMetadata *metadata, unsigned version,
                           char ret[static VOLUME_METADATA_BYTES_MAX + 1]);

bool volume_has_parent(const VolumeMetadata *metadata) _pure_;
/* Up to VOLUME_DESCRIPTION_MAX characters of UTF-8 without control characters and without blanks at its ends; may be
 * empty. */
bool volume_description_is_valid(const char *description);
/* A store of VM definitions; before 4.2 only its description told. */
bool volume_is_ovf_store(const VolumeMetadata *metadata) _pure_;
/* An ISO image on a data domain: guests have it in a CD-ROM drive, as many as like, and only read. */
bool volume_is_iso(const VolumeMetadata *metadata) _pure_;
#define VOLUME_DISK_TYPE_ISO "ISOF"
/* One of the words a new volume may carry: DATA ISOF MEMD MEMM OVFS HEVD HESD HEMD HECI SCRD. */
bool volume_disk_type_is_valid(const char *word) _pure_;
