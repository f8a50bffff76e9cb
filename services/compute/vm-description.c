/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vm-description.h"

#include <net/if.h>
#include <stdio.h>

#include "bus-error.h"
#include "nic-options.h"
#include "parse-util.h"
#include "vm-function.h"

/* ---- words and single values ---- */

static const char *const disk_buses[] = { "virtio", "scsi", "sata", NULL };
static const char *const disk_devices[] = { "disk", "cdrom", NULL };
static const char *const nic_models[] = { "virtio", "e1000e", "e1000", "rtl8139", NULL };
static const char *const graphics_types[] = { "vnc", NULL };

static bool characters_are(const char *s, const char *allowed, size_t max) {
        size_t length = strlen(s);

        return length > 0 && length <= max && strspn(s, allowed) == length;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool vm_name_is_valid(const char *s) {
        return name_is_valid(s, VM_NAME_MAX);
}

static bool network_name_is_valid(const char *s) {
        return label_is_valid(s, 256);
}

bool device_name_is_valid(const char *name) {
        return characters_are(name, LOWER UPPER DIGITS "._-", IFNAMSIZ - 1) && name[0] != '.' && name[0] != '-';
}

/* Which names there may be is Storage's to say. */
static bool file_name_is_valid(const char *s) {
        for (const char *component = s; component; component = strchr(component, '/'), component += component != NULL)
                if (*component == '.' || *component == '/' || !*component)
                        return false;
        return label_is_valid(s, 255);
}

static bool serial_is_valid(const char *s) {
        return characters_are(s, LOWER UPPER DIGITS "_.+-", 36);
}

/* "Nehalem", "EPYC-Rome", "host-model", "qemu64", "Cascadelake-Server-v2" */
static bool cpu_model_is_valid(const char *s) {
        return characters_are(s, LOWER UPPER DIGITS "_.-", 64) && s[0] != '-';
}

/* "q35", "pc-q35-7.2", "pc-i440fx-rhel7.6.0" */
static bool machine_is_valid(const char *s) {
        return characters_are(s, LOWER UPPER DIGITS "_.-", 64) && s[0] != '-';
}

static bool alias_is_valid(const char *s) {
        return characters_are(s, LOWER UPPER DIGITS "_.-", 80);
}

static bool device_type_is_valid(const char *s) {
        return characters_are(s, LOWER DIGITS "-", 32);
}

/* ---- tables ---- */

static const DictField disk_fields[] = {
        { .key = "id", .type = DICT_STRING, .flags = DICT_REQUIRED, .valid = uuid_is_valid, .expected = "an image's UUID" },
        { .key = "domain", .type = DICT_STRING, .valid = uuid_is_valid, .expected = "a storage domain's UUID" },
        { .key = "volume", .type = DICT_STRING, .valid = uuid_is_valid, .expected = "a volume's UUID" },
        { .key = "image", .type = DICT_STRING, .valid = uuid_is_valid, .expected = "an image's UUID" },
        { .key = "file", .type = DICT_STRING, .valid = file_name_is_valid, .expected = "the name of a file of an ISO domain" },
        { .key = "device", .type = DICT_STRING, .words = disk_devices },
        { .key = "bus", .type = DICT_STRING, .words = disk_buses },
        { .key = "read_only", .type = DICT_BOOLEAN },
        { .key = "shared", .type = DICT_BOOLEAN },
        { .key = "discard", .type = DICT_BOOLEAN },
        { .key = "serial", .type = DICT_STRING, .valid = serial_is_valid, .expected = "1 to 36 letters, digits or _.+-" },
        { .key = "boot_order", .type = DICT_INTEGER, .min = 1, .max = VM_BOOT_ORDER_MAX },
        { .key = "address", .type = DICT_STRING_MAP },
        {},
};

static const DictField function_element = { .key = "a virtual function", .type = DICT_STRING, .valid = pci_address_is_valid, .expected = "an address on the PCI bus like 0000:03:10.1" };
static const DictField nic_fields[] = {
        { .key = "id", .type = DICT_STRING, .flags = DICT_REQUIRED, .valid = uuid_is_valid, .expected = "a UUID" },
        { .key = "network", .type = DICT_STRING, .flags = DICT_REQUIRED, .valid = network_name_is_valid, .expected = "a network's name" },
        { .key = "bridge", .type = DICT_STRING, .valid = device_name_is_valid, .expected = "a network device's name" },
        { .key = "vlan", .type = DICT_INTEGER, .min = 1, .max = VM_NIC_VLAN_MAX },
        { .key = "mac", .type = DICT_STRING, .valid = mac_is_valid, .expected = "a unicast MAC address like 56:6f:00:00:00:01" },
        { .key = "model", .type = DICT_STRING, .words = nic_models },
        { .key = "link", .type = DICT_BOOLEAN },
        { .key = "filter", .type = DICT_STRING, .valid = nic_filter_is_valid, .expected = "the name of a network filter of libvirt" },
        { .key = "inbound", .type = DICT_OBJECT, .fields = nic_limit_fields },
        { .key = "outbound", .type = DICT_OBJECT, .fields = nic_limit_fields },
        { .key = "mirror", .type = DICT_BOOLEAN },
        { .key = "vfs", .type = DICT_ARRAY, .min = 1, .max = VM_NIC_FUNCTIONS_MAX, .element = &function_element },
        { .key = "custom", .type = DICT_STRING_MAP },
        { .key = "boot_order", .type = DICT_INTEGER, .min = 1, .max = VM_BOOT_ORDER_MAX },
        { .key = "address", .type = DICT_STRING_MAP },
        {},
};

static const DictField graphics_fields[] = {
        { .key = "type", .type = DICT_STRING, .flags = DICT_REQUIRED, .words = graphics_types },
        {},
};

/* As the Devices property gives them: so that an earlier run's answer can be handed in as it is. */
static const DictField device_fields[] = {
        { .key = "alias", .type = DICT_STRING, .flags = DICT_REQUIRED, .valid = alias_is_valid, .expected = "a device alias" },
        { .key = "type", .type = DICT_STRING, .valid = device_type_is_valid, .expected = "a device type" },
        { .key = "id", .type = DICT_STRING, .valid = uuid_is_valid, .expected = "a UUID" },
        { .key = "address", .type = DICT_STRING_MAP },
        { .key = "target", .type = DICT_STRING },
        { .key = "mac", .type = DICT_STRING },
        { .key = "bridge", .type = DICT_STRING },
        {},
};

static const DictField disk_element = { .key = "disk", .type = DICT_OBJECT, .fields = disk_fields };
static const DictField nic_element = { .key = "nic", .type = DICT_OBJECT, .fields = nic_fields };
static const DictField graphics_element = { .key = "graphics", .type = DICT_OBJECT, .fields = graphics_fields };
static const DictField device_element = { .key = "device", .type = DICT_OBJECT, .fields = device_fields };

const DictField vm_description_fields[] = {
        { .key = "name", .type = DICT_STRING, .flags = DICT_REQUIRED, .valid = vm_name_is_valid,
          .expected = "1 to 64 letters, digits or ._-, not beginning with . or -" },
        { .key = "cpus", .type = DICT_INTEGER, .flags = DICT_REQUIRED, .min = 1, .max = VM_CPUS_MAX },
        { .key = "sockets", .type = DICT_INTEGER, .min = 1, .max = VM_CPUS_MAX },
        { .key = "cores", .type = DICT_INTEGER, .min = 1, .max = VM_CPUS_MAX },
        { .key = "threads", .type = DICT_INTEGER, .min = 1, .max = 8 },
        { .key = "memory", .type = DICT_INTEGER, .flags = DICT_REQUIRED, .min = VM_MEMORY_MIN_BYTES, .max = VM_MEMORY_MAX_BYTES,
          .expected = "16 MiB to 16 TiB" },
        { .key = "cpu_model", .type = DICT_STRING, .valid = cpu_model_is_valid, .expected = "a CPU model's name" },
        { .key = "machine", .type = DICT_STRING, .valid = machine_is_valid, .expected = "a machine type's name" },
        { .key = "disks", .type = DICT_ARRAY, .max = VM_DISKS_MAX, .element = &disk_element },
        { .key = "nics", .type = DICT_ARRAY, .max = VM_NICS_MAX, .element = &nic_element },
        { .key = "graphics", .type = DICT_ARRAY, .max = 1, .element = &graphics_element },
        { .key = "serial_console", .type = DICT_BOOLEAN },
        { .key = "guest_agent", .type = DICT_BOOLEAN },
        { .key = "rng", .type = DICT_BOOLEAN },
        { .key = "balloon", .type = DICT_BOOLEAN },
        { .key = "boot_menu", .type = DICT_BOOLEAN },
        { .key = "tcg_tb_cache", .type = DICT_INTEGER, .min = (int64_t)MIB, .max = (int64_t)(4 * GIB) },
        { .key = "devices", .type = DICT_ARRAY, .max = VM_DEVICES_MAX, .element = &device_element },
        { .key = "metadata", .type = DICT_STRING_MAP },
        {},
};

/* ---- sense ---- */

static int refuse(sd_bus_error *error, const char *format, ...) _printf_(2, 3);
static int refuse(sd_bus_error *error, const char *format, ...) {
        char text[512];
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, text);
        return -EINVAL;
}

