/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "fixture.h"
#include "volume-rules.h"

#define DOMAIN "dddddddd-0000-4000-8000-000000000000"
#define IMAGE "aaaaaaaa-0000-4000-8000-000000000000"
#define BASE "bbbbbbbb-0000-4000-8000-000000000001"
#define TOP "bbbbbbbb-0000-4000-8000-000000000002"
#define THIRD "bbbbbbbb-0000-4000-8000-000000000003"

static VolumeRequest request_of(const char *volume, const char *parent) {
        VolumeRequest request = {.capacity_bytes = 1 * GIB, .disk_type = "DATA", .now_sec = 7};

        (void) snprintf(request.image, sizeof(request.image), "%s", IMAGE);
        (void) snprintf(request.volume, sizeof(request.volume), "%s", volume);
        (void) snprintf(request.parent, sizeof(request.parent), "%s", parent ?: BLANK_UUID);
        if (parent)
                request.format = VOLUME_FORMAT_QCOW2;
        return request;
}

static VolumeRecord *add(VolumeList *list, const char *id, const char *parent, VolumeRole role) {
        VolumeRecord *record = volume_list_add(list, id);

        assert_non_null(record);
        (void) snprintf(list->image, sizeof(list->image), "%s", IMAGE);
        (void) snprintf(record->metadata.image, UUID_STRING_MAX, "%s", IMAGE);
        (void) snprintf(record->metadata.domain, UUID_STRING_MAX, "%s", DOMAIN);
        (void) snprintf(record->metadata.parent, UUID_STRING_MAX, "%s", parent ?: BLANK_UUID);
        record->metadata.role = role;
        record->metadata.capacity_bytes = 1 * GIB;
        record->metadata.format = parent ? VOLUME_FORMAT_QCOW2 : VOLUME_FORMAT_RAW;
        record->links = 1;
        return record;
}

static void add_two(VolumeList *list) {
        add(list, BASE, NULL, VOLUME_INTERNAL)->metadata.sequence = 1;
        add(list, TOP, BASE, VOLUME_LEAF)->metadata.sequence = 2;
}

#define assert_error(expression, wanted)                                                                              \
        do {                                                                                                          \
                sd_bus_error error = SD_BUS_ERROR_NULL;                                                               \
                assert_true((expression) < 0);                                                                        \
                assert_non_null(error.name);                                                                          \
                assert_string_equal(error.name, wanted);                                                              \
                assert_true(strlen(error.message) > 10);                                                              \
                sd_bus_error_free(&error);                                                                            \
        } while (0)

static void test_request(void **state) {
        VolumeRequest r = request_of(BASE, NULL);

        assert_ok(volume_request_check(&r, NULL));
        r.capacity_bytes = 0;
        assert_error(volume_request_check(&r, &error), RHV_ERROR_INVALID_ARGUMENT);
        r.capacity_bytes = UINT64_C(1) << 63;
        assert_error(volume_request_check(&r, &error), RHV_ERROR_INVALID_ARGUMENT);
        r.capacity_bytes = VOLUME_CAPACITY_MAX + 1;
        assert_error(volume_request_check(&r, &error), RHV_ERROR_INVALID_ARGUMENT);
        r.capacity_bytes = VOLUME_CAPACITY_MAX;
        assert_ok(volume_request_check(&r, NULL));
        r = request_of(TOP, BASE);
        assert_ok(volume_request_check(&r, NULL));
        r.capacity_bytes = 0;
        assert_ok(volume_request_check(&r, NULL));
        r.format = VOLUME_FORMAT_RAW;
        assert_error(volume_request_check(&r, &error), RHV_ERROR_INVALID_ARGUMENT);
        r = request_of(BASE, BASE);
        assert_error(volume_request_check(&r, &error), RHV_ERROR_INVALID_ARGUMENT);
        r = request_of(BASE, NULL);
        (void) snprintf(r.description, sizeof(r.description), "a\nb");
        assert_error(volume_request_check(&r, &error), RHV_ERROR_INVALID_ARGUMENT);
        r = request_of(BASE, NULL);
        (void) snprintf(r.disk_type, sizeof(r.disk_type), "WHAT");
        assert_error(volume_request_check(&r, &error), RHV_ERROR_INVALID_ARGUMENT);
        (void) snprintf(r.disk_type, sizeof(r.disk_type), "ISOF");
        assert_ok(volume_request_check(&r, NULL));
        r.format = VOLUME_FORMAT_QCOW2;
        assert_error(volume_request_check(&r, &error), RHV_ERROR_INVALID_ARGUMENT);
        r = request_of(TOP, BASE);
        (void) snprintf(r.disk_type, sizeof(r.disk_type), "ISOF");
        assert_error(volume_request_check(&r, &error), RHV_ERROR_INVALID_ARGUMENT);
        r = request_of(BLANK_UUID, NULL);
        assert_error(volume_request_check(&r, &error), RHV_ERROR_INVALID_ARGUMENT);
}

