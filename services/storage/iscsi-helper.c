/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * rhv-iscsi: one piece of work with open-iscsi, for rhv-storaged (iscsi.h). Started by systemd with the connection as standard input.
 *
 * open-iscsi has no library that logs in, and its tool takes a password on its command line only, where everybody sees it. So the password is written into the
 * tool's record, where it keeps it anyway (root's, 0600): made by the tool, rewritten here in one piece, used by the tool.
 */

#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "clock-util.h"
#include "dict.h"
#include "heir.h"
#include "helper-call.h"
#include "iscsi-words.h"
#include "iscsi.h"
#include "parse-util.h"
#include "proc-text.h"
#include "secrets.h"

#define ISCSI_CONFIGURATION "/etc/iscsi"
#define SECRETS_USEC (5 * USEC_PER_SEC)
#define ARGUMENTS_MAX 20U
#define SETTINGS_MAX 16U

/* ---- open-iscsi's tool ---- */

static int tool_into(int out_fd, sd_bus_error *error, const char *const *words) {
        const char *argv[ARGUMENTS_MAX + 1] = {"iscsiadm"};
        _cleanup_error_ sd_bus_error said = SD_BUS_ERROR_NULL;
        size_t n = 1;
        int r;

        while (*words && n < ARGUMENTS_MAX)
                argv[n++] = *words++;
        argv[n] = NULL;
        r = heir_run_output(argv, "iscsiadm", out_fd, &said);
        return r < 0 ? iscsi_failure(r, said.message, error) : 0;
}
#define tool(error, ...) tool_into(SPAWN_NULL, error, (const char *const[]){__VA_ARGS__, NULL})

/* ---- its records ---- */

/* In one piece, root's alone. The text beside it is not in a directory the tool looks into. */
static int record_write(const char *path, const char *text) {
        static const char temporary[] = ISCSI_CONFIGURATION "/.rhv-record";
        const size_t size = strlen(text);
        _cleanup_close_ int fd = -EBADF;
        int r = 0;

        (void) unlink(temporary);
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        if (write(fd, text, size) != (ssize_t)size || fsync(fd) < 0 || rename(temporary, path) < 0)
                r = errno ? -errno : -EIO;
        if (r < 0)
                (void) unlink(temporary);
        return r;
}

static int record_change(const char *path, const IscsiSetting *settings, size_t n, sd_bus_error *error) {
        char *text = proc_read(path), *changed = text ? iscsi_record_set(text, settings, n) : NULL;
        int r;

        r = changed ? record_write(path, changed) : text ? -ENOMEM : -ENOENT;
        if (changed)
                secret_free(changed, strlen(changed));
        if (text)
                secret_free(text, strlen(text));
        return r < 0 ? bus_error_errno(error, r, "Cannot write the record of open-iscsi, %s", path) : 0;
}

static char *find_record(const char *pattern) {
        glob_t found = {};
        struct stat st;
        char *path = NULL;

        if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
                for (size_t i = 0; i < found.gl_pathc && !path; i++)
                        if (lstat(found.gl_pathv[i], &st) == 0 && S_ISREG(st.st_mode))
                                path = strdup(found.gl_pathv[i]);
        globfree(&found);
        return path;
}

/* The record of a target at a portal, of the default interface: a file where its group is not known, else one in a directory with the group in its name. Return:
 * new string, NULL where there is none. */
static char *node_record(const char *target, const char *portal) {
        static const char *const endings[] = {"", ",*/default", ",*"};
        _cleanup_free_ char *record = iscsi_portal_record(portal);
        char pattern[PATH_MAX], *path = NULL;

        for (size_t i = 0; record && i < ELEMENTSOF(endings) && !path; i++)
                if (snprintf(pattern, sizeof(pattern), ISCSI_CONFIGURATION "/nodes/%s/%s%s", target, record, endings[i]) < (int)sizeof(pattern))
                        path = find_record(pattern);
        return path;
}

/* ---- secrets ---- */

static int secrets_read_fd(int fd, Secrets **ret, sd_bus_error *error) {
        char *bytes = malloc(SECRETS_BYTES_MAX + 1);
        const uint64_t until = monotonic_usec() + SECRETS_USEC;
        size_t size = 0;
        int r = bytes ? 0 : -ENOMEM;

        while (r == 0 && size <= SECRETS_BYTES_MAX) {
                struct pollfd wait = {.fd = fd, .events = POLLIN};
                const uint64_t now = monotonic_usec();
                ssize_t n;

                if (now >= until || poll(&wait, 1, (int)((until - now) / 1000)) <= 0) {
                        r = sd_bus_error_set(error, RHV_ERROR_TIMEOUT, "The secrets did not end");
                        break;
                }
                n = read(fd, bytes + size, SECRETS_BYTES_MAX + 1 - size);
                if (n <= 0) {
                        r = n < 0 ? -errno : 0;
                        break;
                }
                size += (size_t)n;
        }
        if (r >= 0)
                r = secrets_parse(bytes, size, ret, error);
        secret_free(bytes, size);
        return r;
}

static const char *secret_of(const Secrets *secrets, const char *name) {
        for (size_t i = 0; i < secrets->n; i++)
                if (streq(secrets->items[i].name, name))
                        return secrets->items[i].value;
        return NULL;
}

