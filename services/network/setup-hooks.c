/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "setup-hooks.h"

#include <dirent.h>
#include <fcntl.h>

#include "daemon.h"
#include "hook.h"
#include "log.h"
#include "vdsm-request.h"

#define HOOK_VARIABLE "_hook_json"
#define HOOKS_DIRECTORY "/run/rhv/network/hooks"

struct SetupHooksRun {
        Daemon *daemon;
        setup_hooks_done_t done;
        void *userdata;

        HookRun *run;
        char *job;
        bool before;
        json_t *sent, *bonds, *options;
};

static void forget(SetupHooksRun *hooks) {
        free(hooks->job);
        json_decref(hooks->sent);
        json_decref(hooks->bonds);
        json_decref(hooks->options);
        hooks->job = NULL;
        hooks->sent = hooks->bonds = hooks->options = NULL;
}

static void on_before(void *userdata, int r, const char *text, const sd_bus_error *error) {
        SetupHooksRun *hooks = userdata;
        _cleanup_json_ json_t *networks = NULL, *bonds = NULL, *options = json_incref(hooks->options);
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *job = TAKE_PTR(hooks->job);

        hooks->run = NULL;
        if (r >= 0) {
                r = vdsm_request_read(hooks->sent, text, hooks->bonds, &networks, &bonds, &own);
                error = &own;
        }
        forget(hooks);
        hooks->done(hooks->userdata, job, r, networks, bonds, options, error);
}

/* What they say is in the journal already. */
static void on_after(void *userdata, int r, const char *text, const sd_bus_error *error) {
        SetupHooksRun *hooks = userdata;

        hooks->run = NULL;
        forget(hooks);
}

static int begin(SetupHooksRun *hooks, const char *point, const char *job, const json_t *networks, const json_t *bonds, const json_t *options) {
        _cleanup_free_ char *text = NULL;
        HookSpec spec = { .point = point, .variable = HOOK_VARIABLE, .directory = HOOKS_DIRECTORY, .done = hooks->before ? on_before : on_after, .userdata = hooks };
        int r = -ENOMEM;

        hooks->job = strdup(job);
        hooks->sent = vdsm_request_make(networks, bonds);
        hooks->bonds = json_deep_copy(bonds);
        hooks->options = json_incref((json_t *)options);
        text = hooks->sent ? json_dumps(hooks->sent, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
        spec.text = text;
        if (hooks->job && text)
                r = hook_run_start(hooks->daemon->bus, hooks->daemon->event, &spec, &hooks->run);
        if (r <= 0)
                forget(hooks);
        return r;
}

int setup_hooks_before(SetupHooksRun *hooks, const char *job, const json_t *networks, const json_t *bonds, const json_t *options) {
        hooks->before = true;
        return begin(hooks, "before_network_setup", job, networks, bonds, options);
}

void setup_hooks_after(SetupHooksRun *hooks, const char *job, const json_t *networks, const json_t *bonds, int r) {
        const char *point = r >= 0 ? "after_network_setup" : "after_network_setup_fail";

        if (hooks->run)
                return;
        hooks->before = false;
        r = begin(hooks, point, job, networks, bonds, NULL);
        if (r < 0)
                log_warning_errno(r, "The hooks of %s cannot be run", point);
}

const char *setup_hooks_job(const SetupHooksRun *hooks) {
        return hooks->run ? hooks->job : NULL;
}

int setup_hooks_cancel(SetupHooksRun *hooks) {
        if (!hooks->run || !hooks->before)
                return -ESRCH;
        hook_run_cancel(hooks->run);
        return 0;
}

/* What a service that was killed while hooks ran has left. */
static void remove_left_over(void) {
        DIR *directory = opendir(HOOKS_DIRECTORY);
        const struct dirent *entry;

        while (directory && (entry = readdir(directory)))
                if (entry->d_name[0] != '.')
                        (void) unlinkat(dirfd(directory), entry->d_name, 0);
        if (directory)
                closedir(directory);
}

int setup_hooks_new(Daemon *daemon, setup_hooks_done_t done, void *userdata, SetupHooksRun **ret) {
        SetupHooksRun *hooks = calloc(1, sizeof *hooks);

        if (!hooks)
                return -ENOMEM;
        remove_left_over();
        hooks->daemon = daemon;
        hooks->done = done;
        hooks->userdata = userdata;
        *ret = hooks;
        return 0;
}

SetupHooksRun *setup_hooks_free(SetupHooksRun *hooks) {
        if (!hooks)
                return NULL;
        hook_run_free(hooks->run);
        forget(hooks);
        free(hooks);
        return NULL;
}
