/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * From other threads to the loop. Any thread posts a function and an argument; the loop runs them in order. This is the only
 * place of the project with a mutex.
 */

#include "macro.h"

typedef struct Mailbox Mailbox;
typedef void (*mailbox_function_t)(void *argument);

int mailbox_new(sd_event *event, Mailbox **ret);
/* Every thread that posts must have ended or have been told not to; what is still queued is handed to its destroy function. */
Mailbox *mailbox_free(Mailbox *mailbox);
/* On the loop, which hears no more of it; then any thread may free it. */
void mailbox_detach(Mailbox *mailbox);
DEFINE_CLEANUP(Mailbox *, mailbox_free)

/* From any thread. argument is taken; run (on the loop) consumes it, or destroy does if it never runs.
 * Return: 0, or -ENOMEM (argument destroyed). */
int mailbox_post(Mailbox *mailbox, mailbox_function_t run, mailbox_function_t destroy, void *argument);
