/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as dom_md/metadata: refused with a reason, or written back to a text that reads the same and is sealed. */

#include "fuzz.h"

#include "domain-metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(key_value_clear) KeyValueList list = {}, again = {};
        _cleanup_(domain_facts_clear) DomainFacts facts = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *text = NULL, *second = NULL;
        bool sealed;

        if (domain_metadata_parse((const char *)data, size, "fuzz", &list, &sealed, &error) < 0) {
                if (!error.message)
                        abort();
                return 0;
        }
        (void) domain_metadata_facts(&list, "fuzz", &facts, &error);
        text = domain_metadata_format(&list);
        if (!text)
                return 0;
        if (domain_metadata_parse(text, strlen(text), "fuzz", &again, &sealed, NULL) < 0) {
                if (strlen(text) > DOMAIN_METADATA_BYTES_MAX || list.n >= KEY_VALUE_MAX) /* the seal was one too many */
                        return 0;
                abort();
        }
        second = domain_metadata_format(&again);
        if (!sealed || (second && !streq(text, second)))
                abort();
        return 0;
}
