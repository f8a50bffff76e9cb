/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-serve.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <utlist.h>

#include "bus-error.h"
#include "bus-object.h"
#include "dict.h"
#include "migration-place.h"
#include "operation.h"
#include "parse-util.h"
#include "peer-frame.h"

typedef struct PeerServe PeerServe;

typedef struct Verb {
        const char *member;
        /* Reads the call's arguments and makes the call on a service here. */
        int (*ask)(PeerServe *serve, sd_bus_message *message, sd_bus_message **ret, sd_bus_error *error);
        /* Turns its answer into this call's. */
        int (*answer)(PeerServe *serve, sd_bus_message *reply, sd_bus_error *error);
} Verb;

struct PeerServe {
        Manager *manager;
        const Verb *verb;
        char host_id[37];
        Operation *operation;
        sd_bus_slot *slot;
        int fd; /* of a download: what the other host reads */
        PeerServe *next, *prev;
};

static PeerServe *serve_free(PeerServe *serve) {
        if (!serve)
                return NULL;
        DL_DELETE(serve->manager->serves, serve);
        serve->manager->n_serves--;
        sd_bus_slot_unref(serve->slot);
        operation_free(serve->operation);
        safe_close(serve->fd);
        free(serve);
        return NULL;
}
DEFINE_CLEANUP(PeerServe *, serve_free)

void peer_serve_stop(Manager *manager) {
        while (manager->serves)
                serve_free(manager->serves);
}

/* ---- reading ---- */

static int read_id(sd_bus_message *message, const char *what, const char **ret, sd_bus_error *error) {
        int r = sd_bus_message_read(message, "s", ret);

        if (r >= 0 && !uuid_is_valid(*ret))
                r = sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s must be a UUID in lower-case", what);
        return r;
}

/* A call on a guest here. */
static int guest_call(const PeerServe *serve, const char *vm, const char *member, sd_bus_message **ret) {
        _cleanup_free_ char *path = bus_object_path("/vm", vm);

        return path ? backend_message(serve->manager->backends[BACKEND_COMPUTE], path, "Compute.Vm", member, ret) : -ENOMEM;
}

/* ---- answers ---- */

/* fd: taken. */
static int answer_ticket(PeerServe *serve, int fd, sd_bus_error *error) {
        _cleanup_close_ int own = fd;
        const Peer *peer = peers_find(serve->manager->peers, serve->host_id);
        char ticket[PEER_TICKET_STRING_MAX];
        int r;

        if (!peer)
                return sd_bus_error_set(error, RHV_ERROR_ACCESS_DENIED, "The host was removed");
        r = peers_offer_stream(peer, own, ticket, error);
        if (r < 0)
                return r;
        (void) TAKE_FD(own);
        serve->operation = operation_reply(serve->operation, "s", ticket);
        return 0;
}

/* "h" of the service's answer. */
static int answer_descriptor(PeerServe *serve, sd_bus_message *reply, sd_bus_error *error) {
        int fd, own, r;

        r = sd_bus_message_read(reply, "h", &fd);
        if (r < 0)
                return r;
        own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return own < 0 ? -errno : answer_ticket(serve, own, error);
}

static int answer_nothing(PeerServe *serve, sd_bus_message *reply, sd_bus_error *error) {
        serve->operation = operation_reply(serve->operation, "");
        return 0;
}

/* Everything of the service's answer behind its first `skipped` objects. */
static int answer_copy(PeerServe *serve, sd_bus_message *reply, const char *skipped) {
        _cleanup_message_ sd_bus_message *answer = NULL;
        int r;

        r = *skipped ? sd_bus_message_skip(reply, skipped) : 0;
        if (r >= 0)
                r = sd_bus_message_new_method_return(operation_message(serve->operation), &answer);
        if (r >= 0)
                r = sd_bus_message_copy(answer, reply, true);
        if (r >= 0)
                serve->operation = operation_reply_message(serve->operation, answer);
        return r;
}

