/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What must hold between all networks and bonds after a request, and between them and the host. Pure.
 * Rules after VDSM's validator; a NIC in two bonds and taking the management NIC away are refused here and not there.
 */

#include "macro.h"

/* before, after: wishes; touched: the same with only what the request names and keeps. Return: 0 or negative with InvalidArgument, InvalidState, NotFound,
 * AlreadyExists, InUse or LimitExceeded set. */
int check_wishes(const json_t *view, const json_t *before, const json_t *after, const json_t *touched, sd_bus_error *error);
