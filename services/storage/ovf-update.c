/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ovf-update.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>

#include "bus-error.h"
#include "fault-point.h"
#include "io.h"
#include "ovf-store.h"

typedef struct Update {
        const DomainPlace *place;
        const StorageLayout *layout;
        uint64_t now_sec;
        VolumeLists lists;
        OvfComposed composed;
} Update;

static void update_clear(Update *update) {
        volume_lists_clear(&update->lists);
        ovf_composed_clear(&update->composed);
}

/* ---- what is there ---- */

static int list_all(Update *update, sd_bus_error *error) {
        _cleanup_free_ char(*ids)[UUID_STRING_MAX] = NULL;
        size_t n = 0;
        int r;

        if (update->layout->list_all)
                return update->layout->list_all(update->place, &update->lists.lists, &update->lists.n, error);
        r = update->layout->list_images(update->place, &ids, &n, error);
        if (r < 0)
                return r;
        update->lists.lists = calloc(n + 1, sizeof(*update->lists.lists));
        if (!update->lists.lists)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;

                /* what goes or is broken is no VM's disk and no store */
                if (update->layout->list_volumes(update->place, ids[i], &update->lists.lists[update->lists.n], &own) >= 0)
                        update->lists.n++;
        }
        return 0;
}

static const VolumeRecord *store_of(const VolumeList *list) {
        const VolumeRecord *leaf = volume_list_leaf(list);

        return leaf && !leaf->problem && volume_is_ovf_store(&leaf->metadata) && leaf->metadata.format == VOLUME_FORMAT_RAW ? leaf : NULL;
}

static int new_uuid(char ret[static UUID_STRING_MAX]) {
        sd_id128_t id;
        int r = sd_id128_randomize(&id);

        if (r >= 0)
                (void) sd_id128_to_uuid_string(id, ret);
        return r;
}

static int make_store(const Update *update, sd_bus_error *error) {
        _cleanup_(io_freep) Io *io = io_new("make an OVF store", io_volume_make, update->place);
        _cleanup_free_ char *description = ovf_store_description(update->place->id, 0, 0);
        int r;

        if (!io || !description)
                return -ENOMEM;
        io->request = (VolumeRequest){
                        .parent = BLANK_UUID,
                        .capacity_bytes = OVF_STORE_BYTES_MAX,
                        .format = VOLUME_FORMAT_RAW,
                        .allocation = domain_type_is_block(update->place->type) ? VOLUME_ALLOCATION_PREALLOCATED : VOLUME_ALLOCATION_SPARSE,
                        .disk_type = "OVFS",
                        .now_sec = update->now_sec,
        };
        (void) snprintf(io->request.description, sizeof(io->request.description), "%s", description);
        r = new_uuid(io->request.image);
        if (r >= 0)
                r = new_uuid(io->request.volume);
        if (r >= 0)
                r = io_volume_make(io);
        if (r < 0 && sd_bus_error_is_set(&io->error))
                (void) sd_bus_error_copy(error, &io->error);
        return r;
}

/* Missing ones are made, and then everything is listed anew. */
static int ensure_stores(Update *update, sd_bus_error *error) {
        unsigned n = 0;
        int r = 0;

        for (size_t i = 0; i < update->lists.n; i++)
                n += store_of(&update->lists.lists[i]) != NULL;
        if (n >= OVF_STORES)
                return 0;
        for (; n < OVF_STORES && r >= 0; n++)
                r = make_store(update, error);
        if (r < 0)
                return r;
        volume_lists_clear(&update->lists);
        return list_all(update, error);
}

/* ---- what will be there ---- */

/* Nobody on this host uses it any more. */
static void give_back(const Update *update, const char *image) {
        if (update->layout->teardown)
                (void) update->layout->teardown(update->place, image, NULL);
}

static int read_store(const Update *update, const OvfStore *store, char **ret, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *tar = malloc(store->size_bytes);
        size_t n = 0;
        int r;

        if (!tar)
                return -ENOMEM;
        r = update->layout->volume_open(update->place, store->image, store->volume, false, &fd, error);
        while (r >= 0 && n < store->size_bytes) {
                ssize_t k = pread(fd, tar + n, store->size_bytes - n, (off_t)n);

                if (k <= 0)
                        r = bus_error_errno(error, k < 0 ? -errno : -EBADMSG, "Cannot read the OVF store %s", store->image);
                else
                        n += (size_t)k;
        }
        fd = safe_close(fd);
        give_back(update, store->image);
        if (r >= 0)
                *ret = TAKE_PTR(tar);
        return r;
}

