/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which volumes may be extended, copied and merged. */

#include "bus-error.h"
#include "chain-rules.h"
#include "fixture.h"

#define IMAGE "aaaaaaaa-0000-4000-8000-000000000000"
#define A "bbbbbbbb-0000-4000-8000-000000000001"
#define B "bbbbbbbb-0000-4000-8000-000000000002"
#define C "bbbbbbbb-0000-4000-8000-000000000003"
#define D "bbbbbbbb-0000-4000-8000-000000000004"

static VolumeRecord *add(VolumeList *list, const char *id, const char *parent, VolumeRole role) {
        VolumeRecord *record = volume_list_add(list, id);

        assert_non_null(record);
        (void) snprintf(list->image, sizeof(list->image), "%s", IMAGE);
        (void) snprintf(record->metadata.image, UUID_STRING_MAX, "%s", IMAGE);
        (void) snprintf(record->metadata.parent, UUID_STRING_MAX, "%s", parent ?: BLANK_UUID);
        record->metadata.role = role;
        record->metadata.capacity_bytes = 1 * GIB;
        record->metadata.format = parent ? VOLUME_FORMAT_QCOW2 : VOLUME_FORMAT_RAW;
        return record;
}

/* A <- B <- C */
static void add_three(VolumeList *list) {
        add(list, A, NULL, VOLUME_INTERNAL);
        add(list, B, A, VOLUME_INTERNAL);
        add(list, C, B, VOLUME_LEAF);
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

static void test_extend(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        uint64_t bytes;

        add_three(&list);
        assert_ok(volume_may_extend(&list, C, 2 * GIB, &bytes, NULL));
        assert_int_equal(bytes, 2 * GIB);
        assert_ok(volume_may_extend(&list, C, 1 * GIB + 512, &bytes, NULL));
        assert_int_equal(bytes, 1 * GIB + 4096);
        assert_ok(volume_may_extend(&list, C, 1 * GIB, &bytes, NULL));
        assert_int_equal(bytes, 1 * GIB);
        assert_error(volume_may_extend(&list, C, 1 * GIB - 512, &bytes, &error), RHV_ERROR_INVALID_ARGUMENT);
        assert_error(volume_may_extend(&list, C, 1 * GIB + 513, &bytes, &error), RHV_ERROR_INVALID_ARGUMENT);
        assert_error(volume_may_extend(&list, C, VOLUME_CAPACITY_MAX + 512, &bytes, &error), RHV_ERROR_INVALID_ARGUMENT);
        assert_error(volume_may_extend(&list, B, 2 * GIB, &bytes, &error), RHV_ERROR_INVALID_STATE);
        (void) snprintf(list.records[2].metadata.disk_type, sizeof(list.records[2].metadata.disk_type), "ISOF");
        assert_error(volume_may_extend(&list, C, 2 * GIB, &bytes, &error), RHV_ERROR_INVALID_STATE);
        list.records[2].metadata.disk_type[0] = 0;
        assert_error(volume_may_extend(&list, D, 2 * GIB, &bytes, &error), RHV_ERROR_NOT_FOUND);
        list.records[2].metadata.role = VOLUME_SHARED;
        assert_error(volume_may_extend(&list, C, 2 * GIB, &bytes, &error), RHV_ERROR_INVALID_STATE);
        list.records[2].metadata.role = VOLUME_LEAF;
        list.records[0].metadata.legality = VOLUME_ILLEGAL;
        assert_error(volume_may_extend(&list, C, 2 * GIB, &bytes, &error), RHV_ERROR_INVALID_STATE);
}

static void test_copy(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        const VolumeRecord *chain[VOLUME_CHAIN_MAX];

        add_three(&list);
        assert_int_equal(volume_may_copy(&list, C, 0, chain, NULL), 3);
        assert_int_equal(volume_may_copy(&list, A, 1 * GIB, chain, NULL), 1);
        assert_error(volume_may_copy(&list, C, 1 * GIB - 512, chain, &error), RHV_ERROR_INVALID_ARGUMENT);
        list.records[1].metadata.legality = VOLUME_ILLEGAL;
        assert_error(volume_may_copy(&list, C, 0, chain, &error), RHV_ERROR_INVALID_STATE);
        assert_int_equal(volume_may_copy(&list, A, 0, chain, NULL), 1);
}

static void test_merge(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        const VolumeRecord *chain[VOLUME_CHAIN_MAX];
        MergePlan plan;

        add_three(&list);
        list.records[2].metadata.capacity_bytes = 2 * GIB;
        assert_int_equal(volume_may_merge(&list, C, chain, &plan, NULL), 3);
        assert_string_equal(plan.base, B);
        assert_string_equal(plan.child, "");
        assert_int_equal(plan.capacity_bytes, 2 * GIB);
        assert_int_equal(volume_may_merge(&list, B, chain, &plan, NULL), 2);
        assert_string_equal(plan.base, A);
        assert_string_equal(plan.child, C);
        assert_int_equal(plan.capacity_bytes, 1 * GIB);
        assert_error(volume_may_merge(&list, A, chain, &plan, &error), RHV_ERROR_INVALID_STATE);
        assert_error(volume_may_merge(&list, D, chain, &plan, &error), RHV_ERROR_NOT_FOUND);

        /* what it is merged into must be whole; itself it may be half gone */
        list.records[1].metadata.legality = VOLUME_ILLEGAL;
        assert_error(volume_may_merge(&list, C, chain, &plan, &error), RHV_ERROR_INVALID_STATE);
        assert_int_equal(volume_may_merge(&list, B, chain, &plan, NULL), 2);
        assert_string_equal(plan.child, C);
        (void) snprintf(list.records[2].metadata.parent, UUID_STRING_MAX, "%s", A);
        assert_int_equal(volume_may_merge(&list, B, chain, &plan, NULL), 2);
        assert_string_equal(plan.child, "");
        assert_error(volume_may_merge(&list, C, chain, &plan, &error), RHV_ERROR_INVALID_STATE);
        /* a branch is none that was cut off */
        list.records[1].metadata.legality = VOLUME_LEGAL;
        assert_error(volume_may_merge(&list, B, chain, &plan, &error), RHV_ERROR_INVALID_STATE);
        (void) snprintf(list.records[2].metadata.parent, UUID_STRING_MAX, "%s", B);
        (void) add(&list, D, B, VOLUME_LEAF);
        assert_error(volume_may_merge(&list, B, chain, &plan, &error), RHV_ERROR_INVALID_STATE);
}

static void test_merge_of_templates_and_strangers(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        const VolumeRecord *chain[VOLUME_CHAIN_MAX];
        MergePlan plan;

        add_three(&list);
        list.records[0].metadata.role = VOLUME_SHARED;
        assert_error(volume_may_merge(&list, B, chain, &plan, &error), RHV_ERROR_INVALID_STATE);
        assert_int_equal(volume_may_merge(&list, C, chain, &plan, NULL), 3);
        add(&list, D, NULL, VOLUME_LEAF)->problem = strdup("metadata that cannot be read");
        assert_error(volume_may_merge(&list, C, chain, &plan, &error), RHV_ERROR_INVALID_STATE);
        assert_error(volume_may_merge(&list, D, chain, &plan, &error), RHV_ERROR_BAD_FORMAT);
}

static void test_sparsify(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};

        add_three(&list);
        list.records[2].metadata.allocation = VOLUME_ALLOCATION_SPARSE;
        assert_ok(volume_may_sparsify(&list, C, false, NULL));
        assert_error(volume_may_sparsify(&list, B, false, &error), RHV_ERROR_INVALID_STATE);
        assert_error(volume_may_sparsify(&list, D, false, &error), RHV_ERROR_NOT_FOUND);
        list.records[2].metadata.allocation = VOLUME_ALLOCATION_PREALLOCATED;
        assert_error(volume_may_sparsify(&list, C, false, &error), RHV_ERROR_INVALID_ARGUMENT);
        assert_ok(volume_may_sparsify(&list, C, true, NULL));
        list.records[2].metadata.allocation = VOLUME_ALLOCATION_SPARSE;
        list.records[2].metadata.role = VOLUME_SHARED;
        assert_error(volume_may_sparsify(&list, C, false, &error), RHV_ERROR_INVALID_STATE);
        list.records[2].metadata.role = VOLUME_LEAF;
        list.records[2].metadata.legality = VOLUME_ILLEGAL;
        assert_error(volume_may_sparsify(&list, C, false, &error), RHV_ERROR_INVALID_STATE);
        assert_error(volume_may_sparsify(&list, C, true, &error), RHV_ERROR_INVALID_STATE);
}

