/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The whole service but its process: calls over a bus pair, agents that are shell scripts, authorisation that a test writes down. */

#include "fence-fixture.h"

#include <signal.h>
#include <sys/mman.h>

#include "bus-error.h"
#include "bus-pair.h"
#include "dict.h"
#include "fake-auth.h"
#include "manager.h"
#include "remove-tree.h"

/*
 * A device in a directory: `power` holds on or off. Every start leaves a line "<action> <argc>" in `log` and the whole input in `input`;
 * `script` is sourced first and may do anything.
 */
static const char agent_text[] =
        "#!/bin/sh\n"
        "d=${0%/*}\n"
        "if [ \"$2\" = metadata ]; then cat $d/metadata; exit; fi\n"
        "action=; cat >$d/input; while IFS== read -r k v; do [ \"$k\" != action ] || action=$v; done <$d/input\n"
        "echo \"$action $#\" >>$d/log\n"
        "env >$d/environment; tr '\\0' ' ' </proc/$$/cmdline >$d/cmdline\n"
        "if [ -e $d/script ]; then . $d/script; fi\n"
        "case $action in\n"
        "status) if [ \"$(cat $d/power)\" = off ]; then echo Status: OFF; exit 2; fi; echo Status: ON;;\n"
        "on|off) echo $action >$d/power; echo Success: Powered;;\n"
        "esac\n";

typedef struct Fixture {
        BusPair pair;
        FakeAuth auth;
        Daemon daemon;
        Manager *manager;
        char directory[32];
} Fixture;

/* ---- the device's files ---- */

static void put(Fixture *f, const char *name, const char *text) {
        write_program(f->directory, name, text);
}

static char *get(Fixture *f, const char *name) {
        char path[128];
        char *text;

        (void) snprintf(path, sizeof path, "%s/%s", f->directory, name);
        text = read_file(path);
        return text ?: strdup("");
}

static void logged(Fixture *f, const char *expected) {
        _cleanup_free_ char *text = get(f, "log");

        assert_string_equal(text, expected);
}

/* ---- calls ---- */

