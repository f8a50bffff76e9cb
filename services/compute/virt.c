/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "virt.h"

#include <libvirt/libvirt.h>
#include <stdio.h>
#include <utlist.h>

#include "bus-error.h"
#include "log-ids.h"
#include "log.h"
#include "mailbox.h"
#include "virt-call.h"
#include "virt-connect.h"
#include "work.h"

/*
 * When a libvirt that hangs is noticed, and what a caller sees (a D-Bus caller gives up at 25 s):
 *
 *   0        5 s          10 s                20 s                               120 s
 *   |── ping ─|             |── call ends ──────|── keepalive closes the link ──…   |── create ends
 *
 * A call that passes its time is written off and a ping is sent; if that is not answered either, the connection is dropped at once.
 */
#define CALL_DEADLINE_USEC (10 * USEC_PER_SEC)
#define UPDATE_DEADLINE_USEC (20 * USEC_PER_SEC)  /* a filter is dozens of commands, one after the other; callers wait 25 s */
#define CREATE_DEADLINE_USEC (120 * USEC_PER_SEC) /* a large guest's memory is touched, a slow disk opened */
#define DESTROY_DEADLINE_USEC (60 * USEC_PER_SEC) /* libvirt itself waits 10 s + 15 s for QEMU to end */
#define AGENT_DEADLINE_USEC (20 * USEC_PER_SEC)   /* two commands of 5 s each, waiting for one another */
#define NETWORK_DEADLINE_USEC (24 * USEC_PER_SEC) /* libvirt runs iptables some twenty times, and dnsmasq; a caller waits 25 s */
#define PING_DEADLINE_USEC (5 * USEC_PER_SEC)
/* As long as oVirt waits for the other host. Its end is seen by an event as well, and it can be aborted. */
#define MIGRATE_DEADLINE_USEC (6 * 60 * 60 * USEC_PER_SEC)
/* A connect is left to itself: one attempt, that may wait for a hung libvirtd as long as that hangs. Only its state is told. */
#define OPEN_DEADLINE_USEC (24 * 60 * 60 * USEC_PER_SEC)
#define OPEN_SILENT_USEC (5 * USEC_PER_SEC)

#define RETRY_MIN_USEC (500 * USEC_PER_MSEC)
#define RETRY_MAX_USEC (10 * USEC_PER_SEC)

/* Calls on guests: few wait at once; written-off ones are replaced up to the ceiling. Agents: their own, smaller pool. */
#define CALL_THREADS 4U
#define CALL_CEILING 24U
#define AGENT_THREADS 2U
#define AGENT_CEILING 12U
/* More than MIGRATIONS_MAX are never asked for. */
#define MIGRATE_THREADS 2U
#define MIGRATE_CEILING 4U

static const char *const virt_backend_table[] = {
        [VIRT_CONNECTING] = "connecting",
        [VIRT_READY] = "ready",
        [VIRT_FAILED] = "failed",
};
DEFINE_STRING_TABLE(virt_backend, VirtBackend, _VIRT_BACKEND_MAX)

/* The loop's side of one question. */
typedef struct Pending Pending;
struct Pending {
        Pending *prev, *next;
        Virt *virt;
        VirtVerb verb;
        char id[UUID_STRING_MAX];
        uint64_t serial;
        unsigned generation;
        virt_done_t done;
        void *context;
        void (*context_free)(void *);
};

struct Virt {
        sd_event *event;
        char *uri;
        const VirtCallbacks *callbacks;
        void *userdata;

        VirtBackend backend;
        char *reason;
        VirtLink *link;
        unsigned generation; /* of the connection: what an older one says is not heard */
        uint64_t serial;     /* of events */
        bool probing;

        HostVirt host;
        HostNode node;
        char *hypervisor;
        bool asked;

        Mailbox *mailbox;
        WorkPool *calls, *agents, *migrations;
        VirtLoop *loop;
        sd_event_source *retry, *silent;
        uint64_t retry_usec;
        Pending *pending;
        size_t n_pending;
        bool opening, closed_early;
};

static void schedule_open(Virt *virt, uint64_t usec);

/* ---- state ---- */

