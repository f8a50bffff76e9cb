/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peers.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <utlist.h>

#include "bus-error.h"
#include "bus-object.h"
#include "clock-util.h"
#include "config.h"
#include "dict.h"
#include "kind.h"
#include "log.h"
#include "peer-join.h"
#include "peers-internal.h"

/* After the bytes ended ssh says why. */
#define LAST_WORDS_USEC (2 * USEC_PER_SEC)

struct PeerConnection {
        Peers *owner;
        Peer *peer; /* NULL: a candidate */
        char id[37];
        PeerSession *session;
        PeerDial *dial; /* NULL: it came in */
        sd_event_source *deadline;
        PeerConnection *next, *prev; /* of candidates */
};

static void settle(Peer *peer, PeerLinkState before, unsigned what, PeerConnection *incoming);

static PeerConnection *connection_free(PeerConnection *connection) {
        if (!connection)
                return NULL;
        if (!connection->peer) {
                DL_DELETE(connection->owner->candidates, connection);
                connection->owner->n_candidates--;
        }
        sd_event_source_disable_unref(connection->deadline);
        peer_session_free(connection->session);
        peer_dial_free(connection->dial);
        free(connection);
        return NULL;
}

/* ---- telling ---- */

static void tell(const Peer *peer, EventSeverity severity, const char *code, const char *format, ...) _printf_(4, 5);
static void tell(const Peer *peer, EventSeverity severity, const char *code, const char *format, ...) {
        const PeersSettings *settings = &peer->owner->settings;
        char message[512];
        va_list arguments;

        va_start(arguments, format);
        (void) vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
        settings->listener->event(severity, code, peer->path, message, settings->userdata);
}

static void changed(const Peer *peer, const char *property) {
        const PeersSettings *settings = &peer->owner->settings;

        settings->listener->changed(peer, property, settings->userdata);
}

/* A try that fails as the one before is no news. */
static void tell_state(Peer *peer, PeerLinkState before) {
        const PeerLink *link = &peer->link;

        changed(peer, "State");
        changed(peer, "StateReason");
        changed(peer, "Since");
        if (link->state == PEER_LINK_UP) {
                peer->told[0] = 0;
                tell(peer, EVENT_NORMAL, "peer-up", "The host %s is connected", peer->host->name);
        } else if (link->state == PEER_LINK_DOWN && before == PEER_LINK_UP)
                tell(peer, EVENT_WARNING, link->dropped ? "peer-dropped" : "peer-down", "The host %s is not connected any more: %s",
                     peer->host->name, link->reason);
        else if (link->state == PEER_LINK_DOWN && !streq(peer->told, link->reason))
                tell(peer, EVENT_WARNING, "peer-unreachable", "The host %s cannot be connected: %s", peer->host->name, link->reason);
        else
                return;
        if (link->state == PEER_LINK_DOWN)
                (void) snprintf(peer->told, sizeof peer->told, "%s", link->reason);
}

/* ---- what the state machine wants ---- */

