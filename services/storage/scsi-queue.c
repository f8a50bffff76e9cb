/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "scsi-queue.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/param.h>

/* More than anybody sets; sums of it stay in 64 bits. */
#define SCSI_SEC_MAX 1000000

static uint64_t bounded(int64_t value) {
        return (uint64_t)MIN(MAX(value, 0), SCSI_SEC_MAX);
}

IoQueue io_queue_of_scsi(const ScsiPath *path) {
        const uint64_t command_sec = bounded(path->timeout_sec) * (bounded(path->retries) + 1);
        uint64_t transport_sec = 0;

        if (path->timeout_sec <= 0)
                return (IoQueue){ .waits = true };
        if (path->retries == SCSI_NEVER || (path->iscsi && path->recovery_sec == SCSI_NEVER))
                return (IoQueue){ .waits = true, .endless = true };
        if (path->iscsi)
                transport_sec = bounded(path->recovery_sec) + (path->ping_interval_sec > 0 ? bounded(path->ping_interval_sec) + bounded(path->ping_timeout_sec)
                                                                                           : bounded(path->timeout_sec));
        else if (path->fibre_channel)
                transport_sec = bounded(path->fast_io_fail_sec == SCSI_NEVER ? path->dev_loss_sec : path->fast_io_fail_sec);
        return (IoQueue){ .waits = true, .request_usec = MAX(command_sec, transport_sec) * USEC_PER_SEC };
}

/* ---- multipath ---- */

/* "on", "off", "-", "12 chk" (looks left to do), "40 sec" (left of them). Return: false where it is no such word. */
static bool queueing_read(const char *word, uint64_t interval_sec, bool *ret_endless, uint64_t *ret_sec) {
        unsigned number;
        char unit[4];

        *ret_endless = streq(word, "on");
        *ret_sec = 0;
        if (*ret_endless || streq(word, "off"))
                return true;
        if (sscanf(word, "%u %3s", &number, unit) != 2)
                return false;
        *ret_sec = bounded(number) * (streq(unit, "chk") ? interval_sec : 1);
        return streq(unit, "chk") || streq(unit, "sec");
}

/* The first "polling_interval <number>" of the configuration. */
static uint64_t polling_interval(const char *config) {
        const char *key = strstr(config, "\tpolling_interval ");
        unsigned seconds;

        return key && sscanf(key, " polling_interval %u", &seconds) == 1 ? bounded(seconds) : 0;
}

IoQueue io_queue_of_multipath(const IoQueue *paths, const char *maps, const char *device, const char *config) {
        _cleanup_json_ json_t *object = json_loads(maps, 0, NULL);
        const uint64_t interval_sec = polling_interval(config);
        const json_t *map;
        size_t i;

        json_array_foreach(json_object_get(object, "maps"), i, map) {
                const char *name = json_string_value(json_object_get(map, "sysfs")), *word = json_string_value(json_object_get(map, "queueing"));
                uint64_t seconds;
                bool endless;

                if (!name || !streq(name, device))
                        continue;
                if (!word || !queueing_read(word, interval_sec, &endless, &seconds))
                        break;
                if (endless || paths->endless)
                        return (IoQueue){ .waits = true, .endless = true };
                if (paths->request_usec == 0 || (strstr(word, "chk") && interval_sec == 0))
                        break;
                return (IoQueue){ .waits = true, .request_usec = paths->request_usec + seconds * USEC_PER_SEC };
        }
        return (IoQueue){ .waits = true };
}
