/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ip-text.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "parse-util.h"

static unsigned family_bits(int family) {
        return family == AF_INET ? 32 : 128;
}

int ip_prefix_parse(const char *text, int family, bool bare, IpPrefix *ret) {
        char address[INET6_ADDRSTRLEN];
        IpPrefix prefix = { .family = family, .length = family_bits(family) };
        const char *slash;
        uint32_t length;
        size_t n;

        if (!text)
                return -EINVAL;

        slash = strchr(text, '/');
        if (!slash && !bare)
                return -EINVAL;
        n = slash ? (size_t)(slash - text) : strlen(text);
        if (n == 0 || n >= sizeof address)
                return -EINVAL;
        memcpy(address, text, n);
        address[n] = 0;

        if (inet_pton(family, address, prefix.bytes) != 1)
                return -EINVAL;
        if (slash) {
                if (strlen(slash + 1) > 3 || parse_u32(slash + 1, &length) < 0 || length > prefix.length)
                        return -EINVAL;
                prefix.length = length;
        }

        *ret = prefix;
        return 0;
}

void ip_prefix_format(const IpPrefix *prefix, bool bare, char ret[static IP_TEXT_MAX]) {
        size_t n;

        if (!inet_ntop(prefix->family, prefix->bytes, ret, IP_TEXT_MAX))
                ret[0] = 0;
        if (bare)
                return;
        n = strlen(ret);
        (void) snprintf(ret + n, IP_TEXT_MAX - n, "/%u", prefix->length);
}

static bool bit(const uint8_t *bytes, unsigned i) {
        return bytes[i / 8] & (0x80U >> (i % 8));
}

bool ip_prefix_covers(const IpPrefix *a, const IpPrefix *b) {
        if (a->family != b->family)
                return false;

        for (unsigned i = 0; i < a->length; i++)
                if (bit(a->bytes, i) != bit(b->bytes, i))
                        return false;

        return true;
}

static bool is_unicast(const IpPrefix *p) {
        static const uint8_t zero[16], loopback6[16] = { [15] = 1 };

        if (memcmp(p->bytes, zero, p->family == AF_INET ? 4 : 16) == 0)
                return false;
        if (p->family == AF_INET)
                return p->bytes[0] != 0 && p->bytes[0] != 127 && p->bytes[0] < 224;

        return p->bytes[0] != 0xff && memcmp(p->bytes, loopback6, 16) != 0;
}

static bool is_link_local(const IpPrefix *p) {
        if (p->family == AF_INET)
                return p->bytes[0] == 169 && p->bytes[1] == 254;

        return p->bytes[0] == 0xfe && (p->bytes[1] & 0xc0) == 0x80;
}

/* All host bits equal to value: the network's own address (0) or, in IPv4, its broadcast address (1). */
static bool host_bits_are(const IpPrefix *p, bool value) {
        for (unsigned i = p->length; i < family_bits(p->family); i++)
                if (bit(p->bytes, i) != value)
                        return false;

        return true;
}

bool ip4_host_prefix_is_valid(const char *text) {
        IpPrefix p;

        if (ip_prefix_parse(text, AF_INET, false, &p) < 0 || p.length == 0 || !is_unicast(&p))
                return false;

        return p.length > 30 || (!host_bits_are(&p, false) && !host_bits_are(&p, true));
}

bool ip6_host_prefix_is_valid(const char *text) {
        IpPrefix p;

        return ip_prefix_parse(text, AF_INET6, false, &p) >= 0 && p.length > 0 && is_unicast(&p) && !is_link_local(&p);
}

static bool network_is_valid(const char *text, int family) {
        IpPrefix p;

        return ip_prefix_parse(text, family, false, &p) >= 0 && p.length > 0 && is_unicast(&p) && !is_link_local(&p) &&
               (p.length == family_bits(family) || host_bits_are(&p, false));
}

bool ip4_network_is_valid(const char *text) {
        return network_is_valid(text, AF_INET);
}

bool ip6_network_is_valid(const char *text) {
        return network_is_valid(text, AF_INET6);
}

bool ip4_address_is_valid(const char *text) {
        IpPrefix p;

        return text && !strchr(text, '/') && ip_prefix_parse(text, AF_INET, true, &p) >= 0 && is_unicast(&p);
}

bool ip6_address_is_valid(const char *text) {
        IpPrefix p;

        return text && !strchr(text, '/') && ip_prefix_parse(text, AF_INET6, true, &p) >= 0 && is_unicast(&p);
}

bool ip_address_is_valid(const char *text) {
        return ip4_address_is_valid(text) || ip6_address_is_valid(text);
}

bool ip_is_link_local(const char *text) {
        IpPrefix p;

        return (ip_prefix_parse(text, AF_INET, true, &p) >= 0 || ip_prefix_parse(text, AF_INET6, true, &p) >= 0) &&
               is_link_local(&p);
}
