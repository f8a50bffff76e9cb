/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Opening and life of the store.
 *
 * Rollback journal, not WAL: there is one connection and no second reader, so WAL's gain would be one fsync in four (0.7 ms
 * a commit against 0.2 ms on a virtual disk); the price would be that the truth lies in three files after a kill, and that a store
 * on a read-only file system cannot be opened. TRUNCATE with synchronous=EXTRA: the journal's end is on disk before a commit is
 * acknowledged, so a power cut cannot bring the journal back. https://sqlite.org/pragma.html#pragma_synchronous
 */

#include "store-internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "log.h"

/* How long a commit waits for another process that holds the file (an administrator's sqlite3): short, the loop waits too. */
#define STORE_BUSY_MSEC 500

static const char *const store_state_table[_STORE_STATE_MAX] = {
        [STORE_READY] = "ready",
        [STORE_READ_ONLY] = "read-only",
        [STORE_FAILED] = "failed",
};
DEFINE_STRING_TABLE(store_state, StoreState, _STORE_STATE_MAX)

int store_exec(Store *store, const char *sql) {
        int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

        if (code == SQLITE_ERROR)
                log_error("The store refused a statement of ours: %s", sqlite3_errmsg(store->db));
        return code == SQLITE_OK ? 0 : store_errno(store, code);
}

int store_errno(Store *store, int code) {
        int extended = store->db ? sqlite3_extended_errcode(store->db) : code;
        int system_errno = store->db ? sqlite3_system_errno(store->db) : 0;

        switch (code & 0xff) {
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_READONLY:
                return -EROFS;
        case SQLITE_CONSTRAINT:
                return extended == SQLITE_CONSTRAINT_FOREIGNKEY ? -EBUSY
                       : extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY
                               ? -EEXIST
                               : -EINVAL;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return -EBADMSG;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EAGAIN;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
                if (system_errno == EACCES || system_errno == EPERM || system_errno == EROFS)
                        return -EROFS;
                return system_errno > 0 ? -system_errno : -EIO;
        default:
                return -EIO;
        }
}

void store_rollback(Store *store) {
        if (store->db && !sqlite3_get_autocommit(store->db))
                (void) sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

int store_integer(Store *store, const char *sql, int64_t *ret) {
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int code;

        code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
        if (code != SQLITE_OK)
                return store_errno(store, code);
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW)
                return code == SQLITE_DONE ? -ENODATA : store_errno(store, code);

        *ret = sqlite3_column_int64(statement, 0);
        return 0;
}

static int store_fail(Store *store, StoreState state, const char *error_name, const char *format, ...)
        _printf_(4, 5);
static int store_fail(Store *store, StoreState state, const char *error_name, const char *format, ...) {
        va_list arguments;
        int r;

        store->state = state;
        store->error_name = error_name;
        free(store->reason);
        va_start(arguments, format);
        r = vasprintf(&store->reason, format, arguments);
        va_end(arguments);
        if (r < 0) {
                store->reason = NULL;
                return -ENOMEM;
        }

        if (state == STORE_FAILED) {
                (void) sqlite3_close_v2(store->db);
                store->db = NULL;
        }
        return 0;
}

/* One damaged page must be found here, not in the middle of somebody's request. */
static int check_integrity(Store *store) {
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int code;

        code = sqlite3_prepare_v2(store->db, "PRAGMA quick_check(1)", -1, &statement, NULL);
        if (code != SQLITE_OK)
                return store_errno(store, code);
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW)
                return store_errno(store, code);

        return streq((const char *)sqlite3_column_text(statement, 0), "ok") ? 0 : -EBADMSG;
}

static int migrate(Store *store, int from) {
        char sql[128];
        int r;

        r = store_exec(store, "BEGIN IMMEDIATE");
        if (r < 0)
                return r;

        for (int version = from; version < schema_version; version++) {
                r = store_exec(store, schema_migrations[version]);
                if (r < 0)
                        goto fail;
        }

        (void) snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                        SCHEMA_APPLICATION_ID, schema_version);
        r = store_exec(store, sql);
        if (r < 0)
                goto fail;
        return 0;

fail:
        store_rollback(store);
        return r;
}

