/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Damage to what says where a block domain's volumes are: tags that contradict each other, one slot of two volumes; and slots and tags of the domain
 * with each bit turned and cut at each byte. Refused by name with the object, or read as what can stand there.
 */

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "block-slot.h"
#include "bus-error.h"
#include "fixture.h"
#include "layout-block.h"
#include "volume-metadata.h"

#define DOMAIN "dddddddd-0000-4000-8000-000000000000"
#define IMAGE "aaaaaaaa-0000-4000-8000-000000000000"
#define OTHER "aaaaaaaa-0000-4000-8000-00000000000f"
#define A "bbbbbbbb-0000-4000-8000-000000000001"
#define B "bbbbbbbb-0000-4000-8000-000000000002"
#define C "bbbbbbbb-0000-4000-8000-000000000003"

static void add(BlockScan *scan, const char *id, const char *tags) {
        BlockVolume *volume;

        scan->volumes = realloc(scan->volumes, (scan->n + 1) * sizeof(*volume));
        assert_non_null(scan->volumes);
        volume = &scan->volumes[scan->n++];
        *volume = (BlockVolume){.all_tags = strdup(tags)};
        memcpy(volume->id, id, UUID_STRING_MAX);
        lvm_volume_tags_parse(tags, &volume->tags);
        assert_int_equal(block_scan_order(scan), 0);
}

static void assert_trouble(const BlockScan *scan, const char *id, const char *wanted) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char trouble[BLOCK_TROUBLE_BYTES];

        assert_int_equal(block_scan_trouble(scan, block_scan_find(scan, id), trouble), wanted != NULL);
        if (!wanted) {
                assert_non_null(block_scan_get(scan, id, &error));
                return;
        }
        assert_non_null(strstr(trouble, wanted));
        assert_non_null(strstr(trouble, id));
        assert_null(block_scan_get(scan, id, &error));
        assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
        assert_string_equal(error.message, trouble);
}

static void test_well(void **state) {
        _cleanup_(block_scan_clear) BlockScan scan = {};

        add(&scan, A, "IU_" IMAGE ",MD_1,PU_" BLANK_UUID);
        add(&scan, B, "IU_" IMAGE ",MD_2,PU_" A);
        add(&scan, C, "OVIRT_VOL_INITIALIZING");
        assert_trouble(&scan, A, NULL);
        assert_trouble(&scan, B, NULL);
        assert_null(block_scan_get(&scan, C, NULL));
}

static void test_two_of_one_slot(void **state) {
        _cleanup_(block_scan_clear) BlockScan scan = {};

        add(&scan, A, "IU_" IMAGE ",MD_1,PU_" BLANK_UUID);
        add(&scan, B, "IU_" IMAGE ",MD_2,PU_" A);
        add(&scan, C, "IU_" OTHER ",MD_2,PU_" BLANK_UUID);
        assert_trouble(&scan, A, NULL);
        assert_trouble(&scan, B, "slot 2 is that of");
        assert_trouble(&scan, C, "slot 2 is that of");
}

/* What is wrong with one volume is no reason to take its slots for free, whichever of them it means. */
static void test_contradictions(void **state) {
        static const char *const bad[] = {
                        "IU_" IMAGE ",MD_2,MD_3", "IU_" IMAGE ",IU_" OTHER ",MD_2", "IU_" IMAGE ",MD_2,PU_" A ",PU_" OTHER, "IU_" IMAGE ",MD_2,PU_x",
                        "IU_" IMAGE ",MD_x",      "IU_" IMAGE ",MD_4294967296",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_(block_scan_clear) BlockScan scan = {};

                add(&scan, A, "IU_" IMAGE ",MD_1,PU_" BLANK_UUID);
                add(&scan, B, bad[i]);
                assert_trouble(&scan, A, NULL);
                assert_trouble(&scan, B, "contradict");
        }

        _cleanup_(block_scan_clear) BlockScan scan = {};
        add(&scan, A, "IU_" IMAGE ",MD_3,PU_" BLANK_UUID);
        add(&scan, B, "IU_" OTHER ",MD_2,MD_3");
        assert_trouble(&scan, A, "slot 3 is that of");
}

/* A text that has one byte too many, too few, or another one: how many of all were read. */
typedef bool (*reader_t)(const char *text, size_t size);

