/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Storage domains made and taken over. */

#include "client.h"

/* Turns what was typed as the place, the spec's "path", into the words of its type: a directory, what is mounted ("remote"; with type nfs "server:/path", with a
 * file system's type anything) or "/dev/A,/dev/B" ("devices"). A type that is not given is local. Return: 0 or -ENOMEM. Pure. */
int domain_place(json_t *spec);
/* CreateStorageDomain and ImportStorageDomain: waits until the domain can be used. */
int domain_run_create(Client *client, const Invocation *invocation);
