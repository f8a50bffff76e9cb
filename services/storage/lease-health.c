/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lease-health.h"

#include <inttypes.h>
#include <stdio.h>

#include "bus-error.h"
#include "parse-util.h"

/* One line: "timestamp=100 read_ms=13 write_ms=8 next_timeouts=0 next_errors=0". */
typedef struct Renewal {
        uint64_t timestamp_sec, took_usec, timeouts, errors;
} Renewal;

static int read_number(const char *line, const char *end, const char *key, uint64_t *ret) {
        const char *at = memmem(line, (size_t)(end - line), key, strlen(key));
        char digits[24];
        size_t n;

        if (!at)
                return -EBADMSG;
        at += strlen(key);
        n = strspn(at, "0123456789");
        if (n == 0 || n >= sizeof(digits) || at + n > end)
                return -EBADMSG;
        memcpy(digits, at, n);
        digits[n] = '\0';
        return parse_u64(digits, ret);
}

static int read_line(const char *line, const char *end, Renewal *ret) {
        uint64_t read_ms, write_ms;

        if (read_number(line, end, "timestamp=", &ret->timestamp_sec) < 0 || read_number(line, end, "read_ms=", &read_ms) < 0 ||
            read_number(line, end, "write_ms=", &write_ms) < 0 || read_number(line, end, "next_timeouts=", &ret->timeouts) < 0 ||
            read_number(line, end, "next_errors=", &ret->errors) < 0 || read_ms > UINT32_MAX || write_ms > UINT32_MAX)
                return -EBADMSG;
        ret->took_usec = (read_ms + write_ms) * USEC_PER_MSEC;
        return 0;
}

static int compare(const void *a, const void *b) {
        const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

static unsigned margin_used(const LeaseTimes *times, uint64_t gap_usec) {
        const uint64_t margin = times->expiry_usec - times->renewal_usec;

        if (gap_usec <= times->renewal_usec)
                return 0;
        gap_usec -= times->renewal_usec;
        return gap_usec >= margin ? 100 : (unsigned)(gap_usec * 100 / margin);
}

int lease_health_parse(const char *text, const LeaseTimes *times, LeaseHealth *ret, sd_bus_error *error) {
        _cleanup_free_ uint64_t *took = calloc(LEASE_RENEWALS_MAX, sizeof(*took));
        LeaseHealth health = {};
        Renewal before = {};

        if (!took)
                return -ENOMEM;
        for (const char *line = text; *line && health.renewals < LEASE_RENEWALS_MAX;) {
                const char *end = strchr(line, '\n') ?: line + strlen(line);
                Renewal renewal;

                if (read_line(line, end, &renewal) < 0 || renewal.timestamp_sec < before.timestamp_sec) {
                        sd_bus_error_set(error, RHV_ERROR_BACKEND_FAILED, "sanlock's history of renewals cannot be understood");
                        return -EBADMSG;
                }
                if (health.renewals > 0 && renewal.timestamp_sec - before.timestamp_sec < UINT32_MAX) {
                        const uint64_t gap = (renewal.timestamp_sec - before.timestamp_sec) * USEC_PER_SEC;

                        health.longest_gap_usec = gap > health.longest_gap_usec ? gap : health.longest_gap_usec;
                }
                took[health.renewals++] = renewal.took_usec;
                health.longest_usec = renewal.took_usec > health.longest_usec ? renewal.took_usec : health.longest_usec;
                health.timeouts += (unsigned)(renewal.timeouts & UINT16_MAX);
                health.errors += (unsigned)(renewal.errors & UINT16_MAX);
                before = renewal;
                line = *end ? end + 1 : end;
        }
        health.last_sec = before.timestamp_sec;
        if (health.renewals > 0) {
                qsort(took, health.renewals, sizeof(*took), compare);
                health.median_usec = took[health.renewals / 2];
        }
        health.margin_used_percent = margin_used(times, health.longest_gap_usec);
        *ret = health;
        return 0;
}

static int say(json_t *list, char *sentence) {
        _cleanup_free_ char *owned = sentence;

        return owned ? json_array_append_new(list, json_string(owned)) : -1;
}

static _printf_(1, 2) char *sentence(const char *format, ...) {
        va_list ap;
        char *text;
        int r;

        va_start(ap, format);
        r = vasprintf(&text, format, ap);
        va_end(ap);
        return r < 0 ? NULL : text;
}

json_t *lease_health_warnings(const LeaseHealth *health, const LeaseTimes *times, const IoQueue *queue, uint64_t now_sec) {
        const IoQueueVerdict verdict = queue ? io_queue_check(queue, times) : IO_QUEUE_UNKNOWN;
        const uint64_t silent_usec =
                        health->last_sec > 0 && now_sec > health->last_sec ? (now_sec - health->last_sec) * USEC_PER_SEC : 0;
        _cleanup_json_ json_t *list = json_array();
        int r = list ? 0 : -1;

        if (r == 0 && silent_usec >= times->warning_usec)
                r = say(list, sentence("The last renewal is %" PRIu64 " s ago; the leases of this host expire after %" PRIu64 " s",
                                       silent_usec / USEC_PER_SEC, times->expiry_usec / USEC_PER_SEC));
        if (r == 0 && health->margin_used_percent >= LEASE_MARGIN_WARNING_PERCENT)
                r = say(list, sentence("Two renewals were %" PRIu64 " s apart: %u %% of what they may be late was used; make the storage faster, "
                                       "or its io_timeout longer",
                                       health->longest_gap_usec / USEC_PER_SEC, health->margin_used_percent));
        if (r == 0 && health->timeouts > 0)
                r = say(list, sentence("%u tries to renew took longer than the io_timeout of %" PRIu64 " s", health->timeouts,
                                       times->io_timeout_usec / USEC_PER_SEC));
        if (r == 0 && health->errors > 0)
                r = say(list, sentence("%u tries to renew failed", health->errors));
        if (r == 0 && (verdict == IO_QUEUE_LATE || verdict == IO_QUEUE_OUTLIVES)) {
                _cleanup_free_ char *why = io_queue_reason(queue, times);

                r = why ? say(list, sentence("The mount does not fit the lease: %s", why)) : -1;
        }
        return r == 0 ? TAKE_PTR(list) : NULL;
}
