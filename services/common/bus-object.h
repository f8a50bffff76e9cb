/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The object tree of a service, from records; and change signals, merged.
 *
 * A record names an interface, its vtable, and either the one path where it lives or how to find and list the paths
 * below it. Finding happens at every call, so an object that is gone is a clean "unknown object".
 */

#include <stdio.h>

#include "macro.h"

typedef struct BusObject {
        const char *path;      /* the object, or the prefix of all objects of a kind */
        const char *interface;
        const sd_bus_vtable *vtable;
        sd_bus_object_find_t find;            /* NULL: one object at path; else: any object below it */
        sd_bus_node_enumerator_t enumerate;   /* with find */
} BusObject;

/* Registers the records (an array ended by path == NULL), each with userdata, and ObjectManager at root.
 * Slots float: they live as long as the bus. Return: 0 or a negative errno. */
int bus_objects_register(sd_bus *bus, const char *root, const BusObject *objects, void *userdata);

/* Prints `<node name=root>` with every interface of the records, also of kinds of which no object exists: what
 * `rhv-…d --introspect` shows and the contract test compares with dbus/. Needs no bus. */
int bus_objects_introspect(FILE *out, const BusObject *objects);

/* /root/kind/<encoded id>. Return: new string, NULL when out of memory. */
char *bus_object_path(const char *prefix, const char *id);
/* The id behind a path made so. Return: 1 with ret (new string), 0 if path is not directly below prefix, or a negative errno. */
int bus_object_id(const char *path, const char *prefix, char **ret);

/*
 * Merged change signals: however many fields of however many objects move during one turn of the loop, each object's
 * interface emits one PropertiesChanged, with what the getters say when the loop is idle again.
 */
typedef struct BusChanges BusChanges;
int bus_changes_new(sd_bus *bus, BusChanges **ret);
BusChanges *bus_changes_free(BusChanges *changes);
DEFINE_CLEANUP(BusChanges *, bus_changes_free)
/* path, property: copied; interface: a literal. Failure is logged: the caller cannot do better. */
void bus_changed(BusChanges *changes, const char *path, const char *interface, const char *property);
/* Forgets what is queued for an object about to be removed. */
void bus_changes_forget(BusChanges *changes, const char *path);
/* Emits all that is queued, now: before a reply whose caller must see the new values. */
void bus_changes_flush(BusChanges *changes);

/* Appends an array of strings; NULL is an empty array. For getters. */
int bus_append_strings(sd_bus_message *reply, const char *const *strings);
