/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "virtual-network.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "bus-error.h"
#include "parse-util.h"

static const char *const virtual_mode_table[] = {
        [VIRTUAL_NAT] = "nat",
        [VIRTUAL_ISOLATED] = "isolated",
};
DEFINE_STRING_TABLE(virtual_mode, VirtualMode, _VIRTUAL_MODE_MAX)

const char *const virtual_mode_words[] = { "nat", "isolated", NULL };
const DictField virtual_network_fields[] = {
        { .key = "mode", .type = DICT_STRING, .flags = DICT_REQUIRED, .words = virtual_mode_words },
        { .key = "subnet", .type = DICT_STRING, .max = 64 },
        { .key = "dhcp", .type = DICT_STRING, .max = 64 },
        { .key = "subnet6", .type = DICT_STRING, .max = 64 },
        {},
};

/* ---- addresses ---- */

static bool parse_address(const char *text, uint32_t *ret) {
        struct in_addr address;

        if (inet_pton(AF_INET, text, &address) != 1)
                return false;
        *ret = ntohl(address.s_addr);
        return true;
}

/* The part of text before the first separator, as an address. Return: what follows the separator, or NULL. */
static const char *parse_address_until(const char *text, char separator, uint32_t *ret) {
        const char *end = strchr(text, separator);
        char copy[INET_ADDRSTRLEN];
        size_t n = end ? (size_t)(end - text) : 0;

        if (n == 0 || n >= sizeof(copy))
                return NULL;
        memcpy(copy, text, n);
        copy[n] = 0;
        return parse_address(copy, ret) ? end + 1 : NULL;
}

