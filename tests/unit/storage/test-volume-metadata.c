/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "test-data.h"
#include "volume-metadata.h"

static const struct {
        const char *name;
        unsigned version;
        uint64_t capacity_bytes;
        VolumeFormat format;
        VolumeAllocation allocation;
        VolumeRole role;
        bool parent;
} vdsm[] = {
                {"vdsm-volume-v3-base", 3, 1073741824, VOLUME_FORMAT_RAW, VOLUME_ALLOCATION_SPARSE, VOLUME_INTERNAL,
                 false},
                {"vdsm-volume-v3-leaf", 3, 1073741824, VOLUME_FORMAT_QCOW2, VOLUME_ALLOCATION_SPARSE, VOLUME_LEAF,
                 true},
                {"vdsm-volume-v3-preallocated", 3, 10485760, VOLUME_FORMAT_RAW, VOLUME_ALLOCATION_PREALLOCATED,
                 VOLUME_LEAF, false},
                {"vdsm-volume-v5-base", 5, 1073741824, VOLUME_FORMAT_RAW, VOLUME_ALLOCATION_SPARSE, VOLUME_INTERNAL,
                 false},
                {"vdsm-volume-v5-leaf", 5, 1073741824, VOLUME_FORMAT_QCOW2, VOLUME_ALLOCATION_SPARSE, VOLUME_LEAF,
                 true},
                {"vdsm-volume-v5-preallocated", 5, 10485760, VOLUME_FORMAT_RAW, VOLUME_ALLOCATION_PREALLOCATED,
                 VOLUME_LEAF, false},
};

static void test_vdsm_identical(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(vdsm); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                char again[VOLUME_METADATA_BYTES_MAX + 1];
                _cleanup_free_ char *text = NULL;
                VolumeMetadata m;
                size_t size;

                text = test_data_read(vdsm[i].name, &size);
                assert_ok(volume_metadata_parse(text, size, vdsm[i].name, &m, &error));
                assert_int_equal(m.capacity_bytes, vdsm[i].capacity_bytes);
                assert_int_equal(m.format, vdsm[i].format);
                assert_int_equal(m.allocation, vdsm[i].allocation);
                assert_int_equal(m.role, vdsm[i].role);
                assert_int_equal(volume_has_parent(&m), vdsm[i].parent);
                assert_int_equal(m.legality, VOLUME_LEGAL);
                assert_int_equal(volume_metadata_format(&m, vdsm[i].version, again), (int)size);
                assert_string_equal(again, text);
        }
}

static int parse(const char *text, VolumeMetadata *m, sd_bus_error *error) {
        return volume_metadata_parse(text, strlen(text), "the file", m, error);
}

static void test_truncated(void **state) {
        _cleanup_free_ char *text = NULL;
        VolumeMetadata m;
        size_t size;

        text = test_data_read("vdsm-volume-v5-leaf", &size);
        for (size_t n = 0; n < size; n++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                assert_int_equal(volume_metadata_parse(text, n, "the file", &m, &error), -EBADMSG);
                assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
                assert_non_null(strstr(error.message, "the file"));
        }
}

/* No checksum protects a volume's metadata: a flip may pass, but nothing it can make is out of range, and nothing
 * crashes. */
static void test_bit_flips(void **state) {
        _cleanup_free_ char *text = NULL;
        size_t size;

        text = test_data_read("vdsm-volume-v5-leaf", &size);
        for (size_t bit = 0; bit < size * 8; bit++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                VolumeMetadata m;

                text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
                if (volume_metadata_parse(text, size, "the file", &m, &error) >= 0) {
                        assert_true(uuid_is_valid(m.domain) && uuid_is_valid(m.image) && uuid_is_valid(m.parent));
                        assert_true(m.generation < VOLUME_GENERATIONS);
                } else
                        assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
                text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        }
}

#define REST                                                                                                          \
        "CTIME=1\nDESCRIPTION= x \nDISKTYPE=2\nDOMAIN=ad6b5101-dc35-41c3-a87c-d9719ce06fec\n"                         \
        "FORMAT=RAW\nIMAGE=aaaaaaaa-0000-4000-8000-000000000001\nLEGALITY=LEGAL\nPOOL_UUID=\n"                        \
        "PUUID=00000000-0000-0000-0000-000000000000\nTYPE=SPARSE\nVOLTYPE=LEAF\nEOF\n"

