/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "image-listing.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct Reading {
        VolumeList list;
        sd_bus_error error;
        int r;
} Reading;

typedef struct Listing {
        const DomainPlace *place;
        char (*images)[UUID_STRING_MAX];
        Reading *readings; /* one for each image */
        size_t n;
        atomic_size_t next; /* to be read */
        atomic_bool failed; /* nothing more needs to be */
} Listing;

static void *read_images(void *argument) {
        Listing *listing = argument;
        size_t i;

        while (!atomic_load(&listing->failed) && (i = atomic_fetch_add(&listing->next, 1)) < listing->n) {
                Reading *reading = &listing->readings[i];

                reading->r = listing->place->type->layout->list_volumes(listing->place, listing->images[i], &reading->list, &reading->error);
                if (reading->r < 0 && reading->r != -ENOENT)
                        atomic_store(&listing->failed, true);
        }
        return NULL;
}

/* Takes the lists out of the readings, or the first error. */
static int gather(Listing *listing, VolumeList *lists, size_t *ret_n, sd_bus_error *error) {
        size_t n = 0;

        for (size_t i = 0; i < listing->n; i++)
                if (listing->readings[i].r < 0 && listing->readings[i].r != -ENOENT) {
                        (void) sd_bus_error_move(error, &listing->readings[i].error);
                        return listing->readings[i].r;
                }
        for (size_t i = 0; i < listing->n; i++)
                if (listing->readings[i].r >= 0) {
                        lists[n++] = listing->readings[i].list;
                        listing->readings[i].list = (VolumeList){};
                }
        *ret_n = n;
        return 0;
}

static void listing_clear(Listing *listing) {
        for (size_t i = 0; listing->readings && i < listing->n; i++) {
                volume_list_clear(&listing->readings[i].list);
                sd_bus_error_free(&listing->readings[i].error);
        }
        free(listing->readings);
        free(listing->images);
}

/* Where a thread cannot be made, the others do its work. */
static void read_all(Listing *listing) {
        pthread_t threads[IMAGE_LISTING_THREADS - 1];
        size_t n = 0;

        /* not for a handful */
        while (n < ELEMENTSOF(threads) && n + 1 < listing->n / 8 && pthread_create(&threads[n], NULL, read_images, listing) == 0)
                n++;
        (void) read_images(listing);
        while (n > 0)
                (void) pthread_join(threads[--n], NULL);
}

int image_listing(const DomainPlace *place, VolumeList **ret, size_t *ret_n, sd_bus_error *error) {
        const StorageLayout *layout = place->type->layout;
        _cleanup_(listing_clear) Listing listing = {.place = place};
        VolumeList *lists;
        int r;

        if (layout->list_all)
                return layout->list_all(place, ret, ret_n, error);
        r = layout->list_images(place, &listing.images, &listing.n, error);
        if (r < 0)
                return r;
        listing.readings = calloc(listing.n + 1, sizeof(*listing.readings));
        lists = calloc(listing.n + 1, sizeof(*lists));
        if (!listing.readings || !lists) {
                free(lists);
                return -ENOMEM;
        }
        read_all(&listing);
        r = gather(&listing, lists, ret_n, error);
        if (r < 0)
                free(lists);
        else
                *ret = lists;
        return r;
}
