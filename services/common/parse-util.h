/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Strict readers and predicates for what comes from outside: the whole string or an error. Pure. */

#include "macro.h"

#define UUID_STRING_MAX 37U

/* Decimal digits only: no sign, no space, no base prefix. Return: 0, -EINVAL or -ERANGE. */
int parse_u64(const char *s, uint64_t *ret);
int parse_u32(const char *s, uint32_t *ret);

/* 8-4-4-4-12 lower-case hex digits: the only spelling that is a file name on an oVirt domain. */
bool uuid_is_valid(const char *s) _pure_;
/* A new random (version 4) UUID. Return: 0 or a negative errno. */
int uuid_generate(char ret[static UUID_STRING_MAX]);

/* A name a person gives: 1 to max bytes of valid UTF-8, no control character, no leading or trailing space. */
bool label_is_valid(const char *s, size_t max);
/* As label_is_valid() and also no slash, and only [A-Za-z0-9._-], not beginning with '-' or '.': VM, host, network. */
bool name_is_valid(const char *s, size_t max) _pure_;
bool utf8_is_valid(const char *s, size_t length) _pure_;
/* aa:bb:cc:dd:ee:ff in lower-case, unicast. */
bool mac_is_valid(const char *s) _pure_;
/* Absolute, normal (no empty, "." or ".." element, no trailing slash), without control characters. */
bool path_is_normal(const char *s) _pure_;
