/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Volumes in files: made, deleted, opened, their metadata rewritten.
 *
 *   begin   directory (a new image's under its removed name), <volume>.meta.volatile, empty data file
 *   tool    qemu-img writes the format into the data file
 *   fill    real blocks for a preallocated volume, mode
 *   commit  on shared domains the volume's lease; <volume>.meta.volatile -> <volume>.meta, a new image gets its name, the parent becomes INTERNAL
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "bus-error.h"
#include "fault-point.h"
#include "layout-file.h"

char *file_volume_path(const DomainPlace *place, const char *image, const char *volume) {
        char *path;

        return asprintf(&path, "%s/%s/images/%s/%s", place->path, place->id, image, volume) < 0 ? NULL : path;
}

/* ---- metadata ---- */

int file_metadata_read(const DomainPlace *place, int image_fd, const char *volume, VolumeMetadata *ret,
                       sd_bus_error *error) {
        const char *name = FILE_NAME(volume, META_SUFFIX);
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = file_read_direct(image_fd, name, VOLUME_METADATA_BYTES_MAX, &text, &size);
        if (r == -EFBIG || r == -EISDIR || r == -ELOOP) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: not a file of volume metadata", name);
                return -EBADMSG;
        }
        if (r < 0)
                return bus_error_errno(error, r, "Cannot read %s", name);
        r = volume_metadata_parse(text, size, name, ret, error);
        if (r < 0)
                return r;
        if (!streq(ret->domain, place->id)) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: DOMAIN names another domain, %s", name,
                                  ret->domain);
                return -EBADMSG;
        }
        return 0;
}

static int write_text(const DomainPlace *place, int image_fd, const char *name, const VolumeMetadata *metadata,
                      sd_bus_error *error) {
        char text[VOLUME_METADATA_BYTES_MAX + 1];
        int r;

        r = volume_metadata_format(metadata, place->version, text);
        if (r < 0) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s: the metadata does not fit into 512 bytes",
                                  name);
                return r;
        }
        r = file_replace(image_fd, name, text, (size_t)r, STORAGE_TEXT_MODE);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot write %s", name);
        return 0;
}

int file_metadata_write(const DomainPlace *place, int image_fd, const char *volume, const VolumeMetadata *metadata,
                        sd_bus_error *error) {
        return write_text(place, image_fd, FILE_NAME(volume, META_SUFFIX), metadata, error);
}

/* ---- making ---- */

/* The image's directory, or a new one under the name that open() removes. */
static int work_directory(const DomainPlace *place, const VolumeRequest *request, VolumeList *list, bool *ret_new,
                          sd_bus_error *error) {
        const char *hidden = FILE_NAME(IMAGE_REMOVED_PREFIX, request->image);
        _cleanup_close_ int images = -EBADF;
        int fd, r;

        images = file_images_open(place, error);
        if (images < 0)
                return images;
        fd = file_open_beneath(images, request->image, O_RDONLY | O_DIRECTORY, 0);
        if (fd >= 0) {
                *ret_new = false;
                r = file_read_volumes(place, fd, request->image, list, error);
                if (r < 0) {
                        safe_close(fd);
                        return r;
                }
                return fd;
        }
        if (fd != -ENOENT)
                return bus_error_errno(error, fd, "Cannot open image %s of domain %s", request->image, place->id);

        *ret_new = true;
        r = directory_remove(images, hidden, 1);
        if (r >= 0 || r == -ENOENT)
                r = directory_make(images, hidden, STORAGE_DIRECTORY_MODE);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot make image %s in domain %s", request->image, place->id);
        return file_open_beneath(images, hidden, O_RDONLY | O_DIRECTORY, 0);
}

static char *work_path(const DomainPlace *place, const VolumeRequest *request, bool new_image) {
        return file_volume_path(place, FILE_NAME(new_image ? IMAGE_REMOVED_PREFIX : "", request->image),
                                request->volume);
}

/* Its parent's metadata are written too: no data job of another host may work on it. Not as 36:36, as file_volumes_free(). */
static int parent_is_free(const DomainPlace *place, const VolumeRequest *request, sd_bus_error *error) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        int r;

        /* A template's are not. */
        if (!domain_has_leases(place) || streq(request->parent, BLANK_UUID) || request->parent_image[0])
                return 0;
        r = file_list_volumes(place, request->image, &list, error);
        return r < 0 ? r : file_volumes_free(place, &list, error);
}

