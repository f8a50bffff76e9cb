/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* VMs and templates on their way to an export domain, and from there away, on the bus. */

#include "bus-error.h"
#include "parse-util.h"
#include "plan-export.h"
#include "register-bus.h"
#include "remote.h"
#include "report-call.h"
#include "snapshot-bus.h"
#include "steps.h"

#define EXPORT_VM "export-vm"
#define EXPORT_TEMPLATE "export-template"
#define REMOVE_EXPORTED "remove-exported"

/* What the job works on: others leave that alone meanwhile. */
static Object *busy_of(const ReportCall *call, Object *domain) {
        if (streq(call->kind, REMOVE_EXPORTED))
                return domain;
        return model_find(call->request.manager->model, streq(call->kind, EXPORT_VM) ? KIND_VM : KIND_TEMPLATE, call->reference);
}

/* Storage has told what is there: decided, on disk, and begun. */
static int export_then(ReportCall *call, Object *domain, const json_t *report, sd_bus_error *error) {
        Manager *manager = call->request.manager;
        _cleanup_(change_freep) Change *change = change_new();
        _cleanup_json_ json_t *steps = NULL, *arguments = NULL, *outcome = NULL;
        Object *busy = busy_of(call, domain);
        Actor actor;
        Plan plan = pending_plan(&call->request, &actor);
        Job *job = NULL;
        int r;

        r = pending_replay(&call->request, &outcome, error);
        if (r == 0) {
                r = report_call_check(domain, error);
                if (r >= 0 && !busy)
                        r = sd_bus_error_set(error, RHV_ERROR_NOT_FOUND, "What was to be exported was removed");
                if (r >= 0 && busy == domain && remote_makes_image(manager, call->reference))
                        r = sd_bus_error_setf(error, RHV_ERROR_BUSY, "The image %s is being copied", call->reference);
                if (r >= 0)
                        r = !change ? -ENOMEM
                            : busy == domain ? plan_remove_exported(&plan, domain, call->reference, report, change, &steps, error)
                                             : plan_export(&plan, busy, domain, report, change, &steps, error);
                if (r >= 0)
                        r = steps_check(manager, steps, error);
                if (r >= 0)
                        arguments = json_pack("{s:s, s:O}", "target", domain->id, "steps", steps);
                if (r >= 0)
                        r = pending_begin_job(&call->request, call->kind, busy, arguments, change, &job, &outcome, error);
        }
        if (r < 0)
                return r;
        if (job)
                steps_begin(manager, job);
        pending_answer_only_job(&call->request, outcome);
        return 0;
}

static int ask(Request *request, Object *domain, const char *reference, const char *kind, const char *action, const Object *object, sd_bus_error *error) {
        int r;

        r = request->replay ? 0 : report_call_check(domain, error);
        if (r < 0)
                return r;
        r = request_authorise(request, action, kind, object, domain->name, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return request->replay ? request_reply(request, "j") : report_call(request, domain, reference, kind, NULL, export_then);
}

static int method_export(sd_bus_message *message, Object *object, const char *kind, sd_bus_error *error) {
        Manager *manager = object->owner;
        _cleanup_request_ Request request = { NULL };
        _cleanup_json_ json_t *asked = NULL;
        const char *reference;
        Object *domain;
        int r;

        r = sd_bus_message_read(message, "s", &reference);
        if (r < 0)
                return r;
        domain = model_resolve(manager->model, KIND_STORAGE_DOMAIN, reference, NULL, error);
        if (!domain)
                return -ENOENT;
        asked = json_pack("[s]", domain->id);
        r = asked ? request_read(&request, manager, message, asked, options_common, error) : -ENOMEM;
        return r < 0 ? r : ask(&request, domain, object->id, kind, ACTION_CONFIGURE, object, error);
}

int vm_method_export(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return method_export(message, userdata, EXPORT_VM, error);
}

int template_method_export(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return method_export(message, userdata, EXPORT_TEMPLATE, error);
}

int storage_domain_method_remove_exported(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Object *domain = userdata;
        _cleanup_request_ Request request = { NULL };
        _cleanup_json_ json_t *asked = NULL;
        const char *reference;
        int r;

        r = sd_bus_message_read(message, "s", &reference);
        if (r < 0)
                return r;
        if (!uuid_is_valid(reference))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The id of a VM or template must be a UUID in lower-case, not \"%.64s\"", reference);
        asked = json_pack("[s]", reference);
        r = asked ? request_read(&request, domain->owner, message, asked, options_common, error) : -ENOMEM;
        return r < 0 ? r : ask(&request, domain, reference, REMOVE_EXPORTED, ACTION_DESTROY, domain, error);
}
