/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "arguments.h"
#include "fixture.h"
#include "text.h"

#define WORDS_MAX 16

typedef struct Parsed {
        Settings settings;
        Invocation invocation;
        char *message;
        int r;
} Parsed;

/* Splits at blanks; '~' stands for a blank inside a word. */
static void parse(const char *line, Parsed *ret) {
        static char copy[512];
        char *argv[WORDS_MAX + 1] = { (char *)"rhvctl" }, *rest = copy, *word;
        int argc = 1;

        assert_true(strlen(line) < sizeof copy);
        strcpy(copy, line);
        while ((word = strsep(&rest, " "))) {
                assert_true(argc < WORDS_MAX);
                for (char *c = word; *c; c++)
                        if (*c == '~')
                                *c = ' ';
                argv[argc++] = word;
        }

        *ret = (Parsed){ 0 };
        ret->r = arguments_parse(*line ? argc : 1, argv, &ret->settings, &ret->invocation, &ret->message);
}

static void done(Parsed *parsed) {
        invocation_done(&parsed->invocation);
        free(parsed->message);
}

static void check_values(const json_t *object, const char *expected) {
        _cleanup_free_ char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);

        assert_string_equal(text, expected);
}

static void check(const char *line, const char *spec, const char *call, const char *local) {
        Parsed parsed;

        parse(line, &parsed);
        if (parsed.message)
                print_error("%s: %s\n", line, parsed.message);
        assert_ok(parsed.r);
        check_values(parsed.invocation.spec, spec);
        check_values(parsed.invocation.call, call);
        check_values(parsed.invocation.local, local);
        done(&parsed);
}

static void check_wrong(const char *line, const char *message) {
        Parsed parsed;

        parse(line, &parsed);
        assert_int_equal(parsed.r, -EINVAL);
        assert_string_equal(parsed.message, message);
        done(&parsed);
}

static void test_values(void **state) {
        check("vm start web1", "{}", "{}", "{\"VM\":\"web1\"}");
        check("vm start web1 --on-host h1 --paused", "{}", "{\"host\":\"h1\",\"paused\":true}", "{\"VM\":\"web1\"}");
        check("vm create web1 --memory 2G --cpus=2 --autostart on",
              "{\"autostart\":true,\"cpus\":2,\"memory\":2147483648,\"name\":\"web1\"}", "{}", "{}");
        check_wrong("--cpus 1 vm create x", "unknown option '--cpus'; options of a command stand behind its verb");
}

static void test_records(void **state) {
        check("vm create x --disk d1,bus=scsi,boot_order=1 --disk d2,read_only --nic ovirtmgmt --nic red,mac=56:6f:00:00:00:01,link=off",
              "{\"disks\":[{\"boot_order\":1,\"bus\":\"scsi\",\"disk\":\"d1\"},{\"disk\":\"d2\",\"read_only\":true}],"
              "\"name\":\"x\",\"nics\":[{\"network\":\"ovirtmgmt\"},{\"link\":false,\"mac\":\"56:6f:00:00:00:01\",\"network\":\"red\"}]}",
              "{}", "{}");
        check("vm create x --metadata a=1 --metadata b=x=y", "{\"metadata\":{\"a\":\"1\",\"b\":\"x=y\"},\"name\":\"x\"}", "{}", "{}");
        check("host-network setup red --nic eth1 --ipv4 192.0.2.1/24,192.0.2.2/24 --gateway 192.0.2.254 --rollback 30s",
              "{\"nic\":\"eth1\"}", "{\"timeout\":30000000}",
              "{\"NAME\":\"red\",\"gateway\":\"192.0.2.254\",\"ipv4\":[\"192.0.2.1/24\",\"192.0.2.2/24\"]}");
        check("vm stats", "{}", "{}", "{\"VM\":[]}");
        check("vm stats a b", "{}", "{}", "{\"VM\":[\"a\",\"b\"]}");

        check_wrong("vm create x --disk d1,colour=red", "--disk: there is no 'colour' to set here");
        check_wrong("vm create x --disk d1,bus", "--disk: 'bus' needs a value (bus=…)");
        check_wrong("vm create x --disk d1,bus=ide", "--disk: 'ide' is not virtio, scsi or sata");
        check_wrong("vm create x --metadata a", "--metadata: 'a' is not KEY=VALUE");
}

