/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Public keys of hosts: only ed25519, whose 32 bytes have one spelling, "ssh-ed25519 " and 68 characters of base64. Anything else
 * that SSH knows is refused, so that a key can stand in a line for sshd or in known_hosts without a second look. Pure.
 */

#include "macro.h"

#define PEER_KEY_TYPE "ssh-ed25519"
#define PEER_KEY_BYTES 32U
/* "ssh-ed25519 <base64>" and a NUL */
#define PEER_KEY_STRING_MAX (sizeof(PEER_KEY_TYPE) + 68U + 1U)

/* Reads a line as ssh-keygen writes it, with or without a comment and a line's end. ret: without both. Return: 0 or -EBADMSG. */
int peer_key_read(const char *line, char ret[static PEER_KEY_STRING_MAX]);
/* Exactly as peer_key_read() gives it. */
bool peer_key_is_valid(const char *key);
/* The bytes, and back. */
int peer_key_bytes(const char *key, uint8_t ret[static PEER_KEY_BYTES]);
void peer_key_from_bytes(const uint8_t bytes[static PEER_KEY_BYTES], char ret[static PEER_KEY_STRING_MAX]);
