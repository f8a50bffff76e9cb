/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * From a request and what is there to a list of things to do. Pure: no bus, no file, no clock, no random number.
 *
 *     {profiles:   [{iface, uuid?, spec?, inherit?, how, drift?, parked?}],   in order of activation; no uuid: a new profile; no spec: to be deleted,
 *                                                           and until then as parked says; drift: what the device alone has wrong
 *      deactivate: [{uuid, iface, rank}],                    in order; those of one rank (layer_rank()) do not depend on one another
 *      devices:    [iface],                                  what a checkpoint must cover, of what exists
 *      expect:     [{network, iface, mtu, uplink?, ...}]     what must hold afterwards (verify.h)
 *      functions:  [{nic, vfs}],                             how many virtual functions there must be then (virtual-functions.h)
 *      warnings:   {network: [text]},                        worth a second look (warnings.h)
 *      labels?, labels_before?}                              what is known of labels (labels.h) from the commit on; set by the caller
 *
 * how: "activate", "reapply" (changed without taking the device down: guests' taps stay where they are), "none" (only the notes we keep in it), "delete".
 * Profiles of others never appear, except as the source of inherited addresses.
 */

#include "macro.h"

/* networks, bonds: {name: entry} as the caller gave them. options: of the request, of which those count that change networks: layouts (layout.h), vfs (virtual-functions.h); or NULL. ret: new. Return: 1 there is something to do, 0 all is as asked for, or
 * negative with a named error set; nothing is changed in any case. */
int plan_make(const json_t *view, const json_t *networks, const json_t *bonds, const json_t *options, json_t **ret, sd_bus_error *error);

/* To put right what differs (differences.h) of networks and bonds by name: their wishes are carried out once more. names: of at least one. Otherwise as plan_make();
 * NotFound for a name that is none of these, nor a NIC with virtual functions of ours. */
int plan_sync(const json_t *view, const json_t *names, json_t **ret, sd_bus_error *error);
