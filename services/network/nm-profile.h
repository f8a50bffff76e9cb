/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Specs (view.h) to NetworkManager profiles and back. Only the nm-*.c files include this. */

#include <NetworkManager.h>

#include "macro.h"

/* Ours beats any profile of others for the same device, which so need not be touched: NetworkManager's highest priority. */
#define NM_PROFILE_PRIORITY 999

/* New, verified and normalised profile. inherit: whose IP settings are taken over as they are; may be NULL. */
NMConnection *nm_profile_build(const char *uuid, const json_t *spec, NMConnection *inherit, GError **error);
/* The spec of any profile; what we have no word for is left out. New, NULL when out of memory. */
json_t *nm_profile_read(NMConnection *connection);
bool nm_profile_is_ours(NMConnection *connection);

/* All settings but secrets as text and back. New string; new floating-free GVariant of type a{sa{sv}}. */
char *nm_profile_print(NMConnection *connection);
GVariant *nm_profile_parse(const char *text, GError **error);
