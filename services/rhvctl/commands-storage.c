/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Storage domains and the disks on them. */

#include "commands.h"
#include "disk.h"
#include "domain.h"
#include "inspect.h"
#include "object.h"
#include "register.h"

/* ---- domains ---- */

static const char *const domain_types[] = { "local", "nfs", "posix", "iscsi", "fcp", NULL };
static const char *const nfs_versions[] = { "3", "4", "4.0", "4.1", "4.2", NULL };
static const char *const domain_classes[] = { "data", "iso", "export", NULL };

static const Parameter domain_arguments[] = { ARGUMENT_OBJECT("DOMAIN", COMPLETE_DOMAIN), {} };
static const Parameter domain_create_arguments[] = {
        ARGUMENT_NEW_NAME,
        { "PLACE", .place = PLACE_SPEC, .key = "path", .complete = COMPLETE_DIRECTORY },
        {},
};
static const Parameter domain_import_arguments[] = {
        { "PLACE", .place = PLACE_SPEC, .key = "path", .complete = COMPLETE_DIRECTORY },
        {},
};
#define DOMAIN_OPTIONS                                                                                                 \
        { "type", "TYPE", PARAMETER_WORD, PLACE_SPEC, .words = domain_types, .complete = COMPLETE_WORDS,               \
          .help = "Kind of storage: local (this is the default), nfs, posix, iscsi or fcp" },                          \
        { "vfs-type", "TYPE", PARAMETER_TEXT, PLACE_SPEC, "vfs_type",                                                  \
          .help = "With posix: PLACE is mounted as a file system of that type" },                                      \
        { "nfs-version", "VERSION", PARAMETER_WORD, PLACE_SPEC, "nfs_version", .words = nfs_versions,                  \
          .complete = COMPLETE_WORDS, .help = "With nfs: version of the protocol; as server and client agree if not given" }, \
        { "mount-options", "OPTIONS", PARAMETER_TEXT, PLACE_SPEC, "mount_options",                                     \
          .help = "Further options of the mount, between commas; no passwords" },                                      \
        { "datacenter", "DATACENTER", PARAMETER_TEXT, PLACE_SPEC, "data_center", .complete = COMPLETE_DATA_CENTER,     \
          .help = "Data center it belongs to; needed where there are several" },                                       \
        { "on-host", "HOST", PARAMETER_TEXT, PLACE_SPEC, "host", .complete = COMPLETE_HOST,                            \
          .help = "Host that has the path" },                                                                          \
        OPTION_DESCRIPTION, OPTION_ID
static const Parameter domain_create_options[] = {
        { "class", "CLASS", PARAMETER_WORD, PLACE_LOCAL, .words = domain_classes, .complete = COMPLETE_WORDS,
          .help = "What it is for: data (disks; this is the default), iso or export" },
        { "io-timeout", "TIME", PARAMETER_DURATION, PLACE_SPEC, "io_timeout",
          .help = "Of a shared domain: what the times of its leases follow from, 3s to 60s; 10s if not given" },
        DOMAIN_OPTIONS,
        {},
};
static const Parameter domain_import_options[] = {
        { "name", "NAME", PARAMETER_TEXT, PLACE_SPEC, .help = "Name to give it; its own if not given" },
        { "take-over", .type = PARAMETER_FLAG, .place = PLACE_SPEC, .key = "take_over",
          .help = "Also where it belongs to another data center, which must never use it again" },
        DOMAIN_OPTIONS,
        {},
};
static const Parameter domain_update_options[] = { OPTION_DESCRIPTION, {} };
static const Parameter domain_remove_options[] = {
        { "detach", .type = PARAMETER_FLAG, .help = "Leave what is on the storage as it is" },
        {},
};

static int domain_run_remove(Client *client, const Invocation *invocation) {
        if (local_flag(invocation, "detach") && json_object_set_new(invocation->call, "destroy", json_false()) < 0)
                return client_no_memory(client);

        return object_run_method(client, invocation);
}

