/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* libvirt's capabilities XML. Source: libvirt's "Driver capabilities XML format". */

#include "host-info.h"
#include "parse-util.h"
#include "xml-util.h"

#define NUMA_NODES_MAX 256U

/* The CPU numbers of a cell as ranges: "0-3,8-11". They are listed in order. */
static json_t *read_cell_cpus(xmlNode *cell) {
        xmlNode *cpus = xml_child(cell, "cpus");
        char text[4096] = "";
        size_t length = 0;
        long first = -2, last = -2;

        for (xmlNode *cpu = cpus ? xml_child(cpus, "cpu") : NULL;; cpu = cpu ? xml_next(cpu) : NULL) {
                _cleanup_xml_string_ xmlChar *id = cpu ? xml_attribute(cpu, "id") : NULL;
                uint32_t number = 0;
                bool good = id && parse_u32((const char *)id, &number) >= 0;

                if (good && (long)number == last + 1) {
                        last++;
                        continue;
                }
                if (first >= 0 && length < sizeof(text) - 32)
                        length += (size_t)(first == last ? snprintf(text + length, 32, "%s%ld", length > 0 ? "," : "", first)
                                                         : snprintf(text + length, 32, "%s%ld-%ld", length > 0 ? "," : "", first, last));
                if (!cpu)
                        break;
                first = last = good ? (long)number : -2;
        }
        return json_string(text);
}

static json_t *read_cells(xmlNode *host) {
        json_t *nodes = json_array();
        xmlNode *topology = xml_child(host, "topology"), *cells = topology ? xml_child(topology, "cells") : NULL;

        for (xmlNode *cell = cells ? xml_child(cells, "cell") : NULL; cell && nodes && json_array_size(nodes) < NUMA_NODES_MAX; cell = xml_next(cell)) {
                _cleanup_xml_string_ xmlChar *id = xml_attribute(cell, "id");
                xmlNode *memory = xml_child(cell, "memory");
                _cleanup_xml_string_ xmlChar *text = memory ? xmlNodeGetContent(memory) : NULL;
                uint64_t kib = 0;
                uint32_t number = 0;

                if (text)
                        (void) parse_u64((const char *)text, &kib);
                if (id)
                        (void) parse_u32((const char *)id, &number);
                if (kib > INT64_MAX / KIB)
                        kib = 0;
                (void) json_array_append_new(nodes, json_pack("{s:I, s:I, s:o}", "id", (json_int_t)number, "memory",
                                                              (json_int_t)kib * (json_int_t)KIB, "cpus", read_cell_cpus(cell)));
        }
        return nodes;
}

static char *copy_content(xmlNode *node) {
        _cleanup_xml_string_ xmlChar *text = node ? xmlNodeGetContent(node) : NULL;

        return text && *text ? strdup((const char *)text) : NULL;
}

static void replace(char **s, const char *value) {
        free(*s);
        *s = value ? strdup(value) : NULL;
}

/* "+64055:+64055" of the DAC model: the numbers after "+". Source: libvirt's "Security model". */
static void read_user(HostVirt *virt, xmlNode *host) {
        for (xmlNode *model = xml_child(host, "secmodel"); model; model = xml_next(model)) {
                _cleanup_free_ char *name = copy_content(xml_child(model, "model"));
                _cleanup_free_ char *label = copy_content(xml_child(model, "baselabel"));
                uint32_t uid;

                if (!streq_ptr(name, "dac") || !label || *label != '+')
                        continue;
                label[strcspn(label, ":")] = 0;
                if (parse_u32(label + 1, &uid) >= 0)
                        virt->qemu_uid = uid;
        }
}

/* "q35" where it is listed (as itself or as the alias of a versioned one), else the first. */
static void read_machines(HostVirt *virt, xmlNode *arch) {
        for (xmlNode *machine = xml_child(arch, "machine"); machine; machine = xml_next(machine)) {
                _cleanup_free_ char *name = copy_content(machine);

                if (!virt->machine || streq_ptr(name, "q35"))
                        replace(&virt->machine, name);
        }
}

static void read_guest(HostVirt *virt, xmlNode *guest) {
        xmlNode *arch = xml_child(guest, "arch");
        _cleanup_xml_string_ xmlChar *name = arch ? xml_attribute(arch, "name") : NULL;

        if (!name)
                return;
        /* The test driver has guests of another architecture than its host's: then the first one listed is taken. */
        if (virt->arch && !streq((const char *)name, virt->arch))
                return;
        for (xmlNode *domain = xml_child(arch, "domain"); domain; domain = xml_next(domain)) {
                _cleanup_xml_string_ xmlChar *type = xml_attribute(domain, "type");

                if (!type || virt->kvm)
                        continue;
                virt->kvm = streq((const char *)type, "kvm");
                if (virt->kvm || !virt->virt_type || streq((const char *)type, "qemu"))
                        replace(&virt->virt_type, (const char *)type);
        }
        read_machines(virt, arch);
}

int host_virt_parse(const char *xml, HostVirt *ret) {
        HostVirt virt = { .qemu_uid = -1 };
        xmlNode *root, *host, *cpu;
        xmlDoc *doc;

        doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL, XML_UTIL_PARSE_FLAGS);
        if (!doc)
                return -EBADMSG;
        root = xmlDocGetRootElement(doc);
        host = root ? xml_child(root, "host") : NULL;
        if (!host) {
                xmlFreeDoc(doc);
                return -EBADMSG;
        }
        cpu = xml_child(host, "cpu");
        if (cpu) {
                virt.arch = copy_content(xml_child(cpu, "arch"));
                virt.cpu_model = copy_content(xml_child(cpu, "model"));
        }
        virt.numa_nodes = read_cells(host);
        read_user(&virt, host);
        for (xmlNode *guest = xml_child(root, "guest"); guest; guest = xml_next(guest))
                read_guest(&virt, guest);
        xmlFreeDoc(doc);

        *ret = virt;
        return 0;
}

void host_virt_done(HostVirt *virt) {
        free(virt->arch);
        free(virt->virt_type);
        free(virt->machine);
        free(virt->cpu_model);
        json_decref(virt->numa_nodes);
        json_decref(virt->network_filters);
        *virt = (HostVirt){};
}
