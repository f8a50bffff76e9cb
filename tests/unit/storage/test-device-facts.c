/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "device-facts.h"
#include "fixture.h"

#define DOMAIN "11111111-2222-4333-8444-00000000000b"
#define TAGS "MDT_CLASS=Data,RHAT_storage_domain"
/* A disk that would do. */
#define GOOD .size_bytes = 20 * GIB, .logical_block_bytes = 512

static void test_states(void **state) {
        static const struct {
                DeviceFacts facts;
                DeviceState state;
                const char *reason; /* part of it */
                bool usable;
        } cases[] = {
                        {{GOOD}, DEVICE_FREE, "", true},
                        {{GOOD, .partitions = "gpt"}, DEVICE_USED, "partition table (gpt)", false},
                        {{GOOD, .content = "ext4"}, DEVICE_USED, "\"ext4\"", false},
                        {{GOOD, .content = "ext4", .mounted = "/srv"}, DEVICE_USED, "mounted at /srv", false},
                        {{GOOD, .holder = "md0"}, DEVICE_USED, "part of md0", false},
                        {{GOOD, .physical_volume = true, .group = DOMAIN, .tags = TAGS}, DEVICE_DOMAIN, DOMAIN, false},
                        /* its active volumes hold it */
                        {{GOOD, .physical_volume = true, .group = DOMAIN, .tags = TAGS, .holder = "dm-3"}, DEVICE_DOMAIN, DOMAIN, false},
                        {{GOOD, .physical_volume = true, .group = DOMAIN, .tags = "RHAT_storage_domain_UNREADY"}, DEVICE_USED, "not complete", false},
                        /* tags alone make no domain of a group, nor does a name */
                        {{GOOD, .physical_volume = true, .group = "vg0", .tags = TAGS}, DEVICE_USED, "volume group vg0", false},
                        {{GOOD, .physical_volume = true, .group = DOMAIN, .tags = ""}, DEVICE_USED, "volume group " DOMAIN, false},
                        /* a physical volume of no group is as good as an empty device, as at creation; one that says it has one is not */
                        {{GOOD, .physical_volume = true, .group = "", .tags = ""}, DEVICE_FREE, "", true},
                        {{GOOD, .physical_volume = true, .group = "", .tags = "", .in_use = true}, DEVICE_USED, "not whole", false},
                        /* two with one id of LVM: neither is taken for what it says */
                        {{GOOD, .physical_volume = true, .group = DOMAIN, .tags = TAGS, .twin = "/dev/sdb"}, DEVICE_DOMAIN, DOMAIN "; /dev/sdb has the same id", false},
                        {{GOOD, .physical_volume = true, .group = "", .tags = "", .twin = "/dev/sdb"}, DEVICE_USED, "/dev/sdb has the same id of LVM: one of them is a copy", false},
                        /* LVM is newer than udev: another host has taken it, or given it back */
                        {{GOOD, .content = "LVM2_member"}, DEVICE_FREE, "", true},
                        {{GOOD, .content = "ext4", .physical_volume = true, .group = DOMAIN, .tags = TAGS}, DEVICE_DOMAIN, DOMAIN, false},
                        /* what is not known is not free */
                        {{GOOD, .unasked = "LVM cannot be asked"}, DEVICE_UNKNOWN, "cannot be asked", false},
                        {{GOOD, .unasked = "LVM cannot be asked", .content = "LVM2_member"}, DEVICE_UNKNOWN, "cannot be asked", false},
                        {{GOOD, .unasked = "LVM cannot be asked", .content = "xfs"}, DEVICE_USED, "\"xfs\"", false},
                        {{GOOD, .silent = "it does not answer", .content = "xfs"}, DEVICE_UNKNOWN, "does not answer", false},
                        /* free, and of no use */
                        {{.size_bytes = GIB, .logical_block_bytes = 4096}, DEVICE_FREE, "sectors of 4096 bytes", false},
                        {{GOOD, .read_only = true}, DEVICE_FREE, "only be read", false},
                        {{.logical_block_bytes = 512}, DEVICE_UNKNOWN, "no size", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                DeviceVerdict verdict;

                device_judge(&cases[i].facts, &verdict);
                assert_int_equal(verdict.state, cases[i].state);
                assert_int_equal(verdict.usable, cases[i].usable);
                if (!*cases[i].reason)
                        assert_string_equal(verdict.reason, "");
                else
                        assert_non_null(strstr(verdict.reason, cases[i].reason));
                assert_string_equal(verdict.domain, cases[i].state == DEVICE_DOMAIN ? DOMAIN : "");
        }
}

static void test_luns(void **state) {
        static const struct {
                DeviceIdentity a, b;
                bool same;
        } cases[] = {
                        {{.wwn = "0x5", .serial = "1"}, {.wwn = "0x5", .serial = "2"}, true},
                        {{.wwn = "0x5", .serial = "1"}, {.wwn = "0x6", .serial = "1"}, false},
                        {{.wwn = "", .serial = "1", .vendor = "v", .model = "m"}, {.wwn = "0x5", .serial = "1", .vendor = "v", .model = "m"}, true},
                        {{.serial = "1", .vendor = "v", .model = "m"}, {.serial = "1", .vendor = "v", .model = "n"}, false},
                        {{.serial = "1", .vendor = "v"}, {.serial = "2", .vendor = "v"}, false},
                        /* who says nothing of itself is nobody's other path */
                        {{.wwn = "", .serial = ""}, {.wwn = "", .serial = ""}, false},
                        {{}, {}, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                assert_int_equal(device_same_lun(&cases[i].a, &cases[i].b), cases[i].same);
                assert_int_equal(device_same_lun(&cases[i].b, &cases[i].a), cases[i].same);
        }
}

static void test_words(void **state) {
        for (DeviceState each = 0; each < _DEVICE_STATE_MAX; each++)
                assert_non_null(device_state_to_string(each));
        assert_null(device_state_to_string(_DEVICE_STATE_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_states),
                        cmocka_unit_test(test_luns),
                        cmocka_unit_test(test_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
