/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "place-json.h"

json_t *place_to_json(const DomainPlace *place) {
        return json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i}", "type", place->type->name, "path", place->path, "id", place->id, "class",
                         domain_class_to_string(place->class), "version",
                         (int)place->version, "block_size", (int)place->block_size_bytes, "alignment", (int)place->alignment_bytes);
}

int place_from_json(const json_t *object, DomainPlace *ret) {
        int version, block_size, alignment;
        const char *type, *path, *id, *class = "Data"; /* a note of a release that knew no other has none */

        if (json_unpack((json_t *)object, "{s:s, s:s, s:s, s?s, s:i, s:i, s:i}", "type", &type, "path", &path, "id", &id, "class", &class, "version", &version,
                        "block_size", &block_size, "alignment", &alignment) < 0)
                return -EBADMSG;
        *ret = (DomainPlace){
                        .type = domain_type_find(type),
                        .path = (char *)path,
                        .class = domain_class_from_string(class),
                        .version = (unsigned)version,
                        .block_size_bytes = (uint32_t)block_size,
                        .alignment_bytes = (uint32_t)alignment,
        };
        if (!ret->type || !ret->type->layout || !domain_path_is_valid(ret->type, path) || !uuid_is_valid(id) ||
            (int)ret->class < 0 || !domain_class_has_version(ret->class, (unsigned)version) || (block_size != 512 && block_size != 4096) ||
            (alignment != 1 * (int)MIB && alignment != 2 * (int)MIB && alignment != 4 * (int)MIB && alignment != 8 * (int)MIB))
                return -EBADMSG;
        memcpy(ret->id, id, UUID_STRING_MAX);
        return 0;
}
