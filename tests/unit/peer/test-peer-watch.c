/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "peer-fixture.h"
#include "peer-watch.h"

#include <poll.h>

static void test_watch(void **state) {
        char directory[] = "/tmp/rhv-watch-XXXXXX", path[64];
        _cleanup_peer_hosts_ PeerHosts hosts = { NULL };
        _cleanup_close_ int fd = -EBADF;
        struct pollfd polled;
        PeerHost *host;

        assert_non_null(mkdtemp(directory));
        (void) snprintf(path, sizeof path, "%s/hosts.json", directory);
        fd = peer_watch_new(directory);
        assert_true(fd >= 0);
        assert_true(peer_watch_is_gone(fd, path, HOST1)); /* no list */

        assert_ok(peer_host_new(HOST1, "host1", "10.0.0.1", 22, KEY1, KEY3, true, &host));
        assert_ok(peer_hosts_add(&hosts, host));
        assert_ok(peer_hosts_save(path, &hosts));
        polled = (struct pollfd){ .fd = fd, .events = POLLIN };
        assert_int_equal(poll(&polled, 1, 0), 1);
        assert_false(peer_watch_is_gone(fd, path, HOST1));
        assert_true(peer_watch_is_gone(fd, path, HOST2));
        assert_int_equal(poll(&polled, 1, 0), 0);

        peer_hosts_remove(&hosts, host);
        assert_ok(peer_hosts_save(path, &hosts));
        assert_int_equal(poll(&polled, 1, 0), 1);
        assert_true(peer_watch_is_gone(fd, path, HOST1));

        assert_int_equal(unlink(path), 0);
        assert_int_equal(rmdir(directory), 0);
        assert_true(peer_watch_new(directory) < 0);
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_watch) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
