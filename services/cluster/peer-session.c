/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-session.h"

#include "bus-error.h"
#include "dict.h"
#include "parse-util.h"

struct PeerSession {
        sd_event *event; /* sd-bus has let go of it when it tells of the end */
        sd_bus *bus;
        const PeerSessionEvents *events;
        void *userdata;
        sd_bus_slot *hello, *ping;
        sd_event_source *closing; /* tells of the end from the loop, not from inside sd-bus */
        char *reason;
};

/* ---- what is said in a Hello ---- */

static const DictField feature_element = { "feature", DICT_STRING, .min = 1, .max = 64 };
static bool is_name(const char *s) {
        return label_is_valid(s, 255);
}
/* Keys may be added by later versions, so unknown ones are dropped before this is checked. */
static const DictField hello_fields[] = {
        { "protocol", DICT_INTEGER, DICT_REQUIRED, .min = 1, .max = UINT32_MAX },
        { "version", DICT_STRING, DICT_REQUIRED, .min = 1, .max = 64 },
        { "id", DICT_STRING, DICT_REQUIRED, .valid = uuid_is_valid, .expected = "a UUID in lower-case" },
        { "name", DICT_STRING, DICT_REQUIRED, .valid = is_name, .expected = "a name" },
        { "boot_id", DICT_STRING, DICT_REQUIRED, .min = 32, .max = 36 },
        { "features", DICT_ARRAY, .min = 0, .max = 64, .element = &feature_element },
        { NULL },
};

static int read_hello(sd_bus_message *message, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *all = NULL, *facts = json_object();
        int r;

        r = dict_read(message, &all, error);
        if (r < 0)
                return r;
        for (const DictField *field = hello_fields; field->key; field++) {
                json_t *value = json_object_get(all, field->key);

                if (value && json_object_set(facts, field->key, value) < 0)
                        return -ENOMEM;
        }
        r = dict_check(facts, hello_fields, "Hello", error);
        if (r < 0)
                return r;
        if (dict_integer(facts, "protocol", 0) != PEER_PROTOCOL)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "The hosts speak different protocols: %d here, %d there",
                                         PEER_PROTOCOL, (int)dict_integer(facts, "protocol", 0));
        *ret = TAKE_PTR(facts);
        return 0;
}

static int append_self(const PeerSession *session, sd_bus_message *message) {
        _cleanup_json_ json_t *self = session->events->self(session->userdata);

        return self ? dict_append(message, self) : -ENOMEM;
}

/* ---- the end ---- */

static int on_closing(sd_event_source *source, void *userdata) {
        PeerSession *session = userdata;

        session->events->closed(session, session->reason ?: "the connection ended", session->userdata);
        return 0;
}

static void end(PeerSession *session, const char *reason) {
        if (session->closing)
                return;
        session->reason = strdup(reason);
        (void) sd_event_add_defer(session->event, &session->closing, on_closing, session);
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        end(userdata, "the connection ended");
        return 0;
}

static int on_any(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        PeerSession *session = userdata;

        if (!sd_bus_message_is_signal(message, "org.freedesktop.DBus.Local", NULL))
                session->events->heard(session, session->userdata);
        return 0;
}

/* ---- org.rhv.Peer ---- */

