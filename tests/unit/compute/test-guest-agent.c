/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "guest-agent.h"
#include "storage-client.h"
#include "vm.h"

static void test_addresses(void **state) {
        static const char *const good[] = { "10.88.0.100", "192.168.1.1", "2001:db8::1", "fd00::5", "172.16.254.3" };
        static const char *const bad[] = { "", "127.0.0.1", "::1", "fe80::1", "169.254.3.4", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "ff02::1",
                                           "10.0.0.1/24", "10.0.0", "not an address", "10.0.0.1\n", "<b>", "fe80::1%eth0" };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(guest_address_is_useful(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(guest_address_is_useful(bad[i]));
}

static void test_hostname(void **state) {
        char longest[300];

        assert_true(guest_hostname_is_valid("web1.example.com"));
        assert_true(guest_hostname_is_valid("WIN_2022"));
        assert_false(guest_hostname_is_valid(""));
        assert_false(guest_hostname_is_valid("a b"));
        assert_false(guest_hostname_is_valid("\033[2J"));
        assert_false(guest_hostname_is_valid("<script>"));
        memset(longest, 'a', sizeof(longest));
        longest[254] = 0;
        assert_false(guest_hostname_is_valid(longest));
        longest[253] = 0;
        assert_true(guest_hostname_is_valid(longest));
}

static void test_next(void **state) {
        assert_int_equal(guest_agent_next_usec(false, false, 0, 0), USEC_INFINITY);
        assert_int_equal(guest_agent_next_usec(true, false, 0, 0), 2 * USEC_PER_SEC);
        assert_int_equal(guest_agent_next_usec(true, true, 0, 0), 30 * USEC_PER_SEC);
        assert_int_equal(guest_agent_next_usec(true, true, 3, 600 * USEC_PER_SEC), 60 * USEC_PER_SEC);
        assert_int_equal(guest_agent_next_usec(true, false, 1, 10 * USEC_PER_SEC), 5 * USEC_PER_SEC);
}

static void test_ways(void **state) {
        assert_int_equal(vm_stop_ways("auto", AGENT_UP, true), VM_STOP_AGENT | VM_STOP_ACPI);
        assert_int_equal(vm_stop_ways("auto", AGENT_CONNECTING, true), VM_STOP_AGENT | VM_STOP_ACPI);
        assert_int_equal(vm_stop_ways("auto", AGENT_FAILED, true), VM_STOP_ACPI);
        assert_int_equal(vm_stop_ways("auto", AGENT_ABSENT, false), VM_STOP_ACPI);
        assert_int_equal(vm_stop_ways("agent", AGENT_UP, true), VM_STOP_AGENT);
        assert_int_equal(vm_stop_ways("agent", AGENT_CONNECTING, false), 0);
        assert_int_equal(vm_stop_ways("acpi", AGENT_UP, true), VM_STOP_ACPI);
        assert_int_equal(vm_stop_step_usec(VM_STOP_ACPI, 100), 100);
        assert_int_equal(vm_stop_step_usec(VM_STOP_AGENT | VM_STOP_ACPI, 100), 50);
}

static int check(const char *text) {
        _cleanup_json_ json_t *answer = json_loads(text, 0, NULL), *prepared = NULL;

        return storage_check_prepared(answer, &prepared);
}

static void test_prepared(void **state) {
        assert_ok(check("{\"path\":\"/a/b\",\"format\":\"raw\"}"));
        assert_ok(check("{\"path\":\"/a/b\",\"format\":\"qcow2\",\"backing\":[\"/a/c\"],\"backing_formats\":[\"raw\"],\"more\":1}"));
        assert_int_equal(check("{}"), -EBADMSG);
        assert_int_equal(check("{\"path\":\"a\",\"format\":\"raw\"}"), -EBADMSG);
        assert_int_equal(check("{\"path\":\"/a/../b\",\"format\":\"raw\"}"), -EBADMSG);
        assert_int_equal(check("{\"path\":\"/a\",\"format\":\"vmdk\"}"), -EBADMSG);
        assert_int_equal(check("{\"path\":\"/a\",\"format\":\"qcow2\",\"backing\":[\"/a/c\"]}"), -EBADMSG);
        assert_int_equal(check("{\"path\":7,\"format\":\"raw\"}"), -EBADMSG);
}

#define LEASED(more) "{\"path\":\"/a/b\",\"format\":\"raw\"" more "}"
#define SPACE ",\"lease_lockspace\":\"bbbbbbbb-0000-4000-8000-000000000001\""

/* All of it or none: a guest must not be started with half a lease. */
static void test_leases(void **state) {
        assert_ok(check(LEASED(SPACE ",\"lease_path\":\"/x\",\"lease_offset\":3145728")));
        assert_int_equal(check(LEASED(SPACE)), -EBADMSG);
        assert_int_equal(check(LEASED(SPACE ",\"lease_path\":\"/x\"")), -EBADMSG);
        assert_int_equal(check(LEASED(",\"lease_path\":\"/x\",\"lease_offset\":3145728")), -EBADMSG);
        assert_int_equal(check(LEASED(",\"lease_offset\":0")), -EBADMSG);
        assert_int_equal(check(LEASED(SPACE ",\"lease_path\":\"x\",\"lease_offset\":0")), -EBADMSG);
        assert_int_equal(check(LEASED(",\"lease_lockspace\":\"../x\",\"lease_path\":\"/x\",\"lease_offset\":0")), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_addresses), cmocka_unit_test(test_hostname), cmocka_unit_test(test_next),
                cmocka_unit_test(test_ways),      cmocka_unit_test(test_prepared), cmocka_unit_test(test_leases),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
