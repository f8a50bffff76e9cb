/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * rhv-inspect PATH: prints what is known of the storage domain in that directory, as JSON. Started by org.rhv.Storage as 36:36 with no
 * privilege left, since everything it parses was written by others; harmless to run by hand. "rhv-inspect stores" prints the VMs and templates in the OVF stores that stand on its
 * standard input, as look-stores.h says.
 */

#include <stdio.h>
#include <unistd.h>

#include "bus-error.h"
#include "inspect.h"
#include "parse-util.h"

static int fail(int r, const sd_bus_error *error) {
        _cleanup_json_ json_t *answer = json_pack("{s:s, s:s}", "error", error->name ?: RHV_ERROR_BACKEND_FAILED, "message",
                                                  error->message ?: strerror(-r));

        if (answer)
                (void) json_dumpf(answer, stdout, JSON_COMPACT);
        return EXIT_FAILURE;
}

int main(int argc, char **argv) {
        DomainPlace place = { .type = domain_type_find("local"), .version = DOMAIN_VERSION_MAX };
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *report = NULL;
        int r;

        if (argc != 2 || (!streq(argv[1], "stores") && !path_is_normal(argv[1]))) {
                fputs("usage: rhv-inspect PATH\n       rhv-inspect stores <FILE\n", stderr);
                return 2;
        }
        place.path = argv[1];
        r = streq(argv[1], "stores") ? inspect_stores(STDIN_FILENO, &report, &error) : inspect_domain(&place, &report, &error);
        if (r < 0)
                return fail(r, &error);
        if (json_dumpf(report, stdout, JSON_COMPACT) < 0 || fflush(stdout) != 0)
                return EXIT_FAILURE;
        return EXIT_SUCCESS;
}
