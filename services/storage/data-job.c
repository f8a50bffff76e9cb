/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "data-job.h"

#include <stdio.h>

#include "bus-error.h"
#include "config.h"
#include "data-job-internal.h"
#include "log.h"
#include "manager.h"
#include "transfer-progress.h"
#include "wipe-job.h"

static const char data_program[] = RHV_LIBEXEC_DIR "/rhv-data";

Io *data_job_io(const Domain *domain, const char *name, int (*run)(Io *), const char *image, const char *volume) {
        Io *io = io_new(name, run, &domain->place);

        if (!io)
                return NULL;
        memcpy(io->image, image, UUID_STRING_MAX);
        memcpy(io->volume, volume, UUID_STRING_MAX);
        return io;
}

int data_job_run(Transfer *transfer, Domain *domain, Io *io, uint64_t deadline_usec, task_then_t then, sd_bus_error *error) {
        _cleanup_(task_freep) Task *task = task_new(transfer->manager, domain, NULL);
        int r;

        if (!task) {
                io_free(io);
                return -ENOMEM;
        }
        (void) snprintf(task->user, sizeof(task->user), "%s", transfer->job);
        r = task_run(task, io, domain->lane, deadline_usec, then, error);
        if (r >= 0)
                TAKE_PTR(task);
        return r;
}

int data_job_run_structural(Transfer *transfer, Domain *domain, Io *io, task_then_t then, sd_bus_error *error) {
        int r;

        r = domain_structural(domain, io);
        if (r < 0) {
                io_free(io);
                return r;
        }
        return data_job_run(transfer, domain, io, DOMAIN_LONG_IO_USEC, then, error);
}

Domain *data_job_domain(const Transfer *transfer, sd_bus_error *error) {
        Domain *domain = domain_find(transfer->manager, transfer->request.domain);

        if (!domain)
                sd_bus_error_set(error, RHV_ERROR_ABORTED, "The storage domain was closed");
        return domain;
}

Transfer *data_job_piece_ended(Task *task) {
        Transfer *transfer = transfer_find(task->manager, task->user);

        task_free(task);
        return transfer;
}

/* ---- the unit ---- */

static void start_unit(Transfer *transfer) {
        const char *argv[] = {data_program, transfer->directory, NULL};
        _cleanup_free_ char *description = NULL;
        /* The rest of the sandbox is in units/rhv-data-.service.d, rhv-data-block-.service.d. */
        UnitSpec spec = {.name = transfer->unit, .slice = "rhv-data.slice", .argv = argv};
        int r = -ECANCELED;

        if (!transfer->cancelled) {
                r = asprintf(&description, "RHV %s of disk %s", data_kind_to_string(transfer->kind), transfer->request.image);
                if (r < 0)
                        description = NULL;
                spec.description = description ?: "RHV data job";
                r = transfer_start_unit(transfer, &spec);
        }
        if (r < 0)
                transfer_conclude(transfer);
        else
                transfer_start_polling(transfer->manager);
}

static int finish(Transfer *transfer, Domain *domain, int (*run)(Io *), const char *volume, int r, const sd_bus_error *error);

static void on_made(Task *task, Io *io, int r, const sd_bus_error *error) {
        Transfer *transfer = data_job_piece_ended(task);
        Domain *domain;

        if (!transfer)
                return;
        if (r >= 0) {
                start_unit(transfer);
                return;
        }
        /* Who made it was cut off, maybe at the very end; the lease may be held on. */
        domain = data_job_domain(transfer, NULL);
        if (r == -ECONNABORTED && domain && finish(transfer, domain, io_data_undo, transfer->request.volume, r, error) >= 0)
                return;
        transfer_end(transfer, r, error);
}

/* With the places it borrows. */
static void take_data(Io *io, Io *noted) {
        io->source = noted->source;
        noted->source = (DomainPlace){};
        io->data = TAKE_PTR(noted->data);
        io->data->place = io->place;
        io->data->source = io->source;
}

