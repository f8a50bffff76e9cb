/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* VLANs as text, and the name of a guest's port. */

#include "view-fixture.h"

#include "macro.h"
#include "vlan-set.h"

static void there_and_back(void **state) {
        static const char *const texts[] = { "", "1 pvid untagged", "1 pvid untagged, 100, 200", "2, 4094", "7 untagged, 8 pvid" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_free_ char *text = NULL;
                VlanSet set;

                assert_int_equal(vlan_set_parse(texts[i], &set), 0);
                text = vlan_set_format(&set);
                assert_string_equal(text, texts[i]);
        }
}

static void all_of_them(void **state) {
        _cleanup_free_ char *text = NULL;
        VlanSet set = {}, again;

        for (unsigned vid = 1; vid <= 4094; vid++)
                set.flags[vid] = VLAN_PORT;
        text = vlan_set_format(&set);
        assert_int_equal(vlan_set_parse(text, &again), 0);
        assert_memory_equal(&set, &again, sizeof set);
}

static void refused(void **state) {
        static const char *const texts[] = { "0", "4095", "99999999999999999999", "-1", "1,2", "1, ", ", 1", "1 pvid pvid", "1, 1", "x", "1 untagged pvid", " 1", "01" };
        VlanSet set;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (vlan_set_parse(texts[i], &set) != -EINVAL)
                        fail_msg("'%s' was accepted", texts[i]);
}

static void port_names(void **state) {
        assert_int_equal(vlan_of_port_name("v100-1a2b3c4d"), 100);
        assert_int_equal(vlan_of_port_name("m100-1a2b3c4d"), 100);
        assert_int_equal(vlan_of_port_name("m0-1a2b3c4d"), 0);
        assert_int_equal(vlan_of_port_name("v1-0"), 1);
        assert_int_equal(vlan_of_port_name("v4094-ffffffff"), 4094);
        assert_int_equal(vlan_of_port_name("v4095-ffffffff"), 0);
        assert_int_equal(vlan_of_port_name("v0-ff"), 0);
        assert_int_equal(vlan_of_port_name("v100"), 0);
        assert_int_equal(vlan_of_port_name("v100-"), 0);
        assert_int_equal(vlan_of_port_name("v100x-1"), 0);
        assert_int_equal(vlan_of_port_name("vnet0"), 0);
        assert_int_equal(vlan_of_port_name("w100-1"), 0);
        assert_int_equal(vlan_of_port_name(""), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(there_and_back),
                cmocka_unit_test(all_of_them),
                cmocka_unit_test(refused),
                cmocka_unit_test(port_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
