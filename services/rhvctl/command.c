/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "command.h"

#include "text.h"

const Parameter global_options[] = {
        { "host", "[USER@]HOST", PARAMETER_TEXT, .help = "Act on that host, over SSH" },
        { "json", .type = PARAMETER_FLAG, .help = "Print JSON; its keys are the names of the bus properties" },
        { "no-wait", .type = PARAMETER_FLAG, .help = "Print the job's path instead of waiting for its end" },
        { "wait", .type = PARAMETER_FLAG, .help = "Wait for the job's end (this is the default)" },
        { "timeout", "DURATION", PARAMETER_DURATION, .help = "Wait at most that long; the job goes on" },
        { "quiet", .type = PARAMETER_FLAG, .help = "Print neither progress nor what was done" },
        { "full", .type = PARAMETER_FLAG, .help = "Do not cut cells to the width of the terminal" },
        { "no-legend", .type = PARAMETER_FLAG, .help = "Print tables without the line of headers" },
        { "no-ask-password", .type = PARAMETER_FLAG, .help = "Never ask for a password on this terminal" },
        { "help", .type = PARAMETER_FLAG, .help = "Show help" },
        { "version", .type = PARAMETER_FLAG, .help = "Show the version" },
        {},
};

const char *global_option_letter(const char *name) {
        return streq(name, "host") ? "-H" : streq(name, "quiet") ? "-q" : streq(name, "full") ? "-l" :
               streq(name, "help") ? "-h" : NULL;
}

const Command *command_find_noun(const char *noun) {
        for (const Command *const *table = command_tables; *table; table++)
                for (const Command *command = *table; command->noun; command++)
                        if (streq(command->noun, noun))
                                return command;
        return NULL;
}

const Command *command_find(const char *noun, const char *verb) {
        for (const Command *const *table = command_tables; *table; table++)
                for (const Command *command = *table; command->noun; command++)
                        if (streq(command->noun, noun) && streq_ptr(command->verb, verb))
                                return command;
        return NULL;
}

static size_t count_commands(void) {
        size_t n = 0;

        for (const Command *const *table = command_tables; *table; table++)
                for (const Command *command = *table; command->noun; command++)
                        n++;
        return n;
}

const char **command_nouns(void) {
        const char **words = calloc(count_commands() + 1, sizeof *words);
        size_t n = 0;

        if (!words)
                return NULL;

        /* commands of one noun stand together */
        for (const Command *const *table = command_tables; *table; table++)
                for (const Command *command = *table; command->noun; command++)
                        if (n == 0 || !streq(words[n - 1], command->noun))
                                words[n++] = command->noun;
        return words;
}

const char **command_verbs(const char *noun) {
        const char **words = calloc(count_commands() + 1, sizeof *words);
        size_t n = 0;

        if (!words)
                return NULL;

        for (const Command *const *table = command_tables; *table; table++)
                for (const Command *command = *table; command->noun; command++)
                        if (streq(command->noun, noun) && command->verb)
                                words[n++] = command->verb;
        return words;
}

/* ---- help ---- */

static void append_synopsis(TextBuffer *buffer, const Command *command) {
        text_appendf(buffer, "%s", command->noun);
        if (command->verb)
                text_appendf(buffer, " %s", command->verb);

        for (const Parameter *p = command->arguments; p && p->name; p++) {
                bool optional = p->flags & PARAMETER_OPTIONAL;

                text_appendf(buffer, " %s%s%s%s", optional ? "[" : "", p->name, p->flags & PARAMETER_MANY ? "..." : "",
                             optional ? "]" : "");
        }

        for (const Parameter *p = command->options; p && p->name; p++)
                if (p->flags & PARAMETER_REQUIRED)
                        text_appendf(buffer, " --%s %s", p->name, p->placeholder);
}

static bool has_optional(const Command *command) {
        for (const Parameter *p = command->options; p && p->name; p++)
                if (!(p->flags & PARAMETER_REQUIRED))
                        return true;
        return false;
}

char *command_usage(const Command *command) {
        TextBuffer buffer = { 0 };

        text_append(&buffer, "rhvctl ");
        append_synopsis(&buffer, command);
        if (has_optional(command))
                text_append(&buffer, " [OPTIONS]");
        return text_buffer_take(&buffer);
}

/* Two columns, the second begins at this cell. */
#define HELP_COLUMN 32U

static void append_pair(TextBuffer *buffer, const char *left, const char *right) {
        size_t width = text_width(left) + 2;

        text_appendf(buffer, "  %s", left);
        if (width + 1 > HELP_COLUMN) {
                text_append(buffer, "\n");
                width = 0;
        }
        text_append_spaces(buffer, HELP_COLUMN - width);
        text_appendf(buffer, "%s\n", right);
}

static void append_options(TextBuffer *buffer, const Parameter *options) {
        for (const Parameter *p = options; p && p->name; p++) {
                const char *letter = options == global_options ? global_option_letter(p->name) : NULL;
                _cleanup_free_ char *left = NULL;
                TextBuffer line = { 0 };

                if (letter)
                        text_appendf(&line, "%s, ", letter);
                text_appendf(&line, "--%s", p->name);
                if (p->placeholder)
                        text_appendf(&line, " %s", p->placeholder);
                left = text_buffer_take(&line);
                append_pair(buffer, left ?: "", p->help);
        }
}

static void append_commands(TextBuffer *buffer, const char *noun) {
        const char *last = NULL;

        for (const Command *const *table = command_tables; *table; table++)
                for (const Command *command = *table; command->noun; command++) {
                        _cleanup_free_ char *left = NULL;
                        TextBuffer line = { 0 };

                        if (noun && !streq(noun, command->noun))
                                continue;
                        if (last && !streq(last, command->noun))
                                text_append(buffer, "\n");
                        last = command->noun;

                        append_synopsis(&line, command);
                        left = text_buffer_take(&line);
                        append_pair(buffer, left ?: "", command->help);
                }
}

char *command_help(const Command *command) {
        TextBuffer buffer = { 0 };
        _cleanup_free_ char *usage = NULL;

        if (!command) {
                text_append(&buffer, "Usage: rhvctl [OPTIONS] NOUN VERB [ARGUMENTS] [OPTIONS]\n\n"
                                     "Look after hosts, storage, networks and virtual machines.\n\n");
                append_commands(&buffer, NULL);
                text_append(&buffer, "\nOptions of every command:\n");
                append_options(&buffer, global_options);
                text_append(&buffer, "\n`rhvctl help NOUN VERB` shows a command's own options; see also rhvctl(1).\n");
                return text_buffer_take(&buffer);
        }

        usage = command_usage(command);
        if (!usage)
                return NULL;
        text_appendf(&buffer, "Usage: %s\n\n%s.\n", usage, command->help);
        if (command->options && command->options->name) {
                text_append(&buffer, "\nOptions:\n");
                append_options(&buffer, command->options);
        }
        text_append(&buffer, "\nOptions of every command:\n");
        append_options(&buffer, global_options);
        return text_buffer_take(&buffer);
}

char *noun_help(const char *noun) {
        TextBuffer buffer = { 0 };

        text_appendf(&buffer, "Usage: rhvctl %s VERB [ARGUMENTS] [OPTIONS]\n\n", noun);
        append_commands(&buffer, noun);
        text_appendf(&buffer, "\n`rhvctl help %s VERB` shows a command's options.\n", noun);
        return text_buffer_take(&buffer);
}