/* Takes the note's data where the new volume must be given its room. */
static int make_copy(Transfer *transfer, Io *noted, sd_bus_error *error) {
        Domain *domain = data_job_domain(transfer, error);
        Io *io;

        if (!domain)
                return -ECANCELED;
        io = data_job_io(domain, "make a volume", io_volume_make, transfer->request.image, transfer->request.volume);
        if (!io)
                return -ENOMEM;
        io->request = noted->request;
        if (domain->place.type->layout->volume_grow && io->request.allocation == VOLUME_ALLOCATION_SPARSE)
                take_data(io, noted);
        return data_job_run_structural(transfer, domain, io, on_made, error);
}

static void on_noted(Task *task, Io *io, int r, const sd_bus_error *error) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        Transfer *transfer = data_job_piece_ended(task);

        if (!transfer)
                return;
        if (r >= 0 && transfer->kind == DATA_COPY) {
                r = make_copy(transfer, io, &own);
                if (r >= 0)
                        return;
                error = &own;
        }
        if (r < 0)
                transfer_end(transfer, r, error);
        else
                start_unit(transfer);
}

/* ---- plan and note ---- */

/* What the plan found goes to the domain that is written. */
int data_job_note(Transfer *transfer, Io *plan, sd_bus_error *error) {
        Domain *domain = data_job_domain(transfer, error);
        Io *io;

        if (!domain)
                return -ECANCELED;
        io = data_job_io(domain, "note a job", io_data_note, transfer->request.image, transfer->request.volume);
        if (!io)
                return -ENOMEM;
        io->data = TAKE_PTR(plan->data);
        io->request = plan->request;
        io->size_bytes = plan->size_bytes;
        io->record.metadata.generation = transfer->request.generation;
        io->directory = strdup(transfer->directory);
        if (!io->directory || domain_place_copy(&io->source, &plan->place) < 0) {
                io_free(io);
                return -ENOMEM;
        }
        return data_job_run(transfer, domain, io, DOMAIN_IO_USEC, on_noted, error);
}

/* ---- room ---- */

static void on_grown(Task *task, Io *io, int r, const sd_bus_error *error) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        Transfer *transfer = data_job_piece_ended(task);

        if (!transfer)
                return;
        if (r >= 0) {
                /* A raw disk is as large as its device. */
                if (io->data->format == VOLUME_FORMAT_RAW)
                        transfer->size_bytes = io->data->capacity_bytes = io->plan.metadata.capacity_bytes;
                io->size_bytes = 0; /* it has its room */
                r = data_job_note(transfer, io, &own);
                error = &own;
        }
        if (r < 0)
                transfer_end(transfer, r, error);
}

/* The volume gets room first. Cut off here, nothing but that has happened, and the same job finds it done. */
static int grow(Transfer *transfer, Io *plan, sd_bus_error *error) {
        Domain *domain = data_job_domain(transfer, error);
        Io *io;

        if (!domain)
                return -ECANCELED;
        io = data_job_io(domain, "make a volume larger", io_volume_grow, transfer->request.image, transfer->request.volume);
        if (!io)
                return -ENOMEM;
        io->data = TAKE_PTR(plan->data);
        io->data->place = io->data->source = io->place;
        io->size_bytes = plan->grow_bytes;
        return data_job_run_structural(transfer, domain, io, on_grown, error);
}

static void on_planned(Task *task, Io *io, int r, const sd_bus_error *error) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        Transfer *transfer = data_job_piece_ended(task);
        Job *job;

        if (!transfer)
                return;
        if (r >= 0) {
                if (transfer->kind == DATA_COPY) {
                        io->request.capacity_bytes = io->data->capacity_bytes;
                        io->data->format = io->request.format;
                        io->data->allocation = io->request.allocation;
                } else {
                        memcpy(transfer->request.volume, io->record.id, UUID_STRING_MAX);
                        transfer->request.generation = io->record.metadata.generation;
                }
                transfer->size_bytes = io->data->capacity_bytes;
                job = job_find(transfer->manager->jobs, transfer->job);
                if (job)
                        job_set_progress(job, 0, transfer->size_bytes);
                r = io->grow_bytes > 0 ? grow(transfer, io, &own) : data_job_note(transfer, io, &own);
                error = &own;
        }
        if (r < 0)
                transfer_end(transfer, r, error);
}

