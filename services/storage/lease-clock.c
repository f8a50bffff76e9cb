/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lease-clock.h"

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
