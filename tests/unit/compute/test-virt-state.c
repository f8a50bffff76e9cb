/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every state with every reason and every event with every detail that this libvirt defines has its words. */

#define VIR_ENUM_SENTINELS /* the ends of the enumerations: what is walked to here */
#include <libvirt/libvirt.h>

#include "fixture.h"
#include "virt-state.h"

static void test_states(void **state) {
        static const struct {
                int state, reasons;
                VmState want;
        } all[] = {
                { VIR_DOMAIN_NOSTATE, VIR_DOMAIN_NOSTATE_LAST, VM_UNKNOWN },
                { VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_LAST, VM_RUNNING },
                { VIR_DOMAIN_BLOCKED, VIR_DOMAIN_BLOCKED_LAST, VM_BLOCKED },
                { VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_LAST, VM_PAUSED },
                { VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_LAST, VM_POWERING_DOWN },
                { VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_LAST, VM_DOWN },
                { VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_LAST, VM_CRASHED },
                { VIR_DOMAIN_PMSUSPENDED, VIR_DOMAIN_PMSUSPENDED_LAST, VM_PMSUSPENDED },
        };

        assert_int_equal(ELEMENTSOF(all), VIR_DOMAIN_LAST);
        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                for (int reason = 0; reason < all[i].reasons; reason++) {
                        VirtStateWords words = virt_state_words(all[i].state, reason);

                        assert_int_equal(words.state, all[i].want);
                        assert_non_null(words.reason);
                        /* Only number 0 is libvirt's own "unknown". */
                        assert_int_equal(streq(words.reason, "unknown"), reason == 0);
                }
}

static void test_unknown_numbers(void **state) {
        assert_int_equal(virt_state_words(-1, 0).state, VM_UNKNOWN);
        assert_int_equal(virt_state_words(VIR_DOMAIN_LAST, 0).state, VM_UNKNOWN);
        assert_int_equal(virt_state_words(VIR_DOMAIN_PAUSED, 1000).state, VM_PAUSED);
        assert_string_equal(virt_state_words(VIR_DOMAIN_PAUSED, 1000).reason, "unknown");
        assert_string_equal(virt_state_words(VIR_DOMAIN_PAUSED, -1).reason, "unknown");
        assert_int_equal(virt_event_words(1000, 0).change, VIRT_CHANGE_LOOK);
        assert_int_equal(virt_event_words(VIR_DOMAIN_EVENT_STOPPED, 1000).change, VIRT_CHANGE_GONE);
        assert_string_equal(virt_event_words(VIR_DOMAIN_EVENT_STOPPED, 1000).reason, "unknown");
}

static void test_events(void **state) {
        static const struct {
                int event, details;
                VirtChange want;
        } all[] = {
                { VIR_DOMAIN_EVENT_DEFINED, VIR_DOMAIN_EVENT_DEFINED_LAST, VIRT_CHANGE_LOOK },
                { VIR_DOMAIN_EVENT_UNDEFINED, VIR_DOMAIN_EVENT_UNDEFINED_LAST, VIRT_CHANGE_LOOK },
                { VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_LAST, VIRT_CHANGE_START },
                { VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_LAST, VIRT_CHANGE_STATE },
                { VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_LAST, VIRT_CHANGE_STATE },
                { VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_LAST, VIRT_CHANGE_GONE },
                { VIR_DOMAIN_EVENT_SHUTDOWN, VIR_DOMAIN_EVENT_SHUTDOWN_LAST, VIRT_CHANGE_HINT },
                { VIR_DOMAIN_EVENT_PMSUSPENDED, VIR_DOMAIN_EVENT_PMSUSPENDED_LAST, VIRT_CHANGE_STATE },
                { VIR_DOMAIN_EVENT_CRASHED, VIR_DOMAIN_EVENT_CRASHED_LAST, VIRT_CHANGE_STATE },
        };

        assert_int_equal(ELEMENTSOF(all), VIR_DOMAIN_EVENT_LAST);
        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                for (int detail = 0; detail < all[i].details; detail++) {
                        VirtEventWords words = virt_event_words(all[i].event, detail);

                        /* a guest that wakes up has been there before */
                        assert_int_equal(words.change, all[i].event == VIR_DOMAIN_EVENT_STARTED && detail == VIR_DOMAIN_EVENT_STARTED_WAKEUP ? VIRT_CHANGE_STATE : all[i].want);
                        assert_non_null(words.reason);
                        if (words.change != VIRT_CHANGE_LOOK)
                                assert_string_not_equal(words.reason, "unknown");
                }
}

static void test_shown(void **state) {
        for (VmState s = 0; s < _VM_STATE_MAX; s++) {
                assert_non_null(vm_state_to_string(s));
                assert_int_equal(vm_state_from_string(vm_state_to_string(s)), s);
                for (VmActivity a = 0; a < _VM_ACTIVITY_MAX; a++)
                        assert_non_null(vm_state_to_string(vm_state_shown(s, a)));
                assert_int_equal(vm_state_shown(s, VM_ACTIVITY_NONE), s);
        }
        assert_int_equal(vm_state_shown(VM_RUNNING, VM_ACTIVITY_SHUTDOWN), VM_POWERING_DOWN);
        assert_int_equal(vm_state_shown(VM_PAUSED, VM_ACTIVITY_SHUTDOWN), VM_PAUSED);
        assert_int_equal(vm_state_shown(VM_RUNNING, VM_ACTIVITY_REBOOT), VM_REBOOTING);
        assert_int_equal(vm_state_shown(VM_DOWN, VM_ACTIVITY_START), VM_STARTING);
        assert_true(vm_reason_is_normal(VM_REASON_ADMIN_SHUTDOWN));
        assert_false(vm_reason_is_normal(VM_REASON_CRASHED));
        assert_false(vm_reason_is_normal("no such word"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_states),
                cmocka_unit_test(test_unknown_numbers),
                cmocka_unit_test(test_events),
                cmocka_unit_test(test_shown),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
