/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "agent.h"
#include "bus-error.h"
#include "dict.h"
#include "text.h"
#include "value.h"

void client_init(Client *client, const Settings *settings) {
        *client = (Client){
                .settings = settings,
                .stdin_tty = isatty(STDIN_FILENO) > 0,
                .stdout_tty = isatty(STDOUT_FILENO) > 0,
                .stderr_tty = isatty(STDERR_FILENO) > 0,
        };
}

void client_done(Client *client) {
        agent_stop(client->agent);
        json_decref(client->objects);
        sd_bus_close_unref(client->bus);
}

/* ---- errors ---- */

_printf_(2, 0) static int print_error(const char *prefix, const char *format, va_list arguments) {
        _cleanup_free_ char *raw = NULL, *line = NULL;

        if (vasprintf(&raw, format, arguments) < 0) {
                raw = NULL;
                return -ENOMEM;
        }
        line = text_escape(raw);
        if (!line)
                return -ENOMEM;

        fflush(stdout);
        fprintf(stderr, "%s%s\n", prefix, line);
        return -EIO;
}

int client_fail(Client *client, const char *format, ...) {
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = print_error("rhvctl: ", format, arguments);
        va_end(arguments);
        client->exit_status = EXIT_FAILURE;
        return r;
}

int client_usage(Client *client, const char *format, ...) {
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = print_error("rhvctl: ", format, arguments);
        va_end(arguments);
        client->exit_status = EXIT_USAGE;
        return r;
}

int client_no_memory(Client *client) {
        return client_fail(client, "out of memory");
}

/* "There is no disk 'x'": where those there are can be seen. */
static const char *list_of(const char *message) {
        static const struct {
                const char *beginning, *hint;
        } lists[] = {
                { "There is no data center '", "`rhvctl datacenter list` shows those there are" },
                { "There is no cluster '", "`rhvctl cluster list` shows those there are" },
                { "There is no host '", "`rhvctl host list` shows those there are" },
                { "There is no network '", "`rhvctl network list` shows those there are" },
                { "There is no storage domain '", "`rhvctl domain list` shows those there are" },
                { "There is no disk '", "`rhvctl disk list` shows those there are" },
                { "There is no VM '", "`rhvctl vm list` shows those there are" },
        };

        for (size_t i = 0; message && i < ELEMENTSOF(lists); i++)
                if (startswith(message, lists[i].beginning))
                        return lists[i].hint;
        return NULL;
}

static const char *way_out(const Client *client, const char *name, const char *message) {
        if (streq(name, RHV_ERROR_NOT_FOUND))
                return list_of(message);
        if (streq(name, RHV_ERROR_ACCESS_DENIED) || streq(name, SD_BUS_ERROR_ACCESS_DENIED) ||
            streq(name, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED))
                return client->agent > 0 ? NULL :
                       geteuid() == 0    ? NULL
                                         : "run it as root, or on a terminal where polkit can ask for a password";
        if (streq(name, RHV_ERROR_BACKEND_UNAVAILABLE))
                return "`rhvctl status` shows what each service waits for";
        if (streq(name, SD_BUS_ERROR_NO_REPLY))
                return "the service ended over it, its journal shows why";
        if (streq(name, SD_BUS_ERROR_TIMEOUT))
                return "`rhvctl status` shows whether the service is well";
        if (streq(name, SD_BUS_ERROR_UNKNOWN_METHOD) || streq(name, SD_BUS_ERROR_UNKNOWN_INTERFACE))
                return "is the service of another version than this program?";
        return NULL;
}

/* What dbus-daemon and systemd say when activation fails. */
static bool is_start_failure(const char *name) {
        return streq(name, "org.freedesktop.DBus.Error.TimedOut") || startswith(name, "org.freedesktop.DBus.Error.Spawn.") ||
               startswith(name, "org.freedesktop.systemd1.");
}

