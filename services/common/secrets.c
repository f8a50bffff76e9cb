/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "secrets.h"

#include <stdio.h>

#include "bus-error.h"
#include "parse-util.h"

#define SECRET_SCRUB_MIN 4U

char *secret_free(char *bytes, size_t size) {
        if (bytes)
                explicit_bzero(bytes, size);
        free(bytes);
        return NULL;
}

Secrets *secrets_free(Secrets *secrets) {
        if (!secrets)
                return NULL;
        for (size_t i = 0; i < secrets->n; i++) {
                free(secrets->items[i].name);
                secret_free(secrets->items[i].value, secrets->items[i].value ? strlen(secrets->items[i].value) : 0);
        }
        free(secrets);
        return NULL;
}

/* A control character would end a line of the agent's input, or begin another parameter. */
static bool value_is_valid(const char *value, size_t size) {
        for (size_t i = 0; i < size; i++)
                if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
                        return false;
        return size <= SECRET_VALUE_MAX && utf8_is_valid(value, size);
}

static const char *add_line(Secrets *secrets, const char *line, size_t size) {
        const char *equals = memchr(line, '=', size);
        size_t name_size = equals ? (size_t)(equals - line) : 0;
        Secret *item;

        if (name_size == 0)
                return "is not parameter=value";
        if (memchr(line, 0, size) || !value_is_valid(equals + 1, size - name_size - 1))
                return "holds a control character, is not UTF-8, or is too long";
        if (secrets->n >= SECRETS_MAX)
                return "is one too many";

        item = &secrets->items[secrets->n];
        item->name = strndup(line, name_size);
        item->value = strndup(equals + 1, size - name_size - 1);
        secrets->n++; /* also when half made: freed as one */
        if (!item->name || !item->value)
                return "does not fit into memory";
        for (size_t i = 0; i + 1 < secrets->n; i++)
                if (streq(secrets->items[i].name, item->name))
                        return "gives a parameter a second time";
        return NULL;
}

int secrets_parse(const char *bytes, size_t size, Secrets **ret, sd_bus_error *error) {
        _cleanup_(secrets_freep) Secrets *secrets = calloc(1, sizeof(Secrets));
        unsigned number = 0;

        if (!secrets)
                return -ENOMEM;
        if (size > SECRETS_BYTES_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The secrets are larger than %u bytes",
                                         (unsigned)SECRETS_BYTES_MAX);

        for (const char *line = bytes, *end = bytes + size; line < end;) {
                const char *newline = memchr(line, '\n', (size_t)(end - line));
                size_t length = (size_t)((newline ?: end) - line);
                const char *reason;

                number++;
                reason = length > 0 ? add_line(secrets, line, length) : NULL;
                if (reason)
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Line %u of the secrets %s", number,
                                                 reason);
                line += length + 1;
        }

        *ret = TAKE_PTR(secrets);
        return 0;
}

/* Takes text. */
static char *replace_all(char *text, const char *value) {
        static const char mask[] = "(secret)";
        size_t n = strlen(value), count = 0;
        char *to, *out;

        for (const char *p = text; (p = strstr(p, value)); p += n)
                count++;
        out = to = malloc(strlen(text) + count * sizeof(mask) + 1);
        if (!out) {
                secret_free(text, strlen(text));
                return NULL;
        }
        for (const char *p = text; *p;) {
                if (strncmp(p, value, n) == 0) {
                        to = stpcpy(to, mask);
                        p += n;
                } else
                        *to++ = *p++;
        }
        *to = 0;
        secret_free(text, strlen(text));
        return out;
}

char *secrets_scrub(const Secrets *secrets, const char *text) {
        char *out = strdup(text);

        for (size_t i = 0; out && secrets && i < secrets->n; i++) {
                const char *value = secrets->items[i].value;
                size_t n = strlen(value);

                if (n == 0 || !strstr(out, value))
                        continue;
                if (n < SECRET_SCRUB_MIN) {
                        free(out);
                        return strdup("(withheld: it holds the secret)");
                }
                out = replace_all(out, value);
        }
        return out;
}
