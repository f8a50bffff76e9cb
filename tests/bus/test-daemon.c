/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The life of a service, as a process on a real dbus-daemon. */

#include "bus-error.h"
#include "bus-private.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define NAME "org.rhv.Dummy"
#define ROOT "/org/rhv/Dummy"

static PrivateBus private;
static const char *program;
static char runtime[] = "/tmp/rhv-dummy-XXXXXX";

static int setup(void **state) {
        if (!mkdtemp(runtime) || setenv("RUNTIME_DIRECTORY", runtime, 1) < 0 || setenv("STATE_DIRECTORY", runtime, 1) < 0)
                return -1;
        private_bus_init(&private);
        return 0;
}

static int teardown(void **state) {
        char command[128];

        private_bus_done(&private);
        (void) snprintf(command, sizeof command, "rm -rf %s", runtime);
        return system(command);
}

static pid_t start(const char *option) {
        return private_bus_start(&private, (const char *const[]){ program, option, NULL }, NAME);
}

static char *get_string(const char *path, const char *interface, const char *property) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char *value = NULL;

        assert_ok(sd_bus_get_property_string(private.bus, NAME, path, interface, property, &error, &value));
        return value;
}

static void test_terminates(void **state) {
        pid_t pid = start("--greeting=hello");
        _cleanup_free_ char *greeting = get_string(ROOT, NAME, "Greeting");

        assert_string_equal(greeting, "hello");
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(private_bus_wait(pid), 0);
        assert_false(private_bus_has_owner(&private, NAME));
}

static void test_leaves_when_idle(void **state) {
        pid_t pid = start("--idle-seconds=1");

        assert_int_equal(private_bus_wait(pid), 0);
}

/* Busy and with a job at work it stays past the idle time; then it goes. */
static void test_stays_when_busy(void **state) {
        pid_t pid = start("--idle-seconds=1");
        int status;

        assert_ok(sd_bus_call_method(private.bus, NAME, ROOT, NAME, "SetBusy", NULL, NULL, "b", 1));
        for (int i = 0; i < 15; i++) {
                const struct timespec tick = { .tv_nsec = 100 * 1000 * 1000 };

                (void) nanosleep(&tick, NULL); /* the property under test is that time passes and nothing happens */
        }
        assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
        assert_ok(sd_bus_call_method(private.bus, NAME, ROOT, NAME, "SetBusy", NULL, NULL, "b", 0));
        assert_int_equal(private_bus_wait(pid), 0);
}

/* ---- while polkit waits for a person ---- */

static sd_bus_message *question;

static int on_question(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        question = sd_bus_message_ref(message);
        return 1;
}

/* Somebody who is not root, for whom polkit is asked. Exits with 0 after a good answer. */
static pid_t ask_as_stranger(void) {
        pid_t pid = fork();
        sd_bus *bus = NULL;
        int r;

        assert_true(pid >= 0);
        if (pid > 0)
                return pid;
        if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
                _exit(2);
        r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_call_method(bus, NAME, ROOT, NAME, "Ask", NULL, NULL, NULL);
        _exit(r < 0 ? 1 : 0);
}

/* For at least so long, or until the flag. */
static void process_bus(uint64_t usec, sd_bus_message *const *until) {
        struct timespec begin, now;

        (void) clock_gettime(CLOCK_MONOTONIC, &begin);
        do {
                int r = sd_bus_process(private.bus, NULL);

                assert_ok(r);
                if (r == 0)
                        assert_ok(sd_bus_wait(private.bus, 100 * USEC_PER_MSEC));
                (void) clock_gettime(CLOCK_MONOTONIC, &now);
        } while (!(until && *until) &&
                 (uint64_t)(now.tv_sec - begin.tv_sec) * USEC_PER_SEC + (uint64_t)(now.tv_nsec / 1000) <
                         usec + (uint64_t)(begin.tv_nsec / 1000));
}

/* A password may take longer to type than an idle service stays: it stays, and the caller gets the answer. */
static void test_waits_for_a_person(void **state) {
        sd_bus_slot *slot = NULL;
        pid_t pid = start("--idle-seconds=1"), stranger;
        int status;

        assert_ok(chmod(private.directory, 0755));
        assert_ok(sd_bus_request_name(private.bus, "org.freedesktop.PolicyKit1", 0));
        assert_ok(sd_bus_add_object(private.bus, &slot, "/org/freedesktop/PolicyKit1/Authority", on_question, NULL));
        stranger = ask_as_stranger();
        process_bus(10 * USEC_PER_SEC, &question);
        assert_non_null(question);
        process_bus(2500 * USEC_PER_MSEC, NULL); /* the property under test is that time passes and nothing happens */
        assert_int_equal(waitpid(pid, &status, WNOHANG), 0);

        assert_ok(sd_bus_reply_method_return(question, "(bba{ss})", 1, 0, 0));
        assert_ok(sd_bus_flush(private.bus));
        assert_int_equal(private_bus_wait(stranger), 0);
        assert_int_equal(private_bus_wait(pid), 0);
        question = sd_bus_message_unref(question);
        sd_bus_slot_unref(slot);
        assert_ok(sd_bus_release_name(private.bus, "org.freedesktop.PolicyKit1"));
}