static const Parameter domain_exported_arguments[] = { ARGUMENT_OBJECT("DOMAIN", COMPLETE_DOMAIN), { "ID" }, {} };
const Command domain_commands[] = {
        { "domain", "list", "List storage domains", NULL, NULL, object_run_list, 0, &kind_domain },
        { "domain", "show", "Show one with everything known about it", domain_arguments, NULL, object_run_show, 0,
          &kind_domain },
        { "domain", "create", "Make a storage domain: PLACE is a directory, SERVER:/PATH of nfs, what --vfs-type mounts, or /dev/A,/dev/B", domain_create_arguments, domain_create_options,
          domain_run_create, COMMAND_CHANGES, &kind_domain, "CreateStorageDomain", NULL, "Creating", "created" },
        { "domain", "import", "Take over a storage domain that is there, as it is; PLACE as for create", domain_import_arguments,
          domain_import_options, domain_run_create, COMMAND_CHANGES, &kind_domain, "ImportStorageDomain", NULL,
          "Importing", "imported" },
        { "domain", "inspect", "Look at a storage domain of others, in a directory or on /dev/A,/dev/B; nothing is written", domain_import_arguments,
          NULL, domain_run_inspect, COMMAND_CHANGES, &kind_domain },
        { "domain", "remove-exported", "Remove a VM or template from an export domain", domain_exported_arguments, NULL, object_run_method, COMMAND_CHANGES,
          &kind_domain, "RemoveExported", "sc", "Removing what was exported from", "is without it" },
        { "domain", "unregistered", "List the disks and VMs that lie on it and are not in the cluster", domain_arguments, NULL,
          domain_run_unregistered, COMMAND_CHANGES, &kind_domain },
        { "domain", "update", "Change what is given", domain_arguments, domain_update_options, object_run_update,
          COMMAND_CHANGES, &kind_domain, "Update", "pc", "Changing", "changed" },
        { "domain", "remove", "Remove an empty storage domain, also from the storage; with --detach take it out with its disks", domain_arguments, domain_remove_options,
          domain_run_remove, COMMAND_CHANGES, &kind_domain, "Remove", "c", "Removing", "removed" },
        {},
};

/* ---- disks ---- */

static const char *const disk_formats[] = { "raw", "qcow2", NULL };
static const char *const disk_allocations[] = { "sparse", "preallocated", NULL };
static const char *const disk_content_types[] = { "data", "iso", NULL };

#define DISK_DISPOSAL                                                                                                  \
        { "wipe-after-delete", "on|off", PARAMETER_SWITCH, PLACE_SPEC, "wipe_after_delete",                              \
          .help = "Zeroes are written over its data before they are given back; on block devices" },                   \
        { "discard", "on|off", PARAMETER_SWITCH, PLACE_SPEC,                                                             \
          .help = "The storage is told which blocks the guest, or nobody any more, needs not" }

static const Parameter disk_arguments[] = { ARGUMENT_OBJECT("DISK", COMPLETE_DISK), {} };
static const Parameter disk_create_arguments[] = { ARGUMENT_NEW_NAME, {} };
#define DISK_OPTIONS                                                                                                   \
        { "format", "FORMAT", PARAMETER_WORD, PLACE_SPEC, .words = disk_formats, .complete = COMPLETE_WORDS,           \
          .help = "raw or qcow2" },                                                                                    \
        { "allocation", "HOW", PARAMETER_WORD, PLACE_SPEC, .words = disk_allocations, .complete = COMPLETE_WORDS,      \
          .help = "sparse or preallocated" },                                                                          \
        { "content-type", "TYPE", PARAMETER_WORD, PLACE_SPEC, "content_type", .words = disk_content_types, .complete = COMPLETE_WORDS, \
          .help = "data (the default), or iso: for the CD-ROM drives of VMs, which only read it" },                    \
        { "shareable", .type = PARAMETER_FLAG, .place = PLACE_SPEC, .help = "Several VMs may write it at a time" },    \
        DISK_DISPOSAL, OPTION_DESCRIPTION, OPTION_ID
static const Parameter disk_create_options[] = {
        { "domain", "DOMAIN", PARAMETER_TEXT, PLACE_SPEC, "storage_domain", PARAMETER_REQUIRED, COMPLETE_DOMAIN,
          .help = "Storage domain it is on" },
        { "size", "SIZE", PARAMETER_SIZE, PLACE_SPEC, "capacity", PARAMETER_REQUIRED,
          .help = "What a guest sees, such as 10G" },
        DISK_OPTIONS,
        {},
};
static const Parameter disk_update_options[] = { OPTION_RENAME("disk"), OPTION_DESCRIPTION, DISK_DISPOSAL, {} };
static const Parameter disk_upload_arguments[] = {
        { "FILE", .complete = COMPLETE_FILE },
        { "DISK", .flags = PARAMETER_OPTIONAL, .complete = COMPLETE_DISK },
        {},
};
static const Parameter disk_upload_options[] = {
        { "domain", "DOMAIN", PARAMETER_TEXT, PLACE_SPEC, "storage_domain", 0, COMPLETE_DOMAIN,
          .help = "Make a new disk on this storage domain" },
        { "name", "NAME", PARAMETER_TEXT, PLACE_SPEC, .help = "Name of the new disk; the file's if not given" },
        { "size", "SIZE", PARAMETER_SIZE, PLACE_SPEC, "capacity", .help = "What a guest sees; the image's if not given" },
        { "bytes", "SIZE", PARAMETER_SIZE, PLACE_LOCAL, .help = "How many bytes come, where FILE is a pipe" },
        DISK_OPTIONS,
        {},
};
static const Parameter disk_download_arguments[] = {
        ARGUMENT_OBJECT("DISK", COMPLETE_DISK),
        { "FILE", .complete = COMPLETE_FILE },
        {},
};
static const Parameter disk_download_options[] = {
        { "force", .type = PARAMETER_FLAG, .help = "Write over a file that is there" },
        {},
};

