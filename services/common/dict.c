/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dict.h"

#include <inttypes.h>
#include <stdio.h>

#include "bus-error.h"
#include "parse-util.h"

/* ---- from the bus ---- */

static int read_value(sd_bus_message *message, unsigned depth, json_t **ret, sd_bus_error *error);

static int read_string(sd_bus_message *message, char type, json_t **ret, sd_bus_error *error) {
        const char *s = NULL;
        int r;

        r = sd_bus_message_read_basic(message, type, &s);
        if (r < 0)
                return r;
        if (strlen(s) > DICT_STRING_BYTES_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "A string is longer than %d bytes",
                                         DICT_STRING_BYTES_MAX);

        *ret = json_string(s);
        return *ret ? 0 : sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "A string is not UTF-8");
}

static int read_basic(sd_bus_message *message, char type, json_t **ret, sd_bus_error *error) {
        union {
                uint8_t y;
                int b;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
        } value = { 0 };
        int r;

        if (strchr("sog", type))
                return read_string(message, type, ret, error);
        if (!strchr("ybnqiuxtd", type))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                         "A value of D-Bus type '%c' has no place in a dictionary", type);

        r = sd_bus_message_read_basic(message, type, &value);
        if (r < 0)
                return r;

        switch (type) {
        case 'b':
                *ret = json_boolean(value.b);
                break;
        case 'd':
                *ret = json_real(value.d);
                if (!*ret)
                        return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "A number is not finite");
                break;
        case 't':
                if (value.t > INT64_MAX)
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                                 "The number %" PRIu64 " is too large", value.t);
                *ret = json_integer((json_int_t)value.t);
                break;
        default:
                *ret = json_integer(type == 'y'   ? value.y
                                    : type == 'n' ? value.n
                                    : type == 'q' ? value.q
                                    : type == 'i' ? value.i
                                    : type == 'u' ? (json_int_t)value.u
                                                  : value.x);
        }

        return *ret ? 0 : -ENOMEM;
}

static int too_many(sd_bus_error *error) {
        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "More than %d entries in one list or dictionary",
                                 DICT_ENTRIES_MAX);
}

static int read_entries(sd_bus_message *message, const char *contents, unsigned depth, json_t **ret,
                        sd_bus_error *error) {
        _cleanup_json_ json_t *object = json_object();
        int r;

        if (!object)
                return -ENOMEM;

        while ((r = sd_bus_message_enter_container(message, 'e', contents)) > 0) {
                json_t *value = NULL;
                const char *key = NULL;

                r = sd_bus_message_read_basic(message, 's', &key);
                if (r < 0)
                        return r;
                if (json_object_get(object, key))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The key '%s' is given twice", key);
                if (json_object_size(object) >= DICT_ENTRIES_MAX)
                        return too_many(error);
                r = read_value(message, depth, &value, error);
                if (r < 0)
                        return r;
                if (json_object_set_new(object, key, value) < 0)
                        return -ENOMEM;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;

        *ret = TAKE_PTR(object);
        return 0;
}

static int read_elements(sd_bus_message *message, unsigned depth, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *array = json_array();
        int r;

        if (!array)
                return -ENOMEM;

        while ((r = sd_bus_message_at_end(message, false)) == 0) {
                json_t *value = NULL;

                if (json_array_size(array) >= DICT_ENTRIES_MAX)
                        return too_many(error);
                r = read_value(message, depth, &value, error);
                if (r < 0)
                        return r;
                if (json_array_append_new(array, value) < 0)
                        return -ENOMEM;
        }
        if (r < 0)
                return r;

        *ret = TAKE_PTR(array);
        return 0;
}

/* Reads one complete value: basic, variant (transparent), dictionary with string keys, or array. */
static int read_value(sd_bus_message *message, unsigned depth, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *value = NULL;
        const char *contents;
        char type;
        int r;

        if (depth > DICT_DEPTH_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Values nest deeper than %d levels",
                                         DICT_DEPTH_MAX);

        r = sd_bus_message_peek_type(message, &type, &contents);
        if (r < 0)
                return r;
        if (r == 0)
                return -EBADMSG;

        if (!strchr("avr", type))
                return read_basic(message, type, ret, error);
        if (type == 'r' || (contents[0] == '{' && contents[1] != 's'))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                         "A value of D-Bus type '%c%s' has no place in a dictionary", type, contents);

        r = sd_bus_message_enter_container(message, type, contents);
        if (r < 0)
                return r;

        if (type == 'v')
                r = read_value(message, depth + 1, &value, error);
        else if (contents[0] == '{') {
                _cleanup_free_ char *entry = strndup(contents + 1, strlen(contents) - 2);

                r = entry ? read_entries(message, entry, depth + 1, &value, error) : -ENOMEM;
        } else
                r = read_elements(message, depth + 1, &value, error);
        if (r < 0)
                return r;

        r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(value);
        return 0;
}

