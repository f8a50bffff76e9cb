/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* InspectForeign: a call that waits for rhv-inspect's answer. */

#include "macro.h"

/* Directories looked at at once; one that hangs takes one place until its time is up. */
#define INSPECTIONS_MAX 8U
/* Ten thousand images on a slow file server; then the answer is that it does not answer. */
#define INSPECT_USEC (600 * USEC_PER_SEC)
/* Some 200,000 volumes. */
#define INSPECT_OUTPUT_MAX (64 * MIB)

int manager_method_inspect_foreign(sd_bus_message *message, void *userdata, sd_bus_error *error);
