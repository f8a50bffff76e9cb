/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `host-network`: the networks of one host, straight from org.rhv.Network. */

#include <stdio.h>

#include "commands.h"
#include "dict.h"
#include "host-network.h"
#include "host-network-state.h"
#include "job-wait.h"
#include "kind.h"
#include "network-plan.h"
#include "object.h"

#define NETWORK_PATH "/org/rhv/Network"
#define NETWORK_INTERFACE "org.rhv.Network"

static const Column network_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, true },
        { "STATE", "State", FORMAT_TEXT, false },
        { "DEVICE", "Device", FORMAT_TEXT, false },
        { "UPLINK", "Uplink", FORMAT_TEXT, false },
        { "VLAN", "Vlan", FORMAT_TEXT, false, TABLE_RIGHT },
        { "MTU", "Mtu", FORMAT_TEXT, false, TABLE_RIGHT },
        { "ADDRESSES", "Addresses", FORMAT_TEXT, true },
        { "MANAGEMENT", "Management", FORMAT_TEXT, false },
        {},
};
static const Column nic_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, false },
        { "STATE", "State", FORMAT_TEXT, false },
        { "ADDRESS", "Mac", FORMAT_TEXT, false },
        { "LINK", "Carrier", FORMAT_TEXT, false },
        { "MBIT/S", "SpeedMbps", FORMAT_TEXT, false, TABLE_RIGHT },
        { "MTU", "Mtu", FORMAT_TEXT, false, TABLE_RIGHT },
        { "MASTER", "Master", FORMAT_TEXT, false },
        { "VFS", "Vfs", FORMAT_TEXT, false, TABLE_RIGHT },
        { "OF", "VfParent", FORMAT_TEXT, true },
        { "LABEL", "Label", FORMAT_TEXT, false },
        {},
};

static const Kind kind_host_network = { .word = "network of the host", .noun = "host-network",
                                        .interface = "org.rhv.Network.Network", .columns = network_columns };
static const Kind kind_host_nic = { .word = "network device", .noun = "host-network",
                                    .interface = "org.rhv.Network.Nic", .columns = nic_columns };

static int host_network_run_list(Client *client, const Invocation *invocation) {
        const Kind *kind = invocation->command->kind;
        _cleanup_json_ json_t *objects = NULL, *rows = NULL;
        int r;

        r = client_get_objects(client, "Network", &objects);
        if (r < 0)
                return r;

        rows = objects_list(objects, kind->interface);
        return rows ? client_print_rows(client, rows, kind->columns, NULL) : client_no_memory(client);
}

static int host_network_run_show(Client *client, const Invocation *invocation) {
        _cleanup_json_ json_t *objects = NULL, *shown = NULL;
        const char *name = local_string(invocation, "NAME"), *path;
        const json_t *properties;
        int r;

        r = client_get_objects(client, "Network", &objects);
        if (r < 0)
                return r;
        if (objects_find(objects, kind_host_network.interface, name, &path, &properties) == 0 &&
            objects_find(objects, kind_host_nic.interface, name, &path, &properties) == 0)
                return client_fail(client, "the host has no network or device '%s'; `rhvctl host-network list` and `rhvctl host-network nics` show those there are",
                                   name);

        shown = json_pack("{s:s}", "Path", path);
        if (!shown || json_object_update(shown, (json_t *)properties) < 0)
                return client_no_memory(client);
        return client_print_object(client, shown, NULL);
}

static int host_network_run_query(Client *client, const Invocation *invocation) {
        _cleanup_json_ json_t *answer = NULL;
        int r;

        r = client_query(client, NETWORK_PATH, NETWORK_INTERFACE, invocation->command->method, &answer, "");
        return r < 0 ? r : client_print_object(client, answer, NULL);
}

/* ---- set-up ---- */

/* A word for a method, or addresses → {method, addresses, gateway}. */
static json_t *ip_settings(const json_t *addresses, const json_t *gateway) {
        static const char *const methods[] = { "none", "dhcp", "auto", "link-local" };
        const char *first = json_string_value(json_array_get(addresses, 0));

        if (!first)
                return NULL;
        for (size_t i = 0; json_array_size(addresses) == 1 && i < ELEMENTSOF(methods); i++)
                if (streq(first, methods[i]))
                        return json_pack("{s:s}", "method", first);
        return json_pack("{s:s, s:O, s:O*}", "method", "static", "addresses", addresses, "gateway", gateway);
}

