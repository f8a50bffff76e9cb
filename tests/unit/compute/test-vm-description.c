/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "fixture.h"
#include "vm-description.h"

#define A "aaaaaaaa-0000-4000-8000-000000000001"
#define B "aaaaaaaa-0000-4000-8000-000000000002"
#define DOMAIN "bbbbbbbb-0000-4000-8000-000000000001"
#define DISK(id) "{\"id\":\"" id "\",\"domain\":\"" DOMAIN "\",\"volume\":\"" id "\"}"
#define SMALL "\"name\":\"web1\",\"cpus\":2,\"memory\":134217728"

/* The name of the error for a description in JSON, "" for none. */
static const char *check(const char *text) {
        static char name[128];
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *description = json_loads(text, 0, NULL);
        int r;

        assert_non_null(description);
        r = vm_description_check(description, &error);
        assert_int_equal(r < 0, sd_bus_error_is_set(&error));
        (void) snprintf(name, sizeof(name), "%s", error.name ?: "");
        if (error.name)
                assert_true(strlen(error.message) > 10);
        return name;
}

static void test_good(void **state) {
        assert_string_equal(check("{" SMALL "}"), "");
        assert_string_equal(check("{" SMALL ",\"disks\":[" DISK(A) "," DISK(B) "],\"sockets\":1,\"cores\":2,\"graphics\":[{\"type\":\"vnc\"}]}"), "");
        assert_string_equal(check("{" SMALL ",\"nics\":[{\"id\":\"" A "\",\"network\":\"ovirtmgmt\",\"mac\":\"56:6f:00:00:00:01\"}]}"), "");
        assert_string_equal(check("{" SMALL ",\"nics\":[{\"id\":\"" A "\",\"network\":\"Büro im zweiten Stock\",\"bridge\":\"on1a2b3c4d\"}]}"), "");
        assert_string_equal(check("{" SMALL ",\"metadata\":{\"owner\":\"alice\"},\"devices\":[{\"alias\":\"ua-rng\",\"type\":\"rng\",\"address\":"
                                  "{\"type\":\"pci\",\"domain\":\"0x0000\",\"bus\":\"0x05\",\"slot\":\"0x00\",\"function\":\"0x0\"}}]}"), "");
}

static void test_bad_numbers(void **state) {
        assert_string_equal(check("{\"name\":\"a\",\"cpus\":0,\"memory\":134217728}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{\"name\":\"a\",\"cpus\":-1,\"memory\":134217728}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{\"name\":\"a\",\"cpus\":711,\"memory\":134217728}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{\"name\":\"a\",\"cpus\":1,\"memory\":9223372036854775807}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{\"name\":\"a\",\"cpus\":1,\"memory\":17592187092992}"), RHV_ERROR_INVALID_ARGUMENT); /* 16 TiB and 1 MiB */
        assert_string_equal(check("{\"name\":\"a\",\"cpus\":710,\"memory\":17592186044416}"), "");
        assert_string_equal(check("{\"name\":\"a\",\"cpus\":1,\"memory\":134217729}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{\"name\":\"a\",\"cpus\":1,\"memory\":0}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{\"name\":\"a\",\"cpus\":\"1\",\"memory\":134217728}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{\"name\":\"a\",\"memory\":134217728}"), RHV_ERROR_INVALID_ARGUMENT);
}

static void test_bad_names(void **state) {
        static const char *const names[] = { "", "a b", "a\\nb", "a/b", "../a", "-a", ".a", "<a>", "ä" };
        char text[256];

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                (void) snprintf(text, sizeof(text), "{\"name\":\"%s\",\"cpus\":1,\"memory\":134217728}", names[i]);
                assert_string_equal(check(text), RHV_ERROR_INVALID_ARGUMENT);
        }
        assert_string_equal(check("{" SMALL ",\"cpu_model\":\"a' or 'b\"}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{" SMALL ",\"machine\":\"../q35\"}"), RHV_ERROR_INVALID_ARGUMENT);
}

