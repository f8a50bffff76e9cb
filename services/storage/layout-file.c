/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Domains in directories: made, opened, measured, removed.
 *
 * A domain is built under a hidden name with its metadata last and then renamed, so a domain that is half made is
 * never seen.
 */

#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/statvfs.h>

#include "bus-error.h"
#include "layout-file.h"

/* Mailboxes of VDSM's size; unused on local domains but always there. */
#define MAILBOX_BYTES (16 * MIB)
/* A domain being removed: itself, dom_md or images or master, and two levels below (master/vms/<vm>). */
#define DOMAIN_DEPTH 3U

const char *file_name(char buffer[static FILE_NAME_BYTES], const char *a, const char *b) {
        (void) snprintf(buffer, FILE_NAME_BYTES, "%s%s", a, b);
        return buffer;
}

bool ends_with(const char *name, const char *suffix) {
        size_t n = strlen(name), s = strlen(suffix);

        return n > s && streq(name + n - s, suffix);
}

/* A shared domain lies on a file system of its own: where its mount is missing there is only an empty directory of the host's. */
static int check_mounted(int base, const DomainPlace *place, sd_bus_error *error) {
        struct stat st, root;

        if (!place->type->shared)
                return 0;
        if (fstat(base, &st) < 0 || stat("/", &root) < 0)
                return bus_error_errno(error, -errno, "Cannot look at %s", place->path);
        if (st.st_dev != root.st_dev)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "%s is on this host's own root file system; nothing is mounted there", place->path);
        return -ENODEV;
}

static int base_open(const DomainPlace *place, sd_bus_error *error) {
        _cleanup_close_ int fd = directory_open(place->path);
        int r;

        if (fd == -ELOOP) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                  "%s leads through a symbolic link; name the real directory", place->path);
                return fd;
        }
        if (fd == -ENOTDIR) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s is not a directory", place->path);
                return fd;
        }
        if (fd < 0)
                return bus_error_errno(error, fd, "Cannot open the directory %s", place->path);
        r = check_mounted(fd, place, error);
        return r < 0 ? r : TAKE_FD(fd);
}

int file_domain_open(const DomainPlace *place, sd_bus_error *error) {
        _cleanup_close_ int base = -EBADF;
        int fd;

        base = base_open(place, error);
        if (base < 0)
                return base;
        fd = file_open_beneath(base, place->id, O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0)
                return bus_error_errno(error, fd, "Cannot open the domain's directory %s/%s", place->path, place->id);
        return fd;
}

int file_images_open(const DomainPlace *place, sd_bus_error *error) {
        _cleanup_close_ int domain = -EBADF;
        int fd;

        domain = file_domain_open(place, error);
        if (domain < 0)
                return domain;
        fd = file_open_beneath(domain, "images", O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0)
                return bus_error_errno(error, fd, "Cannot open %s/%s/images", place->path, place->id);
        return fd;
}

/* ---- create ---- */

/* At most one domain lives in a directory; hidden left-overs of earlier attempts go. */
static int check_vacant(int base, const DomainPlace *place, sd_bus_error *error) {
        _cleanup_(name_list_clear) NameList list = {};
        int r;

        r = directory_list(base, ".", DIRECTORY_ENTRIES_MAX, &list);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot list %s", place->path);
        for (size_t i = 0; i < list.n; i++) {
                const char *name = list.names[i];
                const char *hidden = startswith(name, DOMAIN_NEW_PREFIX) ?: startswith(name, DOMAIN_REMOVED_PREFIX);

                if (hidden && uuid_is_valid(hidden)) {
                        r = directory_remove(base, name, DOMAIN_DEPTH);
                        if (r < 0)
                                return bus_error_errno(error, r, "Cannot remove the left-over %s/%s", place->path,
                                                       name);
                } else if (streq(name, place->id)) {
                        sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "%s/%s exists already", place->path, name);
                        return -EEXIST;
                } else if (fnmatch("*-*-*-*-*", name, FNM_PERIOD) == 0 &&
                           faccessat(base, FILE_NAME(name, "/dom_md"), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
                        sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS,
                                          "%s holds the storage domain %s already; a directory holds at most one",
                                          place->path, name);
                        return -EEXIST;
                }
        }
        return 0;
}

