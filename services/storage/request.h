/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What callers hand in, as tables of known keys, and from there to typed requests. Pure. */

#include "dict.h"
#include "layout.h"

extern const DictField request_options_job[];   /* job_id */
extern const DictField request_lease_acquire[]; /* wait, job_id */
extern const DictField request_host_release[];
extern const DictField request_structural[];    /* lease, job_id */
extern const DictField request_attach[];        /* the same, take_over */
extern const DictField request_remove[];        /* the same, wipe, discard, bandwidth */
extern const DictField request_iscsi_discover[]; /* user */
extern const DictField request_iscsi_login[];    /* user, recovery */
extern const DictField request_devices[];        /* loops */
extern const DictField request_domain_create[]; /* type, path, name, version, io_timeout */
extern const DictField request_domain_open[];   /* type, path */
extern const DictField request_domain_inspect[]; /* path */
extern const DictField request_volume[];        /* capacity, format, allocation, description, parent, disk_type */
extern const DictField request_upload[];        /* size, job_id */
extern const DictField request_data[];          /* generation, bandwidth, lease, job_id */
extern const DictField request_sparsify[];      /* generation, bandwidth, job_id */
extern const DictField request_merge[];         /* the same, wipe, discard */
extern const DictField request_copy[];          /* as request_data, source_format, source_size */
extern const DictField request_copy_target[];   /* domain, image, volume, template, format, allocation, capacity, description, disk_type */
extern const DictField request_measure[];       /* format */
extern const DictField request_prepare[], request_prepare_file[];       /* user, read_only, shared */
extern const DictField request_teardown[];      /* user */

/* An id a caller gave: a lower-case UUID that is not all zeroes. Return: 0, or -EINVAL with InvalidArgument set. */
int request_check_id(const char *what, const char *id, sd_bus_error *error);
/* The two ids that calls about a volume begin with, read from the message; borrowed. Return: as above, or another negative errno. */
int request_read_volume_ids(sd_bus_message *message, const char **ret_image, const char **ret_volume, sd_bus_error *error);
/* A list of devices ("as"), read from the message. ret: new string, between commas. Return: 0; -ENOMEM; -EINVAL with InvalidArgument. */
int request_read_devices(sd_bus_message *message, char **ret, sd_bus_error *error);
/* From a checked dictionary. Return: 0, or negative with InvalidArgument or NotSupported set. */
int request_read_type(const json_t *domain, const DomainType **ret, sd_bus_error *error);
/* Where a domain of that type is: its path, what is to be mounted, or its devices. ret: its type and strings, which are new. Return: 0; -ENOMEM; -EINVAL
 * with InvalidArgument. */
int request_read_place(const json_t *domain, const DomainType *type, DomainPlace *ret, sd_bus_error *error);
/* Of a new domain: its class, and the version such a one has. Return: 0, or negative with InvalidArgument or NotSupported set and place as it was. */
int request_read_class(const json_t *domain, DomainPlace *place, sd_bus_error *error);
/* The volume of a copy: capacity 0 where none is given, which is the source's then. */
int request_read_copy(const char *image, const char *volume, const json_t *object, uint64_t now_sec, VolumeRequest *ret, sd_bus_error *error);
int request_read_volume(const char *image, const char *volume, const json_t *object, uint64_t now_sec,
                        VolumeRequest *ret, sd_bus_error *error);
