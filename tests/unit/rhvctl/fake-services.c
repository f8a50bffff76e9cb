/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Stands in for org.rhv.Cluster and org.rhv.Fence where rhvctl's own behaviour is tested: jobs that move, fail or never end, consoles,
 * descriptors, refusals. What the real services do is tested with the real services, in the lab.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#include "dict.h"

#define ROOT "/org/rhv/Cluster"
#define VM1 "5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11"
#define VM2 "5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e12"
#define DISK1 "5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e21"
#define DISK2 "5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e22"

typedef struct FakeObject {
        const char *path, *id, *name, *state, *format;
        uint64_t size;
} FakeObject;

static const FakeObject vms[] = {
        { ROOT "/vm/1", VM1, "web1", "running", NULL, 2 * GIB },
        { ROOT "/vm/2", VM2, "e\033vil", "down", NULL, GIB },
};
static const FakeObject disks[] = {
        { ROOT "/disk/1", DISK1, "data", "ok", "raw", GIB },
        { ROOT "/disk/2", DISK2, "data", "ok", "qcow2", 10 * GIB },
};

/* The one job: what becomes of it is told by the method that began it. */
static struct {
        const char *end; /* "done", "failed", "never" */
        const char *state, *status;
        double progress;
        sd_event_source *source;
} job = { .state = "pending", .status = "" };

static sd_bus *bus;
static sd_event *event;

/* ---- properties ---- */

static int get(sd_bus *b, const char *path, const char *interface, const char *property, sd_bus_message *reply,
               void *userdata, sd_bus_error *error) {
        const FakeObject *object = userdata;

        if (streq(property, "Id"))
                return sd_bus_message_append(reply, "s", object->id);
        if (streq(property, "Name"))
                return sd_bus_message_append(reply, "s", object->name);
        if (streq(property, "State"))
                return sd_bus_message_append(reply, "s", object->state);
        if (streq(property, "Format"))
                return sd_bus_message_append(reply, "s", object->format);
        if (streq(property, "Cpus"))
                return sd_bus_message_append(reply, "u", 2);
        if (streq(property, "GuestAddresses"))
                return sd_bus_message_append(reply, "as", 1, "192.0.2.7");
        return sd_bus_message_append(reply, "t", object->size);
}

static int get_job(sd_bus *b, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                   void *userdata, sd_bus_error *error) {
        bool failed = streq(job.state, "failed");

        if (streq(property, "State"))
                return sd_bus_message_append(reply, "s", job.state);
        if (streq(property, "Progress"))
                return sd_bus_message_append(reply, "d", job.progress);
        if (streq(property, "ProgressValid"))
                return sd_bus_message_append(reply, "b", 1);
        if (streq(property, "ErrorName"))
                return sd_bus_message_append(reply, "s", failed ? "org.rhv.Error.NoHost" : "");
        if (streq(property, "ErrorMessage"))
                return sd_bus_message_append(reply, "s", failed ? "No host has 2 GiB of free memory." : "");
        if (streq(property, "Result"))
                return sd_bus_message_append(reply, "a{sv}", 1, "status", "s", job.status);
        return sd_bus_message_append(reply, "t", 0);
}

/* ---- the job ---- */

