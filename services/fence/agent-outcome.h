/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What an ended agent run means. Pure.
 *
 * Only exit 0 is success. For status, exit 0 is "on" and exit 2 is "off", but 2 is also what Python exits with when it cannot
 * open the program and what old agents exit with on bad arguments: so "off" is believed only with the line "Status: OFF"
 * that the agents' library prints, and a printed status that contradicts the exit status makes it unknown.
 *
 * The agents' library ends every failure with exit 1 and tells them apart only by fixed sentences on stderr; agents written
 * without it use the exit statuses 3 (login denied), 5 (timed out) and so on. Both are read.
 */

#include "sequence.h"

/* Bytes of an agent's complaint that reach an error message. */
#define AGENT_COMPLAINT_MAX 300U

/* ran: the run ended by itself, with exit_status; else its outcome is already known. out, err: NUL-terminated. */
FenceOutcome agent_outcome(FenceAction run, int exit_status, const char *out, const char *err);

/* The last line of stderr that says something to a person, without the agents' time stamp and level, without control characters,
 * cut to AGENT_COMPLAINT_MAX. Return: new string ("" if there is none), NULL when out of memory. */
char *agent_complaint(const char *err);
