/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fence-fixture.h"

#include "bus-error.h"
#include "secrets.h"

static void test_read(void **state) {
        static const char text[] = "password= pa=ss \"word\" \n\nhexadecimal_kg=0aff";
        _cleanup_(secrets_freep) Secrets *secrets = NULL;

        assert_ok(secrets_parse(text, strlen(text), &secrets, NULL));
        assert_int_equal(secrets->n, 2);
        assert_string_equal(secrets->items[0].name, "password");
        assert_string_equal(secrets->items[0].value, " pa=ss \"word\" ");
        assert_string_equal(secrets->items[1].name, "hexadecimal_kg");
        assert_string_equal(secrets->items[1].value, "0aff");
}

static void test_none(void **state) {
        _cleanup_(secrets_freep) Secrets *secrets = NULL;

        assert_ok(secrets_parse("", 0, &secrets, NULL));
        assert_int_equal(secrets->n, 0);
}

static void refused(const char *bytes, size_t size) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Secrets *secrets = NULL;

        assert_true(secrets_parse(bytes, size, &secrets, &error) < 0);
        assert_null(secrets);
        assert_true(sd_bus_error_has_name(&error, RHV_ERROR_INVALID_ARGUMENT));
        assert_null(strstr(error.message, "hunter2"));
}

static void test_refused(void **state) {
        _cleanup_free_ char *large = calloc(1, SECRETS_BYTES_MAX + 1);
        char many[512] = "", *p = many;

        refused("hunter2", 7);
        refused("=hunter2", 8);
        refused("password=hunter2\raction=off", 27);
        refused("password=hunter2\0x", 18);
        refused("password=hunter2\xff", 17);
        refused("password=hunter2\npassword=hunter2", 33);
        memset(large, 'a', SECRETS_BYTES_MAX + 1);
        refused(large, SECRETS_BYTES_MAX + 1);
        large[1] = '=';
        refused(large, SECRET_VALUE_MAX + 3);
        for (unsigned i = 0; i <= SECRETS_MAX; i++)
                p += sprintf(p, "p%u=x\n", i);
        refused(many, strlen(many));
}

static void scrubbed(const char *lines, const char *text, const char *expected) {
        _cleanup_(secrets_freep) Secrets *secrets = NULL;
        _cleanup_free_ char *clean = NULL;

        assert_ok(secrets_parse(lines, strlen(lines), &secrets, NULL));
        clean = secrets_scrub(secrets, text);
        assert_string_equal(clean, expected);
}

static void test_scrub(void **state) {
        scrubbed("password=hunter2", "no secret here", "no secret here");
        scrubbed("password=hunter2", "-P hunter2 -U a, hunter2", "-P (secret) -U a, (secret)");
        scrubbed("password=hunter2\ncommunity=topsecret", "topsecret:hunter2", "(secret):(secret)");
        scrubbed("password=pw", "the pw is pw", "(withheld: it holds the secret)");
        scrubbed("password=pw", "nothing", "nothing");
        scrubbed("password=", "nothing", "nothing");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_read),
                cmocka_unit_test(test_none),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_scrub),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
