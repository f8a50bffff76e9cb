/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * NetworkManager, through libnm: the only door. GLib's and libnm's types stop at the nm-*.c files; everybody else sees the view (view.h) and
 * the Backend table (backend.h).
 *
 * The client is made asynchronously on GLib's default context, which the daemon's loop turns (loop-glib.h). While NetworkManager is not
 * there the view is NULL; the client finds it again by itself.
 */

#include "backend.h"

typedef struct Nm Nm;

typedef enum NmState {
        NM_CONNECTING, /* no answer yet */
        NM_READY,
        NM_FAILED,     /* not running, or no way to reach it; it is tried again */
} NmState;

/* Called from the loop when the view or the state has changed; changes of one moment come as one call. */
typedef void (*nm_changed_t)(void *userdata);

int nm_new(sd_event *event, nm_changed_t changed, void *userdata, Nm **ret);
Nm *nm_free(Nm *nm);
DEFINE_CLEANUP(Nm *, nm_free)

NmState nm_state(const Nm *nm);
/* Why it is not ready; "" when it is. Borrowed. */
const char *nm_reason(const Nm *nm);
/* NetworkManager's version; "" while unknown. Borrowed. */
const char *nm_version(const Nm *nm);
const json_t *nm_view(const Nm *nm);
/* Makes the view anew from what the client knows at this moment, without waiting for the loop. Calls nobody. */
void nm_update(Nm *nm);
/* Changed will be called soon, as if NetworkManager had told something: no more often than that for however many ask. */
void nm_touch(Nm *nm);
/* The kernel's facts (link-facts.h), from now on part of each view, and of the one that is there. Takes a reference. */
void nm_set_links(Nm *nm, const json_t *links);
Backend nm_backend(Nm *nm);
