/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where things run: data centers, clusters, hosts, and the logical networks with what NICs on them need. */

#include "commands.h"
#include "dict.h"
#include "host-network.h"
#include "network-leases.h"
#include "object.h"

/* ---- data centers ---- */

static const Parameter datacenter_arguments[] = { ARGUMENT_OBJECT("DATACENTER", COMPLETE_DATA_CENTER), {} };
static const Parameter new_arguments[] = { ARGUMENT_NEW_NAME, {} };
static const Parameter datacenter_create_options[] = { OPTION_DESCRIPTION, OPTION_ID, {} };
static const Parameter datacenter_update_options[] = { OPTION_RENAME("data center"), OPTION_DESCRIPTION, {} };

#define COMMON(kind_noun, kind_variable, kind_arguments)                                                               \
        { kind_noun, "list", "List all of them", NULL, NULL, object_run_list, 0, &kind_variable },                            \
        { kind_noun, "show", "Show one with everything known about it", kind_arguments, NULL, object_run_show, 0,      \
          &kind_variable }

#define UPDATE(kind_noun, kind_variable, kind_arguments, kind_options)                                                 \
        { kind_noun, "update", "Change what is given", kind_arguments, kind_options, object_run_update,                \
          COMMAND_CHANGES, &kind_variable, "Update", "pc", "Changing", "changed" }

#define REMOVE(kind_noun, kind_variable, kind_arguments, kind_help)                                                    \
        { kind_noun, "remove", kind_help, kind_arguments, NULL, object_run_method, COMMAND_CHANGES, &kind_variable,    \
          "Remove", "c", "Removing", "removed" }

const Command datacenter_commands[] = {
        COMMON("datacenter", kind_data_center, datacenter_arguments),
        { "datacenter", "create", "Make a data center", new_arguments, datacenter_create_options, object_run_create,
          COMMAND_CHANGES, &kind_data_center, "CreateDataCenter", NULL, "Creating", "created" },
        UPDATE("datacenter", kind_data_center, datacenter_arguments, datacenter_update_options),
        REMOVE("datacenter", kind_data_center, datacenter_arguments, "Remove an empty data center"),
        {},
};

/* ---- clusters ---- */

#define OPTION_DATA_CENTER                                                                                             \
        { "datacenter", "DATACENTER", PARAMETER_TEXT, PLACE_SPEC, "data_center", .complete = COMPLETE_DATA_CENTER,     \
          .help = "Data center it is in; needed where there are several" }

static const Parameter cluster_arguments[] = { ARGUMENT_OBJECT("CLUSTER", COMPLETE_CLUSTER), {} };
#define OPTION_REQUIRE_KVM                                                                                             \
        { "require-kvm", "on|off", PARAMETER_SWITCH, PLACE_SPEC, "require_kvm",                                        \
          .help = "Refuse hosts whose processor cannot run guests itself" }
#define OPTION_MAC_POOL                                                                                                \
        { "macpool", "MACPOOL", PARAMETER_TEXT, PLACE_SPEC, "mac_pool", .complete = COMPLETE_MAC_POOL,                 \
          .help = "Where NICs get their addresses from" }
static const Parameter cluster_create_options[] = { OPTION_DATA_CENTER, OPTION_REQUIRE_KVM, OPTION_MAC_POOL, OPTION_DESCRIPTION, OPTION_ID, {} };
static const Parameter cluster_update_options[] = { OPTION_RENAME("cluster"), OPTION_REQUIRE_KVM, OPTION_MAC_POOL, OPTION_DESCRIPTION, {} };

const Command cluster_commands[] = {
        COMMON("cluster", kind_cluster, cluster_arguments),
        { "cluster", "create", "Make a cluster", new_arguments, cluster_create_options, object_run_create, COMMAND_CHANGES,
          &kind_cluster, "CreateCluster", NULL, "Creating", "created" },
        UPDATE("cluster", kind_cluster, cluster_arguments, cluster_update_options),
        REMOVE("cluster", kind_cluster, cluster_arguments, "Remove an empty cluster"),
        {},
};

/* ---- hosts ---- */

