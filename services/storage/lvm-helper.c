/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rhv-lvm: one command of LVM, or one device opened, for rhv-storaged. Started by systemd with the connection as standard input. */

#include "helper-call.h"
#include "lvm-call.h"

int main(void) {
        return helper_main("rhv-lvm", lvm_serve);
}
