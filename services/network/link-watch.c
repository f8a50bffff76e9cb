/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link-watch.h"

#include <linux/netlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "clock-util.h"
#include "link-facts.h"
#include "log.h"
#include "rtnetlink.h"
#include "work.h"

/* A bond of eight NICs coming up sends some dozen messages within this. */
#define GATHER_USEC (50 * USEC_PER_MSEC)
/* With hundreds of bridges a reading opens tens of thousands of files: at most a tenth of the time goes into it, counted from the last one. Who waits for the facts asks for a reading
 * (link_watch_since()). */
#define GATHER_REST 9U
#define GATHER_MAX_USEC (10 * USEC_PER_SEC)
/* What the kernel does not tell of, should there be something else than link_facts_affected() knows, is seen with the first change after that. */
#define WHOLE_USEC (60 * USEC_PER_SEC)
/* A driver that resets its NIC may hold the kernel's lock for seconds; what takes longer is written off and tried again. */
#define READ_DEADLINE_USEC (20 * USEC_PER_SEC)
#define READ_THREADS 1U
#define READ_CEILING 3U

struct LinkWatch {
        sd_event *event;
        LinkWatchHooks hooks;
        WorkPool *pool;
        json_t *links;
        json_t *names;       /* {device: true} of which the kernel has told since the last reading began; NULL: read all */
        uint64_t whole_usec; /* when all were read the last time */
        bool reading, again; /* one reading at a time; another is wanted after it */
        uint64_t begin_usec, last_usec; /* of the reading: when it began, how long the last one took */
        uint64_t told_usec;             /* when the reading began whose facts were told last */
        uint64_t asked_usec;            /* since when somebody waits for a reading, or 0 */
        bool listing, relist;           /* all links are being told; once more after that, since messages were lost */
        void *buffer;                   /* RTNETLINK_BYTES */
        int fd;
        sd_event_source *messages, *gather;
};

/* ---- reading ---- */

typedef struct Reading {
        json_t *before, *names; /* names NULL: all */
        json_t *links;
} Reading;

static int reading_run(void *argument) {
        Reading *reading = argument;

        return link_facts_read(LINK_FACTS_ROOT, reading->before, reading->names, &reading->links);
}

static void reading_destroy(void *argument) {
        Reading *reading = argument;

        json_decref(reading->before);
        json_decref(reading->names);
        json_decref(reading->links);
        free(reading);
}

/* What was told is read from now on. */
static Reading *reading_new(LinkWatch *watch) {
        Reading *reading = calloc(1, sizeof *reading);

        if (!reading)
                return NULL;
        if (watch->names && watch->links && monotonic_usec() < watch->whole_usec + WHOLE_USEC)
                reading->names = link_facts_affected(watch->links, watch->names);
        if (reading->names)
                reading->before = json_incref(watch->links);
        else
                watch->whole_usec = monotonic_usec();
        json_decref(watch->names);
        watch->names = json_object();
        return reading;
}

static bool hear(LinkWatch *watch);

static void read_all_next(LinkWatch *watch) {
        json_decref(watch->names);
        watch->names = NULL;
}

static uint64_t gather_usec(const LinkWatch *watch) {
        uint64_t rest = GATHER_REST * watch->last_usec, due = watch->begin_usec + watch->last_usec + (rest > GATHER_MAX_USEC ? GATHER_MAX_USEC : rest),
                 soon = monotonic_usec() + GATHER_USEC;

        if (watch->asked_usec)
                return 0;
        return due < soon ? GATHER_USEC : due - soon + GATHER_USEC;
}

static void schedule(LinkWatch *watch) {
        int enabled;

        if (watch->reading) {
                watch->again = true;
                return;
        }
        if (!watch->asked_usec && sd_event_source_get_enabled(watch->gather, &enabled) >= 0 && enabled != SD_EVENT_OFF)
                return;
        (void) sd_event_source_set_time_relative(watch->gather, gather_usec(watch));
        (void) sd_event_source_set_enabled(watch->gather, SD_EVENT_ONESHOT);
}

static void on_read(void *argument, int r, void *userdata) {
        Reading *reading = argument;
        LinkWatch *watch = userdata;
        bool asked = watch->asked_usec && watch->begin_usec >= watch->asked_usec;

        watch->reading = false;
        watch->last_usec = monotonic_usec() - watch->begin_usec;
        if (asked || r < 0)
                watch->asked_usec = 0;
        if (r < 0) {
                log_warning_errno(r, "Cannot read " LINK_FACTS_ROOT);
                read_all_next(watch);
        }
        if (r == -ETIMEDOUT || watch->again) {
                watch->again = false;
                schedule(watch);
        }
        if (r < 0)
                return;
        watch->told_usec = watch->begin_usec;
        if (!asked && json_equal(reading->links, watch->links))
                return;
        json_decref(watch->links);
        watch->links = json_incref(reading->links);
        watch->hooks.changed(watch->hooks.userdata, watch->links);
}

