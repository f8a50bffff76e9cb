/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an older text of a VM says beyond the fresh one. */

#include "ovf-node.h"
#include "ovf-summary.h"
#include "ovf-write.h"

#define SNAPSHOTS_TYPE "ovf:SnapshotsSection_Type"
#define HARDWARE_TYPE "ovf:VirtualHardwareSection_Type"
#define ITEM_CD "15" /* rasd:ResourceType */

static void doc_freep(xmlDoc **doc) {
        if (*doc)
                xmlFreeDoc(*doc);
}

/* With its prefix as it stands: what the engine compares. */
static bool has_type(xmlNode *section, const char *type) {
        _cleanup_xml_string_ xmlChar *value = xmlGetProp(section, (const xmlChar *)"type");

        return value && streq((const char *)value, type);
}

static xmlNode *find_section(const xmlNode *content, const char *type) {
        for (xmlNode *section = xml_child(content, "Section"); section; section = xml_next(section))
                if (has_type(section, type))
                        return section;
        return NULL;
}

static bool is_section(const xmlNode *node) {
        return streq((const char *)node->name, "Section");
}

static bool has_file(const xmlNode *envelope, const xmlChar *href) {
        const xmlNode *references = xml_child(envelope, "References");

        for (xmlNode *file = references ? xml_child(references, "File") : NULL; file; file = xml_next(file)) {
                _cleanup_xml_string_ xmlChar *other = xmlGetProp(file, (const xmlChar *)"href");

                if (other && xmlStrEqual(other, href))
                        return true;
        }
        return false;
}

/* Every volume of a is one of b. */
static bool files_are_in(const xmlNode *a, const xmlNode *b) {
        const xmlNode *references = xml_child(a, "References");

        for (xmlNode *file = references ? xml_child(references, "File") : NULL; file; file = xml_next(file)) {
                _cleanup_xml_string_ xmlChar *href = xmlGetProp(file, (const xmlChar *)"href");

                if (href && !has_file(b, href))
                        return false;
        }
        return true;
}

static int copy_to(xmlNode *parent, xmlNode *node) {
        xmlNode *copy = xmlDocCopyNode(node, parent->doc, 1);

        if (!copy)
                return -ENOMEM;
        if (!xmlAddChild(parent, copy)) {
                xmlFreeNode(copy);
                return -ENOMEM;
        }
        return xmlReconciliateNs(parent->doc, copy) < 0 ? -ENOMEM : 0;
}

static const char *item_type(const xmlNode *node, xmlChar **ret) {
        const xmlNode *type = xml_child(node, "ResourceType");

        *ret = type ? xmlNodeGetContent(type) : NULL;
        return *ret ? (const char *)*ret : "";
}

static xmlNode *find_item(const xmlNode *hardware, const char *wanted) {
        for (xmlNode *node = xml_child(hardware, "Item"); node; node = xml_next(node)) {
                _cleanup_xml_string_ xmlChar *text = NULL;

                if (streq(item_type(node, &text), wanted))
                        return node;
        }
        return NULL;
}

/* The drive is the old text's, with its address; what is in it is the fresh one's. */
static int merge_cd(xmlNode *hardware, const xmlNode *old_hardware) {
        xmlNode *fresh = find_item(hardware, ITEM_CD), *old = find_item(old_hardware, ITEM_CD), *parameters = old ? xml_child(old, "SpecParams") : NULL, *copy;
        xmlNode *replaced, *path = parameters ? xml_child(parameters, "path") : NULL, *fresh_parameters = fresh ? xml_child(fresh, "SpecParams") : NULL;

        if (!fresh || !path || !fresh_parameters)
                return 0;
        copy = xmlDocCopyNode(old, hardware->doc, 1);
        if (!copy)
                return -ENOMEM;
        parameters = xml_child(copy, "SpecParams");
        path = xmlDocCopyNode(xml_child(fresh_parameters, "path"), hardware->doc, 1);
        replaced = path ? xmlReplaceNode(xml_child(parameters, "path"), path) : NULL;
        if (!replaced) {
                xmlFreeNode(copy);
                return -ENOMEM;
        }
        xmlFreeNode(replaced);
        (void) xmlReplaceNode(fresh, copy);
        xmlFreeNode(fresh);
        return xmlReconciliateNs(hardware->doc, copy) < 0 ? -ENOMEM : 0;
}

