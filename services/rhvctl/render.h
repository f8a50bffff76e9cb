/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Properties → text for people. Pure: makes strings. */

#include "macro.h"

typedef enum Format {
        FORMAT_AUTO,      /* by the property's name and the value's type */
        FORMAT_TEXT,
        FORMAT_SIZE,      /* bytes */
        FORMAT_TIME,      /* microseconds since 1970 */
        FORMAT_DURATION,  /* microseconds */
        FORMAT_PERCENT,   /* 0 to 100 */
        FORMAT_FRACTION,  /* 0 to 1, shown as percent */
        FORMAT_REFERENCE, /* an object's id (or an array of them), shown by name */
        FORMAT_COUNT,     /* number of entries of an array or object */
} Format;

/* names: {id: name}, may be NULL. property: for FORMAT_AUTO. One line, never with a control character of the value's own
 * left in (table_add_cell() and show escape). Return: new string, "" for null and absent; NULL when out of memory. */
char *render_value(const json_t *value, Format format, const char *property, const json_t *names);

/* "Key: value" lines of an object, nested ones indented, aligned. Return: new string, NULL when out of memory. */
char *render_object(const json_t *object, const json_t *names);
