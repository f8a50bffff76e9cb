/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libvirt's own bulk statistics call, in this process: `bench-stats URI COUNT` prints "<median in µs> <number of guests>". */

#include <libvirt/libvirt.h>
#include <stdio.h>

#include "bench-clock.h"
#include "macro.h"
#include "parse-util.h"

#define COUNT_MAX 10000U

int main(int argc, char **argv) {
        _cleanup_free_ double *times = NULL;
        virConnectPtr connection;
        uint32_t count = 0;
        int guests = 0;

        if (argc != 3 || parse_u32(argv[2], &count) < 0 || count == 0 || count > COUNT_MAX) {
                fprintf(stderr, "usage: bench-stats URI COUNT\n");
                return 2;
        }
        connection = virConnectOpen(argv[1]);
        times = calloc(count, sizeof *times);
        if (!connection || !times)
                return EXIT_FAILURE;

        for (uint32_t i = 0; i < count; i++) {
                virDomainStatsRecordPtr *records = NULL;
                double begin = now_usec();

                guests = virConnectGetAllDomainStats(connection, 0, &records, 0);
                if (guests < 0)
                        return EXIT_FAILURE;
                times[i] = now_usec() - begin;
                virDomainStatsRecordListFree(records);
        }
        printf("%.1f %d\n", median(times, count), guests);
        (void) virConnectClose(connection);
        return EXIT_SUCCESS;
}
