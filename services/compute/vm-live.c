/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vm-live.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "parse-util.h"
#include "vm-description.h"
#include "vm-xml.h"
#include "xml-util.h"

const char *vm_live_alias_id(const char *alias) {
        const char *id = startswith(alias, VM_ALIAS_DEVICE);

        return id && uuid_is_valid(id) ? id : NULL;
}

static json_t *read_address(xmlNode *device) {
        xmlNode *node = xml_child(device, "address");
        json_t *address = json_object();

        for (xmlAttr *a = node ? node->properties : NULL; a && address; a = a->next) {
                _cleanup_xml_string_ xmlChar *value = xmlGetNoNsProp(node, a->name);

                if (value)
                        (void) json_object_set_new(address, (const char *)a->name, json_string((const char *)value));
        }
        return address;
}

static void set_attribute(json_t *object, const char *key, xmlNode *node, const char *attribute) {
        _cleanup_xml_string_ xmlChar *value = node ? xml_attribute(node, attribute) : NULL;

        if (value)
                (void) json_object_set_new(object, key, json_string((const char *)value));
}

/* "disk", "interface", … and for controllers which: what a person looks for. */
static json_t *read_type(xmlNode *device) {
        _cleanup_xml_string_ xmlChar *type = NULL;

        if (!streq((const char *)device->name, "controller"))
                return json_string(streq((const char *)device->name, "interface") ? "nic" : (const char *)device->name);
        type = xml_attribute(device, "type");
        return type ? json_sprintf("%s-controller", (const char *)type) : json_string("controller");
}

/* Return: 0 with ret NULL for a device without alias (and so without identity). */
static int read_device(xmlNode *node, json_t **ret) {
        _cleanup_xml_string_ xmlChar *alias = NULL;
        _cleanup_json_ json_t *device = NULL;
        xmlNode *alias_node = xml_child(node, "alias");
        const char *id;

        *ret = NULL;
        if (alias_node)
                alias = xml_attribute(alias_node, "name");
        if (!alias)
                return 0;
        device = json_object();
        if (!device)
                return -ENOMEM;

        (void) json_object_set_new(device, "alias", json_string((const char *)alias));
        (void) json_object_set_new(device, "type", read_type(node));
        id = vm_live_alias_id((const char *)alias);
        if (id)
                (void) json_object_set_new(device, "id", json_string(id));
        set_attribute(device, "target", xml_child(node, "target"), "dev");
        set_attribute(device, "mac", xml_child(node, "mac"), "address");
        if (streq((const char *)node->name, "interface"))
                set_attribute(device, "bridge", xml_child(node, "source"), "bridge");
        (void) json_object_set_new(device, "address", read_address(node));
        *ret = TAKE_PTR(device);
        return 0;
}

/* Where a disk of ours is: "file" or "dev", by the kind of its source. */
static void read_disk_path(VmLive *live, xmlNode *node, const json_t *device) {
        const char *id = json_string_value(json_object_get(device, "id"));
        xmlNode *source = xml_child(node, "source");
        _cleanup_xml_string_ xmlChar *file = source ? xml_attribute(source, "file") : NULL;
        _cleanup_xml_string_ xmlChar *dev = source ? xml_attribute(source, "dev") : NULL;
        const char *path = (const char *)(file ?: dev);

        if (id && path && path_is_normal(path))
                (void) json_object_set_new(live->disk_paths, id, json_string(path));
}

static void read_channel(VmLive *live, xmlNode *node) {
        xmlNode *target = xml_child(node, "target");
        _cleanup_xml_string_ xmlChar *name = target ? xml_attribute(target, "name") : NULL;
        _cleanup_xml_string_ xmlChar *state = target ? xml_attribute(target, "state") : NULL;

        if (!name || !streq((const char *)name, VM_AGENT_CHANNEL))
                return;
        live->channel = state && streq((const char *)state, "connected") ? VM_CHANNEL_CONNECTED : VM_CHANNEL_DISCONNECTED;
}

