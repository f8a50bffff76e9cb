/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rhv-lease: holds a storage domain's lease (hold DIRECTORY), and ends all work under one that was lost (kill CGROUP). */

#include <stdio.h>

#include "config.h"
#include "lease-holder.h"
#include "log.h"

int main(int argc, char **argv) {
        log_open("rhv-lease");
        if (argc == 3 && streq(argv[1], "hold"))
                return lease_hold(argv[2], RHV_LIBEXEC_DIR "/rhv-structural", RHV_LIBEXEC_DIR "/rhv-lease");
        if (argc == 3 && streq(argv[1], "kill"))
                return lease_kill(argv[2]);
        fputs("usage: rhv-lease hold DIRECTORY | kill CGROUP\n", stderr);
        return 2;
}
