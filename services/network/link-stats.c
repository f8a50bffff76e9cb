/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link-stats.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "clock-util.h"
#include "dict.h"
#include "parse-util.h"
#include "wish.h"

/* 120 bytes a line: some thousand devices. */
#define TABLE_BYTES_MAX (1 * MIB)

struct LinkStats {
        json_t *earlier;
        uint64_t earlier_usec; /* CLOCK_BOOTTIME */
};

/* ---- the table ---- */

/* "  eth0: 1 2 ..." with 16 numbers: 8 received, 8 sent. */
static int parse_line(const char *line, char ret_name[static NETWORK_NAME_MAX + 1], uint64_t ret[static 16]) {
        const char *colon = strchr(line, ':'), *start = line + strspn(line, " ");
        size_t length;

        if (!colon || colon < start)
                return -EINVAL;
        length = (size_t)(colon - start);
        if (length == 0 || length > NETWORK_NAME_MAX)
                return -EINVAL;
        memcpy(ret_name, start, length);
        ret_name[length] = 0;

        for (size_t i = 0, n; i < 16; i++, colon += n) {
                char number[24];

                colon += i == 0;
                colon += strspn(colon, " ");
                n = strcspn(colon, " ");
                if (n >= sizeof number)
                        return -EINVAL;
                memcpy(number, colon, n);
                number[n] = 0;
                if (parse_u64(number, &ret[i]) < 0 || ret[i] > INT64_MAX)
                        return -EINVAL;
        }
        return 0;
}

static json_t *pack_line(const uint64_t n[static 16]) {
        return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "rx_bytes", (json_int_t)n[0], "rx_packets", (json_int_t)n[1], "rx_errors",
                         (json_int_t)n[2], "rx_dropped", (json_int_t)n[3], "tx_bytes", (json_int_t)n[8], "tx_packets", (json_int_t)n[9], "tx_errors",
                         (json_int_t)n[10], "tx_dropped", (json_int_t)n[11]);
}

json_t *link_stats_parse(const char *text) {
        _cleanup_json_ json_t *stats = json_object();

        if (!stats)
                return NULL;
        while (*text) {
                size_t length = strcspn(text, "\n");
                char line[512], name[NETWORK_NAME_MAX + 1];
                uint64_t numbers[16];

                if (length < sizeof line) {
                        memcpy(line, text, length);
                        line[length] = 0;
                        if (parse_line(line, name, numbers) >= 0 && device_name_is_valid(name) && !streq(name, "lo") &&
                            json_object_set_new(stats, name, pack_line(numbers)) < 0)
                                return NULL;
                }
                text += length;
                text += *text == '\n';
        }
        return TAKE_PTR(stats);
}

/* NULL with errno set. */
static char *read_table(void) {
        _cleanup_free_ char *text = malloc(TABLE_BYTES_MAX + 1);
        _cleanup_close_ int fd = open(LINK_STATS_PATH, O_RDONLY | O_CLOEXEC);
        size_t size = 0;
        ssize_t n;

        if (!text || fd < 0)
                return NULL;
        while ((n = read(fd, text + size, TABLE_BYTES_MAX - size)) > 0)
                size += (size_t)n;
        if (n < 0)
                return NULL;
        text[size] = 0;
        return TAKE_PTR(text);
}

/* ---- rates ---- */

int link_stats_add_rates(json_t *sample, const json_t *earlier, uint64_t elapsed_usec) {
        static const char *const keys[][2] = { { "rx_bytes", "rx_rate" }, { "tx_bytes", "tx_rate" } };
        const char *name;
        json_t *now;

        json_object_foreach(sample, name, now) {
                const json_t *then = json_object_get(earlier, name);

                for (size_t i = 0; then && elapsed_usec > 0 && i < ELEMENTSOF(keys); i++) {
                        int64_t difference = dict_integer(now, keys[i][0], 0) - dict_integer(then, keys[i][0], 0);
                        double rate = (double)difference * (double)USEC_PER_SEC / (double)elapsed_usec;

                        if (difference >= 0 && json_object_set_new(now, keys[i][1], json_integer((json_int_t)rate)) < 0)
                                return -ENOMEM;
                }
        }
        return 0;
}

static int add_times(json_t *sample) {
        uint64_t usec = realtime_usec();
        const char *name;
        json_t *entry;

        json_object_foreach(sample, name, entry)
                if (json_object_set_new(entry, "sampled_at", json_integer((json_int_t)usec)) < 0)
                        return -ENOMEM;
        return 0;
}

int link_stats_read(LinkStats *stats, json_t **ret) {
        _cleanup_json_ json_t *sample = NULL, *bare = NULL;
        uint64_t usec = clock_usec(CLOCK_BOOTTIME);
        _cleanup_free_ char *text = NULL;

        text = read_table();
        if (!text)
                return -errno;
        sample = link_stats_parse(text);
        bare = sample ? json_deep_copy(sample) : NULL;
        if (!bare || add_times(sample) < 0)
                return -ENOMEM;
        if (stats->earlier && link_stats_add_rates(sample, stats->earlier, usec - stats->earlier_usec) < 0)
                return -ENOMEM;

        if (!stats->earlier || usec - stats->earlier_usec >= LINK_STATS_RATE_USEC) {
                json_decref(stats->earlier);
                stats->earlier = TAKE_PTR(bare);
                stats->earlier_usec = usec;
        }
        *ret = TAKE_PTR(sample);
        return 0;
}

int link_stats_new(LinkStats **ret) {
        *ret = calloc(1, sizeof **ret);
        return *ret ? 0 : -ENOMEM;
}

LinkStats *link_stats_free(LinkStats *stats) {
        if (!stats)
                return NULL;
        json_decref(stats->earlier);
        free(stats);
        return NULL;
}