static void test_reduce(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        bool leaf;

        add_three(&list);
        list.records[1].metadata.format = list.records[2].metadata.format = VOLUME_FORMAT_QCOW2;
        list.records[1].metadata.allocation = list.records[2].metadata.allocation = VOLUME_ALLOCATION_SPARSE;
        assert_ok(volume_may_reduce(&list, C, &leaf, NULL));
        assert_true(leaf);
        assert_ok(volume_may_reduce(&list, B, &leaf, NULL));
        assert_false(leaf);
        /* a template is only read */
        list.records[2].metadata.role = VOLUME_SHARED;
        assert_ok(volume_may_reduce(&list, C, &leaf, NULL));
        assert_false(leaf);
        list.records[2].metadata.role = VOLUME_LEAF;
        list.records[2].metadata.legality = VOLUME_ILLEGAL;
        assert_error(volume_may_reduce(&list, C, &leaf, &error), RHV_ERROR_INVALID_STATE);
        list.records[2].metadata.legality = VOLUME_LEGAL;
        list.records[2].metadata.allocation = VOLUME_ALLOCATION_PREALLOCATED;
        assert_error(volume_may_reduce(&list, C, &leaf, &error), RHV_ERROR_INVALID_ARGUMENT);
        list.records[2].metadata.allocation = VOLUME_ALLOCATION_SPARSE;
        list.records[2].metadata.format = VOLUME_FORMAT_RAW;
        assert_error(volume_may_reduce(&list, C, &leaf, &error), RHV_ERROR_INVALID_ARGUMENT);
        assert_error(volume_may_reduce(&list, D, &leaf, &error), RHV_ERROR_NOT_FOUND);
}

