/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How a kind of storage holds domains, images and volumes: a table of functions for files (layout-file.c), and one with the same meaning
 * for block domains, which are volume groups (layout-block.c).
 *
 * Every function may block for as long as the storage does and therefore runs only in a worker thread. It gets copies
 * of all it needs and touches nothing of the daemon's state. Errors are named in `error` where the caller can act on
 * them.
 *
 * Each step leaves the storage in a state that the next open recognises, if the process ends right after it.
 */

#include "domain-class.h"
#include "domain-metadata.h"
#include "sanlock-call.h"
#include "volume-rules.h"

typedef struct StorageLayout StorageLayout;

/* One of oVirt's types of storage. */
typedef struct DomainType {
        const char *name;            /* on the bus: "local" */
        const char *type_word;       /* TYPE in the metadata: "LOCALFS" */
        const StorageLayout *layout; /* NULL: known by name, not supported */
        bool shared;                 /* many hosts: sanlock leases and mailbox; else flock on `ids` */
} DomainType;

/* Return: NULL for a word that is no type. */
const DomainType *domain_type_find(const char *name);
const DomainType *domain_type_find_word(const char *type_word);

/* What RHV promises of a block domain. VDSM counts none, so that this is no more than a domain of an engine may have: it has to be opened. */
#define DOMAIN_DEVICES_MAX 300U
/* LVM_NAME_BYTES. */
#define GROUP_UUID_MAX 129U
bool domain_type_is_block(const DomainType *type) _pure_;
/* The directory of a domain of files, the devices of one on blocks. */
bool domain_path_is_valid(const DomainType *type, const char *path);

/* Where a domain is: all a layout needs to reach it. */
typedef struct DomainPlace {
        const DomainType *type;
        char *path; /* the directory that holds the domain's directory; of a block domain its devices, between commas */
        char id[UUID_STRING_MAX];
        DomainClass class; /* where id is empty, whatever is found there */
        unsigned version;
        uint32_t block_size_bytes, alignment_bytes; /* of its leases; 0 until it was opened */
        char group[GROUP_UUID_MAX]; /* of a block domain: LVM's id of its volume group, by which its devices are found; empty until it was opened */
        /* What the service mounts at path, as which type, with which options; all NULL where others do. */
        char *what, *vfs, *options;
} DomainPlace;

int domain_place_copy(DomainPlace *ret, const DomainPlace *place);
void domain_place_clear(DomainPlace *place);

/* Return: 0; -ESTALE with InvalidState: the domain was given another version than it was opened with. */
int domain_check_version(const DomainPlace *place, const DomainFacts *facts, sd_bus_error *error);

/* Return: 0; -ECONNABORTED with Interrupted: asker_fd (negative: none) was hung up. */
int domain_check_asker(int asker_fd, sd_bus_error *error);
/* Its metadata say that it has the version after place's. Return: 0 or negative with error set. */
int domain_tell_next_version(const DomainPlace *place, sd_bus_error *error);

/* Return: 0; -ENOSPC with NoSpace. */
int domain_check_space(const DomainPlace *place, uint64_t free_bytes, uint64_t needed_bytes, sd_bus_error *error);

/* Do hosts share it by sanlock's leases? Local domains have none, and ISO and export domains are used without. */
bool domain_has_leases(const DomainPlace *place) _pure_;

/* What opening found out. */
typedef struct DomainOpened {
        DomainFacts facts;
        int lock_fd; /* held while the domain is open; -EBADF: none */
        bool sealed; /* false: the metadata had no seal */
        char group[GROUP_UUID_MAX]; /* of a block domain */
        char *path;  /* its devices, where they are not the ones that were named; else NULL */
} DomainOpened;
void domain_opened_clear(DomainOpened *opened);

/* What a look from outside found. */
typedef struct DomainLook {
        DomainFacts facts;
        bool sealed;
        bool in_use;     /* somebody on this host holds its lock */
        bool several;    /* other domains lie beside it: they are ignored */
        char *refusal;   /* why opening would refuse it; NULL: it would not */
} DomainLook;
void domain_look_clear(DomainLook *look);

typedef struct DomainSpace {
        uint64_t total_bytes;
        uint64_t free_bytes; /* for us, without what is reserved for root */
} DomainSpace;

/* A volume about to be made. */
typedef struct VolumePlan {
        VolumeMetadata metadata;
        char *path; /* where qemu-img shall write */
        VolumeFormat parent_format;
        bool new_image;
        bool formatted; /* there is nothing for qemu-img to do */
        uint32_t slot;  /* of a block domain */
} VolumePlan;
void volume_plan_clear(VolumePlan *plan);

