/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an agent prints as its metadata. The corpus holds what agents of fence-agents 4.12.1 print, and broken variants. */

#include <assert.h>

#include "agent-metadata.h"
#include "dict.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_json_ json_t *metadata = NULL;
        size_t i;
        json_t *parameter;

        if (agent_metadata_parse((const char *)data, size, &metadata) < 0)
                return 0;

        /* What gets through may become a line of an agent's input. */
        json_array_foreach(json_object_get(metadata, "parameters"), i, parameter) {
                const char *name = dict_string(parameter, "name", NULL);

                assert(name && *name && !strpbrk(name, "=\n\r #") && strlen(name) <= AGENT_WORD_MAX);
                assert(agent_metadata_find(metadata, name) == parameter);
                assert(agent_metadata_canonical(metadata, name));
        }
        return 0;
}
