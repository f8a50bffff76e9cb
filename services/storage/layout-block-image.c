/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Images of block domains: what the tags of the group's volumes make of them. */

#include <stdio.h>

#include "bus-error.h"
#include "chain-rules.h"
#include "layout-block.h"

/* ---- the volumes of the group ---- */

void block_scan_clear(BlockScan *scan) {
        for (size_t i = 0; i < scan->n; i++)
                free(scan->volumes[i].all_tags);
        free(scan->volumes);
        *scan = (BlockScan){};
}

static bool is_special(const char *name) {
        for (const BlockSpecial *special = block_specials; special->name; special++)
                if (streq(name, special->name))
                        return true;
        return false;
}

int block_scan(const DomainPlace *place, BlockScan *ret, sd_bus_error *error) {
        _cleanup_(lvm_volumes_clear) LvmVolumes volumes = {};
        _cleanup_(block_scan_clear) BlockScan scan = {};
        int r;

        r = lvm_volumes(place->path, place->id, &volumes, error);
        if (r < 0)
                return r;
        scan.volumes = calloc(volumes.n + 1, sizeof(*scan.volumes));
        if (!scan.volumes)
                return -ENOMEM;
        for (size_t i = 0; i < volumes.n; i++) {
                LvmVolume *row = &volumes.rows[i];
                BlockVolume *volume = &scan.volumes[scan.n];

                if (!uuid_is_valid(row->name) || is_special(row->name))
                        continue;
                lvm_volume_tags_parse(row->tags, &volume->tags);
                volume->all_tags = TAKE_PTR(row->tags);
                memcpy(volume->id, row->name, UUID_STRING_MAX);
                volume->size_bytes = row->size_bytes;
                volume->active = row->active;
                scan.n++;
        }
        *ret = scan;
        scan = (BlockScan){};
        return 0;
}

BlockVolume *block_scan_find(const BlockScan *scan, const char *id) {
        for (size_t i = 0; i < scan->n; i++)
                if (streq(scan->volumes[i].id, id))
                        return &scan->volumes[i];
        return NULL;
}

bool block_volume_is_whole(const BlockVolume *volume) {
        return volume->tags.image[0] && !volume->tags.initializing && !volume->tags.removed;
}

static bool claims(const BlockVolume *volume, uint32_t slot) {
        const char *rest = volume->all_tags;
        uint32_t claimed;

        while (lvm_volume_tags_next_slot(&rest, &claimed))
                if (claimed == slot)
                        return true;
        return false;
}

bool block_scan_trouble(const BlockScan *scan, const BlockVolume *volume, char ret[static BLOCK_TROUBLE_BYTES]) {
        *ret = '\0';
        if (volume->tags.bad)
                (void) snprintf(ret, BLOCK_TROUBLE_BYTES, "the tags of volume %s contradict each other, or cannot be read: %.128s", volume->id,
                                volume->all_tags);
        for (size_t i = 0; !*ret && volume->tags.slot != LVM_SLOT_NONE && i < scan->n; i++)
                if (&scan->volumes[i] != volume && claims(&scan->volumes[i], volume->tags.slot))
                        (void) snprintf(ret, BLOCK_TROUBLE_BYTES, "slot %u is that of volume %s and of volume %s", (unsigned)volume->tags.slot,
                                        volume->id, scan->volumes[i].id);
        return *ret;
}

BlockVolume *block_scan_get(const BlockScan *scan, const char *volume, sd_bus_error *error) {
        BlockVolume *found = block_scan_find(scan, volume);
        char trouble[BLOCK_TROUBLE_BYTES];

        if (found && block_volume_is_whole(found)) {
                if (!block_scan_trouble(scan, found, trouble))
                        return found;
                sd_bus_error_set(error, RHV_ERROR_BAD_FORMAT, trouble);
                return NULL;
        }
        sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "The domain has no volume %s", volume);
        return NULL;
}

/* ---- records ---- */

