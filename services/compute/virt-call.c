/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "virt-call.h"

#include <pthread.h>
#include <stdio.h>

#include "bus-error.h"
#include "guest-agent.h"
#include "virt-network.h"
#include "vm-xml.h"

/* How long libvirt lets one agent command wait for its answer. */
#define AGENT_RESPONSE_SECONDS 5

/* With this many guests asked for by name, one question for all of them is cheaper than a look-up for each. */
#define STATS_LOOKUPS_MAX 16U

/* ---- reading a domain ---- */

void virt_domain_done(VirtDomain *domain) {
        free(domain->name);
        vm_live_done(&domain->live);
        *domain = (VirtDomain){};
}

int virt_domain_read(virDomainPtr domain, VirtDomain *ret) {
        _cleanup_free_ char *xml = NULL;
        VirtDomain result = {};
        int state, reason, r;

        if (virDomainGetUUIDString(domain, result.id) < 0 || virDomainGetState(domain, &state, &reason, 0) < 0)
                return -EIO;
        xml = virDomainGetXMLDesc(domain, 0); /* without VIR_DOMAIN_XML_SECURE: no secret comes here */
        if (!xml)
                return -EIO;

        result.words = virt_state_words(state, reason);
        result.active = virDomainIsActive(domain) > 0;
        result.persistent = virDomainIsPersistent(domain) > 0;
        result.name = strdup(virDomainGetName(domain) ?: "");
        r = result.name ? vm_live_parse(xml, strlen(xml), &result.live) : -ENOMEM;
        if (r < 0) {
                virt_domain_done(&result);
                return r;
        }
        *ret = result;
        return 0;
}

static int read_into_call(VirtCall *call, virDomainPtr domain) {
        int r = virt_domain_read(domain, &call->domain);

        if (r < 0)
                return virt_error_set(&call->error, NULL, "Cannot read guest %s", call->id);
        call->has_domain = true;
        return 0;
}

/* ---- verbs ---- */

static int run_fetch(VirtCall *call, virDomainPtr domain) {
        return read_into_call(call, domain);
}

static int run_create(VirtCall *call, virDomainPtr none) {
        unsigned flags = call->paused ? VIR_DOMAIN_START_PAUSED : 0;
        virDomainPtr domain = virDomainCreateXML(call->conn, call->xml, flags);
        int r;

        if (!domain)
                return virt_error_set(&call->error, &call->undecided, "Cannot start guest %s", call->id);
        r = read_into_call(call, domain);
        virDomainFree(domain);
        /* It runs, whatever reading said: the caller will find it when libvirt answers again. */
        if (r < 0)
                call->undecided = true;
        return r;
}

static int run_destroy(VirtCall *call, virDomainPtr domain) {
        int r;

        if (virDomainDestroyFlags(domain, VIR_DOMAIN_DESTROY_GRACEFUL) >= 0)
                return 0;
        r = virGetLastErrorCode();
        /* As oVirt does it: force follows only where asking nicely was tried and failed. */
        if (r == VIR_ERR_OPERATION_FAILED || r == VIR_ERR_SYSTEM_ERROR || r == VIR_ERR_INVALID_ARG || r == VIR_ERR_NO_SUPPORT)
                if (virDomainDestroy(domain) >= 0)
                        return 0;
        return virt_error_set(&call->error, &call->undecided, "Cannot power off guest %s", call->id);
}

static int run_shutdown(VirtCall *call, virDomainPtr domain) {
        bool agent = call->verb == VIRT_SHUTDOWN_AGENT;

        if (agent)
                (void) virDomainAgentSetResponseTimeout(domain, AGENT_RESPONSE_SECONDS, 0);
        if (virDomainShutdownFlags(domain, agent ? VIR_DOMAIN_SHUTDOWN_GUEST_AGENT : VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) >= 0)
                return 0;
        /* A driver that knows only one way to shut down. */
        if (virGetLastErrorCode() == VIR_ERR_INVALID_ARG && virDomainShutdown(domain) >= 0)
                return 0;
        return virt_error_set(&call->error, &call->undecided, "Cannot ask guest %s to shut down by %s", call->id, agent ? "its agent" : "ACPI");
}

