/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Another medium in a guest's CD-ROM drive: what becomes of the description, and what libvirt is told. */

#include "fixture.h"

#include "bus-error.h"
#include "dict.h"
#include "vm-cd.h"
#include "vm-description.h"
#include "vm-live.h"
#include "vm-xml.h"

#define DRIVE "11111111-1111-1111-1111-111111111111"
#define A "aaaaaaaa-0000-4000-8000-000000000001"
#define B "aaaaaaaa-0000-4000-8000-000000000002"
#define ISOS "dddddddd-0000-4000-8000-000000000001"
#define OTHER "dddddddd-0000-4000-8000-000000000002"

/* medium: of the drive, or "". */
static json_t *description_new(const char *medium) {
        _cleanup_free_ char *text = NULL;
        json_t *value;

        assert_true(asprintf(&text,
                             "{\"name\": \"web1\", \"cpus\": 1, \"memory\": 67108864, \"disks\": [{\"id\": \"" A "\", \"domain\": \"" ISOS "\", \"volume\": \"" A
                             "\"}, {\"id\": \"" DRIVE "\", \"device\": \"cdrom\", \"bus\": \"sata\", \"read_only\": true, \"boot_order\": 2%s}]}",
                             medium) > 0);
        value = json_loads(text, 0, NULL);
        assert_non_null(value);
        assert_ok(vm_description_check(value, NULL));
        return value;
}

static const json_t *drive_of(const json_t *description) {
        return json_array_get(json_object_get(description, "disks"), 1);
}

static void changes(void **state) {
        _cleanup_json_ json_t *before = description_new(",\"domain\":\"" ISOS "\",\"file\":\"a.iso\""), *kept = json_deep_copy(before), *empty = description_new(""),
                              *medium = json_pack("{s:s, s:s}", "domain", OTHER, "file", "b.iso"), *nothing = json_object(), *other = NULL, *ejected = NULL, *again = NULL,
                              *image = json_pack("{s:s, s:s, s:s}", "domain", OTHER, "image", B, "volume", A), *disk = NULL;
        size_t drive = 0;

        assert_ok(vm_cd_change(before, medium, &other, &drive, NULL));
        assert_int_equal(drive, 1);
        assert_string_equal(dict_string(drive_of(other), "domain", ""), OTHER);
        assert_string_equal(dict_string(drive_of(other), "file", ""), "b.iso");
        assert_int_equal(dict_integer(drive_of(other), "boot_order", 0), 2);
        assert_ok(vm_cd_change(before, nothing, &ejected, &drive, NULL));
        assert_true(json_equal(ejected, empty));
        assert_ok(vm_cd_change(ejected, medium, &again, &drive, NULL));
        assert_true(json_equal(again, other));
        assert_true(json_equal(before, kept));

        /* the volume of an image on a data domain, and a file again */
        assert_ok(vm_cd_change(before, image, &disk, &drive, NULL));
        assert_string_equal(dict_string(drive_of(disk), "image", ""), B);
        assert_string_equal(dict_string(drive_of(disk), "volume", ""), A);
        assert_string_equal(dict_string(drive_of(disk), "id", ""), DRIVE);
        assert_null(json_object_get(drive_of(disk), "file"));
        json_decref(again);
        again = NULL;
        assert_ok(vm_cd_change(disk, medium, &again, &drive, NULL));
        assert_true(json_equal(again, other));
}

static void assert_no_change(json_t *description, json_t *medium, const char *wanted) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        json_t *after = NULL;
        size_t drive;

        assert_true(vm_cd_change(description, medium, &after, &drive, &error) < 0);
        assert_string_equal(error.name, wanted);
        assert_null(after);
        json_decref(description);
        json_decref(medium);
}

static void refused(void **state) {
        json_t *none = description_new("");

        assert_int_equal(json_array_remove(json_object_get(none, "disks"), 1), 0);
        assert_no_change(none, json_object(), RHV_ERROR_INVALID_STATE);
        assert_no_change(description_new(""), json_pack("{s:s}", "file", "a.iso"), RHV_ERROR_INVALID_ARGUMENT);
        assert_no_change(description_new(""), json_pack("{s:s}", "domain", ISOS), RHV_ERROR_INVALID_ARGUMENT);
        assert_no_change(description_new(""), json_pack("{s:s, s:s}", "domain", ISOS, "file", "../a.iso"), RHV_ERROR_INVALID_ARGUMENT);
        assert_no_change(description_new(""), json_pack("{s:s, s:s}", "domain", "x", "file", "a.iso"), RHV_ERROR_INVALID_ARGUMENT);
        assert_no_change(description_new(""), json_pack("{s:s, s:s, s:s}", "domain", ISOS, "file", "a.iso", "volume", A), RHV_ERROR_INVALID_ARGUMENT);
        assert_no_change(description_new(""), json_pack("{s:s, s:s, s:s, s:s}", "domain", ISOS, "file", "a.iso", "image", A, "volume", A), RHV_ERROR_INVALID_ARGUMENT);
        assert_no_change(description_new(""), json_pack("{s:s, s:s}", "domain", ISOS, "volume", A), RHV_ERROR_INVALID_ARGUMENT);
        assert_no_change(description_new(""), json_pack("{s:s, s:s}", "image", A, "volume", A), RHV_ERROR_INVALID_ARGUMENT);
        assert_no_change(description_new(""), json_pack("{s:s, s:s, s:b}", "domain", ISOS, "file", "a.iso", "read_only", 0), RHV_ERROR_UNKNOWN_OPTION);
}

static void texts(void **state) {
        _cleanup_json_ json_t *description = description_new(",\"domain\":\"" ISOS "\",\"file\":\"a.iso\""), *empty = description_new(""),
                              *prepared = json_pack("{s:s, s:s, s:[]}", "path", "/isos/a&b.iso", "format", "raw", "backing");
        _cleanup_free_ char *full = NULL, *nothing = NULL;

        assert_ok(vm_xml_build_cdrom(drive_of(description), prepared, "sdb", &full));
        assert_non_null(strstr(full, "device=\"cdrom\""));
        assert_non_null(strstr(full, "file=\"/isos/a&amp;b.iso\""));
        assert_non_null(strstr(full, "<target dev=\"sdb\" bus=\"sata\"/>"));
        assert_non_null(strstr(full, "<readonly/>"));
        assert_non_null(strstr(full, "<boot order=\"2\"/>"));
        assert_non_null(strstr(full, "<alias name=\"ua-" DRIVE "\"/>"));
        assert_null(strstr(full, "<address"));
        assert_ok(vm_xml_build_cdrom(drive_of(empty), NULL, "sdb", &nothing));
        assert_null(strstr(nothing, "<source"));
        assert_null(strstr(nothing, "<backingStore"));
        assert_non_null(strstr(nothing, "<target dev=\"sdb\" bus=\"sata\"/>"));
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(changes), cmocka_unit_test(refused), cmocka_unit_test(texts) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
