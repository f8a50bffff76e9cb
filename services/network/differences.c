/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "differences.h"

#include <stdio.h>
#include <sys/socket.h>

#include "dict.h"
#include "ip-text.h"
#include "layers.h"
#include "link-facts.h"
#include "plan-internal.h"
#include "view.h"
#include "wish.h"

typedef struct Comparison {
        json_t *list;
        const char *device, *source;
        bool failed; /* out of memory */
} Comparison;

/* wanted, is: borrowed. */
static void differ(Comparison *c, const char *field, const json_t *wanted, const json_t *is) {
        json_t *entry = json_pack("{s:s, s:s, s:o, s:o, s:s}", "device", c->device, "field", field, "wanted", value_text(wanted), "is", value_text(is),
                                  "source", c->source);

        if (!entry || json_array_append_new(c->list, entry) < 0)
                c->failed = true;
}

static void differ_text(Comparison *c, const char *field, const char *wanted, const char *is) {
        _cleanup_json_ json_t *a = json_string(wanted), *b = json_string(is);

        differ(c, field, a, b);
}

/* ---- the profile ---- */

/* Key by key within: of ipv4, ipv6, options. */
static void compare_within(Comparison *c, const char *field, const json_t *wanted, const json_t *is) {
        _cleanup_json_ json_t *keys = json_object();
        const char *key;
        json_t *value;

        if (!keys || (wanted && json_object_update(keys, (json_t *)wanted) < 0) || (is && json_object_update(keys, (json_t *)is) < 0)) {
                c->failed = true;
                return;
        }
        json_object_foreach(keys, key, value) {
                const json_t *a = json_object_get(wanted, key), *b = json_object_get(is, key);
                char name[64];

                if (a && b && json_equal(a, b))
                        continue;
                (void) snprintf(name, sizeof name, "%s.%s", field, key);
                differ(c, name, a, b);
        }
}

static void compare_profile(Comparison *c, const json_t *profile, const json_t *spec) {
        _cleanup_json_ json_t *fields = plan_spec_diff(profile, spec);
        json_t *field;
        size_t i;

        if (!fields)
                c->failed = true;
        json_array_foreach(fields, i, field) {
                const char *name = json_string_value(field);
                const json_t *wanted = json_object_get(spec, name), *is = json_object_get(profile, name);

                if (streq(name, "network") || streq(name, "networks") || streq(name, "bond") || streq(name, "nic") || streq(name, "port"))
                        continue; /* notes, and what follows from master */
                if (json_is_object(wanted) || json_is_object(is))
                        compare_within(c, name, wanted, is);
                else
                        differ(c, name, wanted, is);
        }
}

/* ---- the kernel ---- */

static void compare_integer(Comparison *c, const char *field, const json_t *spec, const json_t *is) {
        const json_t *wanted = json_object_get(spec, field);

        if (wanted && is && json_integer_value(wanted) != json_integer_value(is))
                differ(c, field, wanted, is);
}

static void compare_string(Comparison *c, const char *field, const json_t *spec, const char *is) {
        const char *wanted = dict_string(spec, field, NULL);

        if (wanted && is && !streq(wanted, is))
                differ_text(c, field, wanted, is);
}

/* What was given must be there; what DHCP or a router gave beside it is theirs. A device that shall have none has none but link-local ones. */
static void compare_addresses(Comparison *c, const char *field, const json_t *ip, const json_t *have) {
        bool none = streq(dict_string(ip, "method", ""), "none");
        json_t *address;
        char name[32];
        size_t i;

        (void) snprintf(name, sizeof name, "%s.addresses", field);
        json_array_foreach(json_object_get(ip, "addresses"), i, address)
                if (!json_array_has(have, json_string_value(address))) {
                        differ(c, name, json_object_get(ip, "addresses"), have);
                        return;
                }
        json_array_foreach((json_t *)have, i, address)
                if (none && !ip_is_link_local(json_string_value(address))) {
                        differ(c, name, NULL, have);
                        return;
                }
}

static void compare_gateway(Comparison *c, const char *field, const json_t *ip, const json_t *spec, const char *is) {
        const char *wanted = dict_string(ip, "gateway", NULL);

        if (wanted && dict_boolean(spec, "default_route", false) && !streq(wanted, is))
                differ_text(c, field, wanted, is);
}

