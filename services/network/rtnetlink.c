/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "rtnetlink.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

/* The kernel answers at once, unless somebody holds its lock of the network devices. */
#define ANSWER_TIMEOUT_SEC 5

int rtnetlink_open(void) {
        struct timeval timeout = { .tv_sec = ANSWER_TIMEOUT_SEC };
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

        if (fd < 0)
                return -errno;
        if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0) {
                int r = -errno;

                safe_close(fd);
                return r;
        }
        return fd;
}

int rtnetlink_send(int fd, const struct nlmsghdr *message) {
        return send(fd, message, message->nlmsg_len, 0) < 0 ? -errno : 0;
}

int rtnetlink_parse(const void *datagram, size_t size, rtnetlink_message_t callback, void *userdata) {
        size_t at = 0;

        while (at < size) {
                const struct nlmsghdr *header = (const void *)((const uint8_t *)datagram + at);
                int r;

                if (size - at < sizeof *header || header->nlmsg_len < sizeof *header || header->nlmsg_len > size - at)
                        return -EBADMSG;
                if (header->nlmsg_type == NLMSG_DONE)
                        return 1;
                if (header->nlmsg_type == NLMSG_ERROR)
                        return header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct nlmsgerr)) ? ((const struct nlmsgerr *)NLMSG_DATA(header))->error ?: 1 : -EBADMSG;
                r = callback ? callback(header, userdata) : 0;
                if (r < 0)
                        return r;
                at += NLMSG_ALIGN((size_t)header->nlmsg_len);
        }
        return 0;
}

int rtnetlink_receive(int fd, rtnetlink_message_t callback, void *userdata) {
        _cleanup_free_ void *buffer = malloc(RTNETLINK_BYTES);
        int r = buffer ? 0 : -ENOMEM;

        while (r == 0) {
                ssize_t n = recv(fd, buffer, RTNETLINK_BYTES, 0);

                r = n < 0 ? -errno : rtnetlink_parse(buffer, (size_t)n, callback, userdata);
        }
        return r < 0 ? r : 0;
}

struct rtattr *rtnetlink_put(struct nlmsghdr *message, unsigned short type, const void *data, size_t size) {
        struct rtattr *attribute = (struct rtattr *)((uint8_t *)message + NLMSG_ALIGN(message->nlmsg_len));

        attribute->rta_type = type;
        attribute->rta_len = (unsigned short)RTA_LENGTH(size);
        if (size > 0)
                memcpy(RTA_DATA(attribute), data, size);
        message->nlmsg_len = (uint32_t)(NLMSG_ALIGN(message->nlmsg_len) + RTA_SPACE(size));
        return attribute;
}

void rtnetlink_close_nest(const struct nlmsghdr *message, struct rtattr *attribute) {
        attribute->rta_len = (unsigned short)((const uint8_t *)message + message->nlmsg_len - (const uint8_t *)attribute);
}

const struct rtattr *rtnetlink_next(const void *attributes, size_t size, size_t *at) {
        const struct rtattr *attribute = (const void *)((const uint8_t *)attributes + *at);

        if (*at >= size || size - *at < sizeof *attribute || attribute->rta_len < sizeof *attribute || attribute->rta_len > size - *at)
                return NULL;
        *at += RTA_ALIGN((size_t)attribute->rta_len);
        return attribute;
}

unsigned short rtnetlink_type(const struct rtattr *attribute) {
        return attribute->rta_type & NLA_TYPE_MASK;
}

const struct rtattr *rtnetlink_find(const void *attributes, size_t size, unsigned short type) {
        const struct rtattr *attribute;
        size_t at = 0;

        while ((attribute = rtnetlink_next(attributes, size, &at)))
                if (rtnetlink_type(attribute) == type)
                        return attribute;
        return NULL;
}
