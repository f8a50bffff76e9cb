/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A disk of another host, read here: Storage over there writes it into one end of a stream. That the stream ended says nothing about how, so there is a
 * job, which ends as Storage's over there does.
 */

#include <stdio.h>
#include <utlist.h>

#include "bus-error.h"
#include "dict.h"
#include "parse-util.h"
#include "peer-guest.h"

/* How often the job over there is looked at, and how long it may be out of reach. */
#define LOOK_USEC (1 * USEC_PER_SEC)
#define LOST_LOOKS 60U

typedef struct PeerDownload PeerDownload;
struct PeerDownload {
        Manager *manager;
        char host_id[37], job_id[37];
        sd_event_source *timer;
        sd_bus_slot *slot;
        unsigned lost;
        PeerDownload *next, *prev;
};

static PeerDownload *download_free(PeerDownload *download) {
        DL_DELETE(download->manager->downloads, download);
        sd_event_source_disable_unref(download->timer);
        sd_bus_slot_unref(download->slot);
        free(download);
        return NULL;
}

void peer_download_stop(Manager *manager) {
        while (manager->downloads)
                download_free(manager->downloads);
}

static void finish(PeerDownload *download, int r, const char *name, const char *text, json_t *result) {
        Job *job = job_find(download->manager->daemon->jobs, download->job_id);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        if (r < 0)
                (void) sd_bus_error_set(&error, name, text);
        if (job)
                job_finish(job, r, &error, json_incref(result));
        download_free(download);
}

/* ---- following ---- */

static int look_later(PeerDownload *download);

static int on_job(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        PeerDownload *download = userdata;
        Job *job = job_find(download->manager->daemon->jobs, download->job_id);
        _cleanup_json_ json_t *there = NULL;
        const char *state;

        download->slot = sd_bus_slot_unref(download->slot);
        if (sd_bus_message_is_method_error(reply, RHV_ERROR_NOT_FOUND)) {
                finish(download, -EINTR, RHV_ERROR_INTERRUPTED, "The other host does not know the job any more", NULL);
                return 0;
        }
        if (sd_bus_message_is_method_error(reply, NULL) || dict_read(reply, &there, NULL) < 0) {
                (void) look_later(download);
                return 0;
        }
        download->lost = 0;
        state = dict_string(there, "State", "");
        if (streq(state, "done"))
                finish(download, 0, NULL, NULL, json_object_get(there, "Result"));
        else if (streq(state, "failed") || streq(state, "aborted"))
                finish(download, streq(state, "aborted") ? -ECANCELED : -EIO, dict_string(there, "ErrorName", RHV_ERROR_BACKEND_FAILED),
                       dict_string(there, "ErrorMessage", ""), NULL);
        else {
                if (job)
                        job_set_progress(job, (uint64_t)dict_integer(there, "BytesDone", 0), (uint64_t)dict_integer(there, "BytesTotal", 0));
                (void) look_later(download);
        }
        return 0;
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata) {
        PeerDownload *download = userdata;
        const Peer *peer = peers_find(download->manager->peers, download->host_id);
        sd_bus *link;

        if (peer && peer_bus(peer, &link, NULL) >= 0 &&
            sd_bus_call_method_async(link, &download->slot, NULL, PEER_OBJECT, PEER_INTERFACE, "GetJob", on_job, download, "ss", "Storage",
                                     download->job_id) >= 0)
                return 0;
        (void) look_later(download);
        return 0;
}

static int look_later(PeerDownload *download) {
        download->timer = sd_event_source_disable_unref(download->timer);
        if (download->lost++ >= LOST_LOOKS) {
                finish(download, -EINTR, RHV_ERROR_INTERRUPTED, "The other host cannot be asked how the download ended", NULL);
                return 0;
        }
        return sd_event_add_time_relative(download->manager->daemon->event, &download->timer, CLOCK_MONOTONIC, LOOK_USEC, 0, on_look, download);
}

/* ---- beginning ---- */

static int follow(const PeerWord *word) {
        PeerDownload *download = calloc(1, sizeof *download);

        if (!download)
                return -ENOMEM;
        download->manager = word->manager;
        memcpy(download->host_id, word->host_id, sizeof download->host_id);
        memcpy(download->job_id, word->job_id, sizeof download->job_id);
        DL_APPEND(word->manager->downloads, download);
        return look_later(download);
}

static int begin(const PeerWord *word, Job **ret, sd_bus_error *error) {
        JobSpec spec = {
                .id = word->job_id,
                .kind = "download-from-peer",
                .uid = operation_uid(word->operation),
                .arguments = word->arguments,
                .userdata = word->manager,
        };
        int r;

        r = job_new(word->manager->daemon->jobs, &spec, ret, error);
        if (r == 0)
                r = sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The job %s is there already: a stream is given once", word->job_id);
        if (r < 0)
                return r;
        job_start(*ret);
        r = follow(word);
        if (r < 0)
                job_drop(*ret);
        return r;
}

static void on_opened(int fd, const sd_bus_error *cause, void *userdata) {
        _cleanup_(peer_word_freep) PeerWord *word = userdata;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_close_ int own = fd;
        Job *job = NULL;
        int r;

        word->stream = NULL;
        if (cause) {
                word->operation = operation_fail(word->operation, cause);
                return;
        }
        r = begin(word, &job, &error);
        if (r < 0)
                word->operation = operation_fail_errno(word->operation, r, &error);
        else
                word->operation = operation_reply(word->operation, "ho", own, job_path(job));
}

static int on_ticket(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        peer_guest_open(userdata, reply, on_opened);
        return 0;
}

static int check_ids(const char *const *ids, sd_bus_error *error) {
        static const char *const words[] = { "domain", "image", "volume" };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (!uuid_is_valid(ids[i]))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The %s must be a UUID in lower-case", words[i]);
        return 0;
}

int method_peer_download_volume(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const DictField fields[] = { { "job_id", DICT_STRING, .valid = uuid_is_valid, .expected = "a UUID in lower-case" }, { NULL } };
        const Peer *peer = userdata;
        _cleanup_request_ Request request = { .unrecorded = true };
        _cleanup_(peer_word_freep) PeerWord *word = NULL;
        const char *ids[3];
        sd_bus *link;
        int r;

        r = sd_bus_message_read(message, "sss", &ids[0], &ids[1], &ids[2]);
        if (r >= 0)
                r = check_ids(ids, error);
        if (r < 0)
                return r;
        r = peer_guest_admit(&request, peer, message, fields, "download", &link, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = peer_word_new(request.manager, peer, &word, error);
        if (r < 0)
                return r;
        memcpy(word->job_id, request.job_id, sizeof word->job_id);
        word->arguments = json_pack("{s:s, s:s, s:s, s:s}", "host", peer->host->id, "domain", ids[0], "image", ids[1], "volume", ids[2]);
        if (!word->arguments)
                return -ENOMEM;
        r = sd_bus_call_method_async(link, &word->slot, NULL, PEER_OBJECT, PEER_INTERFACE, "Download", on_ticket, word, "ssss", ids[0], ids[1], ids[2],
                                     word->job_id);
        if (r >= 0)
                r = peer_word_park(word, message);
        if (r >= 0)
                (void) TAKE_PTR(word);
        return r;
}
