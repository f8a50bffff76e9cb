/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is in CD-ROM drives: files of ISO domains, and disks that are ISO images, as oVirt has them since 4.2. Pure. Source of what is done to such a disk: ovirt-engine,
 * DiskOperationsValidator: it is removed, copied and moved; it is attached to no VM, and neither extended nor a template's.
 */

#include "plan.h"

/* Is a disk an ISO image? */
bool disk_is_iso(const Object *disk);
/* What Storage keeps with the disk's volume: its name; of an ISO image as the engine writes it, since its drive's users know it by that. name: of a copy, another one. Return: new, NULL
 * when out of memory. */
char *disk_description(const Object *disk, const char *name);
/* what: "extended". Return: 0, or negative with NotSupported set where it is one. */
int disk_check_no_iso(const Object *disk, const char *what, sd_bus_error *error);

typedef struct Medium {
        char domain[37];    /* its id; of a disk, where that is now */
        const char *file;   /* of an ISO domain; borrowed. NULL: it is a disk */
        const char *disk_id; /* borrowed; NULL: it is a file */
        const Object *disk; /* NULL: it is there no more */
} Medium;
/* By a VM's spec. Return: false where the drive is empty. */
bool vm_medium(const Model *model, const json_t *spec, Medium *ret);
/* {domain, file} or {domain, image, volume}, as Compute names what is in a drive, put into entry. Return: 0 or -ENOMEM. */
int medium_describe(const Medium *medium, json_t *entry);

/* The first VM that has the disk in its drive, by its spec. running: only of those that are not down. NULL: none has. */
const Object *disk_drive_user(const Model *model, const Object *disk, bool running);
/* Return: 0, or negative with InUse set where one has it. what: "removing it". */
int disk_check_drives(const Model *model, const Object *disk, bool running, const char *what, sd_bus_error *error);

/* "DOMAIN/FILE" of an attached ISO domain, or "DOMAIN/DISK" of a data domain. ret: borrows from medium. Return: 0, or negative with NotFound, NotSupported, InvalidState or InvalidArgument
 * set. */
int plan_resolve_medium(const Plan *plan, const Object *data_center, const char *medium, Medium *ret, sd_bus_error *error);
/* A VM's spec: the domain of its CD-ROM, and the disk, are resolved to their ids. spec: changed. */
int plan_resolve_cdrom(const Plan *plan, const Object *data_center, json_t *spec, sd_bus_error *error);
/* Can the VM have it in its drive now? Return: 0, or negative with BackendUnavailable, NotFound or InvalidState set. */
int plan_check_medium(const Model *model, const Object *vm, const Medium *medium, sd_bus_error *error);
/* A medium that is not there keeps a VM from its start as a disk does. Return: 0, or negative with BackendUnavailable, NotFound or InvalidState (also where there is no place for the
 * drive) set. */
int plan_check_cdrom(const Model *model, const Object *vm, sd_bus_error *error);
