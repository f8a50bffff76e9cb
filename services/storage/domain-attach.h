/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The data center a domain belongs to: POOL_UUID of its metadata, empty or one id, and of an ISO domain any number of them between commas.
 * Nobody is kept from a domain by it but whoever attaches it. Pure.
 * Source: VDSM, lib/vdsm/storage/sd.py, attach() and detach(); the role is that of sp.py, activateSD().
 */

#include "key-value.h"
#include "parse-util.h"

/* A change of it. */
typedef struct DomainAttach {
        char data_center[UUID_STRING_MAX];
        bool detach;    /* from data_center; else attach to it */
        bool several;   /* the domain's class allows more than one */
        bool take_over; /* attach also where it belongs to another, which is not asked */
} DomainAttach;

/* POOL_UUID without what means nobody. Return: new string, "" where it belongs to nobody; NULL with errno ENOMEM, or EBADMSG where it is no list
 * of ids. */
char *domain_data_centers(const char *value);

/* Return: 1 where list was changed, 0 where it is so already, -ENOMEM, -E2BIG, -EBADMSG with BadFormat, or -EBUSY with InUse set: it belongs to
 * another, whose id the message has. */
int domain_attach_change(KeyValueList *list, const DomainAttach *attach, sd_bus_error *error);
