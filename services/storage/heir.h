/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Children of the programs that hold a lease. They inherit the connection to sanlock, which child.h's would close: the lease must not end before
 * the last of them. A clean environment, no signal blocked. Blocking callers only; a child is waited for with waitpid().
 */

#include "macro.h"

#define SPAWN_NULL (-1)    /* /dev/null */
#define SPAWN_INHERIT (-2) /* what the caller has there */

typedef struct SpawnSpec {
        const char *const *argv;            /* argv[0]: absolute, or looked up in the fixed PATH */
        int stdin_fd, stdout_fd, stderr_fd; /* or one of the two above */
        int lease_fd;                       /* becomes LEASE_SOCKET_FD; SPAWN_INHERIT: it is that already */
        bool group;                         /* a process group of its own */
} SpawnSpec;

/* From here on this process's tools have the lease: LEASE_SOCKET_FD becomes their standard input as well. LVM closes every descriptor above the first
 * three when it starts, and a command of it that hangs in the kernel must keep the lease. No tool is asked anything, so none reads there. */
void heir_hold_lease(void);

/* Runs a tool to its end, with LEASE_SOCKET_FD as it is. what: names it in messages. Return: 0, or negative with NoSpace or BackendFailed set,
 * which says the last of its standard error. */
int heir_run(const char *const *argv, const char *what, sd_bus_error *error);
/* The same; what it says on standard output goes into out_fd. */
int heir_run_output(const char *const *argv, const char *what, int out_fd, sd_bus_error *error);
/* The end of what a tool wrote into fd, its standard error, as one line. */
void heir_last_words(int fd, char *ret, size_t size);
/* ret: the process, or -1. Return: 0 or a negative errno. */
int spawn_heir(const SpawnSpec *spec, pid_t *ret);
