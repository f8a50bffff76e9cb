/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the files of the file layout share: names on the storage, and the ways to reach a domain and an image.
 *
 *   <path>/<domain>/dom_md/{metadata,ids,leases,inbox,outbox}   images/<image>/<volume> <volume>.meta
 *
 * and of shared domains also dom_md/xleases and <volume>.lease.
 *
 * Names of what is not there yet, or not there any more:
 *   .rhv-new-<domain>        a domain being made           .rhv-removed-<domain>     one being removed
 *   images/_remove_me_<image>  an image being removed, or its first volume being made: both are collected by VDSM too
 *   <volume>.meta.volatile   a volume being made: a rename to <volume>.meta makes it appear
 */

#include <jansson.h>

#include "file-util.h"
#include "layout.h"

#define IMAGE_REMOVED_PREFIX "_remove_me_"
#define DOMAIN_NEW_PREFIX ".rhv-new-"
#define DOMAIN_REMOVED_PREFIX ".rhv-removed-"
#define PROBE_PREFIX ".prob-"
#define META_SUFFIX ".meta"
#define VOLATILE_SUFFIX ".meta.volatile"
#define NEW_SUFFIX ".new"
/* The one image of an ISO domain: a directory of files. */
#define ISO_IMAGE "11111111-1111-1111-1111-111111111111"
#define LEASE_SUFFIX ".lease"
#define FILE_NAME_BYTES 96U /* the longest of ours: prefix or suffix and a UUID */

/* Names in one directory of a domain. */
#define DIRECTORY_ENTRIES_MAX (2U * DOMAIN_IMAGES_MAX)

/* The domain's directory; `images`; one image. Return: a file descriptor, or negative with a named error. */
int file_domain_open(const DomainPlace *place, sd_bus_error *error);
int file_images_open(const DomainPlace *place, sd_bus_error *error);
int file_image_open(const DomainPlace *place, const char *image, sd_bus_error *error);

/* a and b in one name, in a buffer that lives as long as the enclosing block. */
#define FILE_NAME(a, b) file_name((char[FILE_NAME_BYTES]){0}, (a), (b))
const char *file_name(char buffer[static FILE_NAME_BYTES], const char *a, const char *b);
bool ends_with(const char *name, const char *suffix) _pure_;

/* layout-file-image.c */
int file_list_images(const DomainPlace *place, char (**ret)[UUID_STRING_MAX], size_t *ret_n, sd_bus_error *error);
int file_list_volumes(const DomainPlace *place, const char *image, VolumeList *ret, sd_bus_error *error);
int file_image_hide(const DomainPlace *place, const char *image, sd_bus_error *error);
int file_image_purge(const DomainPlace *place, const char *image, bool discard, sd_bus_error *error);
int file_clean(const DomainPlace *place, unsigned *ret_n, sd_bus_error *error);
/* No data job of any host works on a volume of the list. Return: 0; -EBUSY with InUse. */
int file_volumes_free(const DomainPlace *place, const VolumeList *list, sd_bus_error *error);
/* The volumes in an image directory that is open, whatever its name. */
int file_read_volumes(const DomainPlace *place, int image_fd, const char *image, VolumeList *ret, sd_bus_error *error);

/* layout-file-change.c */
int file_change_metadata(const DomainPlace *place, domain_change_t change, void *userdata, sd_bus_error *error);
/* layout-file-upgrade.c */
int file_upgrade(const DomainPlace *place, int asker_fd, unsigned *ret_skipped, sd_bus_error *error);

/* layout-file-volume.c */
int file_volume_begin(const DomainPlace *place, const VolumeRequest *request, VolumePlan *ret, sd_bus_error *error);
int file_volume_fill(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan,
                     sd_bus_error *error);
int file_volume_commit(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan,
                       sd_bus_error *error);
void file_volume_abandon(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan);
int file_volume_delete(const DomainPlace *place, const char *image, const char *volume, sd_bus_error *error);
int file_volume_open(const DomainPlace *place, const char *image, const char *volume, bool writable, int *ret_fd,
                     sd_bus_error *error);
int file_volume_update(const DomainPlace *place, const char *image, const char *volume, const VolumeChange *change,
                       sd_bus_error *error);
