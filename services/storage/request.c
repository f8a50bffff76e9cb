/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>
#include <stdio.h>

#include "bus-error.h"
#include "image-users.h"
#include "lease-clock.h"
#include "lvm-argv.h"
#include "mount-spec.h"
#include "data-work.h"
#include "request.h"

static bool user_is_valid(const char *s) {
        return name_is_valid(s, IMAGE_USER_MAX);
}

static const char *const type_words[] = {"local", "nfs", "posix", "gluster", "iscsi", "fcp", NULL};
static const char *const class_words[] = {"Data", "Iso", "Backup", NULL};
static const char *const nfs_versions[] = {"3", "4", "4.0", "4.1", "4.2", NULL};
static const char *const format_words[] = {"raw", "qcow2", NULL};
static const char *const allocation_words[] = {"sparse", "preallocated", NULL};

#define FIELD_JOB_ID                                                                                                  \
        { .key = "job_id", .type = DICT_STRING, .valid = uuid_is_valid, .expected = "a lower-case UUID" }
#define FIELD_LEASE                                                                                                   \
        { .key = "lease", .type = DICT_INTEGER, .min = 1, .max = INT64_MAX }
#define FIELD_TYPE                                                                                                    \
        { .key = "type", .type = DICT_STRING, .flags = DICT_REQUIRED, .words = type_words }
#define FIELD_PATH(flag)                                                                                              \
        {                                                                                                             \
                .key = "path", .type = DICT_STRING, .flags = (flag), .min = 2, .max = PATH_MAX / 2,            \
                .valid = path_is_normal, .expected = "an absolute path without empty, \".\" or \"..\" elements"       \
        }
#define FIELD_DEVICES                                                                                                 \
        { .key = "devices", .type = DICT_ARRAY, .min = 1, .max = DOMAIN_DEVICES_MAX, .element = &device }
#define FIELDS_MOUNT                                                                                                  \
        {.key = "remote",                                                                                             \
         .type = DICT_STRING,                                                                                         \
         .valid = mount_source_is_valid,                                                                              \
         .expected = "what is to be mounted: \"server:/path\", a device, …"},                                         \
                {.key = "vfs_type", .type = DICT_STRING, .valid = mount_type_is_valid, .expected = "a type of file system"}, \
                {.key = "nfs_version", .type = DICT_STRING, .words = nfs_versions},                                   \
        {                                                                                                             \
                .key = "mount_options", .type = DICT_STRING, .valid = mount_options_are_valid,                        \
                .expected = "options between commas, without spaces"                                                  \
        }
#define FIELD_USER                                                                                                    \
        {                                                                                                             \
                .key = "user", .type = DICT_STRING, .flags = DICT_REQUIRED, .valid = user_is_valid,                   \
                .expected = "the id of a VM: letters, digits, '.', '_' and '-'"                                       \
        }

static bool device_is_valid(const char *s) {
        return lvm_devices_are_valid(s) && !strchr(s, ',');
}

static const DictField device = {
                .key = "device",
                .type = DICT_STRING,
                .min = 6,
                .max = PATH_MAX / 16,
                .valid = device_is_valid,
                .expected = "a block device: an absolute path below /dev without commas",
};

const DictField request_options_job[] = {FIELD_JOB_ID, {}};

#define FIELD_CHAP_USER                                                                                               \
        { .key = "user", .type = DICT_STRING, .valid = chap_user_is_valid, .expected = "a name without control characters, 1 to 255 bytes" }

static bool chap_user_is_valid(const char *s) {
        return label_is_valid(s, 255);
}

const DictField request_iscsi_discover[] = {FIELD_CHAP_USER, {}};
const DictField request_iscsi_login[] = {
                FIELD_CHAP_USER,
                {.key = "recovery", .type = DICT_INTEGER, .min = USEC_PER_SEC, .max = 600 * (int64_t)USEC_PER_SEC},
                {},
};

const DictField request_devices[] = {{.key = "loops", .type = DICT_BOOLEAN}, {}};

const DictField request_domain_create[] = {
                FIELD_TYPE,
                FIELD_PATH(DICT_OPTIONAL),
                FIELDS_MOUNT,
                FIELD_DEVICES,
                {.key = "name",
                 .type = DICT_STRING,
                 .flags = DICT_REQUIRED,
                 .valid = domain_name_is_valid,
                 .expected = "1 to 50 characters without control characters and without blanks at its ends"},
                {.key = "class", .type = DICT_STRING, .words = class_words},
                {.key = "data_center", .type = DICT_STRING, .valid = uuid_is_valid, .expected = "a lower-case UUID"},
                {.key = "version", .type = DICT_INTEGER, .min = DOMAIN_VERSION_OLDEST, .max = DOMAIN_VERSION_MAX},
                {.key = "io_timeout",
                 .type = DICT_INTEGER,
                 .min = LEASE_IO_TIMEOUT_MIN_SEC * USEC_PER_SEC,
                 .max = LEASE_IO_TIMEOUT_MAX_SEC *USEC_PER_SEC},
                {},
};

