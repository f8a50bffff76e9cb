/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "virt-state.h"

#include <libvirt/libvirt.h>

static const char *const running_reasons[] = {
        [VIR_DOMAIN_RUNNING_UNKNOWN] = "unknown",
        [VIR_DOMAIN_RUNNING_BOOTED] = "booted",
        [VIR_DOMAIN_RUNNING_MIGRATED] = "migrated",
        [VIR_DOMAIN_RUNNING_RESTORED] = "restored",
        [VIR_DOMAIN_RUNNING_FROM_SNAPSHOT] = "from-snapshot",
        [VIR_DOMAIN_RUNNING_UNPAUSED] = "unpaused",
        [VIR_DOMAIN_RUNNING_MIGRATION_CANCELED] = "migration-cancelled",
        [VIR_DOMAIN_RUNNING_SAVE_CANCELED] = "save-cancelled",
        [VIR_DOMAIN_RUNNING_WAKEUP] = "wakeup",
        [VIR_DOMAIN_RUNNING_CRASHED] = "crashed",
        [VIR_DOMAIN_RUNNING_POSTCOPY] = "postcopy",
        [VIR_DOMAIN_RUNNING_POSTCOPY_FAILED] = "postcopy-failed",
};
static const char *const paused_reasons[] = {
        [VIR_DOMAIN_PAUSED_UNKNOWN] = "unknown",
        [VIR_DOMAIN_PAUSED_USER] = "user",
        [VIR_DOMAIN_PAUSED_MIGRATION] = "migration",
        [VIR_DOMAIN_PAUSED_SAVE] = "save",
        [VIR_DOMAIN_PAUSED_DUMP] = "dump",
        [VIR_DOMAIN_PAUSED_IOERROR] = "io-error",
        [VIR_DOMAIN_PAUSED_WATCHDOG] = "watchdog",
        [VIR_DOMAIN_PAUSED_FROM_SNAPSHOT] = "from-snapshot",
        [VIR_DOMAIN_PAUSED_SHUTTING_DOWN] = "shutting-down",
        [VIR_DOMAIN_PAUSED_SNAPSHOT] = "snapshot",
        [VIR_DOMAIN_PAUSED_CRASHED] = "crashed",
        [VIR_DOMAIN_PAUSED_STARTING_UP] = "starting-up",
        [VIR_DOMAIN_PAUSED_POSTCOPY] = "postcopy",
        [VIR_DOMAIN_PAUSED_POSTCOPY_FAILED] = "postcopy-failed",
};
static const char *const shutdown_reasons[] = {
        [VIR_DOMAIN_SHUTDOWN_UNKNOWN] = "unknown",
        [VIR_DOMAIN_SHUTDOWN_USER] = "user",
};
static const char *const shutoff_reasons[] = {
        [VIR_DOMAIN_SHUTOFF_UNKNOWN] = "unknown",
        [VIR_DOMAIN_SHUTOFF_SHUTDOWN] = VM_REASON_SHUTDOWN,
        [VIR_DOMAIN_SHUTOFF_DESTROYED] = VM_REASON_DESTROYED,
        [VIR_DOMAIN_SHUTOFF_CRASHED] = VM_REASON_CRASHED,
        [VIR_DOMAIN_SHUTOFF_MIGRATED] = VM_REASON_MIGRATED,
        [VIR_DOMAIN_SHUTOFF_SAVED] = VM_REASON_SAVED,
        [VIR_DOMAIN_SHUTOFF_FAILED] = VM_REASON_FAILED,
        [VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT] = "from-snapshot",
        [VIR_DOMAIN_SHUTOFF_DAEMON] = VM_REASON_LOST,
};
static const char *const crashed_reasons[] = {
        [VIR_DOMAIN_CRASHED_UNKNOWN] = "unknown",
        [VIR_DOMAIN_CRASHED_PANICKED] = "panicked",
};
static const char *const unknown_reason[] = { "unknown" };

