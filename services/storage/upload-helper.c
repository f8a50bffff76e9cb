/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * rhv-upload DIRECTORY PROGRAM ARGUMENT…: one upload into a volume of a shared domain, under the volume's lease. Started by
 * org.rhv.Storage as the unit rhv-upload-<job>.service, with the sender as its standard input.
 *
 *      lease ──> ILLEGAL ──> PROGRAM (rhv-transfer, as 36:36) ──> LEGAL and the next generation ──> "settled" ──> exit
 *
 * The program inherits the connection to sanlock: the lease lasts as long as either of the two, whatever becomes of the service, of the domain's
 * lease, and of its holder. Where the lease is lost, sanlock kills the whole unit.
 */

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bus-error.h"
#include "lease-request.h"
#include "log.h"
#include "lvm.h"
#include "place-json.h"
#include "heir.h"
#include "state-file.h"
#include "storage-identity.h"
#include "transfer-progress.h"
#include "transfer-request.h"
#include "volume-lease.h"

#define ARGUMENTS_MAX 32U

typedef struct Upload {
        const char *directory;
        TransferRequest request;
        json_t *place_object;
        DomainPlace place; /* its path belongs to place_object */
        int sanlock_fd;
} Upload;

static void upload_clear(Upload *upload) {
        json_decref(upload->place_object);
        safe_close(upload->sanlock_fd);
}

static const StorageLayout *layout(const Upload *upload) {
        return upload->place.type->layout;
}

/* ---- notes in the directory ---- */

static int load(Upload *upload) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = transfer_request_load(upload->directory, &upload->request);
        if (r < 0)
                return r;
        if (asprintf(&path, "%s/" TRANSFER_PLACE_FILE, upload->directory) < 0)
                return -ENOMEM;
        r = state_file_load(path, LEASE_FILE_VERSION, &upload->place_object);
        return r < 0 ? r : place_from_json(json_object_get(upload->place_object, "place"), &upload->place);
}

/* The outcome, where the program did not get so far as to write one. */
static int write_failure(const Upload *upload, int r, const sd_bus_error *error) {
        const TransferResult result = {
                        .error_name = (char *)(error->name ?: RHV_ERROR_BACKEND_FAILED),
                        .error_message = (char *)(error->message ?: strerror(-r)),
        };
        _cleanup_free_ char *text = transfer_result_format(&result);

        return text ? transfer_write_file(upload->directory, "result", text) : -ENOMEM;
}

/* ---- the lease ---- */

static int take_lease(Upload *upload, sd_bus_error *error) {
        int fd = volume_lease_take(&upload->place, upload->request.image, upload->request.volume, error);

        if (fd < 0)
                return fd;
        upload->sanlock_fd = fd; /* the program gets a copy that is not closed */
        return 0;
}

static int set_legality(const Upload *upload, VolumeLegality legality, bool next_generation, sd_bus_error *error) {
        const VolumeChange change = {
                        .expected_generation = upload->request.generation,
                        .bump_generation = next_generation,
                        .legality = legality,
        };

        return layout(upload)->volume_update(&upload->place, upload->request.image, upload->request.volume, &change, error);
}

/* ---- the program ---- */

static int spawn(const Upload *upload, int volume_fd, char **arguments, pid_t *ret) {
        const char *argv[ARGUMENTS_MAX];
        const SpawnSpec spec = {
                        .argv = argv,
                        .stdin_fd = SPAWN_INHERIT,
                        .stdout_fd = volume_fd,
                        .stderr_fd = SPAWN_INHERIT,
                        .lease_fd = upload->sanlock_fd,
        };
        size_t n;

        n = storage_identity_argv(argv, geteuid() == 0);
        for (; *arguments && n < ARGUMENTS_MAX - 1; arguments++)
                argv[n++] = *arguments;
        argv[n] = NULL;
        return spawn_heir(&spec, ret);
}

/* SIGTERM is the program's: it stops where it may. */
static int wait_for(pid_t pid, const sigset_t *signals) {
        for (;;) {
                siginfo_t info;
                int status;

                if (sigwaitinfo(signals, &info) < 0)
                        continue;
                if (info.si_signo == SIGTERM)
                        (void) kill(pid, SIGTERM);
                else if (waitpid(pid, &status, WNOHANG) == pid)
                        return status;
        }
}

static int run(Upload *upload, char **arguments, sd_bus_error *error) {
        _cleanup_close_ int volume = -EBADF;
        sigset_t signals;
        pid_t pid;
        int r;

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGTERM);
        (void) sigaddset(&signals, SIGCHLD);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;
        r = layout(upload)->volume_open(&upload->place, upload->request.image, upload->request.volume, true, &volume, error);
        if (r >= 0)
                r = spawn(upload, volume, arguments, &pid);
        if (r < 0)
                return r;
        (void) wait_for(pid, &signals);
        return 0;
}

/* What the program's own result says. Return: 1 complete; 0 not, and the volume as it was; negative: not, and changed. */
static int outcome(const Upload *upload) {
        _cleanup_(transfer_result_clear) TransferResult result = {};
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = transfer_read_file(upload->directory, "result", &text, &size);
        if (r >= 0)
                r = transfer_result_parse(text, size, &result);
        if (r < 0) /* it was killed: the progress file appears before the first change */
                return transfer_read_file(upload->directory, "progress", &text, &size) == -ENOENT ? 0 : -EINTR;
        if (!result.error_name)
                return 1;
        return result.touched ? -EIO : 0;
}

/* ---- all of it ---- */

static int work(Upload *upload, char **arguments, sd_bus_error *error) {
        int r, k;

        r = take_lease(upload, error);
        if (r >= 0)
                r = set_legality(upload, VOLUME_ILLEGAL, false, error);
        if (r < 0)
                return r;
        r = run(upload, arguments, error);
        if (layout(upload)->teardown)
                (void) layout(upload)->teardown(&upload->place, upload->request.image, NULL);
        k = r < 0 ? 0 : outcome(upload);
        if (k > 0)
                return set_legality(upload, VOLUME_LEGAL, true, error);
        /* Nothing was changed: it is what it was. */
        if (k == 0 && upload->request.was_legal)
                (void) set_legality(upload, VOLUME_LEGAL, false, NULL);
        return r;
}

int main(int argc, char **argv) {
        _cleanup_(upload_clear) Upload upload = {.sanlock_fd = -EBADF};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        log_open("rhv-upload");
        if (argc < 3 || argc > (int)(ARGUMENTS_MAX - STORAGE_IDENTITY_ARGUMENTS)) {
                fputs("usage: rhv-upload DIRECTORY PROGRAM ARGUMENT..., started by org.rhv.Storage\n", stderr);
                return 2;
        }
        lvm_use_helper(LVM_SOCKET_PATH);
        (void) umask(0022);
        upload.directory = argv[1];
        r = load(&upload);
        if (r < 0) {
                log_error_errno(r, "Cannot read what to upload from %s", upload.directory);
                return 2;
        }
        r = work(&upload, argv + 2, &error);
        if (r < 0) {
                log_warning_errno(r, "The upload failed: %s", error.message ?: "");
                r = write_failure(&upload, r, &error);
        }
        if (r >= 0)
                r = transfer_write_file(upload.directory, TRANSFER_SETTLED_FILE, "");
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
