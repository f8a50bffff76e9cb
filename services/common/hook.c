/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "hook.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "bus-error.h"
#include "log.h"
#include "parse-util.h"
#include "state-file.h"
#include "unit.h"

/* A unit that ended well leaves nothing in systemd: the shell around the hook writes its status beside the file, and catches its words. */
#define HOOK_SHELL "/bin/sh"
#define HOOK_SCRIPT "\"$1\" 2> \"$2.err\"; r=$?; echo $r > \"$2.status\"; exit $r"
#define HOOK_WORDS_MAX 400U
#define HOOK_NAME_MAX 128U

struct HookRun {
        sd_bus *bus;
        char *point, *file, *variable;
        json_t *hooks;
        size_t next;
        char unit[64];
        UnitWatch *watch;
        sd_bus_slot *starting;
        sd_event_source *patience;
        bool failed, cancelled;
        char *reason;
        hook_done_t done;
        void *userdata;
};

/* ---- which ---- */

/* What root put there and nobody else can change, and no leftover of an editor or a package manager. */
static bool is_hook(int directory, const char *name, const char *path) {
        struct stat st;

        if (name[0] == '.' || strlen(name) > HOOK_NAME_MAX || name[strlen(name) - 1] == '~')
                return false;
        if (fstatat(directory, name, &st, 0) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
                return false;
        if (st.st_uid == geteuid() && !(st.st_mode & 0022))
                return true;
        log_warning("The hook %s is not run: it must belong to root, and nobody else may write it", path);
        return false;
}

static int add_directory(json_t *named, const char *root, const char *point) {
        char path[PATH_MAX];
        const struct dirent *entry;
        DIR *directory;

        if ((size_t)snprintf(path, sizeof path, "%s/%s", root, point) >= sizeof path)
                return -ENAMETOOLONG;
        directory = opendir(path);
        if (!directory)
                return 0;
        while ((entry = readdir(directory))) {
                char full[PATH_MAX];

                if ((size_t)snprintf(full, sizeof full, "%s/%s", path, entry->d_name) < sizeof full && is_hook(dirfd(directory), entry->d_name, full))
                        (void) json_object_set_new(named, entry->d_name, json_string(full)); /* not UTF-8: no hook */
        }
        closedir(directory);
        return 0;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

json_t *hook_list(const char *const *roots, const char *point) {
        static const char *const standard[] = { HOOK_DIRECTORY_VDSM, HOOK_DIRECTORY, NULL };
        _cleanup_json_ json_t *named = json_object(), *list = json_array();
        _cleanup_free_ const char **names = NULL;
        const char *name;
        json_t *path;
        size_t n = 0;

        for (const char *const *root = roots ?: standard; named && *root; root++)
                (void) add_directory(named, *root, point);
        names = calloc(json_object_size(named) + 1, sizeof *names);
        if (!names || !list)
                return NULL;
        json_object_foreach(named, name, path)
                names[n++] = name;
        qsort(names, n, sizeof *names, compare_names);
        for (size_t i = 0; i < n; i++)
                if (json_array_append(list, json_object_get(named, names[i])) < 0)
                        return NULL;
        return TAKE_PTR(list);
}

void hook_judge(int status, bool *ret_failed, bool *ret_go_on) {
        *ret_failed = status != 0;
        *ret_go_on = status != 2;
}

/* ---- files ---- */

/* New, NULL with errno set. */
static char *read_text(const char *path, size_t max) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        _cleanup_free_ char *text = malloc(max + 1);
        size_t size = 0;
        ssize_t n = 0;

        if (fd < 0 || !text)
                return NULL;
        while (size < max && (n = read(fd, text + size, max - size)) > 0)
                size += (size_t)n;
        if (n < 0)
                return NULL;
        if (size == max) {
                errno = EFBIG;
                return NULL;
        }
        text[size] = 0;
        return TAKE_PTR(text);
}

static int write_text(const char *path, const char *text) {
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        size_t size = strlen(text);

        if (fd < 0)
                return -errno;
        while (size > 0) {
                ssize_t n = write(fd, text, size);

                if (n < 0)
                        return -errno;
                text += n;
                size -= (size_t)n;
        }
        return 0;
}

static char *beside(const HookRun *run, const char *suffix) {
        char *path;

        return asprintf(&path, "%s.%s", run->file, suffix) < 0 ? NULL : path;
}

static void remove_beside(const HookRun *run, const char *suffix) {
        _cleanup_free_ char *path = beside(run, suffix);

        if (path)
                (void) unlink(path);
}

/* -1: the shell wrote none. */
static int read_status(const HookRun *run) {
        _cleanup_free_ char *path = beside(run, "status"), *text = path ? read_text(path, 16) : NULL;
        uint32_t status;

        if (!text)
                return -1;
        text[strcspn(text, "\n")] = 0;
        return parse_u32(text, &status) < 0 || status > UINT8_MAX ? -1 : (int)status;
}

/* The last words on stderr in one line; "" when there are none. New. */
static char *read_words(const HookRun *run) {
        _cleanup_free_ char *path = beside(run, "err"), *text = path ? read_text(path, 64 * KIB) : NULL;
        char *start = text;
        size_t length;

        if (!text)
                return strdup("");
        length = strlen(text);
        while (length > 0 && strchr(" \t\n", text[length - 1]))
                text[--length] = 0;
        if (length > HOOK_WORDS_MAX)
                start += length - HOOK_WORDS_MAX;
        for (char *p = start; *p; p++) /* a bus message is UTF-8, and of one line */
                if (*p < ' ' || *p == 0x7f)
                        *p = ' ';
        return strdup(start);
}

/* ---- one after the other ---- */

static void run_next(HookRun *run);

static void run_finish(HookRun *run) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        hook_done_t done = run->done;
        void *userdata = run->userdata;
        int r = 0;

        if (run->cancelled)
                r = -ECANCELED;
        else if (run->failed)
                r = sd_bus_error_setf(&error, RHV_ERROR_HOOK_FAILED, "%s", run->reason ?: "A hook failed");
        else {
                text = read_text(run->file, HOOK_TEXT_BYTES_MAX);
                if (!text)
                        r = sd_bus_error_setf(&error, RHV_ERROR_HOOK_FAILED, "What the hooks of %s left cannot be read: %s", run->point, strerror(errno));
        }
        hook_run_free(run);
        done(userdata, r, text, &error);
}