static int set_ip(json_t *description, const json_t *local, const char *key, const char *gateway_key) {
        json_t *settings = ip_settings(json_object_get(local, key), json_object_get(local, gateway_key));

        if (!settings)
                return 0;
        return json_object_set_new(description, key, settings) < 0 ? -ENOMEM : 0;
}

/* {to: via} → [{to, via}] of one family. New, NULL when out of memory. */
static json_t *routes_of(const json_t *routes, bool six) {
        json_t *list = json_array(), *via;
        const char *to;

        json_object_foreach((json_t *)routes, to, via)
                if ((strchr(to, ':') != NULL) == six)
                        (void) json_array_append_new(list, json_pack("{s:s, s:O}", "to", to, "via", via));
        return list;
}

/* Routes go by family, name servers and search domains to the IPv4 settings where there are some. */
static int set_paths(json_t *description, const json_t *local) {
        static const char *const keys[] = { "ipv4", "ipv6" };
        json_t *first = NULL;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                json_t *settings = json_object_get(description, keys[i]), *routes = routes_of(json_object_get(local, "route"), i == 1);

                if (json_array_size(routes) > 0 && !settings) {
                        settings = json_object(); /* the service says what is missing */
                        (void) json_object_set_new(description, keys[i], settings);
                }
                if (json_array_size(routes) > 0)
                        (void) json_object_set(settings, "routes", routes);
                json_decref(routes);
                first = first ?: settings;
        }
        if (!json_object_get(local, "dns") && !json_object_get(local, "search"))
                return 0;
        if (!first) {
                first = json_object();
                if (!first || json_object_set_new(description, "ipv4", first) < 0)
                        return -ENOMEM;
        }
        if (json_object_get(local, "dns") && json_object_set(first, "nameservers", json_object_get(local, "dns")) < 0)
                return -ENOMEM;
        if (json_object_get(local, "search") && json_object_set(first, "search", json_object_get(local, "search")) < 0)
                return -ENOMEM;
        return 0;
}

int host_network_description(const json_t *spec, const json_t *local, json_t **ret) {
        _cleanup_json_ json_t *description = json_deep_copy(spec);

        if (!description || set_ip(description, local, "ipv4", "gateway") < 0 ||
            set_ip(description, local, "ipv6", "gateway6") < 0 || set_paths(description, local) < 0)
                return -ENOMEM;

        *ret = TAKE_PTR(description);
        return 0;
}

/* {name: {…}} as a{sa{sv}}; NULL: empty. */
static int append_named(sd_bus_message *message, const json_t *named) {
        const char *name;
        json_t *description;
        int r;

        r = sd_bus_message_open_container(message, 'a', "{sa{sv}}");
        json_object_foreach((json_t *)named, name, description) {
                if (r >= 0)
                        r = sd_bus_message_open_container(message, 'e', "sa{sv}");
                if (r >= 0)
                        r = sd_bus_message_append_basic(message, 's', name);
                if (r >= 0)
                        r = dict_append(message, description);
                if (r >= 0)
                        r = sd_bus_message_close_container(message);
        }
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int new_setup(Client *client, const char *path, const char *interface, const char *method, const json_t *networks,
                     const json_t *bonds, const json_t *call, const char *what, sd_bus_message **ret) {
        int r;

        r = client_new_call(client, path, interface, method, ret);
        if (r < 0)
                return r;
        r = append_named(*ret, networks);
        if (r >= 0)
                r = append_named(*ret, bonds);
        if (r >= 0)
                r = dict_append(*ret, call);
        return r < 0 ? client_fail(client, "%s: %s", what, strerror(-r)) : 0;
}

static int finish(Client *client, sd_bus_message *message, const char *what, const char *done) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *finished = NULL;
        const char *job;
        int r;

        r = client_call(client, message, what, true, &reply);
        if (r < 0)
                return r;
        r = object_read_job(client, reply, what, &job);
        if (r < 0)
                return r;

        r = object_await(client, job, what, &finished);
        if (r > 0 && client->settings->json)
                return client_print_json(client, finished);
        if (r > 0)
                client_say(client, "%s", done);
        return r < 0 ? r : 0;
}

