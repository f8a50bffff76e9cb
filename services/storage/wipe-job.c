/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wipe-job.h"

#include "bus-error.h"
#include "clock-util.h"
#include "data-job-internal.h"
#include "domain-lease.h"
#include "image-lock.h"
#include "log.h"
#include "manager.h"

/* ---- one job ---- */

static void on_planned(Task *task, Io *io, int r, const sd_bus_error *error) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        Transfer *transfer = data_job_piece_ended(task);
        Job *job;

        if (!transfer)
                return;
        /* Another host has done it meanwhile. */
        if (r >= 0 && io->data->n_chain == 0) {
                transfer_end(transfer, 0, NULL);
                return;
        }
        if (r >= 0) {
                memcpy(transfer->request.volume, io->data->chain[0].volume, UUID_STRING_MAX);
                transfer->size_bytes = io->data->capacity_bytes;
                job = job_find(transfer->manager->jobs, transfer->job);
                if (job)
                        job_set_progress(job, 0, transfer->size_bytes);
                r = data_job_note(transfer, io, &own);
                error = &own;
        }
        if (r < 0)
                transfer_end(transfer, r, error);
}

static Io *plan_io(const Domain *domain, const char *image) {
        static const char any[UUID_STRING_MAX];
        Io *io = data_job_io(domain, "plan a wipe", io_wipe_plan, image, any);

        if (!io)
                return NULL;
        io->data = calloc(1, sizeof(*io->data));
        if (!io->data) {
                io_free(io);
                return NULL;
        }
        io->data->kind = DATA_WIPE;
        return io;
}

static int plan(Transfer *transfer, sd_bus_error *error) {
        Domain *domain = data_job_domain(transfer, error);
        Io *io;

        if (!domain)
                return -ECANCELED;
        io = plan_io(domain, transfer->request.image);
        if (!io)
                return -ENOMEM;
        io->data->discard = transfer->discard;
        io->data->bandwidth = transfer->bandwidth;
        return data_job_run(transfer, domain, io, DOMAIN_IO_USEC, on_planned, error);
}

static void on_marked(Task *task, Io *io, int r, const sd_bus_error *error) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        Transfer *transfer = data_job_piece_ended(task);

        if (!transfer)
                return;
        if (r >= 0) {
                r = plan(transfer, &own);
                error = &own;
        }
        if (r < 0)
                transfer_end(transfer, r, error);
}

static int new_transfer(Domain *domain, const Job *job, const char *image, Transfer **ret) {
        Transfer *transfer;
        int r;

        r = transfer_new(domain->manager, job_id(job), &transfer);
        if (r < 0)
                return r;
        transfer->kind = DATA_WIPE;
        transfer->devices = true;
        transfer->request = (TransferRequest){.upload = true, .data = true, .leased = true};
        memcpy(transfer->request.domain, domain->place.id, UUID_STRING_MAX);
        memcpy(transfer->request.image, image, UUID_STRING_MAX);
        r = transfer_name_unit(transfer);
        if (r < 0) {
                transfer_free(transfer);
                return r;
        }
        *ret = transfer;
        return 0;
}

static void begun(Transfer *transfer, Job *job) {
        job_adopt(job, transfer_cancel, transfer);
        job_start(job);
}

int wipe_job_start(Domain *domain, Job *job, const char *image, const char *volume, bool discard, uint64_t bandwidth, sd_bus_error *error) {
        static const char any[UUID_STRING_MAX];
        _cleanup_(transfer_freep) Transfer *transfer = NULL;
        Io *io;
        int r;

        r = new_transfer(domain, job, image, &transfer);
        if (r < 0)
                return r;
        transfer->discard = discard;
        transfer->bandwidth = bandwidth;
        io = data_job_io(domain, "mark what is to be wiped", volume ? io_volume_delete : io_image_delete, image, volume ?: any);
        if (!io)
                return -ENOMEM;
        io->wipe = true;
        r = data_job_run_structural(transfer, domain, io, on_marked, error);
        if (r < 0)
                return r;
        begun(TAKE_PTR(transfer), job);
        return 0;
}

