/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Definitions that we write: read back by what reads the engine's, merged with what others wrote, and in the stores of a real directory. */

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "dict.h"
#include "io.h"
#include "ovf-archive.h"
#include "ovf-store.h"
#include "ovf-summary.h"
#include "ovf-update.h"
#include "ovf-write.h"
#include "remove-tree.h"
#include "test-data.h"

#define DOMAIN "dddddddd-0000-4000-8000-000000000000"
#define IMAGE "aaaaaaaa-0000-4000-8000-000000000001"
#define VOLUME "bbbbbbbb-0000-4000-8000-000000000001"
#define CHILD "bbbbbbbb-0000-4000-8000-000000000002"
#define VM "eeeeeeee-0000-4000-8000-000000000001"
#define OTHER "eeeeeeee-0000-4000-8000-000000000002"
#define NIC "99999999-0000-4000-8000-000000000001"
#define NOW 1795752788U

static json_t *definition_of(const char *volume) {
        return json_pack("{s:s, s:s, s:s, s:i, s:I, s:s, s:[{s:s, s:s, s:s, s:s, s:b}], s:[{s:s, s:s, s:s, s:s}]}", "id", VM, "name", "web <1> & é", "description",
                         "it's \"mine\"", "cpus", 4, "memory", (json_int_t)(2 * GIB), "firmware", "uefi", "disks", "image", IMAGE, "volume", volume, "bus",
                         "scsi", "name", "root", "boot", 1, "nics", "id", NIC, "network", "ovirtmgmt", "mac", "56:6f:ef:88:00:00", "model", "e1000e");
}

/* One image of two volumes. */
static VolumeList make_list(void) {
        VolumeList list = { .image = IMAGE };
        static const char *const ids[] = { VOLUME, CHILD };

        for (size_t i = 0; i < 2; i++) {
                VolumeRecord *record = volume_list_add(&list, ids[i]);

                assert_non_null(record);
                record->metadata = (VolumeMetadata){ .capacity_bytes = 3 * GIB + 1, .created_sec = NOW, .domain = DOMAIN, .image = IMAGE,
                                                     .format = i ? VOLUME_FORMAT_QCOW2 : VOLUME_FORMAT_RAW, .role = i ? VOLUME_LEAF : VOLUME_INTERNAL };
                (void) snprintf(record->metadata.parent, UUID_STRING_MAX, "%s", i ? VOLUME : BLANK_UUID);
        }
        return list;
}

static void test_round_trip(void **state) {
        _cleanup_json_ json_t *definition = definition_of(CHILD), *summary = NULL, *expected = NULL;
        _cleanup_(volume_list_clear) VolumeList list = make_list();
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *text = NULL;

        assert_ok(ovf_write(definition, DOMAIN, &list, 1, NOW, &text, &error));
        assert_ok(ovf_summary(text, strlen(text), VM, &summary, &error));
        expected = json_pack("{s:s, s:s, s:b, s:I, s:i, s:i, s:i, s:i, s:[], s:s, s:s, s:[{s:s, s:s, s:s, s:b}, {s:s, s:s, s:s, s:b}], s:[{s:s, s:s, s:s}]}", "name",
                             "web <1> & é", "description", "it's \"mine\"", "template", 0, "memory", (json_int_t)(2 * GIB), "cpus", 4, "sockets", 4, "cores", 1, "threads", 1,
                             "snapshots", "chipset", "q35", "firmware", "uefi", "disks", "image", IMAGE, "volume", CHILD, "bus", "scsi",
                             "boot", 1, "image", IMAGE, "volume", VOLUME, "bus", "scsi", "boot", 1, "nics", "model", "e1000e", "network", "ovirtmgmt", "mac",
                             "56:6f:ef:88:00:00");
        if (!json_equal(summary, expected)) {
                _cleanup_free_ char *got = json_dumps(summary, JSON_SORT_KEYS), *want = json_dumps(expected, JSON_SORT_KEYS);

                assert_string_equal(got, want);
        }
        /* what an engine refuses to import without */
        assert_non_null(strstr(text, "<Section xsi:type=\"ovf:OperatingSystemSection_Type\" ovf:id=\"" VM "\""));
        assert_non_null(strstr(text, "<rasd:Parent>" VOLUME "</rasd:Parent>"));
        assert_non_null(strstr(text, "ovf:size=\"4\""));
        assert_non_null(strstr(text, "<ovf:Envelope"));
        assert_non_null(strstr(text, "<Name>web &lt;1&gt; &amp; é</Name>"));
}

