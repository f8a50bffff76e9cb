/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rhvctl as people and scripts meet it: the program itself, on a bus of its own, with services that stand in. */

#include <pty.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <utmp.h>

#include "bus-private.h"

#define VM1 "5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11"
#define OUTPUT_MAX 16384

static const char *program, *services;
static char directory[64];

typedef struct Ran {
        int status;
        char out[OUTPUT_MAX], err[OUTPUT_MAX];
} Ran;

static void read_file(const char *name, char *ret) {
        char path[128];
        FILE *file;

        (void) snprintf(path, sizeof path, "%s/%s", directory, name);
        file = fopen(path, "re");
        assert_non_null(file);
        ret[fread(ret, 1, OUTPUT_MAX - 1, file)] = 0;
        (void) fclose(file);
}

/* A line for the shell, in which rhvctl is the program under test. */
static const Ran *run(const char *line) {
        static Ran ran;
        _cleanup_free_ char *command = NULL;
        int status;

        assert_true(asprintf(&command, "rhvctl() { '%s' \"$@\"; }; cd %s; { %s; } >%s/out 2>%s/err", program, directory, line,
                             directory, directory) > 0);
        status = system(command);
        assert_true(WIFEXITED(status));
        ran.status = WEXITSTATUS(status);
        read_file("out", ran.out);
        read_file("err", ran.err);
        return &ran;
}

static void check(const char *line, int status, const char *out, const char *err) {
        const Ran *ran = run(line);

        assert_string_equal(ran->err, err);
        assert_string_equal(ran->out, out);
        assert_int_equal(ran->status, status);
}

static void test_reading(void **state) {
        const Ran *ran;

        check("rhvctl vm list", 0,
              "NAME      STATE    HOST  CPUS  MEMORY  ADDRESSES  ID\n"
              "e\\x1bvil  down     -        2   1 GiB  192.0.2.7  5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e12\n"
              "web1      running  -        2   2 GiB  192.0.2.7  5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11\n", "");
        check("rhvctl vm list --no-legend | wc -l", 0, "2\n", "");
        check("rhvctl event list", 0, "TIME                 SEVERITY  USER   MESSAGE\n"
                                      "2026-01-31 12:00:00  warning   admin  VM web1\\nfell\n", "");
        check("rhvctl vm stats web1", 0,
              "NAME  CPU TIME  CPUS  MEMORY  RESIDENT  READ  WRITTEN  RECEIVED  SENT\n"
              "web1  1min 30s     -   2 GiB         -   0 B      0 B       0 B   0 B\n", "");

        ran = run("rhvctl vm show web1");
        assert_non_null(strstr(ran->out, "Memory:         2 GiB\n"));
        ran = run("rhvctl vm show " VM1 " --json");
        assert_non_null(strstr(ran->out, "\"Memory\": 2147483648"));
        assert_int_equal(ran->status, 0);
        ran = run("rhvctl disk list --json");
        assert_non_null(strstr(ran->out, "\"Path\": \"/org/rhv/Cluster/disk/1\""));
}

static void test_wrong_names(void **state) {
        check("rhvctl vm show web2", 1, "", "rhvctl: VM 'web2' does not exist; `rhvctl vm list` shows those there are\n");
        check("rhvctl vm start ../../etc/passwd", 1, "",
              "rhvctl: VM '../../etc/passwd' does not exist; `rhvctl vm list` shows those there are\n");
        check("rhvctl disk show data", 1, "",
              "rhvctl: 2 disks are called 'data'; give the id instead, `rhvctl disk list` shows it\n");
        check("rhvctl storage upgrade 11111111-2222-4333-8444-555555555555 --format 4294967301", 2, "", "rhvctl: --format 4294967301 is no version of a domain\n");
        check("rhvctl vm show", 2, "", "rhvctl: missing VM; usage: rhvctl vm show VM\n");
        check("rhvctl job show nonsense", 1, "",
              "rhvctl: job 'nonsense' does not exist (any more); `rhvctl job list` shows those there are\n");
        check("rhvctl host-network list", 1, "", "rhvctl: the service org.rhv.Network is not installed on that host\n");
}

