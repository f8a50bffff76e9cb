/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "value.h"

#include <inttypes.h>
#include <stdio.h>

/* D-Bus itself allows 64 levels: 32 of arrays and 32 of structures. */
#define VALUE_DEPTH_MAX 64U

static int read_value(sd_bus_message *message, unsigned depth, json_t **ret);

static int read_basic(sd_bus_message *message, char type, json_t **ret) {
        union {
                const char *s;
                uint8_t y;
                int b, h;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
        } v = { 0 };
        int r;

        r = sd_bus_message_read_basic(message, type, &v);
        if (r < 0)
                return r;

        switch (type) {
        case 's':
        case 'o':
        case 'g':
                *ret = json_string(v.s);
                break;
        case 'b':
                *ret = json_boolean(v.b);
                break;
        case 'd':
                *ret = json_real(v.d) ?: json_null(); /* infinity has no JSON */
                break;
        case 'y':
                *ret = json_integer(v.y);
                break;
        case 'n':
                *ret = json_integer(v.n);
                break;
        case 'q':
                *ret = json_integer(v.q);
                break;
        case 'i':
                *ret = json_integer(v.i);
                break;
        case 'u':
                *ret = json_integer(v.u);
                break;
        case 'x':
                *ret = json_integer(v.x);
                break;
        case 't':
                *ret = json_integer(v.t > INT64_MAX ? INT64_MAX : (json_int_t)v.t);
                break;
        default:
                *ret = json_null();
        }

        return *ret ? 0 : -ENOMEM;
}

static int read_key(const json_t *key, char **ret) {
        if (json_is_string(key))
                *ret = strdup(json_string_value(key));
        else
                *ret = json_dumps(key, JSON_ENCODE_ANY);
        return *ret ? 0 : -ENOMEM;
}

static int read_dictionary(sd_bus_message *message, const char *contents, unsigned depth, json_t **ret) {
        _cleanup_json_ json_t *object = json_object();
        int r;

        if (!object)
                return -ENOMEM;

        r = sd_bus_message_enter_container(message, 'a', contents);
        if (r < 0)
                return r;

        while ((r = sd_bus_message_at_end(message, false)) == 0) {
                _cleanup_json_ json_t *key = NULL;
                _cleanup_free_ char *text = NULL;
                json_t *value = NULL;

                r = sd_bus_message_enter_container(message, 'e', NULL);
                if (r >= 0)
                        r = read_value(message, depth + 1, &key);
                if (r >= 0)
                        r = read_key(key, &text);
                if (r >= 0)
                        r = read_value(message, depth + 1, &value);
                if (r < 0)
                        return r;
                if (json_object_set_new(object, text, value) < 0)
                        return -ENOMEM;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;

        r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(object);
        return 0;
}

static int read_sequence(sd_bus_message *message, char type, const char *contents, unsigned depth, json_t **ret) {
        _cleanup_json_ json_t *array = json_array();
        int r;

        if (!array)
                return -ENOMEM;

        r = sd_bus_message_enter_container(message, type, contents);
        if (r < 0)
                return r;

        while ((r = sd_bus_message_at_end(message, false)) == 0) {
                json_t *value = NULL;

                r = read_value(message, depth + 1, &value);
                if (r < 0)
                        return r;
                if (json_array_append_new(array, value) < 0)
                        return -ENOMEM;
        }
        if (r < 0)
                return r;

        r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(array);
        return 0;
}

static int read_variant(sd_bus_message *message, const char *contents, unsigned depth, json_t **ret) {
        _cleanup_json_ json_t *value = NULL;
        int r;

        r = sd_bus_message_enter_container(message, 'v', contents);
        if (r < 0)
                return r;
        r = read_value(message, depth + 1, &value);
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(value);
        return 0;
}

static int read_value(sd_bus_message *message, unsigned depth, json_t **ret) {
        const char *contents;
        char type;
        int r;

        if (depth > VALUE_DEPTH_MAX)
                return -ELOOP;

        r = sd_bus_message_peek_type(message, &type, &contents);
        if (r < 0)
                return r;
        if (r == 0)
                return -ENXIO;

        switch (type) {
        case 'a':
                if (contents[0] == '{')
                        return read_dictionary(message, contents, depth, ret);
                return read_sequence(message, type, contents, depth, ret);
        case 'r':
                return read_sequence(message, type, contents, depth, ret);
        case 'v':
                return read_variant(message, contents, depth, ret);
        default:
                return read_basic(message, type, ret);
        }
}

int value_read(sd_bus_message *message, json_t **ret) {
        return read_value(message, 0, ret);
}
