/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "layout.h"

#include <inttypes.h>
#include <poll.h>

#include "bus-error.h"
#include "lvm-argv.h"

/* oVirt's storage types. Those without a layout are recognised, so that they are refused by name. */
static const DomainType types[] = {
                {.name = "local", .type_word = "LOCALFS", .layout = &layout_file},
                {.name = "nfs", .type_word = "NFS", .layout = &layout_file, .shared = true},
                {.name = "posix", .type_word = "POSIXFS", .layout = &layout_file, .shared = true},
                {.name = "gluster", .type_word = "GLUSTERFS", .shared = true},
                {.name = "iscsi", .type_word = "ISCSI", .layout = &layout_block, .shared = true},
                {.name = "fcp", .type_word = "FCP", .layout = &layout_block, .shared = true},
};

const DomainType *domain_type_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (streq(types[i].name, name))
                        return &types[i];
        return NULL;
}

const DomainType *domain_type_find_word(const char *type_word) {
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (streq(types[i].type_word, type_word))
                        return &types[i];
        return NULL;
}

bool domain_type_is_block(const DomainType *type) {
        return type->layout == &layout_block;
}

bool domain_path_is_valid(const DomainType *type, const char *path) {
        return domain_type_is_block(type) ? lvm_devices_are_valid(path) : path_is_normal(path);
}

int domain_check_space(const DomainPlace *place, uint64_t free_bytes, uint64_t needed_bytes, sd_bus_error *error) {
        if (needed_bytes <= free_bytes)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_NO_SPACE, "Domain %s has %" PRIu64 " bytes free; %" PRIu64 " are needed", place->id, free_bytes, needed_bytes);
        return -ENOSPC;
}

bool domain_has_leases(const DomainPlace *place) {
        return place->type->shared && place->class == DOMAIN_DATA;
}

int domain_place_copy(DomainPlace *ret, const DomainPlace *place) {
        *ret = *place;
        ret->path = strdup(place->path);
        ret->what = place->what ? strdup(place->what) : NULL;
        ret->vfs = place->vfs ? strdup(place->vfs) : NULL;
        ret->options = place->options ? strdup(place->options) : NULL;
        if (ret->path && !ret->what == !place->what && !ret->vfs == !place->vfs && !ret->options == !place->options)
                return 0;
        domain_place_clear(ret);
        return -ENOMEM;
}

void domain_place_clear(DomainPlace *place) {
        free(place->path);
        free(place->what);
        free(place->vfs);
        free(place->options);
        *place = (DomainPlace){};
}

int domain_check_version(const DomainPlace *place, const DomainFacts *facts, sd_bus_error *error) {
        if (facts->version == place->version)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Domain %s was opened in version %u and has version %u now", place->id, place->version, facts->version);
        return -ESTALE;
}

int domain_check_asker(int asker_fd, sd_bus_error *error) {
        struct pollfd asker = {.fd = asker_fd}; /* POLLHUP comes unasked; who has said all it wants is not gone */

        if (asker_fd < 0 || poll(&asker, 1, 0) == 0)
                return 0;
        sd_bus_error_set(error, RHV_ERROR_INTERRUPTED, "Who asked for the upgrade is gone: the domain keeps its version");
        return -ECONNABORTED;
}

static int next_version(KeyValueList *list, void *userdata, sd_bus_error *error) {
        const unsigned *version = userdata;
        int r;

        r = domain_metadata_upgrade(list, *version);
        return r < 0 ? r : 1;
}

int domain_tell_next_version(const DomainPlace *place, sd_bus_error *error) {
        unsigned version = place->version;
        int r;

        r = place->type->layout->change_metadata(place, next_version, &version, error);
        return r < 0 ? r : 0;
}

void domain_opened_clear(DomainOpened *opened) {
        domain_facts_clear(&opened->facts);
        opened->lock_fd = safe_close(opened->lock_fd);
        free(opened->path);
        opened->path = NULL;
}

void domain_look_clear(DomainLook *look) {
        domain_facts_clear(&look->facts);
        free(look->refusal);
        *look = (DomainLook){};
}

int volume_lease_check_free(const Lease *lease, const char *volume, sd_bus_error *error) {
        LeaseOwner owner;
        int r;

        r = lease_owner(lease, &owner, error);
        if (r < 0 || !owner.held)
                return r;
        sd_bus_error_setf(error, RHV_ERROR_IN_USE, "Host %u works on volume %s", (unsigned)owner.host_id, volume);
        return -EBUSY;
}

void volume_plan_clear(VolumePlan *plan) {
        free(plan->path);
        *plan = (VolumePlan){};
}

int layout_prepare_volume(const DomainPlace *place, const char *volume, sd_bus_error *error) {
        VolumeRecord record = {};

        if (!place->type->layout->prepare)
                return 0;
        memcpy(record.id, volume, UUID_STRING_MAX);
        return place->type->layout->prepare(place, (const VolumeRecord *const[]){&record}, 1, error);
}
