/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "network-xml.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "bus-error.h"
#include "parse-util.h"
#include "vm-xml-device.h"
#include "vm-xml.h"
#include "xml-util.h"

/* Our mark in <metadata>: what lacks it belongs to somebody else and is never touched. */
#define MARK "network"

/* ---- writing ---- */

static void write_ip(Xml *x, const VirtualNetwork *network) {
        char address[SUBNET4_TEXT_MAX], first[SUBNET4_TEXT_MAX], last[SUBNET4_TEXT_MAX];

        if (!network->has_subnet)
                return;
        address4_format(virtual_network_address(network), address);
        xml_open(x, "ip", "address", address, NULL);
        xml_attributef(x, "prefix", "%u", network->subnet.prefix);
        if (network->has_dhcp) {
                address4_format(network->first, first);
                address4_format(network->last, last);
                xml_open(x, "dhcp", NULL);
                xml_empty(x, "range", "start", first, "end", last, NULL);
                xml_close(x);
        }
        xml_close(x);
}

/* Without <dhcp> libvirt's dnsmasq advertises the subnet, and guests make their addresses of it. */
static void write_ip6(Xml *x, const VirtualNetwork *network) {
        char address[INET6_ADDRSTRLEN];

        if (!network->has_subnet6)
                return;
        virtual_network_address6(network, address);
        xml_open(x, "ip", "family", "ipv6", "address", address, NULL);
        xml_attributef(x, "prefix", "%u", network->subnet6.prefix);
        xml_close(x);
}

/* libvirt routes IPv6 of a network with nat unless it is told to translate it, and nobody outside knows the way to a unique local address. */
static void write_forward(Xml *x, const VirtualNetwork *network) {
        xml_open(x, "forward", "mode", "nat", NULL);
        if (network->has_subnet6)
                xml_empty(x, "nat", "ipv6", "yes", NULL);
        xml_close(x);
}

static void write_network(Xml *x, const VirtualNetwork *network, const char *uuid) {
        xml_open(x, "network", NULL);
        xml_text(x, "name", "%s", network->name);
        if (uuid)
                xml_text(x, "uuid", "%s", uuid);
        xml_open(x, "metadata", NULL);
        xml_empty(x, VM_XML_PREFIX ":" MARK, "xmlns:" VM_XML_PREFIX, VM_XML_NAMESPACE, NULL);
        xml_close(x);
        if (network->mode == VIRTUAL_NAT)
                write_forward(x, network);
        xml_empty(x, "bridge", "name", network->name, "stp", "on", "delay", "0", NULL);
        write_ip(x, network);
        write_ip6(x, network);
        xml_close(x);
}

char *network_xml_build(const VirtualNetwork *network, const char *uuid) {
        xmlBufferPtr buffer = xmlBufferCreate();
        Xml x = { .writer = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL };
        char *text = NULL;

        if (x.writer) {
                write_network(&x, network, uuid);
                if (xmlTextWriterEndDocument(x.writer) < 0)
                        x.r = -ENOMEM;
                xmlFreeTextWriter(x.writer);
                if (x.r >= 0)
                        text = strdup((const char *)xmlBufferContent(buffer));
        }
        if (buffer)
                xmlBufferFree(buffer);
        return text;
}

/* ---- reading ---- */

static bool read_address(xmlNode *node, const char *attribute, uint32_t *ret) {
        _cleanup_xml_string_ xmlChar *text = node ? xml_attribute(node, attribute) : NULL;
        struct in_addr address;

        if (!text || inet_pton(AF_INET, (const char *)text, &address) != 1)
                return false;
        *ret = ntohl(address.s_addr);
        return true;
}

/* A netmask's length; 33 for one with holes. */
static unsigned prefix_of(uint32_t mask) {
        for (unsigned prefix = 0; prefix <= 32; prefix++)
                if (subnet4_mask(prefix) == mask)
                        return prefix;
        return 33;
}

