/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Attached shared domains are brought into their lockspaces and their leases acquired (domain-life.h), each as a job of the kind "attach-storage-domain", and
 * again after whatever took them away; what is refused is tried again with growing pauses.
 */

#include "manager.h"

/* What the domain is has moved: looked at when the loop is idle. */
void domain_keep_later(Manager *manager);
void domain_keep_stop(Manager *manager);
/* For the caller who has just attached it: his job. */
void domain_keep_begin(Manager *manager, Object *domain, uid_t uid);
/* steps-done.c: such a job ended. reason: NULL where it went well. */
void domain_keep_ended(Manager *manager, Object *domain, const char *reason);
