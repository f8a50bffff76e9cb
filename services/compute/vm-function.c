/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vm-function.h"

#include "bus-error.h"
#include "dict.h"

#define NICS(description) json_object_get(description, "nics")

/* Lower-case digits of fixed number, and what is between them. */
bool pci_address_is_valid(const char *address) {
        static const char shape[] = "xxxx:xx:xx.o";
        size_t i;

        for (i = 0; shape[i]; i++) {
                char c = address[i];
                bool fits = shape[i] == 'x'   ? (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
                            : shape[i] == 'o' ? c >= '0' && c <= '7'
                                              : c == shape[i];

                if (!fits)
                        return false;
        }
        return address[i] == 0;
}

bool vm_nic_is_passthrough(const json_t *nic) {
        return json_array_size(json_object_get(nic, "vfs")) > 0;
}

int vm_function_check(const json_t *nic, size_t number, sd_bus_error *error) {
        static const char *const of_ports[] = { "bridge", "filter", "inbound", "outbound" };

        if (!vm_nic_is_passthrough(nic))
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(of_ports); i++)
                if (json_object_get(nic, of_ports[i]))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "NIC %zu is passed through: it has no '%s'", number, of_ports[i]);
        if (dict_boolean(nic, "mirror", false))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "NIC %zu is passed through: it cannot mirror", number);
        if (!dict_boolean(nic, "link", true))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "NIC %zu is passed through: its link cannot be down", number);
        return 0;
}

json_t *vm_functions_forget(const json_t *description) {
        json_t *copy = json_deep_copy(description), *nic;
        size_t i;

        json_array_foreach(NICS(copy), i, nic)
                if (vm_nic_is_passthrough(nic))
                        (void) json_object_set_new(nic, "vfs", json_array());
        return copy;
}

int vm_functions_note(const json_t *description, const char *guest, json_t *taken) {
        const json_t *nic;
        json_t *address;
        size_t i, k;

        json_array_foreach(NICS(description), i, nic)
                json_array_foreach(json_object_get(nic, "vfs"), k, address)
                        if (json_object_set_new(taken, json_string_value(address), json_string(guest)) < 0)
                                return -ENOMEM;
        return 0;
}

static const char *first_free(const json_t *nic, const json_t *taken) {
        json_t *address;
        size_t i;

        json_array_foreach(json_object_get(nic, "vfs"), i, address)
                if (!json_object_get(taken, json_string_value(address)))
                        return json_string_value(address);
        return NULL;
}

int vm_functions_choose(const json_t *description, const json_t *taken, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *chosen = json_deep_copy(description), *all = json_copy((json_t *)taken);
        json_t *nic;
        size_t i;

        if (!chosen || !all)
                return -ENOMEM;
        json_array_foreach(NICS(chosen), i, nic) {
                const char *address, *first;

                if (!vm_nic_is_passthrough(nic))
                        continue;
                first = json_string_value(json_array_get(json_object_get(nic, "vfs"), 0));
                address = first_free(nic, all);
                if (!address)
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "NIC %zu: no virtual function is free for network %s: %s has %s", i + 1,
                                                 dict_string(nic, "network", ""), dict_string(all, first, "another NIC"), first);
                if (json_object_set_new(all, address, json_string("another NIC of this guest")) < 0 || json_object_set_new(nic, "vfs", json_pack("[s]", address)) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(chosen);
        return 0;
}
