/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Virtual machines. */

#include "commands.h"
#include "console.h"
#include "object.h"
#include "register.h"
#include "vm.h"

static const char *const disk_buses[] = { "virtio", "scsi", "sata", NULL };
static const char *const nic_models[] = { "virtio", "e1000e", NULL };
static const char *const shutdown_modes[] = { "auto", "agent", "acpi", NULL };

static const Parameter disk_fields[] = {
        { "disk" },
        { "bus", .type = PARAMETER_WORD, .words = disk_buses },
        { "read_only", .type = PARAMETER_FLAG },
        { "boot_order", .type = PARAMETER_COUNT },
        { "serial" },
        {},
};
static const Parameter nic_fields[] = {
        { "network" },
        { "profile" },
        { "mac" },
        { "model", .type = PARAMETER_WORD, .words = nic_models },
        { "link", .type = PARAMETER_SWITCH },
        { "boot_order", .type = PARAMETER_COUNT },
        {},
};

static const Parameter vm_arguments[] = { ARGUMENT_OBJECT("VM", COMPLETE_VM), {} };
static const Parameter vms_arguments[] = {
        { "VM", .flags = PARAMETER_MANY | PARAMETER_OPTIONAL, .complete = COMPLETE_VM },
        {},
};
static const Parameter vm_create_arguments[] = { ARGUMENT_NEW_NAME, {} };

#define VM_OPTIONS                                                                                                     \
        { "memory", "SIZE", PARAMETER_SIZE, PLACE_SPEC, .help = "Memory, such as 2G" },                           \
        { "cpus", "N", PARAMETER_COUNT, PLACE_SPEC, .help = "Virtual CPUs" },                                      \
        { "sockets", "N", PARAMETER_COUNT, PLACE_SPEC, .help = "CPU sockets" },                                        \
        { "cores", "N", PARAMETER_COUNT, PLACE_SPEC, .help = "Cores per socket" },                                     \
        { "threads", "N", PARAMETER_COUNT, PLACE_SPEC, .help = "Threads per core" },                                   \
        { "cpu-model", "MODEL", PARAMETER_TEXT, PLACE_SPEC, "cpu_model", .help = "Processor the guest sees" },         \
        { "machine", "TYPE", PARAMETER_TEXT, PLACE_SPEC, .help = "Machine type, such as q35" },                        \
        { "serial-console", "on|off", PARAMETER_SWITCH, PLACE_SPEC, "serial_console", .help = "A serial console" }, \
        { "guest-agent", "on|off", PARAMETER_SWITCH, PLACE_SPEC, "guest_agent", .help = "A channel for the guest agent" }, \
        { "rng", "on|off", PARAMETER_SWITCH, PLACE_SPEC, .help = "A source of random numbers" },                  \
        { "balloon", "on|off", PARAMETER_SWITCH, PLACE_SPEC, .help = "A memory balloon" },                        \
        { "autostart", "on|off", PARAMETER_SWITCH, PLACE_SPEC, .help = "Start it when the host starts" },        \
        { "cdrom", "DOMAIN/MEDIUM", PARAMETER_TEXT, PLACE_SPEC, .help = "In its CD-ROM drive: a file of an ISO domain, or a disk of content type iso; '': nothing" }, \
        { "cdrom-boot-order", "N", PARAMETER_COUNT, PLACE_SPEC, "cdrom_boot_order", .help = "When it boots from that; 0: not" }, \
        { "cdrom-drive", "on|off", PARAMETER_SWITCH, PLACE_SPEC, "cdrom_drive", .help = "A CD-ROM drive also where nothing is in it" }, \
        { "metadata", "KEY=VALUE", PARAMETER_MAP, PLACE_SPEC, .help = "A note for other programs; may be repeated" },  \
        OPTION_DESCRIPTION