/* As a file's hard links count: itself, and each other image that is based on it. */
static unsigned count_links(const BlockScan *scan, const BlockVolume *volume) {
        unsigned n = 1;

        for (size_t i = 0; i < scan->n; i++)
                n += block_volume_is_whole(&scan->volumes[i]) && streq(scan->volumes[i].tags.parent, volume->id) &&
                     !streq(scan->volumes[i].tags.image, volume->tags.image);
        return n;
}

static int add_record(const DomainPlace *place, int fd, const BlockScan *scan, const BlockVolume *volume, VolumeList *list) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        VolumeRecord *record = volume_list_add(list, volume->id);
        char trouble[BLOCK_TROUBLE_BYTES];
        int r;

        if (!record)
                return -ENOMEM;
        if (block_scan_trouble(scan, volume, trouble)) {
                record->problem = strdup(trouble);
                return record->problem ? 0 : -ENOMEM;
        }
        r = block_slot_read(place, fd, volume, &record->metadata, &error);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                record->problem = strdup(error.message ?: "unreadable");
                return record->problem ? 0 : -ENOMEM;
        }
        record->true_size_bytes = record->apparent_size_bytes = volume->size_bytes;
        record->links = count_links(scan, volume);
        return 0;
}

/* A template is a volume of its own image; the images based on it need it in their chains. */
static int add_templates(const DomainPlace *place, int fd, const BlockScan *scan, VolumeList *list) {
        for (size_t i = 0; i < list->n; i++) {
                const VolumeMetadata *metadata = &list->records[i].metadata;
                const BlockVolume *base;
                int r;

                if (list->records[i].problem || !volume_has_parent(metadata) || volume_list_find(list, metadata->parent))
                        continue;
                base = block_scan_find(scan, metadata->parent);
                if (!base || !block_volume_is_whole(base))
                        continue;
                r = add_record(place, fd, scan, base, list);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int read_image(const DomainPlace *place, int fd, const BlockScan *scan, const char *image, VolumeList *ret) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        int r = 0;

        memcpy(list.image, image, UUID_STRING_MAX);
        for (size_t i = 0; r >= 0 && i < scan->n; i++)
                if (block_volume_is_whole(&scan->volumes[i]) && streq(scan->volumes[i].tags.image, image))
                        r = add_record(place, fd, scan, &scan->volumes[i], &list);
        if (r >= 0)
                r = add_templates(place, fd, scan, &list);
        if (r < 0)
                return r;
        *ret = list;
        list = (VolumeList){};
        return 0;
}

int block_read_image(const DomainPlace *place, const BlockScan *scan, const char *image, VolumeList *ret, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = block_special_open(place, "metadata", false, &fd, error);
        if (r >= 0)
                r = read_image(place, fd, scan, image, ret);
        if (r < 0 || ret->n > 0)
                return r;
        volume_list_clear(ret);
        sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "Domain %s has no image %s", place->id, image);
        return -ENOENT;
}

int block_list_volumes(const DomainPlace *place, const char *image, VolumeList *ret, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        int r;

        r = block_scan(place, &scan, error);
        return r < 0 ? r : block_read_image(place, &scan, image, ret, error);
}

static int compare_ids(const void *a, const void *b) {
        return strcmp(a, b);
}

/* The images there are, or those of them with an active volume, each once. ids: room for scan->n. */
static size_t distinct_images(const BlockScan *scan, bool active, char (*ids)[UUID_STRING_MAX]) {
        size_t n = 0;

        for (size_t i = 0; i < scan->n; i++)
                if (block_volume_is_whole(&scan->volumes[i]) && (scan->volumes[i].active || !active))
                        memcpy(ids[n++], scan->volumes[i].tags.image, UUID_STRING_MAX);
        if (n == 0)
                return 0;
        qsort(ids, n, sizeof(*ids), compare_ids);

        size_t kept = 1;
        for (size_t i = 1; i < n; i++)
                if (!streq(ids[i], ids[kept - 1]))
                        memmove(ids[kept++], ids[i], UUID_STRING_MAX);
        return kept;
}

