/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* polkit's agent for terminals, running beside us while we make calls: it asks for the password, we never see it. */

#include <sys/types.h>

#include "macro.h"

/* Starts pkttyagent for this process and waits until it is registered. Return: its pid, 0 when there is none. */
pid_t agent_start(void);
/* pid 0: nothing. */
void agent_stop(pid_t pid);