static void test_plan_first(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        VolumeRequest r = request_of(BASE, NULL);
        VolumeMetadata m;

        r.capacity_bytes = 1000;
        assert_ok(volume_request_plan(&r, &list, DOMAIN, 5, &m, NULL));
        assert_int_equal(m.capacity_bytes, 4096);
        assert_int_equal(m.sequence, 1);
        assert_int_equal(m.generation, 0);
        assert_int_equal(m.created_sec, 7);
        assert_int_equal(m.legality, VOLUME_LEGAL);
        assert_int_equal(m.role, VOLUME_LEAF);
        assert_string_equal(m.domain, DOMAIN);
        memset(r.description, 'x', 300);
        assert_error(volume_request_plan(&r, &list, DOMAIN, 5, &m, &error), RHV_ERROR_INVALID_ARGUMENT);
}

static void test_plan_child(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        VolumeRequest r = request_of(THIRD, TOP);
        VolumeMetadata m;

        add_two(&list);
        r.capacity_bytes = 0;
        assert_ok(volume_request_plan(&r, &list, DOMAIN, 5, &m, NULL));
        assert_int_equal(m.capacity_bytes, 1 * GIB);
        assert_int_equal(m.sequence, 3);
        r.capacity_bytes = 1 * MIB;
        assert_error(volume_request_plan(&r, &list, DOMAIN, 5, &m, &error), RHV_ERROR_INVALID_ARGUMENT);
        r = request_of(THIRD, BASE);
        assert_error(volume_request_plan(&r, &list, DOMAIN, 5, &m, &error), RHV_ERROR_INVALID_STATE);
        r = request_of(THIRD, "bbbbbbbb-0000-4000-8000-00000000000f");
        assert_error(volume_request_plan(&r, &list, DOMAIN, 5, &m, &error), RHV_ERROR_NOT_FOUND);
        r = request_of(TOP, BASE);
        assert_error(volume_request_plan(&r, &list, DOMAIN, 5, &m, &error), RHV_ERROR_ALREADY_EXISTS);
        r = request_of(THIRD, NULL);
        assert_error(volume_request_plan(&r, &list, DOMAIN, 5, &m, &error), RHV_ERROR_INVALID_STATE);
        r = request_of(THIRD, TOP);
        (void) snprintf(list.records[1].metadata.disk_type, sizeof(list.records[1].metadata.disk_type), "ISOF");
        assert_error(volume_request_plan(&r, &list, DOMAIN, 5, &m, &error), RHV_ERROR_INVALID_STATE);
        (void) snprintf(list.records[1].metadata.disk_type, sizeof(list.records[1].metadata.disk_type), "DATA");
        list.records[1].metadata.legality = VOLUME_ILLEGAL;
        r = request_of(THIRD, TOP);
        assert_error(volume_request_plan(&r, &list, DOMAIN, 5, &m, &error), RHV_ERROR_INVALID_STATE);
}

static void test_chain(void **state) {
        const VolumeRecord *chain[VOLUME_CHAIN_MAX];
        _cleanup_(volume_list_clear) VolumeList list = {};

        add_two(&list);
        assert_int_equal(volume_chain(&list, TOP, true, chain, NULL), 2);
        assert_string_equal(chain[0]->id, TOP);
        assert_string_equal(chain[1]->id, BASE);
        assert_error(volume_chain(&list, THIRD, true, chain, &error), RHV_ERROR_NOT_FOUND);

        list.records[0].metadata.legality = VOLUME_ILLEGAL;
        assert_error(volume_chain(&list, TOP, true, chain, &error), RHV_ERROR_INVALID_STATE);
        assert_int_equal(volume_chain(&list, TOP, false, chain, NULL), 2);

        memcpy(list.records[0].metadata.parent, TOP, UUID_STRING_MAX);
        assert_error(volume_chain(&list, TOP, false, chain, &error), RHV_ERROR_BAD_FORMAT);
        memcpy(list.records[0].metadata.parent, THIRD, UUID_STRING_MAX);
        assert_error(volume_chain(&list, TOP, false, chain, &error), RHV_ERROR_BAD_FORMAT);
        list.records[0].problem = strdup("bbbbbbbb: VERSION is missing");
        assert_error(volume_chain(&list, TOP, false, chain, &error), RHV_ERROR_BAD_FORMAT);
}

