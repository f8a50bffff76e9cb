/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How the service asks a helper that may do what its own sandbox does not allow (rhv-lvm, rhv-iscsi): systemd starts the helper for each connection to a
 * socket only root may use; one request, one answer, and it ends. Or it stays for a while, with a process for each connection (helper-server.c).
 *
 *      request: a JSON object, with at most one file descriptor
 *      answer:  {"r": 0} and at most one file descriptor, or {"r": -errno, "error": name, "message": text}
 *
 * Every function blocks and belongs in a worker thread, or in the helper.
 */

#include <jansson.h>

#include "macro.h"

#define HELPER_PACKET_BYTES (160 * KIB)

/* name: of the helper, for messages. request: taken, may be NULL: no memory. pass_fd: borrowed; -EBADF: none. ret_fd: what came with the answer; NULL where nothing
 * is expected. Return: 0, or negative with BackendUnavailable or the helper's own error set. */
int helper_ask(const char *socket_path, const char *name, json_t *request, int pass_fd, int *ret_fd, sd_bus_error *error);

/* The same in two steps, for who does not wait for ever. begin: ret is the connection, its answer is there when it can be read. end: takes connection and blocks until then. */
int helper_begin(const char *socket_path, const char *name, json_t *request, int pass_fd, int *ret, sd_bus_error *error);
int helper_end(int connection, const char *name, int *ret_fd, sd_bus_error *error);

/* The memory file that came with an answer, whole. ret: new, with a NUL behind it. Return: 0; -EFBIG beyond max_bytes, or another negative errno. */
int helper_read(int fd, size_t max_bytes, char **ret, size_t *ret_size);

/* request, fd: borrowed; fd is -EBADF where none came. ret_fd: -EBADF, or what goes with the answer; taken. Return: 0, or negative: -EBADMSG is what the helper does not
 * do. */
typedef int (*helper_serve_t)(const json_t *request, int fd, int *ret_fd, sd_bus_error *error);
/* A helper's whole main(): the connection is standard input, and its other end must be root's. Return: the exit status. */
int helper_main(const char *name, helper_serve_t serve);
/* The same of a helper that systemd gives the listening socket. limit_usec: as long a request may take; then its processes get SIGTERM. */
int helper_server_main(const char *name, helper_serve_t serve, uint64_t limit_usec);
