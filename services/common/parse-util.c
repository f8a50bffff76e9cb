/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parse-util.h"

#include <systemd/sd-id128.h>

int parse_u64(const char *s, uint64_t *ret) {
        uint64_t value = 0;

        if (isempty(s))
                return -EINVAL;

        for (; *s; s++) {
                if (*s < '0' || *s > '9')
                        return -EINVAL;
                if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
                    __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value))
                        return -ERANGE;
        }

        *ret = value;
        return 0;
}

int parse_u32(const char *s, uint32_t *ret) {
        uint64_t value;
        int r;

        r = parse_u64(s, &value);
        if (r < 0)
                return r;
        if (value > UINT32_MAX)
                return -ERANGE;

        *ret = (uint32_t)value;
        return 0;
}

static bool is_lower_hex(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool uuid_is_valid(const char *s) {
        if (!s)
                return false;

        for (size_t i = 0; i < 36; i++) {
                bool dash = i == 8 || i == 13 || i == 18 || i == 23;

                if (dash ? s[i] != '-' : !is_lower_hex(s[i]))
                        return false;
        }

        return s[36] == 0;
}

int uuid_generate(char ret[static UUID_STRING_MAX]) {
        static const char digits[] = "0123456789abcdef";
        sd_id128_t id;
        char *p = ret;
        int r;

        r = sd_id128_randomize(&id);
        if (r < 0)
                return r;

        for (size_t i = 0; i < 16; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        *p++ = '-';
                *p++ = digits[id.bytes[i] >> 4];
                *p++ = digits[id.bytes[i] & 15];
        }
        *p = 0;
        return 0;
}

/* The length of the well-formed sequence at s (RFC 3629: no overlong form, no surrogate, at most U+10FFFF), or 0. */
static size_t utf8_sequence(const unsigned char *s, size_t left) {
        size_t n;

        if (s[0] < 0x80)
                return 1;
        if (s[0] >= 0xc2 && s[0] <= 0xdf)
                n = 2;
        else if ((s[0] & 0xf0) == 0xe0)
                n = 3;
        else if (s[0] >= 0xf0 && s[0] <= 0xf4)
                n = 4;
        else
                return 0;

        if (left < n)
                return 0;
        for (size_t i = 1; i < n; i++)
                if ((s[i] & 0xc0) != 0x80)
                        return 0;

        if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
            (s[0] == 0xf4 && s[1] > 0x8f))
                return 0;

        return n;
}

bool utf8_is_valid(const char *s, size_t length) {
        const unsigned char *p = (const unsigned char *)s;

        while (length > 0) {
                size_t n = utf8_sequence(p, length);

                if (n == 0)
                        return false;
                p += n;
                length -= n;
        }

        return true;
}

bool label_is_valid(const char *s, size_t max) {
        size_t length;

        if (isempty(s))
                return false;
        length = strlen(s);
        if (length > max || s[0] == ' ' || s[length - 1] == ' ')
                return false;

        for (size_t i = 0; i < length; i++) {
                unsigned char c = (unsigned char)s[i];

                /* C0 and DEL; U+0080..U+009F are the two-byte sequences c2 80 to c2 9f */
                if (c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)s[i + 1] < 0xa0))
                        return false;
        }

        return utf8_is_valid(s, length);
}

static bool is_name_character(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
}

bool name_is_valid(const char *s, size_t max) {
        if (isempty(s) || strlen(s) > max || s[0] == '-' || s[0] == '.')
                return false;

        for (; *s; s++)
                if (!is_name_character(*s))
                        return false;

        return true;
}

bool mac_is_valid(const char *s) {
        if (!s || strlen(s) != 17)
                return false;

        for (size_t i = 0; i < 17; i++)
                if (i % 3 == 2 ? s[i] != ':' : !is_lower_hex(s[i]))
                        return false;

        /* the lowest bit of the first octet marks a group address */
        return !strchr("13579bdf", s[1]) && !streq(s, "00:00:00:00:00:00");
}

bool path_is_normal(const char *s) {
        if (isempty(s) || s[0] != '/' || strlen(s) >= 4096)
                return false;

        while (*s) {
                size_t n;

                s++; /* the slash */
                n = strcspn(s, "/");
                if (n == 0 || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
                        return false;
                for (size_t i = 0; i < n; i++)
                        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
                                return false;
                s += n;
        }

        return true;
}
