/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#define LOG_FIELDS_MAX 24U

static _Atomic int log_level = LOG_INFO;
static _Atomic bool log_to_journal = false;
static const char *log_identifier = "rhv";

void log_set_level(int level) {
        atomic_store(&log_level, level);
}

int log_get_level(void) {
        return atomic_load(&log_level);
}

const char *log_get_target(void) {
        return atomic_load(&log_to_journal) ? "journal" : "console";
}

/* systemd names the device and inode of the stream it connected; only if stderr still is that stream do we
 * speak to the journal behind its back (see systemd.exec(5), $JOURNAL_STREAM). */
static bool stderr_is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat st;

        if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
                return false;

        return fstat(STDERR_FILENO, &st) >= 0 && st.st_dev == device && st.st_ino == inode;
}

void log_open(const char *identifier) {
        log_identifier = identifier;
        atomic_store(&log_to_journal, stderr_is_journal());
}

static bool add_field(struct iovec *iov, size_t *n, const char *name, const char *value) {
        char *field;
        int length;

        if (*n >= LOG_FIELDS_MAX)
                return false;

        length = asprintf(&field, "%s=%s", name, value);
        if (length < 0)
                return false;

        iov[(*n)++] = (struct iovec){ .iov_base = field, .iov_len = (size_t)length };
        return true;
}

static void log_dispatch(int level, int r, const char *message_id, const char *const *fields, const char *text) {
        struct iovec iov[LOG_FIELDS_MAX];
        char number[16];
        size_t n = 0;

        if (!atomic_load(&log_to_journal)) {
                fprintf(stderr, "<%d>%s: %s\n", level, log_identifier, text);
                return;
        }

        (void) snprintf(number, sizeof number, "%d", level);
        add_field(iov, &n, "PRIORITY", number);
        add_field(iov, &n, "SYSLOG_IDENTIFIER", log_identifier);
        add_field(iov, &n, "MESSAGE", text);
        if (message_id)
                add_field(iov, &n, "MESSAGE_ID", message_id);
        if (r < 0) {
                (void) snprintf(number, sizeof number, "%d", -r);
                add_field(iov, &n, "ERRNO", number);
        }
        for (; fields && fields[0]; fields += 2)
                if (fields[1])
                        add_field(iov, &n, fields[0], fields[1]);

        (void) sd_journal_sendv(iov, (int)n);

        for (size_t i = 0; i < n; i++)
                free(iov[i].iov_base);
}

void log_full(int level, const char *message_id, const char *const *fields, const char *format, ...) {
        _cleanup_free_ char *text = NULL;
        va_list arguments;
        int r;

        if (level > log_get_level())
                return;

        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0) {
                text = NULL;
                return;
        }

        log_dispatch(level, 0, message_id, fields, text);
}

int log_full_errno(int level, int r, const char *message_id, const char *const *fields, const char *format, ...) {
        _cleanup_free_ char *what = NULL, *text = NULL;
        va_list arguments;
        char reason[128];
        int k;

        if (level > log_get_level())
                return r;

        va_start(arguments, format);
        k = vasprintf(&what, format, arguments);
        va_end(arguments);
        if (k < 0) {
                what = NULL;
                return r;
        }

        if (asprintf(&text, "%s: %s", what, strerror_r(-r, reason, sizeof reason)) < 0) {
                text = NULL;
                return r;
        }

        log_dispatch(level, r, message_id, fields, text);
        return r;
}
