/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What an OVF store is to hold: the definitions that are given, and of those it held before what others wrote. What it held was written by anybody, so it is never
 * read but by a process without privileges: rhv-ovf, or one that rhv-structural starts for it.
 */

#include "volume-rules.h"

typedef struct OvfComposition {
        const char *domain;
        const VolumeList *lists; /* of all its images */
        size_t n_lists;
        const json_t *definitions; /* [{id, …}] as for ovf_write() */
        const json_t *removed;     /* ids */
        const void *tar;           /* what it held; NULL: nothing */
        size_t tar_size;
        uint64_t now_sec;
} OvfComposition;

typedef struct OvfComposed {
        void *tar; /* owned */
        size_t size;
        unsigned definitions; /* in it */
        json_t *skipped;      /* ["<id>: why"]: they stay as they were */
} OvfComposed;

void ovf_composed_clear(OvfComposed *composed);

/*
 * All others that the tar has stay as they are, also of VMs that nobody here knows, until the last of their disks has gone from the domain; one without disks until it is in
 * removed. Return: 0 with ret; -EBADMSG with BadFormat set: the tar cannot be read; another errno, with NoSpace or another error set.
 */
typedef int (*ovf_compose_t)(const OvfComposition *in, OvfComposed *ret, sd_bus_error *error);
/* Here. Pure. */
int ovf_compose(const OvfComposition *in, OvfComposed *ret, sd_bus_error *error);

/* ovf-compose-call.c: by "rhv-ovf compose", as 36:36. Blocks for OVF_COMPOSE_SEC at most. */
#define OVF_COMPOSE_SEC 60U
int ovf_compose_there(const OvfComposition *in, OvfComposed *ret, sd_bus_error *error);
/* Its parts: what is asked, and what comes back, which is taken for anything. Return: 0; -EBADMSG where the answer says so; another errno, with error set. */
int ovf_question_write(int fd, const OvfComposition *in);
int ovf_answer_read(int fd, OvfComposed *ret, sd_bus_error *error);
/* The other end: from standard input to standard output. Return: 0 or a negative errno, in which case what was answered says why. */
int ovf_compose_serve(int in_fd, int out_fd, ovf_compose_t compose);