static void test_disk_elsewhere(void **state) {
        _cleanup_json_ json_t *definition = definition_of(CHILD);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char *text = NULL;

        assert_int_equal(ovf_write(definition, DOMAIN, NULL, 0, NOW, &text, &error), -EINVAL);
        assert_true(sd_bus_error_has_name(&error, RHV_ERROR_INVALID_ARGUMENT));
        assert_null(text);
}

/* What the engine said beyond us stays; what we say is ours; its snapshots stay with its volumes only. */
static void test_merge(void **state) {
        static const char old[] =
                "<ovf:Envelope xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1/\" xmlns:rasd=\"http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
                "CIM_ResourceAllocationSettingData\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><References><File ovf:href=\"" IMAGE "/" CHILD
                "\"/>%s</References><Content><Name>old</Name><TimeZone>Etc/GMT</TimeZone><Section xsi:type=\"ovf:SnapshotsSection_Type\"><Snapshot/></Section>"
                "<Section xsi:type=\"ovf:NumaNodeSection_Type\"><a/></Section><Section xsi:type=\"ovf:VirtualHardwareSection_Type\"><Item><rasd:ResourceType>20"
                "</rasd:ResourceType><Device>qxl</Device></Item><Item><rasd:ResourceType>3</rasd:ResourceType><Device>old-cpu</Device></Item></Section></Content></ovf:Envelope>";
        _cleanup_json_ json_t *definition = definition_of(CHILD);
        _cleanup_(volume_list_clear) VolumeList list = make_list();
        _cleanup_free_ char *text = NULL, *same = NULL, *other = NULL, *merged = NULL, *twice = NULL, *cut = NULL;

        assert_ok(ovf_write(definition, DOMAIN, &list, 1, NOW, &text, NULL));
        assert_true(asprintf(&same, old, "<File ovf:href=\"" IMAGE "/" VOLUME "\"/>") > 0);
        assert_true(asprintf(&other, old, "") > 0);
        assert_ok(ovf_merge(text, same, strlen(same), &merged));
        assert_non_null(strstr(merged, "<TimeZone>Etc/GMT</TimeZone>"));
        assert_non_null(strstr(merged, "NumaNodeSection_Type"));
        assert_non_null(strstr(merged, "SnapshotsSection_Type"));
        assert_non_null(strstr(merged, "qxl"));
        assert_null(strstr(merged, "old"));
        assert_ok(ovf_merge(text, merged, strlen(merged), &twice));
        assert_string_equal(twice, merged);
        assert_ok(ovf_merge(text, other, strlen(other), &cut));
        assert_null(strstr(cut, "SnapshotsSection_Type"));
        free(TAKE_PTR(cut));
        assert_int_equal(ovf_merge(text, "<", 1, &cut), -EBADMSG);
        assert_null(cut);
}

/* What is in the drive comes back as it was; an older text's drive keeps its place, and has what is in it now. */
static void test_cdrom(void **state) {
        static const char *const media[] = { OTHER, "sub/a & b.iso" };
        _cleanup_(volume_list_clear) VolumeList list = make_list();
        _cleanup_json_ json_t *definition = definition_of(CHILD), *without = NULL;
        _cleanup_free_ char *plain = NULL, *last = NULL;

        assert_ok(ovf_write(definition, DOMAIN, &list, 1, NOW, &plain, NULL));
        assert_null(strstr(plain, "CDROM"));
        assert_ok(ovf_summary(plain, strlen(plain), VM, &without, NULL));
        assert_null(json_object_get(without, "cdrom"));
        for (size_t i = 0; i < ELEMENTSOF(media); i++) {
                _cleanup_json_ json_t *summary = NULL, *again = NULL;
                _cleanup_free_ char *text = NULL, *merged = NULL;

                assert_int_equal(json_object_set_new(definition, "cdrom", json_string(media[i])), 0);
                assert_ok(ovf_write(definition, DOMAIN, &list, 1, NOW, &text, NULL));
                assert_ok(ovf_summary(text, strlen(text), VM, &summary, NULL));
                assert_string_equal(dict_string(summary, "cdrom", ""), media[i]);
                if (last) {
                        char *kept = strstr(strstr(last, "CDROM"), "<IsReadOnly>true");

                        assert_non_null(kept);
                        memcpy(kept, "<IsReadOnly>mine", 16);
                        assert_ok(ovf_merge(text, last, strlen(last), &merged));
                        assert_non_null(strstr(merged, "<IsReadOnly>mine"));
                        assert_ok(ovf_summary(merged, strlen(merged), VM, &again, NULL));
                        assert_string_equal(dict_string(again, "cdrom", ""), media[i]);
                        assert_null(strstr(strstr(merged, "CDROM") + 1, "CDROM"));
                }
                free(last);
                last = TAKE_PTR(text);
        }
        {
                /* the fresh text says nothing of a drive: the old one's stays */
                _cleanup_json_ json_t *summary = NULL;
                _cleanup_free_ char *merged = NULL;

                assert_ok(ovf_merge(plain, last, strlen(last), &merged));
                assert_ok(ovf_summary(merged, strlen(merged), VM, &summary, NULL));
                assert_string_equal(dict_string(summary, "cdrom", ""), media[1]);
        }
}

