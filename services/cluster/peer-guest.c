/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-guest.h"

#include "bus-error.h"
#include "dict.h"
#include "parse-util.h"

int peer_guest_admit(Request *request, const Peer *peer, sd_bus_message *message, const DictField *fields, const char *verb, sd_bus **ret_link,
                     sd_bus_error *error) {
        Manager *manager = peers_userdata(peer->owner);
        int r;

        r = request_read(request, manager, message, NULL, fields, error);
        if (r >= 0)
                r = request_authorise(request, ACTION_OPERATE, verb, NULL, peer->host->name, error);
        if (r <= 0)
                return r;
        r = peer_bus(peer, ret_link, error);
        return r < 0 ? r : 1;
}

int peer_guest_call(sd_bus *link, const char *member, sd_bus_message **ret) {
        return sd_bus_message_new_method_call(link, ret, NULL, PEER_OBJECT, PEER_INTERFACE, member);
}

void peer_guest_open(PeerWord *word, sd_bus_message *reply, peer_stream_opened_t done) {
        const sd_bus_error *refused = sd_bus_message_get_error(reply);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *ticket = NULL;
        const Peer *peer;
        int r = 0;

        word->slot = sd_bus_slot_unref(word->slot);
        peer = peer_word_peer(word);
        if (!peer)
                goto over;
        if (refused) {
                r = -EIO;
                (void) bus_error_forward(&error, refused, "The host %s", peer->host->name);
        }
        if (r >= 0)
                r = sd_bus_message_read(reply, "s", &ticket);
        if (r >= 0 && !peer_ticket_is_valid(ticket))
                r = -EBADMSG;
        if (r >= 0)
                r = peer_stream_open(word->manager->daemon->event, peers_dial_path(word->manager->peers), peer, ticket, done, word, &word->stream);
        if (r >= 0)
                return;
        word->operation = operation_fail_errno(word->operation, r, &error);
over:
        peer_word_free(word);
}

/* ---- console and display ---- */

static void on_opened(int fd, const sd_bus_error *error, void *userdata) {
        _cleanup_(peer_word_freep) PeerWord *word = userdata;
        _cleanup_close_ int own = fd;

        word->stream = NULL;
        if (error)
                word->operation = operation_fail(word->operation, error);
        else
                word->operation = operation_reply(word->operation, "h", own);
}

static int on_ticket(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        peer_guest_open(userdata, reply, on_opened);
        return 0;
}

static int open_view(sd_bus_message *message, const Peer *peer, const DictField *fields, const char *member, const char *verb, sd_bus_error *error) {
        _cleanup_request_ Request request = { .unrecorded = true };
        _cleanup_(peer_word_freep) PeerWord *word = NULL;
        _cleanup_message_ sd_bus_message *call = NULL;
        sd_bus *link;
        const char *vm;
        int r;

        r = sd_bus_message_read(message, "s", &vm);
        if (r < 0)
                return r;
        if (!uuid_is_valid(vm))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The VM's id must be a UUID in lower-case");
        r = peer_guest_admit(&request, peer, message, fields, verb, &link, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = peer_word_new(request.manager, peer, &word, error);
        if (r >= 0)
                r = peer_guest_call(link, member, &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", vm);
        if (r >= 0)
                r = dict_append(call, request.options);
        if (r >= 0)
                r = sd_bus_call_async(link, &word->slot, call, on_ticket, word, PEER_GUEST_USEC);
        if (r >= 0)
                r = peer_word_park(word, message);
        if (r >= 0)
                (void) TAKE_PTR(word);
        return r;
}

int method_peer_open_console(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const DictField fields[] = { { "force", DICT_BOOLEAN }, { NULL } };

        return open_view(message, userdata, fields, "OpenConsole", "open-console", error);
}

int method_peer_open_graphics(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const DictField fields[] = { { NULL } };

        return open_view(message, userdata, fields, "OpenGraphics", "open-graphics", error);
}