/* --dry-run: asked of the service, which changes nothing. options: "labels", "layouts" or "vfs", or NULL. */
static int plan(Client *client, const json_t *networks, const json_t *bonds, const json_t *options) {
        _cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
        _cleanup_json_ json_t *given = options ? json_incref((json_t *)options) : json_object();
        int r;

        if (!given)
                return client_no_memory(client);
        r = new_setup(client, NETWORK_PATH, NETWORK_INTERFACE, "PlanNetworks", networks, bonds, given, "Planning", &message);
        if (r >= 0)
                r = client_call(client, message, "Planning", false, &reply);
        return r < 0 ? r : network_plan_print(client, reply);
}

static int setup(Client *client, const char *name, const json_t *network, const json_t *bond, const Invocation *invocation,
                 const char *what) {
        _cleanup_json_ json_t *networks = json_object(), *bonds = json_object();
        _cleanup_message_ sd_bus_message *message = NULL;
        _cleanup_free_ char *done = NULL;
        int r;

        if (!networks || !bonds || asprintf(&done, "'%s' is as asked for", name) < 0 ||
            (network && json_object_set(networks, name, (json_t *)network) < 0) ||
            (bond && json_object_set(bonds, name, (json_t *)bond) < 0))
                return client_no_memory(client);

        if (local_flag(invocation, "dry-run"))
                return plan(client, networks, bonds, NULL);
        r = object_add_request(client, invocation->call, "job_id");
        if (r >= 0)
                r = new_setup(client, NETWORK_PATH, NETWORK_INTERFACE, "SetupNetworks", networks, bonds, invocation->call, what, &message);
        return r < 0 ? r : finish(client, message, what, done);
}

/* ---- from a file ---- */

static int read_file(Client *client, const char *file, json_t **ret) {
        json_error_t problem;
        json_t *value;

        value = streq(file, "-") ? json_loadf(stdin, 0, &problem) : json_load_file(file, 0, &problem);
        if (!value)
                return client_fail(client, "cannot read '%s': %s (line %d)", file, problem.text, problem.line);

        *ret = value;
        return 0;
}

/* {"networks": {name: {…}}, "bonds": {name: {…}}}: nothing else, so that a slip is not silently nothing. */
static int check_file(Client *client, const char *file, const json_t *value) {
        static const char *const keys[] = { "networks", "bonds" };
        json_t *named, *description;
        size_t known = 0;
        const char *name;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                named = json_object_get(value, keys[i]);
                known += named != NULL;
                if (named && !json_is_object(named))
                        return client_fail(client, "'%s': \"%s\" is not an object", file, keys[i]);
                json_object_foreach(named, name, description)
                        if (!json_is_object(description))
                                return client_fail(client, "'%s': %s '%s' is not an object", file, keys[i], name);
        }

        if (known == 0 || known != json_object_size(value))
                return client_fail(client, "'%s' must be an object of \"networks\" and \"bonds\" and nothing else", file);
        return 0;
}

static int apply_file(Client *client, const char *path, const char *interface, const Invocation *invocation, const char *request_key,
                      const char *what) {
        const char *file = local_string(invocation, "FILE");
        json_t *call = invocation->call;
        _cleanup_json_ json_t *value = NULL;
        _cleanup_message_ sd_bus_message *message = NULL;
        int r;

        r = read_file(client, file, &value);
        if (r >= 0)
                r = check_file(client, file, value);
        if (r >= 0 && local_flag(invocation, "dry-run"))
                return plan(client, json_object_get(value, "networks"), json_object_get(value, "bonds"), NULL);
        if (r >= 0)
                r = object_add_request(client, call, request_key);
        if (r >= 0)
                r = new_setup(client, path, interface, "SetupNetworks", json_object_get(value, "networks"), json_object_get(value, "bonds"),
                              call, what, &message);
        return r < 0 ? r : finish(client, message, what, "the networks are as asked for");
}

int host_run_setup(Client *client, const Invocation *invocation) {
        const char *reference = local_string(invocation, "HOST"), *path;
        _cleanup_free_ char *what = object_doing("Setting up the networks of", &kind_host, reference);
        int r;

        if (!what)
                return client_no_memory(client);
        r = client_find(client, &kind_host, reference, &path, NULL);
        return r < 0 ? r : apply_file(client, path, kind_host.interface, invocation, "request_id", what);
}

static int host_network_run_apply(Client *client, const Invocation *invocation) {
        return apply_file(client, NETWORK_PATH, NETWORK_INTERFACE, invocation, "job_id", "Setting up the networks");
}

/* ---- one network or bond ---- */