static void arm(Peer *peer) {
        uint64_t next = peer_link_next(&peer->link);

        (void) sd_event_source_set_time(peer->timer, next);
        (void) sd_event_source_set_enabled(peer->timer, next == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

/* One that waits for its turn to dial may have it now. */
static void tick_all(const Peers *peers) {
        Peer *peer;

        DL_FOREACH(peers->first, peer) {
                if (peer->link.state == PEER_LINK_DOWN)
                        arm(peer);
        }
}

/* All that moves the state machine goes through here: what it says is done and told. */
#define MOVE(peer, incoming, call)                              \
        ({                                                      \
                PeerLinkState _before = (peer)->link.state;     \
                unsigned _what = (call);                        \
                settle(peer, _before, _what, incoming);         \
                _what;                                          \
        })

static void link_closed(Peer *peer, const char *reason) {
        PeerConnection *connection = TAKE_PTR(peer->connection);

        (void) MOVE(peer, NULL, peer_link_closed(&peer->link, monotonic_usec(), reason));
        connection_free(connection); /* last: the reason may be its */
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Peer *peer = userdata;
        const Peers *peers = peer->owner;
        bool may_dial = peers->dialling < PEERS_DIALLING_MAX && peer_identity_key(peers->identity)[0];

        if (MOVE(peer, NULL,
                 peer_link_tick(&peer->link, monotonic_usec(), peer->connection ? peer_session_queued(peer->connection->session) : 0,
                                may_dial)) == 0 &&
            peer->link.state == PEER_LINK_DOWN && !may_dial)
                /* its turn comes when another one's try ends: tick_all() */
                (void) sd_event_source_set_enabled(peer->timer, SD_EVENT_OFF);
        return 0;
}

/* ---- what a connection tells ---- */

static json_t *connection_self(void *userdata) {
        const PeerConnection *connection = userdata;

        return peers_self(connection->owner);
}

static void take_facts(Peer *peer, const json_t *facts) {
        static const char *const properties[] = { "Version", "Features", "BootId" };

        json_decref(peer->facts);
        peer->facts = json_incref((json_t *)facts);
        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                changed(peer, properties[i]);
}

static int connection_hello(PeerSession *session, const json_t *facts, void *userdata, sd_bus_error *error) {
        PeerConnection *connection = userdata;
        Peer *peer = peers_find(connection->owner, connection->id);
        unsigned what;

        if (!streq(dict_string(facts, "id", ""), connection->id))
                return sd_bus_error_setf(error, RHV_ERROR_ACCESS_DENIED, "The host %s says it is %s", connection->id, dict_string(facts, "id", ""));
        if (!peer)
                return sd_bus_error_set(error, RHV_ERROR_ACCESS_DENIED, "The host was removed");
        if (connection->peer) {
                if (connection->dial)
                        (void) MOVE(peer, NULL, peer_link_hello(&peer->link, monotonic_usec()));
        } else {
                what = MOVE(peer, connection, peer_link_incoming(&peer->link, monotonic_usec()));
                if (what & PEER_LINK_DO_REFUSE)
                        return sd_bus_error_set(error, RHV_ERROR_BUSY, "Both hosts dialled at once: the other connection stays");
        }
        take_facts(peer, facts);
        return 0;
}

static void connection_heard(PeerSession *session, void *userdata) {
        const PeerConnection *connection = userdata;
        Peer *peer = connection->peer;

        if (!peer)
                return;
        peer_link_heard(&peer->link, monotonic_usec());
        if (peer_session_queued(session) > PEER_LINK_QUEUE_MAX) {
                (void) sd_event_source_set_time(peer->timer, 0);
                (void) sd_event_source_set_enabled(peer->timer, SD_EVENT_ONESHOT);
        }
}

static void connection_pong(PeerSession *session, void *userdata) {
        const PeerConnection *connection = userdata;

        if (!connection->peer)
                return;
        peer_link_pong(&connection->peer->link, monotonic_usec());
        arm(connection->peer);
}

static int on_last_words(sd_event_source *source, uint64_t usec, void *userdata) {
        PeerConnection *connection = userdata;

        link_closed(connection->peer, "the connection ended");
        return 0;
}

static void connection_closed(PeerSession *session, const char *reason, void *userdata) {
        PeerConnection *connection = userdata;

        if (!connection->peer)
                connection_free(connection);
        else if (!connection->dial || !streq(reason, "the connection ended"))
                link_closed(connection->peer, reason);
        else if (!connection->deadline &&
                 sd_event_add_time_relative(connection->owner->event, &connection->deadline, CLOCK_MONOTONIC, LAST_WORDS_USEC, 0,
                                            on_last_words, connection) < 0)
                link_closed(connection->peer, reason);
}

static void on_dial_ended(PeerDial *dial, int status, const char *said, void *userdata) {
        const PeerConnection *connection = userdata;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) peer_dial_error(status, said, &error);
        link_closed(connection->peer, error.message ?: said);
}

static int connection_call(PeerSession *session, sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const PeerConnection *connection = userdata;
        const PeersSettings *settings = &connection->owner->settings;

        if (!connection->peer)
                return sd_bus_error_set(error, RHV_ERROR_ACCESS_DENIED, "Nothing is served before Hello");
        if (!settings->listener->call)
                return sd_bus_error_set(error, RHV_ERROR_NOT_SUPPORTED, "This host serves nothing");
        return settings->listener->call(connection->peer, message, settings->userdata, error);
}

static const PeerSessionEvents session_events = {
        .self = connection_self,
        .hello = connection_hello,
        .heard = connection_heard,
        .pong = connection_pong,
        .closed = connection_closed,
        .call = connection_call,
};

static int connection_new(Peers *peers, Peer *peer, const char *id, int fd, PeerConnection **ret) {
        PeerConnection *connection = calloc(1, sizeof *connection);
        int r;

        if (!connection) {
                safe_close(fd);
                return -ENOMEM;
        }
        connection->owner = peers;
        connection->peer = peer;
        (void) snprintf(connection->id, sizeof connection->id, "%s", id);
        if (!peer) {
                DL_APPEND(peers->candidates, connection);
                peers->n_candidates++;
        }
        r = peer_session_new(peers->event, fd, !peer, &session_events, connection, &connection->session);
        if (r < 0) {
                connection_free(connection);
                return r;
        }
        *ret = connection;
        return 0;
}

void peer_dial_request(const Peer *peer, const char *command, PeerDialRequest *ret) {
        *ret = (PeerDialRequest){ .port = peer->host->port };
        memcpy(ret->id, peer->host->id, sizeof ret->id);
        memcpy(ret->host_key, peer->host->host_key, sizeof ret->host_key);
        (void) snprintf(ret->address, sizeof ret->address, "%s", peer->host->address);
        (void) snprintf(ret->command, sizeof ret->command, "%s", command);
}

static int dial(Peer *peer) {
        Peers *peers = peer->owner;
        PeerConnection *connection;
        PeerDialRequest request;
        int fds[2], r;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        r = connection_new(peers, peer, peer->host->id, fds[0], &connection);
        if (r < 0) {
                safe_close(fds[1]);
                return r;
        }
        peer_dial_request(peer, "bus", &request);
        r = peer_dial_new(peers->event, peers->settings.dial_path, &request, fds[1], on_dial_ended, connection, &connection->dial);
        if (r < 0) {
                connection_free(connection);
                return r;
        }
        peer->connection = connection;
        return 0;
}

static int act(Peer *peer, unsigned what, PeerConnection *incoming) {
        if (what & PEER_LINK_DO_CLOSE)
                peer->connection = connection_free(peer->connection);
        if ((what & PEER_LINK_DO_ADOPT) && incoming) {
                DL_DELETE(peer->owner->candidates, incoming);
                peer->owner->n_candidates--;
                incoming->deadline = sd_event_source_disable_unref(incoming->deadline);
                incoming->peer = peer;
                peer->connection = incoming;
        }
        if (what & PEER_LINK_DO_PING)
                (void) peer_session_ping(peer->connection->session);
        return what & PEER_LINK_DO_DIAL ? dial(peer) : 0;
}

static void settle(Peer *peer, PeerLinkState before, unsigned what, PeerConnection *incoming) {
        Peers *peers = peer->owner;
        char reason[128];
        int r;

        r = act(peer, what, incoming);
        if (r < 0) {
                (void) snprintf(reason, sizeof reason, "ssh cannot be started: %s", strerror(-r));
                what |= peer_link_closed(&peer->link, monotonic_usec(), reason);
        }
        peers->dialling -= before == PEER_LINK_DIALLING;
        peers->dialling += peer->link.state == PEER_LINK_DIALLING;
        if (what & PEER_LINK_DO_TELL) {
                peer->since_usec = realtime_usec();
                tell_state(peer, before);
        }
        arm(peer);
        if (before == PEER_LINK_DIALLING && peer->link.state != PEER_LINK_DIALLING)
                tick_all(peers);
}

/* ---- coming in ---- */

static int on_no_hello(sd_event_source *source, uint64_t usec, void *userdata) {
        connection_free(userdata);
        return 0;
}

int peers_may_come_in(const Peers *peers, const char *id, sd_bus_error *error) {
        if (!peers_find(peers, id))
                return sd_bus_error_set(error, RHV_ERROR_ACCESS_DENIED, "The host is no member here");
        if (peers->n_candidates >= PEERS_CANDIDATES_MAX)
                return sd_bus_error_set(error, RHV_ERROR_BUSY, "Too many connections are just being made");
        return 0;
}

int peers_incoming_bus(Peers *peers, const char *id, int fd) {
        PeerConnection *connection;
        int r;

        r = connection_new(peers, NULL, id, fd, &connection);
        if (r >= 0) {
                r = sd_event_add_time_relative(peers->event, &connection->deadline, CLOCK_MONOTONIC, PEER_LINK_HELLO_USEC, 0, on_no_hello,
                                               connection);
                if (r < 0)
                        connection_free(connection);
        }
        return r;
}

int peers_incoming_join(Peers *peers, const char *from, const char *line, char **ret_answer, sd_bus_error *error) {
        uint8_t secret[PEER_TOKEN_SECRET_BYTES];
        char mac[PEER_HASH_STRING_MAX];
        _cleanup_(peer_host_freep) PeerHost *host = NULL;
        const PeerSelf self = { .id = peers->settings.host_id, .name = peers->name, .key = peer_identity_key(peers->identity) };
        PeerTokenRecord *record;
        const Peer *peer;
        int r;

        r = peer_identity_check(peers->identity, error);
        if (r >= 0)
                r = peer_join_check(line, from, peers->tokens.records, peers->tokens.count, realtime_usec(), &record, &host, secret, mac, error);
        if (r < 0)
                return r;
        if (streq(host->id, peers->settings.host_id))
                r = sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "A host cannot join itself; if it is another one, their machine ids are the same");
        DL_FOREACH(peers->first, peer) {
                if (r >= 0 && streq(peer->host->key, host->key) && !streq(peer->host->id, host->id))
                        r = sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The host %s has the same key", peer->host->name);
        }
        /* used before the host is in: whatever happens between, a token lets in one host at most */
        if (r >= 0)
                r = peer_tokens_use(&peers->tokens, record, error);
        if (r >= 0)
                r = peers_add(peers, host, error);
        if (r >= 0) {
                (void) TAKE_PTR(host);
                r = peer_join_answer(secret, mac, &self, ret_answer);
        }
        explicit_bzero(secret, sizeof secret);
        return r;
}

