/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* LVM's reports, its command lines, the room for its metadata, and the slots of a block domain. */

#include "block-slot.h"
#include "bus-error.h"
#include "fixture.h"
#include "lvm-argv.h"
#include "lvm-report.h"
#include "lvm-room.h"

/* As lvm2 2.03.16 writes it. */
#define GROUPS                                                                                                         \
        "{\"report\": [{\"vg\": [{\"vg_name\":\"11111111-2222-4333-8444-00000000000b\", \"vg_uuid\":\"Q1xAbc-0000\", " \
        "\"vg_size\":\"21072183296\", \"vg_free\":\"16374562816\", \"vg_extent_size\":\"134217728\", "                \
        "\"vg_missing_pv_count\":\"1\", \"vg_mda_size\":\"134217216\", \"vg_mda_free\":\"67099136\", "                 \
        "\"vg_tags\":\"MDT_CLASS=Data,RHAT_storage_domain\"}]}]}"

static void test_groups(void **state) {
        _cleanup_(lvm_groups_clear) LvmGroups groups = {};

        assert_int_equal(lvm_groups_parse(GROUPS, strlen(GROUPS), &groups, NULL), 0);
        assert_int_equal(groups.n, 1);
        assert_string_equal(groups.rows[0].name, "11111111-2222-4333-8444-00000000000b");
        assert_int_equal(groups.rows[0].size_bytes, 21072183296);
        assert_int_equal(groups.rows[0].free_bytes, 16374562816);
        assert_int_equal(groups.rows[0].extent_bytes, 128 * MIB);
        assert_int_equal(groups.rows[0].missing, 1);
        assert_string_equal(groups.rows[0].tags, "MDT_CLASS=Data,RHAT_storage_domain");
}

static void test_volumes(void **state) {
        static const char text[] = "{\"report\":[{\"lv\":[{\"lv_name\":\"ids\",\"lv_size\":\"134217728\",\"lv_active\":\"active\",\"lv_tags\":\"\",\"vg_free\":\"805306368\",\"vg_mda_free\":\"67099136\"},"
                                   "{\"lv_name\":\"master\",\"lv_size\":\"1073741824\",\"lv_active\":\"\",\"lv_tags\":\"a,b\",\"vg_free\":\"805306368\",\"vg_mda_free\":\"67099136\"}]}]}";
        _cleanup_(lvm_volumes_clear) LvmVolumes volumes = {};

        assert_int_equal(lvm_volumes_parse(text, strlen(text), &volumes, NULL), 0);
        assert_int_equal(volumes.n, 2);
        assert_true(volumes.rows[0].active);
        assert_false(volumes.rows[1].active);
        assert_string_equal(volumes.rows[1].tags, "a,b");
        assert_int_equal(volumes.rows[0].group_free_bytes, 805306368);
        assert_int_equal(volumes.rows[0].group_mda_free_bytes, 67099136);
}

static void test_devices(void **state) {
        static const char text[] = "{\"report\":[{\"pv\":[{\"pv_name\":\"/dev/loop1\",\"pv_uuid\":\"wkh9vG-zGUy\",\"dev_size\":\"21474836480\","
                                   "\"pe_start\":\"135266304\",\"pv_pe_count\":\"157\","
                                   "\"pv_mda_used_count\":\"2\",\"pv_in_use\":\"\",\"vg_name\":\"\",\"vg_uuid\":\"\",\"vg_tags\":\"\"},"
                                   "{\"pv_name\":\"/dev/sda\",\"pv_uuid\":\"\",\"dev_size\":\"1\",\"pe_start\":\"0\"}]}]}";
        _cleanup_(lvm_devices_clear) LvmDevices devices = {};

        assert_int_equal(lvm_devices_parse(text, strlen(text), &devices, NULL), 0);
        assert_string_equal(devices.rows[0].path, "/dev/loop1");
        assert_int_equal(devices.rows[0].extents, 157);
        assert_int_equal(devices.rows[0].size_bytes, 20 * GIB);
        assert_int_equal(devices.rows[0].start_bytes, 129 * MIB);
        assert_int_equal(devices.rows[0].metadata_areas, 2);
        assert_string_equal(devices.rows[0].group, "");
        assert_false(devices.rows[0].in_use);
        assert_string_equal(devices.rows[0].tags, "");
}

static void test_whole_devices(void **state) {
        LvmDevice device = {.size_bytes = 129 * MIB + 157 * 128 * MIB, .start_bytes = 129 * MIB, .extents = 157};

        assert_true(lvm_device_is_whole(&device, 128 * MIB));
        device.size_bytes--;
        assert_false(lvm_device_is_whole(&device, 128 * MIB));
        device.size_bytes = 0; /* it is not there */
        assert_true(lvm_device_is_whole(&device, 128 * MIB));
        device = (LvmDevice){.size_bytes = UINT64_MAX, .extents = UINT64_MAX};
        assert_false(lvm_device_is_whole(&device, 128 * MIB));
        device = (LvmDevice){.size_bytes = UINT64_MAX, .start_bytes = UINT64_MAX, .extents = 1};
        assert_false(lvm_device_is_whole(&device, 128 * MIB));
}

