/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ovf-definition.h"

#include <utlist.h>

#include "description.h"
#include "dict.h"
#include "plan-cd.h"
#include "plan.h"
#include "plan-snapshot.h"

/* ---- where ---- */

static bool is_first_domain(const Model *model, const Object *domain) {
        for (const Object *found = model_first(model, KIND_STORAGE_DOMAIN); found; found = found->next)
                if (streq(found->state, "attached") && storage_domain_is_data(found))
                        return found == domain;
        return false;
}

static bool template_is_kept_on(const Model *model, const Object *object, const Object *domain) {
        const json_t *disks = json_object_get(object->spec, "disks"), *entry;
        size_t i;

        json_array_foreach(disks, i, entry)
                if (streq(dict_string(entry, "domain", ""), domain->id))
                        return true;
        return json_array_size(disks) == 0 && is_first_domain(model, domain);
}

bool ovf_is_kept_on(const Model *model, const Object *object, const Object *domain) {
        const Link *link;

        if (object->kind == KIND_TEMPLATE)
                return template_is_kept_on(model, object, domain);
        DL_FOREACH(object->disks, link)
                if (link->other->parent == domain)
                        return true;
        return !object->disks && is_first_domain(model, domain);
}

/* ---- parts ---- */

/* link: how the disk hangs on a VM; image and so on: what of it. boot: the guest starts from it. */
static json_t *disk_entry(const json_t *link, const char *image, const char *volume, const char *name, bool boot) {
        return json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "image", image, "volume", volume, "name", name, "bus", dict_string(link, "bus", "virtio"), "boot", boot,
                         "read_only", dict_boolean(link, "read_only", false));
}

/* What is the disk's own, whoever has it. like: its spec, or an entry of a template. */
static json_t *add_own(json_t *entry, const json_t *like) {
        if (entry && json_object_update_new(entry, json_pack("{s:s, s:b, s:b, s:b}", "description", dict_string(like, "description", ""), "shareable",
                                                             dict_boolean(like, "shareable", false), "discard", dict_boolean(like, "discard", false),
                                                             "wipe_after_delete", dict_boolean(like, "wipe_after_delete", false))) == 0)
                return entry;
        json_decref(entry);
        return NULL;
}

static json_t *nic_entry(const json_t *spec, const char *id, const char *network, const char *mac) {
        return json_pack("{s:s, s:s, s:s*, s:s, s:b}", "id", id, "network", network, "mac", mac, "model", dict_string(spec, "model", "virtio"), "link",
                         dict_boolean(spec, "link", true));
}

/* The first disk boots where nobody said what does. configuration: as vm_configuration() makes it. */
static bool has_boot_order(const json_t *configuration) {
        static const char *const lists[] = { "disks", "nics" };
        const json_t *device;
        size_t i;

        for (size_t k = 0; k < ELEMENTSOF(lists); k++)
                json_array_foreach(json_object_get(configuration, lists[k]), i, device)
                        if (dict_integer(device, "boot_order", 0) > 0)
                                return true;
        return dict_integer(configuration, "cdrom_boot_order", 0) > 0;
}

static int64_t boot_order(const json_t *configuration, const json_t *link, size_t number) {
        return dict_integer(link, "boot_order", number == 0 && !has_boot_order(configuration) ? 1 : 0);
}

/* configuration: of a template, whose NICs have no addresses, or a snapshot; it has the ids that its NICs had, or none. id: stands for those. */
static json_t *nics_of(const json_t *configuration, const char *id, bool addresses) {
        json_t *nics = json_array();
        const json_t *nic;
        size_t i;

        json_array_foreach(json_object_get(configuration, "nics"), i, nic)
                if (json_array_append_new(nics, nic_entry(nic, dict_string(nic, "id", id), dict_string(nic, "network", ""),
                                                          addresses ? dict_string(nic, "mac", NULL) : NULL)) < 0) {
                        json_decref(nics);
                        return NULL;
                }
        return nics;
}

