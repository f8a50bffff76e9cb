/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "manager.h"

#include <stdio.h>
#include <time.h>

#include "bridge-filters.h"
#include "bridge-vlans.h"
#include "bus-error.h"
#include "dict.h"
#include "labels.h"
#include "link-loss.h"
#include "log-ids.h"
#include "log.h"
#include "neighbour.h"
#include "objects.h"
#include "port-mirrors.h"
#include "port-vlans.h"
#include "state-file.h"

/* ---- objects ---- */

static void emit_changes(Manager *manager, const char *path, const char *interface, const json_t *then, const json_t *now) {
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)now, key, value)
                if (!json_equal(json_object_get(then, key), value))
                        bus_changed(manager->daemon->changes, path, interface, key);
}

/* *objects becomes fresh (taken), and the bus hears of every difference. */
static void replace_objects(Manager *manager, const char *prefix, const char *interface, json_t **objects, json_t *fresh) {
        json_t *old = *objects, *object;
        const char *name;

        if (!fresh) {
                log_warning("Out of memory: %s is not up to date", prefix);
                return;
        }
        *objects = fresh;

        json_object_foreach(old, name, object) {
                _cleanup_free_ char *path = json_object_get(fresh, name) ? NULL : bus_object_path(prefix, name);

                if (!path)
                        continue;
                bus_changes_forget(manager->daemon->changes, path);
                *objects = old; /* it must still be found while its removal is announced */
                (void) sd_bus_emit_object_removed(manager->daemon->bus, path);
                *objects = fresh;
        }
        json_object_foreach(fresh, name, object) {
                const json_t *then = json_object_get(old, name);
                _cleanup_free_ char *path = then && json_equal(then, object) ? NULL : bus_object_path(prefix, name);

                if (path && then)
                        emit_changes(manager, path, interface, then, object);
                else if (path)
                        (void) sd_bus_emit_object_added(manager->daemon->bus, path);
        }
        json_decref(old);
}

/* ---- loss ---- */

static void emit_loss(Manager *manager, const json_t *event) {
        const char *name = dict_string(event, "network", ""), *reason = dict_string(event, "reason", "");
        bool lost = dict_boolean(event, "lost", false);

        if (lost) {
                log_full(LOG_WARNING, MESSAGE_ID_NETWORK_LOST, LOG_FIELDS("RHV_NETWORK", name), "Network %s is lost: %s", name, reason);
                (void) sd_bus_emit_signal(manager->daemon->bus, NETWORK_ROOT, NETWORK_INTERFACE, "NetworkLost", "ss", name, reason);
        } else {
                log_full(LOG_INFO, MESSAGE_ID_NETWORK_RESTORED, LOG_FIELDS("RHV_NETWORK", name), "Network %s is there again", name);
                (void) sd_bus_emit_signal(manager->daemon->bus, NETWORK_ROOT, NETWORK_INTERFACE, "NetworkRestored", "s", name);
        }
}

/* Sets Lost of fresh objects. Return: the events to tell once the objects are shown (new), or NULL. */
static json_t *manager_judge_losses(Manager *manager, json_t *networks) {
        uint64_t now = 0, next = USEC_INFINITY;
        LossMoment moment = !manager->looked ? LOSS_STARTING : setup_is_busy(manager->setup) ? LOSS_MAKING : LOSS_QUIET;
        json_t *events = NULL, *network;
        const char *name;

        (void) sd_event_now(manager->daemon->event, CLOCK_MONOTONIC, &now);
        if (!networks || link_loss_step(manager->losses, networks, moment, now, &events, &next) < 0)
                return NULL;
        manager->looked = manager->looked || nm_view(manager->nm);
        json_object_foreach(networks, name, network)
                (void) json_object_set_new(network, "Lost", json_boolean(link_loss_is_lost(manager->losses, name)));
        (void) sd_event_source_set_time(manager->loss_timer, next);
        (void) sd_event_source_set_enabled(manager->loss_timer, next == USEC_INFINITY ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
        return events;
}

void manager_show(Manager *manager) {
        const json_t *view = nm_view(manager->nm);
        json_t *networks = objects_networks(view, manager->networks), *event;
        _cleanup_json_ json_t *events = manager_judge_losses(manager, networks);
        size_t i;

        replace_objects(manager, NETWORK_NETWORK_PREFIX, NETWORK_NETWORK_INTERFACE, &manager->networks, networks);
        replace_objects(manager, NETWORK_NIC_PREFIX, NETWORK_NIC_INTERFACE, &manager->nics, objects_nics(view, manager->labels, manager->nics));
        json_array_foreach(events, i, event)
                emit_loss(manager, event);
}

/* Hundreds of networks whose graces end one after the other are shown together. */
static int on_loss_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *manager = userdata;

        nm_touch(manager->nm);
        return 0;
}

