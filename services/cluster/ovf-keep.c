/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ovf-keep.h"

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "domain-life.h"
#include "log.h"
#include "ovf-definition.h"
#include "plan.h"
#include "state-file.h"

#define REMOVED_VERSION 1
#define REMOVED_FILE "ovf-removed.json"

struct OvfKeep {
        Manager *manager;
        json_t *noted;    /* {domain: {VM or template: true}} */
        json_t *removed;  /* {VM or template: true}: on disk as well, until every domain was told */
        json_t *sent;     /* {VM or template: true} of the call under way */
        char domain[37];  /* of the call under way */
        sd_bus_slot *call;
        sd_event_source *timer;
        json_t *told;     /* {domain: true} whose failure was told */
        json_t *unable;   /* {domain: true} of a type whose stores Storage cannot write */
};

static const ObjectKind kept_kinds[] = { KIND_VM, KIND_TEMPLATE };

static const Object *find_kept(const Model *model, const char *id) {
        for (size_t i = 0; i < ELEMENTSOF(kept_kinds); i++) {
                const Object *found = model_find(model, kept_kinds[i], id);

                if (found)
                        return found;
        }
        return NULL;
}

/* ---- what is noted ---- */

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata);

static void later(OvfKeep *keep, uint64_t usec) {
        if (!keep->timer && !keep->call)
                (void) sd_event_add_time_relative(keep->manager->daemon->event, &keep->timer, CLOCK_MONOTONIC, usec, USEC_PER_SEC / 4, on_timer, keep);
}

static json_t *set_of(json_t *sets, const char *key) {
        json_t *set = json_object_get(sets, key);

        if (!set) {
                set = json_object();
                if (!set || json_object_set_new(sets, key, set) < 0)
                        return NULL;
        }
        return set;
}

static void note(OvfKeep *keep, const char *id) {
        for (const Object *domain = model_first(keep->manager->model, KIND_STORAGE_DOMAIN); domain; domain = domain->next) {
                json_t *set = streq(domain->state, "attached") && storage_domain_is_data(domain) && !json_object_get(keep->unable, domain->id) ? set_of(keep->noted, domain->id) : NULL;

                if (set)
                        (void) json_object_set_new(set, id, json_true());
        }
        later(keep, OVF_DELAY_USEC);
}

/* Every VM and template that is kept on the domain; NULL: on any. */
static void note_all(OvfKeep *keep, const Object *domain) {
        const Model *model = keep->manager->model;

        for (size_t i = 0; i < ELEMENTSOF(kept_kinds); i++)
                for (const Object *object = model_first(model, kept_kinds[i]); object; object = object->next)
                        if (!domain || ovf_is_kept_on(model, object, domain))
                                note(keep, object->id);
}

static char *removed_path(const Manager *manager) {
        char *path;

        return asprintf(&path, "%s/" REMOVED_FILE, manager->daemon->state_directory) < 0 ? NULL : path;
}

static void save_removed(const OvfKeep *keep) {
        _cleanup_free_ char *path = removed_path(keep->manager);
        _cleanup_json_ json_t *state = json_pack("{s:O}", "removed", keep->removed);
        int r = !path || !state ? -ENOMEM : json_object_size(keep->removed) > 0 ? state_file_save(path, state, REMOVED_VERSION) : state_file_remove(path);

        if (r < 0 && r != -ENOENT)
                log_warning_errno(r, "Cannot keep which VMs were removed: after a crash their definitions may stay on their domains");
}

/* Told everywhere, or nowhere to be told. */
static void forget_removed(OvfKeep *keep) {
        const char *vm, *domain;
        json_t *value, *set;
        bool changed = false;
        void *next;

        json_object_foreach_safe(keep->removed, next, vm, value) {
                bool noted = keep->sent && json_object_get(keep->sent, vm);

                json_object_foreach(keep->noted, domain, set)
                        noted |= json_object_get(set, vm) != NULL;
                if (!noted) {
                        (void) json_object_del(keep->removed, vm);
                        changed = true;
                }
        }
        if (changed)
                save_removed(keep);
}

