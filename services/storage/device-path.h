/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The ways to a disk, and whether I/O goes along one of them. Pure; device-list.c gathers what is known.
 *
 * The kernel knows whether a SCSI disk is there. Of the paths of a multipath device the device mapper knows besides which of them it uses, and multipathd, whose
 * checkers look at each again and again, why not. Its answer to "show maps json" has both. Source: multipath-tools, libmultipath/print.c (path_data),
 * checkers.c, structs.h.
 */

#include <jansson.h>

#include "macro.h"

/* What multipathd says of one path, in its own words. Strings are borrowed; empty: not known. */
typedef struct MultipathPath {
        const char *dm_state;      /* what the device mapper does with it: "active", "failed", "undef" */
        const char *checker;       /* who looks at it: "tur", "directio", ... */
        const char *checker_state; /* what that saw the last time: "ready", "faulty", "ghost", "shaky", "i/o pending", ... */
} MultipathPath;

/* maps: multipathd's answer, parsed; NULL: it did not answer. map, path: as the kernel calls them ("dm-0", "sda"). What is not of that shape is passed over. ret: borrowed from
 * maps, empty strings where nothing is known. Return: whether it is known. */
bool multipath_path_find(const json_t *maps, const char *map, const char *path, MultipathPath *ret);

/* Does I/O go along it? kernel_state: of the SCSI or NVMe device; empty: none is told. "offline", "blocked" and "transport-offline" ones let it wait or fail. One that the device mapper has not
 * used for the moment is not counted as lost. */
bool device_path_is_usable(const char *kernel_state, const MultipathPath *known);