static void test_jobs(void **state) {
        check("rhvctl vm start web1", 0, "VM 'web1' started\n",
              "Starting VM 'web1': 0%\nStarting VM 'web1': 50%\n");
        check("rhvctl vm start web1 -q", 0, "", "");
        check("rhvctl vm start web1 --no-wait", 0, "/org/rhv/Cluster/job/1\n", "");
        check("rhvctl job wait /org/rhv/Cluster/job/1 -q", 0, "", "");
        check("rhvctl vm start " "5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e12 -q", 1, "",
              "rhvctl: Starting VM 'e\\x1bvil': No host has 2 GiB of free memory\n");
        check("rhvctl vm start web1 --paused --timeout 300ms -q", 1, "",
              "rhvctl: Starting VM 'web1': not ended in time, the job goes on: `rhvctl job wait 1`\n");
        check("rhvctl job wait /org/rhv/Cluster/job/7", 1, "",
              "rhvctl: Job 7: job 7 is not known (any more); an outcome is kept for ten minutes\n");
        check("rhvctl vm poweroff web1", 1, "", geteuid() == 0 ?
              "rhvctl: Powering off VM 'web1': You may not operate VMs\n" :
              "rhvctl: Powering off VM 'web1': You may not operate VMs; run it as root, or on a terminal where polkit can ask for a password\n");
        /* Ctrl-C: the waiting ends, the work does not; time-out only so that a broken rhvctl ends too */
        check("\"$RHVCTL\" vm start web1 --paused -q --timeout 20s & p=$!; sleep 0.5; kill -INT $p; wait $p", 1, "",
              "rhvctl: interrupted; the job goes on: `rhvctl job wait 1` or `rhvctl job cancel 1`\n");
}

static void test_create(void **state) {
        check("rhvctl vm create web3 --memory 1G", 0, "VM 'web3' created\n", "");
        check("rhvctl vm create web3 --json | tr -d ' \\n'", 0,
              "{\"Path\":\"/org/rhv/Cluster/vm/5a1d0c2e_2d7c0f_2d4a52_2d9b1e_2d0c6f3f0d1e11\",\"Id\":\"" VM1 "\"}", "");
        /* what arrives on the bus, told by its refusal */
        check("rhvctl vm create x --cpus 0 --disk d1,bus=scsi --metadata a=b", 1, "",
              "rhvctl: Creating VM 'x': {\"cpus\":0,\"disks\":[{\"bus\":\"scsi\",\"disk\":\"d1\"}],\"metadata\":{\"a\":\"b\"},\"name\":\"x\"}\n");
        check("rhvctl vm create \"$(printf 'a\\nb')\" --cpus 0", 1, "",
              "rhvctl: Creating VM 'a\\nb': {\"cpus\":0,\"name\":\"a\\nb\"}\n");
}

static void test_console(void **state) {
        /* both ways, until the guest is quiet */
        check("printf 'root\\n' | rhvctl vm console web1", 0, "guest login: ROOT\n", "");
        check("printf 'hello\\n' | rhvctl vm console web1 --expect HELLO --timeout 10s", 0, "guest login: HELLO\n", "");
        check("rhvctl vm console web1 --expect Password: --timeout 300ms </dev/null", 1, "guest login: ",
              "rhvctl: the console of VM 'web1' was waited for in vain before it printed 'Password:'\n");
        check("rhvctl vm console web1 --timeout 300ms </dev/null", 0, "guest login: ", "");
        check("rhvctl vm console web1 --expect '' </dev/null", 2, "", "rhvctl: --expect takes 1 to 256 bytes\n");
        check("rhvctl -H host1 vm console web1", 2, "",
              "rhvctl: -H cannot carry a file or a console; run `ssh -t host1 rhvctl ...` there instead\n");
}

/* ---- on a terminal ---- */

typedef struct Terminal {
        int master;
        pid_t pid;
        struct termios before;
        char seen[4096];
        size_t have;
} Terminal;

static void terminal_run(Terminal *terminal, const char *const *arguments) {
        int slave;

        *terminal = (Terminal){ 0 };
        assert_ok(openpty(&terminal->master, &slave, NULL, NULL, &(struct winsize){ .ws_col = 80, .ws_row = 24 }));
        assert_ok(tcgetattr(slave, &terminal->before));
        terminal->pid = fork();
        assert_true(terminal->pid >= 0);
        if (terminal->pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                close(terminal->master);
                if (login_tty(slave) == 0)
                        execv(program, (char *const *)arguments);
                _exit(127);
        }
        close(slave);
}

