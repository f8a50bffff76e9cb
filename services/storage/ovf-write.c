/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ovf-write.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "bus-error.h"
#include "dict.h"
#include "ovf-node.h"
#include "ovf-summary.h"

#define RAW_URL "http://www.vmware.com/specifications/vmdk.html#sparse"
#define COW_URL "http://www.gnome.org/~markmc/qcow-image-format.html"
/* An engine reads what an older one wrote; this one is the last that RHV customers have. */
#define ENGINE_VERSION "4.4.0.0"
#define COMPATIBILITY_VERSION "4.4"
/* rasd:ResourceType */
#define ITEM_CPU 3
#define ITEM_MEMORY 4
#define ITEM_NIC 10
#define ITEM_CD 15
#define ITEM_DISK 17

typedef struct Writer {
        OvfWriter xml;
        const json_t *definition;
        const char *id, *domain;
        const VolumeList *lists;
        size_t n_lists;
        uint64_t now_sec;
        bool of_snapshot;          /* what the VM was then: of each disk the one volume that holds it */
        bool no_configurations;    /* snapshots do not say what the VM was */
        char active[UUID_STRING_MAX]; /* the snapshot that the engine has for the present; empty: none is known */
} Writer;

static int write_text(Writer *w, char **ret, sd_bus_error *error);

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
        const char *image;
        const VolumeRecord *records[VOLUME_CHAIN_MAX];
        int n;
        const char *template_volume; /* below the last of them, in a template's image */
} DiskChain;

static int chain_of(const Writer *w, const json_t *disk, DiskChain *ret, sd_bus_error *error) {
        const char *volume = dict_string(disk, "volume", "");

        ret->image = dict_string(disk, "image", "");
        ret->template_volume = NULL;
        for (size_t i = 0; i < w->n_lists; i++)
                if (streq(w->lists[i].image, ret->image)) {
                        ret->n = volume_chain(&w->lists[i], volume, false, ret->records, error);
                        if (ret->n < 0)
                                return ret->n;
                        if (ret->n > 1 && volume_is_of_template(ret->records[ret->n - 1], ret->image))
                                ret->template_volume = ret->records[--ret->n]->id;
                        if (w->of_snapshot)
                                ret->n = 1;
                        return 0;
                }
        sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "There is no image %s on the domain", ret->image);
        return -EINVAL;
}

/* The snapshot whose state of the disk lies in the volume; its top is the present's. What belongs to none that is known is told by the volume itself. */
static const char *snapshot_of(const Writer *w, const char *image, const char *volume, bool top) {
        const json_t *snapshot, *disk;
        size_t i, k;

        json_array_foreach(json_object_get(w->definition, "snapshots"), i, snapshot)
                json_array_foreach(json_object_get(snapshot, "disks"), k, disk)
                        if (streq(dict_string(disk, "volume", ""), volume) && streq(dict_string(disk, "image", ""), image))
                                return dict_string(snapshot, "id", volume);
        return top && w->active[0] ? w->active : volume;
}

static void write_file(Writer *w, xmlNode *references, const char *image, const VolumeRecord *record) {
        xmlNode *file = ovf_add(&w->xml, references, "File");

        ovf_attribute(&w->xml, file, w->xml.ovf, "href", "%s/%s", image, record->id);
        ovf_attribute(&w->xml, file, w->xml.ovf, "id", "%s", record->id);
        ovf_attribute(&w->xml, file, w->xml.ovf, "size", "%" PRIu64, record->true_size_bytes);
        ovf_attribute(&w->xml, file, w->xml.ovf, "description", "%s", record->metadata.description);
        ovf_attribute(&w->xml, file, w->xml.ovf, "disk_storage_type", "IMAGE");
        ovf_attribute(&w->xml, file, w->xml.ovf, "cinder_volume_type", "%s", "");
}

