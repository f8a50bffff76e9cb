/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The definitions of VMs on their way into a domain's OVF stores: read, checked, and handed to rhv-ovf, on a shared domain to who holds its lease. */

#include "ovf-bus.h"

#include "bus-error.h"
#include "config.h"
#include "dict.h"
#include "domain-bus.h"
#include "domain-lease.h"
#include "manager.h"
#include "storage-identity.h"

#define DISKS_MAX 256
#define NICS_MAX 64
#define SNAPSHOTS_MAX 128
#define NAME_MAX_BYTES 255
#define TEXT_MAX_BYTES 4096
#define MEMORY_MAX ((int64_t)(64 * TIB))
#define CPUS_MAX 4096

static bool is_name(const char *s) {
        return label_is_valid(s, NAME_MAX_BYTES);
}

static bool is_text(const char *s) {
        return *s == '\0' || label_is_valid(s, TEXT_MAX_BYTES);
}

#define FIELD_NAME(word, flag) { word, DICT_STRING, flag, .valid = is_name, .expected = "a name" }
#define FIELD_TEXT(word) { word, DICT_STRING, .valid = is_text, .expected = "a text without control characters" }
#define FIELD_ID(word, flag) { word, DICT_STRING, flag, .valid = uuid_is_valid, .expected = "a UUID in lower-case" }
#define FIELD_COUNT(word, flag) { word, DICT_INTEGER, flag, .min = 1, .max = CPUS_MAX }

static const DictField disk_fields[] = {
                FIELD_ID("image", DICT_REQUIRED),
                FIELD_ID("volume", DICT_REQUIRED),
                FIELD_TEXT("name"),
                FIELD_TEXT("description"),
                { "bus", DICT_STRING, .words = (const char *const[]){ "virtio", "scsi", "sata", NULL } },
                { "boot", DICT_BOOLEAN },
                { "read_only", DICT_BOOLEAN },
                { "shareable", DICT_BOOLEAN },
                { "discard", DICT_BOOLEAN },
                { "wipe_after_delete", DICT_BOOLEAN },
                {},
};
static const DictField nic_fields[] = {
                FIELD_ID("id", DICT_REQUIRED),
                FIELD_NAME("network", DICT_REQUIRED),
                FIELD_TEXT("mac"),
                FIELD_TEXT("model"),
                { "link", DICT_BOOLEAN },
                {},
};
static const DictField disk_element = { "disk", DICT_OBJECT, .fields = disk_fields };
static const DictField nic_element = { "nic", DICT_OBJECT, .fields = nic_fields };
#define DEFINITION_FIELDS                                                                                         \
        FIELD_NAME("name", DICT_REQUIRED), FIELD_TEXT("description"), FIELD_TEXT("cluster"), { "autostart", DICT_BOOLEAN },  \
        { "created", DICT_INTEGER, .min = 0, .max = INT64_MAX }, FIELD_COUNT("cpus", DICT_REQUIRED), FIELD_COUNT("sockets", DICT_OPTIONAL), \
        FIELD_COUNT("cores", DICT_OPTIONAL), FIELD_COUNT("threads", DICT_OPTIONAL),                                         \
        { "memory", DICT_INTEGER, DICT_REQUIRED, .min = (int64_t)MIB, .max = MEMORY_MAX },                                 \
        { "firmware", DICT_STRING, .words = (const char *const[]){ "bios", "uefi", NULL } }, FIELD_ID("lease_domain", DICT_OPTIONAL), \
        FIELD_TEXT("cdrom"), \
        { "disks", DICT_ARRAY, .max = DISKS_MAX, .element = &disk_element }, { "nics", DICT_ARRAY, .max = NICS_MAX, .element = &nic_element }
