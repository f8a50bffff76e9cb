/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods of org.rhv.Network that change networks, or tell what a change would be. */

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "labels.h"
#include "manager.h"
#include "objects.h"
#include "parse-util.h"
#include "plan-report.h"
#include "plan.h"
#include "virtual-functions.h"
#include "wish.h"

/* ---- SetupNetworks ---- */

static const DictField setup_fields[] = {
        { .key = "job_id", .type = DICT_STRING, .valid = uuid_is_valid, .expected = "a UUID" },
        { .key = "timeout", .type = DICT_INTEGER, .min = (int64_t)SETUP_TIMEOUT_MIN_USEC, .max = (int64_t)SETUP_TIMEOUT_MAX_USEC },
        { .key = "confirm", .type = DICT_BOOLEAN },
        { .key = "check_gateway", .type = DICT_BOOLEAN },
        { .key = "labels", .type = DICT_STRING_MAP },
        { .key = "layouts", .type = DICT_STRING_MAP },
        { .key = "vfs", .type = DICT_INTEGER_MAP, .min = 0, .max = VFS_MAX },
        {},
};
static const DictField plan_fields[] = {
        { .key = "labels", .type = DICT_STRING_MAP },
        { .key = "layouts", .type = DICT_STRING_MAP },
        { .key = "vfs", .type = DICT_INTEGER_MAP, .min = 0, .max = VFS_MAX },
        {},
};

typedef struct SetupRequest {
        json_t *networks, *bonds; /* SetupNetworks */
        json_t *names;            /* SyncNetworks */
        json_t *options, *plan;
        bool changes; /* the plan holds something to do */
} SetupRequest;

static void setup_request_done(SetupRequest *request) {
        json_decref(request->networks);
        json_decref(request->bonds);
        json_decref(request->names);
        json_decref(request->options);
        json_decref(request->plan);
}

static int read_setup(sd_bus_message *message, SetupRequest *request, sd_bus_error *error) {
        int r;

        r = dict_read(message, &request->networks, error);
        if (r >= 0)
                r = dict_read(message, &request->bonds, error);
        if (r >= 0)
                r = dict_read_checked(message, setup_fields, "options", &request->options, error);
        return r;
}

/* Of no names: all that differ. */
static int sync_plan(const json_t *view, const json_t *names, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *all = json_array_size(names) > 0 ? json_incref((json_t *)names) : objects_differing(view);

        return all ? plan_sync(view, all, ret, error) : -ENOMEM;
}

/* Whether labels are of any concern: a host that has none need not be able to read their file. */
static bool has_labels(const SetupRequest *request) {
        const char *name;
        json_t *entry;

        json_object_foreach(request->networks, name, entry)
                if (json_object_get(entry, "label"))
                        return true;
        return json_object_get(request->options, "labels");
}

/* The plan of a request, with what becomes of labels. Return: 1 there is something to do, 0 not, or negative with a named error set. */
static int setup_plan(Manager *manager, const json_t *view, SetupRequest *request, sd_bus_error *error) {
        _cleanup_json_ json_t *networks = NULL, *labels = NULL;
        int r, changes;

        if (!manager->labels)
                return has_labels(request) ? sd_bus_error_set(error, RHV_ERROR_BACKEND_FAILED, "The file of labels cannot be read: see the journal")
                                           : plan_make(view, request->networks, request->bonds, request->options, &request->plan, error);
        r = labels_expand(view, manager->labels, json_object_get(request->options, "labels"), request->networks, request->bonds, &networks, &labels, error);
        if (r < 0)
                return r;
        changes = plan_make(view, networks, request->bonds, request->options, &request->plan, error);
        if (changes < 0 || json_equal(labels, manager->labels))
                return changes;
        if (json_object_set(request->plan, "labels", labels) < 0 || json_object_set(request->plan, "labels_before", manager->labels) < 0)
                return -ENOMEM;
        return changes;
}

/* Free of side effects: the plan, or why there cannot be one. */
static int check_setup(Manager *manager, SetupRequest *request, sd_bus_error *error) {
        const char *id = dict_string(request->options, "job_id", NULL);
        const json_t *view;
        int r;

        if (id && job_find(manager->daemon->jobs, id))
                return 0; /* a retry: job_new() compares it with what was asked then */

        view = manager_view(manager, error);
        if (!view)
                return -EHOSTDOWN;
        if (setup_hooks_job(manager->hooks))
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "Hooks of another network set-up are running (job %s)", setup_hooks_job(manager->hooks));
        if (setup_is_busy(manager->setup))
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "Another network set-up is under way (job %s)", setup_job(manager->setup));
        if (request->names)
                r = sync_plan(view, request->names, &request->plan, error);
        else
                r = setup_plan(manager, view, request, error);
        if (r < 0)
                return r;
        request->changes = r > 0;
        return 0;
}