static void write_disk(Writer *w, xmlNode *list, const json_t *disk, const VolumeRecord *record, bool top) {
        const VolumeMetadata *m = &record->metadata;
        const bool cow = m->format == VOLUME_FORMAT_QCOW2;
        const char *image = dict_string(disk, "image", "");
        xmlNode *node = ovf_add(&w->xml, list, "Disk");

        ovf_attribute(&w->xml, node, w->xml.ovf, "diskId", "%s", record->id);
        ovf_attribute(&w->xml, node, w->xml.ovf, "size", "%" PRIu64, gib_up(m->capacity_bytes));
        ovf_attribute(&w->xml, node, w->xml.ovf, "actual_size", "%" PRIu64, gib_up(record->true_size_bytes));
        ovf_attribute(&w->xml, node, w->xml.ovf, "vm_snapshot_id", "%s", snapshot_of(w, image, record->id, top));
        ovf_attribute(&w->xml, node, w->xml.ovf, "parentRef", "%s", "");
        ovf_attribute(&w->xml, node, w->xml.ovf, "fileRef", "%s/%s", image, record->id);
        ovf_attribute(&w->xml, node, w->xml.ovf, "format", "%s", cow ? COW_URL : RAW_URL);
        ovf_attribute(&w->xml, node, w->xml.ovf, "volume-format", "%s", cow ? "COW" : "RAW");
        ovf_attribute(&w->xml, node, w->xml.ovf, "volume-type", "%s", m->allocation == VOLUME_ALLOCATION_SPARSE ? "Sparse" : "Preallocated");
        ovf_attribute(&w->xml, node, w->xml.ovf, "disk-interface", "%s", interface_of(dict_string(disk, "bus", "virtio")));
        ovf_attribute(&w->xml, node, w->xml.ovf, "read-only", "%s", yes(dict_boolean(disk, "read_only", false)));
        ovf_attribute(&w->xml, node, w->xml.ovf, "shareable", "%s", yes(dict_boolean(disk, "shareable", false)));
        ovf_attribute(&w->xml, node, w->xml.ovf, "boot", "%s", yes(dict_boolean(disk, "boot", false)));
        ovf_attribute(&w->xml, node, w->xml.ovf, "pass-discard", "%s", yes(dict_boolean(disk, "discard", false)));
        ovf_attribute(&w->xml, node, w->xml.ovf, "incremental-backup", "%s", "false");
        ovf_attribute(&w->xml, node, w->xml.ovf, "disk-alias", "%s", dict_string(disk, "name", ""));
        ovf_attribute(&w->xml, node, w->xml.ovf, "disk-description", "%s", dict_string(disk, "description", ""));
        ovf_attribute(&w->xml, node, w->xml.ovf, "wipe-after-delete", "%s", yes(dict_boolean(disk, "wipe_after_delete", false)));
}

/* Of what has an id in the engine and none here, the present and the CD-ROM drive: it follows from the VM's. */
static void derive_id(const char *vm, char ret[static UUID_STRING_MAX]) {
        static const char digits[] = "0123456789abcdef";

        (void) snprintf(ret, UUID_STRING_MAX, "%s", vm);
        for (size_t i = 0; i < 8 && ret[i]; i++) {
                const char *digit = strchr(digits, ret[i]);

                ret[i] = digit ? digits[15 - (digit - digits)] : ret[i];
        }
}

/* ---- hardware ---- */

static xmlNode *item(Writer *w, xmlNode *hardware, const char *caption, unsigned type, const char *id) {
        xmlNode *node = ovf_add(&w->xml, hardware, "Item");

        ovf_rasd(&w->xml, node, "Caption", "%s", caption);
        if (id)
                ovf_rasd(&w->xml, node, "InstanceId", "%s", id);
        ovf_rasd(&w->xml, node, "ResourceType", "%u", type);
        return node;
}

