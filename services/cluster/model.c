/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model.h"

#include <stdio.h>
#include <utlist.h>

#include "bus-error.h"
#include "bus-object.h"
#include "dict.h"
#include "log.h"
#include "parse-util.h"

typedef struct Pending {
        char op;
        const SchemaTable *table;
        char key[64];
} Pending;

typedef struct MacEntry {
        char mac[18];
        unsigned uses; /* by NICs: more than one only where a pool allows it */
        UT_hash_handle hh;
} MacEntry;

struct Model {
        Store *store;
        const ModelListener *listener;
        void *userdata;

        Object *by_id;             /* hash */
        Object *lists[_KIND_MAX];  /* in order of creation */
        size_t counts[_KIND_MAX];
        MacEntry *macs;            /* hash */

        Pending *pending; /* rows of the commit being told */
        size_t n_pending, allocated;
};

/* ---- links ---- */

static MacEntry *mac_find(const Model *model, const char *mac) {
        MacEntry *entry;

        HASH_FIND_STR(model->macs, mac, entry);
        return entry;
}

static void mac_add(Model *model, const char *mac) {
        MacEntry *entry = mac_find(model, mac);

        if (!entry) {
                entry = calloc(1, sizeof *entry);
                if (!entry)
                        return;
                (void) snprintf(entry->mac, sizeof entry->mac, "%s", mac);
                HASH_ADD_STR(model->macs, mac, entry);
        }
        entry->uses++;
}

static void mac_remove(Model *model, const char *mac) {
        MacEntry *entry = mac_find(model, mac);

        if (entry && --entry->uses == 0) {
                HASH_DEL(model->macs, entry);
                free(entry);
        }
}

unsigned model_mac_uses(const Model *model, const char *mac) {
        const MacEntry *entry = mac_find(model, mac);

        return entry ? entry->uses : 0;
}

void model_macs(const Model *model, void (*callback)(const char *mac, void *userdata), void *userdata) {
        for (const MacEntry *entry = model->macs; entry; entry = entry->hh.next)
                callback(entry->mac, userdata);
}

static void link_free(Model *model, Link **list, Link *link) {
        const char *mac = dict_string(link->row, "mac", NULL);

        if (mac)
                mac_remove(model, mac);
        DL_DELETE(*list, link);
        DL_DELETE2(link->other->users, link, other_prev, other_next);
        json_decref(link->row);
        free(link);
}

static void links_free(Model *model, Link **list) {
        while (*list)
                link_free(model, list, *list);
}

typedef struct LinkLoad {
        Model *model;
        Object *vm;
        bool nics;
} LinkLoad;

static int link_load(json_t *row, void *userdata) {
        LinkLoad *load = userdata;
        const char *other_id = dict_string(row, load->nics ? "network" : "id", NULL);
        Object *other = model_find(load->model, load->nics ? KIND_NETWORK : KIND_DISK, other_id);
        Link **list = load->nics ? &load->vm->nics : &load->vm->disks;
        Link *link;

        if (!other)
                return -EBADMSG;
        link = calloc(1, sizeof *link);
        if (!link)
                return -ENOMEM;

        link->vm = load->vm;
        link->other = other;
        link->row = json_incref(row);
        link->spec = json_object_get(row, "spec");
        if (load->nics)
                link->profile = model_find(load->model, KIND_VNIC_PROFILE, dict_string(link->spec, "profile", NULL));
        DL_APPEND(*list, link);
        DL_APPEND2(other->users, link, other_prev, other_next);
        if (load->nics)
                mac_add(load->model, dict_string(row, "mac", NULL));
        return 0;
}

static int address_load(json_t *row, void *userdata) {
        Object *vm = userdata;

        if (!vm->addresses)
                vm->addresses = json_object();
        return json_object_set(vm->addresses, dict_string(row, "device", NULL), json_object_get(row, "address")) < 0
                       ? -ENOMEM
                       : 0;
}

