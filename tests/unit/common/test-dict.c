/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "bus-pair.h"
#include "dict.h"
#include "parse-util.h"

static BusPair pair; /* messages need a bus to belong to */

static int setup(void **state) {
        bus_pair_init(&pair);
        return 0;
}

static int teardown(void **state) {
        bus_pair_done(&pair);
        return 0;
}

static sd_bus_message *new_message(void) {
        sd_bus_message *message;

        assert_ok(sd_bus_message_new(pair.client, &message, SD_BUS_MESSAGE_METHOD_CALL));
        return message;
}

static int read_back(sd_bus_message *message, json_t **ret, sd_bus_error *error) {
        assert_ok(sd_bus_message_seal(message, 1, 0));
        return dict_read(message, ret, error);
}

static void test_types(void **state) {
        _cleanup_message_ sd_bus_message *message = new_message();
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *object = NULL, *expected = NULL;

        assert_ok(sd_bus_message_append(message, "a{sv}", 10, "s", "s", "text", "b", "b", 1, "y", "y", 255, "n", "n",
                                        -5, "u", "u", 4294967295U, "x", "x", INT64_MIN, "t", "t",
                                        (uint64_t)INT64_MAX, "d", "d", 0.5, "as", "as", 2, "one", "two", "dict",
                                        "a{sv}", 1, "inner", "v", "s", "deep"));
        assert_ok(read_back(message, &object, &error));

        expected = json_pack("{s:s, s:b, s:i, s:i, s:I, s:I, s:I, s:f, s:[ss], s:{s:s}}", "s", "text", "b", 1, "y", 255,
                             "n", -5, "u", (json_int_t)4294967295, "x", (json_int_t)INT64_MIN, "t",
                             (json_int_t)INT64_MAX, "d", 0.5, "as", "one", "two", "dict", "inner", "deep");
        assert_non_null(expected);
        assert_true(json_equal(object, expected));
}

static void expect_refused(sd_bus_message *message, const char *part) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        json_t *object = NULL;

        assert_true(read_back(message, &object, &error) < 0);
        assert_null(object);
        assert_string_equal(error.name, RHV_ERROR_INVALID_ARGUMENT);
        assert_non_null(strstr(error.message, part));
}

static void test_refused_values(void **state) {
        _cleanup_message_ sd_bus_message *large = new_message(), *fd = new_message(), *twice = new_message(),
                                         *other = new_message(), *deep = new_message();

        assert_ok(sd_bus_message_append(large, "a{sv}", 1, "n", "t", (uint64_t)1 << 63));
        expect_refused(large, "9223372036854775808");
        assert_ok(sd_bus_message_append(fd, "a{sv}", 1, "fd", "h", 0));
        expect_refused(fd, "'h'");
        assert_ok(sd_bus_message_append(twice, "a{sv}", 2, "k", "s", "a", "k", "s", "b"));
        expect_refused(twice, "twice");
        assert_ok(sd_bus_message_append(other, "a{sv}", 1, "k", "a{us}", 1, 1U, "x"));
        expect_refused(other, "no place");

        assert_ok(sd_bus_message_open_container(deep, 'a', "{sv}"));
        assert_ok(sd_bus_message_open_container(deep, 'e', "sv"));
        assert_ok(sd_bus_message_append(deep, "s", "k"));
        for (int i = 0; i < 20; i++)
                assert_ok(sd_bus_message_open_container(deep, 'v', i < 19 ? "v" : "s"));
        assert_ok(sd_bus_message_append(deep, "s", "end"));
        for (int i = 0; i < 22; i++)
                assert_ok(sd_bus_message_close_container(deep));
        expect_refused(deep, "deeper");
}

static const char *const formats[] = { "raw", "qcow2", NULL };
static const DictField disk_fields[] = {
        { "id", DICT_STRING, DICT_REQUIRED, .valid = uuid_is_valid, .expected = "a UUID" },
        { "format", DICT_STRING, .words = formats },
        { NULL },
};
static const DictField disk_element = { "disk", DICT_OBJECT, .fields = disk_fields };
static const DictField fields[] = {
        { "name", DICT_STRING, DICT_REQUIRED, .min = 1, .max = 8 },
        { "cpus", DICT_INTEGER, .min = 1, .max = 64 },
        { "memory", DICT_INTEGER, .min = 1024, .max = 4096, .expected = "1 KiB to 4 KiB" },
        { "on", DICT_BOOLEAN },
        { "disks", DICT_ARRAY, .max = 2, .element = &disk_element },
        { "tags", DICT_STRING_MAP },
        { "counts", DICT_INTEGER_MAP, .min = 0, .max = 9 },
        { NULL },
};

