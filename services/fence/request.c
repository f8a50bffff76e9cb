/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "request.h"

#include <stdio.h>
#include <strings.h>

#include "agent-list.h"
#include "agent-metadata.h"
#include "bus-error.h"
#include "parse-util.h"

/* Per agent run: the interpreter's start, name look-up, and the agent's own last words. */
#define REQUEST_RUN_SLACK_SECONDS 15U
#define REQUEST_RUN_MAX_SECONDS 600U
#define ADDRESS_MAX 255U

/* A host name, an IPv4 or an IPv6 address (with zone). Agents put it into command lines without quotes: no blank, and no dash in
 * front, or it would be an option of ssh or ipmitool. */
static bool address_is_valid(const char *s) {
        size_t n = strlen(s);

        return n > 0 && n <= ADDRESS_MAX && s[0] != '-' &&
               strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:_%-") == n;
}

/* Any plain value, for the same reason: printable, no blank, no quote, no shell character, no dash in front. */
static bool plain_is_valid(const char *s) {
        size_t n = strlen(s);

        if (n == 0 || n > REQUEST_VALUE_MAX || s[0] == '-' || !utf8_is_valid(s, n))
                return false;
        for (const char *p = s; *p; p++)
                if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr("\"'`$;&|<>", *p))
                        return false;
        return true;
}

const DictField request_device_fields[] = {
        { .key = "agent", .type = DICT_STRING, .flags = DICT_REQUIRED, .valid = agent_name_is_valid, .expected = "the name of a fence agent" },
        { .key = "address", .type = DICT_STRING, .valid = address_is_valid, .expected = "a host name or an IP address" },
        { .key = "port", .type = DICT_INTEGER, .min = 1, .max = 65535 },
        { .key = "plug", .type = DICT_STRING, .valid = plain_is_valid, .expected = "an outlet without blanks and quotes" },
        { .key = "username", .type = DICT_STRING, .valid = plain_is_valid, .expected = "a user name without blanks and quotes" },
        { .key = "options", .type = DICT_STRING_MAP },
        { 0 },
};

/* ---- one value ---- */

static bool integer_is_valid(const char *value, bool seconds) {
        uint64_t n;

        return parse_u64(value, &n) >= 0 && n <= (seconds ? REQUEST_SECONDS_MAX : INT32_MAX);
}

static int word_is_true(const char *value) {
        static const char *const yes[] = { "1", "yes", "on", "true" }, *const no[] = { "0", "no", "off", "false" };

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                if (strcasecmp(value, yes[i]) == 0)
                        return 1;
                if (strcasecmp(value, no[i]) == 0)
                        return 0;
        }
        return -EINVAL;
}

static bool option_is_valid(const json_t *parameter, const char *value) {
        size_t i;
        json_t *option;

        json_array_foreach(json_object_get(parameter, "options"), i, option) {
                if (strcasecmp(json_string_value(option), value) == 0)
                        return true;
        }
        return false;
}

/* What is wrong with the value, or NULL. */
static const char *value_expected(const json_t *parameter, const char *value) {
        const char *type = dict_string(parameter, "type", ""), *name = dict_string(parameter, "name", "");

        if (streq(type, "integer"))
                return integer_is_valid(value, false) ? NULL : "a whole number";
        if (streq(type, "second"))
                return integer_is_valid(value, true) ? NULL : "a whole number of seconds, 3600 at most";
        if (streq(type, "boolean"))
                return word_is_true(value) >= 0 ? NULL : "yes or no";
        if (streq(type, "select"))
                return option_is_valid(parameter, value) ? NULL : "one of the options the agent lists";
        if (streq(name, "ip") || streq(name, "ipaddr"))
                return address_is_valid(value) ? NULL : "a host name or an IP address";
        if (strstr(name, "prompt")) /* a regular expression the agent waits for; used in no command */
                return label_is_valid(value, REQUEST_VALUE_MAX) ? NULL : "a text without control characters";
        return plain_is_valid(value) ? NULL : "a text without blanks, quotes and shell characters that does not begin with '-'";
}

/* ---- the plain parameters ---- */

typedef struct Resolver {
        const char *agent;
        const json_t *metadata;
        json_t *parameters;
        sd_bus_error *error;
} Resolver;

