/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One open serial console: bytes between QEMU's unix socket and the end of a socket pair that the client holds.
 *
 * It goes through us, so that there is always exactly one reader and it can be replaced: QEMU serves one at a time and would
 * leave a second one waiting without a word.
 */

#include "macro.h"

typedef struct Console Console;

/* closed: called once from the loop when either end hung up; it may free the Console. */
int console_open(sd_event *event, const char *path, void (*closed)(Console *console, void *userdata), void *userdata, Console **ret,
                 int *ret_client_fd);
Console *console_free(Console *console);
DEFINE_CLEANUP(Console *, console_free)
