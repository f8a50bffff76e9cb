/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "manager.h"

#include <fcntl.h>
#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "log-ids.h"
#include "log.h"
#include "proc-text.h"
#include "state-file.h"

/* QEMU's translation cache for a guest without KVM: enough for a small guest, and it spares about 30 MB for each. */
#define TCG_TB_CACHE_BYTES (32 * MIB)

/* ---- the guests ---- */

Vm *manager_find(const Manager *manager, const char *id) {
        Vm *vm;

        HASH_FIND(by_id, manager->vms_by_id, id, (unsigned)strlen(id), vm);
        return vm;
}

Vm *manager_find_path(const Manager *manager, const char *path) {
        Vm *vm;

        HASH_FIND(by_path, manager->vms_by_path, path, (unsigned)strlen(path), vm);
        return vm;
}

Vm *manager_find_name(const Manager *manager, const char *name) {
        Vm *vm, *next;

        HASH_ITER(by_id, manager->vms_by_id, vm, next) {
                if ((vm->observed != VM_DOWN || vm_is_busy(vm) || vm->persistent) && streq(vm->name, name))
                        return vm;
        }
        return NULL;
}

size_t manager_count(const Manager *manager) {
        return HASH_CNT(by_id, manager->vms_by_id);
}

size_t manager_count_busy(const Manager *manager, VmActivity activity) {
        size_t n = 0;
        Vm *vm, *next;

        HASH_ITER(by_id, manager->vms_by_id, vm, next) {
                n += vm->activity == activity;
        }
        return n;
}

void manager_link(Manager *manager, Vm *vm) {
        HASH_ADD_KEYPTR(by_id, manager->vms_by_id, vm->id, strlen(vm->id), vm);
        HASH_ADD_KEYPTR(by_path, manager->vms_by_path, vm->path, strlen(vm->path), vm);
}

void manager_unlink(Manager *manager, Vm *vm) {
        HASH_DELETE(by_id, manager->vms_by_id, vm);
        HASH_DELETE(by_path, manager->vms_by_path, vm);
}

/* Linked and filled: shown. */
static void announce(Manager *manager, const Vm *vm) {
        (void) sd_bus_emit_object_added(manager->daemon->bus, vm->path);
}

static void forget(Vm *vm) {
        bus_changes_forget(vm->manager->daemon->changes, vm->path);
        (void) sd_bus_emit_object_removed(vm->manager->daemon->bus, vm->path);
        vm_free(vm);
}

/* ---- what libvirt says ---- */

/* A guest that we did not know: of ours, from before a restart that lost its record, or somebody else's. */
static void take_up(Manager *manager, VirtDomain *domain, uint64_t serial) {
        bool ours = domain->live.description && domain->active && !domain->persistent;
        Vm *vm;

        if (manager_count(manager) >= VMS_MAX) {
                log_warning("Guest %s is not shown: there are more than %u", domain->id, VMS_MAX);
                return;
        }
        if (!utf8_is_valid(domain->name, strlen(domain->name)) || (!domain->active && !domain->persistent))
                return;
        vm = vm_new(manager, domain->id, domain->name, ours);
        if (!vm)
                return;
        vm->holds_disks = ours && json_array_size(json_object_get(domain->live.description, "disks")) > 0;
        vm_apply(vm, domain, serial);
        if (ours) {
                log_full(LOG_INFO, MESSAGE_ID_VM_ADOPTED, LOG_FIELDS("RHV_VM", vm->id), "VM %s is taken up again: %s", vm->name, vm_state_to_string(vm->observed));
                (void) vm_record_save(vm);
        }
        bus_changes_forget(manager->daemon->changes, vm->path);
        announce(manager, vm);
}

static void on_look(const VirtOutcome *outcome, void *context, void *userdata) {
        Manager *manager = userdata;
        Vm *vm = manager_find(manager, outcome->id);

        if (outcome->domain && vm) {
                vm_apply(vm, outcome->domain, outcome->serial);
                vm_incoming_seen(vm, outcome->domain);
        }
        else if (outcome->domain)
                take_up(manager, outcome->domain, outcome->serial);
        else if (vm && !vm->managed && outcome->r == -ENOENT)
                forget(vm);
}

