/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "key-value.h"

void key_value_clear(KeyValueList *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->pairs[i].key);
                free(list->pairs[i].value);
        }
        free(list->pairs);
        *list = (KeyValueList){};
}

/* Where key is, or would be: *ret_found tells which. */
static size_t key_value_find(const KeyValueList *list, const char *key, bool *ret_found) {
        size_t low = 0, high = list->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = strcmp(list->pairs[middle].key, key);

                if (order == 0) {
                        *ret_found = true;
                        return middle;
                }
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        *ret_found = false;
        return low;
}

int key_value_set(KeyValueList *list, const char *key, const char *value) {
        _cleanup_free_ char *key_copy = NULL, *value_copy = NULL;
        KeyValue *pairs;
        bool found;
        size_t at;

        value_copy = strdup(value);
        if (!value_copy)
                return -ENOMEM;

        at = key_value_find(list, key, &found);
        if (found) {
                free(list->pairs[at].value);
                list->pairs[at].value = TAKE_PTR(value_copy);
                return 0;
        }

        if (list->n >= KEY_VALUE_MAX)
                return -E2BIG;
        key_copy = strdup(key);
        if (!key_copy)
                return -ENOMEM;
        pairs = reallocarray(list->pairs, list->n + 1, sizeof(*pairs));
        if (!pairs)
                return -ENOMEM;
        list->pairs = pairs;
        memmove(pairs + at + 1, pairs + at, (list->n - at) * sizeof(*pairs));
        pairs[at] = (KeyValue){.key = TAKE_PTR(key_copy), .value = TAKE_PTR(value_copy)};
        list->n++;
        return 0;
}

void key_value_unset(KeyValueList *list, const char *key) {
        bool found;
        size_t at;

        at = key_value_find(list, key, &found);
        if (!found)
                return;
        free(list->pairs[at].key);
        free(list->pairs[at].value);
        memmove(list->pairs + at, list->pairs + at + 1, (list->n - at - 1) * sizeof(*list->pairs));
        list->n--;
}

const char *key_value_get(const KeyValueList *list, const char *key) {
        bool found;
        size_t at;

        at = key_value_find(list, key, &found);
        return found ? list->pairs[at].value : NULL;
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void strip(const char **begin, const char **end) {
        while (*begin < *end && is_blank(**begin))
                (*begin)++;
        while (*begin < *end && is_blank((*end)[-1]))
                (*end)--;
}

int key_value_set_line(KeyValueList *list, const char *line, size_t length, bool strip_value) {
        const char *equals, *key = line, *key_end, *value, *value_end = line + length;
        _cleanup_free_ char *key_copy = NULL, *value_copy = NULL;
        int r;

        equals = length > 0 ? memchr(line, '=', length) : NULL;
        if (!equals)
                return 0;

        key_end = equals;
        strip(&key, &key_end);
        if (key == key_end)
                return 0;
        value = equals + 1;
        if (strip_value)
                strip(&value, &value_end);

        key_copy = strndup(key, (size_t)(key_end - key));
        value_copy = strndup(value, (size_t)(value_end - value));
        if (!key_copy || !value_copy)
                return -ENOMEM;

        r = key_value_set(list, key_copy, value_copy);
        return r < 0 ? r : 1;
}
