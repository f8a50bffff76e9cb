/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as an OVF store's tar, and as one VM's definition: a reason, or what can be printed. */

#include "fuzz.h"

#include "ovf-store.h"
#include "ovf-summary.h"

static void print(json_t *value) {
        char *text = json_dumps(value, JSON_COMPACT);

        if (!text)
                abort();
        free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL, second = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *vms = NULL, *problems = json_array(), *summary = NULL;

        if (ovf_store_parse(data, size, &vms, problems, &error) >= 0)
                print(vms);
        else if (!error.message)
                abort();
        print(problems);
        if (ovf_summary((const char *)data, size, "fuzz", &summary, &second) >= 0)
                print(summary);
        else if (!second.message)
                abort();
        return 0;
}