void address4_format(uint32_t address, char ret[static SUBNET4_TEXT_MAX]) {
        (void) snprintf(ret, SUBNET4_TEXT_MAX, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

uint32_t subnet4_mask(unsigned prefix) {
        return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

int subnet4_parse(const char *text, Subnet4 *ret) {
        uint32_t address, prefix;
        const char *rest = parse_address_until(text, '/', &address);

        if (!rest || strlen(rest) > 2 || parse_u32(rest, &prefix) < 0 || prefix > 32)
                return -EINVAL;
        *ret = (Subnet4){ address, prefix };
        return 0;
}

void subnet4_format(Subnet4 subnet, char ret[static SUBNET4_TEXT_MAX]) {
        char address[SUBNET4_TEXT_MAX];

        address4_format(subnet.network, address);
        (void) snprintf(ret, SUBNET4_TEXT_MAX, "%.15s/%u", address, subnet.prefix & 63);
}

bool subnet4_overlap(Subnet4 a, Subnet4 b) {
        uint32_t mask = subnet4_mask(a.prefix < b.prefix ? a.prefix : b.prefix);

        return (a.network & mask) == (b.network & mask);
}

int subnet6_parse(const char *text, Subnet6 *ret) {
        const char *slash = strchr(text, '/');
        char address[INET6_ADDRSTRLEN];
        size_t n = slash ? (size_t)(slash - text) : 0;
        Subnet6 subnet;

        if (n == 0 || n >= sizeof(address) || strlen(slash + 1) > 3 || parse_u32(slash + 1, &subnet.prefix) < 0 || subnet.prefix > 128)
                return -EINVAL;
        memcpy(address, text, n);
        address[n] = 0;
        if (inet_pton(AF_INET6, address, &subnet.network) != 1)
                return -EINVAL;
        *ret = subnet;
        return 0;
}

void subnet6_format(const Subnet6 *subnet, char ret[static SUBNET6_TEXT_MAX]) {
        char address[INET6_ADDRSTRLEN];

        (void) inet_ntop(AF_INET6, &subnet->network, address, sizeof(address));
        (void) snprintf(ret, SUBNET6_TEXT_MAX, "%s/%u", address, subnet->prefix & 255);
}

/* Of the byte at i, the bits that a prefix covers. */
static unsigned covered(unsigned prefix, unsigned i) {
        unsigned bits = prefix > 8 * i ? prefix - 8 * i : 0;

        return bits >= 8 ? 0xff : 0xff00 >> bits & 0xff;
}

void subnet6_mask(Subnet6 *subnet) {
        for (unsigned i = 0; i < sizeof(subnet->network.s6_addr); i++)
                subnet->network.s6_addr[i] &= (uint8_t)covered(subnet->prefix, i);
}

bool subnet6_overlap(const Subnet6 *a, const Subnet6 *b) {
        unsigned prefix = a->prefix < b->prefix ? a->prefix : b->prefix;

        for (unsigned i = 0; i < sizeof(a->network.s6_addr); i++)
                if ((a->network.s6_addr[i] ^ b->network.s6_addr[i]) & covered(prefix, i))
                        return false;
        return true;
}

/* 0/8, 127/8, 169.254/16 and all from 224.0.0.0 on name no network of guests. Source: RFC 6890. */
static bool is_reserved(Subnet4 subnet) {
        static const Subnet4 reserved[] = { { 0, 8 }, { 0x7f000000, 8 }, { 0xa9fe0000, 16 }, { 0xe0000000, 3 } };

        for (size_t i = 0; i < ELEMENTSOF(reserved); i++)
                if (subnet4_overlap(subnet, reserved[i]))
                        return true;
        return false;
}

/* ---- what must hold ---- */

bool virtual_network_name_is_valid(const char *name) {
        /* "default" is the one that libvirt's packages bring */
        return name_is_valid(name, VIRTUAL_NETWORK_NAME_MAX) && !streq(name, "default");
}

static int check_name(const char *name, sd_bus_error *error) {
        if (strlen(name) > VIRTUAL_NETWORK_NAME_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                         "The name '%.64s' is too long: that of a NAT or isolated network is its bridge's, of at most %d characters", name,
                                         VIRTUAL_NETWORK_NAME_MAX);
        if (streq(name, "default"))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The name 'default' is that of libvirt's own network, which is left alone");
        if (!virtual_network_name_is_valid(name))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT,
                                        "The name of a NAT or isolated network must be 1 to 15 of the characters a-z A-Z 0-9 . _ -, not beginning with '-' or '.'");
        return 0;
}

/* A guest makes its address of 64 bits of its own (RFC 4862); fc00::/8 is given to nobody yet (RFC 4193). */
bool virtual_network_takes_subnet6(const Subnet6 *subnet) {
        return subnet->prefix == 64 && subnet->network.s6_addr[0] == 0xfd;
}

static int parse_subnet6(const char *text, VirtualNetwork *network, sd_bus_error *error) {
        char right[SUBNET6_TEXT_MAX];
        Subnet6 subnet, masked;

        if (subnet6_parse(text, &subnet) < 0)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The IPv6 subnet '%s' is none: it is written like fd12:3456:789a:1::/64", text);
        if (!virtual_network_takes_subnet6(&subnet))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                         "The IPv6 subnet %s cannot be that of a NAT or isolated network: it must be a unique local /64, which begins with fd", text);
        masked = subnet;
        subnet6_mask(&masked);
        subnet6_format(&masked, right);
        if (memcmp(&masked.network, &subnet.network, sizeof(subnet.network)) != 0)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s is an address within the subnet %s", text, right);
        network->subnet6 = masked;
        network->has_subnet6 = true;
        return 0;
}

void virtual_network_address6(const VirtualNetwork *network, char ret[static INET6_ADDRSTRLEN]) {
        struct in6_addr address = network->subnet6.network;

        address.s6_addr[15] = 1;
        (void) inet_ntop(AF_INET6, &address, ret, INET6_ADDRSTRLEN);
}

static int parse_subnet(const char *text, VirtualNetwork *network, sd_bus_error *error) {
        char right[SUBNET4_TEXT_MAX];
        Subnet4 subnet, masked;

        if (strchr(text, ':'))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "'%s' is IPv6: 'subnet' is that of IPv4, 'subnet6' that of IPv6", text);
        if (subnet4_parse(text, &subnet) < 0)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The subnet '%s' is none: it is written like 192.168.150.0/24", text);
        if (subnet.prefix < VIRTUAL_NETWORK_PREFIX_MIN || subnet.prefix > VIRTUAL_NETWORK_PREFIX_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The subnet %s is too %s: its prefix must be /%d to /%d", text,
                                         subnet.prefix < VIRTUAL_NETWORK_PREFIX_MIN ? "large" : "small", VIRTUAL_NETWORK_PREFIX_MIN,
                                         VIRTUAL_NETWORK_PREFIX_MAX);
        masked = (Subnet4){ subnet.network & subnet4_mask(subnet.prefix), subnet.prefix };
        subnet4_format(masked, right);
        if (masked.network != subnet.network)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s is an address within the subnet %s", text, right);
        if (is_reserved(masked))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The subnet %s is reserved: hosts have no addresses there", text);
        network->subnet = masked;
        network->has_subnet = true;
        return 0;
}

static uint32_t broadcast_of(Subnet4 subnet) {
        return subnet.network | ~subnet4_mask(subnet.prefix);
}

uint32_t virtual_network_address(const VirtualNetwork *network) {
        return network->subnet.network + 1;
}

