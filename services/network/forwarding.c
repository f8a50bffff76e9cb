/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "forwarding.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/if_bridge.h>
#include <stdio.h>

#include "dict.h"

/* The kernel counts in USER_HZ, which is 100 on all that run it. */
#define MSEC_PER_TICK 10

static json_t *pack_entry(const struct __fdb_entry *entry, const json_t *ports) {
        const uint8_t *m = entry->mac_addr;
        char number[16];

        (void) snprintf(number, sizeof number, "%u", (unsigned)entry->port_no | (unsigned)entry->port_hi << 8);
        return json_pack("{s:o, s:s, s:b, s:I}", "mac", json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]), "port",
                         dict_string(ports, number, ""), "local", entry->is_local != 0, "age_msec",
                         entry->is_local ? (json_int_t)0 : (json_int_t)entry->ageing_timer_value * MSEC_PER_TICK);
}

int forwarding_parse(const void *bytes, size_t size, const json_t *ports, json_t **ret) {
        _cleanup_json_ json_t *list = json_array();
        const uint8_t *p = bytes;
        struct __fdb_entry entry;

        if (!list)
                return -ENOMEM;
        if (size % sizeof entry != 0)
                return -EBADMSG;
        for (; size > 0; p += sizeof entry, size -= sizeof entry) {
                memcpy(&entry, p, sizeof entry);
                if (json_array_append_new(list, pack_entry(&entry, ports)) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(list);
        return 0;
}

/* {"1": "eth1"} from brif/eth1/port_no, "0x1". New, NULL when out of memory. */
static json_t *read_ports(int bridge) {
        _cleanup_json_ json_t *ports = json_object();
        int fd = openat(bridge, "brif", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *directory = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;

        if (!directory)
                safe_close(fd);
        while (ports && directory && (entry = readdir(directory))) {
                char path[NAME_MAX + 16], text[24] = "", number[24];
                _cleanup_close_ int file = -EBADF;

                if (entry->d_name[0] == '.')
                        continue;
                (void) snprintf(path, sizeof path, "%s/port_no", entry->d_name);
                file = openat(dirfd(directory), path, O_RDONLY | O_CLOEXEC);
                if (file < 0 || read(file, text, sizeof text - 1) <= 0)
                        continue;
                (void) snprintf(number, sizeof number, "%lu", strtoul(text, NULL, 16));
                (void) json_object_set_new(ports, number, json_string(entry->d_name));
        }
        if (directory)
                closedir(directory);
        return TAKE_PTR(ports);
}

int forwarding_read(const char *root, const char *bridge, json_t **ret) {
        const size_t max = FORWARDING_ENTRIES_MAX * sizeof(struct __fdb_entry);
        _cleanup_close_ int root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), directory = -EBADF, file = -EBADF;
        _cleanup_json_ json_t *ports = NULL;
        _cleanup_free_ uint8_t *bytes = malloc(max);
        size_t size = 0;
        ssize_t n;

        if (root_fd < 0 || !bytes)
                return root_fd < 0 ? -errno : -ENOMEM;
        directory = openat(root_fd, bridge, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        file = directory < 0 ? -EBADF : openat(directory, "brforward", O_RDONLY | O_CLOEXEC);
        if (file < 0)
                return errno == ENOENT ? -ENODEV : -errno;
        while (size < max && (n = read(file, bytes + size, max - size)) != 0) {
                if (n < 0)
                        return -errno;
                size += (size_t)n;
        }
        ports = read_ports(directory);
        return ports ? forwarding_parse(bytes, size, ports, ret) : -ENOMEM;
}
