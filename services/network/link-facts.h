/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the kernel itself says of each network device: the part that NetworkManager does not tell. Source: sysfs, /sys/class/net.
 *
 *     {device: {mtu, carrier, operstate, address, speed?, duplex?, driver?, vfs_total?, vfs?, functions?: [{pci, driver?, device?}], tap?, vf_of?, pci?, master?, port_number?,
 *               bridge?: {option: value}, vlans?, filters?, mirror_error?, bond?: {...}, bond_port?: {...}}}
 *
 * speed: Mb/s; not of bridges and VLANs. bridge: the files of the same names, as text, times in 1/100 s (Documentation/networking/bridge.rst).
 * vfs_total, vfs: how many virtual functions it can have, and has; functions: these, in their order, each with its address on the PCI bus, its driver and its network device; vf_of: of a virtual function the device of its parent, where this host sees it; pci: its address on the PCI bus.
 * tap: true of one whose other end is a program, such as QEMU.
 * vlans: of a bridge that filters VLANs, and of its ports: which it is in (vlan-set.h), by rtnetlink (bridge-vlans.h).
 * filters: of a bridge with traffic filters (bridge-filters.h). mirror_error: of a port that should mirror and does not: why, added by the manager.
 * bond: {mode, options: {name: "word number"}, active, lacp?: {aggregator, ports, actor_key, partner_key, partner_mac}}; bond_port: {state, mii_status, failures,
 * permanent_mac, aggregator?, actor_state?, partner_state?: [words]} (Documentation/networking/bonding.rst). What a device does not have is left out.
 */

#include "macro.h"

#define LINK_FACTS_ROOT "/sys/class/net"
/* Of one file; the longest are some hundred bytes. */
#define LINK_FILE_BYTES_MAX 4096U
#define LINKS_MAX 4096U

/* What was read of one device, {file: text} with file relative to its directory ("bonding/mode"), and its virtual functions under "device/virtfn" as they are told, as facts. Pure. New, NULL when out of memory. */
json_t *link_facts_make(const json_t *files);
/* Whether a bridge filters VLANs; bridge NULL: whether any does. Pure. */
bool link_facts_filter(const json_t *links, const char *bridge) _pure_;
/* Words of an IEEE 802.3ad port state: "activity", "timeout", "aggregation", "synchronization", "collecting", "distributing", "defaulted", "expired". Pure. */
json_t *link_lacp_state(int64_t bits);
/* Whether one of the words of an option's text ("802.3ad 4") is the value. Pure. */
bool link_option_is(const char *text, const char *value) _pure_;

/* Of which devices the facts may have changed when those of some have, by messages of the kernel: theirs, those of the devices they are or were ports of, and those of devices of which the kernel
 * does not tell all that changes (bonds and their ports, virtual functions). links: as they were read last. names: {device: anything}. Pure. New {device: true}, NULL when out of memory. */
json_t *link_facts_affected(const json_t *links, const json_t *names);

/* Reads all devices below root; with names only those and the devices of which they are ports, and the rest is as in links, which is not changed. May wait for the kernel's lock of the network devices: for a thread.
 * Return: 0 with ret (new) or a negative errno. */
int link_facts_read(const char *root, const json_t *links, const json_t *names, json_t **ret);