static const Parameter host_arguments[] = { ARGUMENT_OBJECT("HOST", COMPLETE_HOST), {} };
static const Parameter host_network_arguments[] = {
        ARGUMENT_OBJECT("HOST", COMPLETE_HOST),
        { "NETWORK", .complete = COMPLETE_NETWORK },
        {},
};
static const Parameter host_update_options[] = {
        OPTION_RENAME("host"), OPTION_DESCRIPTION,
        { "host-id", "ID", PARAMETER_COUNT, PLACE_SPEC, "host_id", .help = "Its id in the lockspaces of shared storage domains, 1 to 250" },
        {},
};
static const Parameter host_attach_options[] = {
        { "nic", "DEVICE", PARAMETER_TEXT, PLACE_CALL, .help = "Network device of the host that carries it" },
        { "bond", "DEVICE", PARAMETER_TEXT, PLACE_CALL, "bonding", .help = "Bond of the host that carries it" },
        { "ipv4", "ADDRESS", PARAMETER_LIST, PLACE_LOCAL, .help = "none, dhcp, or addresses such as 192.0.2.1/24" },
        { "gateway", "ADDRESS", PARAMETER_TEXT, PLACE_LOCAL, .help = "IPv4 gateway, with addresses" },
        { "ipv6", "ADDRESS", PARAMETER_LIST, PLACE_LOCAL, .help = "none, dhcp, or addresses such as 2001:db8::1/64" },
        { "gateway6", "ADDRESS", PARAMETER_TEXT, PLACE_LOCAL, .help = "IPv6 gateway, with addresses" },
        {},
};
static const Parameter host_setup_arguments[] = {
        ARGUMENT_OBJECT("HOST", COMPLETE_HOST),
        { "FILE", .complete = COMPLETE_FILE },
        {},
};

/* Addresses are typed apart and travel together. */
static int host_run_attach(Client *client, const Invocation *invocation) {
        _cleanup_json_ json_t *call = NULL;
        Invocation completed = *invocation;

        if (host_network_description(invocation->call, invocation->local, &call) < 0)
                return client_no_memory(client);
        completed.call = call;
        return object_run_method(client, &completed);
}

const Command host_commands[] = {
        COMMON("host", kind_host, host_arguments),
        UPDATE("host", kind_host, host_arguments, host_update_options),
        { "host", "activate", "Let VMs run on it again", host_arguments, NULL, object_run_method, COMMAND_CHANGES, &kind_host,
          "Activate", "c", "Activating", "activated" },
        { "host", "maintenance", "Keep VMs away from it", host_arguments, NULL, object_run_method, COMMAND_CHANGES, &kind_host,
          "Maintenance", "c", "Sending to maintenance", "goes to maintenance" },
        { "host", "network-attach", "Make a logical network on it", host_network_arguments, host_attach_options,
          host_run_attach, COMMAND_CHANGES, &kind_host, "AttachNetwork", "sc", "Attaching a network to",
          "has the network" },
        { "host", "network-detach", "Take a logical network from it", host_network_arguments, NULL, object_run_method,
          COMMAND_CHANGES, &kind_host, "DetachNetwork", "sc", "Detaching a network from", "is without the network" },
        { "host", "setup", "Make its networks and bonds as a JSON file says, all or none", host_setup_arguments, NULL,
          host_run_setup, COMMAND_CHANGES, &kind_host },
        {},
};

/* ---- networks ---- */

static const Parameter network_arguments[] = { ARGUMENT_OBJECT("NETWORK", COMPLETE_NETWORK), {} };
static const char *const network_modes[] = { "bridge", "nat", "isolated", NULL };
#define NETWORK_OPTIONS                                                                                                \
        { "mode", "MODE", PARAMETER_WORD, PLACE_SPEC, .words = network_modes, .complete = COMPLETE_WORDS,               \
          .help = "bridge: over a NIC of the host; nat, isolated: on one host alone" },                               \
        { "subnet", "SUBNET", PARAMETER_TEXT, PLACE_SPEC, .help = "Of a nat or isolated network: 192.168.150.0/24" },  \
        { "subnet6", "SUBNET", PARAMETER_TEXT, PLACE_SPEC, .help = "The same for IPv6, beside or in its place: fd12:3456:789a:1::/64" }, \
        { "dhcp", "FIRST-LAST", PARAMETER_TEXT, PLACE_SPEC, .help = "Addresses it gives out, or none; default: all" }, \
        { "vlan", "ID", PARAMETER_COUNT, PLACE_SPEC, .help = "VLAN id, 1 to 4094; 0: none" },                          \
        { "mtu", "BYTES", PARAMETER_COUNT, PLACE_SPEC, .help = "Largest packet; 0: the default" },                     \
        { "bridged", "on|off", PARAMETER_SWITCH, PLACE_SPEC, .help = "Whether VMs may use it" },                  \
        { "required", "on|off", PARAMETER_SWITCH, PLACE_SPEC, .help = "Whether a host without it may run VMs" },       \
        OPTION_DESCRIPTION
