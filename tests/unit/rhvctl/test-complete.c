/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "complete.h"
#include "fixture.h"

#define WORDS_MAX 16

/* The last word of line is the one being typed. */
static void complete_words(const char *line, Completion *ret) {
        static char copy[256];
        const char *words[WORDS_MAX];
        char *rest = copy, *word;
        int n = 0;

        assert_true(strlen(line) < sizeof copy);
        strcpy(copy, line);
        while ((word = strsep(&rest, " ")))
                words[n++] = word;
        assert_ok(complete_line(words, n, n - 1, ret));
}

static void check(const char *line, const char *expected) {
        Completion completion;
        char got[1024] = "";

        complete_words(line, &completion);
        assert_int_equal(completion.source, COMPLETE_DONE);
        for (size_t i = 0; completion.words && completion.words[i]; i++) {
                strcat(got, i > 0 ? " " : "");
                strcat(got, completion.words[i]);
        }
        assert_string_equal(got, expected);
        completion_done(&completion);
}

static void check_source(const char *line, CompletionSource source, const char *prefix) {
        Completion completion;

        complete_words(line, &completion);
        assert_int_equal(completion.source, source);
        assert_string_equal(completion.prefix, prefix);
        completion_done(&completion);
}

static void test_words(void **state) {
        check("rhvctl ", "vm snapshot template disk domain iso network vnicprofile macpool host cluster datacenter job event status fence host-network iscsi storage peer local");
        check("rhvctl ho", "host host-network");
        check("rhvctl vm st", "start stats");
        check("rhvctl vm create x --me", "memory metadata");
        check("rhvctl vm start --on", "on-host");
        check("rhvctl --js", "json");
        check("rhvctl nonsense x", "");
        check("rhvctl help vm st", "start stats");
        check("rhvctl vm autostart x o", "on off");
        check("rhvctl disk create x --format ", "raw qcow2");
        check("rhvctl disk create x --format = q", "qcow2");
        check("rhvctl disk create x --format =", "raw qcow2");
        /* global options before the noun do not count as it */
        check("rhvctl -H host1 --json vm pow", "poweroff");
}

static void test_sources(void **state) {
        check_source("rhvctl vm start w", COMPLETE_VM, "w");
        check_source("rhvctl vm attach-disk web1 ", COMPLETE_DISK, "");
        check_source("rhvctl vm attach-disk web1 d x", COMPLETE_NOTHING, "x");
        check_source("rhvctl vm stats a b c", COMPLETE_VM, "c");
        check_source("rhvctl vm create x --disk d", COMPLETE_DISK, "d");
        check_source("rhvctl disk create x --domain lo", COMPLETE_DOMAIN, "lo");
        check_source("rhvctl disk upload im", COMPLETE_FILE, "im");
        check_source("rhvctl domain create d /sr", COMPLETE_DIRECTORY, "/sr");
        check_source("rhvctl fence status fence_", COMPLETE_AGENT, "fence_");
        check_source("rhvctl job show ", COMPLETE_JOB, "");
        check_source("rhvctl vm create ", COMPLETE_NOTHING, "");
}

static void test_odd(void **state) {
        static const char *const words[] = { "rhvctl", "vm" };
        Completion completion;

        assert_ok(complete_line(words, 2, 9, &completion)); /* behind the end */
        completion_done(&completion);
        assert_ok(complete_line(words, 2, -1, &completion));
        completion_done(&completion);
        assert_ok(complete_line(words, 0, 0, &completion));
        completion_done(&completion);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_words),
                cmocka_unit_test(test_sources),
                cmocka_unit_test(test_odd),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