/* Names whose own message says nothing to a person. Return: a new sentence, or NULL to take the message. */
static char *own_words(const char *name, const char *service) {
        char *text = NULL;
        int r = 0;

        if (streq(name, SD_BUS_ERROR_SERVICE_UNKNOWN) || streq(name, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                r = asprintf(&text, "the service %s is not installed on that host", service);
        else if (streq(name, SD_BUS_ERROR_UNKNOWN_OBJECT))
                r = asprintf(&text, "it does not exist any more");
        else if (streq(name, SD_BUS_ERROR_TIMEOUT))
                r = asprintf(&text, "%s did not answer in time", service);
        else if (streq(name, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED))
                r = asprintf(&text, "this needs a password");
        else if (is_start_failure(name)) {
                const char *word = strrchr(service, '.');

                r = asprintf(&text, "the service %s does not start; `journalctl -u rhv-%c%s -e` shows why", service,
                             word ? tolower(word[1]) : '*', word && word[1] ? word + 2 : "");
        }

        return r < 0 ? NULL : text;
}

int client_fail_bus(Client *client, const char *what, const char *service, const sd_bus_error *error, int r) {
        const char *name = error->name ?: "", *message = error->message, *out = way_out(client, name, message);
        _cleanup_free_ char *own = own_words(name, service);
        int length;

        if (own)
                message = own;
        if (isempty(message))
                message = strerror(-r);

        /* a sentence's full stop would stand before our "; " */
        length = (int)strlen(message);
        while (length > 0 && (message[length - 1] == '.' || message[length - 1] == '\n'))
                length--;

        return client_fail(client, "%s%s%.*s%s%s", what ?: "", what ? ": " : "", length, message, out ? "; " : "",
                           out ?: "");
}

/* ---- the connection ---- */

int client_connect(Client *client, unsigned command_flags) {
        const char *host = client->settings->host;
        bool interactive = (command_flags & COMMAND_CHANGES) && !client->settings->no_ask_password;
        const char *name;
        int r;

        if (host && (command_flags & COMMAND_FD))
                return client_usage(client, "-H cannot carry a file or a console; run `ssh -t %s rhvctl ...` there instead",
                                    host);
        if (host && (host[0] == '-' || host[0] == 0))
                return client_usage(client, "'%s' is not a host", host);

        r = host ? sd_bus_open_system_remote(&client->bus, host) : sd_bus_open_system(&client->bus);
        /* only the first answer tells whether ssh got there */
        if (r >= 0)
                r = sd_bus_get_unique_name(client->bus, &name);
        if (r < 0)
                return host ? client_fail(client, "cannot reach the system bus of %s: %s; does `ssh %s` work?", host,
                                          strerror(-r), host)
                            : client_fail(client, "cannot reach the system bus: %s; is dbus running?", strerror(-r));

        (void) sd_bus_set_allow_interactive_authorization(client->bus, interactive);
        if (interactive && !host && client->stdin_tty && client->stderr_tty && geteuid() != 0)
                client->agent = agent_start();
        return 0;
}

int service_of_path(const char *path, char **ret) {
        const char *rest = startswith(path, "/org/rhv/");
        size_t length = rest ? strcspn(rest, "/") : 0;

        if (length == 0)
                return -EINVAL;

        return asprintf(ret, "org.rhv.%.*s", (int)length, rest) < 0 ? -ENOMEM : 0;
}

char *id_of_path(const char *path) {
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *prefix = strndup(path, slash ? (size_t)(slash - path) : 0);
        char *id = NULL;

        if (!prefix)
                return NULL;
        if (!slash || sd_bus_path_decode(path, prefix, &id) <= 0)
                return strdup(path);
        return id;
}

int client_new_call(Client *client, const char *path, const char *interface, const char *member, sd_bus_message **ret) {
        _cleanup_free_ char *service = NULL;
        int r;

        r = service_of_path(path, &service);
        if (r < 0)
                return client_fail(client, "'%s' is not the path of an object of ours", path);

        r = sd_bus_message_new_method_call(client->bus, ret, service, path, interface, member);
        return r < 0 ? client_fail(client, "cannot make a call: %s", strerror(-r)) : 0;
}

/* How often a harmless call is sent again when the service goes away over it: it may be restarted just then. */
#define CALL_REPEAT_MAX 3

int client_try_call(Client *client, sd_bus_message *message, bool repeat, uint64_t usec, sd_bus_message **ret,
                    sd_bus_error *error) {
        int r = 0;

        for (int i = 0; i <= (repeat ? CALL_REPEAT_MAX : 0); i++) {
                sd_bus_error_free(error);
                r = sd_bus_call(client->bus, message, usec, error, ret);
                if (r >= 0)
                        return 0;
                if (!sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
                        break;
        }

        return r;
}

int client_call(Client *client, sd_bus_message *message, const char *what, bool repeat, sd_bus_message **ret) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        bool interactive = sd_bus_message_get_allow_interactive_authorization(message) > 0;
        int r;

        r = client_try_call(client, message, repeat, interactive ? CALL_INTERACTIVE_USEC : CALL_USEC, ret, &error);
        return r < 0 ? client_fail_bus(client, what, sd_bus_message_get_destination(message), &error, r) : 0;
}

/* ---- reading ---- */

int client_try_get_all(Client *client, const char *path, const char *interface, uint64_t usec, json_t **ret,
                       sd_bus_error *error) {
        _cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
        int r;

        r = client_new_call(client, path, "org.freedesktop.DBus.Properties", "GetAll", &message);
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "s", interface);
        if (r >= 0)
                r = client_try_call(client, message, true, usec, &reply, error);
        return r < 0 ? r : value_read(reply, ret);
}

int client_get_all(Client *client, const char *path, const char *interface, const char *what, json_t **ret) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *service = NULL;
        int r;

        r = client_try_get_all(client, path, interface, CALL_USEC, ret, &error);
        if (r >= 0)
                return 0;

        (void) service_of_path(path, &service);
        return client_fail_bus(client, what, service ?: path, &error, r);
}

