/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an older text of a VM says beyond the fresh one. */

#include "ovf-summary.h"
#include "ovf-write.h"
#include "xml-util.h"

#define SNAPSHOTS_TYPE "ovf:SnapshotsSection_Type"
#define HARDWARE_TYPE "ovf:VirtualHardwareSection_Type"

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

/* Devices of kinds that the fresh text does not write. */
static int merge_items(xmlNode *fresh, const xmlNode *old) {
        static const char *const written[] = { "3", "4", "10", "17" };

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

static int merge_content(xmlNode *fresh, const xmlNode *old, bool same_volumes) {
        xmlNode *hardware = find_section(fresh, HARDWARE_TYPE), *old_hardware = find_section(old, HARDWARE_TYPE);

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
        return hardware && old_hardware ? merge_items(hardware, old_hardware) : 0;
}

int ovf_merge(const char *fresh, const char *old, size_t old_size, char **ret) {
        _cleanup_(doc_freep) xmlDoc *doc = xmlReadMemory(fresh, (int)strlen(fresh), "ovf", NULL, XML_UTIL_PARSE_FLAGS);
        _cleanup_(doc_freep) xmlDoc *old_doc = old_size > OVF_BYTES_MAX ? NULL : xmlReadMemory(old, (int)old_size, "ovf", NULL, XML_UTIL_PARSE_FLAGS);
        const xmlNode *envelope = doc ? xmlDocGetRootElement(doc) : NULL, *old_envelope = old_doc ? xmlDocGetRootElement(old_doc) : NULL;
        xmlNode *content = envelope ? xml_child(envelope, "Content") : NULL, *old_content = old_envelope ? xml_child(old_envelope, "Content") : NULL;
        xmlChar *dumped = NULL;
        int size = 0, r;

        if (!content)
                return -ENOMEM;
        if (!old_content)
                return -EBADMSG;
        r = merge_content(content, old_content, files_are_in(envelope, old_envelope) && files_are_in(old_envelope, envelope));
        if (r < 0)
                return r;
        xmlDocDumpMemoryEnc(doc, &dumped, &size, "UTF-8");
        *ret = dumped ? strdup((const char *)dumped) : NULL;
        if (dumped)
                xmlFree(dumped);
        return *ret ? 0 : -ENOMEM;
}