static void compare_routes(Comparison *c, const char *field, const json_t *ip, int family, const json_t *device) {
        json_t *route;
        size_t i;

        json_array_foreach(json_object_get(ip, "routes"), i, route)
                if (!view_has_route(device, family, route))
                        differ(c, field, route, NULL);
}

static void compare_stp(Comparison *c, const json_t *spec, const json_t *facts) {
        const char *state = dict_string(json_object_get(facts, "bridge"), "stp_state", NULL);
        bool wanted = dict_boolean(spec, "stp", false);

        if (state && wanted == streq(state, "0"))
                differ_text(c, "stp", wanted ? "true" : "false", wanted ? "false" : "true");
}

/* The files of the bridge, and what its ports and itself are in. */
static void compare_vlans(Comparison *c, const json_t *spec, const json_t *facts) {
        static const char *const files[][2] = { { "vlan_filtering", "1" }, { "default_pvid", "0" } };
        const char *is = dict_string(facts, "vlans", NULL), *wanted = dict_string(spec, "vlans", "");
        bool aware = dict_boolean(spec, "vlan_aware", false);

        for (size_t i = 0; aware && i < ELEMENTSOF(files); i++) {
                const char *text = dict_string(json_object_get(facts, "bridge"), files[i][0], NULL);

                if (text && !streq(text, files[i][1]))
                        differ_text(c, files[i][0], files[i][1], text);
        }
        if (is && (aware || *wanted) && !streq(is, wanted))
                differ_text(c, "vlans", wanted, is);
}

/* "10.0.0.1,10.0.0.2" is shown with spaces between. */
static bool option_is(const char *is, const char *wanted) {
        if (streq(is, wanted) || link_option_is(is, wanted))
                return true;
        if (!strchr(wanted, ','))
                return false;
        while (*wanted) {
                size_t length = strcspn(wanted, ",");
                _cleanup_free_ char *piece = strndup(wanted, length);

                if (!piece || !link_option_is(is, piece))
                        return false;
                wanted += length;
                wanted += *wanted == ',';
        }
        return true;
}

/* The driver keeps delays as multiples of miimon. */
static bool is_rounded(const char *key, const char *is, const char *wanted, const json_t *all) {
        unsigned long miimon = strtoul(dict_string(all, "miimon", "0"), NULL, 10), delay = strtoul(wanted, NULL, 10);

        return miimon > 0 && (streq(key, "updelay") || streq(key, "downdelay")) && strtoul(is, NULL, 10) == delay / miimon * miimon;
}

/* An option the kernel does not show under that name is not compared; which port is active is the bond's own affair after a failure. */
static void compare_bond_options(Comparison *c, const json_t *wanted, const json_t *have) {
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)wanted, key, value) {
                const char *is = dict_string(have, key, NULL), *text = json_string_value(value);
                char name[64];

                if (!is || !text || streq(key, "active_slave") || option_is(is, text) || is_rounded(key, is, text, wanted))
                        continue;
                (void) snprintf(name, sizeof name, "options.%s", key);
                differ_text(c, name, text, is);
        }
}

/* All of a bridge are numbers, some shown in hexadecimal. */
static void compare_bridge_options(Comparison *c, const json_t *wanted, const json_t *have) {
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)wanted, key, value) {
                const char *is = dict_string(have, key, NULL), *text = json_string_value(value);
                char name[64];

                if (!is || !text || strtoull(is, NULL, 0) == strtoull(text, NULL, 10))
                        continue;
                (void) snprintf(name, sizeof name, "bridge_options.%s", key);
                differ_text(c, name, text, is);
        }
}