/* A volume whose data are to be zeroed before it is removed. */
typedef struct WipeVolume {
        char image[UUID_STRING_MAX]; /* it belonged to */
        char volume[UUID_STRING_MAX];
        uint64_t size_bytes;
} WipeVolume;

/* Changes a domain's metadata. Return: 1, 0 where they are so already, or negative with error set. */
typedef int (*domain_change_t)(KeyValueList *list, void *userdata, sd_bus_error *error);

struct StorageLayout {
        /* Makes the domain of place->id, place->version with facts' name, class and geometry; all or nothing. */
        int (*create)(const DomainPlace *place, const DomainFacts *facts, sd_bus_error *error);
        /* Finds the domain (place->id empty: the one that is there), reads and checks it, takes its lock. */
        int (*open)(const DomainPlace *place, DomainOpened *ret, sd_bus_error *error);
        /* The same to look at, whatever its type and class; nothing is written and nothing stays locked. BadFormat where its metadata cannot be
         * read. */
        int (*look)(const DomainPlace *place, DomainLook *ret, sd_bus_error *error);
        /* Finishes or undoes what an ended process left half done; only while the lock is held and before other work.
         * ret_n: how many. */
        int (*clean)(const DomainPlace *place, unsigned *ret_n, sd_bus_error *error);
        /* One version more, from place->version, for who holds the domain's lease or lock, after clean. At any moment the domain is whole in the version
         * its metadata tell, and the same again completes what was cut off; with place->version 5 it completes the last step. asker_fd: where it hangs
         * up before the metadata tell the new version, they are left alone (-ECONNABORTED): who asked has died, and may be back with the old one;
         * negative: none. ret_skipped: volumes whose metadata could not be read, which stay as they are. */
        int (*upgrade)(const DomainPlace *place, int asker_fd, unsigned *ret_skipped, sd_bus_error *error);
        /* The domain's own metadata, read, changed and written in one piece, for who holds its lease or lock: at any moment they are the old or the new
         * ones. Return: as change. */
        int (*change_metadata)(const DomainPlace *place, domain_change_t change, void *userdata, sd_bus_error *error);
        /* Is it still there, in the version of place, and how much room has it? -ESTALE: its version is another. */
        int (*measure)(const DomainPlace *place, DomainSpace *ret, sd_bus_error *error);
        /* Removes an empty domain. */
        int (*destroy)(const DomainPlace *place, sd_bus_error *error);

        int (*list_images)(const DomainPlace *place, char (**ret)[UUID_STRING_MAX], size_t *ret_n,
                           sd_bus_error *error);
        /* Those with a volume that is active on this host; NULL where volumes are nothing that is. */
        int (*list_active)(const DomainPlace *place, char (**ret)[UUID_STRING_MAX], size_t *ret_n, sd_bus_error *error);
        /* NotFound where there is no such image. */
        int (*list_volumes)(const DomainPlace *place, const char *image, VolumeList *ret, sd_bus_error *error);
        /* All images at once, where that costs less than one after the other; may be NULL. ret: each to be cleared, then free()d. */
        int (*list_all)(const DomainPlace *place, VolumeList **ret, size_t *ret_n, sd_bus_error *error);

        /* begin: room for the volume under a name that no listing shows; NoSpace where the domain has too little. fill: after the tool made the image,
         * preallocates and checks. commit: the volume appears, complete. abandon: removes what begin and fill left. */
        int (*volume_begin)(const DomainPlace *place, const VolumeRequest *request, VolumePlan *ret,
                            sd_bus_error *error);
        int (*volume_fill)(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan,
                           sd_bus_error *error);
        int (*volume_commit)(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan,
                             sd_bus_error *error);
        void (*volume_abandon)(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan);

        /* hide: from here on the image is gone for everybody; purge: gives the room back, also after a restart. discard: where the storage can be told that
         * nobody needs the blocks any more, it is; where it does not take it, they are given back all the same. */
        int (*image_hide)(const DomainPlace *place, const char *image, sd_bus_error *error);
        int (*image_purge)(const DomainPlace *place, const char *image, bool discard, sd_bus_error *error);
        /* Both, where that costs less than one after the other; may be NULL. */
        int (*image_delete)(const DomainPlace *place, const char *image, bool discard, sd_bus_error *error);
        int (*volume_delete)(const DomainPlace *place, const char *image, const char *volume, sd_bus_error *error);

