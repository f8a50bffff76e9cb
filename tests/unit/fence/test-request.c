/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fence-fixture.h"

#include "bus-error.h"
#include "request.h"

/* Checks and resolves a device given as JSON against a real agent; expected: the parameters as JSON, or the name of an error. */
static void resolves(const char *agent, const char *device_json, FenceAction action, const char *expected) {
        _cleanup_json_ json_t *metadata = real_metadata(agent), *device = json_loads(device_json, 0, NULL), *parameters = NULL,
                              *wanted = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        assert_non_null(device);
        assert_int_equal(json_object_set_new(device, "agent", json_string(agent)), 0);
        r = dict_check(device, request_device_fields, "device", &error);
        if (r >= 0)
                r = request_resolve(device, action, metadata, &parameters, &error);
        if (expected[0] != '{') {
                assert_true(r < 0);
                assert_null(parameters);
                if (!sd_bus_error_has_name(&error, expected))
                        print_error("%s: %s: %s\n", device_json, error.name, error.message);
                assert_true(sd_bus_error_has_name(&error, expected));
                return;
        }
        if (r < 0)
                print_error("%s: %s: %s\n", device_json, error.name, error.message);
        assert_ok(r);
        wanted = json_loads(expected, 0, NULL);
        assert_non_null(wanted);
        if (!json_equal(wanted, parameters))
                print_error("%s became %s\n", device_json, json_dumps(parameters, 0));
        assert_true(json_equal(wanted, parameters));
}

static void test_resolved(void **state) {
        resolves("fence_ipmilan", "{\"address\":\"10.0.0.1\",\"port\":6231,\"username\":\"admin\",\"options\":{\"lanplus\":\"yes\",\"cipher\":\"3\",\"power_wait\":\"0\"}}",
                 FENCE_ACTION_REBOOT,
                 "{\"ip\":\"10.0.0.1\",\"ipport\":\"6231\",\"username\":\"admin\",\"lanplus\":\"1\",\"cipher\":\"3\",\"power_wait\":\"0\"}");
        resolves("fence_ipmilan", "{\"options\":{\"ipaddr\":\"fe80::1%eth0\"}}", FENCE_ACTION_STATUS, "{\"ipaddr\":\"fe80::1%eth0\"}");
        resolves("fence_apc", "{\"address\":\"pdu1\",\"plug\":\"2\"}", FENCE_ACTION_OFF, "{\"ip\":\"pdu1\",\"plug\":\"2\"}");
        /* a plain no is left out, a no against a yes is said */
        resolves("fence_ilo4", "{\"options\":{\"lanplus\":\"no\"}}", FENCE_ACTION_OFF, "{\"lanplus\":\"0\"}");
        resolves("fence_apc", "{\"options\":{\"secure\":\"false\"}}", FENCE_ACTION_OFF, "{}");
        resolves("fence_apc", "{\"options\":{\"command_prompt\":\"a b|c$\"}}", FENCE_ACTION_OFF, "{\"command_prompt\":\"a b|c$\"}");
        resolves("fence_ipmilan", "{\"options\":{\"method\":\"CYCLE\",\"privlvl\":\"operator\"}}", FENCE_ACTION_OFF,
                 "{\"method\":\"CYCLE\",\"privlvl\":\"operator\"}");
}

