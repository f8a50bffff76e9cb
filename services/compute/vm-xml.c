/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Sources: libvirt's domain XML format; the values that oVirt uses for a guest (disk cache and error policy, serial number,
 * channel name, balloon statistics, PCIe root ports).
 */

#include "vm-xml.h"

#include <inttypes.h>
#include <libxml/xmlwriter.h>
#include <stdarg.h>
#include <stdio.h>

#include "dict.h"
#include "vm-description.h"
#include "vm-xml-device.h"

char *vm_xml_console_path(const VmXmlHost *host, const char *id) {
        char *path;

        return asprintf(&path, "%s/%s.sock", host->console_directory, id) < 0 ? NULL : path;
}

/* ASCII only: what XML cannot carry (control characters, U+FFFE) is an escape in JSON. */
static char *description_text(Xml *x) {
        char *text = json_dumps(x->description, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);

        if (!text)
                x->r = -ENOMEM;
        return text;
}

static void write_metadata(Xml *x) {
        _cleanup_free_ char *text = description_text(x);

        if (!text)
                return;
        xml_open(x, "metadata", NULL);
        xml_open(x, VM_XML_PREFIX ":vm", "xmlns:" VM_XML_PREFIX, VM_XML_NAMESPACE, "version", "1", NULL);
        xml_text(x, VM_XML_PREFIX ":created_usec", "%" PRIu64, x->created_usec);
        xml_text(x, VM_XML_PREFIX ":description", "%s", text);
        xml_close(x);
        xml_close(x);
}

static void write_metadata_alone(Xml *x, const char *id) {
        _cleanup_free_ char *text = description_text(x);

        if (!text)
                return;
        xml_open(x, "vm", "version", "1", NULL);
        xml_text(x, "created_usec", "%" PRIu64, x->created_usec);
        xml_text(x, "description", "%s", text);
        xml_close(x);
}

static void write_memory(Xml *x) {
        uint64_t kib = (uint64_t)dict_integer(x->description, "memory", 0) / KIB;

        xml_open(x, "memory", "unit", "KiB", NULL);
        xml_content(x, "%" PRIu64, kib);
        xml_close(x);
        xml_open(x, "currentMemory", "unit", "KiB", NULL);
        xml_content(x, "%" PRIu64, kib);
        xml_close(x);
}

static void write_os(Xml *x) {
        const char *machine = dict_string(x->description, "machine", x->host->machine);

        xml_open(x, "os", NULL);
        xml_open(x, "type", "arch", x->host->arch, "machine", machine, NULL);
        xml_content(x, "hvm");
        xml_close(x);
        xml_empty(x, "bootmenu", "enable", dict_boolean(x->description, "boot_menu", false) ? "yes" : "no", NULL);
        xml_close(x);
}

static bool is_tcg(const Xml *x) {
        return streq(x->host->virt_type, "qemu");
}

static void write_features(Xml *x) {
        uint64_t cache_bytes = (uint64_t)dict_integer(x->description, "tcg_tb_cache", (int64_t)x->host->tcg_tb_cache_bytes);

        xml_open(x, "features", NULL);
        xml_empty(x, "acpi", NULL);
        xml_empty(x, "apic", NULL);
        if (is_tcg(x) && cache_bytes >= MIB) {
                xml_open(x, "tcg", NULL);
                xml_open(x, "tb-cache", "unit", "MiB", NULL);
                xml_content(x, "%" PRIu64, cache_bytes / MIB);
                xml_close(x);
                xml_close(x);
        }
        xml_close(x);
}

/* Without KVM the plain 64-bit model starts fastest and every host has it; with KVM what the host has, kept migratable by libvirt. */
static void write_cpu(Xml *x) {
        const char *model = dict_string(x->description, "cpu_model", is_tcg(x) ? "qemu64" : "host-model");
        bool mode = streq(model, "host-model") || streq(model, "host-passthrough") || streq(model, "maximum");
        VmTopology topology;

        if (vm_description_topology(x->description, &topology) < 0) {
                x->r = -EINVAL;
                return;
        }
        if (mode)
                xml_open(x, "cpu", "mode", model, NULL);
        else {
                xml_open(x, "cpu", "mode", "custom", "match", "exact", "check", is_tcg(x) ? "none" : "partial", NULL);
                xml_open(x, "model", "fallback", "forbid", NULL);
                xml_content(x, "%s", model);
                xml_close(x);
        }
        xml_open(x, "topology", NULL);
        xml_attributef(x, "sockets", "%u", topology.sockets);
        xml_attributef(x, "dies", "1");
        xml_attributef(x, "cores", "%u", topology.cores);
        xml_attributef(x, "threads", "%u", topology.threads);
        xml_close(x);
        xml_close(x);
}

