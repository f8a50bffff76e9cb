/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* ListDevices of org.rhv.Storage, AddDevices of org.rhv.Storage.Domain. */

#include "macro.h"

int device_method_list(sd_bus_message *message, void *userdata, sd_bus_error *error);
int device_method_add(sd_bus_message *message, void *userdata, sd_bus_error *error);
