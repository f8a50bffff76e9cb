/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "disk-alias.h"

#include <iconv.h>
#include <jansson.h>
#include <stdio.h>

#include "dict.h"
#include "parse-util.h"
#include "spec.h"

/* ---- read ---- */

static int hex_digit(char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Lower-case hex of UTF-16LE, as the engine writes what is not ASCII. Return: new UTF-8, NULL for anything else or when out of memory. */
static char *decode_utf16_hex(const char *hex) {
        size_t length = strlen(hex), from_left = length / 2, to_left = 2 * length;
        _cleanup_free_ char *bytes = malloc(from_left + 1), *text = calloc(1, to_left + 1);
        char *from = bytes, *to = text;
        iconv_t converter;
        size_t r;

        if (!bytes || !text || length % 4 != 0)
                return NULL;
        for (size_t i = 0; i < from_left; i++) {
                int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

                if (high < 0 || low < 0)
                        return NULL;
                bytes[i] = (char)(high << 4 | low);
        }
        converter = iconv_open("UTF-8", "UTF-16LE");
        if (converter == (iconv_t)-1)
                return NULL;
        r = iconv(converter, &from, &from_left, &to, &to_left);
        (void) iconv_close(converter);
        return r == (size_t)-1 ? NULL : TAKE_PTR(text);
}

/* "Enc" is a bit mask in decimal: 1 the alias, 2 the description. */
static bool alias_is_encoded(const json_t *object) {
        const char *mask = json_string_value(json_object_get(object, "Enc"));

        return mask && (streq(mask, "1") || streq(mask, "3"));
}

char *disk_alias_read(const char *description, const char *image) {
        _cleanup_json_ json_t *object = json_loads(description, 0, NULL);
        const char *alias = json_string_value(json_object_get(object, "DiskAlias"));
        _cleanup_free_ char *decoded = alias && alias_is_encoded(object) ? decode_utf16_hex(alias) : NULL;
        /* JSON without an alias has no name; what is no JSON is one that somebody wrote */
        const char *name = json_is_object(object) ? "" : description;

        if (alias)
                name = decoded ?: alias;
        return strdup(label_is_valid(name, NAME_BYTES_MAX) ? name : image);
}

/* ---- write ---- */

static bool is_ascii(const char *text) {
        for (const char *p = text; *p; p++)
                if ((unsigned char)*p >= 0x80)
                        return false;
        return true;
}

/* As the engine keeps what is not ASCII. Return: new, NULL for what is no UTF-8 or when out of memory. */
static char *encode_utf16_hex(const char *text) {
        size_t from_left = strlen(text), room = 2 * from_left, to_left = room;
        _cleanup_free_ char *bytes = malloc(room + 1), *copy = strdup(text), *hex = calloc(2, room + 1);
        char *from = copy, *to = bytes;
        iconv_t converter;
        size_t r;

        if (!bytes || !copy || !hex)
                return NULL;
        converter = iconv_open("UTF-16LE", "UTF-8");
        if (converter == (iconv_t)-1)
                return NULL;
        r = iconv(converter, &from, &from_left, &to, &to_left);
        (void) iconv_close(converter);
        if (r == (size_t)-1)
                return NULL;
        for (size_t i = 0; i < room - to_left; i++)
                (void) snprintf(hex + 2 * i, 3, "%02x", (unsigned char)bytes[i]);
        return TAKE_PTR(hex);
}

static char *write_text(const char *alias, const char *description, bool plain) {
        _cleanup_free_ char *hidden_alias = plain || is_ascii(alias) ? NULL : encode_utf16_hex(alias);
        _cleanup_free_ char *hidden = plain || is_ascii(description) ? NULL : encode_utf16_hex(description);
        const unsigned mask = (hidden_alias ? 1U : 0) | (hidden ? 2U : 0);
        _cleanup_json_ json_t *object = json_pack("{s:s, s:s}", "DiskAlias", hidden_alias ?: alias, "DiskDescription", hidden ?: description);

        if (!object || (mask && json_object_set_new(object, "Enc", json_sprintf("%u", mask)) < 0))
                return NULL;
        return json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
}

char *disk_alias_write(const char *alias, const char *description) {
        _cleanup_free_ char *text = write_text(alias, description, false);

        if (text && strlen(text) > DISK_ALIAS_BYTES_MAX) {
                free(text);
                text = write_text(alias, "", false);
        }
        if (text && strlen(text) > DISK_ALIAS_BYTES_MAX) {
                free(text);
                text = strdup(""); /* its id is its name, for whoever has nothing but the domain */
        }
        return TAKE_PTR(text);
}
