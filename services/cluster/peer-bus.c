/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-bus.h"

#include <fcntl.h>
#include <stdio.h>
#include <utlist.h>

#include "bus-error.h"
#include "clock-util.h"
#include "dict.h"
#include "log.h"
#include "parse-util.h"
#include "peer-call.h"
#include "peer-frame.h"
#include "peer-join.h"
#include "peer-guest.h"
#include "peer-paths.h"
#include "peer-restart.h"
#include "peer-serve.h"
#include "peer-stream.h"
#include "peer-word.h"
#include "request.h"

/* ---- life ---- */

static void on_added(const Peer *peer, void *userdata) {
        const Manager *manager = userdata;

        if (manager->started)
                (void) sd_bus_emit_object_added(manager->bus, peer->path);
}

static void on_removed(const Peer *peer, void *userdata) {
        const Manager *manager = userdata;

        bus_changes_forget(manager->daemon->changes, peer->path);
        if (manager->started)
                (void) sd_bus_emit_object_removed(manager->bus, peer->path);
}

static void on_changed(const Peer *peer, const char *property, void *userdata) {
        const Manager *manager = userdata;

        bus_changed(manager->daemon->changes, peer->path, PEER_OBJECT_INTERFACE, property);
}

static void on_event(EventSeverity severity, const char *code, const char *path, const char *message, void *userdata) {
        manager_event(userdata, severity, code, EVENT_OBJECTS(path), "%s", message);
}

static const PeersListener listener = {
        .added = on_added,
        .removed = on_removed,
        .changed = on_changed,
        .event = on_event,
        .call = peer_serve,
};

/* PEER_HOSTS_PATH and PEER_SOCKET_PATH, which lie beside Cluster's own directories, wherever a test puts those. */
static char *beside(const char *directory, const char *name) {
        const char *slash = strrchr(directory, '/');
        char *path;

        return asprintf(&path, "%.*s/peer/%s", slash ? (int)(slash - directory) : 0, directory, name) < 0 ? NULL : path;
}

int peer_bus_start(Manager *manager) {
        _cleanup_free_ char *socket_path = beside(manager->daemon->runtime_directory, "cluster");
        _cleanup_free_ char *hosts_path = beside(manager->daemon->state_directory, PEER_HOSTS_FILE);
        int r;

        if (!socket_path || !hosts_path)
                return -ENOMEM;
        r = peers_new(&(const PeersSettings){ .event = manager->daemon->event,
                                              .host_id = manager->host_id,
                                              .boot_id = manager->boot_id,
                                              .state_directory = manager->daemon->state_directory,
                                              .hosts_path = hosts_path,
                                              .socket_path = socket_path,
                                              .dial_path = PEER_DIAL_PATH,
                                              .listener = &listener,
                                              .userdata = manager },
                      &manager->peers);
        return r < 0 ? log_error_errno(r, "Cannot set up the peers") : 0;
}

void peer_bus_stop(Manager *manager) {
        peer_serve_stop(manager);
        peer_migrate_stop(manager);
        peer_download_stop(manager);
        while (manager->peer_words)
                peer_word_free(manager->peer_words);
        manager->peers = peers_free(manager->peers);
}

/* ---- the tree ---- */

int peer_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found, sd_bus_error *error) {
        const Manager *manager = userdata;
        _cleanup_free_ char *id = NULL;
        Peer *peer;

        if (bus_object_id(path, CLUSTER_ROOT "/peer", &id) <= 0)
                return 0;
        peer = peers_find(manager->peers, id);
        if (!peer)
                return 0;
        *ret_found = peer;
        return 1;
}

int peer_enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *error) {
        const Manager *manager = userdata;
        char **nodes = calloc(peers_count(manager->peers) + 1, sizeof *nodes);
        size_t n = 0;

        if (!nodes)
                return -ENOMEM;
        for (const Peer *peer = peers_first(manager->peers); peer; peer = peer->next) {
                nodes[n] = strdup(peer->path);
                if (!nodes[n++]) {
                        while (n-- > 0)
                                free(nodes[n]);
                        free(nodes);
                        return -ENOMEM;
                }
        }
        *ret_nodes = nodes;
        return 1;
}

static Manager *manager_of(const Peer *peer) {
        return peers_userdata(peer->owner);
}

/* ---- properties ---- */

