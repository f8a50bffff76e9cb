/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vm-xml-device.h"

#include <inttypes.h>
#include <stdio.h>

#include "dict.h"
#include "vm-description.h"
#include "vm-function.h"

/* ---- writer ---- */

static void note(Xml *x, int written) {
        if (written < 0 && x->r >= 0)
                x->r = -ENOMEM;
}

static void write_attributes(Xml *x, va_list ap) {
        const char *name;

        while ((name = va_arg(ap, const char *))) {
                const char *value = va_arg(ap, const char *);

                if (value)
                        note(x, xmlTextWriterWriteAttribute(x->writer, (const xmlChar *)name, (const xmlChar *)value));
        }
}

void xml_open(Xml *x, const char *name, ...) {
        va_list ap;

        note(x, xmlTextWriterStartElement(x->writer, (const xmlChar *)name));
        va_start(ap, name);
        write_attributes(x, ap);
        va_end(ap);
}

void xml_empty(Xml *x, const char *name, ...) {
        va_list ap;

        note(x, xmlTextWriterStartElement(x->writer, (const xmlChar *)name));
        va_start(ap, name);
        write_attributes(x, ap);
        va_end(ap);
        xml_close(x);
}

void xml_attributef(Xml *x, const char *name, const char *format, ...) {
        char value[64];
        va_list ap;
        int n;

        va_start(ap, format);
        n = vsnprintf(value, sizeof(value), format, ap);
        va_end(ap);
        if (n < 0 || (size_t)n >= sizeof(value)) {
                x->r = -EMSGSIZE;
                return;
        }
        note(x, xmlTextWriterWriteAttribute(x->writer, (const xmlChar *)name, (const xmlChar *)value));
}

static void write_content(Xml *x, const char *format, va_list ap) _printf_(2, 0);
static void write_content(Xml *x, const char *format, va_list ap) {
        _cleanup_free_ char *text = NULL;

        if (vasprintf(&text, format, ap) < 0) {
                x->r = -ENOMEM;
                text = NULL;
                return;
        }
        note(x, xmlTextWriterWriteString(x->writer, (const xmlChar *)text));
}

void xml_content(Xml *x, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        write_content(x, format, ap);
        va_end(ap);
}

void xml_text(Xml *x, const char *name, const char *format, ...) {
        va_list ap;

        xml_open(x, name, NULL);
        va_start(ap, format);
        write_content(x, format, ap);
        va_end(ap);
        xml_close(x);
}

void xml_close(Xml *x) {
        note(x, xmlTextWriterEndElement(x->writer));
}

/* ---- addresses ---- */

static const json_t *known_address(const Xml *x, const char *alias) {
        const json_t *devices = json_object_get(x->description, "devices");

        for (size_t i = 0; i < json_array_size(devices); i++) {
                const json_t *device = json_array_get(devices, i);

                if (streq_ptr(dict_string(device, "alias", NULL), alias))
                        return json_object_get(device, "address");
        }
        return NULL;
}

static void write_address(Xml *x, const json_t *address) {
        const char *key;
        json_t *value;

        if (json_object_size(address) == 0)
                return;
        xml_open(x, "address", NULL);
        json_object_foreach((json_t *)address, key, value)
                note(x, xmlTextWriterWriteAttribute(x->writer, (const xmlChar *)key, (const xmlChar *)json_string_value(value)));
        xml_close(x);
}

/* <alias> and, where an earlier run told it, <address>. own: an address that stands with the device itself, or NULL. */
static void write_identity(Xml *x, const char *alias, const json_t *own) {
        xml_empty(x, "alias", "name", alias, NULL);
        write_address(x, json_object_size(own) > 0 ? own : known_address(x, alias));
}

static void device_alias(char ret[static 48], const json_t *device) {
        (void) snprintf(ret, 48, VM_ALIAS_DEVICE "%s", dict_string(device, "id", ""));
}

