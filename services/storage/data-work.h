/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a data job is to do, as the service notes it in the job's directory and rhv-data reads it there. Pure but for loading and saving.
 *
 * The chain that is read is given volume by volume, from the metadata of the domain: the names of backing files within images are never
 * followed.
 */

#include "layout.h"
#include "string-table.h"

typedef enum DataKind {
        DATA_EXTEND, /* the volume gets a larger capacity */
        DATA_COPY,   /* what the chain holds is written into the volume, which is new */
        DATA_MERGE,  /* the chain's first volume is merged into its second, which is the volume */
        DATA_WIPE,   /* the chain's volumes, which are no chain any more but are to be removed, are overwritten with zeroes */
        DATA_SPARSIFY, /* blocks of the volume that are full of zeroes are given back */
        DATA_MEASURE, /* how much room would what the chain holds take as a volume of the format? Nothing is written */
        _DATA_KIND_MAX,
        _DATA_KIND_INVALID = -EINVAL,
} DataKind;
DECLARE_STRING_TABLE(data_kind, DataKind);

/* What qemu-img may be told that a foreign image is. qcow2 needs none: it is uploaded into a volume of that format, and judged there. */
#define DATA_FORMAT_MAX 16U
extern const char *const data_source_formats[]; /* NULL-terminated */

typedef struct DataNode {
        char image[UUID_STRING_MAX];
        char volume[UUID_STRING_MAX];
        VolumeFormat format;
} DataNode;

typedef struct DataWork {
        DataKind kind;
        DomainPlace place;  /* of the volume that is written; its path is borrowed from object or the caller */
        DomainPlace source; /* of the chain; likewise */
        VolumeFormat format;
        VolumeAllocation allocation;
        uint64_t present_bytes;  /* the volume's capacity before */
        uint64_t capacity_bytes; /* and afterwards */
        bool wipe;               /* of a merge: the merged volume is wiped before it is removed */
        bool discard;            /* of what is removed at the end: the storage is told */
        bool share;              /* of a copy: the volume becomes a template */
        uint64_t bandwidth;      /* bytes per second; 0: as fast as it goes */
        char source_format[DATA_FORMAT_MAX]; /* of a foreign image in the chain's only volume; empty: a disk of ours */
        uint64_t source_bytes;               /* of that image: the volume is longer; 0: as long as the volume */
        DataNode chain[VOLUME_CHAIN_MAX];    /* top first */
        size_t n_chain;
        json_t *object; /* what load() borrowed from */
} DataWork;
void data_work_clear(DataWork *work);

/* Return: new reference, NULL when out of memory. */
json_t *data_work_to_json(const DataWork *work);
/* ret: to be cleared; keeps object. Return: 0; -EBADMSG for what we did not write. */
int data_work_from_json(const json_t *object, DataWork *ret);
/* Return: 0 or a negative errno. */
int data_work_save(const char *directory, const DataWork *work);
/* ret: to be cleared. Return: 0; -ENOENT; -EBADMSG for what we did not write; another negative errno. */
int data_work_load(const char *directory, DataWork *ret);