static void read_serial(VmLive *live, xmlNode *node) {
        _cleanup_xml_string_ xmlChar *type = xml_attribute(node, "type");
        xmlNode *source = xml_child(node, "source");
        _cleanup_xml_string_ xmlChar *path = source ? xml_attribute(source, "path") : NULL;

        if (!live->console_path && type && path && streq((const char *)type, "unix") && path_is_normal((const char *)path))
                live->console_path = strdup((const char *)path);
}

static int read_devices(VmLive *live, xmlNode *devices) {
        for (xmlNode *node = devices ? devices->children : NULL; node; node = node->next) {
                json_t *device;
                int r;

                if (node->type != XML_ELEMENT_NODE)
                        continue;
                if (streq((const char *)node->name, "channel"))
                        read_channel(live, node);
                else if (streq((const char *)node->name, "serial"))
                        read_serial(live, node);
                else if (streq((const char *)node->name, "graphics"))
                        live->graphics = true;

                if (json_array_size(live->devices) >= VM_LIVE_DEVICES_MAX)
                        continue;
                r = read_device(node, &device);
                if (r < 0)
                        return r;
                if (device && streq((const char *)node->name, "disk"))
                        read_disk_path(live, node, device);
                if (device && json_array_append_new(live->devices, device) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* A description that we did not write, or that an older or newer version of us wrote otherwise, is not believed. */
static void read_metadata(VmLive *live, xmlNode *domain) {
        xmlNode *metadata = xml_child(domain, "metadata");

        for (xmlNode *vm = metadata ? metadata->children : NULL; vm; vm = vm->next) {
                _cleanup_xml_string_ xmlChar *text = NULL, *created = NULL;
                xmlNode *node;

                if (vm->type != XML_ELEMENT_NODE || !vm->ns || !streq((const char *)vm->ns->href, VM_XML_NAMESPACE))
                        continue;
                node = xml_child(vm, "description");
                text = node ? xmlNodeGetContent(node) : NULL;
                node = xml_child(vm, "created_usec");
                created = node ? xmlNodeGetContent(node) : NULL;
                if (created)
                        (void) parse_u64((const char *)created, &live->created_usec);
                if (text && !live->description) {
                        json_t *description = json_loads((const char *)text, JSON_REJECT_DUPLICATES, NULL);

                        if (description && vm_description_check(description, NULL) >= 0)
                                live->description = TAKE_PTR(description);
                        json_decref(description);
                }
        }
}

static uint64_t read_number(xmlNode *domain, const char *element) {
        xmlNode *node = xml_child(domain, element);
        _cleanup_xml_string_ xmlChar *text = node ? xmlNodeGetContent(node) : NULL;
        uint64_t number = 0;

        if (text)
                (void) parse_u64((const char *)text, &number);
        return number;
}

int vm_live_parse(const char *xml, size_t size, VmLive *ret) {
        VmLive live = {};
        uint64_t kib, cpus;
        xmlNode *domain;
        xmlDoc *doc;
        int r;

        if (size > VM_LIVE_XML_MAX)
                return -EMSGSIZE;
        doc = xmlReadMemory(xml, (int)size, NULL, NULL, XML_UTIL_PARSE_FLAGS);
        if (!doc)
                return -EBADMSG;
        domain = xmlDocGetRootElement(doc);
        if (!domain || !streq((const char *)domain->name, "domain")) {
                xmlFreeDoc(doc);
                return -EBADMSG;
        }

        live.devices = json_array();
        live.disk_paths = json_object();
        r = live.devices && live.disk_paths ? read_devices(&live, xml_child(domain, "devices")) : -ENOMEM;
        read_metadata(&live, domain);
        kib = read_number(domain, "memory"); /* libvirt writes KiB, whatever it was given */
        live.memory_bytes = kib > UINT64_MAX / KIB ? 0 : kib * KIB;
        cpus = read_number(domain, "vcpu");
        live.cpus = cpus > UINT_MAX ? 0 : (unsigned)cpus;
        xmlFreeDoc(doc);

        if (r < 0) {
                vm_live_done(&live);
                return r;
        }
        *ret = live;
        return 0;
}

void vm_live_done(VmLive *live) {
        json_decref(live->description);
        json_decref(live->devices);
        json_decref(live->disk_paths);
        free(live->console_path);
        *live = (VmLive){};
}
