/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the descriptions of OVF stores say: which one counts. */

#include "ovf-store.h"

#include <stdio.h>
#include <time.h>

#include "dict.h"

/* Java's Date: "Tue Sep 27 12:11:43 UTC 2022". Stores of one domain are written by one engine, so its zone does not matter. */
static int parse_date(const char *text, uint64_t *ret_sec) {
        struct tm tm = {};
        const char *rest = strptime(text, "%a %b %d %H:%M:%S ", &tm);
        time_t seconds;

        rest = rest ? strchr(rest, ' ') : NULL;
        if (!rest || !strptime(rest, " %Y", &tm))
                return -EINVAL;
        seconds = timegm(&tm);
        if (seconds < 0)
                return -EINVAL;
        *ret_sec = (uint64_t)seconds;
        return 0;
}

int ovf_store_read_description(const VolumeRecord *record, OvfStore *ret) {
        _cleanup_json_ json_t *description = json_loads(record->metadata.description, 0, NULL);
        const char *date = json_string_value(json_object_get(description, "Last Updated"));
        json_int_t size = json_integer_value(json_object_get(description, "Size"));

        if (!json_is_true(json_object_get(description, "Updated")) || !date || size <= 0 || (uint64_t)size > OVF_STORE_BYTES_MAX ||
            parse_date(date, &ret->updated_sec) < 0)
                return 0;
        ret->size_bytes = (uint64_t)size;
        memcpy(ret->volume, record->id, UUID_STRING_MAX);
        return 1;
}

int ovf_store_choose(const VolumeList *lists, size_t n_lists, const bool *skip, OvfStore *ret) {
        OvfStore best = {};
        int chosen = -ENOENT;

        for (size_t i = 0; i < n_lists; i++) {
                const VolumeRecord *leaf = volume_list_leaf(&lists[i]);
                OvfStore store = {};

                if (skip[i] || !leaf || !volume_is_ovf_store(&leaf->metadata) || leaf->metadata.format != VOLUME_FORMAT_RAW ||
                    ovf_store_read_description(leaf, &store) == 0 || (chosen >= 0 && store.updated_sec <= best.updated_sec))
                        continue;
                memcpy(store.image, lists[i].image, UUID_STRING_MAX);
                best = store;
                chosen = (int)i;
        }
        if (chosen >= 0)
                *ret = best;
        return chosen;
}

void ovf_store_date(uint64_t sec, char ret[static 64]) {
        static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
        static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        time_t t = (time_t)sec;
        struct tm tm = {};

        (void) gmtime_r(&t, &tm);
        (void) snprintf(ret, 64, "%s %s %d %02d:%02d:%02d UTC %d", days[tm.tm_wday % 7], months[tm.tm_mon % 12], tm.tm_mday, tm.tm_hour, tm.tm_min,
                        tm.tm_sec, tm.tm_year + 1900);
}

char *ovf_store_description(const char *domain, uint64_t updated_sec, uint64_t size) {
        _cleanup_json_ json_t *object = NULL;
        char date[64];

        ovf_store_date(updated_sec, date);
        object = json_pack("{s:b, s:s?, s:[{s:s}], s:s}", "Updated", size > 0, "Last Updated", updated_sec > 0 ? date : NULL, "Storage Domains", "uuid",
                           domain, "Disk Description", "OVF_STORE");
        if (object && updated_sec == 0)
                (void) json_object_set_new(object, "Last Updated", json_null());
        if (object && size > 0)
                (void) json_object_set_new(object, "Size", json_integer((json_int_t)size));
        return object ? json_dumps(object, JSON_COMPACT) : NULL;
}
