/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Command lines, answers of qemu-img, and the qcow2 header we read ourselves. */

#include "bus-error.h"
#include "fixture.h"
#include "qcow2-header.h"
#include "qemu-img.h"

static void join(const QemuImgCommand *command, char *ret, size_t size) {
        ret[0] = '\0';
        for (size_t i = 0; command->argv[i]; i++) {
                (void) strncat(ret, i > 0 ? " " : "", size - strlen(ret) - 1);
                (void) strncat(ret, command->argv[i], size - strlen(ret) - 1);
        }
}

static void test_create(void **state) {
        VolumePlan plan = {.path = (char *)"/d/v", .metadata = {.capacity_bytes = 4096, .parent = BLANK_UUID}};
        QemuImgCommand command;
        char line[512];

        qemu_img_create(&plan, 5, false, &command);
        join(&command, line, sizeof(line));
        assert_string_equal(line, "qemu-img create -q -f raw /d/v 4096");
        plan.metadata.format = VOLUME_FORMAT_QCOW2;
        qemu_img_create(&plan, 3, true, &command);
        join(&command, line, sizeof(line));
        assert_string_equal(
                        line,
                        "setpriv --reuid=36 --regid=36 --clear-groups --no-new-privs -- qemu-img create -q -f qcow2 "
                        "-o compat=0.10 /d/v 4096");
        (void) snprintf(plan.metadata.parent, UUID_STRING_MAX, "bbbbbbbb-0000-4000-8000-000000000001");
        qemu_img_create(&plan, 5, false, &command);
        join(&command, line, sizeof(line));
        assert_string_equal(line, "qemu-img create -q -f qcow2 -o compat=1.1 -u -b "
                                  "bbbbbbbb-0000-4000-8000-000000000001 -F raw /d/v 4096");
}

static int info(const char *text, QemuImgInfo *ret, sd_bus_error *error) {
        int r = qemu_img_info_parse(text, strlen(text), ret, error);

        return r < 0 ? r : qemu_img_info_check(ret, 1 * GIB, error);
}

static void test_info(void **state) {
        static const char *const bad[] = {
                        "{\"virtual-size\": 1048576, \"format\": \"raw\"}",
                        "{\"virtual-size\": 1048576, \"format\": \"qcow2\", \"backing-filename\": \"/etc/shadow\"}",
                        "{\"virtual-size\": 2147483648, \"format\": \"qcow2\"}",
                        "{\"virtual-size\": 1, \"format\": \"qcow2\", \"format-specific\": {\"data\": {\"data-file\": "
                        "\"x\"}}}",
                        "{\"virtual-size\": 1, \"format\": \"qcow2\", \"format-specific\": {\"data\": {\"corrupt\": "
                        "true}}}",
        };
        static const char *const garbage[] = {"",
                                              "[]",
                                              "{}",
                                              "nonsense",
                                              "{\"virtual-size\": \"1\", \"format\": \"qcow2\"}",
                                              "{\"virtual-size\": -1, \"format\": \"qcow2\"}"};
        QemuImgInfo i;

        assert_ok(info("{\"virtual-size\": 1048576, \"filename\": \"/proc/self/fd/3\", \"format\": \"qcow2\", "
                       "\"format-specific\": "
                       "{\"type\": \"qcow2\", \"data\": {\"compat\": \"1.1\", \"corrupt\": false}}}",
                       &i, NULL));
        assert_int_equal(i.virtual_bytes, 1048576);
        for (size_t k = 0; k < ELEMENTSOF(bad); k++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                assert_int_equal(info(bad[k], &i, &error), -EBADMSG);
                assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
        }
        for (size_t k = 0; k < ELEMENTSOF(garbage); k++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                assert_int_equal(info(garbage[k], &i, &error), -EBADMSG);
                assert_string_equal(error.name, RHV_ERROR_BACKEND_FAILED);
        }
}

static void check(int status, const char *text, const char *wanted) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = qemu_img_check_result(status, text, strlen(text), &error);

        if (!wanted) {
                assert_ok(r);
                return;
        }
        assert_true(r < 0);
        assert_string_equal(error.name, wanted);
}

static void test_check(void **state) {
        check(0, "{\"check-errors\": 0}", NULL);
        check(3, "{\"check-errors\": 0, \"leaks\": 5}", NULL);
        check(2, "{\"check-errors\": 0, \"corruptions\": 1}", RHV_ERROR_BAD_FORMAT);
        check(0, "{\"check-errors\": 0, \"corruptions\": 1}", RHV_ERROR_BAD_FORMAT);
        check(0, "exit 0 with nonsense", RHV_ERROR_BACKEND_FAILED);
        check(1, "", RHV_ERROR_BAD_FORMAT);
}

static void test_end(void **state) {
        static const char *const garbage[] = {"", "{}", "{\"image-end-offset\": 0}", "{\"image-end-offset\": -1}", "{\"image-end-offset\": \"1\"}", "[]"};
        const char fine[] = "{\"image-end-offset\": 4259840, \"check-errors\": 0}";
        uint64_t end;

        assert_ok(qemu_img_check_end(fine, strlen(fine), &end, NULL));
        assert_int_equal(end, 4259840);
        for (size_t i = 0; i < ELEMENTSOF(garbage); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                assert_true(qemu_img_check_end(garbage[i], strlen(garbage[i]), &end, &error) < 0);
                assert_string_equal(error.name, RHV_ERROR_BACKEND_FAILED);
        }
}

/* ---- the header ---- */

static void put_be32(uint8_t *p, uint32_t v) {
        for (int i = 0; i < 4; i++)
                p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void make_header(uint8_t header[static QCOW2_HEADER_BYTES]) {
        memset(header, 0, QCOW2_HEADER_BYTES);
        put_be32(header, QCOW2_MAGIC);
        put_be32(header + 4, 3);
        put_be32(header + 20, 16);
        put_be32(header + 28, 1 * MIB);
        put_be32(header + 100, 104);
}

static void expect_bad(const uint8_t *header, size_t size) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_int_equal(qcow2_header_check(header, size, 1 * MIB, NULL, &error), -EBADMSG);
        assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
}

static void test_header(void **state) {
        static const struct {
                size_t offset;
                uint32_t value;
        } bad[] = {
                        {0, 0},                                /* magic */
                        {4, 4},                                /* version */
                        {8, 1},   {12, 1},           {16, 12}, /* backing file */
                        {20, 8},  {20, 22},                    /* cluster size */
                        {24, 1},  {28, 1 * MIB + 1}, {28, 0},  /* virtual size */
                        {32, 1},                               /* encryption */
                        {76, 1},  {76, 2},           {76, 4},
                        {76, 32}, {72, 1}, /* incompatible: dirty, corrupt, data file, unknown */
        };
        uint8_t header[QCOW2_HEADER_BYTES];
        uint64_t size;

        make_header(header);
        assert_ok(qcow2_header_check(header, sizeof(header), 1 * MIB, &size, NULL));
        assert_int_equal(size, 1 * MIB);
        for (size_t n = 0; n < sizeof(header); n++)
                expect_bad(header, n);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                make_header(header);
                put_be32(header + bad[i].offset, bad[i].value);
                expect_bad(header, sizeof(header));
        }
        make_header(header);
        put_be32(header + 4, 2);
        assert_ok(qcow2_header_check(header, 72, 1 * MIB, NULL, NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_create),
                        cmocka_unit_test(test_info),
                        cmocka_unit_test(test_check), cmocka_unit_test(test_end),
                        cmocka_unit_test(test_header),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
