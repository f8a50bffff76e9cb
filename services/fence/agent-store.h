/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The metadata of the installed agents, kept while their programs stay the same.
 *
 * Asking an agent costs an interpreter's start (0.1 to 0.7 s each, 84 of them on Debian), so what it printed is remembered in memory and in
 * the cache directory, under the agent's name with its file's size and modification time. A changed program is asked again; a cache
 * that cannot be read or written only costs time.
 */

#include "macro.h"

typedef struct AgentStore AgentStore;

/* An agent that needs longer is broken; the slowest of Debian's takes 0.7 s on an idle machine. */
#define AGENT_METADATA_USEC (20 * USEC_PER_SEC)
/* So many agents are asked at a time; the rest waits. */
#define AGENT_LOADS_MAX 2U
#define AGENT_WAITERS_MAX 128U

/* metadata: borrowed, or NULL with error set (BackendFailed, Timeout, Aborted). */
typedef void (*agent_loaded_t)(const json_t *metadata, const sd_bus_error *error, void *userdata);

/* directory: of the agents; cache: NULL for none. Both copied. */
int agent_store_new(sd_event *event, const char *directory, const char *cache, AgentStore **ret);
/* Waiters hear Aborted. */
AgentStore *agent_store_free(AgentStore *store);
DEFINE_CLEANUP(AgentStore *, agent_store_free)

const char *agent_store_directory(const AgentStore *store) _pure_;

/* Whether the agent is installed, and its metadata if known. name: valid. Return: 1 with ret_metadata (borrowed, until the
 * loop turns); 0: ask with agent_store_load(); negative with NotFound set. */
int agent_store_peek(AgentStore *store, const char *name, const json_t **ret_metadata, sd_bus_error *error);

/* Asks the agent; done is called once, later, from the loop. Return: 0, or a negative errno with NotFound or LimitExceeded set. */
int agent_store_load(AgentStore *store, const char *name, agent_loaded_t done, void *userdata, sd_bus_error *error);

bool agent_store_is_busy(const AgentStore *store) _pure_;
/* The program of an agent (new string), or NULL when it is not there. */
char *agent_store_program(const AgentStore *store, const char *name);
