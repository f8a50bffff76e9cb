/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Labels of NICs and bonds: a network with a label lies on the device that has it, wherever that is. Pure.
 *
 *     {devices: {device: label}, networks: {name: entry}}     entry: as a caller gave it, with label and without nic and bonding
 *
 * A network whose label no device has waits: it is known and not on the host. A label is on one device of a host at most; a port of a bond and a VLAN have none.
 * So giving a device a label brings all networks that have it, taking it away removes them, and changing it does both, in one set-up.
 */

#include "macro.h"

#define LABELS_VERSION 1
/* Networks that wait take no device; this is for the file. */
#define LABELLED_NETWORKS_MAX 1024U

/* Nothing labelled. New, NULL when out of memory. */
json_t *labels_new(void);
/* Whether what was read from disk is one. */
bool labels_is_valid(const json_t *labels);

/* A request with labels as one without: labels: what is known; changes: {device: label, "" for none} or NULL; networks, bonds: as a caller gave them.
 * ret_networks: networks with the device that has their label, and those that come and go with changes; ret_labels: what is known afterwards. Both new. Return: 0 or negative with
 * InvalidArgument, NotFound, AlreadyExists, InUse or LimitExceeded set. */
int labels_expand(const json_t *view, const json_t *labels, const json_t *changes, const json_t *networks, const json_t *bonds, json_t **ret_networks,
                  json_t **ret_labels, sd_bus_error *error);

/* The device that has a label, NULL if none. Borrowed. */
const char *labels_device(const json_t *labels, const char *label);
/* Names of networks that wait for their label. New, NULL when out of memory. */
json_t *labels_waiting(const json_t *labels);
