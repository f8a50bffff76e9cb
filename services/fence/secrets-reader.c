/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "secrets-reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "bus-error.h"

struct SecretsReader {
        sd_event *event;
        sd_event_source *source, *deadline;
        int fd;       /* the caller's, duplicated */
        int own[2];   /* a pipe of our own, read and write end; unused for memory */
        char bytes[SECRETS_BYTES_MAX + 1]; /* one more, to see that it is too much */
        size_t size;
        secrets_read_t done;
        void *userdata;
        bool dispatching;
};

static void reader_destroy(SecretsReader *reader) {
        sd_event_source_disable_unref(reader->source);
        sd_event_source_disable_unref(reader->deadline);
        sd_event_unref(reader->event);
        safe_close(reader->fd);
        safe_close(reader->own[0]);
        safe_close(reader->own[1]);
        explicit_bzero(reader->bytes, sizeof(reader->bytes));
        free(reader);
}

SecretsReader *secrets_reader_free(SecretsReader *reader) {
        if (reader && !reader->dispatching)
                reader_destroy(reader);
        return NULL;
}

/* error is set where r is negative. */
static void reader_finish(SecretsReader *reader, int r, sd_bus_error *error) {
        Secrets *secrets = NULL;

        if (r >= 0)
                r = secrets_parse(reader->bytes, reader->size, &secrets, error);
        reader->dispatching = true;
        reader->done(secrets, r, error, reader->userdata);
        reader_destroy(reader);
}

/* Like read(): bytes, 0 at the end, or -1 with errno; EAGAIN when nothing is there yet. Never waits. */
static ssize_t read_some(SecretsReader *reader) {
        size_t room = sizeof(reader->bytes) - reader->size;
        ssize_t n;

        if (reader->own[0] < 0)
                return pread(reader->fd, reader->bytes + reader->size, room, (off_t)reader->size);

        n = splice(reader->fd, NULL, reader->own[1], NULL, room, SPLICE_F_NONBLOCK);
        return n > 0 ? read(reader->own[0], reader->bytes + reader->size, room) : n;
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        SecretsReader *reader = userdata;
        ssize_t n;
        int r;

        n = read_some(reader);
        if (n < 0) {
                if (errno == EAGAIN || errno == EINTR)
                        return 0;
                r = sd_bus_error_setf(&error, RHV_ERROR_INVALID_ARGUMENT, "The secrets cannot be read: %s", strerror(errno));
        } else if (n > 0) {
                reader->size += (size_t)n;
                if (reader->size < sizeof(reader->bytes))
                        return 0;
                r = sd_bus_error_setf(&error, RHV_ERROR_INVALID_ARGUMENT, "The secrets are larger than %u bytes",
                                      (unsigned)SECRETS_BYTES_MAX);
        } else
                r = 0;

        reader_finish(reader, r, &error);
        return 0;
}

/* A memfd cannot be polled, and need not be: its reads never wait. */
static int on_memory(sd_event_source *source, void *userdata) {
        SecretsReader *reader = userdata;

        (void) sd_event_source_set_enabled(source, SD_EVENT_ON);
        return on_readable(source, reader->fd, 0, reader);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) sd_bus_error_setf(&error, RHV_ERROR_TIMEOUT,
                                 "The secrets did not end within %u s; write them and close the pipe before waiting for the reply",
                                 (unsigned)(SECRETS_READ_USEC / USEC_PER_SEC));
        reader_finish(userdata, -ETIMEDOUT, &error);
        return 0;
}

/* Return: 1 memory, 0 pipe, negative with error set. */
static int classify(int fd, sd_bus_error *error) {
        int flags = fcntl(fd, F_GETFL);
        struct stat st;

        if (flags < 0 || fstat(fd, &st) < 0)
                return -errno;
        if ((flags & O_PATH) || (flags & O_ACCMODE) == O_WRONLY)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The secrets' file descriptor is not open for reading");
        if (S_ISFIFO(st.st_mode))
                return 0;
        /* Only files in memory know seals. */
        if (S_ISREG(st.st_mode) && fcntl(fd, F_GET_SEALS) >= 0)
                return 1;
        if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
                return 1;
        return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT,
                                "Secrets are read from a memfd or a pipe (or /dev/null for none), not from this kind of file descriptor");
}

int secrets_reader_start(sd_event *event, int fd, secrets_read_t done, void *userdata, SecretsReader **ret, sd_bus_error *error) {
        _cleanup_(secrets_reader_freep) SecretsReader *reader = NULL;
        int r, memory;

        memory = classify(fd, error);
        if (memory < 0)
                return memory;

        reader = calloc(1, sizeof(SecretsReader));
        if (!reader)
                return -ENOMEM;
        reader->own[0] = reader->own[1] = -EBADF;
        reader->event = sd_event_ref(event);
        reader->done = done;
        reader->userdata = userdata;
        reader->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (reader->fd < 0 || (!memory && pipe2(reader->own, O_CLOEXEC | O_NONBLOCK) < 0))
                return -errno;

        r = memory ? sd_event_add_defer(event, &reader->source, on_memory, reader) :
                     sd_event_add_io(event, &reader->source, reader->fd, EPOLLIN, on_readable, reader);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &reader->deadline, CLOCK_MONOTONIC, SECRETS_READ_USEC, 0, on_deadline, reader);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(reader);
        return 0;
}