/* order 0: none. */
static void write_boot_order(Xml *x, int64_t order) {
        if (order <= 0)
                return;
        xml_open(x, "boot", NULL);
        xml_attributef(x, "order", "%" PRIi64, order);
        xml_close(x);
}

/* ---- disks ---- */

/* "vda" … "vdz", "vdaa" …, as the kernel counts. */
static void disk_name(char ret[static 8], const char *prefix, unsigned index) {
        char letters[4];
        size_t n = 0;

        for (unsigned i = index + 1; i > 0 && n < sizeof(letters); i = (i - 1) / 26)
                letters[n++] = (char)('a' + (i - 1) % 26);
        (void) snprintf(ret, 8, "%s", prefix);
        for (size_t length = strlen(ret); n > 0 && length < 7; length++) {
                ret[length] = letters[--n];
                ret[length + 1] = 0;
        }
}

/* A block device or a file: told by the path alone, so that no hung file system is touched. */
static bool path_is_block(const char *path) {
        return startswith(path, "/dev/");
}

static void write_source(Xml *x, const char *path) {
        xml_open(x, "source", path_is_block(path) ? "dev" : "file", path, NULL);
        /* The file belongs to the storage domain, with the owner that all its hosts expect: libvirt must not touch it. */
        xml_empty(x, "seclabel", "model", "dac", "relabel", "no", NULL);
        xml_close(x);
}

/* The whole chain is written down, ended by an empty element, so that libvirt probes no image and relabels none. */
static void write_backing(Xml *x, const json_t *backing, size_t index) {
        const json_t *element = json_array_get(backing, index);
        const char *path = dict_string(element, "path", NULL);

        if (!path) {
                xml_empty(x, "backingStore", NULL);
                return;
        }
        xml_open(x, "backingStore", "type", path_is_block(path) ? "block" : "file", NULL);
        xml_empty(x, "format", "type", dict_string(element, "format", "raw"), NULL);
        write_source(x, path);
        write_backing(x, backing, index + 1);
        xml_close(x);
}

/* SCSI and SATA units are set by us, because libvirt would derive them from names that shift when a disk goes. */
typedef struct DiskPlaces {
        bool scsi[VM_DISKS_MAX], sata[VM_SATA_MAX];
        unsigned vd, sd; /* the next names */
} DiskPlaces;

static const json_t *disk_address(const Xml *x, const json_t *disk) {
        const json_t *address = json_object_get(disk, "address");
        char alias[48];

        if (json_object_size(address) > 0)
                return address;
        device_alias(alias, disk);
        return known_address(x, alias);
}

static void take_known_units(const Xml *x, DiskPlaces *places) {
        const json_t *disks = json_object_get(x->description, "disks");

        for (size_t i = 0; i < json_array_size(disks); i++) {
                const json_t *disk = json_array_get(disks, i);
                const char *unit = dict_string(disk_address(x, disk), "unit", NULL);
                const char *bus = dict_string(disk, "bus", "virtio");
                unsigned long number = unit ? strtoul(unit, NULL, 0) : ULONG_MAX;

                if (streq(bus, "scsi") && number < ELEMENTSOF(places->scsi))
                        places->scsi[number] = true;
                if (streq(bus, "sata") && number < ELEMENTSOF(places->sata))
                        places->sata[number] = true;
        }
}

static int take_unit(bool *taken, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (!taken[i]) {
                        taken[i] = true;
                        return (int)i;
                }
        return -ENOSPC;
}

static void write_disk_place(Xml *x, DiskPlaces *places, const json_t *disk, const char *bus) {
        const json_t *address = disk_address(x, disk);
        char alias[48];
        int unit;

        device_alias(alias, disk);
        if (json_object_size(address) > 0 || streq(bus, "virtio")) {
                write_identity(x, alias, address);
                return;
        }
        unit = streq(bus, "scsi") ? take_unit(places->scsi, ELEMENTSOF(places->scsi)) : take_unit(places->sata, ELEMENTSOF(places->sata));
        if (unit < 0) {
                x->r = -EINVAL;
                return;
        }
        xml_empty(x, "alias", "name", alias, NULL);
        xml_open(x, "address", "type", "drive", "controller", "0", "bus", "0", "target", "0", NULL);
        xml_attributef(x, "unit", "%d", unit);
        xml_close(x);
}

