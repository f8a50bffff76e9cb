/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Waiting for the end of an org.rhv.Job of any service, and showing how far it is. */

#include "client.h"

/* Waits until the job has ended or --timeout has passed. doing: what the line of progress says ("Starting VM 'web1'"). The job
 * survives a restart of its service, and so does this waiting. ret (may be NULL): the job's properties, with "Path".
 * Return: 0 done; negative (line printed) failed, aborted, timed out, interrupted or lost. */
int job_wait(Client *client, const char *path, const char *doing, json_t **ret);

bool job_state_ended(const char *state) _pure_;
