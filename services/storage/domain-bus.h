/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Handlers of org.rhv.Storage.Domain, by file; the vtable is in domain-bus.c. */

#include "domain.h"
#include "job.h"

/* volume-bus.c */
int volume_method_list_images(sd_bus_message *message, void *userdata, sd_bus_error *error);
int volume_method_get_volumes(sd_bus_message *message, void *userdata, sd_bus_error *error);
int volume_method_create(sd_bus_message *message, void *userdata, sd_bus_error *error);
int volume_method_reduce(sd_bus_message *message, void *userdata, sd_bus_error *error);
int volume_method_delete_image(sd_bus_message *message, void *userdata, sd_bus_error *error);
int volume_method_delete(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* image-bus.c */
int image_method_upload(sd_bus_message *message, void *userdata, sd_bus_error *error);
int image_method_download(sd_bus_message *message, void *userdata, sd_bus_error *error);
int image_method_prepare(sd_bus_message *message, void *userdata, sd_bus_error *error);
int image_method_teardown(sd_bus_message *message, void *userdata, sd_bus_error *error);
/* Is this host one of a shared domain's lockspace, as holders of leases are? Return: 0, or negative with InvalidState set. */
int domain_check_member(const Domain *domain, sd_bus_error *error);

/* file-bus.c */
int file_method_list(sd_bus_message *message, void *userdata, sd_bus_error *error);
int file_method_upload(sd_bus_message *message, void *userdata, sd_bus_error *error);
int file_method_prepare(sd_bus_message *message, void *userdata, sd_bus_error *error);
int file_method_delete(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* definition-bus.c */
int definition_method_write(sd_bus_message *message, void *userdata, sd_bus_error *error);
int definition_method_delete(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* data-bus.c, data-measure.c */
int data_method_extend(sd_bus_message *message, void *userdata, sd_bus_error *error);
int data_method_copy(sd_bus_message *message, void *userdata, sd_bus_error *error);
int data_method_sparsify(sd_bus_message *message, void *userdata, sd_bus_error *error);
int data_method_merge(sd_bus_message *message, void *userdata, sd_bus_error *error);
int data_method_measure(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* A job about the domain, as job_new(). */
int domain_job_make(Domain *domain, sd_bus_message *message, const char *kind, const json_t *options, const json_t *arguments, Job **ret,
                    sd_bus_error *error);

/* For methods that start a job on an image. Finds the job of a repeated request: 1 with ret; 0: a new one is to be
 * made; negative: the id belongs to another request. arguments: borrowed. */
int domain_job_find(Domain *domain, sd_bus_message *message, const char *kind, const json_t *options,
                    const json_t *arguments, Job **ret, sd_bus_error *error);
/* Makes the job and locks image for it. Return: 0 or negative with an error (no job is left). */
int domain_job_new(Domain *domain, sd_bus_message *message, const char *kind, const char *image, const json_t *options,
                   const json_t *arguments, Job **ret, sd_bus_error *error);
/* Answers with the job's path; where r is negative the job ends as failed at once. */
int domain_job_reply(Domain *domain, sd_bus_message *message, Job *job, const char *image, int r, sd_bus_error *error);
