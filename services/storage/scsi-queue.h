/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For how long a SCSI disk, and a multipath device over several paths to one, goes on with I/O that is not answered. Pure: from what sysfs and multipathd
 * tell (block-queue.h gathers it).
 */

#include "io-queue.h"

#define SCSI_NEVER (-1) /* no end to it: "off" in sysfs */

typedef struct ScsiPath {
        int64_t timeout_sec; /* of a command */
        int64_t retries;     /* after which it fails; the kernel gives up after timeout x (retries + 1) in all. SCSI_NEVER: it does not */
        /* Of an iSCSI session. */
        bool iscsi;
        int64_t recovery_sec;      /* how long a lost session is waited for (node.session.timeo.replacement_timeout) */
        int64_t ping_interval_sec; /* how the loss is noticed; 0: only by a command that times out */
        int64_t ping_timeout_sec;
        /* Of a Fibre Channel port. */
        bool fibre_channel;
        int64_t fast_io_fail_sec; /* SCSI_NEVER: not set, dev_loss_sec counts */
        int64_t dev_loss_sec;
} ScsiPath;

/* The longer of: a disk that is there and answers nothing, and one whose transport is gone. Source: Linux, drivers/scsi/scsi_lib.c
 * (scsi_cmd_runtime_exceeced), scsi_transport_iscsi.c, scsi_transport_fc.c, libiscsi.c (nop-out). */
IoQueue io_queue_of_scsi(const ScsiPath *path);

/* paths: the longest of its paths. maps: what `multipathd show maps json` prints. device: as the kernel calls it ("dm-3"). config: what `multipathd show
 * config` prints. When no path is left multipathd repeats the look at them no_path_retry times, polling_interval apart, and only then I/O fails. Return: not
 * known where these texts do not tell. */
IoQueue io_queue_of_multipath(const IoQueue *paths, const char *maps, const char *device, const char *config);
