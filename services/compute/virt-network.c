/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Setting up is define, autostart, start, in this order: what is killed in between leaves a network that is defined and does not run, which
 * is what the next look finishes. Changing is stop, then the same; undone when the new one does not start.
 */

#include "virt-network.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>

#include "bus-error.h"
#include "guest-agent.h"
#include "log.h"
#include "network-xml.h"
#include "proc-text.h"

#define LEASES_MAX 4096

static int read_xml(virNetworkPtr network, NetworkXml *ret) {
        /* what it is defined as, not what runs: both differ only between a change and its start */
        _cleanup_free_ char *xml = virNetworkIsPersistent(network) > 0 ? virNetworkGetXMLDesc(network, VIR_NETWORK_XML_INACTIVE) : NULL;

        /* a transient one has only this, and some drivers know no difference */
        if (!xml)
                xml = virNetworkGetXMLDesc(network, 0);
        return xml ? network_xml_parse(xml, strlen(xml), ret) : -EIO;
}

/* ---- all of them ---- */

typedef struct Known {
        NetworkXml *networks;
        size_t n;
} Known;

static void known_done(Known *known) {
        for (size_t i = 0; i < known->n; i++)
                network_xml_done(&known->networks[i]);
        free(known->networks);
}

static int append(VirtNetwork **networks, size_t *n, const VirtualNetwork *is, virNetworkPtr handle) {
        VirtNetwork *more = reallocarray(*networks, *n + 1, sizeof(VirtNetwork));

        if (!more)
                return -ENOMEM;
        *networks = more;
        more[(*n)++] = (VirtNetwork){ *is, virNetworkIsActive(handle) > 0 };
        return 0;
}

/* known: all of libvirt's networks. ours: those of them with our mark; NULL: not asked. */
static int read_all(virConnectPtr conn, Known *known, VirtNetwork **ours, size_t *n_ours) {
        virNetworkPtr *handles = NULL;
        int n = virConnectListAllNetworks(conn, &handles, 0), r = 0;

        if (n < 0)
                return -EIO;
        known->networks = calloc((size_t)n + 1, sizeof(NetworkXml));
        if (!known->networks)
                r = -ENOMEM;
        for (int i = 0; i < n; i++) {
                NetworkXml *one = r >= 0 ? &known->networks[known->n] : NULL;

                /* one that went away between the list and the question is not there */
                if (one && read_xml(handles[i], one) >= 0) {
                        if (ours && one->ours)
                                r = append(ours, n_ours, &one->wanted, handles[i]);
                        known->n++;
                }
                virNetworkFree(handles[i]);
        }
        free(handles);
        return r;
}

int virt_networks_read(virConnectPtr conn, VirtNetwork **ret, size_t *ret_n) {
        _cleanup_(known_done) Known known = {};

        return read_all(conn, &known, ret, ret_n);
}

static int cannot_list(VirtCall *call, int r) {
        return r == -EIO ? virt_error_set(&call->error, &call->undecided, "Cannot list libvirt's networks") : r;
}

int virt_run_network_list(VirtCall *call, virDomainPtr none) {
        int r = virt_networks_read(call->conn, &call->networks, &call->n_networks);

        return r < 0 ? cannot_list(call, r) : 0;
}

/* ---- one of ours ---- */

/* Return: 0 with ret, or -ENOENT with NotFound set when there is none, or it is not ours. */
static int find_ours(VirtCall *call, const char *name, virNetworkPtr *ret, VirtualNetwork *ret_as_is) {
        virNetworkPtr network = virNetworkLookupByName(call->conn, name);
        NetworkXml xml = {};
        bool ours;

        *ret = NULL;
        *ret_as_is = xml.wanted;
        if (!network && virGetLastErrorCode() != VIR_ERR_NO_NETWORK)
                return virt_error_set(&call->error, &call->undecided, "Cannot find network %s", name);
        ours = network && read_xml(network, &xml) >= 0 && xml.ours;
        *ret_as_is = xml.wanted;
        network_xml_done(&xml);
        if (!ours) {
                if (network)
                        virNetworkFree(network);
                (void) sd_bus_error_setf(&call->error, RHV_ERROR_NOT_FOUND, "There is no NAT or isolated network %s on this host", name);
                return -ENOENT;
        }
        *ret = network;
        return 0;
}

