/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as an OVF store's tar, and as one VM's definition: a reason, or what can be printed, kept and merged. */

#include "fuzz.h"

#include "ovf-archive.h"
#include "ovf-store.h"
#include "ovf-summary.h"
#include "ovf-write.h"

static void print(json_t *value) {
        char *text = json_dumps(value, JSON_COMPACT);

        if (!text)
                abort();
        free(text);
}

/* What was read is written and read again: the same. */
static void keep(const uint8_t *data, size_t size) {
        _cleanup_(ovf_archive_clear) OvfArchive archive = {}, again = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ void *tar = NULL;
        size_t tar_size;

        if (ovf_archive_read(data, size, &archive, &error) < 0) {
                if (!error.message)
                        abort();
                return;
        }
        if (archive.n == 0 || ovf_archive_write(&archive, 0, &tar, &tar_size, NULL) < 0)
                return;
        if (ovf_archive_read(tar, tar_size, &again, NULL) < 0 || again.n != archive.n)
                abort();
        for (size_t i = 0; i < archive.n; i++) {
                const OvfMember *member = ovf_archive_find(&again, archive.members[i].name);

                if (!member || member->size != archive.members[i].size || memcmp(member->data, archive.members[i].data, member->size) != 0)
                        abort();
        }
}

static void merge(const uint8_t *data, size_t size) {
        static const char fresh[] = "<ovf:Envelope xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><Content>"
                                    "<Name>a</Name><Section xsi:type=\"ovf:VirtualHardwareSection_Type\"/></Content></ovf:Envelope>";
        _cleanup_json_ json_t *summary = NULL;
        _cleanup_free_ char *merged = NULL;

        if (ovf_merge(fresh, (const char *)data, size, &merged) >= 0 && ovf_summary(merged, strlen(merged), "fuzz", &summary, NULL) < 0 &&
            strlen(merged) <= OVF_BYTES_MAX)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL, second = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *vms = NULL, *problems = json_array(), *summary = NULL;

        keep(data, size);
        merge(data, size);
        if (ovf_store_parse(data, size, &vms, problems, &error) >= 0)
                print(vms);
        else if (!error.message)
                abort();
        print(problems);
        if (ovf_summary((const char *)data, size, "fuzz", &summary, &second) >= 0)
                print(summary);
        else if (!second.message)
                abort();
        return 0;
}
