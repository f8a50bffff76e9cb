/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Block domains made from empty devices. Until the last step the group has a tag that says it is not ready, which no manager opens; what an
 * ended process left of it is removed when the same domain is made again. Source of sizes and order: VDSM, lib/vdsm/storage/blockSD.py.
 */

#include <inttypes.h>
#include <stdio.h>

#include "block-map.h"
#include "bus-error.h"
#include "fault-point.h"
#include "layout-block.h"
#include "sanlock-call.h"
#include "xleases.h"

/* VDSM's. */
#define GROUP_BYTES_MIN (10 * GIB)
#define METADATA_CLEARED_BYTES (17 * MIB)
#define MAILBOXES_CLEARED_BYTES (250U * 4096U)
/* It is started by who wants a domain; one that runs answers at once. */
#define SANLOCK_ANSWER_USEC (2 * USEC_PER_SEC)

/* ---- the devices ---- */

/* What an attempt of the same domain left is removed. */
static int check_groups(const DomainPlace *place, sd_bus_error *error) {
        const char *const remove[] = {"vgremove", "--force", place->id, NULL};
        _cleanup_(lvm_groups_clear) LvmGroups groups = {};
        int r;

        r = lvm_groups(place->path, NULL, &groups, error);
        for (size_t i = 0; r >= 0 && i < groups.n; i++) {
                const LvmGroup *group = &groups.rows[i];

                if (!streq(group->name, place->id)) {
                        sd_bus_error_setf(error, RHV_ERROR_IN_USE, "%s holds the volume group %s", place->path, group->name);
                        return -EBUSY;
                }
                if (!lvm_tags_have(group->tags, LVM_TAG_UNREADY)) {
                        sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "%s holds the domain %s already", place->path, place->id);
                        return -EEXIST;
                }
                r = lvm_command(place->path, remove, error);
        }
        return r;
}

static int check_devices(const DomainPlace *place, const BlockDevices *devices, sd_bus_error *error) {
        uint64_t total = 0;
        int r;

        r = check_groups(place, error);
        for (size_t i = 0; r >= 0 && i < devices->n; i++)
                r = block_device_check_blank(devices->paths[i], &total, error);
        if (r < 0 || total >= GROUP_BYTES_MIN)
                return r;
        sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "A block domain needs %" PRIu64 " bytes at least; %s has %" PRIu64, GROUP_BYTES_MIN,
                          place->path, total);
        return -EINVAL;
}

/* ---- the group ---- */

static int make_group(const DomainPlace *place, const BlockDevices *devices, sd_bus_error *error) {
        static const char *const mark[] = {"pvcreate", "--yes",           "--force",          "--force", "--metadatasize",  "128m",
                                           "--metadatacopies", "2", "--metadataignore", "y",       NULL};
        const char *const use_first[] = {"pvchange", "--metadataignore", "n", devices->paths[0], NULL};
        const char *const group[] = {"vgcreate", "--autobackup",        "n",    "--setautoactivation", "n",      "--physicalextentsize",
                                     "128m",     "--addtag", LVM_TAG_UNREADY, place->id,             NULL};
        int r;

        r = block_devices_command(place, mark, devices, error);
        if (r >= 0)
                r = lvm_command(place->path, use_first, error);
        return r < 0 ? r : block_devices_command(place, group, devices, error);
}

int block_make_special(const DomainPlace *place, const BlockSpecial *special, const char *device, sd_bus_error *error) {
        char size[24];
        const char *const words[] = {"lvcreate", "--autobackup",      "n",      "--contiguous",        "n",      "--activate", "n", "--zero",
                                     "n",        "--wipesignatures",  "n",      "--size",              size,     "--name",     special->name,
                                     place->id,  device,              NULL};

        (void) snprintf(size, sizeof(size), "%" PRIu64 "m", special->size_mib);
        return lvm_command(place->path, words, error);
}

/* `metadata` comes first, so that it begins the device that has LVM's metadata. */
static int make_specials(const DomainPlace *place, const char *first_device, sd_bus_error *error) {
        const char *names[16];
        size_t n = 0;
        int r = 0;

        for (const BlockSpecial *special = block_specials; r >= 0 && special->name; special++) {
                if (place->version < special->version)
                        continue;
                r = block_make_special(place, special, special == block_specials ? first_device : NULL, error);
                names[n++] = special->name;
        }
        names[n] = NULL;
        return r < 0 ? r : lvm_activate(place->path, place->id, names, error);
}

/* ---- contents ---- */

static int make_master(const DomainPlace *place, sd_bus_error *error) {
        static const char *const names[] = {"master", NULL};
        _cleanup_free_ char *path = block_special_path(place, "master");
        const char *const argv[] = {"mke2fs", "-q", "-F", "-t", "ext3", "-E", "nodiscard", path, NULL};
        int r;

        if (!path)
                return -ENOMEM;
        r = lvm_tool(argv, error);
        FAULT_POINT("block-master-made");
        return r < 0 ? r : lvm_deactivate(place->path, place->id, names, error);
}

static int make_index(const DomainPlace *place, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = block_special_open(place, "xleases", true, &fd, error);
        return r < 0 ? r : xleases_format(fd, place, error);
}