/* ---- the set-up ---- */

typedef struct Recovered {
        const char *job;
        int r;
} Recovered;

/* A commit that was cut short and is finished now was a success; everything else ends as Interrupted. */
static bool adopt_job(Job *job, void *userdata) {
        const Recovered *recovered = userdata;

        if (recovered->r < 0 || !streq_ptr(job_id(job), recovered->job))
                return false;
        job_adopt(job, NULL, NULL);
        job_finish(job, 0, NULL, json_pack("{s:b}", "changed", true));
        return true;
}

static void recover_jobs(Manager *manager, const char *job, int r) {
        Recovered recovered = { .job = job, .r = r };

        if (manager->jobs_recovered)
                return;
        manager->jobs_recovered = true;
        job_manager_recover(manager->daemon->jobs, adopt_job, &recovered);
}

static void on_setup_ended(void *userdata, const char *id, bool recovered, int r, const sd_bus_error *error) {
        Manager *manager = userdata;
        Job *job;

        nm_update(manager->nm);
        guest_ports_ended(manager->ports);
        manager_show(manager);
        bus_changes_flush(manager->daemon->changes); /* who waits for the job's end finds the networks as they are */

        if (recovered) {
                recover_jobs(manager, id, r);
                return;
        }
        if (manager->asked && id)
                setup_hooks_after(manager->hooks, id, json_object_get(manager->asked, "networks"), json_object_get(manager->asked, "bonds"), r);
        json_decref(manager->asked);
        manager->asked = NULL;
        job = id ? job_find(manager->daemon->jobs, id) : NULL;
        if (job)
                job_finish(job, r, error, r >= 0 ? json_pack("{s:b}", "changed", true) : NULL);
}

static void on_setup_progress(void *userdata, uint64_t done, uint64_t total) {
        Manager *manager = userdata;
        const char *id = setup_job(manager->setup);
        Job *job = id ? job_find(manager->daemon->jobs, id) : NULL;

        if (job)
                job_set_progress(job, done, total);
}

/* ---- NetworkManager ---- */

static void log_backend(const Manager *manager) {
        if (manager->seen == NM_READY)
                log_info("NetworkManager %s is ready", nm_version(manager->nm));
        else if (manager->seen == NM_FAILED)
                log_full(LOG_WARNING, MESSAGE_ID_NETWORK_MANAGER_GONE, NULL, "NetworkManager cannot be used: %s", nm_reason(manager->nm));
}

static void resume_calls(Manager *manager) {
        if (manager->n_waiting == 0 || nm_state(manager->nm) == NM_CONNECTING)
                return;
        for (size_t i = 0; i < manager->n_waiting; i++) {
                int r = sd_bus_message_rewind(manager->waiting[i], true);

                if (r >= 0)
                        r = sd_bus_enqueue_for_read(manager->daemon->bus, manager->waiting[i]);
                if (r < 0)
                        (void) sd_bus_reply_method_errno(manager->waiting[i], r, NULL);
                sd_bus_message_unref(manager->waiting[i]);
        }
        manager->n_waiting = 0;
}

/* What cannot be done is said once, not at each change of a link. */
static void keep_vlans(Manager *manager) {
        _cleanup_json_ json_t *wrong = port_vlans_wrong(nm_view(manager->nm));
        json_t *entry;
        int failed = 0;
        size_t i;

        json_array_foreach(wrong, i, entry) {
                const char *device = dict_string(entry, "device", ""), *is = dict_string(entry, "is", ""), *wanted = dict_string(entry, "wanted", "");
                int r = bridge_vlans_set(device, dict_boolean(entry, "bridge", false), is, wanted);

                log_debug("VLANs of %s: %s -> %s", device, *is ? is : "none", *wanted ? wanted : "none");
                if (r < 0 && r != -ENODEV) {
                        failed = r;
                        if (!manager->vlans_failed)
                                log_warning_errno(r, "Cannot put %s into its VLANs", device);
                }
        }
        manager->vlans_failed = failed < 0;
}

static const char *mirror_reason(int r) {
        return r == -ENOENT || r == -EOPNOTSUPP || r == -EINVAL ? "the kernel lacks sch_ingress, cls_bpf, act_mirred or, on a VLAN-aware bridge, act_vlan" : strerror(-r);
}

/* The ports of a change that failed say why: that is shown as a warning of their network. */
static void note_failure(json_t *links, const json_t *change, int r) {
        json_t *mirror;
        size_t i;

        json_array_foreach(json_object_get(change, "add"), i, mirror) {
                const char *port = dict_string(mirror, "sink", "");
                json_t *facts = json_copy(json_object_get(links, port)); /* they are the watcher's */

                if (facts && json_object_set_new(facts, "mirror_error", json_string(mirror_reason(r))) >= 0)
                        (void) json_object_set(links, port, facts);
                json_decref(facts);
        }
}

