/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * rhv-ovf: writes the OVF stores of the domain that stands on its standard input, as JSON: {"path", "id", "version", "block_size", "alignment",
 * "definitions", "removed"}. Started by org.rhv.Storage as 36:36 with no privilege left; prints {"result"} or {"error", "message"}.
 */

#include <stdio.h>
#include <time.h>

#include "bus-error.h"
#include "dict.h"
#include "ovf-update.h"

static int fail(int r, const sd_bus_error *error) {
        _cleanup_json_ json_t *answer = json_pack("{s:s, s:s}", "error", error->name ?: RHV_ERROR_BACKEND_FAILED, "message",
                                                  error->message ?: strerror(-r));

        if (answer)
                (void) json_dumpf(answer, stdout, JSON_COMPACT);
        return EXIT_FAILURE;
}

static int read_place(const json_t *request, DomainPlace *ret) {
        const char *id = dict_string(request, "id", "");

        *ret = (DomainPlace){
                        .type = domain_type_find("local"),
                        .path = (char *)dict_string(request, "path", ""),
                        .version = (unsigned)dict_integer(request, "version", 0),
                        .block_size_bytes = (uint32_t)dict_integer(request, "block_size", 0),
                        .alignment_bytes = (uint32_t)dict_integer(request, "alignment", 0),
        };
        if (!path_is_normal(ret->path) || !uuid_is_valid(id) || ret->version == 0)
                return -EINVAL;
        memcpy(ret->id, id, UUID_STRING_MAX);
        return 0;
}

int main(int argc, char **argv) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *request = NULL, *result = NULL, *answer = NULL;
        DomainPlace place;
        int r;

        request = json_loadf(stdin, JSON_REJECT_DUPLICATES, NULL);
        r = request ? read_place(request, &place) : -EINVAL;
        if (r < 0)
                return fail(r, &error);
        r = ovf_update(&place, json_object_get(request, "definitions"), json_object_get(request, "removed"), (uint64_t)time(NULL), &result, &error);
        if (r < 0)
                return fail(r, &error);
        answer = json_pack("{s:O}", "result", result);
        return answer && json_dumpf(answer, stdout, JSON_COMPACT) >= 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
