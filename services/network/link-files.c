/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reading the files that link-facts.c makes sense of. */

#include "link-facts.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "bridge-filters.h"
#include "bridge-vlans.h"
#include "dict.h"
#include "log.h"
#include "virtual-functions.h"
#include "wish.h"

/* Text of a file without the end of its line; NULL when it cannot be read (many cannot while a link is down). */
static json_t *read_text(int directory, const char *name) {
        _cleanup_close_ int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        char buffer[LINK_FILE_BYTES_MAX];
        ssize_t n = fd < 0 ? -1 : read(fd, buffer, sizeof buffer);

        while (n > 0 && (buffer[n - 1] == '\n' || buffer[n - 1] == ' '))
                n--;
        return n < 0 ? NULL : json_stringn(buffer, (size_t)n); /* not UTF-8: NULL as well */
}

static void add_text(json_t *files, int directory, const char *name, const char *key) {
        json_t *text = read_text(directory, name);

        if (text)
                (void) json_object_set_new(files, key, text);
}

/* Where a link leads, the last part: the name of a driver or of a controller. */
static void add_target(json_t *files, int directory, const char *link, const char *key) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(directory, link, target, sizeof target - 1);

        if (n <= 0)
                return;
        target[n] = 0;
        (void) json_object_set_new(files, key, json_string(basename(target)));
}

/* The name of the first network device in a directory. */
static void add_first_device(json_t *files, int parent, const char *path, const char *key) {
        int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *directory = fd < 0 ? NULL : fdopendir(fd);
        char first[NAME_MAX + 1] = "";
        const struct dirent *entry;

        if (!directory) {
                safe_close(fd);
                return;
        }
        while ((entry = readdir(directory)))
                if (device_name_is_valid(entry->d_name) && (!*first || strcmp(entry->d_name, first) < 0))
                        (void) snprintf(first, sizeof first, "%s", entry->d_name);
        closedir(directory);
        if (*first)
                (void) json_object_set_new(files, key, json_string(first));
}

/* Those of a NIC that has any, in the order of their numbers. */
static void add_functions(json_t *files, int device) {
        json_t *list = json_object_get(files, "device/sriov_numvfs") ? json_array() : NULL;

        for (unsigned i = 0; list && i < VFS_MAX; i++) {
                json_t *function = json_object();
                char name[40];

                (void) snprintf(name, sizeof name, "device/virtfn%u", i);
                if (function)
                        add_target(function, device, name, "pci");
                if (!json_object_get(function, "pci") || json_array_append_new(list, json_incref(function)) < 0) {
                        json_decref(function);
                        break;
                }
                (void) snprintf(name, sizeof name, "device/virtfn%u/driver", i);
                add_target(function, device, name, "driver");
                (void) snprintf(name, sizeof name, "device/virtfn%u/net", i);
                add_first_device(function, device, name, "device");
                json_decref(function);
        }
        if (json_array_size(list) > 0)
                (void) json_object_set(files, "device/virtfn", list);
        json_decref(list);
}

/* Where a device of the PCI bus sits: the name of its directory. */
static void add_pci_address(json_t *files, int device) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(device, "device/subsystem", target, sizeof target - 1);

        if (n <= 0)
                return;
        target[n] = 0;
        if (streq(basename(target), "pci"))
                add_target(files, device, "device", "device");
}

