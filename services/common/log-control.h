/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* org.freedesktop.LogControl1 at /org/freedesktop/LogControl1: `systemctl service-log-level rhv-compute debug`.
 * Changing the level needs uid 0. Source: org.freedesktop.LogControl1(5). */

#include "macro.h"

/* syslog_identifier: borrowed for ever. */
int log_control_register(sd_bus *bus, const char *syslog_identifier);
/* "debug" … "emerg" to 7 … 0. Return: the level or -EINVAL. */
int log_level_from_string(const char *word);
const char *log_level_to_string(int level);
