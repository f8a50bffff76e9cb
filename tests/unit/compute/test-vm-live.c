/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dict.h"
#include "fixture.h"
#include "vm-live.h"
#include "vm-xml.h"

static int parse(const char *xml, VmLive *ret) {
        return vm_live_parse(xml, strlen(xml), ret);
}

static void test_no_domain(void **state) {
        VmLive live;

        assert_int_equal(parse("", &live), -EBADMSG);
        assert_int_equal(parse("<domain>", &live), -EBADMSG);
        assert_int_equal(parse("<network/>", &live), -EBADMSG);
        assert_int_equal(vm_live_parse("<domain/>", VM_LIVE_XML_MAX + 1, &live), -EMSGSIZE);
}

static void test_foreign(void **state) {
        VmLive live;

        assert_ok(parse("<domain type='test'><metadata><x:y xmlns:x='other'><description>{}</description></x:y></metadata></domain>", &live));
        assert_null(live.description);
        assert_int_equal(live.channel, VM_CHANNEL_ABSENT);
        vm_live_done(&live);

        /* Ours by name, but not a description we would have accepted. */
        assert_ok(parse("<domain><metadata><rhv:vm xmlns:rhv='" VM_XML_NAMESPACE "'><rhv:description>{\"name\":\"a\",\"cpus\":0}</rhv:description>"
                        "<rhv:created_usec>-5</rhv:created_usec></rhv:vm></metadata></domain>", &live));
        assert_null(live.description);
        assert_int_equal(live.created_usec, 0);
        vm_live_done(&live);
}

static void test_channel(void **state) {
        static const struct {
                const char *state;
                VmChannel want;
        } cases[] = { { "connected", VM_CHANNEL_CONNECTED }, { "disconnected", VM_CHANNEL_DISCONNECTED }, { "", VM_CHANNEL_DISCONNECTED } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char xml[512];
                VmLive live;

                (void) snprintf(xml, sizeof(xml), "<domain><devices><channel type='unix'><target type='virtio' name='other' state='connected'/></channel>"
                                "<channel type='unix'><target type='virtio' name='" VM_AGENT_CHANNEL "' state='%s'/></channel></devices></domain>", cases[i].state);
                assert_ok(parse(xml, &live));
                assert_int_equal(live.channel, cases[i].want);
                vm_live_done(&live);
        }
}

static void test_devices(void **state) {
        const json_t *device;
        VmLive live;

        assert_ok(parse("<domain><devices>"
                        "<interface type='bridge'><mac address='56:6f:00:00:00:01'/><source bridge='ovirtmgmt'/><target dev='vnet0'/>"
                        "<alias name='ua-aaaaaaaa-0000-4000-8000-000000000001'/><address type='pci' bus='0x03'/></interface>"
                        "<controller type='scsi'><alias name='ua-scsi'/></controller>"
                        "<serial type='unix'><source mode='bind' path='/run/rhv/compute/console/x.sock'/></serial>"
                        "<graphics type='vnc'/><input type='mouse'/></devices></domain>", &live));
        assert_int_equal(json_array_size(live.devices), 2);
        device = json_array_get(live.devices, 0);
        assert_string_equal(dict_string(device, "type", ""), "nic");
        assert_string_equal(dict_string(device, "id", ""), "aaaaaaaa-0000-4000-8000-000000000001");
        assert_string_equal(dict_string(device, "target", ""), "vnet0");
        assert_string_equal(dict_string(device, "bridge", ""), "ovirtmgmt");
        assert_string_equal(dict_string(json_object_get(device, "address"), "bus", ""), "0x03");
        assert_string_equal(dict_string(json_array_get(live.devices, 1), "type", ""), "scsi-controller");
        assert_string_equal(live.console_path, "/run/rhv/compute/console/x.sock");
        assert_true(live.graphics);
        vm_live_done(&live);
}

static void test_alias(void **state) {
        assert_null(vm_live_alias_id("pci.1"));
        assert_null(vm_live_alias_id("ua-rng"));
        assert_null(vm_live_alias_id("ua-../../x"));
        assert_string_equal(vm_live_alias_id("ua-aaaaaaaa-0000-4000-8000-000000000001"), "aaaaaaaa-0000-4000-8000-000000000001");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_no_domain), cmocka_unit_test(test_foreign), cmocka_unit_test(test_channel),
                cmocka_unit_test(test_devices),   cmocka_unit_test(test_alias),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
