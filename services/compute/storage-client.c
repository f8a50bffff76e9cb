/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "storage-client.h"

#include <stdio.h>

#include "bus-error.h"
#include "bus-object.h"
#include "dict.h"
#include "parse-util.h"

#define STORAGE_NAME "org.rhv.Storage"
#define STORAGE_DOMAIN_PATH "/org/rhv/Storage/domain"
#define STORAGE_DOMAIN_INTERFACE "org.rhv.Storage.Domain"

/* A chain longer than this is not one that oVirt would make. */
#define BACKING_MAX 64U

typedef struct StorageCall {
        storage_done_t done;
        void *userdata;
        bool teardown;
        char image[UUID_STRING_MAX];
} StorageCall;

static bool format_is_known(const char *format) {
        return streq_ptr(format, "raw") || streq_ptr(format, "qcow2");
}

/* All of the lease, or none. Return: 0 with ret (new, NULL: none), or -EBADMSG. */
static int check_lease(const json_t *answer, json_t **ret) {
        const char *lockspace = dict_string(answer, "lease_lockspace", NULL), *path = dict_string(answer, "lease_path", NULL);
        int64_t offset = dict_integer(answer, "lease_offset", -1);

        *ret = NULL;
        if (!lockspace && !path && offset < 0)
                return 0;
        if (!lockspace || !uuid_is_valid(lockspace) || !path || !path_is_normal(path) || offset < 0)
                return -EBADMSG;
        *ret = json_pack("{s:s, s:s, s:I}", "lockspace", lockspace, "path", path, "offset", (json_int_t)offset);
        return *ret ? 0 : -ENOMEM;
}

int storage_check_prepared(const json_t *answer, json_t **ret) {
        const char *path = json_string_value(json_object_get(answer, "path"));
        const char *format = json_string_value(json_object_get(answer, "format"));
        const json_t *backing = json_object_get(answer, "backing"), *formats = json_object_get(answer, "backing_formats");
        _cleanup_json_ json_t *chain = json_array(), *lease = NULL;
        int r;

        if (!chain)
                return -ENOMEM;
        if (!path || !path_is_normal(path) || !format_is_known(format) || json_array_size(backing) > BACKING_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < json_array_size(backing); i++) {
                const char *below = json_string_value(json_array_get(backing, i));
                const char *below_format = json_string_value(json_array_get(formats, i));

                /* Without its format an image below could only be guessed at, and a guess lets a guest choose what is opened. */
                if (!below || !path_is_normal(below) || !format_is_known(below_format))
                        return -EBADMSG;
                (void) json_array_append_new(chain, json_pack("{s:s, s:s}", "path", below, "format", below_format));
        }
        r = check_lease(answer, &lease);
        if (r < 0)
                return r;
        *ret = json_pack("{s:s, s:s, s:O, s:O*}", "path", path, "format", format, "backing", chain, "lease", lease);
        return *ret ? 0 : -ENOMEM;
}

static bool is_gone(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, RHV_ERROR_NOT_FOUND) || sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_OBJECT);
}

static void forward(sd_bus_error *error, const StorageCall *call, const sd_bus_error *cause) {
        if (sd_bus_error_has_name(cause, SD_BUS_ERROR_UNKNOWN_OBJECT))
                (void) sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "Disk %s: its storage domain is not open on this host", call->image);
        else
                (void) bus_error_forward(error, cause, call->teardown ? "Cannot release disk %s" : "Cannot prepare disk %s", call->image);
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        const StorageCall *call = userdata;
        const sd_bus_error *cause = sd_bus_message_get_error(reply);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *answer = NULL, *prepared = NULL;
        int r = 0;

        if (cause && !(call->teardown && is_gone(cause))) {
                forward(&error, call, cause);
                r = -EIO;
        } else if (!call->teardown) {
                r = dict_read(reply, &answer, NULL);
                if (r >= 0)
                        r = storage_check_prepared(answer, &prepared);
                if (r < 0)
                        (void) sd_bus_error_setf(&error, RHV_ERROR_BACKEND_FAILED, "Storage's answer for disk %s makes no sense", call->image);
        }
        call->done(r, &error, prepared, call->userdata);
        return 1;
}

/* Of a CD-ROM the id is the drive's. */
static const char *image_of(const json_t *disk) {
        return dict_string(disk, "image", dict_string(disk, "id", ""));
}

static int storage_call(sd_bus *bus, const char *user, const json_t *disk, bool teardown, storage_done_t done, void *userdata,
                        sd_bus_slot **ret_slot) {
        _cleanup_message_ sd_bus_message *message = NULL;
        _cleanup_free_ char *path = bus_object_path(STORAGE_DOMAIN_PATH, dict_string(disk, "domain", ""));
        const char *file = dict_string(disk, "file", NULL);
        StorageCall *call;
        int r;

        if (!path)
                return -ENOMEM;
        r = sd_bus_message_new_method_call(bus, &message, STORAGE_NAME, path, STORAGE_DOMAIN_INTERFACE,
                                           teardown ? "TeardownImage" : file ? "PrepareFile" : "PrepareImage");
        if (r >= 0)
                r = sd_bus_message_append(message, "s", file && !teardown ? file : image_of(disk));
        if (r >= 0 && !teardown && !file)
                r = sd_bus_message_append(message, "sa{sv}", dict_string(disk, "volume", ""), 3, "user", "s", user, "read_only", "b",
                                          (int)dict_boolean(disk, "read_only", false), "shared", "b", (int)dict_boolean(disk, "shared", false));
        if (r >= 0 && (teardown || file))
                r = sd_bus_message_append(message, "a{sv}", 1, "user", "s", user);
        if (r < 0)
                return r;

        call = calloc(1, sizeof(StorageCall));
        if (!call)
                return -ENOMEM;
        *call = (StorageCall){ .done = done, .userdata = userdata, .teardown = teardown };
        (void) snprintf(call->image, sizeof(call->image), "%s", image_of(disk));
        r = sd_bus_call_async(bus, ret_slot, message, on_answer, call, STORAGE_CALL_USEC);
        if (r < 0) {
                free(call);
                return r;
        }
        return sd_bus_slot_set_destroy_callback(*ret_slot, free);
}

int storage_prepare(sd_bus *bus, const char *user, const json_t *disk, storage_done_t done, void *userdata, sd_bus_slot **ret_slot) {
        return storage_call(bus, user, disk, false, done, userdata, ret_slot);
}

int storage_teardown(sd_bus *bus, const char *user, const json_t *disk, storage_done_t done, void *userdata, sd_bus_slot **ret_slot) {
        return storage_call(bus, user, disk, true, done, userdata, ret_slot);
}
