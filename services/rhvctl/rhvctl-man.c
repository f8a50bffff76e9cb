/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Build tool: the manual page of rhvctl, its commands and options from the tables the program itself uses.
 *
 *     rhvctl-man TEMPLATE > rhvctl.1
 */

#include <stdio.h>

#include "command.h"
#include "config.h"
#include "text.h"

/* Minus signs that can be copied and pasted; a line must not begin like a request. */
static void append_roff(TextBuffer *buffer, const char *s) {
        if (*s == '.' || *s == '\'')
                text_append(buffer, "\\&");
        for (; *s; s++)
                switch (*s) {
                case '-':
                        text_append(buffer, "\\-");
                        break;
                case '\\':
                        text_append(buffer, "\\e");
                        break;
                default:
                        text_appendf(buffer, "%c", *s);
                }
}

static void append_options(TextBuffer *buffer, const Parameter *options) {
        for (const Parameter *p = options; p && p->name; p++) {
                const char *letter = options == global_options ? global_option_letter(p->name) : NULL;

                text_append(buffer, ".TP\n.B ");
                if (letter) {
                        append_roff(buffer, letter);
                        text_append(buffer, ", ");
                }
                append_roff(buffer, "--");
                append_roff(buffer, p->name);
                if (p->placeholder) {
                        text_append(buffer, " \\fI");
                        append_roff(buffer, p->placeholder);
                        text_append(buffer, "\\fR");
                }
                text_append(buffer, "\n");
                append_roff(buffer, p->help);
                text_append(buffer, ".\n");
        }
}

static void append_command(TextBuffer *buffer, const Command *command) {
        _cleanup_free_ char *usage = command_usage(command);

        text_append(buffer, ".SS ");
        append_roff(buffer, usage ?: "");
        text_append(buffer, "\n");
        append_roff(buffer, command->help);
        text_append(buffer, ".\n");
        append_options(buffer, command->options);
}

static void append_commands(TextBuffer *buffer) {
        for (const Command *const *table = command_tables; *table; table++)
                for (const Command *command = *table; command->noun; command++)
                        append_command(buffer, command);
}

static void append_line(TextBuffer *buffer, const char *line) {
        const char *version = strstr(line, "@VERSION@");

        if (streq(line, "@GLOBAL_OPTIONS@\n"))
                append_options(buffer, global_options);
        else if (streq(line, "@COMMANDS@\n"))
                append_commands(buffer);
        else if (version)
                text_appendf(buffer, "%.*s%s%s", (int)(version - line), line, RHV_VERSION, version + strlen("@VERSION@"));
        else
                text_append(buffer, line);
}

int main(int argc, char **argv) {
        FILE *template = argc == 2 ? fopen(argv[1], "re") : NULL;
        _cleanup_free_ char *line = NULL, *page = NULL;
        TextBuffer buffer = { 0 };
        size_t size = 0;

        if (!template) {
                fprintf(stderr, "usage: rhvctl-man TEMPLATE\n");
                return EXIT_FAILURE;
        }

        while (getline(&line, &size, template) > 0)
                append_line(&buffer, line);
        (void) fclose(template);

        page = text_buffer_take(&buffer);
        return page && fputs(page, stdout) >= 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
