/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* libvirt's network filters, of which a NIC may have one. Called in the thread that connects. */

#include <libvirt/libvirt.h>

#include "macro.h"

/* Names of all filters there are, in order; the one VDSM had is made where its parts are there. Without libvirt's filter driver there is
 * none. Return: new array, NULL when out of memory. */
json_t *virt_filters(virConnectPtr conn);
