/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "spec.h"

#include <inttypes.h>
#include <stdio.h>

#include "bus-error.h"
#include "domain-connection.h"
#include "mac-pool.h"
#include "nic-options.h"
#include "parse-util.h"
#include "plan-host.h"

/* IFNAMSIZ - 1: longer names do not fit a network device. */
#define DEVICE_NAME_MAX 15

static bool name_64(const char *s) {
        return name_is_valid(s, NAME_BYTES_MAX);
}

static bool label_64(const char *s) {
        return label_is_valid(s, NAME_BYTES_MAX);
}

static bool label_or_empty(const char *s) {
        return !*s || label_is_valid(s, DESCRIPTION_BYTES_MAX);
}

bool network_name_is_valid(const char *s) {
        /* "bond…" belongs to bonds, in the engine's rule and on the host */
        return name_is_valid(s, NAME_BYTES_MAX) && !startswith(s, "bond");
}

static bool reference_is_valid(const char *s) {
        return uuid_is_valid(s) || label_is_valid(s, NAME_BYTES_MAX);
}

/* One token of libvirt's XML: never more than a word. */
static bool word_is_valid(const char *s) {
        return name_is_valid(s, NAME_BYTES_MAX);
}

static bool serial_is_valid(const char *s) {
        return name_is_valid(s, 36);
}

#define FIELD_ID { "id", DICT_STRING, .valid = uuid_is_valid, .expected = "a UUID in lower-case" }
#define FIELD_NAME(kind, function, text) { "name", DICT_STRING, kind, .valid = function, .expected = text }
#define NAME_TEXT "1 to 64 of the characters a-z A-Z 0-9 . _ -, not beginning with '-' or '.'"
#define LABEL_TEXT "1 to 64 bytes of text without control characters or spaces at its ends"
#define FIELD_DESCRIPTION \
        { "description", DICT_STRING, .valid = label_or_empty, .expected = "one line of at most 255 bytes" }
#define FIELD_REFERENCE(key, kind) \
        { key, DICT_STRING, kind, .valid = reference_is_valid, .expected = "an id or a name" }

const DictField data_center_create_fields[] = {
        FIELD_ID, FIELD_NAME(DICT_REQUIRED, label_64, LABEL_TEXT), FIELD_DESCRIPTION, { NULL },
};
const DictField data_center_update_fields[] = {
        FIELD_NAME(DICT_OPTIONAL, label_64, LABEL_TEXT), FIELD_DESCRIPTION, { NULL },
};

const DictField cluster_create_fields[] = {
        FIELD_ID, FIELD_NAME(DICT_REQUIRED, label_64, LABEL_TEXT), FIELD_DESCRIPTION,
        FIELD_REFERENCE("data_center", DICT_OPTIONAL), { "require_kvm", DICT_BOOLEAN },
        FIELD_REFERENCE("mac_pool", DICT_OPTIONAL), { NULL },
};
const DictField cluster_update_fields[] = {
        FIELD_NAME(DICT_OPTIONAL, label_64, LABEL_TEXT), FIELD_DESCRIPTION, { "require_kvm", DICT_BOOLEAN },
        FIELD_REFERENCE("mac_pool", DICT_OPTIONAL), { NULL },
};

static const DictField mac_range_element = {
        "range", DICT_STRING, .valid = mac_range_is_valid,
        .expected = "FIRST-LAST, two addresses in lower-case, of which NICs can have one at least and 2147483647 at most",
};
#define FIELD_MAC_RANGES(kind) { "ranges", DICT_ARRAY, kind, 1, MAC_POOL_RANGES_MAX, .element = &mac_range_element }
const DictField mac_pool_create_fields[] = {
        FIELD_ID, FIELD_NAME(DICT_REQUIRED, label_64, LABEL_TEXT), FIELD_DESCRIPTION, FIELD_MAC_RANGES(DICT_REQUIRED),
        { "allow_duplicates", DICT_BOOLEAN }, { NULL },
};
const DictField mac_pool_update_fields[] = {
        FIELD_NAME(DICT_OPTIONAL, label_64, LABEL_TEXT), FIELD_DESCRIPTION, FIELD_MAC_RANGES(DICT_OPTIONAL),
        { "allow_duplicates", DICT_BOOLEAN }, { NULL },
};

