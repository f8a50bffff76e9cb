/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A tool of a data job, run to its end by a program that does nothing else meanwhile: what it prints as progress is handed on, SIGTERM ends it. */

#include "macro.h"

typedef struct DataTool {
        const char *const *argv;
        const char *what; /* names it in messages */
        int lease_fd;     /* it inherits this; SPAWN_INHERIT: there is none */
        int input_fd;     /* what it reads on standard input; SPAWN_NULL: nothing */
        /* May be NULL. */
        void (*progress)(int per_mille, void *userdata);
        void *userdata;
} DataTool;

/* Blocks SIGTERM for the rest of the process; before the first data_tool_run(). */
int data_tool_prepare(void);
/* SIGTERM arrived: nothing further is begun. */
bool data_tool_stopped(void);
/* For so long, or until SIGTERM arrives. Return: it did; nothing further is begun. */
bool data_tool_wait(uint64_t usec);
/* Return: 0; -ECANCELED with Aborted set; or negative with NoSpace or BackendFailed set, which says the last of its standard error. */
int data_tool_run(const DataTool *tool, sd_bus_error *error);
