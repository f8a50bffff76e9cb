/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "data-sparsify-clusters.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>

#include "bus-error.h"
#include "clock-util.h"
#include "data-command.h"
#include "data-source.h"
#include "data-sparsify.h"
#include "data-tool.h"
#include "fault-point.h"
#include "heir.h"
#include "qcow2-header.h"
#include "qcow2-table.h"

/* Clusters that lie one behind the other are read at once. */
#define PIECE_BYTES (2 * MIB) /* at least as large as the largest cluster */
/* qemu-io takes no range of 2 GiB. */
#define RANGE_BYTES_MAX (1 * GIB)
/* Ranges that are told to one qemu-io; the table in which they come to be so many is looked at to its end. */
#define RANGES_MAX 4096U

typedef struct Clusters {
        const DataRun *run;
        const DataPaths *paths;
        int fd;
        Qcow2Table table;
        uint64_t read_bytes, begin_usec;
        uint8_t *l1, *l2; /* the table of tables; the one that is looked at */
        uint8_t *piece;   /* PIECE_BYTES */
        FILE *script;     /* what qemu-io is to do */
        unsigned n_ranges;
        uint64_t zero_from, zero_to; /* of the disk; they are in no range yet */
} Clusters;

static void clusters_clear(Clusters *clusters) {
        free(clusters->l1);
        free(clusters->l2);
        free(clusters->piece);
        if (clusters->script)
                (void) fclose(clusters->script);
}

static uint64_t cluster_bytes(const Clusters *clusters) {
        return UINT64_C(1) << clusters->table.cluster_bits;
}

static int read_at(const Clusters *clusters, uint64_t offset_bytes, void *to, size_t size, sd_bus_error *error) {
        for (size_t done = 0; done < size;) {
                const ssize_t n = pread(clusters->fd, (uint8_t *)to + done, size - done, (off_t)(offset_bytes + done));

                if (n < 0)
                        return bus_error_errno(error, -errno, "Cannot read volume %s", clusters->run->volume);
                if (n == 0) {
                        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "The image in volume %s goes on behind its end", clusters->run->volume);
                        return -EBADMSG;
                }
                done += (size_t)n;
        }
        return 0;
}

/* ---- qemu-io ---- */

static int new_script(Clusters *clusters) {
        _cleanup_close_ int fd = memfd_create("ranges", MFD_CLOEXEC);

        if (clusters->script)
                (void) fclose(clusters->script);
        clusters->n_ranges = 0;
        clusters->script = fd < 0 ? NULL : fdopen(fd, "r+");
        if (!clusters->script)
                return -errno;
        TAKE_FD(fd);
        return 0;
}

/* What of the zeroes is in the disk becomes a range. */
static int close_range_of(Clusters *clusters) {
        const uint64_t from = clusters->zero_from;
        const uint64_t to = clusters->zero_to < clusters->table.virtual_bytes ? clusters->zero_to : clusters->table.virtual_bytes;

        clusters->zero_from = clusters->zero_to;
        if (from >= to)
                return 0;
        clusters->n_ranges++;
        return fprintf(clusters->script, "write -q -z -u %" PRIu64 " %" PRIu64 "\n", from, to - from) < 0 ? -EIO : 0;
}

static int add_zeroes(Clusters *clusters, uint64_t from, uint64_t to) {
        int r = 0;

        if (from != clusters->zero_to || to - clusters->zero_from > RANGE_BYTES_MAX) {
                r = close_range_of(clusters);
                clusters->zero_from = from;
        }
        clusters->zero_to = to;
        return r;
}

static int run_tool(const Clusters *clusters, const DataCommand *command, const char *what, int input_fd, sd_bus_error *error) {
        const DataTool tool = {.argv = command->argv, .what = what, .lease_fd = clusters->run->lease_fd, .input_fd = input_fd};

        return data_tool_run(&tool, error);
}

static int drop_ranges(Clusters *clusters, sd_bus_error *error) {
        _cleanup_(data_command_clear) DataCommand command = {};
        int r;

        r = close_range_of(clusters);
        if (r < 0 || clusters->n_ranges == 0)
                return r;
        if (fflush(clusters->script) != 0 || lseek(fileno(clusters->script), 0, SEEK_SET) < 0)
                return -errno;
        r = data_command_zero(clusters->run->work, (const char *const *)clusters->paths->of, geteuid() == 0, &command);
        if (r >= 0)
                r = run_tool(clusters, &command, "qemu-io", fileno(clusters->script), error);
        FAULT_POINT("block-sparsify-dropped");
        return r < 0 ? r : new_script(clusters);
}

/* ---- looking ---- */

