/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Volumes of block domains on their way out. What they are is said by their IU_ tag, as VDSM says it:
 *
 *      IU_<image> ──hide──────────────────────────────────> IU__remove_me_<image> ──purge──> gone
 *           └──mark──> IU__remove_me_ZERO_<image> ──wiped──────────┘
 *
 * Each arrow is one change of LVM's metadata; whoever holds the domain's lease can take the next one. The zeroes are written by rhv-data, which holds the
 * volume's lease and not the domain's: it takes the lease first and looks at the tag then, and what is removed gets its tag first and the lease is looked at
 * then. So nobody writes zeroes to blocks that were given back, and a volume whose blocks were not zeroed is never given back.
 */

#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "bus-error.h"
#include "fault-point.h"
#include "layout-block.h"
#include "log.h"
#include "sanlock-call.h"

#define DISCARD_STEP_BYTES GIB

/* ---- which ---- */

static int lease_check_free(const DomainPlace *place, const BlockVolume *volume, sd_bus_error *error) {
        Lease lease;
        int r;

        if (volume->tags.slot == LVM_SLOT_NONE)
                return 0;
        r = block_lease_of(place, volume, &lease);
        if (r < 0)
                return r;
        r = volume_lease_check_free(&lease, volume->id, error);
        free((char *)lease.path);
        return r;
}

/* One that has no lease has nobody who works under it. */
static int removed_check_free(const DomainPlace *place, const BlockVolume *volume, sd_bus_error *error) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        int r;

        r = lease_check_free(place, volume, &own);
        if (r == -ENOENT)
                return 0;
        if (r < 0 && error)
                (void) sd_bus_error_move(error, &own);
        return r;
}

int block_volumes_free(const DomainPlace *place, const BlockScan *scan, const char *image, sd_bus_error *error) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < scan->n; i++)
                if (block_volume_is_whole(&scan->volumes[i]) && streq(scan->volumes[i].tags.image, image))
                        r = lease_check_free(place, &scan->volumes[i], error);
        return r;
}

/* Names for one command, about volumes of scan. ret: new, NULL at its end, of borrowed strings. */
static int names_new(const BlockScan *scan, const char ***ret) {
        *ret = calloc(scan->n + 1, sizeof(**ret));
        return *ret ? 0 : -ENOMEM;
}

static int select_whole(const BlockScan *scan, const char *image, const char ***ret) {
        size_t n = 0;
        int r;

        r = names_new(scan, ret);
        for (size_t i = 0; r >= 0 && i < scan->n; i++)
                if (block_volume_is_whole(&scan->volumes[i]) && streq(scan->volumes[i].tags.image, image) && !scan->volumes[i].tags.bad)
                        (*ret)[n++] = scan->volumes[i].id;
        return r;
}

/* Nothing of it is to be zeroed (any more). */
static bool is_removable(const BlockVolume *volume) {
        return volume->tags.removed && !volume->tags.zero && !volume->tags.initializing && !volume->tags.bad;
}

static bool is_marked(const BlockVolume *volume) {
        return volume->tags.removed && volume->tags.zero && !volume->tags.initializing && !volume->tags.bad;
}

/* ---- another tag ---- */

static int retag(const DomainPlace *place, const char *image, const char *from, const char *to, const char *const *names, sd_bus_error *error) {
        char before[sizeof(LVM_TAG_REMOVED_ZERO) + UUID_STRING_MAX], after[sizeof(LVM_TAG_REMOVED_ZERO) + UUID_STRING_MAX];
        const char *const words[] = {"lvchange", "--autobackup", "n", "--deltag", before, "--addtag", after, NULL};

        (void) snprintf(before, sizeof(before), "%s%s", from, image);
        (void) snprintf(after, sizeof(after), "%s%s", to, image);
        return lvm_change(place->path, place->id, words, names, error);
}

int block_mark_for_wipe(const DomainPlace *place, const char *image, const char *volume, sd_bus_error *error) {
        const char *const names[] = {volume, NULL};

        return retag(place, image, LVM_TAG_IMAGE, LVM_TAG_REMOVED_ZERO, names, error);
}

/* One that may be another image's as well is not removed with this one. */
static int check_tags(const BlockScan *scan, const char *image, sd_bus_error *error) {
        char trouble[BLOCK_TROUBLE_BYTES];

        for (size_t i = 0; i < scan->n; i++) {
                const BlockVolume *volume = &scan->volumes[i];

                if (!volume->tags.bad || !streq(volume->tags.image, image) || !block_scan_trouble(scan, volume, trouble))
                        continue;
                sd_bus_error_set(error, RHV_ERROR_BAD_FORMAT, trouble);
                return -EBADMSG;
        }
        return 0;
}

