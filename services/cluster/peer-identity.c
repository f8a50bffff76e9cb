/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-identity.h"

#include <fcntl.h>
#include <stdio.h>

#include "bus-error.h"
#include "child.h"
#include "log-ids.h"
#include "log.h"
#include "state-file.h"

#define HOST_KEY_FILE "/etc/ssh/ssh_host_ed25519_key.pub"
#define KEYGEN_USEC (20 * USEC_PER_SEC)

struct PeerIdentity {
        sd_event *event;
        char *path; /* of the private key */
        char key[PEER_KEY_STRING_MAX];
        char reason[256];
        Child *child;
        peer_identity_ready_t ready;
        void *userdata;
};

static int read_key_file(const char *path, char ret[static PEER_KEY_STRING_MAX]) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        char line[1024];
        ssize_t n;

        if (fd < 0)
                return -errno;
        n = read(fd, line, sizeof line - 1);
        if (n < 0)
                return -errno;
        line[n] = 0;
        return peer_key_read(line, ret);
}

static int load(PeerIdentity *identity) {
        _cleanup_free_ char *public = NULL;

        if (asprintf(&public, "%s.pub", identity->path) < 0) {
                public = NULL;
                return -ENOMEM;
        }
        if (access(identity->path, R_OK) < 0)
                return -errno;
        return read_key_file(public, identity->key);
}

static void cannot(PeerIdentity *identity, const char *why) {
        (void) snprintf(identity->reason, sizeof identity->reason, "The key of this host for its peers cannot be made: %s", why);
        log_full(LOG_ERR, MESSAGE_ID_PEER_KEY_FAILED, LOG_FIELDS("RHV_PEER_KEY", identity->path), "%s", identity->reason);
}

static void on_made(Child *child, const ChildResult *result, void *userdata) {
        PeerIdentity *identity = userdata;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        identity->child = NULL;
        r = child_result_error(result, "ssh-keygen", &error);
        if (r >= 0)
                r = load(identity);
        if (r < 0) {
                cannot(identity, error.message ?: strerror(-r));
                return;
        }
        identity->reason[0] = 0;
        if (identity->ready)
                identity->ready(identity->userdata);
}

/* No passphrase: who can read the file is root, and root needs none. */
static int make(PeerIdentity *identity) {
        const ChildSpec spec = {
                .argv = (const char *const[]){ "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "rhv-peer", "-f", identity->path, NULL },
                .deadline_usec = KEYGEN_USEC,
                .done = on_made,
                .userdata = identity,
        };
        _cleanup_free_ char *public = NULL;

        if (asprintf(&public, "%s.pub", identity->path) < 0) {
                public = NULL;
                return -ENOMEM;
        }
        /* half a pair is none: ssh-keygen would ask a person whether to overwrite it */
        if ((unlink(identity->path) < 0 && errno != ENOENT) || (unlink(public) < 0 && errno != ENOENT))
                return -errno;
        (void) snprintf(identity->reason, sizeof identity->reason, "The key of this host for its peers is being made");
        return child_start(identity->event, &spec, &identity->child);
}

int peer_identity_new(sd_event *event, const char *directory, peer_identity_ready_t ready, void *userdata, PeerIdentity **ret) {
        _cleanup_(peer_identity_freep) PeerIdentity *identity = calloc(1, sizeof *identity);
        int r;

        if (!identity)
                return -ENOMEM;
        identity->event = sd_event_ref(event);
        identity->ready = ready;
        identity->userdata = userdata;
        if (asprintf(&identity->path, "%s/key", directory) < 0) {
                identity->path = NULL;
                return -ENOMEM;
        }
        r = make_directory(directory, 0700);
        if (r >= 0 && load(identity) < 0)
                r = make(identity);
        if (r < 0)
                cannot(identity, strerror(-r));
        *ret = TAKE_PTR(identity);
        return 0;
}

PeerIdentity *peer_identity_free(PeerIdentity *identity) {
        if (!identity)
                return NULL;
        child_free(identity->child);
        sd_event_unref(identity->event);
        free(identity->path);
        free(identity);
        return NULL;
}

int peer_identity_check(const PeerIdentity *identity, sd_bus_error *error) {
        return identity->key[0] ? 0 : sd_bus_error_set(error, RHV_ERROR_BACKEND_UNAVAILABLE, identity->reason);
}

const char *peer_identity_key(const PeerIdentity *identity) {
        return identity->key;
}

int peer_identity_host_key(char ret[static PEER_KEY_STRING_MAX], sd_bus_error *error) {
        int r = read_key_file(HOST_KEY_FILE, ret);

        if (r < 0)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The sshd of this host has no ed25519 key (%s): %s", HOST_KEY_FILE,
                                         strerror(-r));
        return 0;
}
