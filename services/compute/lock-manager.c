/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lock-manager.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "bus-error.h"

#define QEMU_CONF "/etc/libvirt/qemu.conf"
#define QEMU_CONF_BYTES_MAX (256 * KIB)
/* Written when the daemon starts: it has read the configuration by then. */
static const char *const pid_files[] = {"/run/libvirt/virtqemud.pid", "/run/libvirtd.pid", "/run/libvirt/libvirtd.pid"};

static const char *skip_blanks(const char *p) {
        while (*p == ' ' || *p == '\t')
                p++;
        return p;
}

/* Source of the syntax: libvirt, src/util/virconf.c: `name = "value"`, '#' begins a comment, the last one counts. */
int lock_manager_parse(const char *text, char ret[static LOCK_MANAGER_NAME_MAX]) {
        (void) snprintf(ret, LOCK_MANAGER_NAME_MAX, "nop");
        for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
                const char *p = startswith(skip_blanks(line), "lock_manager");
                size_t n;

                if (!p || isalnum((unsigned char)*p) || *p == '_')
                        continue;
                p = skip_blanks(p);
                if (*p++ != '=')
                        return -EBADMSG;
                p = skip_blanks(p);
                if (*p != '"' && *p != '\'')
                        return -EBADMSG;
                n = strcspn(p + 1, "\"'\n");
                if (n >= LOCK_MANAGER_NAME_MAX || p[1 + n] != *p)
                        return -EBADMSG;
                memcpy(ret, p + 1, n);
                ret[n] = '\0';
        }
        return 0;
}

static int read_configuration(char name[static LOCK_MANAGER_NAME_MAX], struct stat *ret) {
        _cleanup_free_ char *text = calloc(1, QEMU_CONF_BYTES_MAX + 1);
        _cleanup_close_ int fd = open(QEMU_CONF, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        ssize_t n;

        if (!text)
                return -ENOMEM;
        if (fd < 0 || fstat(fd, ret) < 0)
                return -errno;
        n = read(fd, text, QEMU_CONF_BYTES_MAX);
        if (n < 0)
                return -errno;
        return lock_manager_parse(text, name);
}

static bool changed_since_start(const struct stat *configuration) {
        for (size_t i = 0; i < ELEMENTSOF(pid_files); i++) {
                struct stat st;

                if (stat(pid_files[i], &st) >= 0)
                        return st.st_mtim.tv_sec < configuration->st_mtim.tv_sec;
        }
        return true; /* nobody can tell */
}

int lock_manager_check(sd_bus_error *error) {
        char name[LOCK_MANAGER_NAME_MAX];
        struct stat st = {};
        int r;

        r = read_configuration(name, &st);
        if (r >= 0 && streq(name, "sanlock") && !changed_since_start(&st))
                return 0;
        if (r >= 0 && streq(name, "sanlock"))
                sd_bus_error_set(error, RHV_ERROR_NOT_SUPPORTED,
                                 QEMU_CONF " was changed after libvirt was started; restart libvirtd, so that it keeps the leases of guests");
        else
                sd_bus_error_set(error, RHV_ERROR_NOT_SUPPORTED,
                                 "libvirt does not keep the leases of guests: set lock_manager = \"sanlock\" in " QEMU_CONF
                                 ", auto_disk_leases = 0 in /etc/libvirt/qemu-sanlock.conf, and restart libvirtd");
        return -EPERM;
}