int file_volume_reparent(const DomainPlace *place, const char *image, const char *volume, const char *parent, sd_bus_error *error);
char *file_volume_path(const DomainPlace *place, const char *image, const char *volume);
int file_metadata_read(const DomainPlace *place, int image_fd, const char *volume, VolumeMetadata *ret,
                       sd_bus_error *error);
int file_metadata_write(const DomainPlace *place, int image_fd, const char *volume, const VolumeMetadata *metadata,
                        sd_bus_error *error);

/* layout-file-class.c */
/* What a new ISO or export domain has besides, below the domain's directory that is being made. */
int file_class_fill(int domain_fd, const DomainPlace *place);
/* Is the image of that name the directory of an ISO domain's files, and empty? */
bool file_class_is_bare(int images_fd, const DomainPlace *place, const char *name);
/* The definition appears whole, or stays as it was. Where one is there already it is written over if it is of image (a copy of the same), which may be empty; else -EEXIST with
 * AlreadyExists set. */
int file_write_definition(const DomainPlace *place, const char *id, const char *image, const char *text, sd_bus_error *error);
/* It is gone for everybody at once. image: only if it is of that; empty: whatever it is of. Return: 0; -ENOENT with NotFound set. */
int file_delete_definition(const DomainPlace *place, const char *id, const char *image, sd_bus_error *error);
/* Ids of the VMs and templates whose definitions lie in master/vms of an export domain; ret: empty where there is no such directory. */
int file_list_definitions(const DomainPlace *place, NameList *ret, sd_bus_error *error);
/* Return: 0, or -EBUSY with InvalidState set. */
int file_check_no_definition(const DomainPlace *place, sd_bus_error *error);
/* One of them, at most OVF_BYTES_MAX; NUL-terminated, new. Return: 0; BadFormat for what is no file, NotFound where the directory is empty. */
int file_read_definition(const DomainPlace *place, const char *id, char **ret, size_t *ret_size, sd_bus_error *error);

/* layout-file-iso.c: files of an ISO domain. Names are valid ones (iso-file.h). */
#define ISO_FILES_MAX 65536U
/* ret: [{name, kind, size, modified, usable, problem}], as on the bus. */
int file_iso_list(const DomainPlace *place, json_t **ret, sd_bus_error *error);
/* Under a hidden name that tells the job. Return: 0; AlreadyExists. ret_fd: open for reading and writing. */
int file_iso_begin(const DomainPlace *place, const char *name, const char *job, int *ret_fd, sd_bus_error *error);
/* It appears, of size_bytes; again: 0 as well. Return: 0; AlreadyExists with nothing left. */
int file_iso_commit(const DomainPlace *place, const char *name, const char *job, uint64_t size_bytes, sd_bus_error *error);
int file_iso_abandon(const DomainPlace *place, const char *job, sd_bus_error *error);
/* What this host left behind, but not what jobs (their ids, between commas) are at work on. */
int file_iso_clean(const DomainPlace *place, const char *jobs, unsigned *ret_n, sd_bus_error *error);
/* Can a guest be given it? Return: 0; NotFound; InvalidState with what is in the way. */
int file_iso_check(const DomainPlace *place, const char *name, sd_bus_error *error);
/* Return: 0; NotFound; InvalidState for what is no file. */
int file_iso_remove(const DomainPlace *place, const char *name, sd_bus_error *error);

/* layout-file-lease.c: leases of shared domains. */
/* Fills ids, leases and xleases of a domain being made, which lies in <path>/<directory>. Not as 36:36: sanlock's socket is root's. */
int file_leases_format(const DomainPlace *place, const char *directory, const DomainFacts *facts, sd_bus_error *error);
/* The index of external leases in <path>/<directory>/dom_md/xleases, which is there. */
int file_index_make(const DomainPlace *place, const char *directory, sd_bus_error *error);
/* The io_timeout of the lockspace of an open domain. Return: seconds, 0 where there is none to be read. */
unsigned file_lockspace_io_timeout(int domain_fd, const DomainPlace *place);
/* The lease of a volume being made, in the directory <path>/<domain>/images/<directory>. Not as 36:36. */
int file_volume_lease_make(const DomainPlace *place, const char *directory, const char *volume, sd_bus_error *error);
int file_volume_lease(const DomainPlace *place, const char *image, const char *volume, Lease *ret, sd_bus_error *error);
int file_special_open(const DomainPlace *place, const char *name, bool writable, int *ret_fd, sd_bus_error *error);
char *file_special_path(const DomainPlace *place, const char *name);
