/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* VM definitions of a foreign domain: one as the engine writes it, stores of several ages, and broken ones. */

#include "test-data.h"

#include <archive.h>
#include <archive_entry.h>

#include "bus-error.h"
#include "ovf-store.h"
#include "ovf-summary.h"

#define VM "eeeeeeee-0000-4000-8000-000000000001"
#define OTHER "eeeeeeee-0000-4000-8000-000000000002"
#define IMAGE "aaaaaaaa-0000-4000-8000-000000000001"
#define VOLUME "bbbbbbbb-0000-4000-8000-000000000001"
#define CHILD "bbbbbbbb-0000-4000-8000-000000000002"

static void test_summary(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *summary = NULL, *expected = NULL;
        _cleanup_free_ char *text = NULL;
        size_t size;

        text = test_data_read("engine-vm.ovf", &size);
        assert_ok(ovf_summary(text, size, VM, &summary, &error));
        expected = json_pack("{s:s, s:b, s:I, s:i, s:i, s:i, s:i, s:[], s:s, s:s, s:[{s:s, s:s, s:s, s:b}], s:[{s:s, s:s, s:s}]}", "name", "web1 é", "template", 0,
                             "memory", (json_int_t)(2 * GIB), "cpus", 4, "sockets", 2, "cores", 2, "threads", 1, "snapshots", "chipset", "q35", "firmware", "bios", "disks", "image",
                             "aaaaaaaa-0000-4000-8000-000000000001", "volume", "bbbbbbbb-0000-4000-8000-000000000001", "bus", "scsi",
                             "boot", 1, "nics", "model", "virtio", "network", "ovirtmgmt", "mac", "56:6f:ef:88:00:00");
        assert_true(json_equal(summary, expected));
}

/* Snapshots as the engine writes them: those of the past, whichever order; what is no date, no id or no text is left out. */
static void test_snapshots(void **state) {
        static const char text[] =
                "<Envelope><References><File href=\"" IMAGE "/" VOLUME "\"/><File href=\"" IMAGE "/" CHILD "\"/></References><Section><Disk fileRef=\"" IMAGE "/" VOLUME
                "\" vm_snapshot_id=\"" OTHER "\"/><Disk fileRef=\"" IMAGE "/" CHILD "\" vm_snapshot_id=\"" VM "\"/></Section><Content><Name>a</Name>"
                "<TemplateId>" OTHER "</TemplateId><Section><Snapshot id=\"" VM "\"><Type>ACTIVE</Type></Snapshot>"
                "<Snapshot id=\"" OTHER "\"><Type>REGULAR</Type><Description>before</Description><CreationDate>2022/09/27 12:11:43</CreationDate><VmConfiguration>"
                "PEVudmVsb3BlPjxDb250ZW50PjxOYW1lPnRoZW48L05hbWU+PC9Db250ZW50PjwvRW52ZWxvcGU+</VmConfiguration></Snapshot>"
                "<Snapshot id=\"" OTHER "\"><Type>REGULAR</Type></Snapshot><Snapshot id=\"x\"><Type>REGULAR</Type></Snapshot>"
                "<Snapshot id=\"" IMAGE "\"><Type>REGULAR</Type><CreationDate>soon</CreationDate><VmConfiguration>*</VmConfiguration></Snapshot></Section></Content></Envelope>";
        _cleanup_json_ json_t *summary = NULL;
        const json_t *snapshots, *first, *then;

        assert_ok(ovf_summary(text, strlen(text), VM, &summary, NULL));
        assert_string_equal(json_string_value(json_object_get(summary, "template_id")), OTHER);
        snapshots = json_object_get(summary, "snapshots");
        assert_int_equal(json_array_size(snapshots), 2);
        first = json_array_get(snapshots, 0);
        assert_string_equal(json_string_value(json_object_get(first, "id")), OTHER);
        assert_string_equal(json_string_value(json_object_get(first, "name")), "before");
        assert_int_equal(json_integer_value(json_object_get(first, "created")), 1664280703);
        assert_int_equal(json_array_size(json_object_get(first, "disks")), 1);
        assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(first, "disks"), 0), "volume")), VOLUME);
        then = json_object_get(first, "configuration");
        assert_string_equal(json_string_value(json_object_get(then, "name")), "then");
        assert_null(json_object_get(then, "snapshots"));
        first = json_array_get(snapshots, 1);
        assert_null(json_object_get(first, "created"));
        assert_null(json_object_get(first, "configuration"));
        assert_int_equal(json_array_size(json_object_get(first, "disks")), 0);
}

static void test_summary_broken(void **state) {
        static const char *const texts[] = {
                "", "<", "<a/>", "<Envelope/>", "<Envelope><Content/></Envelope>", "<Envelope><Content><Name>a\tb</Name></Content></Envelope>",
                "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><Envelope><Content><Name>&e;</Name></Content></Envelope>",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                json_t *summary = NULL;

                assert_int_equal(ovf_summary(texts[i], strlen(texts[i]), VM, &summary, &error), -EBADMSG);
                assert_true(sd_bus_error_has_name(&error, RHV_ERROR_BAD_FORMAT));
                assert_null(summary);
        }
}