static int open_file(Store *store, const char *path) {
        int code;

        code = sqlite3_open_v2(path ?: ":memory:", &store->db,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
        if (code != SQLITE_OK) {
                /* a read-only directory, or no file and no right to make one */
                (void) sqlite3_close_v2(store->db);
                store->db = NULL;
                code = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
        }
        if (code != SQLITE_OK)
                return store_errno(store, code);

        (void) sqlite3_extended_result_codes(store->db, 0);
        (void) sqlite3_busy_timeout(store->db, STORE_BUSY_MSEC);
        /* what is in the file never runs code with surprises: no triggers, no writing of the schema by hand */
        (void) sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        (void) sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
        return store_exec(store, "PRAGMA foreign_keys = ON; PRAGMA journal_mode = TRUNCATE; "
                                 "PRAGMA synchronous = EXTRA; PRAGMA temp_store = MEMORY");
}

static int load_counters(Store *store) {
        int64_t sequence = 0, event = 0;
        int r;

        r = store_integer(store, "SELECT coalesce(max(seq), 0) FROM change_log", &sequence);
        if (r < 0)
                return r;
        r = store_integer(store, "SELECT coalesce(max(id), 0) FROM event", &event);
        if (r < 0)
                return r;
        r = store_integer(store, "SELECT count(*) FROM request", &store->requests);
        if (r < 0)
                return r;

        store->sequence = (uint64_t)sequence;
        store->next_event = (uint64_t)event + 1;
        return 0;
}

/* Whose file is it, of which version, and is it whole? */
static int examine(Store *store, const char *path) {
        int64_t application = 0, version = 0, tables = 0;
        bool read_only;
        int r;

        r = store_integer(store, "PRAGMA application_id", &application);
        if (r >= 0)
                r = store_integer(store, "PRAGMA user_version", &version);
        if (r >= 0)
                r = store_integer(store, "SELECT count(*) FROM sqlite_schema", &tables);
        if (r < 0)
                return r;

        if (application != SCHEMA_APPLICATION_ID && (application != 0 || tables > 0))
                return store_fail(store, STORE_FAILED, RHV_ERROR_BAD_FORMAT, "%s is the database of another program",
                                  path);
        if (version > schema_version)
                return store_fail(store, STORE_FAILED, RHV_ERROR_NEWER_VERSION,
                                  "%s has version %" PRIi64 " and this program knows up to %d: it was written by a newer "
                                  "RHV, install that version again",
                                  path, version, schema_version);

        r = check_integrity(store);
        if (r < 0)
                return r;

        read_only = sqlite3_db_readonly(store->db, "main") == 1;
        if (version < schema_version) {
                if (read_only)
                        return store_fail(store, STORE_FAILED, RHV_ERROR_READ_ONLY,
                                          "%s must be brought from version %" PRIi64 " to %d and is read-only", path,
                                          version, schema_version);
                r = migrate(store, (int)version);
                if (r < 0)
                        return r;
        }

        r = load_counters(store);
        if (r < 0)
                return r;

        if (read_only)
                return store_fail(store, STORE_READ_ONLY, RHV_ERROR_READ_ONLY,
                                  "%s is read-only: make it writable and restart rhv-cluster.service", path);
        return 0;
}

int store_open(const char *path, Store **ret) {
        _cleanup_(store_closep) Store *store = NULL;
        mode_t old;
        int r;

        store = calloc(1, sizeof *store);
        if (!store)
                return -ENOMEM;

        old = umask(0077); /* nobody but root reads descriptions of guests from the file */
        r = open_file(store, path);
        (void) umask(old);
        if (r >= 0)
                r = examine(store, path ?: "the store");
        if (r == -ENOMEM)
                return r;
        if (r == -EBADMSG)
                r = store_fail(store, STORE_FAILED, RHV_ERROR_BAD_FORMAT,
                               "%s is damaged or not a database: put a copy back, or move it away to begin anew", path);
        else if (r == -ENOSPC)
                r = store_fail(store, STORE_FAILED, RHV_ERROR_NO_SPACE, "%s cannot be written: no space left", path);
        else if (r < 0)
                r = store_fail(store, STORE_FAILED, r == -EROFS ? RHV_ERROR_READ_ONLY : RHV_ERROR_BACKEND_FAILED,
                               "%s cannot be opened: %s", path, strerror(-r));
        if (r < 0)
                return r;

        *ret = TAKE_PTR(store);
        return 0;
}

Store *store_close(Store *store) {
        if (!store)
                return NULL;

        (void) sqlite3_close_v2(store->db);
        free(store->reason);
        free(store);
        return NULL;
}

StoreState store_state(const Store *store) {
        return store->state;
}

const char *store_error_name(const Store *store) {
        return store->error_name;
}

const char *store_reason(const Store *store) {
        return store->reason;
}

int store_check_writable(const Store *store, sd_bus_error *error) {
        if (store->state == STORE_READY)
                return 0;

        return sd_bus_error_set(error, store->error_name, store->reason);
}

void store_set_listener(Store *store, store_changed_t changed, void *userdata) {
        store->changed = changed;
        store->userdata = userdata;
}

void store_limit_pages(Store *store, unsigned pages) {
        char sql[64];

        (void) snprintf(sql, sizeof sql, "PRAGMA max_page_count = %u", pages);
        (void) store_exec(store, sql);
}
