/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.rhv.Storage.Iscsi: targets are found, logged in to and out of, and sessions are listed. The work is done by rhv-iscsi, in a worker thread that waits. */

#include <fcntl.h>
#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "iscsi-words.h"
#include "iscsi.h"
#include "manager.h"
#include "request.h"

/* open-iscsi gives up before: two tries to log in, 15 s each, and what systemd takes to start it. */
#define ISCSI_USEC (120 * USEC_PER_SEC)

/* ---- in a worker ---- */

static int io_discover(Io *io) {
        return iscsi_discover(io->iscsi, &io->report, &io->error);
}

static int io_login(Io *io) {
        return iscsi_login(io->iscsi, &io->error);
}

/* No domain that is open here loses a path with it. */
static int io_logout(Io *io) {
        const char *id;
        json_t *devices;

        json_object_foreach(io->iscsi->domains, id, devices) {
                int r = iscsi_session_carries(io->iscsi, json_string_value(devices));

                if (r < 0)
                        return r;
                if (r > 0) {
                        sd_bus_error_setf(&io->error, RHV_ERROR_IN_USE, "Storage domain %s has a device on that session; close it first", id);
                        return -EBUSY;
                }
        }
        return iscsi_logout(io->iscsi, &io->error);
}

static int io_sessions(Io *io) {
        return iscsi_sessions(&io->report);
}

/* ---- answers ---- */

static void on_list(Task *task, Io *io, int r, const sd_bus_error *error) {

        task_answer(task, r, error, dict_append_array, io->report);
}

static void on_done(Task *task, Io *io, int r, const sd_bus_error *error) {
        if (r < 0) {
                task_fail(task, r, error);
                return;
        }
        /* what waited for these devices need not wait for its turn */
        domain_retry_failed(task->manager);
        task->operation = operation_reply(task->operation, "");
        task_free(task);
}

/* ---- requests ---- */

/* request: taken. */
static int later(Manager *manager, sd_bus_message *message, const char *name, int (*run)(Io *), IscsiRequest *request, task_then_t then, sd_bus_error *error) {
        Task *task = task_new(manager, NULL, message);
        char nowhere[] = "";
        Io *io = io_new(name, run, &(DomainPlace){ .path = nowhere });
        const uint64_t lane = request && request->portal ? task_lane(request->portal) : 0;
        int r;

        if (!task || !io) {
                if (io)
                        io_free(io);
                iscsi_request_free(request);
                task_free(task);
                return -ENOMEM;
        }
        io->iscsi = request;
        r = task_run(task, io, lane, ISCSI_USEC, then, error);
        if (r < 0)
                task_fail(task, r, error);
        return 1;
}

static int add_domains(IscsiRequest *request, const Manager *manager) {
        request->domains = json_object();
        for (const Domain *domain = manager->domains; domain && request->domains; domain = domain->hh.next)
                if (domain_type_is_block(domain->place.type) &&
                    json_object_set_new(request->domains, domain->place.id, json_string(domain->place.path)) < 0)
                        return -ENOMEM;
        return request->domains ? 0 : -ENOMEM;
}

/* target: NULL: none is named. secrets_fd: borrowed; negative: none. */
static int request_new(const char *target, const char *portal, int secrets_fd, const json_t *options, IscsiRequest **ret, sd_bus_error *error) {
        _cleanup_(iscsi_request_freep) IscsiRequest *request = NULL;
        const char *user = dict_string(options, "user", NULL);

        if (target && !iscsi_name_is_valid(target)) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "A target is called \"iqn.\", \"eui.\" or \"naa.\" and so on, not \"%s\"", target);
                return -EINVAL;
        }
        if (!iscsi_portal_is_valid(portal)) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "A portal is an address and a port, \"192.0.2.1:3260\" or \"[2001:db8::1]:3260\", not \"%s\"", portal);
                return -EINVAL;
        }
        request = calloc(1, sizeof(*request));
        if (!request)
                return -ENOMEM;
        request->secrets_fd = secrets_fd < 0 ? -EBADF : fcntl(secrets_fd, F_DUPFD_CLOEXEC, 3);
        if (secrets_fd >= 0 && request->secrets_fd < 0)
                return -errno;
        request->target = target ? strdup(target) : NULL;
        request->portal = iscsi_portal_full(portal);
        request->user = user ? strdup(user) : NULL;
        request->recovery_sec = (unsigned)((uint64_t)dict_integer(options, "recovery", ISCSI_RECOVERY_SEC * USEC_PER_SEC) / USEC_PER_SEC);
        if (!request->portal || !request->target != !target || !request->user != !user)
                return -ENOMEM;
        *ret = TAKE_PTR(request);
        return 0;
}