int dict_read(sd_bus_message *message, json_t **ret, sd_bus_error *error) {
        return read_value(message, 0, ret, error);
}

/* ---- checking ---- */

static const char *type_word(DictType type) {
        static const char *const words[] = {
                [DICT_STRING] = "a string", [DICT_INTEGER] = "an integer", [DICT_BOOLEAN] = "a boolean",
                [DICT_REAL] = "a number",   [DICT_ARRAY] = "an array",     [DICT_OBJECT] = "a dictionary",
                [DICT_STRING_MAP] = "a dictionary of strings", [DICT_INTEGER_MAP] = "a dictionary of integers",
        };

        return words[type];
}

static bool type_matches(const json_t *value, DictType type) {
        switch (type) {
        case DICT_STRING:
                return json_is_string(value);
        case DICT_INTEGER:
                return json_is_integer(value);
        case DICT_BOOLEAN:
                return json_is_boolean(value);
        case DICT_REAL:
                return json_is_number(value);
        case DICT_ARRAY:
                return json_is_array(value);
        case DICT_OBJECT:
        case DICT_STRING_MAP:
        case DICT_INTEGER_MAP:
                return json_is_object(value);
        }
        return false;
}

/* The words of a list, "a, b, c", for a message. */
static char *join_words(const char *const *words) {
        _cleanup_free_ char *joined = NULL;

        for (; *words; words++) {
                char *longer;

                if (asprintf(&longer, "%s%s%s", joined ?: "", joined ? ", " : "", *words) < 0)
                        return NULL;
                free(joined);
                joined = longer;
        }

        return TAKE_PTR(joined);
}

static int check_string(const json_t *value, const DictField *field, const char *what, sd_bus_error *error) {
        const char *s = json_string_value(value);
        int64_t length = (int64_t)strlen(s);

        if (field->words) {
                _cleanup_free_ char *known = NULL;

                for (const char *const *word = field->words; *word; word++)
                        if (streq(*word, s))
                                return 0;
                known = join_words(field->words);
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s: %s must be one of: %s", what,
                                         field->key, known ?: "");
        }
        if (field->valid && !field->valid(s))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s: %s must be %s", what, field->key,
                                         field->expected);
        if ((field->min || field->max) && (length < field->min || length > field->max))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                         "%s: %s must be %" PRIi64 " to %" PRIi64 " bytes long", what, field->key,
                                         field->min, field->max);
        return 0;
}

static int check_value(const json_t *value, const DictField *field, const char *what, sd_bus_error *error);

static int check_array(const json_t *array, const DictField *field, const char *what, sd_bus_error *error) {
        int64_t length = (int64_t)json_array_size(array);
        size_t i;
        json_t *value;

        if ((field->min || field->max) && (length < field->min || length > field->max))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                         "%s: %s must have %" PRIi64 " to %" PRIi64 " entries", what, field->key,
                                         field->min, field->max);

        json_array_foreach((json_t *)array, i, value) {
                _cleanup_free_ char *deeper = NULL;
                int r;

                if (asprintf(&deeper, "%s: %s[%zu]", what, field->key, i) < 0)
                        return -ENOMEM;
                r = check_value(value, field->element, deeper, error);
                if (r < 0)
                        return r;
        }

        return 0;
}