/* ---- the list ---- */

int peers_save(Peers *peers, sd_bus_error *error) {
        int r;

        if (!peers->hosts_readable)
                return sd_bus_error_set(error, RHV_ERROR_BAD_FORMAT, peers->hosts_reason);
        peers->hosts.joining_until = peer_tokens_open_until(&peers->tokens, realtime_usec());
        r = peer_hosts_save(peers->settings.hosts_path, &peers->hosts);
        return r < 0 ? bus_error_errno(error, r, "Cannot write %s", peers->settings.hosts_path) : 0;
}

static Peer *peer_free(Peer *peer) {
        if (!peer)
                return NULL;
        peer->owner->dialling -= peer->link.state == PEER_LINK_DIALLING;
        connection_free(peer->connection);
        sd_event_source_disable_unref(peer->timer);
        json_decref(peer->facts);
        free(peer->path);
        free(peer);
        return NULL;
}

static int peer_new(Peers *peers, PeerHost *host, Peer **ret) {
        Peer *peer = calloc(1, sizeof *peer);
        int r;

        if (!peer)
                return -ENOMEM;
        peer->owner = peers;
        peer->host = host;
        peer->since_usec = realtime_usec();
        peer->path = bus_object_path(CLUSTER_ROOT "/peer", host->id);
        peer_link_init(&peer->link, host->dial, peers->settings.host_id, host->id, monotonic_usec());
        r = peer->path ? sd_event_add_time(peers->event, &peer->timer, CLOCK_MONOTONIC, 0, 0, on_timer, peer) : -ENOMEM;
        if (r < 0) {
                peer_free(peer);
                return r;
        }
        DL_APPEND(peers->first, peer);
        peers->count++;
        arm(peer);
        *ret = peer;
        return 0;
}

