/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The tables, one for each room of commands, and what they share. */

#include "command.h"

extern const Command datacenter_commands[], cluster_commands[], host_commands[], network_commands[], macpool_commands[], vnicprofile_commands[];
extern const Command domain_commands[], disk_commands[], vm_commands[], snapshot_commands[], template_commands[];
extern const Command job_commands[], event_commands[], fence_commands[], host_network_commands[], local_commands[];
extern const Command status_commands[], peer_commands[], iscsi_commands[], storage_commands[], iso_commands[];

#define OPTION_DESCRIPTION \
        { "description", "TEXT", PARAMETER_TEXT, PLACE_SPEC, .help = "One line about it" }
#define OPTION_RENAME(what) \
        { "name", "NAME", PARAMETER_TEXT, PLACE_SPEC, .help = "New name of the " what }
#define OPTION_ID \
        { "id", "UUID", PARAMETER_TEXT, PLACE_SPEC, .help = "Id to give it; a random one if not given" }
/* Of what is copied from an export domain. */
#define OPTION_REGISTER                                                                                                \
        { "name", "NAME", PARAMETER_TEXT, PLACE_SPEC, .help = "Name to give it; the one it has if not given" },        \
        { "cluster", "CLUSTER", PARAMETER_TEXT, PLACE_SPEC, .complete = COMPLETE_CLUSTER,                              \
          .help = "Cluster it is in; needed where there are several" },                                                \
        OPTION_DESCRIPTION
#define OPTION_IMPORT(noun)                                                                                            \
        { "name", "NAME", PARAMETER_TEXT, PLACE_SPEC, .help = "Name to give it; its own if not given" },                \
        { "domain", "DOMAIN", PARAMETER_TEXT, PLACE_SPEC, "storage_domain", .complete = COMPLETE_DOMAIN,               \
          .help = "Storage domain of its disks; needed where there are several" },                                     \
        { "cluster", "CLUSTER", PARAMETER_TEXT, PLACE_SPEC, .complete = COMPLETE_CLUSTER,                              \
          .help = "Cluster it is in; needed where there are several" },                                                \
        { "clone", .type = PARAMETER_FLAG, .place = PLACE_SPEC, .help = "Under another id, beside the " noun " that has it" }, \
        OPTION_DESCRIPTION, OPTION_ID
#define ARGUMENT_NEW_NAME { "NAME", .place = PLACE_SPEC, .key = "name" }
#define ARGUMENT_OBJECT(word, source) { word, .complete = source }
