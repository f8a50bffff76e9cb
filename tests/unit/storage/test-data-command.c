/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* qemu-img's command lines for data jobs, its progress, foreign images, and a job's notes. */

#include "bus-error.h"
#include "data-command.h"
#include "data-source.h"
#include "fixture.h"

#define DOMAIN "dddddddd-0000-4000-8000-000000000000"
#define IMAGE "aaaaaaaa-0000-4000-8000-000000000000"
#define A "bbbbbbbb-0000-4000-8000-000000000001"
#define B "bbbbbbbb-0000-4000-8000-000000000002"

static const char *const paths[] = {"/d/b", "/d/a"};

static DataWork work_of(DataKind kind) {
        DataWork work = {
                        .kind = kind,
                        .format = VOLUME_FORMAT_QCOW2,
                        .allocation = VOLUME_ALLOCATION_SPARSE,
                        .capacity_bytes = 8192,
                        .chain = {{IMAGE, B, VOLUME_FORMAT_QCOW2}, {IMAGE, A, VOLUME_FORMAT_RAW}},
                        .n_chain = 2,
        };

        work.place = (DomainPlace){.type = domain_type_find("local"), .path = (char *)"/d", .id = DOMAIN, .version = 5,
                                   .block_size_bytes = 512, .alignment_bytes = 1 * MIB};
        work.source = work.place;
        return work;
}

static void assert_line(const DataCommand *command, const char *wanted) {
        char line[1024] = "";

        for (size_t i = 0; command->argv[i]; i++) {
                (void) strncat(line, i > 0 ? " " : "", sizeof(line) - strlen(line) - 1);
                (void) strncat(line, command->argv[i], sizeof(line) - strlen(line) - 1);
        }
        assert_string_equal(line, wanted);
}

#define CHAIN                                                                                                         \
        "json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"/d/b\"},\"backing\":"                 \
        "{\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"/d/a\"}}}"

static void test_commands(void **state) {
        DataWork work = work_of(DATA_COPY);
        DataCommand command;

        assert_ok(data_command_copy(&work, paths, "/d/c", false, &command));
        assert_line(&command, "qemu-img convert -p -n --target-is-zero -t none -T none -O qcow2 " CHAIN " /d/c");
        data_command_clear(&command);
        work.bandwidth = 1 * MIB;
        assert_ok(data_command_merge(&work, paths, false, &command));
        assert_line(&command, "qemu-img commit -p -d -t none -r 1048576 " CHAIN);
        data_command_clear(&command);
        assert_ok(data_command_resize(&work, paths, false, &command));
        assert_line(&command, "qemu-img resize -q " CHAIN " 8192");
        data_command_clear(&command);
        assert_ok(data_command_check(&work, paths, false, &command));
        assert_line(&command, "qemu-img check --output=json " CHAIN);
        data_command_clear(&command);
        assert_ok(data_command_repair(&work, paths, false, &command));
        assert_line(&command, "qemu-img check --output=json -r leaks " CHAIN);
        data_command_clear(&command);
        assert_ok(data_command_zero(&work, paths, false, &command));
        assert_line(&command, "qemu-io -d unmap -t none " CHAIN);
        data_command_clear(&command);
        assert_ok(data_command_measure(&work, paths, false, &command));
        assert_line(&command, "qemu-img measure --output=json --force-share -O qcow2 " CHAIN);
        data_command_clear(&command);
        assert_ok(data_command_rebase("/d/c", A, VOLUME_FORMAT_RAW, true, &command));
        assert_line(&command, "setpriv --reuid=36 --regid=36 --clear-groups --no-new-privs -- qemu-img rebase -q -u -t none -T none -f qcow2 -F raw "
                              "-b " A " /d/c");
        data_command_clear(&command);
}

/* QEMU opens devices by another driver than files; they have their blocks already. */
static void test_devices(void **state) {
        DataWork work = work_of(DATA_EXTEND);
        DataCommand command;

        work.place.type = work.source.type = domain_type_find("fcp");
        work.n_chain = 1;
        work.allocation = VOLUME_ALLOCATION_PREALLOCATED;
        assert_ok(data_command_resize(&work, paths, false, &command));
        assert_line(&command, "qemu-img resize -q json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"host_device\",\"filename\":\"/d/b\"},"
                              "\"backing\":null} 8192");
        data_command_clear(&command);
}

/* Of qcow2 the end of the chain is said too: what its header names is never opened. */
static void test_nothing_is_followed(void **state) {
        DataWork work = work_of(DATA_COPY);
        DataCommand command;

        work.n_chain = 1;
        assert_ok(data_command_info(&work, paths, false, &command));
        assert_line(&command, "qemu-img info --output=json json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"/d/b\"},\"backing\":null}");
        data_command_clear(&command);
        (void) snprintf(work.source_format, sizeof(work.source_format), "vmdk");
        work.source_bytes = 1000;
        assert_ok(data_command_info(&work, paths, false, &command));
        assert_line(&command, "qemu-img info --output=json json:{\"driver\":\"vmdk\",\"file\":{\"driver\":\"raw\",\"size\":1000,\"file\":"
                              "{\"driver\":\"file\",\"filename\":\"/d/b\"}},\"backing\":null}");
        data_command_clear(&command);
}

