/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The log of changesets: written with each commit, told to the listener, read and replayed. */

#include <stdio.h>

#include "clock-util.h"
#include "log.h"
#include "store-internal.h"

int store_log_append(Store *store, const char *request, const void *changeset, size_t size) {
        _cleanup_statement_ sqlite3_stmt *statement = NULL, *trim = NULL;
        uint64_t sequence = store->sequence + 1;
        int code;

        code = sqlite3_prepare_v2(store->db,
                                  "INSERT INTO change_log (seq, time, request, changeset) VALUES (?, ?, ?, ?)", -1,
                                  &statement, NULL);
        if (code != SQLITE_OK)
                return store_errno(store, code);
        (void) sqlite3_bind_int64(statement, 1, (int64_t)sequence);
        (void) sqlite3_bind_int64(statement, 2, (int64_t)realtime_usec());
        (void) sqlite3_bind_text(statement, 3, request, -1, SQLITE_STATIC);
        (void) sqlite3_bind_blob(statement, 4, changeset ?: "", (int)size, SQLITE_STATIC);
        code = sqlite3_step(statement);
        if (code != SQLITE_DONE)
                return store_errno(store, code);
        if (sequence <= STORE_LOG_MAX)
                return 0;

        code = sqlite3_prepare_v2(store->db, "DELETE FROM change_log WHERE seq <= ?", -1, &trim, NULL);
        if (code != SQLITE_OK)
                return store_errno(store, code);
        (void) sqlite3_bind_int64(trim, 1, (int64_t)(sequence - STORE_LOG_MAX));
        code = sqlite3_step(trim);
        return code == SQLITE_DONE ? 0 : store_errno(store, code);
}

/* The value of a column of the row under the iterator: the new one, else the old one. */
static const char *key_text(sqlite3_changeset_iter *iterator, int operation, int column) {
        sqlite3_value *value = NULL;

        if (operation == SQLITE_INSERT)
                (void) sqlite3changeset_new(iterator, column, &value);
        else
                (void) sqlite3changeset_old(iterator, column, &value);
        return value ? (const char *)sqlite3_value_text(value) : NULL;
}

void store_log_tell(Store *store, const void *changeset, size_t size) {
        sqlite3_changeset_iter *iterator = NULL;

        if (!store->changed || size == 0)
                return;
        if (sqlite3changeset_start(&iterator, (int)size, (void *)changeset) != SQLITE_OK)
                return;

        while (sqlite3changeset_next(iterator) == SQLITE_ROW) {
                const SchemaTable *table;
                const char *name, *key1;
                int columns, operation, indirect;

                if (sqlite3changeset_op(iterator, &name, &columns, &operation, &indirect) != SQLITE_OK)
                        break;
                table = schema_table(name);
                key1 = key_text(iterator, operation, 0);
                if (!table || !key1)
                        continue;

                store->changed(operation == SQLITE_INSERT   ? 'I'
                               : operation == SQLITE_DELETE ? 'D'
                                                            : 'U',
                               table->name, key1, table->keys > 1 ? key_text(iterator, operation, 1) : NULL,
                               store->userdata);
        }

        (void) sqlite3changeset_finalize(iterator);
        store->changed(0, NULL, NULL, NULL, store->userdata);
}

uint64_t store_sequence(const Store *store) {
        return store->sequence;
}

int store_log_read(Store *store, uint64_t after, store_log_t entry, void *userdata) {
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int code, r;

        if (!store->db)
                return -EIO;

        code = sqlite3_prepare_v2(store->db, "SELECT seq, request, changeset FROM change_log WHERE seq > ? ORDER BY seq",
                                  -1, &statement, NULL);
        if (code != SQLITE_OK)
                return store_errno(store, code);
        (void) sqlite3_bind_int64(statement, 1, (int64_t)after);

        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
                r = entry((uint64_t)sqlite3_column_int64(statement, 0), (const char *)sqlite3_column_text(statement, 1),
                          sqlite3_column_blob(statement, 2), (size_t)sqlite3_column_bytes(statement, 2), userdata);
                if (r < 0)
                        return r;
        }
        return code == SQLITE_DONE ? 0 : store_errno(store, code);
}

/* A log that does not fit belongs to another history: never forced in. */
static int on_conflict(void *userdata, int conflict, sqlite3_changeset_iter *iterator) {
        return SQLITE_CHANGESET_ABORT;
}

int store_replay(Store *store, uint64_t sequence, const char *request, const void *changeset, size_t size) {
        int64_t event;
        int code, r;

        if (store->state != STORE_READY)
                return -EROFS;
        if (sequence != store->sequence + 1)
                return -ESTALE;

        r = store_exec(store, "BEGIN IMMEDIATE");
        if (r < 0)
                return r;

        code = size == 0 ? SQLITE_OK
                         : sqlite3changeset_apply(store->db, (int)size, (void *)changeset, NULL, on_conflict, NULL);
        r = code == SQLITE_OK      ? 0
            : code == SQLITE_ABORT ? -EBADMSG
                                   : store_errno(store, code);
        if (r >= 0)
                r = store_log_append(store, request, changeset, size);
        if (r >= 0)
                r = store_exec(store, "COMMIT");
        if (r < 0) {
                store_rollback(store);
                return r;
        }

        store->sequence = sequence;
        if (store_integer(store, "SELECT coalesce(max(id), 0) FROM event", &event) >= 0)
                store->next_event = (uint64_t)event + 1;
        (void) store_integer(store, "SELECT count(*) FROM request", &store->requests);
        store_log_tell(store, changeset, size);
        return 0;
}
