/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sysfs.h"

#include <dirent.h>
#include <stdio.h>

#include "parse-util.h"
#include "proc-text.h"

char *sysfs_text(const char *directory, const char *name) {
        char path[PATH_MAX], *text;

        if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
                return NULL;
        text = proc_read(path);
        if (text)
                text[strcspn(text, "\n")] = '\0';
        return text;
}

int64_t sysfs_number(const char *directory, const char *name, int64_t otherwise) {
        _cleanup_free_ char *text = sysfs_text(directory, name);
        uint64_t value;

        if (!text)
                return otherwise;
        if (streq(text, "off") || *text == '-')
                return SYSFS_NEVER;
        return parse_u64(text, &value) >= 0 && value <= INT64_MAX ? (int64_t)value : otherwise;
}

bool sysfs_find(const char *directory, const char *prefix, char path[static PATH_MAX]) {
        DIR *dir = opendir(directory);
        const struct dirent *entry;
        bool found = false;

        while (!found && dir && (entry = readdir(dir)))
                found = *entry->d_name != '.' && startswith(entry->d_name, prefix) &&
                        snprintf(path, PATH_MAX, "%s/%s", directory, entry->d_name) < PATH_MAX;
        if (dir)
                (void) closedir(dir);
        return found;
}

bool sysfs_find_class(const char *directory, const char *class, char path[static PATH_MAX]) {
        char devices[PATH_MAX];

        return snprintf(devices, sizeof(devices), "%s/%s", directory, class) < (int)sizeof(devices) && sysfs_find(devices, "", path);
}
