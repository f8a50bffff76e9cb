/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <utlist.h>

#include "bus-error.h"
#include "config.h"
#include "file-util.h"
#include "log-ids.h"
#include "log.h"
#include "data-job.h"
#include "manager.h"
#include "measure-bus.h"
#include "transfer-internal.h"
#include "transfer-progress.h"
#include "volume-task.h"
#include "wipe-job.h"

static const char transfer_program[] = RHV_LIBEXEC_DIR "/rhv-transfer";
static const char upload_program[] = RHV_LIBEXEC_DIR "/rhv-upload";

/* ---- life ---- */

Transfer *transfer_free(Transfer *transfer) {
        if (!transfer)
                return NULL;
        if (transfer->prev) { /* linked */
                DL_DELETE(transfer->manager->transfers, transfer);
                transfer->manager->n_transfers--;
        }
        unit_watch_free(transfer->watch);
        operation_free(transfer->asked);
        safe_close(transfer->peer_fd);
        free(transfer->directory);
        free(transfer->unit);
        free(transfer);
        return NULL;
}
void transfer_free_all(Manager *manager) {
        Transfer *transfer, *next;

        DL_FOREACH_SAFE(manager->transfers, transfer, next)
                transfer_free(transfer);
}

/* Known once it is known whether the volume's lease is taken. */
int transfer_name_unit(Transfer *transfer) {
        const char *prefix = transfer->request.data ? transfer->devices ? "data-block" : "data" : transfer->request.leased ? "upload" : "transfer";

        if (transfer->request.devices)
                prefix = "transfer-block";

        if (asprintf(&transfer->unit, "rhv-%s-%s.service", prefix, transfer->job) < 0) {
                transfer->unit = NULL;
                return -ENOMEM;
        }
        return 0;
}

Transfer *transfer_find(const Manager *manager, const char *job) {
        Transfer *transfer;

        DL_FOREACH(manager->transfers, transfer)
                if (streq(transfer->job, job))
                        return transfer;
        return NULL;
}

int transfer_new(Manager *manager, const char *job, Transfer **ret) {
        _cleanup_(transfer_freep) Transfer *transfer = calloc(1, sizeof(*transfer));

        if (!transfer)
                return -ENOMEM;
        transfer->manager = manager;
        transfer->peer_fd = -EBADF;
        (void) snprintf(transfer->job, sizeof(transfer->job), "%s", job);
        if (asprintf(&transfer->directory, "%s/%s", manager->transfers_directory, job) < 0) {
                transfer->directory = NULL;
                return -ENOMEM;
        }
        DL_APPEND(manager->transfers, transfer);
        manager->n_transfers++;
        *ret = TAKE_PTR(transfer);
        return 0;
}

static void remove_directory(const Transfer *transfer) {
        _cleanup_close_ int fd = directory_open(transfer->manager->transfers_directory);

        if (fd >= 0)
                (void) directory_remove(fd, transfer->job, 0);
}

/* ---- progress ---- */

static void read_progress(const Transfer *transfer) {
        Job *job = job_find(transfer->manager->jobs, transfer->job);
        _cleanup_free_ char *text = NULL;
        TransferProgress progress;
        size_t size;

        if (job && transfer_read_file(transfer->directory, "progress", &text, &size) >= 0 &&
            transfer_progress_parse(text, size, &progress) >= 0)
                job_set_progress(job, progress.done_bytes, progress.total_bytes);
}

