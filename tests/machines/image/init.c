/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * PID 1 of a machine's initrd: loads the modules listed in /modules, mounts /dev/vda, and goes on with the init in there.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROOT "/dev/vda"

static void say(const char *what, const char *which) {
        dprintf(STDERR_FILENO, "initrd: %s %s: %m\n", what, which);
}

static void load_modules(void) {
        char line[256];
        FILE *f = fopen("/modules", "r");

        while (f && fgets(line, sizeof(line), f)) {
                int fd;

                line[strcspn(line, "\n")] = '\0';
                fd = open(line, O_RDONLY | O_CLOEXEC);
                if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0)
                        say("module", line);
                if (fd >= 0)
                        close(fd);
        }
        if (f)
                fclose(f);
}

int main(void) {
        mkdir("/dev", 0755);
        mkdir("/new", 0755);
        mount("dev", "/dev", "devtmpfs", 0, "");
        load_modules();
        for (int i = 0; i < 2000 && access(ROOT, F_OK) < 0; i++)
                usleep(10000);
        if (mount(ROOT, "/new", "ext4", MS_NOATIME, "") < 0)
                say("mount", ROOT);
        mount("/dev", "/new/dev", NULL, MS_MOVE, "");
        if (chdir("/new") < 0 || mount(".", "/", NULL, MS_MOVE, "") < 0 || chroot(".") < 0 || chdir("/") < 0)
                say("enter", "/new");
        execl("/sbin/init", "/sbin/init", NULL);
        say("exec", "/sbin/init");
        pause();
}
