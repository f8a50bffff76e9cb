/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* VMs and templates imported from an export domain, on the bus. */

#include "bus-error.h"
#include "clock-util.h"
#include "parse-util.h"
#include "plan-import.h"
#include "register-bus.h"
#include "report-call.h"
#include "spec.h"
#include "steps.h"

#define IMPORT_VM "import-vm"
#define IMPORT_TEMPLATE "import-template"

/* Storage has told what is there: decided, on disk, and begun. */
static int import_then(ReportCall *call, Object *domain, const json_t *report, sd_bus_error *error) {
        Manager *manager = call->request.manager;
        _cleanup_(change_freep) Change *change = change_new();
        _cleanup_json_ json_t *steps = NULL, *arguments = NULL, *outcome = NULL;
        Actor actor;
        Plan plan = pending_plan(&call->request, &actor);
        char id[37] = "";
        Job *job = NULL;
        int r;

        r = pending_replay(&call->request, &outcome, error);
        if (r == 0) {
                r = report_call_check(domain, error);
                if (r >= 0)
                        r = !change ? -ENOMEM
                            : streq(call->kind, IMPORT_VM)
                                    ? plan_import_vm(&plan, domain, report, call->reference, call->changes, change, &steps, id, error)
                                    : plan_import_template(&plan, domain, report, call->reference, call->changes, realtime_usec(), change, &steps, id, error);
                if (r >= 0)
                        r = steps_check(manager, steps, error);
                if (r >= 0)
                        arguments = json_pack("{s:s, s:O}", "new", id, "steps", steps);
                if (r >= 0)
                        r = pending_begin_job(&call->request, call->kind, domain, arguments, change, &job, &outcome, error);
        }
        if (r < 0)
                return r;
        if (job)
                steps_begin(manager, job);
        pending_answer_job(&call->request, outcome);
        return 0;
}

static int method_import(sd_bus_message *message, Object *domain, ObjectKind kind, const char *job_kind, sd_bus_error *error) {
        Manager *manager = domain->owner;
        _cleanup_request_ Request request = { NULL };
        _cleanup_json_ json_t *given = NULL, *asked = NULL;
        const char *reference;
        int r;

        r = sd_bus_message_read(message, "s", &reference);
        if (r < 0)
                return r;
        if (!uuid_is_valid(reference))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The id of a %s must be a UUID in lower-case, not \"%.64s\"",
                                         object_kind_noun(kind), reference);
        r = dict_read_checked(message, vm_import_fields, object_kind_noun(kind), &given, error);
        asked = r >= 0 ? json_pack("[s, O]", reference, given) : NULL;
        if (r >= 0)
                r = asked ? request_read(&request, manager, message, asked, options_common, error) : -ENOMEM;
        if (r >= 0 && !request.replay)
                r = report_call_check(domain, error);
        if (r < 0)
                return r;
        r = request_authorise(&request, ACTION_CONFIGURE, job_kind, domain, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return request.replay ? request_reply(&request, "oj") : report_call(&request, domain, reference, job_kind, given, import_then);
}

int storage_domain_method_import_vm(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return method_import(message, userdata, KIND_VM, IMPORT_VM, error);
}

int storage_domain_method_import_template(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return method_import(message, userdata, KIND_TEMPLATE, IMPORT_TEMPLATE, error);
}