static void test_numbers_out_of_range(void **state) {
        static const char text[] = "<Envelope><Content><Name>a</Name><Section>"
                                   "<Item><ResourceType>4</ResourceType><VirtualQuantity>18446744073709551615</VirtualQuantity></Item>"
                                   "<Item><ResourceType>3</ResourceType><num_of_sockets>4294967295</num_of_sockets></Item>"
                                   "</Section></Content></Envelope>";
        _cleanup_json_ json_t *summary = NULL;

        assert_ok(ovf_summary(text, strlen(text), VM, &summary, NULL));
        assert_null(json_object_get(summary, "memory"));
        assert_null(json_object_get(summary, "cpus"));
}

/* ---- stores ---- */

static size_t make_tar(char *buffer, size_t size, const char *const *names, const char *const *texts, size_t n) {
        struct archive *archive = archive_write_new();
        size_t used = 0;

        assert_non_null(archive);
        assert_int_equal(archive_write_set_format_ustar(archive), ARCHIVE_OK);
        assert_int_equal(archive_write_open_memory(archive, buffer, size, &used), ARCHIVE_OK);
        for (size_t i = 0; i < n; i++) {
                struct archive_entry *entry = archive_entry_new();

                archive_entry_set_pathname(entry, names[i]);
                archive_entry_set_filetype(entry, AE_IFREG);
                archive_entry_set_size(entry, (la_int64_t)strlen(texts[i]));
                assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
                assert_int_equal(archive_write_data(archive, texts[i], strlen(texts[i])), (la_ssize_t)strlen(texts[i]));
                archive_entry_free(entry);
        }
        assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
        return used;
}

static void test_store(void **state) {
        _cleanup_free_ char *tar = calloc(1, MIB), *text = NULL;
        _cleanup_json_ json_t *vms = NULL, *problems = json_array();
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        size_t size;

        text = test_data_read("engine-vm.ovf", &size);
        size = make_tar(tar, MIB,
                        (const char *const[]){ "info.json", VM ".ovf", "./" OTHER ".ovf", "../" VM ".ovf", "metadata.json" },
                        (const char *const[]){ "{}", text, "not XML", text, "{}" }, 5);
        assert_ok(ovf_store_parse(tar, size, &vms, problems, &error));
        assert_int_equal(json_object_size(vms), 1);
        assert_string_equal(json_string_value(json_object_get(json_object_get(vms, VM), "name")), "web1 é");
        assert_int_equal(json_array_size(problems), 1);
        assert_non_null(strstr(json_string_value(json_array_get(problems, 0)), OTHER));
}

/* Cut off anywhere: what is whole in front of the cut is told, or there is a reason; never a crash. */
static void test_store_broken(void **state) {
        _cleanup_free_ char *tar = calloc(1, MIB), *text = NULL;
        size_t size;

        text = test_data_read("engine-vm.ovf", &size);
        size = make_tar(tar, MIB, (const char *const[]){ VM ".ovf" }, (const char *const[]){ text }, 1);
        for (size_t cut = 0; cut < size; cut += 97) {
                _cleanup_json_ json_t *vms = NULL, *problems = json_array();
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                int r = ovf_store_parse(tar, cut, &vms, problems, &error);

                if (r < 0)
                        assert_true(sd_bus_error_has_name(&error, RHV_ERROR_BAD_FORMAT));
                else
                        assert_int_equal(json_object_size(vms), 1);
        }
}

static void add_store(VolumeList *list, const char *image, const char *description) {
        VolumeRecord *record;

        (void) snprintf(list->image, sizeof list->image, "%s", image);
        record = volume_list_add(list, image);
        record->metadata = (VolumeMetadata){ .format = VOLUME_FORMAT_RAW, .role = VOLUME_LEAF, .disk_type = "OVFS" };
        (void) snprintf(record->metadata.description, sizeof record->metadata.description, "%s", description);
}

#define STORE(updated, date) "{\"Updated\":" updated ",\"Last Updated\":\"" date "\",\"Disk Description\":\"OVF_STORE\",\"Size\":30720}"

static void test_choice(void **state) {
        VolumeList lists[5] = { 0 };
        bool skip[5] = { false };
        OvfStore store;

        add_store(&lists[0], "aaaaaaaa-0000-4000-8000-000000000001", STORE("true", "Tue Sep 27 12:11:43 UTC 2022"));
        add_store(&lists[1], "aaaaaaaa-0000-4000-8000-000000000002", STORE("true", "Wed Sep 28 00:00:01 UTC 2022"));
        add_store(&lists[2], "aaaaaaaa-0000-4000-8000-000000000003", STORE("false", "Thu Sep 29 12:11:43 UTC 2022"));
        add_store(&lists[3], "aaaaaaaa-0000-4000-8000-000000000004", STORE("true", "soon"));
        add_store(&lists[4], "aaaaaaaa-0000-4000-8000-000000000005", "OVF_STORE");
        assert_int_equal(ovf_store_choose(lists, 5, skip, &store), 1);
        assert_int_equal(store.size_bytes, 30720);
        assert_int_equal(store.updated_sec, 1664323201);
        assert_string_equal(store.image, "aaaaaaaa-0000-4000-8000-000000000002");
        skip[1] = true;
        assert_int_equal(ovf_store_choose(lists, 5, skip, &store), 0);
        skip[0] = true;
        assert_int_equal(ovf_store_choose(lists, 5, skip, &store), -ENOENT);
        for (size_t i = 0; i < 5; i++)
                volume_list_clear(&lists[i]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_summary), cmocka_unit_test(test_snapshots),     cmocka_unit_test(test_summary_broken), cmocka_unit_test(test_numbers_out_of_range),
                cmocka_unit_test(test_store),       cmocka_unit_test(test_store_broken),   cmocka_unit_test(test_choice),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