static void test_progress(void **state) {
        assert_int_equal(data_progress_parse(""), -1);
        assert_int_equal(data_progress_parse("    (0.00/100%)\r"), 0);
        assert_int_equal(data_progress_parse("    (12.34/100%)\r    (56.78/100%)\r"), 567);
        assert_int_equal(data_progress_parse("    (56.78/100%)\r    (57.0"), 567);
        assert_int_equal(data_progress_parse("    (100.00/100%)\r\n"), 1000);
        assert_int_equal(data_progress_parse("(999.99/100%)(-1.00/100%)"), -1);
}

/* A qcow2 header of version 3 with a disk of 1 GiB, and what one of these bytes makes of it. */
static void test_members(void **state) {
        static const struct {
                size_t at;
                uint8_t byte;
                const char *wanted;
        } bad[] = {
                        {0, 'X', "not a qcow2"},  {7, 4, "a version"},           {23, 30, "cluster size"}, {24, 0x7f, "larger disk"}, {35, 1, "encrypted"},
                        {79, 2, "marked corrupt"}, {79, 4, "data in another file"}, {72, 1, "features"},
        };
        static const uint8_t header[104] = {'Q', 'F', 'I', 0xfb, [7] = 3, [23] = 16, [28] = 0x40};

        assert_ok(data_member_check(A, VOLUME_FORMAT_QCOW2, header, sizeof(header), NULL));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                uint8_t bytes[sizeof(header)];

                memcpy(bytes, header, sizeof(header));
                bytes[bad[i].at] = bad[i].byte;
                assert_true(data_member_check(A, VOLUME_FORMAT_QCOW2, bytes, sizeof(bytes), &error) < 0);
                assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
                assert_non_null(strstr(error.message, A));
                assert_non_null(strstr(error.message, bad[i].wanted));
                assert_ok(data_member_check(A, VOLUME_FORMAT_RAW, bytes, sizeof(bytes), NULL));
        }
        for (size_t size = 0; size < sizeof(header); size++)
                assert_true(data_member_check(A, VOLUME_FORMAT_QCOW2, header, size, NULL) < 0);
}

static void test_foreign(void **state) {
        uint8_t bytes[DATA_SOURCE_BYTES] = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        for (size_t i = 0; data_source_formats[i]; i++) {
                assert_true(data_source_check(data_source_formats[i], bytes, sizeof(bytes), &error) < 0);
                assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
                sd_bus_error_free(&error);
                assert_true(data_source_check(data_source_formats[i], bytes, 3, &error) < 0);
        }
        memcpy(bytes, "KDMV", 4);
        assert_true(data_source_check("vmdk", bytes, sizeof(bytes), NULL) < 0); /* capacity 0: a descriptor within */
        bytes[12] = 1;
        assert_ok(data_source_check("vmdk", bytes, sizeof(bytes), NULL));
        memcpy(bytes, "# Disk DescriptorFile", 21);
        assert_true(data_source_check("vmdk", bytes, sizeof(bytes), NULL) < 0);
        memcpy(bytes, "vhdxfile", 8);
        assert_ok(data_source_check("vhdx", bytes, sizeof(bytes), NULL));
}

static void test_notes(void **state) {
        char directory[] = "/tmp/rhv-data-XXXXXX", file[64];
        DataWork work = work_of(DATA_MERGE), back = {};
        FILE *f;

        assert_non_null(mkdtemp(directory));
        (void) snprintf(file, sizeof(file), "%s/data.json", directory);
        assert_int_equal(data_work_load(directory, &back), -ENOENT);
        work.bandwidth = 5 * MIB;
        assert_ok(data_work_save(directory, &work));
        assert_ok(data_work_load(directory, &back));
        assert_int_equal(back.kind, DATA_MERGE);
        assert_int_equal(back.capacity_bytes, 8192);
        assert_int_equal(back.bandwidth, 5 * MIB);
        assert_int_equal(back.n_chain, 2);
        assert_string_equal(back.chain[1].volume, A);
        assert_int_equal(back.chain[1].format, VOLUME_FORMAT_RAW);
        assert_string_equal(back.place.id, DOMAIN);
        assert_string_equal(back.source.path, "/d");
        data_work_clear(&back);

        work.n_chain = 1; /* nothing to merge into */
        assert_ok(data_work_save(directory, &work));
        assert_int_equal(data_work_load(directory, &back), -EBADMSG);
        f = fopen(file, "we");
        assert_non_null(f);
        (void) fputs("{\"version\": 1, \"kind\": \"copy-volume\"}", f);
        (void) fclose(f);
        assert_int_equal(data_work_load(directory, &back), -EBADMSG);
        assert_ok(unlink(file));
        assert_ok(rmdir(directory));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_commands), cmocka_unit_test(test_devices), cmocka_unit_test(test_nothing_is_followed),
                        cmocka_unit_test(test_progress), cmocka_unit_test(test_foreign), cmocka_unit_test(test_members),
                        cmocka_unit_test(test_notes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
