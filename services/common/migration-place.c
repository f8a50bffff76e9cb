/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "migration-place.h"

#include <stdio.h>
#include <sys/stat.h>

static const char *const migration_channel_table[] = {
        [MIGRATION_LIBVIRT] = "libvirt",
        [MIGRATION_MEMORY] = "memory",
};
DEFINE_STRING_TABLE(migration_channel, MigrationChannel, _MIGRATION_CHANNEL_MAX)

char *migration_base(const char *runtime_directory) {
        const char *slash = strrchr(runtime_directory, '/');
        char *path;

        return asprintf(&path, "%.*s/migration", slash ? (int)(slash - runtime_directory) : 0, runtime_directory) < 0 ? NULL : path;
}

char *migration_directory(const char *base, const char *vm) {
        char *path;

        return asprintf(&path, "%s/%s", base, vm) < 0 ? NULL : path;
}

char *migration_socket(const char *base, const char *vm, MigrationChannel channel) {
        char *path;

        return asprintf(&path, "%s/%s/%s", base, vm, migration_channel_to_string(channel)) < 0 ? NULL : path;
}

void migration_place_remove(const char *base, const char *vm) {
        _cleanup_free_ char *directory = migration_directory(base, vm);

        for (int channel = 0; channel < _MIGRATION_CHANNEL_MAX; channel++) {
                _cleanup_free_ char *socket = migration_socket(base, vm, (MigrationChannel)channel);

                if (socket)
                        (void) unlink(socket);
        }
        if (directory)
                (void) rmdir(directory);
}

int migration_place_make(const char *base, const char *vm) {
        _cleanup_free_ char *directory = migration_directory(base, vm);

        if (!directory)
                return -ENOMEM;
        migration_place_remove(base, vm);
        return mkdir(directory, 0700) < 0 ? -errno : 0;
}
