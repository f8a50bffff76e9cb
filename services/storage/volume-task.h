/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is done to images and volumes, step by step between workers, children and the loop. Each begins here and ends
 * in its job. */

#include "task.h"

/* job: new, for which image is locked; the lock is given back at its end. Return: 0, or negative with an error
 * (nothing begun). */
int volume_task_create(Domain *domain, Job *job, const VolumeRequest *request, sd_bus_error *error);
int volume_task_delete_image(Domain *domain, Job *job, const char *image, bool discard, sd_bus_error *error);
int volume_task_delete(Domain *domain, Job *job, const char *image, const char *volume, bool discard, sd_bus_error *error);
int volume_task_reduce(Domain *domain, Job *job, const char *image, const char *volume, sd_bus_error *error);
/* Answers message. */
int volume_task_prepare(Domain *domain, sd_bus_message *message, const char *image, const char *volume,
                        const ImageUser *user, sd_bus_error *error);

/* Nobody here uses the image any more: what made it usable on this host is undone, in the background. */
void volume_task_teardown(Domain *domain, const char *image);
