/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bond-options.h"

#include "bus-error.h"
#include "ip-text.h"
#include "parse-util.h"

/* Bit n stands for mode n. */
#define ALL_MODES 0x7fU
#define MODE(n) (1U << (n))

static const char *const modes[] = {
        "balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb",
};

typedef struct OptionRule {
        const char *name;
        unsigned modes;          /* where it means something */
        uint32_t min, max;       /* for numbers; both 0: a word */
        const char *const *words;
} OptionRule;

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const OptionRule rules[] = {
        { "miimon", ALL_MODES, 0, 60000, NULL },
        { "updelay", ALL_MODES, 0, 600000, NULL },
        { "downdelay", ALL_MODES, 0, 600000, NULL },
        { "use_carrier", ALL_MODES, 0, 1, NULL },
        { "arp_interval", MODE(0) | MODE(1) | MODE(2) | MODE(3), 0, 60000, NULL },
        { "arp_ip_target", MODE(0) | MODE(1) | MODE(2) | MODE(3), 0, 0, NULL },
        { "arp_validate", MODE(0) | MODE(1) | MODE(2) | MODE(3), 0, 0,
          WORDS("none", "active", "backup", "all", "filter", "filter_active", "filter_backup") },
        { "primary", MODE(1) | MODE(5) | MODE(6), 0, 0, NULL },
        { "primary_reselect", MODE(1) | MODE(5) | MODE(6), 0, 0, WORDS("always", "better", "failure") },
        { "fail_over_mac", MODE(1), 0, 0, WORDS("none", "active", "follow") },
        { "num_grat_arp", MODE(1), 0, 255, NULL },
        { "num_unsol_na", MODE(1), 0, 255, NULL },
        { "xmit_hash_policy", MODE(2) | MODE(4) | MODE(5), 0, 0,
          WORDS("layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4", "vlan+srcmac") },
        { "lacp_rate", MODE(4), 0, 0, WORDS("slow", "fast") },
        { "ad_select", MODE(4), 0, 0, WORDS("stable", "bandwidth", "count") },
        { "min_links", MODE(4), 0, 64, NULL },
        { "all_slaves_active", ALL_MODES, 0, 1, NULL },
        { "resend_igmp", MODE(1) | MODE(5) | MODE(6), 0, 255, NULL },
        { "packets_per_slave", MODE(0), 0, 65535, NULL },
        { "tlb_dynamic_lb", MODE(5), 0, 1, NULL },
        { "lp_interval", MODE(5) | MODE(6), 1, 0x7fffffff, NULL },
};

static int mode_number(const char *mode) {
        for (int i = 0; mode && i < (int)ELEMENTSOF(modes); i++)
                if (streq(mode, modes[i]) || (mode[0] == '0' + i && mode[1] == 0))
                        return i;
        return -EINVAL;
}

const char *bond_mode_word(const char *mode) {
        int n = mode_number(mode);

        return n < 0 ? NULL : modes[n];
}

bool bond_mode_fits_bridge(const char *word) {
        int n = mode_number(word);

        return n >= 1 && n <= 4;
}

/* Addresses joined by commas; the kernel's BOND_MAX_ARP_TARGETS of them at most. */
static bool arp_targets_are_valid(const char *value) {
        for (unsigned n = 0; n < 16; n++) {
                size_t length = strcspn(value, ",");
                _cleanup_free_ char *address = strndup(value, length);

                if (!address || !ip4_address_is_valid(address))
                        return false;
                value += length;
                if (!*value++)
                        return true;
        }
        return false;
}

static bool value_fits(const OptionRule *rule, const char *value) {
        uint32_t number;

        if (rule->words) {
                for (const char *const *w = rule->words; *w; w++)
                        if (streq(*w, value))
                                return true;
                return false;
        }
        if (streq(rule->name, "arp_ip_target"))
                return arp_targets_are_valid(value);
        if (streq(rule->name, "primary"))
                return !isempty(value);

        return parse_u32(value, &number) >= 0 && number >= rule->min && number <= rule->max;
}

static int check_option(const char *bond, int mode, const char *key, const char *value, sd_bus_error *error) {
        for (size_t i = 0; i < ELEMENTSOF(rules); i++) {
                if (!streq(rules[i].name, key))
                        continue;
                if (!(rules[i].modes & MODE(mode)))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                                 "Bond %s: option %s has no place in mode %s", bond, key, modes[mode]);
                if (!value_fits(&rules[i], value))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Bond %s: %s cannot be '%s'", bond,
                                                 key, value);
                return 0;
        }

        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Bond %s: there is no bonding option '%s'", bond, key);
}

int bond_options_read(const char *bond, const json_t *options, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *canonical = json_object();
        const char *given = json_string_value(json_object_get(options, "mode")), *key;
        int mode = given ? mode_number(given) : BOND_MODE_DEFAULT, r;
        json_t *value;

        if (!canonical)
                return -ENOMEM;
        if (mode < 0)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Bond %s: there is no mode '%s'", bond, given);

        json_object_foreach((json_t *)options, key, value) {
                if (streq(key, "mode"))
                        continue;
                r = check_option(bond, mode, key, json_string_value(value), error);
                if (r < 0)
                        return r;
                if (json_object_set(canonical, key, value) < 0)
                        return -ENOMEM;
        }

        if (json_object_get(canonical, "arp_interval")) {
                if (json_object_get(canonical, "miimon"))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                                 "Bond %s: miimon and arp_interval exclude one another", bond);
                if (!json_object_get(canonical, "arp_ip_target"))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                                 "Bond %s: arp_interval needs arp_ip_target", bond);
        } else if (!json_object_get(canonical, "miimon") && json_object_set_new(canonical, "miimon", json_string("100")) < 0)
                return -ENOMEM; /* without it no failed link is ever noticed */

        if (json_object_set_new(canonical, "mode", json_string(modes[mode])) < 0)
                return -ENOMEM;

        *ret = TAKE_PTR(canonical);
        return 0;
}