static const Parameter vm_create_options[] = {
        { "cluster", "CLUSTER", PARAMETER_TEXT, PLACE_SPEC, .complete = COMPLETE_CLUSTER,
          .help = "Cluster it runs in; needed where there are several" },
        { "disk", "DISK[,KEY=VALUE]", PARAMETER_RECORD, PLACE_SPEC, "disks", 0, COMPLETE_DISK, NULL, disk_fields,
          "A disk; keys: bus, read_only, boot_order, serial; may be repeated" },
        { "nic", "NETWORK[,KEY=VALUE]", PARAMETER_RECORD, PLACE_SPEC, "nics", 0, COMPLETE_NETWORK, NULL, nic_fields,
          "A NIC on a network; keys: profile, mac, model, link, boot_order; may be repeated" },
        VM_OPTIONS,
        OPTION_ID,
        { "start", .type = PARAMETER_FLAG, .help = "Start it at once" },
        {},
};
static const Parameter vm_update_options[] = { OPTION_RENAME("VM"), VM_OPTIONS, {} };
static const Parameter vm_start_options[] = {
        { "on-host", "HOST", PARAMETER_TEXT, PLACE_CALL, "host", .complete = COMPLETE_HOST, .help = "Run it there" },
        { "paused", .type = PARAMETER_FLAG, .place = PLACE_CALL, .help = "Do not let it run yet" },
        {},
};
static const Parameter vm_shutdown_options[] = {
        { "mode", "MODE", PARAMETER_WORD, PLACE_CALL, .complete = COMPLETE_WORDS, .words = shutdown_modes,
          .help = "auto, agent or acpi" },
        { "grace", "DURATION", PARAMETER_DURATION, PLACE_CALL, "timeout", .help = "How long the guest may take" },
        {},
};
static const Parameter vm_console_options[] = {
        { "expect", "TEXT", PARAMETER_TEXT, .help = "Leave as soon as this was printed; fail with --timeout otherwise" },
        {},
};
static const Parameter vm_graphics_options[] = {
        { "socket", "PATH", PARAMETER_TEXT, .complete = COMPLETE_FILE, .help = "Where viewers connect" },
        { "once", .type = PARAMETER_FLAG, .help = "Leave with the last viewer" },
        {},
};
static const Parameter vm_disk_arguments[] = {
        ARGUMENT_OBJECT("VM", COMPLETE_VM),
        { "DISK", .complete = COMPLETE_DISK },
        {},
};
static const Parameter vm_attach_options[] = {
        { "bus", "BUS", PARAMETER_WORD, PLACE_CALL, .complete = COMPLETE_WORDS, .words = disk_buses,
          .help = "virtio, scsi or sata" },
        { "read-only", .type = PARAMETER_FLAG, .place = PLACE_CALL, .key = "read_only", .help = "The guest cannot write it" },
        { "boot-order", "N", PARAMETER_COUNT, PLACE_CALL, "boot_order", .help = "1 boots first; 0: not booted from" },
        { "serial", "TEXT", PARAMETER_TEXT, PLACE_CALL, .help = "Serial number the guest sees" },
        {},
};
static const Parameter vm_add_nic_arguments[] = {
        ARGUMENT_OBJECT("VM", COMPLETE_VM),
        { "NETWORK", .place = PLACE_SPEC, .key = "network", .complete = COMPLETE_NETWORK },
        {},
};
static const Parameter vm_add_nic_options[] = {
        { "profile", "VNICPROFILE", PARAMETER_TEXT, PLACE_SPEC, .complete = COMPLETE_VNIC_PROFILE,
          .help = "vNIC profile of the network; that of its own name if not given" },
        { "mac", "ADDRESS", PARAMETER_TEXT, PLACE_SPEC, .help = "Its address; a free one if not given" },
        { "model", "MODEL", PARAMETER_WORD, PLACE_SPEC, .complete = COMPLETE_WORDS, .words = nic_models,
          .help = "virtio or e1000e" },
        { "link", "on|off", PARAMETER_SWITCH, PLACE_SPEC, .help = "Whether the cable is in (on)" },
        { "boot-order", "N", PARAMETER_COUNT, PLACE_SPEC, "boot_order", .help = "1 boots first; 0: not booted from" },
        OPTION_ID,
        {},
};
static const Parameter vm_update_nic_options[] = {
        { "network", "NETWORK", PARAMETER_TEXT, PLACE_SPEC, .complete = COMPLETE_NETWORK, .help = "Network it is plugged into" },
        { "profile", "VNICPROFILE", PARAMETER_TEXT, PLACE_SPEC, .complete = COMPLETE_VNIC_PROFILE,
          .help = "vNIC profile; the one it has, to take over what was changed in that" },
        { "link", "on|off", PARAMETER_SWITCH, PLACE_SPEC, .help = "Whether the cable is in" },
        {},
};
static const Parameter vm_nic_arguments[] = {
        ARGUMENT_OBJECT("VM", COMPLETE_VM),
        { "NIC" },
        {},
};
static const Parameter vm_autostart_arguments[] = {
        ARGUMENT_OBJECT("VM", COMPLETE_VM),
        { "on|off", .type = PARAMETER_SWITCH, .place = PLACE_SPEC, .key = "autostart" },
        {},
};

