/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Against files that VDSM wrote, and against what can happen to them. */

#include "bus-error.h"
#include "domain-metadata.h"
#include "seal.h"
#include "test-data.h"

static void parse_and_write_identical(const char *name, unsigned version) {
        _cleanup_(key_value_clear) KeyValueList list = {};
        _cleanup_(domain_facts_clear) DomainFacts facts = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *text = NULL, *again = NULL;
        size_t size;
        bool sealed;

        text = test_data_read(name, &size);
        assert_ok(domain_metadata_parse(text, size, name, &list, &sealed, &error));
        assert_true(sealed);
        again = domain_metadata_format(&list);
        assert_string_equal(again, text);
        assert_ok(domain_metadata_facts(&list, name, &facts, &error));
        assert_int_equal(facts.version, version);
        assert_string_equal(facts.type_word, "NFS");
        assert_string_equal(facts.class_word, "Data");
        assert_true(facts.master);
        assert_string_equal(facts.pool, "5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11");
        assert_int_equal(facts.block_size_bytes, 512);
        assert_int_equal(facts.alignment_bytes, 1048576);
}

static void test_vdsm_v3(void **state) {
        parse_and_write_identical("vdsm-domain-v3", 3);
}

static void test_vdsm_v5(void **state) {
        parse_and_write_identical("vdsm-domain-v5", 5);
}

/* The two vectors of the seal that VDSM gave. */
/* VDSM's own of version 3, which keeps what no version changes. */
static void test_upgrade(void **state) {
        _cleanup_(domain_facts_clear) DomainFacts facts = {};
        _cleanup_(key_value_clear) KeyValueList list = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        size_t size;

        text = test_data_read("vdsm-domain-v3", &size);
        assert_ok(domain_metadata_parse(text, size, "the file", &list, NULL, &error));
        assert_ok(key_value_set(&list, "LOGBLKSIZE", "512"));
        assert_ok(key_value_set(&list, "PHYBLKSIZE", "4096"));
        assert_ok(domain_metadata_upgrade(&list, 3));
        assert_string_equal(key_value_get(&list, "VERSION"), "4");
        assert_null(key_value_get(&list, "ALIGNMENT"));
        assert_string_equal(key_value_get(&list, "PHYBLKSIZE"), "4096");
        assert_ok(domain_metadata_upgrade(&list, 4));
        assert_string_equal(key_value_get(&list, "VERSION"), "5");
        assert_string_equal(key_value_get(&list, "ALIGNMENT"), "1048576");
        assert_string_equal(key_value_get(&list, "BLOCK_SIZE"), "512");
        assert_null(key_value_get(&list, "LOGBLKSIZE"));
        assert_null(key_value_get(&list, "PHYBLKSIZE"));
        assert_ok(domain_metadata_facts(&list, "the file", &facts, &error));
        assert_string_equal(facts.pool, "5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11");
}

static void test_seal_vectors(void **state) {
        _cleanup_(key_value_clear) KeyValueList list = {};
        char seal[SEAL_STRING_MAX];
        static const char *const lines[] = {
                        "ALIGNMENT=1048576",
                        "BLOCK_SIZE=512",
                        "CLASS=Data",
                        "DESCRIPTION=mydata",
                        "IOOPTIMEOUTSEC=10",
                        "LEASERETRIES=3",
                        "LEASETIMESEC=60",
                        "LOCKPOLICY=",
                        "LOCKRENEWALINTERVALSEC=5",
                        "POOL_UUID=11111111-2222-3333-4444-555555555555",
                        "REMOTE_PATH=server:/export/data",
                        "ROLE=Regular",
                        "SDUUID=efec14dc-80cb-45d9-a5ec-84583f5d53b4",
                        "TYPE=NFS",
                        "VERSION=5",
        };

        for (size_t i = ELEMENTSOF(lines); i > 0; i--)
                assert_int_equal(key_value_set_line(&list, lines[i - 1], strlen(lines[i - 1]), false), 1);
        seal_compute(&list, seal);
        assert_string_equal(seal, "d6c6a806b2fc10b5170e2603dd5f610fd497a477");
        assert_ok(key_value_set(&list, "DESCRIPTION", "données 1"));
        seal_compute(&list, seal);
        assert_string_equal(seal, "248784a6a6c9134c0b46d922e04d319b7ba596f3");
}

