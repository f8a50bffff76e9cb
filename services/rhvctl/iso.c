/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `iso`: the files of an ISO domain, through org.rhv.Storage of this host. */

#include <fcntl.h>

#include "bus-object.h"
#include "commands.h"
#include "dict.h"
#include "kind.h"
#include "object.h"
#include "parse-util.h"

#define DOMAIN_INTERFACE "org.rhv.Storage.Domain"

/* The domain's object in Storage, by its id, or by its name in the cluster. */
static int find_domain(Client *client, const Invocation *invocation, char **ret) {
        const char *reference = local_string(invocation, "DOMAIN"), *path;
        const json_t *properties;
        int r;

        if (!uuid_is_valid(reference)) {
                r = client_find(client, &kind_domain, reference, &path, &properties);
                if (r < 0)
                        return r;
                reference = dict_string(properties, "Id", "");
        }
        *ret = bus_object_path("/org/rhv/Storage/domain", reference);
        return *ret ? 0 : client_no_memory(client);
}

static int iso_run_list(Client *client, const Invocation *invocation) {
        static const Column columns[] = {
                { "NAME", "name", FORMAT_TEXT, true },
                { "KIND", "kind", FORMAT_TEXT, false },
                { "SIZE", "size", FORMAT_SIZE, false, TABLE_RIGHT },
                { "USABLE", "usable", FORMAT_TEXT, false },
                { "PROBLEM", "problem", FORMAT_TEXT, true },
                {},
        };
        _cleanup_json_ json_t *files = NULL, *options = json_object();
        _cleanup_free_ char *path = NULL;
        int r;

        r = find_domain(client, invocation, &path);
        if (r >= 0)
                r = client_query(client, path, DOMAIN_INTERFACE, "ListFiles", &files, "@", options);
        return r < 0 ? r : client_print_rows(client, files, columns, NULL);
}

static const char *base_name(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

static int send_file(Client *client, const char *path, const char *name, int fd, const char *what, sd_bus_message **ret) {
        _cleanup_message_ sd_bus_message *message = NULL;
        int r;

        r = client_new_call(client, path, DOMAIN_INTERFACE, "UploadFile", &message);
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "sha{sv}", name, fd, 0);
        return r < 0 ? client_fail(client, "%s: %s", what, strerror(-r)) : client_call(client, message, what, false, ret);
}

static int iso_run_upload(Client *client, const Invocation *invocation) {
        static const char what[] = "Uploading a file";
        const char *file = local_string(invocation, "FILE"), *name = local_string(invocation, "name") ?: base_name(file), *job;
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return client_fail(client, "cannot read '%s': %s", file, strerror(errno));
        r = find_domain(client, invocation, &path);
        if (r >= 0)
                r = send_file(client, path, name, fd, what, &reply);
        if (r < 0)
                return r;
        r = object_read_job(client, reply, what, &job);
        return r < 0 ? r : object_await_say(client, job, what, "file '%s' uploaded", name);
}

static int iso_run_remove(Client *client, const Invocation *invocation) {
        static const char what[] = "Removing a file";
        const char *name = local_string(invocation, "FILE");
        _cleanup_message_ sd_bus_message *message = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        r = find_domain(client, invocation, &path);
        if (r >= 0)
                r = client_new_call(client, path, DOMAIN_INTERFACE, "DeleteFile", &message);
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "sa{sv}", name, 0);
        if (r < 0)
                return client_fail(client, "%s: %s", what, strerror(-r));
        r = client_call(client, message, what, false, NULL);
        if (r >= 0)
                client_say(client, "file '%s' removed", name);
        return r;
}

static const Parameter list_arguments[] = { ARGUMENT_OBJECT("DOMAIN", COMPLETE_DOMAIN), {} };
static const Parameter upload_arguments[] = { ARGUMENT_OBJECT("DOMAIN", COMPLETE_DOMAIN), { "FILE", .complete = COMPLETE_FILE }, {} };
static const Parameter upload_options[] = {
        { "name", "NAME", PARAMETER_TEXT, PLACE_LOCAL, .help = "Name it gets there; the file's if not given" },
        {},
};
static const Parameter remove_arguments[] = { ARGUMENT_OBJECT("DOMAIN", COMPLETE_DOMAIN), { "FILE" }, {} };

const Command iso_commands[] = {
        { "iso", "list", "List the files of an ISO domain", list_arguments, NULL, iso_run_list, 0, &kind_domain },
        { "iso", "upload", "Upload a file to an ISO domain", upload_arguments, upload_options, iso_run_upload, COMMAND_CHANGES | COMMAND_FD, &kind_domain },
        { "iso", "remove", "Remove a file from an ISO domain", remove_arguments, NULL, iso_run_remove, COMMAND_CHANGES, &kind_domain },
        {},
};
