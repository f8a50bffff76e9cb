/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "dict.h"
#include "iso-file.h"
#include "state-file.h"
#include "transfer-request.h"
#include "volume-metadata.h"

#define REQUEST_VERSION 1

static char *request_path(const char *directory) {
        char *path;

        return asprintf(&path, "%s/request", directory) < 0 ? NULL : path;
}

int transfer_request_save(const char *directory, const TransferRequest *request) {
        _cleanup_free_ char *path = request_path(directory);
        _cleanup_json_ json_t *object = NULL;

        object = json_pack("{s:s, s:s, s:s, s:b, s:b, s:i, s:b, s:b, s:s, s:I, s:b}", "domain", request->domain, "image", request->image,
                           "volume", request->volume, "upload", (int)request->upload, "was_legal",
                           (int)request->was_legal, "generation", (int)request->generation, "leased", (int)request->leased, "data",
                           (int)request->data, "file", request->file, "size", (json_int_t)request->size_bytes, "devices", (int)request->devices);
        if (!path || !object)
                return -ENOMEM;
        return state_file_save(path, object, REQUEST_VERSION);
}

int transfer_request_load(const char *directory, TransferRequest *ret) {
        _cleanup_free_ char *path = request_path(directory);
        _cleanup_json_ json_t *object = NULL;
        const char *domain, *image, *volume, *file = "";
        json_int_t size = 0;
        int upload, was_legal, generation, leased, data, r;

        if (!path)
                return -ENOMEM;
        r = state_file_load(path, REQUEST_VERSION, &object);
        if (r < 0)
                return r;
        if (json_unpack(object, "{s:s, s:s, s:s, s:b, s:b, s:i, s:b, s:b, s?s, s?I}", "domain", &domain, "image", &image, "volume",
                        &volume, "upload", &upload, "was_legal", &was_legal, "generation", &generation, "leased", &leased, "data", &data, "file", &file, "size", &size) < 0)
                return -EBADMSG;
        if (!uuid_is_valid(domain) || !uuid_is_valid(image) || !uuid_is_valid(volume) || generation < 0 ||
            generation >= (int)VOLUME_GENERATIONS || (*file && !iso_name_is_valid(file)) || size < 0)
                return -EBADMSG;
        *ret = (TransferRequest){.upload = upload, .was_legal = was_legal, .generation = (unsigned)generation, .leased = leased,
                                 .data = data, .devices = dict_boolean(object, "devices", false), .size_bytes = (uint64_t)size};
        (void) snprintf(ret->file, sizeof(ret->file), "%s", file);
        memcpy(ret->domain, domain, UUID_STRING_MAX);
        memcpy(ret->image, image, UUID_STRING_MAX);
        memcpy(ret->volume, volume, UUID_STRING_MAX);
        return 0;
}
