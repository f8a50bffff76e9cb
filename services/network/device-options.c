/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "device-options.h"

#include <inttypes.h>

#include "bus-error.h"
#include "dict.h"
#include "parse-util.h"

#define ETHTOOL_OPTIONS_MAX 64U
#define ETHTOOL_NAME_MAX 64U
#define INVALID(error, ...) sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, __VA_ARGS__)

/* Ranges: the kernel's and NetworkManager's, the narrower of both. */
const BridgeOption bridge_options[] = {
        { "ageing_time", "ageing-time", BRIDGE_OPTION_SECONDS, 0, 100000000, 30000 },
        { "forward_delay", "forward-delay", BRIDGE_OPTION_SECONDS, 200, 3000, 1500, .with_stp = true },
        { "hello_time", "hello-time", BRIDGE_OPTION_SECONDS, 100, 1000, 200, .with_stp = true },
        { "max_age", "max-age", BRIDGE_OPTION_SECONDS, 600, 4000, 2000, .with_stp = true },
        { "priority", "priority", BRIDGE_OPTION_NUMBER, 0, 65535, 32768, .with_stp = true },
        { "group_fwd_mask", "group-forward-mask", BRIDGE_OPTION_NUMBER, 0, 65535, 0 },
        { "multicast_snooping", "multicast-snooping", BRIDGE_OPTION_FLAG, 0, 1, 1 },
        { "multicast_querier", "multicast-querier", BRIDGE_OPTION_FLAG, 0, 1, 0 },
        { "multicast_query_use_ifaddr", "multicast-query-use-ifaddr", BRIDGE_OPTION_FLAG, 0, 1, 0 },
        { "multicast_router", "multicast-router", BRIDGE_OPTION_ROUTER, 0, 2, 1 },
        { "multicast_hash_max", "multicast-hash-max", BRIDGE_OPTION_NUMBER, 1, 65536, 4096 },
        { "multicast_last_member_count", "multicast-last-member-count", BRIDGE_OPTION_NUMBER, 1, 255, 2 },
        { "multicast_startup_query_count", "multicast-startup-query-count", BRIDGE_OPTION_NUMBER, 1, 255, 2 },
        { "multicast_last_member_interval", "multicast-last-member-interval", BRIDGE_OPTION_LONG, 1, INT32_MAX, 100 },
        { "multicast_membership_interval", "multicast-membership-interval", BRIDGE_OPTION_LONG, 1, INT32_MAX, 26000 },
        { "multicast_querier_interval", "multicast-querier-interval", BRIDGE_OPTION_LONG, 1, INT32_MAX, 25500 },
        { "multicast_query_interval", "multicast-query-interval", BRIDGE_OPTION_LONG, 100, INT32_MAX, 12500 },
        { "multicast_query_response_interval", "multicast-query-response-interval", BRIDGE_OPTION_LONG, 1, INT32_MAX, 1000 },
        { "multicast_startup_query_interval", "multicast-startup-query-interval", BRIDGE_OPTION_LONG, 100, INT32_MAX, 3125 },
        {},
};

static const BridgeOption *find_option(const char *name) {
        for (const BridgeOption *option = bridge_options; option->name; option++)
                if (streq(option->name, name))
                        return option;
        return NULL;
}

static int read_bridge_option(const char *network, const char *name, const char *text, bool stp, uint64_t *ret, const BridgeOption **ret_option, sd_bus_error *error) {
        const BridgeOption *option = find_option(name);

        if (!option)
                return sd_bus_error_setf(error, RHV_ERROR_UNKNOWN_OPTION, "network %s: there is no bridge option %.40s", network, name);
        if (parse_u64(text, ret) < 0 || *ret < option->min || *ret > option->max)
                return INVALID(error, "network %s: bridge option %s must be %" PRIu64 " to %" PRIu64, network, name, option->min, option->max);
        if (option->type == BRIDGE_OPTION_SECONDS && *ret % 100 != 0)
                return INVALID(error, "network %s: bridge option %s is in 1/100 s and must be whole seconds", network, name);
        if (streq(name, "multicast_hash_max") && (*ret & (*ret - 1)) != 0)
                return INVALID(error, "network %s: bridge option %s must be a power of two", network, name);
        if (streq(name, "group_fwd_mask") && (*ret & 7) != 0)
                return INVALID(error, "network %s: the lowest three bits of bridge option %s cannot be set: the kernel never forwards those addresses", network, name);
        if (option->with_stp && !stp)
                return INVALID(error, "network %s: bridge option %s is for networks with stp", network, name);
        *ret_option = option;
        return 0;
}

int bridge_options_read(const char *network, const json_t *options, bool stp, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *canonical = json_object();
        const char *name;
        json_t *value;

        if (!canonical)
                return -ENOMEM;
        json_object_foreach((json_t *)options, name, value) {
                const BridgeOption *option = NULL;
                uint64_t number = 0;
                int r;

                r = read_bridge_option(network, name, json_string_value(value), stp, &number, &option, error);
                if (r < 0 || !option)
                        return r;
                if (number != option->fallback && json_object_set_new(canonical, name, json_sprintf("%" PRIu64, number)) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(canonical);
        return 0;
}

/* ---- ethtool ---- */

typedef struct EthtoolGroup {
        const char *prefix;
        bool flag;
} EthtoolGroup;

/* The names within a group are NetworkManager's to know: it refuses what it does not have before anything begins. */
static const EthtoolGroup groups[] = {
        { "feature-", true },
        { "pause-", true },
        { "ring-", false },
        { "coalesce-", false },
};

static bool ethtool_name_is_valid(const char *name) {
        return strlen(name) <= ETHTOOL_NAME_MAX && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == 0;
}

static int read_ethtool_option(const char *network, const char *name, const char *text, sd_bus_error *error) {
        uint32_t number;

        for (size_t i = 0; ethtool_name_is_valid(name) && i < ELEMENTSOF(groups); i++) {
                if (isempty(startswith(name, groups[i].prefix)))
                        continue;
                if (groups[i].flag && !streq(text, "on") && !streq(text, "off"))
                        return INVALID(error, "network %s: ethtool option %s must be on or off", network, name);
                if (!groups[i].flag && parse_u32(text, &number) < 0)
                        return INVALID(error, "network %s: ethtool option %s must be a number", network, name);
                return 0;
        }
        return sd_bus_error_setf(error, RHV_ERROR_UNKNOWN_OPTION, "network %s: there is no ethtool option %.40s: they begin with feature-, pause-, ring- or coalesce-",
                                 network, name);
}

int ethtool_options_read(const char *network, const json_t *options, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *canonical = json_object();
        const char *name;
        json_t *value;

        if (!canonical)
                return -ENOMEM;
        if (json_object_size(options) > ETHTOOL_OPTIONS_MAX)
                return INVALID(error, "network %s: more than %u ethtool options", network, ETHTOOL_OPTIONS_MAX);
        json_object_foreach((json_t *)options, name, value) {
                int r = read_ethtool_option(network, name, json_string_value(value), error);

                if (r < 0)
                        return r;
                if (json_object_set(canonical, name, value) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(canonical);
        return 0;
}