static void look(Manager *manager, const char *id) {
        VirtRequest request = { .verb = VIRT_FETCH, .id = id };
        char **more;

        if (virt_call(manager->virt, &request, on_look, NULL, NULL, NULL) >= 0 || manager->n_looks >= LOOKS_MAX)
                return;
        /* Heard while the inventory is still being read: asked for when it is there. */
        more = reallocarray(manager->looks, manager->n_looks + 1, sizeof(char *));
        if (!more)
                return;
        manager->looks = more;
        more[manager->n_looks] = strdup(id);
        manager->n_looks += more[manager->n_looks] != NULL;
}

static void look_again(Manager *manager) {
        char **looks = TAKE_PTR(manager->looks);
        size_t n = manager->n_looks;

        manager->n_looks = 0;
        for (size_t i = 0; i < n; i++) {
                look(manager, looks[i]);
                free(looks[i]);
        }
        free(looks);
}

/* libvirt answers and tells in two ways, which may overtake each other: the end of a run that was powered off may be heard when the next one is there. Each run's begin is told
 * once, so as long as begins are still to come what is told may be of a run before. Only libvirt knows then; to take an end for that of the new run would give away the disks of a guest
 * that runs. */
void manager_expect_start(Manager *manager, const char *id) {
        (void) json_object_set_new(manager->starts_untold, id, json_integer(dict_integer(manager->starts_untold, id, 0) + 1));
}

void manager_start_over(Manager *manager, const char *id) {
        json_int_t n = dict_integer(manager->starts_untold, id, 0);

        if (n > 1)
                (void) json_object_set_new(manager->starts_untold, id, json_integer(n - 1));
        else
                (void) json_object_del(manager->starts_untold, id);
}

static bool may_be_of_run_before(const Manager *manager, const Vm *vm) {
        return json_object_get(manager->starts_untold, vm->id) &&
               (vm_state_is_alive(vm->observed) || (vm->activity == VM_ACTIVITY_START && vm->phase >= VM_START_LAUNCH));
}

static void on_lifecycle(Manager *manager, Vm *vm, const VirtEvent *event) {
        const VirtEventWords *words = &event->words;

        if (may_be_of_run_before(manager, vm)) {
                vm->ask_serial = event->serial;
                vm_decide_later(vm, 0);
                return;
        }
        switch (words->change) {
        case VIRT_CHANGE_NONE:
                break;
        case VIRT_CHANGE_LOOK:
                look(manager, vm->id);
                break;
        case VIRT_CHANGE_HINT:
                vm->event_serial = event->serial;
                if (!vm->end_hint)
                        vm->end_hint = words->reason;
                vm_set_state(vm, VM_POWERING_DOWN, words->reason);
                break;
        case VIRT_CHANGE_START:
        case VIRT_CHANGE_STATE: {
                bool came_up = vm->observed == VM_DOWN;

                vm->event_serial = event->serial;
                /* A release under way means its end was heard: this is of the run before. */
                if (vm->activity == VM_ACTIVITY_RELEASE)
                        break;
                /* libvirt says "started" when QEMU is there, long before it may run: only the guest's own state tells */
                if (vm->activity == VM_ACTIVITY_INCOMING) {
                        look(manager, vm->id);
                        break;
                }
                vm_set_state(vm, words->state, words->reason);
                if (came_up && vm->activity != VM_ACTIVITY_START)
                        look(manager, vm->id);
                break;
        }
        case VIRT_CHANGE_GONE:
                vm->event_serial = event->serial;
                if (vm->phase == VM_START_UNDECIDED)
                        vm_start_decided(vm, false);
                else if (vm->activity == VM_ACTIVITY_INCOMING)
                        vm_incoming_gone(vm);
                else if (vm->activity == VM_ACTIVITY_START)
                        vm_set_state(vm, VM_DOWN, words->reason);
                else
                        vm_gone(vm, words->reason);
                if (!vm->managed)
                        look(manager, vm->id); /* gone for good, unless its definition is kept */
                break;
        }
}

