/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mount-spec.h"

#include <stdio.h>

/* A request that is not answered is repeated after 5 s, with a linear back-off, and fails after 20 s: so that even where a server's lease time is 90 s, the
 * kernel's default, nothing comes too late for an io_timeout of 10 s (io-queue.h). */
#define NFS_OPTIONS "soft,nosharecache,timeo=50,retrans=3"

bool mount_source_is_valid(const char *what) {
        return !isempty(what) && *what != '-' && strlen(what) <= MOUNT_TEXT_MAX && label_is_valid(what, MOUNT_TEXT_MAX);
}

bool mount_source_is_nfs(const char *what) {
        const char *path = mount_source_is_valid(what) ? strstr(what, ":/") : NULL;

        return path && path > what && !memchr(what, '/', (size_t)(path - what));
}

static bool only(const char *text, const char *more) {
        for (; *text; text++)
                if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') || (*text >= '0' && *text <= '9') || strchr(more, *text)))
                        return false;
        return true;
}

bool mount_options_are_valid(const char *options) {
        return strlen(options) <= MOUNT_TEXT_MAX && only(options, ",=_-.:/@%+[]");
}

bool mount_type_is_valid(const char *type) {
        return !isempty(type) && strlen(type) <= 32 && only(type, "._-") && *type != '-';
}

char *mount_source_normal(const char *what) {
        const char *colon = strstr(what, ":/"), *path = colon ? colon + 1 : what;
        char *normal = strdup(what), *out;

        if (!normal || *path != '/')
                return normal;
        out = normal + (path - what);
        for (const char *p = path; *p; p++)
                if (*p != '/' || p[1] != '/')
                        *out++ = *p;
        if (out[-1] == '/' && out - 1 > normal + (path - what))
                out--;
        *out = '\0';
        return normal;
}

static char *collect(char **text, FILE *f) {
        if (fclose(f) == 0)
                return *text;
        free(*text);
        return NULL;
}

char *mount_point_of(const char *what) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        (void) fputs(MOUNT_ROOT "/", f);
        for (; *what; what++)
                if (*what == '_')
                        (void) fputs("__", f);
                else
                        (void) fputc(*what == '/' ? '_' : *what, f);
        return collect(&text, f);
}

static bool has_word(const char *options, const char *word) {
        size_t n = strlen(word);

        while (*options) {
                size_t length = strcspn(options, ",");

                if (length == n && memcmp(options, word, n) == 0)
                        return true;
                options += length + (options[length] == ',');
        }
        return false;
}

char *mount_nfs_options(const char *version, const char *options) {
        const bool locks = has_word(options, "lock") || has_word(options, "nolock");
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        (void) fputs(NFS_OPTIONS, f);
        /* sanlock is the lock; NFS 3 would ask a daemon of its own. */
        if (!locks && (!version || *version == '3'))
                (void) fputs(",nolock", f);
        if (version)
                (void) fprintf(f, ",vers=%s", version);
        if (*options)
                (void) fprintf(f, ",%s", options);
        return collect(&text, f);
}

char *mount_unit_name(const char *where) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        for (const char *p = where + 1; *p; p++)
                if (*p == '/')
                        (void) fputc('-', f);
                else if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || strchr(":_", *p) ||
                         (*p == '.' && p > where + 1))
                        (void) fputc(*p, f);
                else
                        (void) fprintf(f, "\\x%02x", (unsigned)(unsigned char)*p);
        (void) fputs(".mount", f);
        return collect(&text, f);
}
