/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Commands that need no code of their own: list, show, create, and any method of one object. */

#include "kind.h"

/* Lists all objects of command->kind. */
int object_run_list(Client *client, const Invocation *invocation);
/* Shows the one named by the first argument. */
int object_run_show(Client *client, const Invocation *invocation);
/* command->method of Cluster's root with spec and call; waits for the job if it answers with one. */
int object_run_create(Client *client, const Invocation *invocation);
/* command->method of the object named by the first argument, inputs by command->shape; waits for a job it answers with. */
int object_run_method(Client *client, const Invocation *invocation);
/* The same, and refuses to change nothing. */
int object_run_update(Client *client, const Invocation *invocation);

/* The parts, for commands with code of their own. */

/* A sentence's beginning: "Starting VM 'web1'". Return: new string or NULL. */
char *object_doing(const char *doing, const Kind *kind, const char *name);
/* Cluster's <method>(spec, call). ret_path: the new object (new string); ret_job: its job or NULL (new string). */
int object_create(Client *client, const char *method, const json_t *spec, const json_t *call, const char *what,
                  char **ret_path, char **ret_job);
/* What was made, as JSON. job: may be NULL. */
int object_print_created(Client *client, const char *path, const char *job);
/* A method of an object with what is given of string, spec and call, in this order. ret_path: the job or object it answers with, untouched where it
 * answers with none; of an object and its job, the job. */
int object_call(Client *client, const Kind *kind, const char *path, const char *method, const char *string,
                const json_t *spec, const json_t *call, const char *what, char **ret_path);
/* Waits for job (may be NULL) unless --no-wait, which prints its path. Return: 1 waited or nothing to wait for; 0 not waited. */
int object_await(Client *client, const char *job, const char *what, json_t **ret);
/* The same, and tells how it ended: the job as JSON where that is asked for, else the sentence. Return: 0 or negative, for a command. */
int object_await_say(Client *client, const char *job, const char *what, const char *format, ...) _printf_(4, 5);
/* The job an answer has. ret: borrowed from reply. Return: 0, or negative (line printed). */
int object_read_job(Client *client, sd_bus_message *reply, const char *what, const char **ret);
/* With a random id under key where it has none: so that the call may be sent again. */
int object_add_request(Client *client, json_t *call, const char *key);
