/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Handlers of other objects whose work has steps (steps.h); in snapshot-bus.c, template-bus.c and export-bus.c. */

#include "object-bus.h"

int vm_method_create_snapshot(sd_bus_message *message, void *userdata, sd_bus_error *error);
int vm_method_create_template(sd_bus_message *message, void *userdata, sd_bus_error *error);
int vm_method_export(sd_bus_message *message, void *userdata, sd_bus_error *error);
int template_method_export(sd_bus_message *message, void *userdata, sd_bus_error *error);
int vm_method_clone(sd_bus_message *message, void *userdata, sd_bus_error *error);
int disk_method_extend(sd_bus_message *message, void *userdata, sd_bus_error *error);
int disk_method_sparsify(sd_bus_message *message, void *userdata, sd_bus_error *error);
int disk_method_copy(sd_bus_message *message, void *userdata, sd_bus_error *error);
int disk_method_move(sd_bus_message *message, void *userdata, sd_bus_error *error);
