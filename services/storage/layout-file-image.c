/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Images in directories: listed, hidden and purged; and what an interrupted process left is finished or undone.
 */

#include <fcntl.h>
#include <stdio.h>

#include "bus-error.h"
#include "chain-rules.h"
#include "layout-file.h"
#include "qcow2-header.h"

/* An image's directory holds files only; one level more for what does not belong there. */
#define IMAGE_DEPTH 1U

int file_image_open(const DomainPlace *place, const char *image, sd_bus_error *error) {
        _cleanup_close_ int images = -EBADF;
        int fd;

        images = file_images_open(place, error);
        if (images < 0)
                return images;
        fd = file_open_beneath(images, image, O_RDONLY | O_DIRECTORY, 0);
        if (fd == -ENOENT) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "Domain %s has no image %s", place->id, image);
                return fd;
        }
        if (fd == -ELOOP || fd == -ENOTDIR || fd == -EXDEV) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s/%s/images/%s is not a directory", place->path,
                                  place->id, image);
                return fd;
        }
        if (fd < 0)
                return bus_error_errno(error, fd, "Cannot open image %s of domain %s", image, place->id);
        return fd;
}

int file_list_images(const DomainPlace *place, char (**ret)[UUID_STRING_MAX], size_t *ret_n, sd_bus_error *error) {
        _cleanup_(name_list_clear) NameList list = {};
        _cleanup_close_ int images = -EBADF;
        char(*ids)[UUID_STRING_MAX];
        size_t n = 0;
        int r;

        IDENTITY_SCOPE();
        images = file_images_open(place, error);
        if (images < 0)
                return images;
        r = directory_list(images, ".", DIRECTORY_ENTRIES_MAX, &list);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot list the images of domain %s", place->id);
        ids = calloc(list.n + 1, sizeof(*ids));
        if (!ids)
                return -ENOMEM;
        for (size_t i = 0; i < list.n; i++)
                if (uuid_is_valid(list.names[i]))
                        memcpy(ids[n++], list.names[i], UUID_STRING_MAX);
        *ret = ids;
        *ret_n = n;
        return 0;
}

/* ---- volumes of one image ---- */

static int read_record(const DomainPlace *place, int image_fd, VolumeRecord *record) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        struct stat st;
        int r;

        r = file_metadata_read(place, image_fd, record->id, &record->metadata, &error);
        if (r >= 0 && fstatat(image_fd, record->id, &st, AT_SYMLINK_NOFOLLOW) < 0)
                r = bus_error_errno(&error, -errno, "The data of volume %s is missing", record->id);
        if (r >= 0 && !S_ISREG(st.st_mode)) {
                sd_bus_error_setf(&error, RHV_ERROR_BAD_FORMAT, "The data of volume %s is not a regular file",
                                  record->id);
                r = -EBADMSG;
        }
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                record->problem = strdup(error.message ?: "unreadable");
                return record->problem ? 0 : -ENOMEM;
        }
        record->true_size_bytes = (uint64_t)st.st_blocks * 512;
        record->apparent_size_bytes = (uint64_t)st.st_size;
        record->links = (unsigned)st.st_nlink;
        return 0;
}

int file_read_volumes(const DomainPlace *place, int image_fd, const char *image, VolumeList *ret,
                      sd_bus_error *error) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        _cleanup_(name_list_clear) NameList names = {};
        int r;

        (void) snprintf(list.image, sizeof(list.image), "%s", image);
        r = directory_list(image_fd, ".", 8 * IMAGE_VOLUMES_MAX, &names);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot list image %s of domain %s", image, place->id);
        for (size_t i = 0; i < names.n; i++) {
                VolumeRecord *record;
                char id[UUID_STRING_MAX];

                if (strlen(names.names[i]) != UUID_STRING_MAX - 1 + strlen(META_SUFFIX) ||
                    !ends_with(names.names[i], META_SUFFIX))
                        continue;
                memcpy(id, names.names[i], UUID_STRING_MAX - 1);
                id[UUID_STRING_MAX - 1] = '\0';
                if (!uuid_is_valid(id))
                        continue;
                record = volume_list_add(&list, id);
                if (!record)
                        return -ENOMEM;
                r = read_record(place, image_fd, record);
                if (r < 0)
                        return r;
        }
        *ret = list;
        list = (VolumeList){};
        return 0;
}

int file_list_volumes(const DomainPlace *place, const char *image, VolumeList *ret, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;

        IDENTITY_SCOPE();
        fd = file_image_open(place, image, error);
        if (fd < 0)
                return fd;
        return file_read_volumes(place, fd, image, ret, error);
}

/* ---- removal ---- */

