/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "dict.h"
#include "image-file.h"
#include "job-wait.h"
#include "object.h"

typedef struct Upload {
        Client *client;
        const Invocation *invocation;
        const char *file;
        int fd;
        ImageFile image;
        bool pipe;
        char *name;     /* of the disk, for sentences */
        char *path;     /* of the disk */
        bool made;      /* by us: goes away again when the upload fails */
} Upload;

static void upload_done(Upload *upload) {
        if (upload->fd != STDIN_FILENO)
                safe_close(upload->fd);
        free(upload->name);
        free(upload->path);
}

/* Method(h fd, a{sv}) of a disk → job. */
static int call_with_fd(Client *client, const char *path, const char *method, int fd, const json_t *options,
                        const char *what, char **ret_job) {
        _cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
        const char *job;
        int r;

        r = client_new_call(client, path, kind_disk.interface, method, &message);
        if (r < 0)
                return r;

        r = sd_bus_message_append_basic(message, 'h', &fd);
        if (r >= 0)
                r = dict_append(message, options);
        if (r < 0)
                return client_fail(client, "%s: %s", what, strerror(-r));

        r = client_call(client, message, what, false, &reply);
        if (r < 0)
                return r;

        r = object_read_job(client, reply, what, &job);
        if (r < 0)
                return r;
        *ret_job = strdup(job);
        return *ret_job ? 0 : client_no_memory(client);
}

/* ---- upload ---- */

