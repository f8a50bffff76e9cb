/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What lies on an imported storage domain and is not in the cluster yet: listed, and taken over. */

#include "command.h"

int domain_run_unregistered(Client *client, const Invocation *invocation);
/* RegisterDisk, RegisterVm or RegisterTemplate, by command->method; command->kind is what comes of it. */
int domain_run_register(Client *client, const Invocation *invocation);
