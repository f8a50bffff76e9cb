/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lease-clock.h"

#include <inttypes.h>
#include <stdio.h>

#include "parse-util.h"

LeaseTimes lease_times(unsigned io_timeout_sec) {
        const uint64_t t = io_timeout_sec * USEC_PER_SEC;
        const uint64_t watchdog = LEASE_WATCHDOG_SEC * USEC_PER_SEC;

        return (LeaseTimes){
                        .io_timeout_usec = t,
                        .renewal_usec = 2 * t,
                        .warning_usec = 6 * t,
                        .expiry_usec = 8 * t,
                        .kill_usec = 8 * t + LEASE_KILL_GRACE_SEC * USEC_PER_SEC,
                        .dead_usec = 8 * t + watchdog,
                        .watch_usec = 3 * t,
                        .join_free_usec = 5 * t,
                        .join_other_usec = 14 * t + watchdog,
                        .acquire_free_usec = 6 * t,
                        .acquire_failed_usec = 15 * t + watchdog,
                        .request_usec = 6 * t,
        };
}

json_t *lease_times_to_json(const LeaseTimes *times) {
        return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "io_timeout",
                         (json_int_t)times->io_timeout_usec, "renewal", (json_int_t)times->renewal_usec, "warning",
                         (json_int_t)times->warning_usec, "expiry", (json_int_t)times->expiry_usec, "kill",
                         (json_int_t)times->kill_usec, "dead", (json_int_t)times->dead_usec, "watch", (json_int_t)times->watch_usec, "join_free",
                         (json_int_t)times->join_free_usec, "join_other", (json_int_t)times->join_other_usec,
                         "acquire_free", (json_int_t)times->acquire_free_usec, "acquire_failed",
                         (json_int_t)times->acquire_failed_usec, "request", (json_int_t)times->request_usec);
}

/* ---- queues below us ---- */

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

IoQueue io_queue_of_mount(const char *type, const char *options) {
        uint64_t timeo, retrans;

        if (!streq(type, "nfs") && !streq(type, "nfs4"))
                return (IoQueue){};
        if (!option_find(options, "soft") && !option_find(options, "softerr"))
                return (IoQueue){ .endless = true };
        if (!option_number(options, "timeo", &timeo) || !option_number(options, "retrans", &retrans) || timeo > UINT32_MAX ||
            retrans > UINT32_MAX)
                return (IoQueue){};
        return (IoQueue){ .limit_usec = timeo * (USEC_PER_SEC / 10) * (retrans + 1) };
}

IoQueueVerdict io_queue_check(const IoQueue *queue, const LeaseTimes *times) {
        if (queue->endless || queue->limit_usec > times->expiry_usec)
                return IO_QUEUE_OUTLIVES;
        if (queue->limit_usec == 0)
                return IO_QUEUE_UNKNOWN;
        return queue->limit_usec > times->expiry_usec - times->renewal_usec ? IO_QUEUE_LATE : IO_QUEUE_GOOD;
}

char *io_queue_reason(const IoQueue *queue, const LeaseTimes *times) {
        char *text;
        int r;

        if (queue->endless)
                r = asprintf(&text, "its I/O is repeated for ever, but the lease expires after %" PRIu64 " s",
                             times->expiry_usec / USEC_PER_SEC);
        else
                r = asprintf(&text, "its I/O may be repeated for %" PRIu64 " s, but the lease expires after %" PRIu64 " s",
                             queue->limit_usec / USEC_PER_SEC, times->expiry_usec / USEC_PER_SEC);
        return r < 0 ? NULL : text;
}
