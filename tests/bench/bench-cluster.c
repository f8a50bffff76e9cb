/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Pure parts of Cluster: `bench-cluster schedule HOSTS VMS COUNT` prints the median of one decision in µs, in a snapshot of so many
 * hosts that share so many running VMs; `bench-cluster commit DIRECTORY COUNT` prints two medians in µs: store_commit() of one new object
 * with event, request id and changeset, and one bare SQLite transaction of one row, alternating, in files with the same settings.
 */

#include <sqlite3.h>
#include <stdio.h>

#include "bench-clock.h"
#include "change.h"
#include "event.h"
#include "macro.h"
#include "parse-util.h"
#include "scheduler.h"
#include "store.h"

#define COUNT_MAX 100000U
#define HOSTS_MAX 1000U

static int bench_schedule(unsigned n_hosts, unsigned n_vms, unsigned count) {
        static const char *const networks[] = { "blue", "ovirtmgmt" }, *const domains[] = { "d1", "d2" };
        _cleanup_free_ ScheduleHost *hosts = calloc(n_hosts, sizeof *hosts);
        _cleanup_free_ char(*names)[16] = calloc(n_hosts, sizeof *names);
        _cleanup_free_ double *times = calloc(count, sizeof *times);
        const ScheduleVm vm = { .memory_bytes = 4 * GIB, .cpus = 2, .networks = networks, .n_networks = 2,
                                .domains = domains, .n_domains = 2 };

        if (!hosts || !names || !times)
                return EXIT_FAILURE;
        srandom(1);
        for (unsigned i = 0; i < n_hosts; i++) {
                (void) snprintf(names[i], sizeof names[i], "host%u", i);
                hosts[i] = (ScheduleHost){ .id = names[i], .name = names[i], .up = true, .state = "up", .cpus = 64,
                                           .memory_bytes = 1024 * GIB, .free_bytes = 1000 * GIB, .overcommit_percent = 100,
                                           .networks = networks, .n_networks = 2, .domains = domains, .n_domains = 2 };
        }
        for (unsigned i = 0; i < n_vms; i++) {
                ScheduleHost *host = &hosts[(unsigned)random() % n_hosts];

                host->committed_bytes += vm_footprint_bytes(2 * GIB, 2);
                host->free_bytes -= 2 * GIB; /* about 100 GiB of 1000 */
                host->cpu_percent += 0.2;
        }
        for (unsigned i = 0; i < count; i++) {
                _cleanup_free_ char *reasons = NULL;
                size_t index = 0;
                double begin = now_usec();

                if (schedule(&vm, hosts, n_hosts, NULL, &index, &reasons) != 1)
                        return EXIT_FAILURE;
                times[i] = now_usec() - begin;
                hosts[index].committed_bytes += vm_footprint_bytes(vm.memory_bytes, vm.cpus);
                hosts[index].cpu_percent += 0.1;
        }
        printf("%.1f\n", median(times, count));
        return EXIT_SUCCESS;
}

static int commit_one(Store *store, unsigned number) {
        _cleanup_(change_freep) Change *change = change_new();
        char id[UUID_STRING_MAX], request[UUID_STRING_MAX], name[32];
        int r;

        if (!change)
                return -ENOMEM;
        (void) snprintf(name, sizeof name, "dc%u", number);
        r = uuid_generate(id);
        if (r >= 0)
                r = uuid_generate(request);
        if (r >= 0)
                r = change_put(change, "data_center", json_pack("{s:s, s:s, s:{}}", "id", id, "name", name, "spec"));
        if (r >= 0)
                r = event_add(change, &actor_system, EVENT_NORMAL, "data-center-created", NULL, "made %s", name);
        if (r >= 0)
                r = store_commit(store, request, name, change, NULL, NULL);
        return r;
}

static int bare_one(sqlite3 *db, unsigned number) {
        char sql[128];

        (void) snprintf(sql, sizeof sql, "BEGIN IMMEDIATE; INSERT INTO t VALUES ('id%u', 'dc%u', '{}'); COMMIT", number, number);
        return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
}

static int bench_commit(const char *directory, unsigned count) {
        _cleanup_free_ double *ours = calloc(count, sizeof *ours), *bare = calloc(count, sizeof *bare);
        _cleanup_(store_closep) Store *store = NULL;
        char path[512], bare_path[512];
        sqlite3 *db;
        int r = 0;

        if (!ours || !bare)
                return EXIT_FAILURE;
        (void) snprintf(path, sizeof path, "%s/cluster.db", directory);
        (void) snprintf(bare_path, sizeof bare_path, "%s/bare.db", directory);
        if (store_open(path, &store) < 0 || store_state(store) != STORE_READY || sqlite3_open(bare_path, &db) != SQLITE_OK)
                return EXIT_FAILURE;
        if (sqlite3_exec(db, "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = EXTRA;"
                             "CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, spec TEXT) STRICT",
                         NULL, NULL, NULL) != SQLITE_OK)
                return EXIT_FAILURE;
        for (unsigned i = 0; i < count && r >= 0; i++) {
                double begin = now_usec();

                r = commit_one(store, i);
                ours[i] = now_usec() - begin;
                if (r < 0)
                        break;
                begin = now_usec();
                r = bare_one(db, i);
                bare[i] = now_usec() - begin;
        }
        (void) sqlite3_close(db);
        if (r < 0)
                return EXIT_FAILURE;
        printf("%.1f %.1f\n", median(ours, count), median(bare, count));
        return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
        uint32_t hosts = 0, vms = 0, count = 0;

        if (argc == 5 && streq(argv[1], "schedule") && parse_u32(argv[2], &hosts) >= 0 && parse_u32(argv[3], &vms) >= 0 &&
            parse_u32(argv[4], &count) >= 0 && hosts > 0 && hosts <= HOSTS_MAX && count > 0 && count <= COUNT_MAX)
                return bench_schedule(hosts, vms, count);
        if (argc == 4 && streq(argv[1], "commit") && parse_u32(argv[3], &count) >= 0 && count > 0 && count <= COUNT_MAX)
                return bench_commit(argv[2], count);
        fprintf(stderr, "usage: bench-cluster schedule HOSTS VMS COUNT | commit DIRECTORY COUNT\n");
        return 2;
}