void ovf_keep_note(Manager *manager, const Object *object, bool removed) {
        OvfKeep *keep = manager->ovf;
        const Link *link;

        if (!keep)
                return;
        if (object->kind == KIND_VM || object->kind == KIND_TEMPLATE) {
                if (removed) {
                        (void) json_object_set_new(keep->removed, object->id, json_true());
                        save_removed(keep);
                }
                note(keep, object->id);
        } else if (object->kind == KIND_DISK && removed && object->parent) {
                /* what was kept of a removed VM goes with its last disk */
                json_t *set = set_of(keep->noted, object->parent->id);

                if (set)
                        (void) json_object_set_new(set, object->id, json_true());
                (void) json_object_set_new(keep->removed, object->id, json_true());
                later(keep, OVF_DELAY_USEC);
        } else if (object->kind == KIND_SNAPSHOT) {
                note(keep, object->parent->id);
        } else if (object->kind == KIND_DISK || object->kind == KIND_NETWORK) {
                for (link = object->users; link; link = link->other_next)
                        note(keep, link->vm->id);
        } else if (object->kind == KIND_STORAGE_DOMAIN && !removed && streq(object->state, "attached") && storage_domain_is_data(object)) {
                note_all(keep, object);
        } else if (object->kind == KIND_STORAGE_DOMAIN && removed) {
                (void) json_object_del(keep->noted, object->id);
                forget_removed(keep);
        }
}

/* ---- writing ---- */

static void write_next(OvfKeep *keep);

static void note_again(OvfKeep *keep) {
        json_t *set = model_find(keep->manager->model, KIND_STORAGE_DOMAIN, keep->domain) ? set_of(keep->noted, keep->domain) : NULL;

        if (set)
                (void) json_object_update(set, keep->sent);
}

static void tell_failure(OvfKeep *keep, const sd_bus_error *error) {
        const Object *domain = model_find(keep->manager->model, KIND_STORAGE_DOMAIN, keep->domain);

        if (!domain || json_object_get(keep->told, keep->domain))
                return;
        (void) json_object_set_new(keep->told, keep->domain, json_true());
        manager_event(keep->manager, EVENT_WARNING, "ovf-store-failed", EVENT_OBJECTS(domain->path),
                      "The definitions of VMs cannot be written to the storage domain %s, and are tried again: %s", domain->name, error->message ?: error->name);
}

static int on_written(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        OvfKeep *keep = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        _cleanup_json_ json_t *sent = NULL;

        keep->call = sd_bus_slot_unref(keep->call);
        if (sd_bus_error_has_name(error, RHV_ERROR_NOT_SUPPORTED)) {
                (void) json_object_set_new(keep->unable, keep->domain, json_true());
                (void) json_object_del(keep->noted, keep->domain);
        } else if (error) {
                note_again(keep);
                if (!sd_bus_error_has_name(error, RHV_ERROR_BUSY))
                        tell_failure(keep, error);
        } else
                (void) json_object_del(keep->told, keep->domain);
        sent = TAKE_PTR(keep->sent);
        if (error && !sd_bus_error_has_name(error, RHV_ERROR_NOT_SUPPORTED))
                later(keep, OVF_RETRY_USEC);
        else
                write_next(keep);
        forget_removed(keep);
        return 0;
}

/* Up to OVF_BATCH of what is noted for the domain moves to what is sent. */
static int take_batch(OvfKeep *keep, const Object *domain, json_t *set, json_t *definitions, json_t *gone) {
        const char *id;
        json_t *value;
        void *next;

        json_object_foreach_safe(set, next, id, value) {
                const Model *model = keep->manager->model;
                const Object *object = find_kept(model, id);
                const bool kept = object && ovf_is_kept_on(model, object, domain);

                if (json_object_size(keep->sent) >= OVF_BATCH)
                        break;
                if (kept ? json_object_set_new(definitions, id, ovf_definition(model, object, domain)) < 0 : json_array_append_new(gone, json_string(id)) < 0)
                        return -ENOMEM;
                (void) json_object_set_new(keep->sent, id, json_true());
                (void) json_object_del(set, id);
        }
        return 0;
}

static int send(OvfKeep *keep, const Object *domain, const json_t *definitions, const json_t *gone) {
        Backend *storage = keep->manager->backends[BACKEND_STORAGE];
        _cleanup_free_ char *path = bus_object_path("/domain", domain->id);
        _cleanup_message_ sd_bus_message *call = NULL;
        const json_t *id;
        size_t i;
        int r;

        r = path ? backend_message(storage, path, "Storage.Domain", "WriteOvfStore", &call) : -ENOMEM;
        if (r >= 0)
                r = dict_append(call, definitions);
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "s");
        json_array_foreach(gone, i, id)
                if (r >= 0)
                        r = sd_bus_message_append(call, "s", json_string_value(id));
        if (r >= 0)
                r = sd_bus_message_close_container(call);
        if (r >= 0)
                r = storage_domain_is_leased(domain) ? sd_bus_message_append(call, "a{sv}", 1, "lease", "t", storage_domain_lease(domain))
                                                     : sd_bus_message_append(call, "a{sv}", 0);
        return r < 0 ? r : sd_bus_call_async(keep->manager->bus, &keep->call, call, on_written, keep, OVF_CALL_USEC);
}