static void write_clock(Xml *x) {
        xml_open(x, "clock", "offset", "variable", "adjustment", "0", "basis", "utc", NULL);
        xml_empty(x, "timer", "name", "rtc", "tickpolicy", "catchup", NULL);
        if (streq(x->host->virt_type, "kvm"))
                xml_empty(x, "timer", "name", "pit", "tickpolicy", "delay", NULL);
        xml_empty(x, "timer", "name", "hpet", "present", "no", NULL);
        xml_close(x);
}

static void write_power(Xml *x) {
        xml_text(x, "on_poweroff", "destroy");
        xml_text(x, "on_reboot", "restart");
        xml_text(x, "on_crash", "destroy");
        xml_open(x, "pm", NULL);
        xml_empty(x, "suspend-to-mem", "enabled", "no", NULL);
        xml_empty(x, "suspend-to-disk", "enabled", "no", NULL);
        xml_close(x);
}

static void write_domain(Xml *x, const char *id) {
        xml_open(x, "domain", "type", x->host->virt_type, NULL);
        xml_text(x, "name", "%s", dict_string(x->description, "name", id));
        xml_text(x, "uuid", "%s", id);
        write_metadata(x);
        write_memory(x);
        xml_open(x, "vcpu", "placement", "static", NULL);
        xml_content(x, "%" PRIi64, dict_integer(x->description, "cpus", 1));
        xml_close(x);
        write_os(x);
        write_features(x);
        write_cpu(x);
        write_clock(x);
        write_power(x);
        xml_open(x, "devices", NULL);
        vm_xml_devices(x, id);
        xml_close(x);
        xml_close(x);
}

/* What write writes, as text. */
static int build(Xml *x, void (*write)(Xml *x, const char *id), const char *id, char **ret) {
        xmlBufferPtr buffer = xmlBufferCreate();

        if (!buffer)
                return -ENOMEM;
        x->writer = xmlNewTextWriterMemory(buffer, 0);
        if (!x->writer) {
                xmlBufferFree(buffer);
                return -ENOMEM;
        }
        (void) xmlTextWriterSetIndent(x->writer, 1);
        (void) xmlTextWriterSetIndentString(x->writer, (const xmlChar *)"  ");

        write(x, id);
        if (xmlTextWriterEndDocument(x->writer) < 0 && x->r >= 0)
                x->r = -ENOMEM;
        xmlFreeTextWriter(x->writer);

        if (x->r >= 0) {
                *ret = strdup((const char *)xmlBufferContent(buffer));
                if (!*ret)
                        x->r = -ENOMEM;
        }
        xmlBufferFree(buffer);
        return x->r < 0 ? x->r : 0;
}

int vm_xml_build(const char *id, const json_t *description, const json_t *prepared, const VmXmlHost *host,
                 uint64_t created_usec, char **ret) {
        Xml x = { .description = description, .prepared = prepared, .host = host, .created_usec = created_usec };

        if (json_array_size(json_object_get(description, "disks")) != json_array_size(prepared))
                return -EINVAL;
        return build(&x, write_domain, id, ret);
}

static void write_nic_alone(Xml *x, const char *id) {
        vm_xml_nic(x, x->description);
}

int vm_xml_build_nic(const json_t *nic, char **ret) {
        Xml x = { .description = nic };

        return build(&x, write_nic_alone, NULL, ret);
}

static void write_cdrom_alone(Xml *x, const char *target) {
        vm_xml_cdrom(x, x->description, x->prepared, target);
}

int vm_xml_build_cdrom(const json_t *disk, const json_t *prepared, const char *target, char **ret) {
        Xml x = { .description = disk, .prepared = prepared };

        return build(&x, write_cdrom_alone, target, ret);
}

int vm_xml_build_metadata(const json_t *description, uint64_t created_usec, char **ret) {
        Xml x = { .description = description, .created_usec = created_usec };

        return build(&x, write_metadata_alone, NULL, ret);
}
