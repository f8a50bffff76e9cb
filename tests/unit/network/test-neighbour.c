/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "neighbour.h"

static const uint8_t gateway[16] = { 10, 0, 0, 1 };

/* Appends one entry of the kernel's table. Return: the new size. */
static size_t add_entry(uint8_t *buffer, size_t size, int ifindex, uint8_t last, uint16_t state) {
        struct nlmsghdr header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ndmsg)) + RTA_LENGTH(4), .nlmsg_type = RTM_NEWNEIGH };
        struct ndmsg entry = { .ndm_family = AF_INET, .ndm_ifindex = ifindex, .ndm_state = state };
        struct rtattr attribute = { .rta_len = RTA_LENGTH(4), .rta_type = NDA_DST };
        uint8_t address[4] = { 10, 0, 0, last };

        memcpy(buffer + size, &header, sizeof header);
        memcpy(buffer + size + NLMSG_LENGTH(0), &entry, sizeof entry);
        memcpy(buffer + size + NLMSG_LENGTH(sizeof entry), &attribute, sizeof attribute);
        memcpy(buffer + size + NLMSG_LENGTH(sizeof entry) + RTA_LENGTH(0), address, 4);
        return size + NLMSG_ALIGN(header.nlmsg_len);
}

static size_t add_done(uint8_t *buffer, size_t size) {
        struct nlmsghdr header = { .nlmsg_len = NLMSG_LENGTH(4), .nlmsg_type = NLMSG_DONE };

        memcpy(buffer + size, &header, sizeof header);
        return size + NLMSG_ALIGN(header.nlmsg_len);
}

static void found(void **state) {
        uint8_t buffer[512] = { 0 };
        NeighbourState s = NEIGHBOUR_UNKNOWN;
        size_t n = add_entry(buffer, 0, 2, 9, NUD_FAILED);

        n = add_entry(buffer, n, 3, 1, NUD_FAILED); /* another device */
        n = add_entry(buffer, n, 2, 1, NUD_STALE);
        n = add_done(buffer, n);
        assert_int_equal(neighbour_parse(buffer, n, 2, AF_INET, gateway, &s), 1);
        assert_int_equal(s, NEIGHBOUR_PRESENT);
        assert_int_equal(neighbour_parse(buffer, n, 3, AF_INET, gateway, &s), 1);
        assert_int_equal(s, NEIGHBOUR_ABSENT);
        assert_int_equal(neighbour_parse(buffer, n, 4, AF_INET, gateway, &s), 2);
}

static void unanswered(void **state) {
        uint8_t buffer[128] = { 0 };
        NeighbourState s = NEIGHBOUR_PRESENT;
        size_t n = add_entry(buffer, 0, 2, 1, NUD_INCOMPLETE);

        assert_int_equal(neighbour_parse(buffer, n, 2, AF_INET, gateway, &s), 1);
        assert_int_equal(s, NEIGHBOUR_UNKNOWN);
}

/* Every truncation, and every byte turned over: an answer or -EBADMSG, never a read past the end (the sanitizer watches). */
static void damaged(void **state) {
        uint8_t buffer[256] = { 0 };
        size_t n = add_done(buffer, add_entry(buffer, add_entry(buffer, 0, 2, 9, NUD_FAILED), 2, 1, NUD_REACHABLE));

        for (size_t length = 0; length <= n; length++)
                for (size_t i = 0; i < length; i++) {
                        uint8_t *copy = malloc(length);
                        NeighbourState s;
                        int r;

                        memcpy(copy, buffer, length);
                        copy[i] ^= 0xff;
                        r = neighbour_parse(copy, length, 2, AF_INET, gateway, &s);
                        assert_true(r == 0 || r == 1 || r == 2 || r == -EBADMSG);
                        free(copy);
                }
}

static void asks_the_kernel(void **state) {
        assert_int_equal(neighbour_get("no-such-dev", "10.0.0.1"), -ENODEV);
        assert_int_equal(neighbour_get("lo", "nonsense"), -EINVAL);
        assert_true(neighbour_get("lo", "192.0.2.77") >= 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(found),
                cmocka_unit_test(unanswered),
                cmocka_unit_test(damaged),
                cmocka_unit_test(asks_the_kernel),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