static int on_gather(sd_event_source *source, uint64_t usec, void *userdata) {
        LinkWatch *watch = userdata;
        WorkSpec work = {
                .name = "link-facts",
                .run = reading_run,
                .done = on_read,
                .destroy = reading_destroy,
                .userdata = watch,
                .deadline_usec = READ_DEADLINE_USEC,
        };
        Reading *reading;

        watch->begin_usec = monotonic_usec();
        (void) hear(watch); /* else what has changed by now would be read next time only */
        reading = work.argument = reading_new(watch);
        /* all threads are stuck in the kernel: the next message asks again */
        watch->reading = reading && work_submit(watch->pool, &work) >= 0;
        if (!watch->reading)
                read_all_next(watch);
        return 0;
}

bool link_watch_since(LinkWatch *watch, uint64_t usec) {
        if (watch->told_usec >= usec)
                return true;
        watch->asked_usec = watch->asked_usec ?: monotonic_usec();
        if (!watch->reading || watch->begin_usec < watch->asked_usec)
                schedule(watch);
        return false;
}

/* ---- messages ---- */

static int ask_for_all(LinkWatch *watch) {
        struct {
                struct nlmsghdr header;
                struct ifinfomsg link;
        } request = {
                .header = { .nlmsg_len = sizeof request, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
        };

        watch->relist = watch->listing;
        if (watch->listing)
                return 0;
        watch->hooks.listing(watch->hooks.userdata);
        watch->listing = true;
        return rtnetlink_send(watch->fd, &request.header);
}

static int on_message(const struct nlmsghdr *header, void *userdata) {
        LinkWatch *watch = userdata;
        LinkMessage message;

        if (!link_message_read(header, &message))
                return 0;
        /* a listing tells of what is, and of no change */
        if (!(header->nlmsg_flags & NLM_F_MULTI) && watch->names && json_object_set_new(watch->names, message.name, json_true()) < 0)
                read_all_next(watch);
        watch->hooks.told(watch->hooks.userdata, &message);
        return 0;
}

/* The end of a listing, or what it failed for. */
static void on_listed(LinkWatch *watch, int r) {
        watch->listing = false;
        if (r < 0)
                log_warning_errno(r, "The kernel does not tell of its links");
        else if (!watch->relist)
                watch->hooks.told(watch->hooks.userdata, NULL);
        if (watch->relist)
                (void) ask_for_all(watch);
}

/* What has changed is not taken from them, but of which devices; when some were lost (ENOBUFS) all are read. Return: whether there were any. */
static bool hear(LinkWatch *watch) {
        bool lost = false, heard = false;
        ssize_t n;

        do {
                int r;

                n = recv(watch->fd, watch->buffer, RTNETLINK_BYTES, MSG_DONTWAIT);
                heard = heard || n > 0;
                lost = lost || (n < 0 && errno == ENOBUFS);
                r = n > 0 ? rtnetlink_parse(watch->buffer, (size_t)n, on_message, watch) : 0;
                if (r != 0 && watch->listing)
                        on_listed(watch, r);
        } while (n > 0 || (n < 0 && (errno == ENOBUFS || errno == EINTR)));
        if (lost) {
                read_all_next(watch);
                (void) ask_for_all(watch);
        }
        return heard || lost;
}

void link_watch_hear(LinkWatch *watch) {
        if (hear(watch))
                schedule(watch);
}

static int on_messages(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        link_watch_hear(userdata);
        return 0;
}

static int listen_to_kernel(LinkWatch *watch) {
        struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_TC };
        int r;

        watch->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
        if (watch->fd < 0 || bind(watch->fd, (struct sockaddr *)&address, sizeof address) < 0)
                return -errno;
        r = sd_event_add_io(watch->event, &watch->messages, watch->fd, EPOLLIN, on_messages, watch);
        if (r >= 0)
                (void) sd_event_source_set_description(watch->messages, "rtnetlink");
        return r < 0 ? r : ask_for_all(watch);
}

/* ---- life ---- */

int link_watch_new(sd_event *event, const LinkWatchHooks *hooks, LinkWatch **ret) {
        _cleanup_(link_watch_freep) LinkWatch *watch = calloc(1, sizeof *watch);
        int r;

        if (!watch)
                return -ENOMEM;
        watch->event = sd_event_ref(event);
        watch->hooks = *hooks;
        watch->fd = -EBADF;
        watch->buffer = malloc(RTNETLINK_BYTES);
        if (!watch->buffer)
                return -ENOMEM;
        r = work_pool_new(event, READ_THREADS, READ_CEILING, &watch->pool);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &watch->gather, CLOCK_MONOTONIC, 0, 10 * USEC_PER_MSEC, on_gather, watch);
        if (r >= 0)
                r = listen_to_kernel(watch);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(watch);
        return 0;
}

LinkWatch *link_watch_free(LinkWatch *watch) {
        if (!watch)
                return NULL;
        sd_event_source_disable_unref(watch->messages);
        sd_event_source_disable_unref(watch->gather);
        safe_close(watch->fd);
        work_pool_free(watch->pool);
        json_decref(watch->links);
        json_decref(watch->names);
        free(watch->buffer);
        sd_event_unref(watch->event);
        free(watch);
        return NULL;
}