/* The template's volume is in the new image too: the same files, under a second name. VDSM links all three. */
static int link_template(const DomainPlace *place, const VolumeRequest *request, int fd, VolumeList *list, sd_bus_error *error) {
        static const char *const suffixes[] = {"", META_SUFFIX, LEASE_SUFFIX};
        _cleanup_(volume_list_clear) VolumeList theirs = {};
        _cleanup_close_ int from = -EBADF;
        int r;

        from = file_image_open(place, request->parent_image, error);
        if (from < 0)
                return from;
        r = file_read_volumes(place, from, request->parent_image, &theirs, error);
        if (r >= 0)
                r = volume_may_base(&theirs, request->parent, error);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(suffixes); i++) {
                const char *name = FILE_NAME(request->parent, suffixes[i]);

                if (linkat(from, name, fd, name, 0) < 0 && !(errno == ENOENT && i == 2 && !domain_has_leases(place)))
                        r = bus_error_errno(error, -errno, "Cannot link %s of the template into image %s", name, request->image);
        }
        return r < 0 ? r : file_read_volumes(place, fd, request->image, list, error);
}

/* What is in the way of a new image on a template. */
static int join_template(const DomainPlace *place, const VolumeRequest *request, int fd, bool new_image, VolumeList *list, sd_bus_error *error) {
        if (!request->parent_image[0])
                return 0;
        if (new_image)
                return link_template(place, request, fd, list, error);
        sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "Image %s is there already; one on a template is a new one", request->image);
        return -EEXIST;
}

/* A sparse one begins small. */
static int check_space(const DomainPlace *place, const VolumeRequest *request, sd_bus_error *error) {
        const uint64_t needed = request->allocation == VOLUME_ALLOCATION_PREALLOCATED ? request->capacity_bytes : MIB;
        DomainSpace space;
        int r;

        r = layout_file.measure(place, &space, error);
        return r < 0 ? r : domain_check_space(place, space.free_bytes, needed, error);
}

int file_volume_begin(const DomainPlace *place, const VolumeRequest *request, VolumePlan *ret, sd_bus_error *error) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        _cleanup_(volume_plan_clear) VolumePlan plan = {};
        _cleanup_close_ int fd = -EBADF;
        const VolumeRecord *parent;
        int r;

        if (request->initial_bytes > 0) {
                sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "An initial size is for volumes of block domains; a file grows by itself");
                return -EINVAL;
        }
        r = check_space(place, request, error);
        if (r >= 0)
                r = parent_is_free(place, request, error);
        if (r < 0)
                return r;
        IDENTITY_SCOPE();
        fd = work_directory(place, request, &list, &plan.new_image, error);
        if (fd < 0)
                return fd;
        r = join_template(place, request, fd, plan.new_image, &list, error);
        if (r >= 0)
                r = volume_request_plan(request, &list, place->id, place->version, &plan.metadata, error);
        if (r < 0) {
                if (plan.new_image)
                        file_volume_abandon(place, request, &plan);
                return r;
        }
        parent = volume_list_find(&list, request->parent);
        plan.parent_format = parent ? parent->metadata.format : VOLUME_FORMAT_RAW;
        plan.path = work_path(place, request, plan.new_image);
        if (!plan.path)
                return -ENOMEM;

        r = write_text(place, fd, FILE_NAME(request->volume, VOLATILE_SUFFIX), &plan.metadata, error);
        if (r >= 0) {
                r = file_make(fd, request->volume, 0, STORAGE_DATA_MODE);
                if (r < 0)
                        bus_error_errno(error, r, "Cannot make volume %s", request->volume);
        }
        if (r < 0) {
                /* A data file that was there before is somebody's: only the note that we began goes. */
                if (r == -EEXIST)
                        (void) unlinkat(fd, FILE_NAME(request->volume, VOLATILE_SUFFIX), 0);
                else
                        file_volume_abandon(place, request, &plan);
                return r;
        }
        *ret = plan;
        plan = (VolumePlan){};
        return 0;
}

