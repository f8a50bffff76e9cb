/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "data-measure.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "data-command.h"
#include "data-source.h"
#include "dict.h"
#include "heir.h"

#define MEASURE_BYTES_MAX (64 * (off_t)KIB)

static int read_answer(int fd, DataMeasure *ret) {
        _cleanup_json_ json_t *answer = NULL;
        _cleanup_free_ char *text = NULL;
        struct stat st;

        if (fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > MEASURE_BYTES_MAX)
                return -EBADMSG;
        text = malloc((size_t)st.st_size);
        if (!text)
                return -ENOMEM;
        if (pread(fd, text, (size_t)st.st_size, 0) != st.st_size)
                return -EIO;
        answer = json_loadb(text, (size_t)st.st_size, 0, NULL);
        if (!json_is_integer(json_object_get(answer, "required")) || !json_is_integer(json_object_get(answer, "fully-allocated")))
                return -EBADMSG;
        *ret = (DataMeasure){
                        .required_bytes = (uint64_t)dict_integer(answer, "required", 0),
                        .fully_allocated_bytes = (uint64_t)dict_integer(answer, "fully-allocated", 0),
                        .bitmap_bytes = (uint64_t)dict_integer(answer, "bitmaps", 0),
        };
        return 0;
}

int data_measure(const DataWork *work, DataMeasure *ret, sd_bus_error *error) {
        _cleanup_close_ int out = memfd_create("measure", MFD_CLOEXEC);
        _cleanup_(data_command_clear) DataCommand command = {};
        _cleanup_(data_paths_clear) DataPaths paths = {};
        int r;

        r = out < 0 ? -errno : data_source_find(work, &paths, error);
        if (r >= 0)
                r = data_command_measure(work, (const char *const *)paths.of, geteuid() == 0, &command);
        if (r >= 0)
                r = heir_run_output(command.argv, "qemu-img measure", out, error);
        return r < 0 ? r : read_answer(out, ret);
}

int io_data_measure(Io *io) {
        return data_measure(io->data, &io->measured, &io->error);
}

json_t *data_measure_to_json(const DataMeasure *measured) {
        return json_pack("{s:I, s:I, s:I}", "required", (json_int_t)measured->required_bytes, "fully_allocated",
                         (json_int_t)measured->fully_allocated_bytes, "bitmaps", (json_int_t)measured->bitmap_bytes);
}

int data_measure_from_json(const json_t *object, DataMeasure *ret) {
        json_int_t required, fully_allocated, bitmaps;

        if (json_unpack((json_t *)object, "{s:I, s:I, s:I}", "required", &required, "fully_allocated", &fully_allocated, "bitmaps", &bitmaps) < 0 ||
            required < 0 || fully_allocated < 0 || bitmaps < 0)
                return -EBADMSG;
        *ret = (DataMeasure){.required_bytes = (uint64_t)required, .fully_allocated_bytes = (uint64_t)fully_allocated, .bitmap_bytes = (uint64_t)bitmaps};
        return 0;
}
