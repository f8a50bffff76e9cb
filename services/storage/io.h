/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One piece of blocking work on a domain's storage, as a worker thread sees it: copies in, results out, nothing shared
 * with the loop.
 */

#include "domain-attach.h"
#include "io-queue.h"
#include "layout.h"
#include "lockspace-slot.h"
#include "sanlock-call.h"
#include "xleases.h"

typedef struct Io Io;

/* Of a volume as another one would hold it. */
typedef struct DataMeasure {
        uint64_t required_bytes, fully_allocated_bytes, bitmap_bytes;
} DataMeasure;

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
        struct DataWork *data; /* of a data job; in and out; its places are filled where it is noted */
        DomainPlace source;    /* of its chain, where that is another domain */
        bool upload;
        bool wipe;    /* what is removed: it is only marked now, to be wiped before it goes */
        bool discard; /* and the storage is told that nobody needs the blocks */
        uint64_t size_bytes; /* to be uploaded */
        uint64_t grow_bytes; /* of a data job: the room its volume must be given before, by who holds the domain's lease; 0: none */
        char *directory;     /* of a transfer */
        unsigned host_id;    /* in the domain's lockspace */
        unsigned io_timeout_sec;
        char lease[UUID_STRING_MAX]; /* SDM, or a VM's */
        uint64_t lease_version;      /* not 0: structural work on a shared domain; done by the holder of the domain's lease */
        struct IscsiRequest *iscsi;
        char *file;                  /* of an ISO domain */
        char *jobs;                  /* of a clean-up of one: what is at work, between commas */
        char *devices;               /* that a domain is to get, between commas */
        int asker_fd;                /* of who waits for an upgrade; negative: none */
        unsigned upgrade_version;    /* the domain is to get */
        DomainAttach attach;
        bool loops;                  /* of a list of devices: loop devices too */
        json_t *definitions, *removed; /* for OVF stores; of this piece alone */
        char *open_ids;              /* of a look: the domains that are open here, between commas */
        char *lease_directory;       /* with it: where that holder is reached */

        /* out */
        sd_bus_error error;
        DomainOpened opened;
        DomainSpace space;
        unsigned cleaned;
        VolumeList *lists; /* of all images, or one */
        size_t n_lists;
        char (*images)[UUID_STRING_MAX]; /* those with an active volume */
        size_t n_images;
        VolumePlan plan;     /* in and out */
        VolumeRecord record; /* the volume of a transfer, as it was */
        int fd;              /* its open data */
        HostStatus *hosts;
        size_t n_hosts;
        LeaseOwner owner;
        ExternalLease *leases;
        size_t n_leases;
        uint64_t offset_bytes; /* of a lease that was made */
        LockspaceSlot slot;    /* of a host id */
        json_t *report;        /* of a look, of what was written into OVF stores */
        char *data_centers;    /* a domain belongs to now, between commas */
        unsigned skipped;      /* volumes that an upgrade left as they are */
        unsigned changed;      /* records of a rebuilt index */
        bool joined;           /* the host id is ours */
        DataMeasure measured;
        IoQueue queue;         /* below the domain */
};

/* place: copied; its id may be empty. Return: NULL when out of memory. */
Io *io_new(const char *name, int (*run)(Io *), const DomainPlace *place);
void io_free(Io *io);
DEFINE_CLEANUP(Io *, io_free)

/* The pieces there are. */
int io_create_domain(Io *io);  /* place, facts -> opened */
int io_open_domain(Io *io);    /* place, host_id -> opened, space, joined */
int io_clean_domain(Io *io);   /* -> cleaned */
int io_measure_domain(Io *io); /* -> space */
int io_destroy_domain(Io *io);
int io_list_all(Io *io);       /* -> lists, one for each image */
int io_list_one(Io *io);       /* image -> lists[0] */
int io_look(Io *io);           /* place, its id empty -> report; of a block domain */
int io_prepare(Io *io);        /* image, volume, lease (may be empty) -> as io_list_one or io_list_for_writer; the chain can be used here */
int io_teardown(Io *io);       /* image: nobody here uses it */
int io_list_active(Io *io);    /* -> images */
int io_close_domain(Io *io);
int io_volume_begin(Io *io);   /* request -> plan */
int io_volume_finish(Io *io);  /* request, plan: fill and commit, or abandon */
int io_volume_abandon(Io *io); /* request, plan */
int io_image_delete(Io *io);   /* image, wipe, discard: hide and purge; to be wiped: only hide, and 0 also where that was done before */
int io_volume_delete(Io *io);  /* image, volume, wipe, discard: likewise */
int io_volume_update(Io *io);  /* image, volume, change */
int io_transfer_begin(Io *io); /* image, volume, upload, size, directory -> record, fd; an upload's volume is ILLEGAL
                                  from here on */