_printf_(2, 3) static void run_failed(HookRun *run, const char *format, ...) {
        va_list arguments;

        run->failed = true;
        free(run->reason);
        va_start(arguments, format);
        if (vasprintf(&run->reason, format, arguments) < 0)
                run->reason = NULL;
        va_end(arguments);
}

static void on_ended(UnitWatch *watch, const UnitResult *result, void *userdata) {
        HookRun *run = userdata;
        const char *path = json_string_value(json_array_get(run->hooks, run->next - 1));
        _cleanup_free_ char *words = NULL;
        bool failed, go_on;
        int status = read_status(run);

        run->watch = unit_watch_free(run->watch);
        (void) sd_event_source_set_enabled(run->patience, SD_EVENT_OFF);
        if (result->known)
                (void) unit_release(run->bus, run->unit);
        hook_judge(status, &failed, &go_on);
        if (failed && !run->cancelled) {
                words = read_words(run);
                if (status < 0)
                        run_failed(run, "The hook %s was killed (%s)", path, result->known ? result->result : "no status");
                else
                        run_failed(run, "The hook %s failed: %s", path, isempty(words) ? "it says nothing" : words);
                log_warning("%s (status %d)", run->reason ?: "A hook failed", status);
        }
        if (go_on && !run->cancelled)
                run_next(run);
        else
                run_finish(run);
}

static int on_patience(sd_event_source *source, uint64_t usec, void *userdata) {
        HookRun *run = userdata;

        log_warning("The hook unit %s does not end", run->unit);
        (void) unit_stop(run->bus, run->unit);
        run->watch = unit_watch_free(run->watch);
        run->starting = sd_bus_slot_unref(run->starting);
        run_failed(run, "A hook of %s does not end (%s)", run->point, run->unit);
        run_finish(run);
        return 0;
}

static void on_started(int r, const sd_bus_error *error, void *userdata) {
        HookRun *run = userdata;

        run->starting = sd_bus_slot_unref(run->starting);
        if (r >= 0)
                r = unit_watch_new(run->bus, run->unit, on_ended, run, &run->watch);
        if (r >= 0 && run->cancelled)
                (void) unit_stop(run->bus, run->unit);
        if (r >= 0)
                return;
        run_failed(run, "A hook of %s cannot be started: %s", run->point, error && error->message ? error->message : strerror(-r));
        run_finish(run);
}

