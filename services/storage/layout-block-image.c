/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Images of block domains: what the tags of the group's volumes make of them. */

#include <stdio.h>

#include "bus-error.h"
#include "chain-rules.h"
#include "layout-block.h"

/* ---- records ---- */

static int add_record(const DomainPlace *place, const BlockSlots *slots, const BlockScan *scan, const BlockVolume *volume, VolumeList *list) {
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
        r = block_slots_get(place, slots, volume, &record->metadata, &error);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                record->problem = strdup(error.message ?: "unreadable");
                return record->problem ? 0 : -ENOMEM;
        }
        record->true_size_bytes = record->apparent_size_bytes = volume->size_bytes;
        record->links = volume->links;
        return 0;
}

/* What is no template may be changed and removed with its image: it is nobody else's base, whatever a volume says. */
static bool is_template(const VolumeRecord *record) {
        return record->problem || record->metadata.role == VOLUME_SHARED;
}

/* A template is a volume of its own image; the images based on it need it in their chains. */
static int add_templates(const DomainPlace *place, const BlockSlots *slots, const BlockScan *scan, VolumeList *list) {
        for (size_t i = 0; i < list->n; i++) {
                const VolumeMetadata *metadata = &list->records[i].metadata;
                const BlockVolume *base;
                int r;

                if (list->records[i].problem || !volume_has_parent(metadata) || volume_list_find(list, metadata->parent))
                        continue;
                base = block_scan_find(scan, metadata->parent);
                if (!base || !block_volume_is_whole(base))
                        continue;
                r = add_record(place, slots, scan, base, list);
                if (r < 0)
                        return r;
                if (!is_template(&list->records[list->n - 1]))
                        list->n--; /* nothing in it is owned */
        }
        return 0;
}

static int read_image(const DomainPlace *place, const BlockSlots *slots, const BlockScan *scan, const char *image, VolumeList *ret) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        BlockVolume *const *volumes;
        size_t n;
        int r = 0;

        memcpy(list.image, image, UUID_STRING_MAX);
        n = block_scan_image(scan, image, &volumes);
        for (size_t i = 0; r >= 0 && i < n; i++)
                if (block_volume_is_whole(volumes[i]))
                        r = add_record(place, slots, scan, volumes[i], &list);
        if (r >= 0)
                r = add_templates(place, slots, scan, &list);
        if (r < 0)
                return r;
        *ret = list;
        list = (VolumeList){};
        return 0;
}

static int read_one_image(const DomainPlace *place, int fd, const BlockScan *scan, const char *image, VolumeList *ret, sd_bus_error *error) {
        int r = read_image(place, &(const BlockSlots){.fd = fd}, scan, image, ret);

        if (r < 0 || ret->n > 0)
                return r;
        volume_list_clear(ret);
        sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "Domain %s has no image %s", place->id, image);
        return -ENOENT;
}

int block_read_image(const DomainPlace *place, const BlockScan *scan, const char *image, VolumeList *ret, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = block_special_open(place, "metadata", false, &fd, error);
        return r < 0 ? r : read_one_image(place, fd, scan, image, ret, error);
}

/* Both need rhv-lvm, which takes longer to start than either takes: so at once. */
static int scan_and_open(const DomainPlace *place, BlockScan *ret, int *ret_fd, sd_bus_error *error) {
        _cleanup_error_ sd_bus_error unopened = SD_BUS_ERROR_NULL;
        LvmOpening opening;
        int r, fd;

        r = lvm_open_begin(place->id, "metadata", false, &opening, error);
        if (r < 0)
                return r;
        r = block_scan(place, ret, error);
        fd = lvm_open_end(&opening, &unopened);
        if (r >= 0 && fd < 0) {
                block_scan_clear(ret);
                (void) sd_bus_error_move(error, &unopened);
                return fd == -ENOENT ? -EIO : fd;
        }
        if (r < 0)
                (void) safe_close(fd);
        else
                *ret_fd = fd;
        return r;
}

int block_list_volumes(const DomainPlace *place, const char *image, VolumeList *ret, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = scan_and_open(place, &scan, &fd, error);
        return r < 0 ? r : read_one_image(place, fd, &scan, image, ret, error);
}

/* The images there are, or those of them with an active volume, each once. ids: room for scan->n. */
static size_t distinct_images(const BlockScan *scan, bool active, char (*ids)[UUID_STRING_MAX]) {
        size_t n = 0;

        for (size_t i = 0; i < scan->n; i++) {
                const BlockVolume *volume = scan->by_image[i];

                if (block_volume_is_whole(volume) && (volume->active || !active) && (n == 0 || !streq(ids[n - 1], volume->tags.image)))
                        memcpy(ids[n++], volume->tags.image, UUID_STRING_MAX);
        }
        return n;
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

static int read_all(const DomainPlace *place, const BlockSlots *slots, const BlockScan *scan, VolumeList **ret, size_t *ret_n) {
        _cleanup_free_ char(*ids)[UUID_STRING_MAX] = calloc(scan->n + 1, sizeof(*ids));
        VolumeList *lists = ids ? calloc(scan->n + 1, sizeof(*lists)) : NULL;
        size_t n, done = 0;
        int r = 0;

        if (!lists)
                return -ENOMEM;
        n = distinct_images(scan, false, ids);
        for (; done < n && r >= 0; done += r >= 0)
                r = read_image(place, slots, scan, ids[done], &lists[done]);
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

int block_list_all(const DomainPlace *place, VolumeList **ret, size_t *ret_n, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        _cleanup_(block_slots_clear) BlockSlots slots = {};
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = scan_and_open(place, &scan, &fd, error);
        if (r >= 0)
                r = block_slots_read(place, fd, &scan, &slots);
        return r < 0 ? r : read_all(place, &slots, &scan, ret, ret_n);
}

int block_peek_all(const DomainPlace *place, const BlockPeek *peek, const BlockScan *scan, VolumeList **ret, size_t *ret_n) {
        _cleanup_(block_slots_clear) BlockSlots slots = {};
        int r;

        r = block_slots_peek(place, peek, scan, &slots);
        return r < 0 ? r : read_all(place, &slots, scan, ret, ret_n);
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

                r = read_image(place, &(const BlockSlots){.fd = fd}, scan, ids[i], &list);
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

int block_prepared_open(const DomainPlace *place, const char *volume, int *ret_fd, sd_bus_error *error) {
        int fd = lvm_open(place->id, volume, false, error);

        if (fd < 0)
                return fd;
        *ret_fd = fd;
        return 0;
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
