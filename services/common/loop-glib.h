/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* GLib outside, sd-event as one GSource in it: for libnm. Only Network links this file. */

#include <systemd/sd-event.h>

/* Runs the default GMainContext with event inside until event exits. Return: its exit code or a negative errno. */
int loop_glib_run(sd_event *event);
