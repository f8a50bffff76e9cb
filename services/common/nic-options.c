/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "nic-options.h"

#include <inttypes.h>

#include "bus-error.h"
#include "parse-util.h"

const DictField nic_limit_fields[] = {
        { "average_mbit", DICT_INTEGER, .min = 1, .max = NIC_AVERAGE_MBIT_MAX },
        { "peak_mbit", DICT_INTEGER, .min = 1, .max = NIC_PEAK_MBIT_MAX },
        { "burst_mib", DICT_INTEGER, .min = 1, .max = NIC_BURST_MIB_MAX },
        {},
};

int nic_limit_check(const json_t *limit, const char *what, sd_bus_error *error) {
        int64_t average = dict_integer(limit, "average_mbit", 0), peak = dict_integer(limit, "peak_mbit", 0);

        if (!limit)
                return 0;
        if (average == 0)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s: 'average_mbit' is needed", what);
        if (peak > 0 && peak < average)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s: the peak of %" PRIi64 " Mbit/s is less than the average of %" PRIi64, what, peak,
                                         average);
        return 0;
}

bool nic_filter_is_valid(const char *name) {
        size_t length = strlen(name);

        return length > 0 && length <= 64 && name[0] != '-' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

int nic_custom_check(const json_t *custom, sd_bus_error *error) {
        size_t bytes = 0;
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)custom, key, value) {
                if (!name_is_valid(key, 64) || (json_string_length(value) > 0 && !label_is_valid(json_string_value(value), 1024)))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                                 "The custom property '%s' must have a word as key and a line of at most 1024 bytes as value", key);
                bytes += strlen(key) + json_string_length(value);
        }
        return bytes > NIC_CUSTOM_BYTES_MAX
                       ? sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The custom properties are larger than %d bytes", NIC_CUSTOM_BYTES_MAX)
                       : 0;
}