/* text NULL: to the end. */
static void terminal_read(Terminal *terminal, const char *text) {
        while (!text || !strstr(terminal->seen, text)) {
                ssize_t n = read(terminal->master, terminal->seen + terminal->have,
                                 sizeof terminal->seen - 1 - terminal->have);

                if (n <= 0 && !text)
                        return;
                assert_true(n > 0);
                terminal->have += (size_t)n;
                terminal->seen[terminal->have] = 0;
        }
}

static void terminal_type(Terminal *terminal, const char *text) {
        assert_int_equal(write(terminal->master, text, strlen(text)), strlen(text));
}

static int terminal_wait(Terminal *terminal) {
        int status;

        terminal_read(terminal, NULL);
        assert_int_equal(waitpid(terminal->pid, &status, 0), terminal->pid);
        close(terminal->master);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

/* Raw while the console is open, until Ctrl-], and as before afterwards. */
static void test_terminal_console(void **state) {
        struct termios during, after;
        Terminal terminal;

        terminal_run(&terminal, (const char *const[]){ program, "vm", "console", "web1", NULL });
        assert_true(terminal.before.c_lflag & ICANON);
        terminal_read(&terminal, "login: ");
        assert_non_null(strstr(terminal.seen, "Ctrl-] leaves it"));
        assert_ok(tcgetattr(terminal.master, &during));
        assert_false(during.c_lflag & (ICANON | ECHO | ISIG));

        terminal_type(&terminal, "abc\003"); /* Ctrl-C is the guest's */
        terminal_read(&terminal, "ABC\003");
        terminal_type(&terminal, "\x1d");
        terminal_read(&terminal, NULL);
        assert_ok(tcgetattr(terminal.master, &after));
        assert_int_equal(after.c_lflag, terminal.before.c_lflag);
        assert_int_equal(after.c_iflag, terminal.before.c_iflag);
        assert_int_equal(terminal_wait(&terminal), 0);
}

static void test_terminal_bar(void **state) {
        Terminal terminal;

        terminal_run(&terminal, (const char *const[]){ program, "vm", "start", "web1", "--no-ask-password", NULL });
        assert_int_equal(terminal_wait(&terminal), 0);
        assert_non_null(strstr(terminal.seen, "\rStarting VM 'web1' [####################--------------------]  50%"));
        assert_non_null(strstr(terminal.seen, "\r\033[KVM 'web1' started")); /* the bar goes before anything else is said */
}

/* The password is asked for, not shown, and arrives. */
static void test_terminal_password(void **state) {
        Terminal terminal;

        terminal_run(&terminal, (const char *const[]){ program, "fence", "status", "fence_dummy", "192.0.2.1", "--username",
                                                       "admin", "--quiet", "--json", NULL });
        terminal_read(&terminal, "Password of admin at 192.0.2.1: ");
        terminal_type(&terminal, "s3cret\n");
        assert_int_equal(terminal_wait(&terminal), 0);
        assert_non_null(strstr(terminal.seen, "\"status\": \"on\""));
        assert_null(strstr(terminal.seen, "s3cret"));
}

static void test_files(void **state) {
        struct stat st;
        char path[128];
        const Ran *ran;

        ran = run("printf 'an image' >image; rhvctl disk upload image 5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e21 --json -q");
        assert_non_null(strstr(ran->out, "\"status\": \"an image\""));
        ran = run("printf 'piped' | rhvctl disk upload - 5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e21 --bytes 5 --json -q");
        assert_non_null(strstr(ran->out, "\"status\": \"piped\""));

        check("rhvctl disk upload image", 2, "",
              "rhvctl: where to is missing: give --domain DOMAIN for a new disk, or the DISK to fill\n");
        check("rhvctl disk upload nowhere data", 1, "", "rhvctl: cannot read 'nowhere': No such file or directory\n");
        check("rhvctl disk upload . data", 1, "", "rhvctl: '.' is a directory, not a disk image\n");
        check(": >empty; rhvctl disk upload empty data", 1, "", "rhvctl: 'empty' is empty\n");
        check("printf 'QFI\\373short' >bad; rhvctl disk upload bad data", 1, "",
              "rhvctl: 'bad' begins as a qcow2 image but is none; `qemu-img check` tells more\n");
        check("rhvctl disk upload image 5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e22", 1, "",
              "rhvctl: 'image' is raw, but disk '5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e22' takes qcow2; `qemu-img convert -O qcow2` changes it\n");
        check("printf x | rhvctl disk upload - 5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e21", 2, "",
              "rhvctl: --bytes SIZE is needed: how many bytes come through the pipe\n");

        check("rhvctl disk download 5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e21 copy -q && cat copy", 0, "half a di", "");
        check("rhvctl disk download 5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e21 copy", 1, "",
              "rhvctl: 'copy' is there already; --force writes over it\n");
        check("rhvctl disk download 5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e21 - | cat", 0, "half a di",
              "Downloading disk '5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e21': 0%\n"
              "Downloading disk '5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e21': 50%\n");
        /* what failed leaves nothing that looks like a disk */
        ran = run("rhvctl disk download 5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e22 part -q");
        assert_int_equal(ran->status, 1);
        (void) snprintf(path, sizeof path, "%s/part", directory);
        assert_int_equal(stat(path, &st), -1);
        assert_int_equal(errno, ENOENT);
}

static void test_fence(void **state) {
        check("rhvctl fence agents", 0, "fence_dummy\nfence_ipmilan\n", "");
        check("echo s3cret >secret; rhvctl fence status fence_dummy 192.0.2.1 --username admin --password-file secret -q --json | grep '\"status\"'",
              0, "    \"status\": \"on\"\n", "");
        check("echo s3cret | rhvctl fence status fence_dummy 192.0.2.1 --password-file - 2>/dev/null", 0, "192.0.2.1 is on\n", "");
        check("rhvctl fence status fence_dummy 192.0.2.1 --no-password 2>/dev/null", 0, "192.0.2.1 is \n", "");
        /* without a terminal nobody can be asked */
        check("setsid -w \"$RHVCTL\" fence status fence_dummy 192.0.2.1 </dev/null", 2, "",
              "rhvctl: there is no terminal to ask for the password; give --password-file FILE or --no-password\n");
}

static void test_status(void **state) {
        const Ran *ran = run("rhvctl status");

        assert_int_equal(ran->status, 1);
        assert_non_null(strstr(ran->out, "org.rhv.Cluster  waiting      0.1.0    store failed (disk full)\n"));
        assert_non_null(strstr(ran->out, "org.rhv.Storage  unreachable  -"));
        assert_string_equal(ran->err, "");
}

static void test_complete(void **state) {
        check("rhvctl --complete 3 rhvctl vm start w", 0, "web1\n", "");
        check("rhvctl --complete 3 rhvctl fence status fence_i", 0, "fence_ipmilan\n", "");
        check("DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere rhvctl --complete 3 rhvctl vm start w", 0, "", "");
        check("rhvctl --complete", 1, "", "");
        check("rhvctl --complete x rhvctl", 1, "", "");
}

static void test_no_bus(void **state) {
        check("DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere rhvctl vm list", 1, "",
              "rhvctl: cannot reach the system bus: No such file or directory; is dbus running?\n");
        check("rhvctl vm list >/dev/full", 1, "", "rhvctl: cannot write: No space left on device\n");
}

static int setup(void **state) {
        static PrivateBus private;

        (void) setenv("TZ", "UTC", 1);
        (void) snprintf(directory, sizeof directory, "/tmp/rhvctl-test-XXXXXX");
        assert_non_null(mkdtemp(directory));
        private_bus_init(&private);
        (void) private_bus_start(&private, (const char *const[]){ services, NULL }, "org.rhv.Cluster");
        *state = &private;
        return 0;
}

static int teardown(void **state) {
        _cleanup_free_ char *command = NULL;

        private_bus_done(*state);
        assert_true(asprintf(&command, "rm -r '%s'", directory) > 0);
        return system(command);
}

int main(int argc, char **argv) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_reading), cmocka_unit_test(test_wrong_names), cmocka_unit_test(test_jobs),
                cmocka_unit_test(test_create),  cmocka_unit_test(test_console),     cmocka_unit_test(test_terminal_console),
                cmocka_unit_test(test_terminal_bar), cmocka_unit_test(test_terminal_password),
                cmocka_unit_test(test_files),   cmocka_unit_test(test_fence),       cmocka_unit_test(test_status),
                cmocka_unit_test(test_complete), cmocka_unit_test(test_no_bus),
        };

        if (argc != 3)
                return EXIT_FAILURE;
        program = realpath(argv[1], NULL);
        services = realpath(argv[2], NULL);
        if (!program || !services)
                return EXIT_FAILURE;
        (void) setenv("RHVCTL", program, 1);
        return cmocka_run_group_tests(tests, setup, teardown);
}
