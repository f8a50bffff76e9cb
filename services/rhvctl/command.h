/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What rhvctl can do, as tables: noun, verb, arguments, options → function.
 *
 * A parameter (argument or option) says what it takes, how that becomes a value, and where the value goes: into the
 * description of an object, into the options of the call, or to rhvctl itself. So most commands need no code of their own.
 */

#include "macro.h"

typedef struct Client Client;
typedef struct Command Command;
typedef struct Kind Kind;
typedef struct Parameter Parameter;

typedef enum ParameterType {
        PARAMETER_TEXT,
        PARAMETER_FLAG,     /* options only: given or not */
        PARAMETER_SWITCH,   /* "on" or "off" */
        PARAMETER_COUNT,    /* a whole number */
        PARAMETER_SIZE,     /* "10G" → bytes */
        PARAMETER_DURATION, /* "30s" → microseconds */
        PARAMETER_WORD,     /* one of words */
        PARAMETER_LIST,     /* "a,b" or given again → array of strings */
        PARAMETER_MAP,      /* "key=value", given again → object of strings */
        PARAMETER_RECORD,   /* "value,key=value": fields[0] first → array of objects, one for each time it is given */
} ParameterType;

typedef enum ParameterPlace {
        PLACE_LOCAL, /* for rhvctl */
        PLACE_SPEC,  /* description of an object */
        PLACE_CALL,  /* options of the call */
} ParameterPlace;

typedef enum ParameterFlags {
        PARAMETER_OPTIONAL = 1 << 0, /* arguments are required unless they say so; options are optional unless … */
        PARAMETER_REQUIRED = 1 << 1,
        PARAMETER_MANY = 1 << 2,     /* the last argument: any number, becomes an array */
} ParameterFlags;

/* What completion offers. */
typedef enum CompletionSource {
        COMPLETE_NOTHING,
        COMPLETE_FILE,
        COMPLETE_DIRECTORY,
        COMPLETE_DATA_CENTER,
        COMPLETE_CLUSTER,
        COMPLETE_HOST,
        COMPLETE_NETWORK,
        COMPLETE_DOMAIN,
        COMPLETE_DISK,
        COMPLETE_VM,
        COMPLETE_SNAPSHOT,
        COMPLETE_TEMPLATE,
        COMPLETE_MAC_POOL,
        COMPLETE_VNIC_PROFILE,
        COMPLETE_PEER,
        COMPLETE_JOB,
        COMPLETE_AGENT,
        COMPLETE_WORDS, /* words of the parameter */
        COMPLETE_DONE,  /* only in results: the candidates are complete */
} CompletionSource;

struct Parameter {
        const char *name;        /* argument: "VM"; option: "memory" (typed as --memory); NULL ends a table */
        const char *placeholder; /* options: what follows, "SIZE" */
        ParameterType type;
        ParameterPlace place;
        const char *key;         /* the value's key; NULL: name */
        unsigned flags;          /* ParameterFlags */
        CompletionSource complete;
        const char *const *words;
        const Parameter *fields;
        const char *help;
};

/* In place of a noun: asks for help about what follows. */
#define WORD_HELP "help"

/* What the user typed, understood. */
typedef struct Invocation {
        const Command *command;
        json_t *spec, *call, *local; /* never NULL after a successful parse */
} Invocation;

typedef enum CommandFlags {
        COMMAND_CHANGES = 1 << 0, /* may need authorisation: polkit may ask on this terminal */
        COMMAND_FD = 1 << 1,      /* passes a file descriptor, which cannot cross -H */
        COMMAND_NO_BUS = 1 << 2,
} CommandFlags;

struct Command {
        const char *noun; /* NULL ends a table */
        const char *verb; /* NULL: the noun is all */
        const char *help; /* one line, begins in capitals, no full stop */
        const Parameter *arguments, *options; /* may be NULL */
        /* Return: 0, or negative after the one line of error has been printed. */
        int (*run)(Client *client, const Invocation *invocation);
        unsigned flags; /* CommandFlags */
        /* for the runners of object.h */
        const Kind *kind;
        const char *method;
        const char *shape;  /* the method's inputs: 's' second argument, 'p' spec, 'c' options of the call */
        const char *doing, *done; /* "Starting", "started" */
};

/* Tables of commands, ended by NULL; each ended by a NULL noun. */
extern const Command *const command_tables[];

/* The first command of noun, or NULL. */
const Command *command_find_noun(const char *noun);
/* verb NULL matches a command without verb. */
const Command *command_find(const char *noun, const char *verb);
/* Nouns, or verbs of a noun, NULL-terminated: new array of borrowed words, NULL when out of memory. */
const char **command_nouns(void);
const char **command_verbs(const char *noun);

/* "rhvctl vm start VM [--host HOST] …". Return: new string, NULL when out of memory. */
char *command_usage(const Command *command);
/* Usage, what it does, its options. NULL: all commands. Return: new string, NULL when out of memory. */
char *command_help(const Command *command);
char *noun_help(const char *noun);

/* The options every command takes. */
extern const Parameter global_options[];
/* Their short form, "-H", or NULL. */
const char *global_option_letter(const char *name);
