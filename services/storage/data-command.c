/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "data-command.h"

#include <inttypes.h>
#include <stdio.h>

#include "bus-error.h"
#include "parse-util.h"
#include "storage-identity.h"

void data_command_clear(DataCommand *command) {
        free(command->source);
        free(command->target);
        *command = (DataCommand){};
}

/* ---- nodes ---- */

static json_t *file_node(const DataWork *work, const char *path) {
        return json_pack("{s:s, s:s}", "driver", domain_type_is_block(work->source.type) ? "host_device" : "file", "filename", path);
}

/* A foreign image ends before the volume does; readers of its last bytes must see that. */
static json_t *foreign_node(const DataWork *work, const char *path) {
        json_t *file = file_node(work, path), *node;

        if (file && work->source_bytes != 0)
                file = json_pack("{s:s, s:I, s:o}", "driver", "raw", "size", (json_int_t)work->source_bytes, "file", file);
        node = json_pack("{s:s, s:o}", "driver", work->source_format, "file", file);
        if (node && streq(work->source_format, "vmdk"))
                (void) json_object_set_new(node, "backing", json_null());
        return node;
}

static json_t *chain_node(const DataWork *work, const char *const *paths) {
        json_t *node = NULL;

        for (size_t i = work->n_chain; i-- > 0;) {
                const bool qcow2 = work->chain[i].format == VOLUME_FORMAT_QCOW2;
                json_t *below = node ?: json_null();

                node = json_pack("{s:s, s:o}", "driver", qcow2 ? "qcow2" : "raw", "file", file_node(work, paths[i]));
                /* A device may be larger than its disk. */
                if (node && !qcow2 && i == 0 && (work->kind == DATA_COPY || work->kind == DATA_MEASURE) && domain_type_is_block(work->source.type))
                        (void) json_object_set_new(node, "size", json_integer((json_int_t)work->present_bytes));
                if (!node || !qcow2)
                        json_decref(below);
                else
                        (void) json_object_set_new(node, "backing", below);
                if (!node)
                        return NULL;
        }
        return node;
}

static int set_source(const DataWork *work, const char *const *paths, DataCommand *command) {
        _cleanup_json_ json_t *node = work->source_format[0] ? foreign_node(work, paths[0]) : chain_node(work, paths);
        _cleanup_free_ char *text = node ? json_dumps(node, JSON_COMPACT) : NULL;

        if (!text || asprintf(&command->source, "json:%s", text) < 0) {
                command->source = NULL;
                return -ENOMEM;
        }
        return 0;
}

/* ---- commands ---- */

static void add(DataCommand *command, size_t *n, const char *word) {
        command->argv[(*n)++] = word;
        command->argv[*n] = NULL;
}

static size_t begin_program(DataCommand *command, const char *program, const char *word, bool privileged) {
        size_t n = storage_identity_argv(command->argv, privileged);

        add(command, &n, program);
        add(command, &n, word);
        return n;
}

static size_t begin(DataCommand *command, const char *verb, bool privileged) {
        return begin_program(command, "qemu-img", verb, privileged);
}

static void add_bandwidth(const DataWork *work, DataCommand *command, size_t *n) {
        if (work->bandwidth == 0)
                return;
        (void) snprintf(command->numbers[0], sizeof(command->numbers[0]), "%" PRIu64, work->bandwidth);
        add(command, n, "-r");
        add(command, n, command->numbers[0]);
}

/* A file that was just made reads as zeroes, and so does any new qcow2 volume; a device holds what was there before. */
int data_command_copy(const DataWork *work, const char *const *paths, const char *target, bool privileged, DataCommand *ret) {
        size_t n;

        *ret = (DataCommand){.target = strdup(target)};
        n = begin(ret, "convert", privileged);
        add(ret, &n, "-p");
        add(ret, &n, "-n");
        if (work->format == VOLUME_FORMAT_QCOW2 || !domain_type_is_block(work->place.type))
                add(ret, &n, "--target-is-zero");
        add(ret, &n, "-t");
        add(ret, &n, "none");
        /* A foreign image may be of any length; direct I/O reads whole sectors only. */
        add(ret, &n, "-T");
        add(ret, &n, work->source_format[0] ? "writeback" : "none");
        add(ret, &n, "-O");
        add(ret, &n, volume_format_to_string(work->format));
        add_bandwidth(work, ret, &n);
        if (!ret->target || set_source(work, paths, ret) < 0)
                return -ENOMEM;
        add(ret, &n, ret->source);
        add(ret, &n, ret->target);
        return 0;
}

/* -d: the merged volume is not emptied; it is removed as a whole. */
int data_command_merge(const DataWork *work, const char *const *paths, bool privileged, DataCommand *ret) {
        size_t n;

        *ret = (DataCommand){};
        n = begin(ret, "commit", privileged);
        add(ret, &n, "-p");
        add(ret, &n, "-d");
        add(ret, &n, "-t");
        add(ret, &n, "none");
        add_bandwidth(work, ret, &n);
        if (set_source(work, paths, ret) < 0)
                return -ENOMEM;
        add(ret, &n, ret->source);
        return 0;
}

int data_command_resize(const DataWork *work, const char *const *paths, bool privileged, DataCommand *ret) {
        size_t n;

        *ret = (DataCommand){};
        n = begin(ret, "resize", privileged);
        add(ret, &n, "-q");
        /* A device has its blocks already. */
        if (work->allocation == VOLUME_ALLOCATION_PREALLOCATED && work->n_chain == 1 && !domain_type_is_block(work->place.type)) {
                add(ret, &n, "--preallocation");
                add(ret, &n, "falloc");
        }
        if (set_source(work, paths, ret) < 0)
                return -ENOMEM;
        (void) snprintf(ret->numbers[1], sizeof(ret->numbers[1]), "%" PRIu64, work->capacity_bytes);
        add(ret, &n, ret->source);
        add(ret, &n, ret->numbers[1]);
        return 0;
}

