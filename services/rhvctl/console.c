/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "console.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <time.h>

#include "clock-util.h"
#include "dict.h"
#include "expect.h"
#include "kind.h"
#include "object.h"
#include "pump.h"

#define ESCAPE_CHARACTER '\x1d' /* Ctrl-] */
/* After the end of a script's input: an answer that has not begun by then is not waited for (--timeout does). */
#define QUIET_USEC (500 * USEC_PER_MSEC)

typedef struct Console {
        Client *client;
        const char *name;
        Expect *expect; /* or NULL */
        bool tty;
        bool escaped;
        uint64_t begun_usec, moved_usec;
        Pump in, out;
} Console;

static volatile sig_atomic_t ended_by_signal;

static void on_signal(int number) {
        ended_by_signal = number;
}

/* Typed: the escape character ends the session, what stands before it is still sent. */
static size_t on_typed(Pump *pump, char *data, size_t size, void *userdata) {
        Console *console = userdata;
        const char *escape;

        escape = console->tty ? memchr(data, ESCAPE_CHARACTER, size) : NULL;
        if (!escape)
                return size;

        console->escaped = true;
        pump->eof = true;
        return (size_t)(escape - data);
}

static size_t on_printed(Pump *pump, char *data, size_t size, void *userdata) {
        Console *console = userdata;

        if (console->expect)
                (void) expect_feed(console->expect, data, size);
        return size;
}

/* ---- the terminal ---- */

static int terminal_raw(struct termios *ret_old) {
        struct termios raw;

        if (tcgetattr(STDIN_FILENO, ret_old) < 0)
                return -errno;

        raw = *ret_old;
        cfmakeraw(&raw);
        return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) < 0 ? -errno : 0;
}

static void handle_signals(bool on) {
        static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
        struct sigaction action = { .sa_handler = on ? on_signal : SIG_DFL }, ignore = { .sa_handler = SIG_IGN };

        ended_by_signal = 0;
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void) sigaction(signals[i], &action, NULL);
        (void) sigaction(SIGPIPE, on ? &ignore : &action, NULL);
}

/* ---- the loop ---- */

/* When to look again at the latest; USEC_INFINITY: only when something moves. */
static uint64_t next_deadline(const Console *console) {
        uint64_t timeout = console->client->settings->timeout_usec;

        if (timeout != USEC_INFINITY)
                return console->begun_usec + timeout;
        if (!console->tty && !console->expect && pump_ended(&console->in))
                return console->moved_usec + QUIET_USEC;
        return USEC_INFINITY;
}

static int console_turn(Console *console) {
        uint64_t deadline = next_deadline(console), now = monotonic_usec();
        struct timespec ts, *wait = NULL;
        struct pollfd polled[4];
        int r, k;

        pump_poll(&console->in, polled);
        pump_poll(&console->out, polled + 2);

        if (deadline != USEC_INFINITY) {
                uint64_t left = deadline > now ? deadline - now : 0;

                ts = (struct timespec){ .tv_sec = (time_t)(left / USEC_PER_SEC),
                                        .tv_nsec = (long)(left % USEC_PER_SEC) * 1000 };
                wait = &ts;
        }

        r = ppoll(polled, ELEMENTSOF(polled), wait, NULL);
        if (r < 0)
                return errno == EINTR ? 0 : -errno;

        r = pump_move(&console->in, polled, on_typed, console);
        k = pump_move(&console->out, polled + 2, on_printed, console);
        if (r > 0 || k > 0)
                console->moved_usec = monotonic_usec();
        return r < 0 ? r : k;
}

/* Return: 1 at an end, 0 to go on, negative: printed. */
static int console_check(Console *console) {
        bool late = monotonic_usec() >= next_deadline(console);

        if (console->escaped && pump_ended(&console->in))
                return 1;
        if (console->expect && console->expect->seen && console->out.begin == console->out.end)
                return 1;
        if (ended_by_signal)
                return client_fail(console->client, "the console of VM '%s' was left by a signal", console->name);
        if (!pump_ended(&console->out) && !late)
                return 0;

        if (console->expect)
                return client_fail(console->client, "the console of VM '%s' %s before it printed '%s'", console->name,
                                   late ? "was waited for in vain" : "closed", console->expect->text);
        return 1;
}

static int console_loop(Console *console) {
        int r;

        console->begun_usec = console->moved_usec = monotonic_usec();
        for (;;) {
                r = console_turn(console);
                if (r < 0)
                        return client_fail(console->client, "the console of VM '%s' broke: %s", console->name, strerror(-r));
                r = console_check(console);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
}

int console_run(Client *client, int fd, const char *name, const char *expect_text) {
        Console *console;
        struct termios old;
        Expect expect;
        int r;

        if (expect_text && expect_init(&expect, expect_text) < 0)
                return client_usage(client, "--expect takes 1 to %u bytes", EXPECT_BYTES_MAX);

        console = calloc(1, sizeof *console);
        if (!console)
                return client_no_memory(client);
        console->client = client;
        console->name = name;
        console->expect = expect_text ? &expect : NULL;
        console->tty = client->stdin_tty;
        console->in.from = STDIN_FILENO;
        console->in.to = fd;
        console->out.from = fd;
        console->out.to = STDOUT_FILENO;

        if (console->tty && !client->settings->quiet)
                fprintf(stderr, "This is the console of VM '%s'. Ctrl-] leaves it.\n", name);
        (void) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        handle_signals(true);
        if (console->tty && terminal_raw(&old) < 0)
                console->tty = false;

        r = console_loop(console);

        if (console->tty) {
                (void) tcsetattr(STDIN_FILENO, TCSADRAIN, &old);
                fputs("\n", stderr);
        }
        handle_signals(false);
        free(console);
        return r;
}

/* ---- commands ---- */

int vm_open(Client *client, const Kind *kind, const char *path, const char *vm, const char *method, const char *what, int *ret_fd) {
        _cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
        _cleanup_json_ json_t *options = json_object();
        int fd, r;

        r = client_new_call(client, path, kind->interface, method, &message);
        if (r < 0)
                return r;
        r = vm ? sd_bus_message_append_basic(message, 's', vm) : 0;
        if (r >= 0)
                r = options ? dict_append(message, options) : -ENOMEM;
        if (r < 0)
                return client_no_memory(client);

        r = client_call(client, message, what, true, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_read_basic(reply, 'h', &fd);
        if (r < 0)
                return client_fail(client, "%s: the answer has no descriptor", what);

        *ret_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return *ret_fd < 0 ? client_fail(client, "%s: %s", what, strerror(errno)) : 0;
}

int vm_run_console(Client *client, const Invocation *invocation) {
        const char *reference = local_string(invocation, "VM"), *path;
        _cleanup_free_ char *what = object_doing("Opening the console of", &kind_vm, reference);
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (!what)
                return client_no_memory(client);

        r = client_find(client, &kind_vm, reference, &path, NULL);
        if (r < 0)
                return r;
        r = vm_open(client, &kind_vm, path, NULL, "OpenConsole", what, &fd);
        if (r < 0)
                return r;

        return console_run(client, fd, reference, local_string(invocation, "expect"));
}
