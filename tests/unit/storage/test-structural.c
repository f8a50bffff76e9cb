/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "data-work.h"
#include "domain-lease.h"
#include "fixture.h"
#include "structural.h"

#define ID(n) "99999999-2222-4333-8444-00000000000" #n

static DomainPlace place = {
                .path = (char *)"/mnt/one",
                .id = ID(1),
                .version = 5,
                .block_size_bytes = 512,
                .alignment_bytes = (uint32_t)MIB,
};

static Io *make_volume(void) {
        Io *io;

        place.type = domain_type_find("posix");
        io = io_new("make a volume", io_volume_make, &place);
        assert_non_null(io);
        io->lease_version = 7;
        memcpy(io->image, ID(2), UUID_STRING_MAX);
        memcpy(io->volume, ID(3), UUID_STRING_MAX);
        io->request = (VolumeRequest){
                        .image = ID(2),
                        .volume = ID(3),
                        .parent = BLANK_UUID,
                        .capacity_bytes = GIB,
                        .format = VOLUME_FORMAT_QCOW2,
                        .allocation = VOLUME_ALLOCATION_SPARSE,
                        .description = "a disk",
                        .disk_type = "DATA",
                        .now_sec = 1795716375,
        };
        return io;
}

static void test_request(void **state) {
        _cleanup_(io_freep) Io *io = make_volume(), *read = NULL;
        _cleanup_json_ json_t *request = structural_request(io);

        assert_int_equal(structural_request_read(request, &read, NULL), 0);
        assert_ptr_equal(read->run, io_volume_make);
        assert_int_equal(read->lease_version, 7);
        assert_string_equal(read->place.path, place.path);
        assert_string_equal(read->place.id, place.id);
        assert_ptr_equal(read->place.type, place.type);
        assert_int_equal(read->place.alignment_bytes, MIB);
        assert_int_equal(read->request.capacity_bytes, GIB);
        assert_int_equal(read->request.format, VOLUME_FORMAT_QCOW2);
        assert_string_equal(read->request.volume, ID(3));
        assert_string_equal(read->request.description, "a disk");
}

/* Each key missing, of another type, or with a value that cannot be: refused. */
static void test_bad_requests(void **state) {
        _cleanup_(io_freep) Io *io = make_volume();
        _cleanup_json_ json_t *request = structural_request(io);
        const char *key;
        json_t *value;

        json_object_foreach(request, key, value) {
                _cleanup_json_ json_t *without = json_deep_copy(request), *other = json_deep_copy(request);
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                Io *read;

                (void) json_object_del(without, key);
                (void) json_object_set_new(other, key, json_true());
                assert_int_equal(structural_request_read(without, &read, &error), -EBADMSG);
                assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
                assert_int_equal(structural_request_read(other, &read, NULL), -EBADMSG);
        }
}

/* More room is for volumes of devices, and for one that is named. */
static void test_grow(void **state) {
        DomainPlace devices = place;
        _cleanup_(io_freep) Io *io = NULL, *read = NULL;
        _cleanup_json_ json_t *request = NULL, *files = NULL;
        Io *refused;

        devices.type = domain_type_find("fcp");
        devices.path = (char *)"/dev/mapper/lun";
        io = io_new("make a volume larger", io_volume_grow, &devices);
        assert_non_null(io);
        io->lease_version = 7;
        io->size_bytes = 3 * GIB;
        memcpy(io->image, ID(2), UUID_STRING_MAX);
        memcpy(io->volume, ID(3), UUID_STRING_MAX);
        request = structural_request(io);
        assert_int_equal(structural_request_read(request, &read, NULL), 0);
        assert_ptr_equal(read->run, io_volume_grow);
        assert_int_equal(read->size_bytes, 3 * GIB);
        assert_string_equal(read->volume, ID(3));

        io->volume[0] = '\0';
        files = structural_request(io);
        assert_int_equal(structural_request_read(files, &refused, NULL), -EBADMSG);
        (void) json_object_set_new(request, "size", json_integer(0));
        assert_int_equal(structural_request_read(request, &refused, NULL), -EBADMSG);
        (void) json_object_set_new(request, "size", json_integer((json_int_t)(2048 * TIB)));
        assert_int_equal(structural_request_read(request, &refused, NULL), -EBADMSG);
        (void) json_object_set_new(request, "size", json_integer((json_int_t)GIB));
        (void) json_object_set_new(json_object_get(request, "place"), "type", json_string("posix"));
        (void) json_object_set_new(json_object_get(request, "place"), "path", json_string("/mnt/one"));
        assert_int_equal(structural_request_read(request, &refused, NULL), -EBADMSG);
}