/* ---- snapshots ---- */

#define SNAPSHOT "cccccccc-0000-4000-8000-000000000001"
#define LATER "cccccccc-0000-4000-8000-000000000002"

/* The base is the snapshot's, the child the present's. */
static json_t *with_snapshot(const char *id, const char *volume) {
        json_t *definition = definition_of(CHILD), *then = definition_of(volume);

        assert_int_equal(json_object_del(then, "id"), 0);
        assert_int_equal(json_object_set_new(then, "name", json_string("old name")), 0);
        assert_int_equal(json_object_set_new(definition, "snapshots", json_pack("[{s:s, s:s, s:s, s:i, s:[{s:s, s:s}], s:o}]", "id", id, "name", "before", "description",
                                                                                "the <update>", "created", (int)NOW, "disks", "image", IMAGE, "volume", volume,
                                                                                "configuration", then)), 0);
        return definition;
}

static void test_snapshots(void **state) {
        _cleanup_json_ json_t *definition = with_snapshot(SNAPSHOT, VOLUME), *summary = NULL;
        _cleanup_(volume_list_clear) VolumeList list = make_list();
        _cleanup_free_ char *text = NULL;
        const json_t *snapshot, *then, *disk;

        assert_ok(ovf_write(definition, DOMAIN, &list, 1, NOW, &text, NULL));
        /* the present is a snapshot to the engine, with an id that is the same each time */
        assert_non_null(strstr(text, "<Snapshot ovf:id=\"11111111-0000-4000-8000-000000000001\"><Type>ACTIVE</Type><Description>Active VM</Description>"));
        assert_non_null(strstr(text, "ovf:vm_snapshot_id=\"11111111-0000-4000-8000-000000000001\""));
        assert_non_null(strstr(text, "ovf:vm_snapshot_id=\"" SNAPSHOT "\""));
        assert_ok(ovf_summary(text, strlen(text), VM, &summary, NULL));
        assert_int_equal(json_array_size(json_object_get(summary, "snapshots")), 1);
        snapshot = json_array_get(json_object_get(summary, "snapshots"), 0);
        assert_string_equal(json_string_value(json_object_get(snapshot, "id")), SNAPSHOT);
        assert_string_equal(json_string_value(json_object_get(snapshot, "name")), "before");
        assert_string_equal(json_string_value(json_object_get(snapshot, "description")), "the <update>");
        assert_int_equal(json_integer_value(json_object_get(snapshot, "created")), NOW);
        assert_int_equal(json_array_size(json_object_get(snapshot, "disks")), 1);
        disk = json_array_get(json_object_get(snapshot, "disks"), 0);
        assert_string_equal(json_string_value(json_object_get(disk, "volume")), VOLUME);
        then = json_object_get(snapshot, "configuration");
        assert_string_equal(json_string_value(json_object_get(then, "name")), "old name");
        assert_int_equal(json_array_size(json_object_get(then, "disks")), 1);

        /* what it was then names a disk that has gone: the snapshot stays, without that */
        free(TAKE_PTR(text));
        assert_int_equal(json_object_set_new(json_array_get(json_object_get(json_object_get(json_array_get(json_object_get(definition, "snapshots"), 0), "configuration"), "disks"), 0),
                                             "image", json_string(OTHER)), 0);
        assert_ok(ovf_write(definition, DOMAIN, &list, 1, NOW, &text, NULL));
        assert_non_null(strstr(text, "<Snapshot ovf:id=\"" SNAPSHOT "\""));
        assert_null(strstr(text, "VmConfiguration"));
}

