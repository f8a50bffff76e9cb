/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One guest: what was asked for, what was observed, and what is being done to it. Belongs to the Manager; loop thread only.
 *
 * Started by us ("managed"): transient in libvirt, disks prepared by Storage, a record in the runtime directory. Others that libvirt has
 * are shown and may be operated, but their definition and disks are none of our business.
 *
 *   CreateVm ─> start: release what an earlier run still holds ─> prepare disks ─> create ─> running
 *                                                     └────────────┴─ failed ─> release ─> down
 *   gone (whatever the cause) ─> release disks ─> down ─> Forget, or CreateVm again
 */

#include <uthash.h>

#include "console.h"
#include "guest-agent.h"
#include "job.h"
#include "macro.h"
#include "migration-place.h"
#include "operation.h"
#include "virt.h"
#include "vm-state.h"
#include "vm-xml.h"

typedef struct Manager Manager;
typedef struct Vm Vm;
typedef struct VmCd VmCd;

/* How far a start is. Kept in the record: a restarted daemon must know what may have happened. */
typedef enum VmStartPhase {
        VM_START_NONE,
        VM_START_RELEASE,   /* an earlier run's disks are still being given back */
        VM_START_PREPARE,   /* disks are being prepared: no process can exist */
        VM_START_LAUNCH,    /* libvirt was asked: a process may exist */
        VM_START_UNDECIDED, /* the answer was lost: only libvirt's inventory can tell */
        VM_START_INCOMING,  /* disks are prepared; the other host's libvirt will start it, or has */
} VmStartPhase;

struct Vm {
        Manager *manager;
        UT_hash_handle by_id, by_path;

        /* identity */
        char *id, *path, *name;
        uint64_t lane;
        bool managed;

        /* asked for */
        json_t *description; /* NULL: not ours */
        bool paused;         /* start it so */

        /* observed */
        VmState observed;
        const char *reason; /* literal */
        char *exit_message;
        bool persistent;
        uint64_t event_serial, ask_serial; /* of the last event that was believed; of the last that libvirt was asked about */
        uint64_t started_usec; /* realtime; 0: not running */
        json_t *devices;
        json_t *disk_paths; /* {disk id: path} */
        char *console_path;
        bool graphics;

        /* the guest's agent */
        AgentState agent;
        bool agent_connected, agent_asking;
        unsigned agent_failures;
        char **addresses; /* NULL-terminated, or NULL */
        char *hostname;
        sd_event_source *agent_timer;

        /* being done */
        VmActivity activity;
        Job *job;
        VmStartPhase phase;
        size_t next_disk;
        json_t *prepared;
        sd_bus_slot *storage_call;
        sd_event_source *timer; /* of the activity */
        Operation *incoming;    /* PrepareIncoming, until the disks are prepared */
        bool incoming_seen, incoming_cancelled;
        bool migrate_asked;     /* libvirt's answer to the migration is still to come */
        char *migrate_error;    /* … or has come, and did not decide: a connection broke, this one or the one between the hosts */
        unsigned stop_step;     /* shutdown, reboot: which way is being tried */
        uint64_t stop_timeout_usec;
        unsigned stop_ways;
        const char *end_hint;   /* why it will end, from an event that came before the end */
        bool end_asked;         /* somebody asked for the end */

        /* disks to give back */
        bool holds_disks;
        size_t next_release;
        unsigned release_failures;
        sd_event_source *release_timer, *release_limit;
        char *release_error;

        /* another medium for its CD-ROM drive: vm-cd.h */
        VmCd *cd;               /* NULL: none is on its way */
        json_t *held_media;     /* entries as of disks; NULL: none */
        sd_bus_slot *media_call;

        sd_event_source *decide_timer;
        unsigned decide_tries;
        Console *console;
};

/* ---- life: vm.c ---- */

/* Makes and links a guest, announced on the bus. id: copied. Return: NULL when out of memory. */
Vm *vm_new(Manager *manager, const char *id, const char *name, bool managed);
/* Unlinks, announces and frees. */
Vm *vm_free(Vm *vm);
DEFINE_CLEANUP(Vm *, vm_free)

VmState vm_shown(const Vm *vm);
bool vm_is_busy(const Vm *vm);
/* No process, no work and no disk held: the record may go or a new start begin. */
bool vm_is_at_rest(const Vm *vm);

/* The only writer of observed and reason: logs, signals. reason: a literal. */
void vm_set_state(Vm *vm, VmState state, const char *reason);
/* Sets what is being done; the job (may be NULL) is finished by whoever set it. */
void vm_set_activity(Vm *vm, VmActivity activity, Job *job);
void vm_changed(Vm *vm, const char *property);
void vm_set_exit_message(Vm *vm, const char *text);
/* Ends the job of the activity, and the activity. */
void vm_finish(Vm *vm, int r, const sd_bus_error *error, json_t *result);
/* Takes over what libvirt said. serial: of the question. */
void vm_apply(Vm *vm, VirtDomain *domain, uint64_t serial);
/* Named refusal when the guest is not there or something is being done to it. */
int vm_check_alive(const Vm *vm, sd_bus_error *error);
int vm_check_free(const Vm *vm, sd_bus_error *error);
/* Asks libvirt for the guest again, soon; used where its state can not be told yet. */
void vm_decide_later(Vm *vm, uint64_t usec);

