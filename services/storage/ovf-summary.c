/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ovf-summary.h"

#include <limits.h>
#include <time.h>

#include "bus-error.h"
#include "ovf-node.h"
#include "parse-util.h"
#include "storage-word.h"

/* rasd:ResourceType */
#define ITEM_CPU "3"
#define ITEM_MEMORY "4"
#define ITEM_NIC "10"
#define ITEM_CD "15"
/* Each is counted with the others: sockets, cores, threads. */
#define CPUS_MAX 4096U
/* Bytes of a name: the engine takes 255 characters. */
#define OVF_NAME_BYTES_MAX 1020U

static void doc_freep(xmlDoc **doc) {
        if (*doc)
                xmlFreeDoc(*doc);
}

static int bad(sd_bus_error *error, const char *id, const char *why) {
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%.64s.ovf: %s", id, why);
        return -EBADMSG;
}

static bool child_is(const xmlNode *node, const char *name, const char *wanted) {
        const xmlNode *child = xml_child(node, name);
        _cleanup_xml_string_ xmlChar *text = child ? xmlNodeGetContent(child) : NULL;

        return text && streq((const char *)text, wanted);
}

static uint64_t child_number(const xmlNode *node, const char *name, uint64_t fallback) {
        const xmlNode *child = xml_child(node, name);
        _cleanup_xml_string_ xmlChar *text = child ? xmlNodeGetContent(child) : NULL;
        uint64_t number;

        return text && parse_u64((const char *)text, &number) >= 0 ? number : fallback;
}

/* The child's text under key, when it has one that a person can read. */
static int set_text(json_t *object, const char *key, const xmlNode *node, const char *name) {
        const xmlNode *child = xml_child(node, name);
        _cleanup_xml_string_ xmlChar *text = child ? xmlNodeGetContent(child) : NULL;

        if (!text || !label_is_valid((const char *)text, OVF_NAME_BYTES_MAX))
                return 0;
        return json_object_set_new(object, key, json_string((const char *)text)) < 0 ? -ENOMEM : 0;
}

