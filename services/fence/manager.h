/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* All of Fence: the agents, the calls not yet accepted, the runs. One thread, the loop's. */

#include "agent-store.h"
#include "daemon.h"
#include "macro.h"

/* So many agents act at a time, on different devices; each costs an interpreter. */
#define FENCE_ACTIVE_MAX 16U
/* So many runs wait for one device before a caller hears Busy. */
#define FENCE_QUEUE_MAX 8U
/* Calls whose agent or secrets are still being read. */
#define FENCE_INTAKE_MAX 64U

#define FENCE_PATH "/org/rhv/Fence"
#define FENCE_INTERFACE "org.rhv.Fence"

typedef struct FenceRun FenceRun;
typedef struct Intake Intake;

typedef struct Manager {
        Daemon *daemon; /* borrowed */
        AgentStore *agents;
        FenceRun *runs;    /* in order of arrival, waiting and active */
        size_t active;
        Intake *intakes;
        size_t n_intakes;
        bool agents_there; /* the agents' directory holds at least one */
        bool stopping;
} Manager;

/* agent_directory, cache_directory (may be NULL): copied. */
int manager_new(Daemon *daemon, const char *agent_directory, const char *cache_directory, Manager **ret);
Manager *manager_free(Manager *manager);
DEFINE_CLEANUP(Manager *, manager_free)
bool manager_is_idle(const Manager *manager) _pure_;

/* The installed agents (new array); also brings the state of the backend up to date. */
int manager_list_agents(Manager *manager, json_t **ret);

extern const BusObject fence_bus_objects[];