        /* For who holds the domain's lease, all NULL where what is given back is never read by who gets it next (files). image_mark: as image_hide, but
         * purge leaves its volumes until they are wiped. volume_mark: one volume leaves its chain (as volume_delete wants it), for purge, or to be
         * wiped. wipe_finish: these volumes (NULL at the end) hold nothing but zeroes, purge may have them. */
        int (*image_mark)(const DomainPlace *place, const char *image, sd_bus_error *error);
        int (*volume_mark)(const DomainPlace *place, const char *image, const char *volume, bool wipe, sd_bus_error *error);
        int (*wipe_finish)(const DomainPlace *place, const char *image, const char *const *volumes, sd_bus_error *error);
        /* For everybody: what is to be wiped of an image ("": of all), at most max. */
        int (*wipe_list)(const DomainPlace *place, const char *image, WipeVolume *ret, size_t max, size_t *ret_n, sd_bus_error *error);
        /* For who holds the volume's lease: its data. Return: -ENOENT, nothing set, where it was wiped meanwhile. */
        int (*wipe_open)(const DomainPlace *place, const char *image, const char *volume, int *ret_fd, sd_bus_error *error);
        int (*wipe_close)(const DomainPlace *place, const char *volume, sd_bus_error *error);

        /* The data of a volume, for the transfer unit. */
        int (*volume_open)(const DomainPlace *place, const char *image, const char *volume, bool writable, int *ret_fd,
                           sd_bus_error *error);
        int (*volume_update)(const DomainPlace *place, const char *image, const char *volume,
                             const VolumeChange *change, sd_bus_error *error);
        /* Only the metadata: volume is on parent from now on. */
        int (*volume_reparent)(const DomainPlace *place, const char *image, const char *volume, const char *parent, sd_bus_error *error);
        /* For who holds the domain's lease: the volume has room for size_bytes at least; its metadata stay as they are. ret_bytes: the room it has
         * now. NULL: a volume's room grows with what is written. */
        int (*volume_grow)(const DomainPlace *place, const char *image, const char *volume, uint64_t size_bytes, uint64_t *ret_bytes,
                           sd_bus_error *error);
        /* The same the other way: it has room for size_bytes at least, and no more than that needs. It is not usable on this host afterwards. NULL: it never has more. */
        int (*volume_reduce)(const DomainPlace *place, const char *image, const char *volume, uint64_t size_bytes, uint64_t *ret_bytes,
                             sd_bus_error *error);
        /* The lease of a volume of a shared domain. ret: its path is new. */
        int (*volume_lease)(const DomainPlace *place, const char *image, const char *volume, Lease *ret, sd_bus_error *error);
        /* Where sanlock finds a special volume: "ids", "leases", "xleases". Return: new string, NULL when out of memory. Touches nothing. */
        char *(*special_path)(const DomainPlace *place, const char *name);
        /* The same, open with direct I/O. Return: 0; -ENOENT where the domain is too old to have it. */
        int (*special_open)(const DomainPlace *place, const char *name, bool writable, int *ret_fd, sd_bus_error *error);
        /* Return: new string, NULL when out of memory. Touches nothing. */
        char *(*volume_path)(const DomainPlace *place, const char *image, const char *volume);

        /* Makes the volumes of a chain usable on this host, and no more; may both be NULL where they always are. teardown: what is in use stays. */
        int (*prepare)(const DomainPlace *place, const VolumeRecord *const *chain, size_t n, sd_bus_error *error);
        /* One that prepare() has made usable, for reading with direct I/O, without another look at what the domain holds. NULL: as volume_open. */
        int (*prepared_open)(const DomainPlace *place, const char *volume, int *ret_fd, sd_bus_error *error);
        int (*teardown)(const DomainPlace *place, const char *image, sd_bus_error *error);
        /* For who holds the domain's lease: it gets these devices (absolute paths between commas), or where it has them already their present size. NULL: it has none. */
        int (*devices_add)(const DomainPlace *place, const char *devices, sd_bus_error *error);
        /* The domain leaves this host; may be NULL. */
        int (*close)(const DomainPlace *place, sd_bus_error *error);
};

/* One volume, without its chain, can be used on this host. Return: 0; negative with error set. */
int layout_prepare_volume(const DomainPlace *place, const char *volume, sd_bus_error *error);

/* Does any host hold the lease of volume, to work on its data? Asks sanlock. Return: 0 nobody; -EBUSY with InUse; another errno with error set. */
int volume_lease_check_free(const Lease *lease, const char *volume, sd_bus_error *error);

extern const StorageLayout layout_file;
extern const StorageLayout layout_block;
