/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "io-queue.h"

#define SEC USEC_PER_SEC

static void test_mounts(void **state) {
        static const struct {
                const char *type, *options;
                unsigned server_lease_sec;
                bool endless;
                uint64_t connection_sec, request_sec;
                IoQueueVerdict verdict; /* for T = 10: killed at 120 s, dead at 140 s */
        } cases[] = {
                        /* NFS 3: what a killed process asked for is asked for no longer than one request */
                        {"nfs", "rw,soft,timeo=50,retrans=3,vers=3", 0, false, 0, 20, IO_QUEUE_GOOD},
                        {"nfs", "rw,soft,timeo=50,retrans=4,vers=3", 0, false, 0, 25, IO_QUEUE_OUTLIVES},
                        {"nfs", "softerr,timeo=50,retrans=2", 0, false, 0, 15, IO_QUEUE_GOOD},
                        {"nfs", "rw,hard,timeo=600,retrans=2", 0, true, 0, 0, IO_QUEUE_OUTLIVES},
                        {"nfs", "rw,softx,timeo=1,retrans=1", 0, true, 0, 0, IO_QUEUE_OUTLIVES},
                        {"nfs", "", 0, true, 0, 0, IO_QUEUE_OUTLIVES},
                        {"nfs", "soft,timeo=,retrans=2", 0, false, 0, 0, IO_QUEUE_UNKNOWN},
                        {"nfs", "soft,timeo=99999999999999999999,retrans=2", 0, false, 0, 0, IO_QUEUE_UNKNOWN},
                        /* NFS 4: and as long as a connection may be silent */
                        {"nfs4", "soft,timeo=50,retrans=3", 30, false, 30, 20, IO_QUEUE_GOOD},
                        {"nfs4", "soft,timeo=40,retrans=2", 60, false, 60, 12, IO_QUEUE_LATE},
                        {"nfs4", "soft,timeo=50,retrans=3", 90, false, 90, 20, IO_QUEUE_LATE},
                        {"nfs4", "soft,timeo=50,retrans=3", 101, false, 101, 20, IO_QUEUE_OUTLIVES},
                        {"nfs4", "soft,timeo=50,retrans=3", 5, false, 18, 20, IO_QUEUE_GOOD},
                        {"nfs4", "soft,timeo=50,retrans=3", 3600, false, 180, 20, IO_QUEUE_OUTLIVES},
                        {"nfs", "soft,timeo=50,retrans=3,vers=4.2", 90, false, 90, 20, IO_QUEUE_LATE},
                        {"nfs4", "soft,timeo=50,retrans=3", 0, false, 0, 0, IO_QUEUE_UNKNOWN},
                        {"nfs4", "soft,timeo=50,retrans=3,proto=rdma", 90, false, 0, 0, IO_QUEUE_UNKNOWN},
                        {"nfs4", "hard,timeo=50,retrans=3", 90, true, 0, 0, IO_QUEUE_OUTLIVES},
                        {"ext4", "rw", 0, false, 0, 0, IO_QUEUE_UNKNOWN},
        };
        const LeaseTimes times = lease_times(10);
        const IoQueue huge = io_queue_of_mount("nfs", "soft,timeo=4294967296,retrans=999999999999", 0);

        assert_int_equal(io_queue_check(&huge, &times), IO_QUEUE_OUTLIVES);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const IoQueue queue = io_queue_of_mount(cases[i].type, cases[i].options, cases[i].server_lease_sec);

                assert_int_equal(queue.endless, cases[i].endless);
                assert_int_equal(queue.connection_usec, cases[i].connection_sec * SEC);
                assert_int_equal(queue.request_usec, cases[i].request_sec * SEC);
                assert_int_equal(io_queue_check(&queue, &times), cases[i].verdict);
                assert_int_equal(io_queue_limit_usec(&queue), (cases[i].connection_sec + cases[i].request_sec) * SEC);
        }
}

