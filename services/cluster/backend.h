/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One of the other four services, seen from Cluster: is it there, what objects does it have, and a way to call it. Everything is
 * asynchronous; a service that hangs costs nobody else anything.
 *
 *     connecting ──> ready <──> (idle: it left by itself, the next call starts it)
 *         ^            │
 *         └── failed <─┘   tried again after BACKEND_RETRY_MIN_USEC, doubling to BACKEND_RETRY_MAX_USEC
 *
 * When it comes (again), all its objects are read before it counts as ready, so a restart on either side is the same as a
 * first start.
 */

#include "string-table.h"

/* Activation and a first listing; a service takes its name before it asks anybody, so this is long. */
#define BACKEND_CONNECT_USEC (25 * USEC_PER_SEC)
/* A call that only starts work or reads a model. */
#define BACKEND_CALL_USEC (30 * USEC_PER_SEC)
/* A call that is the work: a volume group is made, or a file system that does not answer is unmounted. A service that dies over it is heard of at once. */
#define BACKEND_WORK_USEC (600 * USEC_PER_SEC)
#define BACKEND_RETRY_MIN_USEC (1 * USEC_PER_SEC)
#define BACKEND_RETRY_MAX_USEC (30 * USEC_PER_SEC)

typedef enum BackendState {
        BACKEND_CONNECTING,
        BACKEND_READY,
        BACKEND_FAILED,
        _BACKEND_STATE_MAX,
        _BACKEND_STATE_INVALID = -EINVAL,
} BackendState;
DECLARE_STRING_TABLE(backend_state, BackendState);

typedef struct Backend Backend;

typedef struct BackendInfo {
        const char *service; /* "Compute" */
        /* A full listing begins: what is not told before listed() is gone. */
        void (*listing)(Backend *backend, void *userdata);
        /* Properties of an interface of an object: all, or those that changed. interface without "org.rhv.". */
        void (*object)(Backend *backend, const char *path, const char *interface, const json_t *properties,
                       void *userdata);
        void (*removed)(Backend *backend, const char *path, void *userdata);
        void (*listed)(Backend *backend, void *userdata);
        /* Its state or reason moved. */
        void (*state)(Backend *backend, void *userdata);
        /* True while it must be there: it is started again when its name is lost. */
        bool (*needed)(Backend *backend, void *userdata);
} BackendInfo;

/* bus, info: borrowed. Begins to connect from the loop. */
int backend_new(sd_bus *bus, const BackendInfo *info, void *userdata, Backend **ret);
Backend *backend_free(Backend *backend);
DEFINE_CLEANUP(Backend *, backend_free)

BackendState backend_state(const Backend *backend) _pure_;
const char *backend_reason(const Backend *backend) _pure_; /* "" when ready */
const char *backend_service(const Backend *backend) _pure_;
const char *backend_root(const Backend *backend) _pure_;
/* The service is ready; how its own backends are: the reason of the first that failed, or NULL. Borrowed. */
const char *backend_inner_failure(const Backend *backend);
/* One of them is still connecting: what the service has told so far is not all. */
bool backend_inner_pending(const Backend *backend) _pure_;
/* Return: 0, or a negative errno with BackendUnavailable set. */
int backend_check(const Backend *backend, sd_bus_error *error);
/* A person asks for another try now. */
void backend_retry(Backend *backend);
/* Reads everything again. */
void backend_relist(Backend *backend);
bool backend_is_present(const Backend *backend) _pure_;

/* A method call on path below the root ("" for the root itself). interface: "Compute.Vm". */
int backend_message(Backend *backend, const char *path, const char *interface, const char *member,
                    sd_bus_message **ret);
/* GetAll of one object's interface. */
int backend_properties(Backend *backend, const char *path, const char *interface, sd_bus_message **ret);
int backend_send(Backend *backend, sd_bus_message *message, sd_bus_message_handler_t done, void *userdata,
                 sd_bus_slot **slot);
/* The same with BACKEND_WORK_USEC: for a call that is the work itself. */
int backend_send_work(Backend *backend, sd_bus_message *message, sd_bus_message_handler_t done, void *userdata, sd_bus_slot **slot);
