/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The shape of the store, as a list of migrations: entry n takes a database of version n to version n + 1 (SQLite's
 * user_version). An entry that has been released is never edited; a change is a new entry. Pure data.
 *
 * And the tables a change may touch, with their columns: what is not listed here cannot be written through
 * store_commit(). All of them travel in changesets; the log of changesets itself does not.
 */

#include "macro.h"

/* "RHV1" in SQLite's application_id: another program's database is refused, not migrated. */
#define SCHEMA_APPLICATION_ID 0x52485631

extern const char *const schema_migrations[];
extern const int schema_version; /* how many there are: the version this program writes */

#define SCHEMA_COLUMNS_MAX 10

typedef struct SchemaTable {
        const char *name;
        unsigned keys;                             /* how many of the columns, from the first, are the primary key */
        const char *columns[SCHEMA_COLUMNS_MAX + 1]; /* NULL-terminated */
} SchemaTable;

/* NULL-terminated by name; parents before children, so that loading and copying in this order meets every reference. */
extern const SchemaTable schema_tables[];

/* NULL when there is no such table. */
const SchemaTable *schema_table(const char *name) _pure_;