static void test_attach(void **state) {
        _cleanup_(io_freep) Io *io = io_new("attach a domain", io_domain_attach, &place), *read = NULL, *answered = io_new("attach a domain", io_domain_attach, &place);
        _cleanup_json_ json_t *request = NULL, *answer = NULL;
        Io *refused;

        assert_non_null(io);
        assert_non_null(answered);
        io->lease_version = 7;
        memcpy(io->attach.data_center, ID(4), UUID_STRING_MAX);
        io->attach.take_over = true;
        request = structural_request(io);
        assert_int_equal(structural_request_read(request, &read, NULL), 0);
        assert_ptr_equal(read->run, io_domain_attach);
        assert_string_equal(read->attach.data_center, ID(4));
        assert_true(read->attach.take_over);
        assert_false(read->attach.detach);
        (void) json_object_set_new(request, "data_center", json_string("x"));
        assert_int_equal(structural_request_read(request, &refused, NULL), -EBADMSG);

        read->data_centers = strdup(ID(4));
        answer = structural_answer(read, 0);
        assert_int_equal(structural_answer_read(answer, answered), 0);
        assert_string_equal(answered->data_centers, ID(4));
        (void) json_object_set_new(answer, "data_centers", json_string("x"));
        free(TAKE_PTR(answered->data_centers));
        assert_int_equal(structural_answer_read(answer, answered), -EBADMSG);
}

/* What is copied into a volume of devices is measured before that is made. */
static void test_copy(void **state) {
        _cleanup_(io_freep) Io *io = make_volume(), *read = NULL;
        DomainPlace devices = place;
        DataWork *work = calloc(1, sizeof(*work));
        _cleanup_json_ json_t *request = NULL;
        Io *refused;

        assert_non_null(work);
        devices.type = domain_type_find("fcp");
        devices.path = (char *)"/dev/mapper/lun";
        domain_place_clear(&io->place);
        assert_int_equal(domain_place_copy(&io->place, &devices), 0);
        *work = (DataWork){
                        .kind = DATA_COPY,
                        .place = io->place,
                        .source = place,
                        .format = VOLUME_FORMAT_QCOW2,
                        .allocation = VOLUME_ALLOCATION_SPARSE,
                        .capacity_bytes = GIB,
                        .chain = {{ID(4), ID(5), VOLUME_FORMAT_RAW}},
                        .n_chain = 1,
        };
        io->data = work;
        request = structural_request(io);
        assert_int_equal(structural_request_read(request, &read, NULL), 0);
        assert_non_null(read->data);
        assert_string_equal(read->data->source.path, place.path);
        assert_string_equal(read->data->chain[0].volume, ID(5));

        (void) json_object_set_new(json_object_get(request, "data"), "kind", json_string("merge-volume"));
        assert_int_equal(structural_request_read(request, &refused, NULL), -EBADMSG);
}

/* What a copy has left goes under the lease as well: it is no work of the service's own. */
static void test_undo(void **state) {
        _cleanup_(io_freep) Io *io = make_volume(), *read = NULL;
        _cleanup_json_ json_t *request = NULL, *other = NULL;
        Io *refused;

        io->run = io_data_undo;
        request = structural_request(io);
        assert_int_equal(structural_request_read(request, &read, NULL), 0);
        assert_ptr_equal(read->run, io_data_undo);
        assert_string_equal(read->image, io->image);
        assert_string_equal(read->volume, io->volume);
        io->volume[0] = '\0';
        other = structural_request(io);
        assert_int_equal(structural_request_read(other, &refused, NULL), -EBADMSG);
}

static void test_devices(void **state) {
        _cleanup_(io_freep) Io *io = make_volume(), *read = NULL;
        _cleanup_json_ json_t *request = NULL;
        static const char *const bad[] = {"", "/srv/lun", "/dev/../srv", "/dev/a,,/dev/b", "/dev/a,"};
        Io *refused;

        io->run = io_devices_add;
        io->place.type = domain_type_find("fcp");
        free(io->place.path);
        io->place.path = strdup("/dev/mapper/lun");
        io->devices = strdup("/dev/mapper/more,/dev/mapper/most");
        io->io_timeout_sec = 10;
        request = structural_request(io);
        assert_int_equal(structural_request_read(request, &read, NULL), 0);
        assert_ptr_equal(read->run, io_devices_add);
        assert_string_equal(read->devices, io->devices);
        assert_int_equal(read->io_timeout_sec, 10);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                (void) json_object_set_new(request, "devices", json_string(bad[i]));
                assert_int_equal(structural_request_read(request, &refused, NULL), -EBADMSG);
        }
        (void) json_object_set_new(request, "devices", json_string("/dev/mapper/more"));
        (void) json_object_set_new(request, "io_timeout", json_integer(-1));
        assert_int_equal(structural_request_read(request, &refused, NULL), -EBADMSG);
        (void) json_object_set_new(request, "io_timeout", json_integer(10));
        /* files have no devices */
        (void) json_object_set_new(json_object_get(request, "place"), "type", json_string("posix"));
        (void) json_object_set_new(json_object_get(request, "place"), "path", json_string("/mnt"));
        assert_int_equal(structural_request_read(request, &refused, NULL), -EBADMSG);
}

