/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Places where a process may be killed in a test: FAULT_POINT("merge-before-delete") between two steps of work on a disk. In an ordinary build
 * it is nothing. With -Dfault-points=true the linker collects the names in a table (so the list is never written by hand), and a process dies
 * there by SIGKILL where
 *
 *      RHV_FAULT_POINT=<name>        says so in its environment, or
 *      FAULT_FILE says "<work> <n>"  and this is the nth point that it reaches since FAULT_WORK("<work>"); then the file says "hit <name>",
 *                                    so that it happens once. A file, because programs that run for long must be reached too.
 *
 * RHV_FAULT_LIST=1 in the environment: the program prints the names of its points and leaves.
 */

#ifdef RHV_FAULT_POINTS

#include "macro.h"

typedef struct FaultPoint {
        const char *name; /* "work-step"; "block-…" and "file-…" where only that kind of domain comes to it, "lease-…": shared ones */
} FaultPoint;

/* Pointers, for the linker may put gaps between structures. */
#define FAULT_POINT(word)                                                                                             \
        do {                                                                                                          \
                static const FaultPoint _fault_point = {word};                                                        \
                static const FaultPoint *const _fault_entry                                                           \
                                __attribute__((section("rhv_fault_points"), used)) = &_fault_point;                   \
                fault_point_reach(_fault_entry->name);                                                                \
        } while (0)

/* From here on the process does this work: its points are counted from 1 again. word: kept. */
#define FAULT_WORK(word) fault_work_begin(word)

#define FAULT_FILE "/run/rhv-fault"

/* Dies where name is the one of the environment, or the next point is the one of the file. */
void fault_point_reach(const char *name);
void fault_work_begin(const char *word);
/* The names of this program's points. Return: how many. */
size_t fault_point_count(void);
const char *fault_point_name(size_t i);

#else

#define FAULT_POINT(word) ((void)0)
#define FAULT_WORK(word) ((void)0)

#endif
