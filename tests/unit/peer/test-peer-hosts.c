/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "peer-fixture.h"

static char directory[] = "/tmp/rhv-peers-XXXXXX";
static char path[64];

static int setup(void **state) {
        if (!mkdtemp(directory))
                return -1;
        (void) snprintf(path, sizeof path, "%s/hosts.json", directory);
        return 0;
}

static int teardown(void **state) {
        (void) unlink(path);
        return rmdir(directory);
}

static PeerHosts two(void) {
        PeerHosts hosts = { NULL };
        PeerHost *host;

        assert_ok(peer_host_new(HOST1, "host1", "10.0.0.1", 22, KEY1, KEY3, true, &host));
        assert_ok(peer_hosts_add(&hosts, host));
        assert_ok(peer_host_new(HOST2, "host2", "fd00::2", 2222, KEY2, KEY3, false, &host));
        assert_ok(peer_hosts_add(&hosts, host));
        return hosts;
}

static void test_round_trip(void **state) {
        _cleanup_peer_hosts_ PeerHosts hosts = two(), again = { NULL };
        const PeerHost *host;

        hosts.joining_until = NOW;
        assert_ok(peer_hosts_save(path, &hosts));
        assert_ok(peer_hosts_load(path, &again));
        assert_int_equal(again.count, 2);
        assert_int_equal(again.joining_until, NOW);
        host = peer_hosts_find(&again, HOST2);
        assert_string_equal(host->name, "host2");
        assert_string_equal(host->address, "fd00::2");
        assert_int_equal(host->port, 2222);
        assert_string_equal(host->key, KEY2);
        assert_string_equal(host->host_key, KEY3);
        assert_false(host->dial);
}

static void test_absent_and_damaged(void **state) {
        static const char *const damaged[] = {
                "", "{", "[]", "{\"hosts\": {}}", "{\"version\": 1, \"hosts\": {\"x\": {}}}",
                "{\"version\": 1, \"hosts\": {\"" HOST1 "\": 7}}",
                "{\"version\": 1, \"hosts\": {\"" HOST1 "\": {\"name\": \"a\", \"address\": \"-oProxyCommand=x\", \"port\": 22, \"key\": \"" KEY1
                "\", \"host_key\": \"" KEY1 "\"}}}",
                "{\"version\": 1, \"hosts\": {\"" HOST1 "\": {\"name\": \"a\", \"address\": \"a\", \"port\": 22, \"key\": \"x\\nssh-rsa y\", "
                "\"host_key\": \"" KEY1 "\"}}}",
        };
        _cleanup_peer_hosts_ PeerHosts hosts = { NULL };

        (void) unlink(path);
        assert_ok(peer_hosts_load(path, &hosts));
        assert_int_equal(hosts.count, 0);
        for (size_t i = 0; i < ELEMENTSOF(damaged); i++) {
                FILE *file = fopen(path, "w");

                assert_non_null(file);
                assert_true(fputs(damaged[i], file) >= 0);
                assert_int_equal(fclose(file), 0);
                assert_int_equal(peer_hosts_load(path, &hosts), -EBADMSG);
                assert_int_equal(hosts.count, 0);
        }
}

static void test_key_line(void **state) {
        _cleanup_peer_hosts_ PeerHosts hosts = two();
        _cleanup_free_ char *line = NULL;

        assert_ok(peer_hosts_key_line(&hosts, KEY2, "/b", NOW, &line));
        assert_string_equal(line, "restrict,command=\"/b " HOST2 "\" " KEY2 "\n");
        free(line);
        assert_ok(peer_hosts_key_line(&hosts, KEY3, "/b", NOW, &line));
        assert_string_equal(line, "");
        free(line);

        /* a token is open */
        hosts.joining_until = NOW + 1;
        assert_ok(peer_hosts_key_line(&hosts, KEY3, "/b", NOW, &line));
        assert_string_equal(line, "restrict,command=\"/b --join\" " KEY3 "\n");
        free(line);
        assert_ok(peer_hosts_key_line(&hosts, "ssh-rsa AAAA\nssh-rsa BBBB", "/b", NOW, &line));
        assert_string_equal(line, "");
        free(line);
        assert_ok(peer_hosts_key_line(&hosts, KEY3, "/b", NOW + 1, &line));
        assert_string_equal(line, "");

        /* removed is out */
        peer_hosts_remove(&hosts, peer_hosts_find(&hosts, HOST2));
        hosts.joining_until = 0;
        free(line);
        assert_ok(peer_hosts_key_line(&hosts, KEY2, "/b", NOW, &line));
        assert_string_equal(line, "");
}

static void test_limits(void **state) {
        _cleanup_peer_hosts_ PeerHosts hosts = { NULL };
        char id[37];
        PeerHost *host;

        for (unsigned i = 0; i < PEER_HOSTS_MAX; i++) {
                (void) snprintf(id, sizeof id, "11111111-1111-4111-8111-%012x", i);
                assert_ok(peer_host_new(id, "a", "a", 22, KEY1, KEY2, false, &host));
                assert_ok(peer_hosts_add(&hosts, host));
        }
        assert_ok(peer_host_new(HOST2, "a", "a", 22, KEY1, KEY2, false, &host));
        assert_int_equal(peer_hosts_add(&hosts, host), -E2BIG);
        peer_host_free(host);
        assert_ok(peer_host_new(id, "again", "a", 22, KEY1, KEY2, false, &host));
        assert_ok(peer_hosts_add(&hosts, host));
        assert_int_equal(hosts.count, PEER_HOSTS_MAX);
        assert_string_equal(peer_hosts_find(&hosts, id)->name, "again");
}

static void test_addresses(void **state) {
        static const char *const good[] = { "a", "host1.example.org", "10.0.0.1", "fe80::1", "2001:db8::a:1" };
        static const char *const bad[] = { "", "-oX", "a b", "a\n", "a/b", "user@host", "$(id)", "a%eth0", "ä" };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(peer_address_is_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(peer_address_is_valid(bad[i]));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip), cmocka_unit_test(test_absent_and_damaged), cmocka_unit_test(test_key_line),
                cmocka_unit_test(test_limits),     cmocka_unit_test(test_addresses),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
