/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "virt-connect.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include "log.h"
#include "virt-call.h"
#include "virt-filter.h"
#include "virt-network.h"

/* A libvirt that is silent for KEEPALIVE_SECONDS × (KEEPALIVE_COUNT + 1) is taken for dead; see the timeline in virt.c. */
#define KEEPALIVE_SECONDS 5
#define KEEPALIVE_COUNT 3

struct VirtLoop {
        pthread_t thread;
        atomic_bool stop;
        int timer;
        Mailbox *mailbox;
        void (*post)(void *posted);
        Virt *virt;
};

/* ---- the event thread ---- */

static void ignore_error(void *userdata, virErrorPtr error) {
        /* Errors are read where they happen; libvirt would print them. */
}

static void on_wake(int timer, void *userdata) {}

static void *loop_run(void *argument) {
        VirtLoop *loop = argument;

        while (!atomic_load(&loop->stop))
                if (virEventRunDefaultImpl() < 0) {
                        log_error("libvirt's event loop failed; events are not heard any more");
                        break;
                }
        return NULL;
}

int virt_loop_new(Mailbox *mailbox, void (*post)(void *posted), Virt *virt, VirtLoop **ret) {
        static bool registered = false; /* once for the process: libvirt's event implementation cannot be changed */
        VirtLoop *loop = calloc(1, sizeof(VirtLoop));
        sigset_t all, saved;
        int r;

        if (!loop)
                return -ENOMEM;
        if (!registered) {
                virSetErrorFunc(NULL, ignore_error);
                if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0) {
                        free(loop);
                        return -EIO;
                }
                registered = true;
        }
        loop->mailbox = mailbox;
        loop->post = post;
        loop->virt = virt;
        /* Wakes the loop when it must end; idle until then. */
        loop->timer = virEventAddTimeout(-1, on_wake, NULL, NULL);
        if (loop->timer < 0) {
                free(loop);
                return -ENOMEM;
        }

        (void) sigfillset(&all);
        (void) pthread_sigmask(SIG_BLOCK, &all, &saved);
        r = pthread_create(&loop->thread, NULL, loop_run, loop);
        (void) pthread_sigmask(SIG_SETMASK, &saved, NULL);
        if (r != 0) {
                virEventRemoveTimeout(loop->timer);
                free(loop);
                return -r;
        }
        (void) pthread_setname_np(loop->thread, "libvirt-events");
        *ret = loop;
        return 0;
}

VirtLoop *virt_loop_free(VirtLoop *loop) {
        if (!loop)
                return NULL;
        atomic_store(&loop->stop, true);
        virEventUpdateTimeout(loop->timer, 0);
        (void) pthread_join(loop->thread, NULL);
        virEventRemoveTimeout(loop->timer);
        free(loop);
        return NULL;
}

/* ---- callbacks, in the event thread (the close callback: in any) ---- */

typedef struct Listener {
        VirtLoop *loop;
        unsigned generation;
} Listener;

static Listener *listener_new(const VirtOpen *open) {
        Listener *listener = malloc(sizeof(Listener));

        if (listener)
                *listener = (Listener){ open->loop, open->generation };
        return listener;
}

static VirtPosted *posted_new(const Listener *listener, VirtEventKind kind, virDomainPtr domain) {
        VirtPosted *posted = calloc(1, sizeof(VirtPosted));

        if (!posted)
                return NULL;
        posted->virt = listener->loop->virt;
        posted->generation = listener->generation;
        posted->event.kind = kind;
        if (domain)
                (void) virDomainGetUUIDString(domain, posted->event.id);
        return posted;
}

static void post(const Listener *listener, VirtPosted *posted) {
        if (posted && !atomic_load(&listener->loop->stop))
                (void) mailbox_post(listener->loop->mailbox, listener->loop->post, free, posted);
        else
                free(posted);
}

static int on_lifecycle(virConnectPtr conn, virDomainPtr domain, int event, int detail, void *opaque) {
        VirtPosted *posted = posted_new(opaque, VIRT_EVENT_LIFECYCLE, domain);

        if (posted)
                posted->event.words = virt_event_words(event, detail);
        post(opaque, posted);
        return 0;
}

static void on_reboot(virConnectPtr conn, virDomainPtr domain, void *opaque) {
        post(opaque, posted_new(opaque, VIRT_EVENT_REBOOT, domain));
}

