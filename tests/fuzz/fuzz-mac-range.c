/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any text as a range of addresses: what is taken is one whose every end can be written again, with at least one address a NIC may have. */

#include "fuzz.h"

#include "mac-pool.h"
#include "parse-util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = strndup((const char *)data, size);
        char first[MAC_STRING_MAX], last[MAC_STRING_MAX];
        MacRange range, usable;

        if (!text || mac_range_parse(text, &range) < 0)
                return 0;
        mac_format(range.first, first);
        mac_format(range.last, last);
        if (strncmp(text, first, strlen(first)) != 0 || !streq(text + MAC_STRING_MAX, last))
                abort();
        usable = mac_range_usable(range);
        mac_format(usable.first, first);
        mac_format(usable.last, last);
        if (usable.first < range.first || usable.last > range.last || !mac_is_valid(first) || !mac_is_valid(last) ||
            !mac_range_contains(range, first) || mac_range_count(range) > MAC_RANGE_ADDRESSES_MAX)
                abort();
        return 0;
}
