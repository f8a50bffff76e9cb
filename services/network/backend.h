/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * All that a set-up asks of NetworkManager. nm.c fills it in; the tests have one of their own that fails where told to. No type of
 * NetworkManager or GLib appears here.
 *
 * Profiles travel as opaque text (all their settings, no secret), so that they can be kept in the journal and put back.
 */

#include "macro.h"

/* Called once, later, from the loop: r 0, -EAGAIN for what was overtaken by something else, or not answered in time, and may be asked for again, or another negative; text: what was made (a checkpoint's path; no other call gives one) or
 * why it failed; borrowed. */
typedef void (*backend_done_t)(void *userdata, uint64_t token, int r, const char *text);

/* Who hears of the end. A token no longer expected is ignored by the one who gave it. */
typedef struct BackendCall {
        backend_done_t done;
        void *userdata;
        uint64_t token;
} BackendCall;

typedef struct BackendTable {
        /* The view (view.h), borrowed, valid until the loop turns; NULL while NetworkManager is not there. */
        const json_t *(*view)(void *backend);
        /* The view is made anew at its own pace, which is slow while much changes. This does it now, if NetworkManager has told anything since and those devices are all up. */
        void (*hasten)(void *backend, const json_t *devices);

        /* Text of a profile for spec with that uuid, IP settings taken over from the profile inherit where it is not NULL.
         * Return: 0 with new string, or negative with ret_reason (new string) saying why it cannot be. */
        int (*render)(void *backend, const char *uuid, const json_t *spec, const char *inherit, char **ret, char **ret_reason);
        /* Text of a profile as it is; NULL if there is none. New string. */
        char *(*current)(void *backend, const char *uuid);
        /* Milliseconds since boot at which a checkpoint was made; 0 if there is none at path. */
        uint64_t (*checkpoint_created)(void *backend, const char *path);

        /* devices: those that exist are what it covers. Of none, no device that anybody changes. */
        void (*checkpoint_create)(void *backend, const json_t *devices, uint32_t timeout_sec, BackendCall call);
        void (*checkpoint_adjust)(void *backend, const char *path, uint32_t timeout_sec, BackendCall call);
        void (*checkpoint_destroy)(void *backend, const char *path, BackendCall call);
        void (*checkpoint_rollback)(void *backend, const char *path, BackendCall call);

        /* Adds or updates, by the uuid in the text; to_disk: what is written survives a reboot. */
        void (*profile_put)(void *backend, const char *uuid, const char *text, bool to_disk, BackendCall call);
        void (*profile_delete)(void *backend, const char *uuid, BackendCall call);

        /* Starts activation; its outcome shows in the view. fresh: whoever is up with that profile has it as it is now, and nothing need be done. */
        void (*activate)(void *backend, const char *uuid, const char *iface, bool fresh, BackendCall call);
        void (*reapply)(void *backend, const char *iface, const char *text, BackendCall call);
        void (*deactivate)(void *backend, const char *uuid, const char *iface, BackendCall call);
        /* Why the last activation of a device failed, as a word; NULL if it did not. Borrowed. */
        const char *(*failure)(void *backend, const char *iface);
} BackendTable;

typedef struct Backend {
        const BackendTable *table;
        void *backend;
} Backend;