static int open_work(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan,
                     sd_bus_error *error) {
        return file_image_open(place, FILE_NAME(plan->new_image ? IMAGE_REMOVED_PREFIX : "", request->image), error);
}

/* From where on blocks are missing: qemu-img gives a raw file its first 4096 bytes, and a qcow2 file its header and
 * tables. */
static uint64_t allocate_from(const VolumePlan *plan, const struct stat *st) {
        return plan->metadata.format == VOLUME_FORMAT_RAW ? VOLUME_ALIGNMENT_BYTES
                                                          : volume_round_up((uint64_t)st->st_size);
}

int file_volume_fill(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan,
                     sd_bus_error *error) {
        _cleanup_close_ int directory = -EBADF, fd = -EBADF;
        struct stat st;
        int r;

        IDENTITY_SCOPE();
        directory = open_work(place, request, plan, error);
        if (directory < 0)
                return directory;
        fd = file_open_beneath(directory, request->volume, O_RDWR | O_NONBLOCK, 0);
        if (fd < 0 || fstat(fd, &st) < 0)
                return bus_error_errno(error, fd < 0 ? fd : -errno, "Cannot open the new volume %s", request->volume);
        if (plan->metadata.format == VOLUME_FORMAT_RAW && (uint64_t)st.st_size != plan->metadata.capacity_bytes) {
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED,
                                  "qemu-img made volume %s of %" PRIu64 " bytes instead of %" PRIu64, request->volume,
                                  (uint64_t)st.st_size, plan->metadata.capacity_bytes);
                return -EIO;
        }
        if (plan->metadata.allocation == VOLUME_ALLOCATION_PREALLOCATED) {
                r = file_allocate(fd, allocate_from(plan, &st), plan->metadata.capacity_bytes);
                if (r < 0)
                        return bus_error_errno(error, r, "Cannot allocate %" PRIu64 " bytes for volume %s",
                                               plan->metadata.capacity_bytes, request->volume);
        }
        if (fchmod(fd, STORAGE_DATA_MODE) < 0 || fsync(fd) < 0)
                return bus_error_errno(error, -errno, "Cannot finish volume %s", request->volume);
        return 0;
}

static int parent_becomes_internal(const DomainPlace *place, int image_fd, const char *parent, sd_bus_error *error) {
        VolumeMetadata metadata = {};
        int r;

        r = file_metadata_read(place, image_fd, parent, &metadata, error);
        if (r < 0 || metadata.role != VOLUME_LEAF)
                return r;
        metadata.role = VOLUME_INTERNAL;
        return file_metadata_write(place, image_fd, parent, &metadata, error);
}

int file_volume_commit(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan,
                       sd_bus_error *error) {
        _cleanup_close_ int directory = -EBADF, images = -EBADF;
        int r;

        if (domain_has_leases(place)) {
                r = file_volume_lease_make(place, FILE_NAME(plan->new_image ? IMAGE_REMOVED_PREFIX : "", request->image), request->volume,
                                           error);
                if (r < 0)
                        return r;
        }
        IDENTITY_SCOPE();
        directory = open_work(place, request, plan, error);
        if (directory < 0)
                return directory;
        images = file_images_open(place, error);
        if (images < 0)
                return images;

        r = file_rename_new(directory, FILE_NAME(request->volume, VOLATILE_SUFFIX),
                            FILE_NAME(request->volume, META_SUFFIX));
        if (r >= 0)
                r = directory_sync(directory);
        if (r >= 0 && plan->new_image) {
                r = file_rename_new(images, FILE_NAME(IMAGE_REMOVED_PREFIX, request->image), request->image);
                if (r >= 0)
                        r = directory_sync(images);
        }
        if (r < 0)
                return bus_error_errno(error, r, "Cannot complete image %s", request->image);
        FAULT_POINT("file-create-appeared");
        if (volume_has_parent(&plan->metadata))
                return parent_becomes_internal(place, directory, plan->metadata.parent, error);
        return 0;
}