static const Parameter network_create_options[] = { OPTION_DATA_CENTER, NETWORK_OPTIONS, OPTION_ID, {} };
static const Parameter network_update_options[] = { OPTION_RENAME("network"), NETWORK_OPTIONS, {} };

static const Parameter network_attach_arguments[] = {
        ARGUMENT_OBJECT("NETWORK", COMPLETE_NETWORK),
        { "HOST", .complete = COMPLETE_HOST },
        {},
};

/* The same as `host network-attach` and `host network-detach`, said the other way round. */
static int run_turned(Client *client, const Invocation *invocation, int (*run)(Client *client, const Invocation *invocation)) {
        Command command = *invocation->command;
        Invocation turned = *invocation;

        command.kind = &kind_host;
        command.arguments = host_network_arguments;
        turned.command = &command;
        return run(client, &turned);
}

static int network_run_attach(Client *client, const Invocation *invocation) {
        return run_turned(client, invocation, host_run_attach);
}

static int network_run_detach(Client *client, const Invocation *invocation) {
        return run_turned(client, invocation, object_run_method);
}

const Command network_commands[] = {
        COMMON("network", kind_network, network_arguments),
        { "network", "create", "Make a logical network", new_arguments, network_create_options, object_run_create,
          COMMAND_CHANGES, &kind_network, "CreateNetwork", NULL, "Creating", "created" },
        UPDATE("network", kind_network, network_arguments, network_update_options),
        { "network", "attach", "Make it on a host", network_attach_arguments, host_attach_options, network_run_attach,
          COMMAND_CHANGES, &kind_network, "AttachNetwork", "sc", "Attaching a network to", "has the network" },
        { "network", "detach", "Take it from a host", network_attach_arguments, NULL, network_run_detach, COMMAND_CHANGES, &kind_network,
          "DetachNetwork", "sc", "Detaching a network from", "is without the network" },
        { "network", "leases", "Show which addresses a nat or isolated network has given out", network_arguments, NULL, network_run_leases, 0,
          &kind_network },
        REMOVE("network", kind_network, network_arguments, "Remove a network no VM uses"),
        {},
};

/* ---- vNIC profiles ---- */

static const Parameter vnicprofile_arguments[] = { ARGUMENT_OBJECT("VNICPROFILE", COMPLETE_VNIC_PROFILE), {} };
static const Parameter limit_fields[] = {
        { "average_mbit", .type = PARAMETER_COUNT },
        { "peak_mbit", .type = PARAMETER_COUNT },
        { "burst_mib", .type = PARAMETER_COUNT },
        {},
};
#define OPTION_LIMIT(name, what)                                                                                       \
        { name, "MBIT[,KEY=VALUE]", PARAMETER_RECORD, PLACE_LOCAL, .fields = limit_fields,                             \
          .help = "What a guest " what " at most, in Mbit/s; keys: peak_mbit, burst_mib; 0: no limit" }
#define VNICPROFILE_OPTIONS                                                                                            \
        { "filter", "FILTER", PARAMETER_TEXT, PLACE_SPEC, .help = "Network filter of libvirt, none or default" },      \
        OPTION_LIMIT("inbound", "receives"), OPTION_LIMIT("outbound", "sends"),                                        \
        { "mirror", "on|off", PARAMETER_SWITCH, PLACE_SPEC, "port_mirroring",                                          \
          .help = "Whether a NIC gets a copy of all that goes through the network on its host" },                      \
        { "passthrough", "on|off", PARAMETER_SWITCH, PLACE_SPEC,                                                       \
          .help = "Whether a NIC is a virtual function (SR-IOV) of the host's NIC" },                                  \
        { "custom", "KEY=VALUE", PARAMETER_MAP, PLACE_SPEC, .help = "A property for hooks; may be repeated" },         \
        OPTION_DESCRIPTION
