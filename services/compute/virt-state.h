/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * libvirt's numbers as our words: every state with every reason, and every life-cycle event with every detail. Pure; a test
 * walks libvirt's enumerations to their ends, so that a newer libvirt shows what is missing.
 * Source: libvirt-domain.h, virDomainState, virDomain*Reason, virDomainEventType, virDomainEvent*DetailType.
 */

#include "vm-state.h"

typedef struct VirtStateWords {
        VmState state;
        const char *reason; /* a literal */
} VirtStateWords;

/* A number that libvirt does not define gives VM_UNKNOWN and "unknown". */
VirtStateWords virt_state_words(int state, int reason);

typedef enum VirtChange {
        VIRT_CHANGE_NONE,   /* nothing a client would notice */
        VIRT_CHANGE_STATE,  /* the guest is there, in `state` */
        VIRT_CHANGE_START,  /* the same, and a run begins with it: told once of each */
        VIRT_CHANGE_GONE,   /* its process ended; `reason` says why */
        VIRT_CHANGE_LOOK,   /* the definition moved: ask libvirt for the domain */
        VIRT_CHANGE_HINT,   /* not ended yet, but `reason` is what to remember when it does */
} VirtChange;

typedef struct VirtEventWords {
        VirtChange change;
        VmState state;
        const char *reason;
} VirtEventWords;

VirtEventWords virt_event_words(int event, int detail);
