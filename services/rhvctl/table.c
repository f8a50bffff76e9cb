/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "table.h"

#include "text.h"

#define COLUMN_GAP 2U
/* A cut column keeps at least this many cells, or nothing can be recognised. */
#define COLUMN_CELLS_MIN 8U

typedef struct Column {
        char *header;
        TableAlign align;
        bool shrink;
        size_t width; /* natural */
} Column;

struct Table {
        Column columns[TABLE_COLUMNS_MAX];
        size_t n_columns;
        char **cells;
        size_t n_cells;
};

int table_new(Table **ret) {
        Table *table = calloc(1, sizeof(Table));

        if (!table)
                return -ENOMEM;

        *ret = table;
        return 0;
}

Table *table_free(Table *table) {
        if (!table)
                return NULL;

        for (size_t i = 0; i < table->n_columns; i++)
                free(table->columns[i].header);
        for (size_t i = 0; i < table->n_cells; i++)
                free(table->cells[i]);
        free(table->cells);
        free(table);
        return NULL;
}

int table_add_column(Table *table, const char *header, TableAlign align, bool shrink) {
        Column *column;

        if (table->n_columns >= TABLE_COLUMNS_MAX)
                return -E2BIG;

        column = table->columns + table->n_columns;
        *column = (Column){ .header = strdup(header), .align = align, .shrink = shrink, .width = text_width(header) };
        if (!column->header)
                return -ENOMEM;

        table->n_columns++;
        return 0;
}

int table_add_cell(Table *table, const char *text) {
        Column *column = table->columns + (table->n_columns > 0 ? table->n_cells % table->n_columns : 0);
        size_t width;
        char **cells, *cell;

        cells = reallocarray(table->cells, table->n_cells + 1, sizeof *cells);
        if (!cells)
                return -ENOMEM;
        table->cells = cells;

        cell = text_escape(isempty(text) ? "-" : text);
        if (!cell)
                return -ENOMEM;
        cells[table->n_cells++] = cell;

        width = text_width(cell);
        if (width > column->width)
                column->width = width;
        return 0;
}

size_t table_rows(const Table *table) {
        return table->n_columns == 0 ? 0 : table->n_cells / table->n_columns;
}

/* Takes cells from the widest column that may shrink until the line fits or nothing more can be taken. */
static void fit_widths(const Table *table, size_t *widths, size_t width) {
        size_t total = 0;

        for (size_t i = 0; i < table->n_columns; i++)
                total += widths[i] + (i > 0 ? COLUMN_GAP : 0);

        while (total > width) {
                size_t widest = SIZE_MAX;

                for (size_t i = 0; i < table->n_columns; i++)
                        if (table->columns[i].shrink && widths[i] > COLUMN_CELLS_MIN &&
                            (widest == SIZE_MAX || widths[i] > widths[widest]))
                                widest = i;
                if (widest == SIZE_MAX)
                        return;

                widths[widest]--;
                total--;
        }
}

static void append_cell(TextBuffer *buffer, const char *text, size_t width, TableAlign align, bool last) {
        _cleanup_free_ char *cut = text_ellipsize(text, width);
        size_t cells;

        if (!cut) {
                buffer->failed = true;
                return;
        }

        cells = text_width(cut);
        if (align == TABLE_RIGHT)
                text_append_spaces(buffer, width - cells);
        text_append(buffer, cut);
        if (align == TABLE_LEFT && !last)
                text_append_spaces(buffer, width - cells);
        text_append(buffer, last ? "\n" : "  ");
}

char *table_format(const Table *table, size_t width, bool legend) {
        size_t widths[TABLE_COLUMNS_MAX] = { 0 };
        TextBuffer buffer = { 0 };

        if (table->n_columns == 0)
                return strdup("");
        for (size_t i = 0; i < table->n_columns; i++)
                widths[i] = table->columns[i].width;
        if (width > 0)
                fit_widths(table, widths, width);

        for (size_t i = 0; legend && i < table->n_columns; i++)
                append_cell(&buffer, table->columns[i].header, widths[i], table->columns[i].align,
                            i + 1 == table->n_columns);
        for (size_t i = 0; i < table->n_cells; i++) {
                size_t column = i % table->n_columns;

                append_cell(&buffer, table->cells[i], widths[column], table->columns[column].align,
                            column + 1 == table->n_columns);
        }

        return text_buffer_take(&buffer);
}
