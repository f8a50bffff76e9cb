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
/* Puts a NAT or isolated network on this host, or takes it off: the kind of the job says which, its arguments hold network and description. */
void work_virtual_network(Manager *manager, Job *job);
/* a{sa{sv}} of {name: object}. */
int append_dicts(sd_bus_message *message, const json_t *dicts);

/* A method of one of Storage's domains. */
int work_domain_message(Manager *manager, const char *domain, const char *interface, const char *method, sd_bus_message **ret);

/* Who a job is for, in the events of its end; buffer: what the answer points to. */
typedef struct JobActor {
        Actor actor;
        char user[64], correlation[64];
} JobActor;
const Actor *job_actor(const Job *job, JobActor *buffer);
/* The end of a job: what it changed is on disk before it says so. change: borrowed, may be NULL. */
void work_finish(Manager *manager, Job *job, Change *change, int r, const sd_bus_error *error, const json_t *result);
