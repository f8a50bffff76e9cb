/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A call whose work has steps (steps.h), from message to job: what such handlers share. */

#include "plan.h"
#include "request.h"

typedef struct StepsCall {
        const char *kind;   /* of the job */
        const char *verb, *action;
        const char *answer; /* "j" or "oj" */
        Object *self;       /* what was asked */
        Object *busy;       /* what the job is for */
        json_t *description, *arguments; /* of the call; of the job, filled by plan */
        const char *word;   /* a snapshot's work; a domain; borrowed */
        int64_t capacity;
        int (*plan)(struct StepsCall *call, const Plan *plan, Change *change, sd_bus_error *error);
} StepsCall;

void steps_call_clear(StepsCall *call);
#define _cleanup_call_ _cleanup_(steps_call_clear)

/* For plan: what the job is to know beside the steps. steps, arguments: taken. r: what the plan returned. Return: r or -ENOMEM. */
int steps_call_arguments(StepsCall *call, int r, json_t *steps, json_t *arguments);
/* asked: what tells this call from another, borrowed, may be NULL. Return: for the handler. */
int steps_call_run(sd_bus_message *message, StepsCall *call, const json_t *asked, sd_bus_error *error);