static void test_nic_options(void **state) {
#define NIC(options) "{" SMALL ",\"nics\":[{\"id\":\"" A "\",\"network\":\"n\"," options "}]}"
        assert_string_equal(check(NIC("\"inbound\":{\"average_mbit\":17179,\"peak_mbit\":34359,\"burst_mib\":10240}")), "");
        assert_string_equal(check(NIC("\"outbound\":{\"average_mbit\":1},\"filter\":\"clean-traffic\",\"custom\":{\"queue\":\"4\"}")), "");
        assert_string_equal(check(NIC("\"inbound\":{}")), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(NIC("\"inbound\":{\"average_mbit\":0}")), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(NIC("\"inbound\":{\"average_mbit\":17180}")), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(NIC("\"inbound\":{\"average_mbit\":1,\"peak_mbit\":34360}")), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(NIC("\"inbound\":{\"average_mbit\":1,\"burst_mib\":10241}")), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(NIC("\"outbound\":{\"average_mbit\":10,\"peak_mbit\":9}")), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(NIC("\"outbound\":{\"average_mbit\":10,\"floor\":9}")), RHV_ERROR_UNKNOWN_OPTION);
        assert_string_equal(check(NIC("\"filter\":\"\"")), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(NIC("\"filter\":\"a'/><x\"")), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(NIC("\"custom\":{\"a b\":\"4\"}")), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(NIC("\"custom\":{\"a\":\"4\\n5\"}")), RHV_ERROR_INVALID_ARGUMENT);
}

static void test_unknown_keys(void **state) {
        assert_string_equal(check("{" SMALL ",\"cpu\":1}"), RHV_ERROR_UNKNOWN_OPTION);
        assert_string_equal(check("{" SMALL ",\"disks\":[{\"id\":\"" A "\",\"domain\":\"" A "\",\"volume\":\"" A "\",\"path\":\"/etc/shadow\"}]}"),
                            RHV_ERROR_UNKNOWN_OPTION);
        assert_string_equal(check("{" SMALL ",\"devices\":[{\"alias\":\"ua-rng\",\"address\":{\"type\":\"pci\",\"rom\":\"x\"}}]}"), RHV_ERROR_UNKNOWN_OPTION);
}

static void test_twice(void **state) {
        assert_string_equal(check("{" SMALL ",\"disks\":[" DISK(A) "," DISK(A) "]}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{" SMALL ",\"nics\":[{\"id\":\"" A "\",\"network\":\"n\",\"mac\":\"56:6f:00:00:00:01\"},"
                                  "{\"id\":\"" B "\",\"network\":\"n\",\"mac\":\"56:6f:00:00:00:01\"}]}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{" SMALL ",\"disks\":[{\"id\":\"" A "\",\"domain\":\"" A "\",\"volume\":\"" A "\",\"boot_order\":1}],"
                                  "\"nics\":[{\"id\":\"" B "\",\"network\":\"n\",\"boot_order\":1}]}"), RHV_ERROR_INVALID_ARGUMENT);
}

static void test_ids_and_addresses(void **state) {
        assert_string_equal(check("{" SMALL ",\"disks\":[{\"id\":\"../../etc\",\"domain\":\"" A "\",\"volume\":\"" A "\"}]}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{" SMALL ",\"disks\":[{\"id\":\"AAAAAAAA-0000-4000-8000-000000000001\",\"domain\":\"" A "\",\"volume\":\"" A "\"}]}"),
                            RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{" SMALL ",\"nics\":[{\"id\":\"" A "\",\"network\":\"a network of a long name\"}]}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{" SMALL ",\"nics\":[{\"id\":\"" A "\",\"network\":\"n\",\"mac\":\"01:00:5e:00:00:01\"}]}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{" SMALL ",\"devices\":[{\"alias\":\"ua-rng\",\"address\":{\"bus\":\"0x05\"}}]}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{" SMALL ",\"devices\":[{\"alias\":\"ua-rng\",\"address\":{\"type\":\"pci\",\"bus\":\"5'/>\"}}]}"), RHV_ERROR_INVALID_ARGUMENT);
}

/* So many disks of one bus. Return: the error's name. */
static const char *check_disks(unsigned n, const char *bus) {
        static char text[64 * KIB];
        size_t length = (size_t)snprintf(text, sizeof(text), "{" SMALL ",\"disks\":[");

        for (unsigned i = 0; i < n; i++)
                length += (size_t)snprintf(text + length, sizeof(text) - length,
                                           "%s{\"id\":\"aaaaaaaa-0000-4000-8000-%012u\",\"domain\":\"" A "\",\"volume\":\"" A "\",\"bus\":\"%s\"}",
                                           i > 0 ? "," : "", i, bus);
        (void) snprintf(text + length, sizeof(text) - length, "]}");
        return check(text);
}