/* Cut anywhere, the file is refused with its name in the message, or says exactly the same. */
static void test_truncated(void **state) {
        _cleanup_free_ char *text = NULL;
        unsigned accepted = 0;
        size_t size;

        text = test_data_read("vdsm-domain-v5", &size);
        for (size_t n = 0; n < size; n++) {
                _cleanup_(key_value_clear) KeyValueList list = {};
                _cleanup_(domain_facts_clear) DomainFacts facts = {};
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                bool sealed = true;
                int r;

                r = domain_metadata_parse(text, n, "the file", &list, &sealed, &error);
                if (r >= 0)
                        r = domain_metadata_facts(&list, "the file", &facts, &error);
                if (r >= 0) {
                        assert_false(sealed);
                        assert_non_null(key_value_get(&list, "VERSION"));
                        accepted++;
                        continue;
                }
                assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
                assert_non_null(strstr(error.message, "the file"));
        }
        assert_int_equal(accepted, 1); /* exactly the seal line lost: VDSM accepts that too */
}

static void test_every_bit_flip_is_seen(void **state) {
        _cleanup_free_ char *text = NULL;
        size_t size;

        text = test_data_read("vdsm-domain-v5", &size);
        for (size_t bit = 0; bit < size * 8; bit++) {
                _cleanup_(key_value_clear) KeyValueList list = {};
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                bool sealed = true;
                int r;

                text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
                r = domain_metadata_parse(text, size, "the file", &list, &sealed, &error);
                /* A flip in the seal's own key makes the seal disappear, which is reported. */
                if (r >= 0)
                        assert_false(sealed);
                else
                        assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
                text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        }
}

static void expect_facts_error(const char *key, const char *value, const char *name, const char *place) {
        _cleanup_(key_value_clear) KeyValueList list = {};
        _cleanup_(domain_facts_clear) DomainFacts facts = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        size_t size;

        text = test_data_read("vdsm-domain-v5", &size);
        assert_ok(domain_metadata_parse(text, size, "the file", &list, NULL, &error));
        if (value)
                assert_ok(key_value_set(&list, key, value));
        else
                key_value_unset(&list, key);
        assert_true(domain_metadata_facts(&list, "the file", &facts, &error) < 0);
        assert_string_equal(error.name, name);
        assert_non_null(strstr(error.message, place));
}

static void test_foreign_and_newer(void **state) {
        expect_facts_error("VERSION", "6", RHV_ERROR_NEWER_VERSION, "version 6");
        expect_facts_error("VERSION", "1", RHV_ERROR_BAD_FORMAT, "VERSION");
        expect_facts_error("VERSION", "-5", RHV_ERROR_BAD_FORMAT, "VERSION");
        expect_facts_error("VERSION", NULL, RHV_ERROR_BAD_FORMAT, "VERSION");
        expect_facts_error("SDUUID", "../../etc", RHV_ERROR_BAD_FORMAT, "SDUUID");
        expect_facts_error("ROLE", "King", RHV_ERROR_BAD_FORMAT, "ROLE");
        expect_facts_error("CLASS", "Secret", RHV_ERROR_BAD_FORMAT, "CLASS");
        expect_facts_error("BLOCK_SIZE", "1024", RHV_ERROR_BAD_FORMAT, "BLOCK_SIZE");
        expect_facts_error("ALIGNMENT", "3145728", RHV_ERROR_BAD_FORMAT, "ALIGNMENT");
        expect_facts_error("POOL_UUID", "short", RHV_ERROR_BAD_FORMAT, "POOL_UUID");
        expect_facts_error("TYPE", NULL, RHV_ERROR_BAD_FORMAT, "TYPE");
}

/* The oldest version is that of ISO and export domains, whose pools are a list. */
static void test_classes(void **state) {
        static const struct {
                const char *class, *version;
                bool good;
        } cases[] = {{"Iso", "0", true}, {"Backup", "0", true}, {"Data", "0", false}, {"Iso", "2", false}, {"Backup", "3", true}, {"Iso", "5", true}};

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(key_value_clear) KeyValueList list = {};
                _cleanup_(domain_facts_clear) DomainFacts facts = {};
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                _cleanup_free_ char *text = NULL;
                size_t size;

                text = test_data_read("vdsm-domain-v3", &size);
                assert_ok(domain_metadata_parse(text, size, "the file", &list, NULL, &error));
                assert_ok(key_value_set(&list, "CLASS", cases[i].class));
                assert_ok(key_value_set(&list, "VERSION", cases[i].version));
                assert_ok(key_value_set(&list, "POOL_UUID", "5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11,5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e12"));
                assert_int_equal(domain_metadata_facts(&list, "the file", &facts, &error), cases[i].good ? 0 : -EBADMSG);
                if (!cases[i].good) {
                        assert_non_null(strstr(error.message, "VERSION"));
                        continue;
                }
                assert_string_equal(facts.class_word, cases[i].class);
                assert_string_equal(facts.pool, "5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11");
        }
}

