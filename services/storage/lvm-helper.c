/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rhv-lvm: one command of LVM, or one device opened, for rhv-storaged. Started by systemd with the connection as standard input. */

#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "log.h"
#include "lvm-call.h"

int main(void) {
        struct ucred peer;
        socklen_t size = sizeof(peer);
        int r;

        log_open("rhv-lvm");
        (void) umask(0022);
        if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
                fputs("usage: rhv-lvm, started by systemd for a connection to its socket\n", stderr);
                return 2;
        }
        if (peer.uid != 0) {
                log_warning_errno(-EACCES, "Refused to serve user %u", (unsigned)peer.uid);
                return EXIT_FAILURE;
        }
        r = lvm_serve(STDIN_FILENO);
        if (r < 0) {
                log_warning_errno(r, "Cannot do what was asked");
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
