/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Keeps the kernel's facts of all devices (link-facts.h) up to date: rtnetlink says that a link or a traffic filter changed, a thread reads what is.
 * Several changes of a moment are one reading.
 */

#include "link-message.h"

typedef struct LinkWatch LinkWatch;

typedef struct LinkWatchHooks {
        /* links: {device: facts}, borrowed: different from the last time, or asked for by link_watch_since(). */
        void (*changed)(void *userdata, const json_t *links);
        /* Each message about a device, in the kernel's order, as soon as it is there. NULL: of all there are has been told. */
        void (*told)(void *userdata, const LinkMessage *message);
        /* All there are will be told: at the start, and when messages were lost. */
        void (*listing)(void *userdata);
        void *userdata;
} LinkWatchHooks;

int link_watch_new(sd_event *event, const LinkWatchHooks *hooks, LinkWatch **ret);
LinkWatch *link_watch_free(LinkWatch *watch);
DEFINE_CLEANUP(LinkWatch *, link_watch_free)

/* Whether the facts that were told last were read after usec (CLOCK_MONOTONIC). Where not, they are read at once and told, changed or not. */
bool link_watch_since(LinkWatch *watch, uint64_t usec);

/* Hears what the kernel has told by now, for who cannot wait for the loop. */
void link_watch_hear(LinkWatch *watch);
