/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Bytes between a volume and a file descriptor somebody handed over: the inside of rhv-transfer, which runs as a unit
 * of its own with two open files and no way to any other.
 *
 * Uploading writes with direct I/O in pieces of 1 MiB and leaves out zeroes where the volume is sparse. What was
 * announced must come: fewer bytes are Truncated, more are BadFormat, silence is Timeout, and a volume that does not
 * end complete gives its room back.
 */

#include <signal.h>

#include "storage-word.h"

/* A sender or receiver that moves nothing for so long is gone. */
#define TRANSFER_IDLE_USEC (60 * USEC_PER_SEC)
#define TRANSFER_PIECE_BYTES (1 * MIB)

typedef struct TransferCopy TransferCopy;
struct TransferCopy {
        /* What is asked for. */
        bool upload;
        int source_fd, sink_fd; /* one of them is the volume */
        VolumeFormat format;
        VolumeAllocation allocation;
        uint64_t capacity_bytes;
        uint64_t size_bytes; /* announced by the sender, or the length of the volume's file */
        uint64_t idle_usec;  /* 0: TRANSFER_IDLE_USEC */
        /* Called before the first change (touched still false) and as bytes move. */
        int (*progress)(const TransferCopy *copy, void *userdata);
        void *userdata;

        /* What has happened. */
        bool touched;
        bool device; /* the volume is a block device: of one size, and full of what was there before */
        uint64_t done_bytes;
};

/* Set from a signal handler: stop as soon as possible with Aborted. */
extern volatile sig_atomic_t transfer_stop;

/* Return: 0, or negative with a named error set. */
int transfer_upload(TransferCopy *copy, sd_bus_error *error);
int transfer_download(TransferCopy *copy, sd_bus_error *error);
/* After a failed upload: the room a sparse volume took is given back. */
void transfer_give_back(const TransferCopy *copy);

/* Runs qemu-img info and check on the qcow2 image in fd. Return: 0, or negative with BadFormat or BackendFailed set.
 */
int transfer_verify_qcow2(int fd, uint64_t capacity_bytes, sd_bus_error *error);
/* Where the qcow2 image in the device fd ends, in bytes: behind it is what was on the device before. Return: likewise. */
int transfer_find_end(int fd, uint64_t capacity_bytes, uint64_t *ret, sd_bus_error *error);
