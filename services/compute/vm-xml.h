/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A checked description and what Storage prepared, as libvirt's domain XML. Pure: nothing is looked up here.
 *
 * Every device that has an identity carries a user alias ("ua-…"), which is how it is found again in the live XML; the PCIe
 * topology is fixed (root ports with set places on bus 0), so that an address given back at the next start means the same slot.
 */

#include "macro.h"

/* Our element in libvirt's <metadata>: the description, so that a restarted daemon learns all from libvirt. */
#define VM_XML_NAMESPACE "urn:org.rhv:compute:1"
#define VM_XML_PREFIX "rhv"

#define VM_ALIAS_DEVICE "ua-" /* followed by the UUID of the disk or NIC */
#define VM_ALIAS_AGENT "ua-agent"
#define VM_ALIAS_BALLOON "ua-balloon"
#define VM_ALIAS_RNG "ua-rng"
#define VM_ALIAS_SCSI "ua-scsi"
#define VM_ALIAS_SERIAL "ua-virtio-serial"
#define VM_ALIAS_USB "ua-usb"
#define VM_ALIAS_SATA "ua-sata"
#define VM_ALIAS_VIDEO "ua-video"

#define VM_AGENT_CHANNEL "org.qemu.guest_agent.0"

/* What of the host decides about the XML. All strings borrowed. */
typedef struct VmXmlHost {
        const char *virt_type;         /* "kvm", "qemu" or "test" */
        const char *arch;              /* "x86_64" */
        const char *machine;           /* used where the description names none; NULL: libvirt's default */
        const char *console_directory; /* where the serial console's socket goes */
        uint64_t tcg_tb_cache_bytes;   /* QEMU's translation cache where there is no KVM; 0: QEMU's default */
} VmXmlHost;

/* Where the serial console of a guest listens. Return: new string. */
char *vm_xml_console_path(const VmXmlHost *host, const char *id);

/* id: the guest's UUID. description: checked. prepared: an array parallel to its disks, {path, format, backing: [{path, format}]} and, on a
 * shared domain, lease: {lockspace, path, offset}; NULL
 * where it has no disks. created_usec: stands in the metadata. Return: 0 and ret (new string); -EINVAL: the description does not go
 * with the prepared disks; -ENOMEM. */
int vm_xml_build(const char *id, const json_t *description, const json_t *prepared, const VmXmlHost *host,
                 uint64_t created_usec, char **ret);

/* One NIC of a checked description as libvirt's <interface>, to change it in a running guest. Return: 0 and ret (new string), or a negative errno. */
int vm_xml_build_nic(const json_t *nic, char **ret);
/* The CD-ROM drive of a checked description as libvirt's <disk>, to change what is in it. prepared: what Storage said of the file; NULL: it is empty. target: the drive's in the guest
 * ("sda"). Return: likewise. */
int vm_xml_build_cdrom(const json_t *disk, const json_t *prepared, const char *target, char **ret);
/* Our element of the metadata, without a prefix: libvirt gives it the one it is asked to keep it by. Return: as above. */
int vm_xml_build_metadata(const json_t *description, uint64_t created_usec, char **ret);