int client_try_get_objects(Client *client, const char *service, json_t **ret, sd_bus_error *error) {
        _cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
        char path[64];
        int r;

        (void) snprintf(path, sizeof path, "/org/rhv/%s", service);
        r = client_new_call(client, path, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &message);
        if (r < 0)
                return r;
        r = client_try_call(client, message, true, CALL_USEC, &reply, error);
        return r < 0 ? r : value_read(reply, ret);
}

int client_get_objects(Client *client, const char *service, json_t **ret) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char name[64];
        int r;

        r = client_try_get_objects(client, service, ret, &error);
        if (r >= 0)
                return 0;

        (void) snprintf(name, sizeof name, "org.rhv.%s", service);
        return client_fail_bus(client, NULL, name, &error, r);
}

static int append_inputs(sd_bus_message *message, const char *types, va_list arguments) {
        int r = 0;

        for (; *types && r >= 0; types++)
                switch (*types) {
                case '@':
                        r = dict_append(message, va_arg(arguments, const json_t *));
                        break;
                case 's':
                        r = sd_bus_message_append_basic(message, 's', va_arg(arguments, const char *));
                        break;
                default:
                        r = -EINVAL;
                }

        return r;
}

int client_query(Client *client, const char *path, const char *interface, const char *member, json_t **ret,
                 const char *types, ...) {
        _cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
        va_list arguments;
        int r;

        r = client_new_call(client, path, interface, member, &message);
        if (r < 0)
                return r;

        va_start(arguments, types);
        r = append_inputs(message, types, arguments);
        va_end(arguments);
        if (r < 0)
                return client_fail(client, "cannot make a call: %s", strerror(-r));

        r = client_call(client, message, NULL, true, &reply);
        if (r < 0)
                return r;

        r = value_read(reply, ret);
        return r < 0 ? client_fail(client, "%s.%s answered something unexpected: %s", interface, member, strerror(-r)) : 0;
}

/* ---- saying ---- */

int client_print_json(Client *client, const json_t *value) {
        if (json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY) < 0 || putchar('\n') == EOF)
                return client_fail(client, "cannot write: %s", strerror(errno));
        return 0;
}

void client_say(Client *client, const char *format, ...) {
        _cleanup_free_ char *raw = NULL, *line = NULL;
        va_list arguments;

        if (client->settings->quiet || client->settings->json)
                return;

        va_start(arguments, format);
        if (vasprintf(&raw, format, arguments) < 0)
                raw = NULL;
        va_end(arguments);
        line = raw ? text_escape(raw) : NULL;
        if (line)
                puts(line);
}

size_t client_width(const Client *client) {
        struct winsize size;

        if (client->settings->full || !client->stdout_tty || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
                return 0;
        return size.ws_col;
}
