/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "virtual-functions.h"

#include "bus-error.h"
#include "dict.h"
#include "view.h"
#include "wish.h"

#define NICS(wishes) json_object_get(wishes, "nics")

static const json_t *nic_facts(const json_t *view, const char *nic) {
        return json_object_get(json_object_get(view, "links"), nic);
}

bool functions_wish_is_valid(const json_t *wish) {
        int64_t count = dict_integer(wish, "vfs", 0);

        return device_name_is_valid(dict_string(wish, "name", NULL)) && count > 0 && count <= VFS_MAX;
}

/* ---- what was asked for ---- */

static int check_count(const json_t *view, const char *nic, int64_t count, sd_bus_error *error) {
        const json_t *facts = nic_facts(view, nic), *device = view_device(view, nic);
        int64_t total = dict_integer(facts, "vfs_total", 0);
        const char *parent = dict_string(facts, "vf_of", NULL);

        if (!device)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "vfs: there is no NIC %s", nic);
        if (parent)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "vfs: %s is itself a virtual function, of %s", nic, parent);
        if (total == 0)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "vfs: %s can have no virtual functions", nic);
        if (!dict_boolean(device, "sriov", false))
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "vfs: NetworkManager cannot set the number of virtual functions of %s", nic);
        if (count > total)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "vfs: %s can have %lld virtual functions at most", nic, (long long)total);
        return 0;
}

int functions_apply(const json_t *view, const json_t *counts, const json_t *before, json_t *after, json_t *touched, json_t *touched_before, sd_bus_error *error) {
        const char *nic;
        json_t *value;

        json_object_foreach((json_t *)counts, nic, value) {
                json_t *then = json_object_get(NICS(before), nic), *wish;
                int64_t count = json_integer_value(value);
                int r;

                if (!device_name_is_valid(nic))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "vfs: '%.40s' is no NIC", nic);
                /* what was asked for once can be taken back whatever has become of the NIC */
                if (count == 0 && !then && !view_device(view, nic))
                        return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "vfs: there is no NIC %s", nic);
                r = count > 0 ? check_count(view, nic, count, error) : 0;
                if (r < 0)
                        return r;
                if (then && json_object_set(NICS(touched_before), nic, then) < 0)
                        return -ENOMEM;
                (void) json_object_del(NICS(after), nic);
                if (count == 0)
                        continue;
                wish = json_pack("{s:s, s:I}", "name", nic, "vfs", (json_int_t)count);
                if (!wish || json_object_set(NICS(touched), nic, wish) < 0 || json_object_set_new(NICS(after), nic, wish) < 0)
                        return -ENOMEM;
        }
        return 0;
}

json_t *functions_expect(const json_t *touched, const json_t *touched_before) {
        _cleanup_json_ json_t *expect = json_array();
        const char *nic;
        json_t *wish;

        json_object_foreach(NICS(touched), nic, wish)
                if (!expect || json_array_append_new(expect, json_pack("{s:s, s:O}", "nic", nic, "vfs", json_object_get(wish, "vfs"))) < 0)
                        return NULL;
        json_object_foreach(NICS(touched_before), nic, wish)
                if (!json_object_get(NICS(touched), nic) && (!expect || json_array_append_new(expect, json_pack("{s:s, s:i}", "nic", nic, "vfs", 0)) < 0))
                        return NULL;
        return TAKE_PTR(expect);
}

/* ---- who uses one ---- */

static const char *user_among(const json_t *wishes, const char *device) {
        const char *name;
        json_t *wish;

        json_object_foreach(json_object_get(wishes, "networks"), name, wish)
                if (streq_ptr(network_wish_base(wish), device))
                        return name;
        json_object_foreach(json_object_get(wishes, "bonds"), name, wish)
                if (json_array_has(json_object_get(wish, "nics"), device))
                        return name;
        return NULL;
}

static const char *child_of(const json_t *view, const char *device) {
        const char *name;
        json_t *other;

        json_object_foreach(json_object_get(view, "devices"), name, other)
                if (streq(dict_string(other, "parent", ""), device))
                        return name;
        return NULL;
}

/* The driver of a device that a guest has, or that somebody has set apart for one. */
static bool is_given(const json_t *function) {
        const char *driver = dict_string(function, "driver", "");

        return startswith(driver, "vfio") || streq(driver, "pci-stub");
}

/* Return: who has a function, as a word; NULL: nobody. Borrowed. */
static const char *user_of(const json_t *view, const json_t *wishes, const json_t *function) {
        const char *device = dict_string(function, "device", NULL), *master;

        if (is_given(function))
                return "a guest";
        if (!device)
                return NULL;
        master = view_master(view, device);
        return user_among(wishes, device) ?: !isempty(master) ? master : child_of(view, device) ?: device_first_address(view_device(view, device));
}

json_t *functions_free(const json_t *view, const json_t *wishes, const char *nic) {
        _cleanup_json_ json_t *list = json_array();
        json_t *function;
        size_t i;

        json_array_foreach(json_object_get(nic_facts(view, nic), "functions"), i, function)
                if (!list || (!user_of(view, wishes, function) && json_array_append(list, json_object_get(function, "pci")) < 0))
                        return NULL;
        return TAKE_PTR(list);
}

static int check_unused(const json_t *view, const json_t *before, const json_t *after, const char *nic, sd_bus_error *error) {
        json_t *function;
        size_t i;

        json_array_foreach(json_object_get(nic_facts(view, nic), "functions"), i, function) {
                const char *user = user_of(view, before, function) ?: user_of(view, after, function), *device = dict_string(function, "device", "");

                if (user)
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "%s has this virtual function of %s, which would lose it: %s%s%s", user, nic,
                                                 dict_string(function, "pci", ""), *device ? ", " : "", device);
        }
        return 0;
}

int functions_check(const json_t *view, const json_t *before, const json_t *after, const json_t *plan, sd_bus_error *error) {
        json_t *entry;
        size_t i;

        json_array_foreach(json_object_get(plan, "profiles"), i, entry) {
                const char *iface = dict_string(entry, "iface", ""), *how = dict_string(entry, "how", "");
                const json_t *then = view_own_profile(view, iface, NULL);
                int r;

                if (!streq(how, "activate") && !streq(how, "delete"))
                        continue;
                if (!json_object_get(json_object_get(entry, "spec"), "vfs") && !json_object_get(json_object_get(then, "spec"), "vfs"))
                        continue; /* NetworkManager leaves their number alone */
                r = check_unused(view, before, after, iface, error);
                if (r < 0)
                        return r;
        }
        return 0;
}