/* So many snapshots of so large a VM that nobody would read it: what the VM was is left out, not the snapshots. */
static void test_too_large(void **state) {
        _cleanup_json_ json_t *definition = with_snapshot(SNAPSHOT, VOLUME), *summary = NULL;
        _cleanup_(volume_list_clear) VolumeList list = make_list();
        _cleanup_free_ char *long_text = calloc(1, 50000), *text = NULL;
        json_t *snapshots = json_object_get(definition, "snapshots");

        memset(long_text, 'x', 49999);
        assert_int_equal(json_object_set_new(json_object_get(json_array_get(snapshots, 0), "configuration"), "description", json_string(long_text)), 0);
        for (unsigned i = 1; i < 100; i++) {
                json_t *copy = json_deep_copy(json_array_get(snapshots, 0));

                assert_int_equal(json_object_set_new(copy, "id", json_sprintf("cccccccc-0000-4000-8000-%012u", i + 1)), 0);
                assert_int_equal(json_array_append_new(snapshots, copy), 0);
        }
        assert_ok(ovf_write(definition, DOMAIN, &list, 1, NOW, &text, NULL));
        assert_true(strlen(text) <= OVF_BYTES_MAX);
        assert_ok(ovf_summary(text, strlen(text), VM, &summary, NULL));
        assert_int_equal(json_array_size(json_object_get(summary, "snapshots")), 100);
}

static size_t count(const char *text, const char *word) {
        size_t n = 0;

        for (const char *p = strstr(text, word); p; p = strstr(p + 1, word))
                n++;
        return n;
}

/* An engine's snapshot with memory: what it has beyond us stays with it, and itself for as long as a volume is its own. */
static void test_merge_snapshots(void **state) {
        _cleanup_json_ json_t *known = with_snapshot(SNAPSHOT, VOLUME), *unknown = with_snapshot(LATER, VOLUME), *gone = with_snapshot(LATER, VOLUME), *summary = NULL;
        _cleanup_(volume_list_clear) VolumeList list = make_list();
        _cleanup_free_ char *text = NULL, *other = NULL, *without = NULL, *old = NULL, *merged = NULL, *twice = NULL, *kept = NULL, *dropped = NULL;
        char *place;

        assert_ok(ovf_write(known, DOMAIN, &list, 1, NOW, &text, NULL));
        place = strstr(text, "<CreationDate>2026");
        assert_non_null(place);
        place = strstr(text, "<Comment>the");
        assert_non_null(place);
        assert_true(asprintf(&old, "%.*s<Memory>a,b,c,d,e,f</Memory>%s", (int)(place - text), text, place) > 0);
        assert_ok(ovf_merge(text, old, strlen(old), &merged));
        assert_int_equal(count(merged, "<Memory>a,b,c,d,e,f</Memory>"), 1);
        assert_int_equal(count(merged, "<Snapshot "), 2);
        assert_ok(ovf_merge(text, merged, strlen(merged), &twice));
        assert_string_equal(twice, merged);

        /* nobody here knows the old one, and the base is its */
        assert_int_equal(json_object_set_new(unknown, "snapshots", json_array()), 0);
        assert_ok(ovf_write(unknown, DOMAIN, &list, 1, NOW, &other, NULL));
        assert_ok(ovf_merge(other, old, strlen(old), &kept));
        assert_int_equal(count(kept, "<Snapshot "), 2);
        assert_int_equal(count(kept, "ovf:vm_snapshot_id=\"" SNAPSHOT "\""), 1);
        assert_ok(ovf_summary(kept, strlen(kept), VM, &summary, NULL));
        assert_int_equal(json_array_size(json_object_get(json_array_get(json_object_get(summary, "snapshots"), 0), "disks")), 1);

        /* the base is another snapshot's now */
        assert_ok(ovf_write(gone, DOMAIN, &list, 1, NOW, &without, NULL));
        assert_ok(ovf_merge(without, old, strlen(old), &dropped));
        assert_int_equal(count(dropped, SNAPSHOT), 0);
        assert_int_equal(count(dropped, "<Snapshot "), 2);
}

