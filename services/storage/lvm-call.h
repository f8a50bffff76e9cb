/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the service asks of rhv-lvm (helper-call.h).
 *
 *      {"run": [argv…]}                          ->  a memory file with what it said on standard output
 *      {"open": "/dev/<…>", "writable": false}   ->  the open device
 */

#include <jansson.h>

#include "macro.h"

/* Runs a tool to its end in this process's own name. ret_fd: a memory file with its standard output; -EBADF where it failed. */
int lvm_run_here(const char *const *argv, int *ret_fd, sd_bus_error *error);
int lvm_open_here(const char *path, bool writable, int *ret_fd, sd_bus_error *error);
/* The same through rhv-lvm. */
int lvm_run_there(const char *socket_path, const char *const *argv, int *ret_fd, sd_bus_error *error);
/* In two steps (helper_begin()). Opening there has only these. */
int lvm_run_begin(const char *socket_path, const char *const *argv, int *ret_connection, sd_bus_error *error);
int lvm_run_end(int connection, int *ret_fd, sd_bus_error *error);
int lvm_open_there_begin(const char *socket_path, const char *path, bool writable, int *ret_connection, sd_bus_error *error);
int lvm_open_there_end(int connection, int *ret_fd, sd_bus_error *error);
/* rhv-lvm: does one request (helper_serve_t). */
int lvm_serve(const json_t *request, int fd, int *ret_fd, sd_bus_error *error);
