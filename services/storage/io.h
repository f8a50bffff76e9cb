/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One piece of blocking work on a domain's storage, as a worker thread sees it: copies in, results out, nothing shared
 * with the loop.
 */

#include "layout.h"

typedef struct Io Io;

struct Io {
        const char *name;   /* for logs */
        int (*run)(Io *io); /* in a thread; fills error where the caller can act on it */

        /* in */
        DomainPlace place;
        char image[UUID_STRING_MAX];
        char volume[UUID_STRING_MAX];
        VolumeRequest request;
        VolumeChange change;
        DomainFacts facts; /* of a domain to be made */
        bool upload;
        uint64_t size_bytes; /* to be uploaded */
        char *directory;     /* of a transfer */

        /* out */
        sd_bus_error error;
        DomainOpened opened;
        DomainSpace space;
        unsigned cleaned;
        VolumeList *lists; /* of all images, or one */
        size_t n_lists;
        VolumePlan plan;     /* in and out */
        VolumeRecord record; /* the volume of a transfer, as it was */
        int fd;              /* its open data */
};

/* place: copied; its id may be empty. Return: NULL when out of memory. */
Io *io_new(const char *name, int (*run)(Io *), const DomainPlace *place);
void io_free(Io *io);
DEFINE_CLEANUP(Io *, io_free)

/* The pieces there are. */
int io_create_domain(Io *io);  /* place, facts -> opened */
int io_open_domain(Io *io);    /* place -> opened, space */
int io_clean_domain(Io *io);   /* -> cleaned */
int io_measure_domain(Io *io); /* -> space */
int io_destroy_domain(Io *io);
int io_list_all(Io *io);       /* -> lists, one for each image */
int io_list_one(Io *io);       /* image -> lists[0] */
int io_volume_begin(Io *io);   /* request -> plan */
int io_volume_finish(Io *io);  /* request, plan: fill and commit, or abandon */
int io_volume_abandon(Io *io); /* request, plan */
int io_image_delete(Io *io);   /* image: hide and purge */
int io_volume_delete(Io *io);  /* image, volume */
int io_volume_update(Io *io);  /* image, volume, change */
int io_transfer_begin(Io *io); /* image, volume, upload, size, directory -> record, fd; an upload's volume is ILLEGAL
                                  from here on */
