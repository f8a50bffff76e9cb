/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is done in a domain of each class, and which versions each has. */

#include "bus-error.h"
#include "domain-class.h"
#include "layout.h"
#include "test-data.h"

#define DOMAIN "dddddddd-0000-4000-8000-000000000000"

static void expect(DomainClass class, const char *uses) {
        for (unsigned use = 0; use < _DOMAIN_USE_MAX; use++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                int r = domain_class_check(class, (DomainUse)use, DOMAIN, &error);

                assert_int_equal(r, uses[use] == '+' ? 0 : -EOPNOTSUPP);
                if (r >= 0)
                        continue;
                assert_string_equal(error.name, RHV_ERROR_NOT_SUPPORTED);
                assert_non_null(strstr(error.message, DOMAIN));
        }
}

/* In the order of DomainUse: list, read, change, receive, guest, store, define, files. */
static void test_uses(void **state) {
        expect(DOMAIN_DATA, "++++++--");
        expect(DOMAIN_ISO, "-------+");
        expect(DOMAIN_EXPORT, "++-+--+-");
}

static void test_words(void **state) {
        assert_int_equal(domain_class_from_string("Data"), DOMAIN_DATA);
        assert_int_equal(domain_class_from_string("Iso"), DOMAIN_ISO);
        assert_int_equal(domain_class_from_string("Backup"), DOMAIN_EXPORT);
        assert_true(domain_class_from_string("ISO") < 0);
        assert_string_equal(domain_class_to_string(DOMAIN_EXPORT), "Backup");
}

static void test_versions(void **state) {
        static const unsigned all[] = {0, 1, 2, 3, 4, 5, 6};

        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                assert_int_equal(domain_class_has_version(DOMAIN_DATA, all[i]), all[i] >= 3 && all[i] <= 5);
                assert_int_equal(domain_class_has_version(DOMAIN_ISO, all[i]), all[i] == 0 || (all[i] >= 3 && all[i] <= 5));
                assert_int_equal(domain_class_has_version(DOMAIN_EXPORT, all[i]), all[i] == 0 || (all[i] >= 3 && all[i] <= 5));
        }
        assert_int_equal(domain_class_version(DOMAIN_DATA), 5);
        assert_int_equal(domain_class_version(DOMAIN_ISO), 0);
        assert_int_equal(domain_class_version(DOMAIN_EXPORT), 0);
}

static void test_leases(void **state) {
        assert_true(domain_has_leases(&(DomainPlace){.type = domain_type_find("nfs")}));
        assert_false(domain_has_leases(&(DomainPlace){.type = domain_type_find("local")}));
        assert_false(domain_has_leases(&(DomainPlace){.type = domain_type_find("nfs"), .class = DOMAIN_ISO}));
        assert_false(domain_has_leases(&(DomainPlace){.type = domain_type_find("posix"), .class = DOMAIN_EXPORT}));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_uses),
                        cmocka_unit_test(test_words),
                        cmocka_unit_test(test_versions),
                        cmocka_unit_test(test_leases),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
