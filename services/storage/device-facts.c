/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "device-facts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "lvm-tag.h"
#include "string-table.h"

#define BLOCK_BYTES 512U

static const char *const device_state_table[_DEVICE_STATE_MAX] = {
                [DEVICE_FREE] = "free",
                [DEVICE_USED] = "used",
                [DEVICE_DOMAIN] = "domain",
                [DEVICE_UNKNOWN] = "unknown",
};

const char *device_state_to_string(DeviceState state) {
        return state >= 0 && state < _DEVICE_STATE_MAX ? device_state_table[state] : NULL;
}

static void say(DeviceVerdict *verdict, DeviceState state, const char *format, ...) _printf_(3, 4);
static void say(DeviceVerdict *verdict, DeviceState state, const char *format, ...) {
        va_list arguments;

        verdict->state = state;
        va_start(arguments, format);
        (void) vsnprintf(verdict->reason, sizeof(verdict->reason), format, arguments);
        va_end(arguments);
}

static void judge_physical_volume(const DeviceFacts *facts, DeviceVerdict *verdict) {
        const char *tags = facts->tags ?: "";

        if (isempty(facts->group)) {
                if (facts->in_use)
                        say(verdict, DEVICE_USED, "it is part of a volume group that is not whole on this host");
        } else if (uuid_is_valid(facts->group) && lvm_tags_have(tags, LVM_TAG_DOMAIN)) {
                say(verdict, DEVICE_DOMAIN, "it is part of storage domain %s", facts->group);
                memcpy(verdict->domain, facts->group, UUID_STRING_MAX);
        } else if (lvm_tags_have(tags, LVM_TAG_UNREADY))
                say(verdict, DEVICE_USED, "storage domain %.128s is being made on it, or was and is not complete", facts->group);
        else
                say(verdict, DEVICE_USED, "it is part of the volume group %.128s", facts->group);
}

/* Writing to either would be seen as the other's. */
static void judge_twin(const DeviceFacts *facts, DeviceVerdict *verdict) {
        char reason[sizeof(verdict->reason)];

        memcpy(reason, verdict->reason, sizeof(reason));
        say(verdict, verdict->state == DEVICE_FREE ? DEVICE_USED : verdict->state, "%.120s%s%.80s has the same id of LVM: one of them is a copy", reason, reason[0] ? "; " : "",
            facts->twin);
}

static void judge_state(const DeviceFacts *facts, DeviceVerdict *verdict) {
        const bool was_lvm = streq_ptr(facts->content, "LVM2_member");

        if (facts->silent)
                say(verdict, DEVICE_UNKNOWN, "%.200s", facts->silent);
        else if (facts->mounted)
                say(verdict, DEVICE_USED, "it is mounted at %.200s", facts->mounted);
        else if (facts->physical_volume)
                judge_physical_volume(facts, verdict);
        else if (facts->partitions)
                say(verdict, DEVICE_USED, "it has a partition table (%.32s)", facts->partitions);
        else if (facts->content && !was_lvm)
                say(verdict, DEVICE_USED, "there is a signature of \"%.32s\" on it", facts->content);
        else if (facts->holder)
                say(verdict, DEVICE_USED, "it is part of %.64s", facts->holder);
        else if (facts->unasked)
                say(verdict, DEVICE_UNKNOWN, "%.200s", facts->unasked);
}

void device_judge(const DeviceFacts *facts, DeviceVerdict *ret) {
        DeviceVerdict verdict = {.state = DEVICE_FREE};

        judge_state(facts, &verdict);
        if (facts->twin)
                judge_twin(facts, &verdict);
        verdict.usable = verdict.state == DEVICE_FREE;
        if (verdict.usable && facts->size_bytes == 0)
                say(&verdict, DEVICE_UNKNOWN, "it has no size");
        else if (verdict.usable && facts->read_only)
                say(&verdict, DEVICE_FREE, "it can only be read");
        else if (verdict.usable && facts->logical_block_bytes != BLOCK_BYTES)
                say(&verdict, DEVICE_FREE, "it has sectors of %" PRIu64 " bytes; a block domain needs %u", facts->logical_block_bytes, BLOCK_BYTES);
        verdict.usable = verdict.usable && !verdict.reason[0];
        *ret = verdict;
}

static bool is_said(const char *a, const char *b) {
        return !isempty(a) && !isempty(b);
}

bool device_same_lun(const DeviceIdentity *a, const DeviceIdentity *b) {
        if (is_said(a->wwn, b->wwn))
                return streq(a->wwn, b->wwn);
        return is_said(a->serial, b->serial) && streq(a->serial, b->serial) && streq_ptr(a->vendor, b->vendor) && streq_ptr(a->model, b->model);
}