/* All but its place; the element stays open. path NULL: an empty CD-ROM drive. */
static void begin_disk(Xml *x, const json_t *disk, const json_t *prepared, const char *target) {
        const char *path = dict_string(prepared, "path", NULL);
        bool cdrom = streq(dict_string(disk, "device", "disk"), "cdrom"), block = path && path_is_block(path);

        xml_open(x, "disk", "type", block ? "block" : "file", "device", cdrom ? "cdrom" : "disk", "snapshot", "no", NULL);
        /* a guest that cannot read a medium is told so, as by a drive */
        xml_empty(x, "driver", "name", "qemu", "type", dict_string(prepared, "format", "raw"), "cache", "none", "error_policy", cdrom ? "report" : "stop",
                  "io", block ? "native" : "threads", "discard", dict_boolean(disk, "discard", false) ? "unmap" : NULL, NULL);
        if (path) {
                write_source(x, path);
                write_backing(x, json_object_get(prepared, "backing"), 0);
        }
        xml_empty(x, "target", "dev", target, "bus", dict_string(disk, "bus", "virtio"), NULL);
        if (dict_boolean(disk, "shared", false))
                xml_empty(x, "shareable", NULL);
        if (dict_boolean(disk, "read_only", false))
                xml_empty(x, "readonly", NULL);
        if (!cdrom)
                xml_text(x, "serial", "%s", dict_string(disk, "serial", dict_string(disk, "id", "")));
        write_boot_order(x, dict_integer(disk, "boot_order", 0));
}

static void write_disk(Xml *x, DiskPlaces *places, const json_t *disk, const json_t *prepared) {
        const char *bus = dict_string(disk, "bus", "virtio");
        char name[8];

        /* only a drive may be without a medium */
        if (!dict_string(prepared, "path", NULL) && (json_object_get(disk, "domain") || !streq(dict_string(disk, "device", "disk"), "cdrom"))) {
                x->r = -EINVAL;
                return;
        }
        if (streq(bus, "virtio"))
                disk_name(name, "vd", places->vd++);
        else
                disk_name(name, "sd", places->sd++);
        begin_disk(x, disk, prepared, name);
        write_disk_place(x, places, disk, bus);
        xml_close(x);
}

void vm_xml_cdrom(Xml *x, const json_t *disk, const json_t *prepared, const char *target) {
        char alias[48];

        device_alias(alias, disk);
        begin_disk(x, disk, prepared, target);
        xml_empty(x, "alias", "name", alias, NULL);
        xml_close(x);
}

static void write_disks(Xml *x) {
        const json_t *disks = json_object_get(x->description, "disks");
        DiskPlaces places = {};

        take_known_units(x, &places);
        for (size_t i = 0; i < json_array_size(disks); i++)
                write_disk(x, &places, json_array_get(disks, i), json_array_get(x->prepared, i));
}

/* ---- NICs ---- */

/* On a VLAN-aware bridge org.rhv.Network puts a port into the VLAN that its name tells, "v100-1a2b3c4d"; libvirt has no word for VLANs of Linux bridges. Nor has it one for
 * mirroring: "m0-1a2b3c4d" or "m100-1a2b3c4d" gets copies of its network's frames. */
static void write_port_name(Xml *x, const json_t *nic) {
        bool mirror = dict_boolean(nic, "mirror", false);
        int64_t vlan = dict_integer(nic, "vlan", 0);

        if (vlan == 0 && !mirror)
                return;
        xml_open(x, "target", NULL);
        xml_attributef(x, "dev", "%c%" PRIi64 "-%.8s", mirror ? 'm' : 'v', vlan, dict_string(nic, "id", ""));
        xml_close(x);
}

