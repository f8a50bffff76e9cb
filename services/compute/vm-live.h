/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a guest's live XML says: our metadata, the devices with their addresses, and the state of the agent's channel. Pure; the text
 * comes from libvirt but parts of it from whoever defined the guest, so it is treated as foreign.
 */

#include "macro.h"

#define VM_LIVE_XML_MAX (4 * MIB)
#define VM_LIVE_DEVICES_MAX 512U

typedef enum VmChannel {
        VM_CHANNEL_ABSENT,       /* the guest has no agent channel */
        VM_CHANNEL_DISCONNECTED, /* nobody listens on it in the guest */
        VM_CHANNEL_CONNECTED,
} VmChannel;

typedef struct VmLive {
        json_t *description;  /* of our metadata; NULL: not started by us */
        uint64_t created_usec;
        json_t *devices;      /* [{alias, type, id?, target?, mac?, bridge?, address: {…}}]; never NULL after a good parse */
        json_t *disk_paths;   /* {id: path} of disks of ours */
        VmChannel channel;
        char *console_path;   /* the serial console's unix socket; NULL: none */
        bool graphics;        /* there is something for OpenGraphics */
        uint64_t memory_bytes;
        unsigned cpus;
} VmLive;

/* Return: 0; -EBADMSG for what is not a domain; -EMSGSIZE; -ENOMEM. On failure ret is untouched. */
int vm_live_parse(const char *xml, size_t size, VmLive *ret);
/* Frees the contents and clears. */
void vm_live_done(VmLive *live);

/* The UUID behind an alias of ours ("ua-<uuid>"), or NULL; borrowed. */
const char *vm_live_alias_id(const char *alias) _pure_;