static void assert_place_refused(const char *key, json_t *value) {
        _cleanup_(io_freep) Io *io = make_volume();
        _cleanup_json_ json_t *request = structural_request(io);
        Io *read;

        assert_int_equal(json_object_set_new(json_object_get(request, "place"), key, value), 0);
        assert_int_equal(structural_request_read(request, &read, NULL), -EBADMSG);
}

static void test_bad_places(void **state) {
        assert_place_refused("type", json_string("local"));
        assert_place_refused("type", json_string("iscsi"));
        assert_place_refused("type", json_string("nonsense"));
        assert_place_refused("path", json_string("/mnt/../etc"));
        assert_place_refused("path", json_string("mnt"));
        assert_place_refused("id", json_string("../../etc"));
        assert_place_refused("version", json_integer(6));
        assert_place_refused("block_size", json_integer(100));
        assert_place_refused("alignment", json_integer(0));
        assert_place_refused("alignment", json_integer(3 * 1048576));
}

static void test_answer(void **state) {
        _cleanup_(io_freep) Io *done = make_volume(), *asked = make_volume();
        _cleanup_json_ json_t *answer = NULL;

        done->plan.metadata.capacity_bytes = GIB;
        done->plan.metadata.format = VOLUME_FORMAT_QCOW2;
        done->changed = 3;
        answer = structural_answer(done, 0);
        assert_int_equal(structural_answer_read(answer, asked), 0);
        assert_int_equal(asked->plan.metadata.capacity_bytes, GIB);
        assert_int_equal(asked->plan.metadata.format, VOLUME_FORMAT_QCOW2);
        assert_int_equal(asked->changed, 3);
}

static void test_refusal(void **state) {
        _cleanup_(io_freep) Io *done = make_volume(), *asked = make_volume();
        _cleanup_json_ json_t *answer = NULL;

        sd_bus_error_set(&done->error, RHV_ERROR_NO_SPACE, "full");
        answer = structural_answer(done, -ENOSPC);
        assert_int_equal(structural_answer_read(answer, asked), -ENOSPC);
        assert_string_equal(asked->error.name, RHV_ERROR_NO_SPACE);
        assert_string_equal(asked->error.message, "full");
}

static void test_bad_answers(void **state) {
        static const char *const texts[] = {
                        "{}",
                        "{\"version\": 3, \"r\": 0}",
                        "{\"version\": 3, \"r\": 1}",
                        "{\"version\": 3, \"r\": 0}",
                        "{\"version\": 3, \"r\": 0, \"cleaned\": -1, \"changed\": 0, \"offset\": 0, \"capacity\": 0, \"format\": \"raw\"}",
                        "{\"version\": 3, \"r\": 0, \"cleaned\": 0, \"changed\": 0, \"offset\": 0, \"capacity\": 0, \"format\": \"x\"}",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_json_ json_t *answer = json_loads(texts[i], 0, NULL);
                _cleanup_(io_freep) Io *io = make_volume();

                assert_non_null(answer);
                assert_int_equal(structural_answer_read(answer, io), -EBADMSG);
                assert_string_equal(io->error.name, RHV_ERROR_BAD_FORMAT);
        }
}

/* A name of the other side that is not ours is not passed on as one. */
static void test_foreign_error(void **state) {
        _cleanup_json_ json_t *answer = json_loads("{\"version\": 3, \"r\": -5, \"error\": \"org.evil\", \"message\": \"m\"}", 0, NULL);
        _cleanup_(io_freep) Io *io = make_volume();

        assert_int_equal(structural_answer_read(answer, io), -5);
        assert_string_equal(io->error.name, RHV_ERROR_BACKEND_FAILED);
}

static void test_watchdog(void **state) {
        assert_int_equal(sanlock_status_watchdog("daemon x\n    use_watchdog=1\n    high_priority=0\n"), 1);
        assert_int_equal(sanlock_status_watchdog("daemon x\n    use_watchdog=0\n"), 0);
        assert_int_equal(sanlock_status_watchdog("daemon x\n"), -EBADMSG);
        assert_int_equal(sanlock_status_watchdog("use_watchdog="), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_request),     cmocka_unit_test(test_bad_requests),  cmocka_unit_test(test_bad_places),
                        cmocka_unit_test(test_devices), cmocka_unit_test(test_undo),
                        cmocka_unit_test(test_answer),      cmocka_unit_test(test_refusal),       cmocka_unit_test(test_bad_answers),
                        cmocka_unit_test(test_foreign_error), cmocka_unit_test(test_watchdog), cmocka_unit_test(test_grow),
                cmocka_unit_test(test_attach),
                        cmocka_unit_test(test_copy),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
