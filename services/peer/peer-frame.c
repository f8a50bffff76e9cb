/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-frame.h"

#include <stdio.h>

#include "bus-error.h"
#include "parse-util.h"
#include "peer-hosts.h"

bool peer_ticket_is_valid(const char *s) {
        size_t length = strspn(s, "0123456789abcdef");

        return s[length] == 0 && length >= 16 && length < PEER_TICKET_STRING_MAX;
}

const char *peer_restart_unit(const char *service) {
        static const char *const units[][2] = {
                { "cluster", "rhv-cluster.service" }, { "compute", "rhv-compute.service" }, { "fence", "rhv-fence.service" },
                { "network", "rhv-network.service" }, { "storage", "rhv-storage.service" },
        };

        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (streq(units[i][0], service))
                        return units[i][1];
        return NULL;
}

PeerVerb peer_command_parse(const char *command, char argument[static PEER_TICKET_STRING_MAX]) {
        const char *rest;

        argument[0] = 0;
        if (streq(command, "bus"))
                return PEER_VERB_BUS;
        if (streq(command, "join"))
                return PEER_VERB_JOIN;
        rest = startswith(command, "stream ") ?: startswith(command, "attach ");
        if (rest && peer_ticket_is_valid(rest)) {
                (void) snprintf(argument, PEER_TICKET_STRING_MAX, "%s", rest);
                return startswith(command, "stream ") ? PEER_VERB_STREAM : PEER_VERB_ATTACH;
        }
        rest = streq(command, "restart") ? "cluster" : startswith(command, "restart ");
        if (rest && peer_restart_unit(rest)) {
                (void) snprintf(argument, PEER_TICKET_STRING_MAX, "%s", rest);
                return PEER_VERB_RESTART;
        }
        return _PEER_VERB_INVALID;
}

int peer_frame_format(const PeerFrame *frame, char ret[static PEER_FRAME_BYTES_MAX]) {
        switch (frame->verb) {
        case PEER_VERB_BUS:
                (void) snprintf(ret, PEER_FRAME_BYTES_MAX, "bus %s\n", frame->host_id);
                return 0;
        case PEER_VERB_STREAM:
                (void) snprintf(ret, PEER_FRAME_BYTES_MAX, "stream %s %s\n", frame->host_id, frame->ticket);
                return 0;
        case PEER_VERB_JOIN:
                (void) snprintf(ret, PEER_FRAME_BYTES_MAX, "join %s\n", frame->address);
                return 0;
        default:
                return -EINVAL;
        }
}

int peer_frame_parse(const char *line, PeerFrame *ret) {
        PeerFrame frame = { 0 };
        char id[37] = "", ticket[PEER_TICKET_STRING_MAX] = "";
        const char *rest;
        int end = -1;

        rest = startswith(line, "join ");
        if (rest) {
                if (!peer_address_is_valid(rest))
                        return -EBADMSG;
                frame.verb = PEER_VERB_JOIN;
                (void) snprintf(frame.address, sizeof frame.address, "%s", rest);
                *ret = frame;
                return 0;
        }
        if (sscanf(line, "bus %36[0-9a-f-]%n", id, &end) == 1 && end == (int)strlen(line))
                frame.verb = PEER_VERB_BUS;
        else if (sscanf(line, "stream %36[0-9a-f-] %64[0-9a-f]%n", id, ticket, &end) == 2 && end == (int)strlen(line) &&
                 peer_ticket_is_valid(ticket))
                frame.verb = PEER_VERB_STREAM;
        else
                return -EBADMSG;
        if (!uuid_is_valid(id))
                return -EBADMSG;
        memcpy(frame.host_id, id, sizeof id);
        memcpy(frame.ticket, ticket, sizeof ticket);
        *ret = frame;
        return 0;
}

void peer_answer_format(const char *error_name, const char *text, char ret[static PEER_FRAME_BYTES_MAX]) {
        if (!error_name) {
                (void) snprintf(ret, PEER_FRAME_BYTES_MAX, "ok\n");
                return;
        }
        (void) snprintf(ret, PEER_FRAME_BYTES_MAX - 1, "refused %s %s", error_name, text ?: "");
        for (; *ret; ret++)
                if ((unsigned char)*ret < ' ')
                        *ret = ' ';
        memcpy(ret, "\n", 2);
}

int peer_answer_parse(const char *line, char ret_name[static 128], char ret_text[static PEER_FRAME_BYTES_MAX]) {
        const char *rest, *space;

        if (streq(line, "ok"))
                return 0;
        rest = startswith(line, "refused ");
        space = rest ? strchr(rest, ' ') : NULL;
        if (!rest || !space || space - rest >= 128 || !startswith(rest, RHV_ERROR_PREFIX))
                return -EBADMSG;
        (void) snprintf(ret_name, 128, "%.*s", (int)(space - rest), rest);
        (void) snprintf(ret_text, PEER_FRAME_BYTES_MAX, "%s", space + 1);
        return -EREMOTEIO;
}
