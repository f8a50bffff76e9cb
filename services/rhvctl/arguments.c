/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "arguments.h"

#include <stdarg.h>
#include <stdio.h>

#include "parse-util.h"
#include "suggest.h"
#include "text.h"
#include "units.h"

/* ---- errors ---- */

_printf_(2, 3) static int wrong(char **ret_message, const char *format, ...) {
        _cleanup_free_ char *raw = NULL;
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(&raw, format, arguments);
        va_end(arguments);
        if (r < 0) {
                raw = NULL;
                return -ENOMEM;
        }

        free(*ret_message);
        *ret_message = text_escape(raw);
        return *ret_message ? -EINVAL : -ENOMEM;
}

/* "unknown verb 'strat' …; did you mean 'start'?" or where to look. */
static int unknown(char **ret_message, const char *what, const char *word, const char *const *words, const char *see) {
        const char *near = suggest_word(word, words);

        if (near)
                return wrong(ret_message, "%s '%s'; did you mean '%s'?", what, word, near);
        return wrong(ret_message, "%s '%s'; `%s` shows what there is", what, word, see);
}

/* ---- values ---- */

static int set_new(json_t *object, const char *key, json_t *value) {
        return value && json_object_set_new(object, key, value) >= 0 ? 0 : -ENOMEM;
}

/* The array or object under key, made if absent. */
static json_t *get_or_make(json_t *object, const char *key, bool array) {
        json_t *value = json_object_get(object, key);

        if (value)
                return value;
        if (set_new(object, key, array ? json_array() : json_object()) < 0)
                return NULL;
        return json_object_get(object, key);
}

static int convert_number(const Parameter *p, const char *what, const char *text, uint64_t *ret, char **ret_message) {
        const char *expected;
        int r;

        switch (p->type) {
        case PARAMETER_SIZE:
                r = parse_size(text, ret);
                expected = "a size such as 512M or 10G";
                break;
        case PARAMETER_DURATION:
                r = parse_duration(text, ret);
                expected = "a duration such as 30s, 5min or 1h30min";
                break;
        default:
                r = parse_u64(text, ret);
                if (r >= 0 && *ret > INT64_MAX)
                        r = -ERANGE;
                expected = "a whole number";
        }

        if (r == -ERANGE)
                return wrong(ret_message, "%s: '%s' is too large", what, text);
        if (r < 0)
                return wrong(ret_message, "%s: '%s' is not %s", what, text, expected);
        return 0;
}

static int convert_word(const Parameter *p, const char *what, const char *text, char **ret_message) {
        TextBuffer buffer = { 0 };
        _cleanup_free_ char *list = NULL;

        for (const char *const *word = p->words; *word; word++)
                if (streq(*word, text))
                        return 0;

        for (const char *const *word = p->words; *word; word++)
                text_appendf(&buffer, "%s%s", word == p->words ? "" : word[1] ? ", " : " or ", *word);
        list = text_buffer_take(&buffer);
        if (!list)
                return -ENOMEM;

        return wrong(ret_message, "%s: '%s' is not %s", what, text, list);
}

static int convert_list(const char *text, json_t *array) {
        while (*text) {
                size_t n = strcspn(text, ",");

                if (n > 0 && json_array_append_new(array, json_stringn(text, n)) < 0)
                        return -ENOMEM;
                text += n + (text[n] == ',');
        }

        return 0;
}

static int convert_map(const char *what, const char *text, json_t *object, char **ret_message) {
        const char *equals = strchr(text, '=');
        _cleanup_free_ char *key = NULL;

        if (!equals || equals == text)
                return wrong(ret_message, "%s: '%s' is not KEY=VALUE", what, text);

        key = strndup(text, (size_t)(equals - text));
        return key ? set_new(object, key, json_string(equals + 1)) : -ENOMEM;
}

/* One part of a record: "value" for the first field, else "key=value" ("key" alone for a flag). */
static int convert_field(const Parameter *p, const char *what, char *part, bool first, json_t *record,
                         char **ret_message) {
        char *equals = strchr(part, '=');
        const Parameter *field = p->fields;

        if (first && !equals)
                return parameter_convert(field, what, part, record, ret_message);

        if (equals)
                *equals = 0;
        for (; field->name; field++)
                if (streq(field->name, part))
                        break;
        if (!field->name)
                return wrong(ret_message, "%s: there is no '%s' to set here", what, part);
        if (!equals && field->type != PARAMETER_FLAG)
                return wrong(ret_message, "%s: '%s' needs a value (%s=…)", what, part, part);

        return parameter_convert(field, what, equals ? equals + 1 : NULL, record, ret_message);
}

