/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "journal.h"

#include "dict.h"
#include "layers.h"
#include "steps.h"
#include "view.h"

/* A profile that was there (before), shall be there (after), or both. */
static int add_profiles(json_t *journal, const json_t *plan) {
        json_t *entry, *list = json_object_get(journal, "profiles");
        size_t i;

        json_array_foreach(json_object_get(plan, "profiles"), i, entry)
                if (json_array_append_new(list, json_pack("{s:O, s:O, s:O*, s:O*}", "uuid", json_object_get(entry, "uuid"), "iface",
                                                          json_object_get(entry, "iface"), "before", json_object_get(entry, "before"),
                                                          "after", json_object_get(entry, "after"))) < 0)
                        return -ENOMEM;
        return 0;
}

static int add_devices(json_t *journal, const json_t *plan, const json_t *view) {
        json_t *name, *list = json_object_get(journal, "devices");
        size_t i;

        json_array_foreach(json_object_get(plan, "devices"), i, name) {
                const json_t *device = view_device(view, json_string_value(name));
                bool active = device && view_device_is_active(device);

                if (json_array_append_new(list, json_pack("{s:O, s:s*}", "iface", name, "profile",
                                                          active ? dict_string(device, "profile", NULL) : NULL)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

json_t *journal_new(const char *job, const json_t *plan, const json_t *view, const char *checkpoint, uint64_t created) {
        _cleanup_json_ json_t *journal = json_pack("{s:s, s:s, s:s, s:I, s:[], s:[], s:O*, s:O*}", "job", job, "phase", "apply", "checkpoint",
                                                   checkpoint, "created", (json_int_t)created, "profiles", "devices", "labels",
                                                   json_object_get(plan, "labels"), "labels_before", json_object_get(plan, "labels_before"));

        if (!journal || add_profiles(journal, plan) < 0 || add_devices(journal, plan, view) < 0)
                return NULL;
        return TAKE_PTR(journal);
}

bool journal_is_committing(const json_t *journal) {
        return streq(dict_string(journal, "phase", ""), "commit");
}

/* step: taken. */
static int add(json_t *stage, json_t *step) {
        return stage ? json_array_append_new(stage, step) : (json_decref(step), -1);
}

/* A stage of that one call. */
static int add_alone(json_t *steps, json_t *step) {
        return add(steps_stage(steps), step);
}

static int add_adjust(json_t *steps, const char *checkpoint, uint32_t timeout_sec) {
        return add_alone(steps, json_pack("{s:s, s:s, s:I}", "do", "adjust", "path", checkpoint, "timeout", (json_int_t)timeout_sec));
}

static int add_put(json_t *stage, const json_t *entry, const char *which, bool disk) {
        return add(stage, json_pack("{s:s, s:O, s:O, s:b}", "do", "put", "uuid", json_object_get(entry, "uuid"), "text", json_object_get(entry, which),
                                    "disk", disk));
}

static int add_delete(json_t *stage, const json_t *entry) {
        return add(stage, json_pack("{s:s, s:O}", "do", "delete", "uuid", json_object_get(entry, "uuid")));
}

/* Devices of one rank do not depend on one another. */
static int add_deactivations(json_t *steps, const json_t *plan) {
        json_t *entry, *stage = NULL;
        int64_t rank = -1;
        size_t i;
        int r = 0;

        json_array_foreach(json_object_get(plan, "deactivate"), i, entry) {
                if (!stage || dict_integer(entry, "rank", 0) != rank)
                        stage = steps_stage(steps);
                rank = dict_integer(entry, "rank", 0);
                r |= add(stage, json_pack("{s:s, s:O, s:O}", "do", "deactivate", "uuid", json_object_get(entry, "uuid"), "iface",
                                          json_object_get(entry, "iface")));
        }
        return r;
}

/* What had no profile before can only be up with the text that was put. */
static int add_activations(json_t *steps, const json_t *plan) {
        json_t *entry, *stage = NULL;
        size_t i;
        int rank = -1, r = 0;

        json_array_foreach(json_object_get(plan, "profiles"), i, entry) {
                const char *how = dict_string(entry, "how", "");
                const json_t *spec = json_object_get(entry, "spec");

                if (!streq(how, "activate") && !streq(how, "reapply"))
                        continue;
                if (!stage || layer_rank(spec) != rank)
                        stage = steps_stage(steps);
                rank = layer_rank(spec);
                r |= add(stage, json_pack("{s:s, s:O, s:O, s:O, s:b}", "do", how, "uuid", json_object_get(entry, "uuid"), "iface",
                                          json_object_get(entry, "iface"), "text", json_object_get(entry, "after"), "fresh", !json_object_get(entry, "before")));
        }
        return r;
}

json_t *journal_steps_apply(const json_t *plan, const char *checkpoint, uint32_t timeout_sec) {
        _cleanup_json_ json_t *steps = json_array();
        json_t *entry, *puts;
        size_t i;
        int r;

        r = add_adjust(steps, checkpoint, timeout_sec);
        r |= add_deactivations(steps, plan);
        puts = steps_stage(steps);
        json_array_foreach(json_object_get(plan, "profiles"), i, entry)
                if (json_object_get(entry, "after") || json_object_get(entry, "aside"))
                        r |= add_put(puts, entry, json_object_get(entry, "after") ? "after" : "aside", false);
        r |= add_activations(steps, plan);
        return r == 0 && puts ? TAKE_PTR(steps) : NULL;
}

/* Everything new is on disk before anything old goes. */
json_t *journal_steps_commit(const json_t *journal, uint32_t timeout_sec) {
        const char *checkpoint = dict_string(journal, "checkpoint", NULL);
        _cleanup_json_ json_t *steps = json_array();
        json_t *entry, *puts, *deletions;
        size_t i;
        int r = 0;

        if (timeout_sec > 0)
                r |= add_adjust(steps, checkpoint, timeout_sec);
        puts = steps_stage(steps);
        deletions = steps_stage(steps);
        json_array_foreach(json_object_get(journal, "profiles"), i, entry)
                r |= json_object_get(entry, "after") ? add_put(puts, entry, "after", true) : add_delete(deletions, entry);
        if (timeout_sec > 0)
                r |= add_alone(steps, json_pack("{s:s, s:s}", "do", "destroy", "path", checkpoint));
        return r == 0 && puts && deletions ? TAKE_PTR(steps) : NULL;
}

json_t *journal_steps_undo(const json_t *journal, bool have_checkpoint) {
        _cleanup_json_ json_t *steps = json_array();
        json_t *entry, *profiles;
        size_t i;
        int r = 0;

        if (have_checkpoint)
                r |= add_alone(steps, json_pack("{s:s, s:O}", "do", "rollback", "path", json_object_get(journal, "checkpoint")));
        profiles = steps_stage(steps);
        json_array_foreach(json_object_get(journal, "profiles"), i, entry)
                r |= json_object_get(entry, "before") ? add_put(profiles, entry, "before", true) : add_delete(profiles, entry);
        return r == 0 && profiles ? TAKE_PTR(steps) : NULL;
}

static bool is_back(const json_t *entry, const json_t *view) {
        const char *profile = dict_string(entry, "profile", NULL);
        const json_t *device = view_device(view, dict_string(entry, "iface", ""));

        return !profile || (device && view_device_is_active(device) && streq_ptr(dict_string(device, "profile", NULL), profile));
}

static bool are_all_back(const json_t *journal, const json_t *view) {
        json_t *entry;
        size_t i;

        json_array_foreach(json_object_get(journal, "devices"), i, entry)
                if (!is_back(entry, view))
                        return false;
        return true;
}

/* On its way up, or down, from where NetworkManager may be about to take it up. */
static bool is_moving(const json_t *entry, const json_t *view) {
        const char *state = dict_string(view_device(view, dict_string(entry, "iface", "")), "state", "");

        return streq(state, "activating") || streq(state, "deactivating");
}

json_t *journal_steps_restore(const json_t *journal, const json_t *view) {
        _cleanup_json_ json_t *steps = json_array();
        json_t *entry;
        size_t i;

        if (!steps)
                return NULL;
        json_array_foreach(json_object_get(journal, "devices"), i, entry)
                if (!is_back(entry, view) && !is_moving(entry, view) &&
                    add_alone(steps, json_pack("{s:s, s:O, s:O}", "do", "activate", "uuid", json_object_get(entry, "profile"), "iface", json_object_get(entry, "iface"))) < 0)
                        return NULL;
        return TAKE_PTR(steps);
}

static bool was_there(const json_t *journal, const char *iface) {
        json_t *entry;
        size_t i;

        json_array_foreach(json_object_get(journal, "devices"), i, entry)
                if (streq(dict_string(entry, "iface", ""), iface))
                        return true;
        return false;
}

/* A device that was made for a new profile, and is still on its way out: of hundreds NetworkManager takes one after the other away. */
static bool has_left_over(const json_t *journal, const json_t *view) {
        json_t *entry;
        size_t i;

        json_array_foreach(json_object_get(journal, "profiles"), i, entry) {
                const char *iface = dict_string(entry, "iface", "");

                if (!json_object_get(entry, "before") && view_device(view, iface) && !was_there(journal, iface))
                        return true;
        }
        return false;
}

bool journal_is_restored(const json_t *journal, const json_t *view) {
        return are_all_back(journal, view) && !has_left_over(journal, view);
}
