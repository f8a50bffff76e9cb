/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The edge to LVM: its commands, and the devices of logical volumes. Every function blocks and belongs in a worker thread.
 *
 * Each command is told the devices it may look at: no other disk of this host is scanned, and nothing that a guest put inside its volumes. A
 * process with the privilege (rhv-structural of a block domain) runs LVM itself; the service, whose sandbox has no devices, asks rhv-lvm
 * (lvm-helper.c) over a socket: one connection for each command, opened devices come back as file descriptors.
 */

#include "lvm-report.h"

/* Commands end; a hung device hangs them. */
#define LVM_ARGUMENTS_MAX 2560U

/* rhv-lvm.socket. Only root may connect. */
#define LVM_SOCKET_PATH "/run/rhv/lvm"
/* Where rhv-lvm listens; NULL (the start): LVM is run here. The string is kept. */
void lvm_use_helper(const char *socket_path);

/* devices: absolute paths between commas. group: NULL for all on these devices. Return: 0; negative with BackendFailed, NotFound, … set. */
int lvm_groups(const char *devices, const char *group, LvmGroups *ret, sd_bus_error *error);
int lvm_volumes(const char *devices, const char *group, LvmVolumes *ret, sd_bus_error *error);
int lvm_devices(const char *devices, LvmDevices *ret, sd_bus_error *error);
/* The same; of several with one id of LVM each. */
int lvm_devices_all(const char *devices, LvmDevices *ret, sd_bus_error *error);
/* Where volumes lie, of all groups on these devices. */
int lvm_segments(const char *devices, LvmSegments *ret, sd_bus_error *error);

/* All devices in two steps, for who does not wait for ever: ret_connection can be read when the answer is there; end takes it. Only where rhv-lvm is asked. */
int lvm_devices_begin(const char *devices, int *ret_connection, sd_bus_error *error);
int lvm_devices_end(int connection, LvmDevices *ret, sd_bus_error *error);

/* arguments: the command and its own, NULL at the end. What ends well has happened. */
int lvm_command(const char *devices, const char *const *arguments, sd_bus_error *error);
/* words, then group/name for each of names; both have NULL at the end. Nothing to do where there are no names. */
int lvm_change(const char *devices, const char *group, const char *const *words, const char *const *names, sd_bus_error *error);
/* A tool of LVM's neighbourhood that works on one device: mke2fs. */
int lvm_tool(const char *const *argv, sd_bus_error *error);
/* What multipathd says of its maps ("show maps json") and of its configuration ("show config"). Return: 0 and two new strings, or negative where it does
 * not run. */
int multipath_ask(char **ret_maps, char **ret_config);
/* The first of these, for who does not wait longer than usec. Return: 0 and a new string, -ETIMEDOUT, or another negative errno. */
int multipath_maps(uint64_t usec, char **ret);
/* On this host: makes the named volumes of group usable, as large as they are now. names: NULL at the end. */
int lvm_activate(const char *devices, const char *group, const char *const *names, sd_bus_error *error);
int lvm_deactivate(const char *devices, const char *group, const char *const *names, sd_bus_error *error);

/* They are gone, whatever is in them. */
int lvm_remove(const char *devices, const char *group, const char *const *names, sd_bus_error *error);

/* An active volume, with direct I/O. name: NULL for the device named group itself (an absolute path). Return: a file descriptor. */
int lvm_open(const char *group, const char *name, bool writable, sd_bus_error *error);
/* The same in two steps, with something else done between them. end: must follow where begin succeeded. */
typedef struct LvmOpening {
        int connection; /* to rhv-lvm */
        int fd;         /* where it was opened here */
} LvmOpening;
int lvm_open_begin(const char *group, const char *name, bool writable, LvmOpening *ret, sd_bus_error *error);
int lvm_open_end(LvmOpening *opening, sd_bus_error *error);

/* Gives up direct I/O on it. The kernel forgets what it cached of a block device when the last that has it open closes it. */
int lvm_buffered(int fd);

/* "/dev/<group>/<name>". Return: new string, NULL when out of memory. */
char *lvm_path(const char *group, const char *name);
