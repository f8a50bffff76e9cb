/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-dial-request.h"

#include <stdio.h>

#include "bus-error.h"
#include "parse-util.h"
#include "peer-frame.h"
#include "peer-hosts.h"

#define SAID_BYTES_MAX 1024
static const char stranger_text[] = "The host does not know the key of this host: it is no member there";

static int format(json_t *object, char ret[static PEER_DIAL_BYTES_MAX]) {
        _cleanup_json_ json_t *owned = object;
        _cleanup_free_ char *text = object ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

        if (!text)
                return -ENOMEM;
        if (strlen(text) >= PEER_DIAL_BYTES_MAX)
                return -E2BIG;
        (void) snprintf(ret, PEER_DIAL_BYTES_MAX, "%s", text);
        return 0;
}

int peer_dial_request_format(const PeerDialRequest *request, char ret[static PEER_DIAL_BYTES_MAX]) {
        return format(json_pack("{s:s, s:s, s:i, s:s, s:s}", "id", request->id, "address", request->address, "port", (int)request->port,
                                "host_key", request->host_key, "command", request->command),
                      ret);
}

int peer_dial_request_parse(const char *text, PeerDialRequest *ret) {
        _cleanup_json_ json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        char argument[PEER_TICKET_STRING_MAX];
        const char *id, *address, *key, *command;
        json_int_t port;

        id = json_string_value(json_object_get(object, "id"));
        address = json_string_value(json_object_get(object, "address"));
        key = json_string_value(json_object_get(object, "host_key"));
        command = json_string_value(json_object_get(object, "command"));
        port = json_integer_value(json_object_get(object, "port"));
        if (!id || !uuid_is_valid(id) || !address || !peer_address_is_valid(address) || !key || !peer_key_is_valid(key) || !command ||
            peer_command_parse(command, argument) < 0 || port < 1 || port > UINT16_MAX)
                return -EBADMSG;

        *ret = (PeerDialRequest){ .port = (uint16_t)port };
        memcpy(ret->id, id, sizeof ret->id);
        memcpy(ret->host_key, key, sizeof ret->host_key);
        (void) snprintf(ret->address, sizeof ret->address, "%s", address);
        (void) snprintf(ret->command, sizeof ret->command, "%s", command);
        return 0;
}

int peer_dial_result_format(int status, const char *error, char ret[static PEER_DIAL_BYTES_MAX]) {
        char said[SAID_BYTES_MAX];

        /* what came over the network is ASCII for us */
        (void) snprintf(said, sizeof said, "%s", error);
        for (char *p = said; *p; p++)
                if (*p < ' ' || *p > '~')
                        *p = '?';
        return format(json_pack("{s:i, s:s}", "status", status, "error", said), ret);
}

int peer_dial_result_parse(const char *text, int *ret_status, char ret_error[static PEER_DIAL_BYTES_MAX]) {
        _cleanup_json_ json_t *object = json_loads(text, 0, NULL);
        const char *error = json_string_value(json_object_get(object, "error"));

        if (!error || !json_is_integer(json_object_get(object, "status")))
                return -EBADMSG;
        *ret_status = (int)json_integer_value(json_object_get(object, "status"));
        (void) snprintf(ret_error, PEER_DIAL_BYTES_MAX, "%s", error);
        return 0;
}

int peer_dial_error(int status, const char *said, sd_bus_error *error) {
        char name[128], text[PEER_FRAME_BYTES_MAX];

        if (strlen(said) < PEER_FRAME_BYTES_MAX && peer_answer_parse(said, name, text) == -EREMOTEIO)
                (void) sd_bus_error_set(error, name, text);
        else if (strstr(said, "Host key verification failed") || strstr(said, "no matching host key type"))
                (void) sd_bus_error_set(error, RHV_ERROR_ACCESS_DENIED, "The host at this address shows another host key than it should");
        else if (strstr(said, "Permission denied"))
                (void) sd_bus_error_set_const(error, RHV_ERROR_ACCESS_DENIED, stranger_text);
        else if (status == 0)
                (void) sd_bus_error_set(error, RHV_ERROR_BACKEND_UNAVAILABLE, "The host closed the connection");
        else
                (void) sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "The host cannot be reached: %s",
                                         isempty(said) ? "ssh gives no reason" : said);
        return -sd_bus_error_get_errno(error);
}

bool peer_dial_is_stranger(const sd_bus_error *error) {
        return streq_ptr(error->message, stranger_text);
}
