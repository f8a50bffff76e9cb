/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * sshd asks: may this key in, and to what? (AuthorizedKeysCommand, as the user rhv-peer)
 *
 *     rhv-peer-keys <type> <base64>
 *
 * Prints one line for authorized_keys, or nothing. What cannot be read lets nobody in.
 */

#include <stdio.h>

#include "clock-util.h"
#include "config.h"
#include "peer-hosts.h"
#include "peer-paths.h"

int main(int argc, char **argv) {
        _cleanup_peer_hosts_ PeerHosts hosts = { NULL };
        _cleanup_free_ char *line = NULL, *key = NULL;
        int r;

        if (argc != 3 || asprintf(&key, "%s %s", argv[1], argv[2]) < 0) {
                key = NULL;
                return EXIT_FAILURE;
        }
        r = peer_hosts_load(PEER_HOSTS_PATH, &hosts);
        if (r >= 0)
                r = peer_hosts_key_line(&hosts, key, RHV_LIBEXEC_DIR "/rhv-peer-bridge", realtime_usec(), &line);
        if (r < 0) {
                fprintf(stderr, "rhv-peer-keys: %s: %s\n", PEER_HOSTS_PATH, strerror(-r));
                return EXIT_FAILURE;
        }
        return fputs(line, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
