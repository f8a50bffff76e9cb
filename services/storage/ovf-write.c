/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ovf-write.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "bus-error.h"
#include "dict.h"
#include "xml-util.h"

#define OVF_NAMESPACE "http://schemas.dmtf.org/ovf/envelope/1/"
#define RASD_NAMESPACE "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
#define VSSD_NAMESPACE "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
#define XSI_NAMESPACE "http://www.w3.org/2001/XMLSchema-instance"
#define RAW_URL "http://www.vmware.com/specifications/vmdk.html#sparse"
#define COW_URL "http://www.gnome.org/~markmc/qcow-image-format.html"
/* An engine reads what an older one wrote; this one is the last that RHV customers have. */
#define ENGINE_VERSION "4.4.0.0"
#define COMPATIBILITY_VERSION "4.4"
/* rasd:ResourceType */
#define ITEM_CPU 3
#define ITEM_MEMORY 4
#define ITEM_NIC 10
#define ITEM_DISK 17

typedef struct Writer {
        xmlDoc *doc;
        xmlNs *ovf, *rasd, *vssd, *xsi;
        const char *domain;
        bool failed;
} Writer;

/* ---- nodes ---- */

static xmlNode *add_ns(Writer *w, xmlNode *parent, xmlNs *ns, const char *name) {
        xmlNode *node = parent ? xmlNewChild(parent, ns, (const xmlChar *)name, NULL) : NULL;

        w->failed |= !node;
        /* xmlNewChild() gives a child its parent's namespace where it is asked for none */
        if (node && !ns)
                xmlSetNs(node, NULL);
        return node;
}

static xmlNode *add(Writer *w, xmlNode *parent, const char *name) {
        return add_ns(w, parent, NULL, name);
}

static void set_text(Writer *w, xmlNode *node, const char *format, va_list ap) _printf_(3, 0);
static void set_text(Writer *w, xmlNode *node, const char *format, va_list ap) {
        _cleanup_free_ char *text = NULL;
        xmlNode *content;

        if (vasprintf(&text, format, ap) < 0) {
                text = NULL;
                w->failed = true;
                return;
        }
        content = node ? xmlNewDocText(w->doc, (const xmlChar *)text) : NULL;
        if (!content || !xmlAddChild(node, content))
                w->failed = true;
}

static void text(Writer *w, xmlNode *parent, const char *name, const char *format, ...) _printf_(4, 5);
static void text(Writer *w, xmlNode *parent, const char *name, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        set_text(w, add(w, parent, name), format, ap);
        va_end(ap);
}

static void rasd(Writer *w, xmlNode *parent, const char *name, const char *format, ...) _printf_(4, 5);
static void rasd(Writer *w, xmlNode *parent, const char *name, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        set_text(w, add_ns(w, parent, w->rasd, name), format, ap);
        va_end(ap);
}

static void attribute(Writer *w, xmlNode *node, xmlNs *ns, const char *name, const char *format, ...) _printf_(5, 6);
static void attribute(Writer *w, xmlNode *node, xmlNs *ns, const char *name, const char *format, ...) {
        _cleanup_free_ char *value = NULL;
        va_list ap;
        int n;

        va_start(ap, format);
        n = vasprintf(&value, format, ap);
        va_end(ap);
        if (n < 0)
                value = NULL;
        if (!value || !node || !xmlNewNsProp(node, ns, (const xmlChar *)name, (const xmlChar *)value))
                w->failed = true;
}

static xmlNode *section(Writer *w, xmlNode *parent, const char *type) {
        xmlNode *node = add(w, parent, "Section");

        attribute(w, node, w->xsi, "type", "ovf:%s_Type", type);
        return node;
}

/* ---- values ---- */

static const char *yes(bool value) {
        return value ? "true" : "false";
}

static uint64_t gib_up(uint64_t bytes) {
        return bytes / GIB + (bytes % GIB != 0);
}

