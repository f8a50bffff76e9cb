/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The connection, the calls, and the one line of error.
 *
 * Every function here that fails has printed its line: callers only hand the negative value on.
 */

#include "arguments.h"

/* How long a service may take to answer; longer where polkit may ask a person first. */
#define CALL_USEC (25 * USEC_PER_SEC)
#define CALL_INTERACTIVE_USEC (5 * 60 * USEC_PER_SEC)
/* For `status`: a service that hangs must not hide the others. */
#define CALL_STATUS_USEC (5 * USEC_PER_SEC)

struct Client {
        const Settings *settings;
        sd_bus *bus;
        json_t *objects;  /* Cluster's tree, read once: {path: {interface: {property: value}}} */
        pid_t agent;      /* pkttyagent, or 0 */
        int exit_status;  /* EXIT_SUCCESS, EXIT_FAILURE or EXIT_USAGE */
        bool stdin_tty, stdout_tty, stderr_tty;
};

#define EXIT_USAGE 2

void client_init(Client *client, const Settings *settings);
void client_done(Client *client);
int client_connect(Client *client, unsigned command_flags);

/* Print "rhvctl: …" and set the exit status. Return: negative. */
int client_fail(Client *client, const char *format, ...) _printf_(2, 3);
int client_usage(Client *client, const char *format, ...) _printf_(2, 3);
int client_no_memory(Client *client);
/* "rhvctl: what: why; way out" for a failed call. what may be NULL. */
int client_fail_bus(Client *client, const char *what, const char *service, const sd_bus_error *error, int r);

/* "/org/rhv/Storage/job/x" → "org.rhv.Storage". Return: 0 or -EINVAL (nothing printed). */
int service_of_path(const char *path, char **ret);

/* The id behind the last element of a path, which is spelled with escapes there. Return: new string, NULL when out of memory. */
char *id_of_path(const char *path);

/* A call to the service that owns path. Return: 0 or negative. */
int client_new_call(Client *client, const char *path, const char *interface, const char *member, sd_bus_message **ret);
/* Sends it. what: what was tried, for the line of error. repeat: harmless to send again when the service dies over it. ret may be
 * NULL. Return: 0 or negative. */
int client_call(Client *client, sd_bus_message *message, const char *what, bool repeat, sd_bus_message **ret);
/* The same, but prints nothing: for callers that know what a failure means. Return: 0 or a negative errno with error set. */
int client_try_call(Client *client, sd_bus_message *message, bool repeat, uint64_t usec, sd_bus_message **ret,
                    sd_bus_error *error);

/* All properties of one interface. Prints nothing. */
int client_try_get_all(Client *client, const char *path, const char *interface, uint64_t usec, json_t **ret,
                       sd_bus_error *error);
int client_get_all(Client *client, const char *path, const char *interface, const char *what, json_t **ret);
/* GetManagedObjects of /org/rhv/<Service>. */
int client_try_get_objects(Client *client, const char *service, json_t **ret, sd_bus_error *error);
int client_get_objects(Client *client, const char *service, json_t **ret);

/* A method that reads and takes inputs by `types` (as sd_bus_message_append(); "@" appends a JSON object as a{sv}); ret:
 * its one output as JSON. */
int client_query(Client *client, const char *path, const char *interface, const char *member, json_t **ret,
                 const char *types, ...);

/* JSON to stdout. Return: 0 or negative. */
int client_print_json(Client *client, const json_t *value);
/* A line to stdout that says what was done; nothing with --quiet or --json. */
void client_say(Client *client, const char *format, ...) _printf_(2, 3);
/* Cells of a line of stdout, 0 for no limit. */
size_t client_width(const Client *client);