const DictField request_lease_acquire[] = {{.key = "wait", .type = DICT_BOOLEAN}, FIELD_JOB_ID, {}};
const DictField request_host_release[] = {{.key = "power_off_confirmed", .type = DICT_BOOLEAN, .flags = DICT_REQUIRED}, FIELD_JOB_ID, {}};

const DictField request_structural[] = {FIELD_LEASE, FIELD_JOB_ID, {}};

const DictField request_attach[] = {FIELD_LEASE, FIELD_JOB_ID, {.key = "take_over", .type = DICT_BOOLEAN}, {}};

const DictField request_domain_open[] = {FIELD_TYPE, FIELD_PATH(DICT_OPTIONAL), FIELDS_MOUNT, FIELD_DEVICES, {}};

const DictField request_domain_inspect[] = {FIELD_PATH(DICT_OPTIONAL), FIELD_DEVICES, {}};

const DictField request_volume[] = {
                {.key = "capacity", .type = DICT_INTEGER},
                {.key = "initial_size", .type = DICT_INTEGER, .min = 1, .max = (int64_t)VOLUME_CAPACITY_MAX},
                {.key = "format", .type = DICT_STRING, .flags = DICT_REQUIRED, .words = format_words},
                {.key = "allocation", .type = DICT_STRING, .words = allocation_words},
                {.key = "description", .type = DICT_STRING},
                {.key = "parent", .type = DICT_STRING, .valid = uuid_is_valid, .expected = "a lower-case UUID"},
                {.key = "parent_image", .type = DICT_STRING, .valid = uuid_is_valid, .expected = "a lower-case UUID"},
                {.key = "branch", .type = DICT_BOOLEAN},
                {.key = "disk_type", .type = DICT_STRING},
                {},
};

#define FIELD_GENERATION                                                                                              \
        { .key = "generation", .type = DICT_INTEGER, .min = 0, .max = VOLUME_GENERATIONS - 1 }
/* Below it a job would outlive the disk it works on. */
#define FIELD_BANDWIDTH                                                                                               \
        { .key = "bandwidth", .type = DICT_INTEGER, .min = MIB, .max = INT64_MAX }

/* What becomes of data that are removed. */
#define FIELDS_DISPOSAL                                                                                               \
        { .key = "wipe", .type = DICT_BOOLEAN }, { .key = "discard", .type = DICT_BOOLEAN }

const DictField request_remove[] = {FIELDS_DISPOSAL, FIELD_BANDWIDTH, FIELD_LEASE, FIELD_JOB_ID, {}};
const DictField request_sparsify[] = {FIELD_GENERATION, FIELD_BANDWIDTH, FIELD_JOB_ID, {}};
const DictField request_merge[] = {FIELD_GENERATION, FIELD_BANDWIDTH, FIELDS_DISPOSAL, FIELD_LEASE, FIELD_JOB_ID, {}};
const DictField request_data[] = {FIELD_GENERATION, FIELD_BANDWIDTH, FIELD_LEASE, FIELD_JOB_ID, {}};

const DictField request_copy[] = {
                FIELD_GENERATION,
                FIELD_BANDWIDTH,
                {.key = "source_format", .type = DICT_STRING, .words = data_source_formats},
                {.key = "source_size", .type = DICT_INTEGER, .min = 1, .max = INT64_MAX},
                FIELD_LEASE,
                FIELD_JOB_ID,
                {},
};

#define FIELD_ID(name)                                                                                                \
        { .key = (name), .type = DICT_STRING, .flags = DICT_REQUIRED, .valid = uuid_is_valid, .expected = "a lower-case UUID" }

const DictField request_copy_target[] = {
                {.key = "domain", .type = DICT_STRING, .valid = uuid_is_valid, .expected = "a lower-case UUID"},
                FIELD_ID("image"),
                FIELD_ID("volume"),
                {.key = "capacity", .type = DICT_INTEGER, .min = 1, .max = INT64_MAX},
                {.key = "template", .type = DICT_BOOLEAN},
                {.key = "format", .type = DICT_STRING, .flags = DICT_REQUIRED, .words = format_words},
                {.key = "allocation", .type = DICT_STRING, .words = allocation_words},
                {.key = "description", .type = DICT_STRING},
                {.key = "disk_type", .type = DICT_STRING},
                {},
};

