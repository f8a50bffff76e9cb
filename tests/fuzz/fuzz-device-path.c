/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any JSON as what multipathd says of its maps: what is found of a path is all there, and one that it does not know is judged by the kernel alone. */

#include "fuzz.h"

#include "device-path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const paths[] = {"sda", "sdb", ""};
        _cleanup_json_ json_t *maps = json_loadb((const char *)data, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                MultipathPath known;
                const bool found = multipath_path_find(maps, "dm-0", paths[i], &known);

                if (!known.dm_state || !known.checker || !known.checker_state)
                        abort();
                if (!found && (*known.dm_state || !device_path_is_usable("running", &known)))
                        abort();
                if (device_path_is_usable("offline", &known))
                        abort();
        }
        return 0;
}
