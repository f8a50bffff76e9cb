/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "domain-life.h"

#include <inttypes.h>

#include "bus-error.h"
#include "dict.h"
#include "domain-connection.h"
#include "plan.h"

#define PAUSE_MIN_USEC (5 * USEC_PER_SEC)
#define PAUSE_MAX_USEC (60 * USEC_PER_SEC)

#define LOCKSPACE "Storage.Lockspace"

static const char *fact(const Object *domain, const char *key) {
        return dict_string(domain->facts, key, "");
}

bool storage_domain_is_ours(const Object *domain) {
        const json_t *data_centers = json_object_get(domain->facts, "data_centers");

        return !data_centers || streq(storage_domain_class(domain), STORAGE_CLASS_ISO) || json_array_has(data_centers, domain->parent->id);
}

int storage_domain_check_owner(const json_t *data_centers, const char *data_center, const char *class, bool take_over, sd_bus_error *error) {
        if (json_array_size(data_centers) == 0 || json_array_has(data_centers, data_center) || streq(class, STORAGE_CLASS_ISO))
                return 0;
        if (take_over)
                return 1;
        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The storage domain belongs to data center %s: detach it there, or take it over where that one is gone for good",
                                 json_string_value(json_array_get(data_centers, 0)));
}

bool storage_domain_is_leased(const Object *domain) {
        return domain_type_is_shared(dict_string(domain->spec, "type", "local")) && storage_domain_is_data(domain);
}

static bool is_joined(const Object *domain) {
        return streq(fact(domain, "lockspace_state"), "held");
}

/* Of what Storage tells alone. */
static const char *open_state(const Object *domain) {
        const char *opened = dict_string(domain->facts, "state", "unknown"), *lockspace = fact(domain, "lockspace_state");

        if (!streq(opened, "active") || !storage_domain_is_leased(domain) || is_joined(domain))
                return opened;
        return streq(lockspace, "lost") ? "lockspace-lost" : streq(lockspace, "leaving") ? "leaving" : "joining";
}

const char *storage_domain_state(const Object *domain) {
        return streq(domain->state, "attached") ? open_state(domain) : domain->state;
}

const char *storage_domain_reason(const Object *domain) {
        const char *reason = fact(domain, "state_reason"), *refused = fact(domain, "life_error"), *lockspace = fact(domain, "lockspace_reason");

        if (*reason || !streq(domain->state, "attached"))
                return reason;
        if (!storage_domain_is_leased(domain) || (is_joined(domain) && storage_domain_lease(domain) > 0))
                return storage_domain_is_ours(domain) ? "" : refused;
        if (is_joined(domain))
                return refused;
        return *lockspace ? lockspace : refused;
}

bool storage_domain_is_active(const Object *domain) {
        return streq(storage_domain_state(domain), "active");
}

uint64_t storage_domain_lease(const Object *domain) {
        return streq(fact(domain, "lease_state"), "held") ? (uint64_t)dict_integer(domain->facts, "lease_version", 0) : 0;
}

int storage_domain_check_lease(const Object *domain, sd_bus_error *error) {
        /* one that is being removed is cleared first, under its lease */
        const char *state = streq(domain->state, "removing") ? open_state(domain) : storage_domain_state(domain), *reason = storage_domain_reason(domain);

        if (!storage_domain_is_leased(domain) || (streq(state, "active") && storage_domain_lease(domain) > 0))
                return 0;
        if (!streq(state, "active"))
                return sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "The storage domain %s is %s%s%s", domain->name, state, *reason ? ": " : "", reason);
        return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "This host does not hold the lease of the storage domain %s, without which nothing of its structure is changed%s%s",
                                 domain->name, *reason ? ": " : "", reason);
}

/* ---- calls ---- */

/* "/dev/a,/dev/b". */
static json_t *split(const char *path) {
        _cleanup_json_ json_t *devices = json_array();

        while (devices && *path) {
                const size_t n = strcspn(path, ",");

                if (json_array_append_new(devices, json_stringn(path, n)) < 0)
                        return NULL;
                path += n + (path[n] == ',');
        }
        return TAKE_PTR(devices);
}

json_t *domain_open_place(const Object *domain) {
        const char *path = dict_string(domain->facts, "path", dict_string(domain->spec, "path", ""));
        json_t *devices;

        if (!domain_type_is_block(dict_string(domain->spec, "type", "")))
                return json_pack("{s:s}", "path", path);
        devices = split(path);
        return devices ? json_pack("{s:o}", "devices", devices) : NULL;
}

static bool has_all(const json_t *set, const json_t *of) {
        const json_t *one;
        size_t i;

        json_array_foreach((json_t *)of, i, one)
                if (!json_array_has(set, json_string_value(one)))
                        return false;
        return true;
}

json_t *domain_devices_moved(const Object *domain) {
        const json_t *kept = json_object_get(domain->spec, "devices");
        _cleanup_json_ json_t *now = NULL;

        if (!streq(domain->state, "attached") || !streq(fact(domain, "state"), "active") || !kept || !*fact(domain, "path"))
                return NULL;
        now = split(fact(domain, "path"));
        return now && !(has_all(now, kept) && has_all(kept, now)) ? TAKE_PTR(now) : NULL;
}

