/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "data-work.h"

#include <stdio.h>

#include "dict.h"
#include "place-json.h"
#include "state-file.h"

#define DATA_WORK_FILE "data.json"
#define DATA_WORK_VERSION 1

static const char *const data_kind_table[_DATA_KIND_MAX] = {
                [DATA_EXTEND] = "extend-volume",
                [DATA_COPY] = "copy-volume",
                [DATA_MERGE] = "merge-volume",
                [DATA_WIPE] = "wipe-image",
                [DATA_SPARSIFY] = "sparsify-volume",
                [DATA_MEASURE] = "measure-volume",
};
DEFINE_STRING_TABLE(data_kind, DataKind, _DATA_KIND_MAX)

const char *const data_source_formats[] = {"vmdk", "vdi", "vhdx", "vpc", NULL};

void data_work_clear(DataWork *work) {
        json_decref(work->object);
        *work = (DataWork){};
}

/* ---- save ---- */

static json_t *chain_to_json(const DataWork *work) {
        json_t *array = json_array();

        for (size_t i = 0; array && i < work->n_chain; i++) {
                const DataNode *node = &work->chain[i];

                (void) json_array_append_new(array, json_pack("{s:s, s:s, s:s}", "image", node->image, "volume", node->volume, "format",
                                                             volume_format_to_string(node->format)));
        }
        return array;
}

json_t *data_work_to_json(const DataWork *work) {
        return json_pack("{s:s, s:b, s:b, s:b, s:o, s:o, s:s, s:s, s:I, s:I, s:I, s:s, s:I, s:o}", "kind", data_kind_to_string(work->kind), "share", (int)work->share, "wipe", (int)work->wipe, "discard",
                           (int)work->discard,
                           "place",
                           place_to_json(&work->place), "source", place_to_json(&work->source), "format",
                           volume_format_to_string(work->format), "allocation", volume_allocation_to_string(work->allocation), "present",
                           (json_int_t)work->present_bytes, "capacity", (json_int_t)work->capacity_bytes, "bandwidth",
                           (json_int_t)work->bandwidth, "source_format", work->source_format, "source_bytes",
                           (json_int_t)work->source_bytes, "chain", chain_to_json(work));
}

int data_work_save(const char *directory, const DataWork *work) {
        _cleanup_json_ json_t *object = data_work_to_json(work);
        _cleanup_free_ char *path = NULL;

        if (!object || asprintf(&path, "%s/" DATA_WORK_FILE, directory) < 0)
                return -ENOMEM;
        return state_file_save(path, object, DATA_WORK_VERSION);
}

/* ---- load ---- */

static int read_chain(const json_t *array, DataWork *work) {
        json_t *one;
        size_t i;

        if (!json_is_array(array) || json_array_size(array) == 0 || json_array_size(array) > VOLUME_CHAIN_MAX)
                return -EBADMSG;
        json_array_foreach(array, i, one) {
                const char *image = dict_string(one, "image", ""), *volume = dict_string(one, "volume", "");
                DataNode *node = &work->chain[i];

                node->format = volume_format_from_string(dict_string(one, "format", ""));
                if (!uuid_is_valid(image) || !uuid_is_valid(volume) || (int)node->format < 0)
                        return -EBADMSG;
                memcpy(node->image, image, UUID_STRING_MAX);
                memcpy(node->volume, volume, UUID_STRING_MAX);
        }
        work->n_chain = json_array_size(array);
        return 0;
}

static int read_sizes(const json_t *object, DataWork *work) {
        json_int_t present, capacity, bandwidth, source;

        if (json_unpack((json_t *)object, "{s:I, s:I, s:I, s:I}", "present", &present, "capacity", &capacity, "bandwidth", &bandwidth,
                        "source_bytes", &source) < 0 ||
            present < 0 || capacity <= 0 || capacity > (json_int_t)VOLUME_CAPACITY_MAX || bandwidth < 0 || source < 0)
                return -EBADMSG;
        work->present_bytes = (uint64_t)present;
        work->capacity_bytes = (uint64_t)capacity;
        work->bandwidth = (uint64_t)bandwidth;
        work->source_bytes = (uint64_t)source;
        return 0;
}

static bool format_is_known(const char *word) {
        for (size_t i = 0; data_source_formats[i]; i++)
                if (streq(data_source_formats[i], word))
                        return true;
        return false;
}

static int read_words(const json_t *object, DataWork *work) {
        const char *format = dict_string(object, "source_format", "");

        work->share = dict_boolean(object, "share", false);
        work->wipe = dict_boolean(object, "wipe", false);
        work->discard = dict_boolean(object, "discard", false);
        work->kind = data_kind_from_string(dict_string(object, "kind", ""));
        work->format = volume_format_from_string(dict_string(object, "format", ""));
        work->allocation = volume_allocation_from_string(dict_string(object, "allocation", ""));
        if ((int)work->kind < 0 || (int)work->format < 0 || (int)work->allocation < 0 || (*format && !format_is_known(format)))
                return -EBADMSG;
        (void) snprintf(work->source_format, sizeof(work->source_format), "%s", format);
        return 0;
}

int data_work_from_json(const json_t *object, DataWork *ret) {
        _cleanup_(data_work_clear) DataWork work = {.object = json_incref((json_t *)object)};
        int r;

        r = read_words(work.object, &work);
        if (r >= 0)
                r = read_sizes(work.object, &work);
        if (r >= 0)
                r = read_chain(json_object_get(work.object, "chain"), &work);
        if (r >= 0)
                r = place_from_json(json_object_get(work.object, "place"), &work.place);
        if (r >= 0)
                r = place_from_json(json_object_get(work.object, "source"), &work.source);
        if (r >= 0 && work.kind == DATA_MERGE && work.n_chain < 2)
                r = -EBADMSG;
        if (r < 0)
                return r;
        *ret = work;
        work = (DataWork){};
        return 0;
}

int data_work_load(const char *directory, DataWork *ret) {
        _cleanup_json_ json_t *object = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        if (asprintf(&path, "%s/" DATA_WORK_FILE, directory) < 0)
                return -ENOMEM;
        r = state_file_load(path, DATA_WORK_VERSION, &object);
        return r < 0 ? r : data_work_from_json(object, ret);
}