const DictField host_update_fields[] = {
        FIELD_NAME(DICT_OPTIONAL, name_64, NAME_TEXT), FIELD_DESCRIPTION, { "host_id", DICT_INTEGER, .min = 1, .max = LOCKSPACE_HOSTS_MAX }, { NULL },
};


static const char *const network_modes[] = { "bridge", "nat", "isolated", NULL };
#define NETWORK_FIELDS                                                                            \
        { "mode", DICT_STRING, .words = network_modes }, { "subnet", DICT_STRING, .max = 64 }, { "dhcp", DICT_STRING, .max = 64 }, \
        { "subnet6", DICT_STRING, .max = 64 },                                                    \
        { "vlan", DICT_INTEGER, .min = 0, .max = 4094 }, { "mtu", DICT_INTEGER, .min = 0, .max = 65520 }, \
        { "bridged", DICT_BOOLEAN }, { "required", DICT_BOOLEAN }
#define NETWORK_NAME_TEXT NAME_TEXT ", nor with 'bond'"
const DictField network_create_fields[] = {
        FIELD_ID, FIELD_NAME(DICT_REQUIRED, network_name_is_valid, NETWORK_NAME_TEXT), FIELD_DESCRIPTION,
        FIELD_REFERENCE("data_center", DICT_OPTIONAL), NETWORK_FIELDS, { NULL },
};
const DictField network_update_fields[] = {
        FIELD_NAME(DICT_OPTIONAL, network_name_is_valid, NETWORK_NAME_TEXT), FIELD_DESCRIPTION, NETWORK_FIELDS, { NULL },
};

/* "default": NIC_FILTER_SPOOFING where the host's libvirt has it. The others are oVirt's list. */
static const char *const nic_filters[] = {
        "default", "none", NIC_FILTER_SPOOFING, "allow-arp", "allow-dhcp", "allow-dhcp-server", "allow-incoming-ipv4", "allow-ipv4",
        "clean-traffic", "clean-traffic-gateway", "no-arp-ip-spoofing", "no-arp-mac-spoofing", "no-arp-spoofing", "no-ip-multicast",
        "no-ip-spoofing", "no-mac-broadcast", "no-mac-spoofing", "no-other-l2-traffic", "no-other-rarp-traffic", "qemu-announce-self",
        "qemu-announce-self-rarp", NULL,
};
#define VNIC_PROFILE_FIELDS                                                                                   \
        FIELD_DESCRIPTION, { "filter", DICT_STRING, .words = nic_filters },                                    \
        { "inbound", DICT_OBJECT, .fields = nic_limit_fields }, { "outbound", DICT_OBJECT, .fields = nic_limit_fields }, \
        { "port_mirroring", DICT_BOOLEAN }, { "passthrough", DICT_BOOLEAN }, { "custom", DICT_STRING_MAP }
const DictField vnic_profile_create_fields[] = {
        FIELD_ID, FIELD_NAME(DICT_REQUIRED, label_64, LABEL_TEXT), FIELD_REFERENCE("network", DICT_REQUIRED), VNIC_PROFILE_FIELDS, { NULL },
};
const DictField vnic_profile_update_fields[] = { FIELD_NAME(DICT_OPTIONAL, label_64, LABEL_TEXT), VNIC_PROFILE_FIELDS, { NULL } };

