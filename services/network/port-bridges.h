/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which bridge each tap is a port of, so that one which a set-up took off its bridge is put back. Pure.
 *
 * NetworkManager takes all ports off a bridge that it brings up anew, also those it does not manage (in a roll-back of its own it spares them, once), and brings its own ones back only. The guest
 * behind such a tap would run on with no network, and nobody would tell: libvirt gives a tap its bridge when the guest starts.
 *
 *     known: {ifindex: {port, bridge, off?, doubted?}}
 *
 * A tap that is taken off while nothing is held was taken off on purpose, and is forgotten. off: it was taken off while a set-up worked, and belongs back. doubted: not told of since the
 * listing that is under way began.
 */

#include "link-message.h"

/* bridge: the name of message->master, NULL when it has none. holds: a set-up works, or has just ended. Return: 1 known has changed, 0 it has not, or -ENOMEM. */
int port_bridges_learn(json_t *known, const LinkMessage *message, const char *bridge, bool holds);
/* A listing of all links begins; when it has ended, what was not told of is forgotten. Return of the second: whether known has changed. */
void port_bridges_doubt(json_t *known);
bool port_bridges_sweep(json_t *known);
/* Forgets taps that were off and could not be put back. Return: whether there were any. */
bool port_bridges_give_up(json_t *known);
bool port_bridges_has_off(const json_t *known) _pure_;
/* Those that are off whose bridge is there and runs a profile of ours: [{ifindex, port, bridge}]. New, NULL when out of memory. */
json_t *port_bridges_astray(const json_t *known, const json_t *view);
/* Whether what was kept in a file can be used: what a listing then tells makes it true. */
bool port_bridges_is_valid(const json_t *known) _pure_;
