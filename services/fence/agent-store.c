/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent-store.h"

#include <stdio.h>
#include <utlist.h>

#include "agent-list.h"
#include "agent-metadata.h"
#include "agent-outcome.h"
#include "bus-error.h"
#include "child.h"
#include "dict.h"
#include "log-ids.h"
#include "log.h"
#include "state-file.h"

#define CACHE_VERSION 1

typedef struct Waiter Waiter;
struct Waiter {
        agent_loaded_t done;
        void *userdata;
        Waiter *next, *prev;
};

typedef struct Agent Agent;
struct Agent {
        AgentStore *store;
        char *name;
        uint64_t mtime_nsec, size; /* of the program the metadata is of */
        json_t *metadata;
        uint64_t asked_mtime_nsec, asked_size; /* of the program being asked */
        Child *child;
        Waiter *waiters;
        Agent *next, *prev;
};

struct AgentStore {
        sd_event *event;
        char *directory, *cache;
        Agent *agents;
        size_t loads, waiters;
        sd_event_source *starter;
};

static int on_start(sd_event_source *source, void *userdata);

static void agent_answer(Agent *agent, const json_t *metadata, const sd_bus_error *error) {
        Waiter *waiters = agent->waiters, *waiter, *next;

        agent->waiters = NULL;
        DL_FOREACH_SAFE(waiters, waiter, next) {
                agent->store->waiters--;
                waiter->done(metadata, error, waiter->userdata);
                free(waiter);
        }
}

static void agent_free(Agent *agent) {
        child_free(agent->child);
        json_decref(agent->metadata);
        free(agent->name);
        free(agent);
}

int agent_store_new(sd_event *event, const char *directory, const char *cache, AgentStore **ret) {
        _cleanup_(agent_store_freep) AgentStore *store = calloc(1, sizeof(AgentStore));
        int r;

        if (!store)
                return -ENOMEM;
        store->event = sd_event_ref(event);
        store->directory = strdup(directory);
        store->cache = cache ? strdup(cache) : NULL;
        if (!store->directory || (cache && !store->cache))
                return -ENOMEM;
        r = sd_event_add_defer(event, &store->starter, on_start, store);
        if (r < 0)
                return r;
        (void) sd_event_source_set_enabled(store->starter, SD_EVENT_OFF);

        *ret = TAKE_PTR(store);
        return 0;
}

AgentStore *agent_store_free(AgentStore *store) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Agent *agent, *next;

        if (!store)
                return NULL;
        (void) sd_bus_error_set(&error, RHV_ERROR_ABORTED, "The service is ending");
        DL_FOREACH_SAFE(store->agents, agent, next) {
                agent_answer(agent, NULL, &error);
                agent_free(agent);
        }
        sd_event_source_disable_unref(store->starter);
        sd_event_unref(store->event);
        free(store->directory);
        free(store->cache);
        free(store);
        return NULL;
}

const char *agent_store_directory(const AgentStore *store) {
        return store->directory;
}

bool agent_store_is_busy(const AgentStore *store) {
        return store->waiters > 0;
}

char *agent_store_program(const AgentStore *store, const char *name) {
        struct stat st;
        char *path;

        return agent_find(store->directory, name, &path, &st) < 0 ? NULL : path;
}

static uint64_t mtime_nsec(const struct stat *st) {
        return (uint64_t)st->st_mtim.tv_sec * 1000000000U + (uint64_t)st->st_mtim.tv_nsec;
}

static Agent *find_or_add(AgentStore *store, const char *name) {
        Agent *agent;

        DL_FOREACH(store->agents, agent) {
                if (streq(agent->name, name))
                        return agent;
        }
        agent = calloc(1, sizeof(Agent));
        if (!agent)
                return NULL;
        agent->store = store;
        agent->name = strdup(name);
        if (!agent->name) {
                free(agent);
                return NULL;
        }
        DL_APPEND(store->agents, agent);
        return agent;
}

/* ---- the cache on disk: what the agent printed, so that a newer version of this service reads it anew ---- */

static char *cache_path(const Agent *agent) {
        char *path;

        if (!agent->store->cache || asprintf(&path, "%s/%s.json", agent->store->cache, agent->name) < 0)
                return NULL;
        return path;
}

static void cache_save(const Agent *agent, const char *bytes, size_t size) {
        _cleanup_free_ char *path = cache_path(agent);
        _cleanup_json_ json_t *object = NULL;
        int r;

        if (!path)
                return;
        object = json_pack("{s:I, s:I, s:s%}", "mtime_nsec", (json_int_t)agent->mtime_nsec, "size", (json_int_t)agent->size,
                           "metadata", bytes, size);
        r = object ? make_directory(agent->store->cache, 0700) : -EINVAL;
        if (r >= 0)
                r = state_file_save(path, object, CACHE_VERSION);
        if (r < 0)
                log_debug_errno(r, "Cannot cache the metadata of %s", agent->name);
}

static json_t *cache_load(const Agent *agent, const struct stat *st) {
        _cleanup_free_ char *path = cache_path(agent);
        _cleanup_json_ json_t *object = NULL;
        json_t *metadata = NULL;
        const json_t *text;

        if (!path || state_file_load(path, CACHE_VERSION, &object) < 0)
                return NULL;
        text = json_object_get(object, "metadata");
        if (!json_is_string(text) || dict_integer(object, "mtime_nsec", -1) != (int64_t)mtime_nsec(st) ||
            dict_integer(object, "size", -1) != st->st_size)
                return NULL;
        return agent_metadata_parse(json_string_value(text), json_string_length(text), &metadata) < 0 ? NULL : metadata;
}