static int check_string_map(const json_t *object, const DictField *field, const char *what, sd_bus_error *error) {
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)object, key, value)
                if (!json_is_string(value))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s: %s: '%s' must be a string",
                                                 what, field->key, key);
        return 0;
}

static int check_integer(int64_t value, const DictField *field, const char *what, sd_bus_error *error) {
        if (!(field->min || field->max) || (value >= field->min && value <= field->max))
                return 0;
        if (field->expected)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s: %s must be %s", what, field->key,
                                         field->expected);
        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s: %s must be %" PRIi64 " to %" PRIi64, what,
                                 field->key, field->min, field->max);
}

static int check_integer_map(const json_t *object, const DictField *field, const char *what, sd_bus_error *error) {
        const char *key;
        json_t *value;
        int r;

        json_object_foreach((json_t *)object, key, value) {
                if (!json_is_integer(value))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s: %s: '%s' must be an integer", what, field->key, key);
                r = check_integer(json_integer_value(value), field, what, error);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int check_value(const json_t *value, const DictField *field, const char *what, sd_bus_error *error) {
        if (!type_matches(value, field->type)) {
                /* busctl's `as 0` is every empty array */
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s: %s must be %s", what, field->key,
                                         type_word(field->type));
        }

        switch (field->type) {
        case DICT_STRING:
                return check_string(value, field, what, error);
        case DICT_INTEGER:
                return check_integer(json_integer_value(value), field, what, error);
        case DICT_ARRAY:
                return check_array(value, field, what, error);
        case DICT_OBJECT:
                return dict_check(value, field->fields, what, error);
        case DICT_STRING_MAP:
                return check_string_map(value, field, what, error);
        case DICT_INTEGER_MAP:
                return check_integer_map(value, field, what, error);
        case DICT_BOOLEAN:
        case DICT_REAL:
                return 0;
        }
        return -EINVAL;
}

static const DictField *find_field(const DictField *fields, const char *key) {
        for (; fields->key; fields++)
                if (streq(fields->key, key))
                        return fields;
        return NULL;
}

int dict_check(const json_t *object, const DictField *fields, const char *what, sd_bus_error *error) {
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)object, key, value) {
                const DictField *field = find_field(fields, key);
                int r;

                if (!field)
                        return sd_bus_error_setf(error, RHV_ERROR_UNKNOWN_OPTION, "%s: unknown key '%s'", what, key);
                r = check_value(value, field, what, error);
                if (r < 0)
                        return r;
        }

        for (; fields->key; fields++)
                if ((fields->flags & DICT_REQUIRED) && !json_object_get(object, fields->key))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s: %s is missing", what,
                                                 fields->key);

        return 0;
}

int dict_read_checked(sd_bus_message *message, const DictField *fields, const char *what, json_t **ret,
                      sd_bus_error *error) {
        _cleanup_json_ json_t *object = NULL;
        int r;

        r = dict_read(message, &object, error);
        if (r < 0)
                return r;
        r = dict_check(object, fields, what, error);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(object);
        return 0;
}

int dict_read_empty(sd_bus_message *message, sd_bus_error *error) {
        static const DictField none[] = { { NULL } };
        _cleanup_json_ json_t *object = NULL;

        return dict_read_checked(message, none, "options", &object, error);
}

/* ---- to the bus ---- */

static int append_array(sd_bus_message *message, const json_t *array);