void file_volume_abandon(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan) {
        _cleanup_close_ int fd = -EBADF;

        IDENTITY_SCOPE();
        if (plan->new_image) {
                (void) file_image_purge(place, request->image, false, NULL);
                return;
        }
        fd = open_work(place, request, plan, NULL);
        if (fd < 0)
                return;
        if (faccessat(fd, FILE_NAME(request->volume, META_SUFFIX), F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
                (void) unlinkat(fd, request->volume, 0);
                (void) unlinkat(fd, FILE_NAME(request->volume, LEASE_SUFFIX), 0);
        }
        (void) unlinkat(fd, FILE_NAME(request->volume, VOLATILE_SUFFIX), 0);
}

/* ---- deleting ---- */

static int cut_out(const DomainPlace *place, int fd, const VolumeRecord *record, sd_bus_error *error) {
        VolumeMetadata metadata = record->metadata;

        if (record->problem)
                return 0;
        metadata.legality = VOLUME_ILLEGAL;
        memcpy(metadata.parent, BLANK_UUID, UUID_STRING_MAX);
        return file_metadata_write(place, fd, record->id, &metadata, error);
}

int file_volume_delete(const DomainPlace *place, const char *image, const char *volume, sd_bus_error *error) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        char parent[UUID_STRING_MAX];
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = file_list_volumes(place, image, &list, error);
        if (r >= 0)
                r = file_volumes_free(place, &list, error);
        if (r < 0)
                return r;

        IDENTITY_SCOPE();
        fd = file_image_open(place, image, error);
        if (fd < 0)
                return fd;
        r = volume_may_delete(&list, volume, parent, error);
        if (r >= 0)
                r = cut_out(place, fd, volume_list_find(&list, volume), error);
        FAULT_POINT("file-delete-cut-out");
        if (r >= 0 && parent[0]) {
                VolumeRecord *record = volume_list_find(&list, parent);

                record->metadata.role = VOLUME_LEAF;
                r = file_metadata_write(place, fd, parent, &record->metadata, error);
        }
        if (r < 0)
                return r;
        FAULT_POINT("file-delete-parent-is-leaf");
        if ((unlinkat(fd, volume, 0) < 0 && errno != ENOENT) ||
            (unlinkat(fd, FILE_NAME(volume, LEASE_SUFFIX), 0) < 0 && errno != ENOENT) ||
            unlinkat(fd, FILE_NAME(volume, META_SUFFIX), 0) < 0)
                return bus_error_errno(error, -errno, "Cannot remove volume %s", volume);
        FAULT_POINT("file-delete-removed");
        return directory_sync(fd);
}

/* ---- data and legality ---- */

int file_volume_open(const DomainPlace *place, const char *image, const char *volume, bool writable, int *ret_fd,
                     sd_bus_error *error) {
        _cleanup_close_ int directory = -EBADF, fd = -EBADF;
        struct stat st;

        IDENTITY_SCOPE();
        directory = file_image_open(place, image, error);
        if (directory < 0)
                return directory;
        fd = file_open_beneath(directory, volume, (writable ? O_RDWR : O_RDONLY) | O_NONBLOCK, 0);
        if (fd < 0 || fstat(fd, &st) < 0)
                return bus_error_errno(error, fd < 0 ? fd : -errno, "Cannot open volume %s", volume);
        if (!S_ISREG(st.st_mode)) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "The data of volume %s is not a regular file", volume);
                return -EBADMSG;
        }
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int file_volume_update(const DomainPlace *place, const char *image, const char *volume, const VolumeChange *change,
                       sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        VolumeMetadata metadata = {};
        int r;

        IDENTITY_SCOPE();
        fd = file_image_open(place, image, error);
        if (fd < 0)
                return fd;
        r = file_metadata_read(place, fd, volume, &metadata, error);
        if (r < 0)
                return r;
        r = volume_change_apply(change, volume, &metadata, error);
        if (r < 0)
                return r;
        return file_metadata_write(place, fd, volume, &metadata, error);
}

int file_volume_reparent(const DomainPlace *place, const char *image, const char *volume, const char *parent, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        VolumeMetadata metadata = {};
        int r;

        IDENTITY_SCOPE();
        fd = file_image_open(place, image, error);
        if (fd < 0)
                return fd;
        r = file_metadata_read(place, fd, volume, &metadata, error);
        if (r < 0)
                return r;
        memcpy(metadata.parent, parent, UUID_STRING_MAX);
        return file_metadata_write(place, fd, volume, &metadata, error);
}