static void drop_candidates(Peers *peers, const char *id) {
        PeerConnection *connection, *next;

        DL_FOREACH_SAFE(peers->candidates, connection, next) {
                if (streq(connection->id, id))
                        connection_free(connection);
        }
}

static void unlink_peer(Peer *peer) {
        Peers *peers = peer->owner;

        DL_DELETE(peers->first, peer);
        peers->count--;
        drop_candidates(peers, peer->host->id);
        peer_tickets_drop(peers->tickets, peer->host->id);
        peers->settings.listener->removed(peer, peers->settings.userdata);
        peer_free(peer);
        tick_all(peers);
}

int peers_add(Peers *peers, PeerHost *host, sd_bus_error *error) {
        Peer *old = peers_find(peers, host->id), *peer;
        PeerHost *old_host = old ? old->host : NULL;
        int r;

        if (!old && peers->hosts.count >= PEER_HOSTS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "There are %u peers already", PEER_HOSTS_MAX);
        /* the file first: who is not in it is no member */
        if (old_host)
                peer_hosts_unlink(&peers->hosts, old_host);
        peer_hosts_link(&peers->hosts, host);
        r = peers_save(peers, error);
        if (r < 0) {
                peer_hosts_unlink(&peers->hosts, host);
                if (old_host)
                        peer_hosts_link(&peers->hosts, old_host);
                return r;
        }
        if (old)
                unlink_peer(old);
        peer_host_free(old_host);
        r = peer_new(peers, host, &peer);
        if (r < 0) {
                peer_hosts_unlink(&peers->hosts, host);
                return r;
        }
        peers->settings.listener->added(peer, peers->settings.userdata);
        tell(peer, EVENT_NORMAL, "peer-joined", "The host %s is a member now", host->name);
        return 0;
}

