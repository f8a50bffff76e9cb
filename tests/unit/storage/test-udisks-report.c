/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "udisks-report.h"

#define BLOCKS "/org/freedesktop/UDisks2/block_devices/"

/* A disk with a drive, a loop device without one, a mapped one whose name begins as the disk's, and what no udisks2 says. "/dev/sda", and so on, as bytes. */
static const char text[] =
                "{\"/org/freedesktop/UDisks2/Manager\": {\"org.freedesktop.UDisks2.Manager\": {\"Version\": \"2.9.4\"}},"
                " \"" BLOCKS "sda\": {\"org.freedesktop.UDisks2.Block\": {\"Device\": [47,100,101,118,47,115,100,97,0], \"Size\": 21474836480,"
                "   \"Drive\": \"/org/freedesktop/UDisks2/drives/LUN\"}},"
                " \"" BLOCKS "sdaa\": {\"org.freedesktop.UDisks2.Block\": {\"Device\": [47,100,101,118,47,115,100,97,97,0], \"Drive\": \"/nowhere\"}},"
                " \"" BLOCKS "loop0\": {\"org.freedesktop.UDisks2.Block\": {\"Device\": [47,100,101,118,47,108,111,111,112,48,0], \"Drive\": \"/\"}},"
                " \"/org/freedesktop/UDisks2/drives/LUN\": {\"org.freedesktop.UDisks2.Drive\": {\"WWN\": \"0x60000000000000000e00000000010001\","
                "   \"Serial\": \"beaf11\", \"Vendor\": \"IET\", \"Model\": \"VIRTUAL-DISK\", \"Revision\": 1}},"
                " \"" BLOCKS "odd\": {\"org.freedesktop.UDisks2.Block\": {\"Device\": \"/dev/odd\"}},"
                " \"" BLOCKS "odder\": {\"org.freedesktop.UDisks2.Block\": [1]}, \"" BLOCKS "oddest\": null}";

static void test_find(void **state) {
        _cleanup_json_ json_t *objects = json_loads(text, 0, NULL);
        UdisksDisk disk;

        assert_non_null(objects);
        assert_true(udisks_find(objects, "/dev/sda", &disk));
        assert_string_equal(disk.path, BLOCKS "sda");
        assert_string_equal(disk.identity.wwn, "0x60000000000000000e00000000010001");
        assert_string_equal(disk.identity.serial, "beaf11");
        assert_string_equal(disk.identity.vendor, "IET");
        assert_string_equal(disk.identity.model, "VIRTUAL-DISK");
        assert_string_equal(disk.identity.revision, ""); /* no text */
        assert_true(udisks_find(objects, "/dev/sdaa", &disk));
        assert_string_equal(disk.path, BLOCKS "sdaa");
        assert_string_equal(disk.identity.serial, "");
        assert_true(udisks_find(objects, "/dev/loop0", &disk));
        assert_string_equal(disk.identity.wwn, "");
}

static void test_unknown(void **state) {
        static const char *const others[] = {"/dev/sd", "/dev/sdaaa", "/dev/odd", "", "/dev/loop1"};
        _cleanup_json_ json_t *objects = json_loads(text, 0, NULL), *list = json_array();
        UdisksDisk disk;

        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                assert_false(udisks_find(objects, others[i], &disk));
                assert_string_equal(disk.path, "");
                assert_string_equal(disk.identity.model, "");
        }
        assert_false(udisks_find(NULL, "/dev/sda", &disk));
        assert_false(udisks_find(list, "/dev/sda", &disk));
        assert_string_equal(disk.identity.wwn, "");
}

static void test_merge(void **state) {
        static const DeviceIdentity system = {.wwn = "0x5", .serial = "S1", .vendor = "ACME", .model = NULL, .revision = "3"};
        static const DeviceIdentity nothing = {"", "", "", "", ""};
        DeviceIdentity merged;

        device_identity_merge(&(DeviceIdentity){.wwn = "0x6", .serial = "", .vendor = NULL, .model = "Disk", .revision = ""}, &system, &merged);
        assert_string_equal(merged.wwn, "0x6");
        assert_string_equal(merged.serial, "S1");
        assert_string_equal(merged.vendor, "ACME");
        assert_string_equal(merged.model, "Disk");
        assert_string_equal(merged.revision, "3");
        device_identity_merge(&nothing, &system, &merged);
        assert_string_equal(merged.wwn, "0x5");
        assert_string_equal(merged.model, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_find),
                        cmocka_unit_test(test_unknown),
                        cmocka_unit_test(test_merge),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
