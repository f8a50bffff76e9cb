/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "guest-ports.h"

#include <linux/sockios.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "clock-util.h"
#include "dict.h"
#include "log.h"
#include "port-bridges.h"
#include "state-file.h"

#define GUEST_PORTS_VERSION 1

struct GuestPorts {
        GuestPortsHooks hooks;
        char *path;
        json_t *known;
        uint64_t late_usec; /* until when what is off is put back though no set-up works, or 0 */
        bool failed;        /* a tap could not be put back, which was said */
        sd_event_source *save, *again;
};

static bool holds(const GuestPorts *ports) {
        return monotonic_usec() < ports->late_usec || ports->hooks.works(ports->hooks.userdata);
}

/* ---- the kernel ---- */

/* Not by rtnetlink, which would take a port from whatever bridge it is on: by this it is refused (EBUSY) where somebody else was faster. */
static int attach(int ifindex, const char *bridge) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq request = { .ifr_ifindex = ifindex };

        if (fd < 0)
                return -errno;
        (void) snprintf(request.ifr_name, sizeof request.ifr_name, "%s", bridge);
        return ioctl(fd, SIOCBRADDIF, &request) < 0 ? -errno : 0;
}

/* Until the kernel has told of it, a tap that was put back is off: it is refused then, and no harm is done. What cannot be done is said once. */
static void put_back(GuestPorts *ports) {
        _cleanup_json_ json_t *astray = NULL;
        json_t *entry;
        size_t i;

        if (!port_bridges_has_off(ports->known))
                return;
        astray = port_bridges_astray(ports->known, ports->hooks.view(ports->hooks.userdata));
        json_array_foreach(astray, i, entry) {
                const char *port = dict_string(entry, "port", ""), *bridge = dict_string(entry, "bridge", "");
                int r = attach((int)dict_integer(entry, "ifindex", 0), bridge);

                if (r >= 0)
                        log_info("Put %s back on %s, which was brought up anew", port, bridge);
                else if (r != -EBUSY && r != -ENODEV && !ports->failed) {
                        ports->failed = true;
                        log_warning_errno(r, "Cannot put %s back on %s", port, bridge);
                }
        }
}

static void look_again(GuestPorts *ports) {
        (void) sd_event_source_set_time_relative(ports->again, GUEST_PORTS_USEC);
        (void) sd_event_source_set_enabled(ports->again, SD_EVENT_ONESHOT);
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata) {
        GuestPorts *ports = userdata;

        put_back(ports);
        if (!holds(ports) && port_bridges_give_up(ports->known))
                (void) sd_event_source_set_enabled(ports->save, SD_EVENT_ONESHOT);
        if (port_bridges_has_off(ports->known))
                look_again(ports);
        return 0;
}

/* ---- the file ---- */

static int save(const GuestPorts *ports) {
        _cleanup_json_ json_t *file = json_pack("{s:O}", "ports", ports->known);

        return file ? state_file_save(ports->path, file, GUEST_PORTS_VERSION) : -ENOMEM;
}

/* Where there is no guest, there is no file. */
static int on_save(sd_event_source *source, void *userdata) {
        const GuestPorts *ports = userdata;
        int r = json_object_size(ports->known) > 0 ? save(ports) : state_file_remove(ports->path);

        if (r < 0)
                log_warning_errno(r, "Cannot write %s", ports->path);
        return 0;
}

/* Without it the listing tells of all that are on their bridges. */
static void load(GuestPorts *ports) {
        _cleanup_json_ json_t *file = NULL;
        int r = state_file_load(ports->path, GUEST_PORTS_VERSION, &file);

        if (r >= 0 && port_bridges_is_valid(json_object_get(file, "ports"))) {
                json_decref(ports->known);
                ports->known = json_incref(json_object_get(file, "ports"));
        } else if (r != -ENOENT)
                log_warning("%s cannot be read: guests' ports that lost their bridge while this service was away stay off it", ports->path);
}

/* ---- what happens ---- */

void guest_ports_told(GuestPorts *ports, const LinkMessage *message) {
        const char *bridge = NULL;
        char name[IF_NAMESIZE];
        int r;

        if (!message)
                r = port_bridges_sweep(ports->known);
        else {
                if (message->tap && message->master)
                        bridge = if_indextoname((unsigned)message->master, name);
                r = port_bridges_learn(ports->known, message, bridge, holds(ports));
        }
        if (r < 0)
                log_warning_errno(r, "Cannot note the bridge of %s", message->name);
        if (r <= 0)
                return;
        (void) sd_event_source_set_enabled(ports->save, SD_EVENT_ONESHOT);
        if (port_bridges_has_off(ports->known))
                look_again(ports);
}

void guest_ports_listing(GuestPorts *ports) {
        port_bridges_doubt(ports->known);
}

void guest_ports_ended(GuestPorts *ports) {
        ports->late_usec = monotonic_usec() + GUEST_PORTS_LATE_USEC;
        ports->failed = false;
        ports->hooks.hear(ports->hooks.userdata); /* a port was taken off before NetworkManager said that all is done */
        put_back(ports);
}

/* ---- life ---- */

int guest_ports_new(sd_event *event, const char *path, const GuestPortsHooks *hooks, GuestPorts **ret) {
        _cleanup_(guest_ports_freep) GuestPorts *ports = calloc(1, sizeof *ports);
        int r;

        if (!ports)
                return -ENOMEM;
        ports->hooks = *hooks;
        ports->known = json_object();
        ports->path = strdup(path);
        if (!ports->known || !ports->path)
                return -ENOMEM;
        r = sd_event_add_defer(event, &ports->save, on_save, ports);
        if (r >= 0)
                r = sd_event_source_set_enabled(ports->save, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &ports->again, CLOCK_MONOTONIC, 0, 10 * USEC_PER_MSEC, on_again, ports);
        if (r >= 0)
                r = sd_event_source_set_enabled(ports->again, SD_EVENT_OFF);
        if (r < 0)
                return r;
        load(ports);
        *ret = TAKE_PTR(ports);
        return 0;
}

GuestPorts *guest_ports_free(GuestPorts *ports) {
        if (!ports)
                return NULL;
        sd_event_source_disable_unref(ports->save);
        sd_event_source_disable_unref(ports->again);
        json_decref(ports->known);
        free(ports->path);
        free(ports);
        return NULL;
}
