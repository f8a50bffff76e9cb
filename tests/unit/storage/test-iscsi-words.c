/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "fixture.h"
#include "iscsi-words.h"

static void test_names(void **state) {
        static const char *const good[] = {"iqn.2026-01.lab:t1", "eui.02004567a425678d", "naa.52004567ba64678d"},
                                *const bad[] = {"", "iqn.", "t1", "iqn.2026-01.lab:T1", "iqn.2026-01.lab:t 1", "iqn.2026-01.lab:../x", "iqn.x/y", "-iqn.x"};
        char long_name[ISCSI_NAME_MAX + 2];

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(iscsi_name_is_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(iscsi_name_is_valid(bad[i]));
        memset(long_name, 'a', sizeof(long_name));
        memcpy(long_name, "iqn.", 4);
        long_name[ISCSI_NAME_MAX + 1] = '\0';
        assert_false(iscsi_name_is_valid(long_name));
        long_name[ISCSI_NAME_MAX] = '\0';
        assert_true(iscsi_name_is_valid(long_name));
}

static void test_portals(void **state) {
        static const struct {
                const char *portal, *full, *record;
        } good[] = {
                        {"192.0.2.1", "192.0.2.1:3260", "192.0.2.1,3260"},
                        {"192.0.2.1:860", "192.0.2.1:860", "192.0.2.1,860"},
                        {"[2001:db8::1]", "[2001:db8::1]:3260", "2001:db8::1,3260"},
                        {"[2001:db8::1]:65535", "[2001:db8::1]:65535", "2001:db8::1,65535"},
                        {"san.example.org:3260", "san.example.org:3260", "san.example.org,3260"},
        };
        static const char *const bad[] = {"", ":3260", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:x", "2001:db8::1", "[2001:db8::1", "[]:1",
                                          "a/b", "a b", "-o", "../x", "192.0.2.1,1"};

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                _cleanup_free_ char *full = iscsi_portal_full(good[i].portal), *record = full ? iscsi_portal_record(full) : NULL;

                assert_true(iscsi_portal_is_valid(good[i].portal));
                assert_string_equal(full, good[i].full);
                assert_string_equal(record, good[i].record);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(iscsi_portal_is_valid(bad[i]));
}

static void test_targets(void **state) {
        static const char text[] = "192.0.2.1:3260,1 iqn.2026-01.lab:t1\n[2001:db8::1]:3260,2 iqn.2026-01.lab:t2\n";
        static const char *const bad[] = {"x", "192.0.2.1:3260 iqn.2026-01.lab:t1", "192.0.2.1:3260,1", "192.0.2.1:3260,x iqn.a", "192.0.2.1:3260,1 t1",
                                          "192.0.2.1:3260,99999 iqn.a", "iscsiadm: No portals found"};
        _cleanup_json_ json_t *targets = iscsi_targets_parse(text, strlen(text)), *none = iscsi_targets_parse("", 0);
        const json_t *second = json_array_get(targets, 1);

        assert_int_equal(json_array_size(none), 0);
        assert_int_equal(json_array_size(targets), 2);
        assert_string_equal(json_string_value(json_object_get(second, "target")), "iqn.2026-01.lab:t2");
        assert_string_equal(json_string_value(json_object_get(second, "portal")), "[2001:db8::1]:3260");
        assert_int_equal(json_integer_value(json_object_get(second, "group")), 2);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_null(iscsi_targets_parse(bad[i], strlen(bad[i])));
}

static void test_records(void **state) {
        static const char text[] = "# BEGIN RECORD 2.1.8\nnode.name = iqn.a\nnode.startup = manual\nnode.session.auth.authmethod = None\n"
                                   "node.session.auth.password = old\nnode.session.auth.password_in = keep\n# END RECORD\n";
        const IscsiSetting settings[] = {
                        {"node.startup", "automatic"},
                        {"node.session.auth.authmethod", "CHAP"},
                        {"node.session.auth.username", "me"},
                        {"node.session.auth.password", NULL},
        };
        _cleanup_free_ char *record = iscsi_record_set(text, settings, ELEMENTSOF(settings)), *again = NULL;

        assert_string_equal(record, "# BEGIN RECORD 2.1.8\nnode.name = iqn.a\nnode.session.auth.password_in = keep\nnode.startup = automatic\n"
                                    "node.session.auth.authmethod = CHAP\nnode.session.auth.username = me\n# END RECORD\n");
        again = iscsi_record_set(record, settings, ELEMENTSOF(settings));
        assert_string_equal(again, record);
}

static void test_failures(void **state) {
        static const struct {
                const char *words, *name;
                int r;
        } cases[] = {
                        {"iscsiadm: initiator reported error (24 - iSCSI login failed due to authorization failure)", RHV_ERROR_ACCESS_DENIED, -EACCES},
                        {"iscsiadm: initiator reported error (8 - connection timed out)", RHV_ERROR_BACKEND_UNAVAILABLE, -EHOSTDOWN},
                        {"iscsiadm: cannot make connection to 192.0.2.1: Connection refused", RHV_ERROR_BACKEND_UNAVAILABLE, -EHOSTDOWN},
                        {"iscsiadm: initiator reported error (15 - session exists)", RHV_ERROR_ALREADY_EXISTS, -EISCONN},
                        {"iscsiadm: default: 1 session requested, but 1 already present. iscsiadm: Could not log into all portals", RHV_ERROR_ALREADY_EXISTS, -EISCONN},
                        {"iscsiadm: No matching sessions found", RHV_ERROR_NOT_FOUND, -ENOENT},
                        {"iscsiadm failed: something new", RHV_ERROR_BACKEND_FAILED, -EIO},
                        {NULL, RHV_ERROR_BACKEND_FAILED, -EIO},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                assert_int_equal(iscsi_failure(-EIO, cases[i].words, &error), cases[i].r);
                assert_string_equal(error.name, cases[i].name);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_names),   cmocka_unit_test(test_portals),  cmocka_unit_test(test_targets),
                        cmocka_unit_test(test_records), cmocka_unit_test(test_failures),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