static int open_source(Upload *upload) {
        Client *client = upload->client;
        struct stat st;
        int r;

        upload->fd = streq(upload->file, "-") ? STDIN_FILENO : open(upload->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (upload->fd < 0 || fstat(upload->fd, &st) < 0)
                return client_fail(client, "cannot read '%s': %s", upload->file, strerror(errno));
        if (S_ISDIR(st.st_mode))
                return client_fail(client, "'%s' is a directory, not a disk image", upload->file);

        r = image_file_probe(upload->fd, &upload->image);
        upload->pipe = r == -ESPIPE;
        if (upload->pipe)
                return 0;
        if (r == -EBADMSG)
                return client_fail(client, "'%s' begins as a qcow2 image but is none; `qemu-img check` tells more", upload->file);
        if (r == -ELOOP)
                return client_fail(client, "'%s' needs another file below it; make it whole first: `qemu-img convert -O qcow2 %s NEW`",
                                   upload->file, upload->file);
        if (r < 0)
                return client_fail(client, "cannot read '%s': %s", upload->file, strerror(-r));
        return upload->image.size_bytes > 0 ? 0 : client_fail(client, "'%s' is empty", upload->file);
}

/* What comes through a pipe cannot be looked at: it must be said. */
static int complete_pipe(Upload *upload) {
        const json_t *bytes = json_object_get(upload->invocation->local, "bytes");

        if (!bytes)
                return client_usage(upload->client, "--bytes SIZE is needed: how many bytes come through the pipe");

        upload->image = (ImageFile){ .format = dict_string(upload->invocation->spec, "format", "raw"),
                                     .size_bytes = (uint64_t)json_integer_value(bytes) };
        upload->image.capacity_bytes = streq(upload->image.format, "raw") ? upload->image.size_bytes : 0;
        return 0;
}

/* The file's name without folders and without ".qcow2", ".img" or ".raw". */
static char *name_from_file(const char *file) {
        static const char *const endings[] = { ".qcow2", ".img", ".raw" };
        const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
        size_t length = strlen(base);

        for (size_t i = 0; i < ELEMENTSOF(endings); i++) {
                size_t n = strlen(endings[i]);

                if (length > n && streq(base + length - n, endings[i]))
                        return strndup(base, length - n);
        }

        return strdup(streq(base, "-") ? "stdin" : base);
}

static int default_spec(Upload *upload, json_t *spec) {
        const ImageFile *image = &upload->image;

        if (!json_object_get(spec, "capacity")) {
                if (image->capacity_bytes == 0)
                        return client_usage(upload->client, "--size SIZE is needed: what a guest shall see of an image that comes through a pipe");
                (void) json_object_set_new(spec, "capacity", json_integer((json_int_t)image->capacity_bytes));
        }
        if (!json_object_get(spec, "name"))
                (void) json_object_set_new(spec, "name", json_string(upload->name));
        if (!json_object_get(spec, "format"))
                (void) json_object_set_new(spec, "format", json_string(image->format));

        if (!streq(dict_string(spec, "format", ""), image->format))
                return client_usage(upload->client, "'%s' is %s, which a disk of format %s cannot take; `qemu-img convert -O %s` changes it",
                                    upload->file, image->format, dict_string(spec, "format", ""), dict_string(spec, "format", ""));
        return 0;
}

static int make_disk(Upload *upload) {
        const Invocation *invocation = upload->invocation;
        _cleanup_free_ char *what = NULL, *job = NULL;
        int r;

        upload->name = strdup(dict_string(invocation->spec, "name", ""));
        if (upload->name && !*upload->name) {
                free(upload->name);
                upload->name = name_from_file(upload->file);
        }
        r = upload->name ? default_spec(upload, invocation->spec) : client_no_memory(upload->client);
        if (r < 0)
                return r;

        what = object_doing("Creating", &kind_disk, upload->name);
        if (!what)
                return client_no_memory(upload->client);
        r = object_add_request(upload->client, invocation->call, "request_id");
        if (r < 0)
                return r;
        r = object_create(upload->client, "CreateDisk", invocation->spec, invocation->call, what, &upload->path, &job);
        if (r < 0)
                return r;

        upload->made = true;
        return job ? job_wait(upload->client, job, what, NULL) : 0;
}

static int find_disk(Upload *upload, const char *reference) {
        const json_t *properties;
        const char *path;
        int r;

        if (json_object_size(upload->invocation->spec) > (upload->pipe && json_object_get(upload->invocation->spec, "format")))
                return client_usage(upload->client, "options of a new disk make no sense for '%s', which is there", reference);

        r = client_find(upload->client, &kind_disk, reference, &path, &properties);
        if (r < 0)
                return r;
        if (!streq(dict_string(properties, "Format", upload->image.format), upload->image.format))
                return client_fail(upload->client, "'%s' is %s, but disk '%s' takes %s; `qemu-img convert -O %s` changes it",
                                   upload->file, upload->image.format, reference, dict_string(properties, "Format", ""),
                                   dict_string(properties, "Format", ""));

        upload->name = strdup(reference);
        upload->path = strdup(path);
        return upload->name && upload->path ? 0 : client_no_memory(upload->client);
}

/* Removes what we made, quietly: the reason the upload failed has been told. */
static void undo(Upload *upload) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
        _cleanup_free_ char *what = object_doing("Removing", &kind_disk, upload->name);
        _cleanup_json_ json_t *options = json_object();
        const char *job;
        int r;

        r = client_new_call(upload->client, upload->path, kind_disk.interface, "Remove", &message);
        if (r >= 0 && options)
                r = dict_append(message, options);
        if (r >= 0)
                r = client_try_call(upload->client, message, false, CALL_USEC, &reply, &error);
        if (r >= 0 && sd_bus_message_read_basic(reply, 'o', &job) > 0)
                r = job_wait(upload->client, job, what ?: "Removing the disk", NULL);
        if (r < 0)
                fprintf(stderr, "rhvctl: the unfinished disk is still there; `rhvctl disk remove %s` removes it\n", upload->name);
}

static int transfer(Upload *upload) {
        Client *client = upload->client;
        _cleanup_free_ char *what = object_doing("Uploading", &kind_disk, upload->name), *job = NULL;
        _cleanup_json_ json_t *options = json_object(), *finished = NULL;
        int r;

        if (!what || !options)
                return client_no_memory(client);
        if (upload->pipe &&
            json_object_set_new(options, "size", json_integer((json_int_t)upload->image.size_bytes)) < 0)
                return client_no_memory(client);

        r = call_with_fd(client, upload->path, "Upload", upload->fd, options, what, &job);
        if (r < 0)
                return r;

        r = object_await(client, job, what, &finished);
        if (r < 0) {
                /* whoever stopped waiting did not stop the work */
                if (!finished || !job_state_ended(dict_string(finished, "State", "")))
                        upload->made = false;
                return r;
        }
        if (client->settings->json && finished)
                return client_print_json(client, finished);
        if (r > 0)
                client_say(client, "disk '%s' uploaded", upload->name);
        return 0;
}

