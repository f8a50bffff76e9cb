/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the kernel tells by rtnetlink when a link changes, comes or goes. Pure. */

#include <linux/rtnetlink.h>
#include <net/if.h>

#include "macro.h"

typedef struct LinkMessage {
        int ifindex;
        int master;           /* index of the device it is a port of; 0: of none */
        bool gone;            /* the device itself */
        bool of_bridge;       /* what a bridge says of it as its port: its name and index count, nothing else */
        bool tap;             /* its other end is a program, such as QEMU */
        char name[IF_NAMESIZE];
} LinkMessage;

/* Return: whether the message is about a device. */
bool link_message_read(const struct nlmsghdr *header, LinkMessage *ret);