/* Of the table the n clusters from i on, which lie one behind the other. first: of the table on the disk, as everywhere here. */
static int look_at_data(Clusters *clusters, uint64_t first, uint64_t i, uint64_t n, uint64_t offset_bytes, sd_bus_error *error) {
        const uint64_t size = cluster_bytes(clusters);
        int r;

        r = read_at(clusters, offset_bytes, clusters->piece, (size_t)(n * size), error);
        clusters->read_bytes += n * size;
        for (uint64_t k = 0; r >= 0 && k < n; k++)
                if (data_is_zero(clusters->piece + k * size, (size_t)size))
                        r = add_zeroes(clusters, first + (i + k) * size, first + (i + k + 1) * size);
        return r;
}

/* How many entries from i on are of data that lie one behind the other, and fit into a piece. */
static uint64_t count_adjacent(const Clusters *clusters, uint64_t i, uint64_t offset_bytes) {
        const uint64_t size = cluster_bytes(clusters), most = PIECE_BYTES / size;
        uint64_t n = 1, next;

        while (n < most && i + n < qcow2_table_clusters(&clusters->table) &&
               qcow2_l2_cluster(clusters->l2 + (i + n) * QCOW2_ENTRY_BYTES, &next) == QCOW2_CLUSTER_DATA && next == offset_bytes + n * size)
                n++;
        return n;
}

static int look_at_table(Clusters *clusters, uint64_t first, sd_bus_error *error) {
        const uint64_t size = cluster_bytes(clusters), most = qcow2_table_clusters(&clusters->table), end = clusters->table.virtual_bytes;
        uint64_t n, offset_bytes;
        int r = 0;

        for (uint64_t i = 0; r >= 0 && i < most && first + i * size < end; i += n) {
                n = 1;
                switch (qcow2_l2_cluster(clusters->l2 + i * QCOW2_ENTRY_BYTES, &offset_bytes)) {
                case QCOW2_CLUSTER_NONE:
                        break;
                case QCOW2_CLUSTER_ZEROES:
                        r = add_zeroes(clusters, first + i * size, first + (i + 1) * size);
                        break;
                case QCOW2_CLUSTER_DATA:
                        n = count_adjacent(clusters, i, offset_bytes);
                        r = look_at_data(clusters, first, i, n, offset_bytes, error);
                        if (r >= 0)
                                r = data_sparsify_pause(clusters->run, clusters->begin_usec, clusters->read_bytes, first + i * size, end, error);
                        break;
                }
        }
        return r;
}

static int look_at_all(Clusters *clusters, sd_bus_error *error) {
        const uint64_t covered = qcow2_table_clusters(&clusters->table) << clusters->table.cluster_bits;
        int r;

        r = read_at(clusters, clusters->table.l1_offset_bytes, clusters->l1, clusters->table.l1_entries * (size_t)QCOW2_ENTRY_BYTES, error);
        for (uint32_t i = 0; r >= 0 && i < clusters->table.l1_entries; i++) {
                const uint64_t offset_bytes = qcow2_l1_offset(clusters->l1 + i * (size_t)QCOW2_ENTRY_BYTES);

                if (offset_bytes == 0)
                        continue;
                r = read_at(clusters, offset_bytes, clusters->l2, (size_t)cluster_bytes(clusters), error);
                if (r >= 0)
                        r = look_at_table(clusters, i * covered, error);
                if (r >= 0 && clusters->n_ranges >= RANGES_MAX)
                        r = drop_ranges(clusters, error);
        }
        return r < 0 ? r : drop_ranges(clusters, error);
}

/* ---- all of it ---- */

static int begin(Clusters *clusters, sd_bus_error *error) {
        _cleanup_(data_command_clear) DataCommand command = {};
        uint8_t bytes[QCOW2_HEADER_BYTES];
        int r;

        r = read_at(clusters, 0, bytes, sizeof(bytes), error);
        if (r >= 0)
                r = qcow2_table_read(bytes, sizeof(bytes), &clusters->table, error);
        if (r >= 0)
                r = data_command_repair(clusters->run->work, (const char *const *)clusters->paths->of, geteuid() == 0, &command);
        if (r >= 0)
                r = run_tool(clusters, &command, "qemu-img check", SPAWN_NULL, error);
        if (r < 0)
                return r;
        FAULT_POINT("block-sparsify-checked");
        clusters->l1 = malloc(clusters->table.l1_entries * (size_t)QCOW2_ENTRY_BYTES + 1);
        clusters->l2 = malloc((size_t)cluster_bytes(clusters));
        clusters->piece = malloc(PIECE_BYTES);
        return clusters->l1 && clusters->l2 && clusters->piece ? new_script(clusters) : -ENOMEM;
}

int data_sparsify_clusters(const DataRun *run, int fd, sd_bus_error *error) {
        _cleanup_(data_paths_clear) DataPaths paths = {};
        _cleanup_(clusters_clear) Clusters clusters = {.run = run, .paths = &paths, .fd = fd, .begin_usec = monotonic_usec()};
        int r;

        r = data_source_find(run->work, &paths, error);
        if (r >= 0)
                r = begin(&clusters, error);
        return r < 0 ? r : look_at_all(&clusters, error);
}