static void test_bad_reports(void **state) {
        static const char *const bad[] = {
                        "",
                        "{}",
                        "{\"report\":[]}",
                        "{\"report\":[{\"pv\":[]}]}",
                        "{\"report\":[{\"lv\":[{}]}]}",
                        "{\"report\":[{\"lv\":[{\"lv_name\":\"..\",\"lv_size\":\"1\",\"lv_active\":\"\",\"lv_tags\":\"\",\"vg_free\":\"805306368\",\"vg_mda_free\":\"67099136\"}]}]}",
                        "{\"report\":[{\"lv\":[{\"lv_name\":\"a/b\",\"lv_size\":\"1\",\"lv_active\":\"\",\"lv_tags\":\"\",\"vg_free\":\"805306368\",\"vg_mda_free\":\"67099136\"}]}]}",
                        "{\"report\":[{\"lv\":[{\"lv_name\":\"a\",\"lv_size\":\"-1\",\"lv_active\":\"\",\"lv_tags\":\"\",\"vg_free\":\"805306368\",\"vg_mda_free\":\"67099136\"}]}]}",
                        "{\"report\":[{\"lv\":[{\"lv_name\":\"a\",\"lv_size\":1,\"lv_active\":\"\",\"lv_tags\":\"\",\"vg_free\":\"805306368\",\"vg_mda_free\":\"67099136\"}]}]}",
                        "{\"report\":[{\"lv\":[{\"lv_name\":\"a\",\"lv_size\":\"1\",\"lv_active\":\"\"}]}]}",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                LvmVolumes volumes = {};

                assert_int_equal(lvm_volumes_parse(bad[i], strlen(bad[i]), &volumes, &error), -EBADMSG);
                assert_string_equal(error.name, RHV_ERROR_BACKEND_FAILED);
                assert_null(volumes.rows);
        }
}

/* rhv-lvm runs what the service is made to ask, and that only with the devices named. */
static void test_command_lines(void **state) {
        static const char *const words[] = {"lvremove", "--force", "group/volume", NULL}, *const other[] = {"pvmove", NULL},
                          *const second[] = {"lvs", "--devices", "/dev/sda", NULL}, *const config[] = {"lvs", "--config=x", NULL},
                          *const maps[] = {"multipathd", "show", "maps", "json", NULL}, *const kill[] = {"multipathd", "shutdown", NULL},
                          *const nothing[] = {NULL}, *const file_system[] = {"mke2fs", "/dev/a/master", NULL}, *const shell[] = {"sh", "-c", "x", "--devices", "/dev/a", "b", NULL};
        _cleanup_free_ const char **good = lvm_argv("/dev/a,/dev/b", words), **no_command = lvm_argv("/dev/a", other),
                                  **no_device = lvm_argv("/srv/a", words), **two = lvm_argv("/dev/a", second), **settings = lvm_argv("/dev/a", config);
        const char *report[LVM_REPORT_ARGUMENTS];

        assert_string_equal(good[0], "lvremove");
        assert_string_equal(good[4], "/dev/a,/dev/b");
        assert_string_equal(good[5], "--force");
        assert_null(good[7]);
        assert_true(lvm_argv_is_ours(good));
        assert_false(lvm_argv_is_ours(no_command));
        assert_false(lvm_argv_is_ours(no_device));
        assert_false(lvm_argv_is_ours(two));
        assert_false(lvm_argv_is_ours(settings));
        assert_false(lvm_argv_is_ours(words));
        assert_false(lvm_argv_is_ours(shell));
        assert_true(lvm_argv_is_ours(file_system));
        assert_true(lvm_argv_is_ours(maps));
        assert_false(lvm_argv_is_ours(kill));
        assert_false(lvm_argv_is_ours(nothing));
        lvm_argv_report("vgs", "/dev/a", "vg_name", NULL, NULL, report);
        assert_true(lvm_argv_is_ours(report));
        lvm_argv_report("lvs", "/dev/a", "lv_name", "group", "--segments", report);
        assert_true(lvm_argv_is_ours(report));
}