static int list_images(const DomainPlace *place, bool active, char (**ret)[UUID_STRING_MAX], size_t *ret_n, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        char(*ids)[UUID_STRING_MAX];
        int r;

        r = block_scan(place, &scan, error);
        if (r < 0)
                return r;
        ids = calloc(scan.n + 1, sizeof(*ids));
        if (!ids)
                return -ENOMEM;
        *ret_n = distinct_images(&scan, active, ids);
        *ret = ids;
        return 0;
}

int block_list_images(const DomainPlace *place, char (**ret)[UUID_STRING_MAX], size_t *ret_n, sd_bus_error *error) {
        return list_images(place, false, ret, ret_n, error);
}

int block_list_active(const DomainPlace *place, char (**ret)[UUID_STRING_MAX], size_t *ret_n, sd_bus_error *error) {
        return list_images(place, true, ret, ret_n, error);
}

int block_list_all(const DomainPlace *place, VolumeList **ret, size_t *ret_n, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        _cleanup_free_ char(*ids)[UUID_STRING_MAX] = NULL;
        _cleanup_close_ int fd = -EBADF;
        VolumeList *lists = NULL;
        size_t n, done = 0;
        int r;

        r = block_scan(place, &scan, error);
        if (r >= 0)
                r = block_special_open(place, "metadata", false, &fd, error);
        if (r < 0)
                return r;
        ids = calloc(scan.n + 1, sizeof(*ids));
        lists = ids ? calloc(scan.n + 1, sizeof(*lists)) : NULL;
        if (!lists)
                return -ENOMEM;
        n = distinct_images(&scan, false, ids);
        for (; done < n && r >= 0; done += r >= 0)
                r = read_image(place, fd, &scan, ids[done], &lists[done]);
        if (r < 0) {
                while (done > 0)
                        volume_list_clear(&lists[--done]);
                free(lists);
                return r;
        }
        *ret = lists;
        *ret_n = n;
        return 0;
}

/* ---- left-overs ---- */

static int finish_parents(const DomainPlace *place, int fd, const BlockScan *scan, const VolumeList *list, unsigned *n, sd_bus_error *error) {
        VolumeRecord *parent;

        while ((parent = volume_list_unfinished_parent(list))) {
                const BlockVolume *volume = block_scan_get(scan, parent->id, error);
                int r;

                if (!volume)
                        return -ENOENT;
                parent->metadata.role = VOLUME_INTERNAL;
                r = block_slot_write(place, fd, volume->tags.slot, &parent->metadata, error);
                if (r < 0)
                        return r;
                (*n)++;
        }
        return 0;
}

/* A child that was being moved off a merged volume has its tag already (block_volume_reparent()): its slot follows. */
static int finish_moves(const DomainPlace *place, int fd, const BlockScan *scan, VolumeList *list, unsigned *n, sd_bus_error *error) {
        for (size_t i = 0; i < list->n; i++) {
                VolumeRecord *record = &list->records[i];
                const BlockVolume *volume = block_scan_find(scan, record->id);
                int r;

                if (!volume || !streq(volume->tags.image, list->image) || !volume_is_moving(list, record, volume->tags.parent))
                        continue;
                memcpy(record->metadata.parent, volume->tags.parent, UUID_STRING_MAX);
                r = block_slot_write(place, fd, volume->tags.slot, &record->metadata, error);
                if (r < 0)
                        return r;
                (*n)++;
        }
        return 0;
}

/* Before the merged volume goes (volume_tag_lags()). */
static int finish_tags(const DomainPlace *place, const BlockScan *scan, const VolumeList *list, unsigned *n, sd_bus_error *error) {
        for (size_t i = 0; i < scan->n; i++) {
                const BlockVolume *volume = &scan->volumes[i];
                int r;

                if (!volume_has_left(list, volume->tags.parent))
                        continue;
                r = block_tag_follow(place, volume, list, volume->tags.parent, error);
                if (r < 0)
                        return r;
                *n += (unsigned)r;
        }
        return 0;
}