#define VM_ACTION(word, text, options, member, doing_text, done_text)                                                  \
        { "vm", word, text, vm_arguments, options, object_run_method, COMMAND_CHANGES, &kind_vm, member, "c",          \
          doing_text, done_text }

static const Parameter vm_register_arguments[] = { ARGUMENT_OBJECT("DOMAIN", COMPLETE_DOMAIN), { "ID" }, {} };
static const Parameter vm_register_options[] = { OPTION_REGISTER, {} };

static const Parameter vm_import_arguments[] = { ARGUMENT_OBJECT("DOMAIN", COMPLETE_DOMAIN), { "ID" }, {} };
static const Parameter vm_import_options[] = { OPTION_IMPORT("VM"), {} };
static const Parameter vm_change_cd_arguments[] = { ARGUMENT_OBJECT("VM", COMPLETE_VM), { "MEDIUM" }, {} };
static const Parameter vm_export_arguments[] = { ARGUMENT_OBJECT("VM", COMPLETE_VM), ARGUMENT_OBJECT("DOMAIN", COMPLETE_DOMAIN), {} };
static const Parameter vm_clone_arguments[] = { ARGUMENT_OBJECT("VM", COMPLETE_VM), ARGUMENT_NEW_NAME, {} };
static const Parameter vm_clone_options[] = {
        { "domain", "DOMAIN", PARAMETER_TEXT, PLACE_SPEC, "storage_domain", .complete = COMPLETE_DOMAIN,
          .help = "Storage domain of the copies; each beside its disk if not given" },
        OPTION_DESCRIPTION,
        OPTION_ID,
        {},
};

