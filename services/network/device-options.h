/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Options of bridges and NICs that a network may ask for beside what every network has. Pure.
 *
 * Bridges: names and units are those of the kernel's files in /sys/class/net/NAME/bridge (times in 1/100 s), as in VDSM's bridge_opts.
 * NICs: NetworkManager's ethtool names, "feature-tso", "ring-rx", "coalesce-rx-usecs", "pause-autoneg"; values "on", "off" or a number.
 */

#include "macro.h"

typedef enum BridgeOptionType {
        BRIDGE_OPTION_SECONDS, /* given in 1/100 s, kept by NetworkManager in whole seconds */
        BRIDGE_OPTION_NUMBER,
        BRIDGE_OPTION_LONG,    /* 64 bits */
        BRIDGE_OPTION_FLAG,
        BRIDGE_OPTION_ROUTER,  /* 0, 1, 2: the words of multicast-router */
} BridgeOptionType;

typedef struct BridgeOption {
        const char *name;     /* the kernel's; NULL ends */
        const char *property; /* NetworkManager's */
        BridgeOptionType type;
        uint64_t min, max, fallback; /* fallback: what NetworkManager sets unasked */
        bool with_stp;        /* without STP it is not set */
} BridgeOption;

extern const BridgeOption bridge_options[];

/* Checks a map of strings; ret: a new object in canonical spelling without what is the default anyway. network: for messages. Return: 0 or negative with InvalidArgument or
 * UnknownOption set. */
int bridge_options_read(const char *network, const json_t *options, bool stp, json_t **ret, sd_bus_error *error);
int ethtool_options_read(const char *network, const json_t *options, json_t **ret, sd_bus_error *error);
