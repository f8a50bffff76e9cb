/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Is a host still a member? For programs that go on without Cluster: the list's directory is watched, so removal reaches them at once. */

#include "macro.h"

/* directory: of the list, which is renamed into place. Return: a descriptor to be polled, or a negative errno. */
int peer_watch_new(const char *directory);
/* Takes what the descriptor has to tell, and looks into the list. One that cannot be read has nobody. */
bool peer_watch_is_gone(int fd, const char *hosts_path, const char *host_id);
