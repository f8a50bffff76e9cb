/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One changing call, from message to reply: read, check, authorise, commit, answer. A handler goes
 *
 *     request_read() → unless it is a replay: its plan → request_authorise() → request_commit() → reply
 *
 * and everything before request_commit() is free of side effects, because it runs again after polkit's answer.
 */

#include "dict.h"
#include "manager.h"
#include "operation.h"

typedef struct Request {
        Manager *manager;
        sd_bus_message *message; /* borrowed: lives as long as the handler */
        json_t *options;         /* checked */
        char *text;              /* canonical: what is asked of what */
        char id[37];             /* request id; "" for none */
        char job_id[37];         /* given, or new */
        uid_t uid;
        char user[64];
        bool unrecorded;         /* set before request_read(): it changes nothing in the store, which may be read-only */
        bool replay;             /* committed before: outcome is what was answered then */
        json_t *outcome;
} Request;

void request_done(Request *request);
#define _cleanup_request_ _cleanup_(request_done)

/* The options every changing method knows; others list them with OPTIONS_COMMON. */
extern const DictField options_common[];
#define OPTIONS_COMMON                                                                                             \
        { "request_id", DICT_STRING, .valid = uuid_is_valid, .expected = "a UUID in lower-case" },                 \
        { "job_id", DICT_STRING, .valid = uuid_is_valid, .expected = "a UUID in lower-case" }

/* Begins: reads a{sv} options against fields, the caller, and whether this was answered before. arguments: what was read already
 * (borrowed, may be NULL); path: the object asked. Return: 0 or a negative errno with an error set. */
int request_read(Request *request, Manager *manager, sd_bus_message *message, const json_t *arguments,
                 const DictField *fields, sd_bus_error *error);
/* Return: 1 go on, 0 return 1 from the handler, negative: refused (and noted in the journal). object: may be NULL. */
int request_authorise(Request *request, const char *action, const char *verb, const Object *object, const char *name,
                      sd_bus_error *error);
Actor request_actor(const Request *request);
Plan request_plan(const Request *request, Actor *actor);
/* Commits, takes the outcome, and puts every change signal on the bus before the reply can be. with_job: the outcome gains "job". */
int request_commit(Request *request, Change *change, bool with_job, sd_bus_error *error);
/* "o" of the outcome's "object", "o" of its "job", or both, as types says ("o", "j", "oj", ""). */
int request_reply(const Request *request, const char *types);

/*
 * A request that is authorised and waits for another service's answer before it can be committed: what of it is needed then. First
 * pending_keep(), then the other service is asked, then pending_park(): a call that was parked has its answer from here and from nowhere else.
 */
typedef struct PendingRequest {
        Manager *manager;
        Operation *operation;
        char *text, id[37], job_id[37], user[64]; /* as of the Request */
        uid_t uid;
} PendingRequest;
void pending_keep(PendingRequest *pending, Request *request);
int pending_park(PendingRequest *pending, sd_bus_message *message);
void pending_done(PendingRequest *pending);
Plan pending_plan(const PendingRequest *pending, Actor *actor);
/* As request_commit(), without a job and without an answer. ret_outcome: new. */
int pending_commit(PendingRequest *pending, Change *change, json_t **ret_outcome, sd_bus_error *error);
/* "o" of the outcome's "object"; every change signal is on the bus before it. */
void pending_answer(PendingRequest *pending, const json_t *outcome);
/* The same with "o" of its "job" behind. */
void pending_answer_job(PendingRequest *pending, const json_t *outcome);
/* "o" of the "job" alone. */
void pending_answer_only_job(PendingRequest *pending, const json_t *outcome);
/* Was it committed while it waited, by the same request made again? Return: 1 with the outcome, new; 0; or negative with an error set. */
int pending_replay(PendingRequest *pending, json_t **ret_outcome, sd_bus_error *error);
/* The same where the method has no answer. */
void pending_answer_empty(PendingRequest *pending);
void pending_fail(PendingRequest *pending, int r, const sd_bus_error *error);

/* name of uid, asked of NSS once; "uid N" where it has none. */
void user_name(uid_t uid, char *ret, size_t size);

/*
 * The start of a job's work for a request: job first, so that it is on disk before anything began, then the commit, then the
 * call. On failure the job is taken back and nothing is changed. ret_job: NULL when this was a replay and the reply can be sent.
 * arguments: taken; gains "kind", "id" of the object and "request". kind: in remote_kinds.
 */
int request_begin_job(Request *request, const char *kind, Object *object, json_t *arguments, Change *change,
                      Job **ret_job, sd_bus_error *error);
/* The same for a request that waited. arguments: borrowed. ret_job: NULL when the job is there already. ret_outcome: new. */
int pending_begin_job(PendingRequest *pending, const char *kind, Object *object, json_t *arguments, Change *change, Job **ret_job,
                      json_t **ret_outcome, sd_bus_error *error);
