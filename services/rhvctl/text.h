/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Text on a terminal: how many cells a UTF-8 string takes, how it is cut, and how what came from outside is made
 * harmless (a VM's name must not be able to move the cursor). Pure, once text_init() has run.
 */

#include "macro.h"

/* Sets the character classification to UTF-8 whatever the environment says: our output always is UTF-8. */
void text_init(void);

/* Cells taken by s; bytes that are not UTF-8 and control characters count as one. */
size_t text_width(const char *s);

/* s with control characters and broken UTF-8 as \n, \t or \xHH. Return: new string, NULL when out of memory. */
char *text_escape(const char *s);

/* At most `width` cells of s, ending in an ellipsis where something was cut. Return: new string, NULL when out of memory. */
char *text_ellipsize(const char *s, size_t width);

/* A growing string; a failed append makes `failed` true and the whole NULL at text_buffer_take(). */
typedef struct TextBuffer {
        char *text;
        size_t length, size;
        bool failed;
} TextBuffer;

void text_append(TextBuffer *buffer, const char *s);
void text_appendf(TextBuffer *buffer, const char *format, ...) _printf_(2, 3);
void text_append_spaces(TextBuffer *buffer, size_t n);
/* Return: the string (never NULL for an empty buffer), which the caller frees; NULL when memory ran out. */
char *text_buffer_take(TextBuffer *buffer);
