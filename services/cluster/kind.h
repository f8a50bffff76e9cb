/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The kinds of objects the cluster keeps. One word serves as table name in the store, as element of the object path,
 * and as key under which another object refers to one of this kind. Pure.
 */

#include "string-table.h"

typedef enum ObjectKind {
        KIND_DATA_CENTER,    /* the highest container */
        KIND_CLUSTER,        /* hosts that are alike; in a data center */
        KIND_HOST,           /* a machine that runs guests; in a cluster */
        KIND_NETWORK,        /* a logical network; in a data center */
        KIND_STORAGE_DOMAIN, /* in a data center */
        KIND_DISK,           /* an image on a storage domain */
        KIND_VM,             /* in a cluster */
        KIND_SNAPSHOT,       /* a former state of a VM */
        KIND_TEMPLATE,       /* what VMs are made of; in a cluster */
        KIND_VNIC_PROFILE,   /* what NICs on a network get beside it; of a network */
        KIND_MAC_POOL,       /* addresses for NICs; serves clusters */
        _KIND_MAX,
        _KIND_INVALID = -EINVAL,
} ObjectKind;
DECLARE_STRING_TABLE(object_kind, ObjectKind);

#define CLUSTER_ROOT "/org/rhv/Cluster"
#define CLUSTER_INTERFACE "org.rhv.Cluster"

/* "/org/rhv/Cluster/vm" */
const char *object_kind_prefix(ObjectKind kind) _const_;
/* "org.rhv.Cluster.Vm" */
const char *object_kind_interface(ObjectKind kind) _const_;
/* "virtual machine": for sentences. */
const char *object_kind_noun(ObjectKind kind) _const_;
/* The kind an object of this kind is in; _KIND_INVALID for a data center. */
ObjectKind object_kind_parent(ObjectKind kind) _const_;
