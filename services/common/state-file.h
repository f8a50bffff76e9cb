/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Small JSON files that survive a kill at any instant: written to a temporary name in the same directory, synced, renamed, the
 * directory synced. The top object carries {"version": n}; a newer one is refused, never guessed at.
 */

#include "macro.h"

#define STATE_FILE_BYTES_MAX (16 * MIB)

/* Return: 0 or a negative errno; on failure the old file is untouched. `object` gains the version key. */
int state_file_save(const char *path, json_t *object, int version);
/* The same for a file that everybody may read. */
int state_file_save_public(const char *path, json_t *object, int version);
/* Return: 0; -ENOENT; -EBADMSG (not ours, truncated, no version); -EPROTO (newer version); other errnos. */
int state_file_load(const char *path, int version, json_t **ret);
int state_file_remove(const char *path);
/* mkdir -p with mode for the last element. */
int make_directory(const char *path, mode_t mode);