static int run_load(json_t *row, void *userdata) {
        Object *vm = userdata;

        (void) snprintf(vm->boot, sizeof vm->boot, "%s", dict_string(row, "boot", NULL));
        return 0;
}

/* Everything that hangs on a VM, anew. */
static int vm_reload(Model *model, Object *vm) {
        LinkLoad disks = { model, vm, false }, nics = { model, vm, true };
        int r;

        links_free(model, &vm->disks);
        links_free(model, &vm->nics);
        json_decref(vm->addresses);
        vm->addresses = NULL;
        vm->boot[0] = 0;

        r = store_select(model->store, "vm_disk", vm->id, link_load, &disks);
        if (r >= 0)
                r = store_select(model->store, "vm_nic", vm->id, link_load, &nics);
        if (r >= 0)
                r = store_select(model->store, "vm_address", vm->id, address_load, vm);
        if (r >= 0)
                r = store_select(model->store, "vm_run", vm->id, run_load, vm);
        return r;
}

/* ---- objects ---- */

static Object *object_free(Model *model, Object *object) {
        if (!object)
                return NULL;

        if (object->hh.tbl) {
                links_free(model, &object->disks);
                links_free(model, &object->nics);
                HASH_DEL(model->by_id, object);
                DL_DELETE(model->lists[object->kind], object);
                model->counts[object->kind]--;
                if (object->parent)
                        object->parent->children--;
        }
        json_decref(object->addresses);
        json_decref(object->facts);
        json_decref(object->row);
        free(object->path);
        free(object);
        return NULL;
}

/* Puts a row into an object, linked to its parent. */
static int object_set_row(Model *model, Object *object, json_t *row) {
        ObjectKind up = object_kind_parent(object->kind);
        Object *parent = NULL;

        if (up >= 0) {
                parent = model_find(model, up, dict_string(row, object_kind_to_string(up), NULL));
                if (!parent)
                        return -EBADMSG;
        }

        json_decref(object->row);
        object->row = json_incref(row);
        object->name = dict_string(row, "name", NULL);
        object->spec = json_object_get(row, "spec");
        object->state = dict_string(row, "state", NULL);
        if (object->parent)
                object->parent->children--;
        object->parent = parent;
        if (parent)
                parent->children++;
        return 0;
}

typedef struct ObjectLoad {
        Model *model;
        ObjectKind kind;
        Object *object;
        bool added;
} ObjectLoad;

static int object_load(json_t *row, void *userdata) {
        ObjectLoad *load = userdata;
        Model *model = load->model;
        const char *id = dict_string(row, "id", NULL);
        Object *object = model_find(model, load->kind, id);
        int r;

        load->added = !object;
        if (!object) {
                object = calloc(1, sizeof *object);
                if (!object)
                        return -ENOMEM;
                object->kind = load->kind;
                object->owner = model->userdata;
                (void) snprintf(object->id, sizeof object->id, "%s", id);
                object->path = bus_object_path(object_kind_prefix(load->kind), id);
                object->facts = json_object();
                r = object->path && object->facts ? object_set_row(model, object, row) : -ENOMEM;
                if (r < 0) {
                        object_free(model, object);
                        return r;
                }
                HASH_ADD_STR(model->by_id, id, object);
                DL_APPEND(model->lists[load->kind], object);
                model->counts[load->kind]++;
        } else {
                r = object_set_row(model, object, row);
                if (r < 0)
                        return r;
        }

        load->object = object;
        return 0;
}

Object *model_find(const Model *model, ObjectKind kind, const char *id) {
        Object *object;

        if (!id)
                return NULL;
        HASH_FIND_STR(model->by_id, id, object);
        return object && object->kind == kind ? object : NULL;
}

static bool is_below(const Object *object, const Object *scope) {
        for (; object; object = object->parent)
                if (object == scope)
                        return true;
        return false;
}