/* The last component may be missing: the directory is then made. */
static int base_make(const DomainPlace *place, sd_bus_error *error) {
        _cleanup_free_ char *parent = NULL;
        _cleanup_close_ int fd = -EBADF;
        const char *slash = strrchr(place->path, '/');
        int r;

        r = directory_open(place->path);
        if (r != -ENOENT || !slash || slash == place->path) {
                if (r >= 0)
                        (void) close(r);
                return 0;
        }
        parent = strndup(place->path, (size_t)(slash - place->path));
        if (!parent)
                return -ENOMEM;
        fd = directory_open(parent);
        if (fd < 0)
                return 0; /* base_open() says what is wrong */
        r = directory_make(fd, slash + 1, STORAGE_DIRECTORY_MODE);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot make the directory %s", place->path);
        return 0;
}

static int fill_domain(int fd, const DomainPlace *place, const DomainFacts *facts) {
        static const struct {
                const char *name;
                uint64_t size_bytes;
        } files[] = {{"ids", 0}, {"leases", 0}, {"inbox", MAILBOX_BYTES}, {"outbox", MAILBOX_BYTES}, {"xleases", 0}};
        _cleanup_(key_value_clear) KeyValueList list = {};
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int dom_md = -EBADF;
        int r;

        r = directory_make(fd, "images", STORAGE_DIRECTORY_MODE);
        if (r >= 0)
                r = directory_make(fd, "dom_md", STORAGE_DIRECTORY_MODE);
        if (r < 0)
                return r;
        dom_md = file_open_beneath(fd, "dom_md", O_RDONLY | O_DIRECTORY, 0);
        if (dom_md < 0)
                return dom_md;
        /* Without leases there are no external ones, and no file for them. */
        for (size_t i = 0; i < ELEMENTSOF(files) - !domain_has_leases(place); i++) {
                r = file_make(dom_md, files[i].name, files[i].size_bytes, STORAGE_DATA_MODE);
                if (r < 0)
                        return r;
        }
        r = place->class == DOMAIN_DATA ? 0 : file_class_fill(fd, place);
        if (r < 0)
                return r;
        r = domain_metadata_new(facts, facts->remote_path ?: place->path, &list);
        if (r < 0)
                return r;
        text = domain_metadata_format(&list);
        if (!text)
                return -ENOMEM;
        r = file_replace(dom_md, "metadata", text, strlen(text), STORAGE_TEXT_MODE);
        if (r < 0)
                return r;
        return directory_sync(fd);
}

static int probe(int fd, uint32_t *ret_bytes, const char *path, sd_bus_error *error) {
        char id[UUID_STRING_MAX];
        int r;

        r = uuid_generate(id);
        if (r < 0)
                return r;
        r = directory_probe_block_size(fd, FILE_NAME(PROBE_PREFIX, id), ret_bytes);
        if (r == -EOPNOTSUPP) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED,
                                  "The file system of %s has no direct I/O, which a storage domain needs", path);
                return r;
        }
        if (r < 0)
                return bus_error_errno(error, r, "Cannot write with direct I/O to %s", path);
        return 0;
}

/* POSIX and NFS domains have blocks of 512 bytes, always; local ones what their file system wants. */
static int choose_geometry(uint32_t probed, const DomainPlace *place, DomainFacts *facts, sd_bus_error *error) {
        if (place->type->shared && probed == 4096) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED,
                                  "The file system of %s wants blocks of 4096 bytes; a shared domain of files has blocks of 512", place->path);
                return -EOPNOTSUPP;
        }
        if (facts->version < 5 && probed == 4096) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "The file system of %s wants blocks of 4096 bytes, which a domain of version %u cannot have",
                                  place->path, facts->version);
                return -EOPNOTSUPP;
        }
        facts->block_size_bytes = probed == 4096 ? 4096 : 512;
        facts->alignment_bytes = (uint32_t)DOMAIN_ALIGNMENT_DEFAULT;
        return 0;
}

/* Under the hidden name, as 36:36. facts: gets the geometry. */
static int build(int base, const char *hidden, const DomainPlace *place, DomainFacts *facts, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        uint32_t block_size;
        int r;

        if (mkdirat(base, hidden, 0700) < 0)
                return bus_error_errno(error, -errno, "Cannot make a directory in %s", place->path);
        fd = file_open_beneath(base, hidden, O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0)
                return bus_error_errno(error, fd, "Cannot open %s/%s", place->path, hidden);
        if (geteuid() == 0 && fchown(fd, STORAGE_UID, STORAGE_GID) < 0)
                return bus_error_errno(error, -errno, "Cannot give the domain in %s to user 36", place->path);
        if (fchmod(fd, STORAGE_DIRECTORY_MODE) < 0)
                return bus_error_errno(error, -errno, "Cannot set the mode of the domain in %s", place->path);

        IDENTITY_SCOPE();
        r = probe(fd, &block_size, place->path, error);
        if (r < 0)
                return r;
        r = choose_geometry(block_size, place, facts, error);
        if (r < 0)
                return r;
        r = fill_domain(fd, place, facts);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot make the storage domain in %s", place->path);
        return 0;
}

