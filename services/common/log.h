/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Structured logging: to the journal where the service manager gave us one, else lines on stderr. The level is the
 * process's one global and may be changed at run time through org.freedesktop.LogControl1. Safe from any thread.
 *
 * A message an administrator should look up carries a message id with a text in units/rhv-*.catalog.
 * No secret ever goes into a message or a field.
 */

#include <syslog.h>

#include "macro.h"

void log_set_level(int level);
int log_get_level(void) _pure_;
/* "journal" or "console": where messages go. */
const char *log_get_target(void) _pure_;
/* Sets the SYSLOG_IDENTIFIER; borrowed, so a literal. Called once before anything is logged. */
void log_open(const char *identifier);

/* Field names and values, alternating: LOG_FIELDS("RHV_VM", vm->id, "RHV_JOB", id). A NULL value leaves that field out. */
#define LOG_FIELDS(...) ((const char *const[]){ __VA_ARGS__, NULL, NULL, NULL })

/* message_id: 32 hex digits or NULL. fields: as made by LOG_FIELDS, or NULL. */
void log_full(int level, const char *message_id, const char *const *fields, const char *format, ...) _printf_(4, 5);
/* The same with the text of errno -r appended and ERRNO= as field. Return: r. */
int log_full_errno(int level, int r, const char *message_id, const char *const *fields, const char *format, ...)
        _printf_(5, 6);

#define log_debug(...) log_full(LOG_DEBUG, NULL, NULL, __VA_ARGS__)
#define log_info(...) log_full(LOG_INFO, NULL, NULL, __VA_ARGS__)
#define log_notice(...) log_full(LOG_NOTICE, NULL, NULL, __VA_ARGS__)
#define log_warning(...) log_full(LOG_WARNING, NULL, NULL, __VA_ARGS__)
#define log_error(...) log_full(LOG_ERR, NULL, NULL, __VA_ARGS__)
#define log_debug_errno(r, ...) log_full_errno(LOG_DEBUG, r, NULL, NULL, __VA_ARGS__)
#define log_info_errno(r, ...) log_full_errno(LOG_INFO, r, NULL, NULL, __VA_ARGS__)
#define log_warning_errno(r, ...) log_full_errno(LOG_WARNING, r, NULL, NULL, __VA_ARGS__)
#define log_error_errno(r, ...) log_full_errno(LOG_ERR, r, NULL, NULL, __VA_ARGS__)
