/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer.h"

/* For transfer.c: a unit that measured has ended, by r; the call that waits for it (transfer->asked) is answered from the transfer's directory. */
void measure_answer(Transfer *transfer, int r, const sd_bus_error *error);