static void test_left_overs(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};

        add_three(&list);
        for (size_t i = 0; i < 3; i++) {
                assert_false(volume_is_cut_out(&list, &list.records[i]));
                assert_false(volume_is_bare(&list, &list.records[i]));
        }
        /* C was taken out */
        (void) snprintf(list.records[2].metadata.parent, UUID_STRING_MAX, "%s", BLANK_UUID);
        assert_false(volume_is_cut_out(&list, &list.records[2]));
        list.records[2].metadata.legality = VOLUME_ILLEGAL;
        assert_true(volume_is_cut_out(&list, &list.records[2]));
        assert_true(volume_is_bare(&list, &list.records[1]));
        assert_false(volume_is_bare(&list, &list.records[0]));
        /* B was merged: C is on A */
        list.records[1].metadata.legality = VOLUME_ILLEGAL;
        assert_true(volume_is_cut_out(&list, &list.records[1]));
        assert_false(volume_is_bare(&list, &list.records[1]));
        list.records[1].metadata.role = VOLUME_LEAF; /* a top that is illegal may be on its way */
        assert_false(volume_is_cut_out(&list, &list.records[1]));
        list.records[1].metadata.role = VOLUME_INTERNAL;
        list.records[1].metadata.legality = VOLUME_LEGAL;
        /* the only one, or beside what cannot be read: somebody's */
        list.records[0].metadata.legality = VOLUME_ILLEGAL;
        assert_false(volume_is_cut_out(&list, &list.records[2]));
        list.records[0].metadata.legality = VOLUME_LEGAL;
        add(&list, D, NULL, VOLUME_LEAF)->problem = strdup("metadata that cannot be read");
        assert_false(volume_is_cut_out(&list, &list.records[2]));
        assert_false(volume_is_bare(&list, &list.records[1]));
}

/* B is merged into A: C's tag says A, its slot still B. */
static void test_moves(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};

        add_three(&list);
        assert_false(volume_is_moving(&list, &list.records[2], A)); /* B is legal: somebody else's riddle */
        list.records[1].metadata.legality = VOLUME_ILLEGAL;
        assert_true(volume_is_moving(&list, &list.records[2], A));
        assert_false(volume_is_moving(&list, &list.records[2], B));
        assert_false(volume_is_moving(&list, &list.records[2], D));
        assert_false(volume_is_moving(&list, &list.records[0], B));
        (void) snprintf(list.records[2].metadata.parent, UUID_STRING_MAX, "%s", A);
        assert_false(volume_is_moving(&list, &list.records[2], A));
}

/* B was merged into A by VDSM: C's slot says A, its tag still B. */
static void test_lagging_tags(void **state) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        VolumeMetadata *c;

        add_three(&list);
        c = &list.records[2].metadata;
        assert_false(volume_tag_lags(&list, &list.records[2], B, B));
        assert_false(volume_has_left(&list, B));
        (void) snprintf(c->parent, UUID_STRING_MAX, "%s", A);
        assert_true(volume_tag_lags(&list, &list.records[2], B, B));
        assert_false(volume_tag_lags(&list, &list.records[2], B, D));
        assert_false(volume_tag_lags(&list, &list.records[2], A, B));
        list.records[1].metadata.legality = VOLUME_ILLEGAL;
        assert_true(volume_tag_lags(&list, &list.records[2], B, B));
        assert_true(volume_has_left(&list, B));
        assert_true(volume_has_left(&list, D));
        assert_false(volume_has_left(&list, BLANK_UUID));
        /* with B gone; with a parent nobody has; on its way as we move it */
        assert_true(volume_tag_lags(&list, &list.records[2], D, D));
        (void) snprintf(c->parent, UUID_STRING_MAX, "%s", D);
        assert_false(volume_tag_lags(&list, &list.records[2], B, B));
        (void) snprintf(c->parent, UUID_STRING_MAX, "%s", B);
        assert_true(volume_is_moving(&list, &list.records[2], A));
        assert_false(volume_tag_lags(&list, &list.records[2], A, A));
        /* beside what cannot be read: somebody's */
        (void) snprintf(c->parent, UUID_STRING_MAX, "%s", A);
        add(&list, D, NULL, VOLUME_LEAF)->problem = strdup("metadata that cannot be read");
        assert_false(volume_tag_lags(&list, &list.records[2], B, B));
        assert_false(volume_has_left(&list, D));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_moves),
                        cmocka_unit_test(test_lagging_tags),
                        cmocka_unit_test(test_extend),
                        cmocka_unit_test(test_copy),
                        cmocka_unit_test(test_merge),
                        cmocka_unit_test(test_merge_of_templates_and_strangers),
                        cmocka_unit_test(test_sparsify),
                        cmocka_unit_test(test_reduce),
                        cmocka_unit_test(test_left_overs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
