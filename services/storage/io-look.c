/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A look at a block domain that is not ours yet. Nothing is written and nothing is made usable on this host: slots, headers and OVF stores are read from the devices (block-peek.h). What
 * is parsed here is of fixed size; the stores are left to rhv-inspect.
 */

#include "block-header.h"
#include "bus-error.h"
#include "io.h"
#include "layout-block.h"
#include "look-report.h"
#include "look-stores.h"

typedef struct BlockLook {
        BlockPeek peek;
        BlockScan scan;
        VolumeList *lists;
        size_t n_lists;
        BlockHeader *headers; /* by volume */
        size_t n_headers;
} BlockLook;

static void block_look_clear(BlockLook *look) {
        for (size_t i = 0; i < look->n_headers; i++)
                free(look->headers[i].look.trouble);
        free(look->headers);
        for (size_t i = 0; i < look->n_lists; i++)
                volume_list_clear(&look->lists[i]);
        free(look->lists);
        block_scan_clear(&look->scan);
        block_peek_close(&look->peek);
}

/* ---- headers ---- */

static bool has_header(const VolumeRecord *record) {
        return !record->problem && record->metadata.format == VOLUME_FORMAT_QCOW2;
}

static int compare_header(const void *a, const void *b) {
        return strcmp(((const BlockHeader *)a)->volume, ((const BlockHeader *)b)->volume);
}

/* Of each volume once, however many images are built on it. */
static int read_headers(BlockLook *look) {
        size_t n = 0, distinct = 0;

        for (size_t i = 0; i < look->n_lists; i++)
                n += look->lists[i].n;
        look->headers = calloc(n + 1, sizeof(*look->headers));
        if (!look->headers)
                return -ENOMEM;
        n = 0;
        for (size_t i = 0; i < look->n_lists; i++)
                for (size_t k = 0; k < look->lists[i].n; k++)
                        if (has_header(&look->lists[i].records[k]))
                                look->headers[n++].volume = look->lists[i].records[k].id;
        qsort(look->headers, n, sizeof(*look->headers), compare_header);
        for (size_t i = 0; i < n; i++)
                if (distinct == 0 || !streq(look->headers[i].volume, look->headers[distinct - 1].volume))
                        look->headers[distinct++].volume = look->headers[i].volume;
        look->n_headers = distinct;
        return block_headers_read(&look->peek, look->headers, distinct);
}

/* Raw data are whatever the guest made of them. ret: parallel to the list's records; what they say is borrowed. */
static void looks_of(const BlockLook *look, const VolumeList *list, VolumeLook *ret) {
        for (size_t i = 0; i < list->n; i++) {
                const BlockHeader key = {.volume = list->records[i].id}, *found = NULL;

                if (has_header(&list->records[i]) && look->n_headers > 0)
                        found = bsearch(&key, look->headers, look->n_headers, sizeof(*look->headers), compare_header);
                ret[i] = found ? found->look : (VolumeLook){.looked = !list->records[i].problem && list->records[i].metadata.format == VOLUME_FORMAT_RAW};
        }
}

static int report_image(const BlockLook *look, const VolumeList *list, const char *domain, LookReport *report) {
        _cleanup_free_ VolumeLook *looks = calloc(list->n + 1, sizeof(*looks));
        json_t *image;

        if (!looks)
                return -ENOMEM;
        looks_of(look, list, looks);
        image = image_report(list, domain, looks);
        return image && json_object_set_new(report->images, list->image, image) >= 0 ? 0 : -ENOMEM;
}

/* ---- the whole ---- */

static int look_at_images(const DomainPlace *place, BlockLook *look, LookReport *report, sd_bus_error *error) {
        int r;

        r = block_peek_open(place, &look->peek, error);
        if (r >= 0)
                r = block_scan(place, &look->scan, error);
        if (r >= 0)
                r = block_peek_all(place, &look->peek, &look->scan, &look->lists, &look->n_lists);
        if (r >= 0)
                r = read_headers(look);
        for (size_t i = 0; r >= 0 && i < look->n_lists; i++)
                r = report_image(look, &look->lists[i], place->id, report);
        return r;
}

static int look_inside(Io *io, LookReport *report) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(block_look_clear) BlockLook look = {};
        const char *what = "images";
        int r;

        r = look_at_images(&io->place, &look, report, &error);
        if (r >= 0) {
                what = "OVF stores";
                r = look_stores_gather(&look.peek, look.lists, look.n_lists, report, &io->fd, &error);
        }
        if (r >= 0 || r == -ENOMEM)
                return r;
        return look_report_problem(report, what, error.message ?: "cannot be read");
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
        look.in_use = strstr(io->open_ids ?: "", io->place.id);
        r = look_inside(io, &report);
        if (r < 0)
                return r;
        io->report = look_report_make(&report, &look, io->place.path);
        return io->report ? 0 : -ENOMEM;
}