static void set_backend(Virt *virt, VirtBackend backend, const char *reason) {
        if (virt->backend == backend && streq_ptr(virt->reason, reason))
                return;
        if (backend == VIRT_FAILED)
                log_full(LOG_WARNING, MESSAGE_ID_LIBVIRT_FAILED, LOG_FIELDS("RHV_URI", virt->uri), "libvirt (%s) is not usable: %s", virt->uri, reason);
        else if (backend == VIRT_READY)
                log_full(LOG_INFO, MESSAGE_ID_LIBVIRT_READY, LOG_FIELDS("RHV_URI", virt->uri), "Connected to libvirt (%s)", virt->uri);
        virt->backend = backend;
        free(virt->reason);
        virt->reason = strdup(reason);
        if (virt->callbacks->backend)
                virt->callbacks->backend(virt->userdata);
}

VirtBackend virt_backend(const Virt *virt) {
        return virt->backend;
}

const char *virt_backend_reason(const Virt *virt) {
        return virt->reason ?: "";
}

int virt_check_ready(const Virt *virt, sd_bus_error *error) {
        if (virt->backend == VIRT_READY)
                return 0;
        (void) sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "libvirt is not usable now: %s", virt_backend_reason(virt));
        return -EAGAIN;
}

const HostVirt *virt_host(const Virt *virt) {
        return virt->asked ? &virt->host : NULL;
}

const HostNode *virt_node(const Virt *virt) {
        return virt->asked ? &virt->node : NULL;
}

const char *virt_hypervisor(const Virt *virt) {
        return virt->hypervisor ?: "";
}

size_t virt_pending(const Virt *virt) {
        return virt->n_pending;
}

/* ---- connecting ---- */

/* Closing may wait for the other side, so it is a call of its own. Without a thread for it the reference is simply lost. */
static void drop_connection(Virt *virt) {
        WorkSpec spec = { .name = "close", .run = virt_link_close, .argument = virt->link };

        virt->generation++;
        virt->probing = false;
        if (virt->link)
                (void) work_submit(virt->calls, &spec);
        virt->link = NULL;
}

static void connection_lost(Virt *virt, const char *reason) {
        drop_connection(virt);
        set_backend(virt, VIRT_FAILED, reason);
        schedule_open(virt, virt->retry_usec);
}

static void open_done(void *argument, int r, void *userdata) {
        Virt *virt = userdata;
        VirtOpen *open = argument;

        virt->opening = false;
        if (r < 0) {
                const char *text = r == -ETIMEDOUT ? "it does not answer" : open->error.message ?: "it gave no reason";

                virt->generation++;
                set_backend(virt, VIRT_FAILED, text);
                schedule_open(virt, virt->retry_usec);
                return;
        }

        virt->link = TAKE_PTR(open->link);
        host_virt_done(&virt->host);
        virt->host = open->host;
        open->host = (HostVirt){};
        virt->node = open->node;
        free(virt->hypervisor);
        virt->hypervisor = TAKE_PTR(open->hypervisor);
        virt->asked = true;
        virt->retry_usec = RETRY_MIN_USEC;
        set_backend(virt, VIRT_READY, "");
        virt->callbacks->inventory(open->domains, open->n_domains, open->networks, open->n_networks, open->serial, virt->userdata);
        if (virt->closed_early)
                connection_lost(virt, "the connection was closed");
}

static int on_open_silent(sd_event_source *source, uint64_t usec, void *userdata) {
        Virt *virt = userdata;

        if (virt->opening)
                set_backend(virt, VIRT_FAILED, "it takes the connection but does not answer");
        return 0;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
        Virt *virt = userdata;
        VirtOpen *open;
        WorkSpec spec;
        int r;

        open = virt_open_new(virt->uri, virt->loop, ++virt->generation, virt->serial);
        if (!open)
                return log_error_errno(-ENOMEM, "Cannot connect to libvirt: %m");
        virt->retry_usec = virt->retry_usec * 2 > RETRY_MAX_USEC ? RETRY_MAX_USEC : virt->retry_usec * 2;

        virt->opening = true;
        virt->closed_early = false;
        spec = (WorkSpec){ .name = "connect", .run = virt_open_run, .done = open_done, .destroy = virt_open_destroy, .argument = open,
                           .userdata = virt, .deadline_usec = OPEN_DEADLINE_USEC };
        r = work_submit(virt->calls, &spec);
        if (r < 0) {
                virt->opening = false;
                set_backend(virt, VIRT_FAILED, "all threads wait for a libvirt that does not answer");
                schedule_open(virt, virt->retry_usec);
                return 0;
        }
        virt->silent = sd_event_source_unref(virt->silent);
        return sd_event_add_time_relative(virt->event, &virt->silent, CLOCK_MONOTONIC, OPEN_SILENT_USEC, 0, on_open_silent, virt);
}

