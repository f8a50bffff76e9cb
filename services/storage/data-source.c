/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "data-source.h"

#include "bus-error.h"
#include "data-command.h"
#include "qcow2-header.h"

void data_paths_clear(DataPaths *paths) {
        for (size_t i = 0; i < paths->n; i++)
                free(paths->of[i]);
}

static int bad_member(const char *volume, const char *why, sd_bus_error *error) {
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "Volume %s %s", volume, why);
        return -EBADMSG;
}

int data_member_check(const char *volume, VolumeFormat format, const uint8_t *bytes, size_t size, sd_bus_error *error) {
        _cleanup_error_ sd_bus_error why = SD_BUS_ERROR_NULL;
        Qcow2Facts facts;
        int r;

        if (format != VOLUME_FORMAT_QCOW2)
                return 0;
        r = qcow2_header_read(bytes, size, &facts, &why);
        if (r < 0) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "Volume %s: %s", volume, why.message);
                return r;
        }
        if (facts.data_file)
                return bad_member(volume, "keeps its data in another file", error);
        if (facts.encrypted)
                return bad_member(volume, "is encrypted", error);
        if (facts.corrupt)
                return bad_member(volume, "is marked corrupt", error);
        if (facts.virtual_bytes > VOLUME_CAPACITY_MAX)
                return bad_member(volume, "claims to hold a larger disk than there can be", error);
        return facts.unknown_features ? bad_member(volume, "uses features this service does not know", error) : 0;
}

static int check_source(const DataWork *work, const DataNode *node, sd_bus_error *error) {
        const StorageLayout *source = work->source.type->layout;
        uint8_t bytes[DATA_SOURCE_BYTES];
        _cleanup_close_ int fd = -EBADF;
        ssize_t n;
        int r;

        r = source->volume_open(&work->source, node->image, node->volume, false, &fd, error);
        if (r < 0)
                return r;
        n = pread(fd, bytes, sizeof(bytes), 0);
        if (n < 0)
                return bus_error_errno(error, -errno, "Cannot read volume %s", node->volume);
        return work->source_format[0] ? data_source_check(work->source_format, bytes, (size_t)n, error)
                                      : data_member_check(node->volume, node->format, bytes, (size_t)n, error);
}

int data_source_find(const DataWork *work, DataPaths *ret, sd_bus_error *error) {
        int r;

        for (size_t i = 0; i < work->n_chain; i++) {
                const DataNode *node = &work->chain[i];

                r = check_source(work, node, error);
                if (r < 0)
                        return r;
                ret->of[i] = work->source.type->layout->volume_path(&work->source, node->image, node->volume);
                if (!ret->of[i])
                        return -ENOMEM;
                ret->n++;
        }
        return 0;
}