/* 36:36 must be able to walk to what was made: QEMU and every later open go that way. */
static int check_reachable(const DomainPlace *place, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;

        IDENTITY_SCOPE();
        fd = directory_open(place->path);
        if (fd >= 0)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_ACCESS_DENIED,
                          "User 36, as whom storage is read and written, cannot reach %s; let others pass its parent "
                          "directories "
                          "and read it",
                          place->path);
        return fd;
}

static int file_create(const DomainPlace *place, const DomainFacts *facts, sd_bus_error *error) {
        const char *hidden = FILE_NAME(DOMAIN_NEW_PREFIX, place->id);
        DomainFacts with_geometry = *facts; /* strings stay borrowed */
        _cleanup_close_ int base = -EBADF;
        int r;

        r = place->type->shared ? 0 : base_make(place, error);
        if (r < 0)
                return r;
        base = base_open(place, error);
        if (base < 0)
                return base;
        r = check_reachable(place, error);
        if (r < 0)
                return r;
        r = check_vacant(base, place, error);
        if (r < 0)
                return r;
        r = build(base, hidden, place, &with_geometry, error);
        if (r >= 0 && domain_has_leases(place))
                r = file_leases_format(place, hidden, &with_geometry, error);
        if (r >= 0) {
                r = file_rename_new(base, hidden, place->id);
                if (r < 0)
                        bus_error_errno(error, r, "Cannot give the domain its name in %s", place->path);
        }
        if (r < 0) {
                (void) directory_remove(base, hidden, DOMAIN_DEPTH);
                return r;
        }
        return directory_sync(base);
}

/* ---- open ---- */

static int discover(const DomainPlace *place, char ret[static UUID_STRING_MAX], bool *ret_several, sd_bus_error *error) {
        _cleanup_(name_list_clear) NameList list = {};
        _cleanup_close_ int base = -EBADF;
        unsigned n = 0;
        int r;

        base = base_open(place, error);
        if (base < 0)
                return base;
        r = directory_list(base, ".", DIRECTORY_ENTRIES_MAX, &list);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot list %s", place->path);
        for (size_t i = 0; i < list.n; i++) {
                if (!uuid_is_valid(list.names[i]) ||
                    faccessat(base, FILE_NAME(list.names[i], "/dom_md"), F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                if (n++ == 0)
                        memcpy(ret, list.names[i], UUID_STRING_MAX);
        }
        if (ret_several)
                *ret_several = n > 1;
        if (n > 0)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "%s holds no storage domain", place->path);
        return -ENOENT;
}

static int read_facts(int domain, const DomainPlace *place, DomainFacts *facts, bool *ret_sealed, sd_bus_error *error) {
        _cleanup_(key_value_clear) KeyValueList list = {};
        _cleanup_free_ char *text = NULL, *what = NULL;
        size_t size;
        int r;

        if (asprintf(&what, "%s/%s/dom_md/metadata", place->path, place->id) < 0) {
                what = NULL;
                return -ENOMEM;
        }
        r = file_read_direct(domain, "dom_md/metadata", DOMAIN_METADATA_BYTES_MAX, &text, &size);
        if (r == -EFBIG || r == -EISDIR || r == -ELOOP) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: not a file of domain metadata", what);
                return r;
        }
        if (r < 0)
                return bus_error_errno(error, r, "Cannot read %s", what);
        r = domain_metadata_parse(text, size, what, &list, ret_sealed, error);
        if (r >= 0)
                r = domain_metadata_facts(&list, what, facts, error);
        return r;
}

static int check_facts(const DomainPlace *place, const DomainFacts *facts, sd_bus_error *error) {
        if (!streq(facts->id, place->id)) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s/%s: its metadata carries the id of another domain", place->path, place->id);
                return -EBADMSG;
        }
        if (!streq(facts->class_word, domain_class_to_string(place->class))) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s/%s: it is of class %s, and was of class %s", place->path, place->id, facts->class_word,
                                  domain_class_to_string(place->class));
                return -EBADMSG;
        }
        if (!streq(facts->type_word, place->type->type_word)) {
                const DomainType *type = domain_type_find_word(facts->type_word);

                sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "%s/%s is a domain of type %s, not %s", place->path,
                                  place->id, type ? type->name : facts->type_word, place->type->name);
                return -EOPNOTSUPP;
        }
        return 0;
}