static unsigned damage(const char *text, size_t size, reader_t read) {
        unsigned n = 0;
        char *copy;

        for (size_t i = 0; i < size; i++)
                for (unsigned bit = 0; bit < 8; bit++) {
                        copy = malloc(size); /* of its size, so that a sanitizer sees who reads on */
                        assert_non_null(copy);
                        memcpy(copy, text, size);
                        copy[i] = (char)((unsigned char)copy[i] ^ (1U << bit));
                        n += read(copy, size);
                        free(copy);
                }
        for (size_t i = 0; i < size; i++) {
                copy = malloc(i + 1);
                assert_non_null(copy);
                memcpy(copy, text, i);
                n += read(copy, i);
                free(copy);
        }
        return n;
}

static const VolumeMetadata whole = {
                .capacity_bytes = 4 * GIB,
                .created_sec = 1663000000,
                .description = "a disk",
                .disk_type = "DATA",
                .domain = DOMAIN,
                .image = IMAGE,
                .parent = A,
                .format = VOLUME_FORMAT_QCOW2,
                .generation = 7,
                .sequence = 1,
                .allocation = VOLUME_ALLOCATION_SPARSE,
                .role = VOLUME_LEAF,
};

static bool read_slot(const char *text, size_t size) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        VolumeMetadata metadata;
        char again[VOLUME_METADATA_BYTES_MAX + 1];

        if (volume_metadata_parse(text, strnlen(text, size), "slot 3", &metadata, &error) < 0) {
                assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
                assert_non_null(strstr(error.message, "slot 3"));
                return false;
        }
        assert_true(uuid_is_valid(metadata.domain) && uuid_is_valid(metadata.image) && uuid_is_valid(metadata.parent));
        assert_true(volume_metadata_format(&metadata, 5, again) > 0);
        return true;
}

static void test_slots(void **state) {
        char text[VOLUME_METADATA_BYTES_MAX + 1] = {};
        int size = volume_metadata_format(&whole, 5, text);

        assert_true(size > 0);
        assert_true(read_slot(text, sizeof(text) - 1));
        /* another digit or letter is another number or description: there is no seal in a slot */
        assert_in_range(damage(text, (size_t)size, read_slot), 1, (unsigned)size * 4);
}

/* ---- many at once ---- */

/* Slots near and far, and one behind the end of the device: each is as when it is read alone. */
static void test_many_slots(void **state) {
        static const uint32_t numbers[] = {1, 2, 3, 9, 40, 600, 601, 1947};
        DomainPlace place = {.id = DOMAIN};

        for (place.version = 3; place.version <= 5; place.version++) {
                _cleanup_(block_scan_clear) BlockScan scan = {};
                _cleanup_(block_slots_clear) BlockSlots slots = {};
                _cleanup_close_ int fd = memfd_create("metadata", MFD_CLOEXEC);

                assert_true(fd >= 0);
                for (unsigned i = ELEMENTSOF(numbers); i-- > 0;) {
                        VolumeMetadata metadata = whole;
                        char id[UUID_STRING_MAX], tags[256];

                        (void) snprintf(id, sizeof(id), "bbbbbbbb-0000-4000-8000-%012u", i * 7 % 8);
                        (void) snprintf(tags, sizeof(tags), "IU_" IMAGE ",MD_%u,PU_" A, (unsigned)numbers[i]);
                        add(&scan, id, tags);
                        metadata.created_sec = numbers[i];
                        if (i + 1 < ELEMENTSOF(numbers))
                                assert_int_equal(block_slot_write(&place, fd, numbers[i], &metadata, NULL), 0);
                }
                add(&scan, C, "IU_" OTHER ",PU_" BLANK_UUID); /* without a slot */
                assert_int_equal(ftruncate(fd, (off_t)block_slot_offset(place.version, 602)), 0);

                assert_int_equal(block_slots_read(&place, fd, &scan, &slots), 0);
                for (size_t i = 0; i < scan.n; i++) {
                        _cleanup_error_ sd_bus_error alone = SD_BUS_ERROR_NULL, together = SD_BUS_ERROR_NULL;
                        const BlockVolume *volume = &scan.volumes[i];
                        VolumeMetadata a = {}, b = {};
                        int r = block_slot_read(&place, fd, volume, &a, &alone);

                        assert_int_equal(block_slots_get(&place, &slots, volume, &b, &together), r);
                        assert_int_equal(r < 0, volume->tags.slot > 601);
                        if (r >= 0)
                                assert_int_equal(b.created_sec, volume->tags.slot);
                        else
                                assert_string_equal(together.message, alone.message);
                }
        }
}