static void write_cpu(Writer *w, xmlNode *hardware, const json_t *definition) {
        int64_t cpus = dict_integer(definition, "cpus", 1), cores = dict_integer(definition, "cores", 1), threads = dict_integer(definition, "threads", 1);
        int64_t sockets = dict_integer(definition, "sockets", cores > 0 && threads > 0 ? cpus / (cores * threads) : cpus);
        xmlNode *node = item(w, hardware, "virtual cpu", ITEM_CPU, "1");

        ovf_rasd(&w->xml, node, "Description", "%s", "Number of virtual CPU");
        ovf_rasd(&w->xml, node, "num_of_sockets", "%" PRIi64, sockets);
        ovf_rasd(&w->xml, node, "cpu_per_socket", "%" PRIi64, cores);
        ovf_rasd(&w->xml, node, "threads_per_cpu", "%" PRIi64, threads);
        ovf_rasd(&w->xml, node, "max_num_of_vcpus", "%" PRIi64, cpus);
        ovf_rasd(&w->xml, node, "VirtualQuantity", "%" PRIi64, cpus);
}

static void write_memory(Writer *w, xmlNode *hardware, int64_t mib) {
        xmlNode *node = item(w, hardware, "memory", ITEM_MEMORY, "2");

        ovf_rasd(&w->xml, node, "Description", "%s", "Memory Size");
        ovf_rasd(&w->xml, node, "AllocationUnits", "%s", "MegaBytes");
        ovf_rasd(&w->xml, node, "VirtualQuantity", "%" PRIi64, mib);
}

static void write_disk_item(Writer *w, xmlNode *hardware, const json_t *disk, const VolumeRecord *record, const char *template_volume) {
        const VolumeMetadata *m = &record->metadata;
        const char *image = dict_string(disk, "image", "");
        xmlNode *node = item(w, hardware, dict_string(disk, "name", image), ITEM_DISK, record->id);
        char created[32];

        date(m->created_sec, created);
        ovf_rasd(&w->xml, node, "HostResource", "%s/%s", image, record->id);
        ovf_rasd(&w->xml, node, "Parent", "%s", volume_has_parent(m) ? m->parent : BLANK_UUID);
        ovf_rasd(&w->xml, node, "Template", "%s", template_volume ?: BLANK_UUID);
        ovf_rasd(&w->xml, node, "ApplicationList", "%s", "");
        ovf_rasd(&w->xml, node, "StorageId", "%s", w->domain);
        ovf_rasd(&w->xml, node, "StoragePoolId", "%s", BLANK_UUID);
        ovf_rasd(&w->xml, node, "CreationDate", "%s", created);
        ovf_rasd(&w->xml, node, "LastModified", "%s", created);
        ovf_rasd(&w->xml, node, "last_modified_date", "%s", created);
        ovf_text(&w->xml, node, "Type", "disk");
        ovf_text(&w->xml, node, "Device", "disk");
        ovf_rasd(&w->xml, node, "Address", "%s", "");
        ovf_text(&w->xml, node, "BootOrder", "%d", dict_boolean(disk, "boot", false) ? 1 : 0);
        ovf_text(&w->xml, node, "IsPlugged", "true");
        ovf_text(&w->xml, node, "IsReadOnly", "%s", yes(dict_boolean(disk, "read_only", false)));
        ovf_text(&w->xml, node, "Alias", "ua-%s", image);
}

static void write_nic(Writer *w, xmlNode *hardware, const json_t *nic, size_t n) {
        xmlNode *node = item(w, hardware, "Ethernet adapter", ITEM_NIC, dict_string(nic, "id", ""));
        const char *network = dict_string(nic, "network", "");

        ovf_rasd(&w->xml, node, "OtherResourceType", "%s", network);
        ovf_rasd(&w->xml, node, "ResourceSubType", "%u", model_number(dict_string(nic, "model", "virtio")));
        ovf_rasd(&w->xml, node, "Connection", "%s", network);
        ovf_rasd(&w->xml, node, "Linked", "%s", yes(dict_boolean(nic, "link", true)));
        ovf_rasd(&w->xml, node, "Name", "nic%zu", n + 1);
        ovf_rasd(&w->xml, node, "ElementName", "nic%zu", n + 1);
        if (dict_string(nic, "mac", NULL))
                ovf_rasd(&w->xml, node, "MACAddress", "%s", dict_string(nic, "mac", ""));
        ovf_rasd(&w->xml, node, "speed", "10000");
        ovf_text(&w->xml, node, "Type", "interface");
        ovf_text(&w->xml, node, "Device", "bridge");
        ovf_text(&w->xml, node, "IsPlugged", "true");
        ovf_text(&w->xml, node, "IsReadOnly", "false");
}

