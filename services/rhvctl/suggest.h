/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* "Did you mean …": the nearest of known words. Pure. */

#include "macro.h"

/* How many characters must be inserted, dropped, replaced or swapped with their neighbour to get from a to b. Words longer than
 * SUGGEST_WORD_MAX are never near. */
#define SUGGEST_WORD_MAX 40U
unsigned word_distance(const char *a, const char *b);

/* The nearest word of a NULL-terminated list that is near enough for a slip of the fingers, or of which `word` is
 * the beginning; NULL if there is none. Borrowed. */
const char *suggest_word(const char *word, const char *const *words);