/* What was taken out of its chain goes; what that was built on becomes the top again. Metadata that cannot be followed are left as they are. */
static int finish_deletion(const DomainPlace *place, int fd, const BlockScan *scan, const VolumeList *list, VolumeRecord *record, unsigned *n,
                           sd_bus_error *error) {
        const char *const names[] = {record->id, NULL};
        const BlockVolume *volume = block_scan_find(scan, record->id);

        /* A template belongs to its own image. */
        if (!volume || !streq(volume->tags.image, list->image))
                return 0;
        if (volume_is_cut_out(list, record)) {
                (*n)++;
                /* One that was merged: whether it was to be wiped is not known any more. A deletion that wipes leaves none of the others. */
                if (volume_has_parent(&record->metadata))
                        return block_mark_for_wipe(place, list->image, record->id, error);
                return lvm_remove(place->path, place->id, names, error);
        }
        if (!volume_is_bare(list, record))
                return 0;
        record->metadata.role = VOLUME_LEAF;
        (*n)++;
        return block_slot_write(place, fd, volume->tags.slot, &record->metadata, error);
}

static int finish_deletions(const DomainPlace *place, int fd, const BlockScan *scan, VolumeList *list, unsigned *n, sd_bus_error *error) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < list->n; i++)
                r = finish_deletion(place, fd, scan, list, &list->records[i], n, error);
        return r;
}

static int finish_images(const DomainPlace *place, const BlockScan *scan, unsigned *n, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char(*ids)[UUID_STRING_MAX] = calloc(scan->n + 1, sizeof(*ids));
        size_t n_ids;
        int r;

        if (!ids)
                return -ENOMEM;
        r = block_special_open(place, "metadata", true, &fd, error);
        if (r < 0)
                return r;
        n_ids = distinct_images(scan, false, ids);
        for (size_t i = 0; r >= 0 && i < n_ids; i++) {
                _cleanup_(volume_list_clear) VolumeList list = {};

                r = read_image(place, fd, scan, ids[i], &list);
                if (r >= 0)
                        r = finish_parents(place, fd, scan, &list, n, error);
                if (r >= 0)
                        r = finish_moves(place, fd, scan, &list, n, error);
                if (r >= 0)
                        r = finish_tags(place, scan, &list, n, error);
                if (r >= 0)
                        r = finish_deletions(place, fd, scan, &list, n, error);
        }
        return r;
}

int block_clean(const DomainPlace *place, unsigned *ret_n, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        unsigned n = 0;
        int r;

        r = block_scan(place, &scan, error);
        if (r >= 0)
                r = block_remove_left_overs(place, &scan, &n, error);
        if (r >= 0)
                r = finish_images(place, &scan, &n, error);
        *ret_n = n;
        return r;
}

/* ---- on this host ---- */

int block_prepare(const DomainPlace *place, const VolumeRecord *const *chain, size_t n, sd_bus_error *error) {
        const char *names[VOLUME_CHAIN_MAX + 1];

        for (size_t i = 0; i < n; i++)
                names[i] = chain[i]->id;
        names[n] = NULL;
        return lvm_activate(place->path, place->id, names, error);
}

/* What is being removed of it too. */
int block_teardown(const DomainPlace *place, const char *image, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        _cleanup_free_ const char **names = NULL;
        size_t n = 0;
        int r;

        r = block_scan(place, &scan, error);
        if (r < 0)
                return r;
        names = calloc(scan.n + 1, sizeof(*names));
        if (!names)
                return -ENOMEM;
        for (size_t i = 0; i < scan.n; i++)
                if (streq(scan.volumes[i].tags.image, image) && !scan.volumes[i].tags.initializing)
                        names[n++] = scan.volumes[i].id;
        return lvm_deactivate(place->path, place->id, names, error);
}