/* UTC, as the engine has it. */
static void date(uint64_t sec, char ret[static 32]) {
        time_t t = (time_t)sec;
        struct tm tm;

        if (!gmtime_r(&t, &tm) || strftime(ret, 32, "%Y/%m/%d %H:%M:%S", &tm) == 0)
                ret[0] = '\0';
}

static const char *interface_of(const char *bus) {
        return streq(bus, "scsi") ? "VirtIO_SCSI" : streq(bus, "sata") ? "SATA" : "VirtIO";
}

/* rasd:ResourceSubType of a NIC. */
static unsigned model_number(const char *model) {
        return streq(model, "e1000e") ? 6 : streq(model, "e1000") ? 2 : streq(model, "rtl8139") ? 1 : 3;
}

/* ---- volumes ---- */

typedef struct DiskChain {
        const VolumeRecord *records[VOLUME_CHAIN_MAX];
        int n;
} DiskChain;

static int chain_of(const json_t *disk, const VolumeList *lists, size_t n_lists, DiskChain *ret, sd_bus_error *error) {
        const char *image = dict_string(disk, "image", ""), *volume = dict_string(disk, "volume", "");

        for (size_t i = 0; i < n_lists; i++)
                if (streq(lists[i].image, image)) {
                        ret->n = volume_chain(&lists[i], volume, false, ret->records, error);
                        return ret->n < 0 ? ret->n : 0;
                }
        sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "There is no image %s on the domain", image);
        return -EINVAL;
}

static void write_file(Writer *w, xmlNode *references, const char *image, const VolumeRecord *record) {
        xmlNode *file = add(w, references, "File");

        attribute(w, file, w->ovf, "href", "%s/%s", image, record->id);
        attribute(w, file, w->ovf, "id", "%s", record->id);
        attribute(w, file, w->ovf, "size", "%" PRIu64, record->true_size_bytes);
        attribute(w, file, w->ovf, "description", "%s", record->metadata.description);
        attribute(w, file, w->ovf, "disk_storage_type", "IMAGE");
        attribute(w, file, w->ovf, "cinder_volume_type", "%s", "");
}

static void write_disk(Writer *w, xmlNode *list, const json_t *disk, const VolumeRecord *record) {
        const VolumeMetadata *m = &record->metadata;
        const bool cow = m->format == VOLUME_FORMAT_QCOW2;
        const char *image = dict_string(disk, "image", "");
        xmlNode *node = add(w, list, "Disk");

        attribute(w, node, w->ovf, "diskId", "%s", record->id);
        attribute(w, node, w->ovf, "size", "%" PRIu64, gib_up(m->capacity_bytes));
        attribute(w, node, w->ovf, "actual_size", "%" PRIu64, gib_up(record->true_size_bytes));
        attribute(w, node, w->ovf, "vm_snapshot_id", "%s", record->id);
        attribute(w, node, w->ovf, "parentRef", "%s", "");
        attribute(w, node, w->ovf, "fileRef", "%s/%s", image, record->id);
        attribute(w, node, w->ovf, "format", "%s", cow ? COW_URL : RAW_URL);
        attribute(w, node, w->ovf, "volume-format", "%s", cow ? "COW" : "RAW");
        attribute(w, node, w->ovf, "volume-type", "%s", m->allocation == VOLUME_ALLOCATION_SPARSE ? "Sparse" : "Preallocated");
        attribute(w, node, w->ovf, "disk-interface", "%s", interface_of(dict_string(disk, "bus", "virtio")));
        attribute(w, node, w->ovf, "read-only", "%s", yes(dict_boolean(disk, "read_only", false)));
        attribute(w, node, w->ovf, "shareable", "%s", yes(dict_boolean(disk, "shareable", false)));
        attribute(w, node, w->ovf, "boot", "%s", yes(dict_boolean(disk, "boot", false)));
        attribute(w, node, w->ovf, "pass-discard", "%s", yes(dict_boolean(disk, "discard", false)));
        attribute(w, node, w->ovf, "incremental-backup", "%s", "false");
        attribute(w, node, w->ovf, "disk-alias", "%s", dict_string(disk, "name", ""));
        attribute(w, node, w->ovf, "disk-description", "%s", dict_string(disk, "description", ""));
        attribute(w, node, w->ovf, "wipe-after-delete", "%s", yes(dict_boolean(disk, "wipe_after_delete", false)));
}

