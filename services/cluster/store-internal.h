/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the store's own files; nobody else includes it, and SQLite stops here. */

#define SQLITE_ENABLE_SESSION 1
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#include <sqlite3.h>

#include "schema.h"
#include "store.h"

struct Store {
        sqlite3 *db; /* NULL when failed */
        StoreState state;
        const char *error_name; /* literal */
        char *reason;

        store_changed_t changed;
        void *userdata;

        uint64_t sequence;   /* of the newest entry in change_log */
        uint64_t next_event; /* id for the next event */
        int64_t requests;    /* rows in request, so that counting costs nothing */
};

#define _cleanup_statement_ _cleanup_(sqlite3_finalizep)
DEFINE_CLEANUP(sqlite3_stmt *, sqlite3_finalize)

int store_exec(Store *store, const char *sql);
/* A negative errno for what SQLite said last. */
int store_errno(Store *store, int code);
int store_integer(Store *store, const char *sql, int64_t *ret);
/* Appends to change_log and trims it. Inside a transaction. */
int store_log_append(Store *store, const char *request, const void *changeset, size_t size);
/* Tells the listener every row of a committed changeset. */
void store_log_tell(Store *store, const void *changeset, size_t size);
void store_rollback(Store *store);
