/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a path to a disk comes over, from trees that have sysfs's names, and what multipathd says of it. The session and the answer are taken from a machine with two sessions of open-iscsi,
 * one of which had lost its target (machines/extra/multipath), without what is not read; the port of Fibre Channel is put together from the kernel's scsi_transport_fc, there was none to look at. */

#include <sys/stat.h>

#include "device-path.h"
#include "fixture.h"
#include "iscsi.h"
#include "remove-tree.h"
#include "sysfs.h"

#define SESSION "host7/session1"
#define CONNECTION SESSION "/connection1:0/iscsi_connection/connection1:0"
#define PORT "host3/rport-3:0-2"

static char tree[] = "/tmp/rhv-test-sysfs-XXXXXX";

static void put(const char *name, const char *text) {
        char path[PATH_MAX];
        FILE *f;

        (void) snprintf(path, sizeof(path), "%s/%s", tree, name);
        for (char *slash = strchr(path + strlen(tree) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
                *slash = '/';
        }
        f = fopen(path, "w");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

static int make_tree(void **state) {
        assert_non_null(mkdtemp(tree));
        put(SESSION "/iscsi_session/session1/targetname", "iqn.2026-01.lab:disk\n");
        put(CONNECTION "/persistent_address", "10.0.2.2\n");
        put(CONNECTION "/persistent_port", "47879\n");
        put(PORT "/fc_remote_ports/rport-3:0-2/port_name", "0x500a09838f2c5a11\n");
        return 0;
}

static int tear_down(void **state) {
        return remove_tree(tree);
}

static bool session(char **ret_target, char **ret_portal) {
        char path[PATH_MAX];

        (void) snprintf(path, sizeof(path), "%s/" SESSION, tree);
        return iscsi_session_names(path, ret_target, ret_portal);
}

static void test_iscsi(void **state) {
        _cleanup_free_ char *target = NULL, *portal = NULL, *second = NULL, *sixth = NULL, *none = NULL;

        assert_true(session(&target, &portal));
        assert_string_equal(target, "iqn.2026-01.lab:disk");
        assert_string_equal(portal, "10.0.2.2:47879");
        put(CONNECTION "/persistent_address", "2001:db8::1\n");
        assert_true(session(&second, &sixth));
        assert_string_equal(sixth, "[2001:db8::1]:47879");
        /* one that is going */
        put(CONNECTION "/persistent_port", "\n");
        assert_false(session(&none, &none));
        assert_null(none);
}

static void test_fc(void **state) {
        char path[PATH_MAX];
        _cleanup_free_ char *name = NULL;

        (void) snprintf(path, sizeof(path), "%s/" PORT, tree);
        assert_true(sysfs_find_class(path, "fc_remote_ports", path));
        name = sysfs_text(path, "port_name");
        assert_string_equal(name, "0x500a09838f2c5a11");
        assert_false(sysfs_find_class(path, "fc_remote_ports", path));
}

/* One path that has failed. */
static const char maps[] =
                "{\"major_version\": 0, \"minor_version\": 1, \"maps\": [{\"name\": \"m\", \"sysfs\": \"dm-1\", \"path_groups\": []},"
                " {\"name\": \"360000000000000000e00000000010001\", \"sysfs\": \"dm-0\", \"queueing\": \"-\", \"paths\": 2, \"dm_st\": \"active\", \"path_groups\": ["
                "  {\"selector\": \"service-time 0\", \"dm_st\": \"active\", \"paths\": [{\"dev\": \"sda\", \"dev_t\": \"8:0\", \"dm_st\": \"active\", \"dev_st\": \"running\", \"chk_st\": \"ready\", \"checker\": \"tur\"}]},"
                "  {\"selector\": \"service-time 0\", \"dm_st\": \"enabled\", \"paths\": [{\"dev\": \"sdb\", \"dev_t\": \"8:16\", \"dm_st\": \"failed\", \"dev_st\": \"running\", \"chk_st\": \"faulty\", \"checker\": \"tur\"}]}]}]}";

static void test_multipath(void **state) {
        _cleanup_json_ json_t *answer = json_loads(maps, 0, NULL);
        MultipathPath known;

        assert_non_null(answer);
        assert_true(multipath_path_find(answer, "dm-0", "sda", &known));
        assert_string_equal(known.dm_state, "active");
        assert_string_equal(known.checker, "tur");
        assert_string_equal(known.checker_state, "ready");
        assert_true(multipath_path_find(answer, "dm-0", "sdb", &known));
        assert_string_equal(known.dm_state, "failed");
        assert_string_equal(known.checker_state, "faulty");
        /* of another map, of none, without an answer */
        assert_false(multipath_path_find(answer, "dm-1", "sda", &known));
        assert_false(multipath_path_find(answer, "dm-2", "sda", &known));
        assert_false(multipath_path_find(answer, "dm-0", "sd", &known));
        assert_false(multipath_path_find(answer, "", "", &known));
        assert_false(multipath_path_find(NULL, "dm-0", "sda", &known));
        assert_string_equal(known.dm_state, "");
        assert_string_equal(known.checker, "");
        assert_string_equal(known.checker_state, "");
}

static void test_usable(void **state) {
        static const struct {
                const char *kernel, *dm_state, *checker_state;
                bool usable;
        } cases[] = {
                        {"running", "active", "ready", true},
                        {"live", "", "", true}, /* NVMe */
                        {"", "", "", true},
                        {"running", "", "", true},
                        {"running", "undef", "", true},
                        {"running", "active", "ghost", true}, /* the array's other controller: used when the first is gone */
                        {"running", "failed", "faulty", false},
                        {"running", "failed", "ready", false}, /* not taken back yet */
                        {"transport-offline", "active", "ready", false}, /* not seen yet */
                        {"blocked", "active", "i/o pending", false},
                        {"offline", "", "", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const MultipathPath known = {.dm_state = cases[i].dm_state, .checker = "", .checker_state = cases[i].checker_state};

                if (device_path_is_usable(cases[i].kernel, &known) != cases[i].usable)
                        fail_msg("case %zu", i);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_iscsi),
                        cmocka_unit_test(test_fc),
                        cmocka_unit_test(test_multipath),
                        cmocka_unit_test(test_usable),
        };

        return cmocka_run_group_tests(tests, make_tree, tear_down);
}
