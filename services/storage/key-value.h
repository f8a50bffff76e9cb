/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * KEY=VALUE lines, the text all of oVirt's metadata is made of. A list is kept sorted by the bytes of the key, which
 * is the order VDSM writes. Pure.
 */

#include "macro.h"

typedef struct KeyValue {
        char *key;
        char *value;
} KeyValue;

typedef struct KeyValueList {
        KeyValue *pairs; /* sorted by key, no key twice */
        size_t n;
} KeyValueList;

/* More lines than any domain or volume has (a pool of 100 domains adds five keys, a block domain one for each of its 300 devices). */
#define KEY_VALUE_MAX 512U

void key_value_clear(KeyValueList *list);

/* Copies both; a key that is there gets the new value. Return: 0, -ENOMEM, -E2BIG beyond KEY_VALUE_MAX. */
int key_value_set(KeyValueList *list, const char *key, const char *value);
void key_value_unset(KeyValueList *list, const char *key);
/* Borrowed, NULL where the key is absent. */
const char *key_value_get(const KeyValueList *list, const char *key) _pure_;

/* Reads one line [line, line + length): splits at the first '=', strips blanks round the key and, with strip_value,
 * round the value. Return: 1 set, 0 a line without '=' or without a key (skipped), negative errno as key_value_set().
 */
int key_value_set_line(KeyValueList *list, const char *line, size_t length, bool strip_value);
