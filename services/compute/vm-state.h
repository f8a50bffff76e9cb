/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a guest is, in words. Two things are kept apart: what was observed (VmState and a reason word), and what is being done
 * to it (VmActivity: none or one). What a client sees is derived from both at reading time, never stored.
 */

#include "macro.h"
#include "string-table.h"

typedef enum VmState {
        VM_STARTING,      /* accepted: disks are being prepared, or QEMU is being launched */
        VM_RUNNING,
        VM_BLOCKED,       /* all virtual CPUs wait for something (libvirt's "idle") */
        VM_PAUSED,        /* virtual CPUs are stopped; the reason says by whom or what */
        VM_POWERING_DOWN, /* a shutdown was asked or is under way, or its disks are being released */
        VM_REBOOTING,
        VM_PMSUSPENDED,   /* the guest suspended itself */
        VM_CRASHED,       /* the guest panicked; its process is still there */
        VM_DOWN,          /* not running; the reason says why */
        VM_UNKNOWN,       /* the backend could not tell, for now */
        VM_MIGRATING_FROM, /* on its way to another host; it runs here until it is there */
        VM_MIGRATING_TO,   /* on its way here: no process, or one whose CPUs were never started */
        _VM_STATE_MAX,
        _VM_STATE_INVALID = -EINVAL,
} VmState;
DECLARE_STRING_TABLE(vm_state, VmState);

typedef enum VmActivity {
        VM_ACTIVITY_NONE,
        VM_ACTIVITY_START,
        VM_ACTIVITY_SHUTDOWN,
        VM_ACTIVITY_REBOOT,
        VM_ACTIVITY_POWER_OFF,
        VM_ACTIVITY_RELEASE, /* the guest is gone, its disks are being given back */
        VM_ACTIVITY_MIGRATE,  /* it goes to another host */
        VM_ACTIVITY_INCOMING, /* it comes from another host */
        _VM_ACTIVITY_MAX,
        _VM_ACTIVITY_INVALID = -EINVAL,
} VmActivity;
DECLARE_STRING_TABLE(vm_activity, VmActivity);

/* A guest process exists (or may exist) in this observed state. */
static inline bool vm_state_is_alive(VmState state) {
        return state != VM_DOWN && state != VM_STARTING;
}

/* What clients are shown. Pure. */
VmState vm_state_shown(VmState observed, VmActivity activity) _const_;

/* Why a guest is down: words that clients may rely on. */
#define VM_REASON_SHUTDOWN "shutdown"               /* the guest shut itself down */
#define VM_REASON_ADMIN_SHUTDOWN "admin-shutdown"   /* shut down on request */
#define VM_REASON_HOST_SHUTDOWN "host-shutdown"     /* ended from the host's side, as when the host goes down */
#define VM_REASON_DESTROYED "destroyed"             /* powered off */
#define VM_REASON_CRASHED "crashed"
#define VM_REASON_FAILED "failed"                   /* QEMU failed */
#define VM_REASON_START_FAILED "start-failed"
#define VM_REASON_START_ABORTED "start-aborted"
#define VM_REASON_MIGRATED "migrated"
#define VM_REASON_INCOMING_FAILED "incoming-failed" /* it did not arrive from another host */
#define VM_REASON_SAVED "saved"
#define VM_REASON_LOST "lost"                       /* ended while nobody watched; why is not known */

/* Whether a guest that ended so may be called a clean end. Pure. */
bool vm_reason_is_normal(const char *reason) _pure_;
/* A sentence for ExitMessage. Pure; a literal. */
const char *vm_reason_sentence(const char *reason);