/* Whether a parameter or its old or new name is set already. */
static bool is_set(const json_t *metadata, const json_t *parameters, const char *name) {
        const char *canonical = agent_metadata_canonical(metadata, name), *key;
        json_t *value;

        json_object_foreach((json_t *)parameters, key, value) {
                if (streq(agent_metadata_canonical(metadata, key), canonical))
                        return true;
        }
        return false;
}

static int set_value(const Resolver *resolver, const json_t *parameter, const char *value) {
        const char *name = dict_string(parameter, "name", ""), *expected = value_expected(parameter, value);

        if (expected)
                return sd_bus_error_setf(resolver->error, RHV_ERROR_INVALID_ARGUMENT, "Parameter '%s' of %s must be %s", name,
                                         resolver->agent, expected);
        if (is_set(resolver->metadata, resolver->parameters, name))
                return sd_bus_error_setf(resolver->error, RHV_ERROR_INVALID_ARGUMENT, "Parameter '%s' of %s is given twice", name,
                                         resolver->agent);

        if (streq(dict_string(parameter, "type", ""), "boolean")) {
                /* Many agents look only whether the key is there: a plain "no" is said by leaving it out. */
                if (word_is_true(value) == 0 && word_is_true(dict_string(parameter, "default", "0")) != 1)
                        return 0;
                value = word_is_true(value) ? "1" : "0";
        }
        return json_object_set_new(resolver->parameters, name, json_string(value)) < 0 ? -ENOMEM : 0;
}

/* A key of the device that every agent calls alike, today or formerly. */
static int set_device_key(const Resolver *resolver, const char *key, const char *value, const char *name, const char *old_name) {
        const json_t *parameter;

        if (!value)
                return 0;
        parameter = agent_metadata_find(resolver->metadata, name);
        if (!parameter && old_name)
                parameter = agent_metadata_find(resolver->metadata, old_name);
        if (!parameter)
                return sd_bus_error_setf(resolver->error, RHV_ERROR_UNKNOWN_OPTION, "%s takes no %s", resolver->agent, key);
        return set_value(resolver, parameter, value);
}

static int set_option(const Resolver *resolver, const char *name, const char *value) {
        const json_t *parameter = agent_metadata_find(resolver->metadata, name);

        if (!parameter)
                return sd_bus_error_setf(resolver->error, RHV_ERROR_UNKNOWN_OPTION,
                                         "%s has no parameter '%.64s'; GetAgentParameters lists those it has", resolver->agent,
                                         name);
        if (dict_boolean(parameter, "reserved", true))
                return sd_bus_error_setf(resolver->error, RHV_ERROR_INVALID_ARGUMENT,
                                         "Parameter '%s' of %s is reserved: it names a program or file, or changes what the agent says",
                                         dict_string(parameter, "name", ""), resolver->agent);
        if (dict_boolean(parameter, "secret", true))
                return sd_bus_error_setf(resolver->error, RHV_ERROR_INVALID_ARGUMENT,
                                         "Parameter '%s' of %s is a secret: pass it by the file descriptor, not in the dictionary",
                                         dict_string(parameter, "name", ""), resolver->agent);
        return set_value(resolver, parameter, value);
}

