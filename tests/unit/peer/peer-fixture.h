/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Hosts and public keys for tests; nobody has the private halves. */

#include "peer-hosts.h"

#define HOST1 "11111111-1111-4111-8111-111111111111"
#define HOST2 "22222222-2222-4222-8222-222222222222"
#define KEY1 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPBWzb6abFi+vYVzJ5sgb9FfLgUXq5JtZk5ixsqvjEN1"
#define KEY2 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq1sT+7jfXbS6KmT7uKsaAmkpdSZwNRwoxHvayApxoh"
#define KEY3 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2h1z3XHUJL/mAnFg3nYyhH4xTsiKM5Fo026GZIwAup"
#define NOW (UINT64_C(1700000000) * USEC_PER_SEC)