static int property_string(sd_bus *bus, const char *path, const char *interface, const char *name, sd_bus_message *reply, void *userdata,
                           sd_bus_error *error) {
        const Peer *peer = userdata;
        const char *value = streq(name, "Id")          ? peer->host->id
                            : streq(name, "Name")      ? peer->host->name
                            : streq(name, "Address")   ? peer->host->address
                            : streq(name, "State")     ? peer_link_state_to_string(peer->link.state)
                            : streq(name, "StateReason") ? peer->link.reason
                            : streq(name, "Version")   ? dict_string(peer->facts, "version", "")
                                                       : dict_string(peer->facts, "boot_id", "");

        return sd_bus_message_append(reply, "s", value);
}

static int property_time(sd_bus *bus, const char *path, const char *interface, const char *name, sd_bus_message *reply, void *userdata,
                         sd_bus_error *error) {
        const Peer *peer = userdata;

        return sd_bus_message_append(reply, "t",
                                     streq(name, "Since")      ? peer->since_usec
                                     : streq(name, "LastSeen") ? peer_realtime(peer->link.last_seen)
                                                               : peer->link.round_trip);
}

static int property_port(sd_bus *bus, const char *path, const char *interface, const char *name, sd_bus_message *reply, void *userdata,
                         sd_bus_error *error) {
        return sd_bus_message_append(reply, "u", (uint32_t)((const Peer *)userdata)->host->port);
}

static int property_dials(sd_bus *bus, const char *path, const char *interface, const char *name, sd_bus_message *reply, void *userdata,
                          sd_bus_error *error) {
        return sd_bus_message_append(reply, "b", (int)((const Peer *)userdata)->host->dial);
}

static int property_features(sd_bus *bus, const char *path, const char *interface, const char *name, sd_bus_message *reply, void *userdata,
                             sd_bus_error *error) {
        const Peer *peer = userdata;
        const json_t *feature;
        size_t i;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "s");
        json_array_foreach(json_object_get(peer->facts, "features"), i, feature)
                if (r >= 0)
                        r = sd_bus_message_append_basic(reply, 's', json_string_value(feature));
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* ---- methods of the root ---- */

#define FIELD_ADDRESS { "address", DICT_STRING, .valid = peer_address_is_valid, .expected = "a host name or an IP address" }
#define FIELD_PORT { "port", DICT_INTEGER, .min = 1, .max = UINT16_MAX }
#define SSH_PORT 22

