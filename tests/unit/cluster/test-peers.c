/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The links to many hosts without ssh: in place of rhv-peer-dial this test takes the descriptors, and has a host at the other end of each. At
 * the door it comes in as a bridge does.
 */

#include "bus-error.h"
#include "bus-pair.h"
#include "clock-util.h"
#include "dict.h"
#include "peers.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <utlist.h>

#define OWN "00000000-0000-4000-8000-000000000000"
#define MANY 300
#define WAIT_USEC (20 * USEC_PER_SEC)

typedef struct FakeHost FakeHost;
struct FakeHost {
        char id[37];
        int control; /* of the dialler */
        sd_event_source *source;
        PeerSession *session;
        bool ended;  /* Cluster has let go of it */
        FakeHost *next, *prev;
};

static struct {
        sd_event *event;
        char directory[64], dial_path[96], door_path[96], hosts_path[96];
        int listener;
        sd_event_source *source;
        FakeHost *hosts;
        Peers *peers;
        const char *failure; /* what ssh says instead of connecting */
        unsigned dialled, most_dialling, up, down, unreachable;
} world;

/* ---- the hosts at the other ends ---- */

static json_t *fake_self(void *userdata) {
        const FakeHost *host = userdata;

        return json_pack("{s:i, s:s, s:s, s:s, s:s}", "protocol", PEER_PROTOCOL, "version", "0.1", "id", host->id, "name", "fake", "boot_id",
                         "0123456789abcdef0123456789abcdef");
}
static int fake_hello(PeerSession *session, const json_t *facts, void *userdata, sd_bus_error *error) {
        assert_string_equal(dict_string(facts, "id", ""), OWN);
        return 0;
}
static void fake_nothing(PeerSession *session, void *userdata) {
}
static void fake_closed(PeerSession *session, const char *reason, void *userdata) {
        FakeHost *host = userdata;

        host->session = peer_session_free(host->session);
        host->ended = true;
}
static const PeerSessionEvents fake_events = { fake_self, fake_hello, fake_nothing, fake_nothing, fake_closed };

static void fake_free(FakeHost *host) {
        DL_DELETE(world.hosts, host);
        sd_event_source_disable_unref(host->source);
        peer_session_free(host->session);
        safe_close(host->control);
        free(host);
}

static int on_control(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        ((FakeHost *)userdata)->ended = true;
        return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static unsigned dialling(void) {
        unsigned n = 0;

        for (const Peer *peer = peers_first(world.peers); peer; peer = peer->next)
                n += peer->link.state == PEER_LINK_DIALLING;
        return n;
}

static int receive(int fd, PeerDialRequest *ret) {
        char text[PEER_DIAL_BYTES_MAX];
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int))];
        } control = { 0 };
        struct iovec part = { text, sizeof text - 1 };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
        ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
        const struct cmsghdr *found = CMSG_FIRSTHDR(&message);
        int stream = -EBADF;

        assert_true(n > 0);
        text[n] = 0;
        if (found)
                memcpy(&stream, CMSG_DATA(found), sizeof stream);
        assert_true(stream >= 0);
        assert_ok(peer_dial_request_parse(text, ret));
        return stream;
}

static int on_dial(sd_event_source *source, int listener, uint32_t revents, void *userdata) {
        FakeHost *host = calloc(1, sizeof *host);
        PeerDialRequest request;
        int stream;

        assert_non_null(host);
        world.dialled++;
        if (dialling() > world.most_dialling)
                world.most_dialling = dialling();
        host->control = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        assert_true(host->control >= 0);
        stream = receive(host->control, &request);
        assert_string_equal(request.command, "bus");
        memcpy(host->id, request.id, sizeof host->id);
        DL_APPEND(world.hosts, host);
        if (world.failure) {
                char text[PEER_DIAL_BYTES_MAX];

                assert_ok(peer_dial_result_format(255, world.failure, text));
                assert_true(send(host->control, text, strlen(text), 0) > 0);
                safe_close(stream);
                fake_free(host);
                return 0;
        }
        assert_ok(peer_session_new(world.event, stream, true, &fake_events, host, &host->session));
        assert_ok(sd_event_add_io(world.event, &host->source, host->control, EPOLLIN, on_control, host));
        return 0;
}

