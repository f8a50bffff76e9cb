/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fault-point.h"

#ifdef RHV_FAULT_POINTS

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#define FAULT_VARIABLE "RHV_FAULT_POINT"
#define FAULT_LIST_VARIABLE "RHV_FAULT_LIST"
#define FAULT_LINE_BYTES 128U

/* The bounds of the section, from the linker; weak: a program may have none. */
extern const FaultPoint *const __start_rhv_fault_points[] __attribute__((weak));
extern const FaultPoint *const __stop_rhv_fault_points[] __attribute__((weak));

static const char *work;
static unsigned reached;

void fault_work_begin(const char *word) {
        work = word;
        reached = 0;
}

/* Is the point that was just reached the one that the file names? Then the file says so, and names none any more. */
static bool is_due(const char *name) {
        _cleanup_close_ int fd = open(FAULT_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        char line[FAULT_LINE_BYTES + 1] = {}, due[FAULT_LINE_BYTES], said[FAULT_LINE_BYTES];

        if (fd < 0 || read(fd, line, FAULT_LINE_BYTES) <= 0)
                return false;
        (void) snprintf(due, sizeof(due), "%s %u\n", work, reached);
        if (!streq(line, due))
                return false;
        (void) snprintf(said, sizeof(said), "hit %s\n", name);
        return ftruncate(fd, 0) >= 0 && pwrite(fd, said, strlen(said), 0) == (ssize_t)strlen(said);
}

void fault_point_reach(const char *name) {
        const char *wanted = getenv(FAULT_VARIABLE);

        reached++;
        if ((wanted && streq(wanted, name)) || (!wanted && work && is_due(name)))
                (void) raise(SIGKILL);
}

size_t fault_point_count(void) {
        return ((uintptr_t)__stop_rhv_fault_points - (uintptr_t)__start_rhv_fault_points) / sizeof(__start_rhv_fault_points[0]);
}

const char *fault_point_name(size_t i) {
        return __start_rhv_fault_points[i]->name;
}

__attribute__((constructor)) static void list(void) {
        if (!getenv(FAULT_LIST_VARIABLE))
                return;
        for (size_t i = 0; i < fault_point_count(); i++)
                (void) puts(fault_point_name(i));
        exit(EXIT_SUCCESS);
}

#endif
