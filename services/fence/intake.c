/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "intake.h"

#include <fcntl.h>
#include <utlist.h>

#include "bus-error.h"
#include "dict.h"
#include "operation.h"
#include "request.h"
#include "run.h"
#include "secrets-reader.h"

struct Intake {
        Manager *manager;
        Operation *operation;
        FenceAction action;
        json_t *device, *options, *metadata, *parameters;
        int secrets_fd;
        SecretsReader *reader;
        Intake *next, *prev;
};

void intake_spec_done(IntakeSpec *spec) {
        json_decref(spec->device);
        json_decref(spec->options);
}

static void intake_free(Intake *intake) {
        DL_DELETE(intake->manager->intakes, intake);
        intake->manager->n_intakes--;
        secrets_reader_free(intake->reader);
        operation_free(intake->operation);
        safe_close(intake->secrets_fd);
        json_decref(intake->device);
        json_decref(intake->options);
        json_decref(intake->metadata);
        json_decref(intake->parameters);
        free(intake);
}

static void intake_fail(Intake *intake, int r, const sd_bus_error *error) {
        intake->operation = operation_fail_errno(intake->operation, r, error);
        intake_free(intake);
}

static const char *agent_of(const IntakeSpec *spec) {
        return dict_string(spec->device, "agent", "");
}

int intake_check(Manager *manager, const IntakeSpec *spec, sd_bus_error *error) {
        _cleanup_json_ json_t *parameters = NULL;
        const json_t *metadata;
        int r;

        r = agent_store_peek(manager->agents, agent_of(spec), &metadata, error);
        if (r <= 0)
                return r;
        return request_resolve(spec->device, spec->action, metadata, &parameters, error);
}

/* ---- acceptance ---- */

/* What a retry must repeat to be the same request. Secrets are no part of it: they are kept nowhere. */
static json_t *job_arguments_new(const Intake *intake) {
        return json_pack("{s:s, s:O, s:O}", "action", fence_action_to_string(intake->action), "device", intake->device, "options",
                         intake->options);
}

static int accept_run(Intake *intake, Secrets *taken, sd_bus_error *error) {
        _cleanup_(secrets_freep) Secrets *secrets = taken;
        _cleanup_json_ json_t *arguments = job_arguments_new(intake);
        Manager *manager = intake->manager;
        FenceRun *run;
        Job *job;
        int r;

        if (!arguments)
                return -ENOMEM;
        r = job_new(manager->daemon->jobs,
                    &(const JobSpec){
                            .id = dict_string(intake->options, "job_id", NULL),
                            .kind = fence_action_to_string(intake->action),
                            .uid = operation_uid(intake->operation),
                            .arguments = arguments,
                            .cancel = fence_run_cancel,
                    },
                    &job, error);
        if (r < 0)
                return r;
        intake->operation = operation_reply(intake->operation, "o", job_path(job));
        if (r == 0) /* a retry: the first call's job */
                return 0;

        r = fence_run_new(manager,
                          &(const FenceRunSpec){
                                  .action = intake->action,
                                  .device = intake->device,
                                  .metadata = intake->metadata,
                                  .parameters = intake->parameters,
                                  .secrets = TAKE_PTR(secrets),
                                  .timeout_usec = (uint64_t)dict_integer(intake->options, "timeout",
                                                                         (int64_t)sequence_default_timeout(intake->action)),
                          },
                          job, &run);
        if (r < 0) {
                job_finish(job, r, NULL, NULL);
                return 0;
        }
        fence_run_dispatch(manager);
        return 0;
}

static void on_secrets(Secrets *taken, int r, const sd_bus_error *cause, void *userdata) {
        _cleanup_(secrets_freep) Secrets *secrets = taken;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Intake *intake = userdata;

        intake->reader = NULL;
        if (r < 0) {
                intake_fail(intake, r, cause);
                return;
        }
        r = request_check_secrets(dict_string(intake->device, "agent", ""), intake->metadata, intake->parameters, secrets, &error);
        if (r >= 0)
                r = fence_run_may_queue(intake->manager, intake->device, &error);
        if (r >= 0)
                r = accept_run(intake, TAKE_PTR(secrets), &error);
        if (r < 0)
                intake_fail(intake, r, &error);
        else
                intake_free(intake);
}

/* ---- on the way ---- */

static int read_secrets(Intake *intake, const json_t *metadata, sd_bus_error *error) {
        int r;

        intake->metadata = json_incref((json_t *)metadata);
        r = request_resolve(intake->device, intake->action, metadata, &intake->parameters, error);
        if (r < 0)
                return r;
        return secrets_reader_start(intake->manager->daemon->event, intake->secrets_fd, on_secrets, intake, &intake->reader, error);
}

static void on_loaded(const json_t *metadata, const sd_bus_error *cause, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Intake *intake = userdata;
        int r;

        if (!metadata) {
                intake_fail(intake, -EIO, cause);
                return;
        }
        r = read_secrets(intake, metadata, &error);
        if (r < 0)
                intake_fail(intake, r, &error);
}

static int intake_go(Intake *intake, const IntakeSpec *spec, sd_bus_error *error) {
        const json_t *metadata;
        int r;

        r = agent_store_peek(intake->manager->agents, agent_of(spec), &metadata, error);
        if (r < 0)
                return r;
        if (r > 0)
                return read_secrets(intake, metadata, error);

        return agent_store_load(intake->manager->agents, agent_of(spec), on_loaded, intake, error);
}

int intake_begin(Manager *manager, sd_bus_message *message, const IntakeSpec *spec, sd_bus_error *error) {
        _cleanup_error_ sd_bus_error reason = SD_BUS_ERROR_NULL;
        Intake *intake;
        int r;

        if (manager->n_intakes >= FENCE_INTAKE_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u calls are being read already; try again",
                                         FENCE_INTAKE_MAX);
        intake = calloc(1, sizeof(Intake));
        if (!intake)
                return -ENOMEM;
        intake->operation = operation_new(message);
        if (!intake->operation) {
                free(intake);
                return -ENOMEM;
        }
        intake->manager = manager;
        intake->action = spec->action;
        intake->device = json_incref(spec->device);
        intake->options = json_incref(spec->options);
        intake->secrets_fd = fcntl(spec->secrets_fd, F_DUPFD_CLOEXEC, 3);
        DL_APPEND(manager->intakes, intake);
        manager->n_intakes++;

        /* From here the reply is the operation's, also for what fails at once. */
        r = intake->secrets_fd < 0 ? -errno : intake_go(intake, spec, &reason);
        if (r < 0)
                intake_fail(intake, r, &reason);
        return 0;
}

void intake_abort(Intake *intake) {
        intake_free(intake);
}
