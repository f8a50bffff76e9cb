/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as qemu-img's JSON, and as what a transfer leaves behind. */

#include "fuzz.h"

#include "bus-error.h"
#include "qemu-img.h"
#include "transfer-progress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL, second = SD_BUS_ERROR_NULL;
        _cleanup_(transfer_result_clear) TransferResult result = {};
        TransferProgress progress;
        QemuImgInfo info;
        uint64_t end;

        if (qemu_img_info_parse((const char *)data, size, &info, &error) >= 0)
                (void) qemu_img_info_check(&info, 1024, &error);
        for (int status = 0; status < 4; status++) {
                (void) qemu_img_check_result(status, (const char *)data, size, &second);
                sd_bus_error_free(&second);
        }
        if (qemu_img_check_end((const char *)data, size, &end, &second) >= 0 && end == 0)
                abort();
        sd_bus_error_free(&second);
        if (transfer_result_parse((const char *)data, size, &result) >= 0 && result.error_name &&
            !startswith(result.error_name, RHV_ERROR_PREFIX))
                abort();
        (void) transfer_progress_parse((const char *)data, size, &progress);
        return 0;
}
