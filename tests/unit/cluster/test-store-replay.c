/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Random histories of a whole cluster: their changesets, replayed into an empty store, give the same store, and a model
 * that followed the replay is the same as one read from it. */

#include "model.h"
#include "plan.h"
#include "plan-mac.h"
#include "store-fixture.h"

#define STEPS 600U

static unsigned choose(unsigned n) {
        return (unsigned)random() % n;
}

static Object *any(Model *model, ObjectKind kind) {
        Object *object = model_first(model, kind);
        size_t n = model_count(model, kind);

        for (size_t i = n ? choose((unsigned)n) : 0; i > 0; i--)
                object = object->next;
        return object;
}

static int step(const Plan *plan, Model *model, Change *change, unsigned i) {
        _cleanup_json_ json_t *description = NULL;
        char name[24];
        Object *object;

        (void) snprintf(name, sizeof name, "o%u", choose(150));
        switch (choose(10)) {
        case 0:
        case 1:
        case 2:
                description = json_pack("{s:s, s:I, s:s}", "name", name, "memory", (json_int_t)(64 * MIB), "cluster", "Default");
                return plan_create_vm(plan, description, change, NULL);
        case 3:
                description = json_pack("{s:s, s:i, s:s}", "name", name, "vlan", choose(4000), "data_center", "Default");
                return plan_create_network(plan, description, change, NULL);
        case 4:
                object = any(model, KIND_VM);
                description = json_pack("{s:s}", "network", "ovirtmgmt");
                return object ? plan_add_nic(plan, object, description, change, NULL) : -ENOENT;
        case 5:
                object = any(model, KIND_VM);
                return object && object->nics
                               ? plan_remove_nic(plan, object, dict_string(object->nics->row, "id", ""), change, NULL)
                               : -ENOENT;
        case 6:
                object = any(model, KIND_VM);
                description = json_pack("{s:s, s:s, s:b}", "name", name, "description", "é, again", "autostart", i % 2);
                return object ? plan_update(plan, object, description, change, NULL) : -ENOENT;
        case 7:
                object = any(model, choose(2) ? KIND_VM : KIND_NETWORK);
                return object ? plan_remove(plan, object, change, NULL) : -ENOENT;
        case 8:
                object = any(model, KIND_VM);
                description = json_pack("{s:{s:s, s:s}}", "ua-1", "type", "pci", "slot", name);
                return object ? plan_addresses(object, description, change) : -ENOENT;
        default:
                description = json_pack("{s:s}", "name", name);
                if (choose(2))
                        (void) json_object_set_new(description, "data_center", json_string("Default"));
                return json_object_get(description, "data_center") ? plan_create_cluster(plan, description, change, NULL)
                                 : plan_create_data_center(plan, description, change, NULL);
        }
}

typedef struct Replay {
        Store *to;
        unsigned entries;
} Replay;

static int replay(uint64_t sequence, const char *request, const void *changeset, size_t size, void *userdata) {
        Replay *target = userdata;

        target->entries++;
        return store_replay(target->to, sequence, request, changeset, size);
}

static json_t *model_contents(Model *model) {
        json_t *contents = json_array();

        for (ObjectKind kind = 0; kind < _KIND_MAX; kind++)
                for (Object *object = model_first(model, kind); object; object = object->next) {
                        json_t *entry = json_pack("{s:O, s:i, s:s}", "row", object->row, "children",
                                                  (int)object->children, "boot", object->boot);
                        unsigned nics = 0;

                        for (Link *link = object->nics; link; link = link->next)
                                nics++;
                        (void) json_object_set_new(entry, "nics", json_integer(nics));
                        if (object->addresses)
                                (void) json_object_set(entry, "addresses", object->addresses);
                        (void) json_array_append_new(contents, entry);
                }
        return contents;
}

static void test_replay_is_the_same(void **state) {
        _cleanup_(store_closep) Store *first = NULL, *second = NULL;
        _cleanup_(model_freep) Model *model = NULL, *follower = NULL, *read = NULL;
        _cleanup_json_ json_t *a = NULL, *b = NULL, *c = NULL, *d = NULL;
        _cleanup_(change_freep) Change *start = NULL;
        Replay target = { NULL };
        MacCursors cursors = {};
        Plan plan;
        unsigned committed = 0;

        srandom(20240712);
        assert_ok(store_open(NULL, &first));
        assert_ok(store_open(NULL, &second));
        assert_ok(model_new(first, NULL, NULL, &model));
        assert_ok(model_new(second, NULL, NULL, &follower));
        plan = (Plan){ .model = model, .actor = actor_system, .mac_cursors = &cursors,
                       .boot_id = "0123456789abcdef0123456789abcdef" };

        start = change_new();
        assert_ok(plan_first_start(&plan, "99999999-0000-4000-8000-000000000001", "host1", start, NULL));
        assert_ok(plan_default_mac_pool(&plan, "56:6f:01:02", start));
        assert_int_equal(store_commit(first, NULL, NULL, start, NULL, NULL), 1);
        for (unsigned i = 0; i < STEPS; i++) {
                _cleanup_(change_freep) Change *change = change_new();
                char request[UUID_STRING_MAX];

                if (step(&plan, model, change, i) < 0)
                        continue;
                assert_ok(uuid_generate(request));
                assert_int_equal(store_commit(first, request, "step", change, NULL, NULL), 1);
                committed++;
        }
        assert_true(committed > STEPS / 3);
        assert_true(model_count(model, KIND_VM) > 0);

        target.to = second;
        assert_ok(store_log_read(first, 0, replay, &target));
        assert_int_equal(target.entries, store_sequence(first));
        assert_int_equal(store_sequence(second), store_sequence(first));

        a = store_contents(first);
        b = store_contents(second);
        assert_true(json_equal(a, b));
        c = model_contents(model);
        d = model_contents(follower);
        assert_true(json_equal(c, d));
        json_decref(d);
        follower = model_free(follower);
        assert_ok(model_new(second, NULL, NULL, &read));
        d = model_contents(read);
        assert_true(json_equal(c, d));
        mac_cursors_done(&cursors);
        /* models go before their stores */
        model = model_free(model);
        read = model_free(read);
}

static int replay_once(uint64_t sequence, const char *request, const void *changeset, size_t size, void *userdata) {
        Replay *target = userdata;

        if (target->entries++ > 0)
                return 0;
        assert_int_equal(store_replay(target->to, sequence + 1, request, changeset, size), -ESTALE);
        assert_ok(store_replay(target->to, sequence, request, changeset, size));
        assert_int_equal(store_replay(target->to, sequence, request, changeset, size), -ESTALE);
        /* the right number and rows that are there already: another history */
        assert_int_equal(store_replay(target->to, sequence + 1, request, changeset, size), -EBADMSG);
        return 0;
}

static void test_wrong_history_is_refused(void **state) {
        _cleanup_(store_closep) Store *first = NULL, *second = NULL;
        _cleanup_(change_freep) Change *change = change_of_data_center("aaaaaaaa-0000-4000-8000-000000000001", "one");
        _cleanup_json_ json_t *a = NULL, *b = NULL;
        Replay target = { NULL };

        assert_ok(store_open(NULL, &first));
        assert_ok(store_open(NULL, &second));
        assert_int_equal(store_commit(first, NULL, NULL, change, NULL, NULL), 1);
        target.to = second;
        assert_ok(store_log_read(first, 0, replay_once, &target));
        a = store_contents(first);
        b = store_contents(second);
        assert_true(json_equal(a, b));
        assert_int_equal(store_sequence(second), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_replay_is_the_same),
                cmocka_unit_test(test_wrong_history_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