static int read_one(VirtCall *call, const char *name) {
        VirtualNetwork as_is;
        virNetworkPtr network;
        int r;

        r = find_ours(call, name, &network, &as_is);
        if (r < 0)
                return r;
        r = append(&call->networks, &call->n_networks, &as_is, network);
        virNetworkFree(network);
        return r;
}

int virt_run_network_fetch(VirtCall *call, virDomainPtr none) {
        return read_one(call, call->network.name);
}

/* Ports of the bridge are guests: libvirt gives it none of its own. */
static int check_no_port(VirtCall *call, const char *name) {
        char path[64];
        const struct dirent *entry;
        int r = 0;
        DIR *ports;

        (void) snprintf(path, sizeof(path), "/sys/class/net/%.15s/brif", name);
        ports = opendir(path);
        while (ports && r >= 0 && (entry = readdir(ports)))
                if (entry->d_name[0] != '.') {
                        (void) sd_bus_error_setf(&call->error, RHV_ERROR_IN_USE, "A guest is on the network %s, by %.15s", name, entry->d_name);
                        r = -EBUSY;
                }
        if (ports)
                (void) closedir(ports);
        return r;
}

static int stop(VirtCall *call, virNetworkPtr network) {
        int r;

        if (virNetworkIsActive(network) <= 0)
                return 0;
        r = check_no_port(call, virNetworkGetName(network));
        if (r < 0)
                return r;
        return virNetworkDestroy(network) >= 0 ? 0 : virt_error_set(&call->error, &call->undecided, "Cannot stop network %s", virNetworkGetName(network));
}

static int start(VirtCall *call, virNetworkPtr network) {
        if (virNetworkSetAutostart(network, 1) < 0)
                return virt_error_set(&call->error, &call->undecided, "Cannot have network %s started with the host", virNetworkGetName(network));
        if (virNetworkIsActive(network) <= 0 && virNetworkCreate(network) < 0)
                return virt_error_set(&call->error, &call->undecided, "Cannot start network %s", virNetworkGetName(network));
        return 0;
}

static virNetworkPtr define(VirtCall *call, const VirtualNetwork *wanted, const char *uuid) {
        _cleanup_free_ char *xml = network_xml_build(wanted, uuid);

        return xml ? virNetworkDefineXML(call->conn, xml) : NULL;
}

/* The error that counts is the first. */
static void put_back(VirtCall *call, const VirtualNetwork *before, const char *uuid) {
        virNetworkPtr network = define(call, before, uuid);

        if (!network || virNetworkSetAutostart(network, 1) < 0 || virNetworkCreate(network) < 0)
                log_warning("Network %s cannot be put back as it was: %s", before->name, virGetLastErrorMessage());
        if (network)
                virNetworkFree(network);
}

/* before, uuid: of the network that is there and does not run; NULL for a new one. */
static int make(VirtCall *call, const VirtualNetwork *before, const char *uuid) {
        virNetworkPtr network = define(call, &call->network, uuid);
        int r;

        r = network ? start(call, network) : virt_error_set(&call->error, &call->undecided, "Cannot make network %s", call->network.name);
        if (r < 0 && !call->undecided) {
                if (before)
                        put_back(call, before, uuid);
                else if (network)
                        (void) virNetworkUndefine(network);
        }
        if (network)
                virNetworkFree(network);
        return r;
}

static int make_new(VirtCall *call) {
        char path[64];

        (void) snprintf(path, sizeof(path), "/sys/class/net/%.15s", call->network.name);
        if (access(path, F_OK) == 0) {
                (void) sd_bus_error_setf(&call->error, RHV_ERROR_ALREADY_EXISTS, "This host has a network device %s already", call->network.name);
                return -EEXIST;
        }
        return make(call, NULL, NULL);
}