static const Parameter vnicprofile_create_options[] = {
        { "network", "NETWORK", PARAMETER_TEXT, PLACE_SPEC, .flags = PARAMETER_REQUIRED, .complete = COMPLETE_NETWORK,
          .help = "Network it is of" },
        VNICPROFILE_OPTIONS, OPTION_ID, {},
};
static const Parameter vnicprofile_update_options[] = { OPTION_RENAME("vNIC profile"), VNICPROFILE_OPTIONS, {} };

/* A record is typed as one of a list, and is one here; an average of 0 is no limit: {}. */
static int take_limit(const Invocation *invocation, const char *direction, json_t *spec) {
        json_t *limit = json_array_get(json_object_get(invocation->local, direction), 0);

        if (!limit)
                return 0;
        return dict_integer(limit, "average_mbit", 0) > 0 ? json_object_set(spec, direction, limit)
                                                           : json_object_set_new(spec, direction, json_object());
}

static int vnicprofile_run(Client *client, const Invocation *invocation) {
        _cleanup_json_ json_t *spec = json_copy(invocation->spec);
        Invocation completed = *invocation;

        if (!spec || take_limit(invocation, "inbound", spec) < 0 || take_limit(invocation, "outbound", spec) < 0)
                return client_no_memory(client);
        completed.spec = spec;
        return streq(invocation->command->verb, "create") ? object_run_create(client, &completed) : object_run_update(client, &completed);
}

const Command vnicprofile_commands[] = {
        COMMON("vnicprofile", kind_vnic_profile, vnicprofile_arguments),
        { "vnicprofile", "create", "Make a profile for NICs on a network", new_arguments, vnicprofile_create_options, vnicprofile_run,
          COMMAND_CHANGES, &kind_vnic_profile, "CreateVnicProfile", NULL, "Creating", "created" },
        { "vnicprofile", "update", "Change what is given", vnicprofile_arguments, vnicprofile_update_options, vnicprofile_run, COMMAND_CHANGES,
          &kind_vnic_profile, "Update", "pc", "Changing", "changed" },
        REMOVE("vnicprofile", kind_vnic_profile, vnicprofile_arguments, "Remove a profile no NIC has"),
        {},
};

/* ---- MAC pools ---- */

static const Parameter macpool_arguments[] = { ARGUMENT_OBJECT("MACPOOL", COMPLETE_MAC_POOL), {} };
#define OPTION_RANGE(required)                                                                                         \
        { "range", "FIRST-LAST", PARAMETER_LIST, PLACE_SPEC, "ranges", required,                                       \
          .help = "Addresses such as 56:6f:00:01:00:00-56:6f:00:01:ff:ff; may be repeated" }
#define OPTION_ALLOW_DUPLICATES                                                                                        \
        { "allow-duplicates", "on|off", PARAMETER_SWITCH, PLACE_SPEC, "allow_duplicates",                              \
          .help = "Whether an address given by hand may be another NIC's too" }
static const Parameter macpool_create_options[] = { OPTION_RANGE(PARAMETER_REQUIRED), OPTION_ALLOW_DUPLICATES, OPTION_DESCRIPTION, OPTION_ID, {} };
static const Parameter macpool_update_options[] = { OPTION_RENAME("MAC pool"), OPTION_RANGE(0), OPTION_ALLOW_DUPLICATES, OPTION_DESCRIPTION, {} };

const Command macpool_commands[] = {
        COMMON("macpool", kind_mac_pool, macpool_arguments),
        { "macpool", "create", "Make a pool of addresses for NICs", new_arguments, macpool_create_options, object_run_create,
          COMMAND_CHANGES, &kind_mac_pool, "CreateMacPool", NULL, "Creating", "created" },
        UPDATE("macpool", kind_mac_pool, macpool_arguments, macpool_update_options),
        REMOVE("macpool", kind_mac_pool, macpool_arguments, "Remove a pool no cluster uses"),
        {},
};
