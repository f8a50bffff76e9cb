/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "child.h"
#include "dict.h"
#include "domain.h"

/* Definitions of one call: what a value tree from the bus may hold, with room. */
#define OVF_DEFINITIONS_MAX 256U
/* Two stores of 128 MiB on a slow disk. */
#define OVF_WRITE_USEC (90 * USEC_PER_SEC)

/* The domain is about to be closed or destroyed: what is being written is given up. */
void ovf_cancel(Domain *domain);
/* WriteOvfStore of org.rhv.Storage.Domain. */
int ovf_method_write(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* The a{sv} of one definition, as WriteOvfStore has them; ret gets its "id". Return: 0, or negative with InvalidArgument or UnknownOption set. */
int ovf_read_definition(sd_bus_message *message, const char *id, json_t **ret, sd_bus_error *error);
/* What rhv-ovf printed. ret: its "result", new. Return: 0; a negative errno with its error set. */
int ovf_take_answer(const ChildResult *result, json_t **ret, sd_bus_error *error);
