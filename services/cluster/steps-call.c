/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "steps-call.h"

#include "steps.h"

void steps_call_clear(StepsCall *call) {
        json_decref(call->description);
        json_decref(call->arguments);
}

int steps_call_arguments(StepsCall *call, int r, json_t *steps, json_t *arguments) {
        json_decref(call->arguments);
        call->arguments = arguments;
        if (!steps || !arguments || json_object_set_new(arguments, "steps", steps) < 0)
                return r < 0 ? r : -ENOMEM;
        return r;
}

int steps_call_run(sd_bus_message *message, StepsCall *call, const json_t *asked, sd_bus_error *error) {
        Manager *manager = call->self->owner;
        _cleanup_request_ Request request = { NULL };
        _cleanup_(change_freep) Change *change = change_new();
        Job *job = NULL;
        Actor actor;
        Plan plan;
        int r;

        r = request_read(&request, manager, message, asked, options_common, error);
        if (r < 0)
                return r;
        if (!request.replay) {
                plan = request_plan(&request, &actor);
                r = backend_check(manager->backends[BACKEND_STORAGE], error);
                if (r >= 0)
                        r = change ? call->plan(call, &plan, change, error) : -ENOMEM;
                if (r >= 0)
                        r = steps_check(manager, json_object_get(call->arguments, "steps"), error);
                if (r < 0)
                        return r;
        }
        r = request_authorise(&request, call->action, change_verb(change, call->verb), call->self, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = request_begin_job(&request, call->kind, call->busy, TAKE_PTR(call->arguments), change, &job, error);
        if (r < 0)
                return r;
        if (job)
                steps_begin(manager, job);
        return request_reply(&request, call->answer);
}
