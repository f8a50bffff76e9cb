/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Tables for people: columns aligned by cells, cut to the terminal's width where there is one. Pure: makes a
 * string.
 */

#include "macro.h"

#define TABLE_COLUMNS_MAX 16U

typedef struct Table Table;

typedef enum TableAlign {
        TABLE_LEFT,
        TABLE_RIGHT, /* numbers */
} TableAlign;

int table_new(Table **ret);
Table *table_free(Table *table);
DEFINE_CLEANUP(Table *, table_free)

/* All columns come before the first row. shrink: may be cut when the line is too long. Return: 0, -E2BIG or -ENOMEM. */
int table_add_column(Table *table, const char *header, TableAlign align, bool shrink);
/* The next cell, row by row; copied and made harmless (text_escape()); NULL or "" shows as "-". Return: 0 or -ENOMEM. */
int table_add_cell(Table *table, const char *text);
size_t table_rows(const Table *table) _pure_;

/* width: cells of a line, 0 for no limit. legend: with the line of headers. Return: new string, NULL when out of memory. */
char *table_format(const Table *table, size_t width, bool legend);