static void on_agent(virConnectPtr conn, virDomainPtr domain, int state, int reason, void *opaque) {
        VirtPosted *posted = posted_new(opaque, VIRT_EVENT_AGENT, domain);

        if (posted)
                posted->event.channel = state == VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED ? VM_CHANNEL_CONNECTED
                                                                                                         : VM_CHANNEL_DISCONNECTED;
        post(opaque, posted);
}

static void on_device(virConnectPtr conn, virDomainPtr domain, const char *alias, void *opaque) {
        post(opaque, posted_new(opaque, VIRT_EVENT_DEVICES, domain));
}

static void on_io_error(virConnectPtr conn, virDomainPtr domain, const char *path, const char *alias, int action, const char *reason, void *opaque) {
        VirtPosted *posted = posted_new(opaque, VIRT_EVENT_IO_ERROR, domain);

        if (posted)
                (void) snprintf(posted->event.text, sizeof(posted->event.text), "%s", reason ?: "");
        post(opaque, posted);
}

static void on_network(virConnectPtr conn, virNetworkPtr network, int event, int detail, void *opaque) {
        VirtPosted *posted = posted_new(opaque, VIRT_EVENT_NETWORK, NULL);

        if (posted)
                (void) snprintf(posted->event.text, sizeof(posted->event.text), "%s", virNetworkGetName(network));
        post(opaque, posted);
}

static void on_closed(virConnectPtr conn, int reason, void *opaque) {
        static const char *const words[] = {
                [VIR_CONNECT_CLOSE_REASON_ERROR] = "the connection broke",
                [VIR_CONNECT_CLOSE_REASON_EOF] = "libvirt closed the connection",
                [VIR_CONNECT_CLOSE_REASON_KEEPALIVE] = "it does not answer",
                [VIR_CONNECT_CLOSE_REASON_CLIENT] = "the connection was closed",
        };
        VirtPosted *posted;

        if (reason == VIR_CONNECT_CLOSE_REASON_CLIENT) /* our own doing */
                return;
        posted = posted_new(opaque, VIRT_EVENT_LIFECYCLE, NULL);
        if (posted) {
                posted->closed = true;
                (void) snprintf(posted->event.text, sizeof(posted->event.text), "%s",
                                reason >= 0 && (size_t)reason < ELEMENTSOF(words) ? words[reason] : "the connection was closed");
        }
        post(opaque, posted);
}

int virt_link_close(void *argument) {
        VirtLink *link = argument;

        if (!link)
                return 0;
        for (size_t i = 0; i < link->n_callbacks; i++)
                (void) virConnectDomainEventDeregisterAny(link->conn, link->callbacks[i]);
        if (link->network_callback >= 0)
                (void) virConnectNetworkEventDeregisterAny(link->conn, link->network_callback);
        /* On a broken link taking it off may fail, and then it might still be called: better lost than freed. */
        if (link->close_listener && virConnectUnregisterCloseCallback(link->conn, on_closed) >= 0)
                free(link->close_listener);
        virConnectClose(link->conn);
        free(link);
        return 0;
}

/* Not every libvirt has networks: guests can be run without. */
static void listen_to_networks(VirtOpen *open) {
        Listener *listener = listener_new(open);

        if (listener)
                open->link->network_callback = virConnectNetworkEventRegisterAny(open->link->conn, NULL, VIR_NETWORK_EVENT_ID_LIFECYCLE,
                                                                                 VIR_NETWORK_EVENT_CALLBACK(on_network), listener, free);
        if (open->link->network_callback < 0)
                free(listener);
}

static int listen_to_events(VirtOpen *open) {
        static const struct {
                int id;
                virConnectDomainEventGenericCallback callback;
        } events[] = {
                { VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle) },
                { VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_reboot) },
                { VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_agent) },
                { VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_device) },
                { VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_device) },
                { VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, VIR_DOMAIN_EVENT_CALLBACK(on_io_error) },
        };
        VirtLink *link = open->link;
        Listener *listener;

        for (size_t i = 0; i < ELEMENTSOF(events); i++) {
                int id;

                listener = listener_new(open);
                if (!listener)
                        return -ENOMEM;
                id = virConnectDomainEventRegisterAny(link->conn, NULL, events[i].id, events[i].callback, listener, free);
                if (id < 0) {
                        free(listener);
                        return virt_error_set(&open->error, NULL, "Cannot listen to libvirt's events");
                }
                link->callbacks[link->n_callbacks++] = id;
        }
        listen_to_networks(open);
        listener = listener_new(open);
        if (listener && virConnectRegisterCloseCallback(link->conn, on_closed, listener, NULL) >= 0)
                link->close_listener = TAKE_PTR(listener);
        free(listener);
        (void) virConnectSetKeepAlive(link->conn, KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
        return 0;
}

