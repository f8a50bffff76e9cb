/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who uses which image: the users that PrepareImage added and TeardownImage has not removed. Kept in the runtime
 * directory, one file for each domain: they survive a restart of the service and vanish with a reboot, as guests do.
 */

#include "parse-util.h"

#define IMAGE_USER_MAX 64U
/* Users of all images of one domain. */
#define IMAGE_USERS_MAX 20000U

typedef struct ImageUsers ImageUsers;

typedef struct ImageUser {
        const char *user; /* who: a VM's id; name_is_valid() */
        bool read_only;
        bool shared; /* writers agree among themselves (a cluster file system) */
} ImageUser;

/* path: the file, NULL: kept nowhere (tests). What cannot be read is logged and counts as no users. */
int image_users_new(const char *path, ImageUsers **ret);
ImageUsers *image_users_free(ImageUsers *users);
DEFINE_CLEANUP(ImageUsers *, image_users_free)

/* Would this user get on with those there? Both only read, or both are shared. The same user again is no conflict.
 * Return: 0, or -EBUSY with InUse set. */
int image_users_check(const ImageUsers *users, const char *image, const ImageUser *user, sd_bus_error *error);
/* Adds, or changes the one of the same name. Written to disk before it returns. Return: 0 or a negative errno (nothing
 * changed). */
int image_users_add(ImageUsers *users, const char *image, const ImageUser *user, sd_bus_error *error);
/* 1 removed, 0 there was none. */
int image_users_remove(ImageUsers *users, const char *image, const char *user);

bool image_users_any(const ImageUsers *users) _pure_;
bool image_users_has(const ImageUsers *users, const char *image) _pure_;
bool image_users_has_writer(const ImageUsers *users, const char *image) _pure_;
/* Names, as a new JSON array of strings. */
json_t *image_users_names(const ImageUsers *users, const char *image);
/* Forgets the file too: the domain is closed. */
void image_users_forget(ImageUsers *users);