/* Return: the links (new) with what could not be done noted in them, NULL when out of memory. What cannot be done is logged once, not at each change of a link. */
static json_t *keep_mirrors(Manager *manager, const json_t *links) {
        _cleanup_json_ json_t *changes = port_mirrors_changes(links), *noted = json_copy((json_t *)links);
        json_t *change;
        int failed = 0;
        size_t i;

        json_array_foreach(changes, i, change) {
                int r = bridge_filters_change(change);

                log_debug("Mirrors on %s: %zu to take away, %zu to make", dict_string(change, "bridge", ""), json_array_size(json_object_get(change, "remove")),
                          json_array_size(json_object_get(change, "add")));
                if (r >= 0 || r == -ENODEV) /* what is gone is told by a message of its own */
                        continue;
                failed = r;
                note_failure(noted, change, r);
                if (!manager->mirrors_failed)
                        log_warning_errno(r, "Cannot mirror on %s: %s", dict_string(change, "bridge", ""), mirror_reason(r));
        }
        manager->mirrors_failed = failed < 0;
        return TAKE_PTR(noted);
}

static void on_nm_changed(void *userdata) {
        Manager *manager = userdata;
        bool moved = nm_state(manager->nm) != manager->seen;

        if (moved) {
                manager->seen = nm_state(manager->nm);
                log_backend(manager);
                bus_changed(manager->daemon->changes, NETWORK_ROOT, NETWORK_INTERFACE, "Backends");
        }
        keep_vlans(manager);
        manager_show(manager);
        setup_view_changed(manager->setup);

        if (moved && manager->seen == NM_READY && !setup_is_busy(manager->setup) && setup_recover(manager->setup) <= 0)
                recover_jobs(manager, NULL, -EINTR);
        resume_calls(manager);
}

static void on_links_changed(void *userdata, const json_t *links) {
        Manager *manager = userdata;
        _cleanup_json_ json_t *noted = keep_mirrors(manager, links);

        nm_set_links(manager->nm, noted ?: links);
        setup_view_changed(manager->setup);
}

static bool on_seen(void *userdata, uint64_t usec) {
        Manager *manager = userdata;

        return link_watch_since(manager->links, usec);
}

static void on_link_told(void *userdata, const LinkMessage *message) {
        guest_ports_told(((Manager *)userdata)->ports, message);
}

static void on_listing(void *userdata) {
        guest_ports_listing(((Manager *)userdata)->ports);
}

static bool on_works(void *userdata) {
        const Manager *manager = userdata;

        return setup_is_busy(manager->setup) || !manager->jobs_recovered;
}

static void on_hear(void *userdata) {
        link_watch_hear(((Manager *)userdata)->links);
}

static const json_t *on_view(void *userdata) {
        Manager *manager = userdata;

        nm_update(manager->nm);
        return nm_view(manager->nm);
}

int manager_wait(Manager *manager, sd_bus_message *message) {
        if (nm_state(manager->nm) != NM_CONNECTING || manager->n_waiting >= WAITING_MAX)
                return 0;
        manager->waiting[manager->n_waiting++] = sd_bus_message_ref(message);
        return 1;
}

/* An object is asked for that may be there: which are, NetworkManager has to say first. The service's own, about itself, never wait. */
static int on_call(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const char *path = sd_bus_message_get_path(message), *interface = sd_bus_message_get_interface(message), *below;
        Manager *manager = userdata;

        if (sd_bus_message_is_method_call(message, NULL, NULL) <= 0 || !path)
                return 0;
        below = startswith(path, NETWORK_ROOT "/");
        if (below ? startswith(below, "job") != NULL : !streq(path, NETWORK_ROOT) || !streq_ptr(interface, "org.freedesktop.DBus.ObjectManager"))
                return 0;
        return manager_wait(manager, message);
}

const json_t *manager_view(Manager *manager, sd_bus_error *error) {
        const json_t *view;

        nm_update(manager->nm);
        view = nm_view(manager->nm);
        if (!view)
                (void) sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "NetworkManager: %s", nm_reason(manager->nm));
        return view;
}

/* ---- labels ---- */

static char *labels_path(const Manager *manager) {
        char *path;

        return asprintf(&path, "%s/labels.json", manager->daemon->state_directory) < 0 ? NULL : path;
}

int manager_keep_labels(Manager *manager, const json_t *labels) {
        _cleanup_json_ json_t *copy = json_deep_copy(labels), *file = json_deep_copy(labels);
        _cleanup_free_ char *path = labels_path(manager);
        int r;

        if (!copy || !file || !path)
                return -ENOMEM;
        r = state_file_save(path, file, LABELS_VERSION);
        if (r < 0)
                return r;
        json_decref(manager->labels);
        manager->labels = TAKE_PTR(copy);
        return 0;
}

