/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ovf-update.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "bus-error.h"
#include "dict.h"
#include "io.h"
#include "ovf-archive.h"
#include "ovf-summary.h"
#include "ovf-write.h"

typedef struct Update {
        const DomainPlace *place;
        const StorageLayout *layout;
        uint64_t now_sec;
        VolumeList *lists;
        size_t n_lists;
        OvfArchive archive;
        void *tar;
        size_t size;
        json_t *skipped;
} Update;

static void update_clear(Update *update) {
        for (size_t i = 0; i < update->n_lists; i++)
                volume_list_clear(&update->lists[i]);
        free(update->lists);
        ovf_archive_clear(&update->archive);
        free(update->tar);
        json_decref(update->skipped);
}

/* ---- descriptions ---- */

/* Java's Date in English: "Tue Sep 27 12:11:43 UTC 2022". */
static void java_date(uint64_t sec, char ret[static 64]) {
        static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
        static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        time_t t = (time_t)sec;
        struct tm tm = {};

        (void) gmtime_r(&t, &tm);
        (void) snprintf(ret, 64, "%s %s %d %02d:%02d:%02d UTC %d", days[tm.tm_wday % 7], months[tm.tm_mon % 12], tm.tm_mday, tm.tm_hour, tm.tm_min,
                        tm.tm_sec, tm.tm_year + 1900);
}

char *ovf_store_description(const char *domain, uint64_t updated_sec, uint64_t size) {
        _cleanup_json_ json_t *object = NULL;
        char date[64];

        java_date(updated_sec, date);
        object = json_pack("{s:b, s:s?, s:[{s:s}], s:s}", "Updated", size > 0, "Last Updated", updated_sec > 0 ? date : NULL, "Storage Domains", "uuid",
                           domain, "Disk Description", "OVF_STORE");
        if (object && updated_sec == 0)
                (void) json_object_set_new(object, "Last Updated", json_null());
        if (object && size > 0)
                (void) json_object_set_new(object, "Size", json_integer((json_int_t)size));
        return object ? json_dumps(object, JSON_COMPACT) : NULL;
}

/* ---- what is there ---- */

static int list_all(Update *update, sd_bus_error *error) {
        _cleanup_free_ char(*ids)[UUID_STRING_MAX] = NULL;
        size_t n = 0;
        int r;

        r = update->layout->list_images(update->place, &ids, &n, error);
        if (r < 0)
                return r;
        update->lists = calloc(n + 1, sizeof(*update->lists));
        if (!update->lists)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;

                /* what goes or is broken is no VM's disk and no store */
                if (update->layout->list_volumes(update->place, ids[i], &update->lists[update->n_lists], &own) >= 0)
                        update->n_lists++;
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
                        .allocation = VOLUME_ALLOCATION_SPARSE,
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

        for (size_t i = 0; i < update->n_lists; i++)
                n += store_of(&update->lists[i]) != NULL;
        if (n >= OVF_STORES)
                return 0;
        for (; n < OVF_STORES && r >= 0; n++)
                r = make_store(update, error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < update->n_lists; i++)
                volume_list_clear(&update->lists[i]);
        free(TAKE_PTR(update->lists));
        update->n_lists = 0;
        return list_all(update, error);
}

/* ---- what will be there ---- */

static int read_store(Update *update, const OvfStore *store, sd_bus_error *error) {
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
                        return bus_error_errno(error, k < 0 ? -errno : -EBADMSG, "Cannot read the OVF store %s", store->image);
                n += (size_t)k;
        }
        return r < 0 ? r : ovf_archive_read(tar, store->size_bytes, &update->archive, error);
}

/* The newest that can be read. That none of those there are can be read is an error: they would be lost. */
static int read_newest(Update *update, sd_bus_error *error) {
        _cleanup_free_ bool *skip = calloc(update->n_lists + 1, sizeof(*skip));
        _cleanup_error_ sd_bus_error first = SD_BUS_ERROR_NULL;
        OvfStore store;
        int chosen, r;

        if (!skip)
                return -ENOMEM;
        while ((chosen = ovf_store_choose(update->lists, update->n_lists, skip, &store)) >= 0) {
                _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;

                r = read_store(update, &store, &own);
                if (r >= 0 || r == -ENOMEM)
                        return r;
                if (!sd_bus_error_is_set(&first))
                        (void) sd_bus_error_copy(&first, &own);
                skip[chosen] = true;
        }
        if (!sd_bus_error_is_set(&first))
                return 0;
        (void) sd_bus_error_move(error, &first);
        return -EBADMSG;
}

static int put_definition(Update *update, const json_t *definition, sd_bus_error *error) {
        const char *id = json_string_value(json_object_get(definition, "id"));
        _cleanup_free_ char *fresh = NULL, *merged = NULL;
        char name[UUID_STRING_MAX + 8];
        const OvfMember *old;
        int r;

        if (!id || !uuid_is_valid(id))
                return (void)sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "A definition has no id"), -EINVAL;
        (void) snprintf(name, sizeof(name), "%s.ovf", id);
        r = ovf_write(definition, update->place->id, update->lists, update->n_lists, update->now_sec, &fresh, error);
        if (r < 0)
                return r == -ENOMEM ? r : -EINVAL;
        old = ovf_archive_find(&update->archive, name);
        r = old ? ovf_merge(fresh, old->data, old->size, &merged) : 0;
        if (r == -ENOMEM)
                return r;
        return ovf_archive_put(&update->archive, name, merged ?: fresh, strlen(merged ?: fresh));
}