static int run_reboot(VirtCall *call, virDomainPtr domain) {
        bool agent = call->verb == VIRT_REBOOT_AGENT;

        if (agent)
                (void) virDomainAgentSetResponseTimeout(domain, AGENT_RESPONSE_SECONDS, 0);
        if (virDomainReboot(domain, agent ? VIR_DOMAIN_REBOOT_GUEST_AGENT : VIR_DOMAIN_REBOOT_ACPI_POWER_BTN) >= 0)
                return 0;
        if (virGetLastErrorCode() == VIR_ERR_INVALID_ARG && virDomainReboot(domain, 0) >= 0)
                return 0;
        return virt_error_set(&call->error, &call->undecided, "Cannot ask guest %s to reboot by %s", call->id, agent ? "its agent" : "ACPI");
}

static int run_suspend(VirtCall *call, virDomainPtr domain) {
        if (virDomainSuspend(domain) >= 0)
                return 0;
        return virt_error_set(&call->error, &call->undecided, "Cannot pause guest %s", call->id);
}

static int run_resume(VirtCall *call, virDomainPtr domain) {
        if (virDomainResume(domain) >= 0)
                return 0;
        return virt_error_set(&call->error, &call->undecided, "Cannot resume guest %s", call->id);
}

/* Both again do no harm: what fails between the two is put right by whoever asks again. */
static int update_device(VirtCall *call, virDomainPtr domain, unsigned flags, const char *what) {
        if (virDomainUpdateDeviceFlags(domain, call->xml, VIR_DOMAIN_AFFECT_LIVE | flags) < 0)
                return virt_error_set(&call->error, &call->undecided, "Cannot change the %s of guest %s", what, call->id);
        if (virDomainSetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, call->metadata, VM_XML_PREFIX, VM_XML_NAMESPACE, VIR_DOMAIN_AFFECT_LIVE) < 0)
                return virt_error_set(&call->error, &call->undecided, "Cannot keep the changed description of guest %s", call->id);
        return read_into_call(call, domain);
}

static int run_update_nic(VirtCall *call, virDomainPtr domain) {
        return update_device(call, domain, 0, "NIC");
}

static int run_update_cd(VirtCall *call, virDomainPtr domain) {
        return update_device(call, domain, VIR_DOMAIN_DEVICE_MODIFY_FORCE, "CD-ROM");
}

static int run_graphics(VirtCall *call, virDomainPtr domain) {
        call->fd = virDomainOpenGraphicsFD(domain, 0, VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH);
        if (call->fd >= 0)
                return 0;
        call->fd = -EBADF;
        return virt_error_set(&call->error, NULL, "Cannot open the display of guest %s", call->id);
}

/* ---- statistics ---- */

static int read_stat(const virTypedParameter *parameter, VirtStat *ret) {
        uint64_t scale = 1;
        VirtStat stat = {};

        stat.key = virt_stats_key(parameter->field, &stat.group, &stat.index, &scale);
        if (!stat.key)
                return 0;
        switch (parameter->type) {
        case VIR_TYPED_PARAM_INT:
                stat.number = parameter->value.i < 0 ? 0 : (uint64_t)parameter->value.i;
                break;
        case VIR_TYPED_PARAM_UINT:
                stat.number = parameter->value.ui;
                break;
        case VIR_TYPED_PARAM_LLONG:
                stat.number = parameter->value.l < 0 ? 0 : (uint64_t)parameter->value.l;
                break;
        case VIR_TYPED_PARAM_ULLONG:
                stat.number = parameter->value.ul;
                break;
        case VIR_TYPED_PARAM_STRING:
                if (!utf8_is_valid(parameter->value.s, strlen(parameter->value.s)))
                        return 0;
                stat.text = strdup(parameter->value.s);
                if (!stat.text)
                        return -ENOMEM;
                break;
        default:
                return 0;
        }
        stat.number = stat.number > UINT64_MAX / scale ? UINT64_MAX : stat.number * scale;
        *ret = stat;
        return 1;
}

