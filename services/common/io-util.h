/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Writes all of it to a file or a pipe that blocks, at its position. Return: 0, or a negative errno; a part may be written then. */
int write_all(int fd, const void *data, size_t size);