/* ---- a guest that comes ---- */

static int ask_prepare(PeerServe *serve, sd_bus_message *message, sd_bus_message **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *description = NULL;
        const char *vm, *job;
        int r;

        r = read_id(message, "The VM's id", &vm, error);
        if (r >= 0)
                r = read_id(message, "The job's id", &job, error);
        if (r >= 0)
                r = dict_read(message, &description, error);
        if (r >= 0 && model_find(serve->manager->model, KIND_VM, vm))
                r = sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The VM %s is defined on this host", vm);
        if (r >= 0)
                r = backend_message(serve->manager->backends[BACKEND_COMPUTE], "", "Compute", "PrepareIncoming", ret);
        if (r >= 0)
                r = sd_bus_message_append(*ret, "s", vm);
        if (r >= 0)
                r = dict_append(*ret, description);
        return r < 0 ? r : sd_bus_message_append(*ret, "a{sv}", 1, "job_id", "s", job);
}

static int answer_prepared(PeerServe *serve, sd_bus_message *reply, sd_bus_error *error) {
        return answer_copy(serve, reply, "oo");
}

static int ask_incoming(PeerServe *serve, sd_bus_message *message, sd_bus_message **ret, sd_bus_error *error) {
        const char *vm, *channel;
        int r;

        r = read_id(message, "The VM's id", &vm, error);
        if (r >= 0)
                r = sd_bus_message_read(message, "s", &channel);
        if (r >= 0)
                r = guest_call(serve, vm, "OpenIncoming", ret);
        return r < 0 ? r : sd_bus_message_append(*ret, "sa{sv}", channel, 0);
}

static int job_call(const PeerServe *serve, int backend, const char *job, bool cancel, sd_bus_message **ret) {
        _cleanup_free_ char *path = bus_object_path("/job", job);

        if (!path)
                return -ENOMEM;
        return cancel ? backend_message(serve->manager->backends[backend], path, "Job", "Cancel", ret)
                      : backend_properties(serve->manager->backends[backend], path, "Job", ret);
}

static int ask_abort(PeerServe *serve, sd_bus_message *message, sd_bus_message **ret, sd_bus_error *error) {
        const char *job;
        int r = read_id(message, "The job's id", &job, error);

        return r < 0 ? r : job_call(serve, BACKEND_COMPUTE, job, true, ret);
}

/* ---- a guest that runs here ---- */

static int ask_view(PeerServe *serve, sd_bus_message *message, const char *member, sd_bus_message **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL;
        const char *vm;
        int r;

        r = read_id(message, "The VM's id", &vm, error);
        if (r >= 0)
                r = dict_read(message, &options, error);
        if (r >= 0)
                r = guest_call(serve, vm, member, ret);
        return r < 0 ? r : dict_append(*ret, options);
}

static int ask_console(PeerServe *serve, sd_bus_message *message, sd_bus_message **ret, sd_bus_error *error) {
        return ask_view(serve, message, "OpenConsole", ret, error);
}

static int ask_graphics(PeerServe *serve, sd_bus_message *message, sd_bus_message **ret, sd_bus_error *error) {
        return ask_view(serve, message, "OpenGraphics", ret, error);
}

/* ---- a disk ---- */

static int ask_download(PeerServe *serve, sd_bus_message *message, sd_bus_message **ret, sd_bus_error *error) {
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int far = -EBADF;
        const char *domain, *image, *volume, *job;
        int pair[2], r;

        r = read_id(message, "The domain", &domain, error);
        if (r >= 0)
                r = read_id(message, "The image", &image, error);
        if (r >= 0)
                r = read_id(message, "The volume", &volume, error);
        if (r >= 0)
                r = read_id(message, "The job's id", &job, error);
        if (r < 0)
                return r;
        path = bus_object_path("/domain", domain);
        if (!path)
                return -ENOMEM;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        serve->fd = pair[0];
        far = pair[1];
        r = backend_message(serve->manager->backends[BACKEND_STORAGE], path, "Storage.Domain", "Download", ret);
        return r < 0 ? r : sd_bus_message_append(*ret, "ssha{sv}", image, volume, far, 1, "job_id", "s", job);
}

