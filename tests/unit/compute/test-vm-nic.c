/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What of a NIC may change while its guest runs, and what libvirt is told then. */

#include "fixture.h"

#include "bus-error.h"
#include "dict.h"
#include "vm-live.h"
#include "vm-nic.h"
#include "vm-xml.h"

#define ID "aaaaaaaa-0000-4000-8000-000000000006"

static json_t *quoted(const char *text) {
        json_error_t where;
        char *copy = strdup(text);
        json_t *value;

        for (char *c = copy; *c; c++)
                *c = *c == '\'' ? '"' : *c;
        value = json_loads(copy, 0, &where);
        if (!value)
                fail_msg("%s: %s", text, where.text);
        free(copy);
        return value;
}

static json_t *description_new(void) {
        return quoted("{'name': 'web1', 'cpus': 1, 'memory': 67108864, 'nics': [{'id': '" ID "', 'network': 'red', 'mac': '56:6f:00:00:00:01', 'model': 'virtio', 'link': true, "
                      "'filter': 'clean-traffic', 'inbound': {'average_mbit': 10}, 'address': {'type': 'pci', 'bus': '0x01'}}, "
                      "{'id': 'aaaaaaaa-0000-4000-8000-000000000007', 'network': 'red', 'bridge': 'br-eth1', 'vlan': 100, 'mirror': true}]}");
}

static void changes(void **state) {
        _cleanup_json_ json_t *before = description_new(), *kept = json_deep_copy(before), *nic = NULL, *after = NULL, *expected = NULL;

        nic = quoted("{'id': '" ID "', 'network': 'blue', 'link': false, 'outbound': {'average_mbit': 5}, 'address': {'type': 'pci', 'bus': '0x09'}}");
        assert_ok(vm_nic_change(before, nic, &after, NULL));
        expected = quoted("{'id': '" ID "', 'network': 'blue', 'link': false, 'outbound': {'average_mbit': 5}, 'mac': '56:6f:00:00:00:01', 'address': {'type': 'pci', 'bus': '0x01'}}");
        assert_true(json_equal(json_array_get(json_object_get(after, "nics"), 0), expected));
        assert_true(json_equal(json_array_get(json_object_get(after, "nics"), 1), json_array_get(json_object_get(before, "nics"), 1)));
        assert_true(json_equal(before, kept));
}

static void refused(void **state) {
        static const struct {
                const char *nic, *error, *word;
        } cases[] = {
                { "{'id': 'aaaaaaaa-0000-4000-8000-000000000099', 'network': 'red'}", RHV_ERROR_NOT_FOUND, "no NIC" },
                { "{'network': 'red'}", RHV_ERROR_NOT_FOUND, "no NIC" },
                { "{'id': '" ID "', 'network': 'red', 'mac': '56:6f:00:00:00:02'}", RHV_ERROR_NOT_SUPPORTED, "'mac'" },
                { "{'id': '" ID "', 'network': 'red', 'model': 'e1000e'}", RHV_ERROR_NOT_SUPPORTED, "'model'" },
                { "{'id': '" ID "', 'network': 'red', 'boot_order': 1}", RHV_ERROR_NOT_SUPPORTED, "'boot_order'" },
                { "{'id': '" ID "', 'network': 'red', 'vlan': 7, 'bridge': 'br-eth1'}", RHV_ERROR_NOT_SUPPORTED, "'vlan'" },
                { "{'id': '" ID "', 'network': 'red', 'mirror': true}", RHV_ERROR_NOT_SUPPORTED, "'mirror'" },
                { "{'id': 'aaaaaaaa-0000-4000-8000-000000000007', 'network': 'red', 'bridge': 'br-eth1', 'vlan': 100}", RHV_ERROR_NOT_SUPPORTED, "'mirror'" },
                { "{'id': '" ID "', 'network': 'red', 'colour': 'red'}", RHV_ERROR_UNKNOWN_OPTION, "colour" },
                { "{'id': '" ID "', 'network': 'red', 'filter': '../x'}", RHV_ERROR_INVALID_ARGUMENT, "filter" },
                { "{'id': '" ID "', 'network': 'red', 'inbound': {'peak_mbit': 5}}", RHV_ERROR_INVALID_ARGUMENT, "average_mbit" },
                { "{'id': '" ID "'}", RHV_ERROR_INVALID_ARGUMENT, "network" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_ json_t *before = description_new(), *nic = quoted(cases[i].nic), *after = NULL;
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                if (vm_nic_change(before, nic, &after, &error) >= 0)
                        fail_msg("case %zu was accepted", i);
                if (!streq_ptr(error.name, cases[i].error) || !strstr(error.message, cases[i].word))
                        fail_msg("case %zu: %s: %s", i, error.name, error.message);
                assert_null(after);
        }
}

static void what_libvirt_is_told(void **state) {
        _cleanup_json_ json_t *description = description_new();
        _cleanup_free_ char *xml = NULL, *metadata = NULL, *domain = NULL;
        VmLive live;

        assert_ok(vm_xml_build_nic(json_array_get(json_object_get(description, "nics"), 0), &xml));
        assert_non_null(strstr(xml, "<interface type=\"bridge\">"));
        assert_non_null(strstr(xml, "<filterref filter=\"clean-traffic\"/>"));
        assert_non_null(strstr(xml, "<alias name=\"ua-" ID "\"/>"));

        /* libvirt puts the element into the namespace: then it is read as the one of the start */
        assert_ok(vm_xml_build_metadata(description, 1700000000000000, &metadata));
        assert_true(startswith(metadata, "<vm version=\"1\">") != NULL);
        assert_true(asprintf(&domain, "<domain><metadata><vm xmlns=\"" VM_XML_NAMESPACE "\" %s</metadata></domain>", metadata + strlen("<vm ")) > 0);
        assert_ok(vm_live_parse(domain, strlen(domain), &live));
        assert_true(json_equal(live.description, description));
        assert_int_equal(live.created_usec, 1700000000000000);
        vm_live_done(&live);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(changes),
                cmocka_unit_test(refused),
                cmocka_unit_test(what_libvirt_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
