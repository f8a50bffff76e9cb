/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "proc-text.h"

#include <fcntl.h>

#define PROC_TEXT_MAX (4 * MIB)
#define PROC_TEXT_PIECE 65536U

char *proc_read(const char *path) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        size_t length = 0, room = 0;

        while (fd >= 0 && length < PROC_TEXT_MAX) {
                ssize_t n;

                if (room - length < 4096) {
                        char *more = realloc(text, room + PROC_TEXT_PIECE);

                        if (!more)
                                return NULL;
                        text = more;
                        room += PROC_TEXT_PIECE;
                }
                n = read(fd, text + length, room - length - 1);
                if (n <= 0)
                        break;
                length += (size_t)n;
        }
        if (text)
                text[length] = 0;
        return TAKE_PTR(text);
}