int agent_store_peek(AgentStore *store, const char *name, const json_t **ret_metadata, sd_bus_error *error) {
        _cleanup_free_ char *path = NULL;
        struct stat st;
        Agent *agent;
        int r;

        r = agent_find(store->directory, name, &path, &st);
        if (r < 0)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND,
                                         "The fence agent %s is not installed; ListAgents lists those that are", name);
        agent = find_or_add(store, name);
        if (!agent)
                return -ENOMEM;
        if (agent->metadata && (agent->mtime_nsec != mtime_nsec(&st) || agent->size != (uint64_t)st.st_size)) {
                json_decref(agent->metadata);
                agent->metadata = NULL;
        }
        if (!agent->metadata) {
                agent->metadata = cache_load(agent, &st);
                agent->mtime_nsec = mtime_nsec(&st);
                agent->size = (uint64_t)st.st_size;
        }

        *ret_metadata = agent->metadata;
        return agent->metadata ? 1 : 0;
}

/* ---- asking an agent ---- */

static void start_next(AgentStore *store);

static int read_answer(Agent *agent, const ChildResult *result, sd_bus_error *error) {
        _cleanup_free_ char *complaint = NULL;
        json_t *metadata;
        int r;

        if (result->r < 0 || result->term_signal)
                return child_result_error(result, agent->name, error);
        if (result->exit_status != 0) {
                complaint = agent_complaint(result->err);
                return sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "%s does not describe itself: %s", agent->name,
                                         isempty(complaint) ? "it gives no reason" : complaint);
        }
        r = agent_metadata_parse(result->out, result->out_size, &metadata);
        if (r < 0)
                return sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "%s does not describe itself: %s", agent->name,
                                         r == -E2BIG ? "its metadata is too large" : "what it prints is no agent metadata");

        json_decref(agent->metadata);
        agent->metadata = metadata;
        agent->mtime_nsec = agent->asked_mtime_nsec;
        agent->size = agent->asked_size;
        cache_save(agent, result->out, result->out_size);
        return 0;
}

static void on_metadata(Child *child, const ChildResult *result, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Agent *agent = userdata;
        AgentStore *store = agent->store;

        agent->child = NULL;
        store->loads--;
        if (read_answer(agent, result, &error) < 0) {
                log_full(LOG_WARNING, MESSAGE_ID_FENCE_AGENT_BROKEN, LOG_FIELDS("RHV_AGENT", agent->name),
                         "Fence agent %s cannot be used: %s", agent->name, error.message ?: "it gives no metadata");
                if (!sd_bus_error_is_set(&error))
                        (void) sd_bus_error_setf(&error, RHV_ERROR_BACKEND_FAILED, "%s gives no metadata", agent->name);
                agent_answer(agent, NULL, &error);
        } else
                agent_answer(agent, agent->metadata, NULL);
        start_next(store);
}

static int ask(Agent *agent) {
        _cleanup_free_ char *path = NULL;
        struct stat st;
        ChildSpec spec;
        int r;

        r = agent_find(agent->store->directory, agent->name, &path, &st);
        if (r < 0)
                return r;
        spec = (ChildSpec){
                .argv = (const char *const[]){ path, "-o", "metadata", NULL },
                .deadline_usec = AGENT_METADATA_USEC,
                .output_max = AGENT_METADATA_BYTES_MAX,
                .done = on_metadata,
                .userdata = agent,
        };
        agent->asked_mtime_nsec = mtime_nsec(&st);
        agent->asked_size = (uint64_t)st.st_size;
        r = child_start(agent->store->event, &spec, &agent->child);
        if (r < 0)
                return r;
        agent->store->loads++;
        return 0;
}

static void start_next(AgentStore *store) {
        Agent *agent, *next;

        DL_FOREACH_SAFE(store->agents, agent, next) {
                int r;

                if (store->loads >= AGENT_LOADS_MAX)
                        return;
                if (!agent->waiters || agent->child)
                        continue;
                r = ask(agent);
                if (r < 0) {
                        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                        (void) bus_error_errno(&error, r, "Cannot ask %s for its parameters", agent->name);
                        agent_answer(agent, NULL, &error);
                }
        }
}

/* Starting from the loop's next turn keeps the promise that done is never called from inside agent_store_load(). */
static int on_start(sd_event_source *source, void *userdata) {
        start_next(userdata);
        return 0;
}

int agent_store_load(AgentStore *store, const char *name, agent_loaded_t done, void *userdata, sd_bus_error *error) {
        Waiter *waiter;
        Agent *agent;
        int r;

        if (store->waiters >= AGENT_WAITERS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u calls wait for the metadata of agents already",
                                         AGENT_WAITERS_MAX);
        agent = find_or_add(store, name);
        waiter = agent ? calloc(1, sizeof(Waiter)) : NULL;
        if (!waiter)
                return -ENOMEM;
        r = sd_event_source_set_enabled(store->starter, SD_EVENT_ONESHOT);
        if (r < 0) {
                free(waiter);
                return r;
        }

        waiter->done = done;
        waiter->userdata = userdata;
        DL_APPEND(agent->waiters, waiter);
        store->waiters++;
        return 0;
}
