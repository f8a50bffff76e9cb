/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Keeps the kernel's facts of all devices (link-facts.h) up to date: rtnetlink says that a link or a traffic filter changed, a thread reads what is.
 * Several changes of a moment are one reading.
 */

#include "macro.h"

typedef struct LinkWatch LinkWatch;
/* links: {device: facts}, borrowed: different from the last time, or asked for by link_watch_since(). */
typedef void (*link_watch_changed_t)(void *userdata, const json_t *links);

int link_watch_new(sd_event *event, link_watch_changed_t changed, void *userdata, LinkWatch **ret);
LinkWatch *link_watch_free(LinkWatch *watch);
DEFINE_CLEANUP(LinkWatch *, link_watch_free)

/* Whether the facts that were told last were read after usec (CLOCK_MONOTONIC). Where not, they are read at once and told, changed or not. */
bool link_watch_since(LinkWatch *watch, uint64_t usec);
