/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus face of a job: org.rhv.Job, see dbus/org.rhv.Job.xml. */

#include "bus-error.h"
#include "dict.h"
#include "job-internal.h"

#define ACTION_JOB_MANAGE "org.rhv.job.manage"

static int property_string(sd_bus *bus, const char *path, const char *interface, const char *property,
                           sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Job *job = userdata;
        const char *value = streq(property, "Id")          ? job->id
                            : streq(property, "Kind")      ? job->kind
                            : streq(property, "State")     ? job_state_to_string(job->state)
                            : streq(property, "ErrorName") ? job->error_name
                                                           : job->error_message;

        return sd_bus_message_append(reply, "s", value ?: "");
}

static int property_number(sd_bus *bus, const char *path, const char *interface, const char *property,
                           sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Job *job = userdata;
        uint64_t value = streq(property, "StartedAt")   ? job->started_at_usec
                         : streq(property, "EndedAt")   ? job->ended_at_usec
                         : streq(property, "BytesDone") ? job->done
                                                        : job->total;

        return sd_bus_message_append(reply, "t", value);
}

static int property_flag(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Job *job = userdata;

        return sd_bus_message_append(reply, "b",
                                     streq(property, "Cancelable") ? job->cancel != NULL
                                                                   : job->total > 0 || job_has_ended(job));
}

static int property_progress(sd_bus *bus, const char *path, const char *interface, const char *property,
                             sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Job *job = userdata;
        double progress = job->state == JOB_DONE ? 1.0
                          : job->total > 0       ? (double)job->done / (double)job->total
                                                 : 0.0;

        return sd_bus_message_append(reply, "d", progress > 1.0 ? 1.0 : progress);
}

static int property_objects(sd_bus *bus, const char *path, const char *interface, const char *property,
                            sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Job *job = userdata;
        json_t *object;
        size_t i;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "o");
        if (r < 0)
                return r;
        json_array_foreach(job->objects, i, object) {
                r = sd_bus_message_append(reply, "o", json_string_value(object));
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(reply);
}

static int property_uid(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Job *job = userdata;

        return sd_bus_message_append(reply, "u", (uint32_t)job->uid);
}

static int property_result(sd_bus *bus, const char *path, const char *interface, const char *property,
                           sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Job *job = userdata;

        return job->result ? dict_append(reply, job->result) : sd_bus_message_append(reply, "a{sv}", 0);
}

/* Who started a job may always end it. */
static int may_manage(Job *job, sd_bus_message *message, const char *verb, sd_bus_error *error) {
        uid_t uid;

        if (!job->manager->auth || (message_get_uid(message, &uid) >= 0 && uid == job->uid))
                return 1;

        return auth_check(job->manager->auth, message, ACTION_JOB_MANAGE,
                          AUTH_DETAILS("verb", verb, "job", job->id, "kind", job->kind), error);
}

static int method_cancel(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Job *job = userdata;
        int r;

        r = may_manage(job, message, "cancel", error);
        if (r < 0)
                return r;
        if (r == 0)
                return 1;

        r = job_cancel(job, error);
        if (r < 0)
                return r;

        return sd_bus_reply_method_return(message, NULL);
}

static int method_release(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Job *job = userdata;
        int r;

        if (!job_has_ended(job))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Job %s has not ended: it is %s", job->id,
                                         job_state_to_string(job->state));

        r = may_manage(job, message, "release", error);
        if (r < 0)
                return r;
        if (r == 0)
                return 1;

        job_remove(job);
        return sd_bus_reply_method_return(message, NULL);
}

static int find_job(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                    sd_bus_error *error) {
        JobManager *manager = userdata;
        _cleanup_free_ char *id = NULL;
        int r;

        r = bus_object_id(path, manager->prefix, &id);
        if (r <= 0)
                return r;

        *ret_found = job_find(manager, id);
        return *ret_found ? 1 : 0;
}

static int enumerate_jobs(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *error) {
        const JobManager *manager = userdata;
        char **nodes;
        size_t n = 0;

        nodes = calloc(HASH_COUNT(manager->jobs) + 1, sizeof *nodes);
        if (!nodes)
                return -ENOMEM;
        for (const Job *job = manager->jobs; job; job = job->hh.next) {
                nodes[n] = strdup(job->path);
                if (!nodes[n]) {
                        while (n > 0)
                                free(nodes[--n]);
                        free(nodes);
                        return -ENOMEM;
                }
                n++;
        }

        *ret_nodes = nodes;
        return 0;
}

static const sd_bus_vtable job_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Cancel", NULL, NULL, method_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Release", NULL, NULL, method_release, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Id", "s", property_string, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Kind", "s", property_string, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", property_string, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Progress", "d", property_progress, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ProgressValid", "b", property_flag, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("BytesDone", "t", property_number, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("BytesTotal", "t", property_number, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("StartedAt", "t", property_number, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("EndedAt", "t", property_number, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Objects", "ao", property_objects, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("StartedByUid", "u", property_uid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Cancelable", "b", property_flag, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ErrorName", "s", property_string, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ErrorMessage", "s", property_string, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Result", "a{sv}", property_result, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

/* The prefix is the manager's own; the path here only marks the record as a kind. */
const BusObject job_bus_objects[] = {
        { "/org/rhv", JOB_INTERFACE, job_vtable, find_job, enumerate_jobs },
        { NULL },
};

int job_manager_register(JobManager *manager, Auth *auth) {
        const BusObject objects[] = {
                { manager->prefix, JOB_INTERFACE, job_vtable, find_job, enumerate_jobs },
                { NULL },
        };

        manager->auth = auth;
        return bus_objects_register(manager->bus, NULL, objects, manager);
}