/* LOCALFS: an exclusive lock on the empty file `ids`, as VDSM holds it. */
static int take_lock(int domain, const DomainPlace *place, int *ret_fd, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;

        fd = file_open_beneath(domain, "dom_md/ids", O_RDWR | O_NONBLOCK, 0);
        if (fd < 0)
                return bus_error_errno(error, fd, "Cannot open %s/%s/dom_md/ids", place->path, place->id);
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK)
                        return bus_error_errno(error, -errno, "Cannot lock %s/%s/dom_md/ids", place->path, place->id);
                sd_bus_error_setf(error, RHV_ERROR_IN_USE,
                                  "Another process has the domain %s open (it holds the lock on dom_md/ids)",
                                  place->id);
                return -EBUSY;
        }
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int check_block_size(int domain, const DomainPlace *place, const DomainFacts *facts, sd_bus_error *error) {
        uint32_t block_size;
        int r;

        r = probe(domain, &block_size, place->path, error);
        if (r < 0)
                return r;
        if (block_size == 1 || block_size == facts->block_size_bytes)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED,
                          "%s/%s was made for blocks of %u bytes, its file system now wants %u", place->path,
                          place->id, facts->block_size_bytes, block_size);
        return -EOPNOTSUPP;
}

static int file_open(const DomainPlace *given, DomainOpened *ret, sd_bus_error *error) {
        _cleanup_(domain_opened_clear) DomainOpened opened = {.lock_fd = -EBADF};
        _cleanup_close_ int domain = -EBADF;
        DomainPlace place = *given; /* path stays borrowed */
        int r;

        IDENTITY_SCOPE();
        if (isempty(place.id)) {
                r = discover(given, place.id, NULL, error);
                if (r < 0)
                        return r;
        }
        domain = file_domain_open(&place, error);
        if (domain < 0)
                return domain;
        r = read_facts(domain, &place, &opened.facts, &opened.sealed, error);
        if (r >= 0 && isempty(given->id))
                place.class = domain_class_from_string(opened.facts.class_word);
        if (r >= 0)
                r = check_facts(&place, &opened.facts, error);
        if (r >= 0 && domain_has_leases(&place))
                opened.facts.io_timeout_sec = file_lockspace_io_timeout(domain, &place);
        else if (r >= 0 && !place.type->shared)
                r = take_lock(domain, &place, &opened.lock_fd, error);
        if (r >= 0)
                r = check_block_size(domain, &place, &opened.facts, error);
        if (r < 0)
                return r;
        *ret = opened;
        opened = (DomainOpened){.lock_fd = -EBADF};
        return 0;
}

/* ---- look ---- */

/* The lock is taken shared and given back at once: who holds it keeps it, and nothing is written. */
static bool lock_is_held(int domain) {
        _cleanup_close_ int fd = file_open_beneath(domain, "dom_md/ids", O_RDONLY | O_NONBLOCK, 0);

        return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static int would_open(const DomainPlace *given, const DomainFacts *facts, sd_bus_error *error) {
        const DomainType *type = domain_type_find_word(facts->type_word);
        DomainPlace place = *given;

        if (!type || !type->layout)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "Storage domains of type \"%s\" are not supported yet",
                                         type ? type->name : facts->type_word);
        place.type = type;
        place.class = domain_class_from_string(facts->class_word);
        if (place.class != DOMAIN_DATA && domain_type_is_block(type))
                return sd_bus_error_set(error, RHV_ERROR_NOT_SUPPORTED, "ISO and export domains on block devices are not supported");
        return check_facts(&place, facts, error);
}

static int file_look(const DomainPlace *given, DomainLook *ret, sd_bus_error *error) {
        _cleanup_(domain_look_clear) DomainLook look = {};
        _cleanup_error_ sd_bus_error refusal = SD_BUS_ERROR_NULL;
        _cleanup_close_ int domain = -EBADF;
        DomainPlace place = *given; /* path stays borrowed */
        int r;

        IDENTITY_SCOPE();
        r = discover(given, place.id, &look.several, error);
        if (r < 0)
                return r;
        domain = file_domain_open(&place, error);
        if (domain < 0)
                return domain;
        r = read_facts(domain, &place, &look.facts, &look.sealed, error);
        if (r < 0)
                return r;
        if (would_open(&place, &look.facts, &refusal) < 0) {
                look.refusal = strdup(refusal.message ?: "unknown");
                if (!look.refusal)
                        return -ENOMEM;
        }
        look.in_use = lock_is_held(domain);
        *ret = look;
        look = (DomainLook){};
        return 0;
}

