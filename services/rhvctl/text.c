/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "text.h"

#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <wchar.h>

#define ELLIPSIS "…"

void text_init(void) {
        locale_t utf8;

        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
        if (utf8 != (locale_t)0)
                (void) uselocale(utf8);
}

/* One character at s: its bytes, or 0 at the end. printable: not a control character, not a broken sequence. */
static size_t next_character(const char *s, int *ret_cells, bool *ret_printable) {
        mbstate_t state = { 0 };
        wchar_t c;
        size_t n;
        int cells;

        if (!*s)
                return 0;

        n = mbrtowc(&c, s, strlen(s), &state);
        if (n == (size_t)-1 || n == (size_t)-2) {
                *ret_cells = 1;
                *ret_printable = false;
                return 1;
        }

        cells = wcwidth(c);
        *ret_cells = cells < 0 ? 1 : cells;
        *ret_printable = cells >= 0;
        return n;
}

size_t text_width(const char *s) {
        size_t width = 0, n;
        bool printable;
        int cells;

        for (; (n = next_character(s, &cells, &printable)) > 0; s += n)
                width += (size_t)cells;

        return width;
}

static void append_escaped(TextBuffer *buffer, const char *s, size_t n) {
        for (size_t i = 0; i < n; i++)
                switch (s[i]) {
                case '\n':
                        text_append(buffer, "\\n");
                        break;
                case '\t':
                        text_append(buffer, "\\t");
                        break;
                default:
                        text_appendf(buffer, "\\x%02x", (unsigned)(unsigned char)s[i]);
                }
}

char *text_escape(const char *s) {
        TextBuffer buffer = { 0 };
        bool printable;
        int cells;
        size_t n;

        for (; (n = next_character(s, &cells, &printable)) > 0; s += n)
                if (printable)
                        text_appendf(&buffer, "%.*s", (int)n, s);
                else
                        append_escaped(&buffer, s, n);

        return text_buffer_take(&buffer);
}

char *text_ellipsize(const char *s, size_t width) {
        TextBuffer buffer = { 0 };
        size_t used = 0, n;
        bool printable;
        int cells;

        if (text_width(s) <= width)
                return strdup(s);

        for (; width > 0 && (n = next_character(s, &cells, &printable)) > 0; s += n) {
                if (used + (size_t)cells > width - 1)
                        break;
                text_appendf(&buffer, "%.*s", (int)n, s);
                used += (size_t)cells;
        }
        if (width > 0)
                text_append(&buffer, ELLIPSIS);

        return text_buffer_take(&buffer);
}

static void append_bytes(TextBuffer *buffer, const char *s, size_t n) {
        if (buffer->failed)
                return;

        if (buffer->length + n + 1 > buffer->size) {
                size_t size = (buffer->length + n + 1) * 2;
                char *text = realloc(buffer->text, size);

                if (!text) {
                        buffer->failed = true;
                        return;
                }
                buffer->text = text;
                buffer->size = size;
        }

        memcpy(buffer->text + buffer->length, s, n);
        buffer->length += n;
        buffer->text[buffer->length] = 0;
}

void text_append(TextBuffer *buffer, const char *s) {
        append_bytes(buffer, s, strlen(s));
}

void text_appendf(TextBuffer *buffer, const char *format, ...) {
        _cleanup_free_ char *s = NULL;
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(&s, format, arguments);
        va_end(arguments);
        if (r < 0) {
                s = NULL;
                buffer->failed = true;
                return;
        }

        append_bytes(buffer, s, (size_t)r);
}

void text_append_spaces(TextBuffer *buffer, size_t n) {
        while (n-- > 0)
                append_bytes(buffer, " ", 1);
}

char *text_buffer_take(TextBuffer *buffer) {
        char *text = TAKE_PTR(buffer->text);
        bool failed = buffer->failed;

        *buffer = (TextBuffer){ 0 };
        if (failed) {
                free(text);
                return NULL;
        }

        return text ?: strdup("");
}
