/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A look at a block domain that is not ours yet. Nothing is written; only the volume `metadata` is made usable on this host for as long as it is read,
 * where it was not before. Data of volumes, and so their headers and the OVF stores, are not looked at: they would have to be made usable as well.
 */

#include "bus-error.h"
#include "image-report.h"
#include "io.h"
#include "look-report.h"
#include "lvm.h"

static int report_images(const DomainPlace *place, LookReport *report, sd_bus_error *error) {
        VolumeList *lists = NULL;
        size_t n = 0;
        int r;

        r = place->type->layout->list_all(place, &lists, &n, error);
        for (size_t i = 0; i < n; i++) {
                if (r >= 0 && json_object_set_new(report->images, lists[i].image, image_report(&lists[i], place->id, NULL)) < 0)
                        r = -ENOMEM;
                volume_list_clear(&lists[i]);
        }
        free(lists);
        return r;
}

static int look_inside(Io *io, LookReport *report) {
        static const char *const names[] = { "metadata", NULL };
        const DomainPlace *place = &io->place;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        /* what this service has open it uses: that must stay as it is */
        const bool open = strstr(io->open_ids ?: "", place->id) != NULL;
        int r;

        r = open ? 0 : lvm_activate(place->path, place->id, names, &error);
        if (r >= 0)
                r = report_images(place, report, &error);
        if (!open)
                (void) lvm_deactivate(place->path, place->id, names, NULL);
        if (r >= 0 || r == -ENOMEM)
                return r;
        return look_report_problem(report, "images", error.message ?: "cannot be listed");
}

int io_look(Io *io) {
        _cleanup_(look_report_clear) LookReport report = {};
        _cleanup_(domain_look_clear) DomainLook look = {};
        const DomainType *type;
        int r;

        r = look_report_init(&report);
        if (r >= 0)
                r = io->place.type->layout->look(&io->place, &look, &io->error);
        if (r < 0)
                return r;
        /* which of the types on blocks it is only the domain says */
        type = domain_type_find_word(look.facts.type_word);
        if (type && type != io->place.type && domain_type_is_block(type)) {
                io->place.type = type;
                domain_look_clear(&look);
                r = type->layout->look(&io->place, &look, &io->error);
                if (r < 0)
                        return r;
        }
        memcpy(io->place.id, look.facts.id, UUID_STRING_MAX);
        io->place.version = look.facts.version;
        io->place.block_size_bytes = look.facts.block_size_bytes;
        io->place.alignment_bytes = look.facts.alignment_bytes;
        r = look_inside(io, &report);
        if (r < 0)
                return r;
        io->report = look_report_make(&report, &look, io->place.path);
        return io->report ? 0 : -ENOMEM;
}
