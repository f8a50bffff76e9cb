/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/mman.h>

#include "fixture.h"
#include "image-file.h"

static const uint8_t qcow2[IMAGE_HEADER_BYTES] = {
        'Q', 'F', 'I', 0xfb, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 2, 0x80, 0, 0, 0,
};

static void test_header(void **state) {
        uint8_t header[IMAGE_HEADER_BYTES];
        ImageFile image;

        assert_ok(image_header_parse(qcow2, sizeof qcow2, 200000, &image));
        assert_string_equal(image.format, "qcow2");
        assert_true(image.capacity_bytes == 10 * GIB && image.size_bytes == 200000);

        assert_ok(image_header_parse((const uint8_t *)"\xeb\x63\x90", 3, 3, &image)); /* any other file is raw */
        assert_string_equal(image.format, "raw");
        assert_true(image.capacity_bytes == 3);
        assert_ok(image_header_parse(qcow2, 3, 3, &image)); /* too short for the magic */
        assert_string_equal(image.format, "raw");

        assert_int_equal(image_header_parse(qcow2, sizeof qcow2 - 1, 31, &image), -EBADMSG);
        memcpy(header, qcow2, sizeof header);
        header[7] = 4;
        assert_int_equal(image_header_parse(header, sizeof header, 200000, &image), -EBADMSG);
        memcpy(header, qcow2, sizeof header);
        header[24] = 0x80; /* 2^63 bytes and more */
        assert_int_equal(image_header_parse(header, sizeof header, 200000, &image), -EBADMSG);
        memcpy(header, qcow2, sizeof header);
        header[15] = 112; /* a backing file */
        assert_int_equal(image_header_parse(header, sizeof header, 200000, &image), -ELOOP);
}

static void test_probe(void **state) {
        _cleanup_close_ int fd = memfd_create("image", MFD_CLOEXEC);
        ImageFile image;
        int pipes[2];

        assert_int_equal(write(fd, qcow2, sizeof qcow2), sizeof qcow2);
        assert_ok(ftruncate(fd, 65536));
        assert_ok(image_file_probe(fd, &image));
        assert_string_equal(image.format, "qcow2");
        assert_true(image.size_bytes == 65536);
        assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);

        assert_ok(pipe(pipes));
        assert_int_equal(image_file_probe(pipes[0], &image), -ESPIPE);
        close(pipes[0]);
        close(pipes[1]);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_header),
                cmocka_unit_test(test_probe),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