/* Attributes of libvirt's <address>, and what may stand in them: nothing else gets near the XML. */
static int check_address(const json_t *address, const char *what, size_t index, sd_bus_error *error) {
        static const char *const types[] = { "pci", "drive", "virtio-serial", "usb", "isa", "ccid", "spapr-vio", NULL };
        static const char *const keys[] = { "type", "domain", "bus", "slot", "function", "multifunction", "controller",
                                            "target", "unit", "port", "iobase", "irq", "slot", NULL };
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)address, key, value) {
                const char *s = json_string_value(value);
                bool known = false, good = false;

                for (size_t i = 0; keys[i]; i++)
                        known = known || streq(key, keys[i]);
                if (!known) {
                        sd_bus_error_setf(error, RHV_ERROR_UNKNOWN_OPTION, "The address of %s %zu has an unknown part '%s'", what, index + 1, key);
                        return -EINVAL;
                }
                if (streq(key, "type"))
                        for (size_t i = 0; types[i]; i++)
                                good = good || streq_ptr(s, types[i]);
                else if (streq(key, "multifunction"))
                        good = streq_ptr(s, "on") || streq_ptr(s, "off");
                else
                        good = s && characters_are(s, DIGITS "abcdefx.", 16);
                if (!good)
                        return refuse(error, "The address of %s %zu has a bad '%s'", what, index + 1, key);
        }
        if (address && json_object_size(address) > 0 && !json_object_get(address, "type"))
                return refuse(error, "The address of %s %zu has no 'type'", what, index + 1);
        return 0;
}

