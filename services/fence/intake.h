/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A Run call between authorisation and acceptance: the agent's metadata is fetched if it is not known, the parameters are checked, the
 * secrets are read and checked, then the job is made and its path is the reply. So whatever is wrong with a call is the call's own error,
 * and a job exists only for what can be tried.
 */

#include "manager.h"
#include "sequence.h"

typedef struct IntakeSpec {
        FenceAction action;
        json_t *device, *options; /* checked; owned */
        int secrets_fd;           /* borrowed */
} IntakeSpec;

void intake_spec_done(IntakeSpec *spec);

/* Parks message. Return: 0: the reply is the intake's; or a negative errno with error set, and nothing parked. */
int intake_begin(Manager *manager, sd_bus_message *message, const IntakeSpec *spec, sd_bus_error *error);
/* Replies Aborted and frees. */
void intake_abort(Intake *intake);

/* Checks what can be checked at once, without side effects: the agent is installed, and where its metadata is known, the parameters fit. */
int intake_check(Manager *manager, const IntakeSpec *spec, sd_bus_error *error);
