/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Unix sockets by path. Descriptors are close-on-exec and do not block. */

#include "macro.h"

/* type: SOCK_STREAM or SOCK_SEQPACKET. Return: a descriptor, or a negative errno. */
int unix_connect(const char *path, int type);
/* A listening one, for its owner alone; what is at path is removed. backlog: connections that wait. Return: as above. */
int unix_listen(const char *path, int type, int backlog);