static int on_poll(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *manager = userdata;
        Transfer *transfer;

        DL_FOREACH(manager->transfers, transfer)
                read_progress(transfer);
        if (!manager->transfers)
                return 0;
        (void) sd_event_source_set_time_relative(source, TRANSFER_POLL_USEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

void transfer_start_polling(Manager *manager) {
        int r;

        if (!manager->poll)
                r = sd_event_add_time_relative(manager->event, &manager->poll, CLOCK_MONOTONIC, TRANSFER_POLL_USEC, 0,
                                               on_poll, manager);
        else {
                (void) sd_event_source_set_time_relative(manager->poll, TRANSFER_POLL_USEC);
                r = sd_event_source_set_enabled(manager->poll, SD_EVENT_ONESHOT);
        }
        if (r < 0)
                log_warning_errno(r, "Progress of transfers will not be seen");
}

/* ---- the end ---- */

void transfer_unlock(const Transfer *transfer) {
        ImageLock **locks = &transfer->manager->locks;

        image_lock_release(locks, transfer->request.domain, transfer->request.image, transfer->job);
        if (transfer->source_image[0])
                image_lock_release(locks, transfer->source_domain, transfer->source_image, transfer->job);
}

/* Its volumes were made usable here for the work. */
static void give_back(Domain *domain, const char *image) {
        if (domain && !image_users_has(domain->users, image))
                volume_task_teardown(domain, image);
}

void transfer_end(Transfer *transfer, int r, const sd_bus_error *error) {
        Job *job = job_find(transfer->manager->jobs, transfer->job);
        const TransferRequest *request = &transfer->request;
        Domain *domain = domain_find(transfer->manager, request->domain);
        json_t *result = NULL;

        if (r < 0 && r != -ECANCELED)
                log_full(LOG_WARNING, MESSAGE_ID_TRANSFER_FAILED,
                         LOG_FIELDS("RHV_DOMAIN", request->domain, "RHV_IMAGE", request->image, "RHV_JOB",
                                    transfer->job),
                         "The %s of %s %s failed: %s", job ? job_kind(job) : "transfer", request->file[0] ? "file" : "image",
                         request->file[0] ? request->file : request->image,
                         error && error->message ? error->message : strerror(-r));
        if (transfer->asked)
                measure_answer(transfer, r, error);
        if (job) {
                read_progress(transfer);
                if (r >= 0 && transfer->kind != DATA_WIPE)
                        result = request->file[0] ? json_pack("{s:s}", "file", request->file)
                                                  : json_pack("{s:s, s:s}", "image", request->image, "volume", request->volume);
                if (result && request->data)
                        (void) json_object_set_new(result, "capacity", json_integer((json_int_t)transfer->size_bytes));
                job_finish(job, r, error, result);
        }
        transfer_unlock(transfer);
        give_back(domain, request->image);
        if (request->data && transfer->kind == DATA_WIPE && domain)
                wipe_job_ended(domain, r);
        if (transfer->source_image[0])
                give_back(domain_find(transfer->manager, transfer->source_domain), transfer->source_image);
        (void) unit_release(transfer->manager->bus, transfer->unit);
        remove_directory(transfer);
        transfer_free(transfer);
}

/* What the unit left: its result, or else what can be told from its absence. Return: 0 it succeeded. */
static int read_outcome(const Transfer *transfer, bool *ret_touched, sd_bus_error *error) {
        _cleanup_(transfer_result_clear) TransferResult result = {};
        _cleanup_free_ char *text = NULL, *progress = NULL;
        size_t size;
        int r;

        r = transfer_read_file(transfer->directory, "result", &text, &size);
        if (r >= 0)
                r = transfer_result_parse(text, size, &result);
        if (r < 0) {
                /* The progress file appears before the first change. */
                *ret_touched = transfer_read_file(transfer->directory, "progress", &progress, &size) != -ENOENT;
                if (transfer->cancelled)
                        return -ECANCELED;
                sd_bus_error_setf(error, RHV_ERROR_INTERRUPTED, "The transfer ended without a result%s%s",
                                  transfer->result_word[0] ? ": " : "", transfer->result_word);
                return -EINTR;
        }
        *ret_touched = result.touched;
        if (!result.error_name)
                return 0;
        sd_bus_error_set(error, result.error_name, result.error_message);
        return streq(result.error_name, RHV_ERROR_ABORTED) ? -ECANCELED : -EIO;
}

static void on_outcome_written(Task *task, Io *io, int r, const sd_bus_error *error) {
        Transfer *transfer = transfer_find(task->manager, task->user);

        if (!transfer) {
                task_free(task);
                return;
        }
        if (task->failure_r < 0)
                transfer_end(transfer, task->failure_r, sd_bus_error_is_set(&task->failure) ? &task->failure : NULL);
        else
                transfer_end(transfer, r, error);
        task_free(task);
}

/* Idempotent: a generation one ahead and LEGAL is the same outcome, written before. */
static int io_write_outcome(Io *io) {
        VolumeRecord *record;
        int r;

        r = io->place.type->layout->volume_update(&io->place, io->image, io->volume, &io->change, &io->error);
        if (r != -ESTALE || !io->change.bump_generation)
                return r;
        r = io_list_one(io);
        if (r < 0)
                return r;
        record = volume_list_find(&io->lists[0], io->volume);
        if (!record || record->problem || record->metadata.legality != VOLUME_LEGAL ||
            record->metadata.generation != volume_next_generation(io->change.expected_generation))
                return -ESTALE;
        sd_bus_error_free(&io->error);
        return 0;
}

static int write_outcome(Transfer *transfer, Domain *domain, int outcome, const sd_bus_error *error) {
        _cleanup_(task_freep) Task *task = task_new(transfer->manager, domain, NULL);
        const bool file = transfer->request.file[0];
        Io *io = io_new("end an upload", file ? io_file_end : io_write_outcome, &domain->place);

        if (io && file) {
                io->file = strdup(transfer->request.file);
                io->size_bytes = transfer->request.size_bytes;
                io->upload = outcome >= 0;
        }
        if (!task || !io || !io->file != !file) {
                if (io)
                        io_free(io);
                return -ENOMEM;
        }
        memcpy(io->image, transfer->request.image, UUID_STRING_MAX);
        memcpy(io->volume, transfer->request.volume, UUID_STRING_MAX);
        io->change = (VolumeChange){
                        .expected_generation = transfer->request.generation,
                        .bump_generation = outcome >= 0,
                        .legality = VOLUME_LEGAL,
        };
        (void) snprintf(task->user, sizeof(task->user), "%s", transfer->job);
        task->failure_r = outcome < 0 ? outcome : 0;
        if (outcome < 0)
                (void) sd_bus_error_copy(&task->failure, error);
        if (task_run(task, io, domain->lane, DOMAIN_IO_USEC, on_outcome_written, NULL) < 0)
                return -EAGAIN;
        TAKE_PTR(task);
        return 0;
}

/* What is on the storage was settled by rhv-upload while it held the volume's lease; or it was not, and the volume stays ILLEGAL. */
static void conclude_leased(Transfer *transfer, int r, sd_bus_error *error) {
        _cleanup_free_ char *text = NULL;
        size_t size;

        if (r >= 0 && transfer_read_file(transfer->directory, TRANSFER_SETTLED_FILE, &text, &size) < 0) {
                sd_bus_error_setf(error, RHV_ERROR_INTERRUPTED, "The data arrived, but the volume was not marked complete%s%s; upload again",
                                  transfer->result_word[0] ? ": " : "", transfer->result_word);
                r = -EINTR;
        }
        transfer_end(transfer, r, sd_bus_error_is_set(error) ? error : NULL);
}

static void conclude(Transfer *transfer) {
        Domain *domain = domain_find(transfer->manager, transfer->request.domain);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        bool touched = false;
        int r;

        r = read_outcome(transfer, &touched, &error);
        if (transfer->request.data) {
                data_job_conclude(transfer, r, &error);
                return;
        }
        if (transfer->request.leased) {
                conclude_leased(transfer, r, &error);
                return;
        }
        /* Downloads change nothing; a changed volume that is not complete stays ILLEGAL; so does one that was so
         * before. */
        if (!transfer->request.upload || (r < 0 && !transfer->request.file[0] && (touched || !transfer->request.was_legal))) {
                transfer_end(transfer, r, sd_bus_error_is_set(&error) ? &error : NULL);
                return;
        }
        if (domain && domain->state == DOMAIN_OPENING)
                return; /* transfer_domain_changed() comes back here */
        if (domain && domain->state == DOMAIN_ACTIVE && write_outcome(transfer, domain, r, &error) >= 0)
                return;
        if (r >= 0) {
                sd_bus_error_setf(&error, RHV_ERROR_BACKEND_UNAVAILABLE,
                                  "The data arrived, but storage domain %s cannot be reached to mark the volume "
                                  "complete; upload again",
                                  transfer->request.domain);
                r = -EHOSTDOWN;
        }
        transfer_end(transfer, r, sd_bus_error_is_set(&error) ? &error : NULL);
}

void transfer_domain_changed(Manager *manager, const Domain *domain) {
        Transfer *transfer, *next;

        DL_FOREACH_SAFE(manager->transfers, transfer, next)
                if (transfer->ended && !transfer->finishing && streq(transfer->request.domain, domain->place.id))
                        conclude(transfer);
}

static void on_unit_ended(UnitWatch *watch, const UnitResult *result, void *userdata) {
        Transfer *transfer = userdata;

        transfer->ended = true;
        if (result->known)
                (void) snprintf(transfer->result_word, sizeof(transfer->result_word), "%s", result->result);
        conclude(transfer);
}

/* ---- start ---- */

int transfer_cancel(Job *job, void *userdata, sd_bus_error *error) {
        Transfer *transfer = userdata;

        transfer->cancelled = true;
        return unit_stop(transfer->manager->bus, transfer->unit);
}

static int watch_unit(Transfer *transfer) {
        return unit_watch_new(transfer->manager->bus, transfer->unit, on_unit_ended, transfer, &transfer->watch);
}

/* userdata is the job's id: the transfer may be gone. */
typedef struct Starting {
        Manager *manager;
        char job[UUID_STRING_MAX];
} Starting;

static void on_unit_started(int r, const sd_bus_error *error, void *userdata) {
        _cleanup_free_ Starting *starting = userdata;
        Transfer *transfer = transfer_find(starting->manager, starting->job);
        int k;

        if (!transfer)
                return;
        transfer->peer_fd = safe_close(transfer->peer_fd);
        /* systemd that did not answer may still start it: it is over when systemd says so, not before. */
        if (r < 0) {
                (void) snprintf(transfer->result_word, sizeof(transfer->result_word), "%.60s",
                               error && error->message ? error->message : "systemd did not start it");
                (void) unit_stop(transfer->manager->bus, transfer->unit);
        } else if (transfer->cancelled)
                (void) unit_stop(transfer->manager->bus, transfer->unit);
        k = watch_unit(transfer);
        if (k >= 0)
                return;
        log_warning_errno(k, "Cannot watch %s", transfer->unit);
        transfer_conclude(transfer);
}

int transfer_start_unit(Transfer *transfer, const UnitSpec *spec) {
        _cleanup_free_ Starting *starting = calloc(1, sizeof(*starting));
        int r;

        if (!starting)
                return -ENOMEM;
        starting->manager = transfer->manager;
        memcpy(starting->job, transfer->job, UUID_STRING_MAX);
        r = unit_start(transfer->manager->bus, spec, on_unit_started, starting, NULL);
        if (r < 0)
                return r;
        TAKE_PTR(starting);
        return 0;
}

void transfer_conclude(Transfer *transfer) {
        transfer->ended = true;
        conclude(transfer);
}

static int start_unit(Transfer *transfer, const VolumeRecord *record, int volume_fd) {
        _cleanup_free_ char *directory = NULL, *capacity = NULL, *size = NULL, *format = NULL, *allocation = NULL,
                            *description = NULL;
        bool upload = transfer->request.upload;

        if (asprintf(&directory, "--directory=%s", transfer->directory) < 0 ||
            asprintf(&capacity, "--capacity=%" PRIu64, record->metadata.capacity_bytes) < 0 ||
            asprintf(&size, "--size=%" PRIu64, transfer->size_bytes) < 0 ||
            asprintf(&format, "--format=%s", volume_format_to_string(record->metadata.format)) < 0 ||
            asprintf(&allocation, "--allocation=%s", volume_allocation_to_string(record->metadata.allocation)) < 0 ||
            asprintf(&description, "RHV %s of %s", upload ? "upload" : "download", transfer->request.file[0] ? transfer->request.file : transfer->request.image) < 0)
                return -ENOMEM;
        const char *argv[] = {upload_program, transfer->directory, transfer_program, directory, capacity, size, format, allocation,
                              upload ? "upload" : "download", NULL};
        const bool leased = transfer->request.leased;
        /* The rest of the sandbox is in units/rhv-transfer-.service.d, rhv-transfer-block-.service.d, rhv-upload-.service.d. */
        const UnitSpec spec = {
                        .name = transfer->unit,
                        .description = description,
                        .slice = "rhv-data.slice",
                        .argv = leased ? argv : argv + 2,
                        .stdin_fd = upload ? transfer->peer_fd : volume_fd,
                        .stdout_fd = leased ? 0 : upload ? volume_fd : transfer->peer_fd,
                        .user = leased ? NULL : "36",
                        .group = leased ? NULL : "36",
        };
        return transfer_start_unit(transfer, &spec);
}

static void on_begun(Task *task, Io *io, int r, const sd_bus_error *error) {
        Transfer *transfer = transfer_find(task->manager, task->user);
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;

        task_free(task);
        if (!transfer)
                return;
        if (r < 0) {
                transfer_end(transfer, r, error);
                return;
        }
        transfer->request.generation = io->record.metadata.generation;
        transfer->request.was_legal = io->record.metadata.legality == VOLUME_LEGAL;
        if (!transfer->request.upload)
                transfer->size_bytes = io->record.apparent_size_bytes;
        if (transfer->cancelled)
                r = -ECANCELED;
        else
                r = start_unit(transfer, &io->record, io->fd);
        if (r < 0) {
                transfer_conclude(transfer);
                return;
        }
        transfer_start_polling(transfer->manager);
}

char *transfer_jobs(const Manager *manager, const char *domain) {
        char *ids = calloc(manager->n_transfers + 1, UUID_STRING_MAX);
        const Transfer *transfer;
        size_t length = 0;

        if (!ids)
                return NULL;
        DL_FOREACH(manager->transfers, transfer)
                if (streq(transfer->request.domain, domain)) {
                        memcpy(ids + length, transfer->job, UUID_STRING_MAX - 1);
                        length += UUID_STRING_MAX - 1;
                        ids[length++] = ',';
                }
        return ids;
}

int transfer_start(Manager *manager, Domain *domain, Job *job, const TransferRequest *request, const char *file, int fd, uint64_t size_bytes,
                   sd_bus_error *error) {
        const char *image = file ? job_id(job) : request->image, *volume = file ? job_id(job) : request->volume;
        const bool upload = request->upload;
        _cleanup_(transfer_freep) Transfer *transfer = NULL;
        _cleanup_(task_freep) Task *task = NULL;
        Io *io;
        int r;

        r = transfer_new(manager, job_id(job), &transfer);
        if (r < 0)
                return r;
        task = task_new(manager, domain, NULL);
        io = io_new("begin a transfer", io_transfer_begin, &domain->place);
        if (!task || !io) {
                if (io)
                        io_free(io);
                return -ENOMEM;
        }
        transfer->request.leased = upload && domain->lease;
        transfer->request.devices = !upload && domain_type_is_block(domain->place.type);
        r = transfer_name_unit(transfer);
        if (r < 0) {
                io_free(io);
                return r;
        }
        (void) snprintf(task->user, sizeof(task->user), "%s", transfer->job);
        memcpy(transfer->request.domain, domain->place.id, UUID_STRING_MAX);
        memcpy(transfer->request.image, image, UUID_STRING_MAX);
        memcpy(transfer->request.volume, volume, UUID_STRING_MAX);
        transfer->request.upload = upload;
        (void) snprintf(transfer->request.file, sizeof(transfer->request.file), "%s", file ?: "");
        transfer->request.size_bytes = file ? size_bytes : 0;
        transfer->size_bytes = size_bytes;
        memcpy(io->image, image, UUID_STRING_MAX);
        memcpy(io->volume, volume, UUID_STRING_MAX);
        io->upload = upload;
        io->size_bytes = size_bytes;
        io->directory = strdup(transfer->directory);
        io->file = file ? strdup(file) : NULL;
        if (!io->directory || !io->file != !file) {
                io_free(io);
                return -ENOMEM;
        }
        r = task_run(task, io, domain->lane, DOMAIN_IO_USEC, on_begun, error);
        if (r < 0)
                return r;
        TAKE_PTR(task);
        transfer->peer_fd = fd;
        job_adopt(job, transfer_cancel, transfer);
        job_start(job);
        job_set_progress(job, 0, size_bytes);
        TAKE_PTR(transfer);
        return 0;
}

/* ---- after a restart ---- */

/* A deletion is one where it wipes: then it has a directory. */
static bool is_ours(const Manager *manager, const Job *job) {
        _cleanup_free_ char *path = NULL;

        if (streq(job_kind(job), "upload") || streq(job_kind(job), "download") || streq(job_kind(job), TRANSFER_UPLOAD_FILE) || data_kind_from_string(job_kind(job)) >= 0)
                return true;
        return startswith(job_kind(job), "delete-") && asprintf(&path, "%s/%s", manager->transfers_directory, job_id(job)) >= 0 && access(path, F_OK) >= 0;
}

static bool adopt(Job *job, void *userdata) {
        _cleanup_(transfer_freep) Transfer *transfer = NULL;
        Manager *manager = userdata;
        int r;

        if (!is_ours(manager, job))
                return false;
        r = transfer_new(manager, job_id(job), &transfer);
        if (r >= 0)
                r = transfer_request_load(transfer->directory, &transfer->request);
        if (r >= 0 && transfer->request.data)
                r = data_job_recall(transfer);
        if (r >= 0)
                r = transfer_name_unit(transfer);
        if (r >= 0)
                r = image_lock_take(&manager->locks, transfer->request.domain, transfer->request.image, job_id(job),
                                    NULL);
        if (r >= 0 && transfer->source_image[0])
                r = image_lock_take(&manager->locks, transfer->source_domain, transfer->source_image, job_id(job), NULL);
        if (r >= 0)
                r = watch_unit(transfer);
        if (r < 0) {
                log_warning_errno(r, "Transfer %s is not taken up again", job_id(job));
                if (transfer)
                        transfer_unlock(transfer);
                return false;
        }
        job_adopt(job, transfer_cancel, transfer);
        TAKE_PTR(transfer);
        return true;
}

/* Directories of transfers nobody waits for any more. */
static void remove_stale(Manager *manager) {
        _cleanup_close_ int fd = directory_open(manager->transfers_directory);
        _cleanup_(name_list_clear) NameList list = {};

        if (fd < 0 || directory_list(fd, ".", 10000, &list) < 0)
                return;
        for (size_t i = 0; i < list.n; i++)
                if (!transfer_find(manager, list.names[i]))
                        (void) directory_remove(fd, list.names[i], 0);
}

void transfer_recover(Manager *manager) {
        job_manager_recover(manager->jobs, adopt, manager);
        remove_stale(manager);
        if (manager->transfers)
                transfer_start_polling(manager);
}