Object *model_resolve(const Model *model, ObjectKind kind, const char *reference, const Object *scope,
                      sd_bus_error *error) {
        Object *found = NULL, *object;

        if (uuid_is_valid(reference)) {
                found = model_find(model, kind, reference);
                if (found && (!scope || is_below(found, scope)))
                        return found;
        }

        found = NULL;
        DL_FOREACH(model->lists[kind], object) {
                if (!streq(object->name, reference) || (scope && !is_below(object, scope)))
                        continue;
                if (found) {
                        (void) sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                                 "More than one %s is named '%s': give the id", object_kind_noun(kind),
                                                 reference);
                        return NULL;
                }
                found = object;
        }
        if (!found)
                (void) sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "There is no %s '%s'", object_kind_noun(kind),
                                         reference);
        return found;
}

Object *model_first(const Model *model, ObjectKind kind) {
        return model->lists[kind];
}

size_t model_count(const Model *model, ObjectKind kind) {
        return model->counts[kind];
}

Object *object_data_center(Object *object) {
        while (object && object->kind != KIND_DATA_CENTER)
                object = object->parent;
        return object;
}

Link *link_find(Link *links, const char *id) {
        Link *link;

        DL_FOREACH(links, link)
                if (streq(dict_string(link->row, "id", NULL), id))
                        return link;
        return NULL;
}

bool object_set_fact(Object *object, const char *key, json_t *value) {
        const json_t *old = json_object_get(object->facts, key);

        if (!value)
                return false;
        if (old && json_equal(old, value)) {
                json_decref(value);
                return false;
        }
        return json_object_set_new(object->facts, key, value) == 0;
}

/* ---- what a commit changed ---- */

static void tell_event(Model *model, const char *id);

static int apply_puts(Model *model, Object **touched, bool *added, size_t *n) {
        int r;

        for (size_t i = 0; i < model->n_pending; i++) {
                Pending *pending = &model->pending[i];
                ObjectKind kind = object_kind_from_string(pending->table->name);
                ObjectLoad load = { model, kind, NULL, false };

                if (kind < 0 || pending->op == 'D')
                        continue;
                r = store_select(model->store, pending->table->name, pending->key, object_load, &load);
                if (r < 0)
                        return r;
                if (load.object) {
                        touched[*n] = load.object;
                        added[(*n)++] = load.added;
                }
        }
        return 0;
}

static void tell_users(Model *model, Object *vm) {
        Link *link;

        if (!model->listener || !model->listener->changed)
                return;
        DL_FOREACH(vm->disks, link)
                model->listener->changed(link->other, true, model->userdata);
        DL_FOREACH(vm->nics, link)
                model->listener->changed(link->other, true, model->userdata);
}

static int apply_links(Model *model) {
        const char *last = "";
        int r;

        for (size_t i = 0; i < model->n_pending; i++) {
                Pending *pending = &model->pending[i];
                Object *vm;

                /* the rows of one VM stand together more often than not: one reload for them */
                if (!startswith(pending->table->name, "vm_") || streq(pending->key, last))
                        continue;
                last = pending->key;
                vm = model_find(model, KIND_VM, pending->key);
                if (!vm)
                        continue;
                tell_users(model, vm);
                r = vm_reload(model, vm);
                if (r < 0)
                        return r;
                tell_users(model, vm);
                if (model->listener && model->listener->changed)
                        model->listener->changed(vm, true, model->userdata);
        }
        return 0;
}

static void apply_deletes(Model *model) {
        for (size_t i = model->n_pending; i-- > 0;) {
                Pending *pending = &model->pending[i];
                ObjectKind kind = object_kind_from_string(pending->table->name);
                Object *object = kind < 0 || pending->op != 'D' ? NULL : model_find(model, kind, pending->key);

                if (!object)
                        continue;
                if (model->listener && model->listener->removed)
                        model->listener->removed(object, model->userdata);
                tell_users(model, object);
                object_free(model, object);
        }
}