static void test_not_text(void **state) {
        static const struct {
                const char *bytes;
                size_t size;
        } cases[] = {
                        {"", 0}, {"\0\0\0", 3}, {"A=1\0B=2\n", 8}, {"A=\xff\xfe\n", 5}, {"A=1", 3},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(key_value_clear) KeyValueList list = {};
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                assert_int_equal(domain_metadata_parse(cases[i].bytes, cases[i].size, "x", &list, NULL, &error),
                                 -EBADMSG);
                assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
        }
}

/* Unknown keys stay and are sealed; the last of two wins; lines without '=' are skipped; NULs at the end do not count.
 */
static void test_reader_habits(void **state) {
        static const char text[] = "ZZ=later\n AA =1\nnonsense\nAA=2\n\0\0";
        _cleanup_(key_value_clear) KeyValueList list = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *again = NULL;
        bool sealed = true;

        assert_ok(domain_metadata_parse(text, sizeof(text) - 1, "x", &list, &sealed, &error));
        assert_false(sealed);
        assert_string_equal(key_value_get(&list, "AA"), "2");
        again = domain_metadata_format(&list);
        assert_int_equal(strncmp(again, "AA=2\nZZ=later\n_SHA_CKSUM=", 25), 0);
}

static void test_new_domain(void **state) {
        DomainFacts facts = {
                        .name = (char *)"données",
                        .type_word = (char *)"LOCALFS",
                        .class_word = (char *)"Data",
                        .version = 5,
                        .block_size_bytes = 4096,
                        .alignment_bytes = 1048576,
                        .id = "efec14dc-80cb-45d9-a5ec-84583f5d53b4",
        };
        _cleanup_(key_value_clear) KeyValueList list = {}, read = {};
        _cleanup_(domain_facts_clear) DomainFacts back = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        bool sealed = false;

        assert_ok(domain_metadata_new(&facts, "/data/x", &list));
        text = domain_metadata_format(&list);
        assert_int_equal(strncmp(text,
                                 "ALIGNMENT=1048576\nBLOCK_SIZE=4096\nCLASS=Data\nDESCRIPTION=données\nIOOPTIMEOUTSEC="
                                 "10\nLEASERETRIES=3\n"
                                 "LEASETIMESEC=60\nLOCKPOLICY=\nLOCKRENEWALINTERVALSEC=5\nPOOL_UUID=\nREMOTE_PATH=/"
                                 "data/x\nROLE=Regular\n"
                                 "SDUUID=efec14dc-80cb-45d9-a5ec-84583f5d53b4\nTYPE=LOCALFS\nVERSION=5\n_SHA_CKSUM=",
                                 250),
                         0);
        assert_ok(domain_metadata_parse(text, strlen(text), "x", &read, &sealed, &error));
        assert_true(sealed);
        assert_ok(domain_metadata_facts(&read, "x", &back, &error));
        assert_string_equal(back.name, "données");
        assert_int_equal(back.block_size_bytes, 4096);
        assert_string_equal(back.pool, "");
        assert_false(back.master);
}

static void test_names(void **state) {
        char fifty[51], fifty_one[52];

        memset(fifty, 'a', 50);
        fifty[50] = '\0';
        memset(fifty_one, 'a', 51);
        fifty_one[51] = '\0';
        assert_true(domain_name_is_valid("data"));
        assert_true(domain_name_is_valid(fifty));
        assert_false(domain_name_is_valid(fifty_one));
        assert_false(domain_name_is_valid(""));
        assert_false(domain_name_is_valid("a\nVERSION=3"));
        assert_false(domain_name_is_valid(" a"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_vdsm_v3),
                        cmocka_unit_test(test_vdsm_v5),
                        cmocka_unit_test(test_upgrade),
                cmocka_unit_test(test_seal_vectors),
                        cmocka_unit_test(test_truncated),
                        cmocka_unit_test(test_every_bit_flip_is_seen),
                        cmocka_unit_test(test_foreign_and_newer),
                        cmocka_unit_test(test_classes),
                        cmocka_unit_test(test_not_text),
                        cmocka_unit_test(test_reader_habits),
                        cmocka_unit_test(test_new_domain),
                        cmocka_unit_test(test_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