static int run_setup(Client *client, const Invocation *invocation, bool bond) {
        const char *name = local_string(invocation, "NAME");
        _cleanup_json_ json_t *description = NULL;
        _cleanup_free_ char *what = NULL;

        if (asprintf(&what, "Setting up %s '%s'", bond ? "bond" : "network", name) < 0) {
                what = NULL;
                return client_no_memory(client);
        }
        if (host_network_description(invocation->spec, invocation->local, &description) < 0)
                return client_no_memory(client);

        return setup(client, name, bond ? NULL : description, bond ? description : NULL, invocation, what);
}

static int host_network_run_setup(Client *client, const Invocation *invocation) {
        return run_setup(client, invocation, false);
}

static int host_network_run_bond(Client *client, const Invocation *invocation) {
        return run_setup(client, invocation, true);
}

static int host_network_run_remove(Client *client, const Invocation *invocation) {
        if (json_object_set_new(invocation->spec, "remove", json_true()) < 0)
                return client_no_memory(client);
        return run_setup(client, invocation, local_flag(invocation, "bond"));
}

static int append_names(sd_bus_message *message, const json_t *names) {
        json_t *name;
        size_t i;
        int r;

        r = sd_bus_message_open_container(message, 'a', "s");
        json_array_foreach((json_t *)names, i, name)
                if (r >= 0)
                        r = sd_bus_message_append_basic(message, 's', json_string_value(name));
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int host_network_run_sync(Client *client, const Invocation *invocation) {
        static const char what[] = "Putting the networks right";
        _cleanup_message_ sd_bus_message *message = NULL;
        int r;

        r = object_add_request(client, invocation->call, "job_id");
        if (r >= 0)
                r = client_new_call(client, NETWORK_PATH, NETWORK_INTERFACE, "SyncNetworks", &message);
        if (r < 0)
                return r;
        r = append_names(message, json_object_get(invocation->local, "NAME"));
        if (r >= 0)
                r = dict_append(message, invocation->call);
        if (r < 0)
                return client_fail(client, "%s: %s", what, strerror(-r));
        return finish(client, message, what, "the networks are as asked for");
}

/* A set-up of no network in particular: option ("labels", "layouts", "vfs") of a device. value: taken. */
static int set_device(Client *client, const Invocation *invocation, const char *option, const char *word, json_t *value, const char *done) {
        const char *device = local_string(invocation, "DEVICE");
        _cleanup_json_ json_t *none = json_object(), *options = json_pack("{s:{s:o}}", option, device, value);
        _cleanup_message_ sd_bus_message *message = NULL;
        _cleanup_free_ char *what = NULL;
        int r;

        if (!none || !options || asprintf(&what, "Setting the %s of '%s'", word, device) < 0 || json_object_update(invocation->call, options) < 0)
                return client_no_memory(client);
        if (local_flag(invocation, "dry-run"))
                return plan(client, none, none, options);
        r = object_add_request(client, invocation->call, "job_id");
        if (r >= 0)
                r = new_setup(client, NETWORK_PATH, NETWORK_INTERFACE, "SetupNetworks", none, none, invocation->call, what, &message);
        return r < 0 ? r : finish(client, message, what, done);
}

static int host_network_run_label(Client *client, const Invocation *invocation) {
        const char *label = dict_string(invocation->local, "LABEL", "");

        return set_device(client, invocation, "labels", "label", json_string(label), *label ? "the device has the label, and its networks" : "the device has no label");
}

static int host_network_run_layout(Client *client, const Invocation *invocation) {
        return set_device(client, invocation, "layouts", "layout", json_string(local_string(invocation, "LAYOUT")), "the networks of the device lie on it as asked for");
}

static int host_network_run_vfs(Client *client, const Invocation *invocation) {
        json_t *count = json_incref(json_object_get(invocation->local, "COUNT"));

        return set_device(client, invocation, "vfs", "virtual functions", count, "the NIC has the virtual functions asked for");
}

static int host_network_run_confirm(Client *client, const Invocation *invocation) {
        const char *reference = local_string(invocation, "JOB");
        _cleanup_free_ char *id = id_of_path(reference);
        _cleanup_json_ json_t *options = json_object();
        _cleanup_message_ sd_bus_message *message = NULL;
        int r;

        r = client_new_call(client, NETWORK_PATH, NETWORK_INTERFACE, "Confirm", &message);
        if (r < 0)
                return r;
        if (!id || !options || sd_bus_message_append_basic(message, 's', id) < 0 ||
            dict_append(message, options) < 0)
                return client_no_memory(client);

        r = client_call(client, message, "Confirming the set-up", false, NULL);
        if (r >= 0)
                client_say(client, "confirmed");
        return r;
}

static const Parameter confirm_arguments[] = { { "JOB", .complete = COMPLETE_JOB }, {} };
static const Parameter name_arguments[] = { { "NAME" }, {} };
static const Parameter any_name_arguments[] = { { "NAME", .flags = PARAMETER_OPTIONAL }, {} };
static const Parameter names_arguments[] = { { "NAME", .flags = PARAMETER_OPTIONAL | PARAMETER_MANY }, {} };
#define OPTION_DRY_RUN                                                                                                 \
        { "dry-run", .type = PARAMETER_FLAG, .help = "Show what would be done, and change nothing" }
#define OPTION_ROLLBACK                                                                                                \
        { "confirm", .type = PARAMETER_FLAG, .place = PLACE_CALL,                                                      \
          .help = "Wait for `host-network confirm` before it becomes permanent; use with --no-wait" },                 \
        { "check-gateway", "on|off", PARAMETER_SWITCH, PLACE_CALL, "check_gateway",                                    \
          .help = "Whether the gateway must answer (on)" },                                                            \
        { "rollback", "DURATION", PARAMETER_DURATION, PLACE_CALL, "timeout",                                           \
          .help = "Go back to what was before when it is not well by then" }
static const Parameter setup_options[] = {
        { "nic", "DEVICE", PARAMETER_TEXT, PLACE_SPEC, .help = "Device that carries it" },
        { "bond", "DEVICE", PARAMETER_TEXT, PLACE_SPEC, "bonding", .help = "Bond that carries it" },
        { "label", "LABEL", PARAMETER_TEXT, PLACE_SPEC, .help = "It lies on whatever NIC or bond has this label, now or later" },
        { "vlan", "ID", PARAMETER_COUNT, PLACE_SPEC, .help = "VLAN id, 1 to 4094" },
        { "mtu", "BYTES", PARAMETER_COUNT, PLACE_SPEC, .help = "Largest packet" },
        { "bridged", "on|off", PARAMETER_SWITCH, PLACE_SPEC, .help = "Whether guests may use it (on)" },
        { "ipv4", "ADDRESS", PARAMETER_LIST, PLACE_LOCAL, .help = "none, dhcp, or addresses such as 192.0.2.1/24" },
        { "gateway", "ADDRESS", PARAMETER_TEXT, PLACE_LOCAL, .help = "IPv4 gateway, with addresses" },
        { "ipv6", "ADDRESS", PARAMETER_LIST, PLACE_LOCAL, .help = "none, auto, dhcp, link-local, or addresses such as 2001:db8::1/64" },
        { "gateway6", "ADDRESS", PARAMETER_TEXT, PLACE_LOCAL, .help = "IPv6 gateway, with addresses" },
        { "route", "NETWORK=GATEWAY", PARAMETER_MAP, PLACE_LOCAL, .help = "Route to a network by a machine; may be repeated" },
        { "dns", "ADDRESS,ADDRESS", PARAMETER_LIST, PLACE_LOCAL, .help = "Name servers, of the network with the default route" },
        { "search", "DOMAIN,DOMAIN", PARAMETER_LIST, PLACE_LOCAL, .help = "Search domains, likewise" },
        { "role", "ROLE,ROLE", PARAMETER_LIST, PLACE_SPEC, "roles", .help = "display, migration, gluster: it then needs an address" },
        { "bridge-option", "KEY=VALUE", PARAMETER_MAP, PLACE_SPEC, "bridge_options",
          .help = "Option of the bridge by the kernel's name, such as ageing_time=30000; may be repeated" },
        { "ethtool", "KEY=VALUE", PARAMETER_MAP, PLACE_SPEC, "ethtool_options",
          .help = "Option of the NIC, such as feature-tso=off or ring-rx=4096; may be repeated" },
        { "custom", "KEY=VALUE", PARAMETER_MAP, PLACE_SPEC, .help = "Property for hooks; may be repeated" },
        { "stp", "on|off", PARAMETER_SWITCH, PLACE_SPEC, .help = "Spanning tree" },
        { "default-route", "on|off", PARAMETER_SWITCH, PLACE_SPEC, "default_route", .help = "Whether it carries the default route" },
        { "management", .type = PARAMETER_FLAG, .place = PLACE_SPEC,
          .help = "It carries the host's own address; without --nic: takes it over from the device that has it" },
        OPTION_ROLLBACK,
        OPTION_DRY_RUN,
        {},
};
static const Parameter bond_options[] = {
        { "nics", "DEVICE,DEVICE", PARAMETER_LIST, PLACE_SPEC, .flags = PARAMETER_REQUIRED, .help = "Devices it is made of" },
        { "option", "KEY=VALUE", PARAMETER_MAP, PLACE_SPEC, "options",
          .help = "Option of the bond, such as mode=active-backup; may be repeated" },
        OPTION_ROLLBACK,
        OPTION_DRY_RUN,
        {},
};
static const Parameter apply_arguments[] = { { "FILE", .complete = COMPLETE_FILE }, {} };
static const Parameter apply_options[] = { OPTION_ROLLBACK, OPTION_DRY_RUN, {} };
static const Parameter label_arguments[] = { { "DEVICE" }, { "LABEL", .flags = PARAMETER_OPTIONAL }, {} };
static const Parameter label_options[] = { OPTION_ROLLBACK, OPTION_DRY_RUN, {} };
static const char *const layout_words[] = { "classic", "vlan-aware", NULL };
static const Parameter layout_arguments[] = { { "DEVICE" },
                                              { "LAYOUT", .type = PARAMETER_WORD, .words = layout_words, .complete = COMPLETE_WORDS },
                                              {} };
static const Parameter vfs_arguments[] = { { "DEVICE" }, { "COUNT", .type = PARAMETER_COUNT }, {} };
static const Parameter sync_options[] = { OPTION_ROLLBACK, {} };
static const Parameter remove_options[] = {
        { "bond", .type = PARAMETER_FLAG, .help = "NAME is a bond" },
        OPTION_ROLLBACK,
        OPTION_DRY_RUN,
        {},
};

const Command host_network_commands[] = {
        { "host-network", "list", "List the networks the host has", NULL, NULL, host_network_run_list, 0, &kind_host_network },
        { "host-network", "nics", "List its network devices", NULL, NULL, host_network_run_list, 0, &kind_host_nic },
        { "host-network", "show", "Show a network or device", name_arguments, NULL, host_network_run_show, 0 },
        { "host-network", "forwarding", "Show which addresses its bridge has learnt, and where they are", name_arguments, NULL,
          host_network_run_forwarding, 0 },
        { "host-network", "bonds", "List its bonds", NULL, NULL, host_network_run_bonds, 0 },
        { "host-network", "differences", "Show where networks and bonds are not as asked for", any_name_arguments, NULL,
          host_network_run_differences, 0 },
        { "host-network", "sync", "Put right what differs", names_arguments, sync_options, host_network_run_sync,
          COMMAND_CHANGES },
        { "host-network", "layout", "Lay all networks of a NIC or bond on one VLAN-aware bridge, or on devices of their own", layout_arguments, label_options,
          host_network_run_layout, COMMAND_CHANGES },
        { "host-network", "label", "Give a NIC or bond a label, or none: the networks with that label come and go with it", label_arguments,
          label_options, host_network_run_label, COMMAND_CHANGES },
        { "host-network", "vfs", "Set how many virtual functions (SR-IOV) a NIC has, now and after a reboot; 0: none", vfs_arguments, label_options,
          host_network_run_vfs, COMMAND_CHANGES },
        { "host-network", "setup", "Make or change a network", name_arguments, setup_options, host_network_run_setup,
          COMMAND_CHANGES },
        { "host-network", "bond", "Make or change a bond", name_arguments, bond_options, host_network_run_bond, COMMAND_CHANGES },
        { "host-network", "apply", "Make networks and bonds as a JSON file says, all or none", apply_arguments, apply_options,
          host_network_run_apply, COMMAND_CHANGES },
        { "host-network", "remove", "Remove a network or bond", name_arguments, remove_options, host_network_run_remove,
          COMMAND_CHANGES },
        { "host-network", "confirm", "Make a set-up with --confirm permanent", confirm_arguments, NULL,
          host_network_run_confirm, COMMAND_CHANGES },
        { "host-network", "capabilities", "Show what the host can do", NULL, NULL, host_network_run_query, 0, NULL,
          "GetCapabilities" },
        { "host-network", "stats", "Show traffic by device", NULL, NULL, host_network_run_query, 0, NULL, "GetStats" },
        {},
};
