/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Looks at a domain that is not ours yet: what it is, which images and VMs are on it, and what is wrong with them. Everything is
 * opened for reading only, nothing stays locked, and what cannot be read is part of the report.
 */

#include "inspect.h"

#include <stdio.h>

#include "bus-error.h"
#include "image-report.h"
#include "layout-file.h"
#include "look-report.h"
#include "look-stores.h"
#include "ovf-store.h"
#include "ovf-summary.h"

typedef struct Inspection {
        DomainPlace place; /* path is borrowed */
        const StorageLayout *layout;
        DomainLook look;
        VolumeList *lists;
        size_t n_lists;
        LookReport report;
} Inspection;

static void inspection_clear(Inspection *inspection) {
        domain_look_clear(&inspection->look);
        for (size_t i = 0; i < inspection->n_lists; i++)
                volume_list_clear(&inspection->lists[i]);
        free(inspection->lists);
        look_report_clear(&inspection->report);
}

static void looks_free(VolumeLook *looks, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(looks[i].trouble);
        free(looks);
}

static int add_problem(Inspection *inspection, const char *what, const char *why) {
        return look_report_problem(&inspection->report, what, why);
}

/* Up to size bytes. Return: how many, or a negative errno. */
static ssize_t read_from(int fd, uint64_t offset, void *buffer, size_t size) {
        size_t n = 0;

        while (n < size) {
                ssize_t k = pread(fd, (char *)buffer + n, size - n, (off_t)(offset + n));

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return -errno;
                if (k == 0)
                        break;
                n += (size_t)k;
        }
        return (ssize_t)n;
}

/* ---- images ---- */

static int look_at_data(const Inspection *inspection, const VolumeList *list, const VolumeRecord *record, void *buffer,
                        VolumeLook *look) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_close_ int fd = -EBADF;
        ssize_t n = 0;
        int r;

        r = inspection->layout->volume_open(&inspection->place, list->image, record->id, false, &fd, &error);
        if (r >= 0) {
                n = read_from(fd, 0, buffer, QCOW2_LOOK_BYTES);
                if (n < 0)
                        r = bus_error_errno(&error, (int)n, "Cannot read it");
        }
        look->looked = r >= 0;
        look->is_qcow2 = r >= 0 && qcow2_has_magic(buffer, (size_t)n);
        if (r >= 0 && look->is_qcow2 && record->metadata.format == VOLUME_FORMAT_QCOW2)
                r = qcow2_header_read(buffer, (size_t)n, &look->qcow2, &error);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                look->trouble = strdup(error.message ?: "unreadable");
                if (!look->trouble)
                        return -ENOMEM;
        }
        return 0;
}

static int inspect_image(Inspection *inspection, const VolumeList *list, void *buffer) {
        VolumeLook *looks = calloc(list->n + 1, sizeof(*looks));
        json_t *report = NULL;
        int r = looks ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < list->n; i++)
                if (!list->records[i].problem)
                        r = look_at_data(inspection, list, &list->records[i], buffer, &looks[i]);
        if (r >= 0) {
                report = image_report(list, inspection->look.facts.id, looks);
                r = report && json_object_set_new(inspection->report.images, list->image, report) >= 0 ? 0 : -ENOMEM;
        }
        if (looks)
                looks_free(looks, list->n);
        return r;
}

static int inspect_images(Inspection *inspection) {
        const DomainPlace *place = &inspection->place;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char(*ids)[UUID_STRING_MAX] = NULL;
        _cleanup_free_ void *buffer = malloc(QCOW2_LOOK_BYTES);
        size_t n = 0;
        int r;

        if (!buffer)
                return -ENOMEM;
        r = inspection->layout->list_images(place, &ids, &n, &error);
        if (r < 0)
                return r == -ENOMEM ? r : add_problem(inspection, "images", error.message ?: "cannot be listed");
        inspection->lists = calloc(n + 1, sizeof(*inspection->lists));
        if (!inspection->lists)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
                VolumeList *list = &inspection->lists[inspection->n_lists];

                r = inspection->layout->list_volumes(place, ids[i], list, &own);
                if (r >= 0) {
                        inspection->n_lists++;
                        r = inspect_image(inspection, list, buffer);
                } else if (r != -ENOMEM)
                        r = add_problem(inspection, ids[i], own.message ?: "cannot be read");
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- VMs ---- */

static int parse_store(int fd, uint64_t offset, uint64_t size_bytes, LookReport *report, sd_bus_error *error) {
        _cleanup_json_ json_t *vms = NULL;
        _cleanup_free_ void *tar = malloc(size_bytes);
        ssize_t n;
        int r;

        if (!tar)
                return -ENOMEM;
        n = read_from(fd, offset, tar, size_bytes);
        if (n < 0)
                return bus_error_errno(error, (int)n, "Cannot read the OVF store");
        if ((uint64_t)n < size_bytes) {
                sd_bus_error_set(error, RHV_ERROR_BAD_FORMAT, "The OVF store is shorter than it says");
                return -EBADMSG;
        }
        r = ovf_store_parse(tar, (size_t)n, &vms, report->problems, error);
        if (r < 0)
                return r;
        json_decref(report->vms);
        report->vms = TAKE_PTR(vms);
        return 0;
}

static int read_store(Inspection *inspection, const OvfStore *store, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = inspection->layout->volume_open(&inspection->place, store->image, store->volume, false, &fd, error);
        return r < 0 ? r : parse_store(fd, 0, store->size_bytes, &inspection->report, error);
}

/* The newest good copy; where that cannot be read the one before it. */
static int inspect_vms(Inspection *inspection) {
        _cleanup_free_ bool *skip = calloc(inspection->n_lists + 1, sizeof(*skip));
        OvfStore store;
        int chosen, r;

        if (!skip)
                return -ENOMEM;
        while ((chosen = ovf_store_choose(inspection->lists, inspection->n_lists, skip, &store)) >= 0) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                r = read_store(inspection, &store, &error);
                if (r >= 0 || r == -ENOMEM)
                        return r;
                r = add_problem(inspection, store.image, error.message ?: "unreadable");
                if (r < 0)
                        return r;
                skip[chosen] = true;
        }
        return 0;
}

