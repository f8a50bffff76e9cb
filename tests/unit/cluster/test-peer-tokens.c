/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "fixture.h"
#include "peer-tokens.h"

#define HOST1 "11111111-1111-4111-8111-111111111111"
#define NOW (UINT64_C(1700000000) * USEC_PER_SEC)
#define S USEC_PER_SEC

static char directory[] = "/tmp/rhv-tokens-XXXXXX";
static char path[64], key[PEER_KEY_STRING_MAX];

static int setup(void **state) {
        static const uint8_t bytes[PEER_KEY_BYTES] = { 7 };

        peer_key_from_bytes(bytes, key);
        (void) snprintf(path, sizeof path, "%s/tokens.json", mkdtemp(directory) ?: "");
        return 0;
}

static int teardown(void **state) {
        (void) unlink(path);
        return rmdir(directory);
}

static PeerToken token(uint64_t expires) {
        PeerToken one;

        assert_ok(peer_token_new(HOST1, "host1", 22, key, expires, &one));
        return one;
}

static void test_kept(void **state) {
        PeerTokens tokens, again;
        PeerToken one = token(NOW + 60 * S);
        char secret[64], *text = NULL;
        size_t size = 0;
        FILE *file;

        assert_ok(peer_tokens_load(path, NOW, &tokens));
        assert_int_equal(peer_tokens_open_until(&tokens, NOW), 0);
        assert_ok(peer_tokens_add(&tokens, &one, NOW, NULL));
        assert_int_equal(peer_tokens_open_until(&tokens, NOW), NOW + 60 * S);
        assert_int_equal(peer_tokens_open_until(&tokens, NOW + 60 * S), 0);

        /* not the secret */
        peer_secret_write(one.secret, secret);
        file = fopen(path, "r");
        assert_non_null(file);
        assert_true(getdelim(&text, &size, 0, file) > 0);
        assert_int_equal(fclose(file), 0);
        assert_null(strstr(text, secret));
        free(text);

        /* what was used stays used, over a restart */
        assert_ok(peer_tokens_use(&tokens, &tokens.records[0], NULL));
        assert_int_equal(peer_tokens_open_until(&tokens, NOW), 0);
        assert_ok(peer_tokens_load(path, NOW, &again));
        assert_int_equal(again.count, 1);
        assert_true(again.records[0].used);
        assert_string_equal(again.records[0].hash, tokens.records[0].hash);
        peer_tokens_done(&tokens);
        peer_tokens_done(&again);

        /* and is forgotten a day after it would have expired */
        assert_ok(peer_tokens_load(path, NOW + 60 * S + PEER_TOKEN_REMEMBERED_USEC, &again));
        assert_int_equal(again.count, 0);
        peer_tokens_done(&again);
}

static void test_limit(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        PeerTokens tokens;
        PeerToken one;

        (void) unlink(path);
        assert_ok(peer_tokens_load(path, NOW, &tokens));
        for (unsigned i = 0; i < PEER_TOKENS_MAX; i++) {
                one = token(NOW + (60 + i) * S);
                assert_ok(peer_tokens_add(&tokens, &one, NOW, NULL));
        }
        one = token(NOW + 1000 * S);
        assert_true(peer_tokens_add(&tokens, &one, NOW, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_LIMIT_EXCEEDED);
        assert_int_equal(tokens.count, PEER_TOKENS_MAX);
        /* one that is over makes room */
        assert_ok(peer_tokens_use(&tokens, &tokens.records[3], NULL));
        assert_ok(peer_tokens_add(&tokens, &one, NOW, NULL));
        assert_int_equal(tokens.count, PEER_TOKENS_MAX);
        assert_int_equal(peer_tokens_open_until(&tokens, NOW), NOW + 1000 * S);
        peer_tokens_done(&tokens);
}

static void test_damaged(void **state) {
        static const char *const damaged[] = { "", "{", "{\"version\": 1, \"tokens\": [7, {}, {\"id\": \"x\"}]}", "{\"version\": 9}" };

        for (size_t i = 0; i < ELEMENTSOF(damaged); i++) {
                FILE *file = fopen(path, "w");
                PeerTokens tokens;

                assert_non_null(file);
                assert_true(fputs(damaged[i], file) >= 0);
                assert_int_equal(fclose(file), 0);
                assert_ok(peer_tokens_load(path, NOW, &tokens));
                assert_int_equal(tokens.count, 0);
                peer_tokens_done(&tokens);
        }
}

static void test_no_room_on_disk(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        PeerToken one = token(NOW + 60 * S);
        PeerTokens tokens;

        assert_ok(peer_tokens_load("/proc/no/such/place", NOW, &tokens));
        assert_true(peer_tokens_add(&tokens, &one, NOW, &error) < 0);
        assert_true(sd_bus_error_is_set(&error));
        assert_int_equal(tokens.count, 0);
        peer_tokens_done(&tokens);
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_kept), cmocka_unit_test(test_limit), cmocka_unit_test(test_damaged),
                                            cmocka_unit_test(test_no_room_on_disk) };

        return cmocka_run_group_tests(tests, setup, teardown);
}
