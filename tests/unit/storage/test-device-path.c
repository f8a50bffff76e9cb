/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a path to a disk comes over, from trees as sysfs has them: recorded from a session of open-iscsi, and from a port of lpfc. */

#include <sys/stat.h>

#include "fixture.h"
#include "iscsi.h"
#include "remove-tree.h"
#include "sysfs.h"

#define SESSION "host2/session1"
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
        put(CONNECTION "/persistent_address", "10.77.0.1\n");
        put(CONNECTION "/persistent_port", "3260\n");
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
        assert_string_equal(portal, "10.77.0.1:3260");
        put(CONNECTION "/persistent_address", "2001:db8::1\n");
        assert_true(session(&second, &sixth));
        assert_string_equal(sixth, "[2001:db8::1]:3260");
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

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_iscsi),
                        cmocka_unit_test(test_fc),
        };

        return cmocka_run_group_tests(tests, make_tree, tear_down);
}
