/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Code points of UTF-8 text that was found valid (utf8_is_valid()). Pure. */

#include "macro.h"

#define UTF8_BYTES_MAX 4U
#define UTF8_CODE_MAX 0x10ffffU

/* The next code point; *s moves behind it. Not at the end of the text. */
uint32_t utf8_next(const char **s);
/* Return: how many bytes, or 0 for what is no code point (above the maximum, or a surrogate). */
size_t utf8_put(uint32_t code, char ret[static UTF8_BYTES_MAX]);