/* ---- what waits for it ---- */

static bool may_work(const Domain *domain) {
        return domain->state == DOMAIN_ACTIVE && domain_type_is_block(domain->place.type) && domain->lease && domain_lease_version(domain->lease) != 0;
}

static int job_of_service(Domain *domain, const char *image, Job **ret) {
        _cleanup_json_ json_t *arguments = json_pack("{s:s, s:s}", "domain", domain->place.id, "image", image);
        const char *const objects[] = {domain->object_path, NULL};
        const JobSpec spec = {.kind = data_kind_to_string(DATA_WIPE), .objects = objects, .uid = geteuid(), .arguments = arguments};

        return arguments ? job_new(domain->manager->jobs, &spec, ret, NULL) : -ENOMEM;
}

/* Return: 0, also where somebody has the image. */
static int begin(Domain *domain, const char *image) {
        ImageLock **locks = &domain->manager->locks;
        Transfer *transfer = NULL;
        Job *job;
        int r;

        if (image_lock_check(*locks, domain->place.id, image, NULL) < 0)
                return 0;
        if (domain->manager->n_transfers >= TRANSFERS_MAX)
                return -EAGAIN;
        r = job_of_service(domain, image, &job);
        if (r < 0)
                return r;
        r = image_lock_take(locks, domain->place.id, image, job_id(job), NULL);
        if (r >= 0)
                r = new_transfer(domain, job, image, &transfer);
        if (r >= 0)
                r = plan(transfer, NULL);
        if (r < 0) {
                transfer_free(transfer);
                image_lock_release(locks, domain->place.id, image, job_id(job));
                job_finish(job, r, NULL, NULL);
                return r;
        }
        begun(transfer, job);
        return 0;
}

static void on_found(Task *task, Io *io, int r, const sd_bus_error *error) {
        Domain *domain = task_domain(task);

        for (size_t i = 0; r >= 0 && domain && may_work(domain) && i < io->data->n_chain; i++)
                r = begin(domain, io->data->chain[i].image);
        if (r < 0) {
                log_warning_errno(r, "What waits to be wiped in storage domain %s has to wait", task->domain);
                if (domain)
                        wipe_job_ended(domain, r);
        }
        task_free(task);
}

void wipe_job_look(Domain *domain) {
        static const char any[UUID_STRING_MAX];
        _cleanup_(task_freep) Task *task = NULL;
        Io *io;

        domain->wipe_usec = 0;
        if (!may_work(domain))
                return;
        task = task_new(domain->manager, domain, NULL);
        io = task ? plan_io(domain, any) : NULL;
        if (!io || task_run(task, io, domain->lane, DOMAIN_IO_USEC, on_found, NULL) < 0)
                wipe_job_ended(domain, -EAGAIN);
        else
                TAKE_PTR(task);
}

void wipe_job_monitor(Domain *domain) {
        if (domain->wipe_usec != 0 && domain->wipe_usec <= monotonic_usec())
                wipe_job_look(domain);
}

void wipe_job_ended(Domain *domain, int r) {
        if (r >= 0) {
                domain->wipe_pause_usec = 0;
                domain->wipe_usec = monotonic_usec(); /* is there more? */
                return;
        }
        /* Who cancels one does not want it right now. */
        if (r == -ECANCELED || domain->wipe_pause_usec > WIPE_PAUSE_MAX_USEC / 2)
                domain->wipe_pause_usec = WIPE_PAUSE_MAX_USEC;
        else
                domain->wipe_pause_usec = domain->wipe_pause_usec > 0 ? domain->wipe_pause_usec * 2 : WIPE_PAUSE_USEC;
        domain->wipe_usec = monotonic_usec() + domain->wipe_pause_usec;
}
