/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the nm-*.c files and nobody else. */

#include <NetworkManager.h>

#include "nm.h"

struct Nm {
        sd_event *event;
        nm_changed_t changed;
        void *userdata;

        NmState state;
        char *reason;
        json_t *view, *links;
        NMClient *client;
        GCancellable *cancellable;     /* the making of the client */
        GSList *followers;             /* GSource: of ports that may come up by themselves (nm-calls.c) */
        sd_event_source *refresh;      /* coalesces notifications */
        uint64_t refresh_usec;         /* how long the last one took */
        uint64_t refreshed_usec;       /* when the view was made, CLOCK_MONOTONIC */
        bool stale;                    /* something was told since then */
        sd_event_source *retry;
        sd_event_source *patience;     /* ends the first "connecting" */
};

/* nm.c: whether something was told since the view was made, and making it anew would not take more than half of the time. */
bool nm_is_due(const Nm *nm);
/* nm-view.c: a new view of all the client knows. */
json_t *nm_view_make(NMClient *client);
/* nm-calls.c */
extern const BackendTable nm_backend_table;
/* Calls that have not begun never will. */
void nm_calls_drop(Nm *nm);