static int convert_record(const Parameter *p, const char *what, const char *text, json_t *array, char **ret_message) {
        _cleanup_free_ char *copy = strdup(text);
        _cleanup_json_ json_t *record = json_object();
        char *rest = copy, *part;
        bool first = true;
        int r;

        if (!copy || !record)
                return -ENOMEM;

        while ((part = strsep(&rest, ","))) {
                r = convert_field(p, what, part, first, record, ret_message);
                if (r < 0)
                        return r;
                first = false;
        }

        return json_array_append(array, record) < 0 ? -ENOMEM : 0;
}

int parameter_convert(const Parameter *p, const char *what, const char *text, json_t *object, char **ret_message) {
        const char *key = p->key ?: p->name;
        uint64_t number;
        json_t *container;
        int r;

        if (!text && p->type != PARAMETER_FLAG)
                return wrong(ret_message, "%s needs a value", what);
        if (text && !utf8_is_valid(text, strlen(text)))
                return wrong(ret_message, "%s: '%s' is not UTF-8", what, text);

        switch (p->type) {
        case PARAMETER_FLAG:
                return set_new(object, key, json_true());

        case PARAMETER_SWITCH:
                if (!streq(text, "on") && !streq(text, "off"))
                        return wrong(ret_message, "%s: '%s' is not on or off", what, text);
                return set_new(object, key, json_boolean(streq(text, "on")));

        case PARAMETER_COUNT:
        case PARAMETER_SIZE:
        case PARAMETER_DURATION:
                r = convert_number(p, what, text, &number, ret_message);
                return r < 0 ? r : set_new(object, key, json_integer((json_int_t)number));

        case PARAMETER_WORD:
                r = convert_word(p, what, text, ret_message);
                return r < 0 ? r : set_new(object, key, json_string(text));

        case PARAMETER_LIST:
        case PARAMETER_MAP:
        case PARAMETER_RECORD:
                container = get_or_make(object, key, p->type != PARAMETER_MAP);
                if (!container)
                        return -ENOMEM;
                if (p->type == PARAMETER_LIST)
                        return convert_list(text, container);
                if (p->type == PARAMETER_MAP)
                        return convert_map(what, text, container, ret_message);
                return convert_record(p, what, text, container, ret_message);

        default:
                return set_new(object, key, json_string(text));
        }
}

/* ---- the command line ---- */

typedef struct Parser {
        int argc;
        char **argv;
        int position;
        bool only_arguments;      /* "--" was seen */
        Settings *settings;
        Invocation *invocation;
        json_t *globals;
        const char *noun;
        const char *words[ARGUMENTS_MAX]; /* arguments behind noun and verb */
        int n_words;
        char **ret_message;
} Parser;

static json_t *place_of(const Invocation *invocation, const Parameter *parameter) {
        switch (parameter->place) {
        case PLACE_SPEC:
                return invocation->spec;
        case PLACE_CALL:
                return invocation->call;
        default:
                return invocation->local;
        }
}

static const Parameter *find_option(const Parameter *options, const char *name, size_t length) {
        for (; options && options->name; options++)
                if (strncmp(options->name, name, length) == 0 && !options->name[length])
                        return options;
        return NULL;
}

static int unknown_option(Parser *parser, const char *word) {
        const char *words[64];
        const Parameter *tables[] = { global_options,
                                      parser->invocation->command ? parser->invocation->command->options : NULL };
        _cleanup_free_ char *name = strndup(word, strcspn(word, "="));
        const char *near;
        size_t n = 0;

        if (!name)
                return -ENOMEM;

        for (size_t i = 0; i < ELEMENTSOF(tables); i++)
                for (const Parameter *p = tables[i]; p && p->name && n < ELEMENTSOF(words) - 1; p++)
                        words[n++] = p->name;
        words[n] = NULL;

        near = suggest_word(name, words);
        if (near)
                return wrong(parser->ret_message, "unknown option '--%s'; did you mean '--%s'?", name, near);
        if (parser->invocation->command)
                return wrong(parser->ret_message, "unknown option '--%s'; `rhvctl %s%s%s --help` shows what there is", name,
                             parser->invocation->command->noun, parser->invocation->command->verb ? " " : "",
                             parser->invocation->command->verb ?: "");
        return wrong(parser->ret_message, "unknown option '--%s'; options of a command stand behind its verb", name);
}

/* The option's value: behind '=', or the next word. */
static int take_value(Parser *parser, const char *what, const char *equals, const Parameter *p, const char **ret) {
        if (p->type == PARAMETER_FLAG) {
                if (equals)
                        return wrong(parser->ret_message, "%s takes no value", what);
                *ret = NULL;
                return 0;
        }

        if (equals) {
                *ret = equals + 1;
                return 0;
        }

        if (parser->position + 1 >= parser->argc)
                return wrong(parser->ret_message, "%s needs a value (%s %s)", what, what, p->placeholder);

        *ret = parser->argv[++parser->position];
        return 0;
}

