/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vm.h"

#include <stdio.h>

#include "dict.h"
#include "job-wait.h"
#include "object.h"

/* ---- create, and start ---- */

int vm_run_create(Client *client, const Invocation *invocation) {
        const char *name = dict_string(invocation->spec, "name", "");
        _cleanup_free_ char *what = object_doing("Starting", &kind_vm, name), *job = NULL;
        _cleanup_json_ json_t *call = json_object();
        const char *path;
        int r;

        r = object_run_create(client, invocation);
        if (r < 0 || !local_flag(invocation, "start"))
                return r;

        if (!what || !call)
                return client_no_memory(client);
        r = client_find(client, &kind_vm, name, &path, NULL);
        if (r >= 0)
                r = object_add_request(client, call, "request_id");
        if (r >= 0)
                r = object_call(client, &kind_vm, path, "Start", NULL, NULL, call, what, &job);
        if (r >= 0)
                r = object_await(client, job, what, NULL);
        if (r > 0)
                client_say(client, "VM '%s' started", name);
        return r < 0 ? r : 0;
}

/* ---- NICs ---- */

const char *vm_find_nic(const json_t *spec, const char *reference) {
        const json_t *nics = json_object_get(spec, "nics"), *nic;
        const char *found = NULL;
        size_t i, on_network = 0;

        json_array_foreach((json_t *)nics, i, nic) {
                const char *id = dict_string(nic, "id", "");

                if (streq(id, reference) || streq(dict_string(nic, "mac", ""), reference))
                        return id;
                if (streq(dict_string(nic, "network", ""), reference)) {
                        found = id;
                        on_network++;
                }
        }

        return on_network == 1 ? found : NULL;
}

int vm_run_nic(Client *client, const Invocation *invocation) {
        const char *reference = local_string(invocation, "VM"), *nic = local_string(invocation, "NIC"), *path, *id;
        const json_t *properties;
        int r;

        r = client_find(client, &kind_vm, reference, &path, &properties);
        if (r < 0)
                return r;

        id = vm_find_nic(json_object_get(properties, "Spec"), nic);
        if (!id)
                return client_fail(client, "VM '%s' has no NIC '%s', or several on that network; `rhvctl vm show %s` shows their ids",
                                   reference, nic, reference);
        if (json_object_set_new(invocation->local, "NIC", json_string(id)) < 0)
                return client_no_memory(client);

        return strchr(invocation->command->shape, 'p') ? object_run_update(client, invocation) : object_run_method(client, invocation);
}

/* ---- stats ---- */

static int set_sum(json_t *row, const char *list, const char *key, const char *sum_key) {
        const json_t *item;
        json_int_t sum = 0;
        size_t i;

        json_array_foreach(json_object_get(row, list), i, item)
                sum += dict_integer(item, key, 0);
        return json_object_set_new(row, sum_key, json_integer(sum));
}

/* What the columns of the table show: sums over devices. Not part of the JSON, which is what the service says. */
static int add_sums(json_t *row) {
        if (set_sum(row, "disks", "read_bytes", "read") < 0 || set_sum(row, "disks", "write_bytes", "written") < 0 ||
            set_sum(row, "nics", "rx_bytes", "received") < 0 || set_sum(row, "nics", "tx_bytes", "sent") < 0)
                return -ENOMEM;
        return json_object_set_new(row, "cpu_usec", json_integer(dict_integer(row, "cpu_time_nsec", 0) / 1000));
}

static int add_stats(Client *client, json_t *rows, const char *path, const json_t *vm) {
        _cleanup_json_ json_t *stats = NULL, *row = NULL;
        int r;

        r = client_query(client, path, kind_vm.interface, "GetStats", &stats, "");
        if (r < 0)
                return r;

        row = json_pack("{s:O?, s:O?}", "Name", json_object_get(vm, "Name"), "Id", json_object_get(vm, "Id"));
        if (!row || json_object_update(row, stats) < 0 || (!client->settings->json && add_sums(row) < 0) ||
            json_array_append(rows, row) < 0)
                return client_no_memory(client);
        return 0;
}

static int add_all_stats(Client *client, json_t *rows) {
        json_t *interfaces;
        const char *path;
        int r;

        r = client_load_objects(client);
        if (r < 0)
                return r;

        json_object_foreach(client->objects, path, interfaces) {
                const json_t *vm = json_object_get(interfaces, kind_vm.interface);

                if (!vm || streq(dict_string(vm, "State", "down"), "down") || streq(dict_string(vm, "State", ""), "unknown"))
                        continue;
                r = add_stats(client, rows, path, vm);
                if (r < 0)
                        return r;
        }

        return 0;
}

int vm_run_stats(Client *client, const Invocation *invocation) {
        static const Column columns[] = {
                { "NAME", "Name", FORMAT_TEXT, true },
                { "CPU TIME", "cpu_usec", FORMAT_DURATION, false, TABLE_RIGHT },
                { "CPUS", "vcpus", FORMAT_TEXT, false, TABLE_RIGHT },
                { "MEMORY", "memory_bytes", FORMAT_SIZE, false, TABLE_RIGHT },
                { "RESIDENT", "memory_host_resident_bytes", FORMAT_SIZE, false, TABLE_RIGHT },
                { "READ", "read", FORMAT_SIZE, false, TABLE_RIGHT },
                { "WRITTEN", "written", FORMAT_SIZE, false, TABLE_RIGHT },
                { "RECEIVED", "received", FORMAT_SIZE, false, TABLE_RIGHT },
                { "SENT", "sent", FORMAT_SIZE, false, TABLE_RIGHT },
                {},
        };
        const json_t *names = json_object_get(invocation->local, "VM"), *name;
        _cleanup_json_ json_t *rows = json_array();
        size_t i;
        int r = 0;

        if (!rows)
                return client_no_memory(client);

        json_array_foreach((json_t *)names, i, name) {
                const json_t *vm;
                const char *path;

                r = client_find(client, &kind_vm, json_string_value(name), &path, &vm);
                if (r >= 0)
                        r = add_stats(client, rows, path, vm);
                if (r < 0)
                        return r;
        }
        if (json_array_size(names) == 0) {
                r = add_all_stats(client, rows);
                if (r < 0)
                        return r;
        }

        return client_print_rows(client, rows, columns, NULL);
}
