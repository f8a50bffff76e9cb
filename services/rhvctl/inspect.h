/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* `domain inspect`: what is on a storage domain that is not ours yet. */

#include "command.h"

/* Arrays of what InspectForeign tells, each with its "id", as tables. */
int inspect_print_images(Client *client, const json_t *images);
int inspect_print_vms(Client *client, const json_t *vms);

/* "/dev/a,/dev/b": the devices of a domain on them. Return: new array, NULL when out of memory. */
json_t *devices_of(const char *path);
int domain_run_inspect(Client *client, const Invocation *invocation);
