/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "domain-connection.h"

#include <ctype.h>

#include "bus-error.h"
#include "parse-util.h"

#define CONNECTION_TEXT_MAX 1024

const char *const domain_types[] = { "local", "nfs", "posix", "iscsi", "fcp", NULL };
const char *const domain_nfs_versions[] = { "3", "4", "4.0", "4.1", "4.2", NULL };

/* ---- words ---- */

static bool text_is_valid(const char *s, size_t min) {
        const size_t n = strlen(s);

        if (n < min || n > CONNECTION_TEXT_MAX || *s == '-')
                return false;
        for (; *s; s++)
                if (iscntrl((unsigned char)*s))
                        return false;
        return true;
}

bool domain_path_is_valid(const char *s) {
        return path_is_normal(s);
}

bool domain_remote_is_valid(const char *s) {
        return text_is_valid(s, 1);
}

bool domain_mount_options_are_valid(const char *s) {
        return text_is_valid(s, 0) && !strpbrk(s, " \\\"'");
}

bool domain_vfs_type_is_valid(const char *s) {
        return name_is_valid(s, 32);
}

static bool device_is_valid(const char *s) {
        return path_is_normal(s) && startswith(s, "/dev/") && strlen(s) <= CONNECTION_TEXT_MAX && !strchr(s, ',') && text_is_valid(s, 1);
}

const DictField domain_device_element = { "device", DICT_STRING, .valid = device_is_valid, .expected = "an absolute path below /dev, without a comma" };

bool domain_type_is_shared(const char *type) {
        return !streq(type, "local");
}

bool domain_type_is_block(const char *type) {
        return streq(type, "iscsi") || streq(type, "fcp");
}

const char *domain_volume_allocation(const json_t *spec, const char *format, const char *allocation) {
        return domain_type_is_block(dict_string(spec, "type", "")) && streq(format, "raw") ? "preallocated" : allocation;
}

/* ---- what must hold among them ---- */

static int bad(sd_bus_error *error, const char *why) {
        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "storage domain: %s", why);
}

/* The store is read by whoever reads a backup of it: what is secret stays on the host, in a file that the options name. */
static bool holds_secret(const char *options) {
        static const char *const secrets[] = { "pass", "secret" };

        for (const char *option = options; option; option = strchr(option, ',')) {
                option += *option == ',';
                for (size_t i = 0; i < ELEMENTSOF(secrets); i++) {
                        const char *rest = startswith(option, secrets[i]);

                        if (rest && !startswith(rest, "file"))
                                return true;
                }
        }
        return false;
}

static int check_mount(const json_t *description, const char *type, sd_bus_error *error) {
        const bool has_vfs = json_object_get(description, "vfs_type"), has_version = json_object_get(description, "nfs_version");

        if (streq(type, "local"))
                return bad(error, "nothing is mounted for a local one: path names its directory");
        if (streq(type, "posix") && (!has_vfs || has_version))
                return bad(error, "what is mounted for type posix has a vfs_type, and no nfs_version");
        if (streq(type, "nfs") && (has_vfs || !strstr(dict_string(description, "remote", ""), ":/")))
                return bad(error, "what is mounted for type nfs is SERVER:/PATH, without a vfs_type");
        if (holds_secret(dict_string(description, "mount_options", "")))
                return bad(error, "a password does not belong into mount_options, which are kept: name a file of the host that holds it");
        return 0;
}

int domain_connection_check(const json_t *description, sd_bus_error *error) {
        const char *type = dict_string(description, "type", ""), *class = dict_string(description, "class", "Data");
        const bool path = json_object_get(description, "path"), remote = json_object_get(description, "remote"), devices = json_object_get(description, "devices"),
                   leased = domain_type_is_shared(type) && streq(class, "Data");
        int r = 0;

        if (domain_type_is_block(type) && (path || remote || !devices))
                return bad(error, "one of type iscsi or fcp is on block devices: devices names them, in place of path and remote");
        if (!domain_type_is_block(type) && (devices || path == remote))
                return bad(error, "one of type local, nfs or posix is in a directory: path names it, or remote what is to be mounted, in place of devices");
        if (remote)
                r = check_mount(description, type, error);
        else if (json_object_get(description, "mount_options") || json_object_get(description, "nfs_version") || json_object_get(description, "vfs_type"))
                return bad(error, "how to mount is said with remote only");
        if (r < 0)
                return r;
        if (json_object_get(description, "io_timeout") && !leased)
                return bad(error, "io_timeout is of the leases of a shared data domain");
        if (domain_type_is_block(type) && !streq(class, "Data"))
                return sd_bus_error_set(error, RHV_ERROR_NOT_SUPPORTED, "ISO and export domains on block devices are not supported");
        return 0;
}

/* ---- as data ---- */

json_t *domain_connection(const json_t *spec) {
        static const char *const keys[] = { "type", "path", "remote", "mount_options", "nfs_version", "vfs_type", "devices" };
        json_t *connection = json_object();

        for (size_t i = 0; connection && i < ELEMENTSOF(keys); i++) {
                json_t *value = json_object_get(spec, keys[i]);

                if (value && json_object_set(connection, keys[i], value) < 0) {
                        json_decref(connection);
                        return NULL;
                }
        }
        return connection;
}

/* Doubled and trailing slashes make no other place. */
static bool same_text(const char *a, const char *b) {
        for (;;) {
                while (*a == '/' && (a[1] == '/' || !a[1]))
                        a++;
                while (*b == '/' && (b[1] == '/' || !b[1]))
                        b++;
                if (*a != *b)
                        return false;
                if (!*a)
                        return true;
                a++;
                b++;
        }
}

static bool devices_meet(const json_t *a, const json_t *b) {
        const json_t *one;
        size_t i;

        json_array_foreach(json_object_get(a, "devices"), i, one)
                if (json_array_has(json_object_get(b, "devices"), json_string_value(one)))
                        return true;
        return false;
}

bool domain_connection_meets(const json_t *a, const json_t *b) {
        static const char *const keys[] = { "path", "remote" };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                const char *one = dict_string(a, keys[i], NULL), *other = dict_string(b, keys[i], NULL);

                if (one && other && same_text(one, other))
                        return true;
        }
        return devices_meet(a, b);
}

char *domain_connection_place(const json_t *spec) {
        const char *one = dict_string(spec, "path", NULL) ?: dict_string(spec, "remote", NULL);
        const json_t *devices = json_object_get(spec, "devices"), *device;
        _cleanup_free_ char *joined = strdup(one ?: "");
        size_t i;

        json_array_foreach((json_t *)devices, i, device) {
                char *longer;

                if (!joined || asprintf(&longer, "%s%s%s", joined, i > 0 ? "," : "", json_string_value(device)) < 0)
                        return NULL;
                free(joined);
                joined = longer;
        }
        return TAKE_PTR(joined);
}
