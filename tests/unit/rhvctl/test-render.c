/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "render.h"
#include "text.h"

#define ID "5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11"

static void check(const char *json, Format format, const char *property, const char *expected) {
        _cleanup_json_ json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
        _cleanup_json_ json_t *names = json_pack("{s:s}", ID, "Default");
        _cleanup_free_ char *text = render_value(value, format, property, names);

        assert_non_null(value);
        assert_string_equal(text, expected);
}

static void test_values(void **state) {
        check("\"x\"", FORMAT_TEXT, "", "x");
        check("true", FORMAT_TEXT, "", "yes");
        check("null", FORMAT_TEXT, "", "");
        check("[\"a\",\"b\"]", FORMAT_TEXT, "", "a, b");
        check("{\"a\":1,\"b\":\"c\"}", FORMAT_TEXT, "", "a=1 b=c");
        check("2147483648", FORMAT_SIZE, "", "2 GiB");
        check("12.34", FORMAT_PERCENT, "", "12.3 %");
        check("0.5", FORMAT_FRACTION, "", "50 %");
        check("[1,2,3]", FORMAT_COUNT, "", "3");
        check("\"" ID "\"", FORMAT_REFERENCE, "", "Default");
        check("\"gone\"", FORMAT_REFERENCE, "", "gone");
        check("-5", FORMAT_SIZE, "", "0 B");
}

static void test_by_name(void **state) {
        check("1073741824", FORMAT_AUTO, "MemoryTotal", "1 GiB");
        check("1073741824", FORMAT_AUTO, "Memory", "1 GiB");
        check("1073741824", FORMAT_AUTO, "memory", "1 GiB");
        check("1073741824", FORMAT_AUTO, "Capacity", "1 GiB");
        check("1024", FORMAT_AUTO, "FreeBytes", "1 KiB");
        check("1500000", FORMAT_AUTO, "timeout_usec", "1s");
        check("0", FORMAT_AUTO, "StartedAt", "-");
        check("4", FORMAT_AUTO, "Cpus", "4");
        check("\"" ID "\"", FORMAT_AUTO, "Cluster", "Default");
        check("[\"" ID "\"]", FORMAT_AUTO, "Vms", "Default");
        check("\"" ID "\"", FORMAT_AUTO, "Id", ID);
}

static void test_object(void **state) {
        _cleanup_json_ json_t *object = json_loads(
                "{\"Name\":\"we\\u001bb\",\"Cluster\":\"" ID "\",\"Empty\":[],\"Spec\":{\"cpus\":2,"
                "\"disks\":[{\"disk\":\"d1\",\"bus\":\"virtio\"},{\"disk\":\"d2\"}]},\"Backends\":[[\"libvirt\",\"ready\",\"\"]]}",
                0, NULL);
        _cleanup_json_ json_t *names = json_pack("{s:s}", ID, "Default");
        _cleanup_free_ char *text = render_object(object, names);

        assert_string_equal(text, "Name:     we\\x1bb\n"
                                  "Cluster:  Default (" ID ")\n"
                                  "Empty:    -\n"
                                  "Spec:\n"
                                  "  cpus:  2\n"
                                  "  disks:\n"
                                  "    - disk: d1\n"
                                  "      bus:  virtio\n"
                                  "    - disk: d2\n"
                                  "Backends:\n"
                                  "  - libvirt, ready, \n");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_values),
                cmocka_unit_test(test_by_name),
                cmocka_unit_test(test_object),
        };

        text_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