static void schedule_open(Virt *virt, uint64_t usec) {
        int r;

        if (virt->opening)
                return;
        virt->retry = sd_event_source_unref(virt->retry);
        r = sd_event_add_time_relative(virt->event, &virt->retry, CLOCK_MONOTONIC, usec, 0, on_retry, virt);
        if (r < 0)
                log_error_errno(r, "Cannot arm the timer for connecting to libvirt: %m");
}

/* ---- events, on the loop ---- */

static void on_posted(void *argument) {
        VirtPosted *posted = argument;
        Virt *virt = posted->virt;

        if (posted->generation != virt->generation) {
                free(posted);
                return;
        }
        if (posted->closed) {
                if (virt->link)
                        connection_lost(virt, posted->event.text);
                else
                        virt->closed_early = true; /* heard before the answer of the open that made it */
        } else {
                posted->event.serial = ++virt->serial;
                virt->callbacks->event(&posted->event, virt->userdata);
        }
        free(posted);
}

/* ---- calls ---- */

static void holder_free(void *argument) {
        Operation **holder = argument;

        operation_free(*holder);
        free(holder);
}

static void pending_free(Pending *pending) {
        DL_DELETE(pending->virt->pending, pending);
        pending->virt->n_pending--;
        if (pending->context_free)
                pending->context_free(pending->context);
        free(pending);
}

static void probe(Virt *virt);

static void call_done(void *argument, int r, void *userdata) {
        VirtCall *call = argument; /* NULL: written off, or it got no turn */
        Pending *pending = userdata;
        Virt *virt = pending->virt;
        _cleanup_error_ sd_bus_error late = SD_BUS_ERROR_NULL;
        VirtOutcome outcome = { .verb = pending->verb, .id = pending->id, .serial = pending->serial, .r = r };

        if (call) {
                outcome.error = &call->error;
                outcome.undecided = call->undecided;
                outcome.domain = r >= 0 && call->has_domain ? &call->domain : NULL;
                outcome.fd = &call->fd;
                outcome.stats = call->stats;
                outcome.agent = &call->agent;
                outcome.progress = &call->progress;
                outcome.networks = call->networks;
                outcome.n_networks = call->n_networks;
                outcome.leases = r >= 0 ? call->leases : NULL;
        } else {
                outcome.r = -ETIMEDOUT;
                outcome.undecided = true;
                (void) sd_bus_error_setf(&late, RHV_ERROR_TIMEOUT, "libvirt did not answer in time");
                outcome.error = &late;
                if (pending->generation == virt->generation && pending->verb != VIRT_AGENT && pending->verb != VIRT_PING)
                        probe(virt);
        }
        if (pending->context_free != holder_free || *(Operation **)pending->context)
                pending->done(&outcome, pending->context, virt->userdata);
        pending_free(pending);
}

static uint64_t verb_deadline_usec(VirtVerb verb) {
        switch (verb) {
        case VIRT_CREATE:
                return CREATE_DEADLINE_USEC;
        case VIRT_UPDATE_NIC:
        case VIRT_UPDATE_CD:
                return UPDATE_DEADLINE_USEC;
        case VIRT_DESTROY:
                return DESTROY_DEADLINE_USEC;
        case VIRT_AGENT:
        case VIRT_SHUTDOWN_AGENT:
        case VIRT_REBOOT_AGENT:
                return AGENT_DEADLINE_USEC;
        case VIRT_PING:
                return PING_DEADLINE_USEC;
        case VIRT_MIGRATE:
                return MIGRATE_DEADLINE_USEC;
        case VIRT_NETWORK_SETUP:
        case VIRT_NETWORK_REMOVE:
                return NETWORK_DEADLINE_USEC;
        default:
                return CALL_DEADLINE_USEC;
        }
}

static Pending *pending_new(Virt *virt, const VirtRequest *request, virt_done_t done, void *context, void (*context_free)(void *)) {
        Pending *pending = calloc(1, sizeof(Pending));

        if (!pending) {
                if (context_free)
                        context_free(context);
                return NULL;
        }
        *pending = (Pending){ .virt = virt, .verb = request->verb, .serial = virt->serial, .generation = virt->generation, .done = done,
                              .context = context, .context_free = context_free };
        if (request->id || request->network)
                (void) snprintf(pending->id, sizeof(pending->id), "%s", request->id ?: request->network->name);
        DL_APPEND(virt->pending, pending);
        virt->n_pending++;
        return pending;
}

static WorkPool *pool_of(const Virt *virt, VirtVerb verb) {
        if (verb == VIRT_AGENT || verb == VIRT_SHUTDOWN_AGENT || verb == VIRT_REBOOT_AGENT)
                return virt->agents;
        return verb == VIRT_MIGRATE ? virt->migrations : virt->calls;
}