void manager_event(const VirtEvent *event, void *userdata) {
        Manager *manager = userdata;
        Vm *vm;

        if (event->kind == VIRT_EVENT_NETWORK) {
                networks_event(manager, event->text);
                return;
        }
        if (event->kind == VIRT_EVENT_LIFECYCLE && event->words.change == VIRT_CHANGE_START)
                manager_start_over(manager, event->id);
        vm = manager_find(manager, event->id);
        if (!vm || virt_backend(manager->virt) != VIRT_READY)
                look(manager, event->id);
        if (!vm)
                return;
        switch (event->kind) {
        case VIRT_EVENT_LIFECYCLE:
                on_lifecycle(manager, vm, event);
                break;
        case VIRT_EVENT_REBOOT:
                vm_on_reboot(vm);
                break;
        case VIRT_EVENT_AGENT:
                if (vm->activity == VM_ACTIVITY_INCOMING)
                        look(manager, vm->id); /* the answer that is on its way may be older */
                else if (vm_state_is_alive(vm->observed) || vm->activity == VM_ACTIVITY_START)
                        vm_agent_channel(vm, event->channel);
                break;
        case VIRT_EVENT_DEVICES:
                look(manager, vm->id);
                break;
        case VIRT_EVENT_NETWORK:
                break;
        case VIRT_EVENT_IO_ERROR:
                log_full(LOG_WARNING, MESSAGE_ID_VM_IO_ERROR, LOG_FIELDS("RHV_VM", vm->id), "VM %s: a disk failed (%s)", vm->name,
                         *event->text ? event->text : "no reason given");
                if (streq(event->text, "enospc") && vm->observed == VM_PAUSED)
                        vm_set_state(vm, VM_PAUSED, "no-space");
                break;
        }
}

/* ---- the inventory ---- */

