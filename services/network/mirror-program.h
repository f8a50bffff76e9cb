/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which frames of a bridge a mirroring port gets a copy of, as a program of the kernel's classic packet filter (networking/filter.rst of its documentation). Pure.
 *
 * Not those that the guest behind the port sent or that are for it alone: it knows the first, and the bridge brings it the second. What goes to a group it may get twice,
 * by the bridge and as a copy. The guest's address is that of the port but for the first byte, which libvirt makes fe, so that byte is not compared.
 */

#include "macro.h"

typedef enum MirrorTags {
        MIRROR_ANY,      /* the bridge knows no VLANs: all is one network */
        MIRROR_TAGGED,   /* frames with the tag of the VLAN */
        MIRROR_UNTAGGED, /* frames without a tag: the VLAN is the one the bridge itself is in without */
} MirrorTags;

typedef struct MirrorWish {
        MirrorTags tags;
        unsigned vlan;   /* of MIRROR_TAGGED */
        const char *mac; /* of the port; NULL or none of the kernel's form: nothing is left out */
} MirrorWish;

/* Instructions of one program at most. */
#define MIRROR_PROGRAM_MAX 32U

/* The instructions (struct sock_filter, as they lie in memory) in hexadecimal digits. New, NULL when out of memory. */
char *mirror_program(const MirrorWish *wish);
/* Back to bytes. Return: how many instructions, 0 for what is none. */
unsigned mirror_program_bytes(const char *hex, uint8_t *ret, size_t size);
/* The VLAN of a program for MIRROR_TAGGED, else 0: a copy of such a frame has to lose its tag. */
unsigned mirror_program_vlan(const char *hex);
