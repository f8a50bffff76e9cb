/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "image-file.h"

#include <endian.h>
#include <sys/types.h>

static uint64_t read_be64(const uint8_t *p) {
        uint64_t v;

        memcpy(&v, p, sizeof v);
        return be64toh(v);
}

static uint32_t read_be32(const uint8_t *p) {
        uint32_t v;

        memcpy(&v, p, sizeof v);
        return be32toh(v);
}

int image_header_parse(const uint8_t *header, size_t header_size, uint64_t size_bytes, ImageFile *ret) {
        static const uint8_t magic[] = { 'Q', 'F', 'I', 0xfb };
        uint32_t version;
        uint64_t capacity;

        if (header_size < sizeof magic || memcmp(header, magic, sizeof magic) != 0) {
                *ret = (ImageFile){ .format = "raw", .capacity_bytes = size_bytes, .size_bytes = size_bytes };
                return 0;
        }

        if (header_size < IMAGE_HEADER_BYTES)
                return -EBADMSG;

        version = read_be32(header + 4);
        capacity = read_be64(header + 24);
        if (version < 2 || version > 3 || capacity > INT64_MAX)
                return -EBADMSG;
        if (read_be64(header + 8) != 0)
                return -ELOOP;

        *ret = (ImageFile){ .format = "qcow2", .capacity_bytes = capacity, .size_bytes = size_bytes };
        return 0;
}

int image_file_probe(int fd, ImageFile *ret) {
        uint8_t header[IMAGE_HEADER_BYTES];
        size_t have = 0;
        off_t end;

        end = lseek(fd, 0, SEEK_END);
        if (end < 0 || lseek(fd, 0, SEEK_SET) < 0)
                return -errno;

        while (have < sizeof header) {
                ssize_t n = pread(fd, header + have, sizeof header - have, (off_t)have);

                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                have += (size_t)n;
        }

        return image_header_parse(header, have, (uint64_t)end, ret);
}
