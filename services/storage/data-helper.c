/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * rhv-data DIRECTORY: one data job on a volume (data-work.h). Started by org.rhv.Storage as the unit rhv-data-<job>.service.
 *
 *      lease (shared domains) ──> data-steps.h ──> "result" ──> "settled" ──> exit
 *
 * Tools inherit the connection to sanlock: the lease lasts as long as the last of them, whatever becomes of the service. Where it is lost,
 * sanlock kills the whole unit.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "data-measure.h"
#include "data-steps.h"
#include "data-tool.h"
#include "heir.h"
#include "log.h"
#include "lvm.h"
#include "transfer-progress.h"
#include "transfer-request.h"
#include "volume-lease.h"

typedef struct Progress {
        uint64_t total_bytes;
        int fd, last;
} Progress;

static void on_progress(int per_mille, void *userdata) {
        Progress *progress = userdata;
        const TransferProgress now = {
                        .done_bytes = progress->total_bytes / 1000 * (uint64_t)per_mille,
                        .total_bytes = progress->total_bytes,
        };
        char text[TRANSFER_PROGRESS_BYTES + 1];

        if (per_mille == progress->last)
                return;
        progress->last = per_mille;
        transfer_progress_format(&now, text);
        if (pwrite(progress->fd, text, TRANSFER_PROGRESS_BYTES, 0) < 0)
                log_debug_errno(-errno, "Progress cannot be written");
}

static int write_result(const char *directory, uint64_t bytes, int r, const sd_bus_error *error) {
        const TransferResult result = {
                        .touched = true,
                        .done_bytes = r < 0 ? 0 : bytes,
                        .error_name = r < 0 ? (char *)(error->name ?: RHV_ERROR_BACKEND_FAILED) : NULL,
                        .error_message = r < 0 ? (char *)(error->message ?: strerror(-r)) : NULL,
        };
        _cleanup_free_ char *text = transfer_result_format(&result);

        return text ? transfer_write_file(directory, "result", text) : -ENOMEM;
}

static int measure(const char *directory, const DataWork *data, sd_bus_error *error) {
        _cleanup_json_ json_t *answer = NULL;
        _cleanup_free_ char *text = NULL;
        DataMeasure measured = {};
        int r;

        r = data_measure(data, &measured, error);
        if (r < 0)
                return r;
        answer = data_measure_to_json(&measured);
        text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
        return text ? transfer_write_file(directory, DATA_MEASURED_FILE, text) : -ENOMEM;
}

static int work(const char *directory, const TransferRequest *request, DataWork *data, sd_bus_error *error) {
        _cleanup_close_ int directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), lease = -EBADF, fd = -EBADF;
        Progress progress = {.total_bytes = data->capacity_bytes, .last = -1};
        DataRun run = {
                        .work = data,
                        .image = request->image,
                        .volume = request->volume,
                        .generation = request->generation,
                        .lease_fd = SPAWN_INHERIT,
                        .progress = on_progress,
                        .userdata = &progress,
        };

        fd = directory_fd < 0 ? -errno : openat(directory_fd, "progress", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        progress.fd = fd;
        if (data->kind == DATA_MEASURE) /* only a look */
                return measure(directory, data, error);
        if (domain_has_leases(&data->place) && data->kind != DATA_WIPE) {
                lease = volume_lease_take(&data->place, request->image, request->volume, error);
                if (lease < 0)
                        return lease;
                run.lease_fd = lease;
        }
        return data_run(&run, error);
}

static int run_job(const char *directory) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(data_work_clear) DataWork data = {};
        TransferRequest request;
        int r;

        r = transfer_request_load(directory, &request);
        if (r >= 0)
                r = data_work_load(directory, &data);
        if (r >= 0)
                r = data_tool_prepare();
        if (r < 0)
                return log_error_errno(r, "Cannot read what to do from %s", directory);
        r = work(directory, &request, &data, &error);
        if (r < 0)
                log_warning_errno(r, "The job failed: %s", error.message ?: "");
        if (write_result(directory, data.capacity_bytes, r, &error) < 0)
                return -EIO;
        return r < 0 ? r : transfer_write_file(directory, TRANSFER_SETTLED_FILE, "");
}

int main(int argc, char **argv) {
        log_open("rhv-data");
        if (argc != 2) {
                fputs("usage: rhv-data DIRECTORY, started by org.rhv.Storage\n", stderr);
                return 2;
        }
        lvm_use_helper(LVM_SOCKET_PATH);
        (void) umask(0022);
        return run_job(argv[1]) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
