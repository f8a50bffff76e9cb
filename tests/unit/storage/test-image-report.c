/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is said of images on somebody's domain: whole ones, and every way one can be broken. */

#include "fixture.h"

#include "image-report.h"

#define DOMAIN "dddddddd-0000-4000-8000-000000000000"
#define IMAGE "aaaaaaaa-0000-4000-8000-000000000000"
#define OTHER "aaaaaaaa-0000-4000-8000-00000000000f"
#define BASE "bbbbbbbb-0000-4000-8000-000000000001"
#define MIDDLE "bbbbbbbb-0000-4000-8000-000000000002"
#define TOP "bbbbbbbb-0000-4000-8000-000000000003"

static VolumeRecord *add(VolumeList *list, const char *id, const char *parent, VolumeRole role) {
        VolumeRecord *record = volume_list_add(list, id);

        record->metadata = (VolumeMetadata){ .capacity_bytes = GIB, .format = VOLUME_FORMAT_QCOW2, .role = role, .disk_type = "DATA",
                                             .domain = DOMAIN, .image = IMAGE };
        memcpy(record->metadata.parent, parent, UUID_STRING_MAX);
        record->true_size_bytes = MIB;
        record->apparent_size_bytes = GIB;
        return record;
}

typedef struct Fixture {
        VolumeList list;
        VolumeLook looks[3];
} Fixture;

/* base <- middle <- top, all well */
static int setup(void **state) {
        static const char *const parents[] = { BLANK_UUID, BASE, MIDDLE };
        Fixture *f = calloc(1, sizeof *f);

        (void) snprintf(f->list.image, sizeof f->list.image, IMAGE);
        (void) add(&f->list, BASE, BLANK_UUID, VOLUME_INTERNAL);
        (void) add(&f->list, MIDDLE, BASE, VOLUME_INTERNAL);
        (void) add(&f->list, TOP, MIDDLE, VOLUME_LEAF);
        for (size_t i = 0; i < 3; i++) {
                VolumeLook *look = &f->looks[i];

                *look = (VolumeLook){ .looked = true, .is_qcow2 = true, .qcow2 = { .version = 3, .virtual_bytes = GIB } };
                look->qcow2.has_backing = i > 0;
                (void) snprintf(look->qcow2.backing, sizeof look->qcow2.backing, "%s", i > 0 ? parents[i] : "");
        }
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        volume_list_clear(&f->list);
        free(f);
        return 0;
}

static void assert_problem(Fixture *f, const char *wanted) {
        _cleanup_json_ json_t *report = image_report(&f->list, DOMAIN, f->looks);
        const json_t *problems = json_object_get(report, "problems"), *problem;
        size_t i;

        assert_non_null(report);
        assert_int_equal(json_is_true(json_object_get(report, "usable")), !wanted);
        if (!wanted) {
                assert_int_equal(json_array_size(problems), 0);
                return;
        }
        json_array_foreach((json_t *)problems, i, problem)
                if (strstr(json_string_value(problem), wanted))
                        return;
        fail_msg("no problem with \"%s\" in %s", wanted, json_dumps(problems, 0));
}

static void test_whole(void **state) {
        Fixture *f = *state;
        _cleanup_json_ json_t *report = image_report(&f->list, DOMAIN, f->looks);
        const json_t *chain = json_object_get(report, "chain");

        assert_problem(f, NULL);
        assert_int_equal(json_array_size(chain), 3);
        assert_string_equal(json_string_value(json_array_get(chain, 0)), TOP);
        assert_string_equal(json_string_value(json_array_get(chain, 2)), BASE);
        assert_int_equal(json_integer_value(json_object_get(report, "capacity")), GIB);
        assert_int_equal(json_integer_value(json_object_get(report, "true_size")), 3 * MIB);
        assert_string_equal(json_string_value(json_object_get(report, "format")), "qcow2");
        assert_true(json_is_false(json_object_get(report, "template")));
        assert_null(json_object_get(report, "template_image"));
        assert_int_equal(json_array_size(json_object_get(report, "volumes")), 3);
        assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(report, "volumes"), 1), "id")), MIDDLE);
        assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(report, "volumes"), 1), "format")), "qcow2");
        assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(report, "volumes"), 1), "capacity")), GIB);
}

static void test_template(void **state) {
        Fixture *f = *state;
        _cleanup_json_ json_t *thin = NULL, *own = NULL;

        f->list.records[0].metadata.role = VOLUME_SHARED;
        memcpy(f->list.records[0].metadata.image, OTHER, UUID_STRING_MAX);
        thin = image_report(&f->list, DOMAIN, f->looks);
        assert_string_equal(json_string_value(json_object_get(thin, "template_image")), OTHER);
        assert_true(json_is_false(json_object_get(thin, "template")));
        memcpy(f->list.records[0].metadata.image, IMAGE, UUID_STRING_MAX);
        f->list.n = 1;
        own = image_report(&f->list, DOMAIN, f->looks);
        f->list.n = 3;
        assert_true(json_is_true(json_object_get(own, "template")));
        assert_null(json_object_get(own, "template_image"));
}

