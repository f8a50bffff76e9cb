/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What two services say of a guest's NIC beyond its network: how much may go through it, and which of libvirt's network filters guards
 * it. Pure.
 */

#include "dict.h"

/* The engine's bounds. They keep what libvirt makes of them, kilobytes a second, in 32 bits of bytes. */
#define NIC_AVERAGE_MBIT_MAX 17179
#define NIC_PEAK_MBIT_MAX 34359
#define NIC_BURST_MIB_MAX 10240

/* One direction: average_mbit, peak_mbit (both 10^6 bits a second), burst_mib (2^20 bytes that may go at the peak). */
extern const DictField nic_limit_fields[];
/* limit: checked by these. What must hold between them: an average, and no peak below it. what: "inbound". Return: 0, or negative
 * with InvalidArgument set. */
int nic_limit_check(const json_t *limit, const char *what, sd_bus_error *error);

/* The filter against spoofed MAC addresses and ARP that VDSM gave every NIC. libvirt has its parts; Compute puts them together. */
#define NIC_FILTER_SPOOFING "vdsm-no-mac-spoofing"
/* A name libvirt's filters have: a word of lower-case letters, digits and hyphens. */
bool nic_filter_is_valid(const char *name);
/* Custom properties of a NIC: keys are words, values one line, all together at most NIC_CUSTOM_BYTES_MAX. */
#define NIC_CUSTOM_BYTES_MAX 4096
int nic_custom_check(const json_t *custom, sd_bus_error *error);