/* A thin VM: the template's volume is not its own, and its layer says on what it is. */
static void test_thin(void **state) {
        _cleanup_json_ json_t *definition = definition_of(CHILD), *summary = NULL;
        _cleanup_(volume_list_clear) VolumeList list = make_list();
        _cleanup_free_ char *text = NULL;

        list.records[0].metadata.role = VOLUME_SHARED;
        (void) snprintf(list.records[0].metadata.image, UUID_STRING_MAX, "%s", "aaaaaaaa-0000-4000-8000-00000000000f");
        assert_int_equal(json_object_set_new(definition, "template_id", json_string(OTHER)), 0);
        assert_int_equal(json_object_set_new(definition, "template_name", json_string("golden")), 0);
        assert_ok(ovf_write(definition, DOMAIN, &list, 1, NOW, &text, NULL));
        assert_int_equal(count(text, "<File "), 1);
        assert_non_null(strstr(text, "<rasd:Parent>" VOLUME "</rasd:Parent><rasd:Template>" VOLUME "</rasd:Template>"));
        assert_non_null(strstr(text, "<TemplateName>golden</TemplateName>"));
        assert_ok(ovf_summary(text, strlen(text), VM, &summary, NULL));
        assert_string_equal(json_string_value(json_object_get(summary, "template_id")), OTHER);
}

static void test_description(void **state) {
        _cleanup_free_ char *fresh = ovf_store_description(DOMAIN, 0, 0), *busy = ovf_store_description(DOMAIN, NOW, 0), *good = ovf_store_description(DOMAIN, NOW, 30720);
        VolumeRecord record = {};
        OvfStore store = {};

        assert_string_equal(fresh, "{\"Updated\":false,\"Last Updated\":null,\"Storage Domains\":[{\"uuid\":\"" DOMAIN "\"}],\"Disk Description\":\"OVF_STORE\"}");
        assert_true(strlen(good) <= 210); /* what VDSM takes */
        (void) snprintf(record.metadata.description, sizeof(record.metadata.description), "%s", busy);
        assert_int_equal(ovf_store_read_description(&record, &store), 0);
        (void) snprintf(record.metadata.description, sizeof(record.metadata.description), "%s", good);
        assert_int_equal(ovf_store_read_description(&record, &store), 1);
        assert_int_equal(store.size_bytes, 30720);
        assert_int_equal(store.updated_sec, NOW);
}

/* ---- by another process ---- */

/* The same comes back over the two files as from the call itself; cut off anywhere, or with rubbish in it, it is refused. */
static void test_compose_there(void **state) {
        _cleanup_close_ int question = memfd_create("question", MFD_CLOEXEC), answer = memfd_create("answer", MFD_CLOEXEC), cut = memfd_create("cut", MFD_CLOEXEC);
        _cleanup_(volume_list_clear) VolumeList list = make_list();
        _cleanup_json_ json_t *definitions = json_pack("[o, {s:s, s:s, s:[{s:s, s:s}]}]", with_snapshot(SNAPSHOT, VOLUME), "id", OTHER, "name", "lost", "disks", "image", OTHER,
                                                       "volume", OTHER),
                              *none = json_array();
        _cleanup_(ovf_composed_clear) OvfComposed here = {}, there = {}, again = {};
        OvfComposition in = { .domain = DOMAIN, .lists = &list, .n_lists = 1, .definitions = definitions, .removed = none, .now_sec = NOW };
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        off_t end;

        assert_ok(ovf_compose(&in, &here, &error));
        assert_int_equal(here.definitions, 1);
        assert_int_equal(json_array_size(here.skipped), 1);
        assert_ok(ovf_question_write(question, &in));
        assert_ok(ovf_compose_serve(question, answer, ovf_compose));
        assert_ok(ovf_answer_read(answer, &there, &error));
        assert_int_equal(there.size, here.size);
        assert_memory_equal(there.tar, here.tar, here.size);
        assert_int_equal(there.definitions, 1);
        assert_true(json_equal(there.skipped, here.skipped));

        /* with what was there before */
        in.tar = here.tar;
        in.tar_size = here.size;
        assert_int_equal(ftruncate(question, 0), 0);
        assert_int_equal(ftruncate(answer, 0), 0);
        assert_int_equal(lseek(question, 0, SEEK_SET), 0);
        assert_int_equal(lseek(answer, 0, SEEK_SET), 0);
        assert_ok(ovf_question_write(question, &in));
        assert_ok(ovf_compose_serve(question, answer, ovf_compose));
        assert_ok(ovf_answer_read(answer, &again, &error));
        assert_int_equal(again.size, here.size);

        /* a question that is cut off has an answer that says so */
        end = lseek(question, 0, SEEK_END);
        for (off_t size = 0; size < end; size += size < 3000 ? 101 : 4099) {
                _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
                OvfComposed nothing = {};

                assert_int_equal(ftruncate(question, size), 0);
                assert_int_equal(ftruncate(cut, 0), 0);
                assert_int_equal(lseek(cut, 0, SEEK_SET), 0);
                /* after its words the tar may end anywhere: then it is broken, or was none */
                if (ovf_compose_serve(question, cut, ovf_compose) >= 0)
                        continue;
                assert_true(ovf_answer_read(cut, &nothing, &own) < 0);
                assert_true(sd_bus_error_is_set(&own));
                assert_null(nothing.tar);
        }
        /* so has an answer */
        end = lseek(answer, 0, SEEK_END);
        for (off_t size = 0; size < 200; size += 7) {
                _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
                OvfComposed nothing = {};

                assert_int_equal(ftruncate(answer, size), 0);
                if (size * 2 > end)
                        break;
                assert_true(ovf_answer_read(answer, &nothing, &own) < 0 || nothing.tar);
                ovf_composed_clear(&nothing);
        }
}