/* Only a device that is up with our profile has something to be compared. */
static void compare_device(Comparison *c, const json_t *view, const json_t *spec) {
        const json_t *device = view_device(view, c->device), *facts = json_object_get(json_object_get(view, "links"), c->device);
        const json_t *mtu = json_object_get(facts, "mtu") ?: json_object_get(device, "mtu");

        if (!device || !view_device_is_active(device))
                return;
        c->source = "kernel";
        compare_integer(c, "mtu", spec, mtu);
        compare_integer(c, "vlan", spec, json_object_get(device, "vlan"));
        compare_integer(c, "vfs", spec, json_object_get(facts, "vfs"));
        compare_string(c, "parent", spec, dict_string(device, "parent", NULL));
        compare_string(c, "master", spec, facts ? dict_string(facts, "master", "") : dict_string(device, "master", ""));
        compare_string(c, "mac", spec, dict_string(facts, "address", NULL));
        if (streq(dict_string(spec, "kind", ""), "bridge"))
                compare_stp(c, spec, facts);
        compare_vlans(c, spec, facts);
        compare_bond_options(c, json_object_get(spec, "options"), json_object_get(json_object_get(facts, "bond"), "options"));
        compare_bridge_options(c, json_object_get(spec, "bridge_options"), json_object_get(facts, "bridge"));
        compare_addresses(c, "ipv4", json_object_get(spec, "ipv4"), json_object_get(device, "addresses"));
        compare_addresses(c, "ipv6", json_object_get(spec, "ipv6"), json_object_get(device, "addresses6"));
        compare_routes(c, "ipv4.routes", json_object_get(spec, "ipv4"), AF_INET, device);
        compare_routes(c, "ipv6.routes", json_object_get(spec, "ipv6"), AF_INET6, device);
        compare_gateway(c, "ipv4.gateway", json_object_get(spec, "ipv4"), spec, dict_string(device, "gateway", ""));
        compare_gateway(c, "ipv6.gateway", json_object_get(spec, "ipv6"), spec, dict_string(device, "gateway6", ""));
}

json_t *differences_device(const json_t *view, const char *iface, const json_t *spec) {
        Comparison c = { .list = json_array(), .device = iface };
        _cleanup_json_ json_t *list = c.list;

        if (!list)
                return NULL;
        compare_device(&c, view, spec);
        return c.failed ? NULL : TAKE_PTR(list);
}

/* ---- a layer ---- */

static bool compare_active_profile(Comparison *c, const json_t *view, const char *uuid) {
        const json_t *device = view_device(view, c->device);
        const char *active = dict_string(device, "profile", NULL);
        char ours[32];

        if (!device || !view_device_is_active(device) || streq_ptr(active, uuid))
                return true;
        (void) snprintf(ours, sizeof ours, "rhv-%s", c->device);
        c->source = "other-profile";
        differ_text(c, "profile", ours, dict_string(json_object_get(json_object_get(view, "profiles"), active ?: ""), "id", active ?: ""));
        return false;
}

/* A link that is down ("unavailable") is no matter of settings, and one that comes up is under way. */
static void compare_state(Comparison *c, const json_t *view) {
        static const char *const usual[] = { "activated", "activating", "deactivating", "unavailable", "unknown" };
        const char *state = dict_string(view_device(view, c->device), "state", "absent");

        for (size_t i = 0; i < ELEMENTSOF(usual); i++)
                if (streq(state, usual[i]))
                        return;
        c->source = "kernel";
        differ_text(c, "state", "activated", state);
}

/* The first that is wrong of: the profile, which profile the device runs, what the device has. What follows from one is not told again as another. */
static void compare_layer(Comparison *c, const json_t *view, const char *uuid, const json_t *spec) {
        const json_t *profile = uuid ? json_object_get(json_object_get(view, "profiles"), uuid) : NULL;
        size_t before = json_array_size(c->list);
        char ours[32];

        c->source = "profile";
        if (!profile) {
                (void) snprintf(ours, sizeof ours, "rhv-%s", c->device);
                differ_text(c, "profile", ours, "");
                return;
        }
        compare_profile(c, json_object_get(profile, "spec"), spec);
        if (json_array_size(c->list) == before)
                compare_state(c, view);
        if (compare_active_profile(c, view, uuid) && json_array_size(c->list) == before)
                compare_device(c, view, spec);
}

/* What is needed for each network and bond. Devices are shared, one by hundreds of networks perhaps: each is compared once. */
typedef struct Survey {
        const json_t *view, *wishes;
        json_t *all;   /* layers_make() of all wishes */
        json_t *uuids; /* of our profiles, by device */
        json_t *known; /* {device: what differs} */
} Survey;

static int survey_init(Survey *survey, const json_t *view, const json_t *wishes) {
        *survey = (Survey){ .view = view, .wishes = wishes, .all = layers_make(wishes), .uuids = view_own_uuids(view), .known = json_object() };
        return survey->all && survey->uuids && survey->known ? 0 : -ENOMEM;
}

