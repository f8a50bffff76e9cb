/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MeasureVolume on the bus: a look that takes seconds, for which the call waits. */

#include "measure-bus.h"

#include "bus-error.h"
#include "data-job-internal.h"
#include "data-measure.h"
#include "domain-bus.h"
#include "image-lock.h"
#include "manager.h"
#include "request.h"
#include "transfer-progress.h"

typedef struct MeasureCall {
        const char *image, *volume;
        VolumeFormat format;
} MeasureCall;

/* ---- in files ---- */

static int io_measure_volume(Io *io) {
        int r;

        r = io_data_plan(io);
        if (r < 0)
                return r;
        io->data->place = io->data->source = io->place;
        io->data->format = io->request.format;
        return io_data_measure(io);
}

static void on_measured(Task *task, Io *io, int r, const sd_bus_error *error) {
        _cleanup_json_ json_t *answer = r >= 0 ? data_measure_to_json(&io->measured) : NULL;

        if (r >= 0 && !answer)
                r = -ENOMEM;
        task_answer(task, r, error, dict_append, answer);
}

/* Only a look: beside the domain's lane, which a large image would keep for seconds. */
static int measure_later(Domain *domain, sd_bus_message *message, const MeasureCall *call, sd_bus_error *error) {
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
        memcpy(io->image, call->image, UUID_STRING_MAX);
        memcpy(io->volume, call->volume, UUID_STRING_MAX);
        io->data->kind = DATA_COPY;
        io->change.expected_generation = GENERATION_ANY;
        io->request.format = call->format;
        r = task_run(task, io, 0, DOMAIN_LONG_IO_USEC, on_measured, error);
        if (r < 0)
                task_fail(task, r, error);
        return 1;
}

/* ---- on devices ---- */

/* The service has no devices in its sandbox: a unit of its own looks, as for a data job, and the call waits for it. */
static void on_planned(Task *task, Io *io, int r, const sd_bus_error *error) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        Transfer *transfer = data_job_piece_ended(task);

        if (!transfer)
                return;
        if (r >= 0) {
                io->data->format = io->request.format;
                io->size_bytes = 0; /* nothing is written */
                r = data_job_note(transfer, io, &own);
                error = &own;
        }
        if (r < 0)
                transfer_end(transfer, r, error);
}

static int new_transfer(Domain *domain, sd_bus_message *message, const MeasureCall *call, Transfer **ret) {
        _cleanup_(transfer_freep) Transfer *transfer = NULL;
        char id[UUID_STRING_MAX];
        int r;

        r = uuid_generate(id);
        if (r >= 0)
                r = transfer_new(domain->manager, id, &transfer);
        if (r < 0)
                return r;
        transfer->kind = DATA_MEASURE;
        transfer->devices = true;
        transfer->request = (TransferRequest){.data = true};
        memcpy(transfer->request.domain, domain->place.id, UUID_STRING_MAX);
        memcpy(transfer->request.image, call->image, UUID_STRING_MAX);
        memcpy(transfer->request.volume, call->volume, UUID_STRING_MAX);
        r = transfer_name_unit(transfer);
        if (r < 0)
                return r;
        transfer->asked = operation_new(message);
        if (!transfer->asked)
                return -ENOMEM;
        *ret = TAKE_PTR(transfer);
        return 0;
}

static int check_free(const Domain *domain, const MeasureCall *call, sd_bus_error *error) {
        if (domain->manager->n_transfers >= TRANSFERS_MAX) {
                sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u transfers and data jobs are at work already; try again when one has ended",
                                  TRANSFERS_MAX);
                return -EAGAIN;
        }
        return image_lock_check(domain->manager->locks, domain->place.id, call->image, error);
}

static int measure_by_unit(Domain *domain, sd_bus_message *message, const MeasureCall *call, sd_bus_error *error) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL; /* told by the operation, once there is one */
        Transfer *transfer;
        Io *io;
        int r;

        r = check_free(domain, call, error);
        if (r < 0)
                return r;
        io = data_job_io(domain, "plan a measurement", io_data_plan, call->image, call->volume);
        if (io)
                io->data = calloc(1, sizeof(*io->data));
        if (!io || !io->data) {
                if (io)
                        io_free(io);
                return -ENOMEM;
        }
        io->data->kind = DATA_MEASURE;
        io->change.expected_generation = GENERATION_ANY;
        io->request.format = call->format;
        r = new_transfer(domain, message, call, &transfer);
        if (r < 0) {
                io_free(io);
                return r;
        }
        r = image_lock_take(&domain->manager->locks, domain->place.id, call->image, transfer->job, &own);
        if (r < 0)
                io_free(io);
        else
                r = data_job_run(transfer, domain, io, DOMAIN_IO_USEC, on_planned, &own);
        if (r < 0)
                transfer_end(transfer, r, &own);
        return 1;
}

void measure_answer(Transfer *transfer, int r, const sd_bus_error *error) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *answer = NULL;
        _cleanup_free_ char *text = NULL;
        DataMeasure measured;
        size_t size;

        if (r >= 0)
                r = transfer_read_file(transfer->directory, DATA_MEASURED_FILE, &text, &size);
        if (r >= 0) {
                answer = json_loadb(text, size, 0, NULL);
                r = data_measure_from_json(answer, &measured);
        }
        if (r >= 0)
                r = sd_bus_message_new_method_return(operation_message(transfer->asked), &reply);
        if (r >= 0)
                r = dict_append(reply, answer);
        if (r >= 0) {
                transfer->asked = operation_reply_message(transfer->asked, reply);
                return;
        }
        transfer->asked = operation_fail_errno(transfer->asked, r, error ?: &own);
}

/* ---- the call ---- */

int data_method_measure(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL;
        Domain *domain = userdata;
        MeasureCall call = {};
        int r;

        r = request_read_volume_ids(message, &call.image, &call.volume, error);
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
                       AUTH_DETAILS("verb", "measure-volume", "domain", domain->place.id, "name", domain->name, "image", call.image), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        call.format = volume_format_from_string(dict_string(options, "format", "raw"));
        return domain_type_is_block(domain->place.type) ? measure_by_unit(domain, message, &call, error) : measure_later(domain, message, &call, error);
}
