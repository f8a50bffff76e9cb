/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "complete.h"

typedef struct Place {
        const char *noun;
        const Command *command;
        const Parameter *pending; /* an option that waits for its value */
        int n_arguments;          /* complete ones */
} Place;

static const Parameter *find_option(const Command *command, const char *name) {
        const Parameter *tables[] = { command ? command->options : NULL, global_options };

        for (size_t i = 0; i < ELEMENTSOF(tables); i++)
                for (const Parameter *p = tables[i]; p && p->name; p++)
                        if (streq(p->name, name))
                                return p;
        return NULL;
}

static void walk_word(Place *place, const char *word) {
        if (streq(word, "="))
                return;

        if (place->pending) {
                place->pending = NULL;
                return;
        }

        if (streq(word, "-H")) {
                place->pending = find_option(NULL, "host");
                return;
        }
        if (startswith(word, "--")) {
                const Parameter *p = find_option(place->command, word + 2);

                if (p && p->type != PARAMETER_FLAG)
                        place->pending = p;
                return;
        }
        if (word[0] == '-' || (!place->noun && streq(word, WORD_HELP)))
                return;

        if (!place->noun) {
                const Command *first = command_find_noun(word);

                place->noun = word;
                if (first && !first->verb)
                        place->command = first;
        } else if (!place->command)
                place->command = command_find(place->noun, word);
        else
                place->n_arguments++;
}

static int add_matching(Completion *completion, size_t *n, const char *word) {
        const char **words;

        if (!startswith(word, completion->prefix))
                return 0;

        words = reallocarray(completion->words, *n + 2, sizeof *words);
        if (!words)
                return -ENOMEM;

        words[(*n)++] = word;
        words[*n] = NULL;
        completion->words = words;
        return 0;
}

static int offer_words(Completion *completion, const char *const *words) {
        size_t n = 0;

        completion->source = COMPLETE_DONE;
        for (; words && *words; words++)
                if (add_matching(completion, &n, *words) < 0)
                        return -ENOMEM;
        return 0;
}

static int offer_options(Completion *completion, const Command *command) {
        const Parameter *tables[] = { command ? command->options : NULL, global_options };
        size_t n = 0;

        completion->source = COMPLETE_DONE;
        completion->options = true;
        for (size_t i = 0; i < ELEMENTSOF(tables); i++)
                for (const Parameter *p = tables[i]; p && p->name; p++)
                        if (add_matching(completion, &n, p->name) < 0)
                                return -ENOMEM;
        return 0;
}

static int offer_value(Completion *completion, const Parameter *p) {
        static const char *const on_off[] = { "on", "off", NULL };

        if (p->type == PARAMETER_WORD)
                return offer_words(completion, p->words);
        if (p->type == PARAMETER_SWITCH)
                return offer_words(completion, on_off);

        completion->source = p->complete;
        return 0;
}

static int offer_argument(Completion *completion, const Place *place) {
        const Parameter *p = place->command->arguments;

        for (int i = 0; p && p->name; p++, i++)
                if (i == place->n_arguments || (p->flags & PARAMETER_MANY))
                        return offer_value(completion, p);

        completion->source = COMPLETE_NOTHING;
        return 0;
}

static int offer(Completion *completion, const Place *place, const char *current) {
        _cleanup_free_ const char **words = NULL;

        if (place->pending)
                return offer_value(completion, place->pending);

        if (current[0] == '-') {
                const char *typed = startswith(current, "--") ?: "";

                memmove(completion->prefix, typed, strlen(typed) + 1);
                return offer_options(completion, place->command);
        }

        if (!place->noun) {
                words = command_nouns();
                return words ? offer_words(completion, words) : -ENOMEM;
        }
        if (!place->command) {
                words = command_verbs(place->noun);
                return words ? offer_words(completion, words) : -ENOMEM;
        }

        return offer_argument(completion, place);
}

int complete_line(const char *const *words, int n_words, int cword, Completion *ret) {
        Completion completion = { 0 };
        const char *current;
        Place place = { 0 };
        int r;

        for (int i = 1; i < cword && i < n_words; i++)
                walk_word(&place, words[i]);

        current = cword >= 0 && cword < n_words ? words[cword] : "";
        if (streq(current, "="))
                current = "";
        completion.prefix = strdup(current);
        if (!completion.prefix)
                return -ENOMEM;

        r = offer(&completion, &place, current);
        if (r < 0) {
                completion_done(&completion);
                return r;
        }

        *ret = completion;
        return 0;
}

void completion_done(Completion *completion) {
        free(completion->prefix);
        free(completion->words);
        *completion = (Completion){ 0 };
}
