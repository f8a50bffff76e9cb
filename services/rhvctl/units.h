/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sizes, durations and times as people write and read them. Pure (but for the time zone of format_time()). */

#include "macro.h"

/* Long enough for anything formatted here. */
#define UNITS_TEXT_MAX 64U

/* "512M", "10G", "1.5T", "4096", "10GiB": IEC units (K M G T P, powers of 1024), optionally followed by "iB" or "B".
 * A fraction needs a unit and must come to whole bytes. At most 2^63-1, as the bus takes no more.
 * Return: 0, -EINVAL (not a size) or -ERANGE (too large). */
int parse_size(const char *s, uint64_t *ret_bytes);

/* "90" (seconds), "500ms", "30s", "5min", "2h", "1d", and sums such as "1h30min". Return: 0, -EINVAL or -ERANGE. */
int parse_duration(const char *s, uint64_t *ret_usec);

/* "10 GiB", "1.5 GiB", "512 MiB", "17 B". Return: ret. */
const char *format_size(uint64_t bytes, char ret[static UNITS_TEXT_MAX]);

/* The two largest parts: "3d 4h", "2min 5s", "350ms". Return: ret. */
const char *format_duration(uint64_t usec, char ret[static UNITS_TEXT_MAX]);

/* Local time, "2026-01-31 12:00:00"; "-" for 0. Return: ret. */
const char *format_time(uint64_t usec_since_1970, char ret[static UNITS_TEXT_MAX]);