/* A data job of any host works on a volume whose lease it holds. Not as 36:36: sanlock's socket is root's. */
int file_volumes_free(const DomainPlace *place, const VolumeList *list, sd_bus_error *error) {
        for (size_t i = 0; domain_has_leases(place) && i < list->n; i++) {
                Lease lease;
                int r;

                r = file_volume_lease(place, list->image, list->records[i].id, &lease, error);
                if (r < 0)
                        return r;
                r = volume_lease_check_free(&lease, list->records[i].id, error);
                free((char *)lease.path);
                if (r < 0)
                        return r;
        }
        return 0;
}

int file_image_hide(const DomainPlace *place, const char *image, sd_bus_error *error) {
        const char *hidden = FILE_NAME(IMAGE_REMOVED_PREFIX, image);
        _cleanup_(volume_list_clear) VolumeList list = {};
        _cleanup_close_ int images = -EBADF;
        int r;

        r = file_list_volumes(place, image, &list, error);
        if (r >= 0)
                r = image_may_delete(&list, error);
        if (r >= 0)
                r = file_volumes_free(place, &list, error);
        if (r < 0)
                return r;

        IDENTITY_SCOPE();
        images = file_images_open(place, error);
        if (images < 0)
                return images;
        if (renameat(images, image, images, hidden) < 0) {
                r = -errno;
                /* An earlier removal of the same id was interrupted. */
                if (r == -ENOTEMPTY || r == -EEXIST)
                        r = directory_remove(images, hidden, IMAGE_DEPTH);
                if (r >= 0 && renameat(images, image, images, hidden) < 0)
                        r = -errno;
                if (r < 0)
                        return bus_error_errno(error, r, "Cannot remove image %s of domain %s", image, place->id);
        }
        return directory_sync(images);
}

int file_image_purge(const DomainPlace *place, const char *image, bool discard, sd_bus_error *error) {
        _cleanup_close_ int images = -EBADF;
        int r;

        IDENTITY_SCOPE();
        images = file_images_open(place, error);
        if (images < 0)
                return images;
        r = directory_remove(images, FILE_NAME(IMAGE_REMOVED_PREFIX, image), IMAGE_DEPTH);
        if (r < 0 && r != -ENOENT)
                return bus_error_errno(error, r, "Image %s is gone, but the room it took could not be given back",
                                       image);
        return 0;
}

/* ---- left-overs ---- */

/* A volume that never appeared: its data goes, then the note that it was being made. */
static int undo_volume(int image_fd, const char *volatile_name) {
        char id[UUID_STRING_MAX];

        if (strlen(volatile_name) != UUID_STRING_MAX - 1 + strlen(VOLATILE_SUFFIX))
                return 0;
        memcpy(id, volatile_name, UUID_STRING_MAX - 1);
        id[UUID_STRING_MAX - 1] = '\0';
        if (!uuid_is_valid(id))
                return 0;
        if (faccessat(image_fd, FILE_NAME(id, META_SUFFIX), F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
                if (unlinkat(image_fd, id, 0) < 0 && errno != ENOENT)
                        return -errno;
                if (unlinkat(image_fd, FILE_NAME(id, LEASE_SUFFIX), 0) < 0 && errno != ENOENT)
                        return -errno;
        }
        return unlinkat(image_fd, volatile_name, 0) < 0 ? -errno : 1;
}

static int finish_parents(const DomainPlace *place, int image_fd, const char *image, unsigned *n) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        VolumeRecord *parent;
        int r;

        r = file_read_volumes(place, image_fd, image, &list, &error);
        if (r < 0)
                return r;
        while ((parent = volume_list_unfinished_parent(&list))) {
                parent->metadata.role = VOLUME_INTERNAL;
                r = file_metadata_write(place, image_fd, parent->id, &parent->metadata, &error);
                if (r < 0)
                        return r;
                (*n)++;
        }
        return 0;
}

/* Metadata that cannot be followed are left as they are: somebody shall see them. */
static int finish_deletion(const DomainPlace *place, int image_fd, VolumeList *list, VolumeRecord *record, unsigned *n, sd_bus_error *error) {
        if (volume_is_cut_out(list, record)) {
                if ((unlinkat(image_fd, record->id, 0) < 0 && errno != ENOENT) ||
                    (unlinkat(image_fd, FILE_NAME(record->id, LEASE_SUFFIX), 0) < 0 && errno != ENOENT) ||
                    unlinkat(image_fd, FILE_NAME(record->id, META_SUFFIX), 0) < 0)
                        return -errno;
                (*n)++;
                return 0;
        }
        if (!volume_is_bare(list, record))
                return 0;
        record->metadata.role = VOLUME_LEAF;
        (*n)++;
        return file_metadata_write(place, image_fd, record->id, &record->metadata, error);
}

/* How large the data say the disk is; 0: they do not say. */
static uint64_t data_capacity(int image_fd, const VolumeRecord *record) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        uint8_t header[QCOW2_HEADER_BYTES];
        _cleanup_close_ int fd = -EBADF;
        Qcow2Facts facts;
        ssize_t size;

        if (record->metadata.format == VOLUME_FORMAT_RAW)
                return record->apparent_size_bytes;
        fd = file_open_beneath(image_fd, record->id, O_RDONLY | O_NONBLOCK, 0);
        size = fd < 0 ? -1 : pread(fd, header, sizeof(header), 0);
        return size > 0 && qcow2_header_read(header, (size_t)size, &facts, &error) >= 0 ? facts.virtual_bytes : 0;
}

