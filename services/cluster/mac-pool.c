/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mac-pool.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ADDRESS_BITS 48U
/* The lowest bit of the first octet marks a group address (IEEE 802). */
#define GROUP_BIT (UINT64_C(1) << 40)

/* The n characters at s as an address. */
static bool read_address(const char *s, uint64_t *ret) {
        uint64_t address = 0;

        for (size_t i = 0; i < MAC_STRING_MAX - 1; i++) {
                const char *digits = "0123456789abcdef", *digit;

                if (i % 3 == 2) {
                        if (s[i] != ':')
                                return false;
                        continue;
                }
                digit = s[i] ? strchr(digits, s[i]) : NULL;
                if (!digit)
                        return false;
                address = address << 4 | (uint64_t)(digit - digits);
        }
        *ret = address;
        return true;
}

/* The kernel's side of a guest's NIC has the guest's address with fe as first octet: libvirt refuses guests that begin so. */
static bool is_reserved(uint64_t address) {
        return address >> 40 == 0xfe;
}

int mac_range_parse(const char *text, MacRange *ret) {
        MacRange range;

        if (strlen(text) != MAC_RANGE_STRING_MAX - 1 || text[MAC_STRING_MAX - 1] != '-' || !read_address(text, &range.first) ||
            !read_address(text + MAC_STRING_MAX, &range.last))
                return -EINVAL;
        if (range.first > range.last || is_reserved(range.first) || is_reserved(range.last))
                return -EINVAL;
        if (mac_range_count(range) > MAC_RANGE_ADDRESSES_MAX)
                return -ERANGE;
        if (mac_range_count(mac_range_usable(range)) == 0)
                return -EINVAL;
        *ret = range;
        return 0;
}

bool mac_range_is_valid(const char *text) {
        MacRange range;

        return mac_range_parse(text, &range) >= 0;
}

MacRange mac_range_usable(MacRange range) {
        if (range.first & GROUP_BIT)
                range.first = (range.first | (GROUP_BIT - 1)) + 1;
        if (range.last & GROUP_BIT)
                range.last = (range.last & ~(GROUP_BIT - 1)) - 1;
        /* nobody has the address of zeros */
        if (range.first == 0)
                range.first = 1;
        return range;
}

bool mac_ranges_overlap(MacRange a, MacRange b) {
        return a.first <= b.last && b.first <= a.last;
}

bool mac_range_contains(MacRange range, const char *mac) {
        uint64_t address;

        return strlen(mac) == MAC_STRING_MAX - 1 && read_address(mac, &address) && address >= range.first && address <= range.last;
}

uint64_t mac_range_count(MacRange range) {
        return range.first > range.last ? 0 : range.last - range.first + 1;
}

void mac_format(uint64_t address, char ret[static MAC_STRING_MAX]) {
        unsigned octets[6];

        for (size_t i = 0; i < ELEMENTSOF(octets); i++)
                octets[i] = (unsigned)(address >> (ADDRESS_BITS - 8 * (i + 1)) & 0xff);
        (void) snprintf(ret, MAC_STRING_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", octets[0], octets[1], octets[2], octets[3], octets[4],
                        octets[5]);
}

void mac_default_range(const char *prefix, char ret[static MAC_RANGE_STRING_MAX]) {
        (void) snprintf(ret, MAC_RANGE_STRING_MAX, "%.11s:00:00-%.11s:ff:ff", prefix, prefix);
}

void mac_default_prefix(uint16_t random, char ret[static MAC_STRING_MAX]) {
        (void) snprintf(ret, MAC_STRING_MAX, "56:6f:%02x:%02x", (unsigned)random >> 8, (unsigned)random & 0xff);
}

/* ---- which comes next ---- */

void mac_cursors_done(MacCursors *cursors) {
        free(cursors->entries);
        *cursors = (MacCursors){};
}

/* A range nobody was given anything of begins at its first address. */
static int cursor_find(MacCursors *cursors, MacRange range, struct MacCursor **ret) {
        struct MacCursor *grown;

        for (size_t i = 0; i < cursors->n; i++)
                if (cursors->entries[i].first == range.first) {
                        *ret = &cursors->entries[i];
                        return 0;
                }
        grown = reallocarray(cursors->entries, cursors->n + 1, sizeof *grown);
        if (!grown)
                return -ENOMEM;
        cursors->entries = grown;
        grown[cursors->n] = (struct MacCursor){ .first = range.first, .given = range.last };
        *ret = &grown[cursors->n++];
        return 0;
}

/* The range that gave the last address: those before it were full, and are not searched again before it is. */
static size_t last_used(const MacRange *ranges, size_t n, const MacCursors *cursors) {
        uint64_t turn = 0;
        size_t found = 0;

        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < cursors->n; k++)
                        if (cursors->entries[k].first == ranges[i].first && cursors->entries[k].turn > turn) {
                                turn = cursors->entries[k].turn;
                                found = i;
                        }
        return found;
}

int mac_allocate(const MacRange *ranges, size_t n, MacCursors *cursors, bool (*in_use)(const char *mac, void *userdata),
                 void *userdata, char ret[static MAC_STRING_MAX]) {
        size_t start = last_used(ranges, n, cursors);

        for (size_t i = 0; i < n; i++) {
                MacRange range = ranges[(start + i) % n];
                uint64_t count = mac_range_count(range), given;
                struct MacCursor *cursor;
                int r;

                r = cursor_find(cursors, range, &cursor);
                if (r < 0)
                        return r;
                given = cursor->given;
                for (uint64_t k = 0; k < count; k++) {
                        char mac[MAC_STRING_MAX];

                        /* also where the range became shorter since */
                        given = given >= range.last ? range.first : given + 1;
                        mac_format(given, mac);
                        if (in_use(mac, userdata))
                                continue;
                        cursor->given = given;
                        cursor->turn = ++cursors->turn;
                        (void) memcpy(ret, mac, sizeof mac);
                        return 0;
                }
        }
        return -ENOSPC;
}
