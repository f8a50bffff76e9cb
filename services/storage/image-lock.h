/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One job at a time for each image. In memory only: a job that survives a restart takes its lock again when it is
 * taken up.
 */

#include <uthash.h>

#include "parse-util.h"

typedef struct ImageLock ImageLock;
struct ImageLock {
        char key[2 * UUID_STRING_MAX]; /* "<domain>/<image>" */
        char job[UUID_STRING_MAX];
        UT_hash_handle hh;
};

/* Return: 0, -ENOMEM, or -EBUSY with Busy set, naming the job that has it. */
int image_lock_take(ImageLock **locks, const char *domain, const char *image, const char *job, sd_bus_error *error);
/* Return: 0, or -EBUSY with Busy set. */
int image_lock_check(ImageLock *locks, const char *domain, const char *image, sd_bus_error *error);
/* Only the job that has it gives it back; anybody else's call does nothing. */
void image_lock_release(ImageLock **locks, const char *domain, const char *image, const char *job);
bool image_lock_any(ImageLock *locks, const char *domain);
void image_lock_clear(ImageLock **locks);
