/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "guest-free.h"

/* Said after the last sign of life: a host that was heard since was not meant, or is back. */
static bool is_later(uint64_t said_usec, const GuestEvidence *evidence) {
        return said_usec > 0 && said_usec > evidence->last_sign_usec;
}

static bool has_booted(const GuestEvidence *evidence) {
        return evidence->boot_id[0] && evidence->boot_id_now[0] && strcmp(evidence->boot_id, evidence->boot_id_now) != 0;
}

static bool lease_says(LeaseSight lease, const char **ret_reason) {
        static const struct {
                bool free;
                const char *reason;
        } sights[] = {
                [LEASE_SIGHT_UNKNOWN] = { false, "lease-unknown" },
                [LEASE_SIGHT_FREE] = { true, "lease-free" },
                [LEASE_SIGHT_HELD] = { false, "lease-held" },
                [LEASE_SIGHT_DEAD] = { true, "lease-dead" },
        };

        *ret_reason = sights[lease].reason;
        return sights[lease].free;
}

bool guest_is_free(const GuestEvidence *evidence, const char **ret_reason) {
        if (evidence->host_heard && evidence->host_lists_guest) {
                *ret_reason = "runs-there";
                return false;
        }
        if (evidence->leased)
                return lease_says(evidence->lease, ret_reason);
        if (evidence->host_heard) {
                *ret_reason = "host-has-it-not";
                return true;
        }
        if (has_booted(evidence)) {
                *ret_reason = "host-rebooted";
                return true;
        }
        if (is_later(evidence->power_off_usec, evidence)) {
                *ret_reason = "power-off-confirmed";
                return true;
        }
        if (is_later(evidence->confirmed_usec, evidence)) {
                *ret_reason = "confirmed-by-hand";
                return true;
        }
        *ret_reason = "host-silent";
        return false;
}