static const char *const domain_classes[] = { "Data", "Iso", "Backup", NULL };
const DictField storage_domain_create_fields[] = {
        FIELD_ID, FIELD_NAME(DICT_REQUIRED, label_64, LABEL_TEXT), FIELD_DESCRIPTION,
        FIELDS_DOMAIN_CONNECTION, { "class", DICT_STRING, .words = domain_classes },
        { "io_timeout", DICT_INTEGER, .min = DOMAIN_IO_TIMEOUT_MIN_USEC, .max = DOMAIN_IO_TIMEOUT_MAX_USEC, .expected = "3 s to 60 s, in microseconds" },
        FIELD_REFERENCE("data_center", DICT_OPTIONAL), FIELD_REFERENCE("host", DICT_OPTIONAL), { NULL },
};
const DictField storage_domain_import_fields[] = {
        FIELDS_DOMAIN_CONNECTION, FIELD_DESCRIPTION, { "take_over", DICT_BOOLEAN },
        FIELD_NAME(DICT_OPTIONAL, label_64, LABEL_TEXT), FIELD_ID,
        FIELD_REFERENCE("data_center", DICT_OPTIONAL), FIELD_REFERENCE("host", DICT_OPTIONAL), { NULL },
};
const DictField storage_domain_update_fields[] = { FIELD_DESCRIPTION, { NULL } };

static const char *const formats[] = { "raw", "qcow2", NULL };
static const char *const allocations[] = { "sparse", "preallocated", NULL };
static const char *const content_types[] = { "data", DISK_CONTENT_ISO, NULL };
/* What becomes of the blocks a guest, or somebody who removes the disk, needs no more. */
#define FIELDS_DISPOSAL { "wipe_after_delete", DICT_BOOLEAN }, { "discard", DICT_BOOLEAN }
const DictField disk_create_fields[] = {
        FIELD_ID, FIELD_NAME(DICT_REQUIRED, label_64, LABEL_TEXT), FIELD_DESCRIPTION,
        FIELD_REFERENCE("storage_domain", DICT_REQUIRED),
        { "capacity", DICT_INTEGER, DICT_REQUIRED, DISK_CAPACITY_MIN, DISK_CAPACITY_MAX, .expected = "512 bytes to 256 TiB" },
        { "format", DICT_STRING, .words = formats }, { "allocation", DICT_STRING, .words = allocations },
        { "content_type", DICT_STRING, .words = content_types }, { "shareable", DICT_BOOLEAN }, FIELDS_DISPOSAL, { NULL },
};
const DictField disk_update_fields[] = {
        FIELD_NAME(DICT_OPTIONAL, label_64, LABEL_TEXT), FIELD_DESCRIPTION, FIELDS_DISPOSAL, { NULL },
};

const DictField disk_register_fields[] = {
        FIELD_NAME(DICT_OPTIONAL, label_64, LABEL_TEXT), FIELD_DESCRIPTION, { NULL },
};
const DictField vm_register_fields[] = {
        FIELD_NAME(DICT_OPTIONAL, name_64, NAME_TEXT), FIELD_DESCRIPTION, FIELD_REFERENCE("cluster", DICT_OPTIONAL), { NULL },
};
const DictField vm_import_fields[] = {
        FIELD_ID, FIELD_NAME(DICT_OPTIONAL, name_64, NAME_TEXT), FIELD_DESCRIPTION, FIELD_REFERENCE("cluster", DICT_OPTIONAL),
        FIELD_REFERENCE("storage_domain", DICT_OPTIONAL), { "clone", DICT_BOOLEAN }, { NULL },
};

const DictField disk_copy_fields[] = {
        FIELD_ID, FIELD_NAME(DICT_REQUIRED, label_64, LABEL_TEXT), FIELD_DESCRIPTION, FIELD_REFERENCE("storage_domain", DICT_OPTIONAL),
        { "format", DICT_STRING, .words = formats }, { "allocation", DICT_STRING, .words = allocations }, { NULL },
};