static DataWork *new_work(const DataRequest *request) {
        DataWork *work = calloc(1, sizeof(*work));

        if (!work)
                return NULL;
        work->kind = request->kind;
        work->capacity_bytes = request->make ? request->make->capacity_bytes : request->capacity_bytes;
        work->share = request->share;
        work->wipe = request->wipe;
        work->discard = request->discard;
        work->bandwidth = request->bandwidth;
        work->source_bytes = request->source_bytes;
        (void) snprintf(work->source_format, sizeof(work->source_format), "%s", request->source_format);
        return work;
}

static void set_request(Transfer *transfer, const Domain *domain, const DataRequest *request) {
        const Domain *target = request->target ?: domain;

        transfer->kind = request->kind;
        transfer->wipe = request->wipe;
        transfer->discard = request->discard;
        transfer->devices = domain_type_is_block(domain->place.type) || domain_type_is_block(target->place.type);
        transfer->request = (TransferRequest){.upload = true, .data = true, .leased = target->lease};
        memcpy(transfer->request.domain, target->place.id, UUID_STRING_MAX);
        if (request->make) {
                memcpy(transfer->request.image, request->make->image, UUID_STRING_MAX);
                memcpy(transfer->request.volume, request->make->volume, UUID_STRING_MAX);
                memcpy(transfer->source_domain, domain->place.id, UUID_STRING_MAX);
                memcpy(transfer->source_image, request->image, UUID_STRING_MAX);
                return;
        }
        memcpy(transfer->request.image, request->image, UUID_STRING_MAX);
        memcpy(transfer->request.volume, request->volume, UUID_STRING_MAX);
        if (request->kind == DATA_MERGE)
                memcpy(transfer->merged, request->volume, UUID_STRING_MAX);
}

int data_job_start(Domain *domain, Job *job, const DataRequest *request, sd_bus_error *error) {
        _cleanup_(transfer_freep) Transfer *transfer = NULL;
        Io *io;
        int r;

        r = transfer_new(domain->manager, job_id(job), &transfer);
        if (r < 0)
                return r;
        set_request(transfer, domain, request);
        r = transfer_name_unit(transfer);
        if (r < 0)
                return r;
        io = data_job_io(domain, "plan a job", io_data_plan, request->image, request->volume);
        if (!io)
                return -ENOMEM;
        io->change.expected_generation = request->generation;
        if (request->make)
                io->request = *request->make;
        io->data = new_work(request);
        if (!io->data) {
                io_free(io);
                return -ENOMEM;
        }
        r = data_job_run(transfer, domain, io, DOMAIN_IO_USEC, on_planned, error);
        if (r < 0)
                return r;
        job_adopt(job, transfer_cancel, transfer);
        job_start(job);
        TAKE_PTR(transfer);
        return 0;
}

/* ---- the end ---- */

static void on_finished(Task *task, Io *io, int r, const sd_bus_error *error) {
        const int failure = task->failure_r;
        _cleanup_error_ sd_bus_error before = SD_BUS_ERROR_NULL;
        Transfer *transfer;
        Domain *domain;

        (void) sd_bus_error_move(&before, &task->failure);
        transfer = data_job_piece_ended(task);
        if (!transfer)
                return;
        domain = data_job_domain(transfer, NULL);
        if (transfer->wipe && r >= 0 && domain)
                wipe_job_look(domain); /* for the volume that was merged */
        if (failure < 0 && r < 0)
                log_warning_errno(r, "Image %s of an unfinished copy stays, illegal: %s", transfer->request.image, error->message ?: "");
        if (failure < 0)
                transfer_end(transfer, failure, sd_bus_error_is_set(&before) ? &before : NULL);
        else
                transfer_end(transfer, r, error);
}

/* Of a wipe: which volumes are full of zeroes. */
static int add_wiped(const Transfer *transfer, const Domain *domain, Io *io) {
        int r;

        if (transfer->kind != DATA_WIPE)
                return 0;
        io->data = calloc(1, sizeof(*io->data));
        r = io->data ? data_work_load(transfer->directory, io->data) : -ENOMEM;
        if (r >= 0)
                io->data->place = io->data->source = domain->place;
        return r;
}

