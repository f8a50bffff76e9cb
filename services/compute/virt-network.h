/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* NAT and isolated networks by libvirt's network driver: the verbs of virt.h, as they run in a thread. Only virt-call.c and virt-connect.c know of it. */

#include "virt-call.h"

/* Those of ours. ret: new. Return: 0, or negative with libvirt's last error. */
int virt_networks_read(virConnectPtr conn, VirtNetwork **ret, size_t *ret_n);
int virt_run_network_list(VirtCall *call, virDomainPtr none);
int virt_run_network_fetch(VirtCall *call, virDomainPtr none);
int virt_run_network_setup(VirtCall *call, virDomainPtr none);
int virt_run_network_remove(VirtCall *call, virDomainPtr none);
int virt_run_network_leases(VirtCall *call, virDomainPtr none);