/* ---- measure ---- */

static int file_measure(const DomainPlace *place, DomainSpace *ret, sd_bus_error *error) {
        _cleanup_(domain_opened_clear) DomainOpened opened = {.lock_fd = -EBADF};
        _cleanup_close_ int domain = -EBADF;
        struct statvfs st;
        int r;

        IDENTITY_SCOPE();
        domain = file_domain_open(place, error);
        if (domain < 0)
                return domain;
        r = read_facts(domain, place, &opened.facts, NULL, error);
        if (r >= 0)
                r = check_facts(place, &opened.facts, error);
        if (r >= 0)
                r = domain_check_version(place, &opened.facts, error);
        if (r < 0)
                return r;
        if (fstatvfs(domain, &st) < 0)
                return bus_error_errno(error, -errno, "Cannot measure the file system of %s", place->path);
        ret->total_bytes = (uint64_t)st.f_blocks * st.f_frsize;
        ret->free_bytes = (uint64_t)st.f_bavail * st.f_frsize;
        return 0;
}

/* ---- destroy ---- */

/* Definitions of VMs whose disks are all gone: they go with the domain. */
static bool is_ovf_store(const DomainPlace *place, const char *image) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        const VolumeRecord *leaf;

        if (!uuid_is_valid(image) || file_list_volumes(place, image, &list, NULL) < 0)
                return false;
        leaf = volume_list_leaf(&list);
        return leaf && !leaf->problem && volume_is_ovf_store(&leaf->metadata);
}

static int check_empty(const DomainPlace *place, sd_bus_error *error) {
        _cleanup_(name_list_clear) NameList list = {};
        _cleanup_close_ int images = -EBADF;
        int r;

        images = file_images_open(place, error);
        if (images < 0)
                return images;
        r = directory_list(images, ".", DIRECTORY_ENTRIES_MAX, &list);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot list the images of domain %s", place->id);
        for (size_t i = 0; i < list.n; i++) {
                if (startswith(list.names[i], IMAGE_REMOVED_PREFIX) || is_ovf_store(place, list.names[i]) || file_class_is_bare(images, place, list.names[i]))
                        continue;
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Domain %s is not empty: it holds %s", place->id,
                                  list.names[i]);
                return -EBUSY;
        }
        return place->class == DOMAIN_EXPORT ? file_check_no_definition(place, error) : 0;
}

static int file_destroy(const DomainPlace *place, sd_bus_error *error) {
        const char *hidden = FILE_NAME(DOMAIN_REMOVED_PREFIX, place->id);
        _cleanup_close_ int base = -EBADF;
        int r;

        r = check_empty(place, error);
        if (r < 0)
                return r;
        base = base_open(place, error);
        if (base < 0)
                return base;
        if (renameat(base, place->id, base, hidden) < 0)
                return bus_error_errno(error, -errno, "Cannot remove the domain %s", place->id);
        (void) directory_sync(base);
        r = directory_remove(base, hidden, DOMAIN_DEPTH);
        if (r < 0)
                return bus_error_errno(error, r, "The domain %s is gone, but %s/%s could not be removed", place->id,
                                       place->path, hidden);
        return 0;
}

const StorageLayout layout_file = {
                .create = file_create,
                .open = file_open,
                .look = file_look,
                .clean = file_clean,
                .upgrade = file_upgrade,
                .change_metadata = file_change_metadata,
                .measure = file_measure,
                .destroy = file_destroy,
                .list_images = file_list_images,
                .list_volumes = file_list_volumes,
                .volume_begin = file_volume_begin,
                .volume_fill = file_volume_fill,
                .volume_commit = file_volume_commit,
                .volume_abandon = file_volume_abandon,
                .image_hide = file_image_hide,
                .image_purge = file_image_purge,
                .volume_delete = file_volume_delete,
                .volume_open = file_volume_open,
                .volume_update = file_volume_update,
                .volume_reparent = file_volume_reparent,
                .volume_lease = file_volume_lease,
                .special_path = file_special_path,
                .special_open = file_special_open,
                .volume_path = file_volume_path,
};