int method_create_join_token(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const DictField fields[] = {
                OPTIONS_COMMON, FIELD_ADDRESS, FIELD_PORT,
                { "lifetime", DICT_INTEGER, .min = PEER_TOKEN_LIFETIME_MIN_USEC, .max = PEER_TOKEN_LIFETIME_MAX_USEC }, { NULL },
        };
        Manager *manager = userdata;
        _cleanup_request_ Request request = { .unrecorded = true };
        _cleanup_free_ char *text = NULL;
        uint64_t expires;
        int r;

        r = request_read(&request, manager, message, NULL, fields, error);
        if (r >= 0)
                r = peer_identity_check(peers_identity(manager->peers), error);
        if (r < 0)
                return r;
        r = request_authorise(&request, ACTION_MANAGE_PEERS, "create-join-token", NULL, peers_host_name(manager->peers), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = peers_token(manager->peers, dict_string(request.options, "address", ""),
                        (uint16_t)dict_integer(request.options, "port", SSH_PORT),
                        (uint64_t)dict_integer(request.options, "lifetime", PEER_TOKEN_LIFETIME_USEC), &text, &expires, error);
        if (r < 0)
                return r;
        manager_event(manager, EVENT_NORMAL, "join-token-created", NULL, "%s made a token for a host to join", request.user);
        r = sd_bus_reply_method_return(message, "st", text, expires);
        explicit_bzero(text, strlen(text));
        return r;
}

static void on_join_answer(const char *answer, const sd_bus_error *error, void *userdata) {
        _cleanup_(peer_word_freep) PeerWord *word = userdata;
        _cleanup_error_ sd_bus_error named = SD_BUS_ERROR_NULL;
        _cleanup_(peer_host_freep) PeerHost *host = NULL;
        char name[128], text[PEER_FRAME_BYTES_MAX], id[37];
        const Peer *peer;
        int r;

        word->call = NULL;
        if (error && peer_dial_is_stranger(error)) {
                word->operation = operation_failf(word->operation, RHV_ERROR_ACCESS_DENIED,
                                                  "The member has no open token: this one was used before, has expired or was taken back");
                return;
        }
        if (error) {
                word->operation = operation_fail(word->operation, error);
                return;
        }
        if (strlen(answer) < PEER_FRAME_BYTES_MAX && peer_answer_parse(answer, name, text) == -EREMOTEIO) {
                word->operation = operation_failf(word->operation, name, "The member refuses: %s", text);
                return;
        }
        r = peer_join_answer_check(answer, &word->token, word->mac, &host, &named);
        if (r >= 0) {
                memcpy(id, host->id, sizeof id);
                r = peers_add(word->manager->peers, host, &named);
        }
        if (r < 0) {
                word->operation = operation_fail_errno(word->operation, r, &named);
                return;
        }
        (void) TAKE_PTR(host);
        peer = peers_find(word->manager->peers, id);
        bus_changes_flush(word->manager->daemon->changes);
        word->operation = operation_reply(word->operation, "o", peer->path);
}

/* What this host has would be lost from sight, or meet its like, in the cluster it joins. */
static int check_may_join(const Manager *manager, const PeerToken *token, sd_bus_error *error) {
        if (streq(token->host_id, manager->host_id))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The token is of this host: another one has to join with it");
        for (const Peer *peer = peers_first(manager->peers); peer; peer = peer->next)
                if (!streq(peer->host->id, token->host_id))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "This host is a member already, with the host %s",
                                                 peer->host->name);
        if (model_count(manager->model, KIND_VM) > 0 || model_count(manager->model, KIND_STORAGE_DOMAIN) > 0)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_STATE,
                                        "This host has VMs or storage domains of its own: detach them first, and import the domains where it joins");
        return peer_identity_check(peers_identity(manager->peers), error);
}

static int begin_join(Request *request, const PeerToken *token, sd_bus_error *error) {
        Manager *manager = request->manager;
        Peers *peers = manager->peers;
        _cleanup_(peer_word_freep) PeerWord *word = NULL;
        _cleanup_free_ char *line = NULL;
        char host_key[PEER_KEY_STRING_MAX];
        PeerSelf self = { .id = manager->host_id, .name = peers_host_name(peers), .key = peer_identity_key(peers_identity(peers)),
                          .host_key = host_key, .address = dict_string(request->options, "address", ""),
                          .port = (uint16_t)dict_integer(request->options, "port", SSH_PORT) };
        PeerDialRequest dial = { .port = token->port, .command = "join" };
        int r;

        r = peer_identity_host_key(host_key, error);
        if (r >= 0)
                r = peer_word_new(manager, NULL, &word, error);
        if (r < 0)
                return r;
        word->token = *token;
        r = peer_join_request(token, &self, &line, word->mac);
        if (r < 0)
                return r;
        memcpy(dial.id, token->host_id, sizeof dial.id);
        memcpy(dial.host_key, token->host_key, sizeof dial.host_key);
        (void) snprintf(dial.address, sizeof dial.address, "%s", token->address);
        r = peer_call_new(manager->daemon->event, peers_dial_path(peers), &dial, line, PEER_JOIN_USEC, on_join_answer, word, &word->call);
        explicit_bzero(line, strlen(line));
        if (r < 0)
                return bus_error_errno(error, r, "ssh cannot be started");
        r = peer_word_park(word, request->message);
        if (r >= 0)
                (void) TAKE_PTR(word);
        return r;
}

