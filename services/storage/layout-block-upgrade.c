/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A block domain gets the next version. Source of the order: VDSM, lib/vdsm/storage/formatconverter.py.
 *
 *   3 -> 4  the volume of external leases; VERSION
 *   4 -> 5  each volume's slot also where and as version 5 has it, which is behind all slots of version 4; VERSION; the first are zeroed
 */

#include <fcntl.h>
#include <stdio.h>

#include "block-slot.h"
#include "bus-error.h"
#include "fault-point.h"
#include "layout-block.h"
#include "xleases.h"

#define SLOTS_V4_BYTES (1 * MIB)
#define XLEASES "xleases"

static bool has_volume(const LvmVolumes *volumes, const char *name) {
        for (size_t i = 0; i < volumes->n; i++)
                if (streq(volumes->rows[i].name, name))
                        return true;
        return false;
}

static int make_index(const DomainPlace *place, sd_bus_error *error) {
        static const char *const names[] = {XLEASES, NULL};
        _cleanup_(lvm_volumes_clear) LvmVolumes volumes = {};
        _cleanup_close_ int fd = -EBADF;
        DomainPlace next = *place; /* path stays borrowed */
        int r;

        r = lvm_volumes(place->path, place->id, &volumes, error);
        for (const BlockSpecial *special = block_specials; r >= 0 && special->name; special++)
                if (streq(special->name, XLEASES) && !has_volume(&volumes, XLEASES))
                        r = block_make_special(place, special, NULL, error);
        if (r >= 0)
                r = lvm_activate(place->path, place->id, names, error);
        next.version = place->version + 1;
        if (r >= 0)
                r = block_special_open(&next, XLEASES, true, &fd, error);
        return r < 0 ? r : xleases_format(fd, &next, error);
}

/* One that cannot be understood goes as it is: what can be read of it by a person stays to be read. */
static int copy_slot(const DomainPlace *place, int fd, const BlockVolume *volume, unsigned *n_skipped, sd_bus_error *error) {
        _cleanup_error_ sd_bus_error unreadable = SD_BUS_ERROR_NULL;
        VolumeMetadata metadata = {};
        DomainPlace next = *place; /* path stays borrowed */
        int r;

        next.version = place->version + 1;
        r = block_slot_read(place, fd, volume, &metadata, &unreadable);
        if (r >= 0)
                return block_slot_write(&next, fd, volume->tags.slot, &metadata, error);
        if (r != -EBADMSG)
                return bus_error_errno(error, r, "Cannot read the metadata of volume %s", volume->id);
        (*n_skipped)++;
        return volume->tags.slot > BLOCK_SLOT_MAX ? 0 : block_slot_move(fd, block_slot_offset(place->version, volume->tags.slot),
                                                                        block_slot_offset(next.version, volume->tags.slot), error);
}

static int copy_slots(const DomainPlace *place, unsigned *ret_skipped, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = block_scan(place, &scan, error);
        if (r >= 0)
                r = block_special_open(place, "metadata", true, &fd, error);
        for (size_t i = 0; r >= 0 && i < scan.n; i++)
                if (block_volume_is_whole(&scan.volumes[i]))
                        r = copy_slot(place, fd, &scan.volumes[i], ret_skipped, error);
        return r;
}

int block_upgrade(const DomainPlace *place, int asker_fd, unsigned *ret_skipped, sd_bus_error *error) {
        int r = 0;

        *ret_skipped = 0;
        if (place->version == 3) {
                r = make_index(place, error);
                if (r >= 0)
                        r = domain_check_asker(asker_fd, error);
                FAULT_POINT("block-upgrade-indexed");
                return r < 0 ? r : domain_tell_next_version(place, error);
        }
        if (place->version == 4) {
                r = copy_slots(place, ret_skipped, error);
                if (r >= 0)
                        r = domain_check_asker(asker_fd, error);
                FAULT_POINT("block-upgrade-copied");
                if (r >= 0)
                        r = domain_tell_next_version(place, error);
                FAULT_POINT("block-upgrade-told");
        }
        return r < 0 ? r : block_zero(place, "metadata", SLOTS_V4_BYTES, error);
}