static int resolve_all(const Resolver *resolver, const json_t *device) {
        int64_t port = dict_integer(device, "port", 0);
        char port_text[8] = "";
        const char *name;
        json_t *value;
        int r;

        if (port > 0)
                (void) snprintf(port_text, sizeof(port_text), "%u", (unsigned)port);

        r = set_device_key(resolver, "address", dict_string(device, "address", NULL), "ip", "ipaddr");
        if (r < 0)
                return r;
        r = set_device_key(resolver, "port", port > 0 ? port_text : NULL, "ipport", NULL);
        if (r < 0)
                return r;
        r = set_device_key(resolver, "plug", dict_string(device, "plug", NULL), "plug", "port");
        if (r < 0)
                return r;
        r = set_device_key(resolver, "username", dict_string(device, "username", NULL), "username", "login");
        if (r < 0)
                return r;

        json_object_foreach(json_object_get(device, "options"), name, value) {
                r = set_option(resolver, name, json_string_value(value));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int check_actions(const Resolver *resolver, FenceAction action) {
        bool on = action == FENCE_ACTION_ON || action == FENCE_ACTION_REBOOT,
             off = action == FENCE_ACTION_OFF || action == FENCE_ACTION_REBOOT;

        /* Without a status nothing can be confirmed, and an unconfirmed switch is worth nothing. */
        if (!agent_metadata_has_action(resolver->metadata, "status"))
                return sd_bus_error_setf(resolver->error, RHV_ERROR_NOT_SUPPORTED,
                                         "%s cannot tell the status of a device, so nothing it does could be confirmed",
                                         resolver->agent);
        if ((on && !agent_metadata_has_action(resolver->metadata, "on")) ||
            (off && !agent_metadata_has_action(resolver->metadata, "off")))
                return sd_bus_error_setf(resolver->error, RHV_ERROR_NOT_SUPPORTED, "%s cannot do '%s'", resolver->agent,
                                         fence_action_to_string(action));
        return 0;
}

int request_resolve(const json_t *device, FenceAction action, const json_t *metadata, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *parameters = json_object();
        Resolver resolver = {
                .agent = dict_string(device, "agent", ""),
                .metadata = metadata,
                .parameters = parameters,
                .error = error,
        };
        int r;

        if (!parameters)
                return -ENOMEM;
        r = check_actions(&resolver, action);
        if (r < 0)
                return r;
        r = resolve_all(&resolver, device);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(parameters);
        return 0;
}

/* ---- the secrets ---- */

/* "password" for agents that know only "passwd", and the other way round where only the new name is left. */
static const json_t *find_secret(const json_t *metadata, const char *name) {
        const json_t *parameter = agent_metadata_find(metadata, name);

        if (!parameter && streq(name, "password"))
                parameter = agent_metadata_find(metadata, "passwd");
        if (!parameter && streq(name, "passwd"))
                parameter = agent_metadata_find(metadata, "password");
        return parameter;
}

static int check_secret(const char *agent, const json_t *metadata, const json_t *parameters, Secret *secret, size_t number,
                        sd_bus_error *error) {
        const json_t *parameter = find_secret(metadata, secret->name);
        char *name;

        /* The key may be half a secret itself when somebody forgot the "password=": never echoed. */
        if (!parameter)
                return sd_bus_error_setf(error, RHV_ERROR_UNKNOWN_OPTION, "Secret %zu is no parameter of %s", number, agent);
        if (dict_boolean(parameter, "reserved", true))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Parameter '%s' of %s is reserved",
                                         dict_string(parameter, "name", ""), agent);
        if (is_set(metadata, parameters, dict_string(parameter, "name", "")))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Parameter '%s' of %s is given twice",
                                         dict_string(parameter, "name", ""), agent);
        if (!dict_boolean(parameter, "secret", false) && value_expected(parameter, secret->value))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Parameter '%s' of %s must be %s",
                                         dict_string(parameter, "name", ""), agent, value_expected(parameter, secret->value));

        name = strdup(dict_string(parameter, "name", ""));
        if (!name)
                return -ENOMEM;
        free(secret->name);
        secret->name = name;
        return 0;
}

static bool secret_is_given(const json_t *metadata, const Secrets *secrets, const char *name) {
        for (size_t i = 0; i < secrets->n; i++)
                if (streq(agent_metadata_canonical(metadata, secrets->items[i].name), agent_metadata_canonical(metadata, name)))
                        return true;
        return false;
}

static int check_required(const char *agent, const json_t *metadata, const json_t *parameters, const Secrets *secrets,
                          sd_bus_error *error) {
        size_t i;
        json_t *parameter;

        json_array_foreach(json_object_get(metadata, "parameters"), i, parameter) {
                const char *name = dict_string(parameter, "name", "");

                if (!dict_boolean(parameter, "required", false) || dict_boolean(parameter, "deprecated", false) ||
                    dict_boolean(parameter, "reserved", false) || dict_string(parameter, "default", NULL))
                        continue;
                if (!is_set(metadata, parameters, name) && !secret_is_given(metadata, secrets, name))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s needs the parameter '%s' (%s)", agent,
                                                 name, dict_string(parameter, "description", ""));
        }
        return 0;
}

int request_check_secrets(const char *agent, const json_t *metadata, const json_t *parameters, Secrets *secrets,
                          sd_bus_error *error) {
        for (size_t i = 0; i < secrets->n; i++) {
                int r = check_secret(agent, metadata, parameters, &secrets->items[i], i + 1, error);

                if (r < 0)
                        return r;
                for (size_t k = 0; k < i; k++)
                        if (streq(agent_metadata_canonical(metadata, secrets->items[k].name),
                                  agent_metadata_canonical(metadata, secrets->items[i].name)))
                                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Parameter '%s' of %s is given twice",
                                                         secrets->items[i].name, agent);
        }
        return check_required(agent, metadata, parameters, secrets, error);
}