static int apply_option(Parser *parser, const Parameter *p, bool global, const char *what, const char *equals) {
        json_t *object = global ? parser->globals : place_of(parser->invocation, p);
        const char *value = NULL;
        int r;

        r = take_value(parser, what, equals, p, &value);
        if (r < 0)
                return r;

        if (json_object_get(object, p->key ?: p->name) && p->type != PARAMETER_LIST && p->type != PARAMETER_MAP &&
            p->type != PARAMETER_RECORD && p->type != PARAMETER_FLAG)
                return wrong(parser->ret_message, "%s is given twice", what);

        if (global && streq(p->name, "host"))
                parser->settings->host = value;
        return parameter_convert(p, what, value, object, parser->ret_message);
}

static int parse_long_option(Parser *parser, const char *word) {
        const char *name = word + 2, *equals = strchr(name, '=');
        size_t length = equals ? (size_t)(equals - name) : strlen(name);
        _cleanup_free_ char *what = strndup(word, length + 2);
        const Command *command = parser->invocation->command;
        const Parameter *p;

        if (!what)
                return -ENOMEM;

        /* a command's own option wins over the one all commands take */
        p = command ? find_option(command->options, name, length) : NULL;
        if (p)
                return apply_option(parser, p, false, what, equals);
        p = find_option(global_options, name, length);
        if (p)
                return apply_option(parser, p, true, what, equals);
        return unknown_option(parser, name);
}

static int parse_short_options(Parser *parser, const char *word) {
        static const struct {
                char letter;
                const char *name;
        } letters[] = { { 'H', "host" }, { 'q', "quiet" }, { 'l', "full" }, { 'h', "help" } };

        for (const char *c = word + 1; *c; c++) {
                const Parameter *p = NULL;
                char what[3] = { '-', *c, 0 };
                int r;

                for (size_t i = 0; i < ELEMENTSOF(letters); i++)
                        if (letters[i].letter == *c)
                                p = find_option(global_options, letters[i].name, strlen(letters[i].name));
                if (!p)
                        return wrong(parser->ret_message, "unknown option '-%c'; `rhvctl --help` shows what there is", *c);

                /* -Hhost and -H host */
                if (p->type != PARAMETER_FLAG && c[1]) {
                        parser->settings->host = c + 1;
                        return 0;
                }
                r = apply_option(parser, p, true, what, NULL);
                if (r < 0)
                        return r;
                if (p->type != PARAMETER_FLAG)
                        return 0;
        }

        return 0;
}

static int take_noun(Parser *parser, const char *word) {
        _cleanup_free_ const char **nouns = NULL;
        const Command *command = command_find_noun(word);

        /* `rhvctl help vm start` is `rhvctl vm start --help` */
        if (streq(word, WORD_HELP))
                return json_object_set_new(parser->globals, "help", json_true()) < 0 ? -ENOMEM : 0;
        if (!command) {
                nouns = command_nouns();
                return nouns ? unknown(parser->ret_message, "unknown command", word, nouns, "rhvctl --help") : -ENOMEM;
        }

        parser->noun = command->noun;
        if (!command->verb)
                parser->invocation->command = command;
        return 0;
}

static int take_verb(Parser *parser, const char *word) {
        _cleanup_free_ const char **verbs = NULL;
        char what[64], see[64];

        parser->invocation->command = command_find(parser->noun, word);
        if (parser->invocation->command)
                return 0;

        verbs = command_verbs(parser->noun);
        if (!verbs)
                return -ENOMEM;
        (void) snprintf(what, sizeof what, "'%s' has no verb", parser->noun);
        (void) snprintf(see, sizeof see, "rhvctl %s --help", parser->noun);
        return unknown(parser->ret_message, what, word, verbs, see);
}

static int parse_word(Parser *parser, const char *word) {
        if (!parser->only_arguments && word[0] == '-' && word[1]) {
                if (streq(word, "--")) {
                        parser->only_arguments = true;
                        return 0;
                }
                return word[1] == '-' ? parse_long_option(parser, word) : parse_short_options(parser, word);
        }

        if (!parser->noun)
                return take_noun(parser, word);
        if (!parser->invocation->command)
                return take_verb(parser, word);

        if (parser->n_words >= ARGUMENTS_MAX)
                return wrong(parser->ret_message, "more than %d arguments", ARGUMENTS_MAX);
        parser->words[parser->n_words++] = word;
        return 0;
}

static int wrong_arguments(Parser *parser, const char *what, const char *word) {
        _cleanup_free_ char *usage = command_usage(parser->invocation->command);

        return usage ? wrong(parser->ret_message, "%s %s; usage: %s", what, word, usage) : -ENOMEM;
}

