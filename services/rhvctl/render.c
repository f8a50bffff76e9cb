/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "render.h"

#include <inttypes.h>
#include <stdio.h>

#include "parse-util.h"
#include "text.h"
#include "units.h"

static bool ends_with(const char *s, const char *end) {
        size_t n = strlen(s), m = strlen(end);

        return n >= m && streq(s + n - m, end);
}

/* What a number means is told by its name, as the contract spells units: …Bytes, …At, …Percent. */
static Format format_by_name(const char *property, const json_t *value) {
        static const char *const sizes[] = { "Bytes", "_bytes", "apacity", "emory", "MemoryTotal", "MemoryFree", "_size",
                                             "memory_total", "memory_free", "memory_used", "memory_unused", "memory_rss",
                                             "memory_actual", "rx_bytes", "tx_bytes" };

        if (json_is_number(value)) {
                for (size_t i = 0; i < ELEMENTSOF(sizes); i++)
                        if (ends_with(property, sizes[i]))
                                return FORMAT_SIZE;
                if (ends_with(property, "At") || ends_with(property, "_at"))
                        return FORMAT_TIME;
                if (ends_with(property, "_usec") || ends_with(property, "Usec"))
                        return FORMAT_DURATION;
                if (ends_with(property, "ercent"))
                        return FORMAT_PERCENT;
                if (streq(property, "Progress"))
                        return FORMAT_FRACTION;
        }

        if (json_is_string(value) && !streq(property, "Id") && !streq(property, "id") &&
            uuid_is_valid(json_string_value(value)))
                return FORMAT_REFERENCE;
        if (json_is_array(value) && uuid_is_valid(json_string_value(json_array_get(value, 0))))
                return FORMAT_REFERENCE;
        return FORMAT_TEXT;
}

static void append_plain(TextBuffer *buffer, const json_t *value, Format format, const json_t *names);

static void append_list(TextBuffer *buffer, const json_t *value, Format format, const json_t *names) {
        size_t i;
        json_t *item;

        json_array_foreach(value, i, item) {
                text_append(buffer, i > 0 ? ", " : "");
                append_plain(buffer, item, format, names);
        }
}

static void append_map(TextBuffer *buffer, const json_t *value, const json_t *names) {
        const char *key, *separator = "";
        json_t *item;

        json_object_foreach((json_t *)value, key, item) {
                text_appendf(buffer, "%s%s=", separator, key);
                append_plain(buffer, item, FORMAT_TEXT, names);
                separator = " ";
        }
}

