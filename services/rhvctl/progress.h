/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One line that says how far a job is. Pure. */

#include "macro.h"

typedef struct Progress {
        const char *what;      /* "Uploading disk 'web1'" */
        const char *state;     /* the job's word */
        bool valid;            /* fraction means something */
        double fraction;       /* 0 to 1 */
        uint64_t done, total;  /* bytes where total is large, 0 while unknown */
        uint64_t elapsed_usec;
        unsigned turn;         /* counts calls, for the spinner of work without a measure */
} Progress;

/* For a terminal of `width` cells, never longer: "Uploading disk 'web1' [#####-----]  50% 1 GiB of 2 GiB, 10s left".
 * Return: new string, NULL when out of memory. */
char *progress_bar(const Progress *progress, size_t width);

/* For a log: "Uploading disk 'web1': 50%" or "…: running". Return: new string, NULL when out of memory. */
char *progress_line(const Progress *progress);

/* Whole percent 0 to 100; -1 while unknown. */
int progress_percent(const Progress *progress) _pure_;
