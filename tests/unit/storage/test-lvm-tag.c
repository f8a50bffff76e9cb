/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tags of a block domain: the encoding (vectors of VDSM's lvmTagEncode), the domain's metadata, a volume's place. */

#include "domain-metadata.h"
#include "fixture.h"
#include "lvm-tag.h"

#define IMAGE "aaaaaaaa-0000-4000-8000-000000000001"
#define PARENT "bbbbbbbb-0000-4000-8000-000000000001"

static void check_both_ways(const char *text, const char *tag) {
        _cleanup_free_ char *encoded = lvm_tag_encode(text), *decoded = NULL;

        assert_string_equal(encoded, tag);
        assert_int_equal(lvm_tag_decode(tag, strlen(tag), &decoded), 0);
        assert_string_equal(decoded, text);
}

static void test_encoding(void **state) {
        check_both_ways("", "");
        check_both_ways("VERSION=5", "VERSION=5");
        check_both_ways("a_b+c.d-e/f=g!h:i#j", "a_b+c.d-e/f=g!h:i#j");
        check_both_ways("pv:x,uuid:y", "pv:x&44&uuid:y");
        check_both_ways("DESCRIPTION=a & b", "DESCRIPTION=a&32&&38&&32&b");
        check_both_ways("données", "donn&233&es");
        check_both_ways("日本", "&26085&&26412&");
        check_both_ways("😀", "&128512&");
}

static void test_bad_codes(void **state) {
        static const char *const bad[] = {"&", "a&12", "&&", "&x&", "&-1&", "&0&", "&1114112&", "&55296&", "&99999999999&", "&4294967297&"};

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                char *text = NULL;

                assert_int_equal(lvm_tag_decode(bad[i], strlen(bad[i]), &text), -EBADMSG);
                assert_null(text);
        }
}

static void test_metadata(void **state) {
        _cleanup_free_ char *text = NULL, *back = NULL, *joined = NULL;
        _cleanup_(key_value_clear) KeyValueList list = {}, read = {};
        char **tags = NULL;
        bool sealed;
        size_t size;
        FILE *f;

        assert_int_equal(key_value_set(&list, "DESCRIPTION", "Größe, 1"), 0);
        assert_int_equal(key_value_set(&list, "VERSION", "5"), 0);
        text = domain_metadata_format(&list);
        assert_int_equal(lvm_tags_of_metadata(text, &tags), 0);
        assert_string_equal(tags[0], "MDT_DESCRIPTION=Gr&246&&223&e&44&&32&1");
        assert_string_equal(tags[1], "MDT_VERSION=5");
        assert_non_null(startswith(tags[2], "MDT__SHA_CKSUM="));
        assert_null(tags[3]);

        /* in another order, between others */
        f = open_memstream(&joined, &size);
        (void) fprintf(f, "%s,%s,%s,%s", tags[2], LVM_TAG_DOMAIN, tags[1], tags[0]);
        (void) fclose(f);
        lvm_tags_free(tags);
        assert_true(lvm_tags_have(joined, LVM_TAG_DOMAIN));
        assert_false(lvm_tags_have(joined, LVM_TAG_UNREADY));
        assert_false(lvm_tags_have(joined, "MDT_VERSION"));
        assert_int_equal(lvm_tags_to_metadata(joined, &back), 0);
        assert_int_equal(domain_metadata_parse(back, strlen(back), "tags", &read, &sealed, NULL), 0);
        assert_true(sealed);
        assert_string_equal(key_value_get(&read, "DESCRIPTION"), "Größe, 1");
}