/* <References><File ovf:href="<image>/<volume>">: one for each volume. */
static int read_disks(const xmlNode *envelope, json_t *summary) {
        json_t *disks = json_array();
        const xmlNode *references = xml_child(envelope, "References");

        if (!disks || json_object_set_new(summary, "disks", disks) < 0)
                return -ENOMEM;
        for (xmlNode *file = references ? xml_child(references, "File") : NULL; file; file = xml_next(file)) {
                _cleanup_xml_string_ xmlChar *href = xmlGetProp(file, (const xmlChar *)"href");
                char image[UUID_STRING_MAX];
                const char *s = (const char *)href;

                if (!s || strlen(s) != 2 * (UUID_STRING_MAX - 1) + 1 || s[UUID_STRING_MAX - 1] != '/')
                        continue;
                memcpy(image, s, UUID_STRING_MAX - 1);
                image[UUID_STRING_MAX - 1] = '\0';
                if (!uuid_is_valid(image) || !uuid_is_valid(s + UUID_STRING_MAX))
                        continue;
                if (json_array_append_new(disks, json_pack("{s:s, s:s}", "image", image, "volume", s + UUID_STRING_MAX)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static json_t *disk_of_file(const json_t *summary, const char *file) {
        json_t *disk;
        size_t i;

        json_array_foreach(json_object_get(summary, "disks"), i, disk)
                if (strlen(file) == 2 * (UUID_STRING_MAX - 1) + 1 &&
                    streq(json_string_value(json_object_get(disk, "volume")) ?: "", file + UUID_STRING_MAX))
                        return disk;
        return NULL;
}

/* <Disk ovf:fileRef= ovf:disk-interface= ovf:boot=>: how a disk hangs on the VM. IDE has no place on today's machines: SATA is next to it. */
static int read_interfaces(const xmlNode *envelope, json_t *summary) {
        static const char *const buses[][2] = {
                        {"VirtIO", "virtio"}, {"VirtIO_SCSI", "scsi"}, {"SPAPR_VSCSI", "scsi"}, {"SATA", "sata"}, {"IDE", "sata"},
        };

        for (xmlNode *section = xml_child(envelope, "Section"); section; section = xml_next(section))
                for (xmlNode *node = xml_child(section, "Disk"); node; node = xml_next(node)) {
                        _cleanup_xml_string_ xmlChar *file = xmlGetProp(node, (const xmlChar *)"fileRef"),
                                                     *bus = xmlGetProp(node, (const xmlChar *)"disk-interface"),
                                                     *boot = xmlGetProp(node, (const xmlChar *)"boot");
                        json_t *disk = file ? disk_of_file(summary, (const char *)file) : NULL;

                        if (!disk)
                                continue;
                        for (size_t i = 0; bus && i < ELEMENTSOF(buses); i++)
                                if (streq((const char *)bus, buses[i][0]) &&
                                    json_object_set_new(disk, "bus", json_string(buses[i][1])) < 0)
                                        return -ENOMEM;
                        if (json_object_set_new(disk, "boot", json_boolean(boot && streq((const char *)boot, "true"))) < 0)
                                return -ENOMEM;
                }
        return 0;
}

/* rasd:ResourceSubType of a NIC: Intel's are e1000 and e1000e, all else is what a guest with virtio drivers has. */
static const char *nic_model(const xmlNode *item) {
        return child_is(item, "ResourceSubType", "2") || child_is(item, "ResourceSubType", "6") ? "e1000e" : "virtio";
}

static int read_nic(const xmlNode *item, json_t *summary) {
        json_t *nics = json_object_get(summary, "nics"), *nic = json_pack("{s:s}", "model", nic_model(item));
        int r;

        if (!nics || !nic || json_array_append_new(nics, nic) < 0)
                return -ENOMEM;
        r = set_text(nic, "network", item, "Connection");
        return r < 0 ? r : set_text(nic, "mac", item, "MACAddress");
}

/* <SpecParams><path>: a file's name, or the id of a disk that is an ISO image; empty: nothing is in the drive. */
static int read_cd(const xmlNode *item, json_t *summary) {
        const xmlNode *parameters = xml_child(item, "SpecParams");

        return parameters ? set_text(summary, "cdrom", parameters, "path") : 0;
}

/* BiosType is one less than the engine's number: 0 i440fx and 1 Q35 with BIOS, 2 and 3 Q35 with UEFI. */
static int read_machine(const xmlNode *content, json_t *summary) {
        uint64_t type = child_number(content, "BiosType", 1);

        if (json_object_set_new(summary, "chipset", json_string(type == 0 ? "i440fx" : "q35")) < 0 ||
            json_object_set_new(summary, "firmware", json_string(type >= 2 ? "uefi" : "bios")) < 0)
                return -ENOMEM;
        return 0;
}

static int read_cpu(const xmlNode *item, json_t *summary) {
        uint64_t sockets = child_number(item, "num_of_sockets", 1), cores = child_number(item, "cpu_per_socket", 1),
                 threads = child_number(item, "threads_per_cpu", 1), cpus;

        if (sockets == 0 || cores == 0 || threads == 0 || sockets > CPUS_MAX || cores > CPUS_MAX || threads > CPUS_MAX)
                return 0;
        cpus = sockets * cores * threads;
        return json_object_update_new(summary, json_pack("{s:I, s:I, s:I, s:I}", "cpus", (json_int_t)cpus, "sockets", (json_int_t)sockets, "cores", (json_int_t)cores,
                                                         "threads", (json_int_t)threads)) < 0
                               ? -ENOMEM
                               : 0;
}

static int read_memory(const xmlNode *item, json_t *summary) {
        uint64_t mib = child_number(item, "VirtualQuantity", 0), bytes;

        if (mib == 0 || mib > INT64_MAX / MIB)
                return 0;
        bytes = mib * MIB;
        return json_object_set_new(summary, "memory", json_integer((json_int_t)bytes)) < 0 ? -ENOMEM : 0;
}

static int read_hardware(const xmlNode *content, json_t *summary) {
        int r = 0;

        for (xmlNode *section = xml_child(content, "Section"); section && r >= 0; section = xml_next(section))
                for (xmlNode *item = xml_child(section, "Item"); item && r >= 0; item = xml_next(item)) {
                        if (child_is(item, "ResourceType", ITEM_CPU))
                                r = read_cpu(item, summary);
                        else if (child_is(item, "ResourceType", ITEM_MEMORY))
                                r = read_memory(item, summary);
                        else if (child_is(item, "ResourceType", ITEM_NIC))
                                r = read_nic(item, summary);
                        else if (child_is(item, "ResourceType", ITEM_CD))
                                r = read_cd(item, summary);
                }
        return r;
}

/* ---- snapshots ---- */

/* <Disk ovf:fileRef= ovf:vm_snapshot_id=>: which volumes hold the state. */
static int read_snapshot_disks(const xmlNode *envelope, const char *id, const json_t *summary, json_t *snapshot) {
        json_t *disks = json_array();

        if (!disks || json_object_set_new(snapshot, "disks", disks) < 0)
                return -ENOMEM;
        for (xmlNode *section = xml_child(envelope, "Section"); section; section = xml_next(section))
                for (xmlNode *node = xml_child(section, "Disk"); node; node = xml_next(node)) {
                        _cleanup_xml_string_ xmlChar *file = xmlGetProp(node, (const xmlChar *)"fileRef"), *of = xmlGetProp(node, (const xmlChar *)"vm_snapshot_id");
                        const json_t *disk = file && of && streq((const char *)of, id) ? disk_of_file(summary, (const char *)file) : NULL;

                        if (disk && json_array_append_new(disks, json_pack("{s:O, s:O}", "image", json_object_get(disk, "image"), "volume",
                                                                           json_object_get(disk, "volume"))) < 0)
                                return -ENOMEM;
                }
        return 0;
}

/* UTC: "2022/09/27 12:11:43". */
static int read_created(const xmlNode *node, json_t *snapshot) {
        const xmlNode *child = xml_child(node, "CreationDate");
        _cleanup_xml_string_ xmlChar *text = child ? xmlNodeGetContent(child) : NULL;
        struct tm tm = {};
        const char *end = text ? strptime((const char *)text, "%Y/%m/%d %H:%M:%S", &tm) : NULL;
        time_t sec = end && !*end ? timegm(&tm) : -1;

        if (sec < 0)
                return 0;
        return json_object_set_new(snapshot, "created", json_integer((json_int_t)sec)) < 0 ? -ENOMEM : 0;
}

static int summary_of(const char *text, size_t size, const char *id, bool with_snapshots, json_t **ret, sd_bus_error *error);

static int read_configuration(const xmlNode *node, const char *vm, json_t *snapshot) {
        const xmlNode *child = xml_child(node, "VmConfiguration");
        _cleanup_xml_string_ xmlChar *encoded = child ? xmlNodeGetContent(child) : NULL;
        _cleanup_json_ json_t *then = NULL;
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = encoded ? ovf_base64_read((const char *)encoded, &text, &size) : -EBADMSG;
        if (r >= 0)
                r = summary_of(text, size, vm, false, &then, NULL);
        /* one that cannot be read is as none */
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        return json_object_set(snapshot, "configuration", then) < 0 ? -ENOMEM : 0;
}

static bool has_snapshot(const json_t *list, const char *id) {
        const json_t *snapshot;
        size_t i;

        json_array_foreach(list, i, snapshot)
                if (streq(json_string_value(json_object_get(snapshot, "id")) ?: "", id))
                        return true;
        return false;
}

static int read_snapshot(const xmlNode *envelope, xmlNode *node, const char *vm, json_t *summary, json_t *list) {
        _cleanup_xml_string_ xmlChar *id = xmlGetProp(node, (const xmlChar *)"id");
        _cleanup_json_ json_t *snapshot = NULL;
        int r;

        if (!id || !uuid_is_valid((const char *)id) || !child_is(node, "Type", "REGULAR") || has_snapshot(list, (const char *)id))
                return 0;
        snapshot = json_pack("{s:s}", "id", (const char *)id);
        if (!snapshot)
                return -ENOMEM;
        r = set_text(snapshot, "name", node, "Description");
        if (r >= 0)
                r = set_text(snapshot, "description", node, "Comment");
        if (r >= 0)
                r = read_created(node, snapshot);
        if (r >= 0)
                r = read_snapshot_disks(envelope, (const char *)id, summary, snapshot);
        if (r >= 0)
                r = read_configuration(node, vm, snapshot);
        if (r < 0)
                return r;
        return json_array_append(list, snapshot) < 0 ? -ENOMEM : 0;
}

static int read_snapshots(const xmlNode *envelope, const xmlNode *content, const char *vm, json_t *summary) {
        json_t *list = json_array();
        int r = 0;

        if (!list || json_object_set_new(summary, "snapshots", list) < 0)
                return -ENOMEM;
        for (xmlNode *section = xml_child(content, "Section"); section && r >= 0; section = xml_next(section))
                for (xmlNode *node = xml_child(section, "Snapshot"); node && r >= 0 && json_array_size(list) < OVF_SNAPSHOTS_MAX; node = xml_next(node))
                        r = read_snapshot(envelope, node, vm, summary, list);
        return r;
}

/* ---- all of it ---- */

/* Of a VM: the one it is based on, which may be none ("Blank"). */
static int read_template(const xmlNode *content, json_t *summary) {
        const xmlNode *child = xml_child(content, "TemplateId");
        _cleanup_xml_string_ xmlChar *id = child ? xmlNodeGetContent(child) : NULL;
        const bool is_template = xml_child(content, "TemplateType") != NULL;

        if (json_object_set_new(summary, "template", json_boolean(is_template)) < 0)
                return -ENOMEM;
        if (is_template || !id || !uuid_is_valid((const char *)id) || streq((const char *)id, BLANK_UUID))
                return 0;
        return json_object_set_new(summary, "template_id", json_string((const char *)id)) < 0 ? -ENOMEM : 0;
}

static int read_envelope(const xmlNode *envelope, const xmlNode *content, json_t *summary) {
        int r;

        r = set_text(summary, "name", content, "Name");
        if (r >= 0)
                r = set_text(summary, "description", content, "Description");
        if (r >= 0)
                r = read_template(content, summary);
        if (r >= 0)
                r = read_machine(content, summary);
        if (r >= 0)
                r = read_disks(envelope, summary);
        if (r >= 0)
                r = read_interfaces(envelope, summary);
        return r < 0 ? r : read_hardware(content, summary);
}

static int summary_of(const char *text, size_t size, const char *id, bool with_snapshots, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *summary = NULL;
        _cleanup_(doc_freep) xmlDoc *doc = NULL;
        const xmlNode *envelope, *content;
        int r;

        if (size > OVF_BYTES_MAX)
                return bad(error, id, "the definition is too large");
        doc = xmlReadMemory(text, (int)size, "ovf", NULL, XML_UTIL_PARSE_FLAGS);
        envelope = doc ? xmlDocGetRootElement(doc) : NULL;
        if (!envelope)
                return bad(error, id, "it is not XML");
        content = streq((const char *)envelope->name, "Envelope") ? xml_child(envelope, "Content") : NULL;
        if (!content)
                return bad(error, id, "it is not the definition of a VM");

        summary = json_pack("{s:[]}", "nics");
        if (!summary)
                return -ENOMEM;
        r = read_envelope(envelope, content, summary);
        if (r >= 0 && with_snapshots)
                r = read_snapshots(envelope, content, id, summary);
        if (r < 0)
                return r;
        if (!json_object_get(summary, "name"))
                return bad(error, id, "it has no name");
        *ret = TAKE_PTR(summary);
        return 0;
}

int ovf_summary(const char *text, size_t size, const char *id, json_t **ret, sd_bus_error *error) {
        return summary_of(text, size, id, true, ret, error);
}
