/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Methods of a VM that change what is attached to it. */

#include "object-bus.h"

int vm_method_attach_disk(sd_bus_message *message, void *userdata, sd_bus_error *error);
int vm_method_detach_disk(sd_bus_message *message, void *userdata, sd_bus_error *error);
int vm_method_add_nic(sd_bus_message *message, void *userdata, sd_bus_error *error);
int vm_method_update_nic(sd_bus_message *message, void *userdata, sd_bus_error *error);
int vm_method_remove_nic(sd_bus_message *message, void *userdata, sd_bus_error *error);
