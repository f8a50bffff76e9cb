/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "change.h"

Change *change_new(void) {
        Change *change = calloc(1, sizeof *change);

        if (!change)
                return NULL;

        change->rows = json_array();
        change->events = json_array();
        change->outcome = json_object();
        if (!change->rows || !change->events || !change->outcome)
                return change_free(change);

        return change;
}

Change *change_free(Change *change) {
        if (!change)
                return NULL;

        json_decref(change->rows);
        json_decref(change->events);
        json_decref(change->outcome);
        free(change);
        return NULL;
}

static int add_row(Change *change, const char *op, const char *table, json_t *row) {
        json_t *entry;

        if (!row)
                return -ENOMEM;

        entry = json_pack("{s:s, s:s, s:o}", "op", op, "table", table, "row", row);
        if (!entry)
                return -ENOMEM;

        return json_array_append_new(change->rows, entry) < 0 ? -ENOMEM : 0;
}

int change_put(Change *change, const char *table, json_t *row) {
        return add_row(change, "put", table, row);
}

int change_delete(Change *change, const char *table, json_t *key) {
        return add_row(change, "delete", table, key);
}

int change_outcome(Change *change, const char *key, json_t *value) {
        return json_object_set_new(change->outcome, key, value) < 0 ? -ENOMEM : 0;
}

bool change_is_empty(const Change *change) {
        return json_array_size(change->rows) == 0 && json_array_size(change->events) == 0;
}

const char *change_verb(const Change *change, const char *verb) {
        return change && change->mirrors ? "mirror" : verb;
}