/* A domain that has no store, no VM and no template gets none: nothing is written to a domain for nothing. */
static bool is_pointless(const OvfKeep *keep, const Object *domain, const json_t *definitions, const json_t *gone) {
        const json_t *id;
        size_t i;

        if (json_object_size(definitions) > 0)
                return false;
        json_array_foreach(gone, i, id)
                if (json_object_get(keep->removed, json_string_value(id)))
                        return false;
        for (size_t k = 0; k < ELEMENTSOF(kept_kinds); k++)
                for (const Object *object = model_first(keep->manager->model, kept_kinds[k]); object; object = object->next)
                        if (ovf_is_kept_on(keep->manager->model, object, domain))
                                return false;
        return true;
}

static int write_domain(OvfKeep *keep, const Object *domain, json_t *set) {
        _cleanup_json_ json_t *definitions = json_object(), *gone = json_array();
        int r;

        json_decref(keep->sent);
        keep->sent = json_object();
        if (!definitions || !gone || !keep->sent)
                return -ENOMEM;
        (void) snprintf(keep->domain, sizeof keep->domain, "%s", domain->id);
        r = take_batch(keep, domain, set, definitions, gone);
        if (r >= 0 && is_pointless(keep, domain, definitions, gone)) {
                json_decref(TAKE_PTR(keep->sent));
                return 0;
        }
        if (r >= 0)
                r = send(keep, domain, definitions, gone);
        if (r < 0) {
                note_again(keep);
                json_decref(TAKE_PTR(keep->sent));
                return r;
        }
        return 1;
}

static void write_next(OvfKeep *keep) {
        bool left = false;
        const char *id;
        json_t *set;
        void *next;

        json_object_foreach_safe(keep->noted, next, id, set) {
                const Object *domain = model_find(keep->manager->model, KIND_STORAGE_DOMAIN, id);
                int r;

                if (!domain || json_object_size(set) == 0) {
                        (void) json_object_del(keep->noted, id);
                        continue;
                }
                if (!storage_domain_is_active(domain) || (storage_domain_is_leased(domain) && storage_domain_lease(domain) == 0)) {
                        left = true;
                        continue;
                }
                r = write_domain(keep, domain, set);
                if (r > 0)
                        return;
                left |= r < 0 || json_object_size(set) > 0;
        }
        if (left)
                later(keep, OVF_RETRY_USEC / 10);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        OvfKeep *keep = userdata;

        keep->timer = sd_event_source_unref(keep->timer);
        write_next(keep);
        forget_removed(keep);
        return 0;
}

/* ---- life ---- */

int ovf_keep_start(Manager *manager) {
        OvfKeep *keep = calloc(1, sizeof *keep);
        _cleanup_free_ char *path = removed_path(manager);
        _cleanup_json_ json_t *state = NULL;
        const char *id;
        json_t *value;

        if (!keep || !path) {
                free(keep);
                return -ENOMEM;
        }
        keep->manager = manager;
        keep->noted = json_object();
        keep->told = json_object();
        keep->unable = json_object();
        if (state_file_load(path, REMOVED_VERSION, &state) >= 0 && json_is_object(json_object_get(state, "removed")))
                keep->removed = json_deep_copy(json_object_get(state, "removed"));
        else
                keep->removed = json_object();
        manager->ovf = keep;
        if (!keep->noted || !keep->told || !keep->unable || !keep->removed)
                return -ENOMEM;
        json_object_foreach(keep->removed, id, value)
                note(keep, id);
        note_all(keep, NULL);
        return 0;
}

void ovf_keep_stop(Manager *manager) {
        OvfKeep *keep = TAKE_PTR(manager->ovf);

        if (!keep)
                return;
        sd_bus_slot_unref(keep->call);
        sd_event_source_disable_unref(keep->timer);
        json_decref(keep->noted);
        json_decref(keep->removed);
        json_decref(keep->sent);
        json_decref(keep->told);
        json_decref(keep->unable);
        free(keep);
}