/* ret_names: its volumes, new, NULL at its end, of scan's strings. */
static int hide(const DomainPlace *place, const char *image, const char *tag, BlockScan *scan, const char ***ret_names, sd_bus_error *error) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        int r;

        r = block_scan(place, scan, error);
        if (r >= 0)
                r = block_read_image(place, scan, image, &list, error);
        if (r >= 0)
                r = image_may_delete(&list, error);
        if (r >= 0)
                r = check_tags(scan, image, error);
        if (r >= 0)
                r = block_volumes_free(place, scan, image, error);
        if (r >= 0)
                r = select_whole(scan, image, ret_names);
        return r < 0 ? r : retag(place, image, LVM_TAG_IMAGE, tag, *ret_names, error);
}

static int hide_only(const DomainPlace *place, const char *image, const char *tag, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        _cleanup_free_ const char **names = NULL;

        return hide(place, image, tag, &scan, &names, error);
}

int block_image_hide(const DomainPlace *place, const char *image, sd_bus_error *error) {
        return hide_only(place, image, LVM_TAG_REMOVED, error);
}

int block_image_mark(const DomainPlace *place, const char *image, sd_bus_error *error) {
        return hide_only(place, image, LVM_TAG_REMOVED_ZERO, error);
}

int block_find_removable(const DomainPlace *place, const char *image, const char *volume, BlockScan *scan, VolumeList *list, char parent[static UUID_STRING_MAX],
                         const BlockVolume **ret, sd_bus_error *error) {
        int r;

        r = block_scan(place, scan, error);
        if (r >= 0)
                r = block_read_image(place, scan, image, list, error);
        if (r >= 0)
                r = volume_may_delete(list, volume, parent, error);
        if (r >= 0)
                r = block_volumes_free(place, scan, image, error);
        if (r < 0)
                return r;
        *ret = block_scan_get(scan, volume, error);
        return *ret && streq((*ret)->tags.image, image) ? 0 : -ENOENT;
}

/* The tag first: from there on it is not of the image. A parent that is not the top again by then is made so by who clears the domain. */
int block_volume_mark(const DomainPlace *place, const char *image, const char *volume, bool wipe, sd_bus_error *error) {
        const char *const names[] = {volume, NULL};
        _cleanup_(block_scan_clear) BlockScan scan = {};
        _cleanup_(volume_list_clear) VolumeList list = {};
        char parent[UUID_STRING_MAX];
        const BlockVolume *found;
        int r;

        r = block_find_removable(place, image, volume, &scan, &list, parent, &found, error);
        if (r < 0)
                return r;
        r = block_tags_follow(place, &scan, &list, volume, error);
        if (r >= 0)
                r = retag(place, image, LVM_TAG_IMAGE, wipe ? LVM_TAG_REMOVED_ZERO : LVM_TAG_REMOVED, names, error);
        if (r < 0 || !parent[0])
                return r;
        found = block_scan_get(&scan, parent, error);
        return found ? block_become_leaf(place, found, error) : -ENOENT;
}

/* ---- wiping ---- */

int block_wipe_list(const DomainPlace *place, const char *image, WipeVolume *ret, size_t max, size_t *ret_n, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        int r;

        *ret_n = 0;
        r = block_scan(place, &scan, error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < scan.n && *ret_n < max; i++) {
                const BlockVolume *volume = &scan.volumes[i];
                WipeVolume *one = &ret[*ret_n];

                if (!is_marked(volume) || (*image && !streq(volume->tags.image, image)))
                        continue;
                memcpy(one->image, volume->tags.image, UUID_STRING_MAX);
                memcpy(one->volume, volume->id, UUID_STRING_MAX);
                one->size_bytes = volume->size_bytes;
                (*ret_n)++;
        }
        return 0;
}

int block_wipe_open(const DomainPlace *place, const char *image, const char *volume, int *ret_fd, sd_bus_error *error) {
        const char *const names[] = {volume, NULL};
        _cleanup_(block_scan_clear) BlockScan scan = {};
        const BlockVolume *found;
        int fd, r;

        r = block_scan(place, &scan, error);
        if (r < 0)
                return r;
        found = block_scan_find(&scan, volume);
        if (!found || !is_marked(found) || !streq(found->tags.image, image))
                return -ENOENT;
        r = lvm_activate(place->path, place->id, names, error);
        if (r < 0)
                return r;
        fd = lvm_open(place->id, volume, true, error);
        if (fd < 0)
                return fd == -ENOENT ? -EIO : fd;
        *ret_fd = fd;
        return 0;
}