/* The rule itself, played through: whatever a process asks for up to the moment it is killed has failed before another host may have the lease. A
 * request is given up at its first time-out at which its connection is gone. */
static void test_rule(void **state) {
        for (unsigned t = LEASE_IO_TIMEOUT_MIN_SEC; t <= LEASE_IO_TIMEOUT_MAX_SEC; t += 7)
                for (uint64_t connection = 0; connection <= 180; connection += 9)
                        for (uint64_t request = 1; request <= 60; request += 3) {
                                const IoQueue queue = {.connection_usec = connection * SEC, .request_usec = request * SEC};
                                const LeaseTimes times = lease_times(t);
                                const uint64_t gone = connection > 0 ? times.renewal_usec + queue.connection_usec : 0;
                                uint64_t last = 0;

                                for (uint64_t asked = 0; asked <= times.kill_usec; asked += SEC) {
                                        uint64_t end = asked + queue.request_usec;

                                        while (end < gone)
                                                end += queue.request_usec;
                                        last = end > last ? end : last;
                                }
                                /* never too kind; and where it refuses, a request less long would do */
                                if (io_queue_check(&queue, &times) != IO_QUEUE_OUTLIVES)
                                        assert_true(last <= times.dead_usec);
                                else
                                        assert_true(last + queue.request_usec > times.dead_usec);
                        }
}

static void test_reasons(void **state) {
        const LeaseTimes times = lease_times(10);
        const IoQueue endless = {.endless = true}, outlives = {.connection_usec = 110 * SEC, .request_usec = 20 * SEC},
                      late = {.connection_usec = 60 * SEC, .request_usec = 20 * SEC};
        _cleanup_free_ char *a = io_queue_reason(&endless, &times), *b = io_queue_reason(&outlives, &times), *c = io_queue_reason(&late, &times);

        assert_non_null(strstr(a, "for ever"));
        assert_non_null(strstr(b, "150 s after the last renewal (110 s until"));
        assert_non_null(strstr(b, "after 140 s"));
        assert_non_null(strstr(c, "for 80 s"));
}

/* As Linux 6.1 writes it. */
static void test_stats(void **state) {
        static const char stats[] = "device sysfs mounted on /sys with fstype sysfs\n"
                                    "device 10.0.2.2:/nfs/d mounted on /m with fstype nfs4 statvers=1.1\n"
                                    "\topts:\trw,vers=4.2,soft,timeo=40,retrans=2\n"
                                    "\tage:\t1\n"
                                    "\tnfsv4:\tbm0=0xfdffbfff,bm1=0x40f9be3e,bm2=0x28803,acl=0x3,sessions,pnfs=not configured,lease_time=60,lease_expired=0\n"
                                    "\tsec:\tflavor=1,pseudoflavor=1\n"
                                    "device server:/other mounted on /m/2 with fstype nfs4 statvers=1.1\n"
                                    "\tnfsv4:\tbm0=0x1,lease_time=90,lease_expired=0\n"
                                    "device server:/old mounted on /old with fstype nfs statvers=1.1\n"
                                    "\topts:\trw,vers=3,lease_time=7\n"
                                    "device tmpfs mounted on /last with fstype tmpfs";

        assert_int_equal(nfs_lease_sec(stats, "/m"), 60);
        assert_int_equal(nfs_lease_sec(stats, "/m/2"), 90);
        assert_int_equal(nfs_lease_sec(stats, "/old"), 0);
        assert_int_equal(nfs_lease_sec(stats, "/sys"), 0);
        assert_int_equal(nfs_lease_sec(stats, "/"), 0);
        assert_int_equal(nfs_lease_sec(stats, "/last"), 0);
        assert_int_equal(nfs_lease_sec("", "/m"), 0);
        assert_int_equal(nfs_lease_sec("device x mounted on /m with fstype nfs4\n\tnfsv4:\tlease_time=99999999999\n", "/m"), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_mounts),
                        cmocka_unit_test(test_rule),
                        cmocka_unit_test(test_reasons),
                        cmocka_unit_test(test_stats),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
