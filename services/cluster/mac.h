/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Addresses for new NICs, from one range 56:6f:RR:RR:00:00 to ff:ff whose middle is random per installation, as the engine
 * makes its default pool. Only the range is kept; what is in use is asked of the VMs. Given in a cycle, so that the address of a
 * NIC just removed is not given at once to another. Pure.
 */

#include "macro.h"

#define MAC_POOL_SIZE 65536U
#define MAC_STRING_MAX 18U

/* prefix: "56:6f:RR:RR". cursor: in and out, the last one given. Return: 0, or -ENOSPC when all are in use. */
int mac_allocate(const char *prefix, bool (*in_use)(const char *mac, void *userdata), void *userdata,
                 uint16_t *cursor, char ret[static MAC_STRING_MAX]);
/* From 16 random bits. */
void mac_prefix(uint16_t random, char ret[static MAC_STRING_MAX]);
