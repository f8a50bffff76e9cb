/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Everything about pieces and lanes is decided on the loop; a thread only takes one piece, runs it, and posts it back. There is no
 * shared queue: the loop hands each idle thread its piece, so the one lock of the project stays in the mailbox.
 *
 *   queued ──> running ──> posted back ──> done() + destroy()
 *      │          └─ deadline ─> done(-ETIMEDOUT); the piece stays with the thread ──> returned at last ──> destroy()
 *      └─ deadline ─> done(-ETIMEDOUT) + destroy()
 */

#include "work.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <utlist.h>

#include "log-ids.h"
#include "log.h"

typedef struct Piece Piece;
typedef struct Worker Worker;

struct Piece {
        WorkPool *pool;
        WorkSpec spec;
        int r;
        bool written_off;
        Worker *worker; /* NULL while queued */
        sd_event_source *deadline;
        Piece *prev, *next;
};

struct Worker {
        WorkPool *pool;
        sem_t wake;
        Piece *piece; /* set by the loop before wake; NULL with wake: end */
        Worker *prev, *next;
};

struct WorkPool {
        sd_event *event;
        Mailbox *mailbox;
        unsigned threads, ceiling;
        unsigned alive, stuck;
        Worker *idle;
        Piece *queued, *running;
        size_t queued_count, running_count;
        atomic_uint references; /* the owner and each living thread: the last one frees */
        atomic_bool closed;     /* the owner is gone: nobody reads the mailbox */
};

static void pool_unref(WorkPool *pool) {
        if (atomic_fetch_sub(&pool->references, 1) > 1)
                return;
        mailbox_free(pool->mailbox);
        free(pool);
}

static void piece_free(Piece *piece) {
        sd_event_source_disable_unref(piece->deadline);
        if (piece->spec.destroy)
                piece->spec.destroy(piece->spec.argument);
        free(piece);
}

static void dispatch(WorkPool *pool);

/* On the loop: a thread brought a piece back. */
static void on_returned(void *argument) {
        Piece *piece = argument;
        WorkPool *pool = piece->pool;
        Worker *worker = piece->worker;

        DL_DELETE(pool->running, piece);
        pool->running_count--;
        DL_APPEND(pool->idle, worker);
        if (piece->written_off) {
                pool->stuck--;
                log_info("A call of '%s' that had been given up returned", piece->spec.name);
        } else if (piece->spec.done)
                piece->spec.done(piece->spec.argument, piece->r, piece->spec.userdata);

        piece_free(piece);
        dispatch(pool);
}

/* After the owner left, the sources of the piece are gone with it and only memory is left to free. */
static void piece_abandon(void *argument) {
        Piece *piece = argument;

        if (!atomic_load(&piece->pool->closed))
                return; /* no memory to post it: its thread counts as stuck */
        if (piece->spec.destroy)
                piece->spec.destroy(piece->spec.argument);
        free(piece);
}

static void *worker_main(void *argument) {
        Worker *worker = argument;
        WorkPool *pool = worker->pool;

        for (;;) {
                Piece *piece;

                while (sem_wait(&worker->wake) < 0)
                        ;
                piece = worker->piece;
                worker->piece = NULL;
                if (!piece)
                        break;

                piece->r = piece->spec.run(piece->spec.argument);

                if (atomic_load(&pool->closed)) {
                        piece_abandon(piece);
                        break;
                }
                (void) mailbox_post(pool->mailbox, on_returned, piece_abandon, piece);
        }

        (void) sem_destroy(&worker->wake);
        free(worker);
        pool_unref(pool);
        return NULL;
}

static int worker_new(WorkPool *pool) {
        sigset_t all, saved;
        pthread_attr_t attributes;
        pthread_t thread;
        Worker *worker;
        int r;

        worker = calloc(1, sizeof *worker);
        if (!worker)
                return -ENOMEM;
        worker->pool = pool;
        (void) sem_init(&worker->wake, 0, 0);

        (void) sigfillset(&all);
        (void) pthread_sigmask(SIG_SETMASK, &all, &saved);
        (void) pthread_attr_init(&attributes);
        (void) pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        atomic_fetch_add(&pool->references, 1);
        r = -pthread_create(&thread, &attributes, worker_main, worker);
        (void) pthread_attr_destroy(&attributes);
        (void) pthread_sigmask(SIG_SETMASK, &saved, NULL);
        if (r < 0) {
                atomic_fetch_sub(&pool->references, 1);
                (void) sem_destroy(&worker->wake);
                free(worker);
                return r;
        }

        pool->alive++;
        DL_APPEND(pool->idle, worker);
        return 0;
}