/* ---- start and end: vm-start.c, vm-release.c ---- */

/* Begins. activity: VM_ACTIVITY_START, or VM_ACTIVITY_INCOMING: then libvirt is not asked to start it, but the other host's is waited for.
 * job: in state pending. Never finishes it from inside. */
int vm_start(Vm *vm, Job *job, VmActivity activity, sd_bus_error *error);
int vm_start_cancel(Job *job, void *userdata, sd_bus_error *error);
/* libvirt's inventory (or a single question) shows the guest of an undecided start: it is decided, or looked at again soon. */
void vm_start_seen(Vm *vm, const VirtDomain *domain);
/* … or whether it is there at all. */
void vm_start_decided(Vm *vm, bool there);
/* Gives back what was prepared, and ends the job. */
void vm_start_failed(Vm *vm, int r, const sd_bus_error *cause);
/* Prepares are allowed to begin: an earlier run's disks are released. */
void vm_start_go_on(Vm *vm);

/* The process is gone. reason: a literal; NULL: what was hinted or asked for. Releases disks, then the guest is down. */
void vm_gone(Vm *vm, const char *reason);
/* Gives the disks back; again and again until it worked. */
void vm_release(Vm *vm);

/* ---- to and from another host: vm-migrate.c, vm-incoming.c ---- */

/* At the same time, each way; oVirt's default. */
#define MIGRATIONS_MAX 2U

/* May it go? paths: where the other host has its disks, in the order of its description. Return: 0; or negative with NotSupported, InvalidArgument. */
int vm_migrate_check(const Vm *vm, char **paths, sd_bus_error *error);
int vm_migrate(Vm *vm, Job *job, const VirtMigration *migration, sd_bus_error *error);
int vm_migrate_cancel(Job *job, void *userdata, sd_bus_error *error);
/* After a restart: watches what goes on. job: NULL where it is not known. */
void vm_migrate_adopt(Vm *vm, Job *job);

/* The disks are prepared: a place is made, PrepareIncoming is answered. */
void vm_incoming_ready(Vm *vm);
/* After a restart: waits on. */
void vm_incoming_resume(Vm *vm);
/* libvirt has it, on its way or running. */
void vm_incoming_seen(Vm *vm, const VirtDomain *domain);
/* libvirt has ended it before it ran here. */
void vm_incoming_gone(Vm *vm);
int vm_incoming_cancel(Job *job, void *userdata, sd_bus_error *error);
/* Connects what the other host's libvirt or QEMU is to speak with. Return: a descriptor, or negative with an error set. */
int vm_incoming_open(const Vm *vm, MigrationChannel channel, sd_bus_error *error);

/* ---- shutdown, reboot, power off: vm-stop.c ---- */

typedef enum VmStopWay {
        VM_STOP_AGENT = 1 << 0,
        VM_STOP_ACPI = 1 << 1,
} VmStopWay;

/* Which ways to try, in the order agent, ACPI. mode: "auto", "agent", "acpi". Return: ways, or 0 when there is none. Pure. */
unsigned vm_stop_ways(const char *mode, AgentState agent, bool agent_connected) _pure_;
/* How long each way gets of the whole time. Pure. */
uint64_t vm_stop_step_usec(unsigned ways, uint64_t timeout_usec) _const_;

#define VM_STOP_TIMEOUT_USEC (120 * USEC_PER_SEC)
#define VM_STOP_TIMEOUT_MAX_USEC (24 * 60 * 60 * USEC_PER_SEC)

int vm_shutdown(Vm *vm, Job *job, unsigned ways, uint64_t timeout_usec, sd_bus_error *error);
int vm_reboot(Vm *vm, Job *job, unsigned ways, uint64_t timeout_usec, sd_bus_error *error);
int vm_power_off(Vm *vm, Job *job, sd_bus_error *error);
int vm_stop_cancel(Job *job, void *userdata, sd_bus_error *error);
/* After a restart of the daemon: waits on for what was asked before. */
void vm_stop_adopt(Vm *vm, Job *job, VmActivity activity, uint64_t left_usec);
void vm_on_reboot(Vm *vm);
/* Pauses or resumes; the call is parked and answered later. Return: 1, or negative. */
int vm_suspend(Vm *vm, sd_bus_message *message, bool suspend, sd_bus_error *error);

/* ---- the agent: vm-agent.c ---- */

void vm_agent_channel(Vm *vm, VmChannel channel);
/* The guest rebooted or ended: what was known of it is old. */
void vm_agent_forget(Vm *vm);

/* ---- on disk: vm-record.c ---- */

/* Writes the record. Failure is logged: mostly a restart at a bad moment is told less without it, and only where it would be told
 * wrong (a start that goes on) the return matters. Return: 0 or a negative errno. */
int vm_record_save(Vm *vm);
void vm_record_remove(Vm *vm);
/* Makes guests from all records. */
int vm_records_load(Manager *manager);

/* ---- bus: vm-bus.c ---- */
extern const sd_bus_vtable vm_vtable[];
int vm_bus_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found, sd_bus_error *error);
int vm_bus_enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *error);