static const DictField configuration_fields[] = { DEFINITION_FIELDS, {} };
static const DictField held_fields[] = { FIELD_ID("image", DICT_REQUIRED), FIELD_ID("volume", DICT_REQUIRED), {} };
static const DictField held_element = { "disk", DICT_OBJECT, .fields = held_fields };
static const DictField snapshot_fields[] = {
                FIELD_ID("id", DICT_REQUIRED),
                FIELD_NAME("name", DICT_REQUIRED),
                FIELD_TEXT("description"),
                { "created", DICT_INTEGER, .min = 0, .max = INT64_MAX },
                { "disks", DICT_ARRAY, .max = DISKS_MAX, .element = &held_element },
                { "configuration", DICT_OBJECT, .fields = configuration_fields },
                {},
};
static const DictField snapshot_element = { "snapshot", DICT_OBJECT, .fields = snapshot_fields };
static const DictField definition_fields[] = {
                DEFINITION_FIELDS,
                { "template", DICT_BOOLEAN },
                FIELD_ID("template_id", DICT_OPTIONAL),
                FIELD_TEXT("template_name"),
                { "snapshots", DICT_ARRAY, .max = SNAPSHOTS_MAX, .element = &snapshot_element },
                {},
};

static const DictField option_fields[] = { { "lease", DICT_INTEGER, .min = 1, .max = INT64_MAX, .expected = "a lease's version" }, {} };

/* ---- reading ---- */

static int read_definitions(sd_bus_message *message, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *all = NULL, *list = json_array();
        const char *id;
        json_t *definition;
        int r;

        r = list ? dict_read(message, &all, error) : -ENOMEM;
        if (r >= 0 && json_object_size(all) > OVF_DEFINITIONS_MAX)
                r = sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "More than %u definitions at once", OVF_DEFINITIONS_MAX);
        if (r < 0)
                return r;
        json_object_foreach(all, id, definition) {
                if (!uuid_is_valid(id) || !json_is_object(definition))
                        return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "Definitions are a dictionary by the VM's UUID");
                r = dict_check(definition, definition_fields, id, error);
                if (r >= 0 && (json_object_set_new(definition, "id", json_string(id)) < 0 || json_array_append(list, definition) < 0))
                        r = -ENOMEM;
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(list);
        return 0;
}

int ovf_read_definition(sd_bus_message *message, const char *id, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *definition = NULL;
        int r;

        r = dict_read_checked(message, definition_fields, id, &definition, error);
        if (r < 0)
                return r;
        if (json_object_set_new(definition, "id", json_string(id)) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(definition);
        return 0;
}

static int read_removed(sd_bus_message *message, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *list = json_array();
        const char *id;
        int r;

        if (!list)
                return -ENOMEM;
        r = sd_bus_message_enter_container(message, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read(message, "s", &id)) > 0) {
                if (!uuid_is_valid(id))
                        return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "What is removed is named by its UUID");
                if (json_array_size(list) >= OVF_DEFINITIONS_MAX)
                        return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "More than %u definitions at once", OVF_DEFINITIONS_MAX);
                if (json_array_append_new(list, json_string(id)) < 0)
                        return -ENOMEM;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(message);
        *ret = TAKE_PTR(list);
        return r < 0 ? r : 0;
}

/* ---- rhv-ovf ---- */

int ovf_take_answer(const ChildResult *result, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *answer = result->r >= 0 ? json_loadb(result->out, result->out_size, 0, NULL) : NULL;
        const char *name = dict_string(answer, "error", NULL);
        int r;

        if (name && startswith(name, RHV_ERROR_PREFIX)) {
                (void) sd_bus_error_set(error, name, dict_string(answer, "message", "no reason was given"));
                return -EIO;
        }
        r = child_result_error(result, "rhv-ovf", error);
        if (r < 0)
                return r;
        *ret = json_incref(json_object_get(answer, "result"));
        return json_is_object(*ret) ? 0 : sd_bus_error_set(error, RHV_ERROR_BACKEND_FAILED, "rhv-ovf answered what cannot be understood");
}

static void on_written(Child *child, const ChildResult *result, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *written = NULL;
        Task *task = userdata;
        Domain *domain = task_domain(task);
        int r;

        task->child = NULL; /* freed by who calls us */
        if (domain)
                domain->ovf_task = NULL;
        r = ovf_take_answer(result, &written, &error);
        task_answer(task, r, &error, dict_append, written);
}