/* Its path is a file's name, or the id of a disk that is an ISO image; empty: nothing is in it. The drive has no id here, so it follows from the VM's. */
static void write_cd(Writer *w, xmlNode *hardware, const char *medium) {
        char id[UUID_STRING_MAX];
        xmlNode *node;

        derive_id(w->id, id);
        node = item(w, hardware, "CDROM", ITEM_CD, id);
        ovf_text(&w->xml, node, "Type", "disk");
        ovf_text(&w->xml, node, "Device", "cdrom");
        ovf_rasd(&w->xml, node, "Address", "%s", "");
        ovf_text(&w->xml, node, "BootOrder", "0");
        ovf_text(&w->xml, node, "IsPlugged", "true");
        ovf_text(&w->xml, node, "IsReadOnly", "true");
        ovf_text(&w->xml, node, "Alias", "ua-%s", id);
        ovf_text(&w->xml, ovf_add(&w->xml, node, "SpecParams"), "path", "%s", medium);
}

/* ---- the text ---- */

static void write_networks(Writer *w, xmlNode *envelope, const json_t *definition) {
        xmlNode *networks = ovf_add(&w->xml, envelope, "NetworkSection");
        const json_t *nic;
        size_t i;

        ovf_text(&w->xml, networks, "Info", "List of networks");
        json_array_foreach(json_object_get(definition, "nics"), i, nic)
                ovf_attribute(&w->xml, ovf_add(&w->xml, networks, "Network"), w->xml.ovf, "name", "%s", dict_string(nic, "network", ""));
}

static void write_properties(Writer *w, xmlNode *content) {
        const json_t *definition = w->definition;
        const bool template = dict_boolean(definition, "template", false);
        char created[32], now[32];

        date((uint64_t)dict_integer(definition, "created", (int64_t)w->now_sec), created);
        date(w->now_sec, now);
        ovf_text(&w->xml, content, "Name", "%s", dict_string(definition, "name", ""));
        ovf_text(&w->xml, content, "Description", "%s", dict_string(definition, "description", ""));
        ovf_text(&w->xml, content, "Comment", "%s", "");
        ovf_text(&w->xml, content, "CreationDate", "%s", created);
        ovf_text(&w->xml, content, "ExportDate", "%s", now);
        ovf_text(&w->xml, content, "DeleteProtected", "false");
        ovf_text(&w->xml, content, "IsSmartcardEnabled", "false");
        ovf_text(&w->xml, content, "ClusterName", "%s", dict_string(definition, "cluster", "Default"));
        ovf_text(&w->xml, content, "ClusterCompatibilityVersion", "%s", COMPATIBILITY_VERSION);
        ovf_text(&w->xml, content, "VmType", "1");
        ovf_text(&w->xml, content, "IsStateless", "false");
        ovf_text(&w->xml, content, "IsRunAndPause", "false");
        ovf_text(&w->xml, content, "AutoStartup", "%s", yes(dict_boolean(definition, "autostart", false)));
        ovf_text(&w->xml, content, "Priority", "1");
        ovf_text(&w->xml, content, "Origin", "3");
        /* one less than the engine's number: 1 Q35 with BIOS, 2 Q35 with UEFI */
        ovf_text(&w->xml, content, "BiosType", "%d", streq(dict_string(definition, "firmware", "bios"), "uefi") ? 2 : 1);
        ovf_text(&w->xml, content, "default_boot_sequence", "0");
        ovf_text(&w->xml, content, "MinAllocatedMem", "%" PRIi64, dict_integer(definition, "memory", 0) / (int64_t)MIB);
        ovf_text(&w->xml, content, "MaxMemorySizeMb", "%" PRIi64, dict_integer(definition, "memory", 0) / (int64_t)MIB);
        if (dict_string(definition, "lease_domain", NULL))
                ovf_text(&w->xml, content, "LeaseDomainId", "%s", dict_string(definition, "lease_domain", ""));
        ovf_text(&w->xml, content, "TemplateId", "%s", template ? w->id : dict_string(definition, "template_id", BLANK_UUID));
        if (template)
                ovf_text(&w->xml, content, "TemplateType", "TEMPLATE");
        else {
                ovf_text(&w->xml, content, "TemplateName", "%s", dict_string(definition, "template_name", "Blank"));
                ovf_text(&w->xml, content, "IsInitilized", "true");
                ovf_text(&w->xml, content, "DefaultDisplayType", "2");
        }
}