/* By its prefix, its netmask, or as one address. Return: false for what has no IPv4 address. */
static bool read_subnet(xmlNode *node, const char *attribute, Subnet4 *ret) {
        _cleanup_xml_string_ xmlChar *text = xml_attribute(node, "prefix");
        uint32_t prefix = 32, mask;

        if (!read_address(node, attribute, &ret->network))
                return false;
        if (text) {
                if (parse_u32((const char *)text, &prefix) < 0)
                        return false;
        } else if (read_address(node, "netmask", &mask))
                prefix = prefix_of(mask);
        if (prefix > 32)
                return false;
        ret->network &= subnet4_mask(prefix);
        ret->prefix = prefix;
        return true;
}

/* Return: false for what has no IPv6 address. */
static bool read_subnet6(xmlNode *node, const char *attribute, Subnet6 *ret) {
        _cleanup_xml_string_ xmlChar *address = xml_attribute(node, attribute), *prefix = xml_attribute(node, "prefix");
        char text[SUBNET6_TEXT_MAX];

        if (!address || snprintf(text, sizeof(text), "%s/%s", (const char *)address, prefix ? (const char *)prefix : "128") >= (int)sizeof(text) ||
            subnet6_parse(text, ret) < 0)
                return false;
        subnet6_mask(ret);
        return true;
}

static bool is_element(const xmlNode *node, const char *name) {
        return node->type == XML_ELEMENT_NODE && streq((const char *)node->name, name);
}

/* The <ip> of a family, of which a network of ours has one at most. Return: false where there are more. */
static bool find_ip(xmlNode *root, bool ipv6, xmlNode **ret) {
        *ret = NULL;
        for (xmlNode *node = root->children; node; node = node->next) {
                _cleanup_xml_string_ xmlChar *family = is_element(node, "ip") ? xml_attribute(node, "family") : NULL;

                if (!is_element(node, "ip") || ipv6 != (family && streq((const char *)family, "ipv6")))
                        continue;
                if (*ret)
                        return false;
                *ret = node;
        }
        return true;
}

static bool has_mark(xmlNode *root) {
        xmlNode *metadata = xml_child(root, "metadata");

        for (xmlNode *node = metadata ? metadata->children : NULL; node; node = node->next)
                if (node->type == XML_ELEMENT_NODE && node->ns && streq((const char *)node->ns->href, VM_XML_NAMESPACE) && streq((const char *)node->name, MARK))
                        return true;
        return false;
}

static bool read_mode(xmlNode *root, VirtualMode *ret) {
        xmlNode *forward = xml_child(root, "forward");
        _cleanup_xml_string_ xmlChar *mode = forward ? xml_attribute(forward, "mode") : NULL;

        /* libvirt's default for a <forward> that names none is nat */
        *ret = forward ? VIRTUAL_NAT : VIRTUAL_ISOLATED;
        return !mode || streq((const char *)mode, "nat");
}

static bool translates_ipv6(xmlNode *root) {
        xmlNode *forward = xml_child(root, "forward"), *nat = forward ? xml_child(forward, "nat") : NULL;
        _cleanup_xml_string_ xmlChar *text = nat ? xml_attribute(nat, "ipv6") : NULL;

        return text && streq((const char *)text, "yes");
}

static bool read_wanted6(xmlNode *root, VirtualNetwork *ret) {
        xmlNode *ip;

        if (!find_ip(root, true, &ip))
                return false;
        ret->has_subnet6 = ip;
        if (ip && (xml_child(ip, "dhcp") || !read_subnet6(ip, "address", &ret->subnet6) || !virtual_network_takes_subnet6(&ret->subnet6)))
                return false;
        return translates_ipv6(root) == (ret->has_subnet6 && ret->mode == VIRTUAL_NAT);
}

/* What a network of ours is asked to be. Return: false when somebody made something else of it. */
static bool read_wanted(xmlNode *root, const char *name, const char *bridge, VirtualNetwork *ret) {
        xmlNode *ip, *dhcp, *range;

        if (!virtual_network_name_is_valid(name) || !streq_ptr(bridge, name) || !read_mode(root, &ret->mode) || !find_ip(root, false, &ip) ||
            !read_wanted6(root, ret))
                return false;
        dhcp = ip ? xml_child(ip, "dhcp") : NULL;
        range = dhcp ? xml_child(dhcp, "range") : NULL;
        memcpy(ret->name, name, strlen(name) + 1);
        ret->has_subnet = ip;
        if (ip && (!read_subnet(ip, "address", &ret->subnet) || ret->subnet.prefix > VIRTUAL_NETWORK_PREFIX_MAX))
                return false;
        ret->has_dhcp = range;
        return !range || (read_address(range, "start", &ret->first) && read_address(range, "end", &ret->last));
}