static void test_refused(void **state) {
        static const struct {
                const char *device, *error;
        } table[] = {
                { "{\"colour\":\"red\"}", RHV_ERROR_UNKNOWN_OPTION },
                { "{\"options\":{\"colour\":\"red\"}}", RHV_ERROR_UNKNOWN_OPTION },
                { "{\"options\":{\"IP\":\"10.0.0.1\"}}", RHV_ERROR_UNKNOWN_OPTION },
                { "{\"address\":\"\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"address\":\"-oProxyCommand=reboot\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"address\":\"10.0.0.1 -S /etc/shadow\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"address\":\"10.0.0.1\\naction=on\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"address\":\"../../etc\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"options\":{\"ip\":\"-x\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"port\":0}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"port\":65536}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"port\":\"623\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"username\":\"a b\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"username\":\"a\\npassword=x\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"address\":\"a\",\"options\":{\"ip\":\"b\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"address\":\"a\",\"options\":{\"ipaddr\":\"b\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"options\":{\"password\":\"x\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"options\":{\"passwd\":\"x\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"options\":{\"hexadecimal_kg\":\"0a\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"options\":{\"action\":\"on\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"options\":{\"password_script\":\"/bin/sh\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"options\":{\"ipmitool_path\":\"/bin/sh\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"options\":{\"debug_file\":\"/etc/passwd\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"options\":{\"cipher\":\"3 -S x\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"options\":{\"power_wait\":\"-1\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"options\":{\"power_wait\":\"1e9\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"options\":{\"power_wait\":\"999999\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"options\":{\"lanplus\":\"perhaps\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"options\":{\"method\":\"explode\"}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"options\":{\"ipport\":\"x\"}}", RHV_ERROR_INVALID_ARGUMENT },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                resolves("fence_ipmilan", table[i].device, FENCE_ACTION_STATUS, table[i].error);
        resolves("fence_dummy", "{\"username\":\"x\"}", FENCE_ACTION_STATUS, RHV_ERROR_UNKNOWN_OPTION);
        resolves("fence_dummy", "{\"address\":\"x\"}", FENCE_ACTION_STATUS, RHV_ERROR_UNKNOWN_OPTION);
        resolves("fence_dummy", "{\"options\":{\"status_file\":\"/etc/passwd\"}}", FENCE_ACTION_STATUS, RHV_ERROR_INVALID_ARGUMENT);
        /* no status, no confirmation */
        resolves("fence_kdump", "{}", FENCE_ACTION_OFF, RHV_ERROR_NOT_SUPPORTED);
}

static void test_agent_names(void **state) {
        static const char *const names[] = { "/usr/sbin/fence_apc", "../fence_apc", "apc", "fence_apc\n", "" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_json_ json_t *device = json_pack("{s:s}", "agent", names[i]);
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                assert_true(dict_check(device, request_device_fields, "device", &error) < 0);
                assert_true(sd_bus_error_has_name(&error, RHV_ERROR_INVALID_ARGUMENT));
        }
}

/* parameters: as JSON; expected: the agent's whole input, or the name of an error. */
static void input_is(const char *agent, const char *parameters_json, const char *lines, const char *expected) {
        _cleanup_json_ json_t *metadata = real_metadata(agent), *parameters = json_loads(parameters_json, 0, NULL);
        _cleanup_(secrets_freep) Secrets *secrets = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char *input;
        size_t size;
        int r;

        assert_ok(secrets_parse(lines, strlen(lines), &secrets, &error));
        r = request_check_secrets(agent, metadata, parameters, secrets, &error);
        if (startswith(expected, RHV_ERROR_PREFIX)) {
                assert_true(r < 0);
                assert_true(sd_bus_error_has_name(&error, expected));
                assert_null(strstr(error.message, "hunter2"));
                return;
        }
        if (r < 0)
                print_error("%s\n", error.message);
        assert_ok(r);
        assert_ok(request_input(FENCE_ACTION_OFF, parameters, secrets, &input, &size));
        assert_int_equal(size, strlen(expected));
        assert_memory_equal(input, expected, size);
        secret_free(input, size);
}

static void test_input(void **state) {
        input_is("fence_ipmilan", "{\"ip\":\"10.0.0.1\"}", "password=hunter2\n", "action=off\nip=10.0.0.1\npassword=hunter2\n");
        input_is("fence_ipmilan", "{}", "passwd=hunter2\n", "action=off\npasswd=hunter2\n");
        /* the agents' library trims, and takes one pair of quotes away */
        input_is("fence_ipmilan", "{}", "password= hunter2 \n", "action=off\npassword=\" hunter2 \"\n");
        input_is("fence_ipmilan", "{}", "password=\"hunter2\"\n", "action=off\npassword=\"\"hunter2\"\"\n");
        input_is("fence_ipmilan", "{}", "password=hu\"nter2\n", "action=off\npassword=hu\"nter2\n");
        input_is("fence_ipmilan", "{}", "", "action=off\n");
        input_is("fence_ipmilan", "{}", "username=root\npassword=hunter2\n", "action=off\nusername=root\npassword=hunter2\n");

        input_is("fence_ipmilan", "{}", "hunter2=x\n", RHV_ERROR_UNKNOWN_OPTION);
        input_is("fence_dummy", "{}", "password=hunter2\n", RHV_ERROR_UNKNOWN_OPTION);
        input_is("fence_ipmilan", "{}", "password=hunter2\npasswd=hunter2\n", RHV_ERROR_INVALID_ARGUMENT);
        input_is("fence_ipmilan", "{}", "password_script=/bin/hunter2\n", RHV_ERROR_INVALID_ARGUMENT);
        input_is("fence_ipmilan", "{\"ip\":\"a\"}", "ipaddr=hunter2\n", RHV_ERROR_INVALID_ARGUMENT);
        input_is("fence_ipmilan", "{}", "cipher=hunter2 -S x\n", RHV_ERROR_INVALID_ARGUMENT);
        /* what the agent requires: an address, an outlet, a user name */
        input_is("fence_apc", "{\"ip\":\"a\",\"username\":\"b\"}", "password=hunter2\n", RHV_ERROR_INVALID_ARGUMENT);
        input_is("fence_apc", "{\"ip\":\"a\",\"plug\":\"1\",\"username\":\"b\"}", "password=hunter2\n",
                 "action=off\nip=a\nplug=1\nusername=b\npassword=hunter2\n");
        input_is("fence_apc", "{\"ipaddr\":\"a\",\"port\":\"1\",\"login\":\"b\"}", "passwd=hunter2\n",
                 "action=off\nipaddr=a\nport=1\nlogin=b\npasswd=hunter2\n");
}

static void test_questions(void **state) {
        static const struct {
                const char *device, *name, *key;
        } table[] = {
                { "{\"agent\":\"fence_x\",\"address\":\"10.0.0.1\",\"port\":6231}", "10.0.0.1", "10.0.0.1:6231" },
                { "{\"agent\":\"fence_x\",\"address\":\"pdu\",\"plug\":\"3\"}", "pdu/3", "pdu:0" },
                { "{\"agent\":\"fence_x\",\"options\":{\"ipaddr\":\"b\",\"plug\":\"7\"}}", "b/7", "b:0" },
                { "{\"agent\":\"fence_x\",\"plug\":\"3\"}", "3", "fence_x" },
                { "{\"agent\":\"fence_x\"}", "fence_x", "fence_x" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_json_ json_t *device = json_loads(table[i].device, 0, NULL);
                _cleanup_free_ char *name = request_describe(device), *key = request_queue_key(device);

                assert_string_equal(name, table[i].name);
                assert_string_equal(key, table[i].key);
        }
}

static void test_run_limit(void **state) {
        _cleanup_json_ json_t *metadata = real_metadata("fence_ipmilan"), *none = json_object(),
                              *slow = json_loads("{\"power_timeout\":\"100\",\"delay\":\"30\",\"retry_on\":\"0\"}", 0, NULL),
                              *absurd = json_loads("{\"power_timeout\":\"3600\",\"delay\":\"3600\",\"retry_on\":\"99999999\"}", 0, NULL);

        /* 15 slack + 5 login + 2 × (20 + 2 + 3) */
        assert_int_equal(request_run_limit(metadata, none), 70 * USEC_PER_SEC);
        /* 15 + 30 + 5 + 1 × (100 + 2 + 3) */
        assert_int_equal(request_run_limit(metadata, slow), 155 * USEC_PER_SEC);
        assert_int_equal(request_run_limit(metadata, absurd), 600 * USEC_PER_SEC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_resolved), cmocka_unit_test(test_refused),   cmocka_unit_test(test_agent_names),
                cmocka_unit_test(test_input),    cmocka_unit_test(test_questions), cmocka_unit_test(test_run_limit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