const Command vm_commands[] = {
        { "vm", "list", "List virtual machines", NULL, NULL, object_run_list, 0, &kind_vm },
        { "vm", "show", "Show one with everything known about it", vm_arguments, NULL, object_run_show, 0, &kind_vm },
        { "vm", "create", "Define a VM; without options: 1 CPU, 1G of memory, serial console, VNC, guest agent, no disk, no NIC", vm_create_arguments, vm_create_options, vm_run_create, COMMAND_CHANGES, &kind_vm,
          "CreateVm", NULL, "Creating", "created" },
        { "vm", "register", "Take over a VM that a storage domain's OVF store defines, with its disks and snapshots", vm_register_arguments,
          vm_register_options, domain_run_register, COMMAND_CHANGES, &kind_vm, "RegisterVm", NULL, "Registering", "registered" },
        { "vm", "update", "Change what is given; one that runs has it from its next start", vm_arguments, vm_update_options, object_run_update, COMMAND_CHANGES,
          &kind_vm, "Update", "pc", "Changing", "changed" },
        { "vm", "import", "Copy a VM from an export domain", vm_import_arguments, vm_import_options, object_run_method, COMMAND_CHANGES,
          &kind_domain, "ImportVm", "spc", "Importing a VM from", "was imported from" },
        { "vm", "export", "Copy a VM that is down to an export domain", vm_export_arguments, NULL, object_run_method, COMMAND_CHANGES, &kind_vm, "Export",
          "sc", "Exporting", "was exported" },
        { "vm", "clone", "Make a new VM with copies of the disks of one that is down", vm_clone_arguments, vm_clone_options, object_run_method,
          COMMAND_CHANGES, &kind_vm, "Clone", "pc", "Cloning", "cloned" },
        VM_ACTION("remove", "Remove a VM that is down; its disks stay", NULL, "Remove", "Removing", "removed"),
        VM_ACTION("start", "Start it on the host that suits best", vm_start_options, "Start", "Starting", "started"),
        VM_ACTION("shutdown", "Ask the guest to shut down", vm_shutdown_options, "Shutdown", "Shutting down", "is down"),
        VM_ACTION("reboot", "Ask the guest to reboot", NULL, "Reboot", "Rebooting", "rebooted"),
        VM_ACTION("poweroff", "Pull the plug", NULL, "PowerOff", "Powering off", "is down"),
        VM_ACTION("pause", "Stop its CPUs", NULL, "Pause", "Pausing", "paused"),
        VM_ACTION("resume", "Let its CPUs run again", NULL, "Resume", "Resuming", "resumed"),
        { "vm", "change-cd", "Put another medium, DOMAIN/FILE or DOMAIN/DISK, into its CD-ROM drive while it runs, or none (\"\")", vm_change_cd_arguments, NULL, object_run_method,
          COMMAND_CHANGES, &kind_vm, "ChangeCd", "sc", "Changing the CD-ROM of", "has another CD-ROM" },
        { "vm", "console", "Its serial console on this terminal", vm_arguments, vm_console_options, vm_run_console,
          COMMAND_CHANGES | COMMAND_FD, &kind_vm },
        { "vm", "graphics", "Its screen (VNC) at a unix socket", vm_arguments, vm_graphics_options, vm_run_graphics,
          COMMAND_CHANGES | COMMAND_FD, &kind_vm },
        { "vm", "stats", "What running VMs use", vms_arguments, NULL, vm_run_stats, 0, &kind_vm },
        { "vm", "attach-disk", "Give it a disk", vm_disk_arguments, vm_attach_options, object_run_method, COMMAND_CHANGES,
          &kind_vm, "AttachDisk", "sc", "Attaching a disk to", "has the disk" },
        { "vm", "detach-disk", "Take a disk from it; the disk stays", vm_disk_arguments, NULL, object_run_method,
          COMMAND_CHANGES, &kind_vm, "DetachDisk", "sc", "Detaching a disk from", "is without the disk" },
        { "vm", "add-nic", "Give it a NIC", vm_add_nic_arguments, vm_add_nic_options, object_run_method, COMMAND_CHANGES,
          &kind_vm, "AddNic", "pc", "Adding a NIC to", "has the NIC" },
        { "vm", "update-nic", "Change a NIC, by id, address or network, also while the VM runs", vm_nic_arguments, vm_update_nic_options,
          vm_run_nic, COMMAND_CHANGES, &kind_vm, "UpdateNic", "spc", "Changing a NIC of", "has the NIC" },
        { "vm", "remove-nic", "Take a NIC from it, by id, address or network", vm_nic_arguments, NULL,
          vm_run_nic, COMMAND_CHANGES, &kind_vm, "RemoveNic", "sc", "Removing a NIC from", "is without the NIC" },
        { "vm", "autostart", "Whether it starts with the host", vm_autostart_arguments, NULL, object_run_method,
          COMMAND_CHANGES, &kind_vm, "Update", "pc", "Changing", "changed" },
        {},
};
