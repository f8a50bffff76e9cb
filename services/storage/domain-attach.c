/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "domain-attach.h"

#include <errno.h>

#include "bus-error.h"
#include "storage-word.h"

#define ID_LENGTH (UUID_STRING_MAX - 1)

/* Appends an id to a list between commas, which has room for it. */
static void append(char *list, const char *id) {
        char *end = list + strlen(list);

        if (end > list)
                *end++ = ',';
        memcpy(end, id, UUID_STRING_MAX);
}

static bool is_member(const char *list, const char *id) {
        return strstr(list, id); /* ids are of one length, and no part of one is another with a comma in it */
}

char *domain_data_centers(const char *value) {
        char *list = calloc(1, strlen(value) + 1);

        if (!list)
                return NULL;
        for (const char *p = value; *p; p++) {
                const size_t n = strcspn(p, ",");
                char id[UUID_STRING_MAX] = "";

                if (n == ID_LENGTH)
                        memcpy(id, p, n);
                if (!uuid_is_valid(id)) {
                        free(list);
                        errno = EBADMSG;
                        return NULL;
                }
                if (!streq(id, BLANK_UUID) && !is_member(list, id))
                        append(list, id);
                p += n;
                if (!*p)
                        break;
        }
        return list;
}

static void leave(char *list, const char *id) {
        char *at = strstr(list, id), *next = at + ID_LENGTH;

        if (*next == ',')
                next++;
        else if (at > list)
                at--; /* the comma before the last */
        memmove(at, next, strlen(next) + 1);
}

int domain_attach_change(KeyValueList *list, const DomainAttach *attach, sd_bus_error *error) {
        const char *value = key_value_get(list, "POOL_UUID") ?: "", *role = key_value_get(list, "ROLE") ?: "";
        _cleanup_free_ char *now = domain_data_centers(value), *wanted = NULL;
        int r;

        if (!now && errno == EBADMSG) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "POOL_UUID of the domain is no list of ids: %.100s", value);
                return -EBADMSG;
        }
        wanted = now ? calloc(1, strlen(now) + 1 + UUID_STRING_MAX) : NULL;
        if (!wanted)
                return -ENOMEM;
        memcpy(wanted, now, strlen(now) + 1);
        if (attach->detach && is_member(wanted, attach->data_center))
                leave(wanted, attach->data_center);
        else if (!attach->detach && !is_member(wanted, attach->data_center)) {
                if (*wanted && !attach->several && !attach->take_over) {
                        sd_bus_error_setf(error, RHV_ERROR_IN_USE, "It belongs to data center %s: detach it there, or take it over where that one is gone for good", now);
                        return -EBUSY;
                }
                if (!attach->several)
                        *wanted = '\0';
                append(wanted, attach->data_center);
        }
        if (streq(wanted, now))
                return 0;
        r = key_value_set(list, "POOL_UUID", wanted);
        /* The master of a data center that it has left, or was taken from, is nobody's. */
        if (r >= 0 && strcasecmp(role, "Regular") != 0)
                r = key_value_set(list, "ROLE", "Regular");
        return r < 0 ? r : 1;
}