static void join_name(const char *name, char *buffer, size_t size, size_t *n) {
        int k = snprintf(buffer + *n, size - *n, "%s%s", *n ? ", " : "", name);

        if (k >= 0 && (size_t)k < size - *n)
                *n += (size_t)k;
        else
                buffer[*n] = 0;
}

/* The names a request touches, for polkit's rules and messages: "ovirtmgmt, vmnet". Cut where it is too long to be read. */
static void join_names(const SetupRequest *request, char *buffer, size_t size) {
        static const char *const of_devices[] = { "labels", "layouts", "vfs" };
        const json_t *const maps[] = { request->networks, request->bonds };
        size_t n = 0;

        json_t *entry;
        const char *name;
        size_t i;

        buffer[0] = 0;
        for (i = 0; i < ELEMENTSOF(maps); i++)
                json_object_foreach((json_t *)maps[i], name, entry)
                        join_name(name, buffer, size, &n);
        for (i = 0; i < ELEMENTSOF(of_devices); i++)
                json_object_foreach(json_object_get(request->options, of_devices[i]), name, entry)
                        join_name(name, buffer, size, &n);
        json_array_foreach(request->names, i, entry)
                join_name(json_string_value(entry), buffer, size, &n);
}

static int cancel_setup(Job *job, void *userdata, sd_bus_error *error) {
        Manager *manager = userdata;

        if (streq_ptr(setup_hooks_job(manager->hooks), job_id(job)) && setup_hooks_cancel(manager->hooks) >= 0)
                return 0;
        return setup_cancel(manager->setup, error);
}

/* Begins what was planned, or ends the job where nothing is to be done. Return: 0 or negative with a named error set; then the job is as it was. */
static int begin_setup(Manager *manager, Job *job, const SetupRequest *request, sd_bus_error *error) {
        SetupOptions options = {
                .timeout_usec = (uint64_t)dict_integer(request->options, "timeout", (int64_t)SETUP_TIMEOUT_USEC),
                .confirm = dict_boolean(request->options, "confirm", false),
                .check_gateway = dict_boolean(request->options, "check_gateway", true),
        };
        const json_t *labels = json_object_get(request->plan, "labels");
        int r;

        if (!request->changes) {
                r = labels ? manager_keep_labels(manager, labels) : 0;
                if (r < 0)
                        return r;
                manager_show(manager);
                job_finish(job, 0, NULL, json_pack("{s:b}", "changed", labels != NULL));
                return 0;
        }
        r = setup_start(manager->setup, job_id(job), request->plan, &options, error);
        if (r >= 0 && request->networks) {
                json_decref(manager->asked);
                manager->asked = json_pack("{s:O, s:O}", "networks", request->networks, "bonds", request->bonds);
        }
        return r;
}

void setup_on_hooks(void *userdata, const char *id, int r, const json_t *networks, const json_t *bonds, const json_t *options, const sd_bus_error *error) {
        _cleanup_(setup_request_done) SetupRequest request = { .networks = json_incref((json_t *)networks), .bonds = json_incref((json_t *)bonds),
                                                               .options = json_incref((json_t *)options) };
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        Manager *manager = userdata;
        Job *job = job_find(manager->daemon->jobs, id);
        const json_t *view;

        if (!job)
                return;
        if (r >= 0) {
                error = &own;
                view = manager_view(manager, &own);
                r = view ? setup_plan(manager, view, &request, &own) : -EHOSTDOWN;
                request.changes = r > 0;
        }
        if (r >= 0)
                r = begin_setup(manager, job, &request, &own);
        if (r < 0)
                job_finish(job, r, error, NULL);
}

