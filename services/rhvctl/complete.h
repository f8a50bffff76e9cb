/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What could stand at a place of an unfinished command line. Pure: names of objects are asked for by the caller. */

#include "command.h"

typedef struct Completion {
        CompletionSource source; /* COMPLETE_DONE: all candidates are in words; else what has to be asked for */
        char *prefix;            /* what is typed already of the word; new string */
        const char **words;      /* candidates that begin with it, NULL-terminated; new array of borrowed words, or NULL */
        bool options;            /* they are options: to be shown with two dashes */
} Completion;

/* words: as bash splits them (so "--a=b" arrives as "--a", "=", "b"), words[0] is the program; cword: the one being typed,
 * may be n_words. Return: 0 or -ENOMEM. */
int complete_line(const char *const *words, int n_words, int cword, Completion *ret);
void completion_done(Completion *completion);