/* user and password stand together or not at all. */
static int read_password(const json_t *request, int fd, Secrets **ret, const char **ret_password, sd_bus_error *error) {
        const char *user = dict_string(request, "user", NULL);
        int r;

        r = fd < 0 ? -EBADMSG : secrets_read_fd(fd, ret, error);
        if (r < 0)
                return r;
        *ret_password = secret_of(*ret, "password");
        if ((*ret)->n > (*ret_password ? 1U : 0U))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The only secret there is, is called password");
        if (!user != !*ret_password)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, user ? "There is a user, but no password" : "There is a password, but no user");
        return 0;
}

static size_t authentication(const char *kind, const char *user, const char *password, IscsiSetting *settings) {
        const bool node = streq(kind, "node");

        settings[0] = (IscsiSetting){node ? "node.session.auth.authmethod" : "discovery.sendtargets.auth.authmethod", password ? "CHAP" : "None"};
        settings[1] = (IscsiSetting){node ? "node.session.auth.username" : "discovery.sendtargets.auth.username", user};
        settings[2] = (IscsiSetting){node ? "node.session.auth.password" : "discovery.sendtargets.auth.password", password};
        return 3;
}

/* ---- the work ---- */

static int discover(const char *portal, const char *user, const char *password, int *ret_fd, sd_bus_error *error) {
        _cleanup_free_ char *record = iscsi_portal_record(portal), *path = NULL;
        _cleanup_close_ int out = memfd_create("targets", MFD_CLOEXEC);
        IscsiSetting settings[SETTINGS_MAX];
        size_t n;
        int r;

        if (!record || asprintf(&path, ISCSI_CONFIGURATION "/send_targets/%s/st_config", record) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        if (out < 0)
                return -errno;
        n = authentication("discovery", user, password, settings);
        /* one who asks waits for the answer */
        settings[n++] = (IscsiSetting){"discovery.sendtargets.reopen_max", "1"};
        settings[n++] = (IscsiSetting){"discovery.sendtargets.timeo.login_timeout", "15"};
        r = tool(error, "-m", "discoverydb", "-t", "sendtargets", "-p", portal, "-o", "new");
        if (r >= 0)
                r = record_change(path, settings, n, error);
        if (r >= 0)
                r = tool_into(out, error, (const char *const[]){"-m", "discoverydb", "-t", "sendtargets", "-p", portal, "-o", "nonpersistent", "--discover", NULL});
        /* nothing of it is kept, least of all the password */
        (void) tool(NULL, "-m", "discoverydb", "-t", "sendtargets", "-p", portal, "-o", "delete");
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(out);
        return 0;
}

static int login(const char *target, const char *portal, const char *user, const char *password, unsigned recovery_sec, sd_bus_error *error) {
        _cleanup_free_ char *path = node_record(target, portal);
        const bool known = path;
        IscsiSetting settings[SETTINGS_MAX];
        char recovery[16];
        size_t n;
        int r = 0;

        if (!known) {
                r = tool(error, "-m", "node", "-T", target, "-p", portal, "-o", "new");
                path = r >= 0 ? node_record(target, portal) : NULL;
        }
        if (r >= 0 && !path)
                r = sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "open-iscsi made no record of %s at %s", target, portal);
        if (r < 0)
                return r;
        (void) snprintf(recovery, sizeof(recovery), "%u", recovery_sec);
        n = authentication("node", user, password, settings);
        settings[n++] = (IscsiSetting){"node.startup", "automatic"};
        settings[n++] = (IscsiSetting){"node.session.timeo.replacement_timeout", recovery};
        settings[n++] = (IscsiSetting){"node.session.initial_login_retry_max", "2"};
        settings[n++] = (IscsiSetting){"node.conn[0].timeo.noop_out_interval", "5"};
        settings[n++] = (IscsiSetting){"node.conn[0].timeo.noop_out_timeout", "5"};
        r = record_change(path, settings, n, error);
        if (r >= 0)
                r = tool(error, "-m", "node", "-T", target, "-p", portal, "--login");
        if (r == -EISCONN)
                r = 0;
        if (r < 0 && !known)
                (void) tool(NULL, "-m", "node", "-T", target, "-p", portal, "-o", "delete");
        if (r >= 0)
                sd_bus_error_free(error);
        return r;
}

static int logout(const char *target, const char *portal, sd_bus_error *error) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = tool(error, "-m", "node", "-T", target, "-p", portal, "--logout");
        path = node_record(target, portal);
        if (r < 0 && r != -ENOENT)
                return r;
        sd_bus_error_free(error);
        return path ? tool(error, "-m", "node", "-T", target, "-p", portal, "-o", "delete") : 0;
}

static int serve(const json_t *request, int fd, int *ret_fd, sd_bus_error *error) {
        const char *verb = dict_string(request, "do", ""), *target = dict_string(request, "target", NULL), *portal = dict_string(request, "portal", ""),
                   *user = dict_string(request, "user", NULL), *password = NULL;
        _cleanup_(secrets_freep) Secrets *secrets = NULL;
        const int64_t recovery = dict_integer(request, "recovery", 0);
        int r;

        if (!iscsi_portal_is_valid(portal) || !strrchr(portal, ':') || (target && !iscsi_name_is_valid(target)) || recovery < 0 || recovery > INT_MAX ||
            (user && !label_is_valid(user, SECRET_VALUE_MAX)))
                return -EBADMSG;
        if (target && streq(verb, "logout"))
                return logout(target, portal, error);
        r = read_password(request, fd, &secrets, &password, error);
        if (r < 0)
                return r;
        if (streq(verb, "discover"))
                return discover(portal, user, password, ret_fd, error);
        return target && streq(verb, "login") ? login(target, portal, user, password, (unsigned)recovery, error) : -EBADMSG;
}

int main(void) {
        return helper_main(ISCSI_HELPER, serve);
}