static int method_hello(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        PeerSession *session = userdata;
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *facts = NULL;
        int r;

        r = read_hello(message, &facts, error);
        if (r >= 0)
                r = session->events->hello(session, facts, session->userdata, error);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = append_self(session, reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_ping(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return sd_bus_reply_method_return(message, "");
}

static int method_call(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        PeerSession *session = userdata;

        if (!session->events->call)
                return sd_bus_error_set(error, RHV_ERROR_NOT_SUPPORTED, "This host serves nothing");
        return session->events->call(session, message, session->userdata, error);
}

/* What hosts ask of each other. No polkit here: a member is trusted. */
static const sd_bus_vtable peer_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Hello", SD_BUS_ARGS("a{sv}", self), SD_BUS_RESULT("a{sv}", self), method_hello, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Ping", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_ping, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("PrepareIncoming", SD_BUS_ARGS("s", vm, "s", job, "a{sv}", description), SD_BUS_RESULT("as", paths), method_call,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenIncoming", SD_BUS_ARGS("s", vm, "s", channel), SD_BUS_RESULT("s", ticket), method_call,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("AbortIncoming", SD_BUS_ARGS("s", job), SD_BUS_NO_RESULT, method_call, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenConsole", SD_BUS_ARGS("s", vm, "a{sv}", options), SD_BUS_RESULT("s", ticket), method_call,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenGraphics", SD_BUS_ARGS("s", vm, "a{sv}", options), SD_BUS_RESULT("s", ticket), method_call,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Download", SD_BUS_ARGS("s", domain, "s", image, "s", volume, "s", job), SD_BUS_RESULT("s", ticket), method_call,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetJob", SD_BUS_ARGS("s", service, "s", job), SD_BUS_RESULT("a{sv}", properties), method_call,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int on_hello_answer(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        PeerSession *session = userdata;
        const sd_bus_error *refused = sd_bus_message_get_error(message);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *facts = NULL;
        int r;

        session->hello = sd_bus_slot_unref(session->hello);
        if (refused) {
                end(session, startswith(refused->name, RHV_ERROR_PREFIX) ? refused->message ?: refused->name : "the connection ended");
                return 0;
        }
        r = read_hello(message, &facts, &error);
        if (r >= 0)
                r = session->events->hello(session, facts, session->userdata, &error);
        if (r < 0)
                end(session, error.message ?: strerror(-r));
        return 0;
}

static int say_hello(PeerSession *session) {
        _cleanup_message_ sd_bus_message *call = NULL;
        int r;

        r = sd_bus_message_new_method_call(session->bus, &call, NULL, PEER_OBJECT, PEER_INTERFACE, "Hello");
        if (r >= 0)
                r = append_self(session, call);
        /* the owner's deadline is the shorter one */
        return r < 0 ? r : sd_bus_call_async(session->bus, &session->hello, call, on_hello_answer, session, 2 * PEER_CALL_USEC);
}

static int on_pong(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        PeerSession *session = userdata;

        session->ping = sd_bus_slot_unref(session->ping);
        if (!sd_bus_message_is_method_error(message, NULL))
                session->events->pong(session, session->userdata);
        return 0;
}

int peer_session_ping(PeerSession *session) {
        session->ping = sd_bus_slot_unref(session->ping);
        return sd_bus_call_method_async(session->bus, &session->ping, NULL, PEER_OBJECT, PEER_INTERFACE, "Ping", on_pong, session, "");
}

/* ---- life ---- */

static int set_up_bus(sd_bus *bus, int fd, bool server) {
        sd_id128_t id;
        int r;

        r = sd_bus_set_fd(bus, fd, fd);
        if (r < 0) {
                safe_close(fd);
                return r;
        }
        (void) sd_bus_set_description(bus, "peer");
        r = sd_bus_negotiate_fds(bus, false); /* nothing but bytes crosses the network */
        if (r >= 0)
                r = sd_bus_set_method_call_timeout(bus, PEER_CALL_USEC);
        if (r >= 0 && server) {
                r = sd_id128_randomize(&id);
                if (r >= 0)
                        r = sd_bus_set_server(bus, true, id);
                if (r >= 0)
                        r = sd_bus_set_anonymous(bus, true); /* who it is was settled before */
        }
        return r < 0 ? r : sd_bus_start(bus);
}

int peer_session_new(sd_event *event, int fd, bool server, const PeerSessionEvents *events, void *userdata, PeerSession **ret) {
        _cleanup_(peer_session_freep) PeerSession *session = calloc(1, sizeof *session);
        int r;

        r = session ? sd_bus_new(&session->bus) : -ENOMEM;
        if (r < 0) {
                safe_close(fd);
                return r;
        }
        session->event = sd_event_ref(event);
        session->events = events;
        session->userdata = userdata;
        r = set_up_bus(session->bus, fd, server);
        if (r >= 0)
                r = sd_bus_attach_event(session->bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_add_filter(session->bus, NULL, on_any, session);
        if (r >= 0)
                r = sd_bus_match_signal_async(session->bus, NULL, NULL, "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                              "Disconnected", on_disconnected, NULL, session);
        if (r >= 0)
                r = sd_bus_add_object_vtable(session->bus, NULL, PEER_OBJECT, PEER_INTERFACE, peer_vtable, session);
        if (r >= 0 && !server)
                r = say_hello(session);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(session);
        return 0;
}

PeerSession *peer_session_free(PeerSession *session) {
        if (!session)
                return NULL;
        sd_event_source_disable_unref(session->closing);
        sd_bus_slot_unref(session->hello);
        sd_bus_slot_unref(session->ping);
        if (session->bus) {
                sd_bus_detach_event(session->bus);
                sd_bus_close_unref(session->bus);
        }
        sd_event_unref(session->event);
        free(session->reason);
        free(session);
        return NULL;
}

sd_bus *peer_session_bus(const PeerSession *session) {
        return session->bus;
}

uint64_t peer_session_queued(const PeerSession *session) {
        uint64_t n = 0;

        (void) sd_bus_get_n_queued_write(session->bus, &n);
        return n;
}