static void read_subnets(xmlNode *root, NetworkXml *network) {
        for (xmlNode *node = root->children; node; node = node->next) {
                if (!is_element(node, "ip") && !is_element(node, "route"))
                        continue;
                if (network->n_subnets < NETWORK_XML_SUBNETS_MAX && read_subnet(node, "address", &network->subnets[network->n_subnets]))
                        network->n_subnets++;
                else if (network->n_subnets6 < NETWORK_XML_SUBNETS_MAX && read_subnet6(node, "address", &network->subnets6[network->n_subnets6]))
                        network->n_subnets6++;
        }
}

int network_xml_parse(const char *xml, size_t size, NetworkXml *ret) {
        _cleanup_xml_string_ xmlChar *name = NULL, *bridge = NULL;
        NetworkXml network = {};
        xmlNode *root, *node;
        xmlDoc *doc;
        int r = 0;

        if (size > NETWORK_XML_MAX)
                return -EMSGSIZE;
        doc = xmlReadMemory(xml, (int)size, NULL, NULL, XML_UTIL_PARSE_FLAGS);
        root = doc ? xmlDocGetRootElement(doc) : NULL;
        node = root && streq((const char *)root->name, "network") ? xml_child(root, "name") : NULL;
        name = node ? xmlNodeGetContent(node) : NULL;
        if (!name || !*name) {
                xmlFreeDoc(doc);
                return -EBADMSG;
        }
        node = xml_child(root, "bridge");
        bridge = node ? xml_attribute(node, "name") : NULL;

        network.name = strdup((const char *)name);
        network.bridge = bridge ? strdup((const char *)bridge) : NULL;
        if (!network.name || (bridge && !network.bridge))
                r = -ENOMEM;
        else {
                network.ours = has_mark(root) && read_wanted(root, network.name, network.bridge, &network.wanted);
                read_subnets(root, &network);
        }
        xmlFreeDoc(doc);
        if (r < 0) {
                network_xml_done(&network);
                return r;
        }
        *ret = network;
        return 0;
}

void network_xml_done(NetworkXml *network) {
        free(network->name);
        free(network->bridge);
        *network = (NetworkXml){};
}

/* ---- what is taken ---- */

static int check_other(const VirtualNetwork *wanted, const NetworkXml *other, sd_bus_error *error) {
        char mine[SUBNET6_TEXT_MAX], theirs[SUBNET6_TEXT_MAX];

        if (streq(other->name, wanted->name))
                return other->ours ? 0
                                   : sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS,
                                                       "libvirt has a network %s that was not made by this service, or was changed by somebody else: it is left alone",
                                                       wanted->name);
        if (streq_ptr(other->bridge, wanted->name))
                return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "libvirt's network %.64s has a bridge of the name %s", other->name, wanted->name);
        for (size_t i = 0; wanted->has_subnet && i < other->n_subnets; i++) {
                if (!subnet4_overlap(wanted->subnet, other->subnets[i]))
                        continue;
                subnet4_format(wanted->subnet, mine);
                subnet4_format(other->subnets[i], theirs);
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The subnet %s overlaps %s of libvirt's network %.64s", mine, theirs, other->name);
        }
        for (size_t i = 0; wanted->has_subnet6 && i < other->n_subnets6; i++) {
                if (!subnet6_overlap(&wanted->subnet6, &other->subnets6[i]))
                        continue;
                subnet6_format(&wanted->subnet6, mine);
                subnet6_format(&other->subnets6[i], theirs);
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The subnet %s overlaps %s of libvirt's network %.64s", mine, theirs, other->name);
        }
        return 0;
}

