/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Anything a service answers, as JSON: what is shown must be readable whatever a newer service sends. */

#include "macro.h"

/* One complete value at the message's position. Dictionaries become objects, arrays and structures arrays, variants what
 * is inside; an integer above 2^63-1 becomes 2^63-1, a file descriptor null. Return: 0; -ENXIO at the message's end; -ELOOP
 * when nested too deep; other negative errnos. */
int value_read(sd_bus_message *message, json_t **ret);
