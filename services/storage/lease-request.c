/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lease-request.h"

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "state-file.h"

void lease_request_clear(LeaseRequest *request) {
        free((char *)request->lease.path);
        *request = (LeaseRequest){};
}

void lease_state_clear(LeaseState *state) {
        free(state->error_name);
        free(state->error_message);
        *state = (LeaseState){};
}

static char *file_of(const char *directory, const char *name) {
        char *path;

        return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

static int save(const char *directory, const char *name, json_t *object) {
        _cleanup_free_ char *path = file_of(directory, name);

        return path && object ? state_file_save(path, object, LEASE_FILE_VERSION) : -ENOMEM;
}

static int load(const char *directory, const char *name, json_t **ret) {
        _cleanup_free_ char *path = file_of(directory, name);

        return path ? state_file_load(path, LEASE_FILE_VERSION, ret) : -ENOMEM;
}

int lease_request_save(const char *directory, const LeaseRequest *request) {
        const Lease *lease = &request->lease;
        _cleanup_json_ json_t *object = NULL;

        object = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:b}", "lockspace", lease->lockspace, "name", lease->name, "path", lease->path,
                           "offset", (json_int_t)lease->offset_bytes, "alignment", (json_int_t)lease->alignment_bytes, "block_size",
                           (json_int_t)lease->block_size_bytes, "wait", request->wait);
        return save(directory, LEASE_REQUEST_FILE, object);
}

int lease_request_load(const char *directory, LeaseRequest *ret) {
        const char *lockspace, *name, *path;
        json_int_t offset, alignment, block_size;
        _cleanup_json_ json_t *object = NULL;
        LeaseRequest request = {};
        int wait, r;

        r = load(directory, LEASE_REQUEST_FILE, &object);
        if (r < 0)
                return r;
        if (json_unpack(object, "{s:s, s:s, s:s, s:I, s:I, s:I, s:b}", "lockspace", &lockspace, "name", &name, "path", &path, "offset",
                        &offset, "alignment", &alignment, "block_size", &block_size, "wait", &wait) < 0 ||
            !uuid_is_valid(lockspace) || strlen(name) >= sizeof(request.lease.name) || !path_is_normal(path) || offset < 0 ||
            alignment <= 0 || alignment > (json_int_t)(8 * MIB) || (block_size != 512 && block_size != 4096))
                return -EBADMSG;
        request.wait = wait;
        request.lease.offset_bytes = (uint64_t)offset;
        request.lease.alignment_bytes = (uint32_t)alignment;
        request.lease.block_size_bytes = (uint32_t)block_size;
        memcpy(request.lease.lockspace, lockspace, UUID_STRING_MAX);
        memcpy(request.lease.name, name, strlen(name) + 1);
        request.lease.path = strdup(path);
        if (!request.lease.path)
                return -ENOMEM;
        *ret = request;
        return 0;
}

int lease_state_save(const char *directory, const LeaseState *state) {
        _cleanup_json_ json_t *object = NULL;

        object = json_pack("{s:I, s:s*, s:s*}", "lease_version", (json_int_t)state->version, "error", state->error_name, "message",
                           state->error_message);
        return save(directory, LEASE_STATE_FILE, object);
}

int lease_state_load(const char *directory, LeaseState *ret) {
        _cleanup_json_ json_t *object = NULL;
        const char *name;
        LeaseState state = {};
        int64_t version;
        int r;

        r = load(directory, LEASE_STATE_FILE, &object);
        if (r < 0)
                return r;
        version = dict_integer(object, "lease_version", -1);
        name = dict_string(object, "error", NULL);
        if (version < 0 || (name && !startswith(name, RHV_ERROR_PREFIX)))
                return -EBADMSG;
        state.version = (uint64_t)version;
        if (name) {
                state.error_name = strdup(name);
                state.error_message = strdup(dict_string(object, "message", "no reason was given"));
                if (!state.error_name || !state.error_message) {
                        lease_state_clear(&state);
                        return -ENOMEM;
                }
        }
        *ret = state;
        return 0;
}

bool lease_cgroup_is_ours(const char *cgroup) {
        static const char *const prefixes[] = {"rhv-lease-", "rhv-blocklease-", "rhv-upload-", "rhv-data-"};
        const char *slash = strrchr(cgroup, '/'), *dot = strrchr(cgroup, '.');

        if (!path_is_normal(cgroup) || !slash || !dot || !streq(dot, ".service"))
                return false;
        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
                if (startswith(slash + 1, prefixes[i]))
                        return true;
        return false;
}
