/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-pair.h"
#include "mailbox.h"

#include <pthread.h>

#define THREADS 4
#define LETTERS 5000

typedef struct Letter {
        unsigned thread, number;
} Letter;

static Mailbox *mailbox;
static unsigned next_number[THREADS], destroyed;
static bool all_here;

static void on_letter(void *argument) {
        Letter *letter = argument;
        bool complete = true;

        assert_int_equal(letter->number, next_number[letter->thread]); /* in order for each sender */
        next_number[letter->thread]++;
        free(letter);
        for (unsigned i = 0; i < THREADS; i++)
                complete = complete && next_number[i] == LETTERS;
        all_here = complete;
}

static void destroy(void *argument) {
        destroyed++;
        free(argument);
}

static void *sender(void *argument) {
        unsigned thread = (unsigned)(uintptr_t)argument;

        for (unsigned i = 0; i < LETTERS; i++) {
                Letter *letter = malloc(sizeof *letter);

                if (!letter)
                        abort();
                *letter = (Letter){ thread, i };
                if (mailbox_post(mailbox, on_letter, destroy, letter) < 0)
                        abort();
        }
        return NULL;
}

static void test_many_senders(void **state) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        pthread_t threads[THREADS];

        assert_ok(sd_event_new(&event));
        assert_ok(mailbox_new(event, &mailbox));
        for (uintptr_t i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, sender, (void *)i), 0);
        loop_until(event, &all_here);
        for (unsigned i = 0; i < THREADS; i++)
                assert_int_equal(pthread_join(threads[i], NULL), 0);
        mailbox = mailbox_free(mailbox);
        assert_int_equal(destroyed, 0);
}

static void test_undelivered(void **state) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;

        assert_ok(sd_event_new(&event));
        assert_ok(mailbox_new(event, &mailbox));
        assert_ok(mailbox_post(mailbox, on_letter, destroy, malloc(1)));
        assert_ok(mailbox_post(mailbox, on_letter, destroy, malloc(1)));
        mailbox = mailbox_free(mailbox);
        assert_int_equal(destroyed, 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_many_senders),
                cmocka_unit_test(test_undelivered),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
