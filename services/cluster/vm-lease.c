/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vm-lease.h"

#include <utlist.h>

#include "dict.h"
#include "domain-life.h"

bool vm_lease_is_wanted(const Object *vm, const Object *domain) {
        const Link *link;

        if (!storage_domain_is_leased(domain))
                return false;
        DL_FOREACH(vm->disks, link)
                if (link->other->parent == domain && !dict_boolean(link->spec, "read_only", false))
                        return true;
        return false;
}

json_t *vm_lease_wanted(const Model *model, const Object *domain) {
        _cleanup_json_ json_t *wanted = json_object();

        for (const Object *vm = model_first(model, KIND_VM); wanted && vm; vm = vm->next)
                if (vm_lease_is_wanted(vm, domain) && json_object_set_new(wanted, vm->id, json_true()) < 0)
                        return NULL;
        return TAKE_PTR(wanted);
}

int vm_lease_note(const json_t *wanted, json_t *ours) {
        const size_t before = json_object_size(ours);

        if (json_object_update_missing(ours, (json_t *)wanted) < 0)
                return -ENOMEM;
        return json_object_size(ours) > before;
}

const char *vm_lease_next(const json_t *wanted, const json_t *ours, const json_t *known, const json_t *held_back, const char **ret_vm) {
        json_t *value;

        json_object_foreach((json_t *)wanted, *ret_vm, value)
                if (!json_object_get(known, *ret_vm) && json_object_get(ours, *ret_vm) && !json_object_get(held_back, *ret_vm))
                        return "CreateLease";
        json_object_foreach((json_t *)ours, *ret_vm, value)
                if (!json_object_get(wanted, *ret_vm) && !json_object_get(held_back, *ret_vm))
                        return json_object_get(known, *ret_vm) ? "DeleteLease" : "";
        return NULL;
}
