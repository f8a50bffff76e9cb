/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* JSON in; what passes the checks must become XML that reads back as the same description. */

#include "fuzz.h"

#include "dict.h"
#include "vm-description.h"
#include "vm-live.h"
#include "vm-xml.h"

#define ID "cccccccc-0000-4000-8000-000000000001"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const VmXmlHost host = { .virt_type = "kvm", .arch = "x86_64", .machine = "q35", .console_directory = "/run/rhv/compute/console" };
        _cleanup_json_ json_t *description = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL), *prepared = json_array();
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *xml = NULL;
        VmLive live;

        if (!json_is_object(description) || vm_description_check(description, &error) < 0)
                return 0;
        for (size_t i = 0; i < json_array_size(json_object_get(description, "disks")); i++)
                (void) json_array_append_new(prepared, json_pack("{s:s, s:s}", "path", "/a/b", "format", "raw"));
        if (vm_xml_build(ID, description, prepared, &host, 1, &xml) < 0)
                abort();
        if (vm_live_parse(xml, strlen(xml), &live) < 0)
                abort();
        if (!live.description || !json_equal(live.description, description))
                abort();
        vm_live_done(&live);
        return 0;
}