/* ---- in a directory ---- */

typedef struct Place {
        char base[64];
        DomainPlace place;
} Place;

static int make_place(void **state) {
        Place *p = calloc(1, sizeof(*p));
        DomainFacts facts = { .name = (char *)"test", .type_word = (char *)"LOCALFS", .class_word = (char *)"Data", .version = 5, .id = DOMAIN };
        _cleanup_(io_freep) Io *io = NULL;
        int r;

        assert_non_null(p);
        (void) snprintf(p->base, sizeof(p->base), "%.30s/rhv-ovf-XXXXXX", getenv("TMPDIR") ?: "/var/tmp");
        assert_non_null(mkdtemp(p->base));
        assert_int_equal(chmod(p->base, 0755), 0);
        p->place = (DomainPlace){ .type = domain_type_find("local"), .path = p->base, .version = 5, .id = DOMAIN, .block_size_bytes = 512, .alignment_bytes = MIB };
        r = layout_file.create(&p->place, &facts, NULL);
        if (r == -EOPNOTSUPP)
                skip();
        assert_ok(r);
        io = io_new("test", io_volume_make, &p->place);
        assert_non_null(io);
        io->request = (VolumeRequest){ .image = IMAGE, .volume = VOLUME, .parent = BLANK_UUID, .capacity_bytes = MIB, .format = VOLUME_FORMAT_RAW,
                                       .disk_type = "DATA", .now_sec = NOW };
        assert_ok(io_volume_make(io));
        *state = p;
        return 0;
}

static int remove_place(void **state) {
        Place *p = *state;

        assert_int_equal(remove_tree(p->base), 0);
        free(p);
        return 0;
}

/* The newest store that can be read: {id: summary}. */
static json_t *read_back(const Place *p, const bool *skip, OvfStore *ret, int *ret_chosen) {
        _cleanup_free_ char(*ids)[UUID_STRING_MAX] = NULL;
        _cleanup_json_ json_t *problems = json_array();
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *tar = NULL;
        VolumeList lists[8] = {};
        json_t *vms = NULL;
        size_t n = 0;

        assert_ok(layout_file.list_images(&p->place, &ids, &n, NULL));
        assert_true(n <= 8);
        for (size_t i = 0; i < n; i++)
                assert_ok(layout_file.list_volumes(&p->place, ids[i], &lists[i], NULL));
        *ret_chosen = ovf_store_choose(lists, n, skip, ret);
        for (size_t i = 0; i < n; i++)
                volume_list_clear(&lists[i]);
        if (*ret_chosen < 0)
                return NULL;
        assert_ok(layout_file.volume_open(&p->place, ret->image, ret->volume, false, &fd, NULL));
        tar = malloc(ret->size_bytes);
        assert_int_equal(pread(fd, tar, ret->size_bytes, 0), ret->size_bytes);
        assert_ok(ovf_store_parse(tar, ret->size_bytes, &vms, problems, NULL));
        assert_int_equal(json_array_size(problems), 0);
        return vms;
}