int peers_remove(Peer *peer, sd_bus_error *error) {
        Peers *peers = peer->owner;
        PeerHost *host = peer->host;
        int r;

        peer_hosts_unlink(&peers->hosts, host);
        r = peers_save(peers, error);
        if (r < 0) {
                peer_hosts_link(&peers->hosts, host);
                return r;
        }
        tell(peer, EVENT_NORMAL, "peer-removed", "The host %s is no member any more", host->name);
        unlink_peer(peer);
        peer_host_free(host);
        return 0;
}

int peers_token(Peers *peers, const char *address, uint16_t port, uint64_t lifetime_usec, char **ret_text, uint64_t *ret_expires,
                sd_bus_error *error) {
        _cleanup_peer_token_ PeerToken token = { 0 };
        char host_key[PEER_KEY_STRING_MAX];
        uint64_t now = realtime_usec();
        int r;

        r = peer_identity_check(peers->identity, error);
        if (r >= 0)
                r = peer_identity_host_key(host_key, error);
        if (r >= 0)
                r = peer_token_new(peers->settings.host_id, isempty(address) ? peers->name : address, port, host_key, now + lifetime_usec, &token);
        if (r >= 0)
                r = peer_tokens_add(&peers->tokens, &token, now, error);
        if (r >= 0)
                r = peers_save(peers, error);
        if (r >= 0)
                r = peer_token_format(&token, ret_text);
        if (r >= 0)
                *ret_expires = token.expires_usec;
        return r;
}

int peers_offer_stream(const Peer *peer, int fd, char ret[static PEER_TICKET_STRING_MAX], sd_bus_error *error) {
        return peer_tickets_offer(peer->owner->tickets, peer->host->id, fd, ret, error);
}

/* ---- questions ---- */

Peer *peers_first(const Peers *peers) {
        return peers->first;
}

Peer *peers_find(const Peers *peers, const char *id) {
        Peer *peer;

        DL_FOREACH(peers->first, peer) {
                if (streq(peer->host->id, id))
                        return peer;
        }
        return NULL;
}

size_t peers_count(const Peers *peers) {
        return peers->count;
}

PeerIdentity *peers_identity(const Peers *peers) {
        return peers->identity;
}

const char *peers_host_id(const Peers *peers) {
        return peers->settings.host_id;
}

const char *peers_host_name(const Peers *peers) {
        return peers->name;
}

const char *peers_dial_path(const Peers *peers) {
        return peers->settings.dial_path;
}

void *peers_userdata(const Peers *peers) {
        return peers->settings.userdata;
}

json_t *peers_self(const Peers *peers) {
        return json_pack("{s:i, s:s, s:s, s:s, s:s, s:[s, s, s]}", "protocol", PEER_PROTOCOL, "version", RHV_VERSION, "id",
                         peers->settings.host_id, "name", peers->name, "boot_id", peers->settings.boot_id, "features", "restart", "stream", "guest");
}