static int look(const char *verb, const DataWork *work, const char *const *paths, bool privileged, DataCommand *ret, size_t *n) {
        *ret = (DataCommand){};
        *n = begin(ret, verb, privileged);
        add(ret, n, "--output=json");
        return set_source(work, paths, ret);
}

int data_command_info(const DataWork *work, const char *const *paths, bool privileged, DataCommand *ret) {
        size_t n;
        int r;

        r = look("info", work, paths, privileged, ret, &n);
        if (r < 0)
                return r;
        add(ret, &n, ret->source);
        return 0;
}

int data_command_measure(const DataWork *work, const char *const *paths, bool privileged, DataCommand *ret) {
        size_t n;
        int r;

        r = look("measure", work, paths, privileged, ret, &n);
        if (r < 0)
                return r;
        /* A guest may write to it meanwhile: an estimate is enough. */
        add(ret, &n, "--force-share");
        add(ret, &n, "-O");
        add(ret, &n, volume_format_to_string(work->format));
        add(ret, &n, ret->source);
        return 0;
}

int data_command_check(const DataWork *work, const char *const *paths, bool privileged, DataCommand *ret) {
        size_t n;
        int r;

        r = look("check", work, paths, privileged, ret, &n);
        if (r < 0)
                return r;
        add(ret, &n, ret->source);
        return 0;
}

int data_command_repair(const DataWork *work, const char *const *paths, bool privileged, DataCommand *ret) {
        size_t n;
        int r;

        r = look("check", work, paths, privileged, ret, &n);
        if (r < 0)
                return r;
        add(ret, &n, "-r");
        add(ret, &n, "leaks");
        add(ret, &n, ret->source);
        return 0;
}

int data_command_zero(const DataWork *work, const char *const *paths, bool privileged, DataCommand *ret) {
        size_t n;

        *ret = (DataCommand){};
        n = begin_program(ret, "qemu-io", "-d", privileged);
        add(ret, &n, "unmap");
        add(ret, &n, "-t");
        add(ret, &n, "none");
        if (set_source(work, paths, ret) < 0)
                return -ENOMEM;
        add(ret, &n, ret->source);
        return 0;
}

int data_command_rebase(const char *child, const char *base, VolumeFormat format, bool privileged, DataCommand *ret) {
        static const char *const words[] = {"-q", "-u", "-t", "none", "-T", "none", "-f", "qcow2", "-F"};
        size_t n;

        *ret = (DataCommand){.source = strdup(base), .target = strdup(child)};
        if (!ret->source || !ret->target)
                return -ENOMEM;
        n = begin(ret, "rebase", privileged);
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                add(ret, &n, words[i]);
        add(ret, &n, volume_format_to_string(format));
        add(ret, &n, "-b");
        add(ret, &n, ret->source);
        add(ret, &n, ret->target);
        return 0;
}

/* ---- progress ---- */

int data_progress_parse(const char *text) {
        int result = -1;

        for (const char *p = strchr(text, '('); p; p = strchr(p + 1, '(')) {
                unsigned whole, parts;
                int end = 0;

                if (sscanf(p, "(%3u.%2u/100%%)%n", &whole, &parts, &end) == 2 && end > 0 && whole <= 100 && parts < 100)
                        result = (int)(whole * 10 + parts / 10);
        }
        return result;
}

/* ---- foreign images ---- */

static int bad(sd_bus_error *error, const char *why) {
        sd_bus_error_set(error, RHV_ERROR_BAD_FORMAT, why);
        return -EBADMSG;
}

static uint64_t read_le(const uint8_t *p, unsigned n) {
        uint64_t value = 0;

        while (n-- > 0)
                value = value << 8 | p[n];
        return value;
}

/* A sparse extent with its own tables. A descriptor, which names other files, is text; so is one hidden in an extent of capacity 0. */
static int check_vmdk(const uint8_t *p, size_t size, sd_bus_error *error) {
        if (size < 512 || memcmp(p, "KDMV", 4) != 0)
                return bad(error, "The data is no VMware disk in a single file (monolithicSparse or streamOptimized)");
        return read_le(p + 12, 8) == 0 ? bad(error, "The VMware disk keeps its data in other files") : 0;
}

static int check_magic(const uint8_t *p, size_t size, size_t offset, const char *magic, size_t n, const char *why, sd_bus_error *error) {
        return size < offset + n || memcmp(p + offset, magic, n) != 0 ? bad(error, why) : 0;
}

int data_source_check(const char *format, const void *bytes, size_t size, sd_bus_error *error) {
        if (streq(format, "vmdk"))
                return check_vmdk(bytes, size, error);
        if (streq(format, "vdi"))
                return check_magic(bytes, size, 64, "\x7f\x10\xda\xbe", 4, "The data is no VirtualBox disk (vdi)", error);
        if (streq(format, "vhdx"))
                return check_magic(bytes, size, 0, "vhdxfile", 8, "The data is no Hyper-V disk (vhdx)", error);
        if (streq(format, "vpc"))
                return check_magic(bytes, size, 0, "conectix", 8, "The data is no dynamic Virtual PC disk (vhd)", error);
        return 0;
}