/* ---- hardware ---- */

static xmlNode *item(Writer *w, xmlNode *hardware, const char *caption, unsigned type, const char *id) {
        xmlNode *node = add(w, hardware, "Item");

        rasd(w, node, "Caption", "%s", caption);
        if (id)
                rasd(w, node, "InstanceId", "%s", id);
        rasd(w, node, "ResourceType", "%u", type);
        return node;
}

static void write_cpu(Writer *w, xmlNode *hardware, const json_t *definition) {
        int64_t cpus = dict_integer(definition, "cpus", 1), cores = dict_integer(definition, "cores", 1), threads = dict_integer(definition, "threads", 1);
        int64_t sockets = dict_integer(definition, "sockets", cores > 0 && threads > 0 ? cpus / (cores * threads) : cpus);
        xmlNode *node = item(w, hardware, "virtual cpu", ITEM_CPU, "1");

        rasd(w, node, "Description", "%s", "Number of virtual CPU");
        rasd(w, node, "num_of_sockets", "%" PRIi64, sockets);
        rasd(w, node, "cpu_per_socket", "%" PRIi64, cores);
        rasd(w, node, "threads_per_cpu", "%" PRIi64, threads);
        rasd(w, node, "max_num_of_vcpus", "%" PRIi64, cpus);
        rasd(w, node, "VirtualQuantity", "%" PRIi64, cpus);
}

static void write_memory(Writer *w, xmlNode *hardware, int64_t mib) {
        xmlNode *node = item(w, hardware, "memory", ITEM_MEMORY, "2");

        rasd(w, node, "Description", "%s", "Memory Size");
        rasd(w, node, "AllocationUnits", "%s", "MegaBytes");
        rasd(w, node, "VirtualQuantity", "%" PRIi64, mib);
}

static void write_disk_item(Writer *w, xmlNode *hardware, const json_t *disk, const VolumeRecord *record) {
        const VolumeMetadata *m = &record->metadata;
        const char *image = dict_string(disk, "image", "");
        xmlNode *node = item(w, hardware, dict_string(disk, "name", image), ITEM_DISK, record->id);
        char created[32];

        date(m->created_sec, created);
        rasd(w, node, "HostResource", "%s/%s", image, record->id);
        rasd(w, node, "Parent", "%s", volume_has_parent(m) ? m->parent : BLANK_UUID);
        rasd(w, node, "Template", "%s", BLANK_UUID);
        rasd(w, node, "ApplicationList", "%s", "");
        rasd(w, node, "StorageId", "%s", w->domain);
        rasd(w, node, "StoragePoolId", "%s", BLANK_UUID);
        rasd(w, node, "CreationDate", "%s", created);
        rasd(w, node, "LastModified", "%s", created);
        rasd(w, node, "last_modified_date", "%s", created);
        text(w, node, "Type", "disk");
        text(w, node, "Device", "disk");
        rasd(w, node, "Address", "%s", "");
        text(w, node, "BootOrder", "%d", dict_boolean(disk, "boot", false) ? 1 : 0);
        text(w, node, "IsPlugged", "true");
        text(w, node, "IsReadOnly", "%s", yes(dict_boolean(disk, "read_only", false)));
        text(w, node, "Alias", "ua-%s", image);
}

