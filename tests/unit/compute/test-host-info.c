/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dict.h"
#include "fixture.h"
#include "host-info.h"

static char *read_data(const char *name) {
        char path[512], *text = calloc(1, 256 * 1024);
        FILE *file;

        (void) snprintf(path, sizeof(path), TEST_DATA "/%s", name);
        file = fopen(path, "re");
        assert_non_null(file);
        assert_non_null(text);
        (void) !fread(text, 1, 256 * 1024 - 1, file);
        (void) fclose(file);
        return text;
}

static void read_cpu(const char *name, HostCpu *ret) {
        _cleanup_free_ char *text = read_data(name);

        assert_ok(host_cpu_parse(text, ret));
}

static void test_cpu(void **state) {
        HostCpu cpu;

        read_cpu("cpuinfo-intel", &cpu);
        assert_string_equal(cpu.model, "Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz");
        assert_string_equal(cpu.vendor, "GenuineIntel");
        assert_true(cpu.mhz > 2095 && cpu.mhz < 2096);
        assert_int_equal(cpu.cpus, 8);
        assert_int_equal(cpu.sockets, 2);
        assert_int_equal(cpu.cores_per_socket, 2);
        assert_int_equal(cpu.threads_per_core, 2);
        assert_true(host_cpu_has(&cpu, "vmx"));
        assert_false(host_cpu_has(&cpu, "vm"));
        host_cpu_done(&cpu);

        read_cpu("cpuinfo-arm", &cpu);
        assert_int_equal(cpu.cpus, 2);
        assert_int_equal(cpu.sockets, 1);
        assert_int_equal(cpu.cores_per_socket, 2);
        assert_true(host_cpu_has(&cpu, "asimd"));
        host_cpu_done(&cpu);

        assert_int_equal(host_cpu_parse("", &cpu), -EBADMSG);
        assert_int_equal(host_cpu_parse("flags: a b c\n", &cpu), -EBADMSG);
}

