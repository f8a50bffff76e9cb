/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is kept of a VM or template on a storage domain, as Storage's WriteOvfStore takes it. Pure. */

#include "model.h"

/* Is the definition of object, a VM or template, kept there? */
bool ovf_is_kept_on(const Model *model, const Object *object, const Object *domain);
/* The VM or template with those of its disks that are on domain; a VM with its snapshots as well. Return: new, or NULL when out of memory. */
json_t *ovf_definition(const Model *model, const Object *object, const Object *domain);

/* Its parts, for copies that are elsewhere: a disk that lies in image and volume, and the whole with such disks (taken), without snapshots. */
json_t *ovf_vm_disk(const Object *vm, const Link *link, const char *image, const char *volume);
json_t *ovf_template_disk(const Object *object, size_t number, const char *image, const char *volume);
json_t *ovf_definition_with(const Object *object, json_t *disks);
