/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-link.h"

#include <stdio.h>

#include "string-table.h"

static const char *const peer_link_state_table[_PEER_LINK_STATE_MAX] = {
        [PEER_LINK_DOWN] = "down",
        [PEER_LINK_DIALLING] = "dialling",
        [PEER_LINK_UP] = "up",
};
DEFINE_STRING_TABLE(peer_link_state, PeerLinkState, _PEER_LINK_STATE_MAX)

uint64_t peer_link_pause(unsigned failures, uint32_t salt) {
        uint64_t pause = PEER_LINK_PAUSE_MIN_USEC;

        for (unsigned i = 1; i < failures && pause < PEER_LINK_PAUSE_MAX_USEC; i++)
                pause *= 2;
        if (pause > PEER_LINK_PAUSE_MAX_USEC)
                pause = PEER_LINK_PAUSE_MAX_USEC;
        /* Knuth's multiplier spreads salt and try over a quarter of the pause */
        return pause + pause / 4 * ((salt + failures) * 2654435761U % 1024) / 1024;
}

void peer_link_init(PeerLink *link, bool dial, const char *own_id, const char *other_id, uint64_t now) {
        *link = (PeerLink){ .dial = dial, .lower = strcmp(other_id, own_id) < 0, .since = now, .dial_at = dial ? now : 0 };
        for (const char *p = other_id; *p; p++)
                link->salt = link->salt * 31 + (unsigned char)*p;
        (void) snprintf(link->reason, sizeof link->reason, "%s", dial ? "it was not dialled yet" : "it has not come in yet");
}

static void go(PeerLink *link, PeerLinkState state, uint64_t now, const char *reason) {
        if (link->state != state)
                link->since = now;
        link->state = state;
        link->deadline = link->ping_at = link->ping_sent = link->dial_at = 0;
        (void) snprintf(link->reason, sizeof link->reason, "%s", reason);
}

static void come_up(PeerLink *link, uint64_t now) {
        go(link, PEER_LINK_UP, now, "");
        link->since = now; /* another connection is another link, also where it was up */
        link->last_seen = now;
        link->ping_at = now; /* the first tells the round trip */
        link->dropped = false;
}

static void go_down(PeerLink *link, uint64_t now, const char *reason) {
        if (link->state == PEER_LINK_UP && now - link->since >= PEER_LINK_STEADY_USEC)
                link->failures = 0;
        link->failures++;
        go(link, PEER_LINK_DOWN, now, reason);
        if (link->dial)
                link->dial_at = now + peer_link_pause(link->failures, link->salt);
}

unsigned peer_link_closed(PeerLink *link, uint64_t now, const char *reason) {
        if (link->state == PEER_LINK_DOWN)
                return 0;
        go_down(link, now, reason);
        return PEER_LINK_DO_TELL;
}

unsigned peer_link_drop(PeerLink *link, uint64_t now, const char *reason) {
        if (link->state == PEER_LINK_DOWN)
                return 0;
        link->dropped = link->state == PEER_LINK_UP;
        go_down(link, now, reason);
        return PEER_LINK_DO_CLOSE | PEER_LINK_DO_TELL;
}

static unsigned tick_up(PeerLink *link, uint64_t now, uint64_t queued) {
        if (queued > PEER_LINK_QUEUE_MAX)
                return peer_link_drop(link, now, "it does not read what is sent to it");
        if (link->ping_sent && now - link->ping_sent >= PEER_LINK_SILENCE_USEC)
                return peer_link_drop(link, now, "it does not answer any more");
        if (link->ping_at && now >= link->ping_at) {
                link->ping_at = 0;
                link->ping_sent = now;
                return PEER_LINK_DO_PING;
        }
        return 0;
}

unsigned peer_link_tick(PeerLink *link, uint64_t now, uint64_t queued, bool may_dial) {
        switch (link->state) {
        case PEER_LINK_UP:
                return tick_up(link, now, queued);
        case PEER_LINK_DIALLING:
                return now >= link->deadline ? peer_link_drop(link, now, "it did not answer in time") : 0;
        default:
                if (!link->dial_at || now < link->dial_at || !may_dial)
                        return 0;
        }

        /* the reason of the last failure stays readable while it is tried again */
        link->dial_at = 0;
        link->state = PEER_LINK_DIALLING;
        link->since = now;
        link->deadline = now + PEER_LINK_HELLO_USEC;
        return PEER_LINK_DO_DIAL | PEER_LINK_DO_TELL;
}

unsigned peer_link_hello(PeerLink *link, uint64_t now) {
        if (link->state != PEER_LINK_DIALLING)
                return 0;
        come_up(link, now);
        return PEER_LINK_DO_TELL;
}

unsigned peer_link_incoming(PeerLink *link, uint64_t now) {
        unsigned what = PEER_LINK_DO_ADOPT | PEER_LINK_DO_TELL;

        if (link->state == PEER_LINK_DIALLING && !link->lower)
                return PEER_LINK_DO_REFUSE; /* ours stays */
        if (link->state != PEER_LINK_DOWN)
                what |= PEER_LINK_DO_CLOSE; /* who comes again has lost the one before */
        come_up(link, now);
        return what;
}

void peer_link_heard(PeerLink *link, uint64_t now) {
        link->last_seen = now;
}

void peer_link_pong(PeerLink *link, uint64_t now) {
        if (link->state != PEER_LINK_UP || !link->ping_sent)
                return;
        link->round_trip = now - link->ping_sent;
        link->last_seen = now;
        link->ping_at = link->ping_sent + PEER_LINK_PING_USEC;
        link->ping_sent = 0;
}

void peer_link_retry(PeerLink *link, uint64_t now) {
        link->failures = 0;
        if (link->state == PEER_LINK_DOWN && link->dial)
                link->dial_at = now;
}

uint64_t peer_link_next(const PeerLink *link) {
        switch (link->state) {
        case PEER_LINK_UP:
                return link->ping_sent ? link->ping_sent + PEER_LINK_SILENCE_USEC : link->ping_at;
        case PEER_LINK_DIALLING:
                return link->deadline;
        default:
                return link->dial_at ?: USEC_INFINITY;
        }
}
