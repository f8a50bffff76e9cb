/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How much room what a guest sees at a volume would take in a volume of its own: `qemu-img measure`. */

#include "data-work.h"
#include "io.h"

/* In the directory of a job that measures: what it found. */
#define DATA_MEASURED_FILE "measured"

/* The work's chain, as a volume of its format. Blocks. Return: 0, or negative with a named error. */
int data_measure(const DataWork *work, DataMeasure *ret, sd_bus_error *error);
/* As the bus tells it. Return: new reference, NULL when out of memory. */
json_t *data_measure_to_json(const DataMeasure *measured);
/* What data_measure_to_json() made. Return: 0 or -EBADMSG. */
int data_measure_from_json(const json_t *object, DataMeasure *ret);