/* ---- opening ---- */

VirtOpen *virt_open_new(const char *uri, VirtLoop *loop, unsigned generation, uint64_t serial) {
        VirtOpen *open = calloc(1, sizeof(VirtOpen));

        if (!open)
                return NULL;
        open->uri = strdup(uri);
        open->loop = loop;
        open->generation = generation;
        open->serial = serial;
        if (!open->uri) {
                free(open);
                return NULL;
        }
        return open;
}

void virt_open_destroy(void *argument) {
        VirtOpen *open = argument;

        if (!open)
                return;
        (void) virt_link_close(open->link);
        host_virt_done(&open->host);
        free(open->hypervisor);
        for (size_t i = 0; i < open->n_domains; i++)
                virt_domain_done(&open->domains[i]);
        free(open->domains);
        free(open->networks);
        sd_bus_error_free(&open->error);
        free(open->uri);
        free(open);
}

static void read_hypervisor(VirtOpen *open) {
        const char *type = virConnectGetType(open->link->conn);
        unsigned long version = 0;

        (void) virConnectGetVersion(open->link->conn, &version);
        if (asprintf(&open->hypervisor, "%s %lu.%lu.%lu", type ?: "unknown", version / 1000000, version / 1000 % 1000, version % 1000) < 0)
                open->hypervisor = NULL;
}

static int read_host(VirtOpen *open) {
        _cleanup_free_ char *xml = virConnectGetCapabilities(open->link->conn);
        virNodeInfo info;
        int r;

        if (!xml || virNodeGetInfo(open->link->conn, &info) < 0)
                return virt_error_set(&open->error, NULL, "Cannot read the host's capabilities");
        r = host_virt_parse(xml, &open->host);
        if (r < 0)
                return r;
        open->node = (HostNode){ info.cpus, info.mhz, info.nodes, info.sockets, info.cores, info.threads, (uint64_t)info.memory * KIB };
        open->host.network_filters = virt_filters(open->link->conn);
        read_hypervisor(open);
        return 0;
}

static int read_inventory(VirtOpen *open) {
        virDomainPtr *domains = NULL;
        int n, r = 0;

        n = virConnectListAllDomains(open->link->conn, &domains, 0);
        if (n < 0)
                return virt_error_set(&open->error, NULL, "Cannot list the guests");
        open->domains = calloc((size_t)n + 1, sizeof(VirtDomain));
        if (!open->domains)
                r = -ENOMEM;
        for (int i = 0; i < n; i++) {
                /* One that went away between the list and the question is not there. */
                if (r >= 0 && virt_domain_read(domains[i], &open->domains[open->n_domains]) >= 0)
                        open->n_domains++;
                virDomainFree(domains[i]);
        }
        free(domains);
        /* a libvirt without networks has none of ours */
        (void) virt_networks_read(open->link->conn, &open->networks, &open->n_networks);
        return r;
}

int virt_open_run(void *argument) {
        VirtOpen *open = argument;
        int r;

        virResetLastError();
        open->link = calloc(1, sizeof(VirtLink));
        if (!open->link)
                return -ENOMEM;
        open->link->network_callback = -1;
        open->link->conn = virConnectOpen(open->uri);
        if (!open->link->conn) {
                free(TAKE_PTR(open->link));
                return virt_error_set(&open->error, NULL, "Cannot connect to libvirt");
        }
        r = listen_to_events(open);
        if (r >= 0)
                r = read_host(open);
        if (r >= 0)
                r = read_inventory(open);
        if (r < 0) {
                if (!sd_bus_error_is_set(&open->error))
                        (void) sd_bus_error_set_errno(&open->error, r);
                (void) virt_link_close(TAKE_PTR(open->link));
        }
        return r;
}