static void test_check(void **state) {
        static const struct {
                const char *json, *name, *part;
        } cases[] = {
                { "{'name':'a'}", NULL, NULL },
                { "{'name':'a','cpus':64,'on':false,'disks':[{'id':'5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11'}],'tags':{'a':'b'}}",
                  NULL, NULL },
                { "{}", RHV_ERROR_INVALID_ARGUMENT, "VM: name is missing" },
                { "{'name':''}", RHV_ERROR_INVALID_ARGUMENT, "1 to 8 bytes" },
                { "{'name':'123456789'}", RHV_ERROR_INVALID_ARGUMENT, "1 to 8 bytes" },
                { "{'name':5}", RHV_ERROR_INVALID_ARGUMENT, "name must be a string" },
                { "{'name':'a','cpus':0}", RHV_ERROR_INVALID_ARGUMENT, "cpus must be 1 to 64" },
                { "{'name':'a','memory':4097}", RHV_ERROR_INVALID_ARGUMENT, "memory must be 1 KiB to 4 KiB" },
                { "{'name':'a','memory':4096}", NULL, NULL },
                { "{'name':'a','cpus':'2'}", RHV_ERROR_INVALID_ARGUMENT, "cpus must be an integer" },
                { "{'name':'a','colour':'red'}", RHV_ERROR_UNKNOWN_OPTION, "unknown key 'colour'" },
                { "{'name':'a','disks':[{'id':'../etc'}]}", RHV_ERROR_INVALID_ARGUMENT, "disks[0]: id must be a UUID" },
                { "{'name':'a','disks':[{}]}", RHV_ERROR_INVALID_ARGUMENT, "disks[0]: id is missing" },
                { "{'name':'a','disks':[1]}", RHV_ERROR_INVALID_ARGUMENT, "disk must be a dictionary" },
                { "{'name':'a','disks':[1,2,3]}", RHV_ERROR_INVALID_ARGUMENT, "0 to 2 entries" },
                { "{'name':'a','disks':[{'id':'5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11','format':'vmdk'}]}",
                  RHV_ERROR_INVALID_ARGUMENT, "one of: raw, qcow2" },
                { "{'name':'a','tags':{'a':1}}", RHV_ERROR_INVALID_ARGUMENT, "'a' must be a string" },
                { "{'name':'a','counts':{'a':0,'b':9}}", NULL, NULL },
                { "{'name':'a','counts':[1]}", RHV_ERROR_INVALID_ARGUMENT, "counts must be a dictionary of integers" },
                { "{'name':'a','counts':{'a':'1'}}", RHV_ERROR_INVALID_ARGUMENT, "'a' must be an integer" },
                { "{'name':'a','counts':{'a':10}}", RHV_ERROR_INVALID_ARGUMENT, "counts must be 0 to 9" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                _cleanup_free_ char *text = strdup(cases[i].json);
                _cleanup_json_ json_t *object = NULL;
                int r;

                for (char *p = text; *p; p++)
                        if (*p == '\'')
                                *p = '"';
                object = json_loads(text, 0, NULL);
                assert_non_null(object);

                r = dict_check(object, fields, "VM", &error);
                if (!cases[i].name) {
                        assert_ok(r);
                        continue;
                }
                assert_true(r < 0);
                assert_string_equal(error.name, cases[i].name);
                if (!strstr(error.message, cases[i].part))
                        fail_msg("'%s' does not say '%s'", error.message, cases[i].part);
        }
}

static void test_append(void **state) {
        _cleanup_message_ sd_bus_message *message = new_message();
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *object = NULL, *back = NULL;

        object = json_pack("{s:s, s:i, s:i, s:b, s:f, s:[ss], s:[{s:i}], s:[], s:{s:[s]}}", "s", "text", "t", 5, "x",
                           -5, "b", 1, "d", 1.5, "as", "a", "b", "aa", "k", 1, "empty", "o", "list", "one");
        assert_ok(json_object_set_new(object, "mixed", json_pack("[i,s]", 1, "a")));
        assert_ok(dict_append(message, object));
        assert_ok(read_back(message, &back, &error));
        assert_true(json_equal(object, back));
}

static void test_null_left_out(void **state) {
        _cleanup_message_ sd_bus_message *message = new_message();
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *object = json_pack("{s:n, s:s}", "null", "kept", "x"), *back = NULL;

        assert_ok(dict_append(message, object));
        assert_ok(read_back(message, &back, &error));
        assert_int_equal(json_object_size(back), 1);
        assert_string_equal(dict_string(back, "kept", ""), "x");
        assert_string_equal(dict_string(back, "null", "fallback"), "fallback");
        assert_int_equal(dict_integer(back, "kept", 42), 42);
        assert_true(dict_boolean(back, "absent", true));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_types), cmocka_unit_test(test_refused_values), cmocka_unit_test(test_check),
                cmocka_unit_test(test_append), cmocka_unit_test(test_null_left_out),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