static int parse_dhcp(const char *text, VirtualNetwork *network, sd_bus_error *error) {
        uint32_t broadcast = broadcast_of(network->subnet);
        char subnet[SUBNET4_TEXT_MAX], host[SUBNET4_TEXT_MAX];
        const char *last;

        if (strchr(text, ':'))
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "'%s' is IPv6: DHCP is for IPv4 only, guests make their IPv6 addresses themselves", text);
        subnet4_format(network->subnet, subnet);
        last = parse_address_until(text, '-', &network->first);
        if (!last || !parse_address(last, &network->last) || network->first > network->last)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                         "The DHCP range '%s' is none: it is written FIRST-LAST, like 192.168.150.10-192.168.150.99, or 'none'", text);
        if (network->first <= network->subnet.network || network->last >= broadcast)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The DHCP range %s is not within the addresses of the subnet %s", text, subnet);
        address4_format(virtual_network_address(network), host);
        if (network->first == virtual_network_address(network))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The DHCP range %s holds %s, which is the host's own address on the network", text,
                                         host);
        network->has_dhcp = true;
        return 0;
}

int virtual_network_parse(const char *name, const json_t *description, VirtualNetwork *ret, sd_bus_error *error) {
        const char *subnet = dict_string(description, "subnet", ""), *dhcp = dict_string(description, "dhcp", ""), *subnet6 = dict_string(description, "subnet6", "");
        VirtualNetwork network = { .mode = virtual_mode_from_string(dict_string(description, "mode", "")) };
        int r;

        r = check_name(name, error);
        if (r < 0)
                return r;
        if ((int)network.mode < 0)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The mode must be 'nat' or 'isolated'");
        memcpy(network.name, name, strlen(name) + 1);

        if (!isempty(subnet)) {
                r = parse_subnet(subnet, &network, error);
                if (r < 0)
                        return r;
        } else if (network.mode == VIRTUAL_NAT)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The NAT network %s needs a subnet, like 192.168.150.0/24", name);
        else if (!isempty(dhcp) && !streq(dhcp, "none"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The network %s has no subnet that a DHCP range could be of", name);

        if (network.has_subnet && isempty(dhcp)) {
                network.has_dhcp = true;
                network.first = virtual_network_address(&network) + 1;
                network.last = broadcast_of(network.subnet) - 1;
        } else if (network.has_subnet && !streq(dhcp, "none")) {
                r = parse_dhcp(dhcp, &network, error);
                if (r < 0)
                        return r;
        }
        if (!isempty(subnet6)) {
                r = parse_subnet6(subnet6, &network, error);
                if (r < 0)
                        return r;
        }
        *ret = network;
        return 0;
}

/* ---- and back ---- */

void virtual_network_dhcp(const VirtualNetwork *network, char ret[static VIRTUAL_DHCP_TEXT_MAX]) {
        char first[SUBNET4_TEXT_MAX], last[SUBNET4_TEXT_MAX];

        address4_format(network->first, first);
        address4_format(network->last, last);
        if (network->has_dhcp)
                (void) snprintf(ret, VIRTUAL_DHCP_TEXT_MAX, "%.15s-%.15s", first, last);
        else
                (void) snprintf(ret, VIRTUAL_DHCP_TEXT_MAX, "none");
}

json_t *virtual_network_describe(const VirtualNetwork *network) {
        char subnet[SUBNET4_TEXT_MAX] = "", subnet6[SUBNET6_TEXT_MAX] = "", dhcp[VIRTUAL_DHCP_TEXT_MAX];

        if (network->has_subnet)
                subnet4_format(network->subnet, subnet);
        if (network->has_subnet6)
                subnet6_format(&network->subnet6, subnet6);
        virtual_network_dhcp(network, dhcp);
        return json_pack("{s:s, s:s, s:s, s:s}", "mode", virtual_mode_to_string(network->mode), "subnet", subnet, "dhcp", dhcp, "subnet6", subnet6);
}

bool virtual_network_equal(const VirtualNetwork *a, const VirtualNetwork *b) {
        return streq(a->name, b->name) && a->mode == b->mode && a->has_subnet == b->has_subnet && a->has_dhcp == b->has_dhcp &&
               (!a->has_subnet || (a->subnet.network == b->subnet.network && a->subnet.prefix == b->subnet.prefix)) &&
               (!a->has_dhcp || (a->first == b->first && a->last == b->last)) && a->has_subnet6 == b->has_subnet6 &&
               (!a->has_subnet6 || memcmp(&a->subnet6.network, &b->subnet6.network, sizeof(a->subnet6.network)) == 0);
}
