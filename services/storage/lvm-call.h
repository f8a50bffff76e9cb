/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the service asks of rhv-lvm, over a sequenced-packet socket: one request, one answer.
 *
 *      {"run": [argv…]}                          ->  {"r": 0} and a memory file with what it said on standard output
 *      {"open": "/dev/<…>", "writable": false}   ->  {"r": 0} and the open device
 *      anything that fails                       ->  {"r": -errno, "error": name, "message": text}
 */

#include "macro.h"

#define LVM_PACKET_BYTES (64 * KIB)

/* Runs a tool to its end in this process's own name. ret_fd: a memory file with its standard output; -EBADF where it failed. */
int lvm_run_here(const char *const *argv, int *ret_fd, sd_bus_error *error);
int lvm_open_here(const char *path, bool writable, int *ret_fd, sd_bus_error *error);
/* The same through rhv-lvm. */
int lvm_run_there(const char *socket_path, const char *const *argv, int *ret_fd, sd_bus_error *error);
int lvm_open_there(const char *socket_path, const char *path, bool writable, int *ret_fd, sd_bus_error *error);
/* rhv-lvm: reads a request from fd, does it, answers. Return: 0 when an answer was sent. */
int lvm_serve(int fd);
