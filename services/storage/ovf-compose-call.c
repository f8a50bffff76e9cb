/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Both ends of "rhv-ovf compose", which holds what was written by others away from who may write to a shared domain:
 *
 *      rhv-structural ──question, as a file──> rhv-ovf compose, as 36:36 ──answer, as a file──> rhv-structural
 *
 * Each is a line of JSON, then a 0, then a tar. What comes back is taken for anything.
 */

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bus-error.h"
#include "config.h"
#include "dict.h"
#include "heir.h"
#include "io-util.h"
#include "ovf-compose.h"
#include "ovf-store.h"
#include "storage-identity.h"

/* The definitions of one call, or every volume of a large domain, many times over. */
#define QUESTION_BYTES_MAX (128 * MIB)

void ovf_composed_clear(OvfComposed *composed) {
        free(composed->tar);
        json_decref(composed->skipped);
        *composed = (OvfComposed){};
}

/* ---- files ---- */

static int put(int fd, const json_t *words, const void *tar, size_t tar_size) {
        _cleanup_free_ char *text = words ? json_dumps(words, JSON_COMPACT) : NULL;
        int r;

        if (!text)
                return -ENOMEM;
        r = write_all(fd, text, strlen(text) + 1);
        return r >= 0 && tar_size > 0 ? write_all(fd, tar, tar_size) : r;
}

/* ret_tar: borrowed from ret_data; NULL where nothing follows. Return: 0; -EBADMSG; -EFBIG; another errno. */
static int get(int fd, size_t bytes_max, char **ret_data, json_t **ret_words, const char **ret_tar, size_t *ret_size) {
        _cleanup_free_ char *data = NULL;
        const char *end;
        struct stat st;
        size_t n = 0;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_size < 0 || (uint64_t)st.st_size > bytes_max)
                return -EFBIG;
        data = malloc((size_t)st.st_size + 1);
        if (!data)
                return -ENOMEM;
        while (n < (size_t)st.st_size) {
                ssize_t k = pread(fd, data + n, (size_t)st.st_size - n, (off_t)n);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0)
                        return k < 0 ? -errno : -EBADMSG;
                n += (size_t)k;
        }
        end = memchr(data, '\0', n);
        if (!end)
                return -EBADMSG;
        *ret_words = json_loadb(data, (size_t)(end - data), JSON_REJECT_DUPLICATES, NULL);
        if (!*ret_words)
                return -EBADMSG;
        *ret_size = n - (size_t)(end - data) - 1;
        *ret_tar = *ret_size > 0 ? end + 1 : NULL;
        *ret_data = TAKE_PTR(data);
        return 0;
}

/* ---- volumes ---- */

static json_t *pack_record(const VolumeRecord *record) {
        const VolumeMetadata *m = &record->metadata;

        if (record->problem)
                return json_pack("{s:s, s:s}", "id", record->id, "problem", record->problem);
        return json_pack("{s:s, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", record->id, "true_size", (json_int_t)record->true_size_bytes, "capacity",
                         (json_int_t)m->capacity_bytes, "created", (json_int_t)m->created_sec, "description", m->description, "image", m->image, "parent", m->parent, "format",
                         volume_format_to_string(m->format), "allocation", volume_allocation_to_string(m->allocation), "legality", volume_legality_to_string(m->legality),
                         "role", volume_role_to_string(m->role));
}

static json_t *pack_lists(const VolumeList *lists, size_t n) {
        json_t *all = json_object();

        for (size_t i = 0; all && i < n; i++) {
                json_t *volumes = json_array();
                int r = json_object_set_new(all, lists[i].image, volumes);

                for (size_t k = 0; r >= 0 && k < lists[i].n; k++)
                        r = json_array_append_new(volumes, pack_record(&lists[i].records[k]));
                if (r < 0) {
                        json_decref(all);
                        return NULL;
                }
        }
        return all;
}

static bool copy_id(char ret[static UUID_STRING_MAX], const char *id) {
        if (!uuid_is_valid(id))
                return false;
        memcpy(ret, id, UUID_STRING_MAX);
        return true;
}

static int read_record(const json_t *object, VolumeList *list) {
        const char *problem = dict_string(object, "problem", NULL), *id = dict_string(object, "id", "");
        VolumeRecord *record = uuid_is_valid(id) ? volume_list_add(list, id) : NULL;
        VolumeMetadata *m;

        if (!record)
                return uuid_is_valid(id) ? -ENOMEM : -EBADMSG;
        if (problem) {
                record->problem = strdup(problem);
                return record->problem ? 0 : -ENOMEM;
        }
        m = &record->metadata;
        record->true_size_bytes = (uint64_t)dict_integer(object, "true_size", 0);
        *m = (VolumeMetadata){ .capacity_bytes = (uint64_t)dict_integer(object, "capacity", 0), .created_sec = (uint64_t)dict_integer(object, "created", 0),
                               .format = volume_format_from_string(dict_string(object, "format", "")),
                               .allocation = volume_allocation_from_string(dict_string(object, "allocation", "")),
                               .legality = volume_legality_from_string(dict_string(object, "legality", "")), .role = volume_role_from_string(dict_string(object, "role", "")) };
        (void) snprintf(m->description, sizeof(m->description), "%s", dict_string(object, "description", ""));
        return copy_id(m->image, dict_string(object, "image", "")) && copy_id(m->parent, dict_string(object, "parent", "")) && (int)m->format >= 0 && (int)m->allocation >= 0 &&
                                       (int)m->legality >= 0 && (int)m->role >= 0
                               ? 0
                               : -EBADMSG;
}