static void test_no_metadata(void **state) {
        _cleanup_free_ char *text = NULL;

        assert_int_equal(lvm_tags_to_metadata("", &text), -ENOENT);
        assert_int_equal(lvm_tags_to_metadata("RHAT_storage_domain,other", &text), -ENOENT);
        assert_int_equal(lvm_tags_to_metadata("MDT_A=1,MDT_B=&1", &text), -EBADMSG);
        assert_int_equal(lvm_tags_to_metadata("MDT_A=1,MDT_B=2,x,MDT_A=3", &text), -ENOTUNIQ);
        /* a line that would become two */
        assert_int_equal(lvm_tags_to_metadata("MDT_A=1&10&B=2", &text), -EBADMSG);
}

static void test_volumes(void **state) {
        LvmVolumeTags tags;

        lvm_volume_tags_parse("IU_" IMAGE ",MD_17,PU_" PARENT ",mine", &tags);
        assert_string_equal(tags.image, IMAGE);
        assert_string_equal(tags.parent, PARENT);
        assert_int_equal(tags.slot, 17);
        assert_false(tags.initializing || tags.removed || tags.zero || tags.bad);

        lvm_volume_tags_parse("", &tags);
        assert_string_equal(tags.image, "");
        assert_int_equal(tags.slot, LVM_SLOT_NONE);

        lvm_volume_tags_parse("OVIRT_VOL_INITIALIZING", &tags);
        assert_true(tags.initializing);
        lvm_volume_tags_parse("MD_4,IU__remove_me_" IMAGE, &tags);
        assert_true(tags.removed && !tags.zero);
        assert_string_equal(tags.image, IMAGE);
        lvm_volume_tags_parse("IU__remove_me_ZERO_" IMAGE, &tags);
        assert_true(tags.removed && tags.zero);
}

static void test_bad_volumes(void **state) {
        static const char *const bad[] = {
                        "IU_x",
                        "IU_",
                        "IU_AAAAAAAA-0000-4000-8000-000000000001",
                        "IU_" IMAGE ",IU_" PARENT,
                        "PU_../../etc",
                        "MD_",
                        "MD_-1",
                        "MD_1x",
                        "MD_4294967295",
                        "MD_99999999999999999999",
                        "MD_1,MD_2",
                        "IU__remove_me_",
        };
        LvmVolumeTags tags;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                lvm_volume_tags_parse(bad[i], &tags);
                assert_true(tags.bad);
                assert_true(!*tags.image || uuid_is_valid(tags.image));
                assert_string_equal(tags.parent, "");
        }
}

/* What can be read of tags that contradict each other: to which image the trouble belongs, and what is not to be written over. */
static void test_contradictions(void **state) {
        LvmVolumeTags tags;

        lvm_volume_tags_parse("IU_" IMAGE ",IU_" PARENT ",MD_3,MD_7,PU_x", &tags);
        assert_true(tags.bad);
        assert_string_equal(tags.image, IMAGE);
        assert_int_equal(tags.slot, 3);
        lvm_volume_tags_parse("IU_x,IU_" IMAGE, &tags);
        assert_true(tags.bad);
        assert_string_equal(tags.image, IMAGE);
        lvm_volume_tags_parse("IU__remove_me_" IMAGE ",IU_" PARENT, &tags);
        assert_true(tags.bad && tags.removed);

        const char *rest = "MD_x,MD_3,IU_x,MD_70";
        uint32_t slot;

        assert_true(lvm_volume_tags_next_slot(&rest, &slot));
        assert_int_equal(slot, 3);
        assert_true(lvm_volume_tags_next_slot(&rest, &slot));
        assert_int_equal(slot, 70);
        assert_false(lvm_volume_tags_next_slot(&rest, &slot));
        rest = "";
        assert_false(lvm_volume_tags_next_slot(&rest, &slot));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_encoding), cmocka_unit_test(test_bad_codes), cmocka_unit_test(test_metadata),
                        cmocka_unit_test(test_no_metadata), cmocka_unit_test(test_volumes), cmocka_unit_test(test_bad_volumes),
                        cmocka_unit_test(test_contradictions),
        };

        return cmocka_run_group_tests_name("lvm-tag", tests, NULL, NULL);
}