/* A disk that was extended, and whose metadata do not say so yet. */
static int finish_extension(const DomainPlace *place, int image_fd, VolumeRecord *record, unsigned *n, sd_bus_error *error) {
        uint64_t bytes;

        if (record->problem || record->metadata.role != VOLUME_LEAF || record->metadata.legality != VOLUME_LEGAL)
                return 0;
        bytes = data_capacity(image_fd, record);
        if (bytes <= record->metadata.capacity_bytes || bytes % VOLUME_SECTOR_BYTES != 0 || bytes > VOLUME_CAPACITY_MAX)
                return 0;
        record->metadata.capacity_bytes = bytes;
        (*n)++;
        return file_metadata_write(place, image_fd, record->id, &record->metadata, error);
}

/* After finish_parents(), which makes INTERNAL what a volume is built on. */
static int finish_volumes(const DomainPlace *place, int image_fd, const char *image, unsigned *n) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = file_read_volumes(place, image_fd, image, &list, &error);
        for (size_t i = 0; r >= 0 && i < list.n; i++)
                r = finish_deletion(place, image_fd, &list, &list.records[i], n, &error);
        for (size_t i = 0; r >= 0 && i < list.n; i++)
                if (!volume_is_cut_out(&list, &list.records[i]))
                        r = finish_extension(place, image_fd, &list.records[i], n, &error);
        return r;
}

static int clean_image(const DomainPlace *place, int images, const char *image, unsigned *n) {
        _cleanup_(name_list_clear) NameList list = {};
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = file_open_beneath(images, image, O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0)
                return fd;
        r = directory_list(fd, ".", 8 * IMAGE_VOLUMES_MAX, &list);
        if (r < 0)
                return r;
        for (size_t i = 0; i < list.n; i++) {
                if (ends_with(list.names[i], META_SUFFIX NEW_SUFFIX))
                        r = unlinkat(fd, list.names[i], 0) < 0 ? -errno : 1;
                else if (ends_with(list.names[i], VOLATILE_SUFFIX))
                        r = undo_volume(fd, list.names[i]);
                else
                        r = 0;
                if (r < 0)
                        return r;
                *n += (unsigned)r;
        }
        r = finish_parents(place, fd, image, n);
        return r < 0 ? r : finish_volumes(place, fd, image, n);
}

static int clean_images(const DomainPlace *place, int images, unsigned *n) {
        _cleanup_(name_list_clear) NameList list = {};
        int r, result = 0;

        r = directory_list(images, ".", DIRECTORY_ENTRIES_MAX, &list);
        if (r < 0)
                return r;
        for (size_t i = 0; i < list.n; i++) {
                const char *removed = startswith(list.names[i], IMAGE_REMOVED_PREFIX);

                if (removed && uuid_is_valid(removed)) {
                        r = directory_remove(images, list.names[i], IMAGE_DEPTH);
                        *n += r >= 0;
                } else if (uuid_is_valid(list.names[i]))
                        r = clean_image(place, images, list.names[i], n);
                if (r < 0)
                        result = r; /* one bad image does not keep the others dirty */
        }
        return result;
}

static int clean_probes(int domain, unsigned *n) {
        _cleanup_(name_list_clear) NameList list = {};
        int r;

        r = directory_list(domain, ".", DIRECTORY_ENTRIES_MAX, &list);
        for (size_t i = 0; r >= 0 && i < list.n; i++) {
                const char *id = startswith(list.names[i], PROBE_PREFIX);

                if (id && uuid_is_valid(id) && unlinkat(domain, list.names[i], 0) >= 0)
                        (*n)++;
        }
        return r;
}

int file_clean(const DomainPlace *place, unsigned *ret_n, sd_bus_error *error) {
        _cleanup_close_ int domain = -EBADF, images = -EBADF;
        unsigned n = 0;
        int r;

        /* Others may be at work in it: an export domain stays as it is, and files have their own way (io_clean_domain()). */
        if (place->class != DOMAIN_DATA)
                return 0;

        IDENTITY_SCOPE();
        domain = file_domain_open(place, error);
        if (domain < 0)
                return domain;
        images = file_images_open(place, error);
        if (images < 0)
                return images;
        r = clean_probes(domain, &n);
        if (r >= 0 && unlinkat(domain, "dom_md/metadata" NEW_SUFFIX, 0) >= 0)
                n++;
        if (r >= 0)
                r = clean_images(place, images, &n);
        *ret_n = n;
        if (r < 0)
                return bus_error_errno(error, r, "Left-overs of interrupted work in domain %s could not be removed",
                                       place->id);
        return 0;
}