int peer_bus(const Peer *peer, sd_bus **ret, sd_bus_error *error) {
        if (peer->link.state != PEER_LINK_UP || !peer->connection)
                return sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "The host %s is not connected: %s", peer->host->name,
                                         peer->link.reason);
        *ret = peer_session_bus(peer->connection->session);
        return 0;
}

uint64_t peer_realtime(uint64_t monotonic) {
        return monotonic == 0 ? 0 : realtime_usec() - (monotonic_usec() - monotonic);
}

/* ---- life ---- */

static void on_identity_ready(void *userdata) {
        tick_all(userdata);
}

static int copy_settings(Peers *peers, const PeersSettings *settings) {
        const char **fields[] = { &peers->settings.host_id, &peers->settings.boot_id, &peers->settings.state_directory,
                                  &peers->settings.hosts_path, &peers->settings.socket_path, &peers->settings.dial_path };

        peers->settings = *settings;
        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                *fields[i] = strdup(*fields[i]);
        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (!*fields[i])
                        return -ENOMEM;
        return 0;
}

static int load(Peers *peers) {
        _cleanup_free_ char *directory = NULL, *tokens = NULL;
        PeerHost *host;
        Peer *peer;
        int r;

        if (asprintf(&directory, "%s/peer", peers->settings.state_directory) < 0 || asprintf(&tokens, "%s/tokens.json", directory) < 0)
                return -ENOMEM;
        r = peer_identity_new(peers->event, directory, on_identity_ready, peers, &peers->identity);
        if (r >= 0)
                r = peer_tokens_load(tokens, realtime_usec(), &peers->tokens);
        if (r < 0)
                return r;
        r = peer_hosts_load(peers->settings.hosts_path, &peers->hosts);
        peers->hosts_readable = r >= 0;
        if (r < 0) {
                (void) snprintf(peers->hosts_reason, sizeof peers->hosts_reason, "The list of peers cannot be read: %s: %s",
                                peers->settings.hosts_path, r == -EBADMSG ? "it is damaged" : r == -EPROTO ? "a newer version wrote it" : strerror(-r));
                log_error("%s", peers->hosts_reason);
        }
        DL_FOREACH(peers->hosts.first, host) {
                r = peer_new(peers, host, &peer);
                if (r < 0)
                        return r;
        }
        return 0;
}

int peers_new(const PeersSettings *settings, Peers **ret) {
        _cleanup_(peers_freep) Peers *peers = calloc(1, sizeof *peers);
        int r;

        if (!peers)
                return -ENOMEM;
        peers->event = sd_event_ref(settings->event);
        r = copy_settings(peers, settings);
        if (r >= 0)
                r = peer_tickets_new(peers->event, &peers->tickets);
        if (r < 0)
                return r;
        if (gethostname(peers->name, sizeof peers->name - 1) < 0 || isempty(peers->name))
                (void) snprintf(peers->name, sizeof peers->name, "%s", settings->host_id);
        r = load(peers);
        if (r < 0)
                return r;
        r = peers_door_new(peers, &peers->door);
        if (r < 0)
                log_warning_errno(r, "No peer can come in: %s", settings->socket_path);
        *ret = TAKE_PTR(peers);
        return 0;
}

Peers *peers_free(Peers *peers) {
        if (!peers)
                return NULL;
        peers_door_free(peers->door);
        while (peers->candidates)
                connection_free(peers->candidates);
        while (peers->first) {
                Peer *peer = peers->first;

                DL_DELETE(peers->first, peer);
                peer_free(peer);
        }
        peer_tickets_free(peers->tickets);
        peer_identity_free(peers->identity);
        peer_tokens_done(&peers->tokens);
        peer_hosts_done(&peers->hosts);
        free((char *)peers->settings.host_id);
        free((char *)peers->settings.boot_id);
        free((char *)peers->settings.state_directory);
        free((char *)peers->settings.hosts_path);
        free((char *)peers->settings.socket_path);
        free((char *)peers->settings.dial_path);
        sd_event_unref(peers->event);
        free(peers);
        return NULL;
}
