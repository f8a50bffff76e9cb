/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Places where a process may be killed in a test: FAULT_POINT("merge-before-delete") between two steps of work on a disk. In an ordinary build
 * it is nothing. With -Dfault-points=true the linker collects the names in a table (so the list is never written by hand), and the process
 * that runs into the one that RHV_FAULT_POINT names dies there by SIGKILL.
 */

#ifdef RHV_FAULT_POINTS

#include "macro.h"

typedef struct FaultPoint {
        const char *name; /* "work-step" */
} FaultPoint;

/* Pointers, for the linker may put gaps between structures. */
#define FAULT_POINT(word)                                                                                             \
        do {                                                                                                          \
                static const FaultPoint _fault_point = {word};                                                        \
                static const FaultPoint *const _fault_entry                                                           \
                                __attribute__((section("rhv_fault_points"), used)) = &_fault_point;                   \
                fault_point_reach(_fault_entry->name);                                                                \
        } while (0)

/* Dies where name is the one of the environment. */
void fault_point_reach(const char *name);
/* The names of this program's points. Return: how many. */
size_t fault_point_count(void);
const char *fault_point_name(size_t i);

#else

#define FAULT_POINT(word) ((void)0)

#endif
