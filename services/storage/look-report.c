/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "look-report.h"

int look_report_init(LookReport *report) {
        *report = (LookReport){ .images = json_object(), .vms = json_object(), .files = json_array(), .problems = json_array() };
        return report->images && report->vms && report->files && report->problems ? 0 : -ENOMEM;
}

void look_report_clear(LookReport *report) {
        json_decref(report->images);
        json_decref(report->vms);
        json_decref(report->files);
        json_decref(report->problems);
        *report = (LookReport){};
}

int look_report_problem(LookReport *report, const char *what, const char *why) {
        return json_array_append_new(report->problems, json_sprintf("%s: %s", what, why)) < 0 ? -ENOMEM : 0;
}

json_t *look_report_make(LookReport *report, const DomainLook *look, const char *path) {
        const DomainFacts *facts = &look->facts;
        const DomainType *type = domain_type_find_word(facts->type_word);

        if (!look->sealed && look_report_problem(report, "metadata", "it carries no seal") < 0)
                return NULL;
        if (look->several && look_report_problem(report, path, "other domains beside this one are ignored") < 0)
                return NULL;
        return json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:b, s:i, s:i, s:b, s:b, s:s, s:O, s:O, s:O, s:O}", "id", facts->id, "name", facts->name, "type",
                         type ? type->name : facts->type_word, "class", facts->class_word, "version", (int)facts->version, "pool", facts->pool, "master",
                         facts->master, "block_size", (int)facts->block_size_bytes, "alignment", (int)facts->alignment_bytes, "in_use", look->in_use,
                         "usable", !look->refusal, "refusal", look->refusal ?: "", "images", report->images, "vms", report->vms, "files", report->files, "problems",
                         report->problems);
}