static void survey_done(Survey *survey) {
        json_decref(survey->all);
        json_decref(survey->uuids);
        json_decref(survey->known);
}
#define _cleanup_survey_ _cleanup_(survey_done)

/* spec: for a device that is not among all. Borrowed, NULL when out of memory. */
static json_t *survey_device(Survey *survey, const char *device, const json_t *spec) {
        Comparison c = { .list = json_object_get(survey->known, device), .device = device };

        if (c.list)
                return c.list;
        c.list = json_array();
        if (!c.list || json_object_set_new(survey->known, device, c.list) < 0)
                return NULL;
        compare_layer(&c, survey->view, dict_string(survey->uuids, device, NULL), json_object_get(survey->all, device) ?: spec);
        return c.failed ? NULL : c.list;
}

/* kind: "networks" or "bonds". New, NULL when out of memory. */
static json_t *survey_one(Survey *survey, const char *kind, const char *name) {
        bool bond = streq(kind, "bonds");
        _cleanup_json_ json_t *one = json_pack("{s:{s:O?}, s:{}}", kind, name, json_object_get(json_object_get(survey->wishes, kind), name), bond ? "networks" : "bonds"),
                              *layers = one ? plan_touched_layers(one, survey->wishes) : NULL, *list = json_array();
        const char *device;
        json_t *spec;

        if (!layers || !list)
                return NULL;
        json_object_foreach(layers, device, spec) {
                json_t *differences = survey_device(survey, device, spec);

                if (!differences || json_array_extend(list, differences) < 0)
                        return NULL;
        }
        return TAKE_PTR(list);
}

json_t *differences_network(const json_t *view, const json_t *wishes, const char *network) {
        _cleanup_survey_ Survey survey;

        return survey_init(&survey, view, wishes) < 0 ? NULL : survey_one(&survey, "networks", network);
}

json_t *differences_bond(const json_t *view, const json_t *wishes, const char *bond) {
        _cleanup_survey_ Survey survey;

        return survey_init(&survey, view, wishes) < 0 ? NULL : survey_one(&survey, "bonds", bond);
}

json_t *differences_all(const json_t *view, const json_t *wishes) {
        static const char *const kinds[] = { "networks", "bonds" };
        _cleanup_json_ json_t *result = json_pack("{s:{}, s:{}}", kinds[0], kinds[1]);
        _cleanup_survey_ Survey survey;
        const char *name;
        json_t *wish;

        if (survey_init(&survey, view, wishes) < 0)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                json_object_foreach(json_object_get(wishes, kinds[i]), name, wish) {
                        json_t *differences = survey_one(&survey, kinds[i], name);

                        if (!differences || json_object_set_new(json_object_get(result, kinds[i]), name, differences) < 0)
                                return NULL;
                }
        return TAKE_PTR(result);
}

/* ---- in words ---- */

static int append_difference(char **text, const json_t *entry) {
        const char *device = dict_string(entry, "device", ""), *field = dict_string(entry, "field", ""), *wanted = dict_string(entry, "wanted", ""),
                   *is = dict_string(entry, "is", ""), *between = **text ? "; " : "";
        char *longer;
        int n;

        if (!*is)
                n = asprintf(&longer, "%s%s%s: %s %s is missing", *text, between, device, field, wanted);
        else if (!*wanted)
                n = asprintf(&longer, "%s%s%s: %s is %s, and should not be", *text, between, device, field, is);
        else
                n = asprintf(&longer, "%s%s%s: %s is %s, not %s", *text, between, device, field, is, wanted);
        if (n < 0)
                return -ENOMEM;
        free(*text);
        *text = longer;
        return 0;
}

char *differences_text(const json_t *differences) {
        _cleanup_free_ char *text = strdup("");
        json_t *entry;
        size_t i;

        json_array_foreach((json_t *)differences, i, entry)
                if (!text || append_difference(&text, entry) < 0)
                        return NULL;
        return TAKE_PTR(text);
}

json_t *differences_fields(const json_t *differences) {
        _cleanup_json_ json_t *fields = json_array();
        json_t *entry;
        size_t i;

        json_array_foreach((json_t *)differences, i, entry)
                if (!fields || json_array_append(fields, json_object_get(entry, "field")) < 0)
                        return NULL;
        return TAKE_PTR(fields);
}
