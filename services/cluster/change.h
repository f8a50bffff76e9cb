/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What one commit does, as data: rows to put, rows to delete, events to tell, and what the caller is to hear. Made by the
 * planning functions (plan.h), carried out by store_commit(). Pure: making one touches nothing.
 */

#include "kind.h"
#include "macro.h"

typedef struct Change {
        json_t *rows;    /* in order: {"op": "put" | "delete", "table": …, "row": {column: value}} */
        json_t *events;  /* {"severity", "code", "message", "user", "uid", "correlation", "objects"} */
        json_t *outcome; /* object; kept with the request id and given again to a retry */
        bool mirrors;    /* it gives a VM a NIC that reads what others send */
} Change;

/* A commit of more rows is a mistake, not a request. */
#define CHANGE_ROWS_MAX 4096U

Change *change_new(void);
Change *change_free(Change *change);
DEFINE_CLEANUP(Change *, change_free)

/* row: taken, also on failure; must hold every column of the table. Objects and arrays are stored as JSON text.
 * Return: 0 or -ENOMEM. */
int change_put(Change *change, const char *table, json_t *row);
/* key: taken; the primary key columns. */
int change_delete(Change *change, const char *table, json_t *key);
/* Adds name and value to the outcome. value: taken. */
int change_outcome(Change *change, const char *key, json_t *value);
/* The verb to authorise it by: "mirror" for one that gives a VM a NIC that reads what others send, so that who may change a VM may not do that yet. change: NULL for a
 * retry of what was authorised. Borrowed. */
const char *change_verb(const Change *change, const char *verb) _pure_;
/* True when it would write nothing at all. */
bool change_is_empty(const Change *change) _pure_;