const DictField snapshot_create_fields[] = {
        FIELD_ID, FIELD_NAME(DICT_REQUIRED, label_64, LABEL_TEXT), FIELD_DESCRIPTION, { NULL },
};
const DictField snapshot_update_fields[] = {
        FIELD_NAME(DICT_OPTIONAL, label_64, LABEL_TEXT), FIELD_DESCRIPTION, { NULL },
};
const DictField snapshot_clone_fields[] = {
        FIELD_ID, FIELD_NAME(DICT_REQUIRED, name_64, NAME_TEXT), FIELD_DESCRIPTION, FIELD_REFERENCE("storage_domain", DICT_OPTIONAL),
        { NULL },
};

const DictField template_create_fields[] = {
        FIELD_ID, FIELD_NAME(DICT_REQUIRED, name_64, NAME_TEXT), FIELD_DESCRIPTION, FIELD_REFERENCE("storage_domain", DICT_OPTIONAL),
        { NULL },
};
const DictField template_update_fields[] = {
        FIELD_NAME(DICT_OPTIONAL, name_64, NAME_TEXT), FIELD_DESCRIPTION, { NULL },
};
const DictField template_vm_fields[] = {
        FIELD_ID, FIELD_NAME(DICT_REQUIRED, name_64, NAME_TEXT), FIELD_DESCRIPTION, { "clone", DICT_BOOLEAN },
        FIELD_REFERENCE("storage_domain", DICT_OPTIONAL), { NULL },
};

static const char *const disk_buses[] = { "virtio", "scsi", "sata", NULL };
#define FIELD_BOOT_ORDER { "boot_order", DICT_INTEGER, .min = 0, .max = VM_BOOT_ORDER_MAX }
#define VM_DISK_FIELDS                                                                                   \
        { "bus", DICT_STRING, .words = disk_buses }, { "read_only", DICT_BOOLEAN }, FIELD_BOOT_ORDER,     \
        { "serial", DICT_STRING, .valid = serial_is_valid, .expected = "1 to 36 of the characters a-z A-Z 0-9 . _ -" }
static const DictField vm_disk_entry_fields[] = { FIELD_REFERENCE("disk", DICT_REQUIRED), VM_DISK_FIELDS, { NULL } };
const DictField vm_disk_fields[] = { VM_DISK_FIELDS, { "request_id", DICT_STRING, .valid = uuid_is_valid, .expected = "a UUID in lower-case" }, { NULL } };
static const DictField vm_disk_element = { "disk", DICT_OBJECT, .fields = vm_disk_entry_fields };

static const char *const nic_models[] = { "virtio", "e1000e", NULL };
const DictField vm_nic_fields[] = {
        FIELD_ID, FIELD_REFERENCE("network", DICT_OPTIONAL), FIELD_REFERENCE("profile", DICT_OPTIONAL),
        { "mac", DICT_STRING, .valid = mac_is_valid, .expected = "a unicast address such as 56:6f:00:00:00:01, in lower-case" },
        { "model", DICT_STRING, .words = nic_models }, { "link", DICT_BOOLEAN }, FIELD_BOOT_ORDER, { NULL },
};
const DictField vm_nic_update_fields[] = {
        FIELD_REFERENCE("network", DICT_OPTIONAL), FIELD_REFERENCE("profile", DICT_OPTIONAL), { "link", DICT_BOOLEAN }, { NULL },
};
static const DictField vm_nic_element = { "nic", DICT_OBJECT, .fields = vm_nic_fields };

static const char *const graphics_types[] = { "vnc", NULL };
static const DictField graphics_fields[] = {
        { "type", DICT_STRING, DICT_REQUIRED, .words = graphics_types }, { NULL },
};
static const DictField graphics_element = { "graphics", DICT_OBJECT, .fields = graphics_fields };

/* A file of an ISO domain, or a disk that is an ISO image; empty: nothing is in it. */
static bool cdrom_is_valid(const char *s) {
        const char *slash = strchr(s, '/');

        return !*s || (label_is_valid(s, NAME_BYTES_MAX + 1 + 255) && slash && slash > s && slash[1]);
}

#define FIELD_WORD(key) \
        { key, DICT_STRING, .valid = word_is_valid, .expected = "a word of at most 64 of the characters a-z A-Z 0-9 . _ -" }
