/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How much room what a guest sees at a volume would take in a volume of its own: `qemu-img measure`. */

#include <sys/mman.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "data-command.h"
#include "data-source.h"
#include "domain-bus.h"
#include "heir.h"
#include "manager.h"
#include "request.h"

#define MEASURE_BYTES_MAX (64 * (off_t)KIB)

static int read_answer(Io *io, int fd) {
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
        io->measured = (DataMeasure){
                        .required_bytes = (uint64_t)dict_integer(answer, "required", 0),
                        .fully_allocated_bytes = (uint64_t)dict_integer(answer, "fully-allocated", 0),
                        .bitmap_bytes = (uint64_t)dict_integer(answer, "bitmaps", 0),
        };
        return 0;
}

int io_data_measure(Io *io) {
        _cleanup_close_ int out = memfd_create("measure", MFD_CLOEXEC);
        _cleanup_(data_command_clear) DataCommand command = {};
        _cleanup_(data_paths_clear) DataPaths paths = {};
        int r;

        r = out < 0 ? -errno : data_source_find(io->data, &paths, &io->error);
        if (r >= 0)
                r = data_command_measure(io->data, (const char *const *)paths.of, geteuid() == 0, &command);
        if (r >= 0)
                r = heir_run_output(command.argv, "qemu-img measure", out, &io->error);
        return r < 0 ? r : read_answer(io, out);
}

static int io_measure_volume(Io *io) {
        int r;

        /* The service has no devices in its sandbox. */
        if (domain_type_is_block(io->place.type)) {
                sd_bus_error_set(&io->error, RHV_ERROR_NOT_SUPPORTED, "Volumes on block devices cannot be measured yet, only copied");
                return -EOPNOTSUPP;
        }
        r = io_data_plan(io);
        if (r < 0)
                return r;
        io->data->place = io->data->source = io->place;
        io->data->format = io->request.format;
        return io_data_measure(io);
}

static void on_measured(Task *task, Io *io, int r, const sd_bus_error *error) {
        _cleanup_json_ json_t *answer = NULL;

        if (r >= 0) {
                answer = json_pack("{s:I, s:I, s:I}", "required", (json_int_t)io->measured.required_bytes, "fully_allocated",
                                   (json_int_t)io->measured.fully_allocated_bytes, "bitmaps", (json_int_t)io->measured.bitmap_bytes);
                r = answer ? 0 : -ENOMEM;
        }
        task_answer(task, r, error, dict_append, answer);
}

/* Only a look: beside the domain's lane, which a large image would keep for seconds. */
static int measure_later(Domain *domain, sd_bus_message *message, const char *image, const char *volume, VolumeFormat format,
                         sd_bus_error *error) {
        Task *task = task_new(domain->manager, domain, message);
        Io *io = io_new("measure a volume", io_measure_volume, &domain->place);
        int r;

        if (io)
                io->data = calloc(1, sizeof(*io->data));
        if (!task || !io || !io->data) {
                if (io)
                        io_free(io);
                task_free(task);
                return task ? 1 : -ENOMEM;
        }
        memcpy(io->image, image, UUID_STRING_MAX);
        memcpy(io->volume, volume, UUID_STRING_MAX);
        io->data->kind = DATA_COPY;
        io->change.expected_generation = GENERATION_ANY;
        io->request.format = format;
        r = task_run(task, io, 0, DOMAIN_LONG_IO_USEC, on_measured, error);
        if (r < 0)
                task_fail(task, r, error);
        return 1;
}

int data_method_measure(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL;
        const char *image, *volume;
        Domain *domain = userdata;
        int r;

        r = request_read_volume_ids(message, &image, &volume, error);
        if (r >= 0)
                r = dict_read_checked(message, request_measure, "options", &options, error);
        if (r >= 0)
                r = domain_check_use(domain, DOMAIN_USE_READ, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        /* Everybody may look; what costs a process is for who may work with disks. */
        r = auth_check(domain->manager->auth, message, ACTION_OPERATE,
                       AUTH_DETAILS("verb", "measure-volume", "domain", domain->place.id, "name", domain->name, "image", image), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return measure_later(domain, message, image, volume, volume_format_from_string(dict_string(options, "format", "raw")), error);
}
