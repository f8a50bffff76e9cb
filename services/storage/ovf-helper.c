/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * rhv-ovf: writes the OVF stores of the local domain that stands on its standard input, as JSON: {"path", "id", "version", "block_size", "alignment",
 * "definitions", "removed"}. Started by org.rhv.Storage as 36:36 with no privilege left; prints {"result"} or {"error", "message"}.
 * "rhv-ovf compose" only makes what a store is to hold (ovf-compose-call.c).
 */

#include <stdio.h>
#include <time.h>
#include <unistd.h>

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

static int update(const json_t *request, json_t **ret, sd_bus_error *error) {
        DomainPlace place;
        int r;

        r = read_place(request, &place);
        return r < 0 ? r : ovf_update(&place, json_object_get(request, "definitions"), json_object_get(request, "removed"), (uint64_t)time(NULL), ovf_compose, ret, error);
}

int main(int argc, char **argv) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *request = NULL, *result = NULL, *answer = NULL;
        const char *word = argc > 1 ? argv[1] : "";
        int r;

        if (streq(word, "compose")) {
                (void) alarm(OVF_COMPOSE_SEC);
                return ovf_compose_serve(STDIN_FILENO, STDOUT_FILENO, ovf_compose) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        }
        request = json_loadf(stdin, JSON_REJECT_DUPLICATES, NULL);
        r = !request ? -EINVAL : update(request, &result, &error);
        if (r < 0)
                return fail(r, &error);
        answer = json_pack("{s:O}", "result", result);
        return answer && json_dumpf(answer, stdout, JSON_COMPACT) >= 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