static int run_start(HookRun *run, const char *path) {
        _cleanup_free_ char *variable = NULL, *description = NULL;
        const char *argv[] = { HOOK_SHELL, "-c", HOOK_SCRIPT, "rhv-hook", path, run->file, NULL };
        char uuid[UUID_STRING_MAX];
        int r;

        remove_beside(run, "status");
        remove_beside(run, "err");
        r = uuid_generate(uuid);
        if (r < 0)
                return r;
        (void) snprintf(run->unit, sizeof run->unit, "rhv-hook-%s.service", uuid);
        if (asprintf(&variable, "%s=%s", run->variable, run->file) < 0 || asprintf(&description, "RHV hook %s", path) < 0)
                return -ENOMEM;
        const char *environment[] = { variable, "LC_ALL=C.UTF-8", NULL };
        const UnitSpec unit = {
                .name = run->unit,
                .description = description,
                .slice = "rhv.slice",
                .argv = argv,
                .environment = environment,
        };

        return unit_start(run->bus, &unit, on_started, run, &run->starting);
}

static void run_next(HookRun *run) {
        const char *path = json_string_value(json_array_get(run->hooks, run->next));
        int r;

        if (!path) {
                run_finish(run);
                return;
        }
        run->next++;
        (void) sd_event_source_set_time_relative(run->patience, HOOK_PATIENCE_USEC);
        (void) sd_event_source_set_enabled(run->patience, SD_EVENT_ONESHOT);
        r = run_start(run, path);
        if (r < 0) {
                run_failed(run, "The hook %s cannot be started: %s", path, strerror(-r));
                run_finish(run);
        }
}

static int on_begin(sd_event_source *source, uint64_t usec, void *userdata) {
        HookRun *run = userdata;

        return run->next == 0 ? (run_next(run), 0) : on_patience(source, usec, userdata);
}

/* ---- life ---- */

static int run_prepare(HookRun *run, const HookSpec *spec) {
        char uuid[UUID_STRING_MAX];
        int r;

        r = make_directory(spec->directory, 0700);
        if (r >= 0)
                r = uuid_generate(uuid);
        if (r < 0)
                return r;
        run->point = strdup(spec->point);
        run->variable = strdup(spec->variable);
        if (!run->point || !run->variable || asprintf(&run->file, "%s/%s", spec->directory, uuid) < 0)
                return -ENOMEM;
        return write_text(run->file, spec->text);
}

int hook_run_start(sd_bus *bus, sd_event *event, const HookSpec *spec, HookRun **ret) {
        _cleanup_(hook_run_freep) HookRun *run = NULL;
        _cleanup_json_ json_t *hooks = hook_list(spec->roots, spec->point);
        int r;

        if (!hooks)
                return -ENOMEM;
        if (json_array_size(hooks) == 0)
                return 0;
        if (json_array_size(hooks) > HOOKS_MAX)
                return -E2BIG;
        run = calloc(1, sizeof *run);
        if (!run)
                return -ENOMEM;
        run->bus = sd_bus_ref(bus);
        run->hooks = TAKE_PTR(hooks);
        run->done = spec->done;
        run->userdata = spec->userdata;
        r = run_prepare(run, spec);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &run->patience, CLOCK_MONOTONIC, 0, 0, on_begin, run);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(run);
        return 1;
}

void hook_run_cancel(HookRun *run) {
        run->cancelled = true;
        if (run->watch)
                (void) unit_stop(run->bus, run->unit);
}

HookRun *hook_run_free(HookRun *run) {
        if (!run)
                return NULL;
        if (run->watch || run->starting)
                (void) unit_stop(run->bus, run->unit);
        unit_watch_free(run->watch);
        sd_bus_slot_unref(run->starting);
        sd_event_source_disable_unref(run->patience);
        if (run->file) {
                (void) unlink(run->file);
                remove_beside(run, "status");
                remove_beside(run, "err");
        }
        sd_bus_unref(run->bus);
        json_decref(run->hooks);
        free(run->point);
        free(run->variable);
        free(run->file);
        free(run->reason);
        free(run);
        return NULL;
}