static const char *value_signature(const json_t *value) {
        switch (json_typeof(value)) {
        case JSON_STRING:
                return "s";
        case JSON_INTEGER:
                return json_integer_value(value) < 0 ? "x" : "t";
        case JSON_REAL:
                return "d";
        case JSON_TRUE:
        case JSON_FALSE:
                return "b";
        case JSON_OBJECT:
                return "a{sv}";
        case JSON_ARRAY: {
                bool strings = true, objects = json_array_size(value) > 0;
                json_t *element;
                size_t i;

                json_array_foreach((json_t *)value, i, element) {
                        strings = strings && json_is_string(element);
                        objects = objects && json_is_object(element);
                }
                return strings ? "as" : objects ? "aa{sv}" : "av";
        }
        case JSON_NULL:
                break;
        }
        return NULL;
}

static int append_value(sd_bus_message *message, const json_t *value) {
        switch (json_typeof(value)) {
        case JSON_STRING:
                return sd_bus_message_append_basic(message, 's', json_string_value(value));
        case JSON_INTEGER: {
                int64_t x = json_integer_value(value);

                return sd_bus_message_append_basic(message, x < 0 ? 'x' : 't', &x);
        }
        case JSON_REAL: {
                double d = json_real_value(value);

                return sd_bus_message_append_basic(message, 'd', &d);
        }
        case JSON_TRUE:
        case JSON_FALSE: {
                int b = json_is_true(value);

                return sd_bus_message_append_basic(message, 'b', &b);
        }
        case JSON_OBJECT:
                return dict_append(message, value);
        case JSON_ARRAY:
                return append_array(message, value);
        case JSON_NULL:
                break;
        }
        return -EINVAL;
}

static int append_array(sd_bus_message *message, const json_t *array) {
        const char *signature = value_signature(array) + 1;
        json_t *element;
        size_t i;
        int r;

        r = sd_bus_message_open_container(message, 'a', signature);
        if (r < 0)
                return r;
        json_array_foreach((json_t *)array, i, element) {
                r = streq(signature, "v") ? dict_append_variant(message, element) : append_value(message, element);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(message);
}

int dict_append_variant(sd_bus_message *message, const json_t *value) {
        const char *signature = value_signature(value);
        int r;

        if (!signature)
                return -EINVAL;

        r = sd_bus_message_open_container(message, 'v', signature);
        if (r < 0)
                return r;
        r = append_value(message, value);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(message);
}

int dict_append(sd_bus_message *message, const json_t *object) {
        const char *key;
        json_t *value;
        int r;

        r = sd_bus_message_open_container(message, 'a', "{sv}");
        if (r < 0)
                return r;

        json_object_foreach((json_t *)object, key, value) {
                if (json_is_null(value))
                        continue;
                r = sd_bus_message_open_container(message, 'e', "sv");
                if (r < 0)
                        return r;
                r = sd_bus_message_append_basic(message, 's', key);
                if (r < 0)
                        return r;
                r = dict_append_variant(message, value);
                if (r < 0)
                        return r;
                r = sd_bus_message_close_container(message);
                if (r < 0)
                        return r;
        }

        return sd_bus_message_close_container(message);
}

int dict_append_array(sd_bus_message *message, const json_t *objects) {
        const json_t *object;
        size_t i;
        int r;

        r = sd_bus_message_open_container(message, 'a', "a{sv}");
        json_array_foreach(objects, i, object)
                if (r >= 0)
                        r = dict_append(message, object);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

/* ---- reading a checked one ---- */

const char *dict_string(const json_t *object, const char *key, const char *fallback) {
        const json_t *value = json_object_get(object, key);

        return json_is_string(value) ? json_string_value(value) : fallback;
}

int64_t dict_integer(const json_t *object, const char *key, int64_t fallback) {
        const json_t *value = json_object_get(object, key);

        return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool dict_boolean(const json_t *object, const char *key, bool fallback) {
        const json_t *value = json_object_get(object, key);

        return json_is_boolean(value) ? json_is_true(value) : fallback;
}

bool json_array_has(const json_t *array, const char *string) {
        json_t *element;
        size_t i;

        json_array_foreach((json_t *)array, i, element)
                if (streq_ptr(json_string_value(element), string))
                        return true;

        return false;
}
