/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "utf8.h"

uint32_t utf8_next(const char **s) {
        const uint8_t *p = (const uint8_t *)*s;
        unsigned more = p[0] < 0x80 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
        uint32_t code = more == 0 ? p[0] : p[0] & (0x3fU >> more);

        for (unsigned i = 1; i <= more && p[i]; i++)
                code = code << 6 | (p[i] & 0x3fU);
        *s += strnlen(*s, more + 1);
        return code;
}

size_t utf8_put(uint32_t code, char ret[static UTF8_BYTES_MAX]) {
        static const uint8_t lead[UTF8_BYTES_MAX] = {0x00, 0xc0, 0xe0, 0xf0};
        unsigned more;

        if (code > UTF8_CODE_MAX || (code >= 0xd800 && code < 0xe000))
                return 0;
        more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        for (unsigned i = more; i > 0; i--, code >>= 6)
                ret[i] = (char)(0x80U | (code & 0x3fU));
        ret[0] = (char)(lead[more] | code);
        return more + 1;
}