/* A number of /proc/net/route: the address as it lies in memory, in hexadecimal. */
static bool read_hex(const char *text, uint32_t *ret) {
        char *end;
        unsigned long value;

        if (!text || strlen(text) != 8)
                return false;
        value = strtoul(text, &end, 16);
        *ret = ntohl((uint32_t)value);
        return *end == 0;
}

/* Iface Destination Gateway Flags RefCnt Use Metric Mask …, with tabs between. Return: false for the heading and what is no route. */
static bool read_route(char *line, const char **ret_device, Subnet4 *ret) {
        const char *fields[8] = { NULL };
        uint32_t mask;

        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                fields[i] = strsep(&line, "\t");
        if (!read_hex(fields[1], &ret->network) || !read_hex(fields[7], &mask) || prefix_of(mask) > 32)
                return false;
        ret->prefix = prefix_of(mask);
        *ret_device = fields[0];
        return true;
}

static int check_routes(const VirtualNetwork *wanted, const char *routes, sd_bus_error *error) {
        _cleanup_free_ char *copy = strdup(routes);
        char *rest = copy, *line;

        if (!copy)
                return -ENOMEM;
        while ((line = strsep(&rest, "\n"))) {
                char mine[SUBNET4_TEXT_MAX], theirs[SUBNET4_TEXT_MAX];
                const char *device;
                Subnet4 route;

                /* the default route leads to everything that has no other */
                if (!read_route(line, &device, &route) || route.prefix == 0 || streq(device, wanted->name) || !subnet4_overlap(wanted->subnet, route))
                        continue;
                subnet4_format(wanted->subnet, mine);
                subnet4_format(route, theirs);
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The subnet %s overlaps %s, which this host reaches by %.15s", mine, theirs, device);
        }
        return 0;
}

/* 32 hexadecimal digits of destination, two of its prefix, then source, gateway, metric, counts and flags, and the device, with spaces between. */
static bool read_route6(const char *line, char device[static 16], Subnet6 *ret) {
        char digits[33], prefix[3];

        if (sscanf(line, "%32s %2s %*s %*s %*s %*s %*s %*s %*s %15s", digits, prefix, device) != 3 || strlen(digits) != 32)
                return false;
        for (size_t i = 0; i < sizeof(ret->network.s6_addr); i++) {
                char byte[] = { digits[2 * i], digits[2 * i + 1], 0 }, *end;

                ret->network.s6_addr[i] = (uint8_t)strtoul(byte, &end, 16);
                if (*end)
                        return false;
        }
        ret->prefix = (unsigned)strtoul(prefix, NULL, 16);
        return ret->prefix <= 128;
}

/* Addresses of its own a host has by its loopback device: those of other networks have a route of their subnet beside. */
static int check_routes6(const VirtualNetwork *wanted, const char *routes, sd_bus_error *error) {
        _cleanup_free_ char *copy = strdup(routes);
        char *rest = copy, *line;

        if (!copy)
                return -ENOMEM;
        while ((line = strsep(&rest, "\n"))) {
                char mine[SUBNET6_TEXT_MAX], theirs[SUBNET6_TEXT_MAX], device[16];
                Subnet6 route;

                if (!read_route6(line, device, &route) || route.prefix == 0 || streq(device, "lo") || streq(device, wanted->name) ||
                    !subnet6_overlap(&wanted->subnet6, &route))
                        continue;
                subnet6_format(&wanted->subnet6, mine);
                subnet6_format(&route, theirs);
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The subnet %s overlaps %s, which this host reaches by %.15s", mine, theirs, device);
        }
        return 0;
}

int network_xml_check(const VirtualNetwork *wanted, const NetworkXml *others, size_t n, const char *routes, const char *routes6, sd_bus_error *error) {
        int r;

        for (size_t i = 0; i < n; i++) {
                r = check_other(wanted, &others[i], error);
                if (r < 0)
                        return r;
        }
        r = wanted->has_subnet ? check_routes(wanted, routes, error) : 0;
        return r < 0 || !wanted->has_subnet6 ? r : check_routes6(wanted, routes6, error);
}