static void test_chain(void **state) {
        Fixture *f = *state;

        memcpy(f->list.records[0].metadata.parent, TOP, UUID_STRING_MAX);
        assert_problem(f, "loop");
        memcpy(f->list.records[0].metadata.parent, OTHER, UUID_STRING_MAX);
        assert_problem(f, "is missing");
        memcpy(f->list.records[0].metadata.parent, BLANK_UUID, UUID_STRING_MAX);
        f->list.records[1].metadata.role = VOLUME_LEAF;
        assert_problem(f, "2 top volumes");
        f->list.records[1].metadata.role = VOLUME_INTERNAL;
        memcpy(f->list.records[2].metadata.parent, BASE, UUID_STRING_MAX);
        assert_problem(f, "in no chain");
        f->list.records[2].metadata.role = VOLUME_INTERNAL;
        assert_problem(f, "no top volume");
        f->list.records[2].problem = strdup("its text is cut off");
        assert_problem(f, "cut off");
}

static void test_owner(void **state) {
        Fixture *f = *state;

        memcpy(f->list.records[0].metadata.image, OTHER, UUID_STRING_MAX);
        assert_problem(f, "belongs to the image");
        /* a template's volume is linked in */
        f->list.records[0].metadata.role = VOLUME_SHARED;
        assert_problem(f, NULL);
        memcpy(f->list.records[1].metadata.domain, OTHER, UUID_STRING_MAX);
        assert_problem(f, "belongs to the domain");
}

static void test_headers(void **state) {
        Fixture *f = *state;
        Qcow2Facts *top = &f->looks[2].qcow2;

        (void) snprintf(top->backing, sizeof top->backing, "../" OTHER "/" MIDDLE);
        assert_problem(f, NULL);
        (void) snprintf(top->backing, sizeof top->backing, "/etc/shadow");
        assert_problem(f, "leads out of the domain");
        (void) snprintf(top->backing, sizeof top->backing, "../../../etc/" MIDDLE);
        assert_problem(f, "leads out of the domain");
        (void) snprintf(top->backing, sizeof top->backing, "../../" MIDDLE);
        assert_problem(f, "leads out of the domain");
        (void) snprintf(top->backing, sizeof top->backing, "x/" MIDDLE);
        assert_problem(f, "leads out of the domain");
        top->backing[0] = 0;
        assert_problem(f, "not where it could be read");
        (void) snprintf(top->backing, sizeof top->backing, "nbd://evil/x");
        assert_problem(f, "leads out of the domain");
        (void) snprintf(top->backing, sizeof top->backing, BASE);
        assert_problem(f, "its parent");
        top->has_backing = false;
        assert_problem(f, "names no backing file");
        top->has_backing = true;
        (void) snprintf(top->backing, sizeof top->backing, MIDDLE);
        top->data_file = true;
        assert_problem(f, "in another file");
        top->data_file = false;
        top->virtual_bytes = UINT64_C(8) << 60;
        assert_problem(f, "claims");
        top->virtual_bytes = GIB;
        f->looks[0].qcow2.has_backing = true;
        assert_problem(f, "has no parent");
        f->looks[0].qcow2.has_backing = false;
        f->looks[1].is_qcow2 = false;
        assert_problem(f, "should be qcow2");
}

static void test_data(void **state) {
        Fixture *f = *state;
        VolumeRecord *base = &f->list.records[0];

        base->metadata.format = VOLUME_FORMAT_RAW;
        f->looks[0].is_qcow2 = false;
        assert_problem(f, NULL);
        base->apparent_size_bytes = GIB - 1;
        assert_problem(f, "of 1073741824 bytes");
        (void) snprintf(base->metadata.disk_type, sizeof base->metadata.disk_type, "OVFS");
        assert_problem(f, NULL);
        (void) snprintf(base->metadata.disk_type, sizeof base->metadata.disk_type, "DATA");
        base->apparent_size_bytes = GIB;
        base->metadata.legality = VOLUME_ILLEGAL;
        assert_problem(f, "it is illegal");
        base->metadata.legality = VOLUME_LEGAL;
        f->list.records[1].metadata.format = VOLUME_FORMAT_RAW;
        f->looks[1].is_qcow2 = false;
        assert_problem(f, "has a parent and is raw");
}

static void test_empty(void **state) {
        VolumeList list = { .image = IMAGE };
        _cleanup_json_ json_t *report = image_report(&list, DOMAIN, NULL);

        assert_int_equal(json_array_size(json_object_get(report, "problems")), 1);
        assert_false(json_is_true(json_object_get(report, "usable")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_whole), TEST(test_template), TEST(test_chain), TEST(test_owner), TEST(test_headers), TEST(test_data),
                cmocka_unit_test(test_empty),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
