/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mailbox.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <utlist.h>

typedef struct Letter Letter;
struct Letter {
        mailbox_function_t run, destroy;
        void *argument;
        Letter *next;
};

struct Mailbox {
        pthread_mutex_t mutex; /* guards head and tail */
        Letter *head, *tail;
        int fd; /* eventfd: readable when there are letters */
        sd_event_source *source;
};

static Letter *take_all(Mailbox *mailbox) {
        Letter *letters;

        (void) pthread_mutex_lock(&mailbox->mutex);
        letters = mailbox->head;
        mailbox->head = mailbox->tail = NULL;
        (void) pthread_mutex_unlock(&mailbox->mutex);

        return letters;
}

static int on_letters(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Letter *letter, *next;
        eventfd_t count;

        (void) eventfd_read(fd, &count);
        for (letter = take_all(userdata); letter; letter = next) {
                next = letter->next;
                letter->run(letter->argument);
                free(letter);
        }
        return 0;
}

int mailbox_new(sd_event *event, Mailbox **ret) {
        _cleanup_(mailbox_freep) Mailbox *mailbox = NULL;
        int r;

        mailbox = calloc(1, sizeof *mailbox);
        if (!mailbox)
                return -ENOMEM;
        (void) pthread_mutex_init(&mailbox->mutex, NULL);
        mailbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (mailbox->fd < 0)
                return -errno;

        r = sd_event_add_io(event, &mailbox->source, mailbox->fd, EPOLLIN, on_letters, mailbox);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(mailbox->source, "mailbox");

        *ret = TAKE_PTR(mailbox);
        return 0;
}

void mailbox_detach(Mailbox *mailbox) {
        mailbox->source = sd_event_source_disable_unref(mailbox->source);
}

Mailbox *mailbox_free(Mailbox *mailbox) {
        Letter *letter, *next;

        if (!mailbox)
                return NULL;

        sd_event_source_disable_unref(mailbox->source);
        for (letter = take_all(mailbox); letter; letter = next) {
                next = letter->next;
                if (letter->destroy)
                        letter->destroy(letter->argument);
                free(letter);
        }
        safe_close(mailbox->fd);
        (void) pthread_mutex_destroy(&mailbox->mutex);
        free(mailbox);
        return NULL;
}

int mailbox_post(Mailbox *mailbox, mailbox_function_t run, mailbox_function_t destroy, void *argument) {
        Letter *letter = malloc(sizeof *letter);

        if (!letter) {
                if (destroy)
                        destroy(argument);
                return -ENOMEM;
        }
        *letter = (Letter){ .run = run, .destroy = destroy, .argument = argument };

        (void) pthread_mutex_lock(&mailbox->mutex);
        if (mailbox->tail)
                mailbox->tail->next = letter;
        else
                mailbox->head = letter;
        mailbox->tail = letter;
        (void) eventfd_write(mailbox->fd, 1);
        (void) pthread_mutex_unlock(&mailbox->mutex);
        return 0;
}