static bool lane_is_busy(const WorkPool *pool, uint64_t lane) {
        const Piece *piece;

        if (lane == 0)
                return false;
        DL_FOREACH(pool->running, piece)
                if (piece->spec.lane == lane && !piece->written_off)
                        return true;
        return false;
}

static void dispatch(WorkPool *pool) {
        Piece *piece, *next;

        DL_FOREACH_SAFE(pool->queued, piece, next) {
                Worker *worker;

                if (pool->running_count - pool->stuck >= pool->threads)
                        return;
                if (lane_is_busy(pool, piece->spec.lane))
                        continue;
                if (!pool->idle && (pool->alive >= pool->ceiling || worker_new(pool) < 0))
                        return;

                worker = pool->idle;
                DL_DELETE(pool->idle, worker);
                DL_DELETE(pool->queued, piece);
                pool->queued_count--;
                DL_APPEND(pool->running, piece);
                pool->running_count++;
                piece->worker = worker;
                worker->piece = piece;
                (void) sem_post(&worker->wake);
        }
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        Piece *piece = userdata;
        WorkPool *pool = piece->pool;

        log_full(LOG_WARNING, piece->worker ? MESSAGE_ID_CALL_STUCK : NULL, LOG_FIELDS("RHV_CALL", piece->spec.name),
                 "A call of '%s' %s in time", piece->spec.name, piece->worker ? "did not return" : "got no turn");
        if (!piece->worker) {
                DL_DELETE(pool->queued, piece);
                pool->queued_count--;
                if (piece->spec.done)
                        piece->spec.done(NULL, -ETIMEDOUT, piece->spec.userdata);
                piece_free(piece);
                return 0;
        }

        piece->written_off = true;
        pool->stuck++;
        if (piece->spec.done)
                piece->spec.done(NULL, -ETIMEDOUT, piece->spec.userdata);
        dispatch(pool);
        return 0;
}

int work_pool_new(sd_event *event, unsigned threads, unsigned ceiling, WorkPool **ret) {
        WorkPool *pool;
        int r;

        pool = calloc(1, sizeof *pool);
        if (!pool)
                return -ENOMEM;
        pool->threads = threads;
        pool->ceiling = ceiling;
        atomic_init(&pool->references, 1);
        atomic_init(&pool->closed, false);
        pool->event = sd_event_ref(event);

        r = mailbox_new(event, &pool->mailbox);
        if (r < 0) {
                sd_event_unref(pool->event);
                free(pool);
                return r;
        }

        *ret = pool;
        return 0;
}

WorkPool *work_pool_free(WorkPool *pool) {
        Piece *piece, *next;
        Worker *worker, *next_worker;

        if (!pool)
                return NULL;

        DL_FOREACH_SAFE(pool->queued, piece, next)
                piece_free(piece);
        /* Every thread ends at its next wait, or after its piece when it sees `closed`; until that is set none frees a piece. */
        DL_FOREACH(pool->running, piece) {
                piece->deadline = sd_event_source_disable_unref(piece->deadline);
                (void) sem_post(&piece->worker->wake);
        }
        DL_FOREACH_SAFE(pool->idle, worker, next_worker)
                (void) sem_post(&worker->wake);
        atomic_store(&pool->closed, true);
        /* Threads may just be posting: the last one takes the mailbox with it. */
        mailbox_detach(pool->mailbox);
        sd_event_unref(pool->event);
        pool_unref(pool);
        return NULL;
}

int work_submit(WorkPool *pool, const WorkSpec *spec) {
        Piece *piece;
        int r;

        if (pool->queued_count >= WORK_QUEUE_MAX || pool->stuck >= pool->ceiling) {
                if (spec->destroy)
                        spec->destroy(spec->argument);
                return -EAGAIN;
        }

        piece = calloc(1, sizeof *piece);
        if (!piece) {
                if (spec->destroy)
                        spec->destroy(spec->argument);
                return -ENOMEM;
        }
        piece->pool = pool;
        piece->spec = *spec;
        r = sd_event_add_time_relative(pool->event, &piece->deadline, CLOCK_MONOTONIC,
                                       spec->deadline_usec ?: WORK_DEADLINE_USEC, 0, on_deadline, piece);
        if (r < 0) {
                piece_free(piece);
                return r;
        }
        (void) sd_event_source_set_description(piece->deadline, spec->name);

        DL_APPEND(pool->queued, piece);
        pool->queued_count++;
        dispatch(pool);
        return 0;
}

size_t work_pool_pending(const WorkPool *pool) {
        return pool->queued_count + pool->running_count - pool->stuck;
}