int virt_call(Virt *virt, const VirtRequest *request, virt_done_t done, void *context, void (*context_free)(void *), sd_bus_error *error) {
        Pending *pending;
        WorkSpec spec;
        VirtCall *call;
        int r;

        r = virt_check_ready(virt, error);
        if (r < 0) {
                if (context_free)
                        context_free(context);
                return r;
        }
        pending = pending_new(virt, request, done, context, context_free);
        if (!pending)
                return -ENOMEM;
        call = virt_call_new(virt->link->conn, request);
        if (!call) {
                pending_free(pending);
                return -ENOMEM;
        }
        spec = (WorkSpec){ .name = "libvirt call", .run = virt_call_run, .done = call_done, .destroy = virt_call_destroy, .argument = call,
                           .userdata = pending, .deadline_usec = verb_deadline_usec(request->verb), .lane = request->lane };
        r = work_submit(pool_of(virt, request->verb), &spec);
        if (r < 0) {
                pending_free(pending);
                (void) sd_bus_error_set(error, RHV_ERROR_BACKEND_UNAVAILABLE, "libvirt is not usable now: too many calls wait for it");
        }
        return r;
}

int virt_call_parked(Virt *virt, const VirtRequest *request, virt_done_t done, sd_bus_message *message, sd_bus_error *error) {
        Operation **holder = calloc(1, sizeof(Operation *));
        int r;

        if (!holder)
                return -ENOMEM;
        r = virt_call(virt, request, done, holder, holder_free, error);
        if (r < 0)
                return r;
        /* Parked only once the question is on its way: before that the handler's own return value is the answer. */
        *holder = operation_new(message);
        return *holder ? 1 : -ENOMEM;
}

static void probe_done(const VirtOutcome *outcome, void *context, void *userdata) {
        Virt *virt = context;

        if (outcome->r >= 0)
                virt->probing = false;
        else if (virt->probing && virt->link)
                connection_lost(virt, "it does not answer");
}

static void probe(Virt *virt) {
        VirtRequest request = { .verb = VIRT_PING };

        if (virt->probing || !virt->link)
                return;
        virt->probing = true;
        if (virt_call(virt, &request, probe_done, virt, NULL, NULL) < 0)
                connection_lost(virt, "all threads wait for it");
}

/* ---- life ---- */

int virt_new(sd_event *event, const char *uri, const VirtCallbacks *callbacks, void *userdata, Virt **ret) {
        _cleanup_(virt_freep) Virt *virt = calloc(1, sizeof(Virt));
        int r;

        if (!virt)
                return -ENOMEM;
        virt->event = sd_event_ref(event);
        virt->callbacks = callbacks;
        virt->userdata = userdata;
        virt->retry_usec = RETRY_MIN_USEC;
        virt->uri = strdup(uri);
        virt->reason = strdup("the first connect is under way");
        if (!virt->uri || !virt->reason)
                return -ENOMEM;
        r = mailbox_new(event, &virt->mailbox);
        if (r < 0)
                return r;
        r = work_pool_new(event, CALL_THREADS, CALL_CEILING, &virt->calls);
        if (r < 0)
                return r;
        r = work_pool_new(event, AGENT_THREADS, AGENT_CEILING, &virt->agents);
        if (r < 0)
                return r;
        r = work_pool_new(event, MIGRATE_THREADS, MIGRATE_CEILING, &virt->migrations);
        if (r < 0)
                return r;
        r = virt_loop_new(virt->mailbox, on_posted, virt, &virt->loop);
        if (r < 0)
                return r;
        schedule_open(virt, 0);

        *ret = TAKE_PTR(virt);
        return 0;
}

Virt *virt_free(Virt *virt) {
        if (!virt)
                return NULL;
        sd_event_source_unref(virt->retry);
        sd_event_source_unref(virt->silent);
        /* While the event thread lives, keepalive bounds how long this can wait. */
        (void) virt_link_close(virt->link);
        work_pool_free(virt->calls);
        work_pool_free(virt->agents);
        work_pool_free(virt->migrations);
        while (virt->pending)
                pending_free(virt->pending);
        virt_loop_free(virt->loop);
        mailbox_free(virt->mailbox);
        host_virt_done(&virt->host);
        free(virt->hypervisor);
        free(virt->reason);
        free(virt->uri);
        sd_event_unref(virt->event);
        free(virt);
        return NULL;
}