static FakeHost *fake_find(const char *id) {
        FakeHost *host;

        DL_FOREACH(world.hosts, host) {
                if (streq(host->id, id) && !host->ended)
                        return host;
        }
        return NULL;
}

/* ---- what Peers tells ---- */

static void on_peer(const Peer *peer, void *userdata) {
}
static void on_changed(const Peer *peer, const char *property, void *userdata) {
}
static void on_event(EventSeverity severity, const char *code, const char *path, const char *message, void *userdata) {
        world.up += streq(code, "peer-up");
        world.down += streq(code, "peer-down");
        world.unreachable += streq(code, "peer-unreachable");
}
static const PeersListener listener = { on_peer, on_peer, on_changed, on_event };

/* ---- setting up ---- */

static void host_id(unsigned n, char ret[static 37]) {
        (void) snprintf(ret, 37, "00000000-0000-4000-8000-%012x", n + 1);
}

static void write_file(const char *name, const char *text) {
        char path[128];
        FILE *file;

        (void) snprintf(path, sizeof path, "%s/%s", world.directory, name);
        file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

static PeerHost *make_host(unsigned n, bool dial) {
        uint8_t bytes[PEER_KEY_BYTES] = { (uint8_t)n, (uint8_t)(n >> 8), 1 };
        char id[37], key[PEER_KEY_STRING_MAX];
        PeerHost *host;

        host_id(n, id);
        peer_key_from_bytes(bytes, key);
        assert_ok(peer_host_new(id, "fake", "10.0.0.1", 22, key, key, dial, &host));
        return host;
}

static void begin(unsigned count, bool dial) {
        static const uint8_t bytes[PEER_KEY_BYTES] = { 9 };
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_peer_hosts_ PeerHosts hosts = { NULL };
        char key[PEER_KEY_STRING_MAX], path[128];

        memset(&world, 0, sizeof world);
        (void) sd_bus_error_add_map(rhv_bus_errors);
        (void) strcpy(world.directory, "/tmp/rhv-peers-XXXXXX");
        assert_non_null(mkdtemp(world.directory));
        (void) snprintf(world.dial_path, sizeof world.dial_path, "%s/dial", world.directory);
        (void) snprintf(world.door_path, sizeof world.door_path, "%s/door", world.directory);
        (void) snprintf(world.hosts_path, sizeof world.hosts_path, "%s/hosts.json", world.directory);
        (void) snprintf(path, sizeof path, "%s/peer", world.directory);
        assert_int_equal(mkdir(path, 0700), 0);
        peer_key_from_bytes(bytes, key);
        write_file("peer/key", "private");
        write_file("peer/key.pub", key);

        assert_ok(sd_event_new(&world.event));
        world.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        (void) snprintf(address.sun_path, sizeof address.sun_path, "%s", world.dial_path);
        assert_int_equal(bind(world.listener, (const struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(listen(world.listener, 64), 0);
        assert_ok(sd_event_add_io(world.event, &world.source, world.listener, EPOLLIN, on_dial, NULL));

        for (unsigned i = 0; i < count; i++)
                assert_ok(peer_hosts_add(&hosts, make_host(i, dial)));
        assert_ok(peer_hosts_save(world.hosts_path, &hosts));
        assert_ok(peers_new(&(const PeersSettings){ .event = world.event, .host_id = OWN, .boot_id = "0123456789abcdef0123456789abcdef",
                                                    .state_directory = world.directory, .hosts_path = world.hosts_path,
                                                    .socket_path = world.door_path, .dial_path = world.dial_path, .listener = &listener },
                            &world.peers));
        assert_int_equal(peers_count(world.peers), count);
}

static void finish(void) {
        static const char *const files[] = { "peer/key", "peer/key.pub", "peer/tokens.json", "peer", "dial", "door", "hosts.json" };
        char path[128];

        world.peers = peers_free(world.peers);
        while (world.hosts)
                fake_free(world.hosts);
        sd_event_source_disable_unref(world.source);
        safe_close(world.listener);
        sd_event_unref(world.event);
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                (void) snprintf(path, sizeof path, "%s/%s", world.directory, files[i]);
                (void) remove(path);
        }
        assert_int_equal(rmdir(world.directory), 0);
}

#define TURN_UNTIL(condition)                                                 \
        do {                                                                  \
                uint64_t _end = monotonic_usec() + WAIT_USEC;                 \
                while (!(condition)) {                                        \
                        assert_true(monotonic_usec() < _end);                 \
                        assert_ok(sd_event_run(world.event, 100 * USEC_PER_MSEC)); \
                }                                                             \
        } while (0)

static unsigned count_up(void) {
        unsigned n = 0;

        for (const Peer *peer = peers_first(world.peers); peer; peer = peer->next)
                n += peer->link.state == PEER_LINK_UP;
        return n;
}

/* ---- the tests ---- */

static void test_many(void **state) {
        FakeHost *host, *next;

        begin(MANY, true);
        TURN_UNTIL(count_up() == MANY);
        assert_int_equal(world.dialled, MANY); /* one connection a host */
        assert_in_range(world.most_dialling, 1, PEERS_DIALLING_MAX);
        assert_int_equal(world.up, MANY);

        /* all gone at once, and back */
        DL_FOREACH_SAFE(world.hosts, host, next)
                fake_free(host);
        TURN_UNTIL(world.down == MANY && count_up() == MANY);
        assert_in_range(world.most_dialling, 1, PEERS_DIALLING_MAX);
        finish();
}

static void test_removed(void **state) {
        _cleanup_peer_hosts_ PeerHosts hosts = { NULL };
        FakeHost *host;
        char id[37];

        begin(3, true);
        TURN_UNTIL(count_up() == 3);
        host_id(1, id);
        host = fake_find(id);
        assert_non_null(host);
        assert_ok(peers_remove(peers_find(world.peers, id), NULL));
        assert_null(peers_find(world.peers, id));
        assert_ok(peer_hosts_load(world.hosts_path, &hosts));
        assert_int_equal(hosts.count, 2);
        assert_null(peer_hosts_find(&hosts, id));
        TURN_UNTIL(host->ended);
        assert_int_equal(count_up(), 2);
        finish();
}

static void test_same_failure_is_told_once(void **state) {
        begin(1, true);
        world.failure = "Host key verification failed.";
        TURN_UNTIL(world.dialled == 2);
        TURN_UNTIL(dialling() == 0);
        assert_int_equal(world.unreachable, 1);
        assert_non_null(strstr(peers_first(world.peers)->link.reason, "another host key"));
        world.failure = "ssh: connect to host 10.0.0.1 port 22: Connection refused";
        TURN_UNTIL(world.unreachable == 2);
        world.failure = NULL;
        TURN_UNTIL(count_up() == 1);
        assert_string_equal(peers_first(world.peers)->link.reason, "");
        finish();
}

/* The list cannot be written: nobody is removed, and nobody is let in by a list that is not on disk. */
static void test_full_disk(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        PeerHost *host;
        char temporary[128];

        begin(1, false);
        (void) snprintf(temporary, sizeof temporary, "%s.tmp", world.hosts_path);
        assert_int_equal(mkdir(temporary, 0700), 0); /* in the way of the file */
        assert_true(peers_remove(peers_first(world.peers), &error) < 0);
        assert_true(sd_bus_error_is_set(&error));
        assert_int_equal(peers_count(world.peers), 1);
        host = make_host(7, false);
        assert_true(peers_add(world.peers, host, NULL) < 0);
        peer_host_free(host);
        assert_int_equal(peers_count(world.peers), 1);
        assert_int_equal(rmdir(temporary), 0);
        assert_ok(peers_remove(peers_first(world.peers), NULL));
        finish();
}

/* ---- the door ---- */

static int come_in(const char *line, char ret[static 512]) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ssize_t n = -1;

        assert_true(fd >= 0);
        (void) snprintf(address.sun_path, sizeof address.sun_path, "%s", world.door_path);
        assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
        TURN_UNTIL((n = recv(fd, ret, 511, MSG_DONTWAIT)) >= 0);
        ret[n] = 0;
        return fd;
}

static void test_door(void **state) {
        FakeHost *bridge = calloc(1, sizeof *bridge);
        char answer[512], line[128];
        int fd;

        if (geteuid() != 0) { /* it lets in nobody else */
                free(bridge);
                skip();
        }
        assert_non_null(bridge);
        begin(1, false);
        safe_close(come_in("bus 00000000-0000-4000-8000-0000000000ff\n", answer));
        assert_non_null(strstr(answer, "refused org.rhv.Error.AccessDenied"));
        safe_close(come_in("what is this\n", answer));
        assert_non_null(strstr(answer, "refused"));
        safe_close(come_in("stream 00000000-0000-4000-8000-000000000001 00112233445566778899aabbccddeeff\n", answer));
        assert_non_null(strstr(answer, "refused org.rhv.Error.AccessDenied"));
        fd = come_in("join 10.0.0.7\n", answer);
        assert_string_equal(answer, "ok\n");
        assert_true(send(fd, "{}\n", 3, MSG_NOSIGNAL) == 3);
        TURN_UNTIL(recv(fd, answer, sizeof answer, MSG_DONTWAIT | MSG_PEEK) >= 0);
        assert_memory_equal(answer, "refused org.rhv.Error.", 22);
        safe_close(fd);

        host_id(0, bridge->id);
        (void) snprintf(line, sizeof line, "bus %s\n", bridge->id);
        bridge->control = -EBADF;
        DL_APPEND(world.hosts, bridge);
        fd = come_in(line, answer);
        assert_string_equal(answer, "ok\n");
        assert_ok(peer_session_new(world.event, fd, false, &fake_events, bridge, &bridge->session));
        TURN_UNTIL(count_up() == 1);

        /* who comes again takes the place of what was there */
        bridge->session = peer_session_free(bridge->session);
        TURN_UNTIL(count_up() == 0);
        fd = come_in(line, answer);
        assert_ok(peer_session_new(world.event, fd, false, &fake_events, bridge, &bridge->session));
        TURN_UNTIL(count_up() == 1);
        assert_int_equal(world.up, 2);
        finish();
}

/* One that is somebody else than its key says, and one that only sits there until nobody else gets in. */
static void test_door_is_not_blocked(void **state) {
        int fds[PEERS_CANDIDATES_MAX];
        char answer[512], line[128], id[37];

        if (geteuid() != 0)
                skip();
        begin(1, false);
        host_id(0, id);
        (void) snprintf(line, sizeof line, "bus %s\n", id);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                fds[i] = come_in(line, answer);
                assert_string_equal(answer, "ok\n");
        }
        safe_close(come_in(line, answer));
        assert_non_null(strstr(answer, "refused org.rhv.Error.Busy"));
        safe_close(fds[0]); /* one goes, one may come */
        for (;;) {
                safe_close(come_in(line, answer));
                if (streq(answer, "ok\n"))
                        break;
        }
        for (size_t i = 1; i < ELEMENTSOF(fds); i++)
                safe_close(fds[i]);
        finish();
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_many), cmocka_unit_test(test_removed), cmocka_unit_test(test_same_failure_is_told_once),
                cmocka_unit_test(test_full_disk), cmocka_unit_test(test_door), cmocka_unit_test(test_door_is_not_blocked),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