static const Parameter disk_register_arguments[] = { ARGUMENT_OBJECT("DOMAIN", COMPLETE_DOMAIN), { "IMAGE" }, {} };
static const Parameter disk_register_options[] = {
        { "name", "NAME", PARAMETER_TEXT, PLACE_SPEC, .help = "Name to give it; the alias it has if not given" },
        OPTION_DESCRIPTION,
        {},
};

static const Parameter disk_extend_arguments[] = {
        ARGUMENT_OBJECT("DISK", COMPLETE_DISK),
        { "SIZE", .type = PARAMETER_SIZE, .key = "capacity" },
        {},
};
static const Parameter disk_copy_arguments[] = { ARGUMENT_OBJECT("DISK", COMPLETE_DISK), ARGUMENT_NEW_NAME, {} };
static const Parameter disk_copy_options[] = {
        { "domain", "DOMAIN", PARAMETER_TEXT, PLACE_SPEC, "storage_domain", .complete = COMPLETE_DOMAIN,
          .help = "Storage domain of the copy; the disk's if not given" },
        { "format", "FORMAT", PARAMETER_WORD, PLACE_SPEC, .words = disk_formats, .complete = COMPLETE_WORDS,
          .help = "raw or qcow2; the disk's if not given" },
        { "allocation", "HOW", PARAMETER_WORD, PLACE_SPEC, .words = disk_allocations, .complete = COMPLETE_WORDS,
          .help = "sparse or preallocated" },
        OPTION_DESCRIPTION,
        OPTION_ID,
        {},
};
static const Parameter disk_move_arguments[] = {
        ARGUMENT_OBJECT("DISK", COMPLETE_DISK),
        { "DOMAIN", .complete = COMPLETE_DOMAIN },
        {},
};

const Command disk_commands[] = {
        { "disk", "list", "List disks", NULL, NULL, object_run_list, 0, &kind_disk },
        { "disk", "show", "Show one with everything known about it", disk_arguments, NULL, object_run_show, 0, &kind_disk },
        { "disk", "create", "Make an empty disk", disk_create_arguments, disk_create_options, object_run_create,
          COMMAND_CHANGES, &kind_disk, "CreateDisk", NULL, "Creating", "created" },
        { "disk", "upload", "Fill a new or a given disk from an image file", disk_upload_arguments, disk_upload_options,
          disk_run_upload, COMMAND_CHANGES | COMMAND_FD, &kind_disk },
        { "disk", "download", "Write a disk to a file ('-': stdout)", disk_download_arguments, disk_download_options,
          disk_run_download, COMMAND_CHANGES | COMMAND_FD, &kind_disk },
        { "disk", "extend", "Make a disk larger that nobody uses", disk_extend_arguments, NULL, disk_run_extend, COMMAND_CHANGES, &kind_disk,
          "Extend", NULL, "Extending", "extended" },
        { "disk", "sparsify", "Give back blocks of a disk that are full of zeroes", disk_arguments, NULL, object_run_method, COMMAND_CHANGES,
          &kind_disk, "Sparsify", "c", "Sparsifying", "sparsified" },
        { "disk", "copy", "Copy a disk into a new one", disk_copy_arguments, disk_copy_options, object_run_method, COMMAND_CHANGES,
          &kind_disk, "Copy", "pc", "Copying", "copied" },
        { "disk", "move", "Move a disk to another storage domain", disk_move_arguments, NULL, object_run_method, COMMAND_CHANGES,
          &kind_disk, "Move", "sc", "Moving", "moved" },
        { "disk", "register", "Take over an image that lies on a storage domain, as it is", disk_register_arguments,
          disk_register_options, domain_run_register, COMMAND_CHANGES, &kind_disk, "RegisterDisk", NULL, "Registering", "registered" },
        { "disk", "update", "Change what is given", disk_arguments, disk_update_options, object_run_update,
          COMMAND_CHANGES, &kind_disk, "Update", "pc", "Changing", "changed" },
        { "disk", "remove", "Remove a disk with all that is on it", disk_arguments, NULL, object_run_method, COMMAND_CHANGES,
          &kind_disk, "Remove", "c", "Removing", "removed" },
        {},
};