/* Refuses a string key that two elements of a list share. Lists are short (64), so each is compared with those before it. */
static int check_unique(const json_t *list, const char *key, const char *what, sd_bus_error *error) {
        for (size_t i = 0; i < json_array_size(list); i++) {
                const char *a = dict_string(json_array_get(list, i), key, NULL);

                for (size_t k = 0; a && k < i; k++)
                        if (streq_ptr(a, dict_string(json_array_get(list, k), key, NULL)))
                                return refuse(error, "%s %s is given twice", what, a);
        }
        return 0;
}

static int check_boot_orders(const json_t *disks, const json_t *nics, sd_bus_error *error) {
        bool seen[VM_BOOT_ORDER_MAX + 1] = { false };
        const json_t *lists[] = { disks, nics };

        for (size_t l = 0; l < ELEMENTSOF(lists); l++)
                for (size_t i = 0; i < json_array_size(lists[l]); i++) {
                        int64_t order = dict_integer(json_array_get(lists[l], i), "boot_order", 0);

                        if (order > 0 && seen[order])
                                return refuse(error, "Two devices have the boot order %d", (int)order);
                        seen[order] = true;
                }
        return 0;
}

/* A disk is a volume of the image with its id; what is in a CD-ROM drive, which has an id of its own, is a file of an ISO domain, the volume of an image, or nothing. The drive is
 * always read-only and on SATA. */
static int check_medium(const json_t *disk, size_t index, sd_bus_error *error) {
        const bool cdrom = streq(dict_string(disk, "device", "disk"), "cdrom"), file = json_object_get(disk, "file"), volume = json_object_get(disk, "volume"),
                   image = json_object_get(disk, "image"), domain = json_object_get(disk, "domain");

        if (cdrom ? volume != image || (volume && file) : !volume || file || image)
                return refuse(error, "Disk %zu: it has a \"volume\", or a CD-ROM a \"file\", or an \"image\" and its \"volume\"", index + 1);
        if (cdrom ? domain != (file || volume) : !domain)
                return refuse(error, "Disk %zu: its \"domain\" is of the volume or the file", index + 1);
        if (cdrom && (!streq(dict_string(disk, "bus", ""), "sata") || !dict_boolean(disk, "read_only", false)))
                return refuse(error, "Disk %zu: a CD-ROM is read-only and on the bus sata", index + 1);
        return 0;
}