/* GEN and SEQ may be missing; CAP wins over SIZE; blanks round values go; unknown keys and disk types are tolerated.
 */
static void test_reader_habits(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        VolumeMetadata m;

        assert_ok(parse("CAP=4096\nSIZE=1\nNEW=1\n" REST, &m, &error));
        assert_int_equal(m.capacity_bytes, 4096);
        assert_int_equal(m.generation, 0);
        assert_int_equal(m.sequence, 0);
        assert_string_equal(m.description, "x");
        assert_string_equal(m.disk_type, "2");
        assert_ok(parse("SIZE=16\n" REST, &m, &error));
        assert_int_equal(m.capacity_bytes, 8192);
        assert_ok(parse("CAP=1\n" REST "garbage after the end", &m, &error));
}

static void test_refused(void **state) {
        static const struct {
                const char *text, *place;
        } cases[] = {
                        {REST, "SIZE"},
                        {"CAP=-1\n" REST, "CAP"},
                        {"CAP=9223372036854775808\n" REST, "CAP"},
                        {"SIZE=18014398509481984\n" REST, "SIZE"},
                        {"CAP=1\nGEN=1000\n" REST, "GEN"},
                        {"CAP=1\nSEQ=4294967296\n" REST, "SEQ"},
                        {"CAP=1\nCTIME=x\nEOF\n", "CTIME"},
                        {"EOF\n", "SIZE"},
                        {"", "EOF"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                VolumeMetadata m;

                assert_int_equal(parse(cases[i].text, &m, &error), -EBADMSG);
                assert_non_null(strstr(error.message, cases[i].place));
        }
}

static void test_too_large_to_write(void **state) {
        char text[VOLUME_METADATA_BYTES_MAX + 1];
        VolumeMetadata m = {.disk_type = "DATA"};

        memset(m.description, 'x', 500);
        assert_int_equal(volume_metadata_format(&m, 5, text), -EMSGSIZE);
        m.description[200] = '\0';
        assert_true(volume_metadata_format(&m, 5, text) > 0);
}

static void test_words(void **state) {
        for (VolumeFormat i = 0; i < _VOLUME_FORMAT_MAX; i++) {
                assert_int_equal(volume_format_from_string(volume_format_to_string(i)), i);
                assert_int_equal(disk_format_from_string(disk_format_to_string(i)), i);
        }
        for (VolumeRole i = 0; i < _VOLUME_ROLE_MAX; i++) {
                assert_int_equal(volume_role_from_string(volume_role_to_string(i)), i);
                assert_int_equal(disk_role_from_string(disk_role_to_string(i)), i);
        }
        for (VolumeLegality i = 0; i < _VOLUME_LEGALITY_MAX; i++) {
                assert_int_equal(volume_legality_from_string(volume_legality_to_string(i)), i);
                assert_int_equal(disk_legality_from_string(disk_legality_to_string(i)), i);
        }
        for (VolumeAllocation i = 0; i < _VOLUME_ALLOCATION_MAX; i++) {
                assert_int_equal(volume_allocation_from_string(volume_allocation_to_string(i)), i);
                assert_int_equal(disk_allocation_from_string(disk_allocation_to_string(i)), i);
        }
        assert_string_equal(disk_format_to_string(VOLUME_FORMAT_QCOW2), "COW");
        assert_true(disk_format_from_string("cow") < 0);
}

static void test_descriptions(void **state) {
        assert_true(volume_description_is_valid(""));
        assert_true(volume_description_is_valid("{\"DiskAlias\":\"d1\",\"DiskDescription\":\"\"}"));
        assert_false(volume_description_is_valid("a\nLEGALITY=LEGAL"));
        assert_false(volume_description_is_valid("trailing "));
        assert_true(volume_disk_type_is_valid("OVFS"));
        assert_false(volume_disk_type_is_valid("1"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_vdsm_identical), cmocka_unit_test(test_truncated),
                        cmocka_unit_test(test_bit_flips),      cmocka_unit_test(test_reader_habits),
                        cmocka_unit_test(test_refused),        cmocka_unit_test(test_too_large_to_write),
                        cmocka_unit_test(test_words),          cmocka_unit_test(test_descriptions),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