static void update(const Place *p, json_t *definitions, json_t *removed, uint64_t now, int vms) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *result = NULL, *d = definitions, *m = removed;
        int r = ovf_update(&p->place, d, m, now, ovf_compose, &result, &error);

        if (r < 0)
                fail_msg("%s", error.message);
        assert_int_equal(json_integer_value(json_object_get(result, "written")), 2);
        assert_int_equal(json_integer_value(json_object_get(result, "vms")), vms);
}

static void test_stores(void **state) {
        const Place *p = *state;
        _cleanup_json_ json_t *vms = NULL, *before = NULL;
        bool skip[8] = {};
        OvfStore store, second;
        char path[512];
        int chosen, fd;

        update(p, json_pack("[o]", definition_of(VOLUME)), json_array(), NOW, 1);
        vms = read_back(p, skip, &store, &chosen);
        assert_non_null(json_object_get(vms, VM));
        assert_int_equal(store.updated_sec, NOW);

        /* of two stores, both good */
        skip[chosen] = true;
        before = read_back(p, skip, &second, &chosen);
        assert_true(json_equal(vms, before));

        /* another VM comes and the first stays, also when it was removed: its disk is there; it goes with that, and the other stays */
        update(p, json_pack("[{s:s, s:s, s:i, s:I}]", "id", OTHER, "name", "two", "cpus", 1, "memory", (json_int_t)GIB), json_array(), NOW + 10, 2);
        update(p, json_array(), json_pack("[s]", VM), NOW + 20, 2);
        assert_ok(layout_file.image_hide(&p->place, IMAGE, NULL));
        assert_ok(layout_file.image_purge(&p->place, IMAGE, false, NULL));
        /* in the same second: what is written last counts */
        update(p, json_array(), json_array(), NOW + 20, 1);
        memset(skip, 0, sizeof(skip));
        json_decref(vms);
        vms = read_back(p, skip, &store, &chosen);
        assert_null(json_object_get(vms, VM));
        assert_int_equal(store.updated_sec, NOW + 21);
        assert_string_equal(json_string_value(json_object_get(json_object_get(vms, OTHER), "name")), "two");

        /* a store that is broken is passed over; when both are, nothing is written over */
        (void) snprintf(path, sizeof(path), "%s/" DOMAIN "/images/%s/%s", p->base, store.image, store.volume);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        assert_int_equal(pwrite(fd, "garbage", 7, 0), 7);
        (void) close(fd);
        update(p, json_array(), json_array(), NOW + 30, 1);
        {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                _cleanup_json_ json_t *result = NULL, *none = json_array();
                const char *const stores[][2] = { { store.image, store.volume }, { second.image, second.volume } };

                for (size_t i = 0; i < 2; i++) {
                        (void) snprintf(path, sizeof(path), "%s/" DOMAIN "/images/%s/%s", p->base, stores[i][0], stores[i][1]);
                        fd = open(path, O_WRONLY | O_CLOEXEC);
                        assert_true(fd >= 0);
                        for (off_t at = 0; at < 1024; at += 7)
                                assert_int_equal(pwrite(fd, "garbage", 7, at), 7);
                        (void) close(fd);
                }
                if (strcmp(store.image, second.image) != 0) {
                        assert_true(ovf_update(&p->place, none, none, NOW + 40, ovf_compose, &result, &error) < 0);
                        assert_true(sd_bus_error_has_name(&error, RHV_ERROR_BAD_FORMAT));
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip),
                cmocka_unit_test(test_disk_elsewhere),
                cmocka_unit_test(test_merge),
                cmocka_unit_test(test_cdrom),
                cmocka_unit_test(test_snapshots),
                cmocka_unit_test(test_too_large),
                cmocka_unit_test(test_merge_snapshots),
                cmocka_unit_test(test_thin),
                cmocka_unit_test(test_compose_there),
                cmocka_unit_test(test_description),
                cmocka_unit_test_setup_teardown(test_stores, make_place, remove_place),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
