/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dict.h"
#include "link-stats.h"

static const char table[] = "Inter-|   Receive                                                |  Transmit\n"
                            " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
                            "    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0\n"
                            "  eth0: 12345678901     20    3    4    5     6          7         8     9000      10   11   12   13    14      15         16\n"
                            "eth0.100:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
                            "  bad0: 1 2 3\n"
                            "  bad1: 1 2 x 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
                            "  bad2: 99999999999999999999999 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n";

static void parse(void **state) {
        _cleanup_json_ json_t *stats = link_stats_parse(table);
        const json_t *eth0 = json_object_get(stats, "eth0");

        assert_int_equal(json_object_size(stats), 2);
        assert_int_equal(dict_integer(eth0, "rx_bytes", 0), 12345678901);
        assert_int_equal(dict_integer(eth0, "rx_errors", 0), 3);
        assert_int_equal(dict_integer(eth0, "rx_dropped", 0), 4);
        assert_int_equal(dict_integer(eth0, "tx_bytes", 0), 9000);
        assert_int_equal(dict_integer(eth0, "tx_errors", 0), 11);
        assert_int_equal(dict_integer(eth0, "tx_dropped", 0), 12);
        assert_int_equal(dict_integer(json_object_get(stats, "eth0.100"), "tx_packets", 0), 10);
}

static void rates(void **state) {
        _cleanup_json_ json_t *then = json_pack("{s:{s:i, s:i}, s:{s:i, s:i}}", "a", "rx_bytes", 1000, "tx_bytes", 5000, "gone", "rx_bytes", 1, "tx_bytes", 1),
                              *now = json_pack("{s:{s:i, s:i}, s:{s:i, s:i}}", "a", "rx_bytes", 4000, "tx_bytes", 100, "new", "rx_bytes", 1, "tx_bytes", 1);

        assert_int_equal(link_stats_add_rates(now, then, 2 * USEC_PER_SEC), 0);
        assert_int_equal(dict_integer(json_object_get(now, "a"), "rx_rate", -1), 1500);
        assert_int_equal(dict_integer(json_object_get(now, "a"), "tx_rate", -1), -1); /* it went back: another device */
        assert_int_equal(dict_integer(json_object_get(now, "new"), "rx_rate", -1), -1);
        assert_int_equal(link_stats_add_rates(now, then, 0), 0);
}

static void real(void **state) {
        _cleanup_(link_stats_freep) LinkStats *stats = NULL;
        _cleanup_json_ json_t *sample = NULL;

        assert_int_equal(link_stats_new(&stats), 0);
        assert_int_equal(link_stats_read(stats, &sample), 0);
        assert_null(json_object_get(sample, "lo"));
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(parse), cmocka_unit_test(rates), cmocka_unit_test(real) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