static int make_leases(const DomainPlace *place, unsigned io_timeout_sec, sd_bus_error *error) {
        _cleanup_free_ char *ids = block_special_path(place, "ids"), *leases = block_special_path(place, "leases");
        Lockspace lockspace = {.path = ids, .alignment_bytes = place->alignment_bytes, .block_size_bytes = place->block_size_bytes};
        Lease lease = {
                        .name = DOMAIN_LEASE_NAME,
                        .path = leases,
                        .offset_bytes = place->alignment_bytes,
                        .alignment_bytes = place->alignment_bytes,
                        .block_size_bytes = place->block_size_bytes,
        };
        int r;

        if (!ids || !leases)
                return -ENOMEM;
        memcpy(lockspace.name, place->id, UUID_STRING_MAX);
        memcpy(lease.lockspace, place->id, UUID_STRING_MAX);
        r = lockspace_format(&lockspace, io_timeout_sec, error);
        FAULT_POINT("block-lockspace-made");
        if (r >= 0)
                r = lease_format(&lease, error);
        FAULT_POINT("block-lease-made");
        return r;
}

static int fill(const DomainPlace *place, unsigned io_timeout_sec, sd_bus_error *error) {
        int r;

        r = make_index(place, error);
        if (r >= 0)
                r = make_master(place, error);
        if (r >= 0)
                r = block_zero(place, "metadata", METADATA_CLEARED_BYTES, error);
        if (r >= 0)
                r = block_zero(place, "inbox", MAILBOXES_CLEARED_BYTES, error);
        if (r >= 0)
                r = block_zero(place, "outbox", MAILBOXES_CLEARED_BYTES, error);
        return r < 0 ? r : make_leases(place, io_timeout_sec, error);
}

/* ---- metadata ---- */

static int group_uuid(const DomainPlace *place, char ret[static LVM_NAME_BYTES], sd_bus_error *error) {
        _cleanup_(lvm_groups_clear) LvmGroups groups = {};
        int r;

        r = lvm_groups(place->path, place->id, &groups, error);
        if (r < 0)
                return r;
        if (groups.n != 1)
                return -EIO;
        memcpy(ret, groups.rows[0].uuid, LVM_NAME_BYTES);
        return 0;
}

/* From here on it is a domain. */
static int publish(const DomainPlace *place, const DomainFacts *facts, sd_bus_error *error) {
        _cleanup_(lvm_devices_clear) LvmDevices devices = {};
        _cleanup_(key_value_clear) KeyValueList list = {};
        const char *arguments[2 * KEY_VALUE_MAX + 16] = {"vgchange", "--autobackup", "n", "--deltag", LVM_TAG_UNREADY, "--addtag", LVM_TAG_DOMAIN};
        _cleanup_free_ char *text = NULL;
        char uuid[LVM_NAME_BYTES];
        char **tags = NULL;
        size_t n = 7;
        int r;

        r = domain_metadata_new(facts, NULL, &list);
        if (r >= 0)
                r = group_uuid(place, uuid, error);
        if (r >= 0)
                r = key_value_set(&list, "VGUUID", uuid);
        if (r >= 0)
                r = lvm_devices(place->path, &devices, error);
        if (r >= 0)
                r = block_map_refresh(&list, &devices, place->id);
        if (r < 0)
                return r;
        text = domain_metadata_format(&list);
        if (!text)
                return -ENOMEM;
        r = lvm_tags_of_metadata(text, &tags);
        if (r < 0)
                return r == -ENOMEM ? r : bus_error_errno(error, r, "The domain's metadata does not fit into tags");
        for (size_t i = 0; tags[i] && n < ELEMENTSOF(arguments) - 3; i++) {
                arguments[n++] = "--addtag";
                arguments[n++] = tags[i];
        }
        arguments[n++] = place->id;
        arguments[n] = NULL;
        r = lvm_command(place->path, arguments, error);
        lvm_tags_free(tags);
        return r;
}

int block_create(const DomainPlace *given, const DomainFacts *given_facts, sd_bus_error *error) {
        const char *const remove[] = {"vgremove", "--force", given->id, NULL};
        _cleanup_(block_devices_clear) BlockDevices devices = {};
        DomainFacts facts = *given_facts; /* strings stay borrowed, as place's */
        DomainPlace place = *given;
        int r;

        FAULT_WORK("create-domain");
        facts.block_size_bytes = place.block_size_bytes = 512;
        facts.alignment_bytes = place.alignment_bytes = (uint32_t)DOMAIN_ALIGNMENT_DEFAULT;
        place.version = facts.version;
        r = sanlock_await(SANLOCK_ANSWER_USEC, error);
        if (r >= 0)
                r = block_devices_split(place.path, &devices, error);
        if (r >= 0)
                r = check_devices(&place, &devices, error);
        if (r < 0)
                return r;
        r = make_group(&place, &devices, error);
        if (r >= 0)
                r = make_specials(&place, devices.paths[0], error);
        if (r >= 0)
                r = fill(&place, facts.io_timeout_sec, error);
        if (r >= 0)
                r = publish(&place, &facts, error);
        if (r < 0)
                (void) lvm_command(place.path, remove, NULL);
        return r;
}