int inspect_stores(int fd, json_t **ret, sd_bus_error *error) {
        _cleanup_(look_report_clear) LookReport report = {};
        LookStore stores[LOOK_STORES_MAX];
        int n, r;

        r = look_report_init(&report);
        if (r < 0)
                return r;
        n = look_stores_read(fd, stores);
        if (n < 0)
                return bus_error_errno(error, n, "The question cannot be understood");
        for (int i = 0; i < n; i++) {
                _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;

                r = parse_store(fd, stores[i].offset, stores[i].size_bytes, &report, &own);
                if (r >= 0)
                        break;
                if (r != -ENOMEM)
                        r = look_report_problem(&report, stores[i].image, own.message ?: "unreadable");
                if (r < 0)
                        return r;
        }
        *ret = json_pack("{s:O, s:O}", "vms", report.vms, "problems", report.problems);
        return *ret ? 0 : -ENOMEM;
}

/* An export domain has a file for each. */
static int inspect_definition(Inspection *inspection, const char *id) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        json_t *summary = NULL;
        size_t size = 0;
        int r;

        r = file_read_definition(&inspection->place, id, &text, &size, &error);
        if (r >= 0)
                r = ovf_summary(text, size, id, &summary, &error);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return add_problem(inspection, id, error.message ?: "its definition cannot be read");
        return json_object_set_new(inspection->report.vms, id, summary) < 0 ? -ENOMEM : 0;
}

static int inspect_definitions(Inspection *inspection) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(name_list_clear) NameList ids = {};
        int r;

        r = file_list_definitions(&inspection->place, &ids, &error);
        if (r < 0)
                return r == -ENOMEM ? r : add_problem(inspection, "definitions", error.message ?: "cannot be listed");
        for (size_t i = 0; r >= 0 && i < ids.n; i++)
                r = inspect_definition(inspection, ids.names[i]);
        return r;
}

static int inspect_files(Inspection *inspection) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        json_t *files = NULL;
        int r;

        r = file_iso_list(&inspection->place, &files, &error);
        if (r < 0)
                return r == -ENOMEM ? r : add_problem(inspection, "files", error.message ?: "cannot be listed");
        json_decref(inspection->report.files);
        inspection->report.files = files;
        return 0;
}

/* What there is in a domain of each class. */
static int inspect_contents(Inspection *inspection) {
        int r;

        if (inspection->place.class == DOMAIN_ISO)
                return inspect_files(inspection);
        r = inspect_images(inspection);
        if (r < 0)
                return r;
        return inspection->place.class == DOMAIN_EXPORT ? inspect_definitions(inspection) : inspect_vms(inspection);
}

int inspect_domain(const DomainPlace *place, json_t **ret, sd_bus_error *error) {
        _cleanup_(inspection_clear) Inspection inspection = {
                        .place = *place,
                        .layout = place->type->layout,
        };
        int r;

        r = look_report_init(&inspection.report);
        if (r < 0)
                return r;
        r = inspection.layout->look(place, &inspection.look, error);
        if (r < 0)
                return r;
        memcpy(inspection.place.id, inspection.look.facts.id, UUID_STRING_MAX);
        inspection.place.version = inspection.look.facts.version;
        inspection.place.class = domain_class_from_string(inspection.look.facts.class_word);
        r = inspect_contents(&inspection);
        if (r < 0)
                return r;
        *ret = look_report_make(&inspection.report, &inspection.look, place->path);
        return *ret ? 0 : -ENOMEM;
}