/* libvirt counts kilobytes: 125 for 10^6 bits. */
static void write_limit(Xml *x, const char *direction, const json_t *limit) {
        int64_t peak = dict_integer(limit, "peak_mbit", 0), burst = dict_integer(limit, "burst_mib", 0);

        if (!limit)
                return;
        xml_open(x, direction, NULL);
        xml_attributef(x, "average", "%" PRIi64, dict_integer(limit, "average_mbit", 0) * 125);
        if (peak > 0)
                xml_attributef(x, "peak", "%" PRIi64, peak * 125);
        if (burst > 0)
                xml_attributef(x, "burst", "%" PRIi64, burst * 1024);
        xml_close(x);
}

/* Directions are the guest's: what it receives is inbound. */
static void write_bandwidth(Xml *x, const json_t *nic) {
        const json_t *inbound = json_object_get(nic, "inbound"), *outbound = json_object_get(nic, "outbound");

        if (!inbound && !outbound)
                return;
        xml_open(x, "bandwidth", NULL);
        write_limit(x, "inbound", inbound);
        write_limit(x, "outbound", outbound);
        xml_close(x);
}

/* domain:bus:device.function, as libvirt has it. */
static void write_pci_source(Xml *x, const char *address) {
        xml_open(x, "source", NULL);
        xml_open(x, "address", "type", "pci", NULL);
        xml_attributef(x, "domain", "0x%.4s", address);
        xml_attributef(x, "bus", "0x%.2s", address + 5);
        xml_attributef(x, "slot", "0x%.2s", address + 8);
        xml_attributef(x, "function", "0x%.1s", address + 11);
        xml_close(x);
        xml_close(x);
}

/* libvirt takes the function from its driver and gives it back, and has the NIC of the host put the tag on what the guest sends; the guest does not see it. */
static void write_function(Xml *x, const json_t *nic) {
        const char *mac = dict_string(nic, "mac", NULL);
        int64_t vlan = dict_integer(nic, "vlan", 0);
        char alias[48];

        device_alias(alias, nic);
        xml_open(x, "interface", "type", "hostdev", "managed", "yes", NULL);
        if (mac)
                xml_empty(x, "mac", "address", mac, NULL);
        xml_empty(x, "driver", "name", "vfio", NULL);
        write_pci_source(x, json_string_value(json_array_get(json_object_get(nic, "vfs"), 0)));
        if (vlan > 0) {
                xml_open(x, "vlan", NULL);
                xml_open(x, "tag", NULL);
                xml_attributef(x, "id", "%" PRIi64, vlan);
                xml_close(x);
                xml_close(x);
        }
        write_boot_order(x, dict_integer(nic, "boot_order", 0));
        write_identity(x, alias, json_object_get(nic, "address"));
        xml_close(x);
}

void vm_xml_nic(Xml *x, const json_t *nic) {
        int64_t boot_order = dict_integer(nic, "boot_order", 0);
        const char *mac = dict_string(nic, "mac", NULL), *filter = dict_string(nic, "filter", NULL), *bridge = vm_nic_bridge(nic);
        char alias[48];

        if (vm_nic_is_passthrough(nic)) {
                write_function(x, nic);
                return;
        }
        if (!bridge) {
                x->r = -EINVAL;
                return;
        }
        device_alias(alias, nic);
        xml_open(x, "interface", "type", "bridge", NULL);
        if (mac)
                xml_empty(x, "mac", "address", mac, NULL);
        xml_empty(x, "source", "bridge", bridge, NULL);
        write_port_name(x, nic);
        xml_empty(x, "model", "type", dict_string(nic, "model", "virtio"), NULL);
        if (filter)
                xml_empty(x, "filterref", "filter", filter, NULL);
        write_bandwidth(x, nic);
        xml_empty(x, "link", "state", dict_boolean(nic, "link", true) ? "up" : "down", NULL);
        write_boot_order(x, boot_order);
        write_identity(x, alias, json_object_get(nic, "address"));
        xml_close(x);
}

