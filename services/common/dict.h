/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * a{sv} from the bus as a checked tree of values.
 *
 * A description or an options dictionary is read once into JSON values (jansson), checked against a table that
 * names every known key, and from then on is ordinary data: the model reads it, SQLite and state files keep it,
 * rhvctl prints it. A key that the table does not know is refused, so that a misspelled option never passes silently.
 *
 * D-Bus integers of any width become JSON integers; a `t` above 2^63-1 is refused (nothing here counts that far).
 * File descriptors never travel in a dictionary.
 */

#include "macro.h"

typedef enum DictType {
        DICT_STRING,
        DICT_INTEGER,
        DICT_BOOLEAN,
        DICT_REAL,
        DICT_ARRAY,  /* of values that match element */
        DICT_OBJECT, /* whose keys match fields */
        DICT_STRING_MAP, /* any keys, string values */
        DICT_INTEGER_MAP, /* any keys, integers of the range as values */
} DictType;

typedef enum DictFlags {
        DICT_OPTIONAL = 0,
        DICT_REQUIRED = 1 << 0,
} DictFlags;

typedef struct DictField DictField;
struct DictField {
        const char *key; /* NULL ends a table; in `element` it is the word for messages */
        DictType type;
        DictFlags flags;
        int64_t min, max;         /* integers: the range; strings and arrays: the length; both 0: no limit of its own */
        const char *const *words; /* strings: if set, one of these (NULL-terminated) */
        bool (*valid)(const char *); /* strings: if set, must hold */
        const char *expected;     /* what `valid` or the range accepts, for the message: "a UUID", "1 KiB to 1 TiB" */
        const DictField *fields;  /* objects */
        const DictField *element; /* arrays */
};

/* No string from the bus is longer, no array or dictionary holds more, nothing nests deeper. */
#define DICT_STRING_BYTES_MAX (64 * 1024)
#define DICT_ENTRIES_MAX 1024
#define DICT_DEPTH_MAX 16

/* Reads the a{sv} at the message's position. ret: a new JSON object. Return: 0, or a negative errno with
 * InvalidArgument set for a value that has no place here (fd, object too deep, not UTF-8, too large). */
int dict_read(sd_bus_message *message, json_t **ret, sd_bus_error *error);

/* Checks object against the table; `what` begins the message ("disk 2"). Return: 0, or a negative errno with
 * InvalidArgument or UnknownOption set. Pure. */
int dict_check(const json_t *object, const DictField *fields, const char *what, sd_bus_error *error);

/* dict_read() and dict_check() in one. */
int dict_read_checked(sd_bus_message *message, const DictField *fields, const char *what, json_t **ret,
                      sd_bus_error *error);

/* For a trailing options dictionary of which no key is known yet: refuses any. */
int dict_read_empty(sd_bus_message *message, sd_bus_error *error);

/* Appends a JSON object as a{sv}: strings s, booleans b, non-negative integers t, negative x, reals d, objects a{sv},
 * arrays as of strings, else aa{sv} of objects, else av; an empty array as `as`; null values are left out. */
int dict_append(sd_bus_message *message, const json_t *object);
/* Appends a JSON array of such objects as aa{sv}; NULL is an empty one. */
int dict_append_array(sd_bus_message *message, const json_t *objects);
/* One value of those, as a variant. */
int dict_append_variant(sd_bus_message *message, const json_t *value);

/* Reads with a default for a key that is absent; of a checked object, so types are known. Borrowed strings. */
const char *dict_string(const json_t *object, const char *key, const char *fallback) _pure_;
int64_t dict_integer(const json_t *object, const char *key, int64_t fallback) _pure_;
bool dict_boolean(const json_t *object, const char *key, bool fallback) _pure_;
/* Is the string in the array, which may be NULL? */
bool json_array_has(const json_t *array, const char *string);
