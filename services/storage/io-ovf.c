/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The OVF stores of a shared domain, by who holds its lease. */

#include <time.h>

#include "io.h"
#include "ovf-update.h"

int io_ovf_write(Io *io) {
        return ovf_update(&io->place, io->definitions, io->removed, (uint64_t)time(NULL), ovf_compose_there, &io->report, &io->error);
}
