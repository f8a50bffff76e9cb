/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "neighbour.h"

#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "ip-text.h"

/* The discard service: nobody minds, whether it exists or not. */
#define DISCARD_PORT 9
/* The kernel sends what fits in one answer of this size. */
#define DUMP_BYTES 32768
/* The kernel answers a dump at once; this is for the impossible. */
#define DUMP_TIMEOUT_SEC 1

static int parse_address(const char *text, int *ret_family, uint8_t ret[static 16]) {
        int family = strchr(text, ':') ? AF_INET6 : AF_INET;
        IpPrefix prefix;

        if (ip_prefix_parse(text, family, true, &prefix) < 0)
                return -EINVAL;
        *ret_family = family;
        memcpy(ret, prefix.bytes, 16);
        return 0;
}

int neighbour_probe(const char *iface, const char *address) {
        union {
                struct sockaddr any;
                struct sockaddr_in in;
                struct sockaddr_in6 in6;
        } to = { 0 };
        _cleanup_close_ int fd = -EBADF;
        uint8_t bytes[16];
        int family, r;

        r = parse_address(address, &family, bytes);
        if (r < 0)
                return r;
        if (family == AF_INET) {
                to.in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(DISCARD_PORT) };
                memcpy(&to.in.sin_addr, bytes, 4);
        } else {
                to.in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(DISCARD_PORT),
                                                .sin6_scope_id = if_nametoindex(iface) };
                memcpy(&to.in6.sin6_addr, bytes, 16);
        }

        fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, iface, (socklen_t)strlen(iface) + 1) < 0)
                return -errno;
        if (sendto(fd, "", 0, MSG_NOSIGNAL, &to.any, family == AF_INET ? sizeof to.in : sizeof to.in6) < 0)
                return -errno;
        return 0;
}

static NeighbourState state_of(uint16_t nud) {
        if (nud & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP))
                return NEIGHBOUR_PRESENT;
        return nud & NUD_FAILED ? NEIGHBOUR_ABSENT : NEIGHBOUR_UNKNOWN;
}

/* The destination among the attributes of one entry. */
static bool entry_matches(const uint8_t *p, size_t left, int family, const uint8_t *address) {
        size_t length = family == AF_INET ? 4 : 16;

        while (left >= sizeof(struct rtattr)) {
                struct rtattr attribute;
                size_t step;

                memcpy(&attribute, p, sizeof attribute);
                if (attribute.rta_len < sizeof attribute || attribute.rta_len > left)
                        return false;
                if (attribute.rta_type == NDA_DST && attribute.rta_len == RTA_LENGTH(length))
                        return memcmp(p + RTA_LENGTH(0), address, length) == 0;
                step = RTA_ALIGN(attribute.rta_len);
                if (step > left)
                        return false;
                p += step;
                left -= step;
        }
        return false;
}

int neighbour_parse(const void *buffer, size_t size, int ifindex, int family, const uint8_t *address, NeighbourState *ret_state) {
        const uint8_t *p = buffer;

        while (size >= sizeof(struct nlmsghdr)) {
                struct nlmsghdr header;
                struct ndmsg entry;
                size_t step;

                memcpy(&header, p, sizeof header);
                if (header.nlmsg_len < sizeof header || header.nlmsg_len > size)
                        return -EBADMSG;
                if (header.nlmsg_type == NLMSG_DONE)
                        return 2;
                if (header.nlmsg_type == NLMSG_ERROR)
                        return -EBADMSG;
                if (header.nlmsg_type == RTM_NEWNEIGH && header.nlmsg_len >= NLMSG_LENGTH(sizeof entry)) {
                        memcpy(&entry, p + NLMSG_LENGTH(0), sizeof entry);
                        if (entry.ndm_ifindex == ifindex && entry.ndm_family == family &&
                            entry_matches(p + NLMSG_SPACE(sizeof entry), header.nlmsg_len - NLMSG_LENGTH(sizeof entry), family, address)) {
                                *ret_state = state_of(entry.ndm_state);
                                return 1;
                        }
                }
                step = NLMSG_ALIGN(header.nlmsg_len);
                if (step > size)
                        break;
                p += step;
                size -= step;
        }
        return 0;
}

static int send_dump(int fd, int family, int ifindex) {
        struct {
                struct nlmsghdr header;
                struct ndmsg entry;
        } request = {
                .header = { .nlmsg_len = sizeof request, .nlmsg_type = RTM_GETNEIGH, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = 1 },
                .entry = { .ndm_family = (uint8_t)family, .ndm_ifindex = ifindex },
        };

        return send(fd, &request, sizeof request, 0) < 0 ? -errno : 0;
}

int neighbour_get(const char *iface, const char *address) {
        struct timeval timeout = { .tv_sec = DUMP_TIMEOUT_SEC };
        _cleanup_free_ void *buffer = malloc(DUMP_BYTES);
        int family, r, ifindex = (int)if_nametoindex(iface);
        NeighbourState state = NEIGHBOUR_UNKNOWN;
        _cleanup_close_ int fd = -EBADF;
        uint8_t bytes[16];

        if (!buffer)
                return -ENOMEM;
        if (ifindex == 0)
                return -ENODEV;
        r = parse_address(address, &family, bytes);
        if (r < 0)
                return r;

        fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        if (fd < 0)
                return -errno;
        if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0)
                return -errno;
        r = send_dump(fd, family, ifindex);
        while (r == 0) {
                ssize_t n = recv(fd, buffer, DUMP_BYTES, 0);

                if (n < 0)
                        return -errno;
                r = neighbour_parse(buffer, (size_t)n, ifindex, family, bytes, &state);
        }
        return r < 0 ? r : (int)state;
}
