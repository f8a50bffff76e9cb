/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Puts taps back on the bridge that a set-up took them off: what port-bridges.h knows, kept in a file, and the kernel asked for it.
 *
 *     timeline   set-up works ─ tap off its bridge ─ GUEST_PORTS_USEC ─ back on it ─ ... ─ set-up ends: back at once ─ GUEST_PORTS_LATE_USEC: the last time
 *
 * The file is what a service that was killed within a set-up knows of the taps that NetworkManager took off meanwhile.
 */

#include "link-message.h"

/* NetworkManager takes ports off a bridge just before it brings it up. */
#define GUEST_PORTS_USEC (50 * USEC_PER_MSEC)
/* What NetworkManager still has to do when a set-up ends is done by then. */
#define GUEST_PORTS_LATE_USEC (5 * USEC_PER_SEC)

typedef struct GuestPorts GuestPorts;

typedef struct GuestPortsHooks {
        /* Whether a set-up works, or one that was interrupted is to be finished or undone. */
        bool (*works)(void *userdata);
        /* The newest view; NULL: there is none. Borrowed. */
        const json_t *(*view)(void *userdata);
        /* Has guest_ports_told() hear what the kernel has told by now. */
        void (*hear)(void *userdata);
        void *userdata;
} GuestPortsHooks;

/* path: of the file, copied. */
int guest_ports_new(sd_event *event, const char *path, const GuestPortsHooks *hooks, GuestPorts **ret);
GuestPorts *guest_ports_free(GuestPorts *ports);
DEFINE_CLEANUP(GuestPorts *, guest_ports_free)

/* The kernel told of a link. message NULL: it has told of all there are. */
void guest_ports_told(GuestPorts *ports, const LinkMessage *message);
/* It is about to tell of all there are. */
void guest_ports_listing(GuestPorts *ports);
/* A set-up has ended: puts back at once what is off. */
void guest_ports_ended(GuestPorts *ports);