/* ---- controllers ---- */

/* Root ports in all, spare ones for later plugging included: oVirt's 16, or more where the devices need it. */
#define ROOT_PORTS_MIN 16U
#define ROOT_PORTS_SPARE 4U
/* Bus 0 has 32 slots with 8 functions: slot 0 is the host bridge, 1 the display, 31 the chip set; libvirt puts integrated devices into the rest. */
#define ROOT_PORTS_FIRST_SLOT 2U
#define ROOT_PORTS_MAX 160U

static bool has_scsi(const Xml *x) {
        const json_t *disks = json_object_get(x->description, "disks");

        for (size_t i = 0; i < json_array_size(disks); i++)
                if (streq(dict_string(json_array_get(disks, i), "bus", "virtio"), "scsi"))
                        return true;
        return false;
}

static bool has_graphics(const Xml *x) {
        return json_array_size(json_object_get(x->description, "graphics")) > 0;
}

static unsigned count_root_ports(const Xml *x) {
        size_t needed = json_array_size(json_object_get(x->description, "disks")) + json_array_size(json_object_get(x->description, "nics")) +
                        5 /* SCSI, serial, USB, balloon, RNG */ + ROOT_PORTS_SPARE;

        if (needed < ROOT_PORTS_MIN)
                needed = ROOT_PORTS_MIN;
        return needed > ROOT_PORTS_MAX ? ROOT_PORTS_MAX : (unsigned)needed;
}

/* Only q35 has PCIe root ports; the plain "pc" machine has a PCI bus on which libvirt's own placement is stable enough. */
static bool is_q35(const Xml *x) {
        const char *machine = dict_string(x->description, "machine", x->host->machine);

        return machine && strstr(machine, "q35");
}

static void write_root_ports(Xml *x) {
        unsigned n = is_q35(x) ? count_root_ports(x) : 0;

        if (n > 0)
                xml_empty(x, "controller", "type", "pci", "index", "0", "model", "pcie-root", NULL);
        for (unsigned i = 0; i < n; i++) {
                xml_open(x, "controller", "type", "pci", "model", "pcie-root-port", NULL);
                xml_attributef(x, "index", "%u", i + 1);
                xml_open(x, "address", "type", "pci", "domain", "0x0000", "bus", "0x00", NULL);
                if (i % 8 == 0)
                        xml_attributef(x, "multifunction", "on");
                xml_attributef(x, "slot", "0x%02x", ROOT_PORTS_FIRST_SLOT + i / 8);
                xml_attributef(x, "function", "0x%x", i % 8);
                xml_close(x);
                xml_close(x);
        }
}

static void write_controllers(Xml *x) {
        bool channel = dict_boolean(x->description, "guest_agent", true);

        write_root_ports(x);
        if (has_scsi(x)) {
                xml_open(x, "controller", "type", "scsi", "index", "0", "model", "virtio-scsi", NULL);
                write_identity(x, VM_ALIAS_SCSI, NULL);
                xml_close(x);
        }
        if (channel) {
                xml_open(x, "controller", "type", "virtio-serial", "index", "0", "ports", "16", NULL);
                write_identity(x, VM_ALIAS_SERIAL, NULL);
                xml_close(x);
        }
        if (has_graphics(x)) {
                xml_open(x, "controller", "type", "usb", "index", "0", "model", "qemu-xhci", "ports", "8", NULL);
                write_identity(x, VM_ALIAS_USB, NULL);
                xml_close(x);
        } else
                xml_empty(x, "controller", "type", "usb", "index", "0", "model", "none", NULL);
}

/* ---- the rest ---- */

