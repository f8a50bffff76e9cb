/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "commands.h"

/* In the order help shows them. */
const Command *const command_tables[] = {
        vm_commands,         snapshot_commands, template_commands, disk_commands, domain_commands, iso_commands, network_commands, vnicprofile_commands, macpool_commands, host_commands,
        cluster_commands,    datacenter_commands, job_commands,    event_commands,   status_commands,
        fence_commands,      host_network_commands, iscsi_commands, storage_commands, peer_commands,   local_commands, NULL,
};