/* name, cluster: by name. spec: what a VM is. disks, nics: taken. */
static json_t *definition_of(const char *name, const char *cluster, const json_t *spec, json_t *disks, json_t *nics) {
        static const char *const copied[] = { "description", "cpus", "sockets", "cores", "threads", "memory" };
        json_t *definition = json_pack("{s:s, s:s, s:o, s:o}", "name", name, "cluster", cluster, "disks", disks, "nics", nics);

        for (size_t i = 0; definition && i < ELEMENTSOF(copied); i++) {
                json_t *value = json_object_get(spec, copied[i]);

                if (value && json_object_set(definition, copied[i], value) < 0) {
                        json_decref(definition);
                        return NULL;
                }
        }
        return definition;
}

/* ---- snapshots ---- */

static bool is_of(const Object *disk, const Object *domain) {
        return disk && disk->parent == domain;
}

static const char *image_of(const Object *disk) {
        return dict_string(disk->spec, "image", disk->id);
}

/* Those volumes of it that are on the domain. */
static json_t *held_disks(const Model *model, const Object *snapshot, const Object *domain) {
        json_t *disks = json_array();
        const json_t *held;
        size_t i;

        json_array_foreach(json_object_get(snapshot->spec, "disks"), i, held) {
                const Object *disk = model_find(model, KIND_DISK, dict_string(held, "disk", ""));

                if (is_of(disk, domain) &&
                    json_array_append_new(disks, json_pack("{s:s, s:s}", "image", image_of(disk), "volume", dict_string(held, "volume", ""))) < 0) {
                        json_decref(disks);
                        return NULL;
                }
        }
        return disks;
}

static const char *held_volume(const Object *snapshot, const char *disk) {
        const json_t *held;
        size_t i;

        json_array_foreach(json_object_get(snapshot->spec, "disks"), i, held)
                if (streq(dict_string(held, "disk", ""), disk))
                        return dict_string(held, "volume", NULL);
        return NULL;
}

/* The VM as it was then. */
static json_t *configuration_of(const Model *model, const Object *snapshot, const Object *domain) {
        const json_t *configuration = json_object_get(snapshot->spec, "configuration"), *link;
        json_t *disks = json_array(), *nics = nics_of(configuration, snapshot->id, true);
        size_t i;

        json_array_foreach(json_object_get(configuration, "disks"), i, link) {
                const Object *disk = model_find(model, KIND_DISK, dict_string(link, "disk", ""));
                const char *volume = disk ? held_volume(snapshot, disk->id) : NULL;

                if (is_of(disk, domain) && volume &&
                    json_array_append_new(disks, add_own(disk_entry(link, image_of(disk), volume, dict_string(link, "name", disk->name), boot_order(configuration, link, i) > 0),
                                                         disk->spec)) < 0) {
                        json_decref(disks);
                        disks = NULL;
                }
        }
        return definition_of(dict_string(configuration, "name", snapshot->parent->name), snapshot->parent->parent->name, configuration, disks, nics);
}

static json_t *snapshot_entry(const Model *model, const Object *snapshot, const Object *domain) {
        return json_pack("{s:s, s:s, s:s, s:I, s:o, s:o}", "id", snapshot->id, "name", snapshot->name, "description", dict_string(snapshot->spec, "description", ""),
                         "created", (json_int_t)(dict_integer(snapshot->spec, "created", 0) / (int64_t)USEC_PER_SEC), "disks", held_disks(model, snapshot, domain),
                         "configuration", configuration_of(model, snapshot, domain));
}

/* One that is still being made, or never was, holds nothing. */
static bool is_made(const Object *snapshot) {
        const char *doing = dict_string(snapshot->spec, "doing", "");

        return !streq(doing, "create") && !streq(doing, "discard");
}

/* The oldest first. */
static json_t *snapshots_of(const Model *model, const Object *vm, const Object *domain) {
        json_t *list = json_array();

        for (const Object *snapshot = plan_snapshot_next(model, vm, NULL); list && snapshot; snapshot = plan_snapshot_next(model, vm, snapshot))
                if (is_made(snapshot) && json_array_append_new(list, snapshot_entry(model, snapshot, domain)) < 0) {
                        json_decref(list);
                        return NULL;
                }
        return list;
}

/* ---- a VM, a template ---- */

json_t *ovf_vm_disk(const Object *vm, const Link *link, const char *image, const char *volume) {
        const int64_t order = dict_integer(link->spec, "boot_order", link == vm->disks && !vm_has_boot_order(vm) ? 1 : 0);

        return add_own(disk_entry(link->spec, image, volume, link->other->name, order > 0), link->other->spec);
}

