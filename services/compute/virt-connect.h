/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The threads' side of connecting: libvirt's event loop in a thread of its own, and opening a connection with all that is asked at
 * that time. Only virt.c knows of it. */

#include <libvirt/libvirt.h>

#include "mailbox.h"
#include "virt.h"

/* One message from the event thread to the loop. */
typedef struct VirtPosted {
        Virt *virt;
        unsigned generation;
        bool closed;     /* the connection is gone; event.text says how */
        VirtEvent event;
} VirtPosted;

typedef struct VirtLoop VirtLoop;

/* Starts the event thread. post: run on the loop for each message, which it frees. virt: borrowed, handed on. */
int virt_loop_new(Mailbox *mailbox, void (*post)(void *posted), Virt *virt, VirtLoop **ret);
/* Ends and joins it. */
VirtLoop *virt_loop_free(VirtLoop *loop);
DEFINE_CLEANUP(VirtLoop *, virt_loop_free)

/* A connection with what listens on it. libvirt's callbacks hold references: only taking them off ends the connection. */
#define VIRT_LINK_CALLBACKS_MAX 8U
typedef struct VirtLink {
        virConnectPtr conn;
        int callbacks[VIRT_LINK_CALLBACKS_MAX];
        size_t n_callbacks;
        int network_callback; /* -1: none */
        void *close_listener; /* ours, because some drivers take a close callback and forget it */
} VirtLink;
/* May wait for the other side, so it belongs into a thread. Frees the link. Return: 0. */
int virt_link_close(void *link);

typedef struct VirtOpen {
        char *uri;
        VirtLoop *loop;
        unsigned generation;
        uint64_t serial;

        VirtLink *link;
        HostVirt host;
        HostNode node;
        char *hypervisor;
        VirtDomain *domains;
        size_t n_domains;
        VirtNetwork *networks;
        size_t n_networks;
        sd_bus_error error;
} VirtOpen;

VirtOpen *virt_open_new(const char *uri, VirtLoop *loop, unsigned generation, uint64_t serial);
/* In a thread. */
int virt_open_run(void *open);
void virt_open_destroy(void *open);
