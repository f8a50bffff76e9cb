/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Images in use, on the bus: uploaded, downloaded, prepared for a guest and given back. */

#include <fcntl.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "domain-bus.h"
#include "domain-lockspace.h"
#include "manager.h"
#include "request.h"
#include "volume-task.h"

/* Leases are taken by hosts in the lockspace. */
int domain_check_member(const Domain *domain, sd_bus_error *error) {
        if (!domain->lockspace || domain->lockspace->state == LOCKSPACE_HELD)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "This host has no host id in domain %s; join it first", domain->place.id);
        return -ESTALE;
}

/* A guest on another host may write to the same image: a writer has a VM lease under its own id, which QEMU takes when it starts. */
static int check_writer(const Domain *domain, const ImageUser *user, sd_bus_error *error) {
        if (!domain->lockspace || user->read_only)
                return 0;
        if (!uuid_is_valid(user->user)) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Who writes to a shared domain is a VM with a lease; \"%.64s\" is no id of one",
                                  user->user);
                return -EINVAL;
        }
        return domain_check_member(domain, error);
}

/* ---- transfers ---- */

typedef struct TransferCall {
        const char *image, *volume; /* borrowed from the message */
        int fd;                     /* borrowed */
        bool upload;
        uint64_t size_bytes;
        json_t *options;
} TransferCall;

static void transfer_call_clear(TransferCall *call) {
        json_decref(call->options);
}

static int bad_fd(sd_bus_error *error, const char *why) {
        sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, why);
        return -EINVAL;
}

/* Regular files, pipes and sockets, opened for the right direction. */
static int check_fd(int fd, bool upload, struct stat *ret, sd_bus_error *error) {
        int flags = fcntl(fd, F_GETFL), mode;

        if (flags < 0 || (flags & O_PATH) || fstat(fd, ret) < 0)
                return bad_fd(error, "The file descriptor cannot be used");
        if (!S_ISREG(ret->st_mode) && !S_ISFIFO(ret->st_mode) && !S_ISSOCK(ret->st_mode))
                return bad_fd(error, "The file descriptor must be a regular file, a pipe or a socket");
        mode = flags & O_ACCMODE;
        if (upload && mode == O_WRONLY)
                return bad_fd(error, "The file descriptor is not open for reading");
        if (!upload && mode == O_RDONLY)
                return bad_fd(error, "The file descriptor is not open for writing");
        return 0;
}

/* A regular file tells its size itself: what is left from where it stands. */
static int find_size(int fd, uint64_t given, const struct stat *st, uint64_t *ret, sd_bus_error *error) {
        off_t here;

        if (given > 0) {
                *ret = given;
                return 0;
        }
        if (!S_ISREG(st->st_mode))
                return bad_fd(error, "An upload through a pipe or a socket needs the option \"size\"");
        here = lseek(fd, 0, SEEK_CUR);
        if (here < 0 || here >= st->st_size)
                return bad_fd(error, "The file is empty, or was read to its end");
        *ret = (uint64_t)(st->st_size - here);
        return 0;
}

int transfer_check_fd(int fd, bool upload, uint64_t size_bytes, uint64_t *ret, sd_bus_error *error) {
        struct stat st;
        int r;

        r = check_fd(fd, upload, &st, error);
        return r >= 0 && upload ? find_size(fd, size_bytes, &st, ret, error) : r;
}

static int read_call(sd_bus_message *message, TransferCall *call, sd_bus_error *error) {
        int r;

        r = sd_bus_message_read(message, "ssh", &call->image, &call->volume, &call->fd);
        if (r >= 0)
                r = request_check_id("the image", call->image, error);
        if (r >= 0)
                r = request_check_id("the volume", call->volume, error);
        if (r >= 0)
                r = dict_read_checked(message, call->upload ? request_upload : request_options_job, "options",
                                      &call->options, error);
        return r < 0 ? r : transfer_check_fd(call->fd, call->upload, (uint64_t)dict_integer(call->options, "size", 0), &call->size_bytes, error);
}

/* Nobody may use what is overwritten; nobody may write what is read. */
static int check_users(const Domain *domain, const TransferCall *call, sd_bus_error *error) {
        if (call->upload ? !image_users_has(domain->users, call->image)
                         : !image_users_has_writer(domain->users, call->image))
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_IN_USE, "Image %s is in use", call->image);
        return -EBUSY;
}