json_t *ovf_template_disk(const Object *object, size_t number, const char *image, const char *volume) {
        const json_t *entry = json_array_get(json_object_get(object->spec, "disks"), number), *link = json_object_get(entry, "link");

        return add_own(disk_entry(link, image, volume, dict_string(entry, "name", ""), boot_order(json_object_get(object->spec, "configuration"), link, number) > 0), entry);
}

static json_t *vm_disks(const Object *vm, const Object *domain) {
        json_t *disks = json_array();
        const Link *link;

        DL_FOREACH(vm->disks, link)
                if (is_of(link->other, domain) && streq(link->other->state, "ok") &&
                    json_array_append_new(disks, ovf_vm_disk(vm, link, image_of(link->other), dict_string(link->other->spec, "volume", ""))) < 0) {
                        json_decref(disks);
                        return NULL;
                }
        return disks;
}

static json_t *template_disks(const Object *object, const Object *domain) {
        json_t *disks = json_array();
        const json_t *entry;
        size_t i;

        json_array_foreach(json_object_get(object->spec, "disks"), i, entry)
                if (streq(dict_string(entry, "domain", ""), domain->id) &&
                    json_array_append_new(disks, ovf_template_disk(object, i, dict_string(entry, "image", ""), dict_string(entry, "volume", ""))) < 0) {
                        json_decref(disks);
                        return NULL;
                }
        return disks;
}

static json_t *vm_nics(const Object *vm) {
        json_t *nics = json_array();
        const Link *link;

        DL_FOREACH(vm->nics, link)
                if (json_array_append_new(nics, nic_entry(link->spec, dict_string(link->row, "id", ""), link->other->name, dict_string(link->row, "mac", NULL))) < 0) {
                        json_decref(nics);
                        return NULL;
                }
        return nics;
}

/* The template the first of its disks is a layer on. */
static int add_template(const Model *model, const Object *vm, json_t *definition) {
        const Link *link;

        DL_FOREACH(vm->disks, link) {
                const Object *found = model_find(model, KIND_TEMPLATE, dict_string(link->other->spec, "template", ""));

                if (found)
                        return json_object_update_new(definition, json_pack("{s:s, s:s}", "template_id", found->id, "template_name", found->name));
        }
        return 0;
}

/* What is in its drive, as the engine names it. */
static const char *drive_of(const Model *model, const Object *vm) {
        Medium medium;

        if (!vm_medium(model, vm->spec, &medium))
                return "";
        return medium.disk ? image_of(medium.disk) : medium.file ?: "";
}

json_t *ovf_definition_with(const Object *object, json_t *disks) {
        const json_t *configuration = json_object_get(object->spec, "configuration");
        _cleanup_json_ json_t *definition = NULL;
        json_t *more;

        if (object->kind == KIND_TEMPLATE) {
                definition = definition_of(object->name, object->parent->name, configuration, disks, nics_of(configuration, object->id, false));
                more = json_pack("{s:b, s:s, s:I}", "template", 1, "description", dict_string(object->spec, "description", ""), "created",
                                 (json_int_t)(dict_integer(object->spec, "created", 0) / (int64_t)USEC_PER_SEC));
        } else {
                definition = definition_of(object->name, object->parent->name, object->spec, disks, vm_nics(object));
                more = json_pack("{s:b}", "autostart", dict_integer(object->row, "autostart", 0) != 0);
        }
        return definition && json_object_update_new(definition, more) == 0 ? TAKE_PTR(definition) : NULL;
}

json_t *ovf_definition(const Model *model, const Object *object, const Object *domain) {
        _cleanup_json_ json_t *definition = NULL;

        if (object->kind == KIND_TEMPLATE)
                return ovf_definition_with(object, template_disks(object, domain));
        definition = ovf_definition_with(object, vm_disks(object, domain));
        if (!definition || json_object_set_new(definition, "cdrom", json_string(drive_of(model, object))) < 0 || json_object_set_new(definition, "snapshots", snapshots_of(model, object, domain)) < 0 || add_template(model, object, definition) < 0)
                return NULL;
        return TAKE_PTR(definition);
}
