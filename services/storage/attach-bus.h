/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* Attach and Detach of org.rhv.Storage.Domain. userdata: Domain. */
int attach_method_attach(sd_bus_message *message, void *userdata, sd_bus_error *error);
int attach_method_detach(sd_bus_message *message, void *userdata, sd_bus_error *error);