static int secrets_fd(const char *text) {
        int fd = memfd_create("secrets", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        return fd;
}

/* device, options: as JSON. Return: the reply, maybe an error. */
static sd_bus_message *run(Fixture *f, const char *action, const char *device, const char *secrets, const char *options) {
        _cleanup_json_ json_t *device_object = json_loads(device, 0, NULL), *options_object = json_loads(options, 0, NULL);
        _cleanup_message_ sd_bus_message *call = NULL;
        _cleanup_close_ int fd = secrets_fd(secrets);

        assert_non_null(device_object);
        assert_non_null(options_object);
        assert_ok(sd_bus_message_new_method_call(f->pair.client, &call, NULL, FENCE_PATH, FENCE_INTERFACE, "Run"));
        assert_ok(sd_bus_message_append(call, "s", action));
        assert_ok(dict_append(call, device_object));
        assert_ok(sd_bus_message_append(call, "h", fd));
        assert_ok(dict_append(call, options_object));
        return bus_pair_call(&f->pair, call);
}

#define DEVICE "{\"agent\":\"fence_fake\",\"address\":\"bmc1\",\"username\":\"admin\"}"

static Job *job_of(Fixture *f, sd_bus_message *reply) {
        _cleanup_free_ char *id = NULL;
        const char *path;
        Job *job;

        if (*reply_error(reply))
                print_error("%s\n", sd_bus_message_get_error(reply)->message);
        assert_string_equal(reply_error(reply), "");
        assert_ok(sd_bus_message_read(reply, "o", &path));
        assert_int_equal(bus_object_id(path, FENCE_PATH "/job", &id), 1);
        job = job_find(f->daemon.jobs, id);
        assert_non_null(job);
        return job;
}

static void wait_job(Fixture *f, const Job *job, JobState state) {
        for (unsigned i = 0; job_state(job) < JOB_DONE; i++) {
                assert_true(i < 2000);
                assert_ok(sd_event_run(f->pair.event, 10 * USEC_PER_SEC));
        }
        assert_string_equal(job_state_to_string(job_state(job)), job_state_to_string(state));
}

static char *job_string(Fixture *f, const Job *job, const char *property) {
        return bus_pair_get_string(&f->pair, job_path(job), JOB_INTERFACE, property);
}

static void job_failed(Fixture *f, const Job *job, const char *name, const char *message_part) {
        _cleanup_free_ char *error = NULL, *message = NULL;

        wait_job(f, job, streq(name, RHV_ERROR_ABORTED) ? JOB_ABORTED : JOB_FAILED);
        error = job_string(f, job, "ErrorName");
        message = job_string(f, job, "ErrorMessage");
        if (!streq(error, name) || !strstr(message, message_part))
                print_error("%s: %s\n", error, message);
        assert_string_equal(error, name);
        assert_non_null(strstr(message, message_part));
        assert_null(strstr(message, "hunter2"));
}

static void result_is(Fixture *f, const Job *job, const char *expected) {
        _cleanup_message_ sd_bus_message *reply = bus_pair_get(&f->pair, job_path(job), JOB_INTERFACE, "Result");
        _cleanup_json_ json_t *result = NULL, *wanted = json_loads(expected, 0, NULL);

        assert_ok(dict_read(reply, &result, NULL));
        if (!json_equal(result, wanted))
                print_error("Result: %s\n", json_dumps(result, 0));
        assert_true(json_equal(result, wanted));
}

static void refused(Fixture *f, const char *action, const char *device, const char *secrets, const char *options, const char *name) {
        _cleanup_message_ sd_bus_message *reply = run(f, action, device, secrets, options);

        if (!streq(reply_error(reply), name))
                print_error("%s %s %s: %s\n", action, device, options, reply_error(reply));
        assert_string_equal(reply_error(reply), name);
        assert_null(strstr(sd_bus_message_get_error(reply)->message, "hunter2"));
        assert_int_equal(job_manager_active(f->daemon.jobs), 0);
        assert_null(f->manager->runs);
        assert_null(f->manager->intakes);
}

/* ---- tests ---- */

static void test_actions(void **state) {
        static const struct {
                const char *action, *before, *log, *after, *result;
        } table[] = {
                { "status", "on", "status 0\n", "on", "{\"status\":\"on\",\"was_off\":false}" },
                { "status", "off", "status 0\n", "off", "{\"status\":\"off\",\"was_off\":true}" },
                { "off", "on", "off 0\nstatus 0\n", "off\n", "{\"status\":\"off\",\"was_off\":true}" },
                { "on", "off", "on 0\nstatus 0\n", "on\n", "{\"status\":\"on\",\"was_off\":false}" },
                { "reboot", "on", "off 0\nstatus 0\non 0\nstatus 0\n", "on\n", "{\"status\":\"on\",\"was_off\":true}" },
        };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_message_ sd_bus_message *reply = NULL;
                _cleanup_free_ char *power = NULL, *input = NULL, *kind = NULL;
                Job *job;

                put(f, "power", table[i].before);
                put(f, "log", "");
                reply = run(f, table[i].action, DEVICE, "password=hunter2\n", "{}");
                job = job_of(f, reply);
                wait_job(f, job, JOB_DONE);
                logged(f, table[i].log);
                result_is(f, job, table[i].result);
                power = get(f, "power");
                assert_string_equal(power, table[i].after);
                input = get(f, "input");
                assert_non_null(strstr(input, "\nip=bmc1\nusername=admin\npassword=hunter2\n"));
                kind = job_string(f, job, "Kind");
                assert_string_equal(kind, table[i].action);
                assert_string_equal(f->auth.action, "org.rhv.fence.operate");
                assert_null(f->manager->runs);
                assert_true(manager_is_idle(f->manager));
        }
        assert_string_equal(f->auth.details, "verb=reboot device=bmc1 agent=fence_fake");
}

