/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * rhv-structural VERSION: one piece of structural work, asked for and answered on standard input (a socket), while the lease VERSION of the
 * domain is held. Started by rhv-lease, whose connection to sanlock it has as file descriptor 3 and hands on to its tools: the lease ends
 * after the last of them.
 */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "heir.h"
#include "lease-request.h"
#include "log.h"
#include "structural.h"

int main(int argc, char **argv) {
        uint64_t version;
        int r;

        if (argc != 2 || parse_u64(argv[1], &version) < 0 || version == 0 || fcntl(LEASE_SOCKET_FD, F_GETFD) < 0) {
                fputs("usage: rhv-structural VERSION, started by rhv-lease\n", stderr);
                return 2;
        }
        log_open("rhv-structural");
        heir_hold_lease();
        (void) umask(0022);
        r = structural_serve(STDIN_FILENO, version);
        if (r < 0) {
                log_warning_errno(r, "Cannot do what was asked");
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