static int read_lists(const json_t *all, VolumeLists *ret) {
        const char *image;
        json_t *volumes;
        int r = 0;

        ret->lists = calloc(json_object_size(all) + 1, sizeof(*ret->lists));
        if (!ret->lists)
                return -ENOMEM;
        json_object_foreach((json_t *)all, image, volumes) {
                VolumeList *list = &ret->lists[ret->n++];
                json_t *volume;
                size_t i;

                if (!copy_id(list->image, image))
                        return -EBADMSG;
                json_array_foreach(volumes, i, volume)
                        if (r >= 0)
                                r = read_record(volume, list);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- asking ---- */

static int run(int in_fd, int out_fd, sd_bus_error *error) {
        const char *argv[STORAGE_IDENTITY_ARGUMENTS + 3];
        SpawnSpec spec = { .argv = argv, .stdin_fd = in_fd, .stdout_fd = out_fd, .stderr_fd = SPAWN_INHERIT, .lease_fd = SPAWN_INHERIT };
        size_t n = storage_identity_argv(argv, geteuid() == 0);
        int r, status;
        pid_t pid;

        argv[n++] = RHV_LIBEXEC_DIR "/rhv-ovf";
        argv[n++] = "compose";
        argv[n] = NULL;
        r = spawn_heir(&spec, &pid);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot run rhv-ovf");
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        if (WIFEXITED(status))
                return 0; /* what it answered says how it went */
        sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "rhv-ovf was ended by signal %d", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        return -EIO;
}

int ovf_answer_read(int fd, OvfComposed *ret, sd_bus_error *error) {
        _cleanup_json_ json_t *words = NULL;
        _cleanup_free_ char *data = NULL;
        const char *tar = NULL, *name;
        size_t size = 0;
        int r;

        r = get(fd, QUESTION_BYTES_MAX + OVF_STORE_BYTES_MAX, &data, &words, &tar, &size);
        name = r >= 0 ? dict_string(words, "error", NULL) : NULL;
        if (name && startswith(name, RHV_ERROR_PREFIX)) {
                (void) sd_bus_error_set(error, name, dict_string(words, "message", "no reason was given"));
                return sd_bus_error_has_name(error, RHV_ERROR_BAD_FORMAT) ? -EBADMSG : -EIO;
        }
        if (r < 0 || name || !tar || size > OVF_STORE_BYTES_MAX || !json_is_array(json_object_get(words, "skipped"))) {
                (void) sd_bus_error_set(error, RHV_ERROR_BACKEND_FAILED, "rhv-ovf answered what cannot be understood");
                return r == -ENOMEM ? r : -EIO;
        }
        ret->tar = malloc(size);
        if (!ret->tar)
                return -ENOMEM;
        memcpy(ret->tar, tar, size);
        ret->size = size;
        ret->definitions = (unsigned)dict_integer(words, "definitions", 0);
        ret->skipped = json_incref(json_object_get(words, "skipped"));
        return 0;
}

int ovf_question_write(int fd, const OvfComposition *in) {
        _cleanup_json_ json_t *words = json_pack("{s:s, s:I, s:O, s:O, s:o}", "domain", in->domain, "now", (json_int_t)in->now_sec, "definitions", in->definitions, "removed",
                                                 in->removed, "volumes", pack_lists(in->lists, in->n_lists));

        return words ? put(fd, words, in->tar, in->tar ? in->tar_size : 0) : -ENOMEM;
}

int ovf_compose_there(const OvfComposition *in, OvfComposed *ret, sd_bus_error *error) {
        _cleanup_close_ int question = memfd_create("ovf-question", MFD_CLOEXEC), answer = memfd_create("ovf-answer", MFD_CLOEXEC);
        int r;

        if (question < 0 || answer < 0)
                return -errno;
        r = ovf_question_write(question, in);
        if (r >= 0 && lseek(question, 0, SEEK_SET) < 0)
                r = -errno;
        if (r >= 0)
                r = run(question, answer, error);
        return r < 0 ? r : ovf_answer_read(answer, ret, error);
}

/* ---- answering ---- */

static int answer_question(int in_fd, ovf_compose_t compose, OvfComposed *ret, sd_bus_error *error) {
        _cleanup_(volume_lists_clear) VolumeLists lists = {};
        _cleanup_json_ json_t *words = NULL;
        _cleanup_free_ char *data = NULL;
        OvfComposition in = {};
        const char *tar = NULL;
        int r;

        r = get(in_fd, QUESTION_BYTES_MAX + OVF_STORE_BYTES_MAX, &data, &words, &tar, &in.tar_size);
        if (r >= 0)
                r = read_lists(json_object_get(words, "volumes"), &lists);
        if (r < 0)
                return r;
        in.tar = tar;
        in.domain = dict_string(words, "domain", "");
        in.lists = lists.lists;
        in.n_lists = lists.n;
        in.definitions = json_object_get(words, "definitions");
        in.removed = json_object_get(words, "removed");
        in.now_sec = (uint64_t)dict_integer(words, "now", 0);
        if (!uuid_is_valid(in.domain) || !json_is_array(in.definitions) || !json_is_array(in.removed))
                return bus_error_errno(error, -EINVAL, "The question cannot be understood");
        return compose(&in, ret, error);
}

int ovf_compose_serve(int in_fd, int out_fd, ovf_compose_t compose) {
        _cleanup_(ovf_composed_clear) OvfComposed composed = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *words = NULL;
        int r, k;

        r = answer_question(in_fd, compose, &composed, &error);
        words = r < 0 ? json_pack("{s:s, s:s}", "error", error.name ?: RHV_ERROR_BACKEND_FAILED, "message", error.message ?: strerror(-r))
                      : json_pack("{s:i, s:O}", "definitions", (int)composed.definitions, "skipped", composed.skipped);
        k = put(out_fd, words, composed.tar, r < 0 ? 0 : composed.size);
        return r < 0 ? r : k;
}
