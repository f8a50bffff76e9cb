/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "peer-fixture.h"

static void test_read(void **state) {
        char key[PEER_KEY_STRING_MAX];

        assert_ok(peer_key_read(KEY1, key));
        assert_string_equal(key, KEY1);
        assert_ok(peer_key_read(KEY1 " root@host1\n", key));
        assert_string_equal(key, KEY1);
        assert_ok(peer_key_read(KEY1 "\n", key));
        assert_string_equal(key, KEY1);
}

static void test_refused(void **state) {
        static const char *const bad[] = {
                "",
                "ssh-ed25519",
                "ssh-ed25519 ",
                "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIPBWzb6abFi+vYVzJ5sgb9FfLgUXq5JtZk5ixsqvjEN1",
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPBWzb6abFi+vYVzJ5sgb9FfLgUXq5JtZk5ixsqvjEN",
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPBWzb6abFi+vYVzJ5sgb9FfLgUXq5JtZk5ixsqvjEN1Z",
                "ssh-ed25519 BAAAC3NzaC1lZDI1NTE5AAAAIGkR7FsykvRkBPN3pGHmMDAQkyLDtbPyRAKxgl3EQcpZ",
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGkR7FsykvRkBPN3pGHm DAQkyLDtbPyRAKxgl3EQcpZ",
                "command=\"x\" " KEY1,
                " " KEY1,
        };
        char key[PEER_KEY_STRING_MAX];

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_int_equal(peer_key_read(bad[i], key), -EBADMSG);
                assert_false(peer_key_is_valid(bad[i]));
        }
        assert_false(peer_key_is_valid(KEY1 " comment"));
        assert_false(peer_key_is_valid(KEY1 "\n"));
}

static void test_bytes(void **state) {
        uint8_t bytes[PEER_KEY_BYTES];
        char key[PEER_KEY_STRING_MAX];

        for (int n = 0; n < 256; n++) {
                uint8_t again[PEER_KEY_BYTES];

                memset(bytes, n, sizeof bytes);
                peer_key_from_bytes(bytes, key);
                assert_true(peer_key_is_valid(key));
                assert_ok(peer_key_bytes(key, again));
                assert_memory_equal(bytes, again, sizeof bytes);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_read), cmocka_unit_test(test_refused), cmocka_unit_test(test_bytes) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
