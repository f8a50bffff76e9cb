/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fence-fixture.h"

#include "dict.h"

static void test_real_agent(void **state) {
        _cleanup_json_ json_t *metadata = real_metadata("fence_ipmilan");
        const json_t *ip = agent_metadata_find(metadata, "ip"), *method = agent_metadata_find(metadata, "method"),
                     *port = agent_metadata_find(metadata, "ipport");

        assert_string_equal(dict_string(metadata, "summary", ""), "Fence agent for IPMI");
        assert_int_equal(json_array_size(json_object_get(metadata, "parameters")), 41);
        assert_true(agent_metadata_has_action(metadata, "status"));
        assert_true(agent_metadata_has_action(metadata, "off"));
        assert_false(agent_metadata_has_action(metadata, "enable"));

        assert_string_equal(dict_string(ip, "type", ""), "string");
        assert_string_equal(dict_string(ip, "replaces", ""), "ipaddr");
        assert_string_equal(dict_string(ip, "description", ""), "IP address or hostname of fencing device");
        assert_null(dict_string(ip, "default", NULL));
        assert_false(dict_boolean(ip, "deprecated", true));
        assert_true(dict_boolean(agent_metadata_find(metadata, "ipaddr"), "deprecated", false));
        assert_string_equal(agent_metadata_canonical(metadata, "ipaddr"), "ip");
        assert_string_equal(agent_metadata_canonical(metadata, "ip"), "ip");
        assert_string_equal(agent_metadata_canonical(metadata, "lanplus"), "lanplus");

        assert_string_equal(dict_string(port, "type", ""), "integer");
        assert_string_equal(dict_string(port, "default", ""), "623");
        assert_string_equal(dict_string(method, "type", ""), "select");
        assert_int_equal(json_array_size(json_object_get(method, "options")), 2);

        assert_true(dict_boolean(agent_metadata_find(metadata, "password"), "secret", false));
        assert_true(dict_boolean(agent_metadata_find(metadata, "hexadecimal_kg"), "secret", false));
        assert_true(dict_boolean(agent_metadata_find(metadata, "ipmitool_path"), "reserved", false));
        assert_true(dict_boolean(agent_metadata_find(metadata, "action"), "reserved", false));
        assert_null(agent_metadata_find(metadata, "no_such"));
}

static void test_classes(void **state) {
        static const char *const secret[] = { "password", "passwd", "snmp_priv_passwd", "community", "hexadecimal_kg", "token",
                                              "apikey", "secret_key", "access_key" };
        static const char *const reserved[] = { "action", "password_script", "passwd_script", "ssh_path", "ssh_options", "debug_file",
                                                "logfile", "verbose_level", "port_as_ip", "missing_as_off", "openstack-path",
                                                "kubeconfig", "exec", "store_path", "token_file", "disable_timeout", "quiet" };
        static const char *const plain[] = { "ip", "ipport", "plug", "username", "lanplus", "cipher", "method", "api_path",
                                             "key_value", "identity_file", "power_wait", "ssl_insecure", "tls1.0" };

        for (size_t i = 0; i < ELEMENTSOF(secret); i++) {
                assert_true(agent_parameter_is_secret(secret[i]));
                assert_false(agent_parameter_is_reserved(secret[i]));
        }
        for (size_t i = 0; i < ELEMENTSOF(reserved); i++) {
                assert_true(agent_parameter_is_reserved(reserved[i]));
                assert_false(agent_parameter_is_secret(reserved[i]));
        }
        for (size_t i = 0; i < ELEMENTSOF(plain); i++) {
                assert_false(agent_parameter_is_reserved(plain[i]));
                assert_false(agent_parameter_is_secret(plain[i]));
        }
}

static void parse_expect(const char *text, int expected) {
        json_t *metadata = NULL;

        assert_int_equal(agent_metadata_parse(text, strlen(text), &metadata), expected);
        if (expected < 0)
                assert_null(metadata);
        json_decref(metadata);
}

static void test_refused(void **state) {
        _cleanup_free_ char *large = calloc(1, AGENT_METADATA_BYTES_MAX + 2), *many = calloc(1, 64 * KIB);
        char *p;

        parse_expect("", -EBADMSG);
        parse_expect("usage: fence_x <node>", -EBADMSG);
        parse_expect("<resource-agent>", -EBADMSG);
        parse_expect("<other/>", -EBADMSG);
        parse_expect("<resource-agent/>", 0);
        parse_expect("<resource-agent><parameters><parameter/></parameters></resource-agent>", -EBADMSG);
        parse_expect("<resource-agent><parameters><parameter name='a=b'/></parameters></resource-agent>", -EBADMSG);
        parse_expect("<resource-agent><parameters><parameter name='a&#10;action=on'/></parameters></resource-agent>", -EBADMSG);
        parse_expect("<resource-agent><parameters><parameter name='../x'/></parameters></resource-agent>", -EBADMSG);
        parse_expect("<!DOCTYPE r [<!ENTITY a 'b'>]><resource-agent shortdesc='&a;'/>", -EBADMSG);
        parse_expect("<!DOCTYPE r SYSTEM 'file:///etc/passwd'><resource-agent/>", -EBADMSG);

        memset(large, ' ', AGENT_METADATA_BYTES_MAX + 1);
        parse_expect(large, -E2BIG);

        p = stpcpy(many, "<resource-agent><parameters>");
        for (unsigned i = 0; i <= AGENT_PARAMETERS_MAX; i++)
                p += sprintf(p, "<parameter name='p%u'/>", i);
        (void) stpcpy(p, "</parameters></resource-agent>");
        parse_expect(many, -E2BIG);
}

static void test_text(void **state) {
        static const char text[] =
                "<resource-agent shortdesc='A  long\n name '><parameters><parameter name='a' required='1'><content type='odd' default=' 1 '/>"
                "<shortdesc>two\n\t lines </shortdesc></parameter><parameter name='a'/></parameters></resource-agent>";
        _cleanup_json_ json_t *metadata = NULL;
        const json_t *a;

        assert_ok(agent_metadata_parse(text, strlen(text), &metadata));
        assert_string_equal(dict_string(metadata, "summary", ""), "A long name");
        assert_int_equal(json_array_size(json_object_get(metadata, "parameters")), 1);
        a = agent_metadata_find(metadata, "a");
        assert_string_equal(dict_string(a, "description", ""), "two lines");
        assert_string_equal(dict_string(a, "type", ""), "string");
        assert_string_equal(dict_string(a, "default", ""), "1");
        assert_true(dict_boolean(a, "required", false));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_real_agent),
                cmocka_unit_test(test_classes),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
