/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reading rows back as values. */

#include <stdio.h>

#include "store-internal.h"

static bool is_json_column(const char *name) {
        return streq(name, "spec") || streq(name, "address") || streq(name, "objects") || streq(name, "outcome");
}

static json_t *column_value(sqlite3_stmt *statement, int column, const char *name) {
        const char *text;

        if (sqlite3_column_type(statement, column) == SQLITE_INTEGER)
                return json_integer(sqlite3_column_int64(statement, column));

        text = (const char *)sqlite3_column_text(statement, column);
        if (!text)
                return NULL;
        return is_json_column(name) ? json_loads(text, 0, NULL) : json_string(text);
}

static int row_read(sqlite3_stmt *statement, const SchemaTable *table, json_t **ret) {
        _cleanup_json_ json_t *row = json_object();

        if (!row)
                return -ENOMEM;

        for (int i = 0; table->columns[i]; i++) {
                json_t *value = column_value(statement, i, table->columns[i]);

                if (!value)
                        return -EBADMSG;
                if (json_object_set_new(row, table->columns[i], value) < 0)
                        return -ENOMEM;
        }

        *ret = TAKE_PTR(row);
        return 0;
}

static int columns_sql(const SchemaTable *table, char **ret) {
        _cleanup_free_ char *columns = strdup("");

        for (unsigned i = 0; table->columns[i]; i++) {
                _cleanup_free_ char *before = columns;

                columns = NULL;
                if (!before || asprintf(&columns, "%s%s%s", before, *before ? ", " : "", table->columns[i]) < 0)
                        return -ENOMEM;
        }

        *ret = TAKE_PTR(columns);
        return 0;
}

int store_select(Store *store, const char *name, const char *key1, store_row_t callback, void *userdata) {
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        _cleanup_free_ char *columns = NULL, *sql = NULL;
        const SchemaTable *table = schema_table(name);
        int code, r;

        if (!store->db || !table)
                return -EIO;

        r = columns_sql(table, &columns);
        if (r < 0)
                return r;
        if (asprintf(&sql, "SELECT %s FROM %s%s%s%s ORDER BY rowid", columns, name, key1 ? " WHERE " : "",
                     key1 ? table->columns[0] : "", key1 ? " = ?" : "") < 0)
                return -ENOMEM;
        code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
        if (code != SQLITE_OK)
                return store_errno(store, code);
        if (key1)
                (void) sqlite3_bind_text(statement, 1, key1, -1, SQLITE_STATIC);

        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
                _cleanup_json_ json_t *row = NULL;

                r = row_read(statement, table, &row);
                if (r < 0)
                        return r;
                r = callback(row, userdata);
                if (r < 0)
                        return r;
        }
        return code == SQLITE_DONE ? 0 : store_errno(store, code);
}

static int take_value(json_t *row, void *userdata) {
        char **value = userdata;

        free(*value);
        *value = strdup(json_string_value(json_object_get(row, "value")) ?: "");
        return *value ? 0 : -ENOMEM;
}

int store_setting(Store *store, const char *key, char **ret) {
        _cleanup_free_ char *value = NULL;
        int r;

        r = store_select(store, "setting", key, take_value, &value);
        if (r < 0)
                return r;
        if (!value)
                return -ENOENT;

        *ret = TAKE_PTR(value);
        return 0;
}

int store_events(Store *store, uint64_t after, unsigned limit, const char *severity, json_t **ret) {
        static const char newest[] =
                "SELECT * FROM (SELECT id, time, severity, code, message, user, uid, correlation, objects FROM event"
                " WHERE id > ?1 AND (?3 IS NULL OR severity = ?3) ORDER BY id DESC LIMIT ?2) ORDER BY id";
        static const char following[] =
                "SELECT id, time, severity, code, message, user, uid, correlation, objects FROM event"
                " WHERE id > ?1 AND (?3 IS NULL OR severity = ?3) ORDER BY id LIMIT ?2";
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        _cleanup_json_ json_t *events = json_array();
        const SchemaTable *table = schema_table("event");
        int code, r;

        if (!events)
                return -ENOMEM;
        if (!store->db)
                return -EIO;

        code = sqlite3_prepare_v2(store->db, after == 0 ? newest : following, -1, &statement, NULL);
        if (code != SQLITE_OK)
                return store_errno(store, code);
        (void) sqlite3_bind_int64(statement, 1, (int64_t)after);
        (void) sqlite3_bind_int64(statement, 2, limit);
        if (severity)
                (void) sqlite3_bind_text(statement, 3, severity, -1, SQLITE_STATIC);

        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
                json_t *row;

                r = row_read(statement, table, &row);
                if (r < 0)
                        return r;
                if (json_array_append_new(events, row) < 0)
                        return -ENOMEM;
        }
        if (code != SQLITE_DONE)
                return store_errno(store, code);

        *ret = TAKE_PTR(events);
        return 0;
}
