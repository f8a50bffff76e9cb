/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The texts that libvirt and the kernel give: a guest's XML, the host's capabilities, /proc files. */

#include "fuzz.h"

#include "host-info.h"
#include "vm-live.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = strndup((const char *)data, size);
        HostMemory memory;
        HostTicks ticks;
        HostVirt virt;
        HostCpu cpu;
        VmLive live;

        if (!text)
                return 0;
        if (vm_live_parse((const char *)data, size, &live) >= 0)
                vm_live_done(&live);
        if (host_virt_parse(text, &virt) >= 0)
                host_virt_done(&virt);
        if (host_cpu_parse(text, &cpu) >= 0)
                host_cpu_done(&cpu);
        (void) host_memory_parse(text, &memory);
        (void) host_ticks_parse(text, &ticks);
        return 0;
}