static void test_leaf(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};

        assert_null(volume_list_leaf(&list));
        add_two(&list);
        assert_string_equal(volume_list_leaf(&list)->id, TOP);
        add(&list, THIRD, BASE, VOLUME_LEAF);
        assert_null(volume_list_leaf(&list));
        list.records[1].metadata.role = VOLUME_SHARED;
        assert_string_equal(volume_list_leaf(&list)->id, THIRD);
}

static void test_delete(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        char parent[UUID_STRING_MAX];

        add(&list, BASE, NULL, VOLUME_LEAF);
        assert_error(volume_may_delete(&list, BASE, parent, &error), RHV_ERROR_INVALID_STATE);
        volume_list_clear(&list);
        add_two(&list);
        assert_error(volume_may_delete(&list, BASE, parent, &error), RHV_ERROR_INVALID_STATE);
        assert_error(volume_may_delete(&list, THIRD, parent, &error), RHV_ERROR_NOT_FOUND);
        assert_ok(volume_may_delete(&list, TOP, parent, NULL));
        assert_string_equal(parent, BASE);
        assert_ok(image_may_delete(&list, NULL));

        /* A deletion that was interrupted after the cut can be repeated. */
        memcpy(list.records[1].metadata.parent, BLANK_UUID, UUID_STRING_MAX);
        list.records[1].metadata.legality = VOLUME_ILLEGAL;
        assert_ok(volume_may_delete(&list, TOP, parent, NULL));
        assert_string_equal(parent, "");
}

static void test_template_stays(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        VolumeRecord *record = add(&list, BASE, NULL, VOLUME_SHARED);

        assert_ok(image_may_delete(&list, NULL));
        record->links = 2;
        assert_error(image_may_delete(&list, &error), RHV_ERROR_IN_USE);
        assert_error(volume_may_upload(&list, BASE, 1, &error), RHV_ERROR_INVALID_STATE);
}

static void test_unfinished_copy(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        VolumeRecord *record = add(&list, BASE, NULL, VOLUME_LEAF);

        assert_false(image_is_unfinished_copy(&list, BASE));
        record->metadata.legality = VOLUME_ILLEGAL;
        assert_true(image_is_unfinished_copy(&list, BASE));
        assert_false(image_is_unfinished_copy(&list, TOP));
        record->metadata.generation = 1; /* it was whole once */
        assert_false(image_is_unfinished_copy(&list, BASE));
        record->metadata.generation = 0;
        record->metadata.role = VOLUME_SHARED;
        assert_false(image_is_unfinished_copy(&list, BASE));
        record->metadata.role = VOLUME_LEAF;
        memcpy(record->metadata.image, TOP, UUID_STRING_MAX); /* another image's */
        assert_false(image_is_unfinished_copy(&list, BASE));
        memcpy(record->metadata.image, list.image, UUID_STRING_MAX);
        add(&list, TOP, BASE, VOLUME_LEAF);
        assert_false(image_is_unfinished_copy(&list, BASE));
}

static void test_transfers(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};

        add(&list, BASE, NULL, VOLUME_LEAF);
        assert_ok(volume_may_upload(&list, BASE, 1 * GIB, NULL));
        assert_error(volume_may_upload(&list, BASE, 1 * GIB + 1, &error), RHV_ERROR_INVALID_ARGUMENT);
        assert_ok(volume_may_download(&list, BASE, NULL));
        list.records[0].metadata.legality = VOLUME_ILLEGAL;
        assert_ok(volume_may_upload(&list, BASE, 1, NULL));
        assert_error(volume_may_download(&list, BASE, &error), RHV_ERROR_INVALID_STATE);
        list.records[0].metadata.format = VOLUME_FORMAT_QCOW2;
        assert_ok(volume_may_upload(&list, BASE, volume_qcow2_max_bytes(1 * GIB), NULL));
        volume_list_clear(&list);
        add_two(&list);
        assert_error(volume_may_upload(&list, BASE, 1, &error), RHV_ERROR_INVALID_STATE);
        assert_error(volume_may_upload(&list, TOP, 1, &error), RHV_ERROR_NOT_SUPPORTED);
        assert_error(volume_may_download(&list, TOP, &error), RHV_ERROR_NOT_SUPPORTED);
}

