/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Questions to the kernel by rtnetlink, one socket for each, and the attributes in them. */

#include <linux/rtnetlink.h>

#include "macro.h"

/* What the kernel answers to a dump is some kilobytes for each port with many VLANs. */
#define RTNETLINK_BYTES 65536U

/* Receives wait a few seconds at most. Return: the socket or a negative errno. */
int rtnetlink_open(void);
/* Sends a whole message. Return: 0 or a negative errno. */
int rtnetlink_send(int fd, const struct nlmsghdr *message);

/* Of one message that is neither an end nor an error. Return: 0, or a negative errno that ends the reading. */
typedef int (*rtnetlink_message_t)(const struct nlmsghdr *message, void *userdata);
/* One datagram of an answer. Pure. Return: 1 that was the last one, 0 more will come, or a negative errno (the kernel's, the callback's, -EBADMSG for a torn one). */
int rtnetlink_parse(const void *datagram, size_t size, rtnetlink_message_t callback, void *userdata);
/* All datagrams of an answer, also the one that is only an acknowledgement. Return: 0 or a negative errno. */
int rtnetlink_receive(int fd, rtnetlink_message_t callback, void *userdata);

/* Appends an attribute; the message must have room for it (RTA_SPACE(size)). data may be NULL for one of no size. Return: the attribute. */
struct rtattr *rtnetlink_put(struct nlmsghdr *message, unsigned short type, const void *data, size_t size);
/* What was appended since lies within attribute. */
void rtnetlink_close_nest(const struct nlmsghdr *message, struct rtattr *attribute);
/* Goes through size bytes of attributes; at: 0 at first. Return: the next one, whole, or NULL: no more, or what is left is torn. Pure. */
const struct rtattr *rtnetlink_next(const void *attributes, size_t size, size_t *at);
/* Its type, whether it is marked as nested or not. */
unsigned short rtnetlink_type(const struct rtattr *attribute) _pure_;
/* The first of that type, or NULL. Pure. */
const struct rtattr *rtnetlink_find(const void *attributes, size_t size, unsigned short type);