int disk_run_upload(Client *client, const Invocation *invocation) {
        const char *reference = local_string(invocation, "DISK");
        Upload upload = { .client = client, .invocation = invocation, .file = local_string(invocation, "FILE"), .fd = -EBADF,
                          .image.format = "raw" };
        int r;

        if (!reference && !json_object_get(invocation->spec, "storage_domain"))
                return client_usage(client, "where to is missing: give --domain DOMAIN for a new disk, or the DISK to fill");

        r = open_source(&upload);
        if (r >= 0 && upload.pipe)
                r = complete_pipe(&upload);
        if (r >= 0)
                r = reference ? find_disk(&upload, reference) : make_disk(&upload);
        if (r >= 0) {
                r = transfer(&upload);
                if (r < 0 && upload.made)
                        undo(&upload);
        }

        upload_done(&upload);
        return r;
}

/* ---- download ---- */

static int open_target(Client *client, const char *file, bool force) {
        int fd;

        if (streq(file, "-"))
                return client->stdout_tty ? client_usage(client, "a disk is not for a terminal; name a file or a pipe") :
                                            fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

        fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | (force ? O_TRUNC : O_EXCL), 0600);
        if (fd < 0 && errno == EEXIST)
                return client_fail(client, "'%s' is there already; --force writes over it", file);
        return fd < 0 ? client_fail(client, "cannot write '%s': %s", file, strerror(errno)) : fd;
}

/* Half a disk looks like a whole one: it must not stay. A device node does. */
static void remove_partial(int fd, const char *file) {
        struct stat st;

        if (fstat(fd, &st) >= 0 && S_ISREG(st.st_mode))
                (void) unlink(file);
}

int disk_run_download(Client *client, const Invocation *invocation) {
        const char *reference = local_string(invocation, "DISK"), *file = local_string(invocation, "FILE"), *path;
        _cleanup_free_ char *what = object_doing("Downloading", &kind_disk, reference), *job = NULL;
        _cleanup_json_ json_t *options = json_object(), *finished = NULL;
        _cleanup_close_ int fd = -EBADF;
        bool to_stdout = streq(file, "-");
        int r;

        if (!what || !options)
                return client_no_memory(client);

        r = client_find(client, &kind_disk, reference, &path, NULL);
        if (r < 0)
                return r;
        fd = open_target(client, file, local_flag(invocation, "force"));
        if (fd < 0)
                return fd;

        r = call_with_fd(client, path, "Download", fd, options, what, &job);
        if (r >= 0)
                r = object_await(client, job, what, &finished);

        if (r < 0 && !to_stdout && (!job || (finished && job_state_ended(dict_string(finished, "State", "")))))
                remove_partial(fd, file);
        if (r < 0)
                return r;
        if (client->settings->json && finished && !to_stdout)
                return client_print_json(client, finished);
        if (r > 0 && !to_stdout)
                client_say(client, "disk '%s' downloaded to '%s'", reference, file);
        return 0;
}

/* ---- extend ---- */

int disk_run_extend(Client *client, const Invocation *invocation) {
        const uint64_t capacity = (uint64_t)json_integer_value(json_object_get(invocation->local, "capacity"));
        const char *reference = local_string(invocation, "DISK"), *path, *job;
        _cleanup_free_ char *what = object_doing("Extending", &kind_disk, reference);
        _cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
        int r;

        if (!what)
                return client_no_memory(client);
        r = client_find(client, &kind_disk, reference, &path, NULL);
        if (r >= 0)
                r = object_add_request(client, invocation->call, "request_id");
        if (r >= 0)
                r = client_new_call(client, path, kind_disk.interface, "Extend", &message);
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "t", capacity);
        if (r >= 0)
                r = dict_append(message, invocation->call);
        if (r < 0)
                return client_fail(client, "%s: %s", what, strerror(-r));
        r = client_call(client, message, what, true, &reply);
        if (r < 0)
                return r;
        r = object_read_job(client, reply, what, &job);
        return r < 0 ? r : object_await_say(client, job, what, "disk '%s' extended", reference);
}