/* HST-09, HST-10: what is missing is said, with the way out. */
static void test_kvm_reason(void **state) {
        static const struct {
                const char *fixture;
                bool device, libvirt;
                const char *word; /* in the sentence; NULL: it works */
        } cases[] = {
                { "cpuinfo-intel", true, true, NULL },        { "cpuinfo-amd", true, true, NULL },          { "cpuinfo-guest", false, false, "vmx" },
                { "cpuinfo-no-nx", false, false, "nx" },      { "cpuinfo-32", false, false, "64-bit" },     { "cpuinfo-intel", false, false, "kvm_intel" },
                { "cpuinfo-intel", true, false, "libvirt" },  { "cpuinfo-arm", true, true, NULL },          { "cpuinfo-arm", false, false, "/dev/kvm" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *reason;
                HostCpu cpu;

                read_cpu(cases[i].fixture, &cpu);
                reason = host_kvm_reason(&cpu, cases[i].device, cases[i].libvirt);
                if (!cases[i].word)
                        assert_null(reason);
                else {
                        assert_non_null(strstr(reason, "Virtualization hardware is unavailable"));
                        assert_non_null(strstr(reason, cases[i].word));
                }
                host_cpu_done(&cpu);
        }
}

static void test_memory_and_ticks(void **state) {
        HostMemory memory;
        HostTicks a, b;

        assert_ok(host_memory_parse("MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    400 kB\nSwapTotal: 7 kB\nSwapFree: 3 kB\n", &memory));
        assert_int_equal(memory.total_bytes, 1000 * KIB);
        assert_int_equal(memory.free_bytes, 400 * KIB);
        assert_int_equal(memory.swap_free_bytes, 3 * KIB);
        assert_int_equal(host_memory_parse("nonsense", &memory), -EBADMSG);

        assert_ok(host_ticks_parse("cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 1 1 1\n", &a));
        assert_ok(host_ticks_parse("cpu  150 0 125 825 0 0 0 0 0 0\n", &b));
        assert_true(host_ticks_busy_percent(&a, &b) > 74.9 && host_ticks_busy_percent(&a, &b) < 75.1);
        assert_true(host_ticks_busy_percent(&b, &a) <= 0); /* a clock that runs backwards */
        assert_true(host_ticks_busy_percent(&a, &a) <= 0);
        assert_int_equal(host_ticks_parse("cpu 1 2", &a), -EBADMSG);
        assert_int_equal(host_ticks_parse("", &a), -EBADMSG);
}

static void test_capabilities(void **state) {
        _cleanup_free_ char *qemu = read_data("capabilities-qemu.xml"), *kvm = read_data("capabilities-kvm.xml");
        HostVirt virt;

        assert_ok(host_virt_parse(qemu, &virt));
        assert_string_equal(virt.virt_type, "qemu");
        assert_string_equal(virt.arch, "x86_64");
        assert_string_equal(virt.machine, "q35");
        assert_false(virt.kvm);
        assert_int_equal(json_array_size(virt.numa_nodes), 1);
        assert_string_equal(dict_string(json_array_get(virt.numa_nodes, 0), "cpus", ""), "0-1");
        host_virt_done(&virt);

        assert_ok(host_virt_parse(kvm, &virt));
        assert_string_equal(virt.virt_type, "kvm");
        assert_true(virt.kvm);
        host_virt_done(&virt);

        assert_int_equal(host_virt_parse("", &virt), -EBADMSG);
        assert_int_equal(host_virt_parse("<capabilities/>", &virt), -EBADMSG);
}

static void test_cells(void **state) {
        HostVirt virt;

        assert_ok(host_virt_parse("<capabilities><host><topology><cells><cell id='3'><memory>1024</memory><cpus><cpu id='0'/><cpu id='1'/><cpu id='2'/>"
                                  "<cpu id='8'/><cpu id='10'/><cpu id='11'/></cpus></cell><cell id='4'/></cells></topology></host></capabilities>", &virt));
        assert_int_equal(json_array_size(virt.numa_nodes), 2);
        assert_string_equal(dict_string(json_array_get(virt.numa_nodes, 0), "cpus", ""), "0-2,8,10-11");
        assert_int_equal(dict_integer(json_array_get(virt.numa_nodes, 0), "memory", 0), 1024 * KIB);
        assert_int_equal(dict_integer(json_array_get(virt.numa_nodes, 0), "id", 0), 3);
        assert_string_equal(dict_string(json_array_get(virt.numa_nodes, 1), "cpus", "x"), "");
        host_virt_done(&virt);
}

static void test_json(void **state) {
        _cleanup_json_ json_t *before = NULL, *after = NULL;
        HostMemory memory = { .total_bytes = GIB };
        HostNode node = { .cpus = 16, .mhz = 1400, .nodes = 2, .sockets = 2, .cores = 2, .threads = 2, .memory_bytes = 2 * GIB };
        HostCpu cpu;

        read_cpu("cpuinfo-intel", &cpu);
        before = host_capabilities_json(&cpu, &memory, NULL, NULL, true, "");
        assert_int_equal(dict_integer(before, "cpus", 0), 8);
        assert_int_equal(dict_integer(before, "memory", 0), GIB);
        assert_false(dict_boolean(before, "kvm", true));
        after = host_capabilities_json(&cpu, &memory, NULL, &node, true, "TEST 2.0.0");
        assert_int_equal(dict_integer(after, "cpus", 0), 16);
        assert_int_equal(dict_integer(after, "sockets", 0), 4);
        assert_int_equal(dict_integer(after, "memory", 0), 2 * GIB);
        assert_string_equal(dict_string(after, "hypervisor", ""), "TEST 2.0.0");
        host_cpu_done(&cpu);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cpu),   cmocka_unit_test(test_kvm_reason), cmocka_unit_test(test_memory_and_ticks), cmocka_unit_test(test_capabilities),
                cmocka_unit_test(test_cells), cmocka_unit_test(test_json),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
