/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the store says, in memory: objects found by id at once, linked to what they are in and what they use. Every property
 * on the bus is answered from here.
 *
 * The model is written in one place only, from rows that a commit changed (model_changed(), the store's listener), so a
 * change of our own and a replayed one look the same. Beside the row an object has `facts`: what the backends say about it
 * now, never stored.
 */

#include <uthash.h>

#include "kind.h"
#include "macro.h"
#include "schema.h"
#include "store.h"

typedef struct Object Object;
typedef struct Link Link;
typedef struct Model Model;

/* A disk or a NIC of a VM. */
struct Link {
        Object *vm;
        Object *other; /* the disk, or the NIC's network */
        Object *profile; /* of a NIC; NULL: none */
        json_t *row;   /* of vm_disk or vm_nic */
        json_t *spec;  /* borrowed from row */
        Link *next, *prev;             /* in the VM's list */
        Link *other_next, *other_prev; /* in the other's list */
};

struct Object {
        /* identity */
        ObjectKind kind;
        char id[37];
        char *path;
        UT_hash_handle hh;
        Object *next, *prev; /* of its kind, in order of creation */

        /* from the store; all borrowed from row */
        json_t *row;
        const char *name;
        json_t *spec;
        const char *state; /* storage domain, disk; else NULL */
        Object *parent;    /* NULL for a data center */
        unsigned children; /* objects with this as parent */
        Link *users;       /* disk, network: by which VM's links it is used */
        Link *disks, *nics; /* VM */
        json_t *addresses; /* VM: device id to guest address; may be NULL */
        char boot[33];     /* VM: in which boot of the host its autostart was settled; may be empty */

        /* from the backends */
        json_t *facts; /* never NULL */
        char job[37];  /* id of the job that works on it; empty: none */
        void *owner;   /* the userdata of the model's listener */
};

typedef struct ModelListener {
        void (*added)(Object *object, void *userdata);
        void (*changed)(Object *object, bool links_only, void *userdata);
        void (*removed)(Object *object, void *userdata); /* still linked */
        void (*event)(const json_t *event, void *userdata);
} ModelListener;

/* store: borrowed, outlives the model. listener: static, or NULL. Loads everything the store can give.
 * Return: 0 or a negative errno. */
int model_new(Store *store, const ModelListener *listener, void *userdata, Model **ret);
Model *model_free(Model *model);
DEFINE_CLEANUP(Model *, model_free)

Object *model_find(const Model *model, ObjectKind kind, const char *id);
/* By id, else by name; scope: only below this parent (or grandparent) unless NULL. Return: the object, or NULL with NotFound or, for a
 * name that several have, InvalidArgument set. */
Object *model_resolve(const Model *model, ObjectKind kind, const char *reference, const Object *scope,
                      sd_bus_error *error);
/* The first of a kind; go on with object->next. */
Object *model_first(const Model *model, ObjectKind kind) _pure_;
size_t model_count(const Model *model, ObjectKind kind) _pure_;
/* The data center an object is in, itself for one. */
Object *object_data_center(Object *object) _pure_;
Link *link_find(Link *links, const char *id) _pure_;
/* How many NICs of all VMs have it. */
unsigned model_mac_uses(const Model *model, const char *mac);
/* Calls for every address in use, once for each. */
void model_macs(const Model *model, void (*callback)(const char *mac, void *userdata), void *userdata);

/* Facts are replaced key by key. value: taken. Return: true when it differs from what was there. */
bool object_set_fact(Object *object, const char *key, json_t *value);
