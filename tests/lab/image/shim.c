/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * LD_PRELOAD for sanlock and wdmd on a lab host.
 *
 * A container has no CAP_SYS_RESOURCE, and sanlock exits when it cannot raise RLIMIT_MEMLOCK: say it worked.
 *
 * /dev/watchdog0 may be a plain file there. Its first byte is 'A' when armed and 'V' when disarmed, its
 * modification time is the last keepalive; "lab watchdog" reads both from outside and cuts the power.
 */
#define _GNU_SOURCE
#include <linux/watchdog.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit) {
        syscall(SYS_prlimit64, 0, resource, limit, NULL);
        return 0;
}

int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit) {
        syscall(SYS_prlimit64, 0, resource, limit, NULL);
        return 0;
}

int ioctl(int fd, unsigned long request, ...) {
        static int seconds = 60;
        va_list ap;
        void *arg;

        va_start(ap, request);
        arg = va_arg(ap, void *);
        va_end(ap);

        switch (request) {
        case WDIOC_SETTIMEOUT:
                seconds = *(int *) arg;
                return 0;
        case WDIOC_GETTIMEOUT:
                *(int *) arg = seconds;
                return 0;
        case WDIOC_KEEPALIVE:
                return pwrite(fd, "A", 1, 0) == 1 ? 0 : -1;
        }

        return (int) syscall(SYS_ioctl, fd, request, arg);
}
