/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "io-util.h"

#include <errno.h>
#include <unistd.h>

int write_all(int fd, const void *data, size_t size) {
        for (size_t done = 0; done < size;) {
                ssize_t n = write(fd, (const char *)data + done, size - done);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                done += (size_t)n;
        }
        return 0;
}
