/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io-queue.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/param.h>

#include "parse-util.h"

/* The kernel's: a connection has three tries of 6 s at least, and three of 60 s where the server has nothing to say about it. */
#define NFS_CONNECTION_MIN_SEC 18U
#define NFS_CONNECTION_MAX_SEC 180U
/* Beyond these it is too long in any case: a day, in tenths of a second, and as many tries as nobody waits for. */
#define NFS_TIMEO_MAX 864000U
#define NFS_RETRANS_MAX 10000U

/* ---- a mount ---- */

/* "key" or "key=value" in a list separated by commas. Return: what follows the key, NULL where it is not there. */
static const char *option_find(const char *options, const char *key) {
        const size_t n = strlen(key);

        for (const char *p = options; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
                if (strncmp(p, key, n) == 0 && (p[n] == '\0' || p[n] == ',' || p[n] == '='))
                        return p + n;
        return NULL;
}

static bool option_number(const char *options, const char *key, uint64_t *ret) {
        const char *value = option_find(options, key);
        char digits[16];
        size_t n;

        if (!value || *value != '=')
                return false;
        n = strspn(value + 1, "0123456789");
        if (n == 0 || n >= sizeof(digits))
                return false;
        memcpy(digits, value + 1, n);
        digits[n] = '\0';
        return parse_u64(digits, ret) >= 0;
}

static bool option_is(const char *options, const char *key, const char *wanted) {
        const char *value = option_find(options, key);
        const size_t n = strlen(wanted);

        return value && *value == '=' && strncmp(value + 1, wanted, n) == 0;
}

IoQueue io_queue_of_mount(const char *type, const char *options, unsigned server_lease_sec) {
        const bool four = streq(type, "nfs4") || option_is(options, "vers", "4");
        uint64_t timeo, retrans, connection_sec = 0;

        if (!streq(type, "nfs") && !streq(type, "nfs4"))
                return (IoQueue){};
        if (!option_find(options, "soft") && !option_find(options, "softerr"))
                return (IoQueue){ .endless = true };
        if (!option_number(options, "timeo", &timeo) || !option_number(options, "retrans", &retrans) || option_is(options, "proto", "rdma") || (four && server_lease_sec == 0))
                return (IoQueue){};
        if (four)
                connection_sec = MIN(MAX(server_lease_sec, NFS_CONNECTION_MIN_SEC), NFS_CONNECTION_MAX_SEC);
        return (IoQueue){
                        .connection_usec = connection_sec * USEC_PER_SEC,
                        .request_usec = MIN(timeo, NFS_TIMEO_MAX) * (USEC_PER_SEC / 10) * (MIN(retrans, NFS_RETRANS_MAX) + 1),
        };
}

/* A line "device … mounted on <path> with fstype …", and lines that belong to it, which begin with a tab. */
unsigned nfs_lease_sec(const char *stats, const char *path) {
        const size_t length = strlen(path);
        bool here = false;

        for (const char *line = stats; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                const char *on, *lease;
                uint64_t seconds;

                if (startswith(line, "device ")) {
                        on = strstr(line, " mounted on ");
                        here = on && strncmp(on + strlen(" mounted on "), path, length) == 0 &&
                               startswith(on + strlen(" mounted on ") + length, " with fstype nfs");
                } else if (here && (lease = startswith(line, "\tnfsv4:\t")) && option_number(lease, "lease_time", &seconds))
                        return seconds <= UINT32_MAX ? (unsigned)seconds : 0;
        }
        return 0;
}

/* ---- against the clock ---- */

IoQueue io_queue_worse(const IoQueue *a, const IoQueue *b) {
        if (a->endless || b->endless)
                return a->endless ? *a : *b;
        if (a->request_usec == 0 || b->request_usec == 0)
                return a->request_usec == 0 ? *a : *b;
        return io_queue_limit_usec(a) >= io_queue_limit_usec(b) ? *a : *b;
}

uint64_t io_queue_limit_usec(const IoQueue *queue) {
        return queue->endless || queue->request_usec == 0 ? 0 : queue->connection_usec + queue->request_usec;
}

/* When the last of it has failed, after the last good renewal: what was sent by then is older than the first that went unanswered. */
static uint64_t last_usec(const IoQueue *queue, const LeaseTimes *times) {
        return MAX(queue->connection_usec > 0 ? times->renewal_usec + queue->connection_usec : 0, times->kill_usec) + queue->request_usec;
}

IoQueueVerdict io_queue_check(const IoQueue *queue, const LeaseTimes *times) {
        if (queue->endless)
                return IO_QUEUE_OUTLIVES;
        if (queue->request_usec == 0)
                return IO_QUEUE_UNKNOWN;
        if (!queue->waits && last_usec(queue, times) > times->dead_usec)
                return IO_QUEUE_OUTLIVES;
        return io_queue_limit_usec(queue) > times->expiry_usec - times->renewal_usec ? IO_QUEUE_LATE : IO_QUEUE_GOOD;
}

char *io_queue_reason(const IoQueue *queue, const LeaseTimes *times) {
        char *text;
        int r;

        if (queue->endless)
                r = asprintf(&text, "its I/O is repeated for ever, but the lease expires after %" PRIu64 " s",
                             times->expiry_usec / USEC_PER_SEC);
        else if (io_queue_check(queue, times) == IO_QUEUE_OUTLIVES)
                r = asprintf(&text,
                             "its I/O may reach the storage %" PRIu64 " s after the last renewal (%" PRIu64 " s until a silent connection is given up, which is the server's "
                             "lease time, and %" PRIu64 " s for a request), but another host may have the lease after %" PRIu64 " s",
                             last_usec(queue, times) / USEC_PER_SEC, queue->connection_usec / USEC_PER_SEC, queue->request_usec / USEC_PER_SEC,
                             times->dead_usec / USEC_PER_SEC);
        else
                r = asprintf(&text, "its I/O may be repeated for %" PRIu64 " s, but the lease expires after %" PRIu64 " s: a host that waits for so long may be reset by its watchdog",
                             io_queue_limit_usec(queue) / USEC_PER_SEC, times->expiry_usec / USEC_PER_SEC);
        return r < 0 ? NULL : text;
}
