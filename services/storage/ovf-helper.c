/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * rhv-ovf: writes the OVF stores of the local domain that stands on its standard input, as JSON: {"path", "id", "version", "block_size", "alignment",
 * "definitions", "removed"}. Started by org.rhv.Storage as 36:36 with no privilege left; prints {"result"} or {"error", "message"}.
 * "rhv-ovf define" writes one definition into an export domain: {"place", "definition"}. "rhv-ovf compose" only makes what a store is to hold (ovf-compose-call.c).
 */

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "bus-error.h"
#include "dict.h"
#include "layout-file.h"
#include "ovf-update.h"
#include "ovf-write.h"
#include "place-json.h"

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

/* ---- define ---- */

/* The images of its disks, which were copied before. */
static int list_disks(const DomainPlace *place, const json_t *definition, VolumeLists *ret, sd_bus_error *error) {
        const json_t *disks = json_object_get(definition, "disks"), *disk;
        size_t i;
        int r = 0;

        ret->lists = calloc(json_array_size(disks) + 1, sizeof(*ret->lists));
        if (!ret->lists)
                return -ENOMEM;
        json_array_foreach(disks, i, disk) {
                if (r >= 0)
                        r = place->type->layout->list_volumes(place, dict_string(disk, "image", ""), &ret->lists[ret->n], error);
                if (r >= 0)
                        ret->n++;
        }
        return r;
}

static int define(const json_t *request, json_t **ret, sd_bus_error *error) {
        const json_t *definition = json_object_get(request, "definition");
        const char *id = dict_string(definition, "id", "");
        _cleanup_(volume_lists_clear) VolumeLists lists = {};
        _cleanup_free_ char *text = NULL;
        DomainPlace place;
        int r;

        r = place_from_json(json_object_get(request, "place"), &place);
        if (r < 0 || !uuid_is_valid(id))
                return -EINVAL;
        r = list_disks(&place, definition, &lists, error);
        if (r >= 0)
                r = ovf_write(definition, place.id, lists.lists, lists.n, (uint64_t)time(NULL), &text, error);
        if (r >= 0)
                r = file_write_definition(&place, id, dict_string(json_array_get(json_object_get(definition, "disks"), 0), "image", ""), text, error);
        if (r < 0)
                return r;
        *ret = json_pack("{s:s, s:I}", "id", id, "size", (json_int_t)strlen(text));
        return *ret ? 0 : -ENOMEM;
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
        r = !request ? -EINVAL : streq(word, "define") ? define(request, &result, &error) : update(request, &result, &error);
        if (r < 0)
                return fail(r, &error);
        answer = json_pack("{s:O}", "result", result);
        return answer && json_dumpf(answer, stdout, JSON_COMPACT) >= 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
