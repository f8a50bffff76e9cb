/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Methods of a storage domain about what lies on it and is not in the model: an answer waits for Storage's look at it. */

#include "object-bus.h"

int storage_domain_method_list_unregistered(sd_bus_message *message, void *userdata, sd_bus_error *error);
int storage_domain_method_register_disk(sd_bus_message *message, void *userdata, sd_bus_error *error);
int storage_domain_method_register_vm(sd_bus_message *message, void *userdata, sd_bus_error *error);
int storage_domain_method_register_template(sd_bus_message *message, void *userdata, sd_bus_error *error);
/* import-bus.c */
int storage_domain_method_import_vm(sd_bus_message *message, void *userdata, sd_bus_error *error);
int storage_domain_method_import_template(sd_bus_message *message, void *userdata, sd_bus_error *error);
/* export-bus.c */
int storage_domain_method_remove_exported(sd_bus_message *message, void *userdata, sd_bus_error *error);
