/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "progress.h"

#include "text.h"
#include "units.h"

#define BAR_CELLS_MIN 10U
#define BAR_CELLS_MAX 40U
/* Below this a total counts steps, not bytes. */
#define BYTES_FROM (64 * KIB)
/* An estimate from less than this is a guess. */
#define ESTIMATE_AFTER_USEC (2 * USEC_PER_SEC)
#define ESTIMATE_FROM 0.02

int progress_percent(const Progress *progress) {
        if (!progress->valid || !(progress->fraction >= 0))
                return -1;

        return progress->fraction >= 1 ? 100 : (int)(progress->fraction * 100);
}

static char *format_rest(const Progress *progress) {
        char done[UNITS_TEXT_MAX], total[UNITS_TEXT_MAX], left[UNITS_TEXT_MAX];
        TextBuffer buffer = { 0 };

        if (progress->total >= BYTES_FROM)
                text_appendf(&buffer, "%s of %s", format_size(progress->done, done), format_size(progress->total, total));

        if (progress->valid && progress->fraction >= ESTIMATE_FROM && progress->fraction < 1 &&
            progress->elapsed_usec >= ESTIMATE_AFTER_USEC) {
                double usec = (double)progress->elapsed_usec * (1 - progress->fraction) / progress->fraction;

                text_appendf(&buffer, "%s%s left", buffer.length > 0 ? ", " : "", format_duration((uint64_t)usec, left));
        }

        return text_buffer_take(&buffer);
}

static void append_bar(TextBuffer *buffer, int percent, size_t cells) {
        size_t filled = cells * (size_t)percent / 100;

        text_append(buffer, "[");
        for (size_t i = 0; i < cells; i++)
                text_append(buffer, i < filled ? "#" : "-");
        text_appendf(buffer, "] %3d%%", percent);
}

char *progress_bar(const Progress *progress, size_t width) {
        static const char spinner[] = "|/-\\";
        _cleanup_free_ char *rest = NULL, *line = NULL;
        char elapsed[UNITS_TEXT_MAX];
        int percent = progress_percent(progress);
        TextBuffer buffer = { 0 };
        size_t fixed, cells;

        rest = format_rest(progress);
        if (!rest)
                return NULL;

        text_appendf(&buffer, "%s ", progress->what);
        if (percent < 0) {
                text_appendf(&buffer, "%c %s, %s", spinner[progress->turn % 4], progress->state,
                             format_duration(progress->elapsed_usec, elapsed));
        } else {
                /* "[", "]", " 100%", " " */
                fixed = text_width(progress->what) + 1 + 8 + text_width(rest);
                cells = width > fixed + BAR_CELLS_MIN ? width - fixed : BAR_CELLS_MIN;
                append_bar(&buffer, percent, cells > BAR_CELLS_MAX ? BAR_CELLS_MAX : cells);
                if (*rest)
                        text_appendf(&buffer, " %s", rest);
        }

        line = text_buffer_take(&buffer);
        return line ? text_ellipsize(line, width) : NULL;
}

char *progress_line(const Progress *progress) {
        int percent = progress_percent(progress);
        TextBuffer buffer = { 0 };

        if (percent < 0)
                text_appendf(&buffer, "%s: %s", progress->what, progress->state);
        else
                text_appendf(&buffer, "%s: %d%%", progress->what, percent);

        return text_buffer_take(&buffer);
}
