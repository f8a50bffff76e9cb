/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "report-call.h"

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "domain-life.h"
#include "value.h"

static ReportCall *report_call_free(ReportCall *call) {
        if (!call)
                return NULL;
        pending_done(&call->request);
        json_decref(call->changes);
        sd_bus_slot_unref(call->slot);
        free(call);
        return NULL;
}
DEFINE_CLEANUP(ReportCall *, report_call_free)

static int on_report(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        const sd_bus_error *error = sd_bus_message_get_error(message);
        _cleanup_(report_call_freep) ReportCall *call = userdata;
        _cleanup_error_ sd_bus_error named = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *report = NULL;
        Object *domain = model_find(call->request.manager->model, KIND_STORAGE_DOMAIN, call->domain);
        int r;

        call->slot = sd_bus_slot_unref(call->slot);
        if (error)
                r = bus_error_forward(&named, error, "Cannot look at the storage domain");
        else if (!domain)
                r = sd_bus_error_set(&named, RHV_ERROR_NOT_FOUND, "The storage domain was removed");
        else
                r = value_read(message, &report);
        if (r >= 0 && !streq(dict_string(report, "id", ""), call->domain))
                r = sd_bus_error_set(&named, RHV_ERROR_INVALID_STATE, "Another storage domain is in its place");
        if (r >= 0)
                r = call->then(call, domain, report, &named);
        if (r < 0)
                pending_fail(&call->request, r, &named);
        return 0;
}

int report_call(Request *request, const Object *domain, const char *reference, const char *kind, const json_t *changes, report_then_t then) {
        Backend *storage = request->manager->backends[BACKEND_STORAGE];
        _cleanup_(report_call_freep) ReportCall *call = calloc(1, sizeof *call);
        _cleanup_json_ json_t *place = domain_open_place(domain);
        _cleanup_message_ sd_bus_message *message = NULL;
        int r;

        if (!call)
                return -ENOMEM;
        pending_keep(&call->request, request);
        call->changes = json_incref((json_t *)changes);
        call->then = then;
        call->kind = kind;
        (void) memcpy(call->domain, domain->id, sizeof call->domain);
        (void) snprintf(call->reference, sizeof call->reference, "%s", reference);
        r = place ? backend_message(storage, "", "Storage", "InspectForeign", &message) : -ENOMEM;
        if (r >= 0)
                r = dict_append(message, place);
        if (r >= 0)
                r = sd_bus_message_append(message, "a{sv}", 0);
        if (r >= 0)
                r = backend_send(storage, message, on_report, call, &call->slot);
        if (r >= 0)
                r = pending_park(&call->request, request->message);
        if (r < 0)
                return r;
        (void) TAKE_PTR(call);
        return 1;
}

int report_call_check(const Object *domain, sd_bus_error *error) {
        const Manager *manager = domain->owner;

        if (!streq(domain->state, "attached"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The storage domain %s is %s", domain->name, domain->state);
        /* what is mounted, and what devices a domain has, is known when it is open */
        if (!json_object_get(domain->spec, "path") && !*dict_string(domain->facts, "path", ""))
                return sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "The storage domain %s is not open yet", domain->name);
        return backend_check(manager->backends[BACKEND_STORAGE], error);
}
