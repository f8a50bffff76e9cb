/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "look-stores.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus-error.h"
#include "dict.h"
#include "io-util.h"

#define COPY_BYTES (1 * MIB)

static int copy_store(const BlockPeek *peek, const OvfStore *store, int fd, sd_bus_error *error) {
        _cleanup_free_ void *buffer = malloc(COPY_BYTES);
        int r = buffer ? 0 : -ENOMEM;

        for (uint64_t at = 0; r >= 0 && at < store->size_bytes; at += COPY_BYTES) {
                const size_t n = store->size_bytes - at < COPY_BYTES ? (size_t)(store->size_bytes - at) : COPY_BYTES;

                r = block_peek_read(peek, store->volume, at, buffer, n, error);
                if (r >= 0)
                        r = write_all(fd, buffer, n);
        }
        return r;
}

/* Appends it to the tars. Return: 1; 0 where it cannot be read, which is told; negative. */
static int add_store(const BlockPeek *peek, const OvfStore *store, int tars_fd, json_t *stores, LookReport *report) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        const off_t before = lseek(tars_fd, 0, SEEK_CUR);
        int r;

        r = before < 0 ? -errno : copy_store(peek, store, tars_fd, &error);
        if (r >= 0)
                return json_array_append_new(stores, json_pack("{s:s, s:I}", "image", store->image, "size", (json_int_t)store->size_bytes)) < 0 ? -ENOMEM : 1;
        if (r == -ENOMEM || before < 0 || ftruncate(tars_fd, before) < 0 || lseek(tars_fd, before, SEEK_SET) < 0)
                return r;
        return look_report_problem(report, store->image, error.message ?: "its OVF store cannot be read");
}

static int add_stores(const BlockPeek *peek, const VolumeList *lists, size_t n_lists, int tars_fd, json_t *stores, LookReport *report) {
        _cleanup_free_ bool *skip = calloc(n_lists + 1, sizeof(*skip));
        uint64_t total = 0;
        OvfStore store;
        int chosen;

        if (!skip)
                return -ENOMEM;
        for (unsigned n = 0; n < LOOK_STORES_MAX && (chosen = ovf_store_choose(lists, n_lists, skip, &store)) >= 0; n++) {
                int r;

                skip[chosen] = true;
                total += store.size_bytes;
                if (total > LOOK_STORES_BYTES_MAX)
                        break;
                r = add_store(peek, &store, tars_fd, stores, report);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int write_words(int fd, const json_t *stores) {
        _cleanup_json_ json_t *words = json_pack("{s:O}", "stores", stores);
        char text[LOOK_STORES_WORDS_BYTES] = {};

        if (!words)
                return -ENOMEM;
        if (json_dumpb(words, text, sizeof(text) - 1, JSON_COMPACT) >= sizeof(text))
                return -E2BIG;
        return pwrite(fd, text, sizeof(text), 0) == (ssize_t)sizeof(text) ? 0 : -errno;
}

int look_stores_gather(const BlockPeek *peek, const VolumeList *lists, size_t n_lists, LookReport *report, int *ret_fd, sd_bus_error *error) {
        _cleanup_close_ int fd = memfd_create("ovf-stores", MFD_CLOEXEC);
        _cleanup_json_ json_t *stores = json_array();
        int r;

        if (!stores)
                return -ENOMEM;
        if (fd < 0 || lseek(fd, LOOK_STORES_WORDS_BYTES, SEEK_SET) < 0)
                return bus_error_errno(error, -errno, "Cannot keep the OVF stores");
        r = add_stores(peek, lists, n_lists, fd, stores, report);
        if (r >= 0)
                r = write_words(fd, stores);
        if (r < 0)
                return r == -ENOMEM ? r : bus_error_errno(error, r, "Cannot keep the OVF stores");
        *ret_fd = json_array_size(stores) > 0 ? TAKE_FD(fd) : -EBADF;
        return 0;
}

/* ---- the other end ---- */

int look_stores_read(int fd, LookStore ret[static LOOK_STORES_MAX]) {
        char text[LOOK_STORES_WORDS_BYTES];
        _cleanup_json_ json_t *words = NULL;
        uint64_t offset = sizeof(text);
        const json_t *stores, *store;
        ssize_t n;
        size_t i;

        n = pread(fd, text, sizeof(text), 0);
        if (n != (ssize_t)sizeof(text) || text[sizeof(text) - 1])
                return n < 0 ? -errno : -EBADMSG;
        words = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        stores = json_object_get(words, "stores");
        if (!json_is_array(stores) || json_array_size(stores) > LOOK_STORES_MAX)
                return -EBADMSG;
        json_array_foreach((json_t *)stores, i, store) {
                const char *image = dict_string(store, "image", "");
                const int64_t size = dict_integer(store, "size", 0);

                if (!uuid_is_valid(image) || size <= 0 || (uint64_t)size > OVF_STORE_BYTES_MAX)
                        return -EBADMSG;
                memcpy(ret[i].image, image, UUID_STRING_MAX);
                ret[i].offset = offset;
                ret[i].size_bytes = (uint64_t)size;
                offset += (uint64_t)size;
        }
        return (int)json_array_size(stores);
}

int look_stores_take(json_t *report, const json_t *answer) {
        json_t *vms = json_object_get(answer, "vms"), *problems = json_object_get(answer, "problems");

        if (!json_is_object(vms) || !json_is_array(problems))
                return -EBADMSG;
        return json_object_set(report, "vms", vms) < 0 || json_array_extend(json_object_get(report, "problems"), problems) < 0 ? -ENOMEM : 0;
}
