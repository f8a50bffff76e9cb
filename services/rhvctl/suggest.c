/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "suggest.h"

static unsigned smallest(unsigned a, unsigned b, unsigned c) {
        unsigned d = a < b ? a : b;

        return d < c ? d : c;
}

/* Optimal string alignment: row by row, the last three rows are enough. */
unsigned word_distance(const char *a, const char *b) {
        unsigned rows[3][SUGGEST_WORD_MAX + 1];
        size_t n = strlen(a), m = strlen(b);

        if (n > SUGGEST_WORD_MAX || m > SUGGEST_WORD_MAX)
                return SUGGEST_WORD_MAX;

        for (size_t j = 0; j <= m; j++)
                rows[0][j] = (unsigned)j;

        for (size_t i = 1; i <= n; i++) {
                unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];

                row[0] = (unsigned)i;
                for (size_t j = 1; j <= m; j++) {
                        row[j] = smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && two_above[j - 2] + 1 < row[j])
                                row[j] = two_above[j - 2] + 1;
                }
        }

        return rows[n % 3][m];
}

const char *suggest_word(const char *word, const char *const *words) {
        size_t length = strlen(word);
        /* one slip in short words, two in long ones, and never all of the word */
        unsigned best = length <= 2 ? 2 : length <= 5 ? 3 : 4;
        const char *found = NULL;

        for (; *words; words++) {
                unsigned distance = length >= 2 && startswith(*words, word) ? 1 : word_distance(word, *words);

                if (distance < best) {
                        best = distance;
                        found = *words;
                }
        }

        return found;
}
