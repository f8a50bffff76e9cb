/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-hosts.h"

#include <stdio.h>
#include <utlist.h>

#include "dict.h"
#include "parse-util.h"
#include "state-file.h"

#define HOSTS_VERSION 1

PeerHost *peer_host_free(PeerHost *host) {
        if (!host)
                return NULL;
        free(host->name);
        free(host->address);
        free(host);
        return NULL;
}

bool peer_address_is_valid(const char *s) {
        size_t length = strnlen(s, PEER_ADDRESS_BYTES_MAX + 1);

        if (length == 0 || length > PEER_ADDRESS_BYTES_MAX || s[0] == '-')
                return false;
        for (const char *p = s; *p; p++)
                if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') && !(*p >= '0' && *p <= '9') && !strchr(".-:", *p))
                        return false;
        return true;
}

int peer_host_new(const char *id, const char *name, const char *address, uint16_t port, const char *key,
                  const char *host_key, bool dial, PeerHost **ret) {
        _cleanup_(peer_host_freep) PeerHost *host = NULL;

        if (!uuid_is_valid(id) || !label_is_valid(name, PEER_NAME_BYTES_MAX) || !peer_address_is_valid(address) || port == 0 ||
            !peer_key_is_valid(key) || !peer_key_is_valid(host_key))
                return -EINVAL;
        host = calloc(1, sizeof *host);
        if (!host)
                return -ENOMEM;
        (void) snprintf(host->id, sizeof host->id, "%s", id);
        (void) snprintf(host->key, sizeof host->key, "%s", key);
        (void) snprintf(host->host_key, sizeof host->host_key, "%s", host_key);
        host->name = strdup(name);
        host->address = strdup(address);
        host->port = port;
        host->dial = dial;
        if (!host->name || !host->address)
                return -ENOMEM;
        *ret = TAKE_PTR(host);
        return 0;
}

PeerHost *peer_hosts_find(const PeerHosts *hosts, const char *id) {
        PeerHost *host;

        DL_FOREACH(hosts->first, host) {
                if (streq(host->id, id))
                        return host;
        }
        return NULL;
}

void peer_hosts_link(PeerHosts *hosts, PeerHost *host) {
        DL_APPEND(hosts->first, host);
        hosts->count++;
}

void peer_hosts_unlink(PeerHosts *hosts, PeerHost *host) {
        DL_DELETE(hosts->first, host);
        hosts->count--;
}

void peer_hosts_remove(PeerHosts *hosts, PeerHost *host) {
        peer_hosts_unlink(hosts, host);
        peer_host_free(host);
}

int peer_hosts_add(PeerHosts *hosts, PeerHost *host) {
        PeerHost *old = peer_hosts_find(hosts, host->id);

        if (!old && hosts->count >= PEER_HOSTS_MAX)
                return -E2BIG;
        if (old)
                peer_hosts_remove(hosts, old);
        peer_hosts_link(hosts, host);
        return 0;
}

void peer_hosts_done(PeerHosts *hosts) {
        while (hosts->first)
                peer_hosts_remove(hosts, hosts->first);
        hosts->joining_until = 0;
}

/* ---- the file ---- */

static int read_host(PeerHosts *hosts, const char *id, const json_t *row) {
        _cleanup_(peer_host_freep) PeerHost *host = NULL;
        int64_t port;
        int r;

        if (!json_is_object(row) || !json_is_string(json_object_get(row, "name")) || !json_is_string(json_object_get(row, "address")) ||
            !json_is_string(json_object_get(row, "key")) || !json_is_string(json_object_get(row, "host_key")))
                return -EBADMSG;
        port = json_integer_value(json_object_get(row, "port"));
        if (port < 1 || port > UINT16_MAX)
                return -EBADMSG;
        r = peer_host_new(id, dict_string(row, "name", ""), dict_string(row, "address", ""), (uint16_t)port, dict_string(row, "key", ""),
                          dict_string(row, "host_key", ""), json_is_true(json_object_get(row, "dial")), &host);
        if (r < 0)
                return r == -EINVAL ? -EBADMSG : r;
        if (peer_hosts_add(hosts, host) < 0)
                return -EBADMSG;
        (void) TAKE_PTR(host);
        return 0;
}

int peer_hosts_load(const char *path, PeerHosts *ret) {
        _cleanup_json_ json_t *file = NULL;
        _cleanup_peer_hosts_ PeerHosts hosts = { NULL };
        const char *id;
        json_t *row;
        int r;

        r = state_file_load(path, HOSTS_VERSION, &file);
        if (r == -ENOENT) {
                *ret = (PeerHosts){ NULL };
                return 0;
        }
        if (r < 0)
                return r;
        json_object_foreach(json_object_get(file, "hosts"), id, row) {
                r = read_host(&hosts, id, row);
                if (r < 0)
                        return r;
        }
        hosts.joining_until = (uint64_t)json_integer_value(json_object_get(file, "joining_until"));
        *ret = hosts;
        hosts = (PeerHosts){ NULL };
        return 0;
}

int peer_hosts_save(const char *path, const PeerHosts *hosts) {
        _cleanup_json_ json_t *file = json_object(), *rows = json_object();
        const PeerHost *host;

        if (!file || !rows)
                return -ENOMEM;
        DL_FOREACH(hosts->first, host) {
                json_t *row = json_pack("{s:s, s:s, s:i, s:s, s:s, s:b}", "name", host->name, "address", host->address, "port",
                                        (int)host->port, "key", host->key, "host_key", host->host_key, "dial", (int)host->dial);

                if (json_object_set_new(rows, host->id, row) < 0)
                        return -ENOMEM;
        }
        if (json_object_set(file, "hosts", rows) < 0 ||
            json_object_set_new(file, "joining_until", json_integer((json_int_t)hosts->joining_until)) < 0)
                return -ENOMEM;
        return state_file_save_public(path, file, HOSTS_VERSION);
}

int peer_hosts_key_line(const PeerHosts *hosts, const char *key, const char *bridge, uint64_t now_usec, char **ret) {
        const PeerHost *host;
        char *line;
        int r;

        DL_FOREACH(hosts->first, host) {
                if (streq(host->key, key))
                        break;
        }
        if (host)
                r = asprintf(&line, "restrict,command=\"%s %s\" %s\n", bridge, host->id, host->key);
        else if (now_usec < hosts->joining_until && peer_key_is_valid(key))
                /* whoever has a token has to say so through the bridge, which lets nothing else through */
                r = asprintf(&line, "restrict,command=\"%s --join\" %s\n", bridge, key);
        else
                r = asprintf(&line, "%s", "");
        if (r < 0)
                return -ENOMEM;
        *ret = line;
        return 0;
}