static void test_many_disks(void **state) {
        assert_string_equal(check_disks(VM_DISKS_MAX, "virtio"), "");
        assert_string_equal(check_disks(VM_DISKS_MAX + 1, "virtio"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check_disks(VM_SATA_MAX, "sata"), "");
        assert_string_equal(check_disks(VM_SATA_MAX + 1, "sata"), RHV_ERROR_INVALID_ARGUMENT);
}

static void test_sata(void **state) {
        assert_string_equal(check("{" SMALL ",\"disks\":[{\"id\":\"" A "\",\"domain\":\"" A "\",\"volume\":\"" A "\",\"bus\":\"sata\",\"read_only\":true}]}"),
                            RHV_ERROR_INVALID_ARGUMENT);
}

#define CD(more) "{" SMALL ",\"disks\":[{\"id\":\"" A "\",\"domain\":\"" A "\"" more "}]}"
#define GOOD_CD ",\"device\":\"cdrom\",\"bus\":\"sata\",\"read_only\":true"

/* A file of an ISO domain is in a CD-ROM drive, or the volume of an image, and nothing else is. */
static void test_cdrom(void **state) {
        assert_string_equal(check(CD(",\"file\":\"a.iso\"" GOOD_CD)), "");
        assert_string_equal(check("{" SMALL ",\"disks\":[{\"id\":\"" A "\"" GOOD_CD "}]}"), ""); /* an empty drive */
        assert_string_equal(check(CD(GOOD_CD)), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{" SMALL ",\"disks\":[{\"id\":\"" A "\",\"file\":\"a.iso\"" GOOD_CD "}]}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check("{" SMALL ",\"disks\":[{\"id\":\"" A "\",\"volume\":\"" A "\"}]}"), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(CD("")), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(CD(",\"file\":\"a.iso\"")), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(CD(",\"volume\":\"" A "\"" GOOD_CD)), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(CD(",\"volume\":\"" A "\",\"file\":\"a.iso\"" GOOD_CD)), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(CD(",\"image\":\"" A "\",\"volume\":\"" A "\"" GOOD_CD)), "");
        assert_string_equal(check(CD(",\"image\":\"" A "\"" GOOD_CD)), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(CD(",\"image\":\"" A "\",\"volume\":\"" A "\",\"file\":\"a.iso\"" GOOD_CD)), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(CD(",\"image\":\"" A "\",\"volume\":\"" A "\"")), RHV_ERROR_INVALID_ARGUMENT); /* of a disk the id is the image */
        assert_string_equal(check(CD(",\"file\":\"b c/a.iso\"" GOOD_CD)), "");
        assert_string_equal(check(CD(",\"file\":\"../a.iso\"" GOOD_CD)), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(CD(",\"file\":\"b/../a.iso\"" GOOD_CD)), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(CD(",\"file\":\"/a.iso\"" GOOD_CD)), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(CD(",\"file\":\"b/\"" GOOD_CD)), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(CD(",\"file\":\"a.iso\",\"device\":\"cdrom\",\"bus\":\"virtio\",\"read_only\":true")), RHV_ERROR_INVALID_ARGUMENT);
        assert_string_equal(check(CD(",\"file\":\"a.iso\",\"device\":\"cdrom\",\"bus\":\"sata\"")), RHV_ERROR_INVALID_ARGUMENT);
}

static void test_topology(void **state) {
        static const struct {
                int cpus, sockets, cores, threads;
                unsigned want[3]; /* sockets, cores, threads; 0: refused */
        } cases[] = {
                { 4, 0, 0, 0, { 4, 1, 1 } }, { 4, 1, 0, 0, { 1, 4, 1 } }, { 4, 0, 2, 0, { 2, 2, 1 } }, { 8, 2, 2, 2, { 2, 2, 2 } },
                { 8, 0, 0, 2, { 4, 1, 2 } }, { 4, 3, 0, 0, { 0 } },       { 4, 8, 0, 0, { 0 } },       { 3, 0, 0, 2, { 0 } },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_ json_t *description = json_pack("{s:i}", "cpus", cases[i].cpus);
                VmTopology topology;

                if (cases[i].sockets)
                        json_object_set_new(description, "sockets", json_integer(cases[i].sockets));
                if (cases[i].cores)
                        json_object_set_new(description, "cores", json_integer(cases[i].cores));
                if (cases[i].threads)
                        json_object_set_new(description, "threads", json_integer(cases[i].threads));
                assert_int_equal(vm_description_topology(description, &topology), cases[i].want[0] ? 0 : -EINVAL);
                if (!cases[i].want[0])
                        continue;
                assert_int_equal(topology.sockets, cases[i].want[0]);
                assert_int_equal(topology.cores, cases[i].want[1]);
                assert_int_equal(topology.threads, cases[i].want[2]);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_good),         cmocka_unit_test(test_bad_numbers), cmocka_unit_test(test_bad_names),
                cmocka_unit_test(test_nic_options),
                cmocka_unit_test(test_unknown_keys), cmocka_unit_test(test_twice),       cmocka_unit_test(test_ids_and_addresses),
                cmocka_unit_test(test_topology),     cmocka_unit_test(test_sata), cmocka_unit_test(test_cdrom),
                cmocka_unit_test(test_many_disks),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