static int start_setup(Manager *manager, sd_bus_message *message, SetupRequest *request, sd_bus_error *error) {
        _cleanup_json_ json_t *arguments = json_pack("{s:O*, s:O*, s:O*, s:O*, s:O*, s:O*}", "networks", request->networks, "bonds", request->bonds, "names", request->names,
                                                     "labels", json_object_get(request->options, "labels"), "layouts", json_object_get(request->options, "layouts"),
                                                     "vfs", json_object_get(request->options, "vfs"));
        JobSpec spec = {
                .id = dict_string(request->options, "job_id", NULL),
                .kind = request->names ? "sync-networks" : "setup-networks",
                .arguments = arguments,
                .cancel = cancel_setup,
                .userdata = manager,
        };
        Job *job;
        int r;

        if (!arguments)
                return -ENOMEM;
        r = message_get_uid(message, &spec.uid);
        if (r < 0)
                return r;
        r = job_new(manager->daemon->jobs, &spec, &job, error);
        if (r < 0)
                return r;
        if (r == 0)
                return sd_bus_reply_method_return(message, "o", job_path(job));

        job_start(job);
        r = request->changes && request->networks ? setup_hooks_before(manager->hooks, job_id(job), request->networks, request->bonds, request->options) : 0;
        if (r == 0 && request->changes)
                r = begin_setup(manager, job, request, error);
        if (r < 0) {
                job_drop(job);
                return r;
        }
        r = sd_bus_reply_method_return(message, "o", job_path(job));
        if (!request->changes) {
                int k = begin_setup(manager, job, request, NULL);

                if (k < 0)
                        job_finish(job, k, NULL, NULL);
        }
        return r;
}

/* From here on SetupNetworks and SyncNetworks are the same. */
static int carry_out(Manager *manager, sd_bus_message *message, SetupRequest *request, const char *verb, sd_bus_error *error) {
        char names[256];
        int r;

        r = check_setup(manager, request, error);
        if (r < 0)
                return r;
        join_names(request, names, sizeof names);
        r = auth_check(manager->daemon->auth, message, ACTION_NETWORK_CONFIGURE, AUTH_DETAILS("verb", verb, "network", names), error);
        if (r <= 0)
                return r < 0 ? r : 1;

        return start_setup(manager, message, request, error);
}

int setup_method_setup(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(setup_request_done) SetupRequest request = { 0 };
        int r;

        if (manager_wait(userdata, message))
                return 1;
        r = read_setup(message, &request, error);
        return r < 0 ? r : carry_out(userdata, message, &request, "setup-networks", error);
}

/* ---- SyncNetworks ---- */

static int read_names(sd_bus_message *message, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *names = json_array();
        const char *name;
        int r;

        r = sd_bus_message_enter_container(message, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read_basic(message, 's', &name)) > 0) {
                if (!network_name_is_valid(name))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "'%.40s' is no name of a network or bond", name);
                if (json_array_size(names) >= NETWORKS_MAX)
                        return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "At most %u names", NETWORKS_MAX);
                if (json_array_append_new(names, json_string(name)) < 0)
                        return -ENOMEM;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(names);
        return 0;
}

int setup_method_sync(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(setup_request_done) SetupRequest request = { 0 };
        int r;

        if (manager_wait(userdata, message))
                return 1;
        r = read_names(message, &request.names, error);
        if (r >= 0)
                r = dict_read_checked(message, setup_fields, "options", &request.options, error);
        return r < 0 ? r : carry_out(userdata, message, &request, "sync-networks", error);
}

/* ---- PlanNetworks ---- */

static int reply_steps(sd_bus_message *message, const json_t *steps) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = dict_append_array(reply, steps);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int setup_method_plan(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(setup_request_done) SetupRequest request = { 0 };
        _cleanup_json_ json_t *steps = NULL;
        Manager *manager = userdata;
        const json_t *view;
        int r;

        if (manager_wait(manager, message))
                return 1;
        r = dict_read(message, &request.networks, error);
        if (r >= 0)
                r = dict_read(message, &request.bonds, error);
        if (r >= 0)
                r = dict_read_checked(message, plan_fields, "options", &request.options, error);
        if (r < 0)
                return r;
        view = manager_view(manager, error);
        if (!view)
                return -EHOSTDOWN;
        r = setup_plan(manager, view, &request, error);
        if (r < 0)
                return r;
        steps = plan_report(view, request.plan);
        return steps ? reply_steps(message, steps) : -ENOMEM;
}

/* ---- Confirm ---- */

int setup_method_confirm(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Manager *manager = userdata;
        const char *id, *running;
        int r;

        r = sd_bus_message_read(message, "s", &id);
        if (r < 0)
                return r;
        r = dict_read_empty(message, error);
        if (r < 0)
                return r;
        if (!uuid_is_valid(id))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The job's id must be a lower-case UUID");
        running = setup_job(manager->setup);
        if (!streq_ptr(running, id))
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "No network set-up %s is under way", id);

        r = auth_check(manager->daemon->auth, message, ACTION_NETWORK_CONFIGURE, AUTH_DETAILS("verb", "confirm", "job", id), error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = setup_confirm(manager->setup, error);
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}