static int authorize(const Manager *manager, sd_bus_message *message, const char *verb, const char *target, const char *portal, sd_bus_error *error) {
        return auth_check(manager->auth, message, ACTION_CONFIGURE, AUTH_DETAILS("verb", verb, "target", target, "portal", portal), error);
}

static int method_discover(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(iscsi_request_freep) IscsiRequest *request = NULL;
        _cleanup_json_ json_t *options = NULL;
        Manager *manager = userdata;
        const char *portal;
        int r, fd;

        r = sd_bus_message_read(message, "sh", &portal, &fd);
        if (r >= 0)
                r = dict_read_checked(message, request_iscsi_discover, "options", &options, error);
        if (r >= 0)
                r = request_new(NULL, portal, fd, options, &request, error);
        if (r < 0)
                return r;
        r = authorize(manager, message, "discover-targets", "", portal, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return later(manager, message, "discover targets", io_discover, TAKE_PTR(request), on_list, error);
}

static int method_login(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(iscsi_request_freep) IscsiRequest *request = NULL;
        _cleanup_json_ json_t *options = NULL;
        const char *target, *portal;
        Manager *manager = userdata;
        int r, fd;

        r = sd_bus_message_read(message, "ssh", &target, &portal, &fd);
        if (r >= 0)
                r = dict_read_checked(message, request_iscsi_login, "options", &options, error);
        if (r >= 0)
                r = request_new(target, portal, fd, options, &request, error);
        if (r < 0)
                return r;
        r = authorize(manager, message, "login-target", target, portal, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return later(manager, message, "log in to a target", io_login, TAKE_PTR(request), on_done, error);
}

static int method_logout(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(iscsi_request_freep) IscsiRequest *request = NULL;
        const char *target, *portal;
        Manager *manager = userdata;
        int r;

        r = sd_bus_message_read(message, "ss", &target, &portal);
        if (r >= 0)
                r = dict_read_empty(message, error);
        if (r >= 0)
                r = request_new(target, portal, -EBADF, NULL, &request, error);
        if (r < 0)
                return r;
        r = authorize(manager, message, "logout-target", target, portal, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = add_domains(request, manager);
        return r < 0 ? r : later(manager, message, "log out of a target", io_logout, TAKE_PTR(request), on_done, error);
}

static int method_list_sessions(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        int r;

        r = dict_read_empty(message, error);
        return r < 0 ? r : later(userdata, message, "list iSCSI sessions", io_sessions, NULL, on_list, error);
}

extern const sd_bus_vtable iscsi_vtable[];
const sd_bus_vtable iscsi_vtable[] = {
                SD_BUS_VTABLE_START(0),
                SD_BUS_METHOD_WITH_ARGS("DiscoverTargets", SD_BUS_ARGS("s", portal, "h", secrets, "a{sv}", options), SD_BUS_RESULT("aa{sv}", targets),
                                        method_discover, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("Login", SD_BUS_ARGS("s", target, "s", portal, "h", secrets, "a{sv}", options), SD_BUS_NO_RESULT, method_login,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("Logout", SD_BUS_ARGS("s", target, "s", portal, "a{sv}", options), SD_BUS_NO_RESULT, method_logout,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("ListSessions", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("aa{sv}", sessions), method_list_sessions,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_VTABLE_END,
};
