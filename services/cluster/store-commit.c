/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The one door: a Change, its request and its changeset in one transaction. */

#include <inttypes.h>
#include <stdio.h>

#include "bus-error.h"
#include "clock-util.h"
#include "log.h"
#include "store-internal.h"

/* Requests go in portions, so that the common commit deletes nothing. */
#define REQUESTS_SLACK 256

static int bind_value(Store *store, sqlite3_stmt *statement, int position, const json_t *value) {
        int code;

        switch (value ? json_typeof(value) : JSON_NULL) {
        case JSON_STRING:
                code = sqlite3_bind_text(statement, position, json_string_value(value), -1, SQLITE_TRANSIENT);
                break;
        case JSON_INTEGER:
                code = sqlite3_bind_int64(statement, position, json_integer_value(value));
                break;
        case JSON_TRUE:
        case JSON_FALSE:
                code = sqlite3_bind_int(statement, position, json_is_true(value));
                break;
        case JSON_OBJECT:
        case JSON_ARRAY: {
                char *text = json_dumps(value, JSON_COMPACT);

                if (!text)
                        return -ENOMEM;
                code = sqlite3_bind_text(statement, position, text, -1, free);
                break;
        }
        default:
                return -EINVAL; /* a column is missing: a mistake of ours, refused before it is written */
        }

        return code == SQLITE_OK ? 0 : store_errno(store, code);
}

static int put_sql(const SchemaTable *table, char **ret) {
        _cleanup_free_ char *columns = strdup(""), *marks = strdup(""), *updates = strdup("");
        const char *keys = table->keys == 1 ? table->columns[0] : NULL;
        char pair[64];

        if (table->keys == 2) {
                (void) snprintf(pair, sizeof pair, "%s, %s", table->columns[0], table->columns[1]);
                keys = pair;
        }

        for (unsigned i = 0; table->columns[i]; i++) {
                _cleanup_free_ char *c = columns, *m = marks, *u = updates;
                const char *name = table->columns[i];

                columns = marks = updates = NULL;
                if (asprintf(&columns, "%s%s%s", c, *c ? ", " : "", name) < 0 ||
                    asprintf(&marks, "%s%s?", m, *m ? ", " : "") < 0 ||
                    (i < table->keys ? asprintf(&updates, "%s", u)
                                     : asprintf(&updates, "%s%s%s = excluded.%s", u, *u ? ", " : "", name, name)) < 0)
                        return -ENOMEM;
        }

        return asprintf(ret, "INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (%s) DO UPDATE SET %s", table->name, columns,
                        marks, keys, updates) < 0
                       ? -ENOMEM
                       : 0;
}

static int delete_sql(const SchemaTable *table, char **ret) {
        return (table->keys == 1 ? asprintf(ret, "DELETE FROM %s WHERE %s = ?", table->name, table->columns[0])
                                 : asprintf(ret, "DELETE FROM %s WHERE %s = ? AND %s = ?", table->name,
                                            table->columns[0], table->columns[1])) < 0
                       ? -ENOMEM
                       : 0;
}

static int write_row(Store *store, bool put, const char *name, const json_t *row) {
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        const SchemaTable *table = schema_table(name);
        _cleanup_free_ char *sql = NULL;
        int code, r;

        if (!table)
                return -EINVAL;

        r = put ? put_sql(table, &sql) : delete_sql(table, &sql);
        if (r < 0)
                return r;
        code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
        if (code != SQLITE_OK)
                return store_errno(store, code);

        for (unsigned i = 0; put ? !!table->columns[i] : i < table->keys; i++) {
                r = bind_value(store, statement, (int)i + 1, json_object_get(row, table->columns[i]));
                if (r < 0)
                        return r;
        }

        code = sqlite3_step(statement);
        return code == SQLITE_DONE ? 0 : store_errno(store, code);
}