static int check_disks(const json_t *disks, sd_bus_error *error) {
        unsigned sata = 0;
        int r;

        r = check_unique(disks, "id", "Disk", error);
        if (r < 0)
                return r;
        r = check_unique(disks, "serial", "The serial number", error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < json_array_size(disks); i++) {
                const json_t *disk = json_array_get(disks, i);

                r = check_medium(disk, i, error);
                if (r < 0)
                        return r;
                if (streq(dict_string(disk, "bus", "virtio"), "sata")) {
                        sata++;
                        /* QEMU has no such disk; a CD-ROM is another device. */
                        if (dict_boolean(disk, "read_only", false) && !streq(dict_string(disk, "device", "disk"), "cdrom"))
                                return refuse(error, "Disk %zu: a SATA disk cannot be read-only; use virtio or scsi", i + 1);
                }
                r = check_address(json_object_get(disk, "address"), "disk", i, error);
                if (r < 0)
                        return r;
        }
        return sata > VM_SATA_MAX ? refuse(error, "%u SATA disks are given, %d are possible", sata, VM_SATA_MAX) : 0;
}

static int check_nics(const json_t *nics, sd_bus_error *error) {
        int r;

        r = check_unique(nics, "id", "NIC", error);
        if (r < 0)
                return r;
        r = check_unique(nics, "mac", "The MAC address", error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < json_array_size(nics); i++) {
                const json_t *nic = json_array_get(nics, i);

                r = check_address(json_object_get(nic, "address"), "NIC", i, error);
                if (r < 0)
                        return r;
                r = nic_limit_check(json_object_get(nic, "inbound"), "inbound", error);
                if (r >= 0)
                        r = nic_limit_check(json_object_get(nic, "outbound"), "outbound", error);
                if (r >= 0)
                        r = nic_custom_check(json_object_get(nic, "custom"), error);
                if (r < 0)
                        return r;
                r = vm_function_check(nic, i + 1, error);
                if (r < 0)
                        return r;
                if (!vm_nic_bridge(nic) && !vm_nic_is_passthrough(nic))
                        return refuse(error, "NIC %zu needs a 'bridge': the network's name '%s' is not a device's", i + 1,
                                      dict_string(nic, "network", ""));
        }
        return 0;
}

static int check_metadata(const json_t *metadata, sd_bus_error *error) {
        size_t bytes = 0;
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)metadata, key, value)
                bytes += strlen(key) + json_string_length(value);
        return bytes > VM_METADATA_BYTES_MAX ? refuse(error, "The metadata is larger than %d bytes", VM_METADATA_BYTES_MAX) : 0;
}

int vm_description_check(const json_t *description, sd_bus_error *error) {
        const json_t *disks = json_object_get(description, "disks");
        const json_t *nics = json_object_get(description, "nics");
        const json_t *devices = json_object_get(description, "devices");
        VmTopology topology;
        int r;

        r = dict_check(description, vm_description_fields, "The VM description", error);
        if (r < 0)
                return r;
        if (dict_integer(description, "memory", 0) % (int64_t)MIB != 0)
                return refuse(error, "The memory must be whole MiB (a multiple of 1048576 bytes)");
        if (vm_description_topology(description, &topology) < 0)
                return refuse(error, "sockets × cores × threads does not make %d CPUs", (int)dict_integer(description, "cpus", 0));

        r = check_disks(disks, error);
        if (r < 0)
                return r;
        r = check_nics(nics, error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < json_array_size(devices); i++) {
                r = check_address(json_object_get(json_array_get(devices, i), "address"), "device", i, error);
                if (r < 0)
                        return r;
        }
        r = check_boot_orders(disks, nics, error);
        if (r < 0)
                return r;
        return check_metadata(json_object_get(description, "metadata"), error);
}

int vm_description_topology(const json_t *description, VmTopology *ret) {
        uint64_t cpus = (uint64_t)dict_integer(description, "cpus", 1);
        uint64_t sockets = (uint64_t)dict_integer(description, "sockets", 0);
        uint64_t cores = (uint64_t)dict_integer(description, "cores", 0);
        uint64_t threads = (uint64_t)dict_integer(description, "threads", 1);

        if (cpus == 0 || threads == 0 || cpus % threads != 0)
                return -EINVAL;
        if (sockets == 0 && cores == 0)
                cores = 1;
        if (cores == 0)
                cores = cpus / threads / sockets;
        if (sockets == 0)
                sockets = cpus / threads / cores;
        if (sockets * cores * threads != cpus)
                return -EINVAL;

        *ret = (VmTopology){ (unsigned)cpus, (unsigned)sockets, (unsigned)cores, (unsigned)threads };
        return 0;
}

const char *vm_nic_bridge(const json_t *nic) {
        const char *bridge = dict_string(nic, "bridge", NULL);
        const char *network = vm_nic_is_passthrough(nic) ? NULL : dict_string(nic, "network", NULL);

        if (bridge)
                return bridge;
        return network && device_name_is_valid(network) ? network : NULL;
}