#define REASONS(table) .reasons = (table), .n_reasons = ELEMENTSOF(table)
static const struct {
        VmState state;
        const char *const *reasons;
        size_t n_reasons;
} states[] = {
        [VIR_DOMAIN_NOSTATE] = { VM_UNKNOWN, REASONS(unknown_reason) },
        [VIR_DOMAIN_RUNNING] = { VM_RUNNING, REASONS(running_reasons) },
        [VIR_DOMAIN_BLOCKED] = { VM_BLOCKED, REASONS(unknown_reason) },
        [VIR_DOMAIN_PAUSED] = { VM_PAUSED, REASONS(paused_reasons) },
        [VIR_DOMAIN_SHUTDOWN] = { VM_POWERING_DOWN, REASONS(shutdown_reasons) },
        [VIR_DOMAIN_SHUTOFF] = { VM_DOWN, REASONS(shutoff_reasons) },
        [VIR_DOMAIN_CRASHED] = { VM_CRASHED, REASONS(crashed_reasons) },
        [VIR_DOMAIN_PMSUSPENDED] = { VM_PMSUSPENDED, REASONS(unknown_reason) },
};

VirtStateWords virt_state_words(int state, int reason) {
        VirtStateWords words = { VM_UNKNOWN, "unknown" };

        if (state < 0 || (size_t)state >= ELEMENTSOF(states))
                return words;
        words.state = states[state].state;
        if (reason >= 0 && (size_t)reason < states[state].n_reasons)
                words.reason = states[state].reasons[reason];
        return words;
}

/* One row for each detail; the row's place is its number. */
#define STATE(state, reason) { VIRT_CHANGE_STATE, state, reason }
#define START(reason) { VIRT_CHANGE_START, VM_RUNNING, reason }
#define GONE(reason) { VIRT_CHANGE_GONE, VM_DOWN, reason }
#define LOOK { VIRT_CHANGE_LOOK, VM_UNKNOWN, "unknown" }