static void write_nic(Writer *w, xmlNode *hardware, const json_t *nic, size_t n) {
        xmlNode *node = item(w, hardware, "Ethernet adapter", ITEM_NIC, dict_string(nic, "id", ""));
        const char *network = dict_string(nic, "network", "");

        rasd(w, node, "OtherResourceType", "%s", network);
        rasd(w, node, "ResourceSubType", "%u", model_number(dict_string(nic, "model", "virtio")));
        rasd(w, node, "Connection", "%s", network);
        rasd(w, node, "Linked", "%s", yes(dict_boolean(nic, "link", true)));
        rasd(w, node, "Name", "nic%zu", n + 1);
        rasd(w, node, "ElementName", "nic%zu", n + 1);
        if (dict_string(nic, "mac", NULL))
                rasd(w, node, "MACAddress", "%s", dict_string(nic, "mac", ""));
        rasd(w, node, "speed", "10000");
        text(w, node, "Type", "interface");
        text(w, node, "Device", "bridge");
        text(w, node, "IsPlugged", "true");
        text(w, node, "IsReadOnly", "false");
}

/* ---- the text ---- */

static xmlNode *begin(Writer *w) {
        xmlNode *envelope;

        w->doc = xmlNewDoc((const xmlChar *)"1.0");
        envelope = w->doc ? xmlNewDocNode(w->doc, NULL, (const xmlChar *)"Envelope", NULL) : NULL;
        if (!envelope) {
                w->failed = true;
                return NULL;
        }
        (void) xmlDocSetRootElement(w->doc, envelope);
        w->ovf = xmlNewNs(envelope, (const xmlChar *)OVF_NAMESPACE, (const xmlChar *)"ovf");
        w->rasd = xmlNewNs(envelope, (const xmlChar *)RASD_NAMESPACE, (const xmlChar *)"rasd");
        w->vssd = xmlNewNs(envelope, (const xmlChar *)VSSD_NAMESPACE, (const xmlChar *)"vssd");
        w->xsi = xmlNewNs(envelope, (const xmlChar *)XSI_NAMESPACE, (const xmlChar *)"xsi");
        w->failed |= !w->ovf || !w->rasd || !w->vssd || !w->xsi;
        if (!w->failed)
                xmlSetNs(envelope, w->ovf);
        attribute(w, envelope, w->ovf, "version", "%s", ENGINE_VERSION);
        return envelope;
}

static void write_networks(Writer *w, xmlNode *envelope, const json_t *definition) {
        xmlNode *networks = add(w, envelope, "NetworkSection");
        const json_t *nic;
        size_t i;

        text(w, networks, "Info", "List of networks");
        json_array_foreach(json_object_get(definition, "nics"), i, nic)
                attribute(w, add(w, networks, "Network"), w->ovf, "name", "%s", dict_string(nic, "network", ""));
}

static void write_properties(Writer *w, xmlNode *content, const json_t *definition, uint64_t now_sec) {
        const char *id = dict_string(definition, "id", "");
        const bool template = dict_boolean(definition, "template", false);
        char created[32], now[32];

        date((uint64_t)dict_integer(definition, "created", (int64_t)now_sec), created);
        date(now_sec, now);
        text(w, content, "Name", "%s", dict_string(definition, "name", ""));
        text(w, content, "Description", "%s", dict_string(definition, "description", ""));
        text(w, content, "Comment", "%s", "");
        text(w, content, "CreationDate", "%s", created);
        text(w, content, "ExportDate", "%s", now);
        text(w, content, "DeleteProtected", "false");
        text(w, content, "IsSmartcardEnabled", "false");
        text(w, content, "ClusterName", "%s", dict_string(definition, "cluster", "Default"));
        text(w, content, "ClusterCompatibilityVersion", "%s", COMPATIBILITY_VERSION);
        text(w, content, "VmType", "1");
        text(w, content, "IsStateless", "false");
        text(w, content, "IsRunAndPause", "false");
        text(w, content, "AutoStartup", "%s", yes(dict_boolean(definition, "autostart", false)));
        text(w, content, "Priority", "1");
        text(w, content, "Origin", "3");
        /* one less than the engine's number: 1 Q35 with BIOS, 2 Q35 with UEFI */
        text(w, content, "BiosType", "%d", streq(dict_string(definition, "firmware", "bios"), "uefi") ? 2 : 1);
        text(w, content, "default_boot_sequence", "0");
        text(w, content, "MinAllocatedMem", "%" PRIi64, dict_integer(definition, "memory", 0) / (int64_t)MIB);
        text(w, content, "MaxMemorySizeMb", "%" PRIi64, dict_integer(definition, "memory", 0) / (int64_t)MIB);
        if (dict_string(definition, "lease_domain", NULL))
                text(w, content, "LeaseDomainId", "%s", dict_string(definition, "lease_domain", ""));
        text(w, content, "TemplateId", "%s", template ? id : BLANK_UUID);
        if (template)
                text(w, content, "TemplateType", "TEMPLATE");
        else {
                text(w, content, "TemplateName", "Blank");
                text(w, content, "IsInitilized", "true");
                text(w, content, "DefaultDisplayType", "2");
        }
}

