/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The guests' statistics are written straight from libvirt's numbers into the reply: with a thousand guests a tree of values in
 * between would cost more than libvirt itself.
 */

#include "stats-bus.h"

#include "bus-error.h"
#include "dict.h"

static int append_number(sd_bus_message *reply, const char *key, uint64_t number) {
        return sd_bus_message_append(reply, "{sv}", key, "t", number);
}

static int append_text(sd_bus_message *reply, const char *key, const char *text) {
        return sd_bus_message_append(reply, "{sv}", key, "s", text);
}

static int append_stat(sd_bus_message *reply, const VirtStat *stat) {
        return stat->text ? append_text(reply, stat->key, stat->text) : append_number(reply, stat->key, stat->number);
}

/* The id behind a host-side device name ("vda", "vnet3"): disks and NICs are known by their UUIDs everywhere else. */
static const char *device_id(const Vm *vm, const char *target) {
        for (size_t i = 0; vm && i < json_array_size(vm->devices); i++) {
                const json_t *device = json_array_get(vm->devices, i);

                if (streq_ptr(dict_string(device, "target", NULL), target))
                        return dict_string(device, "id", NULL);
        }
        return NULL;
}

/* One vCPU, NIC or disk: the stats from *at with the same group and index. */
static int append_element(sd_bus_message *reply, const Vm *vm, const VirtStatsRecord *record, size_t *at) {
        const VirtStat *first = &record->stats[*at];
        int r;

        r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = append_number(reply, "index", first->index);
        for (; r >= 0 && *at < record->n; (*at)++) {
                const VirtStat *stat = &record->stats[*at];
                const char *id;

                if (stat->group != first->group || stat->index != first->index)
                        break;
                r = append_stat(reply, stat);
                id = r >= 0 && stat->text && streq(stat->key, "device") ? device_id(vm, stat->text) : NULL;
                if (id)
                        r = append_text(reply, "id", id);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_group(sd_bus_message *reply, const Vm *vm, const VirtStatsRecord *record, VirtStatsGroup group, size_t *at) {
        static const char *const words[] = { [VIRT_STATS_VCPU] = "vcpu", [VIRT_STATS_NIC] = "nics", [VIRT_STATS_DISK] = "disks" };
        int r;

        if (*at >= record->n || record->stats[*at].group != group)
                return 0;
        r = sd_bus_message_open_container(reply, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(reply, 's', words[group]);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'v', "aa{sv}");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        while (r >= 0 && *at < record->n && record->stats[*at].group == group)
                r = append_element(reply, vm, record, at);
        for (unsigned i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(reply);
        return r;
}

static int append_record(sd_bus_message *reply, const Manager *manager, const VirtStatsRecord *record) {
        const Vm *vm = manager_find(manager, record->id);
        size_t at = 0;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0 && vm)
                r = append_text(reply, "state", vm_state_to_string(vm_shown(vm)));
        for (; r >= 0 && at < record->n && record->stats[at].group == VIRT_STATS_GUEST; at++)
                r = append_stat(reply, &record->stats[at]);
        for (VirtStatsGroup group = VIRT_STATS_VCPU; r >= 0 && group < _VIRT_STATS_GROUP_MAX; group++)
                r = append_group(reply, vm, record, group, &at);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static bool is_wanted(const char *const *ids, const char *id) {
        if (!ids || !ids[0])
                return true;
        for (; *ids; ids++)
                if (streq(*ids, id))
                        return true;
        return false;
}

static int make_reply(sd_bus_message *call, const Manager *manager, const VirtStats *stats, const char *const *ids, sd_bus_message **ret) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{sa{sv}}");
        for (size_t i = 0; r >= 0 && i < stats->n; i++) {
                if (!is_wanted(ids, stats->records[i].id))
                        continue;
                r = sd_bus_message_open_container(reply, 'e', "sa{sv}");
                if (r >= 0)
                        r = sd_bus_message_append_basic(reply, 's', stats->records[i].id);
                if (r >= 0)
                        r = append_record(reply, manager, &stats->records[i]);
                if (r >= 0)
                        r = sd_bus_message_close_container(reply);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(reply);
        return 0;
}

static int make_single_reply(sd_bus_message *call, const Manager *manager, const VirtStats *stats, sd_bus_message **ret) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = append_record(reply, manager, &stats->records[0]);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(reply);
        return 0;
}

static void on_stats(const VirtOutcome *outcome, void *context, void *userdata) {
        Operation **operation = context;
        sd_bus_message *call = operation_message(*operation), *reply = NULL;
        bool single = sd_bus_message_has_signature(call, "");
        _cleanup_free_ const char **ids = NULL;
        int r = outcome->r;

        if (r < 0) {
                *operation = operation_fail_errno(*operation, r, outcome->error);
                return;
        }
        if (single && outcome->stats->n == 0) {
                *operation = operation_failf(*operation, RHV_ERROR_INVALID_STATE, "The VM is not running");
                return;
        }
        if (!single) {
                /* The ids stand in the parked message still. */
                (void) sd_bus_message_rewind(call, true);
                r = sd_bus_message_read_strv(call, (char ***)&ids);
        }
        if (r >= 0)
                r = single ? make_single_reply(call, userdata, outcome->stats, &reply) : make_reply(call, userdata, outcome->stats, ids, &reply);
        for (const char **id = ids; id && *id; id++)
                free((char *)*id);
        *operation = r < 0 ? operation_fail_errno(*operation, r, NULL) : operation_reply_message(*operation, reply);
        sd_bus_message_unref(reply);
}

int stats_ask(Manager *manager, sd_bus_message *message, const char *const *ids, bool single, sd_bus_error *error) {
        VirtRequest request = { .verb = VIRT_STATS, .ids = ids };

        return virt_call_parked(manager->virt, &request, on_stats, message, error);
}
