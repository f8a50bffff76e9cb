/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the services are asked to do for an object, and what becomes of the object afterwards (remote_kinds[]). */

#include "remote.h"

/* Each builds the call, sends it and follows it; failure arrives at the job. */
void work_create_domain(Manager *manager, Job *job, const Object *domain);
void work_remove_domain(Manager *manager, Job *job, const Object *domain, bool destroy);
void work_create_volume(Manager *manager, Job *job, const Object *disk);
void work_delete_image(Manager *manager, Job *job, const Object *disk);
void work_transfer(Manager *manager, Job *job, const Object *disk, bool upload, int fd, uint64_t size_bytes);
void work_start_vm(Manager *manager, Job *job, const Object *vm, bool paused);
/* method: "Shutdown", "Reboot", "PowerOff". options: borrowed, may be NULL. */
void work_vm(Manager *manager, Job *job, const Object *vm, const char *method, const json_t *options);
/* networks, bonds: {name: description}; options without job_id. */
void work_networks(Manager *manager, Job *job, const json_t *networks, const json_t *bonds, const json_t *options);
/* a{sa{sv}} of {name: object}. */
int append_dicts(sd_bus_message *message, const json_t *dicts);
