/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "image-users.h"
#include "log.h"
#include "state-file.h"

#define USERS_FILE_VERSION 1

/* {"images": {"<image>": {"<user>": {"read_only": b, "shared": b}}}} */
struct ImageUsers {
        char *path;
        json_t *images;
        size_t n;
};

static bool file_is_sane(const json_t *images, size_t *ret_n) {
        const char *image, *name;
        json_t *of_image, *user;
        size_t n = 0;

        if (!json_is_object(images))
                return false;
        json_object_foreach((json_t *)images, image, of_image) {
                if (!uuid_is_valid(image) || !json_is_object(of_image))
                        return false;
                json_object_foreach(of_image, name, user) {
                        if (!name_is_valid(name, IMAGE_USER_MAX) || !json_is_object(user))
                                return false;
                        n++;
                }
        }
        *ret_n = n;
        return true;
}

int image_users_new(const char *path, ImageUsers **ret) {
        _cleanup_(image_users_freep) ImageUsers *users = NULL;
        _cleanup_json_ json_t *file = NULL;
        int r;

        users = calloc(1, sizeof(*users));
        if (!users)
                return -ENOMEM;
        if (path) {
                users->path = strdup(path);
                if (!users->path)
                        return -ENOMEM;
                r = state_file_load(path, USERS_FILE_VERSION, &file);
                if (r >= 0 && file_is_sane(json_object_get(file, "images"), &users->n))
                        users->images = json_incref(json_object_get(file, "images"));
                else if (r != -ENOENT)
                        log_warning_errno(r < 0 ? r : -EBADMSG,
                                          "The users of images in %s cannot be read and are forgotten", path);
        }
        if (!users->images)
                users->images = json_object();
        if (!users->images)
                return -ENOMEM;
        *ret = TAKE_PTR(users);
        return 0;
}

ImageUsers *image_users_free(ImageUsers *users) {
        if (!users)
                return NULL;
        json_decref(users->images);
        free(users->path);
        free(users);
        return NULL;
}

static int save(const ImageUsers *users) {
        _cleanup_json_ json_t *file = NULL;

        if (!users->path)
                return 0;
        file = json_pack("{s:O}", "images", users->images);
        if (!file)
                return -ENOMEM;
        return state_file_save(users->path, file, USERS_FILE_VERSION);
}

static bool compatible(const json_t *there, const ImageUser *user) {
        bool read_only = json_is_true(json_object_get(there, "read_only"));
        bool shared = json_is_true(json_object_get(there, "shared"));

        return (read_only && user->read_only) || (shared && user->shared);
}

int image_users_check(const ImageUsers *users, const char *image, const ImageUser *user, sd_bus_error *error) {
        json_t *of_image = json_object_get(users->images, image), *there;
        const char *name;

        json_object_foreach(of_image, name, there) {
                if (streq(name, user->user) || compatible(there, user))
                        continue;
                sd_bus_error_setf(error, RHV_ERROR_IN_USE, "Image %s is used by %s%s", image, name,
                                  json_is_true(json_object_get(there, "read_only")) ? " (only read)" : "");
                return -EBUSY;
        }
        return 0;
}

int image_users_add(ImageUsers *users, const char *image, const ImageUser *user, sd_bus_error *error) {
        json_t *of_image = json_object_get(users->images, image), *entry, *before;
        int r;

        if (users->n >= IMAGE_USERS_MAX) {
                sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "The images of this domain have %zu users already",
                                  users->n);
                return -E2BIG;
        }
        if (!of_image) {
                of_image = json_object();
                if (!of_image || json_object_set_new(users->images, image, of_image) < 0)
                        return -ENOMEM;
        }
        entry = json_pack("{s:b, s:b}", "read_only", (int)user->read_only, "shared", (int)user->shared);
        before = json_incref(json_object_get(of_image, user->user));
        if (!entry || json_object_set_new(of_image, user->user, entry) < 0) {
                json_decref(before);
                return -ENOMEM;
        }
        r = save(users);
        if (r < 0) {
                if (before)
                        (void) json_object_set(of_image, user->user, before);
                else
                        (void) json_object_del(of_image, user->user);
        } else if (!before)
                users->n++;
        json_decref(before);
        return r < 0 ? bus_error_errno(error, r, "Cannot keep the user of image %s on disk", image) : 0;
}

int image_users_remove(ImageUsers *users, const char *image, const char *user) {
        json_t *of_image = json_object_get(users->images, image);
        int r;

        if (!of_image || json_object_del(of_image, user) < 0)
                return 0;
        if (json_object_size(of_image) == 0)
                (void) json_object_del(users->images, image);
        users->n--;
        r = save(users);
        if (r < 0)
                log_warning_errno(r, "Cannot keep the users of images on disk");
        return 1;
}

bool image_users_any(const ImageUsers *users) {
        return users->n > 0;
}

bool image_users_has(const ImageUsers *users, const char *image) {
        return json_object_size(json_object_get(users->images, image)) > 0;
}

bool image_users_has_writer(const ImageUsers *users, const char *image) {
        json_t *of_image = json_object_get(users->images, image), *there;
        const char *name;

        json_object_foreach(of_image, name, there)
                if (!json_is_true(json_object_get(there, "read_only")))
                        return true;
        return false;
}

json_t *image_users_names(const ImageUsers *users, const char *image) {
        json_t *names = json_array(), *of_image = json_object_get(users->images, image), *there;
        const char *name;

        json_object_foreach(of_image, name, there)
                if (names)
                        (void) json_array_append_new(names, json_string(name));
        return names;
}

void image_users_forget(ImageUsers *users) {
        if (users->path)
                (void) state_file_remove(users->path);
}