/* ---- the agent's input ---- */

/* The agents' library trims values and takes one pair of quotes away; a value that would lose something gets a pair to lose. */
static bool needs_quotes(const char *value) {
        size_t n = strlen(value);

        return n > 0 && (value[0] == ' ' || value[n - 1] == ' ' || (n > 1 && value[0] == '"' && value[n - 1] == '"'));
}

static char *append_line(char *to, const char *name, const char *value) {
        bool quotes = needs_quotes(value);

        to = stpcpy(stpcpy(to, name), quotes ? "=\"" : "=");
        return stpcpy(stpcpy(to, value), quotes ? "\"\n" : "\n");
}

static size_t line_size(const char *name, const char *value) {
        return strlen(name) + strlen(value) + 4;
}

int request_input(FenceAction run, const json_t *parameters, const Secrets *secrets, char **ret,
                  size_t *ret_size) {
        const char *action = fence_action_to_string(run), *name;
        size_t size = line_size("action", action) + 1;
        json_t *value;
        char *bytes, *to;

        json_object_foreach((json_t *)parameters, name, value)
                size += line_size(name, json_string_value(value));
        for (size_t i = 0; i < secrets->n; i++)
                size += line_size(secrets->items[i].name, secrets->items[i].value);

        bytes = to = malloc(size);
        if (!bytes)
                return -ENOMEM;
        to = append_line(to, "action", action);
        json_object_foreach((json_t *)parameters, name, value)
                to = append_line(to, name, json_string_value(value));
        for (size_t i = 0; i < secrets->n; i++)
                to = append_line(to, secrets->items[i].name, secrets->items[i].value);

        *ret = bytes;
        *ret_size = (size_t)(to - bytes);
        return 0;
}

/* ---- questions ---- */

static uint64_t parameter_seconds(const json_t *metadata, const json_t *parameters, const char *name, uint64_t fallback) {
        const json_t *parameter = agent_metadata_find(metadata, name);
        const char *given = dict_string(parameters, name, NULL);
        uint64_t seconds = fallback;

        if (!parameter)
                return 0;
        (void) parse_u64(given ?: dict_string(parameter, "default", ""), &seconds);
        return seconds < REQUEST_SECONDS_MAX ? seconds : REQUEST_SECONDS_MAX;
}

uint64_t request_run_limit(const json_t *metadata, const json_t *parameters) {
        /* delay, login, then per try: switch, wait, poll until it shows. Numbers: fencing.py's own defaults. */
        uint64_t tries = 1 + parameter_seconds(metadata, parameters, "retry_on", 1);
        uint64_t each = parameter_seconds(metadata, parameters, "power_timeout", 20) +
                        parameter_seconds(metadata, parameters, "power_wait", 0) +
                        parameter_seconds(metadata, parameters, "shell_timeout", 3);
        uint64_t seconds = REQUEST_RUN_SLACK_SECONDS + parameter_seconds(metadata, parameters, "delay", 0) +
                           parameter_seconds(metadata, parameters, "login_timeout", 5) +
                           (tries < 100 ? tries : 100) * each;

        return (seconds < REQUEST_RUN_MAX_SECONDS ? seconds : REQUEST_RUN_MAX_SECONDS) * USEC_PER_SEC;
}

static const char *device_address(const json_t *device) {
        const json_t *options = json_object_get(device, "options");
        const char *address = dict_string(device, "address", NULL);

        return address ?: dict_string(options, "ip", NULL) ?: dict_string(options, "ipaddr", NULL);
}

char *request_describe(const json_t *device) {
        const json_t *options = json_object_get(device, "options");
        const char *address = device_address(device), *plug = dict_string(device, "plug", NULL) ?: dict_string(options, "plug", NULL);
        char *text;

        if (address && plug)
                return asprintf(&text, "%s/%s", address, plug) < 0 ? NULL : text;
        return strdup(address ?: plug ?: dict_string(device, "agent", "device"));
}

char *request_queue_key(const json_t *device) {
        const char *address = device_address(device);
        char *key;

        if (address)
                return asprintf(&key, "%s:%u", address, (unsigned)dict_integer(device, "port", 0)) < 0 ? NULL : key;
        /* No address: local hardware, of which the agent is the name. */
        return strdup(dict_string(device, "agent", "device"));
}
