/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "bus-error.h"
#include "image-lock.h"

static ImageLock *find(ImageLock *locks, const char *domain, const char *image) {
        char key[2 * UUID_STRING_MAX];
        ImageLock *lock;

        (void) snprintf(key, sizeof(key), "%s/%s", domain, image);
        HASH_FIND_STR(locks, key, lock);
        return lock;
}

int image_lock_check(ImageLock *locks, const char *domain, const char *image, sd_bus_error *error) {
        const ImageLock *lock = find(locks, domain, image);

        if (!lock)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_BUSY, "Image %s is busy with job %s", image, lock->job);
        return -EBUSY;
}

int image_lock_take(ImageLock **locks, const char *domain, const char *image, const char *job, sd_bus_error *error) {
        ImageLock *lock;
        int r;

        r = image_lock_check(*locks, domain, image, error);
        if (r < 0)
                return r;
        lock = calloc(1, sizeof(*lock));
        if (!lock)
                return -ENOMEM;
        (void) snprintf(lock->key, sizeof(lock->key), "%s/%s", domain, image);
        (void) snprintf(lock->job, sizeof(lock->job), "%s", job);
        HASH_ADD_STR(*locks, key, lock);
        return 0;
}

void image_lock_release(ImageLock **locks, const char *domain, const char *image, const char *job) {
        ImageLock *lock = find(*locks, domain, image);

        if (!lock || !streq(lock->job, job))
                return;
        HASH_DEL(*locks, lock);
        free(lock);
}

bool image_lock_any(ImageLock *locks, const char *domain) {
        for (const ImageLock *lock = locks; lock; lock = lock->hh.next)
                if (startswith(lock->key, domain))
                        return true;
        return false;
}

void image_lock_clear(ImageLock **locks) {
        ImageLock *lock, *next;

        HASH_ITER(hh, *locks, lock, next) {
                HASH_DEL(*locks, lock);
                free(lock);
        }
}