int block_wipe_close(const DomainPlace *place, const char *volume, sd_bus_error *error) {
        const char *const names[] = {volume, NULL};

        return lvm_deactivate(place->path, place->id, names, error);
}

int block_wipe_finish(const DomainPlace *place, const char *image, const char *const *volumes, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        _cleanup_free_ const char **names = NULL;
        size_t n = 0;
        int r;

        r = block_scan(place, &scan, error);
        if (r >= 0)
                r = names_new(&scan, &names);
        if (r < 0)
                return r;
        for (size_t i = 0; volumes[i]; i++) {
                const BlockVolume *found = block_scan_find(&scan, volumes[i]);

                if (found && is_marked(found) && streq(found->tags.image, image) && n < scan.n)
                        names[n++] = found->id;
        }
        return retag(place, image, LVM_TAG_REMOVED_ZERO, LVM_TAG_REMOVED, names, error);
}

/* ---- removing ---- */

/* A range that cannot be discarded is given back all the same: it is a favour to the storage, as VDSM sees it. */
static int discard_all(int fd, const char *volume) {
        const off_t size = lseek(fd, 0, SEEK_END);

        for (uint64_t at = 0; size > 0 && at < (uint64_t)size; at += DISCARD_STEP_BYTES) {
                const uint64_t rest = (uint64_t)size - at;
                uint64_t range[2] = {at, rest < DISCARD_STEP_BYTES ? rest : DISCARD_STEP_BYTES};

                if (ioctl(fd, BLKDISCARD, range) < 0)
                        return log_warning_errno(-errno, "The blocks of volume %s are given back without being discarded", volume);
        }
        return 0;
}

static int discard_one(const DomainPlace *place, const char *volume) {
        const char *const names[] = {volume, NULL};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = lvm_activate(place->path, place->id, names, &error);
        if (r >= 0)
                r = fd = lvm_open(place->id, volume, true, &error);
        if (r < 0)
                return log_warning_errno(r, "Volume %s is not discarded: %s", volume, error.message ?: "");
        r = discard_all(fd, volume);
        FAULT_POINT("block-discarded");
        return r;
}

int block_image_purge(const DomainPlace *place, const char *image, bool discard, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        _cleanup_free_ const char **names = NULL;
        size_t n = 0;
        int r;

        r = block_scan(place, &scan, error);
        if (r >= 0)
                r = names_new(&scan, &names);
        if (r < 0)
                return r;
        for (size_t i = 0; i < scan.n; i++) {
                const BlockVolume *volume = &scan.volumes[i];

                if (!is_removable(volume) || !streq(volume->tags.image, image))
                        continue;
                r = removed_check_free(place, volume, error);
                if (r < 0)
                        return r;
                if (discard)
                        (void) discard_one(place, volume->id);
                names[n++] = volume->id;
        }
        return lvm_remove(place->path, place->id, names, error);
}

/* What hide() has found free under the domain's lease is so yet: one look at LVM does for both. */
int block_image_delete(const DomainPlace *place, const char *image, bool discard, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        _cleanup_free_ const char **names = NULL;
        int r;

        r = hide(place, image, LVM_TAG_REMOVED, &scan, &names, error);
        if (r < 0)
                return r;
        for (size_t i = 0; discard && names[i]; i++)
                (void) discard_one(place, names[i]);
        return lvm_remove(place->path, place->id, names, error);
}

/* One that somebody works on yet stays for the next time. */
int block_remove_left_overs(const DomainPlace *place, const BlockScan *scan, unsigned *ret_n, sd_bus_error *error) {
        _cleanup_free_ const char **names = NULL;
        unsigned n = 0;
        int r;

        r = names_new(scan, &names);
        if (r < 0)
                return r;
        for (size_t i = 0; i < scan->n; i++) {
                const BlockVolume *volume = &scan->volumes[i];

                if ((volume->tags.initializing && !volume->tags.bad) || (is_removable(volume) && removed_check_free(place, volume, NULL) >= 0))
                        names[n++] = volume->id;
        }
        *ret_n = n;
        return lvm_remove(place->path, place->id, names, error);
}
