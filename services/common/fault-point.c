/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fault-point.h"

#ifdef RHV_FAULT_POINTS

#include <signal.h>

#define FAULT_VARIABLE "RHV_FAULT_POINT"

/* The bounds of the section, from the linker; weak: a program may have none. */
extern const FaultPoint *const __start_rhv_fault_points[] __attribute__((weak));
extern const FaultPoint *const __stop_rhv_fault_points[] __attribute__((weak));

void fault_point_reach(const char *name) {
        const char *wanted = getenv(FAULT_VARIABLE);

        if (wanted && streq(wanted, name))
                (void) raise(SIGKILL);
}

size_t fault_point_count(void) {
        return ((uintptr_t)__stop_rhv_fault_points - (uintptr_t)__start_rhv_fault_points) / sizeof(__start_rhv_fault_points[0]);
}

const char *fault_point_name(size_t i) {
        return __start_rhv_fault_points[i]->name;
}

#endif