static void tell_puts(Model *model, Object **touched, const bool *added, size_t n) {
        if (!model->listener)
                return;

        for (size_t i = 0; i < n; i++)
                if (added[i] && model->listener->added)
                        model->listener->added(touched[i], model->userdata);
                else if (!added[i] && model->listener->changed)
                        model->listener->changed(touched[i], false, model->userdata);

        for (size_t i = 0; i < model->n_pending; i++)
                if (model->pending[i].op == 'I' && streq(model->pending[i].table->name, "event"))
                        tell_event(model, model->pending[i].key);
}

static int event_row(json_t *row, void *userdata) {
        Model *model = userdata;

        if (model->listener && model->listener->event)
                model->listener->event(row, model->userdata);
        return 0;
}

static void tell_event(Model *model, const char *id) {
        int r = store_select(model->store, "event", id, event_row, model);

        if (r < 0)
                log_warning_errno(r, "Cannot read event %s", id);
}

/* Parents are put before children and deleted after them, whatever the order of the changeset. */
static void settle(Model *model) {
        _cleanup_free_ Object **touched = NULL;
        _cleanup_free_ bool *added = NULL;
        size_t n = 0;
        int r = -ENOMEM;

        touched = calloc(model->n_pending + 1, sizeof *touched);
        added = calloc(model->n_pending + 1, sizeof *added);
        if (touched && added)
                r = apply_puts(model, touched, added, &n);
        if (r >= 0)
                r = apply_links(model);
        if (r < 0) {
                /* the store is right and we are not: begin again from it */
                log_error_errno(r, "Cannot take a committed change into the model, restarting");
                abort();
        }
        tell_puts(model, touched, added, n);
        apply_deletes(model);
        model->n_pending = 0;
}

static void model_changed(char op, const char *table, const char *key1, const char *key2, void *userdata) {
        Model *model = userdata;

        if (!table) {
                settle(model);
                return;
        }

        if (model->n_pending == model->allocated) {
                size_t wanted = model->allocated ? 2 * model->allocated : 64;
                Pending *grown = reallocarray(model->pending, wanted, sizeof *grown);

                if (!grown) {
                        log_error("Out of memory while taking a committed change into the model, restarting");
                        abort();
                }
                model->pending = grown;
                model->allocated = wanted;
        }

        model->pending[model->n_pending] = (Pending){ .op = op, .table = schema_table(table) };
        (void) snprintf(model->pending[model->n_pending].key, sizeof model->pending->key, "%s", key1);
        model->n_pending++;
}

/* ---- life ---- */

static int load_all(Model *model) {
        Object *vm;
        int r;

        for (ObjectKind kind = 0; kind < _KIND_MAX; kind++) {
                ObjectLoad load = { model, kind, NULL, false };

                r = store_select(model->store, object_kind_to_string(kind), NULL, object_load, &load);
                if (r < 0)
                        return r;
        }

        DL_FOREACH(model->lists[KIND_VM], vm) {
                r = vm_reload(model, vm);
                if (r < 0)
                        return r;
        }
        return 0;
}

int model_new(Store *store, const ModelListener *listener, void *userdata, Model **ret) {
        _cleanup_(model_freep) Model *model = calloc(1, sizeof *model);
        int r;

        if (!model)
                return -ENOMEM;

        model->store = store;
        model->listener = listener;
        model->userdata = userdata;
        if (store_state(store) != STORE_FAILED) {
                r = load_all(model);
                if (r < 0)
                        return r;
        }

        store_set_listener(store, model_changed, model);
        *ret = TAKE_PTR(model);
        return 0;
}

Model *model_free(Model *model) {
        if (!model)
                return NULL;

        store_set_listener(model->store, NULL, NULL);
        for (ObjectKind kind = _KIND_MAX; kind-- > 0;)
                while (model->lists[kind])
                        object_free(model, model->lists[kind]);
        free(model->pending);
        free(model);
        return NULL;
}
