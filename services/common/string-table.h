/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Words for enums, both ways. DEFINE_STRING_TABLE(vm_state, VmState, _VM_STATE_MAX) over a
 * `static const char *const vm_state_table[]` gives vm_state_to_string() and vm_state_from_string(); the
 * first returns NULL outside the table, the second -EINVAL for an unknown word.
 */

#include "macro.h"

#define DECLARE_STRING_TABLE(name, type)         \
        const char *name##_to_string(type value); \
        type name##_from_string(const char *word)

#define DEFINE_STRING_TABLE(name, type, max)                                          \
        const char *name##_to_string(type value) {                                    \
                if ((int)value < 0 || (int)value >= (int)(max))                       \
                        return NULL;                                                  \
                return name##_table[value];                                           \
        }                                                                             \
        type name##_from_string(const char *word) {                                   \
                for (int i = 0; word && i < (int)(max); i++)                          \
                        if (name##_table[i] && strcmp(name##_table[i], word) == 0)    \
                                return (type)i;                                       \
                return (type)-EINVAL;                                                 \
        }