static int on_step(sd_event_source *source, uint64_t usec, void *userdata) {
        job.state = "running";
        job.progress += 0.5;
        if (job.progress >= 1)
                job.state = job.end;
        (void) sd_bus_emit_properties_changed(bus, ROOT "/job/1", "org.rhv.Job", "State", "Progress", NULL);
        if (job.progress >= 1)
                return 0;
        (void) sd_event_source_set_time_relative(source, 20 * USEC_PER_MSEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int begin(sd_bus_message *message, const char *end) {
        job.end = end;
        job.state = "pending";
        job.progress = 0;
        job.source = sd_event_source_unref(job.source);
        if (!streq(end, "never"))
                (void) sd_event_add_time_relative(event, &job.source, CLOCK_MONOTONIC, 20 * USEC_PER_MSEC, 1000, on_step, NULL);
        return sd_bus_reply_method_return(message, "o", ROOT "/job/1");
}

/* ---- methods ---- */

static int method_start(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const FakeObject *vm = userdata;
        _cleanup_json_ json_t *options = NULL;

        if (dict_read(message, &options, error) < 0)
                return -EINVAL;
        if (dict_boolean(options, "paused", false))
                return begin(message, "never");
        return begin(message, streq(vm->id, VM1) ? "done" : "failed");
}

static int method_refuse(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return sd_bus_error_set(error, "org.rhv.Error.AccessDenied", "You may not operate VMs.");
}

/* A guest that says who it is and shouts back what it hears. */
static int on_console(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        char data[256];
        ssize_t n = read(fd, data, sizeof data);

        if (n <= 0) {
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
                close(fd);
                return 0;
        }
        for (ssize_t i = 0; i < n; i++)
                if (data[i] >= 'a' && data[i] <= 'z')
                        data[i] -= 'a' - 'A';
        (void) !write(fd, data, (size_t)n);
        return 0;
}

static int method_console(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        int fds[2], r;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        (void) !write(fds[0], "guest login: ", 13);
        (void) sd_event_add_io(event, NULL, fds[0], EPOLLIN, on_console, NULL);
        r = sd_bus_reply_method_return(message, "h", fds[1]);
        close(fds[1]);
        return r;
}

static int method_stats(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(message, "a{sv}", 2, "cpu_time_nsec", "t", UINT64_C(90000000000),
                                          "memory_bytes", "t", 2 * GIB);
}

static int method_create(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *spec = NULL, *options = NULL;
        _cleanup_free_ char *text = NULL;

        if (dict_read(message, &spec, error) < 0 || dict_read(message, &options, error) < 0)
                return -EINVAL;
        if (!json_object_get(options, "request_id"))
                return sd_bus_error_set(error, "org.rhv.Error.InvalidArgument", "no request id");
        if (dict_integer(spec, "cpus", 1) == 0) /* says what it got, so that the test sees it */
                text = json_dumps(spec, JSON_COMPACT | JSON_SORT_KEYS);
        if (text)
                return sd_bus_error_set(error, "org.rhv.Error.InvalidArgument", text);
        return sd_bus_reply_method_return(message, "o", ROOT "/vm/5a1d0c2e_2d7c0f_2d4a52_2d9b1e_2d0c6f3f0d1e11");
}

/* Copies the file through the job's result: the test reads what arrived. */
static int method_upload(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static char data[64];
        int fd;
        ssize_t n;

        if (sd_bus_message_read(message, "h", &fd) < 0)
                return -EINVAL;
        n = read(fd, data, sizeof data - 1);
        data[n < 0 ? 0 : n] = 0;
        job.status = data;
        return begin(message, "done");
}

static int method_download(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        int fd;

        if (sd_bus_message_read(message, "h", &fd) < 0 || write(fd, "half a di", 9) != 9)
                return -EINVAL;
        return begin(message, streq(((const FakeObject *)userdata)->id, DISK1) ? "done" : "failed");
}

static int method_run(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *device = NULL;
        static char secrets[64];
        const char *action;
        int fd, r;
        ssize_t n;

        r = sd_bus_message_read(message, "s", &action);
        if (r >= 0)
                r = dict_read(message, &device, error);
        if (r >= 0)
                r = sd_bus_message_read(message, "h", &fd);
        if (r < 0)
                return r;

        n = read(fd, secrets, sizeof secrets - 1);
        secrets[n < 0 ? 0 : n] = 0;
        job.status = streq(secrets, "password=s3cret\n") ? "on" : secrets;
        return begin(message, "done");
}

static int method_agents(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(message, "as", 2, "fence_dummy", "fence_ipmilan");
}

static int method_events(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(message, "aa{sv}", 1, 4, "time", "t", UINT64_C(1769860800000000), "severity", "s",
                                          "warning", "user", "s", "admin", "message", "s", "VM web1\nfell");
}

static int get_backends(sd_bus *b, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                        void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "a(sss)", 1, "store", "failed", "disk full");
}

static int get_version(sd_bus *b, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                       void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", "0.1.0");
}

#define UNPRIVILEGED SD_BUS_VTABLE_UNPRIVILEGED

static const sd_bus_vtable root_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, 0),
        SD_BUS_PROPERTY("Backends", "a(sss)", get_backends, 0, 0),
        SD_BUS_METHOD("CreateVm", "a{sv}a{sv}", "o", method_create, UNPRIVILEGED),
        SD_BUS_METHOD("ListEvents", "a{sv}", "aa{sv}", method_events, UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
static const sd_bus_vtable vm_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Id", "s", get, 0, 0),
        SD_BUS_PROPERTY("Name", "s", get, 0, 0),
        SD_BUS_PROPERTY("State", "s", get, 0, 0),
        SD_BUS_PROPERTY("Cpus", "u", get, 0, 0),
        SD_BUS_PROPERTY("Memory", "t", get, 0, 0),
        SD_BUS_PROPERTY("GuestAddresses", "as", get, 0, 0),
        SD_BUS_METHOD("Start", "a{sv}", "o", method_start, UNPRIVILEGED),
        SD_BUS_METHOD("PowerOff", "a{sv}", "o", method_refuse, UNPRIVILEGED),
        SD_BUS_METHOD("OpenConsole", "a{sv}", "h", method_console, UNPRIVILEGED),
        SD_BUS_METHOD("GetStats", "", "a{sv}", method_stats, UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
static const sd_bus_vtable disk_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Id", "s", get, 0, 0),
        SD_BUS_PROPERTY("Name", "s", get, 0, 0),
        SD_BUS_PROPERTY("State", "s", get, 0, 0),
        SD_BUS_PROPERTY("Format", "s", get, 0, 0),
        SD_BUS_PROPERTY("Capacity", "t", get, 0, 0),
        SD_BUS_METHOD("Upload", "ha{sv}", "o", method_upload, UNPRIVILEGED),
        SD_BUS_METHOD("Download", "ha{sv}", "o", method_download, UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
static const sd_bus_vtable job_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("State", "s", get_job, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Progress", "d", get_job, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ProgressValid", "b", get_job, 0, 0),
        SD_BUS_PROPERTY("BytesDone", "t", get_job, 0, 0),
        SD_BUS_PROPERTY("BytesTotal", "t", get_job, 0, 0),
        SD_BUS_PROPERTY("ErrorName", "s", get_job, 0, 0),
        SD_BUS_PROPERTY("ErrorMessage", "s", get_job, 0, 0),
        SD_BUS_PROPERTY("Result", "a{sv}", get_job, 0, 0),
        SD_BUS_VTABLE_END,
};
static const sd_bus_vtable fence_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("ListAgents", "a{sv}", "as", method_agents, UNPRIVILEGED),
        SD_BUS_METHOD("Run", "sa{sv}ha{sv}", "o", method_run, UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int add(const FakeObject *objects, size_t n, const char *interface, const sd_bus_vtable *vtable) {
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i++)
                r = sd_bus_add_object_vtable(bus, NULL, objects[i].path, interface, vtable, (void *)(objects + i));
        return r;
}

int main(void) {
        int r;

        (void) signal(SIGPIPE, SIG_IGN); /* a console may go away while we write to it */
        r = sd_event_default(&event);
        if (r >= 0)
                r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_attach_event(bus, event, 0);
        if (r >= 0)
                r = sd_bus_add_object_manager(bus, NULL, ROOT);
        if (r >= 0)
                r = sd_bus_add_object_manager(bus, NULL, "/org/rhv/Fence");
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, ROOT, "org.rhv.Cluster", root_vtable, NULL);
        if (r >= 0)
                r = add(vms, ELEMENTSOF(vms), "org.rhv.Cluster.Vm", vm_vtable);
        if (r >= 0)
                r = add(disks, ELEMENTSOF(disks), "org.rhv.Cluster.Disk", disk_vtable);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, ROOT "/job/1", "org.rhv.Job", job_vtable, NULL);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, "/org/rhv/Fence", "org.rhv.Fence", fence_vtable, NULL);
        if (r >= 0)
                r = sd_bus_request_name(bus, "org.rhv.Fence", 0);
        if (r >= 0)
                r = sd_bus_request_name(bus, "org.rhv.Cluster", 0);
        if (r >= 0)
                r = sd_event_loop(event);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