/* Devices of kinds that the fresh text does not write; without a CD-ROM drive in it the old one's stays. */
static int merge_items(xmlNode *fresh, const xmlNode *old) {
        const char *const written[] = { "3", "4", "10", "17", find_item(fresh, ITEM_CD) ? ITEM_CD : "" };

        for (xmlNode *node = xml_child(old, "Item"); node; node = xml_next(node)) {
                _cleanup_xml_string_ xmlChar *text = NULL;
                const char *type = item_type(node, &text);
                bool known = false;

                for (size_t i = 0; i < ELEMENTSOF(written); i++)
                        known |= streq(type, written[i]);
                if (!known && copy_to(fresh, node) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* ---- snapshots ---- */

/* The first node of that name below parent whose attribute has the value. */
static xmlNode *find_by(const xmlNode *parent, const char *name, const char *attribute, const xmlChar *value) {
        for (xmlNode *node = parent ? xml_child(parent, name) : NULL; node; node = xml_next(node)) {
                _cleanup_xml_string_ xmlChar *own = xmlGetProp(node, (const xmlChar *)attribute);

                if (own && value && xmlStrEqual(own, value))
                        return node;
        }
        return NULL;
}

static xmlNode *find_disk(const xmlNode *envelope, const char *attribute, const xmlChar *value) {
        for (xmlNode *section = xml_child(envelope, "Section"); section; section = xml_next(section)) {
                xmlNode *disk = find_by(section, "Disk", attribute, value);

                if (disk)
                        return disk;
        }
        return NULL;
}

/* Volumes of snapshots that only the old text knows stay theirs. */
static int keep_disks(const xmlNode *envelope, const xmlNode *old_envelope, const xmlNode *snapshots) {
        for (xmlNode *section = xml_child(envelope, "Section"); section; section = xml_next(section))
                for (xmlNode *disk = xml_child(section, "Disk"); disk; disk = xml_next(disk)) {
                        _cleanup_xml_string_ xmlChar *id = xmlGetProp(disk, (const xmlChar *)"diskId"), *of = xmlGetProp(disk, (const xmlChar *)"vm_snapshot_id"),
                                                     *old_of = NULL;
                        xmlNode *old = find_by(snapshots, "Snapshot", "id", of) ? NULL : find_disk(old_envelope, "diskId", id);
                        xmlAttr *property = xmlHasProp(disk, (const xmlChar *)"vm_snapshot_id");

                        old_of = old ? xmlGetProp(old, (const xmlChar *)"vm_snapshot_id") : NULL;
                        if (old_of && property && !xmlSetNsProp(disk, property->ns, (const xmlChar *)"vm_snapshot_id", old_of))
                                return -ENOMEM;
                }
        return 0;
}

/* What the VM was then, with what the old text says of that beyond. */
static int merge_configuration(xmlNode *fresh, const xmlNode *old) {
        xmlNode *node = xml_child(fresh, "VmConfiguration"), *old_node = xml_child(old, "VmConfiguration");
        _cleanup_xml_string_ xmlChar *encoded = node ? xmlNodeGetContent(node) : NULL, *old_encoded = old_node ? xmlNodeGetContent(old_node) : NULL;
        _cleanup_free_ char *text = NULL, *old_text = NULL, *merged = NULL, *again = NULL;
        size_t size, old_size;
        int r;

        if (!encoded || !old_encoded)
                return 0;
        r = ovf_base64_read((const char *)encoded, &text, &size);
        if (r >= 0)
                r = ovf_base64_read((const char *)old_encoded, &old_text, &old_size);
        if (r >= 0)
                r = ovf_merge(text, old_text, old_size, &merged);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        again = ovf_base64(merged);
        if (!again)
                return -ENOMEM;
        xmlNodeSetContent(node, (const xmlChar *)again);
        return 0;
}

/* One that both know: memory, applications and what else the old text has of it. */
static int merge_snapshot(xmlNode *fresh, const xmlNode *old) {
        for (xmlNode *node = old->children; node; node = node->next)
                if (node->type == XML_ELEMENT_NODE && !xml_child(fresh, (const char *)node->name) && !streq((const char *)node->name, "Comment") &&
                    copy_to(fresh, node) < 0)
                        return -ENOMEM;
        return merge_configuration(fresh, old);
}

/* The old text's snapshots beside the fresh one's: for as long as one of the volumes is theirs. */
static int merge_snapshots(const xmlNode *envelope, xmlNode *snapshots, const xmlNode *old_envelope, const xmlNode *old_snapshots) {
        int r;

        r = keep_disks(envelope, old_envelope, snapshots);
        for (xmlNode *old = xml_child(old_snapshots, "Snapshot"); old && r >= 0; old = xml_next(old)) {
                _cleanup_xml_string_ xmlChar *id = xmlGetProp(old, (const xmlChar *)"id");
                xmlNode *same = find_by(snapshots, "Snapshot", "id", id);

                if (same)
                        r = merge_snapshot(same, old);
                else if (id && find_disk(envelope, "vm_snapshot_id", id))
                        r = copy_to(snapshots, old);
        }
        return r;
}

static int merge_content(xmlNode *fresh, const xmlNode *old, bool same_volumes) {
        xmlNode *hardware = find_section(fresh, HARDWARE_TYPE), *old_hardware = find_section(old, HARDWARE_TYPE);
        int r;

        for (xmlNode *node = old->children; node; node = node->next) {
                _cleanup_xml_string_ xmlChar *type = NULL;

                if (node->type != XML_ELEMENT_NODE)
                        continue;
                if (!is_section(node)) {
                        if (!xml_child(fresh, (const char *)node->name) && copy_to(fresh, node) < 0)
                                return -ENOMEM;
                        continue;
                }
                type = xmlGetProp(node, (const xmlChar *)"type");
                if (!type || find_section(fresh, (const char *)type) || (streq((const char *)type, SNAPSHOTS_TYPE) && !same_volumes))
                        continue;
                if (copy_to(fresh, node) < 0)
                        return -ENOMEM;
        }
        if (!hardware || !old_hardware)
                return 0;
        r = merge_items(hardware, old_hardware);
        return r < 0 ? r : merge_cd(hardware, old_hardware);
}

static int merge_envelope(xmlNode *envelope, const xmlNode *old_envelope, xmlNode *content, const xmlNode *old_content) {
        xmlNode *snapshots = find_section(content, SNAPSHOTS_TYPE), *old_snapshots = find_section(old_content, SNAPSHOTS_TYPE);
        int r;

        r = merge_content(content, old_content, files_are_in(envelope, old_envelope) && files_are_in(old_envelope, envelope));
        return r >= 0 && snapshots && old_snapshots ? merge_snapshots(envelope, snapshots, old_envelope, old_snapshots) : r;
}

int ovf_merge(const char *fresh, const char *old, size_t old_size, char **ret) {
        _cleanup_(doc_freep) xmlDoc *doc = xmlReadMemory(fresh, (int)strlen(fresh), "ovf", NULL, XML_UTIL_PARSE_FLAGS);
        _cleanup_(doc_freep) xmlDoc *old_doc = old_size > OVF_BYTES_MAX ? NULL : xmlReadMemory(old, (int)old_size, "ovf", NULL, XML_UTIL_PARSE_FLAGS);
        xmlNode *envelope = doc ? xmlDocGetRootElement(doc) : NULL;
        const xmlNode *old_envelope = old_doc ? xmlDocGetRootElement(old_doc) : NULL;
        xmlNode *content = envelope ? xml_child(envelope, "Content") : NULL, *old_content = old_envelope ? xml_child(old_envelope, "Content") : NULL;
        xmlChar *dumped = NULL;
        int size = 0, r;

        if (!content)
                return -ENOMEM;
        if (!old_content)
                return -EBADMSG;
        r = merge_envelope(envelope, old_envelope, content, old_content);
        if (r < 0)
                return r;
        xmlDocDumpMemoryEnc(doc, &dumped, &size, "UTF-8");
        *ret = dumped ? strdup((const char *)dumped) : NULL;
        if (dumped)
                xmlFree(dumped);
        return *ret ? 0 : -ENOMEM;
}