/* Found by binary search: whatever LVM's order was. */
static void test_order(void **state) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        BlockVolume *const *found;

        add(&scan, C, "IU_" IMAGE ",MD_3,PU_" A);
        add(&scan, B, "IU_" OTHER ",MD_2,PU_" A);
        add(&scan, A, "IU_" IMAGE ",MD_1,PU_" BLANK_UUID);
        assert_int_equal(block_scan_image(&scan, IMAGE, &found), 2);
        assert_string_equal(found[0]->id, A);
        assert_string_equal(found[1]->id, C);
        assert_int_equal(block_scan_image(&scan, OTHER, &found), 1);
        assert_int_equal(block_scan_image(&scan, DOMAIN, &found), 0);
        assert_int_equal(block_scan_find(&scan, A)->links, 2); /* itself, and B of another image; C is its own image's */
        assert_int_equal(block_scan_find(&scan, B)->links, 1);
}

static bool read_domain(const char *tags, size_t size) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *copy = strndup(tags, size), *text = NULL;
        _cleanup_(key_value_clear) KeyValueList list = {};
        _cleanup_(domain_facts_clear) DomainFacts facts = {};
        bool sealed = false;

        assert_non_null(copy);
        if (lvm_tags_to_metadata(copy, &text) < 0)
                return false;
        if (domain_metadata_parse(text, strlen(text), "tags of volume group x", &list, &sealed, &error) < 0 ||
            domain_metadata_facts(&list, "tags of volume group x", &facts, &error) < 0) {
                assert_true(sd_bus_error_is_set(&error));
                assert_non_null(strstr(error.message, "tags of volume group x"));
                return false;
        }
        return sealed;
}

/* A tag that is gone, doubled or changed breaks the seal; where the seal itself is gone, that is told. */
static void test_domain(void **state) {
        DomainFacts facts = {.name = (char *)"test", .type_word = (char *)"FCP", .class_word = (char *)"Data", .version = 5, .id = DOMAIN,
                             .block_size_bytes = 512, .alignment_bytes = (uint32_t)MIB};
        _cleanup_(key_value_clear) KeyValueList list = {};
        _cleanup_free_ char *text = NULL, *joined = NULL;
        char **tags = NULL;
        size_t size = 0, n = 0;
        FILE *f = open_memstream(&joined, &size);

        assert_int_equal(domain_metadata_new(&facts, NULL, &list), 0);
        text = domain_metadata_format(&list);
        assert_int_equal(lvm_tags_of_metadata(text, &tags), 0);
        (void) fputs(LVM_TAG_DOMAIN, f);
        for (; tags[n]; n++)
                (void) fprintf(f, ",%s", tags[n]);
        (void) fclose(f);
        assert_true(read_domain(joined, size));

        assert_int_equal(damage(joined + strlen(LVM_TAG_DOMAIN ","), size - strlen(LVM_TAG_DOMAIN ","), read_domain), 0);
        for (size_t skip = 0; skip < n; skip++) {
                _cleanup_free_ char *less = NULL, *more = NULL;

                f = open_memstream(&less, &size);
                (void) fputs(LVM_TAG_DOMAIN, f);
                for (size_t i = 0; i < n; i++)
                        if (i != skip)
                                (void) fprintf(f, ",%s", tags[i]);
                (void) fclose(f);
                assert_false(read_domain(less, size));
                assert_true(asprintf(&more, "%s,%sx", joined, tags[skip]) > 0);
                assert_false(read_domain(more, strlen(more)));
        }
        lvm_tags_free(tags);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_well),  cmocka_unit_test(test_two_of_one_slot), cmocka_unit_test(test_contradictions),
                        cmocka_unit_test(test_slots), cmocka_unit_test(test_domain),
                        cmocka_unit_test(test_order), cmocka_unit_test(test_many_slots),
        };

        return cmocka_run_group_tests_name("block-scan", tests, NULL, NULL);
}