static int write_disks(Writer *w, xmlNode *references, xmlNode *list, xmlNode *hardware, sd_bus_error *error) {
        const json_t *disk;
        size_t i;

        json_array_foreach(json_object_get(w->definition, "disks"), i, disk) {
                DiskChain chain;
                int r = chain_of(w, disk, &chain, error);

                if (r < 0)
                        return r;
                for (int k = 0; k < chain.n; k++) {
                        write_file(w, references, chain.image, chain.records[k]);
                        write_disk(w, list, disk, chain.records[k], k == 0);
                        write_disk_item(w, hardware, disk, chain.records[k], chain.template_volume);
                }
        }
        return 0;
}

/* ---- snapshots ---- */

/* base64 of the definition the VM had then. One that cannot be written, because a disk has gone since, is left out: the engine does without too. */
static int write_configuration(Writer *w, xmlNode *node, const json_t *snapshot) {
        Writer then = { .definition = json_object_get(snapshot, "configuration"), .id = w->id, .domain = w->domain, .lists = w->lists, .n_lists = w->n_lists,
                        .now_sec = (uint64_t)dict_integer(snapshot, "created", (int64_t)w->now_sec), .of_snapshot = true };
        _cleanup_free_ char *text = NULL, *encoded = NULL;
        int r;

        if (!then.definition || w->no_configurations)
                return 0;
        (void) snprintf(then.active, sizeof(then.active), "%s", dict_string(snapshot, "id", ""));
        r = write_text(&then, &text, NULL);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        encoded = ovf_base64(text);
        if (!encoded)
                return -ENOMEM;
        ovf_text(&w->xml, node, "VmConfiguration", "%s", encoded);
        return 0;
}

static xmlNode *write_snapshot(Writer *w, xmlNode *list, const char *id, const char *type, const char *name, uint64_t created_sec) {
        xmlNode *node = ovf_add(&w->xml, list, "Snapshot");
        char created[32];

        date(created_sec, created);
        ovf_attribute(&w->xml, node, w->xml.ovf, "id", "%s", id);
        ovf_text(&w->xml, node, "Type", "%s", type);
        ovf_text(&w->xml, node, "Description", "%s", name);
        ovf_text(&w->xml, node, "CreationDate", "%s", created);
        return node;
}

/* The engine's text has one for the present too. What we call the name of a snapshot is its description there; ours is what readers of the engine's pass over. */
static int write_snapshots(Writer *w, xmlNode *content) {
        const json_t *snapshots = json_object_get(w->definition, "snapshots"), *snapshot;
        xmlNode *list;
        size_t i;

        if (!snapshots)
                return 0;
        list = ovf_section(&w->xml, content, "SnapshotsSection");
        json_array_foreach(snapshots, i, snapshot) {
                const char *comment = dict_string(snapshot, "description", "");
                xmlNode *node = write_snapshot(w, list, dict_string(snapshot, "id", ""), "REGULAR", dict_string(snapshot, "name", ""),
                                               (uint64_t)dict_integer(snapshot, "created", 0));
                int r;

                if (*comment)
                        ovf_text(&w->xml, node, "Comment", "%s", comment);
                r = write_configuration(w, node, snapshot);
                if (r < 0)
                        return r;
        }
        (void) write_snapshot(w, list, w->active, "ACTIVE", "Active VM", w->now_sec);
        return 0;
}