static void test_numbers(void **state) {
        assert_int_equal(volume_round_up(1), 4096);
        assert_int_equal(volume_round_up(4096), 4096);
        assert_int_equal(volume_next_generation(998), 999);
        assert_int_equal(volume_next_generation(999), 0);
        assert_int_equal(volume_qcow2_max_bytes(10 * MIB), 11 * MIB);
        assert_true(volume_qcow2_max_bytes(VOLUME_CAPACITY_MAX) > VOLUME_CAPACITY_MAX);
}

/* A template is a volume alone in its image, shared and legal; an image on it names both. */
static void test_template(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        VolumeChange change = {.expected_generation = GENERATION_ANY, .legality = VOLUME_LEGAL, .share = true};
        VolumeRequest request = request_of(TOP, BASE);
        VolumeRecord *base = add(&list, BASE, NULL, VOLUME_LEAF);
        char parent[UUID_STRING_MAX];

        assert_error(volume_may_base(&list, BASE, &error), RHV_ERROR_INVALID_STATE);
        assert_ok(volume_change_apply(&change, BASE, &base->metadata, NULL));
        assert_int_equal(base->metadata.role, VOLUME_SHARED);
        assert_ok(volume_may_base(&list, BASE, NULL));
        assert_error(volume_may_base(&list, TOP, &error), RHV_ERROR_NOT_FOUND);
        assert_error(volume_change_apply(&change, BASE, &base->metadata, &error), RHV_ERROR_INVALID_STATE);
        base->metadata.legality = VOLUME_ILLEGAL;
        assert_error(volume_may_base(&list, BASE, &error), RHV_ERROR_INVALID_STATE);
        base->metadata.legality = VOLUME_LEGAL;
        (void) snprintf(base->metadata.image, UUID_STRING_MAX, "%s", DOMAIN); /* linked here from another image */
        assert_error(volume_may_base(&list, BASE, &error), RHV_ERROR_INVALID_STATE);

        (void) snprintf(request.parent_image, sizeof(request.parent_image), "%s", DOMAIN);
        assert_ok(volume_request_check(&request, NULL));
        request.branch = true;
        assert_error(volume_request_check(&request, &error), RHV_ERROR_INVALID_ARGUMENT);
        request = request_of(TOP, NULL);
        (void) snprintf(request.parent_image, sizeof(request.parent_image), "%s", DOMAIN);
        assert_error(volume_request_check(&request, &error), RHV_ERROR_INVALID_ARGUMENT);

        /* its own volume goes only with the image */
        (void) add(&list, TOP, BASE, VOLUME_LEAF);
        assert_error(volume_may_delete(&list, TOP, parent, &error), RHV_ERROR_INVALID_STATE);
        (void) add(&list, THIRD, TOP, VOLUME_LEAF);
        list.records[1].metadata.role = VOLUME_INTERNAL;
        assert_ok(volume_may_delete(&list, THIRD, parent, NULL));
        assert_string_equal(parent, TOP);
}

/* A second top beside the first, for a preview, and only where that was asked for. */
static void test_branch(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        VolumeRequest request = request_of(THIRD, BASE);
        VolumeMetadata metadata;

        add_two(&list);
        assert_error(volume_request_plan(&request, &list, DOMAIN, 5, &metadata, &error), RHV_ERROR_INVALID_STATE);
        request.branch = true;
        request.illegal = true;
        assert_ok(volume_request_plan(&request, &list, DOMAIN, 5, &metadata, NULL));
        assert_int_equal(metadata.sequence, 3);
        assert_int_equal(metadata.legality, VOLUME_ILLEGAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_template),
                        cmocka_unit_test(test_branch),
                        cmocka_unit_test(test_request),        cmocka_unit_test(test_plan_first),
                        cmocka_unit_test(test_plan_child),     cmocka_unit_test(test_chain),
                        cmocka_unit_test(test_leaf),           cmocka_unit_test(test_delete),
                        cmocka_unit_test(test_template_stays), cmocka_unit_test(test_transfers),
                        cmocka_unit_test(test_unfinished_copy),
                        cmocka_unit_test(test_numbers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
