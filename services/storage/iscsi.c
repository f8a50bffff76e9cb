/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "iscsi.h"

#include <stdio.h>

#include "block-device.h"
#include "bus-error.h"
#include "helper-call.h"
#include "iscsi-words.h"
#include "sysfs.h"

/* What a portal with thousands of targets says. */
#define DISCOVERY_BYTES_MAX (4 * MIB)

IscsiRequest *iscsi_request_free(IscsiRequest *request) {
        if (!request)
                return NULL;
        free(request->target);
        free(request->portal);
        free(request->user);
        json_decref(request->domains);
        request->secrets_fd = safe_close(request->secrets_fd);
        free(request);
        return NULL;
}

/* ---- through rhv-iscsi ---- */

static int ask(const IscsiRequest *request, const char *verb, int *ret_fd, sd_bus_error *error) {
        json_t *object = json_pack("{s:s, s:s?, s:s, s:s?, s:i}", "do", verb, "target", request->target, "portal", request->portal, "user", request->user,
                                   "recovery", (int)request->recovery_sec);

        return helper_ask(ISCSI_SOCKET_PATH, ISCSI_HELPER, object, request->secrets_fd, ret_fd, error);
}

int iscsi_discover(const IscsiRequest *request, json_t **ret, sd_bus_error *error) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int fd = -EBADF;
        size_t size;
        int r;

        r = ask(request, "discover", &fd, error);
        if (r < 0)
                return r;
        *ret = helper_read(fd, DISCOVERY_BYTES_MAX, &text, &size) < 0 ? NULL : iscsi_targets_parse(text, size);
        if (*ret)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "What open-iscsi found at %s cannot be understood", request->portal);
        return -EBADMSG;
}

int iscsi_login(const IscsiRequest *request, sd_bus_error *error) {
        return ask(request, "login", NULL, error);
}

int iscsi_logout(const IscsiRequest *request, sd_bus_error *error) {
        return ask(request, "logout", NULL, error);
}

/* ---- what is there ---- */

/* Names of a session, from its class device and its connection's. */
typedef struct Session {
        char directory[PATH_MAX]; /* of both, as its disks have it above them */
        char class[PATH_MAX];
        char *target, *portal;
} Session;

static void session_done(Session *session) {
        free(session->target);
        free(session->portal);
}

/* directory: "/sys/devices/…/sessionN". Return: false for what is no session any more. */
static bool session_read(const char *directory, Session *ret) {
        char connection[PATH_MAX];
        _cleanup_free_ char *address = NULL;
        int64_t port;

        *ret = (Session){};
        if (snprintf(ret->directory, sizeof(ret->directory), "%s", directory) >= (int)sizeof(ret->directory) ||
            !sysfs_find_class(directory, "iscsi_session", ret->class) || !sysfs_find(directory, "connection", connection) ||
            !sysfs_find_class(connection, "iscsi_connection", connection))
                return false;
        ret->target = sysfs_text(ret->class, "targetname");
        address = sysfs_text(connection, "persistent_address");
        port = sysfs_number(connection, "persistent_port", 0);
        if (!ret->target || !address || port <= 0 ||
            asprintf(&ret->portal, strchr(address, ':') ? "[%s]:%" PRId64 : "%s:%" PRId64, address, port) < 0) {
                ret->portal = NULL;
                session_done(ret);
                return false;
        }
        return true;
}

bool iscsi_session_names(const char *directory, char **ret_target, char **ret_portal) {
        Session session;

        if (!session_read(directory, &session))
                return false;
        *ret_target = session.target;
        *ret_portal = session.portal;
        return true;
}

static int add_device(sd_device *device, void *userdata) {
        json_t *session = userdata;
        const char *directory = json_string_value(json_object_get(session, "directory")), *type, *name;
        char above[PATH_MAX];

        if (sd_device_get_devtype(device, &type) < 0 || !streq(type, "disk") || !block_device_above(device, "session", above) || !streq(above, directory))
                return 0;
        name = block_device_name(device);
        return name && json_array_append_new(json_object_get(session, "devices"), json_string(name)) < 0 ? -ENOMEM : 0;
}

static int add_session(json_t *sessions, const Session *session) {
        const int64_t recovery = sysfs_number(session->class, "recovery_tmo", 0);
        _cleanup_free_ char *state = sysfs_text(session->class, "state");
        json_t *object;
        int r;

        object = json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:[]}", "directory", session->directory, "target", session->target, "portal", session->portal, "state",
                           state ?: "unknown", "group", (int)sysfs_number(session->class, "tpgt", 0), "recovery",
                           (json_int_t)(recovery > 0 ? recovery * (int64_t)USEC_PER_SEC : 0), "devices");
        if (json_array_append_new(sessions, object) < 0)
                return -ENOMEM;
        r = device_each("block", add_device, object);
        json_object_del(object, "directory");
        return r;
}

typedef struct Visit {
        int (*each)(const Session *session, void *userdata);
        void *userdata;
} Visit;

/* device: of the class, "…/session1/iscsi_session/session1". */
static int visit(sd_device *device, void *userdata) {
        _cleanup_(session_done) Session session = {};
        const Visit *to = userdata;
        char directory[PATH_MAX];
        const char *syspath, *end;

        if (sd_device_get_syspath(device, &syspath) < 0 || !(end = strstr(syspath, "/iscsi_session/")) ||
            snprintf(directory, sizeof(directory), "%.*s", (int)(end - syspath), syspath) >= (int)sizeof(directory) || !session_read(directory, &session))
                return 0;
        return to->each(&session, to->userdata);
}

/* Calls each for every session, until it returns what is not 0. */
static int each_session(int (*each)(const Session *session, void *userdata), void *userdata) {
        Visit to = {each, userdata};

        return device_each("iscsi_session", visit, &to);
}

static int add_each(const Session *session, void *userdata) {
        return add_session(userdata, session);
}

int iscsi_sessions(json_t **ret) {
        _cleanup_json_ json_t *sessions = json_array();
        int r;

        r = sessions ? each_session(add_each, sessions) : -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(sessions);
        return 0;
}

/* ---- what hangs on it ---- */

typedef struct Carried {
        const IscsiRequest *request;
        const char *devices;
        const char *directory; /* of the session that is meant */
} Carried;

static int path_is_carried(sd_device *path, void *userdata) {
        const Carried *carried = userdata;
        char above[PATH_MAX];

        return block_device_above(path, "session", above) && streq(above, carried->directory);
}

static int session_carries(const Session *session, void *userdata) {
        const Carried *asked = userdata;
        Carried carried = {.directory = session->directory};

        if (!streq(session->target, asked->request->target) || !streq(session->portal, asked->request->portal))
                return 0;
        for (const char *devices = asked->devices; *devices;) {
                const size_t length = strcspn(devices, ",");
                _cleanup_free_ char *name = strndup(devices, length);
                _cleanup_device_ sd_device *device = NULL;
                int r;

                r = name ? block_device_find(name, &device) : -ENOMEM;
                if (r >= 0)
                        r = block_device_paths(device, path_is_carried, &carried);
                if (r != 0 && r != -ENODEV)
                        return r;
                devices += length + (devices[length] == ',');
        }
        return 0;
}

int iscsi_session_carries(const IscsiRequest *request, const char *devices) {
        Carried asked = {.request = request, .devices = devices};

        return each_session(session_carries, &asked);
}