/* On what the newest store has that can be read. That none of those there are can be read is an error: they would be lost. */
static int compose(Update *update, const json_t *definitions, const json_t *removed, ovf_compose_t composer, sd_bus_error *error) {
        OvfComposition in = { .domain = update->place->id, .lists = update->lists.lists, .n_lists = update->lists.n, .definitions = definitions, .removed = removed,
                              .now_sec = update->now_sec };
        _cleanup_free_ bool *skip = calloc(update->lists.n + 1, sizeof(*skip));
        _cleanup_error_ sd_bus_error first = SD_BUS_ERROR_NULL;
        OvfStore store;
        int chosen, r;

        if (!skip)
                return -ENOMEM;
        while ((chosen = ovf_store_choose(update->lists.lists, update->lists.n, skip, &store)) >= 0) {
                _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
                _cleanup_free_ char *tar = NULL;
                bool unreadable;

                r = read_store(update, &store, &tar, &own);
                unreadable = r < 0;
                in.tar = tar;
                in.tar_size = store.size_bytes;
                if (r >= 0) {
                        r = composer(&in, &update->composed, &own);
                        unreadable = r == -EBADMSG;
                }
                if (r >= 0 || r == -ENOMEM)
                        return r;
                if (!unreadable) {
                        (void) sd_bus_error_move(error, &own);
                        return r;
                }
                if (!sd_bus_error_is_set(&first))
                        (void) sd_bus_error_copy(&first, &own);
                skip[chosen] = true;
        }
        if (sd_bus_error_is_set(&first)) {
                (void) sd_bus_error_move(error, &first);
                return -EBADMSG;
        }
        in.tar = NULL;
        return composer(&in, &update->composed, error);
}

/* ---- writing ---- */

static int describe(const Update *update, const char *image, const VolumeRecord *record, uint64_t updated_sec, uint64_t size, sd_bus_error *error) {
        _cleanup_free_ char *description = ovf_store_description(update->place->id, updated_sec, size);
        const VolumeChange change = { .expected_generation = GENERATION_ANY, .legality = VOLUME_LEGAL, .description = description };

        return description ? update->layout->volume_update(update->place, image, record->id, &change, error) : -ENOMEM;
}

static int write_data(const Update *update, const char *image, const VolumeRecord *record, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        size_t n = 0;
        int r;

        r = update->layout->volume_open(update->place, image, record->id, true, &fd, error);
        while (r >= 0 && n < update->composed.size) {
                ssize_t k = pwrite(fd, (const char *)update->composed.tar + n, update->composed.size - n, (off_t)n);

                if (k < 0)
                        r = bus_error_errno(error, -errno, "Cannot write the OVF store %s", image);
                else
                        n += (size_t)k;
        }
        FAULT_POINT("ovf-written");
        if (r >= 0 && fsync(fd) < 0)
                r = bus_error_errno(error, -errno, "Cannot write the OVF store %s", image);
        fd = safe_close(fd);
        give_back(update, image);
        return r;
}

/* Said to be half-written before it is, and to be whole after it is. */
static int write_store(const Update *update, const VolumeList *list, uint64_t before_sec, sd_bus_error *error) {
        const VolumeRecord *record = store_of(list);
        int r;

        r = describe(update, list->image, record, before_sec, 0, error);
        FAULT_POINT("ovf-described");
        if (r >= 0)
                r = write_data(update, list->image, record, error);
        return r < 0 ? r : describe(update, list->image, record, update->now_sec, update->composed.size, error);
}

/* Never written ones first, then the oldest: the newest is touched only when another one is good. */
static int write_stores(const Update *update, unsigned *ret_n, sd_bus_error *error) {
        _cleanup_free_ bool *done = calloc(update->lists.n + 1, sizeof(*done));
        int r;

        if (!done)
                return -ENOMEM;
        for (;;) {
                uint64_t oldest_sec = UINT64_MAX;
                size_t oldest = SIZE_MAX;

                for (size_t i = 0; i < update->lists.n; i++) {
                        const VolumeRecord *record = done[i] ? NULL : store_of(&update->lists.lists[i]);
                        OvfStore store = {};

                        if (!record)
                                continue;
                        if (ovf_store_read_description(record, &store) == 0)
                                store.updated_sec = 0;
                        if (store.updated_sec < oldest_sec) {
                                oldest_sec = store.updated_sec;
                                oldest = i;
                        }
                }
                if (oldest == SIZE_MAX)
                        return 0;
                r = write_store(update, &update->lists.lists[oldest], oldest_sec, error);
                if (r < 0)
                        return r;
                done[oldest] = true;
                (*ret_n)++;
        }
}

/* What is written now is newer than what is there, also where the clock was set back or two calls come in one second: else the older copy would count after a kill. */
static void advance_clock(Update *update) {
        for (size_t i = 0; i < update->lists.n; i++) {
                const VolumeRecord *record = store_of(&update->lists.lists[i]);
                OvfStore store;

                if (record && ovf_store_read_description(record, &store) > 0 && store.updated_sec >= update->now_sec)
                        update->now_sec = store.updated_sec + 1;
        }
}

int ovf_update(const DomainPlace *place, const json_t *definitions, const json_t *removed, uint64_t now_sec, ovf_compose_t composer, json_t **ret, sd_bus_error *error) {
        _cleanup_(update_clear) Update update = { .place = place, .layout = place->type->layout, .now_sec = now_sec };
        unsigned written = 0;
        int r;

        r = list_all(&update, error);
        if (r >= 0)
                r = ensure_stores(&update, error);
        if (r >= 0) {
                advance_clock(&update);
                r = compose(&update, definitions, removed, composer, error);
        }
        if (r >= 0)
                r = write_stores(&update, &written, error);
        if (r < 0)
                return r;
        *ret = json_pack("{s:i, s:i, s:O}", "written", (int)written, "vms", (int)update.composed.definitions, "skipped", update.composed.skipped);
        return *ret ? 0 : -ENOMEM;
}