static int compare_ids(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What we have and libvirt has not: it ended while nobody listened. */
static void settle_missing(Manager *manager, const VirtDomain *domains, size_t n, uint64_t serial) {
        _cleanup_free_ const char **ids = calloc(n + 1, sizeof(char *));
        Vm *vm, *next;

        if (!ids)
                return;
        for (size_t i = 0; i < n; i++)
                ids[i] = domains[i].id;
        qsort(ids, n, sizeof(char *), compare_ids);

        HASH_ITER(by_id, manager->vms_by_id, vm, next) {
                const char *id = vm->id;

                if (bsearch(&id, ids, n, sizeof(char *), compare_ids) || vm->event_serial > serial)
                        continue;
                if (!vm->managed)
                        forget(vm);
                else if (vm->phase == VM_START_UNDECIDED)
                        vm_decide_later(vm, 3 * USEC_PER_SEC); /* see START_SETTLE_USEC */
                else if (vm->activity == VM_ACTIVITY_INCOMING) {
                        if (vm->incoming_seen)
                                vm_incoming_gone(vm);
                } else if (vm->activity != VM_ACTIVITY_START && vm->observed != VM_DOWN && vm->activity != VM_ACTIVITY_RELEASE)
                        vm_gone(vm, vm->end_hint || vm->end_asked ? NULL : VM_REASON_LOST);
        }
}

/* ---- calls that came before libvirt ---- */

bool manager_wait_for_backend(Manager *manager, sd_bus_message *message) {
        if (virt_backend(manager->virt) == VIRT_FAILED || manager->inventory_known || manager->n_waiting >= WAITING_MAX)
                return false;
        manager->waiting[manager->n_waiting++] = sd_bus_message_ref(message);
        return true;
}

static void let_waiting_go(Manager *manager) {
        for (size_t i = 0; i < manager->n_waiting; i++) {
                sd_bus_message *message = manager->waiting[i];

                (void) sd_bus_message_rewind(message, true);
                (void) sd_bus_enqueue_for_read(manager->daemon->bus, message);
                sd_bus_message_unref(message);
        }
        manager->n_waiting = 0;
}

static bool adopt_job(Job *job, void *userdata);

static void on_inventory(const VirtDomain *domains, size_t n, const VirtNetwork *networks, size_t n_networks, uint64_t serial, void *userdata) {
        Manager *manager = userdata;

        (void) json_object_clear(manager->starts_untold); /* what was on its way is lost with the connection */
        networks_inventory(manager, networks, n_networks);
        for (size_t i = 0; i < n; i++) {
                VirtDomain *domain = (VirtDomain *)&domains[i]; /* taken apart; virt.c frees what is left */
                Vm *vm = manager_find(manager, domain->id);

                if (!vm) {
                        take_up(manager, domain, serial);
                        continue;
                }
                if (!domain->active && !domain->persistent) {
                        vm_decide_later(vm, USEC_PER_SEC);
                        continue;
                }
                vm_apply(vm, domain, serial);
                /* the first time jobs are found first, so that they hear of it */
                if (manager->jobs_recovered) {
                        vm_start_seen(vm, domain);
                        vm_incoming_seen(vm, domain);
                }
        }
        settle_missing(manager, domains, n, serial);
        manager->inventory_known = true;
        if (!manager->jobs_recovered) {
                manager->jobs_recovered = true;
                job_manager_recover(manager->daemon->jobs, adopt_job, manager);
                /* Starts whose job nobody knows any more are decided all the same. */
                for (size_t i = 0; i < n; i++) {
                        Vm *vm = manager_find(manager, domains[i].id);

                        if (vm) {
                                vm_start_seen(vm, &domains[i]);
                                vm_incoming_seen(vm, &domains[i]);
                        }
                }
        }
        bus_changed(manager->daemon->changes, COMPUTE_ROOT, COMPUTE_INTERFACE, "Capabilities");
        look_again(manager);
        let_waiting_go(manager);
}

/* ---- jobs of the process before ---- */

static uint64_t stop_left_usec(const Job *job) {
        /* The time runs anew: how much of it the dead process had used is not worth a record. */
        return (uint64_t)dict_integer(job_arguments(job), "timeout", (int64_t)VM_STOP_TIMEOUT_USEC);
}

static bool adopt_migration(Vm *vm, Job *job, bool incoming) {
        VmActivity activity = incoming ? VM_ACTIVITY_INCOMING : VM_ACTIVITY_MIGRATE;

        if (vm->activity == activity && !vm->job) {
                job_adopt(job, incoming ? vm_incoming_cancel : vm_migrate_cancel, vm->manager);
                vm->job = job;
                return true;
        }
        if (vm_is_busy(vm))
                return false;
        if (incoming && vm_state_is_alive(vm->observed)) {
                job_finish(job, 0, NULL, json_pack("{s:s}", "state", vm_state_to_string(vm->observed)));
                return true;
        }
        if (!incoming && vm->observed == VM_DOWN && streq(vm->reason, VM_REASON_MIGRATED)) {
                job_finish(job, 0, NULL, json_pack("{s:s}", "reason", vm->reason));
                return true;
        }
        if (!incoming && vm_state_is_alive(vm->observed)) {
                job_adopt(job, vm_migrate_cancel, vm->manager);
                vm_migrate_adopt(vm, job);
                return true;
        }
        return false;
}

static bool adopt_job(Job *job, void *userdata) {
        static const struct {
                const char *kind;
                VmActivity activity;
        } stops[] = {
                { "shutdown", VM_ACTIVITY_SHUTDOWN },
                { "power-off", VM_ACTIVITY_POWER_OFF },
        };
        Manager *manager = userdata;
        const char *id = json_string_value(json_object_get(job_arguments(job), "vm"));
        Vm *vm = id ? manager_find(manager, id) : NULL;

        if (!vm)
                return false;
        if (streq(job_kind(job), "start") && vm->phase == VM_START_UNDECIDED && !vm->job) {
                job_adopt(job, vm_start_cancel, manager);
                vm->job = job;
                return true;
        }
        if (streq(job_kind(job), "start") && !vm_is_busy(vm) && vm_state_is_alive(vm->observed)) {
                job_finish(job, 0, NULL, json_pack("{s:s}", "state", vm_state_to_string(vm->observed)));
                return true;
        }
        if (streq(job_kind(job), "incoming") || streq(job_kind(job), "migrate"))
                return adopt_migration(vm, job, streq(job_kind(job), "incoming"));
        for (size_t i = 0; i < ELEMENTSOF(stops); i++) {
                if (!streq(job_kind(job), stops[i].kind))
                        continue;
                if (vm->observed == VM_DOWN && !vm_is_busy(vm)) {
                        job_finish(job, 0, NULL, json_pack("{s:s}", "reason", vm->reason));
                        return true;
                }
                if (vm->activity == VM_ACTIVITY_RELEASE && !vm->job) {
                        job_adopt(job, NULL, manager);
                        vm->job = job;
                        return true;
                }
                if (!vm_is_busy(vm)) {
                        bool shutdown = stops[i].activity == VM_ACTIVITY_SHUTDOWN;

                        job_adopt(job, shutdown ? vm_stop_cancel : NULL, manager);
                        if (shutdown)
                                vm_stop_adopt(vm, job, stops[i].activity, stop_left_usec(job));
                        else if (vm_power_off(vm, job, NULL) < 0)
                                return false;
                        return true;
                }
        }
        return false;
}

/* ---- the host ---- */

static void sample_host(Manager *manager) {
        _cleanup_free_ char *stat = proc_read("/proc/stat"), *meminfo = proc_read("/proc/meminfo");
        HostTicks ticks;

        if (meminfo)
                (void) host_memory_parse(meminfo, &manager->memory);
        if (stat && host_ticks_parse(stat, &ticks) >= 0) {
                manager->ticks[0] = manager->ticks[1].total > 0 ? manager->ticks[1] : ticks;
                manager->ticks[1] = ticks;
        }
}

static int on_sample(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *manager = userdata;

        sample_host(manager);
        (void) sd_event_source_set_time_relative(source, HOST_SAMPLE_USEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int read_host(Manager *manager) {
        _cleanup_free_ char *cpuinfo = proc_read("/proc/cpuinfo");

        if (cpuinfo)
                (void) host_cpu_parse(cpuinfo, &manager->cpu);
        sample_host(manager);
        return sd_event_add_time_relative(manager->daemon->event, &manager->sample, CLOCK_MONOTONIC, HOST_SAMPLE_USEC, USEC_PER_SEC, on_sample, manager);
}

int manager_xml_host(const Manager *manager, VmXmlHost *ret, sd_bus_error *error) {
        const HostVirt *virt = virt_host(manager->virt);
        int r;

        r = virt_check_ready(manager->virt, error);
        if (r < 0)
                return r;
        if (!virt || !virt->virt_type || !virt->arch) {
                (void) sd_bus_error_set(error, RHV_ERROR_BACKEND_UNAVAILABLE, "libvirt offers no kind of guest on this host");
                return -EAGAIN;
        }
        *ret = (VmXmlHost){
                .virt_type = virt->virt_type,
                .arch = virt->arch,
                .machine = virt->machine,
                .console_directory = manager->console_directory,
                .tcg_tb_cache_bytes = TCG_TB_CACHE_BYTES,
        };
        return 0;
}

json_t *manager_capabilities(const Manager *manager) {
        return host_capabilities_json(&manager->cpu, &manager->memory, virt_host(manager->virt), virt_node(manager->virt),
                                      access("/dev/kvm", F_OK) == 0, virt_hypervisor(manager->virt));
}

json_t *manager_host_stats(Manager *manager) {
        const HostTicks *from, *to;
        size_t running = 0;
        Vm *vm, *next;

        sample_host(manager);
        from = &manager->ticks[0];
        to = &manager->ticks[1];
        HASH_ITER(by_id, manager->vms_by_id, vm, next) {
                running += vm_state_is_alive(vm->observed);
        }
        return json_pack("{s:f, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I}", "cpu_percent", host_ticks_busy_percent(from, to),
                         "cpu_user_percent", host_ticks_part_percent(from, to, from->user, to->user), "cpu_system_percent",
                         host_ticks_part_percent(from, to, from->system, to->system), "cpu_iowait_percent",
                         host_ticks_part_percent(from, to, from->iowait, to->iowait), "memory_total", (json_int_t)manager->memory.total_bytes,
                         "memory_free", (json_int_t)manager->memory.free_bytes, "swap_total", (json_int_t)manager->memory.swap_total_bytes,
                         "swap_free", (json_int_t)manager->memory.swap_free_bytes, "vms", (json_int_t)manager_count(manager), "vms_running",
                         (json_int_t)running);
}

/* ---- life ---- */

static void on_backend(void *userdata) {
        Manager *manager = userdata;

        bus_changed(manager->daemon->changes, COMPUTE_ROOT, COMPUTE_INTERFACE, "Backends");
        if (virt_backend(manager->virt) == VIRT_FAILED)
                let_waiting_go(manager);
}

static const VirtCallbacks virt_callbacks = {
        .backend = on_backend,
        .inventory = on_inventory,
        .event = manager_event,
};

static int make_directories(Manager *manager) {
        const char *runtime = manager->daemon->runtime_directory;
        int r;

        if (asprintf(&manager->record_directory, "%s/vm", runtime) < 0)
                return -ENOMEM;
        if (asprintf(&manager->console_directory, "%s/console", runtime) < 0)
                return -ENOMEM;
        manager->migration_base = migration_base(runtime);
        if (!manager->migration_base)
                return -ENOMEM;
        /* Only root: libvirtd makes the sockets here and hands them to QEMU as descriptors. */
        r = make_directory(manager->console_directory, 0700);
        if (r < 0)
                return log_error_errno(r, "Cannot make %s", manager->console_directory);
        return 0;
}

int manager_new(Daemon *daemon, const char *libvirt_uri, Manager **ret) {
        _cleanup_(manager_freep) Manager *manager = calloc(1, sizeof(Manager));
        int r;

        if (!manager)
                return -ENOMEM;
        manager->daemon = daemon;
        manager->starts_untold = json_object();
        r = manager->starts_untold ? make_directories(manager) : -ENOMEM;
        if (r < 0)
                return r;
        r = read_host(manager);
        if (r < 0)
                return r;
        r = vm_records_load(manager);
        if (r < 0)
                return r;
        manager->network_lane = ++manager->next_lane;
        r = virt_new(daemon->event, libvirt_uri, &virt_callbacks, manager, &manager->virt);
        if (r < 0)
                return log_error_errno(r, "Cannot begin with libvirt");
        *ret = TAKE_PTR(manager);
        return 0;
}

Manager *manager_free(Manager *manager) {
        Vm *vm, *next;

        if (!manager)
                return NULL;
        manager->virt = virt_free(manager->virt);
        for (size_t i = 0; i < manager->n_waiting; i++)
                sd_bus_message_unref(manager->waiting[i]);
        HASH_ITER(by_id, manager->vms_by_id, vm, next) {
                vm_free(vm);
        }
        networks_free_all(manager);
        for (size_t i = 0; i < manager->n_looks; i++)
                free(manager->looks[i]);
        free(manager->looks);
        sd_event_source_disable_unref(manager->sample);
        host_cpu_done(&manager->cpu);
        json_decref(manager->starts_untold);
        free(manager->record_directory);
        free(manager->console_directory);
        free(manager->migration_base);
        free(manager);
        return NULL;
}

bool manager_is_idle(const Manager *manager) {
        Vm *vm, *next;

        /* Before libvirt has told its guests nobody can say that there are none. */
        if (!manager->inventory_known || virt_pending(manager->virt) > 0)
                return false;
        /* nobody else would tell that one of them was stopped */
        if (networks_count(manager) > 0)
                return false;
        HASH_ITER(by_id, manager->vms_by_id, vm, next) {
                if (vm->observed != VM_DOWN || vm_is_busy(vm) || vm->holds_disks)
                        return false;
        }
        return true;
}