bool storage_method_is_structural(const char *method) {
        static const char *const methods[] = { "CreateVolume", "DeleteVolume", "DeleteImage",  "ExtendVolume", "CopyVolume",
                                               "MergeVolume",  "ReduceVolume", "WriteOvfStore", "CreateLease",  "DeleteLease", "Attach", "Detach" };

        for (size_t i = 0; i < ELEMENTSOF(methods); i++)
                if (streq(methods[i], method))
                        return true;
        return false;
}

const char *storage_step_structural(const json_t *step) {
        const char *domain = dict_string(step, "domain", "");

        if (!storage_method_is_structural(dict_string(step, "method", "")))
                return NULL;
        return dict_string(json_object_get(step, "target"), "domain", domain);
}

/* ---- what is to be done ---- */

/* Attach or Detach. */
static int add_owner(json_t *steps, const Object *domain, const char *method) {
        json_t *step = json_pack("{s:s, s:s, s:s}", "domain", domain->id, "method", method, "data_center", domain->parent->id);

        if (step && streq(method, "Attach") && dict_boolean(domain->spec, "take_over", false) &&
            json_object_set_new(step, "options", json_pack("{s:b}", "take_over", 1)) < 0) {
                json_decref(step);
                return -ENOMEM;
        }
        return step && json_array_append_new(steps, step) >= 0 ? 0 : -ENOMEM;
}

static int add_step(json_t *steps, const Object *domain, const char *method, json_t *more) {
        _cleanup_json_ json_t *taken = more;
        json_t *step = json_pack("{s:s, s:s, s:s}", "domain", domain->id, "interface", LOCKSPACE, "method", method);

        if (!step || !taken || json_object_update(step, taken) < 0) {
                json_decref(step);
                return -ENOMEM;
        }
        return json_array_append_new(steps, step) < 0 ? -ENOMEM : 0;
}

json_t *domain_life_steps(const Object *domain, unsigned host_id) {
        const char *lockspace = fact(domain, "lockspace_state"), *lease = fact(domain, "lease_state");
        _cleanup_json_ json_t *steps = json_array();
        bool none;
        int r = 0;

        if (!steps || !streq(domain->state, "attached") || !streq(fact(domain, "state"), "active"))
                return TAKE_PTR(steps);
        if (!storage_domain_is_leased(domain)) {
                r = storage_domain_is_ours(domain) ? 0 : add_owner(steps, domain, "Attach");
                return r < 0 ? NULL : TAKE_PTR(steps);
        }
        /* what Storage is about by itself is waited for */
        none = !*lockspace || streq(lockspace, "none");
        if (!none && !is_joined(domain))
                return TAKE_PTR(steps);
        if (none)
                r = add_step(steps, domain, "Join", json_pack("{s:i}", "host_id", (int)host_id));
        if (r >= 0 && (none || streq(lease, "none") || !*lease))
                r = add_step(steps, domain, "AcquireLease", json_object());
        if (r >= 0 && !storage_domain_is_ours(domain) && (json_array_size(steps) > 0 || storage_domain_lease(domain) > 0))
                r = add_owner(steps, domain, "Attach");
        return r < 0 ? NULL : TAKE_PTR(steps);
}

json_t *domain_leave_steps(const Object *domain, const json_t *leases) {
        const bool leased = storage_domain_is_leased(domain), held = storage_domain_lease(domain) > 0;
        _cleanup_json_ json_t *steps = json_array(), *close = NULL;
        const char *vm;
        json_t *value;
        int r = steps ? 0 : -ENOMEM;

        /* one that cannot be reached keeps it, and is taken over by whoever gets it */
        if (r >= 0 && json_array_size(json_object_get(domain->facts, "data_centers")) > 0 && storage_domain_is_ours(domain) && storage_domain_is_active(domain) && (held || !leased))
                r = add_owner(steps, domain, "Detach");
        if (leased) {
                json_object_foreach((json_t *)leases, vm, value)
                        if (r >= 0 && held)
                                r = add_step(steps, domain, "DeleteLease", json_pack("{s:s}", "lease", vm));
                if (r >= 0)
                        r = add_step(steps, domain, "ReleaseLease", json_object());
                if (r >= 0)
                        r = add_step(steps, domain, "Leave", json_object());
        }
        close = json_pack("{s:s, s:s, s:b}", "domain", domain->id, "method", "Close", "call", 1);
        return r >= 0 && close && json_array_append(steps, close) >= 0 ? TAKE_PTR(steps) : NULL;
}

uint64_t domain_life_pause_usec(unsigned n) {
        uint64_t usec = PAUSE_MIN_USEC;

        for (unsigned i = 1; i < n && usec < PAUSE_MAX_USEC; i++)
                usec *= 2;
        return usec < PAUSE_MAX_USEC ? usec : PAUSE_MAX_USEC;
}