static int on_keep(void *userdata, const json_t *labels) {
        return manager_keep_labels(userdata, labels);
}

/* A file that cannot be understood is left where it is, and no set-up with labels is accepted over it. */
static int load_labels(Manager *manager) {
        _cleanup_free_ char *path = labels_path(manager);
        _cleanup_json_ json_t *labels = NULL;
        int r;

        if (!path)
                return -ENOMEM;
        r = state_file_load(path, LABELS_VERSION, &labels);
        if (r >= 0 && !labels_is_valid(labels))
                r = -EBADMSG;
        if (r == -ENOENT)
                manager->labels = labels_new();
        else if (r < 0)
                log_warning_errno(r, "Cannot read %s: labels cannot be used", path);
        else {
                (void) json_object_del(labels, "version");
                manager->labels = TAKE_PTR(labels);
        }
        return 0;
}

/* ---- life ---- */

static int make_setup(Manager *manager) {
        SetupHooks hooks = {
                .ended = on_setup_ended,
                .progress = on_setup_progress,
                .keep = on_keep,
                .probe = neighbour_probe,
                .reached = neighbour_get,
                .seen = on_seen,
                .userdata = manager,
        };
        _cleanup_free_ char *journal = NULL;
        int r;

        if (asprintf(&journal, "%s/setup.json", manager->daemon->state_directory) < 0) {
                journal = NULL;
                return -ENOMEM;
        }
        r = setup_new(manager->daemon->event, nm_backend(manager->nm), journal, &hooks, &manager->setup);
        /* without a journal no set-up was under way: then it need not wait for NetworkManager to say so */
        if (r >= 0 && access(journal, F_OK) < 0)
                recover_jobs(manager, NULL, -EINTR);
        return r;
}

static int make_ports(Manager *manager) {
        GuestPortsHooks hooks = { .works = on_works, .view = on_view, .hear = on_hear, .userdata = manager };
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/ports.json", manager->daemon->runtime_directory) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        return guest_ports_new(manager->daemon->event, path, &hooks, &manager->ports);
}

int manager_new(Daemon *daemon, Manager **ret) {
        _cleanup_(manager_freep) Manager *manager = calloc(1, sizeof *manager);
        int r;

        if (!manager)
                return -ENOMEM;
        manager->daemon = daemon;
        manager->networks = json_object();
        manager->nics = json_object();
        manager->losses = json_object();
        if (!manager->networks || !manager->nics || !manager->losses)
                return -ENOMEM;

        r = sd_bus_add_filter(daemon->bus, &manager->filter, on_call, manager);
        if (r >= 0)
                r = sd_event_add_time_relative(daemon->event, &manager->loss_timer, CLOCK_MONOTONIC, 0, 10 * USEC_PER_MSEC, on_loss_timer, manager);
        if (r >= 0)
                r = sd_event_source_set_enabled(manager->loss_timer, SD_EVENT_OFF);
        if (r >= 0)
                r = link_stats_new(&manager->stats);
        if (r >= 0)
                r = nm_new(daemon->event, on_nm_changed, manager, &manager->nm);
        if (r >= 0)
                r = load_labels(manager);
        if (r >= 0)
                r = setup_hooks_new(daemon, setup_on_hooks, manager, &manager->hooks);
        if (r >= 0)
                r = make_ports(manager);
        if (r >= 0)
                r = link_watch_new(daemon->event, &(LinkWatchHooks){ .changed = on_links_changed, .told = on_link_told, .listing = on_listing, .userdata = manager }, &manager->links);
        if (r >= 0)
                r = make_setup(manager);
        if (r < 0)
                return log_error_errno(r, "Cannot set up the manager");

        *ret = TAKE_PTR(manager);
        return 0;
}

Manager *manager_free(Manager *manager) {
        if (!manager)
                return NULL;
        for (size_t i = 0; i < manager->n_waiting; i++)
                sd_bus_message_unref(manager->waiting[i]);
        sd_bus_slot_unref(manager->filter);
        setup_hooks_free(manager->hooks);
        setup_free(manager->setup);
        link_watch_free(manager->links);
        guest_ports_free(manager->ports);
        nm_free(manager->nm);
        link_stats_free(manager->stats);
        json_decref(manager->networks);
        json_decref(manager->nics);
        json_decref(manager->losses);
        json_decref(manager->labels);
        json_decref(manager->asked);
        sd_event_source_disable_unref(manager->loss_timer);
        free(manager);
        return NULL;
}

/* While there are networks somebody must see when one is lost. */
bool manager_is_idle(const Manager *manager) {
        return !setup_is_busy(manager->setup) && !setup_hooks_job(manager->hooks) && manager->n_waiting == 0 && json_object_size(manager->networks) == 0;
}
