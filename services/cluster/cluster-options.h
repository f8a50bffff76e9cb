/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The service's own options, beside those of every service. */

#include "daemon.h"

extern const DaemonOption cluster_options[];
/* --management-network=yes (default) | no. Return: 0 or -EINVAL. */
int cluster_options_management(bool *ret);
