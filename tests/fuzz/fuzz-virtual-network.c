/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A network's description as JSON, libvirt's XML of one, or the kernel's routes of either family. What is accepted must read back equal, from its description
 * and from the XML that is made of it, and lie within its subnet.
 */

#include "fuzz.h"

#include <assert.h>

#include "network-xml.h"

static void check_accepted(const VirtualNetwork *network) {
        _cleanup_json_ json_t *described = virtual_network_describe(network);
        _cleanup_free_ char *xml = network_xml_build(network, NULL);
        VirtualNetwork again;
        NetworkXml back;

        assert(described && virtual_network_parse(network->name, described, &again, NULL) >= 0 && virtual_network_equal(network, &again));
        assert(xml && network_xml_parse(xml, strlen(xml), &back) >= 0 && back.ours && virtual_network_equal(network, &back.wanted));
        network_xml_done(&back);
        assert(!network->has_subnet6 || virtual_network_takes_subnet6(&network->subnet6));
        if (network->has_dhcp)
                assert(network->first <= network->last && network->first > virtual_network_address(network) &&
                       network->last < (network->subnet.network | ~subnet4_mask(network->subnet.prefix)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_json_ json_t *description = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
        _cleanup_free_ char *text = strndup((const char *)data, size);
        VirtualNetwork network = { .has_subnet = true, .subnet = { 0xc0a89600, 24 }, .has_subnet6 = true, .subnet6 = { .network.s6_addr = { 0xfd }, .prefix = 64 } };
        NetworkXml live;

        if (!text)
                return 0;
        if (description && dict_check(description, virtual_network_fields, "network", NULL) >= 0 &&
            virtual_network_parse("lab", description, &network, NULL) >= 0)
                check_accepted(&network);
        if (network_xml_parse((const char *)data, size, &live) >= 0) {
                (void) network_xml_check(&network, &live, 1, "", "", NULL);
                network_xml_done(&live);
        }
        (void) network_xml_check(&network, NULL, 0, text, text, NULL);
        return 0;
}