static int write_rows(Store *store, const Change *change) {
        json_t *entry;
        size_t i;
        int r;

        if (json_array_size(change->rows) > CHANGE_ROWS_MAX)
                return -E2BIG;

        json_array_foreach(change->rows, i, entry) {
                r = write_row(store, streq(json_string_value(json_object_get(entry, "op")), "put"),
                              json_string_value(json_object_get(entry, "table")), json_object_get(entry, "row"));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int delete_up_to(Store *store, const char *sql, int64_t limit) {
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        int code;

        code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
        if (code != SQLITE_OK)
                return store_errno(store, code);
        (void) sqlite3_bind_int64(statement, 1, limit);
        code = sqlite3_step(statement);
        return code == SQLITE_DONE ? 0 : store_errno(store, code);
}

static int write_events(Store *store, const Change *change, uint64_t now) {
        uint64_t id = store->next_event;
        json_t *event;
        size_t i;
        int r;

        json_array_foreach(change->events, i, event) {
                _cleanup_json_ json_t *row = json_copy(event);

                if (!row || json_object_set_new(row, "id", json_integer((json_int_t)id++)) < 0 ||
                    json_object_set_new(row, "time", json_integer((json_int_t)now)) < 0)
                        return -ENOMEM;
                r = write_row(store, true, "event", row);
                if (r < 0)
                        return r;
        }

        if (id == store->next_event || id <= STORE_EVENTS_MAX)
                return 0;
        return delete_up_to(store, "DELETE FROM event WHERE id < ?", (int64_t)id - STORE_EVENTS_MAX);
}

static int write_request(Store *store, const char *id, const char *request, const Change *change, uint64_t now) {
        _cleanup_json_ json_t *row = NULL;

        row = json_pack("{s:s, s:I, s:s, s:O}", "id", id, "time", (json_int_t)now, "request", request, "outcome",
                        change->outcome);
        if (!row)
                return -ENOMEM;
        return write_row(store, true, "request", row);
}

static int trim_requests(Store *store, int64_t *ret_removed) {
        *ret_removed = 0;
        if (store->requests < STORE_REQUESTS_MAX + REQUESTS_SLACK)
                return 0;

        *ret_removed = store->requests - STORE_REQUESTS_MAX;
        return delete_up_to(store,
                            "DELETE FROM request WHERE id IN (SELECT id FROM request ORDER BY time, id LIMIT ?)",
                            *ret_removed);
}

static int session_begin(Store *store, sqlite3_session **ret) {
        int code = sqlite3session_create(store->db, "main", ret);

        for (const SchemaTable *table = schema_tables; code == SQLITE_OK && table->name; table++)
                code = sqlite3session_attach(*ret, table->name);
        return code == SQLITE_OK ? 0 : store_errno(store, code);
}

/* All in one transaction; on failure the caller rolls back. */
static int write_all(Store *store, sqlite3_session *session, const char *request_id, const char *request,
                     const Change *change, int64_t *ret_requests, void **ret_changeset, int *ret_size) {
        uint64_t now = realtime_usec();
        int64_t removed = 0;
        int code, r;

        r = write_rows(store, change);
        if (r < 0)
                return r;
        r = write_events(store, change, now);
        if (r < 0)
                return r;
        if (request_id) {
                r = write_request(store, request_id, request, change, now);
                if (r < 0)
                        return r;
                r = trim_requests(store, &removed);
                if (r < 0)
                        return r;
        }
        *ret_requests = store->requests + !!request_id - removed;

        code = sqlite3session_changeset(session, ret_size, ret_changeset);
        if (code != SQLITE_OK)
                return store_errno(store, code);
        return store_log_append(store, request_id ?: "", *ret_changeset, (size_t)*ret_size);
}

static int commit_error(Store *store, int r, sd_bus_error *error) {
        const char *said = sqlite3_errmsg(store->db);

        switch (-r) {
        case EEXIST:
                return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The store has this already: %s", said);
        case EBUSY:
                return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "Something in the store refers to it: %s", said);
        case EAGAIN:
                return sd_bus_error_set(error, RHV_ERROR_BUSY, "Another program holds the store, try again");
        case EBADMSG:
                return sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "The store is damaged: %s", said);
        default:
                return bus_error_errno(error, r, "The store cannot be written, nothing was changed");
        }
}

int store_commit(Store *store, const char *request_id, const char *request, const Change *change,
                 json_t **ret_outcome, sd_bus_error *error) {
        sqlite3_session *session = NULL;
        void *changeset = NULL;
        int64_t requests = 0;
        int size = 0, r;

        r = store_check_writable(store, error);
        if (r < 0)
                return r;
        if (request_id) {
                r = store_find_request(store, request_id, request, ret_outcome, error);
                if (r != 0)
                        return r < 0 ? r : 0;
        }

        r = store_exec(store, "BEGIN IMMEDIATE");
        if (r >= 0)
                r = session_begin(store, &session);
        if (r >= 0)
                r = write_all(store, session, request_id, request, change, &requests, &changeset, &size);
        sqlite3session_delete(session);
        if (r >= 0)
                r = store_exec(store, "COMMIT");
        if (r < 0) {
                r = commit_error(store, r, error);
                store_rollback(store);
                sqlite3_free(changeset);
                return r;
        }

        store->sequence++;
        store->next_event += json_array_size(change->events);
        store->requests = requests;
        if (ret_outcome)
                *ret_outcome = json_incref(change->outcome);
        store_log_tell(store, changeset, (size_t)size);
        sqlite3_free(changeset);
        return 1;
}

int store_find_request(Store *store, const char *request_id, const char *request, json_t **ret_outcome,
                       sd_bus_error *error) {
        _cleanup_statement_ sqlite3_stmt *statement = NULL;
        json_t *outcome;
        int code;

        if (!store->db)
                return store_check_writable(store, error);

        code = sqlite3_prepare_v2(store->db, "SELECT request, outcome FROM request WHERE id = ?", -1, &statement, NULL);
        if (code != SQLITE_OK)
                return commit_error(store, store_errno(store, code), error);
        (void) sqlite3_bind_text(statement, 1, request_id, -1, SQLITE_STATIC);
        code = sqlite3_step(statement);
        if (code == SQLITE_DONE)
                return 0;
        if (code != SQLITE_ROW)
                return commit_error(store, store_errno(store, code), error);

        if (!streq((const char *)sqlite3_column_text(statement, 0), request))
                return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS,
                                         "The request id %s was used for another request", request_id);
        outcome = json_loads((const char *)sqlite3_column_text(statement, 1), 0, NULL);
        if (!outcome)
                return commit_error(store, -EBADMSG, error);

        if (ret_outcome)
                *ret_outcome = outcome;
        else
                json_decref(outcome);
        return 1;
}
