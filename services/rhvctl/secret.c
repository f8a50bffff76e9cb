/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "secret.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <termios.h>

/* What ends the program while it waits at the prompt. */
static const int ending_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
static volatile sig_atomic_t ended_by;

static void on_ending_signal(int number) {
        ended_by = number;
}

/* The first line of fd, without its end. open_signals: what is let through while it waits, and only then, so that none is missed just
 * before; NULL where nothing is blocked. Return: its length, or a negative errno (-E2BIG too long, -ENODATA nothing, -EINTR ended). */
static ssize_t read_line(int fd, const sigset_t *open_signals, char *ret, size_t size) {
        struct pollfd readable = { .fd = fd, .events = POLLIN };
        size_t have = 0;

        while (have < size) {
                ssize_t n = open_signals ? ppoll(&readable, 1, NULL, open_signals) : 0;

                if (n >= 0)
                        n = read(fd, ret + have, 1);
                if (n < 0 && errno == EINTR && !ended_by)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0 || ret[have] == '\n')
                        return have > 0 || n > 0 ? (ssize_t)have : -ENODATA;
                have++;
        }

        return -E2BIG;
}

/* Echo off, and on again whatever ends the wait: a terminal must not stay deaf after Ctrl-C. */
static ssize_t read_silently(int fd, const struct termios *old, const char *prompt, char *ret, size_t size) {
        struct sigaction action = { .sa_handler = on_ending_signal }, saved[ELEMENTSOF(ending_signals)];
        struct termios silent = *old;
        sigset_t ending, before;
        ssize_t n;

        ended_by = 0;
        (void) sigemptyset(&ending);
        for (size_t i = 0; i < ELEMENTSOF(ending_signals); i++)
                (void) sigaddset(&ending, ending_signals[i]);
        (void) sigprocmask(SIG_BLOCK, &ending, &before);
        for (size_t i = 0; i < ELEMENTSOF(ending_signals); i++)
                (void) sigaction(ending_signals[i], &action, &saved[i]);

        silent.c_lflag &= ~(tcflag_t)ECHO;
        /* silent first: what is typed at the prompt is neither shown nor thrown away */
        n = tcsetattr(fd, TCSAFLUSH, &silent) < 0 || dprintf(fd, "%s: ", prompt) < 0 ? -errno : read_line(fd, &before, ret, size);
        (void) tcsetattr(fd, TCSAFLUSH, old);
        (void) dprintf(fd, "\n");

        for (size_t i = 0; i < ELEMENTSOF(ending_signals); i++)
                (void) sigaction(ending_signals[i], &saved[i], NULL);
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        if (ended_by) {
                explicit_bzero(ret, size);
                (void) raise(ended_by);
        }
        return n;
}

static ssize_t ask(const char *prompt, char *ret, size_t size) {
        _cleanup_close_ int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        struct termios old;

        if (fd < 0 || tcgetattr(fd, &old) < 0)
                return -errno;
        return read_silently(fd, &old, prompt, ret, size);
}

static int make_memory_file(Client *client, const char *secret, size_t length) {
        _cleanup_close_ int fd = memfd_create("rhvctl-secret", MFD_CLOEXEC);

        struct iovec parts[] = { { (char *)"password=", 9 }, { (char *)secret, length }, { (char *)"\n", 1 } };

        /* no stdio: its buffers would keep a copy */
        if (fd < 0 || (secret && writev(fd, parts, ELEMENTSOF(parts)) < 0) || lseek(fd, 0, SEEK_SET) < 0)
                return client_fail(client, "cannot pass the password on: %s", strerror(errno));

        return TAKE_FD(fd);
}

static ssize_t read_secret(Client *client, const char *file, const char *prompt, char *ret, size_t size) {
        _cleanup_close_ int fd = -EBADF;

        if (!file)
                return ask(prompt, ret, size);
        if (streq(file, "-"))
                return read_line(STDIN_FILENO, NULL, ret, size);

        fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        return fd < 0 ? -errno : read_line(fd, NULL, ret, size);
}

int secret_open(Client *client, const char *file, const char *prompt) {
        char secret[SECRET_BYTES_MAX];
        ssize_t n;
        int r;

        if (!file && client->settings->no_ask_password)
                return client_usage(client, "a password is needed; give --password-file FILE or --no-password");

        n = read_secret(client, file, prompt, secret, sizeof secret);
        if (n == -E2BIG)
                r = client_usage(client, "the password is longer than %u bytes", SECRET_BYTES_MAX);
        else if (n < 0 && !file)
                r = client_usage(client, "there is no terminal to ask for the password; give --password-file FILE or --no-password");
        else if (n < 0)
                r = client_fail(client, "cannot read a password from '%s': %s", file,
                                n == -ENODATA ? "it is empty" : strerror((int)-n));
        else
                r = make_memory_file(client, secret, (size_t)n);

        explicit_bzero(secret, sizeof secret);
        return r;
}

int secret_open_empty(Client *client) {
        return make_memory_file(client, NULL, 0);
}