static void test_settings(void **state) {
        Parsed parsed;

        parse("-q --json vm list -H root@host1 --no-wait --timeout 90", &parsed);
        assert_ok(parsed.r);
        assert_true(parsed.settings.quiet && parsed.settings.json && parsed.settings.no_wait);
        assert_string_equal(parsed.settings.host, "root@host1");
        assert_true(parsed.settings.timeout_usec == 90 * USEC_PER_SEC);
        assert_string_equal(parsed.invocation.command->verb, "list");
        done(&parsed);

        parse("-Hhost2 vm list", &parsed);
        assert_ok(parsed.r);
        assert_string_equal(parsed.settings.host, "host2");
        assert_true(parsed.settings.timeout_usec == USEC_INFINITY);
        done(&parsed);

        /* behind "--" nothing is an option; "-" alone is a file */
        parse("vm start -- --json", &parsed);
        assert_ok(parsed.r);
        assert_false(parsed.settings.json);
        assert_string_equal(local_string(&parsed.invocation, "VM"), "--json");
        done(&parsed);
        check("disk download d -", "{}", "{}", "{\"DISK\":\"d\",\"FILE\":\"-\"}");

        parse("vm --help", &parsed);
        assert_ok(parsed.r);
        assert_true(parsed.settings.help);
        assert_string_equal(local_string(&parsed.invocation, "noun"), "vm");
        done(&parsed);

        /* the other way to ask for it */
        parse("help vm", &parsed);
        assert_ok(parsed.r);
        assert_true(parsed.settings.help);
        assert_string_equal(local_string(&parsed.invocation, "noun"), "vm");
        done(&parsed);
        parse("help vm start", &parsed);
        assert_ok(parsed.r);
        assert_true(parsed.settings.help);
        assert_string_equal(parsed.invocation.command->verb, "start");
        done(&parsed);
        parse("help", &parsed);
        assert_ok(parsed.r);
        assert_true(parsed.settings.help);
        assert_null(parsed.invocation.command);
        done(&parsed);

        parse("status", &parsed);
        assert_ok(parsed.r);
        assert_null(parsed.invocation.command->verb);
        done(&parsed);
}

static void test_wrong(void **state) {
        check_wrong("", "what to do is missing; `rhvctl --help` shows what there is");
        check_wrong("vmm list", "unknown command 'vmm'; did you mean 'vm'?");
        check_wrong("quux", "unknown command 'quux'; `rhvctl --help` shows what there is");
        check_wrong("vm", "what to do with 'vm' is missing; `rhvctl vm --help` shows what there is");
        check_wrong("help vmm", "unknown command 'vmm'; did you mean 'vm'?");
        check_wrong("help vm strat", "'vm' has no verb 'strat'; did you mean 'start'?");
        check_wrong("vm strat x", "'vm' has no verb 'strat'; did you mean 'start'?");
        check_wrong("vm migrate x", "'vm' has no verb 'migrate'; `rhvctl vm --help` shows what there is");
        check_wrong("vm start", "missing VM; usage: rhvctl vm start VM [OPTIONS]");
        check_wrong("vm start a b", "unexpected argument b; usage: rhvctl vm start VM [OPTIONS]");
        check_wrong("vm start a --wait --no-wait", "--wait and --no-wait exclude one another");
        check_wrong("vm start a --pasued", "unknown option '--pasued'; did you mean '--paused'?");
        check_wrong("vm start a --zzzzzz=1", "unknown option '--zzzzzz'; `rhvctl vm start --help` shows what there is");
        check_wrong("-x vm list", "unknown option '-x'; `rhvctl --help` shows what there is");
        check_wrong("vm start a --paused=yes", "--paused takes no value");
        check_wrong("vm start a --on-host", "--on-host needs a value (--on-host HOST)");
        check_wrong("vm create x --memory 1G --memory 2G", "--memory is given twice");
        check_wrong("vm create x --memory 9223372036854775808", "--memory: '9223372036854775808' is too large");
        check_wrong("vm create x --memory lots", "--memory: 'lots' is not a size such as 512M or 10G");
        check_wrong("vm create x --cpus -1", "--cpus: '-1' is not a whole number");
        check_wrong("vm create x --cpus 9223372036854775808", "--cpus: '9223372036854775808' is too large");
        check_wrong("vm autostart x maybe", "on|off: 'maybe' is not on or off");
        check_wrong("disk create x --size 1G", "--domain DOMAIN is needed: Storage domain it is on");
        check_wrong("vm start \xff", "VM: '\\xff' is not UTF-8");
        check_wrong("vm shutdown x --grace soon", "--grace: 'soon' is not a duration such as 30s, 5min or 1h30min");
        /* what is repeated to the terminal cannot move its cursor */
        check_wrong("vm \033[2J", "'vm' has no verb '\\x1b[2J'; `rhvctl vm --help` shows what there is");
}

static void test_passed_on(void **state) {
        /* whether it makes sense is the service's to say, with the same words for every client */
        check("vm create x --cpus 0", "{\"cpus\":0,\"name\":\"x\"}", "{}", "{}");
        check("vm create a\nb", "{\"name\":\"a\\nb\"}", "{}", "{}");
        check("vm start ../../etc/passwd", "{}", "{}", "{\"VM\":\"../../etc/passwd\"}");
}

static void test_tables(void **state) {
        for (const Command *const *table = command_tables; *table; table++)
                for (const Command *command = *table; command->noun; command++) {
                        _cleanup_free_ char *help = command_help(command);

                        assert_non_null(command->run);
                        assert_non_null(command->help);
                        assert_non_null(help);
                        assert_ptr_equal(command_find(command->noun, command->verb), command); /* no two of a name */
                        for (const Parameter *p = command->options; p && p->name; p++) {
                                assert_non_null(p->help);
                                assert_true((p->type == PARAMETER_FLAG) == !p->placeholder);
                                assert_true(p->type != PARAMETER_WORD || p->words);
                                assert_true(p->type != PARAMETER_RECORD || p->fields);
                        }
                        for (const Parameter *p = command->arguments; p && p->name; p++)
                                assert_true(!(p->flags & PARAMETER_MANY) || !p[1].name);
                }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_values),   cmocka_unit_test(test_records), cmocka_unit_test(test_settings),
                cmocka_unit_test(test_wrong),    cmocka_unit_test(test_passed_on), cmocka_unit_test(test_tables),
        };

        text_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