static void test_device_lists(void **state) {
        static const char *const good[] = {"/dev/sda", "/dev/mapper/3600a,/dev/disk/by-id/wwn-0x5"},
                                *const bad[] = {"", ",", "/dev/", "/dev/../etc", "sda", "/dev/sda,", ",/dev/sda", "/dev/sda,/srv/x", "/dev//sda"};

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(lvm_devices_are_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(lvm_devices_are_valid(bad[i]));
}

/* The words are those of lvm2 2.03.16. */
static void test_room(void **state) {
        static const char *const full[] = {
                        "lvchange failed:   VG g 18 metadata on /dev/loop1 (261632 bytes) exceeds maximum metadata size (261120 bytes)   Failed to write VG g.",
                        "  VG g 18 metadata on /dev/loop1 (9000 bytes) too large for circular buffer (15872 bytes with 7900 used)",
        }, *const other[] = {NULL, "", "  Volume group \"g\" has insufficient free space (3 extents): 4 required.", "  Region size is too large for circular buffer (",
                             "  Failed to read metadata on /dev/loop1"};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        for (size_t i = 0; i < ELEMENTSOF(full); i++)
                assert_true(lvm_room_is_denied(full[i]));
        for (size_t i = 0; i < ELEMENTSOF(other); i++)
                assert_false(lvm_room_is_denied(other[i]));
        assert_int_equal(lvm_room_check("g", UINT64_MAX, &error), 0);
        assert_int_equal(lvm_room_check("g", LVM_ROOM_KEPT_BYTES, &error), 0);
        assert_false(sd_bus_error_is_set(&error));
        assert_int_equal(lvm_room_check("g", LVM_ROOM_KEPT_BYTES - 1, &error), -ENOSPC);
        assert_string_equal(error.name, RHV_ERROR_NO_SPACE);
        assert_non_null(strstr(error.message, "volume group g is full: 65535 bytes"));
}

static void test_slots(void **state) {
        uint32_t used[] = {5, 1, 3, 2, 4}, gap[] = {7, 1, 2}, old[] = {5, 4}, *all = calloc(BLOCK_SLOT_MAX, sizeof(*all)), slot;

        assert_int_equal(block_slot_offset(5, 1), MIB + 8192);
        assert_int_equal(block_slot_offset(4, 4), 2048);
        assert_int_equal(block_lease_offset(1, (uint32_t)MIB), 105906176);
        assert_int_equal(block_slot_find(NULL, 0, 5, &slot), 0);
        assert_int_equal(slot, 1);
        assert_int_equal(block_slot_find(NULL, 0, 3, &slot), 0);
        assert_int_equal(slot, 4);
        assert_int_equal(block_slot_find(used, 5, 5, &slot), 0);
        assert_int_equal(slot, 6);
        assert_int_equal(block_slot_find(gap, 3, 5, &slot), 0);
        assert_int_equal(slot, 3);
        assert_int_equal(block_slot_find(old, 2, 4, &slot), 0);
        assert_int_equal(slot, 6);

        for (uint32_t i = 0; i < BLOCK_SLOT_MAX; i++)
                all[i] = i + 1;
        assert_int_equal(block_slot_find(all, BLOCK_SLOT_MAX - 1, 5, &slot), 0);
        assert_int_equal(slot, BLOCK_SLOT_MAX);
        assert_int_equal(block_lease_offset(slot, (uint32_t)MIB), 2047 * MIB);
        assert_int_equal(block_slot_find(all, BLOCK_SLOT_MAX, 5, &slot), -ENOSPC);
        free(all);

        assert_int_equal(block_volume_bytes(true, 7 * GIB, 0), 7 * GIB);
        assert_int_equal(block_volume_bytes(false, 7 * GIB, 0), 2560 * MIB);
        assert_int_equal(block_volume_bytes(false, 1 * GIB, 0), 1 * GIB);
        assert_int_equal(block_volume_bytes(false, 7 * GIB, 100 * MIB), 110 * MIB);

        /* what reducing leaves */
        assert_int_equal(block_optimal_bytes(1, 11 * GIB, false), 128 * MIB);
        assert_int_equal(block_optimal_bytes(128 * MIB, 11 * GIB, false), 128 * MIB);
        assert_int_equal(block_optimal_bytes(128 * MIB + 1, 11 * GIB, false), 256 * MIB);
        assert_int_equal(block_optimal_bytes(128 * MIB + 1, 11 * GIB, true), 2816 * MIB);
        assert_int_equal(block_optimal_bytes(100 * MIB, 1127 * MIB, true), 1152 * MIB); /* never more than it can need */
        assert_int_equal(block_optimal_bytes(3 * GIB, 1127 * MIB, true), 5632 * MIB);   /* and never less than it has */
        assert_int_equal(block_optimal_bytes(0, 0, false), 128 * MIB);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_groups),      cmocka_unit_test(test_volumes),       cmocka_unit_test(test_devices), cmocka_unit_test(test_whole_devices),
                        cmocka_unit_test(test_bad_reports), cmocka_unit_test(test_command_lines), cmocka_unit_test(test_device_lists),
                        cmocka_unit_test(test_slots),        cmocka_unit_test(test_room),
        };

        return cmocka_run_group_tests_name("lvm-report", tests, NULL, NULL);
}
