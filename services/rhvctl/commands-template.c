/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Templates of VMs. */

#include "commands.h"
#include "object.h"
#include "register.h"

#define OPTION_COPIES                                                                                                  \
        { "domain", "DOMAIN", PARAMETER_TEXT, PLACE_SPEC, "storage_domain", .complete = COMPLETE_DOMAIN,               \
          .help = "Storage domain of the copies; each beside its disk if not given" }

static const Parameter template_arguments[] = { ARGUMENT_OBJECT("TEMPLATE", COMPLETE_TEMPLATE), {} };
static const Parameter template_create_arguments[] = { ARGUMENT_OBJECT("VM", COMPLETE_VM), ARGUMENT_NEW_NAME, {} };
static const Parameter template_create_options[] = { OPTION_COPIES, OPTION_DESCRIPTION, OPTION_ID, {} };
static const Parameter template_update_options[] = { OPTION_RENAME("template"), OPTION_DESCRIPTION, {} };
static const Parameter template_use_arguments[] = { ARGUMENT_OBJECT("TEMPLATE", COMPLETE_TEMPLATE), ARGUMENT_NEW_NAME, {} };
static const Parameter template_use_options[] = {
        { "clone", .type = PARAMETER_FLAG, .place = PLACE_SPEC, .help = "With whole copies of the disks, which need the template no more" },
        OPTION_COPIES,
        OPTION_DESCRIPTION,
        OPTION_ID,
        {},
};

static const Parameter template_import_arguments[] = { ARGUMENT_OBJECT("DOMAIN", COMPLETE_DOMAIN), { "ID" }, {} };
static const Parameter template_export_arguments[] = { ARGUMENT_OBJECT("TEMPLATE", COMPLETE_TEMPLATE), ARGUMENT_OBJECT("DOMAIN", COMPLETE_DOMAIN), {} };
static const Parameter template_register_options[] = { OPTION_REGISTER, {} };
static const Parameter template_import_options[] = { OPTION_IMPORT("template"), {} };

const Command template_commands[] = {
        { "template", "list", "List templates", NULL, NULL, object_run_list, 0, &kind_template },
        { "template", "show", "Show one with everything known about it", template_arguments, NULL, object_run_show, 0, &kind_template },
        { "template", "create", "Make a template of a VM that is down", template_create_arguments, template_create_options, object_run_method,
          COMMAND_CHANGES, &kind_vm, "CreateTemplate", "pc", "Making a template of", "has the template" },
        { "template", "use", "Make a VM of it: with layers over its disks, or with copies", template_use_arguments, template_use_options,
          object_run_method, COMMAND_CHANGES, &kind_template, "CreateVm", "pc", "Using", "used" },
        { "template", "register", "Take over a template that a storage domain's OVF store defines, with its disks", template_import_arguments,
          template_register_options, domain_run_register, COMMAND_CHANGES, &kind_template, "RegisterTemplate", NULL, "Registering", "registered" },
        { "template", "import", "Copy a template from an export domain", template_import_arguments, template_import_options, object_run_method,
          COMMAND_CHANGES, &kind_domain, "ImportTemplate", "spc", "Importing a template from", "was imported from" },
        { "template", "export", "Copy a template to an export domain", template_export_arguments, NULL, object_run_method, COMMAND_CHANGES, &kind_template,
          "Export", "sc", "Exporting", "was exported" },
        { "template", "update", "Change what is given", template_arguments, template_update_options, object_run_update, COMMAND_CHANGES,
          &kind_template, "Update", "pc", "Changing", "changed" },
        { "template", "remove", "Remove one that no disk is built on", template_arguments, NULL, object_run_method, COMMAND_CHANGES,
          &kind_template, "Remove", "c", "Removing", "removed" },
        {},
};
