/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The room in a group's metadata areas. At each change LVM writes the text of the whole group beside the one that counts until then, so half of an area is the most that
 * text can have; the command line that changed it is part of it. Where that is reached nothing can be changed any more, and removing begins with a longer tag: some of it is kept for that. Pure.
 */

#include "macro.h"

/* Of every area. As many volumes as a domain can have, each with the longest tag of one being removed in place of its image's, and some for the longest command line. */
#define LVM_ROOM_KEPT_BYTES (64 * KIB)

/* May something be added to this group, of whose smallest area so much is free? Return: 0; -ENOSPC with NoSpace set. */
int lvm_room_check(const char *group, uint64_t free_bytes, sd_bus_error *error);
/* Is this what LVM says where a change does not fit? words: the last of a command's standard error, NULL: nothing. */
bool lvm_room_is_denied(const char *words) _pure_;