#define VM_FIELDS                                                                                             \
        FIELD_DESCRIPTION, { "memory", DICT_INTEGER, .min = VM_MEMORY_MIN, .max = VM_MEMORY_MAX, .expected = "16 MiB to 16 TiB" }, \
        { "cpus", DICT_INTEGER, .min = 1, .max = VM_CPUS_MAX },                                                 \
        { "sockets", DICT_INTEGER, .min = 1, .max = VM_SOCKETS_MAX },                                           \
        { "cores", DICT_INTEGER, .min = 1, .max = VM_CORES_MAX },                                               \
        { "threads", DICT_INTEGER, .min = 1, .max = VM_THREADS_MAX }, FIELD_WORD("cpu_model"),                  \
        FIELD_WORD("machine"), { "autostart", DICT_BOOLEAN }, { "serial_console", DICT_BOOLEAN },               \
        { "guest_agent", DICT_BOOLEAN }, { "rng", DICT_BOOLEAN }, { "balloon", DICT_BOOLEAN },                  \
        { "boot_menu", DICT_BOOLEAN },                                                                          \
        { "cdrom", DICT_STRING, .valid = cdrom_is_valid, .expected = "DOMAIN/FILE, DOMAIN/DISK, or empty" },                 \
        { "cdrom_boot_order", DICT_INTEGER, .min = 0, .max = VM_BOOT_ORDER_MAX },                               \
        { "cdrom_drive", DICT_BOOLEAN },                                                                        \
        { "graphics", DICT_ARRAY, .min = 0, .max = 1, .element = &graphics_element },                           \
        { "metadata", DICT_STRING_MAP }
const DictField vm_create_fields[] = {
        FIELD_ID, FIELD_NAME(DICT_REQUIRED, name_64, NAME_TEXT), FIELD_REFERENCE("cluster", DICT_OPTIONAL), VM_FIELDS,
        { "disks", DICT_ARRAY, .min = 0, .max = VM_DISKS_MAX, .element = &vm_disk_element },
        { "nics", DICT_ARRAY, .min = 0, .max = VM_NICS_MAX, .element = &vm_nic_element },
        { NULL },
};
const DictField vm_update_fields[] = { FIELD_NAME(DICT_OPTIONAL, name_64, NAME_TEXT), VM_FIELDS, { NULL } };

json_t *spec_strip(const json_t *description) {
        static const char *const columns[] = { "id",   "name",           "cluster",   "data_center", "host",
                                               "disk", "storage_domain", "autostart", "disks",       "nics" };
        json_t *spec = json_copy((json_t *)description);

        for (size_t i = 0; spec && i < ELEMENTSOF(columns); i++)
                (void) json_object_del(spec, columns[i]);
        return spec;
}

static int set_default(json_t *spec, const char *key, json_t *value) {
        if (json_object_get(spec, key)) {
                json_decref(value);
                return 0;
        }
        return json_object_set_new(spec, key, value) < 0 ? -ENOMEM : 0;
}

/* vCPUs alone are sockets, as in the engine; parts alone multiply to vCPUs. */
static int topology_complete(json_t *spec, sd_bus_error *error) {
        int64_t cores = dict_integer(spec, "cores", 1), threads = dict_integer(spec, "threads", 1);
        int64_t cpus = dict_integer(spec, "cpus", 0), sockets = dict_integer(spec, "sockets", 0);

        if (sockets == 0)
                sockets = cpus > 0 && cpus % (cores * threads) == 0 ? cpus / (cores * threads) : 1;
        if (cpus == 0)
                cpus = sockets * cores * threads;
        if (cpus != sockets * cores * threads)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                         "VM: %" PRIi64 " vCPUs are not %" PRIi64 " sockets of %" PRIi64
                                         " cores of %" PRIi64 " threads",
                                         cpus, sockets, cores, threads);
        if (cpus > VM_CPUS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "VM: %" PRIi64 " vCPUs are more than %d",
                                         cpus, VM_CPUS_MAX);

        if (json_object_set_new(spec, "cpus", json_integer(cpus)) < 0 ||
            json_object_set_new(spec, "sockets", json_integer(sockets)) < 0 ||
            json_object_set_new(spec, "cores", json_integer(cores)) < 0 ||
            json_object_set_new(spec, "threads", json_integer(threads)) < 0)
                return -ENOMEM;
        return 0;
}