const DictField request_measure[] = {
                {.key = "format", .type = DICT_STRING, .flags = DICT_REQUIRED, .words = format_words},
                {},
};

const DictField request_upload[] = {
                {.key = "size", .type = DICT_INTEGER, .min = 1, .max = INT64_MAX},
                FIELD_JOB_ID,
                {},
};

const DictField request_prepare[] = {
                FIELD_USER,
                {.key = "read_only", .type = DICT_BOOLEAN},
                {.key = "shared", .type = DICT_BOOLEAN},
                {},
};

const DictField request_prepare_file[] = {FIELD_USER, {}};

const DictField request_teardown[] = {FIELD_USER, {}};

int request_check_id(const char *what, const char *id, sd_bus_error *error) {
        if (uuid_is_valid(id) && !streq(id, BLANK_UUID))
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                          "The id of %s must be a lower-case UUID that is not all zeroes, not \"%.64s\"", what, id);
        return -EINVAL;
}

int request_read_volume_ids(sd_bus_message *message, const char **ret_image, const char **ret_volume, sd_bus_error *error) {
        int r;

        r = sd_bus_message_read(message, "ss", ret_image, ret_volume);
        if (r >= 0)
                r = request_check_id("the image", *ret_image, error);
        if (r >= 0)
                r = request_check_id("the volume", *ret_volume, error);
        return r;
}

int request_read_type(const json_t *domain, const DomainType **ret, sd_bus_error *error) {
        const char *word = dict_string(domain, "type", "");
        const DomainType *type = domain_type_find(word);

        if (!type || !type->layout) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED,
                                  "Storage domains of type \"%s\" are not supported yet", word);
                return -EOPNOTSUPP;
        }
        *ret = type;
        return 0;
}

static char *join_devices(const json_t *devices) {
        char *text = NULL;
        size_t i, size;
        json_t *path;
        FILE *f;

        f = open_memstream(&text, &size);
        if (!f)
                return NULL;
        json_array_foreach(devices, i, path)
                (void) fprintf(f, "%s%s", i > 0 ? "," : "", json_string_value(path));
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

int request_read_devices(sd_bus_message *message, char **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *devices = json_array();
        const char *path;
        int r;

        r = devices ? sd_bus_message_enter_container(message, 'a', "s") : -ENOMEM;
        while (r >= 0 && (r = sd_bus_message_read_basic(message, 's', &path)) > 0) {
                if (json_array_size(devices) >= DOMAIN_DEVICES_MAX || strlen(path) > PATH_MAX / 16 || !device_is_valid(path)) {
                        sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Devices are 1 to %u absolute paths below /dev without commas", DOMAIN_DEVICES_MAX);
                        return -EINVAL;
                }
                if (json_array_append_new(devices, json_string(path)) < 0)
                        return -ENOMEM;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        if (json_array_size(devices) == 0) {
                sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "No device is named");
                return -EINVAL;
        }
        *ret = join_devices(devices);
        return *ret ? 0 : -ENOMEM;
}

static int bad_place(sd_bus_error *error, const char *why) {
        sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, why);
        return -EINVAL;
}

static int read_mount(const json_t *domain, const char *what, DomainPlace *place, sd_bus_error *error) {
        const char *vfs = dict_string(domain, "vfs_type", NULL), *version = dict_string(domain, "nfs_version", NULL),
                   *options = dict_string(domain, "mount_options", "");
        const bool nfs = streq(place->type->name, "nfs");

        if (!nfs && (!vfs || version))
                return bad_place(error, "What is mounted for a domain of type posix has a \"vfs_type\", and no \"nfs_version\"");
        if (nfs && (vfs || !mount_source_is_nfs(what)))
                return bad_place(error, "What is mounted for a domain of type nfs is \"server:/path\", without a \"vfs_type\"");
        place->what = mount_source_normal(what);
        place->path = place->what ? mount_point_of(place->what) : NULL;
        place->vfs = strdup(nfs ? "nfs" : vfs);
        place->options = nfs ? mount_nfs_options(version, options) : strdup(options);
        if (!place->path || !place->vfs || !place->options)
                return -ENOMEM;
        if (!path_is_normal(place->path))
                return bad_place(error, "What is to be mounted makes no name of a mount point");
        return 0;
}

