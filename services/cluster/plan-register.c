/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan-register.h"

#include <stdio.h>

#include "bus-error.h"
#include "bus-object.h"
#include "dict.h"
#include "plan-internal.h"
#include "plan-template.h"
#include "register.h"
#include "spec.h"

static const json_t *image_of(const json_t *report, const char *image) {
        return json_object_get(json_object_get(report, "images"), image);
}

/* ---- layers ---- */

/* The template of the report that has the image. Return: its id, or NULL. */
static const char *template_beside(const json_t *report, const char *image) {
        const char *id;
        json_t *found, *disk;
        size_t i;

        json_object_foreach(json_object_get(report, "vms"), id, found) {
                if (!dict_boolean(found, "template", false))
                        continue;
                json_array_foreach(json_object_get(found, "disks"), i, disk)
                        if (streq(dict_string(disk, "image", ""), image))
                                return id;
        }
        return NULL;
}

int plan_join_template(const Plan *plan, const json_t *report, json_t *description, sd_bus_error *error) {
        const char *image = dict_string(description, "id", ""), *base = dict_string(image_of(report, image), "template_image", NULL), *beside;
        const Object *found;

        if (dict_boolean(image_of(report, image), "template", false))
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "The image %s is a template's, and no disk of a VM", image);
        if (!base)
                return 0;
        found = plan_template_of(plan->model, base);
        if (found)
                return json_object_set_new(description, "template", json_string(found->id)) < 0 ? -ENOMEM : 0;
        beside = template_beside(report, base);
        /* one whose template nobody defines stands on what nobody knows, and is kept there by the storage */
        return beside ? sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The image %s is built on the template %s: register that first", image, beside) : 0;
}

/* ---- snapshots ---- */

static bool id_is_taken(const Plan *plan, const char *id) {
        for (ObjectKind kind = 0; kind < _KIND_MAX; kind++)
                if (model_find(plan->model, kind, id))
                        return true;
        return false;
}

/* Two of one name: the second has some of its id behind it. */
static int name_of(const json_t *snapshot, json_t *taken, char ret[static NAME_BYTES_MAX + 1]) {
        const char *name = dict_string(snapshot, "name", "");

        (void) snprintf(ret, NAME_BYTES_MAX + 1, "%s", name);
        if (json_object_get(taken, ret))
                (void) snprintf(ret, NAME_BYTES_MAX + 1, "snapshot-%s", dict_string(snapshot, "id", ""));
        return json_object_set_new(taken, ret, json_true()) < 0 ? -ENOMEM : 0;
}

static int put_snapshot(const Plan *plan, const char *vm, const Object *cluster, const json_t *snapshot, size_t number, json_t *taken, Change *change, sd_bus_error *error) {
        const json_t *was = json_object_get(snapshot, "vm");
        char id[UUID_STRING_MAX], name[NAME_BYTES_MAX + 1];
        _cleanup_json_ json_t *configuration = NULL;
        int r;

        (void) snprintf(id, sizeof id, "%s", dict_string(snapshot, "id", ""));
        r = id_is_taken(plan, id) ? uuid_generate(id) : 0;
        if (r >= 0)
                r = name_of(snapshot, taken, name);
        if (r >= 0)
                r = plan_make_configuration(was, cluster, &configuration, error);
        if (r < 0)
                return r;
        if (json_object_set(configuration, "disks", json_object_get(was, "disks")) < 0)
                return -ENOMEM;
        return change_put(change, "snapshot",
                          json_pack("{s:s, s:s, s:s, s:s, s:{s:O, s:O, s:I, s:O, s:O}}", "id", id, "name", name, "vm", vm, "state", "ok", "spec", "description",
                                    json_object_get(snapshot, "description"), "created", json_object_get(snapshot, "created"), "sequence", (json_int_t)number + 1,
                                    "configuration", configuration, "disks", json_object_get(snapshot, "disks")));
}

int plan_register_snapshots(const Plan *plan, const char *vm, const Object *cluster, const json_t *snapshots, Change *change, sd_bus_error *error) {
        _cleanup_json_ json_t *taken = json_object();
        const json_t *snapshot;
        size_t i;
        int r = taken ? 0 : -ENOMEM;

        json_array_foreach(snapshots, i, snapshot)
                if (r >= 0)
                        r = put_snapshot(plan, vm, cluster, snapshot, i, taken, change, error);
        return r;
}

/* ---- templates ---- */

static int add_disk(const Plan *plan, const Object *domain, const json_t *report, const json_t *hangs, json_t *disks, sd_bus_error *error) {
        const char *image = dict_string(hangs, "disk", "");
        _cleanup_json_ json_t *disk = NULL, *link = json_copy((json_t *)hangs);
        int r;

        r = link ? register_disk(report, domain->id, image, NULL, &disk, error) : -ENOMEM;
        if (r < 0)
                return r;
        if (!dict_boolean(image_of(report, image), "template", false))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The image %s can be written to: it is a disk of a VM, and no template's", image);
        if (model_find(plan->model, KIND_DISK, image) || plan_template_has(plan->model, image))
                return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The image %s belongs to somebody already", image);
        (void) json_object_del(link, "disk");
        return json_array_append_new(disks, json_pack("{s:O, s:s, s:s, s:O, s:O, s:O, s:O}", "name", json_object_get(disk, "name"), "domain", domain->id, "image", image,
                                                      "volume", json_object_get(disk, "volume"), "format", json_object_get(disk, "format"), "capacity",
                                                      json_object_get(disk, "capacity"), "link", link)) < 0
                               ? -ENOMEM
                               : 0;
}

int plan_register_template(const Plan *plan, const Object *domain, const json_t *report, json_t *description, uint64_t now_usec, Change *change, sd_bus_error *error) {
        _cleanup_json_ json_t *disks = json_array();
        _cleanup_free_ char *path = NULL;
        char id[UUID_STRING_MAX];
        Object *cluster = NULL;
        const json_t *hangs;
        size_t i;
        int r;

        register_drop_addresses(description);
        r = disks ? plan_new_id(plan, KIND_TEMPLATE, description, id, error) : -ENOMEM;
        if (r >= 0)
                r = plan_check_template(plan, description, &cluster, error);
        json_array_foreach(json_object_get(description, "disks"), i, hangs)
                if (r >= 0)
                        r = add_disk(plan, domain, report, hangs, disks, error);
        if (r >= 0)
                r = plan_put_template(id, description, cluster, now_usec, disks, "ok", change, error);
        if (r < 0)
                return r;
        path = bus_object_path(object_kind_prefix(KIND_TEMPLATE), id);
        if (!path)
                return -ENOMEM;
        return event_add(change, &plan->actor, EVENT_NORMAL, "template-registered", EVENT_OBJECTS(path),
                         "The template %s, which was defined on a storage domain, was registered", dict_string(description, "name", ""));
}