/* ---- what systemd hears ---- */

static int notify_socket(char path[static 108]) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        (void) snprintf(path, 108, "%s/notify", runtime);
        (void) snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
        assert_return_code(bind(fd, (const struct sockaddr *)&address, sizeof address), errno);
        return fd;
}

static void await_notice(int fd, const char *wanted) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        char text[256];
        ssize_t n;

        do {
                assert_int_equal(poll(&p, 1, 10000), 1);
                n = recv(fd, text, sizeof text - 1, 0);
                assert_true(n > 0);
                text[n] = 0;
        } while (!strstr(text, wanted));
}

/* Ready once it has its name, the watchdog fed for as long as the loop turns, and the end announced. */
static void test_notifies_systemd(void **state) {
        char path[108];
        int fd = notify_socket(path);
        pid_t pid;

        assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
        assert_int_equal(setenv("WATCHDOG_USEC", "200000", 1), 0);
        pid = start(NULL);
        (void) unsetenv("NOTIFY_SOCKET");
        (void) unsetenv("WATCHDOG_USEC");

        await_notice(fd, "READY=1");
        for (int i = 0; i < 3; i++)
                await_notice(fd, "WATCHDOG=1");
        assert_int_equal(kill(pid, SIGTERM), 0);
        await_notice(fd, "STOPPING=1");
        assert_int_equal(private_bus_wait(pid), 0);
        safe_close(fd);
}

/* kill -9 in the middle of a job: the next process still knows the job, as interrupted. */
static void test_job_after_kill(void **state) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_free_ char *path = NULL, *name = NULL;
        const char *job;
        pid_t pid = start(NULL);

        assert_ok(sd_bus_call_method(private.bus, NAME, ROOT, NAME, "Work", NULL, &reply, "a{sv}", 0));
        assert_ok(sd_bus_message_read(reply, "o", &job));
        path = strdup(job);
        assert_int_equal(kill(pid, SIGKILL), 0);
        (void) private_bus_wait(pid);

        pid = start(NULL);
        name = get_string(path, "org.rhv.Job", "ErrorName");
        assert_string_equal(name, RHV_ERROR_INTERRUPTED);
        assert_int_equal(kill(pid, SIGTERM), 0);
        (void) private_bus_wait(pid);
}

static void test_log_level(void **state) {
        pid_t pid = start("--log-level=warning");
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *before = NULL, *after = NULL, *identifier = NULL;
        static const char path[] = "/org/freedesktop/LogControl1", interface[] = "org.freedesktop.LogControl1";

        before = get_string(path, interface, "LogLevel");
        assert_string_equal(before, "warning");
        assert_ok(sd_bus_set_property(private.bus, NAME, path, interface, "LogLevel", &error, "s", "debug"));
        after = get_string(path, interface, "LogLevel");
        assert_string_equal(after, "debug");
        assert_true(sd_bus_set_property(private.bus, NAME, path, interface, "LogLevel", &error, "s", "loud") < 0);
        identifier = get_string(path, interface, "SyslogIdentifier");
        assert_string_equal(identifier, "dummy-daemon");
        assert_int_equal(kill(pid, SIGTERM), 0);
        (void) private_bus_wait(pid);
}

/* Every method with bodies it does not take: refused, and the process lives. */
static void test_garbage(void **state) {
        static const char *const methods[] = { "SetBusy", "Work", "NoSuchMethod" };
        pid_t pid = start(NULL);
        int status;

        for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                assert_true(sd_bus_call_method(private.bus, NAME, ROOT, NAME, methods[i], NULL, NULL, "aas", 0) < 0);
                assert_true(sd_bus_call_method(private.bus, NAME, ROOT, NAME, methods[i], NULL, NULL, NULL) < 0);
        }
        assert_true(sd_bus_call_method(private.bus, NAME, ROOT, NAME, "Work", NULL, NULL, "a{sv}", 1, "no-such-key", "u",
                                       1U) < 0);
        assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
        assert_true(private_bus_has_owner(&private, NAME));
        assert_int_equal(kill(pid, SIGTERM), 0);
        assert_int_equal(private_bus_wait(pid), 0);
}

static void test_bad_arguments(void **state) {
        static const char *const options[] = { "--idle-seconds=-1", "--idle-seconds=x", "--log-level=loud", "--nonsense", "extra" };

        for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                _cleanup_free_ char *command = NULL;
                int status;

                assert_true(asprintf(&command, "%s %s >/dev/null 2>&1", program, options[i]) > 0);
                status = system(command);
                assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
        }
}

int main(int argc, char **argv) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_terminates),      cmocka_unit_test(test_leaves_when_idle),
                cmocka_unit_test(test_stays_when_busy), cmocka_unit_test(test_job_after_kill),
                cmocka_unit_test(test_log_level),       cmocka_unit_test(test_garbage),
                cmocka_unit_test(test_bad_arguments),
                cmocka_unit_test(test_waits_for_a_person), cmocka_unit_test(test_notifies_systemd),
        };

        program = argc > 1 ? argv[1] : "./dummy-daemon";
        return cmocka_run_group_tests(tests, setup, teardown);
}