/* io-lease.c: pieces about lockspace and leases of a shared domain; each asks sanlock's daemon. */
int io_lockspace_queue(Io *io); /* -> queue */
int io_lockspace_join(Io *io);  /* host_id, io_timeout_sec; waits as long as a host id takes */
int io_lockspace_leave(Io *io); /* host_id; waits */
int io_lockspace_ask(Io *io);   /* host_id -> joined */
int io_lockspace_hosts(Io *io); /* -> hosts */
int io_lockspace_slot(Io *io);  /* host_id -> slot, read past sanlock */
int io_lease_owner(Io *io);     /* lease -> owner; NotFound */
int io_lease_list(Io *io);      /* -> leases */
int io_list_for_writer(Io *io); /* image, lease -> lists[0], offset_bytes; InvalidState where there is no such lease */
int io_lease_create(Io *io);    /* lease -> offset_bytes */
int io_lease_delete(Io *io);    /* lease */
int io_lease_rebuild(Io *io);   /* -> changed */

/* io-file.c: files of an ISO domain. image: the job of an upload. */
int io_file_list(Io *io);   /* -> report */
int io_file_check(Io *io);  /* file: can a guest be given it? */
int io_file_delete(Io *io); /* file */
int io_file_begin(Io *io);  /* file, image, size_bytes -> fd, record */
int io_file_end(Io *io);    /* file, image, size_bytes, upload: it is complete, and appears; else it goes */

int io_domain_upgrade(Io *io);  /* upgrade_version, host_id -> skipped; InUse where another host is in the domain's lockspace */
int io_domain_attach(Io *io);   /* attach -> data_centers; InUse where it belongs to another data center */
int io_devices_add(Io *io);     /* devices, io_timeout_sec; InvalidState where they may not hold leases */

int io_definition_delete(Io *io); /* file: the VM's or template's id, of an export domain; image: of which it is to be, or empty */

int io_ovf_write(Io *io);       /* definitions, removed -> report; as ovf_update() */

/* io-data.c: around a data job (data-work.h), whose work is rhv-data's. */
int io_data_plan(Io *io);    /* image, volume, change.expected_generation, data (kind and what was asked for) -> data, record (the volume that will be
                                written, or read by a copy), size_bytes (room it may take), grow_bytes */
int io_volume_grow(Io *io);  /* image, volume, size_bytes -> plan.metadata.capacity_bytes: the room the volume has now; data: of a merge, which may take
                                more; NULL: none. The merged volume is ILLEGAL while a raw base has a part that was never written. */
int io_data_measure(Io *io); /* data -> measured: what its chain takes in a volume of its format */
int io_data_note(Io *io);    /* place, source, image, volume, record.metadata.generation, data, size_bytes, directory: the job's notes are on disk */
int io_data_undo(Io *io);    /* image, volume: the image of a copy that did not end well goes */
int io_volume_reduce(Io *io); /* image, volume -> plan.metadata.capacity_bytes: the room the volume has now */
/* The same of a volume of io's image. as_leaf: what is built on it is about to go. */
int io_reduce(Io *io, const char *volume, bool as_leaf);
int io_merge_finish(Io *io); /* image, volume: merged into its parent, it leaves the chain and goes; 0 also where that was done before */

/* io-wipe.c: around a wipe, whose work is rhv-data's too. */
int io_wipe_plan(Io *io);   /* image ("": all), data -> data: what is to be wiped, at most as much as a chain has; n_chain 0: nothing */
int io_wipe_finish(Io *io); /* image, data (its chain holds nothing but zeroes), discard: it goes */

/* Room for needed_bytes? Return: 0; -ENOSPC with NoSpace; another error of the measurement. */
int io_check_space(const Io *io, uint64_t needed_bytes, sd_bus_error *error);
/* Begin, tool and finish in one, for a process that may block: request -> plan. data: of a copy that is to be measured before; NULL: none. */
int io_volume_make(Io *io);
