/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "domain.h"

/* Handler of Upgrade. */
int upgrade_method(sd_bus_message *message, void *userdata, sd_bus_error *error);
