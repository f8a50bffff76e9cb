/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any text as LVM's reports, words and tags: refused, or read into names that stay in their directory, places that can be read and metadata that survives a second coding. */

#include "fuzz.h"

#include "block-extents.h"
#include "lvm-report.h"
#include "lvm-room.h"
#include "lvm-tag.h"

static void check_tags(const char *text) {
        _cleanup_free_ char *metadata = NULL, *decoded = NULL, *encoded = NULL, *again = NULL;
        const char *rest = text;
        LvmVolumeTags tags;
        uint32_t slot;

        lvm_volume_tags_parse(text, &tags);
        if (lvm_volume_tags_next_slot(&rest, &slot) ? tags.slot != slot : tags.slot != LVM_SLOT_NONE)
                abort();
        if ((tags.image[0] && !uuid_is_valid(tags.image)) || (tags.parent[0] && !uuid_is_valid(tags.parent)))
                abort();
        (void) lvm_tags_to_metadata(text, &metadata);
        if (lvm_tag_decode(text, strlen(text), &decoded) < 0 || !utf8_is_valid(decoded, strlen(decoded)))
                return;
        encoded = lvm_tag_encode(decoded);
        if (lvm_tag_decode(encoded, strlen(encoded), &again) < 0 || !streq(again, decoded))
                abort();
}

/* Wherever a volume is said to lie, it lies where a device can be read, and no byte of it in two places. */
static void check_segments(const char *text, size_t size) {
        _cleanup_(lvm_segments_clear) LvmSegments segments = {};
        _cleanup_(block_extents_clear) BlockExtents extents = {};

        if (lvm_segments_parse(text, size, &segments, NULL) < 0 || segments.n == 0 || block_extents_make(&segments, segments.rows[0].group, &extents) < 0)
                return;
        for (size_t i = 0; i < extents.n; i++) {
                const BlockExtent *extent = &extents.extents[i];
                BlockPiece piece;
                int r = block_extents_find(&extents, extent->volume, extent->from, &piece);

                if (r == -ENOENT || (r < 0 && !block_extents_reason(r)))
                        abort();
                if (r >= 0 && (piece.device >= extents.n_devices || piece.size == 0 || piece.at > INT64_MAX || piece.size > INT64_MAX - piece.at))
                        abort();
        }
}

static void check_reports(const char *text, size_t size) {
        _cleanup_(lvm_groups_clear) LvmGroups groups = {};
        _cleanup_(lvm_volumes_clear) LvmVolumes volumes = {};
        _cleanup_(lvm_devices_clear) LvmDevices devices = {};

        (void) lvm_groups_parse(text, size, &groups, NULL);
        (void) lvm_devices_parse(text, size, &devices, NULL);
        check_segments(text, size);
        if (lvm_volumes_parse(text, size, &volumes, NULL) < 0)
                return;
        for (size_t i = 0; i < volumes.n; i++) {
                if (!lvm_name_is_valid(volumes.rows[i].name) || strchr(volumes.rows[i].name, '/'))
                        abort();
                check_tags(volumes.rows[i].tags);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = malloc(size + 1);

        if (!text)
                return 0;
        memcpy(text, data, size);
        text[size] = '\0';
        check_reports(text, size);
        check_tags(text);
        if (lvm_room_is_denied(text) && !strstr(text, "metadata on /dev/"))
                abort();
        return 0;
}
