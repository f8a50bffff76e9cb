/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "image-report.h"

#include <inttypes.h>
#include <stdio.h>

#include "bus-error.h"

typedef struct Report {
        const VolumeList *list;
        const char *domain;
        const VolumeLook *looks;
        json_t *problems;
        bool failed; /* out of memory */
} Report;

static void add_problem(Report *report, const char *format, ...) _printf_(2, 3);
static void add_problem(Report *report, const char *format, ...) {
        _cleanup_free_ char *text = NULL;
        va_list arguments;

        va_start(arguments, format);
        if (vasprintf(&text, format, arguments) < 0)
                text = NULL;
        va_end(arguments);
        if (!text || json_array_append_new(report->problems, json_string(text)) < 0)
                report->failed = true;
}

/* A template's volume is linked into the directories of the images based on it. */
static bool is_foreign_base(const Report *report, const VolumeRecord *record) {
        return volume_is_of_template(record, report->list->image);
}

/* The backing file of a child is its parent's bare id; older volumes say "../<image>/<volume>". */
static const char *base_name(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

static bool backing_stays_inside(const char *backing) {
        const char *image = startswith(backing, "../"), *slash = image ? strchr(image, '/') : NULL;

        if (strchr(backing, ':'))
                return false;
        return slash ? !startswith(image, "..") && !strchr(slash + 1, '/') : !strchr(backing, '/');
}

static void judge_qcow2(Report *report, const VolumeRecord *record, const Qcow2Facts *facts) {
        const VolumeMetadata *m = &record->metadata;

        if (facts->data_file)
                add_problem(report, "volume %s: its data is in another file, which may be any file of the host", record->id);
        if (facts->corrupt)
                add_problem(report, "volume %s: it is marked corrupt", record->id);
        if (facts->encrypted)
                add_problem(report, "volume %s: it is encrypted", record->id);
        if (facts->unknown_features)
                add_problem(report, "volume %s: it uses features of qcow2 that are not known here", record->id);
        if (facts->has_backing && !volume_has_parent(m))
                add_problem(report, "volume %s: it names the backing file \"%.100s\" and has no parent", record->id, facts->backing);
        else if (facts->has_backing && !facts->backing[0])
                add_problem(report, "volume %s: the name of its backing file is not where it could be read", record->id);
        else if (facts->has_backing && !backing_stays_inside(facts->backing))
                add_problem(report, "volume %s: its backing file \"%.100s\" leads out of the domain", record->id, facts->backing);
        else if (facts->has_backing && !streq(base_name(facts->backing), m->parent))
                add_problem(report, "volume %s: its backing file is \"%.100s\", its parent %s", record->id, facts->backing, m->parent);
        if (!facts->has_backing && volume_has_parent(m))
                add_problem(report, "volume %s: it has the parent %s and names no backing file", record->id, m->parent);
        /* a smaller stored capacity is an old bug of oVirt's that opening repairs, a thousand times smaller is none */
        if (facts->virtual_bytes > VOLUME_CAPACITY_MAX)
                add_problem(report, "volume %s: it claims %" PRIu64 " bytes", record->id, facts->virtual_bytes);
}

static void judge_data(Report *report, const VolumeRecord *record, const VolumeLook *look) {
        const VolumeMetadata *m = &record->metadata;

        if (look->trouble)
                add_problem(report, "volume %s: %s", record->id, look->trouble);
        else if (look->looked && m->format == VOLUME_FORMAT_QCOW2 && !look->is_qcow2)
                add_problem(report, "volume %s: it should be qcow2 and is not", record->id);
        else if (look->looked && m->format == VOLUME_FORMAT_QCOW2)
                judge_qcow2(report, record, &look->qcow2);
        /* the engine cuts a store of definitions to what it holds */
        else if (look->looked && m->format == VOLUME_FORMAT_RAW && record->apparent_size_bytes < m->capacity_bytes &&
                 !volume_is_ovf_store(m))
                add_problem(report, "volume %s: it has %" PRIu64 " of %" PRIu64 " bytes", record->id, record->apparent_size_bytes,
                            m->capacity_bytes);
}

static void judge_volume(Report *report, size_t i) {
        const VolumeRecord *record = &report->list->records[i];
        const VolumeMetadata *m = &record->metadata;

        if (record->problem) {
                add_problem(report, "volume %s: %s", record->id, record->problem);
                return;
        }
        if (!streq(m->domain, report->domain))
                add_problem(report, "volume %s: it belongs to the domain %s", record->id, m->domain);
        if (!streq(m->image, report->list->image) && !is_foreign_base(report, record))
                add_problem(report, "volume %s: it belongs to the image %s", record->id, m->image);
        if (m->legality != VOLUME_LEGAL)
                add_problem(report, "volume %s: it is %s", record->id, volume_legality_to_string(m->legality));
        if (volume_has_parent(m) && m->format != VOLUME_FORMAT_QCOW2)
                add_problem(report, "volume %s: it has a parent and is raw", record->id);
        if (report->looks)
                judge_data(report, record, &report->looks[i]);
}

/* The top of the chain; an image of a template holds its shared volume only. */
static const VolumeRecord *find_top(Report *report) {
        const VolumeRecord *top = NULL;
        size_t leaves = 0;

        for (size_t i = 0; i < report->list->n; i++) {
                const VolumeRecord *record = &report->list->records[i];

                if (record->problem || record->metadata.role == VOLUME_INTERNAL || is_foreign_base(report, record))
                        continue;
                top = record;
                leaves++;
        }
        if (leaves == 1)
                return top;
        if (report->list->n == 0)
                add_problem(report, "it has no volume");
        else if (leaves == 0)
                add_problem(report, "it has no top volume (none is LEAF or SHARED)");
        else
                add_problem(report, "it has %zu top volumes", leaves);
        return NULL;
}

static void list_volume(Report *report, const VolumeRecord *record, json_t *ids, json_t *volumes) {
        const VolumeMetadata *m = &record->metadata;

        if (json_array_append_new(ids, json_string(record->id)) < 0 ||
            json_array_append_new(volumes, json_pack("{s:s, s:s, s:I}", "id", record->id, "format", volume_format_to_string(m->format), "capacity",
                                                     (json_int_t)m->capacity_bytes)) < 0)
                report->failed = true;
}

/* ret_template: the image of the template it is based on; borrowed, NULL: none. */
static void read_chain(Report *report, const VolumeRecord *top, json_t *ids, json_t *volumes, const char **ret_template) {
        const VolumeRecord *chain[VOLUME_CHAIN_MAX];
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int n;

        n = volume_chain(report->list, top->id, false, chain, &error);
        if (n < 0)
                add_problem(report, "%s", error.message ?: "its chain cannot be followed");
        for (int i = 0; i < n; i++)
                list_volume(report, chain[i], ids, volumes);
        if (n > 0 && is_foreign_base(report, chain[n - 1]))
                *ret_template = chain[n - 1]->metadata.image;
        if (n >= 0 && (size_t)n < report->list->n)
                add_problem(report, "%zu of its volumes are in no chain", report->list->n - (size_t)n);
}

json_t *image_report(const VolumeList *list, const char *domain, const VolumeLook *looks) {
        _cleanup_json_ json_t *problems = json_array(), *chain = json_array(), *volumes = json_array();
        Report report = { .list = list, .domain = domain, .looks = looks, .problems = problems };
        const VolumeRecord *top;
        const char *template_image = NULL;
        const VolumeMetadata *m;
        uint64_t true_size = 0;

        if (!problems || !chain || !volumes)
                return NULL;
        for (size_t i = 0; i < list->n; i++) {
                judge_volume(&report, i);
                true_size += list->records[i].problem ? 0 : list->records[i].true_size_bytes;
        }
        top = find_top(&report);
        if (top)
                read_chain(&report, top, chain, volumes, &template_image);
        if (report.failed)
                return NULL;
        if (!top)
                return json_pack("{s:O, s:I, s:b, s:O}", "chain", chain, "true_size", (json_int_t)true_size, "usable", 0,
                                 "problems", problems);
        m = &top->metadata;
        return json_pack("{s:O, s:O, s:b, s:s*, s:I, s:I, s:s, s:s, s:s, s:s, s:b, s:O}", "chain", chain, "volumes", volumes, "template",
                         m->role == VOLUME_SHARED, "template_image", template_image, "capacity", (json_int_t)m->capacity_bytes, "true_size", (json_int_t)true_size, "format",
                         volume_format_to_string(m->format), "allocation", volume_allocation_to_string(m->allocation),
                         "description", m->description, "disk_type", m->disk_type, "usable",
                         json_array_size(problems) == 0, "problems", problems);
}
