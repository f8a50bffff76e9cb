/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent-list.h"

#include <dirent.h>
#include <stdio.h>

/* Installed beside the agents by fence-agents, fence-virt, cman and sanlock. Run as an agent, a daemon might start. */
static const char *const not_agents[] = {
        "fence_ack_manual", "fence_virtd", "fence_node", "fence_tool", "fence_sanlockd", "fence_kdump_send",
};

bool agent_name_is_valid(const char *name) {
        const char *rest = name ? startswith(name, "fence_") : NULL;

        if (isempty(rest) || strlen(name) > AGENT_NAME_MAX)
                return false;
        if (rest[strspn(rest, "abcdefghijklmnopqrstuvwxyz0123456789_")] != 0)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(not_agents); i++)
                if (streq(name, not_agents[i]))
                        return false;
        return true;
}

int agent_find(const char *directory, const char *name, char **ret_path, struct stat *ret_stat) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/%s", directory, name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        if (stat(path, ret_stat) < 0)
                return -errno;
        if (!S_ISREG(ret_stat->st_mode) || !(ret_stat->st_mode & 0111))
                return -ENOENT;

        *ret_path = TAKE_PTR(path);
        return 0;
}

static int only_names(const struct dirent *entry) {
        return agent_name_is_valid(entry->d_name);
}

static int by_bytes(const struct dirent **a, const struct dirent **b) {
        return strcmp((*a)->d_name, (*b)->d_name);
}

static int append_if_program(json_t *list, const char *directory, const char *name) {
        _cleanup_free_ char *path = NULL;
        struct stat st;

        if (agent_find(directory, name, &path, &st) < 0 || json_array_size(list) >= AGENT_LIST_MAX)
                return 0;
        return json_array_append_new(list, json_string(name)) < 0 ? -ENOMEM : 0;
}

int agent_list(const char *directory, json_t **ret) {
        _cleanup_json_ json_t *list = json_array();
        struct dirent **entries;
        int n, r = 0;

        if (!list)
                return -ENOMEM;
        n = scandir(directory, &entries, only_names, by_bytes);
        if (n < 0)
                return -errno;
        for (int i = 0; i < n; i++) {
                if (r >= 0)
                        r = append_if_program(list, directory, entries[i]->d_name);
                free(entries[i]);
        }
        free(entries);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(list);
        return 0;
}
