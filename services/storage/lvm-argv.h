/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Command lines of LVM. Pure. Source of the settings: VDSM, lib/vdsm/storage/lvm.py.
 */

#include "macro.h"

/* A report on devices, of one group or all. option: one more word, or NULL. Fills argv (LVM_REPORT_ARGUMENTS), whose strings are borrowed. */
#define LVM_REPORT_ARGUMENTS 21U
void lvm_argv_report(const char *command, const char *devices, const char *columns, const char *group, const char *option,
                     const char *argv[static LVM_REPORT_ARGUMENTS]);
/* arguments: the command and its own. Return: a new array of borrowed strings, NULL at its end; NULL when out of memory. */
const char **lvm_argv(const char *devices, const char *const *arguments);

/* May rhv-lvm run that for the service: one of LVM's commands we use or the tool that makes the master LV's file system, on devices that are named; or a
 * question to multipathd? argv: as made by the two above, or mke2fs's, or multipathd's. */
bool lvm_argv_is_ours(const char *const *argv) _pure_;
/* One or more normal absolute paths below /dev, between commas. */
bool lvm_devices_are_valid(const char *devices);
