/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Ownership by attribute: `_cleanup_(xp) X *x = NULL;` frees on every way out of a scope, TAKE_PTR()
 * hands over. Nothing here allocates or can fail.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

/* unused: clang calls an owner that only frees at the end of its scope an unused variable */
#define _cleanup_(function) __attribute__((__cleanup__(function), __unused__))
#define _printf_(text, first) __attribute__((__format__(__printf__, text, first)))
#define _unused_ __attribute__((unused))
#define _sentinel_ __attribute__((sentinel))
#define _const_ __attribute__((const))
#define _pure_ __attribute__((pure))

#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))

#define CONTAINER_OF(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* The value of an owner, which then owns nothing. */
#define TAKE_PTR(pointer)                     \
        ({                                    \
                __typeof__(pointer) *_p = &(pointer); \
                __typeof__(pointer) _v = *_p; \
                *_p = NULL;                   \
                _v;                           \
        })

#define TAKE_FD(fd)         \
        ({                  \
                int *_p = &(fd); \
                int _v = *_p; \
                *_p = -EBADF; \
                _v;         \
        })

/* Defines functionp(), fit for _cleanup_(), from a destructor that takes the pointer. */
#define DEFINE_CLEANUP(type, function)                    \
        static inline _unused_ void function##p(type *p) { \
                if (*p)                                   \
                        function(*p);                     \
        }

static inline _unused_ void freep(void *p) {
        free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(freep)

/* Closes if open, keeps errno, returns -EBADF: `fd = safe_close(fd)`. */
static inline _unused_ int safe_close(int fd) {
        if (fd >= 0) {
                int saved = errno;
                (void) close(fd);
                errno = saved;
        }
        return -EBADF;
}
static inline _unused_ void closep(int *fd) {
        safe_close(*fd);
}
#define _cleanup_close_ _cleanup_(closep)

#define _cleanup_json_ _cleanup_(json_decrefp)
#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)
#define _cleanup_error_ _cleanup_(sd_bus_error_free)

static inline _unused_ bool streq(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}
/* Both may be NULL; two NULLs are equal. */
static inline _unused_ bool streq_ptr(const char *a, const char *b) {
        return a == b || (a && b && strcmp(a, b) == 0);
}
static inline _unused_ bool isempty(const char *s) {
        return !s || !*s;
}
/* What follows the prefix, or NULL if s does not begin with it. */
static inline _unused_ const char *startswith(const char *s, const char *prefix) {
        size_t length = strlen(prefix);

        return strncmp(s, prefix, length) == 0 ? s + length : NULL;
}

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_INFINITY UINT64_MAX
#define KIB UINT64_C(1024)
#define MIB (UINT64_C(1024) * KIB)
#define GIB (UINT64_C(1024) * MIB)
#define TIB (UINT64_C(1024) * GIB)