static int answer_download(PeerServe *serve, sd_bus_message *reply, sd_bus_error *error) {
        return answer_ticket(serve, TAKE_FD(serve->fd), error);
}

static int ask_job(PeerServe *serve, sd_bus_message *message, sd_bus_message **ret, sd_bus_error *error) {
        const char *service, *job;
        int r;

        r = sd_bus_message_read(message, "s", &service);
        if (r >= 0)
                r = read_id(message, "The job's id", &job, error);
        if (r < 0)
                return r;
        for (int backend = 0; backend < _BACKENDS_MAX; backend++)
                if (streq(service, backend_service(serve->manager->backends[backend])))
                        return job_call(serve, backend, job, false, ret);
        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "There is no service %s", service);
}

static int answer_job(PeerServe *serve, sd_bus_message *reply, sd_bus_error *error) {
        return answer_copy(serve, reply, "");
}

/* ---- the call ---- */

static const Verb verbs[] = {
        { "PrepareIncoming", ask_prepare, answer_prepared },
        { "OpenIncoming", ask_incoming, answer_descriptor },
        { "AbortIncoming", ask_abort, answer_nothing },
        { "OpenConsole", ask_console, answer_descriptor },
        { "OpenGraphics", ask_graphics, answer_descriptor },
        { "Download", ask_download, answer_download },
        { "GetJob", ask_job, answer_job },
};

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(serve_freep) PeerServe *serve = userdata;
        const sd_bus_error *refused = sd_bus_message_get_error(reply);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = -EIO;

        if (sd_bus_error_has_name(refused, SD_BUS_ERROR_UNKNOWN_OBJECT))
                (void) sd_bus_error_set(&error, RHV_ERROR_NOT_FOUND, "There is no such thing on this host");
        else if (refused)
                (void) bus_error_forward(&error, refused, "The other host refused");
        else
                r = serve->verb->answer(serve, reply, &error);
        if (r < 0)
                serve->operation = operation_fail_errno(serve->operation, r, &error);
        return 0;
}

static PeerServe *serve_new(Manager *manager, const Verb *verb, const Peer *peer) {
        PeerServe *serve = calloc(1, sizeof *serve);

        if (!serve)
                return NULL;
        serve->manager = manager;
        serve->verb = verb;
        serve->fd = -EBADF;
        memcpy(serve->host_id, peer->host->id, sizeof serve->host_id);
        DL_APPEND(manager->serves, serve);
        manager->n_serves++;
        return serve;
}

int peer_serve(Peer *peer, sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_message_ sd_bus_message *call = NULL;
        _cleanup_(serve_freep) PeerServe *serve = NULL;
        Manager *manager = userdata;
        const Verb *verb = NULL;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (streq_ptr(sd_bus_message_get_member(message), verbs[i].member))
                        verb = &verbs[i];
        if (!verb)
                return sd_bus_error_set(error, RHV_ERROR_NOT_SUPPORTED, "This host does not serve that");
        if (manager->n_serves >= SERVES_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u calls are served already", SERVES_MAX);
        serve = serve_new(manager, verb, peer);
        if (!serve)
                return -ENOMEM;
        r = verb->ask(serve, message, &call, error);
        if (r >= 0)
                r = sd_bus_call_async(manager->bus, &serve->slot, call, on_answer, serve, SERVE_USEC);
        if (r < 0)
                return r;
        serve->operation = operation_new(message);
        if (!serve->operation)
                return -ENOMEM;
        (void) TAKE_PTR(serve);
        return 1;
}