static void add_directory(json_t *files, int device, const char *name) {
        int fd = openat(device, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        DIR *directory = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;

        if (!directory) {
                safe_close(fd);
                return;
        }
        while ((entry = readdir(directory))) {
                struct stat st;
                char key[64];

                if (strstr(entry->d_name, "_timer")) /* counts down all the time, and says nothing of the settings */
                        continue;
                if (fstatat(dirfd(directory), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0400))
                        continue;
                if ((size_t)snprintf(key, sizeof key, "%s/%s", name, entry->d_name) < sizeof key)
                        add_text(files, dirfd(directory), entry->d_name, key);
        }
        closedir(directory);
}

/* Speed and duplex are of NICs, and the kernel gives them under its lock of all network devices only, for which a reader turns in circles while somebody makes hundreds of devices. */
static bool has_speed(int device) {
        _cleanup_json_ json_t *uevent = read_text(device, "uevent");
        const char *text = uevent ? json_string_value(uevent) : "";

        return !strstr(text, "DEVTYPE=bridge") && !strstr(text, "DEVTYPE=vlan");
}

static json_t *read_device(int root, const char *name) {
        static const char *const texts[] = { "mtu", "carrier", "operstate", "address", "tun_flags", "device/sriov_totalvfs", "device/sriov_numvfs" }, *const speeds[] = { "speed", "duplex" };
        static const char *const directories[] = { "bridge", "bonding", "bonding_slave" };
        _cleanup_close_ int device = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_json_ json_t *files = json_object();

        if (device < 0 || !files)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                add_text(files, device, texts[i], texts[i]);
        for (size_t i = 0, n = has_speed(device) ? ELEMENTSOF(speeds) : 0; i < n; i++)
                add_text(files, device, speeds[i], speeds[i]);
        for (size_t i = 0; i < ELEMENTSOF(directories); i++)
                add_directory(files, device, directories[i]);
        add_target(files, device, "master", "master");
        add_target(files, device, "device/driver", "driver");
        add_pci_address(files, device);
        /* a virtual function's parent; a card of several ports has a device for each, of which the first is taken */
        add_first_device(files, device, "device/physfn/net", "device/physfn/net");
        add_functions(files, device);
        return link_facts_make(files);
}

/* Facts that are read of all devices at once. They are set in copies: what was read before belongs to others as well. */
static int set_fact(json_t *links, const char *name, const char *key, json_t *value) {
        _cleanup_json_ json_t *facts = json_copy(json_object_get(links, name));

        if (!facts)
                return -ENOMEM;
        if (!value)
                (void) json_object_del(facts, key);
        else if (json_object_set(facts, key, value) < 0)
                return -ENOMEM;
        return json_object_set_new(links, name, TAKE_PTR(facts)) < 0 ? -ENOMEM : 0;
}

/* Without them the facts are as if there were none. */
static int set_fact_of_all(json_t *links, const char *key, const json_t *values) {
        const char *name;
        json_t *facts;
        void *next;
        int r = 0;

        json_object_foreach_safe(links, next, name, facts) {
                json_t *value = json_object_get(values, name);

                if (r == 0 && !json_equal(value, json_object_get(facts, key)))
                        r = set_fact(links, name, key, value);
        }
        return r;
}

/* Which VLANs bridges that filter them are in, and their ports. A kernel without them, or one that does not answer, leaves the facts as they are. */
static int add_vlans(json_t *links) {
        _cleanup_json_ json_t *vlans = NULL, *ours = json_object();
        const char *name;
        json_t *text;

        if (link_facts_filter(links, NULL))
                (void) bridge_vlans_read(&vlans);
        json_object_foreach(vlans, name, text) {
                const char *master = dict_string(json_object_get(links, name), "master", "");

                if ((link_facts_filter(links, name) || link_facts_filter(links, master)) && json_object_set(ours, name, text) < 0)
                        return -ENOMEM;
        }
        return ours ? set_fact_of_all(links, "vlans", ours) : -ENOMEM;
}

/* Filters of bridges. A kernel that knows none leaves the facts as they are. */
static int add_filters(json_t *links) {
        _cleanup_json_ json_t *filters = NULL, *ours = json_object();
        const char *name;
        json_t *of_device;

        (void) bridge_filters_read(&filters);
        json_object_foreach(filters, name, of_device)
                if (json_object_get(json_object_get(links, name), "bridge") && json_object_set(ours, name, of_device) < 0)
                        return -ENOMEM;
        return ours ? set_fact_of_all(links, "filters", ours) : -ENOMEM;
}

/* A device that goes while it is read is left out, or has fewer facts: the kernel's next message makes us read again. */
static int read_all(int root, json_t *links) {
        int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *directory = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;

        if (!directory) {
                int r = -errno;

                safe_close(fd);
                return r;
        }
        while (json_object_size(links) < LINKS_MAX && (entry = readdir(directory))) {
                json_t *facts = device_name_is_valid(entry->d_name) ? read_device(root, entry->d_name) : NULL;

                if (facts)
                        (void) json_object_set_new(links, entry->d_name, facts);
        }
        closedir(directory);
        return 0;
}

static void read_one(int root, const char *name, json_t *links) {
        json_t *facts = device_name_is_valid(name) ? read_device(root, name) : NULL;

        if (!facts)
                (void) json_object_del(links, name);
        else if (json_object_size(links) < LINKS_MAX || json_object_get(links, name))
                (void) json_object_set_new(links, name, facts);
        else
                json_decref(facts);
}

/* And those of which they are ports now. */
static void read_some(int root, const json_t *names, json_t *links) {
        _cleanup_json_ json_t *masters = json_object();
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)names, name, value) {
                const char *master;

                read_one(root, name, links);
                master = dict_string(json_object_get(links, name), "master", NULL);
                if (masters && master && !json_object_get(names, master))
                        (void) json_object_set_new(masters, master, json_true());
        }
        json_object_foreach(masters, name, value)
                read_one(root, name, links);
}

int link_facts_read(const char *root, const json_t *links, const json_t *names, json_t **ret) {
        _cleanup_json_ json_t *fresh = names ? json_copy((json_t *)links) : json_object();
        _cleanup_close_ int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = 0;

        if (fd < 0)
                return -errno;
        if (!fresh)
                return -ENOMEM;
        if (names)
                read_some(fd, names, fresh);
        else
                r = read_all(fd, fresh);
        if (r >= 0 && streq(root, LINK_FACTS_ROOT)) {
                r = add_vlans(fresh);
                if (r >= 0)
                        r = add_filters(fresh);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(fresh);
        return 0;
}
