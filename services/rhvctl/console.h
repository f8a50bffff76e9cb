/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A console's descriptor on this terminal, or on the pipes of a script. */

#include "client.h"

/* name: of the VM, for sentences. expect: leave as soon as this has been printed; NULL: do not.
 *
 * On a terminal: raw, until Ctrl-] or the console closes; the terminal is as before afterwards. Otherwise both ways until the
 * console closes, --timeout has passed (with expect that is a failure), or, with neither, stdin has ended and the console has been
 * quiet for half a second. fd: borrowed. Return: 0 or negative (line printed). */
int console_run(Client *client, int fd, const char *name, const char *expect);

/* `vm console` and `vm graphics`. */
int vm_run_console(Client *client, const Invocation *invocation);
int vm_run_graphics(Client *client, const Invocation *invocation);
/* `peer console` and `peer download`. */
int peer_run_console(Client *client, const Invocation *invocation);
int peer_run_download(Client *client, const Invocation *invocation);
/* Calls OpenConsole or OpenGraphics: of a VM, or of a peer with the VM there. vm: NULL where path is the VM. ret_fd: new. */
int vm_open(Client *client, const Kind *kind, const char *path, const char *vm, const char *method, const char *what, int *ret_fd);
