/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The one door for child processes.
 *
 * A child gets an argument vector (never a shell string), a clean environment (PATH, LC_ALL=C.UTF-8 and what is asked
 * for), stdin from bytes in a memfd (no deadlock, and the way for secrets: never argv), a deadline, and limits on what
 * it may print. It is its own process group, dies with us, and is watched by pidfd. "Done" is reported once, from the
 * loop, after it has exited and both pipes are drained.
 *
 * For work that must outlive the daemon use a transient unit (unit.h).
 */

#include "macro.h"

typedef struct Child Child;

typedef struct ChildResult {
        int r;               /* 0: exited by itself; -ETIMEDOUT, -ECANCELED, -EMSGSIZE: we ended it; -errno: never ran */
        int exit_status;     /* when it exited; -1 otherwise */
        int term_signal;     /* when a signal ended it; 0 otherwise */
        const char *out;     /* stdout, NUL-terminated; owned by the Child */
        size_t out_size;
        const char *err;     /* the last CHILD_STDERR_MAX bytes of stderr, NUL-terminated */
} ChildResult;

typedef void (*child_done_t)(Child *child, const ChildResult *result, void *userdata);
/* One complete line of stdout, without its end ('\n' or '\r'); only when set, and then nothing is collected. */
typedef void (*child_line_t)(Child *child, const char *line, void *userdata);

typedef struct ChildSpec {
        const char *const *argv;        /* argv[0]: absolute, or looked up in the fixed PATH */
        const char *const *environment; /* "NAME=value", added to the clean one; may be NULL */
        const void *input;              /* stdin bytes, copied and not kept; NULL: /dev/null */
        size_t input_size;
        int stdin_fd, stdout_fd;        /* > 2: passed as they are (borrowed) in place of input / collecting; 0: not used */
        uint64_t deadline_usec;         /* how long it may run; 0: CHILD_DEADLINE_USEC */
        size_t output_max;              /* bytes of stdout; 0: CHILD_OUTPUT_MAX */
        int nice;
        child_line_t line;
        child_done_t done;
        void *userdata;
} ChildSpec;

#define CHILD_DEADLINE_USEC (60 * USEC_PER_SEC)
#define CHILD_OUTPUT_MAX (4 * MIB)
#define CHILD_STDERR_MAX 4096U
/* From SIGTERM to SIGKILL when we end a child. */
#define CHILD_GRACE_USEC (3 * USEC_PER_SEC)
/* How long a pipe may stay open after the child is gone (a grandchild holds it). */
#define CHILD_DRAIN_USEC (1 * USEC_PER_SEC)
#define CHILD_MAX 64U
#define CHILD_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Starts it. `done` is called exactly once, later, from the loop; the Child is freed after it returns. Freeing earlier kills
 * and reaps without calling done. A program that cannot be executed is reported through done (r -ENOENT, …).
 * Return: 0, -EAGAIN at CHILD_MAX, or another negative errno (then done is never called). */
int child_start(sd_event *event, const ChildSpec *spec, Child **ret);
Child *child_free(Child *child);
DEFINE_CLEANUP(Child *, child_free)
/* SIGTERM now, SIGKILL after the grace; done then says -ECANCELED unless the child had already succeeded. */
void child_cancel(Child *child);

/* Sets a named error for a result that is not a clean exit 0: "qemu-img create failed: <last line of stderr>".
 * Return: 0 for success, else a negative errno. */
int child_result_error(const ChildResult *result, const char *what, sd_bus_error *error);