static int change(VirtCall *call) {
        char uuid[VIR_UUID_STRING_BUFLEN] = "";
        virNetworkPtr network;
        VirtualNetwork before;
        int r;

        r = find_ours(call, call->network.name, &network, &before);
        if (r < 0)
                return r;
        if (virtual_network_equal(&before, &call->network))
                r = start(call, network);
        else if (virNetworkGetUUIDString(network, uuid) < 0)
                r = virt_error_set(&call->error, &call->undecided, "Cannot read network %s", call->network.name);
        else {
                r = stop(call, network);
                if (r >= 0)
                        r = make(call, &before, uuid);
        }
        virNetworkFree(network);
        return r;
}

int virt_run_network_setup(VirtCall *call, virDomainPtr none) {
        _cleanup_free_ char *routes = proc_read("/proc/net/route"), *routes6 = proc_read("/proc/net/ipv6_route");
        _cleanup_(known_done) Known known = {};
        bool there = false;
        int r;

        r = read_all(call->conn, &known, NULL, NULL);
        if (r < 0)
                return cannot_list(call, r);
        r = network_xml_check(&call->network, known.networks, known.n, routes ?: "", routes6 ?: "", &call->error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < known.n; i++)
                there = there || streq(known.networks[i].name, call->network.name);
        r = there ? change(call) : make_new(call);
        return r < 0 ? r : read_one(call, call->network.name);
}

int virt_run_network_remove(VirtCall *call, virDomainPtr none) {
        virNetworkPtr network;
        VirtualNetwork as_is;
        int r;

        r = find_ours(call, call->network.name, &network, &as_is);
        if (r < 0)
                return r;
        r = stop(call, network);
        /* stopped first: killed in between it is started again by the next look, and can be removed again */
        if (r >= 0 && virNetworkUndefine(network) < 0 && virGetLastErrorCode() != VIR_ERR_NO_NETWORK)
                r = virt_error_set(&call->error, &call->undecided, "Cannot remove network %s", call->network.name);
        virNetworkFree(network);
        return r;
}

/* ---- leases ---- */

static json_t *lease_json(const virNetworkDHCPLease *lease) {
        const char *hostname = lease->hostname && guest_hostname_is_valid(lease->hostname) ? lease->hostname : "";
        json_int_t expires_usec = lease->expirytime > 0 ? (json_int_t)lease->expirytime * (json_int_t)USEC_PER_SEC : 0;

        return json_pack("{s:s, s:s, s:s, s:I}", "address", lease->ipaddr, "mac", lease->mac, "hostname", hostname, "expires_at", expires_usec);
}

static bool lease_is_valid(const virNetworkDHCPLease *lease) {
        struct in_addr address;

        return lease->type == VIR_IP_ADDR_TYPE_IPV4 && lease->ipaddr && inet_pton(AF_INET, lease->ipaddr, &address) == 1 && lease->mac &&
               mac_is_valid(lease->mac);
}

int virt_run_network_leases(VirtCall *call, virDomainPtr none) {
        virNetworkDHCPLeasePtr *leases = NULL;
        virNetworkPtr network;
        VirtualNetwork as_is;
        int n, r;

        r = find_ours(call, call->network.name, &network, &as_is);
        if (r < 0)
                return r;
        call->leases = json_array();
        n = virNetworkGetDHCPLeases(network, NULL, &leases, 0);
        if (n < 0)
                r = virt_error_set(&call->error, NULL, "Cannot read the leases of network %s", call->network.name);
        for (int i = 0; i < n; i++) {
                if (call->leases && i < LEASES_MAX && lease_is_valid(leases[i]))
                        (void) json_array_append_new(call->leases, lease_json(leases[i]));
                virNetworkDHCPLeaseFree(leases[i]);
        }
        free(leases);
        virNetworkFree(network);
        return call->leases ? r : -ENOMEM;
}