int request_read_place(const json_t *domain, const DomainType *type, DomainPlace *ret, sd_bus_error *error) {
        const json_t *devices = json_object_get(domain, "devices");
        const char *path = dict_string(domain, "path", NULL), *remote = dict_string(domain, "remote", NULL);
        DomainPlace place = {.type = type, .version = DOMAIN_VERSION_MAX};
        const bool block = domain_type_is_block(type);
        int r;

        if (block && (path || remote || !devices))
                return bad_place(error, "A domain of that type is on block devices: \"devices\" names them, in place of \"path\"");
        if (!block && (devices || !path == !remote))
                return bad_place(error, "A domain of that type is in a directory: \"path\" names it, or \"remote\" what is to be mounted, in place of \"devices\"");
        if (remote && !type->shared)
                return bad_place(error, "Nothing is mounted for a local domain: \"path\" names its directory");
        if (!remote && (dict_string(domain, "vfs_type", NULL) || dict_string(domain, "nfs_version", NULL) || dict_string(domain, "mount_options", NULL)))
                return bad_place(error, "How to mount is said with \"remote\" only");
        if (remote)
                r = read_mount(domain, remote, &place, error);
        else {
                place.path = block ? join_devices(devices) : strdup(path);
                r = place.path ? 0 : -ENOMEM;
        }
        if (r < 0) {
                domain_place_clear(&place);
                return r;
        }
        *ret = place;
        return 0;
}

int request_read_class(const json_t *domain, DomainPlace *place, sd_bus_error *error) {
        const DomainClass class = domain_class_from_string(dict_string(domain, "class", "Data"));
        const unsigned version = domain_class_version(class);

        if (class != DOMAIN_DATA && domain_type_is_block(place->type)) {
                sd_bus_error_set(error, RHV_ERROR_NOT_SUPPORTED, "ISO and export domains on block devices are not supported");
                return -EOPNOTSUPP;
        }
        if (dict_integer(domain, "version", version) != version) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "A new domain of class %s has version %u", domain_class_to_string(class), version);
                return -EINVAL;
        }
        if (!domain_has_leases(&(DomainPlace){.type = place->type, .class = class}) && json_object_get(domain, "io_timeout")) {
                sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "Only domains with leases have an \"io_timeout\"");
                return -EINVAL;
        }
        place->class = class;
        place->version = version;
        return 0;
}

static int too_long(const char *key, sd_bus_error *error) {
        sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The value of \"%s\" is too long", key);
        return -EINVAL;
}

int request_read_volume(const char *image, const char *volume, const json_t *object, uint64_t now_sec,
                        VolumeRequest *ret, sd_bus_error *error) {
        const char *description = dict_string(object, "description", ""),
                   *disk_type = dict_string(object, "disk_type", "DATA");
        int64_t capacity = dict_integer(object, "capacity", 0);
        VolumeRequest request = {
                        .format = volume_format_from_string(dict_string(object, "format", "raw")),
                        .allocation = volume_allocation_from_string(dict_string(object, "allocation", "sparse")),
                        .initial_bytes = (uint64_t)dict_integer(object, "initial_size", 0),
                        .now_sec = now_sec,
        };

        if (capacity < 0) {
                sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "A capacity cannot be negative");
                return -EINVAL;
        }
        if (strlen(description) >= sizeof(request.description))
                return too_long("description", error);
        if (strlen(disk_type) >= sizeof(request.disk_type))
                return too_long("disk_type", error);
        request.capacity_bytes = (uint64_t)capacity;
        memcpy(request.image, image, UUID_STRING_MAX);
        memcpy(request.volume, volume, UUID_STRING_MAX);
        request.branch = dict_boolean(object, "branch", false);
        (void) snprintf(request.parent_image, sizeof(request.parent_image), "%s", dict_string(object, "parent_image", ""));
        memcpy(request.parent, dict_string(object, "parent", BLANK_UUID), UUID_STRING_MAX);
        (void) snprintf(request.description, sizeof(request.description), "%s", description);
        (void) snprintf(request.disk_type, sizeof(request.disk_type), "%s", disk_type);
        *ret = request;
        return volume_request_check(ret, error);
}

int request_read_copy(const char *image, const char *volume, const json_t *object, uint64_t now_sec, VolumeRequest *ret, sd_bus_error *error) {
        _cleanup_json_ json_t *description = json_copy((json_t *)object);
        const bool given = json_object_get(object, "capacity");
        int r;

        /* The check of a request wants one. */
        if (!description || (!given && json_object_set_new(description, "capacity", json_integer((json_int_t)MIB)) < 0))
                return -ENOMEM;
        r = request_read_volume(image, volume, description, now_sec, ret, error);
        if (!given)
                ret->capacity_bytes = 0;
        ret->illegal = true;
        return r;
}