static int check_sizes(const json_t *spec, sd_bus_error *error) {
        size_t bytes = 0;
        const char *key;
        json_t *value;

        if (dict_integer(spec, "memory", 0) % (int64_t)MIB != 0)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT,
                                        "VM: memory must be whole MiB (a multiple of 1048576 bytes)");
        json_object_foreach(json_object_get(spec, "metadata"), key, value)
                bytes += strlen(key) + json_string_length(value);
        if (bytes > VM_METADATA_BYTES_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "VM: the metadata is larger than %d bytes",
                                         VM_METADATA_BYTES_MAX);
        return 0;
}

static int check_boot_orders(const json_t *const lists[], size_t n, sd_bus_error *error) {
        bool seen[VM_BOOT_ORDER_MAX + 1] = { false };
        const json_t *device;
        size_t i;

        for (size_t k = 0; k < n; k++)
                json_array_foreach((json_t *)lists[k], i, device) {
                        int64_t order = dict_integer(device, "boot_order", 0);

                        if (order > 0 && seen[order])
                                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                                         "VM: two devices have the boot order %d", (int)order);
                        seen[order] = true;
                }
        return 0;
}

int vm_devices_check(const json_t *disks, const json_t *nics, sd_bus_error *error) {
        const json_t *const lists[] = { disks, nics };
        _cleanup_json_ json_t *serials = json_object();
        const json_t *disk;
        unsigned sata = 0;
        size_t i;

        if (!serials)
                return -ENOMEM;
        json_array_foreach((json_t *)disks, i, disk) {
                const char *serial = dict_string(disk, "serial", NULL);

                sata += streq(dict_string(disk, "bus", "virtio"), "sata");
                if (serial && json_object_get(serials, serial))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                                 "VM: two disks have the serial number %s", serial);
                if (serial && json_object_set_new(serials, serial, json_true()) < 0)
                        return -ENOMEM;
        }
        if (sata > VM_SATA_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "VM: %d SATA disks are possible, not %u",
                                         VM_SATA_MAX, sata);
        if (json_array_size(disks) > VM_DISKS_MAX || json_array_size(nics) > VM_NICS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "VM: %d disks and %d NICs are possible",
                                         VM_DISKS_MAX, VM_NICS_MAX);
        return check_boot_orders(lists, ELEMENTSOF(lists), error);
}

int vm_spec_complete(json_t *spec, sd_bus_error *error) {
        int r;

        r = topology_complete(spec, error);
        if (r >= 0)
                r = check_sizes(spec, error);
        if (r < 0)
                return r;

        if (set_default(spec, "description", json_string("")) < 0 ||
            set_default(spec, "memory", json_integer(VM_MEMORY_DEFAULT)) < 0 ||
            set_default(spec, "serial_console", json_true()) < 0 || set_default(spec, "guest_agent", json_true()) < 0 ||
            set_default(spec, "rng", json_true()) < 0 || set_default(spec, "balloon", json_true()) < 0 ||
            set_default(spec, "graphics", json_pack("[{s:s}]", "type", "vnc")) < 0)
                return -ENOMEM;
        return 0;
}

char *network_host_name(const char *name, const char *id) {
        char hex[14];
        size_t n = 0;
        char *result;

        if (strlen(name) <= DEVICE_NAME_MAX)
                return strdup(name);

        for (; *id && n < 13; id++)
                if (*id != '-')
                        hex[n++] = *id;
        hex[n] = 0;
        return asprintf(&result, "on%s", hex) < 0 ? NULL : result;
}
