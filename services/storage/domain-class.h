/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a domain is for, and what is done in one of each class. Pure. Source of the classes and words: VDSM, lib/vdsm/storage/sd.py; of what is made in
 * them: ovirt-engine, which gives ISO and export domains the oldest version.
 *
 *   Data    disks and templates of the cluster
 *   Iso     files of CD-ROMs and floppies in one directory, without metadata; several data centers may have it
 *   Backup  an export domain: copies of VMs on their way elsewhere, each with its definition; no guest runs from them
 */

#include "macro.h"
#include "string-table.h"

typedef enum DomainClass {
        DOMAIN_DATA,
        DOMAIN_ISO,
        DOMAIN_EXPORT,
        _DOMAIN_CLASS_MAX,
        _DOMAIN_CLASS_INVALID = -EINVAL,
} DomainClass;
/* "Data", "Iso", "Backup": on the storage and on the bus. */
DECLARE_STRING_TABLE(domain_class, DomainClass);

typedef enum DomainUse {
        DOMAIN_USE_LIST,   /* images and volumes are listed */
        DOMAIN_USE_READ,   /* a volume is read: downloaded, copied from, measured */
        DOMAIN_USE_CHANGE, /* volumes are made, filled, changed and deleted */
        DOMAIN_USE_RECEIVE, /* whole disks are copied into it, and deleted */
        DOMAIN_USE_GUEST,  /* a guest runs from an image */
        DOMAIN_USE_STORE,  /* OVF stores are written */
        DOMAIN_USE_DEFINE, /* files with definitions are written */
        DOMAIN_USE_FILES,  /* files of CD-ROMs: listed, uploaded, deleted, given to guests */
        _DOMAIN_USE_MAX,
} DomainUse;

/* Return: 0, or -EOPNOTSUPP with NotSupported set. id: of the domain, for the message. */
int domain_class_check(DomainClass class, DomainUse use, const char *id, sd_bus_error *error);

/* The version a new domain of that class has. */
unsigned domain_class_version(DomainClass class) _const_;
/* May a domain of that class have that version? */
bool domain_class_has_version(DomainClass class, unsigned version) _const_;