/* Arguments, environment, job: nowhere but on stdin. */
static void test_secret_is_nowhere(void **state) {
        Fixture *f = *state;
        _cleanup_message_ sd_bus_message *reply = run(f, "status", DEVICE, "password=hunter2\n", "{}"), *all = NULL;
        _cleanup_free_ char *command_line = NULL, *environment = NULL, *arguments = NULL;
        Job *job = job_of(f, reply);

        wait_job(f, job, JOB_DONE);
        command_line = get(f, "cmdline");
        environment = get(f, "environment");
        assert_non_null(strstr(command_line, "fence_fake"));
        assert_null(strstr(command_line, "hunter2"));
        assert_non_null(strstr(environment, "PATH="));
        assert_null(strstr(environment, "hunter2"));
        arguments = json_dumps(job_arguments(job), 0);
        assert_non_null(strstr(arguments, "bmc1"));
        assert_null(strstr(arguments, "hunter2"));
}

static void test_bad_calls(void **state) {
        static const struct {
                const char *action, *device, *secrets, *options, *error;
        } table[] = {
                { "explode", DEVICE, "", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "metadata", DEVICE, "", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "", DEVICE, "", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "off", "{}", "", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "off", "{\"agent\":\"/bin/sh\"}", "", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "off", "{\"agent\":\"fence_none\"}", "", "{}", RHV_ERROR_NOT_FOUND },
                { "off", "{\"agent\":\"fence_fake\",\"colour\":\"red\"}", "", "{}", RHV_ERROR_UNKNOWN_OPTION },
                { "off", "{\"agent\":\"fence_fake\",\"options\":{\"colour\":\"red\"}}", "", "{}", RHV_ERROR_UNKNOWN_OPTION },
                { "off", "{\"agent\":\"fence_fake\",\"options\":{\"password\":\"hunter2\"}}", "", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "off", DEVICE, "", "{\"speed\":1}", RHV_ERROR_UNKNOWN_OPTION },
                { "off", DEVICE, "", "{\"timeout\":1}", RHV_ERROR_INVALID_ARGUMENT },
                { "off", DEVICE, "", "{\"timeout\":3600000001}", RHV_ERROR_INVALID_ARGUMENT },
                { "off", DEVICE, "", "{\"job_id\":\"../../etc/passwd\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "off", DEVICE, "", "{\"job_id\":\"../../../../../../../../../etc/passwd\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "off", DEVICE, "hunter2", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "off", DEVICE, "hunter2=x", "{}", RHV_ERROR_UNKNOWN_OPTION },
                { "off", DEVICE, "password=hunter2\rx", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "off", DEVICE, "ip=hunter2", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "off", "{\"agent\":\"fence_fake\"}", "password=hunter2", "{}", RHV_ERROR_INVALID_ARGUMENT }, /* ip is required */
        };
        Fixture *f = *state;

        for (size_t round = 0; round < 2; round++) /* with metadata to be fetched, and with it known */
                for (size_t i = 0; i < ELEMENTSOF(table); i++)
                        refused(f, table[i].action, table[i].device, table[i].secrets, table[i].options, table[i].error);
        logged(f, "");
}

static void test_refused_by_polkit(void **state) {
        Fixture *f = *state;

        f->auth.answer = 0;
        refused(f, "off", DEVICE, "password=hunter2", "{}", RHV_ERROR_ACCESS_DENIED);
        f->auth.answer = -EHOSTDOWN;
        refused(f, "off", DEVICE, "password=hunter2", "{}", RHV_ERROR_BACKEND_UNAVAILABLE);
        logged(f, "");
}

static void test_failures(void **state) {
        static const struct {
                const char *script, *action, *error, *part, *result;
        } table[] = {
                { "echo 'ERROR: Unable to connect/login to fencing device' >&2; exit 1", "status", RHV_ERROR_BACKEND_FAILED,
                  "bmc1 refused the user name or the password", "{\"status\":\"unknown\",\"was_off\":false}" },
                { "echo 'ERROR: Connection timed out' >&2; exit 1", "status", RHV_ERROR_TIMEOUT, "did not answer in time",
                  "{\"status\":\"unknown\",\"was_off\":false}" },
                { "echo one >&2; echo 'refused hunter2, sorry' >&2; exit 7", "status", RHV_ERROR_BACKEND_FAILED, "refused (secret), sorry",
                  "{\"status\":\"unknown\",\"was_off\":false}" },
                { "exit 2", "status", RHV_ERROR_BACKEND_FAILED, "exit status 2", "{\"status\":\"unknown\",\"was_off\":false}" },
                { "kill -9 $$", "status", RHV_ERROR_BACKEND_FAILED, "signal 9", "{\"status\":\"unknown\",\"was_off\":false}" },
                { "exec sleep 60", "status", RHV_ERROR_TIMEOUT, "its time was over", "{\"status\":\"unknown\",\"was_off\":false}" },
                { "[ $action = status ] || exit 0", "off", RHV_ERROR_BACKEND_FAILED, "still says it is on",
                  "{\"status\":\"on\",\"was_off\":false}" },
                { "[ $action = off ] || exit 1", "off", RHV_ERROR_BACKEND_FAILED, "its status is unknown",
                  "{\"status\":\"unknown\",\"was_off\":false}" },
                { "[ $action != status ] || exec sleep 60", "off", RHV_ERROR_TIMEOUT, "its status is unknown",
                  "{\"status\":\"unknown\",\"was_off\":false}" },
                { "[ $action != on ] || { echo fuse >&2; exit 1; }", "reboot", RHV_ERROR_TIMEOUT, "fuse",
                  "{\"status\":\"unknown\",\"was_off\":true}" },
        };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_message_ sd_bus_message *reply = NULL;
                Job *job;

                put(f, "power", "on");
                put(f, "script", table[i].script);
                reply = run(f, table[i].action, DEVICE, "password=hunter2", "{\"timeout\":2000000}");
                job = job_of(f, reply);
                job_failed(f, job, table[i].error, table[i].part);
                result_is(f, job, table[i].result);
        }
}

/* One action at a time on a device, in order; another device is not held up. */
static void test_queue(void **state) {
        Fixture *f = *state;
        sd_bus_message *reply[FENCE_QUEUE_MAX + 1];
        _cleanup_message_ sd_bus_message *other = NULL;
        _cleanup_message_ sd_bus_message *late = NULL;
        Job *job[FENCE_QUEUE_MAX + 1];

        put(f, "script", "until [ -e $d/go ]; do sleep 0.05; done");
        for (size_t i = 0; i < ELEMENTSOF(reply); i++) {
                reply[i] = run(f, "status", DEVICE, "password=hunter2", "{}");
                job[i] = job_of(f, reply[i]);
                assert_int_equal(job_state(job[i]), i == 0 ? JOB_RUNNING : JOB_PENDING);
        }
        late = run(f, "status", DEVICE, "password=hunter2", "{}");
        assert_string_equal(reply_error(late), RHV_ERROR_BUSY);
        other = run(f, "status", "{\"agent\":\"fence_fake\",\"address\":\"bmc2\"}", "password=hunter2", "{}");
        assert_int_equal(job_state(job_of(f, other)), JOB_RUNNING);
        assert_int_equal(f->manager->active, 2);
        assert_false(manager_is_idle(f->manager));

        put(f, "go", "");
        for (size_t i = 0; i < ELEMENTSOF(reply); i++) {
                wait_job(f, job[i], JOB_DONE);
                if (i + 1 < ELEMENTSOF(reply))
                        assert_int_not_equal(job_state(job[ELEMENTSOF(reply) - 1]), JOB_DONE);
                sd_bus_message_unref(reply[i]);
        }
}

static void test_cancel(void **state) {
        Fixture *f = *state;
        _cleanup_message_ sd_bus_message *first = NULL, *second = NULL, *answer = NULL, *answer2 = NULL;
        Job *running, *waiting;

        put(f, "script", "exec sleep 60");
        first = run(f, "off", DEVICE, "password=hunter2", "{}");
        running = job_of(f, first);
        second = run(f, "off", DEVICE, "password=hunter2", "{}");
        waiting = job_of(f, second);

        answer = bus_pair_callf(&f->pair, job_path(waiting), JOB_INTERFACE, "Cancel", NULL);
        assert_string_equal(reply_error(answer), "");
        job_failed(f, waiting, RHV_ERROR_ABORTED, "cancelled");
        assert_int_equal(job_state(running), JOB_RUNNING);
        answer2 = bus_pair_callf(&f->pair, job_path(running), JOB_INTERFACE, "Cancel", NULL);
        assert_string_equal(reply_error(answer2), "");
        job_failed(f, running, RHV_ERROR_ABORTED, "ask its status");
        assert_true(manager_is_idle(f->manager));
}

static void test_retry_gets_the_same_job(void **state) {
        Fixture *f = *state;
        static const char options[] = "{\"job_id\":\"0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f0\"}";
        _cleanup_message_ sd_bus_message *first = run(f, "status", DEVICE, "password=hunter2", options), *again = NULL, *different = NULL;
        Job *job = job_of(f, first);

        wait_job(f, job, JOB_DONE);
        again = run(f, "status", DEVICE, "password=hunter2", options);
        assert_ptr_equal(job_of(f, again), job);
        logged(f, "status 0\n");
        different = run(f, "off", DEVICE, "password=hunter2", options);
        assert_string_equal(reply_error(different), RHV_ERROR_ALREADY_EXISTS);
        logged(f, "status 0\n");
}

static void test_agent_goes_away(void **state) {
        Fixture *f = *state;
        _cleanup_message_ sd_bus_message *reply = NULL;
        char path[128];

        put(f, "script", "rm $0");
        reply = run(f, "off", DEVICE, "password=hunter2", "{}");
        job_failed(f, job_of(f, reply), RHV_ERROR_NOT_FOUND, "not there any more");
        (void) snprintf(path, sizeof path, "%s/fence_fake", f->directory);
        refused(f, "off", DEVICE, "password=hunter2", "{}", RHV_ERROR_NOT_FOUND);
}

static void test_end_of_service(void **state) {
        Fixture *f = *state;
        _cleanup_message_ sd_bus_message *reply = NULL;

        put(f, "script", "exec sleep 60");
        reply = run(f, "off", DEVICE, "password=hunter2", "{}");
        assert_int_equal(job_state(job_of(f, reply)), JOB_RUNNING);
        f->manager = manager_free(f->manager); /* kills the child; sanitizers see what is left */
}

static void test_questions(void **state) {
        Fixture *f = *state;
        _cleanup_message_ sd_bus_message *list = bus_pair_callf(&f->pair, FENCE_PATH, FENCE_INTERFACE, "ListAgents", "a{sv}", 0),
                                         *bad = bus_pair_callf(&f->pair, FENCE_PATH, FENCE_INTERFACE, "ListAgents", "a{sv}", 1, "x", "s", "y"),
                                         *parameters = NULL, *path = NULL, *none = NULL;
        const char *name;
        unsigned n = 0;

        assert_string_equal(reply_error(list), "");
        assert_ok(sd_bus_message_enter_container(list, 'a', "s"));
        assert_ok(sd_bus_message_read(list, "s", &name));
        assert_string_equal(name, "fence_fake");
        assert_string_equal(reply_error(bad), RHV_ERROR_UNKNOWN_OPTION);

        for (unsigned round = 0; round < 2; round++) { /* asked, and remembered */
                parameters = sd_bus_message_unref(parameters);
                parameters = bus_pair_callf(&f->pair, FENCE_PATH, FENCE_INTERFACE, "GetAgentParameters", "s", "fence_fake");
                assert_string_equal(reply_error(parameters), "");
        }
        assert_ok(sd_bus_message_enter_container(parameters, 'a', "a{sv}"));
        while (sd_bus_message_at_end(parameters, false) == 0) {
                _cleanup_json_ json_t *parameter = NULL;

                assert_ok(dict_read(parameters, &parameter, NULL));
                assert_non_null(dict_string(parameter, "name", NULL));
                n++;
        }
        assert_int_equal(n, 4);

        path = bus_pair_callf(&f->pair, FENCE_PATH, FENCE_INTERFACE, "GetAgentParameters", "s", "/usr/sbin/fence_fake");
        assert_string_equal(reply_error(path), RHV_ERROR_INVALID_ARGUMENT);
        none = bus_pair_callf(&f->pair, FENCE_PATH, FENCE_INTERFACE, "GetAgentParameters", "s", "fence_none");
        assert_string_equal(reply_error(none), RHV_ERROR_NOT_FOUND);
        assert_int_equal(f->auth.asked, 0);
}

static void test_backend(void **state) {
        Fixture *f = *state;
        _cleanup_message_ sd_bus_message *before = bus_pair_get(&f->pair, FENCE_PATH, FENCE_INTERFACE, "Backends"), *list = NULL, *after = NULL;
        const char *name, *word, *reason;
        char path[128];

        assert_ok(sd_bus_message_read(before, "a(sss)", 1, &name, &word, &reason));
        assert_string_equal(name, "fence-agents");
        assert_string_equal(word, "ready");
        (void) snprintf(path, sizeof path, "%s/fence_fake", f->directory);
        assert_int_equal(unlink(path), 0);
        list = bus_pair_callf(&f->pair, FENCE_PATH, FENCE_INTERFACE, "ListAgents", "a{sv}", 0);
        after = bus_pair_get(&f->pair, FENCE_PATH, FENCE_INTERFACE, "Backends");
        assert_ok(sd_bus_message_read(after, "a(sss)", 1, &name, &word, &reason));
        assert_string_equal(word, "failed");
        assert_non_null(strstr(reason, "fence-agents"));
}

static const char metadata[] =
        "<resource-agent shortdesc='Fake'><parameters>"
        "<parameter name='action' required='1'><content type='string' default='reboot'/></parameter>"
        "<parameter name='ip' required='1'><content type='string'/></parameter>"
        "<parameter name='username'><content type='string'/></parameter>"
        "<parameter name='password'><content type='string'/></parameter>"
        "</parameters><actions><action name='on'/><action name='off'/><action name='status'/></actions></resource-agent>";

static int set_up(void **state) {
        Fixture *f = calloc(1, sizeof *f);

        *state = f;
        (void) strcpy(f->directory, "/tmp/rhv-fence-XXXXXX");
        if (!mkdtemp(f->directory))
                return -1;
        put(f, "metadata", metadata);
        put(f, "power", "on");
        put(f, "fence_fake", agent_text);

        bus_pair_init(&f->pair);
        assert_int_equal(sigprocmask(SIG_BLOCK, &(const sigset_t){ { 1UL << (SIGCHLD - 1) } }, NULL), 0);
        fake_auth_init(&f->auth, f->pair.event);
        f->daemon = (Daemon){ .event = f->pair.event, .bus = f->pair.server, .auth = f->auth.auth };
        assert_ok(bus_changes_new(f->pair.server, &f->daemon.changes));
        assert_ok(job_manager_new(f->pair.server, f->daemon.changes, "Fence", NULL, &f->daemon.jobs));
        assert_ok(job_manager_register(f->daemon.jobs, NULL));
        assert_ok(manager_new(&f->daemon, f->directory, NULL, &f->manager));
        assert_ok(bus_objects_register(f->pair.server, FENCE_PATH, fence_bus_objects, f->manager));
        /* whether descriptors can be sent is known only after the handshake, which one thread cannot wait for */
        sd_bus_message_unref(bus_pair_callf(&f->pair, FENCE_PATH, "org.freedesktop.DBus.Peer", "Ping", NULL));
        return 0;
}

static int tear_down(void **state) {
        Fixture *f = *state;
        int r;

        manager_free(f->manager);
        job_manager_free(f->daemon.jobs);
        bus_changes_free(f->daemon.changes);
        fake_auth_done(&f->auth);
        bus_pair_done(&f->pair);
        r = remove_tree(f->directory);
        free(f);
        return r;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_actions),
                TEST(test_secret_is_nowhere),
                TEST(test_bad_calls),
                TEST(test_refused_by_polkit),
                TEST(test_failures),
                TEST(test_queue),
                TEST(test_cancel),
                TEST(test_retry_gets_the_same_job),
                TEST(test_agent_goes_away),
                TEST(test_end_of_service),
                TEST(test_questions),
                TEST(test_backend),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
