/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Time and medians for the programs of the benchmarks. */

#include <stdlib.h>
#include <time.h>

static inline double now_usec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static inline int compare_times(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

/* Sorts them. n > 0. */
static inline double median(double *times, size_t n) {
        qsort(times, n, sizeof *times, compare_times);
        return times[n / 2];
}
