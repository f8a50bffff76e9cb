/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "fixture.h"
#include "peer-fixture.h"
#include "peer-join.h"

/* HOST1 is the member, with sshd's key KEY3 and its own KEY1; HOST2 is new, with KEY2. */
static const PeerSelf member = { .id = HOST1, .name = "host1", .key = KEY1, .host_key = KEY3, .address = "", .port = 22 };
static const PeerSelf joiner = { .id = HOST2, .name = "host2", .key = KEY2, .host_key = KEY3, .address = "", .port = 22 };

typedef struct Setting {
        PeerToken token;
        PeerTokenRecord record;
        char *request;
        char request_mac[PEER_HASH_STRING_MAX];
} Setting;

static void prepare(Setting *s) {
        assert_ok(peer_token_new(HOST1, "10.0.0.1", 22, KEY3, NOW + 60 * USEC_PER_SEC, &s->token));
        peer_token_record(&s->token, &s->record);
        assert_ok(peer_join_request(&s->token, &joiner, &s->request, s->request_mac));
}

static void finish(Setting *s) {
        free(s->request);
}

/* Return: the error's name, "" for none */
static const char *check(Setting *s, const char *line, uint64_t now, PeerHost **ret_host) {
        static char name[64];
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        uint8_t secret[PEER_TOKEN_SECRET_BYTES];
        char mac[PEER_HASH_STRING_MAX];
        PeerTokenRecord *record = NULL;
        PeerHost *host = NULL;
        int r;

        r = peer_join_check(line, "10.0.0.2", &s->record, 1, now, &record, &host, secret, mac, &error);
        (void) snprintf(name, sizeof name, "%s", error.name ?: "");
        assert_int_equal(r < 0, name[0] != 0);
        if (r >= 0) {
                assert_ptr_equal(record, &s->record);
                assert_memory_equal(secret, s->token.secret, sizeof secret);
                assert_string_equal(mac, s->request_mac);
        }
        if (ret_host)
                *ret_host = host;
        else
                peer_host_free(host);
        return name;
}

static void test_join(void **state) {
        _cleanup_free_ char *answer = NULL;
        Setting s;
        PeerHost *host;

        prepare(&s);
        assert_null(strchr(s.request, '\n'));
        assert_true(strlen(s.request) < PEER_JOIN_BYTES_MAX);
        assert_string_equal(check(&s, s.request, NOW, &host), "");
        assert_string_equal(host->id, HOST2);
        assert_string_equal(host->name, "host2");
        assert_string_equal(host->address, "10.0.0.2"); /* it gave none */
        assert_string_equal(host->key, KEY2);
        assert_string_equal(host->host_key, KEY3);
        assert_true(host->dial);
        peer_host_free(host);

        assert_ok(peer_join_answer(s.token.secret, s.request_mac, &member, &answer));
        assert_ok(peer_join_answer_check(answer, &s.token, s.request_mac, &host, NULL));
        assert_string_equal(host->id, HOST1);
        assert_string_equal(host->key, KEY1);
        assert_string_equal(host->host_key, KEY3);
        assert_string_equal(host->address, "10.0.0.1");
        assert_false(host->dial);
        peer_host_free(host);
        finish(&s);
}

static void test_replay_and_expiry(void **state) {
        Setting s;

        prepare(&s);
        s.record.used = true;
        assert_string_equal(check(&s, s.request, NOW, NULL), RHV_ERROR_ALREADY_USED);
        s.record.used = false;
        assert_string_equal(check(&s, s.request, s.record.expires_usec - 1, NULL), "");
        assert_string_equal(check(&s, s.request, s.record.expires_usec, NULL), RHV_ERROR_EXPIRED);
        finish(&s);
}

/* One who has no token, or the id of one, learns nothing about it. */
static void test_no_token(void **state) {
        Setting s, other;

        prepare(&s);
        prepare(&other);
        assert_string_equal(check(&s, other.request, NOW, NULL), RHV_ERROR_ACCESS_DENIED);
        memcpy(other.record.id, s.record.id, sizeof s.record.id);
        other.record.used = true;
        assert_string_equal(check(&other, s.request, NOW, NULL), RHV_ERROR_ACCESS_DENIED);
        finish(&s);
        finish(&other);
}

/* Another key put in on the way, another address in the token: whatever of the request changes, the keys are not taken. */
static void test_altered(void **state) {
        static const char *const fields[] = { "id", "name", "address", "key", "host_key", "nonce", "mac", "secret", "token" };
        Setting s;

        prepare(&s);
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                _cleanup_json_ json_t *object = json_loads(s.request, 0, NULL);
                _cleanup_free_ char *text = NULL;
                const char *name;

                assert_int_equal(json_object_set_new(object, fields[i], json_string(i % 2 ? KEY3 : "altered")), 0);
                text = json_dumps(object, JSON_COMPACT);
                name = check(&s, text, NOW, NULL);
                assert_true(streq(name, RHV_ERROR_BAD_FORMAT) || streq(name, RHV_ERROR_ACCESS_DENIED));
        }
        finish(&s);

        prepare(&s);
        (void) snprintf(s.record.address, sizeof s.record.address, "10.0.0.66"); /* the token led elsewhere */
        assert_string_equal(check(&s, s.request, NOW, NULL), RHV_ERROR_BAD_FORMAT);
        finish(&s);
}

static void test_bound_but_wrong(void **state) {
        PeerSelf self = joiner;
        Setting s;

        prepare(&s);
        finish(&s);
        self.key = "ssh-ed25519 x\" command=\"/bin/sh";
        assert_ok(peer_join_request(&s.token, &self, &s.request, s.request_mac));
        assert_string_equal(check(&s, s.request, NOW, NULL), RHV_ERROR_BAD_FORMAT);
        finish(&s);
}

static void test_garbage(void **state) {
        static const char *const bad[] = { "", "{}", "[]", "null", "{\"secret\": 7}", "{\"secret\": \"x\", \"token\": \"y\"}", "\xff" };
        Setting s;

        prepare(&s);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_string_equal(check(&s, bad[i], NOW, NULL), RHV_ERROR_BAD_FORMAT);
        finish(&s);
}

/* An answer of somebody else, to another request, or with another key. */
static void test_answer(void **state) {
        _cleanup_free_ char *answer = NULL, *altered = NULL;
        _cleanup_json_ json_t *object = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        PeerHost *host;
        Setting s, other;

        prepare(&s);
        prepare(&other);
        assert_ok(peer_join_answer(s.token.secret, s.request_mac, &member, &answer));
        assert_int_equal(peer_join_answer_check(answer, &s.token, other.request_mac, &host, &error), -EBADMSG);
        assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
        assert_int_equal(peer_join_answer_check(answer, &other.token, s.request_mac, &host, NULL), -EBADMSG);
        object = json_loads(answer, 0, NULL);
        assert_int_equal(json_object_set_new(object, "key", json_string(KEY2)), 0);
        altered = json_dumps(object, JSON_COMPACT);
        assert_int_equal(peer_join_answer_check(altered, &s.token, s.request_mac, &host, NULL), -EBADMSG);
        assert_int_equal(peer_join_answer_check("{}", &s.token, s.request_mac, &host, NULL), -EBADMSG);
        assert_int_equal(peer_join_answer_check("", &s.token, s.request_mac, &host, NULL), -EBADMSG);
        finish(&s);
        finish(&other);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_join),    cmocka_unit_test(test_replay_and_expiry), cmocka_unit_test(test_no_token),
                cmocka_unit_test(test_altered), cmocka_unit_test(test_bound_but_wrong),   cmocka_unit_test(test_garbage),
                cmocka_unit_test(test_answer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
