/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ip-text.h"

static void host_prefixes(void **state) {
        static const char *const good[] = { "10.0.0.5/24", "192.0.2.1/32", "192.0.2.0/31", "10.0.0.255/16" };
        static const char *const bad[] = { "", "10.0.0.5", "10.0.0.5/", "10.0.0.5/33", "10.0.0.5/-1", "10.0.0.5/+8", "10.0.0.5/ 8", "10.0.0.5/0",
                                           "10.0.0.0/24", "10.0.0.255/24", "127.0.0.1/8", "0.0.0.0/8", "224.0.0.1/4", "255.255.255.255/32", "10.0.0/24",
                                           "010.0.0.5/24", "10.0.0.5/24 ", "::1/64", "10.0.0.5/0024", "a/b", "/24" };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(ip4_host_prefix_is_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (ip4_host_prefix_is_valid(bad[i]))
                        fail_msg("%s", bad[i]);
        assert_false(ip4_host_prefix_is_valid(NULL));
        assert_true(ip6_host_prefix_is_valid("2001:db8::5/64"));
        assert_false(ip6_host_prefix_is_valid("fe80::1/64"));
        assert_false(ip6_host_prefix_is_valid("ff02::1/64"));
        assert_false(ip6_host_prefix_is_valid("::1/128"));
        assert_false(ip6_host_prefix_is_valid("2001:db8::5/129"));
        assert_false(ip6_host_prefix_is_valid("10.0.0.5/24"));
}

static void canonical(void **state) {
        char text[IP_TEXT_MAX];
        IpPrefix p;

        assert_int_equal(ip_prefix_parse("2001:0DB8:0:0::0005/64", AF_INET6, false, &p), 0);
        ip_prefix_format(&p, false, text);
        assert_string_equal(text, "2001:db8::5/64");
        ip_prefix_format(&p, true, text);
        assert_string_equal(text, "2001:db8::5");
}

static void covers(void **state) {
        IpPrefix a, b;

        assert_int_equal(ip_prefix_parse("10.0.1.5/23", AF_INET, false, &a), 0);
        assert_int_equal(ip_prefix_parse("10.0.0.1", AF_INET, true, &b), 0);
        assert_true(ip_prefix_covers(&a, &b));
        assert_int_equal(ip_prefix_parse("10.0.2.1", AF_INET, true, &b), 0);
        assert_false(ip_prefix_covers(&a, &b));
        assert_int_equal(ip_prefix_parse("::1", AF_INET6, true, &b), 0);
        assert_false(ip_prefix_covers(&a, &b));
}

static void link_local(void **state) {
        assert_true(ip_is_link_local("fe80::1/64"));
        assert_true(ip_is_link_local("169.254.3.4/16"));
        assert_false(ip_is_link_local("10.0.0.1/8"));
        assert_false(ip_is_link_local("nonsense"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(host_prefixes),
                cmocka_unit_test(canonical),
                cmocka_unit_test(covers),
                cmocka_unit_test(link_local),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
