/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan-report.h"

#include "dict.h"
#include "plan-internal.h"
#include "view.h"

json_t *value_text(const json_t *value) {
        _cleanup_free_ char *text = NULL;

        if (!value || json_is_null(value))
                return json_string("");
        if (json_is_string(value))
                return json_incref((json_t *)value);
        text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
        return text ? json_string(text) : NULL;
}

/* What the device alone has wrong, in the words of a change. */
static int add_drift(json_t *changes, const json_t *drift) {
        json_t *entry;
        size_t i;

        json_array_foreach((json_t *)drift, i, entry)
                if (json_array_append_new(changes, json_pack("{s:O, s:O, s:O}", "field", json_object_get(entry, "field"), "from", json_object_get(entry, "is"),
                                                             "to", json_object_get(entry, "wanted"))) < 0)
                        return -ENOMEM;
        return 0;
}

/* NULL where is, or wanted, are not there at all. */
static json_t *changes_of(const json_t *is, const json_t *wanted, const json_t *drift) {
        _cleanup_json_ json_t *changes = json_array(), *fields = is && wanted ? plan_spec_diff(is, wanted) : json_array();
        const json_t *field;
        size_t i;

        if (!changes || !fields || add_drift(changes, drift) < 0)
                return NULL;
        json_array_foreach(fields, i, field) {
                const char *name = json_string_value(field);
                json_t *from = value_text(json_object_get(is, name)), *to = value_text(json_object_get(wanted, name));

                if (json_array_append_new(changes, json_pack("{s:s, s:o, s:o}", "field", name, "from", from, "to", to)) < 0)
                        return NULL;
        }
        return TAKE_PTR(changes);
}

static json_t *step_report(const json_t *view, const json_t *step) {
        const char *device = dict_string(step, "iface", ""), *how = dict_string(step, "how", "");
        const json_t *wanted = json_object_get(step, "spec"), *is = NULL;
        const bool removed = streq(how, "delete");

        if (dict_string(step, "uuid", NULL))
                is = json_object_get(view_own_profile(view, device, NULL), "spec");
        return json_pack("{s:s, s:s, s:s, s:o}", "device", device, "action", removed ? "remove" : is ? "change" : "create", "effect",
                         removed ? "none" : how, "changes", changes_of(is, wanted, json_object_get(step, "drift")));
}

static int add_warnings(json_t *report, const json_t *warnings) {
        const char *network;
        json_t *list, *text;
        size_t i;

        json_object_foreach((json_t *)warnings, network, list)
                json_array_foreach(list, i, text) {
                        json_t *step = json_pack("{s:s, s:s, s:s, s:[{s:O, s:s, s:s}]}", "device", network, "action", "warning", "effect", "none", "changes", "field", text,
                                                 "from", "", "to", "");

                        if (json_array_append_new(report, step) < 0)
                                return -ENOMEM;
                }
        return 0;
}

json_t *plan_report(const json_t *view, const json_t *plan) {
        _cleanup_json_ json_t *report = json_array();
        const json_t *step;
        size_t i;

        json_array_foreach(json_object_get(plan, "profiles"), i, step)
                if (!report || json_array_append_new(report, step_report(view, step)) < 0)
                        return NULL;
        if (json_array_size(report) > 0 && add_warnings(report, json_object_get(plan, "warnings")) < 0)
                return NULL;
        return TAKE_PTR(report);
}
