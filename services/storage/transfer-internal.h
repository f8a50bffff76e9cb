/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What transfers and data jobs share: a job whose work is a transient unit with a directory of notes. */

#include "transfer.h"

/* Linked into the manager, with its directory's name. Return: 0 or -ENOMEM. */
int transfer_new(struct Manager *manager, const char *job, Transfer **ret);
Transfer *transfer_free(Transfer *transfer);
DEFINE_CLEANUP(Transfer *, transfer_free)
Transfer *transfer_find(const struct Manager *manager, const char *job);
/* Once its request says what it is. */
int transfer_name_unit(Transfer *transfer);
/* Its images are free again. */
void transfer_unlock(const Transfer *transfer);
/* Starts the unit, and watches it. Return: 0 or a negative errno (then conclude). */
int transfer_start_unit(Transfer *transfer, const UnitSpec *spec);
void transfer_start_polling(struct Manager *manager);
/* The unit is gone, or never was: what it left is read. */
void transfer_conclude(Transfer *transfer);
/* The last of it: the job ends, the images are free, the notes go, transfer is freed. */
void transfer_end(Transfer *transfer, int r, const sd_bus_error *error);
/* For job_adopt(); userdata: the Transfer. */
int transfer_cancel(Job *job, void *userdata, sd_bus_error *error);