static void write_console(Xml *x, const char *id) {
        _cleanup_free_ char *path = NULL;

        if (!dict_boolean(x->description, "serial_console", true))
                return;
        path = vm_xml_console_path(x->host, id);
        if (!path) {
                x->r = -ENOMEM;
                return;
        }
        xml_open(x, "serial", "type", "unix", NULL);
        xml_empty(x, "source", "mode", "bind", "path", path, NULL);
        xml_empty(x, "target", "port", "0", NULL);
        xml_close(x);
}

static void write_channel(Xml *x) {
        if (!dict_boolean(x->description, "guest_agent", true))
                return;
        xml_open(x, "channel", "type", "unix", NULL);
        xml_empty(x, "target", "type", "virtio", "name", VM_AGENT_CHANNEL, NULL);
        write_identity(x, VM_ALIAS_AGENT, NULL);
        xml_close(x);
}

/* No port is opened: a viewer gets a socket passed (OpenGraphics), so there is neither a password nor anything to scan. */
static void write_graphics(Xml *x) {
        if (!has_graphics(x)) {
                xml_open(x, "video", NULL);
                xml_empty(x, "model", "type", "none", NULL);
                xml_close(x);
                return;
        }
        xml_empty(x, "input", "type", "tablet", "bus", "usb", NULL);
        xml_open(x, "graphics", "type", "vnc", NULL);
        xml_empty(x, "listen", "type", "none", NULL);
        xml_close(x);
        xml_open(x, "video", NULL);
        xml_empty(x, "model", "type", "vga", "vram", "16384", "heads", "1", "primary", "yes", NULL);
        write_identity(x, VM_ALIAS_VIDEO, NULL);
        xml_close(x);
}

static void write_balloon(Xml *x) {
        if (!dict_boolean(x->description, "balloon", true)) {
                xml_empty(x, "memballoon", "model", "none", NULL);
                return;
        }
        xml_open(x, "memballoon", "model", "virtio", NULL);
        xml_empty(x, "stats", "period", "5", NULL);
        write_identity(x, VM_ALIAS_BALLOON, NULL);
        xml_close(x);
}

static void write_rng(Xml *x) {
        if (!dict_boolean(x->description, "rng", true))
                return;
        xml_open(x, "rng", "model", "virtio", NULL);
        xml_open(x, "backend", "model", "random", NULL);
        xml_content(x, "/dev/urandom");
        xml_close(x);
        write_identity(x, VM_ALIAS_RNG, NULL);
        xml_close(x);
}

static bool same_lease(const json_t *a, const json_t *b) {
        return json_equal(json_object_get(a, "lease"), json_object_get(b, "lease"));
}

/* One for each domain that the guest's disks are on: libvirt has QEMU take them before the guest's CPUs run. */
static void write_leases(Xml *x, const char *id) {
        const json_t *one;
        size_t i;

        json_array_foreach(x->prepared, i, one) {
                const json_t *lease = json_object_get(one, "lease");
                bool written = false;

                for (size_t k = 0; k < i; k++)
                        written = written || same_lease(json_array_get(x->prepared, k), one);
                if (!lease || written)
                        continue;
                xml_open(x, "lease", NULL);
                xml_text(x, "lockspace", "%s", dict_string(lease, "lockspace", ""));
                xml_text(x, "key", "%s", id);
                xml_open(x, "target", "path", dict_string(lease, "path", ""), NULL);
                xml_attributef(x, "offset", "%" PRIi64, dict_integer(lease, "offset", 0));
                xml_close(x);
                xml_close(x);
        }
}

void vm_xml_devices(Xml *x, const char *id) {
        const json_t *nics = json_object_get(x->description, "nics");

        write_leases(x, id);
        write_controllers(x);
        write_disks(x);
        for (size_t i = 0; i < json_array_size(nics); i++)
                vm_xml_nic(x, json_array_get(nics, i));
        write_console(x, id);
        write_channel(x);
        write_graphics(x);
        write_balloon(x);
        write_rng(x);
}