static void append_number(TextBuffer *buffer, const json_t *value, Format format) {
        double real = json_number_value(value);
        char text[UNITS_TEXT_MAX];
        uint64_t whole = json_is_integer(value) && json_integer_value(value) >= 0 ? (uint64_t)json_integer_value(value)
                         : real > 0 && real < 9e18                                ? (uint64_t)real
                                                                                  : 0;

        switch (format) {
        case FORMAT_SIZE:
                text_append(buffer, format_size(whole, text));
                return;
        case FORMAT_TIME:
                text_append(buffer, format_time(whole, text));
                return;
        case FORMAT_DURATION:
                text_append(buffer, format_duration(whole, text));
                return;
        case FORMAT_PERCENT:
                text_appendf(buffer, "%.1f %%", real);
                return;
        case FORMAT_FRACTION:
                text_appendf(buffer, "%.0f %%", real * 100);
                return;
        default:
                if (json_is_integer(value))
                        text_appendf(buffer, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
                else
                        text_appendf(buffer, "%g", real);
        }
}

static void append_plain(TextBuffer *buffer, const json_t *value, Format format, const json_t *names) {
        const char *name;

        switch (json_typeof(value)) {
        case JSON_STRING:
                name = format == FORMAT_REFERENCE ? json_string_value(json_object_get(names, json_string_value(value))) :
                                                    NULL;
                text_append(buffer, isempty(name) ? json_string_value(value) : name);
                return;
        case JSON_INTEGER:
        case JSON_REAL:
                append_number(buffer, value, format);
                return;
        case JSON_TRUE:
                text_append(buffer, "yes");
                return;
        case JSON_FALSE:
                text_append(buffer, "no");
                return;
        case JSON_ARRAY:
                append_list(buffer, value, format, names);
                return;
        case JSON_OBJECT:
                append_map(buffer, value, names);
                return;
        default:
                return;
        }
}

char *render_value(const json_t *value, Format format, const char *property, const json_t *names) {
        TextBuffer buffer = { 0 };

        if (!value)
                return strdup("");
        if (format == FORMAT_AUTO)
                format = format_by_name(property, value);

        if (format == FORMAT_COUNT)
                text_appendf(&buffer, "%zu", json_is_array(value) ? json_array_size(value) : json_object_size(value));
        else
                append_plain(&buffer, value, format, names);
        return text_buffer_take(&buffer);
}

/* ---- whole objects ---- */

static bool is_nested(const json_t *value) {
        return (json_is_object(value) && json_object_size(value) > 0) ||
               (json_is_array(value) && (json_is_object(json_array_get(value, 0)) || json_is_array(json_array_get(value, 0))));
}

static size_t key_width(const json_t *object) {
        const char *key;
        size_t widest = 0;
        json_t *value;

        json_object_foreach((json_t *)object, key, value) {
                size_t width = text_width(key);

                if (width > widest)
                        widest = width;
        }

        return widest;
}

static void append_object(TextBuffer *buffer, const json_t *object, size_t indent, bool first_in_place,
                          const json_t *names);

/* The entries of an array of objects (or of structures) as a list with dashes. */
static void append_entries(TextBuffer *buffer, const json_t *array, size_t indent, const json_t *names) {
        size_t i;
        json_t *item;

        json_array_foreach(array, i, item) {
                _cleanup_free_ char *text = NULL;

                text_append_spaces(buffer, indent);
                text_append(buffer, "- ");
                if (json_is_object(item) && json_object_size(item) > 0) {
                        append_object(buffer, item, indent + 2, true, names);
                        continue;
                }
                text = render_value(item, FORMAT_TEXT, "", names);
                text_appendf(buffer, "%s\n", text ?: "");
        }
}

static void append_member(TextBuffer *buffer, const char *key, const json_t *value, size_t width, size_t indent,
                          const json_t *names) {
        _cleanup_free_ char *text = NULL, *safe = NULL, *safe_key = text_escape(key);

        if (!safe_key) {
                buffer->failed = true;
                return;
        }

        if (is_nested(value)) {
                text_appendf(buffer, "%s:\n", safe_key);
                if (json_is_array(value))
                        append_entries(buffer, value, indent + 2, names);
                else
                        append_object(buffer, value, indent + 2, false, names);
                return;
        }

        text = render_value(value, FORMAT_AUTO, key, names);
        safe = text ? text_escape(isempty(text) ? "-" : text) : NULL;
        if (!safe) {
                buffer->failed = true;
                return;
        }

        text_appendf(buffer, "%s:", safe_key);
        text_append_spaces(buffer, width - text_width(key) + 1);
        text_append(buffer, safe);
        /* a reference also by id: names may be shared */
        if (json_is_string(value) && !streq(text, json_string_value(value)))
                text_appendf(buffer, " (%s)", json_string_value(value));
        text_append(buffer, "\n");
}

static void append_object(TextBuffer *buffer, const json_t *object, size_t indent, bool first_in_place,
                          const json_t *names) {
        size_t width = key_width(object);
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)object, key, value) {
                if (!first_in_place)
                        text_append_spaces(buffer, indent);
                first_in_place = false;
                append_member(buffer, key, value, width, indent, names);
        }
}

char *render_object(const json_t *object, const json_t *names) {
        TextBuffer buffer = { 0 };

        append_object(&buffer, object, 0, false, names);
        return text_buffer_take(&buffer);
}