static int write_disks(Writer *w, xmlNode *references, xmlNode *list, xmlNode *hardware, const json_t *definition, const VolumeList *lists,
                       size_t n_lists, sd_bus_error *error) {
        const json_t *disk;
        size_t i;

        json_array_foreach(json_object_get(definition, "disks"), i, disk) {
                DiskChain chain = { 0 };
                int r = chain_of(disk, lists, n_lists, &chain, error);

                if (r < 0)
                        return r;
                for (int k = 0; k < chain.n; k++) {
                        write_file(w, references, dict_string(disk, "image", ""), chain.records[k]);
                        write_disk(w, list, disk, chain.records[k]);
                        write_disk_item(w, hardware, disk, chain.records[k]);
                }
        }
        return 0;
}

static int write_all(Writer *w, const json_t *definition, const VolumeList *lists, size_t n_lists, uint64_t now_sec, sd_bus_error *error) {
        const int64_t mib = dict_integer(definition, "memory", 0) / (int64_t)MIB;
        xmlNode *envelope = begin(w), *references, *list, *content, *hardware, *system;
        const json_t *nic;
        size_t i;

        references = add(w, envelope, "References");
        write_networks(w, envelope, definition);
        list = section(w, envelope, "DiskSection");
        text(w, list, "Info", "List of Virtual Disks");
        content = add(w, envelope, "Content");
        attribute(w, content, w->ovf, "id", "out");
        attribute(w, content, w->xsi, "type", "ovf:VirtualSystem_Type");
        write_properties(w, content, definition, now_sec);
        system = section(w, content, "OperatingSystemSection");
        attribute(w, system, w->ovf, "id", "%s", dict_string(definition, "id", ""));
        attribute(w, system, w->ovf, "required", "false");
        text(w, system, "Info", "Guest Operating System");
        text(w, system, "Description", "other");
        hardware = section(w, content, "VirtualHardwareSection");
        text(w, hardware, "Info", "%" PRIi64 " CPU, %" PRIi64 " Memory", dict_integer(definition, "cpus", 1), mib);
        system = add(w, hardware, "System");
        system = add_ns(w, system, w->vssd, "VirtualSystemType");
        if (system)
                xmlNodeSetContent(system, (const xmlChar *)"ENGINE " ENGINE_VERSION);
        write_cpu(w, hardware, definition);
        write_memory(w, hardware, mib);
        json_array_foreach(json_object_get(definition, "nics"), i, nic)
                write_nic(w, hardware, nic, i);
        return write_disks(w, references, list, hardware, definition, lists, n_lists, error);
}

int ovf_write(const json_t *definition, const char *domain, const VolumeList *lists, size_t n_lists, uint64_t now_sec, char **ret, sd_bus_error *error) {
        Writer w = { .domain = domain };
        xmlChar *dumped = NULL;
        int size = 0, r;

        r = write_all(&w, definition, lists, n_lists, now_sec, error);
        if (r >= 0 && !w.failed)
                xmlDocDumpMemoryEnc(w.doc, &dumped, &size, "UTF-8");
        if (r >= 0)
                *ret = dumped ? strdup((const char *)dumped) : NULL;
        if (r >= 0 && !*ret)
                r = -ENOMEM;
        if (dumped)
                xmlFree(dumped);
        if (w.doc)
                xmlFreeDoc(w.doc);
        return r;
}
