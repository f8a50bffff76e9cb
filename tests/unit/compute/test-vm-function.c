/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pass-through NICs: which virtual function each gets, and what such a NIC cannot have. */

#include "fixture.h"

#include "bus-error.h"
#include "dict.h"
#include "vm-description.h"
#include "vm-function.h"
#include "vm-nic.h"

#define FIRST "'id': 'aaaaaaaa-0000-4000-8000-000000000001', 'network': 'red'"
#define SECOND "'id': 'aaaaaaaa-0000-4000-8000-000000000002', 'network': 'red'"

static json_t *quoted(const char *text) {
        char *copy = strdup(text);
        json_t *value;

        for (char *c = copy; *c; c++)
                *c = *c == '\'' ? '"' : *c;
        value = json_loads(copy, 0, NULL);
        if (!value)
                fail_msg("%s", text);
        free(copy);
        return value;
}

static json_t *described(const char *nics) {
        char text[1024];

        (void) snprintf(text, sizeof text, "{'name': 'web1', 'cpus': 1, 'memory': 67108864, 'nics': %s}", nics);
        return quoted(text);
}

static void addresses(void **state) {
        static const char *const wrong[] = { "", "0000:03:10", "0000:03:10.8", "0000:03:10.10", "000:03:10.1", "0000:0G:10.1", "0000:03:10.1 ", "0000-03:10.1", "../0000:03:10.1", "0000:0A:10.1" };

        assert_true(pci_address_is_valid("0000:03:10.1"));
        assert_true(pci_address_is_valid("10de:af:1f.7"));
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                if (pci_address_is_valid(wrong[i]))
                        fail_msg("'%s'", wrong[i]);
}

static const char *got(const json_t *description, size_t nic) {
        const json_t *list = json_object_get(json_array_get(json_object_get(description, "nics"), nic), "vfs");

        assert_int_equal(json_array_size(list), 1);
        return json_string_value(json_array_get(list, 0));
}

static void choosing(void **state) {
        _cleanup_json_ json_t *description = described("[{" FIRST ", 'vfs': ['0000:03:10.0', '0000:03:10.2', '0000:03:10.4']}, {'id': 'aaaaaaaa-0000-4000-8000-000000000003', 'network': 'blue'},"
                                                       " {" SECOND ", 'vfs': ['0000:03:10.0', '0000:03:10.2', '0000:03:10.4']}]");
        _cleanup_json_ json_t *before = json_deep_copy(description), *taken = json_object(), *chosen = NULL, *again = NULL, *none = NULL, *same = NULL, *forgotten = NULL, *other = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_ok(vm_functions_choose(description, taken, &chosen, NULL));
        assert_string_equal(got(chosen, 0), "0000:03:10.0");
        assert_string_equal(got(chosen, 2), "0000:03:10.2");
        assert_true(json_equal(description, before));
        assert_null(json_object_get(json_array_get(json_object_get(chosen, "nics"), 1), "vfs"));

        /* one that another guest has is left to it */
        assert_ok(vm_functions_note(chosen, "web1", taken));
        assert_int_equal(json_object_size(taken), 2);
        (void) json_object_del(taken, "0000:03:10.0");
        assert_ok(vm_functions_choose(description, taken, &again, NULL));
        assert_string_equal(got(again, 0), "0000:03:10.0");
        assert_string_equal(got(again, 2), "0000:03:10.4");

        assert_ok(vm_functions_note(again, "web2", taken));
        assert_true(vm_functions_choose(description, taken, &none, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, RHV_ERROR_IN_USE));
        assert_non_null(strstr(error.message, "NIC 1: no virtual function is free for network red: web2 has 0000:03:10.0"));
        assert_null(none);

        /* what was chosen does not matter for whether a request is the same */
        same = vm_functions_forget(chosen);
        forgotten = vm_functions_forget(description);
        assert_true(json_equal(same, forgotten));
        other = described("[{" FIRST "}]");
        assert_false(json_equal(other, forgotten));
}

static void two_for_one(void **state) {
        _cleanup_json_ json_t *description = described("[{" FIRST ", 'vfs': ['0000:03:10.0']}, {" SECOND ", 'vfs': ['0000:03:10.0']}]"), *taken = json_object(), *chosen = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_true(vm_functions_choose(description, taken, &chosen, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, RHV_ERROR_IN_USE));
        assert_non_null(strstr(error.message, "NIC 2"));
        assert_int_equal(json_object_size(taken), 0);
}

static void checked(void **state) {
        static const struct {
                const char *more, *error;
        } cases[] = {
                { "'vfs': ['0000:03:10.0'], 'vlan': 100, 'mac': '56:6f:00:00:00:01', 'model': 'virtio', 'link': true, 'mirror': false", NULL },
                { "'vfs': []", RHV_ERROR_INVALID_ARGUMENT },
                { "'vfs': ['eth5']", RHV_ERROR_INVALID_ARGUMENT },
                { "'vfs': '0000:03:10.0'", RHV_ERROR_INVALID_ARGUMENT },
                { "'vfs': ['0000:03:10.0'], 'bridge': 'red'", RHV_ERROR_INVALID_ARGUMENT },
                { "'vfs': ['0000:03:10.0'], 'filter': 'clean-traffic'", RHV_ERROR_INVALID_ARGUMENT },
                { "'vfs': ['0000:03:10.0'], 'inbound': {'average_mbit': 5}", RHV_ERROR_INVALID_ARGUMENT },
                { "'vfs': ['0000:03:10.0'], 'outbound': {'average_mbit': 5}", RHV_ERROR_INVALID_ARGUMENT },
                { "'vfs': ['0000:03:10.0'], 'mirror': true", RHV_ERROR_INVALID_ARGUMENT },
                { "'vfs': ['0000:03:10.0'], 'link': false", RHV_ERROR_INVALID_ARGUMENT },
                { "'vfs': ['0000:03:10.0'], 'vlan': 0", RHV_ERROR_INVALID_ARGUMENT },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                _cleanup_json_ json_t *description = NULL;
                char text[512];
                int r;

                (void) snprintf(text, sizeof text, "[{" FIRST ", %s}]", cases[i].more);
                description = described(text);
                r = vm_description_check(description, &error);
                if (cases[i].error ? !sd_bus_error_has_name(&error, cases[i].error) : r < 0)
                        fail_msg("%s: %s", cases[i].more, error.message ?: "accepted");
        }
}

/* It has no bridge, whatever its network is called; and it does not change while the guest runs. */
static void no_port(void **state) {
        _cleanup_json_ json_t *description = described("[{" FIRST ", 'vfs': ['0000:03:10.0']}]"), *changed = NULL, *nic = quoted("{" FIRST "}");
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_null(vm_nic_bridge(json_array_get(json_object_get(description, "nics"), 0)));
        assert_true(vm_nic_change(description, nic, &changed, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, RHV_ERROR_NOT_SUPPORTED));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(addresses),
                cmocka_unit_test(choosing),
                cmocka_unit_test(two_for_one),
                cmocka_unit_test(checked),
                cmocka_unit_test(no_port),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