static int take_arguments(Parser *parser) {
        const Parameter *p = parser->invocation->command->arguments;
        int i = 0, r;

        for (; p && p->name; p++) {
                json_t *object = place_of(parser->invocation, p);

                if (p->flags & PARAMETER_MANY) {
                        json_t *array = get_or_make(object, p->key ?: p->name, true);

                        for (; array && i < parser->n_words; i++)
                                if (json_array_append_new(array, json_string(parser->words[i])) < 0)
                                        return wrong(parser->ret_message, "%s: '%s' is not UTF-8", p->name, parser->words[i]);
                        if (!array)
                                return -ENOMEM;
                        if (json_array_size(array) == 0 && !(p->flags & PARAMETER_OPTIONAL))
                                return wrong_arguments(parser, "missing", p->name);
                        continue;
                }

                if (i >= parser->n_words) {
                        if (p->flags & PARAMETER_OPTIONAL)
                                continue;
                        return wrong_arguments(parser, "missing", p->name);
                }

                r = parameter_convert(p, p->name, parser->words[i++], object, parser->ret_message);
                if (r < 0)
                        return r;
        }

        return i < parser->n_words ? wrong_arguments(parser, "unexpected argument", parser->words[i]) : 0;
}

static int check_required(Parser *parser) {
        const Parameter *p = parser->invocation->command->options;

        for (; p && p->name; p++)
                if ((p->flags & PARAMETER_REQUIRED) && !json_object_get(place_of(parser->invocation, p), p->key ?: p->name))
                        return wrong(parser->ret_message, "--%s %s is needed: %s", p->name, p->placeholder, p->help);

        return 0;
}

static int check_globals(Parser *parser) {
        if (json_object_get(parser->globals, "wait") && json_object_get(parser->globals, "no-wait"))
                return wrong(parser->ret_message, "--wait and --no-wait exclude one another");
        return 0;
}

static void apply_globals(const json_t *globals, Settings *settings) {
        const json_t *timeout = json_object_get(globals, "timeout");

        settings->json = json_is_true(json_object_get(globals, "json"));
        settings->no_wait = json_is_true(json_object_get(globals, "no-wait"));
        settings->quiet = json_is_true(json_object_get(globals, "quiet"));
        settings->no_legend = json_is_true(json_object_get(globals, "no-legend"));
        settings->full = json_is_true(json_object_get(globals, "full"));
        settings->no_ask_password = json_is_true(json_object_get(globals, "no-ask-password"));
        settings->help = json_is_true(json_object_get(globals, "help"));
        settings->version = json_is_true(json_object_get(globals, "version"));
        settings->timeout_usec = timeout ? (uint64_t)json_integer_value(timeout) : USEC_INFINITY;
}

static int check_command(Parser *parser) {
        if (!parser->noun)
                return wrong(parser->ret_message, "what to do is missing; `rhvctl --help` shows what there is");
        if (!parser->invocation->command)
                return wrong(parser->ret_message, "what to do with '%s' is missing; `rhvctl %s --help` shows what there is",
                             parser->noun, parser->noun);
        return 0;
}

int arguments_parse(int argc, char **argv, Settings *settings, Invocation *ret, char **ret_message) {
        _cleanup_json_ json_t *globals = json_object();
        Parser *parser;
        int r = 0;

        *settings = (Settings){ .timeout_usec = USEC_INFINITY };
        *ret = (Invocation){ .spec = json_object(), .call = json_object(), .local = json_object() };
        parser = calloc(1, sizeof *parser);
        if (!parser || !globals || !ret->spec || !ret->call || !ret->local) {
                free(parser);
                return -ENOMEM;
        }
        parser->argc = argc;
        parser->argv = argv;
        parser->settings = settings;
        parser->invocation = ret;
        parser->globals = globals;
        parser->ret_message = ret_message;

        for (parser->position = 1; parser->position < argc && r >= 0; parser->position++)
                r = parse_word(parser, argv[parser->position]);

        apply_globals(globals, settings);
        if (r >= 0 && !settings->help && !settings->version) {
                r = check_command(parser);
                if (r >= 0)
                        r = take_arguments(parser);
                if (r >= 0)
                        r = check_required(parser);
                if (r >= 0)
                        r = check_globals(parser);
        }
        /* `rhvctl vm --help` needs the noun only */
        if (r >= 0 && settings->help && !ret->command && parser->noun)
                r = json_object_set_new(ret->local, "noun", json_string(parser->noun)) < 0 ? -ENOMEM : 0;

        free(parser);
        return r;
}

void invocation_done(Invocation *invocation) {
        json_decref(invocation->spec);
        json_decref(invocation->call);
        json_decref(invocation->local);
        *invocation = (Invocation){ 0 };
}

const char *local_string(const Invocation *invocation, const char *key) {
        return json_string_value(json_object_get(invocation->local, key));
}

bool local_flag(const Invocation *invocation, const char *key) {
        return json_is_true(json_object_get(invocation->local, key));
}
