/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where the programs of the peer link meet. */

#include "config.h"

#define PEER_USER "rhv-peer"
/* Public: written by Cluster, read by the key program. */
#define PEER_DIRECTORY RHV_STATE_DIR "/peer"
#define PEER_HOSTS_PATH PEER_DIRECTORY "/hosts.json"
/* Cluster's private socket, in a directory that only root and the group rhv-peer enter, and that gives its group to what is made in it. */
#define PEER_SOCKET_PATH "/run/rhv/peer/cluster"
/* Where Cluster has a peer dialled (rhv-peer-dial.socket). Only root may connect. */
#define PEER_DIAL_PATH "/run/rhv/peer-dial"
/* The only configuration that ssh reads. */
#define PEER_SSH_CONFIG RHV_DATA_DIR "/peer-ssh.conf"
