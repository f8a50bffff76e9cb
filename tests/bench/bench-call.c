/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Calls one method again and again, one after the other, and prints the median and the number of calls a second:
 *
 *     bench-call COUNT DESTINATION PATH INTERFACE METHOD [s=STRING | u=NUMBER | as=]...
 *
 * Output: "<median in µs> <calls a second>".
 */

#include <stdio.h>

#include "bench-clock.h"
#include "macro.h"
#include "parse-util.h"

#define COUNT_MAX 100000U

static int append_argument(sd_bus_message *call, const char *argument) {
        const char *value;
        uint32_t number;

        if ((value = startswith(argument, "s=")))
                return sd_bus_message_append(call, "s", value);
        if ((value = startswith(argument, "u=")) && parse_u32(value, &number) >= 0)
                return sd_bus_message_append(call, "u", number);
        if (streq(argument, "as="))
                return sd_bus_message_append(call, "as", 0);
        return -EINVAL;
}

static int one_call(sd_bus *bus, char **argv, int argc) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &call, argv[2], argv[3], argv[4], argv[5]);
        for (int i = 6; r >= 0 && i < argc; i++)
                r = append_argument(call, argv[i]);
        if (r >= 0)
                r = sd_bus_call(bus, call, 0, &error, &reply);
        if (r < 0)
                fprintf(stderr, "bench-call: %s: %s\n", argv[5], error.message ?: strerror(-r));
        return r;
}

int main(int argc, char **argv) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_free_ double *times = NULL;
        uint32_t count = 0;
        double begin, all;

        if (argc < 6 || parse_u32(argv[1], &count) < 0 || count == 0 || count > COUNT_MAX) {
                fprintf(stderr, "usage: bench-call COUNT DESTINATION PATH INTERFACE METHOD [s=…|u=…|as=]…\n");
                return 2;
        }
        times = calloc(count, sizeof *times);
        if (!times || sd_bus_open_system(&bus) < 0 || one_call(bus, argv, argc) < 0) /* the first warms up */
                return EXIT_FAILURE;

        all = now_usec();
        for (uint32_t i = 0; i < count; i++) {
                begin = now_usec();
                if (one_call(bus, argv, argc) < 0)
                        return EXIT_FAILURE;
                times[i] = now_usec() - begin;
        }
        all = now_usec() - all;

        printf("%.1f %.0f\n", median(times, count), count / (all / 1e6));
        return EXIT_SUCCESS;
}