/* r, error: of the work, told at the end. Return: 0, or negative where the piece cannot be begun. */
static int finish(Transfer *transfer, Domain *domain, int (*run)(Io *), const char *volume, int r, const sd_bus_error *error) {
        _cleanup_(task_freep) Task *task = task_new(transfer->manager, domain, NULL);
        Io *io = data_job_io(domain, "finish a job", run, transfer->request.image, volume);
        int k;

        if (!task || !io) {
                if (io)
                        io_free(io);
                return -ENOMEM;
        }
        (void) snprintf(task->user, sizeof(task->user), "%s", transfer->job);
        task->failure_r = r < 0 ? r : 0;
        if (r < 0)
                (void) sd_bus_error_copy(&task->failure, error);
        io->wipe = transfer->wipe;
        io->discard = transfer->discard;
        k = add_wiped(transfer, domain, io);
        if (k >= 0)
                k = domain_structural(domain, io);
        if (k < 0) {
                io_free(io);
                return k;
        }
        k = task_run(task, io, domain->lane, DOMAIN_LONG_IO_USEC, on_finished, NULL);
        if (k < 0)
                return k;
        TAKE_PTR(task);
        transfer->finishing = true;
        return 0;
}

static bool is_settled(const Transfer *transfer) {
        _cleanup_free_ char *text = NULL;
        size_t size;

        return transfer_read_file(transfer->directory, TRANSFER_SETTLED_FILE, &text, &size) >= 0;
}

/* What a job's kind asks for after its unit; NULL: nothing. ret: the volume it is about. */
static int (*finish_of(const Transfer *transfer, int r, const char **ret))(Io *) {
        *ret = transfer->request.volume;
        switch (transfer->kind) {
        case DATA_COPY:
                return r < 0 ? io_data_undo : NULL;
        case DATA_MERGE:
                *ret = transfer->merged;
                return r < 0 ? NULL : io_merge_finish;
        case DATA_WIPE:
                return r < 0 ? NULL : io_wipe_finish;
        default:
                return NULL;
        }
}

void data_job_conclude(Transfer *transfer, int r, sd_bus_error *error) {
        Domain *domain = domain_find(transfer->manager, transfer->request.domain);
        int (*run)(Io *);
        const char *volume;

        if (r >= 0 && !is_settled(transfer)) {
                sd_bus_error_set(error, RHV_ERROR_INTERRUPTED, "The job ended before its outcome was on the storage");
                r = -EINTR;
        }
        run = finish_of(transfer, r, &volume);
        if (!run) {
                if (domain && domain->state == DOMAIN_ACTIVE)
                        domain_look(domain); /* the room has changed */
                transfer_end(transfer, r, sd_bus_error_is_set(error) ? error : NULL);
                return;
        }
        if (domain && domain->state == DOMAIN_OPENING)
                return; /* transfer_domain_changed() comes back here */
        if (domain && domain->state == DOMAIN_ACTIVE && finish(transfer, domain, run, volume, r, error) >= 0)
                return;
        if (r >= 0 && transfer->kind == DATA_MERGE)
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE,
                                  "The data are merged, but storage domain %s cannot be reached to remove volume %s; merge it again",
                                  transfer->request.domain, transfer->merged);
        else if (r >= 0)
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE,
                                  "The data are wiped, but storage domain %s cannot be reached to give their room back; that is done later",
                                  transfer->request.domain);
        if (r >= 0)
                r = -EHOSTDOWN;
        transfer_end(transfer, r, sd_bus_error_is_set(error) ? error : NULL);
}

int data_job_recall(Transfer *transfer) {
        _cleanup_(data_work_clear) DataWork work = {};
        int r;

        r = data_work_load(transfer->directory, &work);
        if (r < 0)
                return r;
        transfer->kind = work.kind;
        transfer->wipe = work.wipe;
        transfer->discard = work.discard;
        transfer->devices = domain_type_is_block(work.place.type) || domain_type_is_block(work.source.type);
        transfer->size_bytes = work.capacity_bytes;
        if (work.kind == DATA_COPY) {
                memcpy(transfer->source_domain, work.source.id, UUID_STRING_MAX);
                memcpy(transfer->source_image, work.chain[0].image, UUID_STRING_MAX);
        }
        if (work.kind == DATA_MERGE)
                memcpy(transfer->merged, work.chain[0].volume, UUID_STRING_MAX);
        return 0;
}
