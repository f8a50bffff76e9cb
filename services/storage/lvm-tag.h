/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a block domain keeps in LVM's tags: the domain's metadata on the volume group, a line each, and on each logical volume to whom it
 * belongs. Pure. Source of the format: VDSM, lib/vdsm/storage/blockSD.py and lvm.py.
 *
 *      MDT_KEY=VALUE        of a group; what LVM does not allow in a tag is written as &<decimal code point>&
 *      RHAT_storage_domain  of a group: it is a domain; with _UNREADY behind it: one being made
 *      IU_<image>  PU_<parent>  MD_<slot>     of a volume
 *      OVIRT_VOL_INITIALIZING                 of one being made
 *      IU__remove_me_<image>, IU__remove_me_ZERO_<image>   of one being removed
 */

#include "key-value.h"
#include "parse-util.h"

#define LVM_TAG_DOMAIN "RHAT_storage_domain"
#define LVM_TAG_UNREADY "RHAT_storage_domain_UNREADY"
#define LVM_TAG_METADATA "MDT_"
#define LVM_TAG_IMAGE "IU_"
#define LVM_TAG_PARENT "PU_"
#define LVM_TAG_SLOT "MD_"
#define LVM_TAG_INITIALIZING "OVIRT_VOL_INITIALIZING"
#define LVM_TAG_REMOVED "IU__remove_me_"
#define LVM_TAG_REMOVED_ZERO "IU__remove_me_ZERO_"
/* LVM's own limit, with the end of the string. */
#define LVM_TAG_BYTES 1025U
#define LVM_SLOT_NONE UINT32_MAX

/* text: valid UTF-8. Return: a new string, NULL when out of memory. */
char *lvm_tag_encode(const char *text);
/* tag: length bytes. ret: a new string. Return: 0; -ENOMEM; -EBADMSG for what encoding does not make. */
int lvm_tag_decode(const char *tag, size_t length, char **ret);

/* Tags as LVM reports them, between commas. ret: the text of the domain's metadata, KEY=VALUE lines. Return: 0; -ENOMEM; -ENOENT where there is
 * no such line; -EBADMSG; -ENOTUNIQ for two lines of one key; -E2BIG. */
int lvm_tags_to_metadata(const char *tags, char **ret);
/* One MDT_ tag for each line of text, in its order. ret: a new array of new strings, NULL at its end. Return: 0; -ENOMEM; -ENAMETOOLONG. */
int lvm_tags_of_metadata(const char *text, char ***ret);
void lvm_tags_free(char **tags);
/* Is tag one of those between commas? */
bool lvm_tags_have(const char *tags, const char *tag) _pure_;

typedef struct LvmVolumeTags {
        char image[UUID_STRING_MAX];  /* empty: none of ours */
        char parent[UUID_STRING_MAX]; /* empty: no tag says so */
        uint32_t slot;                /* LVM_SLOT_NONE: no tag says so */
        bool initializing;
        bool removed; /* its image is gone; image says which */
        bool zero;    /* and it is to be wiped */
        bool bad;     /* one of ours cannot be read or is there twice: what stands above are the first that can be read */
} LvmVolumeTags;

/* Tags that are not ours are passed over. */
void lvm_volume_tags_parse(const char *tags, LvmVolumeTags *ret);
/* The next slot that a tag says is the volume's; *tags moves behind it. Of tags that contradict each other all count: what is there may be somebody's.
 * Return: false where no further one does. */
bool lvm_volume_tags_next_slot(const char **tags, uint32_t *ret);