static int put_info(Update *update) {
        _cleanup_json_ json_t *info = NULL;
        _cleanup_free_ char *text = NULL;
        char date[64];

        java_date(update->now_sec, date);
        info = json_pack("{s:s, s:[{s:s}]}", "Last Updated", date, "Storage Domains", "uuid", update->place->id);
        text = info ? json_dumps(info, JSON_INDENT(2)) : NULL;
        return text ? ovf_archive_put(&update->archive, "info.json", text, strlen(text)) : -ENOMEM;
}

static bool is_in(const json_t *list, const char *id) {
        const json_t *one;
        size_t i;

        json_array_foreach(list, i, one)
                if (streq_ptr(json_string_value(json_is_object(one) ? json_object_get(one, "id") : one), id))
                        return true;
        return false;
}

static bool has_image(const Update *update, const char *image) {
        for (size_t i = 0; i < update->n_lists; i++)
                if (streq(update->lists[i].image, image))
                        return true;
        return false;
}

/* Of a VM that nobody gave a definition of now: it goes with the last of its disks; without any, when it is said to be removed. What cannot be read stays. */
static bool is_stale(const Update *update, const OvfMember *member, const char *id, const json_t *removed) {
        _cleanup_json_ json_t *summary = NULL;
        const json_t *disk, *disks;
        size_t i;

        if (ovf_summary(member->data, member->size, id, &summary, NULL) < 0)
                return false;
        disks = json_object_get(summary, "disks");
        json_array_foreach(disks, i, disk)
                if (has_image(update, dict_string(disk, "image", "")))
                        return false;
        return json_array_size(disks) > 0 || is_in(removed, id);
}

static void drop_stale(Update *update, const json_t *definitions, const json_t *removed) {
        for (size_t i = 0; i < update->archive.n;) {
                char id[UUID_STRING_MAX], name[UUID_STRING_MAX + 8];

                if (!ovf_member_id(update->archive.members[i].name, id) || is_in(definitions, id) ||
                    !is_stale(update, &update->archive.members[i], id, removed)) {
                        i++;
                        continue;
                }
                (void) snprintf(name, sizeof(name), "%s.ovf", id);
                ovf_archive_remove(&update->archive, name); /* the last one takes its place */
        }
}

static int compose(Update *update, const json_t *definitions, const json_t *removed, sd_bus_error *error) {
        const json_t *one;
        size_t i;
        int r;

        r = read_newest(update, error);
        if (r >= 0)
                drop_stale(update, definitions, removed);
        json_array_foreach(definitions, i, one) {
                _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;

                if (r < 0)
                        break;
                r = put_definition(update, one, &own);
                /* one that cannot be written keeps nobody else's from being so */
                if (r == -EINVAL)
                        r = json_array_append_new(update->skipped, json_sprintf("%s: %s", dict_string(one, "id", ""), own.message ?: "")) < 0 ? -ENOMEM : 0;
                else if (r < 0)
                        (void) sd_bus_error_copy(error, &own);
        }
        if (r >= 0)
                r = put_info(update);
        /* states of VMs as an engine knew them are nobody's now */
        ovf_archive_remove(&update->archive, "metadata.json");
        return r < 0 ? r : ovf_archive_write(&update->archive, update->now_sec, &update->tar, &update->size, error);
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
        while (r >= 0 && n < update->size) {
                ssize_t k = pwrite(fd, (const char *)update->tar + n, update->size - n, (off_t)n);

                if (k < 0)
                        return bus_error_errno(error, -errno, "Cannot write the OVF store %s", image);
                n += (size_t)k;
        }
        return r < 0 ? r : fsync(fd) < 0 ? bus_error_errno(error, -errno, "Cannot write the OVF store %s", image) : 0;
}

/* Said to be half-written before it is, and to be whole after it is. */
static int write_store(const Update *update, const VolumeList *list, uint64_t before_sec, sd_bus_error *error) {
        const VolumeRecord *record = store_of(list);
        int r;

        r = describe(update, list->image, record, before_sec, 0, error);
        if (r >= 0)
                r = write_data(update, list->image, record, error);
        return r < 0 ? r : describe(update, list->image, record, update->now_sec, update->size, error);
}

/* Never written ones first, then the oldest: the newest is touched only when another one is good. */
static int write_stores(const Update *update, unsigned *ret_n, sd_bus_error *error) {
        _cleanup_free_ bool *done = calloc(update->n_lists + 1, sizeof(*done));
        int r;

        if (!done)
                return -ENOMEM;
        for (;;) {
                uint64_t oldest_sec = UINT64_MAX;
                size_t oldest = SIZE_MAX;

                for (size_t i = 0; i < update->n_lists; i++) {
                        const VolumeRecord *record = done[i] ? NULL : store_of(&update->lists[i]);
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
                r = write_store(update, &update->lists[oldest], oldest_sec, error);
                if (r < 0)
                        return r;
                done[oldest] = true;
                (*ret_n)++;
        }
}

int ovf_update(const DomainPlace *place, const json_t *definitions, const json_t *removed, uint64_t now_sec, json_t **ret, sd_bus_error *error) {
        _cleanup_(update_clear) Update update = { .place = place, .layout = place->type->layout, .now_sec = now_sec, .skipped = json_array() };
        unsigned written = 0, vms = 0;
        char id[UUID_STRING_MAX];
        int r;

        r = update.skipped ? list_all(&update, error) : -ENOMEM;
        if (r >= 0)
                r = ensure_stores(&update, error);
        if (r >= 0)
                r = compose(&update, definitions, removed, error);
        if (r >= 0)
                r = write_stores(&update, &written, error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < update.archive.n; i++)
                vms += ovf_member_id(update.archive.members[i].name, id);
        *ret = json_pack("{s:i, s:i, s:O}", "written", (int)written, "vms", (int)vms, "skipped", update.skipped);
        return *ret ? 0 : -ENOMEM;
}
