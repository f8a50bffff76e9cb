/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a qcow2 image keeps the clusters of its disk: from the header to the table of tables (L1), from there to tables (L2), from there to clusters. Only reading, and pure: who changes
 * an image is QEMU. Source of the format: QEMU, docs/interop/qcow2.txt.
 */

#include "macro.h"

/* Of both kinds of tables, as they lie in the image. */
#define QCOW2_ENTRY_BYTES 8U
/* QEMU opens no image whose table of tables is longer. */
#define QCOW2_L1_BYTES_MAX (32 * MIB)

typedef struct Qcow2Table {
        unsigned cluster_bits;    /* a cluster, and a table, has 1 << cluster_bits bytes */
        uint64_t virtual_bytes;   /* of the disk */
        uint64_t l1_offset_bytes; /* in the image */
        uint32_t l1_entries;      /* as many as the disk needs */
} Qcow2Table;

/* From the first bytes of an image that qcow2_header_read() takes. Return: 0; -EBADMSG with BadFormat set; -EOPNOTSUPP with NotSupported set for version 2, which has no word for
 * "zeroes", and for clusters of several parts. */
int qcow2_table_read(const void *bytes, size_t size, Qcow2Table *ret, sd_bus_error *error);

/* Clusters that one L2 table tells of. */
uint64_t qcow2_table_clusters(const Qcow2Table *table) _pure_;

/* An L1 entry, as it lies in the image. Return: where its L2 table is; 0: it has none. */
uint64_t qcow2_l1_offset(const uint8_t *entry) _pure_;

typedef enum Qcow2Cluster {
        QCOW2_CLUSTER_NONE,   /* no cluster of its own, or one that is left alone: compressed, or shared with a snapshot inside the image */
        QCOW2_CLUSTER_DATA,   /* one that is read and written */
        QCOW2_CLUSTER_ZEROES, /* one that is there, though all say that it reads as zeroes */
} Qcow2Cluster;
/* An L2 entry. ret_offset: where the cluster is; untouched for NONE. */
Qcow2Cluster qcow2_l2_cluster(const uint8_t *entry, uint64_t *ret_offset);