/* ---- all of it ---- */

static xmlNode *write_hardware(Writer *w, xmlNode *content) {
        const int64_t mib = dict_integer(w->definition, "memory", 0) / (int64_t)MIB;
        xmlNode *hardware = ovf_section(&w->xml, content, "VirtualHardwareSection"), *system;
        const json_t *nic;
        size_t i;

        ovf_text(&w->xml, hardware, "Info", "%" PRIi64 " CPU, %" PRIi64 " Memory", dict_integer(w->definition, "cpus", 1), mib);
        system = ovf_add(&w->xml, hardware, "System");
        system = ovf_add_ns(&w->xml, system, w->xml.vssd, "VirtualSystemType");
        if (system)
                xmlNodeSetContent(system, (const xmlChar *)"ENGINE " ENGINE_VERSION);
        write_cpu(w, hardware, w->definition);
        write_memory(w, hardware, mib);
        json_array_foreach(json_object_get(w->definition, "nics"), i, nic)
                write_nic(w, hardware, nic, i);
        if (json_object_get(w->definition, "cdrom"))
                write_cd(w, hardware, dict_string(w->definition, "cdrom", ""));
        return hardware;
}

static int write_all(Writer *w, sd_bus_error *error) {
        xmlNode *envelope = ovf_begin(&w->xml), *references, *list, *content, *system;
        int r;

        ovf_attribute(&w->xml, envelope, w->xml.ovf, "version", "%s", ENGINE_VERSION);
        references = ovf_add(&w->xml, envelope, "References");
        write_networks(w, envelope, w->definition);
        list = ovf_section(&w->xml, envelope, "DiskSection");
        ovf_text(&w->xml, list, "Info", "List of Virtual Disks");
        content = ovf_add(&w->xml, envelope, "Content");
        ovf_attribute(&w->xml, content, w->xml.ovf, "id", "out");
        ovf_attribute(&w->xml, content, w->xml.xsi, "type", "ovf:VirtualSystem_Type");
        write_properties(w, content);
        system = ovf_section(&w->xml, content, "OperatingSystemSection");
        ovf_attribute(&w->xml, system, w->xml.ovf, "id", "%s", w->id);
        ovf_attribute(&w->xml, system, w->xml.ovf, "required", "false");
        ovf_text(&w->xml, system, "Info", "Guest Operating System");
        ovf_text(&w->xml, system, "Description", "other");
        r = write_disks(w, references, list, write_hardware(w, content), error);
        return r < 0 ? r : write_snapshots(w, content);
}

static int write_text(Writer *w, char **ret, sd_bus_error *error) {
        int r, end;

        r = write_all(w, error);
        end = ovf_end(&w->xml, ret);
        if (r >= 0)
                return end;
        free(*ret);
        *ret = NULL;
        return r;
}

int ovf_write(const json_t *definition, const char *domain, const VolumeList *lists, size_t n_lists, uint64_t now_sec, char **ret, sd_bus_error *error) {
        Writer w = { .definition = definition, .id = dict_string(definition, "id", ""), .domain = domain, .lists = lists, .n_lists = n_lists, .now_sec = now_sec };
        int r;

        if (json_object_get(definition, "snapshots"))
                derive_id(w.id, w.active);
        r = write_text(&w, ret, error);
        if (r < 0 || strlen(*ret) <= OVF_BYTES_MAX)
                return r;
        /* nobody would read it: rather without what the VM was at each of its snapshots */
        free(TAKE_PTR(*ret));
        w.no_configurations = true;
        r = write_text(&w, ret, error);
        if (r < 0 || strlen(*ret) <= OVF_BYTES_MAX)
                return r;
        free(TAKE_PTR(*ret));
        sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "The definition of %s is larger than %" PRIu64 " bytes", w.id, (uint64_t)OVF_BYTES_MAX);
        return -EINVAL;
}
