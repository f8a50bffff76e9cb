/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Snapshots of VMs. */

#include "commands.h"
#include "object.h"

static const Parameter snapshot_arguments[] = { ARGUMENT_OBJECT("SNAPSHOT", COMPLETE_SNAPSHOT), {} };
static const Parameter snapshot_create_arguments[] = { ARGUMENT_OBJECT("VM", COMPLETE_VM), ARGUMENT_NEW_NAME, {} };
static const Parameter snapshot_create_options[] = { OPTION_DESCRIPTION, OPTION_ID, {} };
static const Parameter snapshot_update_options[] = { OPTION_RENAME("snapshot"), OPTION_DESCRIPTION, {} };
static const Parameter snapshot_clone_arguments[] = { ARGUMENT_OBJECT("SNAPSHOT", COMPLETE_SNAPSHOT), ARGUMENT_NEW_NAME, {} };
static const Parameter snapshot_clone_options[] = {
        { "domain", "DOMAIN", PARAMETER_TEXT, PLACE_SPEC, "storage_domain", .complete = COMPLETE_DOMAIN,
          .help = "Storage domain of the copies; each beside its disk if not given" },
        OPTION_DESCRIPTION,
        OPTION_ID,
        {},
};

#define SNAPSHOT_ACTION(word, text, member, doing_text, done_text)                                                     \
        { "snapshot", word, text, snapshot_arguments, NULL, object_run_method, COMMAND_CHANGES, &kind_snapshot, member, \
          "c", doing_text, done_text }

const Command snapshot_commands[] = {
        { "snapshot", "list", "List the snapshots of all VMs", NULL, NULL, object_run_list, 0, &kind_snapshot },
        { "snapshot", "show", "Show one with everything known about it", snapshot_arguments, NULL, object_run_show, 0, &kind_snapshot },
        { "snapshot", "create", "Keep the state of a VM that is down", snapshot_create_arguments, snapshot_create_options, object_run_method,
          COMMAND_CHANGES, &kind_vm, "CreateSnapshot", "pc", "Making a snapshot of", "has the snapshot" },
        SNAPSHOT_ACTION("preview", "Put the VM's disks to what they were, until commit or undo", "Preview", "Previewing", "is previewed"),
        SNAPSHOT_ACTION("commit", "Stay there: what came after it is lost", "Commit", "Going back to", "is what the VM is now"),
        SNAPSHOT_ACTION("undo", "Leave the preview: what was written in it is lost", "Undo", "Leaving", "is not previewed any more"),
        { "snapshot", "clone", "Make a new VM from it", snapshot_clone_arguments, snapshot_clone_options, object_run_method, COMMAND_CHANGES,
          &kind_snapshot, "Clone", "pc", "Cloning", "cloned" },
        { "snapshot", "update", "Change what is given", snapshot_arguments, snapshot_update_options, object_run_update, COMMAND_CHANGES,
          &kind_snapshot, "Update", "pc", "Changing", "changed" },
        SNAPSHOT_ACTION("remove", "Give up the way back to it; what the VM has stays", "Remove", "Removing", "removed"),
        {},
};