int method_join(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const DictField fields[] = { OPTIONS_COMMON, FIELD_ADDRESS, FIELD_PORT, { NULL } };
        Manager *manager = userdata;
        _cleanup_request_ Request request = { .unrecorded = true };
        _cleanup_peer_token_ PeerToken token = { 0 };
        const char *text;
        int r;

        r = sd_bus_message_read(message, "s", &text);
        if (r >= 0)
                r = request_read(&request, manager, message, NULL, fields, error);
        if (r >= 0)
                r = peer_token_parse(text, realtime_usec(), &token, error);
        if (r < 0)
                return r;
        r = request_authorise(&request, ACTION_MANAGE_PEERS, "join", NULL, token.address, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = check_may_join(manager, &token, error);
        return r < 0 ? r : begin_join(&request, &token, error);
}

/* ---- methods of a peer ---- */

static int authorise(Request *request, const Peer *peer, const char *verb, sd_bus_error *error) {
        return request_authorise(request, ACTION_MANAGE_PEERS, verb, NULL, peer->host->name, error);
}

static int method_remove(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Peer *peer = userdata;
        Manager *manager = manager_of(peer);
        _cleanup_request_ Request request = { .unrecorded = true };
        int r;

        r = request_read(&request, manager, message, NULL, options_common, error);
        if (r < 0)
                return r;
        r = authorise(&request, peer, "remove-peer", error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = peers_remove(peer, error);
        if (r < 0)
                return r;
        bus_changes_flush(manager->daemon->changes);
        return sd_bus_reply_method_return(message, "");
}

static void on_restarted(const char *answer, const sd_bus_error *error, void *userdata) {
        _cleanup_(peer_word_freep) PeerWord *word = userdata;

        word->call = NULL;
        if (error)
                word->operation = operation_fail(word->operation, error);
        else
                word->operation = operation_reply(word->operation, "");
}

static int method_restart_service(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const Peer *peer = userdata;
        Manager *manager = manager_of(peer);
        _cleanup_request_ Request request = { .unrecorded = true };
        _cleanup_(peer_word_freep) PeerWord *word = NULL;
        char command[64];
        PeerDialRequest dial;
        const char *service;
        int r;

        r = sd_bus_message_read(message, "s", &service);
        if (r >= 0)
                r = request_read(&request, manager, message, NULL, options_common, error);
        if (r < 0)
                return r;
        if (!peer_restart_unit(service))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT,
                                        "The service must be one of cluster, compute, fence, network and storage");
        r = authorise(&request, peer, "restart-service", error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = peer_word_new(manager, peer, &word, error);
        if (r < 0)
                return r;
        (void) snprintf(command, sizeof command, "restart %s", service);
        peer_dial_request(peer, command, &dial);
        r = peer_call_new(manager->daemon->event, peers_dial_path(manager->peers), &dial, NULL, PEER_RESTART_USEC, on_restarted, word,
                          &word->call);
        if (r < 0)
                return bus_error_errno(error, r, "ssh cannot be started");
        manager_event(manager, EVENT_WARNING, "peer-service-restarted", EVENT_OBJECTS(peer->path), "%s has the service %s of the host %s restarted",
                      request.user, service, peer->host->name);
        r = peer_word_park(word, message);
        if (r >= 0)
                (void) TAKE_PTR(word);
        return r;
}

static int on_pong(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(peer_word_freep) PeerWord *word = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(message);
        _cleanup_error_ sd_bus_error named = SD_BUS_ERROR_NULL;

        if (error) {
                (void) bus_error_forward(&named, error, "The host does not answer");
                word->operation = operation_fail(word->operation, &named);
        } else
                word->operation = operation_reply(word->operation, "t", monotonic_usec() - word->begun);
        return 0;
}

static int method_ping(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const DictField fields[] = { { NULL } };
        const Peer *peer = userdata;
        _cleanup_request_ Request request = { .unrecorded = true };
        _cleanup_(peer_word_freep) PeerWord *word = NULL;
        sd_bus *bus;
        int r;

        r = request_read(&request, manager_of(peer), message, NULL, fields, error);
        if (r >= 0)
                r = peer_bus(peer, &bus, error);
        if (r >= 0)
                r = peer_word_new(request.manager, peer, &word, error);
        if (r < 0)
                return r;
        r = sd_bus_call_method_async(bus, &word->slot, NULL, PEER_OBJECT, PEER_INTERFACE, "Ping", on_pong, word, "");
        if (r >= 0)
                r = peer_word_park(word, message);
        if (r >= 0)
                (void) TAKE_PTR(word);
        return r;
}

/* ---- streams ---- */

static int method_offer_stream(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const DictField fields[] = { { NULL } };
        const Peer *peer = userdata;
        _cleanup_request_ Request request = { .unrecorded = true };
        _cleanup_close_ int own = -EBADF;
        char ticket[PEER_TICKET_STRING_MAX];
        int fd, r;

        r = sd_bus_message_read(message, "h", &fd); /* the message's */
        if (r >= 0)
                r = request_read(&request, manager_of(peer), message, NULL, fields, error);
        if (r < 0)
                return r;
        r = authorise(&request, peer, "offer-stream", error);
        if (r <= 0)
                return r < 0 ? r : 1;
        own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (own < 0)
                return -errno;
        r = peers_offer_stream(peer, own, ticket, error);
        if (r < 0)
                return r;
        (void) TAKE_FD(own);
        return sd_bus_reply_method_return(message, "s", ticket);
}

static void on_opened(int fd, const sd_bus_error *error, void *userdata) {
        _cleanup_(peer_word_freep) PeerWord *word = userdata;
        _cleanup_close_ int own = fd;

        word->stream = NULL;
        if (error)
                word->operation = operation_fail(word->operation, error);
        else
                word->operation = operation_reply(word->operation, "h", own);
}

static int method_open_stream(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const DictField fields[] = { { NULL } };
        const Peer *peer = userdata;
        Manager *manager = manager_of(peer);
        _cleanup_request_ Request request = { .unrecorded = true };
        _cleanup_(peer_word_freep) PeerWord *word = NULL;
        const char *ticket;
        int r;

        r = sd_bus_message_read(message, "s", &ticket);
        if (r >= 0)
                r = request_read(&request, manager, message, NULL, fields, error);
        if (r < 0)
                return r;
        if (!peer_ticket_is_valid(ticket))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "This is no ticket of a stream");
        r = authorise(&request, peer, "open-stream", error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = peer_word_new(manager, peer, &word, error);
        if (r < 0)
                return r;
        r = peer_stream_open(manager->daemon->event, peers_dial_path(manager->peers), peer, ticket, on_opened, word, &word->stream);
        if (r < 0)
                return bus_error_errno(error, r, "ssh cannot be started");
        r = peer_word_park(word, message);
        if (r >= 0)
                (void) TAKE_PTR(word);
        return r;
}

#define PROPERTY(name, type, getter, flags) SD_BUS_PROPERTY(name, type, getter, 0, flags)
const sd_bus_vtable peer_vtable[] = {
        SD_BUS_VTABLE_START(0),
        PROPERTY("Id", "s", property_string, SD_BUS_VTABLE_PROPERTY_CONST),
        PROPERTY("Name", "s", property_string, SD_BUS_VTABLE_PROPERTY_CONST),
        PROPERTY("Address", "s", property_string, SD_BUS_VTABLE_PROPERTY_CONST),
        PROPERTY("Port", "u", property_port, SD_BUS_VTABLE_PROPERTY_CONST),
        PROPERTY("Dials", "b", property_dials, SD_BUS_VTABLE_PROPERTY_CONST),
        PROPERTY("State", "s", property_string, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        PROPERTY("StateReason", "s", property_string, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        PROPERTY("Since", "t", property_time, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        PROPERTY("LastSeen", "t", property_time, 0),
        PROPERTY("RoundTrip", "t", property_time, 0),
        PROPERTY("Version", "s", property_string, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        PROPERTY("Features", "as", property_features, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        PROPERTY("BootId", "s", property_string, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_METHOD_WITH_ARGS("Ping", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("t", round_trip), method_ping, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RestartService", SD_BUS_ARGS("s", service, "a{sv}", options), SD_BUS_NO_RESULT, method_restart_service,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OfferStream", SD_BUS_ARGS("h", stream, "a{sv}", options), SD_BUS_RESULT("s", ticket), method_offer_stream,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenStream", SD_BUS_ARGS("s", ticket, "a{sv}", options), SD_BUS_RESULT("h", stream), method_open_stream,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("MigrateVm", SD_BUS_ARGS("s", vm, "a{sv}", options), SD_BUS_RESULT("o", job), method_peer_migrate_vm,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenConsole", SD_BUS_ARGS("s", vm, "a{sv}", options), SD_BUS_RESULT("h", console), method_peer_open_console,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenGraphics", SD_BUS_ARGS("s", vm, "a{sv}", options), SD_BUS_RESULT("h", display), method_peer_open_graphics,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("DownloadVolume", SD_BUS_ARGS("s", domain, "s", image, "s", volume, "a{sv}", options),
                                SD_BUS_RESULT("h", stream, "o", job), method_peer_download_volume, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Remove", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, method_remove, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
