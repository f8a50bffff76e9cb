/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * qemu-img's and qemu-io's command lines for data jobs, and the progress it tells. Pure. Source of the options: VDSM, lib/vdsm/storage/qemuimg.py.
 *
 * A source is given as a whole tree of nodes, each file by its path and each backing file by its node: what an image says of its backing file
 * is not looked at.
 */

#include "data-work.h"
#include "qemu-img.h"

typedef struct DataCommand {
        const char *argv[QEMU_IMG_ARGUMENTS_MAX];
        char *source; /* "json:…" */
        char *target; /* path */
        char numbers[2][24];
} DataCommand;
void data_command_clear(DataCommand *command);

/* paths: of the chain's files, n_chain of them; target: of the volume. privileged: as for qemu_img_create(). Return: 0 or -ENOMEM. */
int data_command_copy(const DataWork *work, const char *const *paths, const char *target, bool privileged, DataCommand *ret);
int data_command_merge(const DataWork *work, const char *const *paths, bool privileged, DataCommand *ret);
/* Of a qcow2 volume, which is the chain's first. */
int data_command_resize(const DataWork *work, const char *const *paths, bool privileged, DataCommand *ret);
/* `qemu-img info` of a foreign source. */
int data_command_info(const DataWork *work, const char *const *paths, bool privileged, DataCommand *ret);
/* How much room the chain needs as a volume of format: `qemu-img measure`. */
int data_command_measure(const DataWork *work, const char *const *paths, bool privileged, DataCommand *ret);
/* `qemu-img check` of the chain's first volume alone. */
int data_command_check(const DataWork *work, const char *const *paths, bool privileged, DataCommand *ret);
/* The same, and clusters that belong to nobody are given back. */
int data_command_repair(const DataWork *work, const char *const *paths, bool privileged, DataCommand *ret);
/* qemu-io, which reads on its standard input what it is to do to that volume alone. Of clusters that it takes out of an image the storage is told. */
int data_command_zero(const DataWork *work, const char *const *paths, bool privileged, DataCommand *ret);
/* Only the name in the header of child: base, of format, is its backing file from now on. child: a path. */
int data_command_rebase(const char *child, const char *base, VolumeFormat format, bool privileged, DataCommand *ret);

/* Part per mille in what qemu-img printed last: "    (12.34/100%)\r". -1: nothing there yet. */
int data_progress_parse(const char *text);

/* The first bytes of a foreign image: does it keep all its data in the one file? Only that is taken. format: of data_source_formats.
 * Return: 0, or -EBADMSG with BadFormat set. */
int data_source_check(const char *format, const void *bytes, size_t size, sd_bus_error *error);
#define DATA_SOURCE_BYTES 4096U