static int start(Domain *domain, sd_bus_message *message, json_t *definitions, json_t *removed) {
        _cleanup_json_ json_t *request = NULL;
        _cleanup_free_ char *text = NULL;
        const char *argv[STORAGE_IDENTITY_ARGUMENTS + 2];
        ChildSpec spec = { .argv = argv, .deadline_usec = OVF_WRITE_USEC, .nice = 5, .done = on_written };
        Task *task;
        size_t n;
        int r;

        request = json_pack("{s:s, s:s, s:i, s:i, s:i, s:O, s:O}", "path", domain->place.path, "id", domain->place.id, "version",
                            (int)domain->place.version, "block_size", (int)domain->place.block_size_bytes, "alignment",
                            (int)domain->place.alignment_bytes, "definitions", definitions, "removed", removed);
        text = request ? json_dumps(request, JSON_COMPACT) : NULL;
        task = text ? task_new(domain->manager, domain, message) : NULL;
        if (!task)
                return -ENOMEM;
        n = storage_identity_argv(argv, geteuid() == 0);
        argv[n++] = RHV_LIBEXEC_DIR "/rhv-ovf";
        argv[n] = NULL;
        spec.input = text;
        spec.input_size = strlen(text);
        spec.userdata = task;
        r = child_start(domain->manager->event, &spec, &task->child);
        if (r < 0)
                task_fail(task, r, NULL);
        else
                domain->ovf_task = task;
        return 1;
}

/* ---- by who holds the lease ---- */

static void on_shared_written(Task *task, Io *io, int r, const sd_bus_error *error) {
        Domain *domain = task_domain(task);

        if (domain && domain->ovf_task == task)
                domain->ovf_task = NULL;
        task_answer(task, r, error, dict_append, r < 0 ? NULL : io->report);
}

static int start_shared(Domain *domain, sd_bus_message *message, json_t *definitions, json_t *removed, sd_bus_error *error) {
        Io *io = io_new("write OVF stores", io_ovf_write, &domain->place);
        Task *task = io ? task_new(domain->manager, domain, message) : NULL;
        int r;

        r = task ? domain_structural(domain, io) : -ENOMEM;
        if (r >= 0) {
                /* nobody else has them: they go to a thread */
                io->definitions = json_deep_copy(definitions);
                io->removed = json_deep_copy(removed);
                r = io->definitions && io->removed ? 0 : -ENOMEM;
        }
        if (r < 0) {
                if (io)
                        io_free(io);
                task_free(task);
                return r;
        }
        domain->ovf_task = task;
        r = task_run(task, io, domain->lane, OVF_WRITE_USEC, on_shared_written, error);
        if (r < 0) {
                domain->ovf_task = NULL;
                task_fail(task, r, error);
        }
        return 1;
}

void ovf_cancel(Domain *domain) {
        Task *task = TAKE_PTR(domain->ovf_task);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        /* what is done under the lease ends with that */
        if (!task || !task->child)
                return;
        task->child = child_free(task->child); /* killed; one good store is always there */
        (void) sd_bus_error_set(&error, RHV_ERROR_ABORTED, "The storage domain was closed");
        task_fail(task, -ECANCELED, &error);
}

int ovf_method_write(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *definitions = NULL, *removed = NULL, *options = NULL;
        Domain *domain = userdata;
        int r;

        r = read_definitions(message, &definitions, error);
        if (r >= 0)
                r = read_removed(message, &removed, error);
        if (r >= 0)
                r = dict_read_checked(message, option_fields, "options", &options, error);
        if (r >= 0)
                r = domain_check_use(domain, DOMAIN_USE_STORE, error);
        if (r < 0)
                return r;
        r = auth_check(domain->manager->auth, message, ACTION_CONFIGURE,
                       AUTH_DETAILS("verb", "write-ovf-store", "domain", domain->place.id, "name", domain->name), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        if (domain->ovf_task)
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The OVF stores of domain %s are being written", domain->place.id);
        r = domain_lease_check(domain, (uint64_t)dict_integer(options, "lease", 0), error);
        if (r < 0)
                return r;
        return domain->lease ? start_shared(domain, message, definitions, removed, error) : start(domain, message, definitions, removed);
}
