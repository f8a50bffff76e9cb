/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The truth about the cluster: one SQLite file, and one door for every change to it.
 *
 * store_commit() carries out a Change in one transaction, together with the request id and the outcome the caller is to
 * hear, and with the change itself as an SQLite changeset in a log. So a retry after a lost answer hears the first
 * outcome, also after a restart; nothing that was acknowledged is lost; and the log replayed into an empty store gives the same
 * store (docs/store.md). What changed is then told to one listener, row by row, from the changeset: a replayed change
 * takes the same way into the model as one of our own.
 *
 * A store that cannot be opened, is of a newer version, damaged or read-only is still a Store: it says what is wrong, gives
 * what can be read, and refuses writes with the named error. Only one process opens it for writing.
 */

#include "change.h"
#include "macro.h"

typedef enum StoreState {
        STORE_READY,
        STORE_READ_ONLY, /* can be read; every commit is refused with ReadOnly */
        STORE_FAILED,    /* cannot be read either */
        _STORE_STATE_MAX,
        _STORE_STATE_INVALID = -EINVAL,
} StoreState;
DECLARE_STRING_TABLE(store_state, StoreState);

/* The newest so many are kept; the oldest go in the commit that passes the limit. */
#define STORE_EVENTS_MAX 10000
#define STORE_REQUESTS_MAX 10000
#define STORE_LOG_MAX 10000

typedef struct Store Store;

/* Opens or creates. path: NULL for one in memory. Return: 0 also for a store that can only say what is wrong with it; -ENOMEM. */
int store_open(const char *path, Store **ret);
Store *store_close(Store *store);
DEFINE_CLEANUP(Store *, store_close)

StoreState store_state(const Store *store) _pure_;
/* The org.rhv.Error name and a sentence; NULL when ready. Borrowed. */
const char *store_error_name(const Store *store) _pure_;
const char *store_reason(const Store *store) _pure_;
/* Return: 0, or a negative errno with the store's named error set. Before anything is begun that must be recorded. */
int store_check_writable(const Store *store, sd_bus_error *error);

/* One row changed: op is 'I', 'U' or 'D'; key2 is NULL where the primary key has one column. Called after the commit, and once more
 * with table NULL when that was all. */
typedef void (*store_changed_t)(char op, const char *table, const char *key1, const char *key2, void *userdata);
void store_set_listener(Store *store, store_changed_t changed, void *userdata);

/*
 * request_id: NULL for changes nobody asked for. request: what was asked, as canonical text, to tell a retry from another
 * request with the same id; NULL with NULL.
 * ret_outcome: new reference, may be NULL.
 * Return: 1 committed; 0 this request was committed before: ret_outcome is the first outcome and nothing was done; or a negative
 * errno with AlreadyExists (the id belongs to another request, or a unique name is taken), InUse (a reference is in the way),
 * NoSpace, ReadOnly, NewerVersion, BadFormat or BackendFailed set, and nothing changed.
 */
int store_commit(Store *store, const char *request_id, const char *request, const Change *change,
                 json_t **ret_outcome, sd_bus_error *error);
/* Only the question. Return: 1 with the first outcome, 0 unknown, negative with AlreadyExists set. */
int store_find_request(Store *store, const char *request_id, const char *request, json_t **ret_outcome,
                       sd_bus_error *error);

/* Calls row for each row of the table (where the first key column equals key1, unless NULL), as an object of its columns, borrowed;
 * JSON columns are parsed. A negative return stops. Return: 0 or a negative errno. */
typedef int (*store_row_t)(json_t *row, void *userdata);
int store_select(Store *store, const char *table, const char *key1, store_row_t row, void *userdata);
/* A value of the table `setting`. Return: 0 with a new string, -ENOENT, or another negative errno. */
int store_setting(Store *store, const char *key, char **ret);
/* Events with id above `after`, oldest first; with after 0 the newest `limit`. severity: NULL for all. ret: array. */
int store_events(Store *store, uint64_t after, unsigned limit, const char *severity, json_t **ret);

/* No more than so many pages of 4096 bytes: for tests of a full disk. */
void store_limit_pages(Store *store, unsigned pages);

/* store-log.c: the changesets. The sequence number of the last commit; 0 for none. */
uint64_t store_sequence(const Store *store) _pure_;
typedef int (*store_log_t)(uint64_t sequence, const char *request, const void *changeset, size_t size,
                           void *userdata);
int store_log_read(Store *store, uint64_t after, store_log_t entry, void *userdata);
/* Applies a changeset of another store as the next commit. It must be the next in sequence and fit exactly; else nothing changes.
 * Return: 0, -ESTALE (not the next), -EBADMSG (does not fit), or another negative errno. */
int store_replay(Store *store, uint64_t sequence, const char *request, const void *changeset, size_t size);
