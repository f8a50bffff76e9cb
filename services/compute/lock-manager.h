/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whether libvirt keeps the leases of guests. It takes any <lease> in a guest's XML, and with its default lock manager does nothing about it: two
 * hosts would then run the same guest. libvirt does not tell which one it has, so its configuration is read.
 */

#include <time.h>

#include "macro.h"

#define LOCK_MANAGER_NAME_MAX 64U

/* The value of lock_manager in the text of qemu.conf; "nop" where it is not set. Pure. Return: 0; -EBADMSG for one that cannot be read. */
int lock_manager_parse(const char *text, char ret[static LOCK_MANAGER_NAME_MAX]);

/* May a guest with leases be started? Return: 0; -EPERM with NotSupported set, which says what to do. */
int lock_manager_check(sd_bus_error *error);