static const VirtEventWords defined_events[] = { LOOK, LOOK, LOOK, LOOK };
static const VirtEventWords undefined_events[] = { LOOK, LOOK };
static const VirtEventWords started_events[] = {
        [VIR_DOMAIN_EVENT_STARTED_BOOTED] = START("booted"),
        [VIR_DOMAIN_EVENT_STARTED_MIGRATED] = START("migrated"),
        [VIR_DOMAIN_EVENT_STARTED_RESTORED] = START("restored"),
        [VIR_DOMAIN_EVENT_STARTED_FROM_SNAPSHOT] = START("from-snapshot"),
        [VIR_DOMAIN_EVENT_STARTED_WAKEUP] = STATE(VM_RUNNING, "wakeup"),
};
static const VirtEventWords suspended_events[] = {
        [VIR_DOMAIN_EVENT_SUSPENDED_PAUSED] = STATE(VM_PAUSED, "user"),
        [VIR_DOMAIN_EVENT_SUSPENDED_MIGRATED] = STATE(VM_PAUSED, "migration"),
        [VIR_DOMAIN_EVENT_SUSPENDED_IOERROR] = STATE(VM_PAUSED, "io-error"),
        [VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG] = STATE(VM_PAUSED, "watchdog"),
        [VIR_DOMAIN_EVENT_SUSPENDED_RESTORED] = STATE(VM_PAUSED, "restored"),
        [VIR_DOMAIN_EVENT_SUSPENDED_FROM_SNAPSHOT] = STATE(VM_PAUSED, "from-snapshot"),
        [VIR_DOMAIN_EVENT_SUSPENDED_API_ERROR] = STATE(VM_PAUSED, "api-error"),
        [VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY] = STATE(VM_PAUSED, "postcopy"),
        [VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY_FAILED] = STATE(VM_PAUSED, "postcopy-failed"),
};
static const VirtEventWords resumed_events[] = {
        [VIR_DOMAIN_EVENT_RESUMED_UNPAUSED] = STATE(VM_RUNNING, "unpaused"),
        [VIR_DOMAIN_EVENT_RESUMED_MIGRATED] = STATE(VM_RUNNING, "migrated"),
        [VIR_DOMAIN_EVENT_RESUMED_FROM_SNAPSHOT] = STATE(VM_RUNNING, "from-snapshot"),
        [VIR_DOMAIN_EVENT_RESUMED_POSTCOPY] = STATE(VM_RUNNING, "postcopy"),
        [VIR_DOMAIN_EVENT_RESUMED_POSTCOPY_FAILED] = STATE(VM_RUNNING, "postcopy-failed"),
};
static const VirtEventWords stopped_events[] = {
        [VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN] = GONE(VM_REASON_SHUTDOWN),
        [VIR_DOMAIN_EVENT_STOPPED_DESTROYED] = GONE(VM_REASON_DESTROYED),
        [VIR_DOMAIN_EVENT_STOPPED_CRASHED] = GONE(VM_REASON_CRASHED),
        [VIR_DOMAIN_EVENT_STOPPED_MIGRATED] = GONE(VM_REASON_MIGRATED),
        [VIR_DOMAIN_EVENT_STOPPED_SAVED] = GONE(VM_REASON_SAVED),
        [VIR_DOMAIN_EVENT_STOPPED_FAILED] = GONE(VM_REASON_FAILED),
        [VIR_DOMAIN_EVENT_STOPPED_FROM_SNAPSHOT] = GONE("from-snapshot"),
};
/* QEMU has stopped the CPUs for good but is still there; who wanted it is told only here. */
static const VirtEventWords shutdown_events[] = {
        [VIR_DOMAIN_EVENT_SHUTDOWN_FINISHED] = { VIRT_CHANGE_HINT, VM_POWERING_DOWN, VM_REASON_SHUTDOWN },
        [VIR_DOMAIN_EVENT_SHUTDOWN_GUEST] = { VIRT_CHANGE_HINT, VM_POWERING_DOWN, VM_REASON_SHUTDOWN },
        [VIR_DOMAIN_EVENT_SHUTDOWN_HOST] = { VIRT_CHANGE_HINT, VM_POWERING_DOWN, VM_REASON_HOST_SHUTDOWN },
};
static const VirtEventWords pmsuspended_events[] = {
        [VIR_DOMAIN_EVENT_PMSUSPENDED_MEMORY] = STATE(VM_PMSUSPENDED, "memory"),
        [VIR_DOMAIN_EVENT_PMSUSPENDED_DISK] = STATE(VM_PMSUSPENDED, "disk"),
};
static const VirtEventWords crashed_events[] = {
        [VIR_DOMAIN_EVENT_CRASHED_PANICKED] = STATE(VM_CRASHED, "panicked"),
        [VIR_DOMAIN_EVENT_CRASHED_CRASHLOADED] = STATE(VM_RUNNING, "crashed"),
};

#define DETAILS(table) .details = (table), .n_details = ELEMENTSOF(table)
static const struct {
        const VirtEventWords *details;
        size_t n_details;
} events[] = {
        [VIR_DOMAIN_EVENT_DEFINED] = { DETAILS(defined_events) },
        [VIR_DOMAIN_EVENT_UNDEFINED] = { DETAILS(undefined_events) },
        [VIR_DOMAIN_EVENT_STARTED] = { DETAILS(started_events) },
        [VIR_DOMAIN_EVENT_SUSPENDED] = { DETAILS(suspended_events) },
        [VIR_DOMAIN_EVENT_RESUMED] = { DETAILS(resumed_events) },
        [VIR_DOMAIN_EVENT_STOPPED] = { DETAILS(stopped_events) },
        [VIR_DOMAIN_EVENT_SHUTDOWN] = { DETAILS(shutdown_events) },
        [VIR_DOMAIN_EVENT_PMSUSPENDED] = { DETAILS(pmsuspended_events) },
        [VIR_DOMAIN_EVENT_CRASHED] = { DETAILS(crashed_events) },
};

VirtEventWords virt_event_words(int event, int detail) {
        static const VirtEventWords look = LOOK;

        if (event < 0 || (size_t)event >= ELEMENTSOF(events))
                return look;
        if (detail < 0 || (size_t)detail >= events[event].n_details) {
                /* A detail of a newer libvirt: what happened is known, why is not. */
                VirtEventWords words = events[event].details[0];

                words.reason = "unknown";
                return words;
        }
        return events[event].details[detail];
}
