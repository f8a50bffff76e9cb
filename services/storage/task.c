/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <utlist.h>

#include "bus-error.h"
#include "domain-lease.h"
#include "log.h"
#include "manager.h"
#include "structural.h"
#include "volume-task.h"

Task *task_new(Manager *manager, const Domain *domain, sd_bus_message *message) {
        _cleanup_(task_freep) Task *task = NULL;

        task = calloc(1, sizeof(*task));
        if (!task)
                return NULL;
        task->manager = manager;
        DL_APPEND(manager->tasks, task);
        if (domain)
                memcpy(task->domain, domain->place.id, UUID_STRING_MAX);
        if (message) {
                task->operation = operation_new(message);
                if (!task->operation)
                        return NULL;
        }
        return TAKE_PTR(task);
}

Task *task_free(Task *task) {
        if (!task)
                return NULL;
        DL_DELETE(task->manager->tasks, task);
        if (task->locked)
                image_lock_release(&task->manager->locks, task->domain, task->image, task->job);
        child_free(task->child);
        sd_event_source_disable_unref(task->release.timer);
        operation_free(task->operation);
        volume_plan_clear(&task->plan);
        json_decref(task->report);
        sd_bus_error_free(&task->failure);
        free(task);
        return NULL;
}

int domain_structural(const Domain *domain, Io *io) {
        if (!domain->lease || !structural_word(io->run))
                return 0;
        io->lease_version = domain_lease_version(domain->lease);
        io->lease_directory = strdup(domain_lease_directory(domain->lease));
        return io->lease_directory ? 0 : -ENOMEM;
}

int task_structural_new(Domain *domain, const Job *job, const char *name, int (*run)(Io *), Task **ret, Io **ret_io) {
        Task *task = task_new(domain->manager, domain, NULL);
        Io *io = io_new(name, run, &domain->place);
        int r = task && io ? domain_structural(domain, io) : -ENOMEM;

        if (r < 0) {
                if (io)
                        io_free(io);
                task_free(task);
                return r;
        }
        memcpy(task->job, job_id(job), UUID_STRING_MAX);
        *ret = task;
        *ret_io = io;
        return 0;
}

Domain *task_domain(const Task *task) {
        return domain_find(task->manager, task->domain);
}

Job *task_job(const Task *task) {
        return task->job[0] ? job_find(task->manager->jobs, task->job) : NULL;
}

static int io_run(void *argument) {
        Io *io = argument;

        return io->lease_directory ? structural_call(io) : io->run(io);
}

static void io_destroy(void *argument) {
        io_free(argument);
}

/* A helper was cut off, and the lease may be held on: what it left is cleared before anything else is done there, not when the lease changes
 * hands. */
static void clear_up(const Task *task, const Io *io) {
        Domain *domain = task_domain(task);

        if (!domain || domain->state != DOMAIN_ACTIVE || domain_lease_version(domain->lease) == 0 || io->run == io_clean_domain)
                return;
        domain_clean(domain);
        /* A piece that is about no image may have used any: the stores of VMs' definitions. */
        if (!io->image[0])
                domain_give_back_unused(domain);
        else if (!image_users_has(domain->users, io->image))
                volume_task_teardown(domain, io->image);
}

/* A worker is back, or was given up: then a domain that does not answer is no longer active. */
static void io_done(void *argument, int r, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Task *task = userdata;
        Io *io = argument;

        if (r == -ETIMEDOUT || r == -ECANCELED) {
                Domain *domain = task_domain(task);

                sd_bus_error_set(&error, RHV_ERROR_BACKEND_UNAVAILABLE,
                                 task->patient ? "sanlock does not answer" : "The file system does not answer");
                if (domain && !task->patient)
                        domain_set_failed(domain, &error);
                task->then(task, NULL, -ETIMEDOUT, &error);
                return;
        }
        if (r == -ECONNABORTED && io->lease_directory)
                clear_up(task, io);
        if (r < 0 && !sd_bus_error_is_set(&io->error))
                bus_error_errno(&io->error, r, "%s failed", io->name);
        task->then(task, io, r, r < 0 ? &io->error : NULL);
}

uint64_t task_lane(const char *word) {
        uint64_t hash = 5381;

        for (; *word; word++)
                hash = hash * 33 + (unsigned char)*word;
        return 1 + hash % 65535;
}

int task_run(Task *task, Io *io, uint64_t lane, uint64_t deadline_usec, task_then_t then, sd_bus_error *error) {
        WorkSpec spec = {
                        .name = io->name,
                        .run = io_run,
                        .done = io_done,
                        .destroy = io_destroy,
                        .argument = io,
                        .userdata = task,
                        .deadline_usec = deadline_usec,
                        .lane = lane,
        };
        int r;

        task->then = then;
        r = work_submit(task->patient ? task->manager->patient_pool : task->manager->pool, &spec);
        if (r < 0)
                sd_bus_error_set(error, RHV_ERROR_BACKEND_UNAVAILABLE,
                                 "Too many storage operations wait for file systems that do not answer");
        return r;
}

void task_done(Task *task, json_t *result) {
        Job *job = task_job(task);

        if (job)
                job_finish(job, 0, NULL, result);
        else
                json_decref(result);
        task_free(task);
}

void task_fail(Task *task, int r, const sd_bus_error *error) {
        Job *job = task_job(task);

        if (job)
                job_finish(job, r, error, NULL);
        if (task->operation)
                task->operation = operation_fail_errno(task->operation, r, error);
        task_free(task);
}

void task_answer(Task *task, int r, const sd_bus_error *error, int (*append)(sd_bus_message *, const json_t *), const json_t *answer) {
        _cleanup_message_ sd_bus_message *reply = NULL;

        if (r >= 0)
                r = sd_bus_message_new_method_return(operation_message(task->operation), &reply);
        if (r >= 0)
                r = append(reply, answer);
        if (r < 0) {
                task_fail(task, r, error);
                return;
        }
        task->operation = operation_reply_message(task->operation, reply);
        task_free(task);
}
