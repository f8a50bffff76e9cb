/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any text as what a portal's discovery prints, as a portal, and as a record: what is taken is what it should be. */

#include "fuzz.h"

#include "iscsi-words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const IscsiSetting settings[] = {{"node.startup", "automatic"}, {"node.session.auth.password", NULL}};
        _cleanup_json_ json_t *targets = iscsi_targets_parse((const char *)data, size);
        _cleanup_free_ char *text = strndup((const char *)data, size), *record = text ? iscsi_record_set(text, settings, 2) : NULL;
        size_t i;
        const json_t *target;

        json_array_foreach(targets, i, target)
                if (!iscsi_name_is_valid(json_string_value(json_object_get(target, "target"))) ||
                    !iscsi_portal_is_valid(json_string_value(json_object_get(target, "portal"))))
                        abort();
        if (record && (startswith(record, "node.session.auth.password = ") || strstr(record, "\nnode.session.auth.password = ")))
                abort();
        if (text && iscsi_portal_is_valid(text)) {
                _cleanup_free_ char *full = iscsi_portal_full(text), *name = full ? iscsi_portal_record(full) : NULL;

                if (!full || !iscsi_portal_is_valid(full) || !name || strchr(name, '/'))
                        abort();
        }
        return 0;
}
