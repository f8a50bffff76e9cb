/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A few threads that wait in blocking libraries (libvirt, sanlock), so that the loop never does.
 *
 * A piece of work owns copies of all it needs and no pointer into the daemon's state: its `done` runs on the loop and
 * looks things up again, they may be gone. Past its deadline a piece is written off: `done` hears -ETIMEDOUT at once, the stuck
 * thread keeps its memory until it returns, and another thread takes its place, up to a ceiling. When all threads up to the ceiling
 * are stuck, new work fails at once with -EAGAIN rather than queueing behind a dead backend.
 */

#include "macro.h"
#include "mailbox.h"

typedef struct WorkPool WorkPool;

typedef struct WorkSpec {
        const char *name;                 /* for logs; a literal */
        int (*run)(void *argument);       /* in a thread */
        void (*done)(void *argument, int r, void *userdata); /* on the loop; r: what run returned, or -ETIMEDOUT, -ECANCELED */
        void (*destroy)(void *argument);  /* frees argument: after done, or when a written-off run returned at last */
        void *argument;                   /* taken, also on failure */
        void *userdata;                   /* borrowed, for done only */
        uint64_t deadline_usec;           /* from submission; 0: WORK_DEADLINE_USEC */
        uint64_t lane;                    /* pieces of one lane (not 0) run one after the other, in order */
} WorkSpec;

#define WORK_DEADLINE_USEC (30 * USEC_PER_SEC)
#define WORK_QUEUE_MAX 4096U

/* threads: how many may run at once; ceiling: how many may exist with the written-off ones counted. */
int work_pool_new(sd_event *event, unsigned threads, unsigned ceiling, WorkPool **ret);
/* Waits for nobody: queued work is dropped (done hears nothing), running threads are left to end by themselves. */
WorkPool *work_pool_free(WorkPool *pool);
DEFINE_CLEANUP(WorkPool *, work_pool_free)

/* After a timeout argument may still be in use by the stuck thread: done gets NULL for it when r is -ETIMEDOUT.
 * Return: 0; -EAGAIN: all threads are stuck or the queue is full (argument destroyed, done not called). */
int work_submit(WorkPool *pool, const WorkSpec *spec);
size_t work_pool_pending(const WorkPool *pool);
