/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rhv-lvm: commands of LVM, and devices opened, for rhv-storaged. Started by systemd with the socket when the first is asked for. */

#include "helper-call.h"
#include "lvm-call.h"

/* As long as making a domain may take. */
#define LIMIT_USEC (300 * USEC_PER_SEC)

int main(void) {
        return helper_server_main("rhv-lvm", lvm_serve, LIMIT_USEC);
}
