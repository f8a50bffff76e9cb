/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "scsi-queue.h"

#define SEC USEC_PER_SEC

static void test_disks(void **state) {
        static const struct {
                ScsiPath path;
                bool endless;
                uint64_t limit_sec;
                IoQueueVerdict verdict; /* for T = 10: the lease expires at 80 s */
        } cases[] = {
                        /* a disk as Linux finds it: 30 s, five retries */
                        {{.timeout_sec = 30, .retries = 5}, false, 180, IO_QUEUE_LATE},
                        {{.timeout_sec = 10, .retries = 5}, false, 60, IO_QUEUE_GOOD},
                        {{.timeout_sec = 10, .retries = 0}, false, 10, IO_QUEUE_GOOD},
                        {{.timeout_sec = 30, .retries = SCSI_NEVER}, true, 0, IO_QUEUE_OUTLIVES},
                        {{.timeout_sec = 0, .retries = 5}, false, 0, IO_QUEUE_UNKNOWN},
                        /* an iSCSI session as open-iscsi makes it: 120 s, after a ping that was not answered */
                        {{.timeout_sec = 10, .retries = 1, .iscsi = true, .recovery_sec = 120, .ping_interval_sec = 5, .ping_timeout_sec = 5}, false, 130, IO_QUEUE_LATE},
                        {{.timeout_sec = 10, .retries = 1, .iscsi = true, .recovery_sec = 5, .ping_interval_sec = 5, .ping_timeout_sec = 5}, false, 20, IO_QUEUE_GOOD},
                        {{.timeout_sec = 10, .retries = 1, .iscsi = true, .recovery_sec = 60}, false, 70, IO_QUEUE_LATE},
                        {{.timeout_sec = 30, .retries = 5, .iscsi = true, .recovery_sec = 5}, false, 180, IO_QUEUE_LATE},
                        {{.timeout_sec = 10, .retries = 1, .iscsi = true, .recovery_sec = SCSI_NEVER}, true, 0, IO_QUEUE_OUTLIVES},
                        /* Fibre Channel: fast_io_fail_tmo where it is set */
                        {{.timeout_sec = 10, .retries = 1, .fibre_channel = true, .fast_io_fail_sec = 5, .dev_loss_sec = 600}, false, 20, IO_QUEUE_GOOD},
                        {{.timeout_sec = 10, .retries = 1, .fibre_channel = true, .fast_io_fail_sec = SCSI_NEVER, .dev_loss_sec = 600}, false, 600, IO_QUEUE_LATE},
        };
        const LeaseTimes times = lease_times(10);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const IoQueue queue = io_queue_of_scsi(&cases[i].path);

                assert_true(queue.waits);
                assert_int_equal(queue.endless, cases[i].endless);
                assert_int_equal(io_queue_limit_usec(&queue), cases[i].limit_sec * SEC);
                assert_int_equal(io_queue_check(&queue, &times), cases[i].verdict);
        }
}

#define MAP(device, word) "{\"name\": \"m\", \"sysfs\": \"" device "\", \"queueing\": \"" word "\"}"

static void check_map(const char *word, const IoQueue *paths, bool endless, uint64_t limit_sec) {
        static const char config[] = "defaults {\n\tverbosity 2\n\tpolling_interval 5\n\tmax_polling_interval 20\n}\n";
        _cleanup_free_ char *maps = NULL;
        IoQueue queue;

        assert_true(asprintf(&maps, "{\"major_version\": 0, \"maps\": [" MAP("dm-1", "on") ", " MAP("dm-0", "%s") "]}", word) > 0);
        queue = io_queue_of_multipath(paths, maps, "dm-0", config);
        assert_true(queue.waits);
        assert_int_equal(queue.endless, endless);
        assert_int_equal(io_queue_limit_usec(&queue), limit_sec * SEC);
}

static void test_multipath(void **state) {
        const IoQueue paths = {.waits = true, .request_usec = 20 * SEC}, endless = {.waits = true, .endless = true}, unknown = {.waits = true};
        IoQueue queue;

        /* VDSM's: 16 looks, 5 s apart */
        check_map("16 chk", &paths, false, 100);
        check_map("40 sec", &paths, false, 60);
        check_map("off", &paths, false, 20);
        check_map("on", &paths, true, 0);
        check_map("off", &endless, true, 0);
        check_map("16 chk", &unknown, false, 0);
        check_map("-", &paths, false, 0);
        check_map("16 moons", &paths, false, 0);
        check_map("4294967295 chk", &paths, false, 20 + 5 * 1000000);
        /* another map's answer, no answer, an answer without the interval */
        queue = io_queue_of_multipath(&paths, "{\"maps\": [" MAP("dm-1", "on") "]}", "dm-0", "\tpolling_interval 5\n");
        assert_int_equal(io_queue_limit_usec(&queue), 0);
        queue = io_queue_of_multipath(&paths, "error: cannot connect", "dm-0", "");
        assert_int_equal(io_queue_limit_usec(&queue), 0);
        queue = io_queue_of_multipath(&paths, "{\"maps\": [" MAP("dm-0", "16 chk") "]}", "dm-0", "max_polling_interval 20\n");
        assert_int_equal(io_queue_limit_usec(&queue), 0);
}

/* Of several devices the domain waits as long as the slowest; one that is not known hides no endless one. */
static void test_worse(void **state) {
        const IoQueue endless = {.waits = true, .endless = true}, unknown = {.waits = true}, fast = {.waits = true, .request_usec = SEC},
                      slow = {.waits = true, .request_usec = 2 * SEC};
        const IoQueue a = io_queue_worse(&unknown, &endless), b = io_queue_worse(&fast, &unknown), c = io_queue_worse(&slow, &fast),
                      d = io_queue_worse(&fast, &slow);

        assert_true(a.endless);
        assert_int_equal(io_queue_limit_usec(&b), 0);
        assert_int_equal(io_queue_limit_usec(&c), 2 * SEC);
        assert_int_equal(io_queue_limit_usec(&d), 2 * SEC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_disks),
                        cmocka_unit_test(test_multipath),
                        cmocka_unit_test(test_worse),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
