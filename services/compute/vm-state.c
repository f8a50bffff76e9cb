/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vm-state.h"

static const char *const vm_state_table[] = {
        [VM_STARTING] = "starting",
        [VM_RUNNING] = "running",
        [VM_BLOCKED] = "blocked",
        [VM_PAUSED] = "paused",
        [VM_POWERING_DOWN] = "powering-down",
        [VM_REBOOTING] = "rebooting",
        [VM_PMSUSPENDED] = "pmsuspended",
        [VM_CRASHED] = "crashed",
        [VM_DOWN] = "down",
        [VM_UNKNOWN] = "unknown",
        [VM_MIGRATING_FROM] = "migrating-from",
        [VM_MIGRATING_TO] = "migrating-to",
};
DEFINE_STRING_TABLE(vm_state, VmState, _VM_STATE_MAX)

static const char *const vm_activity_table[] = {
        [VM_ACTIVITY_NONE] = "none",
        [VM_ACTIVITY_START] = "start",
        [VM_ACTIVITY_SHUTDOWN] = "shutdown",
        [VM_ACTIVITY_REBOOT] = "reboot",
        [VM_ACTIVITY_POWER_OFF] = "power-off",
        [VM_ACTIVITY_RELEASE] = "release",
        [VM_ACTIVITY_MIGRATE] = "migrate",
        [VM_ACTIVITY_INCOMING] = "incoming",
};
DEFINE_STRING_TABLE(vm_activity, VmActivity, _VM_ACTIVITY_MAX)

VmState vm_state_shown(VmState observed, VmActivity activity) {
        switch (activity) {
        case VM_ACTIVITY_START:
                return VM_STARTING;
        case VM_ACTIVITY_RELEASE:
                return VM_POWERING_DOWN;
        case VM_ACTIVITY_MIGRATE:
                return observed == VM_UNKNOWN ? observed : VM_MIGRATING_FROM;
        case VM_ACTIVITY_INCOMING:
                return VM_MIGRATING_TO;
        case VM_ACTIVITY_SHUTDOWN:
        case VM_ACTIVITY_POWER_OFF:
                /* A paused guest that was asked to shut down is, first of all, paused: that is what must be mended. */
                return observed == VM_RUNNING || observed == VM_BLOCKED ? VM_POWERING_DOWN : observed;
        case VM_ACTIVITY_REBOOT:
                return observed == VM_RUNNING || observed == VM_BLOCKED ? VM_REBOOTING : observed;
        default:
                return observed;
        }
}

static const struct {
        const char *reason;
        bool normal;
        const char *sentence;
} reasons[] = {
        { VM_REASON_SHUTDOWN, true, "The guest shut itself down." },
        { VM_REASON_ADMIN_SHUTDOWN, true, "The guest was shut down on request." },
        { VM_REASON_HOST_SHUTDOWN, false, "The guest was ended from the host's side." },
        { VM_REASON_DESTROYED, true, "The guest was powered off." },
        { VM_REASON_CRASHED, false, "The guest crashed." },
        { VM_REASON_FAILED, false, "QEMU failed." },
        { VM_REASON_START_FAILED, false, "The guest could not be started." },
        { VM_REASON_START_ABORTED, true, "The start was aborted." },
        { VM_REASON_MIGRATED, true, "The guest went to another host." },
        { VM_REASON_INCOMING_FAILED, false, "The guest did not arrive from the other host." },
        { VM_REASON_SAVED, true, "The guest's state was saved." },
        { VM_REASON_LOST, false, "The guest ended while it was not watched; why is not known." },
};

bool vm_reason_is_normal(const char *reason) {
        for (size_t i = 0; i < ELEMENTSOF(reasons); i++)
                if (streq_ptr(reason, reasons[i].reason))
                        return reasons[i].normal;
        return false;
}

const char *vm_reason_sentence(const char *reason) {
        for (size_t i = 0; i < ELEMENTSOF(reasons); i++)
                if (streq_ptr(reason, reasons[i].reason))
                        return reasons[i].sentence;
        return "";
}