static int start_transfer(Domain *domain, sd_bus_message *message, const TransferCall *call, const json_t *arguments,
                          sd_bus_error *error) {
        const char *kind = call->upload ? "upload" : "download";
        TransferRequest request = {.upload = call->upload};
        int fd, r;
        Job *job;

        if (domain->manager->n_transfers >= TRANSFERS_MAX) {
                sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED,
                                  "%u transfers are at work already; try again when one has ended", TRANSFERS_MAX);
                return -EAGAIN;
        }
        fd = fcntl(call->fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return -errno;
        r = domain_job_new(domain, message, kind, call->image, call->options, arguments, &job, error);
        if (r < 0) {
                safe_close(fd);
                return r;
        }
        memcpy(request.image, call->image, UUID_STRING_MAX);
        memcpy(request.volume, call->volume, UUID_STRING_MAX);
        r = transfer_start(domain->manager, domain, job, &request, NULL, fd, call->size_bytes, error);
        if (r < 0)
                safe_close(fd);
        return domain_job_reply(domain, message, job, call->image, r, error);
}

static int transfer_method(sd_bus_message *message, Domain *domain, bool upload, sd_bus_error *error) {
        _cleanup_(transfer_call_clear) TransferCall call = {.fd = -EBADF, .upload = upload};
        const char *kind = upload ? "upload" : "download";
        _cleanup_json_ json_t *arguments = NULL;
        Job *job;
        int r;

        r = read_call(message, &call, error);
        if (r >= 0)
                r = domain_check_use(domain, upload ? DOMAIN_USE_CHANGE : DOMAIN_USE_READ, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = auth_check(domain->manager->auth, message, upload ? ACTION_CONFIGURE : ACTION_READ_DATA,
                       AUTH_DETAILS("verb", kind, "domain", domain->place.id, "name", domain->name, "image",
                                    call.image),
                       error);
        if (r <= 0)
                return r < 0 ? r : 1;

        arguments = json_pack("{s:s, s:s, s:s, s:I}", "domain", domain->place.id, "image", call.image, "volume",
                              call.volume, "size", (json_int_t)call.size_bytes);
        if (!arguments)
                return -ENOMEM;
        r = domain_job_find(domain, message, kind, call.options, arguments, &job, error);
        if (r != 0)
                return r < 0 ? r : sd_bus_reply_method_return(message, "o", job_path(job));
        r = upload ? domain_check_member(domain, error) : 0;
        if (r >= 0)
                r = check_users(domain, &call, error);
        if (r < 0)
                return r;
        return start_transfer(domain, message, &call, arguments, error);
}

int image_method_upload(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return transfer_method(message, userdata, true, error);
}

int image_method_download(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return transfer_method(message, userdata, false, error);
}

/* ---- prepare and teardown ---- */

int image_method_prepare(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL;
        const char *image, *volume;
        Domain *domain = userdata;
        ImageUser user;
        int r;

        r = request_read_volume_ids(message, &image, &volume, error);
        if (r >= 0)
                r = dict_read_checked(message, request_prepare, "options", &options, error);
        if (r >= 0)
                r = domain_check_use(domain, DOMAIN_USE_GUEST, error);
        if (r < 0)
                return r;
        user = (ImageUser){
                        .user = dict_string(options, "user", ""),
                        .read_only = dict_boolean(options, "read_only", false),
                        .shared = dict_boolean(options, "shared", false),
        };
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = check_writer(domain, &user, error);
        if (r >= 0)
                r = image_lock_check(domain->manager->locks, domain->place.id, image, error);
        if (r >= 0)
                r = image_users_check(domain->users, image, &user, error);
        if (r < 0)
                return r;
        r = auth_check(domain->manager->auth, message, ACTION_OPERATE,
                       AUTH_DETAILS("verb", "prepare", "domain", domain->place.id, "name", domain->name, "image",
                                    image, "vm", user.user),
                       error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return volume_task_prepare(domain, message, image, volume, &user, error);
}

/* Needs nothing from the storage, so it works while the domain is away. */
int image_method_teardown(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL;
        Domain *domain = userdata;
        const char *image, *user;
        int r;

        r = sd_bus_message_read(message, "s", &image);
        if (r >= 0)
                r = request_check_id("the image", image, error);
        if (r >= 0)
                r = dict_read_checked(message, request_teardown, "options", &options, error);
        if (r < 0)
                return r;
        user = dict_string(options, "user", "");
        r = auth_check(domain->manager->auth, message, ACTION_OPERATE,
                       AUTH_DETAILS("verb", "teardown", "domain", domain->place.id, "name", domain->name, "image",
                                    image, "vm", user),
                       error);
        if (r <= 0)
                return r < 0 ? r : 1;
        (void) image_users_remove(domain->users, image, user);
        if (!image_users_has(domain->users, image))
                volume_task_teardown(domain, image);
        return sd_bus_reply_method_return(message, NULL);
}