static int read_record(const virDomainStatsRecord *from, VirtStatsRecord *to) {
        if (virDomainGetUUIDString(from->dom, to->id) < 0)
                return -EIO;
        to->stats = calloc((size_t)from->nparams + 1, sizeof(VirtStat));
        if (!to->stats)
                return -ENOMEM;
        for (int i = 0; i < from->nparams; i++) {
                int r = read_stat(&from->params[i], &to->stats[to->n]);

                if (r < 0)
                        return r;
                to->n += (size_t)r;
        }
        virt_stats_sort(to);
        return 0;
}

static int take_records(VirtCall *call, virDomainStatsRecordPtr *records, int n) {
        int r = 0;

        call->stats = calloc(1, sizeof(VirtStats));
        if (call->stats)
                call->stats->records = calloc((size_t)n + 1, sizeof(VirtStatsRecord));
        if (!call->stats || !call->stats->records)
                r = -ENOMEM;
        for (int i = 0; i < n && r >= 0; i++)
                r = read_record(records[i], &call->stats->records[call->stats->n++]);
        virDomainStatsRecordListFree(records);
        return r;
}

#define STATS_WANTED \
        (VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_VCPU | \
         VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK)

static int stats_of_all(VirtCall *call) {
        virDomainStatsRecordPtr *records = NULL;
        int n;

        /* NOWAIT: a guest whose QEMU hangs is told with what is known, and does not delay the others. */
        n = virConnectGetAllDomainStats(call->conn, STATS_WANTED, &records,
                                        VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
        if (n < 0)
                return virt_error_set(&call->error, NULL, "Cannot read the guests' statistics");
        return take_records(call, records, n);
}

static int stats_of_some(VirtCall *call, size_t n_ids) {
        virDomainPtr domains[STATS_LOOKUPS_MAX + 1] = { NULL };
        virDomainStatsRecordPtr *records = NULL;
        size_t n = 0;
        int r = 0;

        for (size_t i = 0; i < n_ids; i++) {
                /* One that ended meanwhile is simply not among the answers. */
                domains[n] = virDomainLookupByUUIDString(call->conn, call->ids[i]);
                if (domains[n])
                        n++;
        }
        if (n > 0) {
                int got = virDomainListGetStats(domains, STATS_WANTED, &records, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);

                r = got < 0 ? virt_error_set(&call->error, NULL, "Cannot read the guests' statistics") : take_records(call, records, got);
        } else
                call->stats = calloc(1, sizeof(VirtStats));
        for (size_t i = 0; i < n; i++)
                virDomainFree(domains[i]);
        return r;
}

static int run_stats(VirtCall *call, virDomainPtr none) {
        size_t n = 0;

        while (call->ids && call->ids[n])
                n++;
        return n == 0 || n > STATS_LOOKUPS_MAX ? stats_of_all(call) : stats_of_some(call, n);
}

/* ---- the guest's agent ---- */

static void add_addresses(VirtAgent *agent, const virDomainInterface *interface, size_t *n) {
        for (unsigned i = 0; i < interface->naddrs && *n < VIRT_AGENT_ADDRESSES_MAX; i++) {
                const char *address = interface->addrs[i].addr;

                if (address && guest_address_is_useful(address))
                        agent->addresses[(*n)++] = strdup(address);
        }
}

static int run_agent(VirtCall *call, virDomainPtr domain) {
        virDomainInterfacePtr *interfaces = NULL;
        char *hostname;
        size_t n = 0;
        int got;

        (void) virDomainAgentSetResponseTimeout(domain, AGENT_RESPONSE_SECONDS, 0);
        got = virDomainInterfaceAddresses(domain, &interfaces, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT, 0);
        if (got < 0)
                return virt_error_set(&call->error, NULL, "The agent of guest %s gave no addresses", call->id);
        for (int i = 0; i < got; i++) {
                add_addresses(&call->agent, interfaces[i], &n);
                virDomainInterfaceFree(interfaces[i]);
        }
        free(interfaces);

        hostname = virDomainGetHostname(domain, VIR_DOMAIN_GET_HOSTNAME_AGENT);
        if (hostname && guest_hostname_is_valid(hostname))
                call->agent.hostname = TAKE_PTR(hostname);
        free(hostname);
        return 0;
}

void virt_agent_done(VirtAgent *agent) {
        for (char **address = agent->addresses; *address; address++)
                free(*address);
        free(agent->hostname);
        *agent = (VirtAgent){};
}

static int run_ping(VirtCall *call, virDomainPtr none) {
        unsigned long version;

        return virConnectGetLibVersion(call->conn, &version) >= 0 ? 0 : virt_error_set(&call->error, NULL, "libvirt does not answer");
}

/* ---- the call ---- */

static const struct {
        int (*run)(VirtCall *call, virDomainPtr domain);
        bool on_guest;
} verbs[] = {
        [VIRT_FETCH] = { run_fetch, true },
        [VIRT_CREATE] = { run_create, false },
        [VIRT_DESTROY] = { run_destroy, true },
        [VIRT_SHUTDOWN_AGENT] = { run_shutdown, true },
        [VIRT_SHUTDOWN_ACPI] = { run_shutdown, true },
        [VIRT_REBOOT_AGENT] = { run_reboot, true },
        [VIRT_REBOOT_ACPI] = { run_reboot, true },
        [VIRT_SUSPEND] = { run_suspend, true },
        [VIRT_RESUME] = { run_resume, true },
        [VIRT_GRAPHICS] = { run_graphics, true },
        [VIRT_STATS] = { run_stats, false },
        [VIRT_AGENT] = { run_agent, true },
        [VIRT_PING] = { run_ping, false },
        [VIRT_UPDATE_NIC] = { run_update_nic, true },
        [VIRT_UPDATE_CD] = { run_update_cd, true },
        [VIRT_MIGRATE] = { virt_run_migrate, true },
        [VIRT_MIGRATE_STATS] = { virt_run_migrate_stats, true },
        [VIRT_MIGRATE_ABORT] = { virt_run_migrate_abort, true },
        [VIRT_NETWORK_LIST] = { virt_run_network_list, false },
        [VIRT_NETWORK_FETCH] = { virt_run_network_fetch, false },
        [VIRT_NETWORK_SETUP] = { virt_run_network_setup, false },
        [VIRT_NETWORK_REMOVE] = { virt_run_network_remove, false },
        [VIRT_NETWORK_LEASES] = { virt_run_network_leases, false },
};

/*
 * Each thread asks over a connection of its own. libvirt's client up to 10.2 (CVE-2024-4418, also Debian 12's) leaves a source that points
 * into the stack of a thread that waited for an answer while another one asked over the same connection, and crashes in it later.
 */
typedef struct OwnConnection {
        virConnectPtr origin; /* a reference: as long as it is held no other connection has this address */
        virConnectPtr conn;
} OwnConnection;

static pthread_key_t own_key;
static pthread_once_t own_once = PTHREAD_ONCE_INIT;
static bool own_key_made;

static void own_drop(OwnConnection *own) {
        if (own->conn)
                virConnectClose(own->conn);
        if (own->origin)
                virConnectClose(own->origin);
        *own = (OwnConnection){};
}

static void own_free(void *own) {
        own_drop(own);
        free(own);
}

static void own_key_make(void) {
        own_key_made = pthread_key_create(&own_key, own_free) == 0;
}

/* This thread's connection to where origin is connected to. Return: borrowed, NULL on failure. */
static virConnectPtr own_connection(virConnectPtr origin) {
        _cleanup_free_ char *uri = NULL;
        OwnConnection *own;

        (void) pthread_once(&own_once, own_key_make);
        if (!own_key_made)
                return NULL;
        own = pthread_getspecific(own_key);
        if (!own) {
                own = calloc(1, sizeof(OwnConnection));
                if (!own || pthread_setspecific(own_key, own) != 0) {
                        free(own);
                        return NULL;
                }
        }
        if (own->origin == origin && own->conn && virConnectIsAlive(own->conn) == 1)
                return own->conn;

        own_drop(own);
        uri = virConnectGetURI(origin);
        if (!uri || virConnectRef(origin) < 0)
                return NULL;
        own->origin = origin;
        own->conn = virConnectOpen(uri);
        return own->conn;
}

int virt_call_run(void *argument) {
        VirtCall *call = argument;
        virDomainPtr domain = NULL;
        virConnectPtr own;
        int r;

        virResetLastError();
        own = own_connection(call->conn);
        if (!own || virConnectRef(own) < 0) {
                r = virt_error_set(&call->error, NULL, "Cannot connect to libvirt");
                goto finish;
        }
        virConnectClose(call->conn);
        call->conn = own;
        if (verbs[call->verb].on_guest) {
                domain = virDomainLookupByUUIDString(call->conn, call->id);
                if (!domain) {
                        r = virt_error_set(&call->error, &call->undecided, "Cannot find guest %s", call->id);
                        goto finish;
                }
        }
        r = verbs[call->verb].run(call, domain);
        if (r < 0 && !sd_bus_error_is_set(&call->error))
                (void) sd_bus_error_set_errno(&call->error, r);
        if (domain)
                virDomainFree(domain);
finish:
        virConnectClose(call->conn);
        call->conn = NULL;
        return r;
}

static char **copy_strings(const char *const *strings) {
        size_t n = 0;
        char **copy;

        while (strings[n])
                n++;
        copy = calloc(n + 1, sizeof(char *));
        for (size_t i = 0; copy && i < n; i++)
                copy[i] = strdup(strings[i]);
        return copy;
}

VirtCall *virt_call_new(virConnectPtr conn, const VirtRequest *request) {
        VirtCall *call = calloc(1, sizeof(VirtCall));

        if (!call)
                return NULL;
        call->verb = request->verb;
        call->fd = -EBADF;
        call->paused = request->paused;
        if (request->id)
                (void) snprintf(call->id, sizeof(call->id), "%s", request->id);
        if (request->network)
                call->network = *request->network;
        call->xml = request->xml ? strdup(request->xml) : NULL;
        call->metadata = request->metadata ? strdup(request->metadata) : NULL;
        call->ids = request->ids ? copy_strings(request->ids) : NULL;
        if (virConnectRef(conn) >= 0)
                call->conn = conn;
        if (!call->conn || (request->xml && !call->xml) || (request->metadata && !call->metadata) || (request->ids && !call->ids) ||
            (request->migration && virt_migration_copy(&call->migration, request->migration) < 0)) {
                virt_call_destroy(call);
                return NULL;
        }
        return call;
}

void virt_call_destroy(void *argument) {
        VirtCall *call = argument;

        if (!call)
                return;
        if (call->conn)
                virConnectClose(call->conn);
        free(call->xml);
        free(call->metadata);
        for (char **id = call->ids; id && *id; id++)
                free(*id);
        free(call->ids);
        virt_migration_done(&call->migration);
        sd_bus_error_free(&call->error);
        virt_domain_done(&call->domain);
        safe_close(call->fd);
        virt_stats_free(call->stats);
        virt_agent_done(&call->agent);
        free(call->networks);
        json_decref(call->leases);
        free(call);
}
