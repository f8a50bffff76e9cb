/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The kinds of objects Cluster has, how they are listed, and how a name or an id leads to one. */

#include "client.h"
#include "render.h"
#include "table.h"

typedef struct Column {
        const char *header; /* NULL ends */
        const char *property;
        Format format;
        bool shrink;
        TableAlign align;
} Column;

struct Kind {
        const char *word;      /* "VM": for sentences */
        const char *noun;      /* "vm": of the command line */
        const char *prefix;    /* "/org/rhv/Cluster/vm" */
        const char *interface; /* "org.rhv.Cluster.Vm" */
        const Column *columns;
};

extern const Kind kind_data_center, kind_cluster, kind_host, kind_network, kind_domain, kind_disk, kind_vm, kind_snapshot, kind_template, kind_peer, kind_mac_pool, kind_vnic_profile;
/* By what completion calls it; NULL for what is no kind. */
const Kind *kind_of_source(CompletionSource source);

/* Objects with an interface in a tree of GetManagedObjects. Pure.
 * Return: how many have that id or name (an id wins); ret_path and ret (borrowed) are those of the first. */
size_t objects_find(const json_t *objects, const char *interface, const char *reference, const char **ret_path,
                    const json_t **ret);
/* Their properties with "Path" first, ordered by name: new array, NULL when out of memory. Pure. */
json_t *objects_list(const json_t *objects, const char *interface);
/* {id: name} of all: new object, NULL when out of memory. Pure. */
json_t *objects_names(const json_t *objects);

/* Reads Cluster's tree once. */
int client_load_objects(Client *client);
/* One object by name or id; "VM 'web1' does not exist; …" otherwise. ret may be NULL; both borrowed from the client. */
int client_find(Client *client, const Kind *kind, const char *reference, const char **ret_path, const json_t **ret);

/* Prints rows (an array of objects) as a table, or as JSON with --json. names: {id: name} or NULL. */
int client_print_rows(Client *client, const json_t *rows, const Column *columns, const json_t *names);
/* Prints one object. */
int client_print_object(Client *client, const json_t *object, const json_t *names);
